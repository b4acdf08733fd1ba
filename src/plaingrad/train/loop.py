"""The loop over epochs and batches, for any engine."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ..ops.random import shuffled
from ..program import Loop, Stopping
from ..schedules import Slower
from .callbacks import Callback, overrides
from .history import History
from .lap import Lap
from .stretch import Array, Arrays, Engine, Stretch, Watch
from .worker import PAUSE, perform

CALL = 0.15
"""Seconds that one call of an engine should take, when nothing asks for less."""
MOST = 1_000_000
"""The most samples, or updates, of one call: its arrays have so many entries."""


class DivergedWarning(UserWarning):
    """The loss became infinite or undefined, and training was ended."""


@dataclass
class Clock:
    """Where training stands: updates and epochs done, and what lowers the rate."""

    step: int = 0
    epoch: int = 0
    slower: Slower | None = None


class Stopped(Exception):  # noqa: N818
    """Raised inside the loop to leave it, with the reason."""


def train(
    engine: Engine,
    loop: Loop,
    data: Mapping[str, Array],
    validation: tuple[Array, Array] | None,
    history: History,
    callbacks: Iterable[Callback] = (),
    clock: Clock | None = None,
) -> None:
    """Train by `engine` until the epochs are done or something ends it.

    The engine's parameters, the history and the clock are renewed in place; the
    history says why training ended. Ctrl-C ends it, too, and nothing is lost.
    """
    began = time.perf_counter()
    data = {name: np.ascontiguousarray(values) for name, values in data.items()}
    engine.bind(data)
    history.compile_seconds += time.perf_counter() - began
    run = _Run(
        engine, loop, data, validation, history, list(callbacks), clock or Clock()
    )
    began = time.perf_counter()
    history.updates_per_epoch = run.batches
    history.stopped = "error"
    for callback in run.callbacks:
        callback.on_fit_begin(history)
    try:
        left = loop.epochs
        while left:
            left -= run.lap(left)
        history.stopped = "epochs"
    except Stopped as reason:
        history.stopped = str(reason)
    except KeyboardInterrupt:
        history.stopped = "interrupted"
    finally:
        run.restore()
        history.seconds += time.perf_counter() - began
        for callback in run.callbacks:
            callback.on_fit_end(history)


class _Run:
    """One call of `train`."""

    def __init__(
        self,
        engine: Engine,
        loop: Loop,
        data: Mapping[str, Array],
        validation: tuple[Array, Array] | None,
        history: History,
        callbacks: list[Callback],
        clock: Clock,
    ) -> None:
        self.engine, self.loop, self.data = engine, loop, data
        self.validation, self.history, self.callbacks = validation, history, callbacks
        self.clock = clock
        self.count = len(data["X"])
        self.size = loop.batch_size or self.count
        self.batches = math.ceil(self.count / self.size)
        self.keeper = None
        if loop.stopping is not None:
            self.keeper = _Keeper(loop.stopping, engine.parameters)
        if loop.plateau is not None and clock.slower is None:
            clock.slower = Slower(loop.plateau)
        self.ticking = [one for one in callbacks if overrides(one, "on_tick")]
        self.by_batch = any(overrides(one, "on_batch_end") for one in callbacks)
        self.by_epoch = (
            self.by_batch
            or validation is not None
            or clock.slower is not None
            or any(overrides(one, "on_epoch_end") for one in callbacks)
        )
        self.began = clock.epoch
        self.laps: list[Lap] = []
        self.orders: list[Array] = []
        # seconds of an update in the engine, and of an epoch with all that it takes
        self.pace: float | None = None
        self.epoch_pace: float | None = None

    def lap(self, left: int) -> int:
        """Train for some whole epochs, of so many that are left; return how many."""
        began, clock = time.perf_counter(), self.clock
        epochs = self.fitting(left)
        lap = Lap(
            epochs=epochs,
            count=self.count,
            batch_size=self.size,
            order=self.order(epochs),
            step=clock.step,
            epoch=clock.epoch,
            fixed=self.fixed(),
            start=(copies(self.engine.parameters), copies(self.engine.states)),
        )
        self.laps = [*self.laps[-1:], lap]
        updates = epochs * self.batches
        each = 1 if self.by_batch else updates
        for first in range(0, updates, each):
            self.stretch(lap, first, each)
        self.epoch_pace = (time.perf_counter() - began) / epochs
        return epochs

    def fitting(self, left: int) -> int:
        """Return how many epochs the next lap has: what one call of the engine does."""
        if self.by_epoch or self.epoch_pace is None:
            return 1
        most = MOST // (self.count if self.loop.shuffle else self.batches)
        return max(1, min(left, most, int(CALL / max(self.epoch_pace, 1e-9))))

    def order(self, epochs: int) -> Array | None:
        """Return the order of the next epochs, one after the other."""
        if not self.loop.shuffle:
            return None
        while len(self.orders) < epochs:
            self.shuffle(self.clock.epoch)
        taken, self.orders = self.orders[:epochs], self.orders[epochs:]
        return np.concatenate(taken).astype(np.int64, copy=False)

    def shuffle(self, epoch: int) -> None:
        """Shuffle one more epoch; those already shuffled begin at `epoch`."""
        epoch += len(self.orders)
        self.orders.append(shuffled(self.count, self.loop.seed, epoch))

    def shuffle_ahead(self, lap: Lap) -> None:
        """Use the wait for the engine: shuffle what the next lap will likely need."""
        following, until = lap.epoch + lap.epochs, time.perf_counter() + PAUSE
        most = min(lap.epochs, self.began + self.loop.epochs - following)
        while self.loop.shuffle and len(self.orders) < most:
            self.shuffle(following)
            if time.perf_counter() > until:
                break

    def fixed(self) -> dict[str, float]:
        """Return the numbers that stay the same during the next lap."""
        epochs, slower = self.loop.epochs, self.clock.slower
        rate = {} if slower is None else {"lr": slower.lr}
        return {"epochs": epochs, "steps": epochs * self.batches, **rate}

    def stretch(self, lap: Lap, first: int, batches: int) -> None:
        """Do some updates of a lap, then what is due after them."""
        stretch, watch = lap.stretch(first, batches)

        def tick() -> None:
            if watch.done < batches:
                self.enter(lap, first + watch.done)
                self.tick()
            if self.engine.blocking:
                self.shuffle_ahead(lap)

        if self.ticking and not self.engine.blocking:
            watch.told = tick
        try:
            self.perform(stretch, watch, tick)
        finally:
            # what was done counts, also when something ended it
            done = first + watch.done
            self.enter(lap, done)
            if watch.diverged:
                self.go_back(done - 1)
        if watch.diverged:
            raise Stopped("diverged")
        self.tell("on_batch_end")
        if done % self.batches == 0:
            self.close(lap, done // self.batches)
            self.look()
        self.tick()
        if self.engine.converged:
            raise Stopped("converged")

    def perform(self, stretch: Stretch, watch: Watch, tick: Callable[[], None]) -> None:
        """Run a stretch, and learn how fast the engine is."""
        seconds = None if self.pace is None else self.pace * stretch.batches
        began = time.perf_counter()
        perform(self.engine, stretch, watch, tick, seconds)
        self.pace = (time.perf_counter() - began) / max(1, watch.done)

    def enter(self, lap: Lap, done: int) -> None:
        """Enter in the history what a lap has brought so far.

        The epoch of the last update stays open: that one may have diverged.
        """
        self.clock.step += lap.enter(done, self.history)
        self.close(lap, (done - 1) // self.batches)

    def close(self, lap: Lap, epochs: int) -> None:
        """Enter in the history the epochs of a lap that are done."""
        self.clock.epoch += lap.close(epochs, self.history)

    def go_back(self, update: int) -> None:
        """Return to weights from before an update of this lap, whose loss is bad.

        They are those at the start of its epoch. If it is the first there, these gave
        the bad loss, and those at the start of the epoch before are the last good ones.
        """
        epoch, batch = divmod(update, self.batches)
        epoch += self.laps[-1].epoch
        if batch == 0:
            epoch = max(epoch - 1, self.began)
        lap = next(lap for lap in reversed(self.laps) if lap.epoch <= epoch)
        self.engine.put(*lap.start)
        again = (epoch - lap.epoch) * self.batches
        if again:
            # the same updates give the same weights
            stretch, _ = lap.stretch(0, again)
            self.perform(stretch, Watch(np.empty(again)), lambda: None)

    def look(self) -> None:
        """Validate, keep the best weights, slow down, tell the callbacks."""
        history, slower = self.history, self.clock.slower
        if self.validation is not None:
            loss, score = self.evaluate(*self.validation)
            history.val_loss.append(loss)
            history.val_score.append(score)
        if slower is not None:
            history.rate.append(slower.lr)
            slower.look(self.watched())
        done = self.keeper is not None and self.keeper.look(history, self.engine)
        self.tell("on_epoch_end")
        if done:
            raise Stopped("patience")

    def tell(self, event: str) -> None:
        """Call every callback, then stop when one has asked for it."""
        asked = [getattr(one, event)(self.history) for one in self.callbacks]
        if any(asked):
            raise Stopped("callback")

    def tick(self) -> None:
        """Tell those that look at the history now and then."""
        for callback in self.ticking:
            callback.on_tick(self.history)

    def watched(self) -> float:
        """Return the loss that a plateau is judged by."""
        if self.validation is not None:
            return self.history.val_loss[-1]
        return self.evaluate(self.data["X"], self.data["y"])[0]

    def evaluate(self, X: Array, y: Array) -> tuple[float, float]:
        """Return loss and score, which may overflow shortly before a divergence."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return self.engine.evaluate(X, y)

    def restore(self) -> None:
        """Take the best weights, when early stopping kept any."""
        if self.keeper is not None:
            self.engine.put(self.keeper.weights, {})


class _Keeper:
    """Early stopping: keeps the best weights and counts the epochs since."""

    def __init__(self, stopping: Stopping, parameters: Mapping[str, Array]) -> None:
        self.stopping = stopping
        self.sign = 1 if stopping.monitor == "val_loss" else -1
        self.best = math.inf
        self.waited = 0
        self.weights = copies(parameters)

    def look(self, history: History, engine: Engine) -> bool:
        """Return whether patience is at its end."""
        losses = self.stopping.monitor == "val_loss"
        value = self.sign * (history.val_loss if losses else history.val_score)[-1]
        if value < self.best - self.stopping.min_delta:
            self.best, self.waited = value, 0
            self.weights = copies(engine.parameters)
            history.best_epoch = history.epochs
            return False
        self.waited += 1
        return self.waited == self.stopping.patience


def copies(arrays: Mapping[str, Array]) -> Arrays:
    """Return the arrays by name, each a copy."""
    return {name: value.copy() for name, value in arrays.items()}
