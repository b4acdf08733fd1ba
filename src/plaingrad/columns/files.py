"""Tables from every kind of file and from memory, by polars."""

from __future__ import annotations

import importlib.util
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DataError, FileError, PlaingradError, missing_extra, unknown_name
from .text import clean, library, read_text, refuse_twice, typed

if TYPE_CHECKING:
    import polars as pl

KINDS = (".csv", ".feather", ".parquet", ".tsv", ".txt", ".xlsx")


def frame(source: Any, as_text: Collection[str] = ()) -> pl.DataFrame:
    """Return a table with a name for each column, missing cells null.

    Parameters
    ----------
    source
        The path of a file, a DataFrame of polars or pandas, or a dict from names to
        columns. Of an Excel file the first sheet is read.
    as_text
        Columns whose text stays as it is in the file, though it may read as numbers.

    Raises
    ------
    FileError
        When the file is missing, or cannot be read.
    DataError
        When there are no rows or columns, or a column holds values of several kinds.
    MissingExtraError
        When polars is not installed.
    """
    polars = library()
    if isinstance(source, (str, Path)):
        made = _from_file(Path(source), as_text)
    elif isinstance(source, polars.DataFrame):
        made = source
    else:
        made = _from_memory(source)
    names = [name.strip() for name in made.columns]
    refuse_twice(names)
    made = made.rename(dict(zip(made.columns, names, strict=True)))
    if not made.width or not made.height:
        raise DataError(
            f"the table has {made.width} columns and {made.height} rows. It needs "
            f"names in the first row and samples below them; of an Excel file the "
            f"first sheet is read."
        )
    return made.with_columns([clean(column) for column in made])


def _from_file(path: Path, as_text: Collection[str]) -> pl.DataFrame:
    polars = library()
    if not path.is_file():
        raise FileError(f"there is no file {path}.")
    readers = {
        ".parquet": polars.read_parquet,
        ".feather": polars.read_ipc,
        ".xlsx": polars.read_excel,
    }
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise unknown_name("kind of table", kind, KINDS)
    if kind == ".xlsx" and importlib.util.find_spec("fastexcel") is None:
        raise missing_extra("fastexcel", "table", "An Excel file")
    try:
        if kind not in readers:
            return read_text(path, as_text)
        found: pl.DataFrame = readers[kind](path)
    except PlaingradError:
        raise
    except Exception as error:
        # a damaged file can make a reader fail in any way
        told = str(error).strip().splitlines()[0] if str(error).strip() else "damaged"
        raise FileError(
            f"{path} cannot be read as {kind.removeprefix('.')}: {told}. Open it in "
            f"what wrote it, and save it again."
        ) from None
    # people type numbers into cells that are formatted as text
    return typed(found, "", as_text) if kind == ".xlsx" else found


def _from_memory(source: Any) -> pl.DataFrame:
    """Return the table of columns by name, or of a DataFrame of pandas."""
    if hasattr(source, "notna") and hasattr(source, "columns"):
        refuse_twice([*map(str, source.columns)])
        source = {name: source[name] for name in source.columns}
    if not isinstance(source, Mapping):
        raise DataError(
            f"a table is a path, a DataFrame of polars or pandas, or a dict from names "
            f"to columns; got {type(source).__name__}."
        )
    columns = [_column(str(name), values) for name, values in source.items()]
    lengths = {column.name: len(column) for column in columns}
    if len(set(lengths.values())) > 1:
        raise DataError(f"the columns have different lengths: {lengths}.")
    made: pl.DataFrame = library().DataFrame(columns)
    return made


def _column(name: str, values: Any) -> pl.Series:
    polars = library()
    if hasattr(values, "notna"):  # a Series of pandas, which has many kinds of gaps
        values = values.astype(object).where(values.notna(), None).tolist()
    for kind in (None, polars.Float64):
        try:
            made: pl.Series = polars.Series(name, values, dtype=kind)
        except (TypeError, ValueError, OverflowError):
            continue
        return made
    raise DataError(
        f"the column {name!r} holds values of several kinds. Make them all numbers, or "
        f"all text."
    )
