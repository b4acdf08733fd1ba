"""How a column becomes numbers for a network: measured once, the same ever after.

A missing cell becomes the mean (0 after standardising) or no category; where cells were
missing in training, a feature of its own says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..errors import FileError
from .kinds import Array, Kind
from .table import Column, ordered

MOST = 50
"""So many categories of a column get a feature; the rarer ones have none."""
CYCLES = {"year": 365.2425, "week": 7.0, "day": 1.0}
"""The lengths of what comes again, in days."""


@dataclass(frozen=True, kw_only=True)
class NumberInput:
    """Standardises numbers: `(x - mean) / scale`, or 0 where they were always the same.

    Attributes
    ----------
    name
        The column.
    mean, scale
        Mean and standard deviation (dividing by n) of what is not missing; a scale of 0
        stands for a constant.
    missing
        Whether there is a feature for missing cells.
    """

    name: str
    mean: float
    scale: float
    missing: bool
    kind: ClassVar[Kind] = "number"

    def __post_init__(self) -> None:
        _check(self, (float, int), "mean", "scale")

    @classmethod
    def fit(cls, column: Column) -> NumberInput:
        """Measure a column."""
        mean, scale = measured(column.values)
        missing = bool(column.missing.any())
        return cls(name=column.name, mean=mean, scale=scale, missing=missing)

    @property
    def features(self) -> list[str]:
        """The names of the features that `encode` makes."""
        return _with_missing([self.name], self)

    def encode(self, values: Array) -> Array:
        """Return the features of cells, (n, features) in float64."""
        return _stacked(self, values, [standardised(values, self.mean, self.scale)])


@dataclass(frozen=True, kw_only=True)
class CategoryInput:
    """Makes a feature of each category: 1 for its rows and 0 for others (one-hot).

    A category that was not there in training, and a missing one, have only zeros.

    Attributes
    ----------
    name
        The column.
    levels
        The categories, at most the 50 most frequent.
    missing
        Whether there is a feature for missing cells.
    """

    name: str
    levels: tuple[str, ...]
    missing: bool
    kind: ClassVar[Kind] = "category"

    def __post_init__(self) -> None:
        if not all(isinstance(level, str) for level in self.levels):
            raise FileError(f"the categories of {self.name!r} must be text.")

    @classmethod
    def fit(cls, column: Column) -> CategoryInput:
        """Find the categories of a column."""
        known = [cell for cell in column.values if cell is not None]
        names, counts = np.unique(np.array(known, dtype=object), return_counts=True)
        most = names[np.argsort(-counts, kind="stable")[:MOST]]
        missing = bool(column.missing.any())
        return cls(name=column.name, levels=tuple(ordered({*most})), missing=missing)

    @property
    def features(self) -> list[str]:
        """The names of the features that `encode` makes."""
        return _with_missing([f"{self.name} = {level}" for level in self.levels], self)

    def encode(self, values: Array) -> Array:
        """Return the features of cells, (n, features) in float64."""
        place = {level: number for number, level in enumerate(self.levels)}
        found = np.array([place.get(cell, -1) for cell in values.tolist()], np.intp)
        return _stacked(self, values, [found == number for number in place.values()])


@dataclass(frozen=True, kw_only=True)
class DateInput:
    """Makes numbers of dates: how late, and where in the year, the week and the day.

    The first is in days; of each cycle there are sine and cosine, so that its end lies
    beside its beginning. All are standardised, as numbers are.

    Attributes
    ----------
    name
        The column.
    means, scales
        Mean and standard deviation of each of the seven features.
    missing
        Whether there is a feature for missing cells.
    """

    name: str
    means: tuple[float, ...]
    scales: tuple[float, ...]
    missing: bool
    kind: ClassVar[Kind] = "date"

    def __post_init__(self) -> None:
        if not len(self.means) == len(self.scales) == 1 + 2 * len(CYCLES):
            raise FileError(f"the date {self.name!r} has not the right features.")

    @classmethod
    def fit(cls, column: Column) -> DateInput:
        """Measure a column."""
        found = [measured(part) for part in _parts(column.values).values()]
        means, scales = zip(*found, strict=True)
        missing = bool(column.missing.any())
        return cls(name=column.name, means=means, scales=scales, missing=missing)

    @property
    def features(self) -> list[str]:
        """The names of the features that `encode` makes."""
        parts = _parts(np.zeros(1))
        return _with_missing([f"{self.name}: {part}" for part in parts], self)

    def encode(self, values: Array) -> Array:
        """Return the features of cells, (n, features) in float64."""
        parts = _parts(values).values()
        scaled = map(standardised, parts, self.means, self.scales)
        return _stacked(self, values, [*scaled])


Input = NumberInput | CategoryInput | DateInput
INPUTS: Mapping[str, type[Input]] = {
    "number": NumberInput,
    "category": CategoryInput,
    "date": DateInput,
}


def measured(values: Array) -> tuple[float, float]:
    """Return mean and standard deviation of numbers, without those that are missing.

    The deviation of a constant is 0, and both are 0 where everything is missing.
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return 0.0, 0.0
    # rounding can make the deviation of a constant 1e-17
    scale = 0.0 if known.min() == known.max() else float(known.std())
    return float(known.mean()), scale


def standardised(values: Array, mean: float, scale: float) -> Array:
    """Return `(values - mean) / scale`, 0 where missing or never different."""
    if scale == 0:
        return np.zeros(len(values))
    made: Array = np.nan_to_num((values - mean) / scale, nan=0.0)
    return made


def _parts(days: Array) -> dict[str, Array]:
    """Return the features of dates, before they are standardised."""
    made = {"days": days}
    for name, length in CYCLES.items():
        turn = 2 * np.pi * (days % length) / length
        made |= {f"{name}, sine": np.sin(turn), f"{name}, cosine": np.cos(turn)}
    return made


def _with_missing(names: list[str], made: Input) -> list[str]:
    return [*names, f"{made.name} missing"] if made.missing else names


def _stacked(made: Input, values: Array, features: list[Array]) -> Array:
    """Return features as columns, with that for missing cells where there is one."""
    if made.missing:
        gone = np.isnan(values) if values.dtype == float else values == np.array(None)
        features = [*features, gone]
    if not features:
        return np.zeros((len(values), 0))
    return np.stack(features, axis=1).astype(np.float64)


def _check(record: Any, types: tuple[type, ...], *names: str) -> None:
    """Refuse a record of a model file that holds something else than numbers."""
    for name in names:
        if not isinstance(getattr(record, name), types):
            raise FileError(f"{name} of {record.name!r} must be a number.")
