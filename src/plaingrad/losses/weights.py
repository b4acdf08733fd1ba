"""Class weights, as weights of the samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import DataError, SettingError, ShapeError, unknown_name
from ..shapes import show
from .targets import Array

Weights = str | Mapping[Any, float] | Sequence[float] | Array


def class_weights(y: ArrayLike, weights: Weights) -> Array:
    """Return the weight of each sample, by its class.

    Parameters
    ----------
    y
        Class labels, (n,) or (n, 1): numbers or text.
    weights
        "balanced" gives every class the same total weight, n / (classes * count), as
        scikit-learn does (King and Zeng, Logistic regression in rare events data,
        2001); a mapping gives the weights of some labels and 1 to the others; a
        sequence gives those of the labels 0, 1, 2, ...

    Returns
    -------
    array of shape (n,)
        float64.

    Raises
    ------
    DataError, ShapeError, SettingError
        When y is empty or no list of labels, a label has no weight, a weight has no
        label, or a weight is negative or not finite.
    """
    labels = _labels(y)
    if not labels.size:
        raise DataError("y is empty: there is no class to weigh.")
    known, place, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if isinstance(weights, str):
        if weights != "balanced":
            raise unknown_name("class weights", weights, ["balanced"])
        return np.asarray((len(labels) / (len(known) * counts))[place])
    return np.asarray(_checked(_given(known, weights))[place])


def some_class_weights(y: ArrayLike, weights: Weights) -> Array:
    """Return the weight of each sample, where y is but some of the labels, (n,).

    Raises
    ------
    ShapeError, SettingError
        As `class_weights`, and when "balanced" is asked for.
    """
    if isinstance(weights, str):
        raise SettingError(
            f"class_weight={weights!r} needs all labels at once, and these are read as "
            f"they are needed. Count the classes, and pass a dict: {{label: n / "
            f"(classes * count)}}."
        )
    known, place = np.unique(_labels(y), return_inverse=True)
    if not isinstance(weights, Mapping):
        _checked(weights)
    else:
        _checked([1.0, *weights.values()])
        weights = {label: weights.get(label, 1.0) for label in known.tolist()}
    return np.asarray(_given(known, weights), dtype=np.float64)[place]


def check_weighted(weights: Weights, classes: int) -> None:
    """Refuse weights of labels that a network of so many classes does not have.

    Raises
    ------
    SettingError
        When a mapping has others than 0, 1, ..., classes - 1.
    """
    labels = weights if isinstance(weights, Mapping) else ()
    odd = [label for label in labels if label not in range(classes)]
    if odd:
        raise SettingError(
            f"class weights are given for {odd}, but the network has the labels 0 ... "
            f"{classes - 1}. Correct or remove them."
        )


def _labels(y: ArrayLike) -> Array:
    """Return class labels as an array (n,)."""
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise ShapeError(
            f"class weights need one label per sample, (n,), and y has the shape "
            f"{show(labels.shape)}. For one-hot rows pass y.argmax(axis=1)."
        )
    return labels


def _given(known: Array, weights: Mapping[Any, float] | Sequence[float] | Array) -> Any:
    """Return the given weights in the order of the known labels."""
    if isinstance(weights, Mapping):
        odd = [label for label in weights if label not in known.tolist()]
        if odd:
            raise SettingError(
                f"class weights are given for {odd}, but y holds only the labels "
                f"{known.tolist()}. Correct or remove them."
            )
        return [weights.get(label, 1.0) for label in known.tolist()]
    if known.dtype.kind not in "iubf" or not np.isin(known, range(len(weights))).all():
        raise SettingError(
            f"{len(weights)} class weights belong to the labels 0 ... "
            f"{len(weights) - 1}, and y holds {known.tolist()}. Pass one weight for "
            f"each label, or a dict: {{label: weight}}."
        )
    return np.asarray(weights)[known.astype(np.int64)]


def _checked(weights: Any) -> Array:
    array = np.asarray(weights, dtype=np.float64)
    if not np.isfinite(array).all() or (array < 0).any() or not array.any():
        raise SettingError(
            f"class weights must be finite, at least 0 and not all 0, got "
            f"{array.tolist()}."
        )
    return array
