"""A training between two updates: what it takes to go on from there."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from .history import History
from .keeper import Best
from .stretch import Arrays


@dataclass(frozen=True, eq=False, kw_only=True)
class Moment:
    """All that a training needs to go on, bit for bit, beside its program and data.

    Shuffles and dropout are functions of the seed and of the clock, so they need no
    memory of their own.

    Attributes
    ----------
    step, epoch
        Updates and epochs that are done.
    parameters, states
        The weights and the optimiser's memory, by name.
    lap
        The epochs that were begun together: "epochs" of them, after "epoch" epochs and
        "step" updates.
    fixed
        The numbers that stay the same during them.
    start
        The parameters and states from before them, to which a divergence goes back.
    slower
        The rate, the best loss and the epochs since, where the loop lowers the rate.
    best
        What early stopping knows, where there is any.
    history
        The course of the training so far.
    """

    step: int
    epoch: int
    parameters: Arrays
    states: Arrays
    lap: Mapping[str, int]
    fixed: Mapping[str, float]
    start: tuple[Arrays, Arrays]
    slower: tuple[float, float, int] | None
    best: Best | None
    history: History


class Saver(Protocol):
    """What wants to see a training between two updates now and then."""

    def ahead(self, step: int) -> int | None:
        """Return after how many updates it has to; None when any number will do."""

    def due(self, step: int) -> bool:
        """Tell whether it wants to as soon as the present update is done."""

    def save(self, moment: Moment) -> None:
        """Look at a moment, whose arrays change when training goes on."""


@contextmanager
def patient(stop: Callable[[], None]) -> Iterator[None]:
    """Take the first Ctrl-C as the wish to stop soon; a second one works as usual.

    Python hears signals in its main thread; elsewhere everything works as usual.
    """
    before = signal.getsignal(signal.SIGINT)
    here = threading.current_thread() is threading.main_thread()
    if not here or not callable(before):
        yield
        return

    def hear(number: int, frame: Any) -> None:
        signal.signal(signal.SIGINT, before)
        stop()

    signal.signal(signal.SIGINT, hear)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
