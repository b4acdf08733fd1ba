"""The printed script: it trains as the reference does, and reads as people write."""

from __future__ import annotations

import ast
import io
import os
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plaingrad as pg
from plaingrad.ops.random import uniform
from zoo import NAMES, ZOO, Animal, blobs, line, mlp

HERE = Path(__file__).parent
RUN = """
import runpy, sys
import numpy as np
found = runpy.run_path("script.py")
assert not any(name.startswith("plaingrad") for name in sys.modules)
np.savez("out.npz", **{name: found[name] for name in sys.argv[1:]})
"""
DIGEST = """
import hashlib
from zoo import ZOO
text = "".join(a.network().longhand(*a.data(), **a.settings) for a in ZOO)
print(hashlib.sha256(text.encode()).hexdigest())
"""


@cache
def fitted(name: str, **more: Any) -> pg.Network:
    return ZOO[NAMES.index(name)].fit(**more)


@cache
def script(name: str, lang: str = "en") -> str:
    return fitted(name).longhand(lang=lang)


def in_fresh_process(net: pg.Network, folder: Path) -> dict[str, np.ndarray]:
    """Run the script of a trained network; return the parameters at its end."""
    np.savez(folder / "data.npz", **net.session.prepared.arrays())
    (folder / "script.py").write_text(net.longhand(), encoding="utf-8")
    command = [sys.executable, "-W", "error", "-c", RUN, *net.params]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with np.load(folder / "out.npz") as found:
        return dict(found)


def assert_same_training(net: pg.Network, folder: Path) -> None:
    found = in_fresh_process(net, folder)
    assert found.keys() == net.params.keys()
    for name, value in net.params.items():
        assert found[name].dtype == value.dtype
        np.testing.assert_array_equal(found[name], value, err_msg=name)


# What it computes.


@pytest.mark.parametrize("name", NAMES)
def test_the_script_trains_bit_for_bit_as_fit_does(name: str, tmp_path: Path) -> None:
    net = fitted(name)
    assert {value.dtype.name for value in net.params.values()} <= {"float32", "float64"}
    assert_same_training(net, tmp_path)


@pytest.mark.parametrize("name", ["deep_adam", "dropout", "pooling"])
def test_the_script_trains_in_float64_too(name: str, tmp_path: Path) -> None:
    net = fitted(name, dtype="float64")
    assert {value.dtype.name for value in net.params.values()} == {"float64"}
    assert_same_training(net, tmp_path)


@pytest.mark.parametrize("name", ["n", "X", "loss", "np", "for", "data", "step", "p"])
def test_a_layer_may_have_any_name(name: str, tmp_path: Path) -> None:
    animal = Animal(
        name,
        lambda: pg.Sequential(pg.Linear(4, name=name), pg.ReLU(), pg.Linear(3)),
        blobs,
        {"optimizer": pg.Momentum(0.1)},
    )
    assert_same_training(animal.fit(), tmp_path)


class Scale(pg.Layer):
    """Multiplies by a parameter, whatever that and the result are called."""

    def __init__(self, letter: str, symbol: str) -> None:
        self.letter, self.symbol = letter, symbol

    def forward(self, x: Any, /) -> Any:
        return x * self.param(self.letter, x.shape[1:], pg.Constant(0.7))


@pytest.mark.parametrize(
    ("letter", "symbol"),
    [("beta", "X"), ("l", "loss"), ("mW", "n"), ("dW", "dW"), ("gW", "W")],
)
def test_parameters_and_values_may_have_any_name(
    letter: str, symbol: str, tmp_path: Path
) -> None:
    def network() -> pg.Network:
        scale = Scale(letter, symbol)
        last = Scale("step", "y")
        return pg.Sequential(scale, pg.Linear(4), pg.Tanh(), last, pg.Linear(3))

    settings = {"l1": 0.01, "l2": 0.1, "clip_norm": 1.0, "optimizer": pg.Adam(0.01)}
    assert_same_training(Animal("", network, blobs, settings).fit(), tmp_path)


class Product(pg.Network):
    """The gradient of one parameter is a multiple of the other, transposed."""

    def forward(self, x: Any, /) -> Any:
        V = self.param("V", (2, 3), pg.Constant(0.5))
        W = self.param("W", (3, 2), pg.Normal(1.0))
        return x * (V.T * W).sum()


@pytest.mark.parametrize("optimizer", [pg.SGD(0.1), pg.Momentum(0.1)])
def test_parameters_in_each_others_gradient_are_renewed_together(
    optimizer: pg.Optimizer, tmp_path: Path
) -> None:
    loss = pg.Custom(lambda pred, y: (pred - y).sum() / 10)
    settings = {"loss": loss, "optimizer": optimizer, "batch_size": None}
    net = Animal("", Product, line, settings).fit()
    assert_same_training(net, tmp_path)
    if isinstance(optimizer, pg.SGD):
        rng = np.random.default_rng(0)
        V = np.full((2, 3), 0.5, np.float32)
        W = rng.normal(0, 1.0, (3, 2)).astype(np.float32)
        slope = line()[0].astype(np.float32).sum() / 10
        for _ in range(3):
            V, W = V - 0.1 * slope * W.T, W - 0.1 * slope * V.T
        np.testing.assert_allclose(net.params["V1"], V, rtol=1e-5)
        np.testing.assert_allclose(net.params["W1"], W, rtol=1e-5)


@pytest.mark.parametrize("layer", [pg.Sigmoid(), pg.SiLU(), pg.Softplus(), pg.Tanh()])
def test_huge_inputs_warn_nowhere(layer: pg.Layer, tmp_path: Path) -> None:
    X = np.array([[-1000.0], [1000.0]])
    net = pg.Sequential(pg.Linear(2, init=pg.Constant(1)), layer, pg.Linear(1))
    y = np.array([0, 1])
    loss, rate = pg.BinaryCrossEntropy(), pg.SGD(1e-6)
    settings = {"loss": loss, "epochs": 3, "optimizer": rate, "verbose": False}
    net.fit(X, y, engine="reference", **settings)
    assert np.isfinite(net.history.loss).all()
    assert_same_training(net, tmp_path)


def test_a_network_of_100_layers_trains_and_prints(tmp_path: Path) -> None:
    layers = [one for _ in range(100) for one in (pg.Linear(4), pg.Tanh())]
    animal = Animal("", lambda: pg.Sequential(*layers, pg.Linear(3)), blobs)
    assert_same_training(animal.fit(epochs=1), tmp_path)


def test_watched_values_are_python_numbers() -> None:
    # NumPy would subtract min_delta in float32, the loop of fit in float64
    (made,) = [f for f in functions(script("early_score")) if f.name == "evaluate"]
    returned = ast.unparse(made.body[-1])
    assert returned == "return (float(loss), float(accuracy))"


# Its types: no step may widen float32 silently.


class Watch(ast.NodeTransformer):
    """Hands every expression of a script to `_seen`, but for what it leaves out."""

    def visit(self, node: ast.AST) -> Any:
        called = getattr(getattr(node, "func", None), "id", "")
        if called in ("float", "print", "uniform"):
            return node
        if isinstance(node, (ast.FunctionDef, ast.Assign)):
            names = [getattr(t, "id", "") for t in getattr(node, "targets", [node])]
            # a score is the share of truths, which NumPy gives in float64
            if names[0] in ("accuracy", "r2", "order", "data", "rng"):
                return node
        context = getattr(node, "ctx", None)
        node = self.generic_visit(node)
        watched = (ast.BinOp, ast.UnaryOp, ast.Call, ast.Subscript, ast.Compare)
        if isinstance(node, watched) and not isinstance(context, ast.Store):
            return ast.Call(ast.Name("_seen", ast.Load()), [node], [])
        return node


@pytest.mark.parametrize("name", [name for name in NAMES if name != "custom"])
def test_every_intermediate_value_is_float32(name: str) -> None:
    tree = ast.parse(script(name))
    steps = [part for part in tree.body if isinstance(part, (ast.For, ast.FunctionDef))]
    for part in steps:
        if getattr(part, "name", "") != "uniform":
            Watch().visit(part)
    seen: set[str] = set()

    def watch(value: Any) -> Any:
        if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind == "f":
            seen.add(value.dtype.name)
        return value

    arrays = fitted(name).session.prepared.arrays()
    numpy = type("numpy", (), {**vars(np), "load": staticmethod(lambda _: arrays)})
    body = [part for part in tree.body if not isinstance(part, ast.Import)]
    code = ast.fix_missing_locations(ast.Module(body, []))
    space = {"np": numpy, "_seen": watch, "print": lambda *_: None}
    with np.errstate(over="ignore"):
        exec(compile(code, name, "exec"), space)
    assert seen == {"float32"}


def test_the_watch_sees_what_is_inside_a_line() -> None:
    tree = Watch().visit(ast.parse("W -= np.float32(0.1) * np.sqrt(v / 2.0).mean()"))
    seen: list[str] = []
    watch = lambda value: seen.append(value.dtype.name) or value  # noqa: E731
    W, v = np.ones(2, np.float32), np.ones(2, np.float64)
    space = {"np": np, "W": W, "v": v, "_seen": watch}
    exec(compile(ast.fix_missing_locations(tree), "watch", "exec"), space)
    assert seen.count("float64") == 4


# Its form.


def functions(text: str) -> list[ast.FunctionDef]:
    return [x for x in ast.walk(ast.parse(text)) if isinstance(x, ast.FunctionDef)]


@pytest.mark.parametrize("name", NAMES)
def test_the_script_imports_only_numpy_and_defines_little(name: str) -> None:
    text = script(name)
    imports = [
        ast.unparse(part)
        for part in ast.walk(ast.parse(text))
        if isinstance(part, (ast.Import, ast.ImportFrom))
    ]
    assert imports == ["import numpy as np"]
    assert {made.name for made in functions(text)} <= {"uniform", "mix", "evaluate"}
    assert not any(isinstance(x, ast.Lambda) for x in ast.walk(ast.parse(text)))
    assert max(map(len, text.splitlines())) <= 88
    assert text.isascii()
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert all(row == row.rstrip() for row in text.splitlines())


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_this_machine_is_in_the_script(name: str) -> None:
    text = script(name)
    hexadecimal = {"0x9E3779B9", "0x7FEB352D", "0x846CA68B"}
    assert set(re.findall(r"0x\w+", text)) <= hexadecimal
    assert os.sep + "tmp" not in text
    assert str(Path.home()) not in text
    assert str(HERE) not in text


class Apply(pg.Layer):
    """A function of the user's, whose repr holds an address and odd signs."""

    def __init__(self, function: Any, word: str) -> None:
        self.function = function

    def forward(self, x: Any, /) -> Any:
        return self.function(x)


def test_a_title_holds_no_address_and_ends_where_it_should() -> None:
    word = 'a \\n "quoted" """ word'
    net = pg.Sequential(pg.Linear(2), Apply(lambda x: x * 2, word), pg.Linear(3))
    text = net.longhand(*blobs())
    assert "0x" not in text
    docstring = ast.get_docstring(ast.parse(text), clean=False)
    assert docstring is not None
    assert repr(word) in " ".join(docstring.split("\n"))


def test_two_builds_print_the_same_bytes() -> None:
    for animal in ZOO:
        X, y = animal.data()
        one, two = (animal.network().longhand(X, y, **animal.settings) for _ in "12")
        assert one == two


def test_hash_seeds_change_no_byte() -> None:
    found = set()
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(HERE)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        found.add(done.stdout)
    assert len(found) == 1


def without_comments(text: str) -> list[tuple[int, str]]:
    """Return the tokens of a script but for its comments and docstring."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    skipped = (tokenize.COMMENT, tokenize.NL, tokenize.STRING)
    return [(one.type, one.string) for one in tokens if one.type not in skipped]


@pytest.mark.parametrize("name", NAMES)
def test_chinese_changes_only_the_comments(name: str) -> None:
    english, chinese = script(name), script(name, "zh")
    assert without_comments(english) == without_comments(chinese)
    assert max(map(len, chinese.splitlines())) <= 88
    sections = [
        row.strip() for row in chinese.splitlines() if row.strip().startswith("#")
    ]
    assert len(sections) >= 5
    assert not any(re.search("[a-zA-Z]", section) for section in sections)
    assert re.search("[\u4e00-\u9fff]", ast.get_docstring(ast.parse(chinese)) or "")


# Its length.


def test_a_classifier_of_three_layers_takes_60_lines() -> None:
    net = pg.Sequential(
        pg.Linear(64), pg.ReLU(), pg.Linear(64), pg.ReLU(), pg.Linear(3)
    )
    X, y = pg.data.spiral(points=20, classes=3, seed=0)
    text = net.longhand(X, y, optimizer=pg.SGD(lr=0.1), batch_size=32)
    assert len(text.splitlines()) <= 60


def targets(text: str, section: str) -> Iterator[str]:
    """Yield the names that a section of the training loop assigns, in order."""
    rows = text.partition(f"# {section}\n")[2].partition("# ")[0]
    body = re.split(r"^\s+# \w+$", text.split(f"# {section}\n")[1], flags=re.M)[0]
    for row in (body or rows).splitlines():
        yield row.split(" = ")[0].strip()


def test_a_linear_layer_takes_two_lines_forward_and_three_backward() -> None:
    text = script("deep")
    assert list(targets(text, "forward")) == ["z1", "a1", "z2", "a2", "scores"]
    assert list(targets(text, "backward")) == [
        *("dscores", "dW3", "db3"),
        *("dz2", "dW2", "db2"),
        *("dz1", "dW1", "db1"),
    ]


def test_the_generator_of_the_script_is_that_of_the_reference() -> None:
    (made,) = [one for one in functions(script("dropout")) if one.name == "uniform"]
    space: dict[str, Any] = {"np": np}
    exec(ast.unparse(made), space)
    for key in [(0, 1, 1), (2**32 - 1, 10**6, 3)]:
        np.testing.assert_array_equal(space["uniform"](50, *key), uniform(50, *key))


def test_the_data_file_can_have_another_name() -> None:
    from plaingrad.write.script import script as print_script

    program = mlp(pg.ReLU())().program(*blobs())
    assert 'np.load("train.npz")' in print_script(program, data="train.npz")


def test_unknown_languages_are_named() -> None:
    with pytest.raises(pg.errors.SettingError, match="unknown language 'de'"):
        fitted("line").longhand(lang="de")
