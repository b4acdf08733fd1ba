"""What data must be before any work starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import DataError
from ..shapes import show

Array = np.ndarray[Any, Any]


def as_features(X: Any, dtype: str, features: Sequence[int] | None = None) -> Array:
    """Return X as an array of floats, one sample a row.

    Parameters
    ----------
    X
        Anything that NumPy turns into an array (n, ...).
    dtype
        "float32" or "float64".
    features
        The shape that one sample must have, when that is known.

    Raises
    ------
    DataError
        When X is empty, holds no numbers, has not-finite entries or samples of
        another shape.
    """
    array = numbers("X", X)
    if array.ndim < 2:
        raise DataError(
            f"X must have one row for each sample, got shape {array.shape}. "
            f"For one feature use X[:, None], for one sample X[None]."
        )
    if array.size == 0:
        raise DataError(f"X is empty: its shape is {array.shape}.")
    if features is not None and array.shape[1:] != tuple(features):
        raise DataError(
            f"each sample of X must have the shape {show(tuple(features))}, got "
            f"{show(array.shape[1:])}. The network was built for the first."
        )
    finite("X", array)
    return np.ascontiguousarray(array, dtype=dtype)


def numbers(what: str, values: Any) -> Array:
    """Return values as an array of numbers or truths, or say why that fails."""
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise DataError(
            f"{what} cannot be made an array: {error}. Its rows must be equally long."
        ) from None
    if array.dtype.kind not in "fiub":
        cause = _culprit(array)
        raise DataError(
            f"{what} must hold numbers, got the type {array.dtype}{cause}. "
            f"Encode text columns as numbers first."
        )
    return array


def _culprit(array: Array) -> str:
    """Return which entry is no number, for the message."""
    for value in array.ravel()[:10_000].tolist():
        if not isinstance(value, (int, float)):
            return f" with entries such as {value!r}"
    return ""


def finite(what: str, array: Array) -> None:
    """Refuse arrays with NaN or infinity, naming the rows."""
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return
    bad = ~np.isfinite(array).reshape(len(array), -1).all(axis=1)
    rows = np.flatnonzero(bad)
    named = ", ".join(map(str, rows[:5])) + (", ..." if len(rows) > 5 else "")
    kind = "NaN" if np.isnan(array).any() else "infinity"
    raise DataError(
        f"{what} has {kind} in {len(rows)} of {len(array)} rows (rows {named}). "
        f"Remove these rows or fill the missing values first."
    )


def as_weights(weights: Any, count: int) -> Array | None:
    """Return sample weights (n,) as floats, or None."""
    if weights is None:
        return None
    array = numbers("sample_weight", weights).astype(np.float64)
    if array.shape != (count,):
        raise DataError(
            f"sample_weight must have one number for each of the {count} samples, "
            f"got shape {array.shape}."
        )
    finite("sample_weight", array)
    if (array < 0).any() or not array.sum() > 0:
        raise DataError("sample_weight must not be negative, and not all zero.")
    return array


def same_length(X: Array, y: Array) -> None:
    """Refuse samples and targets of different number."""
    if len(X) != len(y):
        raise DataError(
            f"X has {len(X)} samples and y has {len(y)} targets; each sample needs "
            f"one target."
        )
