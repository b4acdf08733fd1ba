"""The loop over epochs and batches, for any engine."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ..ops.random import shuffled
from ..program import Loop
from ..schedules import Slower
from .callbacks import Callback, overrides
from .history import History
from .keeper import Keeper, copies
from .lap import Lap
from .moment import Moment, Saver, patient
from .stretch import Array, Arrays, Engine, Stretch, Watch
from .worker import PAUSE, perform

CALL = 0.15
"""Seconds that one call of an engine should take, when nothing asks for less."""
MOST = 1_000_000
"""The most samples, or updates, of one call: its arrays have so many entries."""

BATCH = ("on_batch_begin", "on_batch_end")
EPOCH = ("on_epoch_begin", "on_epoch_end")
EVENTS = (*BATCH, *EPOCH, "on_tick")
"""What happens on the way."""


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
    saver: Saver | None = None,
    moment: Moment | None = None,
    count: int | None = None,
) -> None:
    """Train by `engine` until the epochs are done or something ends it.

    There are `count` samples, by default those in `data`; an engine that reads more
    than memory holds gets but some there.
    The engine's parameters, the history and the clock are renewed in place; the
    history says why training ended. Ctrl-C ends it, too, and nothing is lost.

    With a `saver`, Ctrl-C ends it after the present update, and the saver sees the
    training at its end. With a `moment`, which history and engine have taken on
    already, training goes on from there.
    """
    began = time.perf_counter()
    data = {name: np.ascontiguousarray(values) for name, values in data.items()}
    engine.bind(data)
    history.compile_seconds += time.perf_counter() - began
    watchers, clock, count = list(callbacks), clock or Clock(), count or len(data["X"])
    run = _Run(engine, loop, data, count, validation, history, watchers, clock)
    history.updates_per_epoch = run.batches
    history.stopped = "error"
    for callback in run.callbacks:
        callback.on_fit_begin(history)
    try:
        if saver is None:
            history.stopped = run.to_the_end()
        else:
            run.save_by(saver, moment)
    except KeyboardInterrupt:
        history.stopped = "interrupted"
    finally:
        run.restore()
        run.charge()
        for callback in run.callbacks:
            callback.on_fit_end(history)


class _Run:
    """One call of `train`."""

    def __init__(
        self,
        engine: Engine,
        loop: Loop,
        data: Mapping[str, Array],
        count: int,
        validation: tuple[Array, Array] | None,
        history: History,
        callbacks: list[Callback],
        clock: Clock,
    ) -> None:
        self.engine, self.loop, self.data = engine, loop, data
        self.validation, self.history, self.callbacks = validation, history, callbacks
        self.clock = clock
        self.count = count
        self.size = loop.batch_size or self.count
        # blocks are put in order by the engine that reads them
        self.ordered = loop.shuffle and loop.blocks is None
        self.batches = math.ceil(self.count / self.size)
        self.keeper: Keeper | None = None
        if loop.stopping is not None:
            self.keeper = Keeper(loop.stopping, engine.parameters)
        if loop.plateau is not None and clock.slower is None:
            clock.slower = Slower(loop.plateau)
        self.heard = {
            event: [getattr(one, event) for one in callbacks if overrides(one, event)]
            for event in EVENTS
        }
        self.by_batch = any(self.heard[event] for event in BATCH)
        self.by_epoch = (
            self.by_batch
            or validation is not None
            or clock.slower is not None
            or any(self.heard[event] for event in EPOCH)
        )
        self.began = clock.epoch
        self.laps: list[Lap] = []
        self.orders: list[Array] = []
        # seconds of an update in the engine, and of an epoch with all that it takes
        self.pace: float | None = None
        self.epoch_pace: float | None = None
        self.saver: Saver | None = None
        self.watch: Watch | None = None
        self.asked = ""
        self.clocked = time.perf_counter()

    def to_the_end(self) -> str:
        """Train until the epochs are done or something ends it; return why."""
        try:
            left = self.loop.epochs + self.began - self.clock.epoch
            while left:
                left -= self.lap(left)
        except Stopped as reason:
            return str(reason)
        return "epochs"

    def save_by(self, saver: Saver, moment: Moment | None) -> None:
        """Train to the end, from a moment or the start, and have it saved."""
        with patient(lambda: self.ask("interrupted")):
            self.saver = saver
            try:
                if moment is None:
                    self.save()
                else:
                    self.go_on(moment)
                reason = self.to_the_end()
            except Stopped as stopped:
                reason = str(stopped)
            self.history.stopped = reason
            if reason != "diverged":
                self.save()

    def ask(self, reason: str) -> None:
        """Ask for an end after the present update."""
        self.asked = reason
        if self.watch is not None:
            self.watch.stop()

    def charge(self) -> None:
        """Enter in the history the time since this was done last."""
        now = time.perf_counter()
        self.history.seconds += now - self.clocked
        self.clocked = now

    def save(self) -> None:
        """Show the saver how things are."""
        self.charge()
        if self.saver is not None:
            self.saver.save(self.moment())

    def moment(self) -> Moment:
        """Return how things are, which is not copied."""
        engine, clock, slower = self.engine, self.clock, self.clock.slower
        lap = self.laps[-1] if self.laps else None
        values = (engine.parameters, engine.states)
        return Moment(
            step=clock.step,
            epoch=clock.epoch,
            parameters=engine.parameters,
            states=engine.states,
            lap={
                "epochs": lap.epochs if lap else 0,
                "epoch": lap.epoch if lap else clock.epoch,
                "step": lap.step if lap else clock.step,
            },
            fixed=lap.fixed if lap else {},
            start=lap.start if lap else values,
            slower=(slower.lr, slower.best, slower.waited) if slower else None,
            best=self.keeper.best if self.keeper else None,
            history=self.history,
        )

    def go_on(self, moment: Moment) -> None:
        """Take up the lap of a moment, and do what is left of it."""
        clock, self.began = self.clock, 0
        clock.step, clock.epoch = moment.step, moment.epoch
        if clock.slower is not None and moment.slower is not None:
            clock.slower.lr, clock.slower.best, clock.slower.waited = moment.slower
        if self.keeper is not None and moment.best is not None:
            self.keeper.best = moment.best
            if self.keeper.tired:
                raise Stopped("patience")
        if not moment.lap["epochs"]:
            return
        lap = self.begin(**moment.lap, fixed=moment.fixed, start=moment.start)
        done = moment.step - lap.step
        losses = moment.history.array("batch_loss")[lap.step : moment.step]
        lap.go_on(losses, moment.epoch - lap.epoch)
        if moment.epoch < lap.epoch + done // self.batches:
            # a callback ended the training before its epoch was looked at
            self.end_epoch(lap, done)
        if self.engine.converged:
            raise Stopped("converged")
        self.finish(lap, done)

    def lap(self, left: int) -> int:
        """Train for some whole epochs, of so many that are left; return how many."""
        began, clock = time.perf_counter(), self.clock
        epochs = self.fitting(left)
        start = (copies(self.engine.parameters), copies(self.engine.states))
        lap = self.begin(epochs, clock.step, clock.epoch, self.fixed(), start)
        self.finish(lap, 0)
        self.epoch_pace = (time.perf_counter() - began) / epochs
        return epochs

    def begin(
        self,
        epochs: int,
        step: int,
        epoch: int,
        fixed: Mapping[str, float],
        start: tuple[Arrays, Arrays],
    ) -> Lap:
        """Return the lap of some epochs, which is the present one from now on."""
        lap = Lap(
            epochs=epochs,
            count=self.count,
            batch_size=self.size,
            order=self.order(epochs, epoch),
            step=step,
            epoch=epoch,
            fixed=fixed,
            start=start,
        )
        self.laps = [*self.laps[-1:], lap]
        return lap

    def finish(self, lap: Lap, first: int) -> None:
        """Do the updates of a lap from one of them on, in as few calls as may be."""
        updates = lap.epochs * self.batches
        while first < updates:
            first = self.stretch(lap, first, self.piece(lap, first, updates - first))

    def piece(self, lap: Lap, first: int, most: int) -> int:
        """Return how many updates the next call of the engine does."""
        if self.by_epoch:
            # a lap that is taken up may have been begun for more epochs
            most = self.batches - first % self.batches
        ahead = self.saver.ahead(lap.step + first) if self.saver else None
        return most if ahead is None else min(most, ahead)

    def fitting(self, left: int) -> int:
        """Return how many epochs the next lap has: what one call of the engine does."""
        if self.by_epoch or self.epoch_pace is None:
            return 1
        most = MOST // (self.count if self.ordered else self.batches)
        return max(1, min(left, most, int(CALL / max(self.epoch_pace, 1e-9))))

    def order(self, epochs: int, epoch: int) -> Array | None:
        """Return the order of some epochs from `epoch` on, one after the other."""
        if not self.ordered:
            return None
        while len(self.orders) < epochs:
            self.shuffle(epoch)
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
        while self.ordered and len(self.orders) < most:
            self.shuffle(following)
            if time.perf_counter() > until:
                break

    def fixed(self) -> dict[str, float]:
        """Return the numbers that stay the same during the next lap."""
        epochs, slower = self.loop.epochs, self.clock.slower
        rate = {} if slower is None else {"lr": slower.lr}
        return {"epochs": epochs, "steps": epochs * self.batches, **rate}

    def stretch(self, lap: Lap, first: int, batches: int) -> int:
        """Do some updates of a lap, then what is due after them; return how many.

        They are fewer than `batches` when the saver, or Ctrl-C, asks for it.
        """
        stretch, watch = lap.stretch(first, batches)
        saver, self.watch = self.saver, watch

        def tick() -> None:
            if saver is not None and saver.due(lap.step + first + watch.done):
                watch.stop()
            if watch.done < batches:
                self.enter(lap, first + watch.done)
                self.tick()
            if self.engine.blocking:
                self.shuffle_ahead(lap)

        if self.by_batch:
            watch.told = lambda: self.told(lap, first, watch)
        elif (self.heard["on_tick"] or saver) and not self.engine.blocking:
            watch.told = tick
        self.obey()
        self.announce(first)
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
        if done % self.batches == 0:
            self.end_epoch(lap, done)
        self.tick()
        if saver is not None and saver.due(lap.step + done):
            self.save()
        if self.engine.converged:
            raise Stopped("converged")
        self.obey()
        return done

    def told(self, lap: Lap, first: int, watch: Watch) -> None:
        """Do what is due between two updates of a stretch, which began at `first`.

        What is due after the last one, the end of an epoch, say, follows the stretch.
        """
        done, saver = watch.done, self.saver
        self.clock.step += lap.enter(first + done, self.history)
        self.tell("on_batch_end")
        if done == len(watch.losses):
            return
        self.tick()
        if saver is not None and saver.due(lap.step + first + done):
            watch.stop()
        if not watch.stopping:
            self.tell("on_batch_begin")

    def announce(self, first: int) -> None:
        """Tell the callbacks what begins with an update of the lap."""
        if self.by_epoch and first % self.batches == 0:
            self.tell("on_epoch_begin")
        if self.by_batch:
            self.tell("on_batch_begin")

    def obey(self) -> None:
        """End the training when that was asked for."""
        if self.asked:
            raise Stopped(self.asked)

    def end_epoch(self, lap: Lap, done: int) -> None:
        """Do what is due after the last update of an epoch."""
        self.close(lap, done // self.batches)
        self.look()

    def perform(self, stretch: Stretch, watch: Watch, tick: Callable[[], None]) -> None:
        """Run a stretch, and learn how fast the engine is."""
        seconds = None if self.pace is None else self.pace * stretch.batches
        began = time.perf_counter()
        watched = bool(self.heard["on_tick"])
        perform(self.engine, stretch, watch, tick, seconds, watched)
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
        """Call every callback that hears it, then stop when one has asked for it."""
        if self.asked_by(event):
            raise Stopped("callback")

    def tick(self) -> None:
        """Tell those that look at the history now and then."""
        if self.asked_by("on_tick"):
            self.ask("callback")

    def asked_by(self, event: str) -> bool:
        """Call all that hear an event, and tell whether one asks for an end."""
        asked = [hear(self.history) for hear in self.heard[event]]
        return any(asked)

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
            self.engine.put(self.keeper.best.weights, {})
