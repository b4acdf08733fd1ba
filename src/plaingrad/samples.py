"""Samples from files, for the command line."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .errors import FileError

Array = np.ndarray[Any, Any]
DELIMITERS = (",", ";", "\t")


def read_samples(path: Path, features: Sequence[int]) -> Array:
    """Return the samples of a file, (n, *features).

    Parameters
    ----------
    path
        A .npy array, a .npz file with the array X, or a text file with a sample in
        each row and perhaps a row of names above.
    features
        The shape of one sample; the file may hold its entries in a row.

    Raises
    ------
    FileError
        When the file is missing, holds no numbers, or samples of another size.
    """
    if not path.is_file():
        raise FileError(f"there is no file {path}.")
    try:
        X = _array(path) if path.suffix in (".npy", ".npz") else _table(path)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise FileError(
            f"{path} cannot be read: {error}. It must hold numbers: a .csv with one "
            f"sample a row, a .npy array, or a .npz file with the array X."
        ) from None
    shape, size = tuple(features), math.prod(features)
    if X.shape in {shape, (size,)}:
        return X.reshape(1, *shape)
    if X.ndim == 2 and X.shape[1] == size:
        return X.reshape(-1, *shape)
    if X.ndim == 2:
        more = X.shape[1] == size + 1
        hint = " Is one of them the label? Leave it out." if more else ""
        raise FileError(
            f"{path} has {X.shape[1]} columns, and the network takes {size} numbers "
            f"a sample.{hint}"
        )
    return X


def _array(path: Path) -> Array:
    with path.open("rb") as stream:
        found: Any = np.load(stream, allow_pickle=False)
        if path.suffix == ".npz":
            if "X" not in found:
                names = ", ".join(found) or "nothing"
                raise ValueError(f"it holds {names}, and no X")
            found = found["X"]
        return np.asarray(found)


def _table(path: Path) -> Array:
    """Return the numbers of a text file, whatever stands between them."""
    # a spreadsheet begins its UTF-8 with a mark
    text = path.read_text(encoding="utf-8-sig")
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise ValueError("it is empty")
    between = max(DELIMITERS, key=lines[0].count)
    delimiter = between if between in lines[0] else None
    rows = lines if _numeric(lines[0].split(delimiter)) else lines[1:]
    if not rows:
        raise ValueError("it holds names, and no numbers below them")
    return np.loadtxt(rows, delimiter=delimiter, ndmin=2)


def _numeric(cells: Sequence[str]) -> bool:
    try:
        [float(cell) for cell in cells]
    except ValueError:
        return False
    return True
