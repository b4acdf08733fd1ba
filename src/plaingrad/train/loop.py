"""The loop over epochs and batches, for any engine."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ..ops.random import shuffled
from ..program import Loop, Stopping
from ..schedules import Slower
from .callbacks import Callback
from .history import History

Array = np.ndarray[Any, Any]
Arrays = dict[str, Array]


class DivergedWarning(UserWarning):
    """The loss became infinite or undefined, and training was ended."""


class Engine(Protocol):
    """What runs a program: the reference, or machine code."""

    parameters: Arrays
    states: Arrays

    def update(self, values: Mapping[str, Any]) -> float:
        """Do one training step and return its loss."""

    def evaluate(self, X: Array, y: Array) -> tuple[float, float]:
        """Return loss and score."""


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
    run = _Run(
        engine, loop, data, validation, history, list(callbacks), clock or Clock()
    )
    began = time.perf_counter()
    history.updates_per_epoch = run.batches
    history.stopped = "error"
    for callback in run.callbacks:
        callback.on_fit_begin(history)
    try:
        for _ in range(loop.epochs):
            run.epoch()
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
        self.batches = math.ceil(self.count / (loop.batch_size or self.count))
        self.fixed = {
            "epochs": loop.epochs,
            "steps": loop.epochs * self.batches,
        }
        self.keeper = None
        if loop.stopping is not None:
            self.keeper = _Keeper(loop.stopping, engine.parameters)
        if loop.plateau is not None and clock.slower is None:
            clock.slower = Slower(loop.plateau)
        self.safe = self.snapshot()

    def epoch(self) -> None:
        """Run one epoch, then look at what it brought."""
        total = 0.0
        start = self.snapshot()
        for batch in self.order():
            loss = self.step(batch)
            # these weights have just given a finite loss
            self.safe = start
            total += loss * len(batch["X"])
        self.history.loss.append(total / self.count)
        self.clock.epoch += 1
        self.look()

    def order(self) -> Iterator[Arrays]:
        """Yield the batches of an epoch."""
        size, clock = self.loop.batch_size, self.clock
        if size is None:
            yield dict(self.data)
            return
        order = np.arange(self.count)
        if self.loop.shuffle:
            order = shuffled(self.count, self.loop.seed, clock.epoch)
        for start in range(0, self.count, size):
            batch = order[start : start + size]
            yield {name: values[batch] for name, values in self.data.items()}

    def step(self, batch: Mapping[str, Array]) -> float:
        """Do one update and return its loss."""
        clock = self.clock
        clock.step += 1
        times: dict[str, Any] = {"step": clock.step, "epoch": clock.epoch, **self.fixed}
        if clock.slower is not None:
            times["lr"] = clock.slower.lr
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            loss = self.engine.update({**batch, **times})
        self.history.batch_loss.append(loss)
        if not math.isfinite(loss):
            self.engine.parameters.update(self.safe[0])
            self.engine.states.update(self.safe[1])
            raise Stopped("diverged")
        self.tell("on_batch_end")
        return loss

    def snapshot(self) -> tuple[Arrays, Arrays]:
        """Return copies of the parameters and of the optimiser's memory."""
        return copies(self.engine.parameters), copies(self.engine.states)

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
            self.engine.parameters.update(self.keeper.weights)


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
