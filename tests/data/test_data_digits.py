import ast
import sys
from importlib import resources
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

import plaingrad.data
from plaingrad.data import digits


def test_digits_are_scikit_learns():
    theirs = load_digits()
    X, y = digits()
    assert X.dtype == np.float32
    assert y.dtype == np.int64
    np.testing.assert_array_equal(X * 16, theirs.data)
    np.testing.assert_array_equal(y, theirs.target)


def test_digits_as_images():
    X, y = digits(images=True)
    assert X.shape == (1797, 8, 8, 1)
    np.testing.assert_array_equal(X[..., 0] * 16, load_digits().images)
    np.testing.assert_array_equal(y, digits()[1])


def test_digits_are_small_and_carry_their_licence():
    folder = resources.files("plaingrad.data")
    assert len(folder.joinpath("digits.npz").read_bytes()) < 60_000
    notice = folder.joinpath("digits.txt").read_text(encoding="utf-8")
    for words in ("Alpaydin", "Kaynak", "UCI", "CC BY 4.0"):
        assert words in notice
        assert words in digits.__doc__


def test_data_imports_only_numpy_and_the_standard_library():
    # those that read tables, pictures and Parquet files need extras
    names = ("digits", "download", "mnist", "parts", "prepare", "toys")
    folder = Path(plaingrad.data.__file__).parent
    imported = set()
    for name in names:
        file = folder / f"{name}.py"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                imported.add(node.module)
            elif isinstance(node, ast.Import):
                imported.update(alias.name for alias in node.names)
    foreign = {
        name
        for name in imported
        if name.split(".")[0] not in {*sys.stdlib_module_names, "numpy"}
    }
    assert not foreign
