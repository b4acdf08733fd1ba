"""Which learning rate: a training in which the rate rises from update to update."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from .errors import SettingError, positive, whole
from .full_batch import FullBatch
from .graph import Node
from .optimizers import Adam, Optimizer
from .schedules import Schedule, Time
from .train.callbacks import Callback
from .train.history import History
from .train.session import Prepared, Session
from .train.settings import Machine, Settings

Array = np.ndarray[Any, Any]
SMOOTH = 0.9
"""How much of the running mean of losses is left after an update."""
WORSE = 4.0
"""How many times the lowest smoothed loss ends the test."""
TENTH = 10.0
"""How much smaller than the rate of the lowest loss the suggested one is."""


class Rising(Schedule):
    """A rate that rises by the same factor from each update to the next.

    Parameters
    ----------
    lowest, highest
        The rates of the first and the last update.
    updates
        How many updates there are.
    """

    def __init__(self, lowest: float, highest: float, updates: int) -> None:
        self.lowest, self.highest = lowest, highest
        self.updates = updates

    def rate(self, time: Time) -> Node:
        """Return lowest (highest / lowest)^((step - 1) / (updates - 1))."""
        factor = (self.highest / self.lowest) ** (1 / (self.updates - 1))
        power: Node = factor ** (time.step - 1)
        return self.lowest * power


@dataclass(frozen=True, eq=False)
class RateTest:
    """A learning-rate range test (Smith, 2015): the loss while the rate rises.

    Attributes
    ----------
    rates, losses
        The rate and the loss of each update, (updates,).
    smoothed
        The running mean of the losses, without the bias of its start.
    risen
        Whether the loss became several times its lowest, or overflowed: whether the
        rates went far enough.
    """

    rates: Array
    losses: Array
    smoothed: Array
    risen: bool

    @property
    def lowest(self) -> float:
        """The rate at which the smoothed loss is lowest."""
        return float(self.rates[np.argmin(self.smoothed)])

    @property
    def suggestion(self) -> float:
        """A tenth of the rate at which the smoothed loss is lowest.

        There steps are about to become too long; well below they are safe and still
        about as long as they can be.
        """
        return self.lowest / TENTH

    def __str__(self) -> str:
        """Say what came of it."""
        told = (
            f"{len(self.rates)} updates, rates {self.rates[0]:.3g} to "
            f"{self.rates[-1]:.3g}: the loss is lowest at {self.lowest:.3g}; try "
            f"{self.suggestion:.2g}"
        )
        if self.risen:
            return told
        return f"{told}, or test a larger highest: the loss has not risen yet"


class _Enough(Callback):
    """Ends the test after its last update, or when the loss has become large.

    Attributes
    ----------
    smoothed
        The running mean of the losses, each divided by the sum of its weights.
    risen
        Whether the loss has become large.
    """

    def __init__(self, updates: int) -> None:
        self.updates, self.smoothed = updates, list[float]()
        self.mean, self.least, self.risen = 0.0, math.inf, False

    def on_batch_end(self, history: History) -> bool:
        """Return whether it is enough."""
        self.mean = SMOOTH * self.mean + (1 - SMOOTH) * history.batch_loss[-1]
        done = len(self.smoothed) + 1
        here = self.mean / (1 - SMOOTH**done)
        self.smoothed.append(here)
        self.least = min(self.least, here)
        self.risen = here - self.least > (WORSE - 1) * abs(self.least)
        return self.risen or done >= self.updates


def rising(settings: Settings, lowest: float, highest: float, updates: int) -> Settings:
    """Return the settings of a training whose rate rises.

    Raises
    ------
    SettingError
        When the bounds or the number of updates make no sense, or the optimiser has no
        rate.
    """
    positive("lowest", lowest)
    positive("highest", highest)
    whole("updates", updates, least=10)
    if lowest >= highest:
        raise SettingError(
            f"lowest must be a smaller rate than highest, got {lowest} and {highest}."
        )
    optimizer = settings.optimizer
    if isinstance(optimizer, FullBatch):
        raise SettingError(
            f"{optimizer!r} searches for the length of each step and has no rate to "
            f"find. Use an optimiser such as pg.SGD()."
        )
    schedule = Rising(float(lowest), float(highest), updates)
    return replace(
        settings,
        optimizer=_with_rate(optimizer, schedule),
        epochs=updates,
        validation=None,
        early_stopping=None,
    )


def _with_rate(optimizer: Optimizer | None, schedule: Schedule) -> Optimizer:
    """Return the optimiser with another rate."""
    chosen = Adam() if optimizer is None else optimizer
    try:
        return type(chosen).remade({**chosen.arguments, "lr": schedule})
    except TypeError:
        raise SettingError(
            f"{chosen!r} cannot be given another rate: its constructor has no argument "
            f"lr. Add one and pass it on: super().__init__(lr)."
        ) from None


def find_rate(prepared: Prepared, machine: Machine) -> RateTest:
    """Run the test of a training whose settings `rising` made."""
    session = Session.start(prepared, machine)
    enough = _Enough(prepared.training.settings.epochs)
    history = session.run([enough])
    if history.stopped == "interrupted":
        # half a test would suggest too small a rate
        raise KeyboardInterrupt
    losses = np.array(history.batch_loss, dtype=np.float64)
    overflowed = not np.isfinite(losses[-1])
    if overflowed:
        losses = losses[:-1]
    if len(losses) < 2:
        raise SettingError(
            "the loss is not finite at the lowest rate already. Choose a smaller "
            "lowest, or scale X and y to about -1 .. 1."
        )
    schedule = cast(Rising, prepared.training.recipe.optimizer.lr)
    rates = np.geomspace(schedule.lowest, schedule.highest, schedule.updates)
    risen = enough.risen or overflowed
    smoothed = np.array(enough.smoothed)
    return RateTest(rates[: len(losses)], losses, smoothed, risen)
