"""Streams of batches: whatever an iterable of (X, y) gives, in its own order."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

from ..errors import DataError, SettingError, whole
from .stream import SAMPLED, Array, Chunk, Stream, as_array

Batches = Iterable[Any] | Callable[[], Iterable[Any]]


class BatchStream(Stream):
    """Samples that an iterable gives in batches of any size.

    Parameters
    ----------
    source
        Gives (X, y) or (X, y, weights) again whenever it is iterated; or a function
        that returns such an iterable; or an iterator, which can be read once.
    rows
        How many samples there are; None to count them, which reads all of them.
    memory
        As `Stream` has it.
    """

    blocked = False
    smaller = "batch_size, or the batches of the iterable,"

    def __init__(self, source: Batches, rows: int | None, memory: int | str) -> None:
        super().__init__(memory)
        self._source = source
        self._left = source if isinstance(source, Iterator) else None
        self.once = self._left is not None
        self._sample: Chunk | None = None
        if self.once and rows is None:
            raise SettingError(
                "an iterator can be read only once, so its samples cannot be counted "
                "first. Pass a function that returns a new one for each epoch, or "
                "rows=N for a training of one epoch."
            )
        counted = self._look(count=rows is None)
        self.rows = counted if rows is None else whole("rows", rows)

    def _look(self, count: bool) -> int:
        """Look at the first batch, or at all of them; return how many samples came."""
        given, counted, largest = self._open(), 0, 0
        for chunk in self._chunks(given):
            if not counted:
                self._meet(chunk)
            counted += len(chunk.X)
            largest = max(largest, _size(chunk))
            if not count:
                break
        if not counted:
            raise DataError(
                "the iterable gave no batch. Is it an iterator that was read before? "
                "Pass a function that returns a new one."
            )
        if self.once:
            first = tuple(array for array in chunk if array is not None)
            self._left = itertools.chain([first], given)
        # a batch of the caller, and the next one while it is made
        self.held = 2 * largest
        return counted

    def _meet(self, chunk: Chunk) -> None:
        """Note what the first batch tells, and keep some of its rows."""
        self.weighted = chunk.w is not None
        self.raw = max(1, -(-_size(chunk) // len(chunk.X)))
        few = min(SAMPLED, len(chunk.X), max(1, self.memory // 64 // self.raw))
        X, y, w = chunk.rows(0, few)
        self._sample = Chunk(X.copy(), y.copy(), None if w is None else w.copy())
        self.sampled = range(few)

    @property
    def sample(self) -> Chunk:
        """The first rows of the first batch."""
        return cast(Chunk, self._sample)

    def follow(self, start: int, piece: int) -> Iterator[Chunk]:
        """Yield all rows from one on, about so many at a time.

        Raises
        ------
        DataError
            When they are not as many as they were.
        """
        seen = 0
        for chunk in self._chunks(self._open()):
            count = len(chunk.X)
            if seen + count > self.rows:
                raise self._unlike(f"more than {self.rows:,}")
            for first in range(max(0, start - seen), count, piece):
                yield chunk.rows(first, first + piece)
            seen += count
        if seen < self.rows:
            raise self._unlike(f"{seen:,}")

    def _unlike(self, found: str) -> DataError:
        return DataError(
            f"the iterable gave {found} samples in this epoch, and {self.rows:,} are "
            f"expected. Each epoch must see the same samples: pass a function that "
            f"returns a new iterable, or correct rows."
        )

    def _open(self) -> Iterator[Any]:
        """Return an iterator over all batches."""
        if not self.once:
            source = self._source
            if not isinstance(source, Iterable):
                source = source()
            if not isinstance(source, Iterable):
                raise DataError(
                    f"the function of a stream must return an iterable of batches, and "
                    f"returned {type(source).__name__}. Return a generator or a list."
                )
            return iter(source)
        if self._left is None:
            raise SettingError(
                "the iterator of this stream was read already. To train on it again, "
                "pass a function that returns a new one."
            )
        left, self._left = self._left, None
        return left

    def _chunks(self, given: Iterator[Any]) -> Iterator[Chunk]:
        """Yield what an iterator gives, checked; it is closed in the end."""
        try:
            for number, batch in enumerate(given):
                chunk = _chunk(number, batch)
                if self._sample is not None:
                    self._check(number, chunk, self._sample)
                if len(chunk.X):
                    yield chunk
        finally:
            if not self.once and hasattr(given, "close"):
                given.close()

    def _check(self, number: int, chunk: Chunk, known: Chunk) -> None:
        """Refuse a batch that is unlike the first one."""
        if (chunk.w is not None) != self.weighted:
            raise DataError(
                f"batch {number} has {'no ' if self.weighted else ''}weights, "
                f"unlike the first one. Give all of them (X, y), or (X, y, weights)."
            )
        for name, mine, first in zip("Xy", chunk[:2], known[:2], strict=True):
            if len(mine) and mine.shape[1:] != first.shape[1:]:
                raise DataError(
                    f"{name} of batch {number} has the shape {mine.shape}, and samples "
                    f"of the first batch have {first.shape[1:]}. Only the number of "
                    f"samples may differ."
                )


def _size(chunk: Chunk) -> int:
    """Return the bytes of a batch."""
    return sum(array.nbytes for array in chunk if array is not None)


def _chunk(number: int, batch: Any) -> Chunk:
    """Return what an iterable gave as arrays."""
    if not isinstance(batch, (tuple, list)) or len(batch) not in (2, 3):
        raise DataError(
            f"batch {number} of the iterable is no (X, y) or (X, y, weights), but "
            f"{type(batch).__name__}. Each batch must be such a tuple of arrays. Whole "
            f"arrays are a stream, too: pg.data.stream(X, y)."
        )
    named = zip(("X", "y", "weights"), batch, strict=False)
    chunk = Chunk(*(as_array(f"{name} of batch {number}", one) for name, one in named))
    arrays: list[Array] = [array for array in chunk if array is not None]
    if any(not array.ndim for array in arrays) or len({*map(len, arrays)}) > 1:
        shapes = ", ".join(str(array.shape) for array in arrays)
        raise DataError(
            f"the arrays of batch {number} have the shapes {shapes}; each needs a row "
            f"for each sample."
        )
    return chunk
