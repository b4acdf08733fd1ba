"""What is chosen for a column: its kind, and what a target is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..errors import DataError, SettingError
from ..losses.choose import MANY
from .kinds import Kind, kind_of, values
from .table import Column

if TYPE_CHECKING:
    import polars as pl


def input_column(column: pl.Series, known: pl.Series, kind: Kind | None) -> Column:
    """Return a column to predict from, with the rows whose target is known."""
    kept = column.filter(known)
    found, why = kind_of(kept)
    if kind is not None:
        found, why = kind, "asked"
    if found == "ignore":
        return Column(column.name, "ignore", np.array(kept.to_list(), object), why)
    # all rows are read, so that an error names the row of the file
    return Column(column.name, found, values(column, found)[known.to_numpy()])


def target_column(column: pl.Series, kind: Kind | None) -> tuple[Column, str]:
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
    check_target(column)
    made = Column(column.name, kind, values(column, kind))
    if different == 1:
        raise DataError(
            f"the target {column.name!r} is always {column[0]!s:.40}: there is nothing "
            f"to learn. Is it the right column?"
        )
    if kind == "number":
        told = f"is a quantity (regression): {different:,} different numbers"
        return made, f"{column.name} {told}."
    if different > len(column) / 2:
        raise DataError(
            f"the target {column.name!r} has {different:,} different values in "
            f"{len(column):,} rows: too many to be classes. Is it the right column? "
            f"Text that is a number in each row needs the kind number."
        )
    what = "whole numbers" if dtype.is_numeric() else "values"
    return made, f"{column.name} is one of {different} classes: few different {what}."


def check_target(column: pl.Series) -> None:
    """Refuse a column to predict that holds neither numbers nor classes.

    Raises
    ------
    DataError
        When it holds dates, times, or lists and the like.
    """
    if column.dtype.is_temporal() or column.dtype.is_nested():
        raise DataError(
            f"the target {column.name!r} holds {column.dtype}; only numbers and "
            f"classes can be predicted. For a date, make it a number of days."
        )


def check_inputs(inputs: Sequence[Column], target: str) -> None:
    """Refuse a table of which no column is left to predict from.

    Raises
    ------
    DataError
        With what each column holds.
    """
    if all(column.kind == "ignore" for column in inputs):
        told = "; ".join(f"{column.name}: {column.told()}" for column in inputs)
        raise DataError(
            f"no column is left to predict {target!r} from{': ' * bool(told)}{told}. "
            f"Give kinds to those that should be used."
        )


def _whole(column: pl.Series) -> bool:
    return bool((column.cast(float) % 1 == 0).all())
