"""Whole epochs on the way: their order, their losses, and what the history has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from .history import History
from .stretch import Array, Arrays, Stretch, Watch


class _Part:
    """Losses in a row, more and more of them, until somebody takes them."""

    def __init__(self, losses: Array, start: int) -> None:
        self._losses, self._start = losses, start
        self.stop = start
        self.taken = False

    def __call__(self) -> Array:
        """Return them; they stay as many from now on."""
        self.taken = True
        return self._losses[self._start : self.stop]


@dataclass(eq=False)
class Lap:
    """Some epochs between which nothing has to happen.

    Attributes
    ----------
    epochs, count, batch_size
        How many epochs, and the samples in each and in a batch.
    order
        The rows in the order of their visit, or None.
    step, epoch
        Updates and epochs done before.
    fixed
        The numbers that stay the same all along.
    start
        Copies of the parameters and of the optimiser's memory from before.
    losses
        The loss of each update that is done.
    """

    epochs: int
    count: int
    batch_size: int
    order: Array | None
    step: int
    epoch: int
    fixed: Mapping[str, float]
    start: tuple[Arrays, Arrays]
    losses: Array = field(init=False)
    _entered: int = 0
    _closed: int = 0
    _part: _Part | None = None

    def __post_init__(self) -> None:
        self.losses = np.empty(self.epochs * self.batches)

    @property
    def batches(self) -> int:
        """How many batches an epoch has."""
        return -(-self.count // self.batch_size)

    def go_on(self, losses: Array, epochs: int) -> None:
        """Take up a lap of which some updates, and epochs, are entered already."""
        self.losses[: len(losses)] = losses
        self._entered, self._closed = len(losses), epochs

    def stretch(self, first: int, batches: int) -> tuple[Stretch, Watch]:
        """Return what to ask of the engine for some of the updates, and its watch."""
        stretch = Stretch(
            order=self.order,
            count=self.count,
            batch_size=self.batch_size,
            epochs=self.epochs,
            first=first,
            batches=batches,
            step=self.step + first,
            epoch=self.epoch,
            fixed=self.fixed,
        )
        return stretch, Watch(self.losses[first : first + batches])

    def enter(self, done: int, history: History) -> int:
        """Enter the losses of the updates done so far; return how many are new."""
        fresh, part = done - self._entered, self._part
        if part is None or part.taken:
            part = self._part = _Part(self.losses, self._entered)
            history.add("batch_loss", part)
        self._entered = part.stop = done
        return fresh

    def close(self, epochs: int, history: History) -> int:
        """Enter the losses of the epochs done so far; return how many are new."""
        fresh = epochs - self._closed
        if fresh <= 0:
            return 0
        rows = slice(self._closed * self.batches, epochs * self.batches)
        losses = self.losses[rows].reshape(fresh, self.batches)
        self._closed = epochs
        history.add("loss", lambda: self._means(losses))
        return fresh

    def _means(self, losses: Array) -> Array:
        """Return the mean loss of each epoch, from those of its batches (epochs, m).

        They are added one after the other, as a loop would.
        """
        sizes = np.full(self.batches, float(self.batch_size))
        sizes[-1] = self.count - self.batch_size * (self.batches - 1)
        with np.errstate(over="ignore"):
            if len(losses) < self.batches:
                totals = np.add.accumulate(losses * sizes, axis=1)[:, -1]
            else:
                totals = losses[:, 0] * sizes[0]
                for column, size in zip(losses.T[1:], sizes[1:], strict=True):
                    totals += column * size
        made: Array = totals / self.count
        return made
