"""What is in a column: numbers, categories, dates, or nothing of use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from ..errors import DataError
from .text import dates, library, numbers

if TYPE_CHECKING:
    import polars as pl

Array = np.ndarray[Any, Any]
Kind = Literal["number", "category", "date", "ignore"]
KINDS = ("number", "category", "date", "ignore")
FEW = 20
"""So many different texts are categories, however few rows there are."""
SLIPS = 0.1
"""So large a share of the cells of a column of numbers may be slips."""
LARGEST = 1e30
"""Numbers beyond this are no measurements, and too large for float32."""
WHOLE = r"(-?(?:0|[1-9]\d{0,15}))(?:\.0+)?"
"""Whole numbers as text: codes such as 007 are none."""
DAY = 86_400_000_000
"""The microseconds of a day."""


def kind_of(column: pl.Series) -> tuple[Kind, str]:
    """Return what is in a column, and a word for why it is of no use, if it is not."""
    known, polars = column.drop_nulls(), library()
    if not len(known):
        return "ignore", "empty"
    text = column.dtype in (polars.String, polars.Boolean)
    number = column.dtype.is_numeric()
    if not (text or number or column.dtype in (polars.Date, polars.Datetime)):
        return "ignore", "other"
    different = known.n_unique()
    if different == 1 and len(known) == len(column):
        return "ignore", "constant"
    if text and different > max(FEW, len(known) / 2):
        return "ignore", "mixed" if _mostly_numbers(known) else "text"
    if text:
        return "category", ""
    if number and _counts_rows(known, len(column), different):
        return "ignore", "counts"
    return ("number" if number else "date"), ""


def _mostly_numbers(known: pl.Series) -> bool:
    """Return whether the most of a text is numbers, so that the rest may be slips."""
    return numbers(known).null_count() <= SLIPS * len(known)


def _counts_rows(known: pl.Series, rows: int, different: int) -> bool:
    """Return whether whole numbers only number the rows."""
    if not known.dtype.is_integer() or different != rows or rows <= FEW:
        return False
    return int(cast(int, known.max())) - int(cast(int, known.min())) == rows - 1


def values(column: pl.Series, kind: Kind) -> Array:
    """Return the cells of a column.

    Numbers are float64 and NaN where missing, dates the days since 1970 as such
    numbers; categories are text and None where missing.

    Raises
    ------
    DataError
        When a cell is not of the kind, or a number is infinite or beyond 1e30.
    """
    if kind == "category":
        cells = column.to_list()
        if column.dtype.is_nested():
            return np.array([category(cell) for cell in cells], dtype=object)
        # few cells differ
        texts = {cell: category(cell) for cell in set(cells)}
        return np.array([texts[cell] for cell in cells], dtype=object)
    if not len(column.drop_nulls()):
        return np.full(len(column), np.nan)
    return _numbers(column) if kind == "number" else _days(column)


def category(cell: Any) -> str | None:
    """Return the text of a category, the same whichever program wrote it.

    Whole numbers have no point, and truths are "true" and "false".
    """
    if cell is None:
        return None
    text = str(cell)
    if text.lower() in ("true", "false"):
        return text.lower()
    whole = re.fullmatch(WHOLE, text)
    return str(int(whole[1])) if whole else text


def _numbers(column: pl.Series) -> Array:
    polars = library()
    made = column
    if column.dtype == polars.String:
        made = numbers(column)
    elif column.dtype.is_numeric() or column.dtype == polars.Boolean:
        made = column.cast(polars.Float64, strict=False)
    if made.dtype != polars.Float64 or made.null_count() > column.null_count():
        lost = column.filter(made.is_null() & column.is_not_null())
        raise _wrong(column, lost if len(lost) else column, "numbers")
    found = made.to_numpy().astype(np.float64)
    large = np.flatnonzero(np.abs(found) > LARGEST)
    if large.size:
        raise DataError(
            f"the column {column.name!r} holds {found[large[0]]:g} in row "
            f"{large[0] + 1}; numbers must lie within {LARGEST:g}. Correct it, "
            f"leave the cell empty, or ignore the column."
        )
    return found


def _days(column: pl.Series) -> Array:
    polars = library()
    moments = dates(column) if column.dtype == polars.String else column
    if moments.dtype not in (polars.Date, polars.Datetime):
        odd = column
        if column.dtype == polars.String:
            alone = [dates(column[row : row + 1]).dtype for row in range(len(column))]
            wrong = [row for row, dtype in enumerate(alone) if dtype == polars.String]
            odd = column[wrong] if wrong else column
        raise _wrong(column, odd, "dates of one form such as 2024-03-31")
    if getattr(moments.dtype, "time_zone", None):
        moments = moments.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    ticks = moments.cast(polars.Datetime("us")).dt.epoch("us")
    return ticks.cast(polars.Float64).to_numpy().astype(np.float64) / DAY


def _wrong(column: pl.Series, cells: pl.Series, wanted: str) -> DataError:
    """Say which cell is not of the kind that it should be."""
    cell = cells.drop_nulls()[0]
    row = 1 + list(column).index(cell)
    return DataError(
        f"the column {column.name!r} must hold {wanted}, and row {row} holds "
        f"{str(cell)[:40]!r}. Correct the cell or leave it empty, or give the column "
        f"another kind in training."
    )
