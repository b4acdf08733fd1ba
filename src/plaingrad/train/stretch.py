"""What the loop asks of an engine: a stretch of updates, watched while it works."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import numpy as np

Array = np.ndarray[Any, Any]
Arrays = dict[str, Array]


@dataclass(frozen=True, eq=False)
class Stretch:
    """Some updates in a row: whole epochs, or one batch.

    Batches never cross the end of an epoch, so the last one of an epoch may be smaller.

    Attributes
    ----------
    order
        The rows of the training arrays in the order of their visit, int64, for all
        epochs: (epochs * count,). None when every epoch visits them as they lie.
    count, batch_size
        Samples in an epoch, and in a batch.
    epochs
        How many epochs `order` is for.
    first, batches
        How many batches to skip at its start, and how many updates to do.
    step, epoch
        Updates done before this stretch (its first one has the number step + 1), and
        epochs done before the first of `order`.
    fixed
        Numbers that stay the same all along: "steps" and "epochs" are those of the
        training, and "lr" is the rate where the loop sets it.
    """

    order: Array | None
    count: int
    batch_size: int
    epochs: int
    first: int
    batches: int
    step: int
    epoch: int
    fixed: Mapping[str, float]

    @classmethod
    def once(
        cls, count: int, step: int, epoch: int, fixed: Mapping[str, float]
    ) -> Self:
        """Return a single update, by all samples as they lie."""
        return cls(
            order=None,
            count=count,
            batch_size=count,
            epochs=1,
            first=0,
            batches=1,
            step=step,
            epoch=epoch,
            fixed=fixed,
        )

    @property
    def per_epoch(self) -> int:
        """How many batches an epoch has."""
        return -(-self.count // self.batch_size)

    def place(self, update: int) -> tuple[int, Array]:
        """Return the epochs done before one of the updates (from 0), and its rows."""
        epoch, batch = divmod(self.first + update, self.per_epoch)
        start = batch * self.batch_size
        stop = min(start + self.batch_size, self.count)
        if self.order is None:
            return self.epoch + epoch, np.arange(start, stop)
        rows = self.order[epoch * self.count :][start:stop]
        return self.epoch + epoch, rows


@dataclass(eq=False)
class Watch:
    """A stretch on the way: written by the engine, read by others meanwhile.

    Attributes
    ----------
    losses
        The loss of every update, float64 (batches,); those done are filled in.
    control
        Two int64: how many updates are done, and whether to stop after the present one.
        An engine writes a loss before it counts the update.
    told
        Called after each update whose loss is finite, in the thread that runs the
        stretch; None when nobody listens.
    """

    losses: Array
    control: Array = field(default_factory=lambda: np.zeros(2, np.int64))
    told: Callable[[], None] | None = None
    _going: tuple[int, Watch] | None = None

    @property
    def done(self) -> int:
        """How many updates are done."""
        going = self._going
        return int(self.control[0]) if going is None else going[0] + going[1].done

    def part(self, updates: int) -> Watch:
        """Return the watch of the next updates, for an engine that does only these."""
        done = self.done
        part = Watch(self.losses[done : done + updates], told=self.told)
        self._going = done, part
        # in this order: who asks for an end meanwhile is heard by one of them
        if self.stopping:
            part.stop()
        return part

    @property
    def diverged(self) -> bool:
        """Whether the last loss is not finite."""
        return self.done > 0 and not math.isfinite(self.losses[self.done - 1])

    @property
    def stopping(self) -> bool:
        """Whether the engine was asked to end."""
        return bool(self.control[1])

    def stop(self) -> None:
        """Ask the engine to end after the present update."""
        self.control[1] = 1
        if self._going is not None:
            self._going[1].stop()

    def enter(self, loss: float) -> bool:
        """Note one more update, and return whether to go on."""
        done = self.done
        self.losses[done] = loss
        self.control[0] = done + 1
        if not math.isfinite(loss):
            return False
        if self.told is not None:
            self.told()
        return not self.stopping


class Engine(Protocol):
    """What runs a program: the reference, or machine code.

    Attributes
    ----------
    name
        "reference" or "native".
    blocking
        Whether `run` cannot be interrupted by Ctrl-C, and leaves other threads free.
    converged
        Whether the last update was the last one that makes sense.
    parameters
        The present values by name.
    """

    name: str
    blocking: bool
    converged: bool
    parameters: Arrays

    @property
    def states(self) -> Arrays:
        """What the optimiser remembers at present, by name."""

    def bind(self, data: Mapping[str, Array]) -> None:
        """Take the arrays to train on: X, y (and w), each C-contiguous."""

    def run(self, stretch: Stretch, watch: Watch) -> int:
        """Do the updates of a stretch and return how many were done.

        It ends early after a loss that is not finite (that update counts), and when it
        is asked to.
        """

    def evaluate(self, X: Array, y: Array) -> tuple[float, float]:
        """Return loss and score."""

    def put(self, parameters: Mapping[str, Array], states: Mapping[str, Array]) -> None:
        """Take on copies of some values, by name."""
