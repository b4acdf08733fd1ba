"""Tables from text files: what parts their cells, and text that is numbers or dates."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DataError, FileError
from ..extras import imported
from ..samples import DELIMITERS

if TYPE_CHECKING:
    import polars as pl

MISSING = ("", "?", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null")
"""Text that stands for no value."""
TIMES = ("", " %H:%M", " %H:%M:%S%.f")
ZONED = ("%H:%M", "%H:%M%#z", "%H:%M:%S%.f", "%H:%M:%S%.f%#z")
FORMATS = (
    *(day + time for day in ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y") for time in TIMES),
    *(f"%Y-%m-%dT{time}" for time in ZONED),
    *("%Y-%m-%d %H:%M:%S%.f%#z", "%Y年%m月%d日"),
    *("%d %B %Y", "%d-%B-%Y", "%B %d, %Y"),
)
"""The dates that text may hold: those that are read in one way only."""
PROBED = 10
"""So many cells are tried first, which spares most columns most formats."""
CODE = r"^[+-]?0\d"
"""How codes begin, which are no numbers: the 0 at the start means something."""
COMMA = r"^[+-]?(\d+|[1-9]\d{0,2}(\.\d{3})+)(,\d+)?$"
"""Numbers with a decimal comma, and perhaps points between thousands."""
POINT = r"^[+-]?(\d+|[1-9]\d{0,2}(,\d{3})+)(\.\d+)?$"
"""Numbers with a decimal point, and perhaps commas between thousands."""


def library() -> Any:
    """Return polars, importing it now.

    Raises
    ------
    MissingExtraError
        When it is not installed.
    """
    return imported("polars", "polars", "table", "A table")


def read_text(path: Path, as_text: Collection[str] = ()) -> pl.DataFrame:
    """Return the table of a text file, whatever stands between its cells.

    Parameters
    ----------
    path
        The file, in UTF-8, or in UTF-16 with its mark.
    as_text
        Columns whose text stays as it is, though it may read as numbers or dates.
    """
    text = _decoded(path)
    if text[:4].lower() == "sep=":  # a line for Excel alone
        text = text.partition("\n")[2]
    between, names = _first_row(text)
    if not any(names):
        raise FileError(f"{path} has no names in its first row, or is empty.")
    refuse_twice([name for name in names if name])
    if all(map(_is_number, names)):
        raise FileError(
            f"the first row of {path} holds numbers and no names. Write a row of names "
            f"above, such as {','.join(f'c{i + 1}' for i in range(len(names[:3])))}."
        )
    made: pl.DataFrame = library().read_csv(
        io.BytesIO(text.encode()), separator=between, infer_schema=False
    )
    # a column without a name, such as the index of pandas, gets one
    named = [name or f"column {place}" for place, name in enumerate(names, 1)]
    made.columns = named if len(named) == made.width else made.columns
    return typed(made, between, as_text)


def typed(
    table: pl.DataFrame, between: str, as_text: Collection[str] = ()
) -> pl.DataFrame:
    """Return a table whose text is numbers or dates, where all of a column reads so.

    What stands between the cells of the file, `between`, helps to tell whether 1,234 is
    a thousand or about one; other columns of the table help more.
    """
    found = [clean(column) for column in table]
    texts = [column for column in found if column.dtype == library().String]
    commas = any(_only(column, COMMA, POINT) for column in texts)
    points = any(_only(column, POINT, COMMA) for column in texts)
    if commas == points:
        mark = "." if between == "," else ""
    else:
        mark = "," if commas else "."
    made = [c if c.name in as_text else _typed(c, mark) for c in found]
    return table.with_columns(made)


def clean(column: pl.Series) -> pl.Series:
    """Return a column whose missing cells are null, text without spaces around it."""
    polars = library()
    if isinstance(column.dtype, (polars.Categorical, polars.Enum)):
        column = column.cast(polars.String)
    if column.dtype == polars.String:
        column = column.str.strip_chars()
        return column.set(column.is_in(MISSING).fill_null(False), None)
    return column.fill_nan(None) if column.dtype.is_float() else column


def numbers(column: pl.Series, mark: str = "") -> pl.Series:
    """Return text as floats, null where it is none, read in the way that loses least.

    Parameters
    ----------
    column
        Text.
    mark
        The decimal mark, "." or ","; "" where that is not known. The other way is
        taken where this one does not read all of the column.
    """
    plain = column.cast(library().Float64, strict=False)
    thousands = column.str.replace_all(",", "").cast(plain.dtype, strict=False)
    thousands = plain.zip_with(~column.str.contains(POINT).fill_null(False), thousands)
    european = column.str.replace_all(".", "", literal=True).str.replace(",", ".")
    european = european.set(~column.str.contains(COMMA).fill_null(False), None)
    european = european.cast(plain.dtype, strict=False)
    ways = {
        "": (plain, european, thousands),
        ".": (plain, thousands, european),
        ",": (european, plain, thousands),
    }
    return min(ways[mark], key=lambda way: way.null_count())


def no_number(cells: Sequence[str]) -> str:
    """Return the first text that is no number, or "..." where all are."""
    gaps = numbers(library().Series(cells, dtype=library().String)).is_null()
    return next((c for c, gap in zip(cells, gaps, strict=True) if gap), "...")


def dates(column: pl.Series) -> pl.Series:
    """Return text as moments, where one format reads all of it; else the text."""
    known = column.drop_nulls().head(PROBED)
    for form in FORMATS:
        if _moments(known, form).null_count():
            continue
        made = _moments(column, form)
        if made.null_count() == column.null_count():
            return made
    return column


def refuse_twice(names: list[str]) -> None:
    """Refuse names of which one is there twice."""
    again = [name for name in names if names.count(name) > 1]
    if again:
        raise DataError(
            f"several columns have the name {again[0]!r}. Give each a name of its own."
        )


def _decoded(path: Path) -> str:
    """Return the text of a file."""
    data = path.read_bytes()
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if wide else "utf-8-sig").strip("\r\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FileError(
            f"{path} is not in UTF-8: line {line} holds a letter of another encoding. "
            f"Open it in what wrote it, and save it again as UTF-8; in Excel that is "
            f"the type 'CSV UTF-8'."
        ) from None


def _first_row(text: str) -> tuple[str, list[str]]:
    """Return what stands between the cells of a text, and those of its first row.

    It is what makes the most cells of that row, and as many of the second.
    """
    rows: dict[str, list[str]] = {}
    cells: dict[str, tuple[bool, int]] = {}
    for between in DELIMITERS:
        lines = csv.reader(io.StringIO(text), delimiter=between)
        rows[between], second = next(lines, []), next(lines, [])
        count = len(rows[between])
        cells[between] = 1 < count == len(second), count
    best = max(cells, key=lambda between: cells[between])
    return best, [name.strip() for name in rows[best]]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _only(column: pl.Series, one: str, other: str) -> bool:
    """Return whether a column reads as numbers in one way, and not in another."""
    known = column.drop_nulls()
    return bool(
        len(known)
        and known.str.contains(one).all()
        and not known.str.contains(other).all()
    )


def _typed(column: pl.Series, mark: str) -> pl.Series:
    """Return text as numbers or dates, where all of it reads as such."""
    polars, gaps = library(), column.null_count()
    if column.dtype != polars.String or gaps == len(column):
        return column
    if not column.str.contains(CODE).any():
        made = numbers(column, mark)
        if made.null_count() == gaps:
            whole = column.cast(polars.Int64, strict=False)
            return whole if whole.null_count() == gaps else made
    return dates(column)


def _moments(column: pl.Series, form: str) -> pl.Series:
    return column.str.to_datetime(form, strict=False, time_unit="us")
