"""Tables to learn from: read, and what is in them found out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..columns.files import frame
from ..columns.kinds import KINDS, Kind, kind_of, values
from ..columns.table import Column, Table
from ..errors import DataError, SettingError, unknown_name
from ..losses.choose import MANY

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
