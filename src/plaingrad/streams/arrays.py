"""Streams of arrays: in memory, mapped from files, or of any library that slices."""

from __future__ import annotations

import math
import mmap
import os
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np

from ..errors import DataError, FileError
from .stream import SAMPLED, Array, Chunk, Stream, as_array

PLACES = 16
"""The sample comes from so many places."""
Rows = Callable[[int, int], Array]
_seeking = threading.Lock()


class ArrayStream(Stream):
    """Samples of arrays (n, ...), which may be larger than memory.

    Parameters
    ----------
    X, y, w
        What has a shape, a type of numbers and can be sliced by rows.
    memory, block, mixed
        As `Stream` has them.
    """

    def __init__(
        self,
        X: Any,
        y: Any,
        w: Any,
        memory: int | str,
        block: int | None,
        mixed: int | None,
    ) -> None:
        super().__init__(memory, block, mixed)
        given = {"X": X, "y": y} | ({} if w is None else {"sample_weight": w})
        arrays = {name: _array(name, value) for name, value in given.items()}
        lengths = {name: int(array.shape[0]) for name, array in arrays.items()}
        if len(set(lengths.values())) > 1 or not lengths["X"]:
            told = ", ".join(f"{name} has {count:,}" for name, count in lengths.items())
            raise DataError(
                f"each sample needs one target, and there must be some: {told} rows."
            )
        self.rows, self.weighted = lengths["X"], w is not None
        self._parts = [rows_of(array) for array in arrays.values()]
        self.raw = sum(map(_row_bytes, arrays.values()))
        size = max(1, min(SAMPLED, self.memory // 64 // self.raw) // PLACES)
        self._ranges = _spread(self.rows, size)
        self.sampled = [row for part in self._ranges for row in part]

    @property
    def sample(self) -> Chunk:
        """Rows from places that lie evenly."""
        found = [self._rows(one.start, one.stop) for one in self._ranges]
        return Chunk(*(np.concatenate(parts) for parts in zip(*found, strict=True)))

    def read(self, start: int, stop: int, piece: int) -> Iterator[Chunk]:
        """Yield rows, so many at a time."""
        for first in range(start, stop, piece):
            yield Chunk(*self._rows(first, min(first + piece, stop)))

    def _rows(self, start: int, stop: int) -> list[Array]:
        return [rows(start, stop) for rows in self._parts]


def _array(name: str, value: Any) -> Any:
    """Return what has rows that can be sliced."""
    if not _sliced_by_rows(value):
        value = as_array(name, value)
    if not len(value.shape):
        raise DataError(f"{name} must have one row for each sample, got one value.")
    if np.dtype(value.dtype).kind not in "fiub":
        raise DataError(
            f"{name} must hold numbers, got the type {value.dtype}. Encode text as "
            f"numbers first, or stream a table: pg.data.stream(FILE, target=NAME)."
        )
    return value


def _sliced_by_rows(value: Any) -> bool:
    """Tell whether something has a shape and a type of NumPy, and slices as an array.

    A column of pandas has both, but may slice by its labels.
    """
    if not all(hasattr(value, word) for word in ("shape", "dtype", "__getitem__")):
        return False
    try:
        np.dtype(value.dtype)
    except TypeError:
        return False
    return not hasattr(value, "iloc")


def _spread(rows: int, size: int) -> list[range]:
    """Return ranges of rows that lie evenly; all of them when they are few."""
    if rows <= size * PLACES:
        return [range(rows)]
    starts = np.linspace(0, rows - size, PLACES).astype(int).tolist()
    return [range(start, start + size) for start in starts]


def _row_bytes(array: Any) -> int:
    """Return the bytes that a row takes while it is read."""
    size = int(np.dtype(array.dtype).itemsize * math.prod(array.shape[1:]))
    stride = array.strides[0] if isinstance(array, np.ndarray) else size
    return max(size, abs(stride), 1)


def rows_of(array: Any) -> Rows:
    """Return a function that reads rows from `start` to `stop`.

    Pages of a mapped file that were read count as memory of the process, until the
    system wants them back. So its rows are read from the file itself where they lie in
    one piece; else the pages are given back after each reading.
    """
    mapped = _mapped(array) if isinstance(array, np.ndarray) else None
    if mapped is None:
        return lambda start, stop: np.asarray(array[start:stop])
    view, origin = mapped
    if view.mode != "c" and view.filename is not None and _rows_in_line(array):
        file = FileRows(array, view, origin)
        ends = (0, len(array) - 1)
        if all(_same(file(row, row + 1), array[row : row + 1]) for row in ends):
            return file

    def rows(start: int, stop: int) -> Array:
        found = np.array(array[start:stop])
        if view.mode != "c" and hasattr(mmap, "MADV_DONTNEED"):
            origin.madvise(mmap.MADV_DONTNEED)
        return found

    return rows


def _mapped(array: Any) -> tuple[np.memmap[Any, Any], mmap.mmap] | None:
    """Return the mapping of a file that an array looks at, if it does."""
    view = None
    while array is not None and not isinstance(array, mmap.mmap):
        view = array if isinstance(array, np.memmap) else view
        array = getattr(array, "base", None)
    return None if view is None or array is None else (view, array)


def _rows_in_line(array: Array) -> bool:
    """Tell whether each row lies behind the one before."""
    inner = [(n, s) for n, s in zip(array.shape[1:], array.strides[1:], strict=True)]
    if not array.size or any(stride < 0 for _, stride in inner):
        return False
    return array.strides[0] >= _extent(array)


def _extent(array: Array) -> int:
    """Return from the first byte of a row to its last one."""
    steps = zip(array.shape[1:], array.strides[1:], strict=True)
    return int(array.itemsize + sum((size - 1) * stride for size, stride in steps))


def _same(one: Array, other: Array) -> bool:
    return one.tobytes() == other.tobytes()


class FileRows:
    """Reads rows of a mapped array from its file.

    Parameters
    ----------
    array
        A view of the mapping in which rows lie one behind the other.
    view, origin
        An array on the whole mapping, and the mapping.

    Raises
    ------
    FileError
        When the file is gone, or was changed since.
    """

    def __init__(
        self, array: Array, view: np.memmap[Any, Any], origin: mmap.mmap
    ) -> None:
        self.path = Path(str(view.filename))
        first = np.frombuffer(origin, np.uint8).ctypes.data
        begins = view.offset - view.offset % mmap.ALLOCATIONGRANULARITY
        self._start = begins + array.ctypes.data - first
        self._shape, self._dtype = array.shape[1:], array.dtype
        self._strides, self._extent = array.strides, _extent(array)
        # what may be written to by its owner may change, too
        self._constant = view.mode == "r"
        try:
            self._file = os.open(self.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except OSError as error:
            raise FileError(f"cannot read {self.path}: {error.strerror}.") from None
        weakref.finalize(self, os.close, self._file)
        self._known = self._stamp()

    def __call__(self, start: int, stop: int) -> Array:
        """Return some rows."""
        step = self._strides[0]
        found = np.empty((stop - start - 1) * step + self._extent, np.uint8)
        self._fill(found.data, self._start + start * step)
        shape = (stop - start, *self._shape)
        return np.ndarray(shape, self._dtype, found, strides=self._strides)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return itself: the file is closed when nobody has it any more."""
        return self

    def __reduce__(self) -> Any:
        """Refuse to be pickled: an open file is one of this process."""
        raise TypeError(
            f"a stream of {self.path} cannot be pickled, for the file is open in this "
            f"process. Make the stream in the process that trains."
        )

    def _fill(self, target: memoryview, place: int) -> None:
        """Read from a place of the file until the target is full."""
        if self._constant and self._stamp() != self._known:
            raise self._changed("was changed after it was opened")
        while target:
            try:
                count = _read_at(self._file, target, place)
            except OSError as error:
                told = f"cannot read {self.path}: {error.strerror}."
                raise FileError(told) from None
            if not count:
                raise self._changed("has become shorter than the array in it")
            target, place = target[count:], place + count

    def _stamp(self) -> tuple[int, int]:
        known = os.fstat(self._file)
        return known.st_size, known.st_mtime_ns

    def _changed(self, how: str) -> FileError:
        return FileError(
            f"{self.path} {how}. A training needs the same data all along: load the "
            f"array and make the stream anew."
        )


def _read_at(file: int, target: memoryview, place: int) -> int:
    """Read from a place into the target, and return how many bytes came."""
    if hasattr(os, "preadv"):
        return os.preadv(file, [target], place)
    with _seeking:
        os.lseek(file, place, os.SEEK_SET)
        found = os.read(file, len(target))
    target[: len(found)] = found
    return len(found)
