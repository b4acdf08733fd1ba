"""Streams of Parquet files: row groups are blocks, and columns become numbers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..columns.choices import check_inputs, check_target, input_column
from ..columns.files import frame
from ..columns.kinds import KINDS, Kind, category, values
from ..columns.preparation import Preparation
from ..columns.table import Column, Table, ordered
from ..columns.targets import ClassTarget
from ..columns.text import library
from ..errors import (
    DataError,
    FileError,
    PlaingradError,
    SettingError,
    unknown_name,
)
from ..extras import imported
from ..losses.choose import MANY
from ..streams.stream import SAMPLED, Chunk, Stream

if TYPE_CHECKING:
    import polars as pl

PLACES = 32
"""The sample comes from so many row groups, or more when they are small."""
LEARNT = 50_000
"""So many rows are looked at at most to learn how columns become numbers."""
CLASSES = 1000
"""So many different targets are no classes any more."""
CELL = 64
"""The bytes that a cell takes while it becomes numbers, at most on the average."""
PAGES = 2**21
"""The bytes of a column that are decompressed at a time."""


def arrow() -> Any:
    """Return pyarrow's module for Parquet, importing it now.

    Raises
    ------
    MissingExtraError
        When it is not installed.
    """
    return imported("pyarrow.parquet", "pyarrow", "stream", "A stream of Parquet files")


class ParquetStream(Stream):
    """Samples of a Parquet file, or of all in a folder in the order of their names.

    Parameters
    ----------
    path
        The file or the folder.
    target, kinds, preparation, memory, mixed
        As `plaingrad.data.stream` has them.
    """

    smaller = "batch_size, or the row groups of the file,"

    def __init__(
        self,
        path: Path,
        target: str | None,
        kinds: Mapping[str, Kind] | None,
        preparation: Preparation | None,
        memory: int | str,
        mixed: int | None,
    ) -> None:
        super().__init__(memory, None, mixed)
        asked: dict[str, Kind] = dict(kinds or {})
        self.path, self._files = path, _files(path)
        names = self._files[0].names
        if preparation is not None:
            target = _known_target(preparation, target, asked)
        if target is None:
            raise SettingError(
                f"say which column of {path} to predict: target=NAME. It has "
                f"{', '.join(names)}."
            )
        self._check(names, target, asked)
        self.target, self._needed = target, list(names)
        self._groups = [
            (file, group) for file in self._files for group in range(file.groups)
        ]
        found, numeric = self._look_at_targets()
        if preparation is None:
            self._kind, self._classes = self._kind_of_target(
                found, numeric, asked.get(target)
            )
        else:
            self._kind = preparation.target.kind
            self._classes = getattr(preparation.target, "classes", ())
            used = {one.name: one.kind for one in preparation.inputs}
            for name in used:
                if name not in names:
                    raise unknown_name("column", name, names)
            asked = {name: used.get(name, "ignore") for name in names}
        learnt, places = self._first_rows()
        try:
            table = self._table(learnt, asked)
        except DataError as error:
            raise DataError(
                f"{error} Rows are counted among the {len(learnt):,} that were looked "
                f"at, not in the file."
            ) from None
        check_inputs(table.inputs, target)
        self.preparation = preparation or Preparation.fit(table)
        self._shown = str(table)
        self._needed = [*(one.name for one in self.preparation.inputs), target]
        features = len(self.preparation.features)
        self.raw = CELL * len(self._needed) + 3 * 8 * features
        largest = max(file.bytes(group) for file, group in self._groups)
        self.held = min(largest, PAGES * len(self._needed))
        step = max(1, len(learnt) // SAMPLED)
        self._sample, self.sampled = self._chunk(learnt[::step]), places[::step]

    @property
    def sample(self) -> Chunk:
        """Rows from many row groups."""
        return self._sample

    def read(self, start: int, stop: int, piece: int) -> Iterator[Chunk]:
        """Yield rows, about so many at a time.

        Raises
        ------
        FileError, DataError
            When a file cannot be read any more, or a cell is not of its column's kind.
        """
        at = int(np.searchsorted(self.starts, start, side="right")) - 1
        first = self.starts[at]
        for file, group in itertools.islice(self._groups, at, None):
            for rows in file.rows(group, self._needed, piece):
                known = rows.filter(rows[self.target].is_not_null())
                last = first + len(known)
                part = known[max(0, start - first) : max(0, stop - first)]
                if len(part):
                    yield self._told_where(part, file, max(start, first))
                first = last
            if first >= stop:
                return

    def _told_where(self, rows: pl.DataFrame, file: ParquetFile, first: int) -> Chunk:
        """Return rows as numbers; what is wrong with them is said with their place."""
        try:
            return self._chunk(rows)
        except DataError as error:
            raise DataError(
                f"{error} That is in {file.path}; row 1 is row {first + 1:,} of those "
                f"with a target."
            ) from None

    def _chunk(self, rows: pl.DataFrame) -> Chunk:
        """Return samples and targets of rows."""
        made: Any = self.preparation
        cells = {one.name: values(rows[one.name], one.kind) for one in made.inputs}
        kind: Kind = "category" if isinstance(made.target, ClassTarget) else "number"
        truth = values(rows[self.target], kind)
        return Chunk(made.samples(cells), made.target.encode(truth))

    def _check(
        self, names: Sequence[str], target: str, kinds: Mapping[str, Kind]
    ) -> None:
        """Refuse unknown names, and files with other columns than the first."""
        for name in (target, *kinds):
            if name not in names:
                raise unknown_name("column", name, names)
        for kind in kinds.values():
            if kind not in KINDS:
                raise unknown_name("kind of column", kind, KINDS)
        for file in self._files:
            if set(file.names) != set(names):
                odd = ", ".join(sorted(set(file.names) ^ set(names)))
                raise DataError(
                    f"{file.path} has other columns than {self._files[0].path}: {odd} "
                    f"are in one of them only. Put files of one table in a folder."
                )

    def _look_at_targets(self) -> tuple[set[Any], bool]:
        """Read the column of targets; return what is in it, and whether numbers are.

        Row groups in which no target is known are left out.
        """
        found: set[Any] = set()
        numeric, counts = True, []
        for file, group in self._groups:
            count = 0
            for rows in file.rows(group, [self.target], LEARNT):
                column = rows[self.target].drop_nulls()
                check_target(column)
                count += len(column)
                numeric = numeric and column.dtype.is_numeric()
                if len(found) <= CLASSES:
                    found |= set(column.unique().to_list())
            counts.append(count)
        kept = [place for place, count in enumerate(counts) if count]
        if not kept:
            raise DataError(f"no row of {self.path} has a value of {self.target!r}.")
        self._groups = [self._groups[place] for place in kept]
        ends = np.cumsum([0, *(counts[place] for place in kept)]).tolist()
        self.rows, self.starts = ends.pop(), tuple(ends)
        return found, numeric

    def _kind_of_target(
        self, found: set[Any], numeric: bool, kind: Kind | None
    ) -> tuple[Kind, tuple[str, ...]]:
        """Return the kind of the targets, and the classes; `found` is what they are."""
        if len(found) < 2:
            raise DataError(
                f"the target {self.target!r} is always {next(iter(found))!s:.40}: "
                f"there is nothing to learn. Is it the right column?"
            )
        whole = numeric and all(float(one).is_integer() for one in found)
        few = whole and len(found) < MANY
        kind = kind or ("category" if few or not numeric else "number")
        if kind not in ("number", "category"):
            raise SettingError(
                f"the target {self.target!r} must be a number or a category, not "
                f"{kind!r}."
            )
        if kind == "number":
            return kind, ()
        classes = {category(one) for one in found}
        if len(found) > CLASSES:
            raise DataError(
                f"the target {self.target!r} has more than {CLASSES} different values: "
                f"too many to be classes. Is it the right column?"
            )
        return kind, tuple(ordered({one for one in classes if one is not None}))

    def _first_rows(self) -> tuple[pl.DataFrame, list[int]]:
        """Return the first rows of row groups that lie evenly, and their numbers."""
        most = min(LEARNT, self.memory // 8 // (CELL * len(self._needed)))
        # of small row groups more are looked at, to see as many rows
        count = max(PLACES, most * len(self._groups) // self.rows)
        count = min(count, len(self._groups))
        places = np.linspace(0, len(self._groups) - 1, count).round().astype(int)
        each = max(1, most // count)
        parts, numbers = [], list[int]()
        for place in places.tolist():
            file, group = self._groups[place]
            rows = next(file.rows(group, self._needed, each))
            parts.append(rows.filter(rows[self.target].is_not_null()))
            numbers += range(self.starts[place], self.starts[place] + len(parts[-1]))
        whole = self._together(parts)
        if not len(whole):
            raise DataError(
                f"the first rows of all row groups have no value of {self.target!r}. "
                f"Leave out such rows, or give more memory."
            )
        return whole, numbers

    def _together(self, parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
        """Return rows of several row groups as one table."""
        polars = library()
        try:
            whole: pl.DataFrame = polars.concat(parts, how="vertical_relaxed")
        except polars.exceptions.SchemaError as error:
            raise DataError(
                f"a column is not of the same type in all files of {self.path}: "
                f"{error}. Put files of one table in a folder."
            ) from None
        return whole

    def _table(self, rows: pl.DataFrame, kinds: Mapping[str, Kind]) -> Table:
        """Return what is found in some rows."""
        known = rows[self.target].is_not_null()
        inputs = []
        for name in rows.columns:
            if name == self.target:
                continue
            column = input_column(rows[name], known, kinds.get(name))
            if name not in kinds and self._counts_rows(column):
                column = Column(name, "ignore", column.values, "counts")
            inputs.append(column)
        truth = Column(self.target, self._kind, values(rows[self.target], self._kind))
        note = f"Found in {len(rows):,} of {self.rows:,} rows."
        return Table(tuple(inputs), truth, self._classes, (note,))

    def _counts_rows(self, column: Column) -> bool:
        """Return whether a column only numbers the rows, as the files tell it."""
        if column.kind != "number" or len(set(column.values)) < len(column.values):
            return False
        ends = [file.ends(group, column.name) for file, group in self._groups]
        known = [end for end in ends if end is not None]
        if len(known) < len(ends):
            return False
        low, high = min(end[0] for end in known), max(end[1] for end in known)
        return bool(high - low == sum(file.count(g) for file, g in self._groups) - 1)

    def __str__(self) -> str:
        """Return how much it is, and what was found in the columns."""
        return f"{self!r} in {len(self._groups)} row groups\n{self._shown}"


def _known_target(
    preparation: Preparation, target: str | None, kinds: Mapping[str, Kind]
) -> str:
    """Return the column to predict, which is known, and refuse what differs from it."""
    known = preparation.target.name
    if target not in (None, known):
        raise SettingError(
            f"the preparation predicts the column {known!r}, and target is {target!r}. "
            f"Leave target out, or pass another preparation."
        )
    if kinds:
        raise SettingError(
            "the preparation says what the columns are: leave kinds out, or the "
            "preparation."
        )
    return known


def _files(path: Path) -> list[ParquetFile]:
    """Return a file, or those of a folder."""
    if not path.exists():
        raise FileError(f"there is no file {path}.")
    found = [path] if path.is_file() else sorted(path.rglob("*.parquet"))
    if not found:
        raise FileError(f"there is no .parquet file in {path}.")
    if found[0].suffix.lower() != ".parquet":
        raise FileError(
            f"a stream reads Parquet files, and {path} is none. A smaller table fits "
            f"memory: pg.data.table({str(path)!r}, target=NAME)."
        )
    files = [ParquetFile(one) for one in found]
    files = [file for file in files if file.groups]
    if not files:
        raise DataError(f"there are no rows in {path}.")
    return files


class ParquetFile:
    """One file, of which only the list of its row groups is in memory.

    Raises
    ------
    FileError
        When it cannot be read as Parquet, or was changed since it was opened.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._stamp = path, _stamp(path)
        self._about: Any = None
        self._about = self._open().metadata
        self.names = [str(name) for name in self._about.schema.to_arrow_schema().names]
        self.groups = int(self._about.num_row_groups)

    def count(self, group: int) -> int:
        """Return the rows of a row group."""
        return int(self._about.row_group(group).num_rows)

    def bytes(self, group: int) -> int:
        """Return how long a row group is, decompressed."""
        return int(self._about.row_group(group).total_byte_size)

    def ends(self, group: int, name: str) -> tuple[int, int] | None:
        """Return the least and the largest whole number of a column, where known."""
        about = self._about.row_group(group)
        for place in range(about.num_columns):
            column = about.column(place)
            if column.path_in_schema == name:
                told = column.statistics
                if told is None or not told.has_min_max or told.null_count:
                    return None
                whole = isinstance(told.min, int) and isinstance(told.max, int)
                return (told.min, told.max) if whole else None
        return None

    def rows(
        self, group: int, names: Sequence[str], size: int
    ) -> Iterator[pl.DataFrame]:
        """Yield some columns of a row group, so many rows at a time, cleaned."""
        try:
            reader = self._open().iter_batches(
                size, row_groups=[group], columns=list(names), use_threads=False
            )
            for batch in reader:
                yield frame(library().from_arrow(batch))
        except (PlaingradError, GeneratorExit):
            raise
        except Exception as error:
            # damaged bytes can make a reader fail in any way
            raise self._unreadable(error) from None

    def _open(self) -> Any:
        if _stamp(self.path) != self._stamp:
            raise FileError(
                f"{self.path} was changed after it was opened. A training needs the "
                f"same data all along: make the stream anew."
            )
        module = arrow()
        try:
            return module.ParquetFile(
                self.path, metadata=self._about, buffer_size=2**16, pre_buffer=False
            )
        except Exception as error:
            raise self._unreadable(error) from None

    def _unreadable(self, error: Exception) -> FileError:
        told = str(error).strip().splitlines()[0] if str(error).strip() else "damaged"
        return FileError(f"{self.path} cannot be read as Parquet: {told}.")


def _stamp(path: Path) -> tuple[int, int]:
    """Return what changes when a file is written."""
    try:
        known = path.stat()
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror}.") from None
    return known.st_size, known.st_mtime_ns
