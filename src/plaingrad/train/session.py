"""One training of one network: its data prepared, its program composed, its engine."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np

from ..compose import Forward, compose, forward
from ..errors import PlaingradError, SettingError
from ..full_batch import FullBatch
from ..losses import Loss, choose, class_weights
from ..optimizers import Adam
from ..program import Program
from ..streams.feed import Feed
from ..streams.stream import Stream
from ..trace import Traced
from .callbacks import Callback
from .checks import (
    as_features,
    as_weights,
    cast,
    free_entries,
    same_length,
    something_free,
)
from .descent import Descent, check_full_batch
from .engines import start
from .history import History
from .loop import Clock, train
from .moment import Moment, Saver
from .settings import Machine, Settings
from .streamed import Streamed
from .stretch import Engine
from .training import Training

Array = np.ndarray[Any, Any]
VALIDATION = 0.1
"""The share of the samples that early stopping sets aside when none are given."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """Checked data, and all that the program to train on them needs.

    Attributes
    ----------
    network, training
        What is trained, and how.
    data
        X, y and, when samples are weighted, w; of a stream, a sample.
    validation
        X and y to validate on.
    given
        The arrays that the program reads beside them, by name.
    chosen
        What was chosen for the user, in a sentence each.
    frozen
        The parameters that stay as they are, all of them.
    feed
        What reads the samples of a stream.
    """

    network: Traced
    training: Training
    data: dict[str, Array]
    validation: tuple[Array, Array] | None
    given: dict[str, Array]
    chosen: list[str]
    frozen: tuple[str, ...]
    feed: Feed | None = None

    @cached_property
    def program(self) -> Program:
        """The program, composed when it is asked for."""
        return compose(self.network, self.training.recipe)

    def arrays(self) -> dict[str, Array]:
        """Return all arrays that the printed script loads, by name."""
        arrays = {**self.data, **self.given}
        if self.validation is not None:
            arrays["X_val"], arrays["y_val"] = self.validation
        return arrays


def prepare(
    network: Traced,
    X: Any,
    y: Any,
    settings: Settings,
    masks: Mapping[str, Array] | None = None,
    kept: Mapping[str, Array] | None = None,
    known: tuple[int, ...] | None = None,
) -> Prepared:
    """Check data and settings, before any work starts.

    Parameters
    ----------
    network
        The network.
    X, y
        Samples (n, ...) and their targets.
    settings
        How to train.
    masks
        Which entries of parameters are free to change, by parameter.
    kept
        Values to start from, by parameter.
    known
        The shape that one sample must have, when that is known.
    """
    features = as_features(X, settings.dtype, known)
    made = forward(network, features.shape[1:])
    parameters = made.trace.parameters
    free = free_entries(masks or {}, parameters)
    something_free(free, parameters)
    settings, loss, chosen = _complete(settings, y, made)
    target = prepare_target(loss, y, made, settings.dtype)
    same_length(features, target)
    weights = _weights(settings, target, len(features))
    data = {"X": features, "y": target} | ({} if weights is None else {"w": weights})
    data, validation = _divide(settings, loss, made, data)
    start = {n: v.copy() for n, v in (kept or {}).items() if n in parameters}
    training = Training(
        settings=replace(settings, validation=None, sample_weight=None),
        features=features.shape[1:],
        target=target.shape[1:],
        kind="int" if target.dtype.kind in "iu" else "float",
        count=len(data["X"]),
        single=np.ndim(y) == 1,
        truths=_truths(y, settings.dtype),
        validated=validation is not None,
        weighted=weights is not None,
        masks=tuple(free),
        kept=tuple(start),
    )
    given = {**start, **{f"free_{name}": mask for name, mask in free.items()}}
    frozen = tuple(name for name, d in parameters.items() if not d.trainable)
    return Prepared(network, training, data, validation, given, chosen, frozen)


def _complete(
    settings: Settings, y: Any, made: Forward
) -> tuple[Settings, Loss, list[str]]:
    """Return settings with nothing left to choose, the loss, and what was chosen."""
    chosen: list[str] = []
    loss = settings.loss
    if loss is None:
        loss, why = choose(y, made.output)
        chosen.append(f"loss {why}")
    if settings.optimizer is None:
        settings = replace(settings, optimizer=Adam())
        chosen.append(f"optimizer {Adam()!r}: it needs little tuning.")
    if settings.validation is None and settings.early_stopping is not None:
        settings = replace(settings, validation=VALIDATION)
        chosen.append(
            f"validation {VALIDATION:.0%} of the samples: for early stopping."
        )
    return replace(settings, loss=loss), loss, chosen


def prepare_target(loss: Loss, y: Any, made: Forward, dtype: str) -> Array:
    """Return targets as the loss and the program take them, checked."""
    target = loss.target(y, made.output.shape)
    return target if target.dtype.kind in "iu" else cast("y", target, dtype)


def _truths(y: Any, dtype: str) -> str:
    """Return the type in which truths are predicted: that of y, where it can be."""
    kind = np.asarray(y).dtype.kind
    return {"b": "bool", "f": dtype}.get(kind, "int64")


def _weights(settings: Settings, y: Array, count: int) -> Array | None:
    """Return the product of sample and class weights, or None."""
    weights = as_weights(settings.sample_weight, count)
    if settings.class_weight is not None:
        by_class = class_weights(y, settings.class_weight)
        weights = by_class if weights is None else weights * by_class
    return None if weights is None else cast("sample_weight", weights, settings.dtype)


def _divide(
    settings: Settings, loss: Loss, made: Forward, data: dict[str, Array]
) -> tuple[dict[str, Array], tuple[Array, Array] | None]:
    """Return the training arrays, and the validation arrays when there are any."""
    share, dtype = settings.validation, settings.dtype
    if not share:
        return data, None
    X, y = data["X"], data["y"]
    if isinstance(share, Stream):
        raise SettingError(
            "samples in arrays are validated on arrays: pass validation=(X, y), or a "
            "share such as 0.1."
        )
    if isinstance(share, tuple):
        X_val = as_features(share[0], dtype, X.shape[1:])
        y_val = prepare_target(loss, share[1], made, dtype)
        same_length(X_val, y_val, " in the validation data")
        return data, (X_val, y_val)
    from ..data.prepare import split

    places = np.arange(len(X))
    (rows, _), (held, _) = split(places, y, (1 - share, share), seed=settings.seed)
    return {name: values[rows] for name, values in data.items()}, (X[held], y[held])


def _other_engine(history: History, engine: Engine) -> list[str]:
    """Return a sentence when a training goes on by another engine than before."""
    if history.engine == engine.name:
        return []
    return [
        f"engine {engine.name} goes on after engine {history.engine}: the weights will "
        f"agree with those of one engine to rounding."
    ]


@dataclass(frozen=True, eq=False)
class Memory:
    """What a training needs of the one before to go on, beside the weights.

    Attributes
    ----------
    states
        The optimiser's memory, by name.
    clock, history, machine
        Where it stands, its course, and what it runs on.
    """

    states: dict[str, Array]
    clock: Clock
    history: History
    machine: Machine


@dataclass(eq=False)
class Session:
    """A training that can go on: what `fit` starts and `partial_fit` continues."""

    prepared: Prepared
    machine: Machine
    engine: Engine
    history: History
    clock: Clock = field(default_factory=Clock)
    _busy: bool = field(default=False, init=False)

    @classmethod
    def start(cls, prepared: Prepared, machine: Machine, shown: bool = False) -> Self:
        """Compose the program, draw the parameters and stand ready.

        `shown` says whether to tell of a long wait for the compiler.
        """
        program = prepared.program
        if isinstance(prepared.training.settings.optimizer, FullBatch):
            check_full_batch(prepared.network, prepared.training, program)
        began = time.perf_counter()
        count = prepared.training.count
        engine, chosen = start(program, prepared.given, machine, count, shown)
        if isinstance(prepared.training.settings.optimizer, FullBatch):
            whence = prepared.network, prepared.training, machine.threads
            engine = Descent(engine, program, prepared.given, *whence)
        if prepared.feed is not None:
            engine = Streamed(engine, prepared.feed)
        history = History(
            program.evaluate.results[1],
            chosen=[*prepared.chosen, *chosen],
            seed=program.loop.seed,
            engine=engine.name,
            compile_seconds=time.perf_counter() - began,
        )
        return cls(prepared, machine, engine, history)

    def run(
        self,
        callbacks: Iterable[Callback] = (),
        saver: Saver | None = None,
        moment: Moment | None = None,
    ) -> History:
        """Train as the program says, from the start or from a moment on."""
        if moment is not None:
            self.engine.put(moment.parameters, moment.states)
            moment.history.compile_seconds += self.history.compile_seconds
            moment.history.chosen += _other_engine(moment.history, self.engine)
            moment.history.engine = self.engine.name
            self.history = moment.history
        try:
            with self._alone():
                train(
                    self.engine,
                    self.prepared.program.loop,
                    self.prepared.data,
                    self.prepared.validation,
                    self.history,
                    callbacks,
                    self.clock,
                    saver,
                    moment,
                    self.prepared.training.count,
                )
        finally:
            if isinstance(self.engine, Streamed):
                self.engine.close()
        return self.history

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Use the engine in the block, which nobody else may use meanwhile."""
        if self._busy:
            raise PlaingradError(
                "the network is being trained, and neither a callback nor another "
                "thread can train it meanwhile. Train a copy: copy.deepcopy(net)."
            )
        self._busy = True
        try:
            yield
        finally:
            self._busy = False

    def check_endless(self) -> None:
        """Refuse a schedule that needs to know when the training ends."""
        if {"steps", "epochs"} & set(self.prepared.program.update.inputs):
            raise SettingError(
                f"the schedule {self.prepared.training.settings.optimizer!r} needs to "
                f"know how long the training will be, which partial_fit does not. Use "
                f"StepDecay, Exponential or a constant rate."
            )

    def suits(self, prepared: Prepared) -> bool:
        """Tell whether this program can go on with other data."""
        mine, theirs = self.prepared, prepared
        return (
            mine.frozen == theirs.frozen
            and all(
                getattr(mine.training, name) == getattr(theirs.training, name)
                for name in ("features", "target", "kind", "weighted", "masks")
            )
            and all(
                np.array_equal(mine.given[f"free_{name}"], theirs.given[f"free_{name}"])
                for name in mine.training.masks
            )
        )

    @property
    def memory(self) -> Memory:
        """What another session needs to go on."""
        states = dict(self.engine.states)
        return Memory(states, self.clock, self.history, self.machine)

    def take_over(self, other: Memory) -> None:
        """Go on with the memory, the clock and the history of another session."""
        mine, theirs = self.engine.states, other.states
        self.engine.put({}, {name: theirs[name] for name in mine if name in theirs})
        other.history.engine = self.engine.name
        other.history.compile_seconds += self.history.compile_seconds
        self.clock, self.history = other.clock, other.history

    def go_on(self, prepared: Prepared) -> History:
        """Train for one more epoch, on other samples of the same kind."""
        settings = prepared.training.settings
        loop = replace(
            settings.loop(prepared.training.count, validated=False),
            epochs=1,
            stopping=None,
        )
        # after a stream, too, it goes on with samples that are here
        engine = self.engine.inner if isinstance(self.engine, Streamed) else self.engine
        with self._alone():
            train(engine, loop, prepared.data, None, self.history, (), self.clock)
        return self.history

    def __deepcopy__(self, memo: dict[int, Any]) -> Session:
        """Return a session of its own; programs never change and are shared."""
        engine = copy.deepcopy(self.engine, memo)
        history = copy.deepcopy(self.history, memo)
        clock = copy.deepcopy(self.clock, memo)
        return Session(self.prepared, self.machine, engine, history, clock)
