"""Tables to learn from: what each column is, and which one is to be predicted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ..write.plain import aligned
from .kinds import DAY, Array, Kind
from .text import no_number
from .words import column_words

SHOWN = 4
"""How many categories of a column are shown."""
NAMED = 10
"""How many names a sentence holds."""
MOST = 100
"""How many columns are shown."""
LONGEST = 40
"""The characters that are shown of a name or a cell, at most."""


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
        "text", "mixed" (numbers, and some text), "counts" or "asked".
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
            first = no_number(cells) if self.why == "mixed" else "".join(cells[:1])
            return say[self.why].format(
                first=in_line(first),
                rows=f"{len(cells):,}",
                different=f"{len(set(cells)):,}",
            )
        if self.kind == "category":
            more = ", ..." if len(self.levels) > SHOWN else ""
            first = ", ".join(map(in_line, self.levels[:SHOWN]))
            return f"{len(self.levels)}: {first}{more}"
        known = self.values[~self.missing]
        if not len(known):
            return say["nothing"]
        low, high = known.min(), known.max()
        if self.kind == "date":
            return f"{_moment(low)} .. {_moment(high)}"
        # the mean of centred numbers is a rounding error, and 0 to people
        mean = known.mean() if abs(known.mean()) > 1e-9 * (high - low) else 0.0
        return say["mean"].format(
            low=amount(low, 6), high=amount(high, 6), mean=amount(mean)
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
    telling
        The columns that tell the target almost by themselves: they may have been made
        of it.
    """

    inputs: tuple[Column, ...]
    target: Column
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    telling: tuple[str, ...] = ()

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
        shown = self.inputs[:MOST]
        *lines, last = aligned([head, *map(_line, (*shown, self.target))])
        if len(self.inputs) > MOST:
            lines.append(f"... {len(self.inputs) - MOST:,} more, in table.inputs")
        lines.append(last)
        count = f"{len(self):,} rows, {len(self.inputs)} columns to predict from"
        return "\n".join([count, *lines, *self.notes])

    __repr__ = __str__


def ordered(levels: set[str]) -> list[str]:
    """Return categories in order: numbers by size, other text by letters."""

    def place(level: str) -> tuple[bool, float, str]:
        try:
            number = float(level)
        except ValueError:
            number = math.nan
        # what is no number, "NAN" too, cannot be compared as one
        text = math.isnan(number)
        return text, 0.0 if text else number, level

    return sorted(levels, key=place)


def amount(value: float, digits: int = 4) -> str:
    """Return a number in so many digits, and large ones without an exponent."""
    large = 10**digits <= abs(value) < 1e15
    return f"{value:,.0f}" if large else f"{value:.{digits}g}"


def listed(names: Sequence[str]) -> str:
    """Return the first of some names, each on one line."""
    more = ", ..." if len(names) > NAMED else ""
    return ", ".join(map(in_line, names[:NAMED])) + more


def in_line(text: str) -> str:
    """Return text of the user's on one line, its end cut off where it is too long."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 3]}..."


def _line(column: Column) -> tuple[str, str, str, str]:
    missing = int(column.missing.sum())
    gaps = f"{missing:,}" if missing else ""
    return in_line(column.name), column.kind, gaps, column.told()


def _moment(days: float) -> str:
    """Return a date, with its time where it has one."""
    text = str(np.datetime64(round(days * DAY), "us").astype("datetime64[m]"))
    return text.replace("T00:00", "").replace("T", " ")
