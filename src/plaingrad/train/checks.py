"""What data must be before any work starts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import DataError, PlaingradError, SettingError, ShapeError, unknown_name
from ..losses.targets import all_finite, of_rows, rows
from ..shapes import show
from ..trace import Declared

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
        When X is empty, holds no numbers, has entries that are not finite or too large
        for the type, or samples of another shape.
    """
    array = numbers("X", X)
    if features is not None and array.shape[1:] != tuple(features):
        raise DataError(_other_shape(array.shape, tuple(features)))
    if array.ndim < 2:
        raise DataError(
            f"X must have one row for each sample, got shape {array.shape}. "
            f"For one feature use X[:, None], for one sample X[None]."
        )
    if array.size == 0:
        raise DataError(f"X is empty: its shape is {array.shape}.")
    finite("X", array)
    return np.ascontiguousarray(cast("X", array, dtype))


def _other_shape(got: tuple[int, ...], features: tuple[int, ...]) -> str:
    """Say that samples have another shape, and the likely change."""
    if got == features:
        return f"X is a single sample of shape {show(got)}. Pass X[None]."
    shape = ", ".join(map(str, features))
    hint = f"The network was built for samples of shape {show(features)}."
    if math.prod(got[1:]) == math.prod(features):
        hint = f"The entries are as many: pass X.reshape(-1, {shape})."
    elif not got[1:]:
        hint = f"For one sample pass X.reshape(1, {shape})."
    return (
        f"X must have the shape {show(('n', *map(str, features)))}, got {show(got)}. "
        f"{hint}"
    )


def numbers(what: str, values: Any) -> Array:
    """Return values as an array of numbers or truths, or say why that fails."""
    try:
        array = np.asarray(values)
        if array.dtype == object:
            array = np.array(array.tolist())
    except PlaingradError:
        raise  # a stream says itself why it is no array
    except ValueError:
        raise DataError(
            f"{what} cannot be made an array: its rows have different lengths. Every "
            f"sample needs as many entries."
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
            return f" with entries such as {value!r:.60}"
    return ""


def finite(what: str, array: Array) -> None:
    """Refuse arrays with NaN or infinity, naming the rows."""
    if all_finite(array):
        return
    kind = "NaN" if np.isnan(array).any() else "infinity"
    raise DataError(
        f"{what} has {kind} in {rows(~np.isfinite(array))}{of_rows(len(array))}. "
        f"Remove these rows or fill the missing values first."
    )


def cast(what: str, array: Array, dtype: str) -> Array:
    """Return finite numbers in another type of floats, refusing those too large."""
    with np.errstate(over="ignore"):
        made = array.astype(dtype, copy=False)
    if made is not array and array.dtype.kind == "f" and not all_finite(made):
        raise DataError(
            f"{what} holds numbers as large as {np.abs(array).max():.3g}, too large "
            f"for {dtype}. Scale them to about -1 .. 1, or use dtype='float64'."
        )
    return made


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


def same_length(X: Array, y: Array, what: str = "") -> None:
    """Refuse samples and targets of different number."""
    if len(X) != len(y):
        raise DataError(
            f"X has {len(X)} samples and y has {len(y)} targets{what}; each sample "
            f"needs one target."
        )


def free_entries(
    masks: Mapping[str, Array], parameters: Mapping[str, Declared]
) -> dict[str, Array]:
    """Return which entries are free, for each parameter that is frozen in part.

    Parameters
    ----------
    masks
        True where an entry is free, by parameter: of its shape, or one for all.
    parameters
        Those of the network.

    Raises
    ------
    SettingError, ShapeError
        When there is no such parameter, or it has another shape than its mask.
    """
    made: dict[str, Array] = {}
    for name, free in masks.items():
        if name not in parameters:
            raise unknown_name("parameter", name, parameters)
        shape = tuple(s for s in parameters[name].leaf.shape if isinstance(s, int))
        if free.shape not in ((), shape):
            raise ShapeError(
                f"the mask of {name} must have its shape {show(shape)}, got "
                f"{show(free.shape)}."
            )
        if parameters[name].trainable and not free.all():
            made[name] = free | np.zeros(free.shape or shape, dtype=bool)
    return made


def something_free(
    masks: Mapping[str, Array], parameters: Mapping[str, Declared]
) -> None:
    """Refuse to train a network in which nothing is free to change."""
    if not parameters:
        raise SettingError(
            "the network has no parameters, so there is nothing to train. Add a layer "
            "such as pg.Linear(10)."
        )
    free = [name for name, declared in parameters.items() if declared.trainable]
    if not any(name not in masks or masks[name].any() for name in free):
        raise SettingError(
            "everything in the network is frozen, so there is nothing to train. Leave "
            "at least one parameter free."
        )
