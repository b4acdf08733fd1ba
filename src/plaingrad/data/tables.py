"""Tables to learn from: read, and what is in them found out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..columns.choices import check_inputs, input_column, target_column
from ..columns.files import frame
from ..columns.kinds import KINDS, Kind
from ..columns.table import Table, listed
from ..columns.telling import telling
from ..errors import DataError, unknown_name

if TYPE_CHECKING:
    import polars as pl

LEAST = 10
"""So many rows are needed, so that each of the three parts has some."""


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
    wanted = dict(kinds or {})
    found = _read(source, target, wanted)
    known = found[target].is_not_null()
    rows, dropped = int(known.sum()), int((~known).sum())
    if rows < LEAST:
        raise DataError(
            f"{rows} of {len(found):,} rows have a value of {target!r}, and at least "
            f"{LEAST} are needed to learn, validate and test."
        )
    truth, why = target_column(found[target].filter(known), wanted.get(target))
    inputs = [
        input_column(found[name], known, wanted.get(name))
        for name in found.columns
        if name != target
    ]
    check_inputs(inputs, target)
    lost = [f"Rows without {target}, left out: {dropped:,}."] if dropped else []
    classes = tuple(truth.levels) if truth.kind == "category" else ()
    leaks = telling(inputs, truth)
    if leaks:
        lost.append(
            f"Enough to tell {target}, almost: {listed(leaks)}. Where that is known "
            f"only afterwards, ignore the column."
        )
    return Table(tuple(inputs), truth, classes, (why, *lost), leaks)


def _read(source: Any, target: str, kinds: Mapping[str, Kind]) -> pl.DataFrame:
    """Return all rows of a source that has the columns that are named."""
    # 1.1 and 1.10 are one number, and two categories
    as_text = {name for name, kind in kinds.items() if kind == "category"}
    found = frame(source, as_text)
    for name in (target, *kinds):
        if name not in found.columns:
            raise unknown_name("column", name, found.columns)
    for kind in kinds.values():
        if kind not in KINDS:
            raise unknown_name("kind of column", kind, KINDS)
    return found
