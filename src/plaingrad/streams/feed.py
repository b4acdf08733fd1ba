"""Windows of whole batches, read in the background while others are trained on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import VerifyError
from ..program import Loop, Mix
from .plan import WINDOWS, Plan
from .stream import Chunk, Stream

Array = np.ndarray[Any, Any]
Arrays = dict[str, Array]
Convert = Callable[[Chunk, int], Mapping[str, Array]]
PAUSE = 0.02
"""Seconds between two looks at whether somebody wants an end."""
GRACE = 5.0
"""Seconds that an iterable has to give its present batch when nobody wants it more."""


@dataclass(frozen=True, eq=False)
class Window:
    """Some batches in a row, in the order of their visit.

    Attributes
    ----------
    epoch, first
        The epoch, and the number of the first batch in it.
    batches, count
        How many batches and rows these are.
    order
        The rows of `data` in the order of their visit, int64; None when they come as
        they lie.
    data
        The arrays in which the rows are, by name: X, y, and w where they have weights.
    """

    epoch: int
    first: int
    batches: int
    count: int
    order: Array | None
    data: Arrays

    @property
    def rows(self) -> Arrays:
        """The rows that `order` counts, or those that come as they lie."""
        if self.order is not None:
            return self.data
        return {name: values[: self.count] for name, values in self.data.items()}

    def start(self, count: int) -> Arrays:
        """Return the first rows in the order of their visit, by name."""
        first = slice(count) if self.order is None else self.order[:count]
        return {name: values[first] for name, values in self.rows.items()}

    def holds(self, epoch: int, batch: int) -> bool:
        """Tell whether a batch is here."""
        return epoch == self.epoch and 0 <= batch - self.first < self.batches

    def following(self, per_epoch: int) -> tuple[int, int]:
        """Return the epoch and the number of the batch that comes next."""
        last = self.first + self.batches
        return (self.epoch + 1, 0) if last == per_epoch else (self.epoch, last)


@dataclass(frozen=True, eq=False)
class Feed:
    """What is read, how, and what becomes of it.

    Attributes
    ----------
    stream, loop, plan
        What is read, in which order, and how much at a time.
    convert
        From rows as they are stored, and the number of the first one, to what is
        trained on. It raises what is wrong with them.
    shapes
        The type and the shape of a row, by name.
    """

    stream: Stream
    loop: Loop
    plan: Plan
    convert: Convert
    shapes: Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]]

    @property
    def batch(self) -> int:
        """The rows of a batch."""
        return self.loop.batch_size or self.stream.rows

    @property
    def per_epoch(self) -> int:
        """How many batches an epoch has."""
        return -(-self.stream.rows // self.batch)

    def buffer(self) -> Arrays:
        """Return arrays for a window."""
        rows = self.plan.capacity
        return {n: np.empty((rows, *s), dtype) for n, (dtype, s) in self.shapes.items()}

    def windows(
        self, epoch: int, batch: int, buffer: Callable[[], Arrays]
    ) -> Iterator[Window]:
        """Yield the windows from a batch on to the end of the training.

        `buffer` gives arrays that nobody needs any more.
        """
        while epoch < self.loop.epochs:
            fill = self._mixed if self.loop.shuffle else self._straight
            yield from fill(epoch, batch, buffer)
            epoch, batch = epoch + 1, 0

    def _mixed(
        self, epoch: int, batch: int, buffer: Callable[[], Arrays]
    ) -> Iterator[Window]:
        """Yield windows of an epoch in which the rows of some blocks are mixed."""
        start, rows = batch * self.batch, self.stream.rows
        arrays, order = buffer(), np.empty(0, np.int64)
        for mix in self.plan.blocks.mixes(self.loop.seed, epoch):
            end = mix.first + mix.count
            if end <= start:
                continue
            self._fill(mix, arrays, len(order))
            # of the first mix some rows may have been visited before
            fresh = len(order) + mix.order[max(0, start - mix.first) :]
            order = np.concatenate([order, fresh])
            rest = 0 if end == rows else len(order) % self.batch
            whole, order = order[: len(order) - rest], order[len(order) - rest :]
            old = arrays
            if len(whole):
                yield self._window(epoch, batch, len(whole), arrays, whole)
                batch += len(whole) // self.batch
                arrays = arrays if end == rows else buffer()
            # what makes no whole batch waits for the next mix
            for name, values in old.items():
                arrays[name][:rest] = values[order]
            order = np.arange(rest)

    def _fill(self, mix: Mix, arrays: Arrays, at: int) -> None:
        """Read the blocks of a mix, one behind the other."""
        for first, stop in mix.spans:
            for chunk in self.stream.read(first, stop, self.plan.piece):
                count = len(chunk.X)
                for name, values in self.convert(chunk, first).items():
                    arrays[name][at : at + count] = values
                at, first = at + count, first + count

    def _straight(
        self, epoch: int, batch: int, buffer: Callable[[], Arrays]
    ) -> Iterator[Window]:
        """Yield windows of an epoch whose rows come as they lie."""
        arrays, filled, row = buffer(), 0, batch * self.batch
        for chunk in self.stream.follow(row, self.plan.piece):
            rows, at, count = self.convert(chunk, row), 0, len(chunk.X)
            while at < count:
                taken = min(count - at, self.plan.capacity - filled)
                for name, values in rows.items():
                    arrays[name][filled : filled + taken] = values[at : at + taken]
                at, row, filled = at + taken, row + taken, filled + taken
                if filled == self.plan.capacity and row < self.stream.rows:
                    yield self._window(epoch, batch, filled, arrays, None)
                    batch += filled // self.batch
                    arrays, filled = buffer(), 0
        yield self._window(epoch, batch, filled, arrays, None)

    def _window(
        self, epoch: int, batch: int, count: int, arrays: Arrays, order: Array | None
    ) -> Window:
        return Window(epoch, batch, -(-count // self.batch), count, order, arrays)


class Ahead:
    """Gives the windows of a feed, each of which was read while another was used."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self._reader: Reader | None = None
        self._window: Window | None = None
        self._due = (0, 0)  # the batch with which the next window begins

    def window(
        self, epoch: int, batch: int, stopped: Callable[[], bool]
    ) -> Window | None:
        """Return the window that holds a batch; None when somebody wants an end.

        Raises
        ------
        PlaingradError
            What was wrong with the rows, or with reading them.
        """
        window = self._window
        if window is not None and window.holds(epoch, batch):
            return window
        if self._reader is None or self._due != (epoch, batch):
            self.close()
            self._reader = Reader(self.feed, epoch, batch)
            self._due = epoch, batch
        elif window is not None:
            self._window = None
            self._reader.take_back(window)
        found = self._reader.next(stopped)
        if isinstance(found, BaseException):
            self.close()
            raise found
        if found is not None:
            self._due = found.following(self.feed.per_epoch)
        self._window = found
        return found

    def close(self) -> None:
        """Let go of everything; nothing is read any more."""
        if self._reader is not None:
            self._reader.close()
        self._reader = self._window = None


class _Unwanted(Exception):  # noqa: N818
    """Raised in the reading thread when nobody wants more."""


class Reader:
    """A thread that reads the windows from a batch on."""

    def __init__(self, feed: Feed, epoch: int, batch: int) -> None:
        # the thread and its waiting user share no more than these
        self._free: queue.SimpleQueue[Arrays | None] = queue.SimpleQueue()
        self._ready: queue.SimpleQueue[Window | BaseException] = queue.SimpleQueue()
        self._ended = threading.Event()
        for _ in range(WINDOWS):
            self._free.put({})
        convert = feed.convert

        def wanted(chunk: Chunk, first: int) -> Mapping[str, Array]:
            if self._ended.is_set():
                raise _Unwanted
            return convert(chunk, first)

        self._feed = replace(feed, convert=wanted)
        self._thread = threading.Thread(
            target=self._work,
            args=(epoch, batch),
            name="plaingrad reader",
            daemon=True,
        )
        self._thread.start()

    def next(self, stopped: Callable[[], bool]) -> Window | BaseException | None:
        """Return the next window or what went wrong; None when an end is wanted."""
        while True:
            try:
                return self._ready.get(timeout=PAUSE)
            except queue.Empty:
                if stopped():
                    return None

    def take_back(self, window: Window) -> None:
        """Read something else into the arrays of a window."""
        self._free.put(window.data)

    def close(self) -> None:
        """End the thread."""
        self._ended.set()
        self._free.put(None)
        self._thread.join(GRACE)

    def _work(self, epoch: int, batch: int) -> None:
        try:
            for window in self._feed.windows(epoch, batch, self._buffer):
                self._ready.put(window)
            self._ready.put(VerifyError("a batch is wanted after the last epoch"))
        except _Unwanted:
            pass
        except BaseException as error:
            self._ready.put(error)

    def _buffer(self) -> Arrays:
        """Return arrays that are free, made when they are needed first."""
        arrays = self._free.get()
        if arrays is None or self._ended.is_set():
            raise _Unwanted
        return arrays or self._feed.buffer()
