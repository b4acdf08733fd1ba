"""Tables from files and from memory, by polars; text is numbers where it reads so."""

from __future__ import annotations

import csv
import importlib.util
import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DataError, FileError, PlaingradError, missing_extra, unknown_name
from ..samples import DELIMITERS

if TYPE_CHECKING:
    import polars as pl

MISSING = ("", "?", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null")
"""Text that stands for no value."""
FORMATS = (
    *("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"),
    *("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%.f"),
)
"""The dates that text may hold: those that are read in one way only."""
CODE = r"^[+-]?0\d"
"""How codes begin, which are no numbers: the 0 at the start means something."""
COMMA = r"^([+-]?\d+),(\d+)$"
KINDS = (".csv", ".feather", ".parquet", ".tsv", ".txt", ".xlsx")


def library() -> Any:
    """Return polars, importing it now.

    Raises
    ------
    MissingExtraError
        When it is not installed.
    """
    try:
        return importlib.import_module("polars")
    except ModuleNotFoundError:
        raise missing_extra("polars", "table", "A table") from None


def frame(source: Any) -> pl.DataFrame:
    """Return a table with a name for each column, missing cells null.

    Parameters
    ----------
    source
        The path of a file, a DataFrame of polars or pandas, or a dict from names to
        columns.

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
        made = _from_file(Path(source))
    elif isinstance(source, polars.DataFrame):
        made = source
    else:
        made = _from_memory(source)
    names = [name.strip() for name in made.columns]
    _refuse_twice(names)
    made = made.rename(dict(zip(made.columns, names, strict=True)))
    if not made.width or not made.height:
        raise DataError(
            f"the table has {made.width} columns and {made.height} rows. It needs "
            f"names in the first row and samples below them."
        )
    return made.with_columns([_clean(column) for column in made])


def _from_file(path: Path) -> pl.DataFrame:
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
        found: pl.DataFrame = readers.get(kind, _from_text)(path)
    except PlaingradError:
        raise
    except Exception as error:
        # a damaged file can make a reader fail in any way
        told = str(error).strip().splitlines()[0] if str(error).strip() else "damaged"
        raise FileError(
            f"{path} cannot be read as {kind.removeprefix('.')}: {told}. Open it in "
            f"what wrote it, and save it again; text must be in UTF-8."
        ) from None
    return found


def _from_text(path: Path) -> pl.DataFrame:
    """Return the table of a text file, whatever stands between its cells."""
    text = path.read_text(encoding="utf-8-sig").strip("\r\n")
    first = text.partition("\n")[0]
    between = max(DELIMITERS, key=first.count)
    names = [name.strip() for name in next(csv.reader([first], delimiter=between), [])]
    _check_names(path, names)
    made: pl.DataFrame = library().read_csv(
        io.BytesIO(text.encode()), separator=between, infer_schema=False
    )
    return made.with_columns([_typed(_clean(c), between != ",") for c in made])


def _check_names(path: Path, names: list[str]) -> None:
    """Refuse a first row that holds no names, or one name twice."""
    _refuse_twice(names)
    if names and all(_is_number(name) for name in names):
        raise FileError(
            f"the first row of {path} holds numbers and no names. Write a row of names "
            f"above, such as {','.join(f'c{i + 1}' for i in range(len(names[:3])))}."
        )


def _refuse_twice(names: list[str]) -> None:
    again = [name for name in names if names.count(name) > 1]
    if again:
        raise DataError(
            f"several columns have the name {again[0]!r}. Give each a name of its own."
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _from_memory(source: Any) -> pl.DataFrame:
    """Return the table of columns by name, or of a DataFrame of pandas."""
    if hasattr(source, "columns") and hasattr(source, "notna"):
        _refuse_twice([*map(str, source.columns)])
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


def _clean(column: pl.Series) -> pl.Series:
    """Return a column whose missing cells are null, text without spaces around it."""
    polars = library()
    if isinstance(column.dtype, (polars.Categorical, polars.Enum)):
        column = column.cast(polars.String)
    if column.dtype == polars.String:
        column = column.str.strip_chars()
        return column.set(column.is_in(MISSING).fill_null(False), None)
    return column.fill_nan(None) if column.dtype.is_float() else column


def _typed(column: pl.Series, comma: bool) -> pl.Series:
    """Return text as numbers or dates, where all of it reads as such."""
    polars = library()
    known = column.drop_nulls()
    if not len(known):
        return column
    if comma:
        points = known.str.replace(COMMA, "${1}.${2}")
        if not points.cast(polars.Float64, strict=False).null_count():
            column = column.str.replace(COMMA, "${1}.${2}")
    if not column.str.contains(CODE).any():
        for kind in (polars.Int64, polars.Float64):
            made = column.cast(kind, strict=False)
            if made.null_count() == column.null_count():
                return made
    return dates(column)


def dates(column: pl.Series) -> pl.Series:
    """Return text as moments, where one format reads all of it; else the text."""
    for form in FORMATS:
        made = column.str.to_datetime(form, strict=False, time_unit="us")
        if made.null_count() == column.null_count():
            return made
    return column
