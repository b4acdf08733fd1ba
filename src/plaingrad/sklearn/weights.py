"""The weights of classes, as weights of samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.utils.class_weight import compute_class_weight

from ..errors import SettingError
from .targets import Array, numbers

Weights = Mapping[Any, float] | Sequence[Mapping[Any, float]] | str


def class_weighted(
    given: Weights, y: Array, classes: Sequence[Array], weights: Array | None
) -> Array:
    """Return the weights of samples, times those of their classes, (n,).

    Parameters
    ----------
    given
        A dict, "balanced", or a list of these with one for each column of y.
    y
        Classes, (n,) or (n, columns); with columns the weights are multiplied.
    classes
        All classes of each column.
    weights
        The weights of the samples, which count in what is balanced.

    Raises
    ------
    ValueError
        When there is one dict for several columns, or a class that is unknown.
    """
    columns = y.reshape(len(y), -1).T
    alone = isinstance(given, (str, Mapping))
    each: Any = [given] * len(columns) if alone else given
    if len(each) != len(columns) or (isinstance(given, Mapping) and len(columns) > 1):
        raise SettingError(
            f"y has {len(columns)} columns, so class_weight must be 'balanced' or a "
            f"list of {len(columns)} dicts, got {given!r}."
        )
    product = np.ones(len(y)) if weights is None else weights
    for one, column, known in zip(each, columns, classes, strict=True):
        names = np.unique(column) if isinstance(one, str) else known
        table = compute_class_weight(
            one, classes=names, y=column, sample_weight=weights
        )
        product = product * table[numbers(column, names)]
    return product
