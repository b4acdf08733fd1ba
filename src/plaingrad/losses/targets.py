"""The user's targets, checked and converted before any work is done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import DataError, ShapeError
from ..shapes import Shape, show

Array = np.ndarray[Any, Any]
LOOK = 2**18
"""So many entries are looked at at a time, so that little is needed beside them."""
_numbers: ContextVar[Sequence[int] | None] = ContextVar("_numbers", default=None)


@contextmanager
def numbered(numbers: Sequence[int]) -> Iterator[None]:
    """Call the rows of all arrays by these numbers: they are but some of many rows."""
    before = _numbers.set(numbers)
    try:
        yield
    finally:
        _numbers.reset(before)


def numbers(y: ArrayLike) -> Array:
    """Return targets as an array of finite numbers or truths with at least one row."""
    try:
        array = np.asarray(y)
        if array.dtype == object:
            array = np.array(array.tolist())
    except ValueError:
        raise DataError(
            "y has rows of different lengths. Every sample needs the same number of "
            "targets."
        ) from None
    if array.dtype.kind in "US":
        raise DataError(
            f"y holds text such as {str(array.flat[0])!r}; a loss compares numbers. "
            f"Number the classes: names, y = np.unique(y, return_inverse=True)."
        )
    if array.dtype.kind not in "biuf":
        raise DataError(
            f"y holds values of type {array.dtype}; a loss compares numbers. Remove "
            f"missing values and convert the rest: np.array(y, dtype=float)."
        )
    if not array.ndim or not array.size:
        raise DataError(f"y has the shape {show(array.shape)}: there is no target.")
    if not all_finite(array):
        bad = ~np.isfinite(array)
        raise DataError(
            f"y is not a finite number in {rows(bad)}. Leave these samples out: "
            f"keep = np.isfinite(y); X[keep], y[keep]."
        )
    return array


def rows(bad: Array) -> str:
    """Return in words which rows of a mask hold a True: "rows 3, 7 and 2 more"."""
    found, known = np.unique(np.nonzero(bad)[0]).tolist(), _numbers.get()
    if known is not None:
        found = [known[row] for row in found]
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return f"row{'s' * (len(found) > 1)} {', '.join(map(str, found[:5]))}{more}"


def all_finite(array: Array) -> bool:
    """Tell whether all numbers are finite, looking at some rows at a time."""
    if array.dtype.kind != "f":
        return True
    step = max(1, LOOK // max(1, array[:1].size))
    parts = (array[row : row + step] for row in range(0, len(array), step))
    return all(bool(np.isfinite(part).all()) for part in parts)


def of_rows(count: int) -> str:
    """Return how many rows there are, as the end of a sentence; not of some of them."""
    return f", of {count} in all" if _numbers.get() is None else ""


def fitted(y: Array, shape: Shape, output: Shape, hint: str) -> Array:
    """Return targets in `shape`, which may differ only by axes of size 1."""
    mine, wanted = ([s for s in one[1:] if s != 1] for one in (y.shape, shape))
    long = isinstance(output[0], int) and output[0] != len(y)
    if mine != wanted or long:
        raise ShapeError(
            f"y has the shape {show(y.shape)}, which does not fit the network's "
            f"output of shape {show(output)}. {hint}"
        )
    return y.reshape(len(y), *shape[1:])


def values(y: ArrayLike, output: Shape) -> Array:
    """Return the targets of a regression: finite floats in the output's shape."""
    array = numbers(y)
    size = array.size // len(array)
    hint = f"Give the last layer as many outputs as y has columns: {size}."
    return floats(fitted(array, output, output, hint))


def floats(y: Array) -> Array:
    """Return whole numbers and truths as floats; float32 stays float32."""
    return y if y.dtype.kind == "f" else y.astype(np.float64)


def class_labels(y: ArrayLike, output: Shape) -> Array:
    """Return class labels 0 ... k - 1 as int64, one for each row of k outputs."""
    array = numbers(y)
    classes = class_count(output)
    hint = (
        f"For {classes} classes y holds one label 0 ... {classes - 1} per sample, "
        f"or one row of {classes} shares."
    )
    array = fitted(array, output[:-1], output, hint)
    if array.dtype.kind == "f":
        whole = bool((array == np.floor(array)).all())
        change = (
            "They are whole: pass y.astype(int)."
            if whole
            else "For a regression use loss=MSE()."
        )
        raise DataError(
            f"y holds floats such as {array.flat[0]}, but class labels are whole "
            f"numbers. {change}"
        )
    bad = (array < 0) | (array >= classes)
    if bad.any():
        raise DataError(_out_of_range(array, bad, classes))
    return array.astype(np.int64, copy=False)


def class_count(output: Shape) -> int:
    """Return how many classes an output of shape (n, ..., k) tells apart."""
    count = output[-1] if len(output) > 1 else 1
    if not isinstance(count, int) or count < 2:
        raise ShapeError(
            f"classes need one output each, and the network's output has the shape "
            f"{show(output)}. Give the last layer as many outputs as there are "
            f"classes; for two classes and one output use BinaryCrossEntropy()."
        )
    return count


def _out_of_range(y: Array, bad: Array, classes: int) -> str:
    found = np.unique(y[bad]).tolist()
    shown = ", ".join(map(str, found[:5])) + (", ..." if len(found) > 5 else "")
    told = (
        f"y holds the label{'s' * (len(found) > 1)} {shown} in {rows(bad)}, but the "
        f"network has {classes} outputs, for the labels 0 ... {classes - 1}."
    )
    if y.min() >= 1 and y.max() == classes:
        return f"{told} The labels look 1-based: subtract 1 and pass y - 1."
    if y.min() < 0:
        return f"{told} Number the classes from 0 upwards."
    return f"{told} Give the last layer {y.max() + 1} outputs, or correct the labels."


def shares(y: ArrayLike, output: Shape) -> Array:
    """Return rows of class shares, one-hot or soft: each is >= 0 and sums to 1."""
    array = numbers(y)
    hint = f"One-hot rows need one column for each of the {output[-1]} classes."
    array = floats(fitted(array, output, output, hint))
    bad = (array < 0).any(axis=-1) | (np.abs(array.sum(axis=-1) - 1) > 1e-3)
    if bad.any():
        raise DataError(
            f"the shares of the classes must be >= 0 and sum to 1, and do not in "
            f"{rows(bad)} of y: {array[bad][0].tolist()}. When a sample can belong to "
            f"several classes, use BinaryCrossEntropy()."
        )
    return array


def truths(y: ArrayLike, output: Shape) -> Array:
    """Return truths, or shares of truth, in [0, 1], in the output's shape."""
    array = numbers(y)
    hint = (
        "Each output needs one target in [0, 1]; for one label 0 ... k - 1 per sample "
        "use CrossEntropy() and k outputs."
    )
    array = fitted(array, output, output, hint)
    bad = (array < 0) | (array > 1)
    if bad.any():
        found = np.unique(array).tolist()
        change = {
            (-1, 1): "Pass y > 0.",
            (1, 2): "They look 1-based: subtract 1 and pass y - 1.",
        }.get(tuple(found), "For more than two classes use CrossEntropy().")
        raise DataError(
            f"targets must lie in [0, 1], and do not in {rows(bad)} of y: "
            f"{', '.join(map(str, np.unique(array[bad]).tolist()[:5]))}. {change}"
        )
    return floats(array)
