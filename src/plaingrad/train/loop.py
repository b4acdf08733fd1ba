"""The loop over epochs and batches, for any engine."""

from __future__ import annotations

import math
import time
import warnings
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


class DivergedWarning(UserWarning):
    """The loss became infinite or undefined, and training was ended."""


class Engine(Protocol):
    """What runs a program: the reference, or machine code."""

    parameters: dict[str, Array]

    def update(self, values: Mapping[str, Any]) -> float:
        """Do one training step and return its loss."""

    def evaluate(self, X: Array, y: Array) -> tuple[float, float]:
        """Return loss and score."""


@dataclass
class Clock:
    """Where training stands: updates and epochs done, over all calls of fit."""

    step: int = 0
    epoch: int = 0


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

    The engine's parameters, the history and the clock are renewed in place.
    """
    clock = clock or Clock()
    run = _Run(engine, loop, data, validation, history, list(callbacks), clock)
    began = time.perf_counter()
    history.updates_per_epoch = run.batches
    history.stopped = "epochs"
    for callback in run.callbacks:
        callback.on_fit_begin(history)
    try:
        for _ in range(loop.epochs):
            run.epoch()
    except Stopped as reason:
        history.stopped = str(reason)
    except KeyboardInterrupt:
        history.stopped = "interrupted"
        warnings.warn(
            f"interrupted in epoch {clock.epoch + 1}; the network keeps its weights.",
            stacklevel=3,
        )
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
        self.slower = Slower(loop.plateau) if loop.plateau is not None else None

    def epoch(self) -> None:
        """Run one epoch, then look at what it brought."""
        total = 0.0
        for batch in self.order():
            loss = self.step(batch)
            total += loss * len(batch["X"])
        self.history.loss.append(total / self.count)
        self.clock.epoch += 1
        self.look()

    def order(self) -> Iterator[dict[str, Array]]:
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
        clock = self.clock
        clock.step += 1
        times: dict[str, Any] = {"step": clock.step, "epoch": clock.epoch, **self.fixed}
        if self.slower is not None:
            times["lr"] = self.slower.lr
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            loss = self.engine.update({**batch, **times})
        self.history.batch_loss.append(loss)
        if not math.isfinite(loss):
            self.diverged(loss)
        if any([callback.on_batch_end(self.history) for callback in self.callbacks]):
            raise Stopped("callback")
        return loss

    def diverged(self, loss: float) -> None:
        warnings.warn(
            f"the loss became {loss} in update {self.clock.step} "
            f"(epoch {self.clock.epoch + 1}) and training was ended. The likely cause "
            f"is too large a learning rate: try a tenth of it, or clip_norm=1.",
            DivergedWarning,
            stacklevel=6,
        )
        raise Stopped("diverged")

    def look(self) -> None:
        """Validate, keep the best weights, slow down, tell the callbacks."""
        history = self.history
        if self.validation is not None:
            loss, score = self.engine.evaluate(*self.validation)
            history.val_loss.append(loss)
            history.val_score.append(score)
        if self.slower is not None:
            history.rate.append(self.slower.lr)
            self.slower.look(self.watched())
        done = self.keeper is not None and self.keeper.look(history, self.engine)
        if any([callback.on_epoch_end(history) for callback in self.callbacks]):
            raise Stopped("callback")
        if done:
            raise Stopped("patience")

    def watched(self) -> float:
        """Return the loss that a plateau is judged by."""
        if self.validation is not None:
            return self.history.val_loss[-1]
        return self.engine.evaluate(self.data["X"], self.data["y"])[0]

    def restore(self) -> None:
        """Take the best weights, when early stopping kept any."""
        if self.keeper is not None:
            for name, value in self.keeper.weights.items():
                self.engine.parameters[name][...] = value


class _Keeper:
    """Early stopping: keeps the best weights and counts the epochs since."""

    def __init__(self, stopping: Stopping, parameters: Mapping[str, Array]) -> None:
        self.stopping = stopping
        self.sign = 1 if stopping.monitor == "val_loss" else -1
        self.best = math.inf
        self.waited = 0
        self.weights = {name: value.copy() for name, value in parameters.items()}

    def look(self, history: History, engine: Engine) -> bool:
        """Return whether patience is at its end."""
        losses = self.stopping.monitor == "val_loss"
        value = self.sign * (history.val_loss if losses else history.val_score)[-1]
        if value < self.best - self.stopping.min_delta:
            self.best, self.waited = value, 0
            self.weights = {n: v.copy() for n, v in engine.parameters.items()}
            history.best_epoch = history.epochs
            return False
        self.waited += 1
        return self.waited == self.stopping.patience
