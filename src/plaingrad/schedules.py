"""Schedules: the learning rate as an expression of the time."""

# ruff: noqa: ARG002 - all schedules have one signature

from __future__ import annotations

import math
from dataclasses import dataclass

from .errors import SettingError, fraction, positive, whole
from .graph import Node, as_node
from .ops import cos, leaf, minimum, setting, where
from .program import Plateau
from .remember import Remembered

# Constant is left out: a constant rate is written as a number, and plaingrad.Constant
# is the initialiser
__all__ = [
    "Cosine",
    "Exponential",
    "OneCycle",
    "ReduceOnPlateau",
    "Schedule",
    "StepDecay",
    "WarmUp",
]


@dataclass(frozen=True)
class Time:
    """Where the training stands, as numbers of the program.

    Attributes
    ----------
    step
        The number of this update: 1 in the first.
    epoch
        The number of this epoch: 0 in the first.
    steps, epochs
        How many there will be in the whole training.
    """

    step: Node
    epoch: Node
    steps: Node
    epochs: Node

    @classmethod
    def leaves(cls) -> Time:
        """Return the time as inputs of a program, by these names."""
        names = ("step", "epoch", "steps", "epochs")
        return cls(*(leaf(name, (), "time", "number") for name in names))


class Schedule(Remembered):
    """A learning rate that changes; subclass it and write `rate`."""

    def rate(self, time: Time) -> Node:
        """Return the learning rate, an expression of `time`."""
        raise NotImplementedError

    def parts(self, time: Time) -> dict[str, Node]:
        """Return what values inside the rate are called, by name."""
        return {}


class Constant(Schedule):
    """The same rate always.

    Parameters
    ----------
    lr
        The rate.
    """

    def __init__(self, lr: float) -> None:
        self.lr = float(positive("lr", lr))

    def rate(self, time: Time) -> Node:
        """Return lr."""
        return as_node(self.lr)


class StepDecay(Schedule):
    """Every so many epochs the rate falls by a factor: lr factor^(epoch // every).

    Parameters
    ----------
    lr
        The rate of the first epochs.
    every
        How many epochs a rate lasts.
    factor
        What it is multiplied with afterwards.
    """

    def __init__(self, lr: float, every: int, factor: float = 0.1) -> None:
        self.lr = float(positive("lr", lr))
        self.every = whole("every", every)
        self.factor = _decay(factor)

    def rate(self, time: Time) -> Node:
        """Return lr factor^(epoch // every)."""
        return self.lr * self.factor ** (time.epoch // self.every)


class Exponential(Schedule):
    """Every epoch the rate falls by a factor: lr factor^epoch.

    Parameters
    ----------
    lr
        The rate of the first epoch.
    factor
        What it is multiplied with after each epoch.
    """

    def __init__(self, lr: float, factor: float = 0.95) -> None:
        self.lr = float(positive("lr", lr))
        self.factor = _decay(factor)

    def rate(self, time: Time) -> Node:
        """Return lr factor^epoch."""
        return self.lr * self.factor**time.epoch


class Cosine(Schedule):
    """From lr to min_lr along half a cosine, update by update, without restarts.

    Parameters
    ----------
    lr
        The rate of the first update.
    min_lr
        What the rate approaches after the last update.

    Notes
    -----
    Loshchilov and Hutter, SGDR: stochastic gradient descent with warm restarts, 2017.
    """

    def __init__(self, lr: float, min_lr: float = 0.0) -> None:
        self.lr = float(positive("lr", lr))
        self.min_lr = _least(min_lr, self.lr)

    def rate(self, time: Time) -> Node:
        """Return min_lr + (lr - min_lr) (1 + cosine) / 2."""
        half = (self.lr - self.min_lr) / 2
        return self.min_lr + half * (1 + self.parts(time)["cosine"])

    def parts(self, time: Time) -> dict[str, Node]:
        """Name the cosine, which goes from 1 to -1."""
        return {"cosine": cos(math.pi * (time.step - 1) / time.steps)}


class OneCycle(Schedule):
    """Up to the highest rate and down to almost nothing, along two half cosines.

    Parameters
    ----------
    max_lr
        The highest rate.
    rise
        The share of the updates before it.
    start, end
        The first rate is max_lr / start, the last max_lr / (start end).

    Notes
    -----
    Smith and Topin, Super-convergence: very fast training of neural networks using
    large learning rates, 2018, in the two phases of PyTorch's OneCycleLR; momentum is
    left alone.
    """

    def __init__(
        self, max_lr: float, rise: float = 0.3, start: float = 25.0, end: float = 1e4
    ) -> None:
        self.max_lr = float(positive("max_lr", max_lr))
        self.rise = float(fraction("rise", rise))
        self.start = float(_above_one("start", start))
        self.end = float(_above_one("end", end))

    def rate(self, time: Time) -> Node:
        """Return low + (max_lr - low) (1 + cosine) / 2."""
        parts = self.parts(time)
        low = parts["low"]
        return low + (self.max_lr - low) * (1 + parts["cosine"]) / 2

    def parts(self, time: Time) -> dict[str, Node]:
        """Name the highest place, what lies on this side of it, and the cosine.

        The cosine goes from -1 to 1 at the peak and back to -1.
        """
        peak = self.rise * time.steps
        rising = time.step < peak
        length = where(rising, peak - 1, time.steps - peak)
        first = self.max_lr / self.start
        return {
            "peak": peak,
            "rising": rising,
            "low": where(rising, first, first / self.end),
            "length": length,
            "cosine": cos(math.pi * (time.step - peak) / length),
        }


class WarmUp(Schedule):
    """A rate that rises in a line, update by update, to that of another schedule.

    The other schedule runs from the start; its rate is multiplied with
    min(1, step / steps).

    Parameters
    ----------
    schedule
        The schedule to warm up, or a constant rate.
    steps, epochs
        How long the rise takes: a number of updates or of epochs.

    Notes
    -----
    Goyal et al., Accurate, large minibatch SGD, 2017, section 2.2.
    """

    def __init__(
        self,
        schedule: Schedule | float,
        steps: int | None = None,
        epochs: int | None = None,
    ) -> None:
        if isinstance(schedule, ReduceOnPlateau):
            raise SettingError(
                "ReduceOnPlateau changes the rate between epochs and cannot be warmed "
                "up. Use WarmUp with StepDecay or Cosine."
            )
        if (steps is None) == (epochs is None):
            raise SettingError(
                f"WarmUp takes steps or epochs, one of the two, got steps={steps} and "
                f"epochs={epochs}."
            )
        self.schedule = (
            schedule if isinstance(schedule, Schedule) else Constant(schedule)
        )
        self.steps = None if steps is None else whole("steps", steps)
        self.epochs = None if epochs is None else whole("epochs", epochs)

    def rate(self, time: Time) -> Node:
        """Return min(1, step / steps) times the rate of the other schedule."""
        if self.steps is not None:
            share = time.step / self.steps
        else:
            share = time.step * time.epochs / (as_node(self.epochs) * time.steps)
        return minimum(1, share) * self.schedule.rate(time)

    def parts(self, time: Time) -> dict[str, Node]:
        """Return the names of the other schedule."""
        return self.schedule.parts(time)


class ReduceOnPlateau(Schedule):
    """The rate falls by a factor when the loss has stopped falling.

    The rate is no expression of the time: the loop changes it after an epoch, as
    `Slower` does.

    Parameters
    ----------
    lr
        The rate of the first epochs.
    factor
        What it is multiplied with.
    patience
        How many epochs in a row may pass without improvement.
    min_lr
        The least rate.
    min_delta
        By how much a loss must lie under the best one to count as better.

    Notes
    -----
    As PyTorch's ReduceLROnPlateau with threshold_mode="abs" and eps=0.
    """

    def __init__(
        self,
        lr: float,
        factor: float = 0.1,
        patience: int = 10,
        min_lr: float = 0.0,
        min_delta: float = 1e-4,
    ) -> None:
        self.lr = float(positive("lr", lr))
        self.factor = _decay(factor)
        self.patience = whole("patience", patience, least=0)
        self.min_lr = _least(min_lr, self.lr)
        self.min_delta = float(fraction("min_delta", min_delta))

    def rate(self, time: Time) -> Node:
        """Return the number `lr`, which the loop changes."""
        return setting("lr", self.lr)


class Slower:
    """Lowers the rate when the loss stays where it is.

    Parameters
    ----------
    plateau
        When, and by how much: a `ReduceOnPlateau`, or a program's record of one.

    Attributes
    ----------
    lr
        The present rate.
    best
        The least loss so far.
    waited
        How many epochs have passed without a better one.
    """

    def __init__(self, plateau: ReduceOnPlateau | Plateau) -> None:
        self.plateau = plateau
        self.lr = plateau.lr
        self.best = math.inf
        self.waited = 0

    def look(self, loss: float) -> None:
        """Look at the loss of an epoch, and set the rate of the next."""
        if loss < self.best - self.plateau.min_delta:
            self.best, self.waited = loss, 0
            return
        self.waited += 1
        if self.waited > self.plateau.patience:
            self.lr = max(self.lr * self.plateau.factor, self.plateau.min_lr)
            self.waited = 0


def _decay(factor: float) -> float:
    """Return a factor when it lies in (0, 1)."""
    return float(positive("factor", fraction("factor", factor)))


def _least(min_lr: float, lr: float) -> float:
    """Return the least rate when it lies in [0, lr]."""
    if min_lr != 0 and positive("min_lr", min_lr) > lr:
        raise SettingError(f"min_lr must not be above lr={lr}, got {min_lr}.")
    return float(min_lr)


def _above_one(what: str, value: float) -> float:
    if positive(what, value) < 1:
        raise SettingError(
            f"{what} divides the highest rate and must be at least 1, got {value}."
        )
    return value
