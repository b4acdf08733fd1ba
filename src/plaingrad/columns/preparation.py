"""From raw rows to what a network takes: all of it, as the model file keeps it."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import DataError, FileError
from .files import frame
from .inputs import INPUTS, MOST, CategoryInput, Input
from .kinds import Array, Kind, values
from .table import Column, Table
from .targets import ClassTarget, NumberTarget


class RowsWarning(UserWarning):
    """New rows lack a column, or have categories that were not there in training."""


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """How the columns of a table become samples and targets.

    Attributes
    ----------
    inputs
        A record for each column to predict from.
    target
        The record of the column to predict.

    Examples
    --------
    >>> table = plaingrad.data.table("flats.csv", "rent")  # doctest: +SKIP
    >>> X, y = Preparation.fit(table)(table)  # doctest: +SKIP
    """

    inputs: tuple[Input, ...]
    target: ClassTarget | NumberTarget

    def __post_init__(self) -> None:
        # a model file may hold anything
        known = all(isinstance(one, tuple(INPUTS.values())) for one in self.inputs)
        if not known or not isinstance(self.target, (ClassTarget, NumberTarget)):
            raise FileError("it does not say how a table becomes numbers.")

    @classmethod
    def fit(cls, table: Table) -> Preparation:
        """Measure a table: means, deviations, categories.

        Fit it on the rows of training only, so that nothing is learnt from others.
        """
        used = [column for column in table.inputs if column.kind in INPUTS]
        inputs = tuple(INPUTS[column.kind].fit(column) for column in used)
        target: ClassTarget | NumberTarget
        if table.classes:
            target = ClassTarget(name=table.target.name, classes=table.classes)
        else:
            target = NumberTarget.fit(table.target)
        return cls(inputs=inputs, target=target)

    @property
    def features(self) -> list[str]:
        """The names of the columns of X."""
        return [name for one in self.inputs for name in one.features]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one sample."""
        return (len(self.features),)

    @property
    def places(self) -> dict[str, slice]:
        """Which columns of X each column of the table becomes."""
        ends = np.cumsum([len(one.features) for one in self.inputs]).tolist()
        slices = map(slice, [0, *ends], ends)
        return {one.name: place for one, place in zip(self.inputs, slices, strict=True)}

    def samples(self, cells: Mapping[str, Array]) -> Array:
        """Return X, (n, features) in float64, of cells by the name of their column."""
        return np.concatenate(
            [one.encode(cells[one.name]) for one in self.inputs], axis=1
        )

    def __call__(self, table: Table) -> tuple[Array, Array]:
        """Return samples X (n, features) and targets y (n,) of a table.

        Its columns count as what they were in training, whatever was found in them
        here: a number may be the same in all rows of a later table.

        Raises
        ------
        DataError
            When a cell is not of the kind of its column in training, or as `read`.

        Warns
        -----
        RowsWarning
            When a column is missing: its cells count as missing.
        """
        columns = {column.name: column for column in table.inputs}
        cells = self._cells(columns, cells_as, len(table))
        target = cells_as(table.target, self.target.kind)
        return self.samples(cells), self.target.encode(target)

    def read(self, source: Any) -> dict[str, Array]:
        """Return the cells of new rows by column; see `pg.data.table` for sources.

        Columns that are not needed may be there or not.

        Raises
        ------
        FileError, DataError
            When the source cannot be read, a cell is not of the kind of its column, no
            column is known, or one is likely to be there by another name.

        Warns
        -----
        RowsWarning
            When a column is missing: its cells count as missing. When a category is
            new: it counts as none of those that are known.
        """
        categories = {one.name for one in self.inputs if one.kind == "category"}
        found = frame(source, as_text=categories)
        rows = self._cells({one.name: one for one in found}, values, len(found))
        for one in self.inputs:
            if isinstance(one, CategoryInput):
                _tell_new(one, rows[one.name])
        return rows

    def _cells(
        self, found: Mapping[str, Any], read: Callable[[Any, Kind], Array], count: int
    ) -> dict[str, Array]:
        """Return the cells of columns, read as the kinds that they were in training."""
        gone = [one.name for one in self.inputs if one.name not in found]
        if gone:
            self._check_names(gone, found)
        rows: dict[str, Array] = {}
        for one in self.inputs:
            if one.name in found:
                rows[one.name] = read(found[one.name], one.kind)
            elif one.kind == "category":
                rows[one.name] = np.full(count, None, dtype=object)
            else:
                rows[one.name] = np.full(count, np.nan)
        return rows

    def _check_names(self, gone: Sequence[str], found: Iterable[str]) -> None:
        """Refuse or tell of rows that lack a column."""
        needed = [one.name for one in self.inputs]
        known = {*needed, self.target.name}
        others = {name.casefold(): name for name in found if name not in known}
        if len(gone) == len(needed):
            raise DataError(
                f"the rows have none of the columns {', '.join(needed)}; they have "
                f"{', '.join(found)}. Is it the right table?"
            )
        for name in gone:
            near = difflib.get_close_matches(name.casefold(), others, n=1, cutoff=0.8)
            if near:
                raise DataError(
                    f"the rows have no column {name!r}, but one called "
                    f"{others[near[0]]!r}. Rename it, or leave it out when it is "
                    f"something else."
                )
        warnings.warn(
            f"the rows have no column {', '.join(map(repr, gone))}; it counts as "
            f"missing in each row, so the predictions are worse.",
            RowsWarning,
            stacklevel=5,
        )


def cells_as(column: Column, kind: Kind) -> Array:
    """Return the cells of a column as those of another kind.

    Raises
    ------
    DataError
        When they are not of that kind.
    """
    if column.kind == kind:
        return column.values
    if column.kind == "date":
        raise DataError(
            f"the column {column.name!r} holds dates, and was a {kind} in training. "
            f"Is it the right table?"
        )
    again = frame({column.name: column.values.tolist()})
    return values(again[column.name], kind)


def _tell_new(made: CategoryInput, cells: Array) -> None:
    """Tell of categories that were not there in training."""
    if len(made.levels) == MOST:
        return  # rarer ones were there, and have no feature either
    known = {*made.levels, None}
    new = [cell for cell in cells if cell not in known]
    if new:
        warnings.warn(
            f"the column {made.name!r} has categories in {len(new):,} of "
            f"{len(cells):,} rows that were not there in training, such as "
            f"{new[0]!r:.40}; they count as none of the known ones.",
            RowsWarning,
            stacklevel=4,
        )
