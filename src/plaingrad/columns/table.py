"""Tables to learn from: what each column is, and which one is to be predicted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError, SettingError, unknown_name
from ..losses.choose import MANY
from ..write.plain import aligned
from .files import frame
from .kinds import DAY, KINDS, Array, Kind, kind_of, values
from .words import column_words

if TYPE_CHECKING:
    import polars as pl

LEAST = 10
"""So many rows are needed, so that each of the three parts has some."""
SHOWN = 4
"""How many categories of a column are shown."""


@dataclass(frozen=True, eq=False)
class Column:
    """A column of a table.

    Attributes
    ----------
    name
        What the table calls it.
    kind
        "number", "category", "date" or "ignore".
    values
        Its cells, (n,): float64 and NaN where missing; a date is the days since 1970;
        a category is text, and None where missing.
    why
        A word for why it is ignored, where it is: "empty", "other", "constant",
        "text", "counts" or "asked".
    """

    name: str
    kind: Kind
    values: Array
    why: str = ""

    @property
    def missing(self) -> Array:
        """Which cells are missing, (n,) truths."""
        if self.kind in ("number", "date"):
            return np.isnan(self.values)
        return np.array([cell is None for cell in self.values], dtype=bool)

    @cached_property
    def levels(self) -> list[str]:
        """The categories that occur: numbers by size, other text by letters."""
        return ordered({cell for cell in self.values if cell is not None})

    def rows(self, chosen: Array) -> Column:
        """Return the column with some of its rows."""
        return replace(self, values=self.values[chosen])

    def told(self, lang: str = "en") -> str:
        """Return what is in it, in a few words of a language."""
        say = column_words(lang)
        if self.kind == "ignore":
            cells = [str(cell) for cell in self.values if cell is not None]
            return say[self.why].format(
                first="".join(cells[:1]),
                rows=f"{len(cells):,}",
                different=f"{len(set(cells)):,}",
            )
        if self.kind == "category":
            more = ", ..." if len(self.levels) > SHOWN else ""
            return f"{len(self.levels)}: {', '.join(self.levels[:SHOWN])}{more}"
        known = self.values[~self.missing]
        if not len(known):
            return say["nothing"]
        low, high = known.min(), known.max()
        if self.kind == "date":
            return f"{_moment(low)} .. {_moment(high)}"
        # the mean of centred numbers is a rounding error, and 0 to people
        mean = known.mean() if abs(known.mean()) > 1e-9 * (high - low) else 0.0
        return say["mean"].format(
            low=f"{low:.6g}", high=f"{high:.6g}", mean=f"{mean:.4g}"
        )


@dataclass(frozen=True, eq=False)
class Table:
    """Rows to learn from, and what they should tell.

    Attributes
    ----------
    inputs
        The columns to predict from, those that are ignored among them.
    target
        The column to predict: of kind "category" for classes, "number" for a quantity.
    classes
        The classes to tell apart as text, those of the whole table; none where a number
        is predicted.
    notes
        What was chosen from the data, in a sentence each.
    """

    inputs: tuple[Column, ...]
    target: Column
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def outputs(self) -> int:
        """How many outputs a network for it needs: the classes, or 1."""
        return len(self.classes) or 1

    def rows(self, chosen: Array) -> Table:
        """Return the table with some of its rows, by number or by truth."""
        inputs = tuple(column.rows(chosen) for column in self.inputs)
        return replace(self, inputs=inputs, target=self.target.rows(chosen))

    def __len__(self) -> int:
        return len(self.target.values)

    def __str__(self) -> str:
        """Return the columns and the choices as text."""
        head = ("column", "kind", "missing", "values")
        lines = aligned([head, *map(_line, (*self.inputs, self.target))])
        count = f"{len(self):,} rows, {len(self.inputs)} columns to predict from"
        return "\n".join([count, *lines, *self.notes])

    __repr__ = __str__


def table(source: Any, target: str, kinds: Mapping[str, Kind] | None = None) -> Table:
    """Return a table to learn from, the kinds of its columns found out.

    Parameters
    ----------
    source
        A file (.csv, .tsv, .txt, .parquet, .feather, .xlsx), a DataFrame of polars or
        pandas, or a dict from names to columns.
    target
        The name of the column to predict. Text, truths, and fewer than ten different
        whole numbers are classes; other numbers are a quantity (regression).
    kinds
        The kinds of columns ("number", "category", "date", "ignore") where they should
        be others than those that are found.

    Returns
    -------
    Table
        `print` shows it. Rows without a target are left out.

    Raises
    ------
    FileError, DataError, SettingError
        When the file cannot be read, a column or kind is unknown, a cell is not of its
        column's kind, or the target cannot be learnt.
    MissingExtraError
        When polars is not installed: the extra "table".
    """
    found, wanted = frame(source), dict(kinds or {})
    for name in (target, *wanted):
        if name not in found.columns:
            raise unknown_name("column", name, found.columns)
    for kind in wanted.values():
        if kind not in KINDS:
            raise unknown_name("kind of column", kind, KINDS)
    known = found[target].is_not_null()
    rows, dropped = int(known.sum()), int((~known).sum())
    if rows < LEAST:
        raise DataError(
            f"{rows} rows have a value of {target!r}, and at least {LEAST} are "
            f"needed to learn, validate and test."
        )
    truth, why = _target(found[target].filter(known), wanted.get(target))
    inputs = [
        _column(found[name], known, wanted.get(name))
        for name in found.columns
        if name != target
    ]
    if all(column.kind == "ignore" for column in inputs):
        raise DataError(
            f"no column is left to predict {target!r} from: "
            + "; ".join(f"{column.name}: {column.told()}" for column in inputs)
            + ". Give kinds to those that should be used."
        )
    lost = [f"{dropped:,} rows without {target} were left out."] if dropped else []
    classes = tuple(truth.levels) if truth.kind == "category" else ()
    return Table(tuple(inputs), truth, classes, (why, *lost))


def ordered(levels: set[str]) -> list[str]:
    """Return categories in order: numbers by size, other text by letters."""

    def place(level: str) -> tuple[bool, float, str]:
        try:
            return False, float(level), level
        except ValueError:
            return True, 0.0, level

    return sorted(levels, key=place)


def _column(column: pl.Series, known: pl.Series, kind: Kind | None) -> Column:
    """Return a column to predict from, with the rows whose target is known."""
    kept = column.filter(known)
    found, why = kind_of(kept)
    if kind is not None:
        found, why = kind, "asked"
    if found == "ignore":
        return Column(column.name, "ignore", np.array(kept.to_list(), object), why)
    # all rows are read, so that an error names the row of the file
    return Column(column.name, found, values(column, found)[known.to_numpy()])


def _target(column: pl.Series, kind: Kind | None) -> tuple[Column, str]:
    """Return the column to predict, and what is chosen of it and why."""
    dtype, different = column.dtype, column.n_unique()
    if kind is None:
        kind = "category"
        if dtype.is_numeric() and not (different < MANY and _whole(column)):
            kind = "number"
    elif kind not in ("number", "category"):
        raise SettingError(
            f"the target {column.name!r} must be a number or a category, not {kind!r}."
        )
    if dtype.is_temporal() or dtype.is_nested():
        raise DataError(
            f"the target {column.name!r} holds {dtype}; only numbers and classes can "
            f"be predicted. For a date, make it a number of days."
        )
    made = Column(column.name, kind, values(column, kind))
    if different == 1:
        raise DataError(
            f"the target {column.name!r} is always {column[0]}: there is nothing to "
            f"learn. Is it the right column?"
        )
    if kind == "number":
        told = f"is a quantity (regression): {different:,} different numbers"
        return made, f"{column.name} {told}."
    if different > len(column) / 2:
        raise DataError(
            f"the target {column.name!r} has {different:,} different values in "
            f"{len(column):,} rows: too many to be classes. Is it the right column?"
        )
    what = "whole numbers" if dtype.is_numeric() else "values"
    return made, f"{column.name} is one of {different} classes: few different {what}."


def _whole(column: pl.Series) -> bool:
    return bool((column.cast(float) % 1 == 0).all())


def _line(column: Column) -> tuple[str, str, str, str]:
    missing = int(column.missing.sum())
    return column.name, column.kind, f"{missing:,}" if missing else "", column.told()


def _moment(days: float) -> str:
    """Return a date, with its time where it has one."""
    text = str(np.datetime64(round(days * DAY), "us").astype("datetime64[m]"))
    return text.replace("T00:00", "").replace("T", " ")
