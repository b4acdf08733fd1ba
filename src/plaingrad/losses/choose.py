"""The loss that fits, when the user names none."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..errors import DataError, ShapeError
from ..graph import Node
from ..shapes import show
from .base import Loss
from .classification import SOFTMAX, BinaryCrossEntropy, CrossEntropy, last
from .regression import MSE
from .targets import Array, numbers

MANY = 10
"""So many different whole numbers or more are quantities and no classes."""

Choice = tuple[Loss, str]


def choose(y: ArrayLike, output: Node) -> Choice:
    """Return the loss that fits the targets and the network's output, and why.

    Parameters
    ----------
    y
        The user's targets.
    output
        The network's output, (n, ..., k): its last operation and its size count.

    Returns
    -------
    tuple of Loss and str
        The loss, and one sentence that says what was chosen and why. Whether each
        target fits is for the loss's own `target` to say.

    Raises
    ------
    DataError, ShapeError
        When no loss fits: three classes and one output, say.
    """
    array, end = numbers(y), last(output).op.name
    units = output.shape[-1] if output.ndim > 1 else 1
    softmax = end in SOFTMAX
    if softmax and units == 1:
        raise ShapeError(
            "a softmax of one output is always 1, so the network can learn nothing. "
            "Use Sigmoid(), or no activation, or one output for each class."
        )
    if units == 1 and array.size == len(array):
        return _one_output(array, end)
    rows = array.ndim == output.ndim and array.shape[1:] == output.shape[1:]
    if rows:
        return _many_outputs(array, end, softmax)
    if array.ndim == output.ndim - 1 or array.shape[-1] == 1:
        if array.dtype.kind == "f" and (array != np.floor(array)).any():
            raise ShapeError(
                f"y holds one number per sample, such as {array.flat[0]}, and the "
                f"network has {units} outputs. For a regression give the last layer "
                f"one output."
            )
        return CrossEntropy(), (
            f"CrossEntropy: y holds one class label per sample and the network has "
            f"one output for each of {units} classes."
        )
    raise ShapeError(
        f"no loss compares y of shape {show(array.shape)} with the network's output of "
        f"shape {show(output.shape)}. Give the last layer as many outputs as y has "
        f"columns, or one for each class."
    )


def _one_output(y: Array, end: str) -> Choice:
    found = np.unique(y)
    if set(found.tolist()) <= {0, 1}:
        return BinaryCrossEntropy(), (
            "BinaryCrossEntropy: y holds only 0 and 1 and the network has one output."
        )
    if y.dtype.kind == "f":
        return _regression(y, end, "y holds floats and the network has one output")
    if len(found) < MANY:
        shown = ", ".join(map(str, found.tolist()))
        raise DataError(
            f"y holds the {len(found)} whole numbers {shown}, and the network has one "
            f"output. If they are classes, number them from 0 and use one output for "
            f"each, or 0 and 1 for two classes; if they are quantities, pass "
            f"loss=MSE() or y.astype(float)."
        )
    reason = f"y holds {len(found)} different whole numbers and the network has one "
    return _regression(y, end, f"{reason}output, so they are taken as quantities")


def _many_outputs(y: Array, end: str, softmax: bool) -> Choice:
    """Choose for rows of targets in the output's shape."""
    inside = bool((y >= 0).all() and (y <= 1).all())
    sums = inside and y.shape[-1] > 1 and bool((abs(y.sum(axis=-1) - 1) < 1e-3).all())
    binary = bool(np.isin(y, (0, 1)).all())
    if sums and end != "sigmoid":
        kind = "one-hot" if binary else "rows of class shares that sum to 1"
        return CrossEntropy(), f"CrossEntropy: y is {kind}, one column for each output."
    if softmax:
        raise DataError(
            "the network ends in a softmax, whose rows sum to 1, and the rows of y do "
            "not. Remove the softmax: for several labels per sample the loss is then "
            "BinaryCrossEntropy(), for numbers MSE()."
        )
    if binary:
        return BinaryCrossEntropy(), (
            "BinaryCrossEntropy: y holds a 0 or 1 for each output, and a row may hold "
            "several ones (multi-label)."
        )
    return _regression(y, end, "y holds one number for each output")


def _regression(y: Array, end: str, reason: str) -> Choice:
    if end == "sigmoid":
        if y.min() < 0 or y.max() > 1:
            raise DataError(
                f"the network ends in a sigmoid, which lies in (0, 1), and y reaches "
                f"from {y.min()} to {y.max()}. Remove it, or scale y to [0, 1]."
            )
        return MSE(), f"MSE: {reason}, a sigmoid, in 0 ... 1: a regression."
    return MSE(), f"MSE: {reason}: a regression."
