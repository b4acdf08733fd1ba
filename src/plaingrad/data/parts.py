"""Data in three parts: to learn from, to validate, and to test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from .prepare import split

SIZES = (0.6, 0.2, 0.2)
"""The shares of training, validation and test data, where a set is not parted."""
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Parts(Generic[T]):
    """Data in three parts."""

    train: T
    validation: T
    test: T


def parted_rows(y: NDArray[Any], seed: int) -> Parts[NDArray[Any]]:
    """Return the numbers of samples at random in three parts.

    Each part has its share of every class, where y (n,) holds classes as whole numbers.
    """
    parts = split(np.arange(len(y)), y, SIZES, seed=seed)
    return Parts(*(rows for rows, _ in parts))
