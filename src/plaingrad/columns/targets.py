"""How the column to predict becomes targets, and predictions its values again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..errors import DataError, FileError
from .inputs import measured
from .kinds import WHOLE, Array, Kind
from .table import Column


@dataclass(frozen=True, kw_only=True)
class ClassTarget:
    """Numbers classes 0, 1, 2, ... in their order.

    Attributes
    ----------
    name
        The column.
    classes
        The classes as text, in the order of their numbers.
    """

    name: str
    classes: tuple[str, ...]
    kind: ClassVar[Kind] = "category"

    def __post_init__(self) -> None:
        if not all(isinstance(one, str) for one in self.classes):
            raise FileError(f"the classes of {self.name!r} must be text.")

    @property
    def outputs(self) -> int:
        """How many outputs the network needs."""
        return len(self.classes)

    def encode(self, values: Array) -> Array:
        """Return the targets of cells, (n,) in int64."""
        number = {label: place for place, label in enumerate(self.classes)}
        strange = [cell for cell in values if cell not in number]
        if strange:
            raise DataError(
                f"{self.name!r} has the class {str(strange[0])!r}, which was not there "
                f"in training. Known: {', '.join(self.classes)}."
            )
        return np.array([number[cell] for cell in values], dtype=np.int64)

    def decode(self, found: Array) -> Array:
        """Return predicted numbers as classes: truths, whole numbers or text."""
        labels = np.array(self.classes)
        if set(self.classes) == {"false", "true"}:
            labels = labels == "true"
        elif all(re.fullmatch(WHOLE, label) for label in self.classes):
            labels = labels.astype(np.int64)
        made: Array = labels[found]
        return made


@dataclass(frozen=True, kw_only=True)
class NumberTarget:
    """Standardises a quantity: the network learns `(y - mean) / scale`.

    Attributes
    ----------
    name
        The column.
    mean, scale
        Mean and standard deviation (dividing by n) in training.
    """

    name: str
    mean: float
    scale: float
    kind: ClassVar[Kind] = "number"
    outputs: ClassVar[int] = 1

    @classmethod
    def fit(cls, column: Column) -> NumberTarget:
        """Measure a column; a constant one has the scale 1."""
        mean, scale = measured(column.values)
        return cls(name=column.name, mean=mean, scale=scale or 1.0)

    def encode(self, values: Array) -> Array:
        """Return the targets of cells, (n,) in float64."""
        made: Array = (values - self.mean) / self.scale
        return made

    def decode(self, found: Array) -> Array:
        """Return predictions in the units of the column, (n,) in float64."""
        made: Array = found.astype(np.float64) * self.scale + self.mean
        return made
