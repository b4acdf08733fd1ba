"""The free entries of all parameters as one point, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Free:
    """Which entries of which parameters are free, in the order of a point.

    Attributes
    ----------
    entries
        For each parameter, by name, where its free entries are in the flat array.
    """

    entries: Mapping[str, Array]

    @classmethod
    def of(cls, parameters: Mapping[str, Array], masks: Mapping[str, Array]) -> Self:
        """Return the free entries of parameters, of which some have masks."""
        return cls(
            {
                name: np.flatnonzero(masks[name])
                if name in masks
                else np.arange(value.size)
                for name, value in parameters.items()
            }
        )

    def gathered(self, arrays: Mapping[str, Array]) -> Array:
        """Return the free entries of arrays by name, one after the other."""
        parts = [arrays[name].ravel()[i] for name, i in self.entries.items()]
        return np.concatenate(parts).astype(np.float64)

    def scatter(self, point: Array, arrays: Mapping[str, Array]) -> None:
        """Write the entries of a point to where they belong."""
        start = 0
        for name, i in self.entries.items():
            arrays[name].reshape(-1)[i] = point[start : start + len(i)]
            start += len(i)
