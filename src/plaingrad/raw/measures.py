"""How good predictions for a table are: each measure with its interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .. import metrics
from .intervals import Array, Interval, bootstrap, wilson


@dataclass(frozen=True)
class Measure:
    """A measure of the predictions.

    Attributes
    ----------
    name
        "accuracy", "balanced", "log_loss", "r2", "rmse" or "mae".
    value, interval
        On the rows that were judged, and where it lies 95 times in 100.
    plain
        The value of always predicting the most frequent class, its shares, or the mean.
    """

    name: str
    value: float
    interval: Interval
    plain: float


def of_classes(y: Array, probs: Array, shares: Array, seed: int) -> list[Measure]:
    """Return the measures of a classifier.

    Parameters
    ----------
    y
        Classes 0, 1, ... of the rows, (n,).
    probs
        The probability of each class, (n, classes).
    shares
        The share of each class among these rows, (classes,).
    seed
        Of the draws for the intervals.
    """
    right, count = probs.argmax(axis=1) == y, len(y)

    def balanced(rows: Array) -> float:
        counts = np.bincount(y[rows])
        hits = np.bincount(y[rows], weights=right[rows])
        return float((hits[counts > 0] / counts[counts > 0]).mean())

    def log_loss(rows: Array) -> float:
        return float(losses[rows].mean())

    given = np.clip(probs[np.arange(count), y], np.finfo(np.float32).eps, 1)
    losses, every = -np.log(given), np.arange(count)
    present = shares[shares > 0]
    intervals = (
        wilson(int(right.sum()), count),
        bootstrap(balanced, count, seed),
        bootstrap(log_loss, count, seed),
    )
    return [
        Measure("accuracy", float(right.mean()), intervals[0], float(shares.max())),
        Measure("balanced", balanced(every), intervals[1], 1 / len(present)),
        Measure("log_loss", log_loss(every), intervals[2], _entropy(present)),
    ]


def of_numbers(y: Array, found: Array, mean: float, seed: int) -> list[Measure]:
    """Return the measures of a regression.

    Parameters
    ----------
    y, found
        True and predicted values, (n,).
    mean
        The mean in training, which is what a guess without inputs would be.
    seed
        Of the draws for the intervals.
    """
    guess = np.full(len(y), mean)

    def measured(name: str, measure: Callable[[Array, Array], float]) -> Measure:
        interval = bootstrap(lambda rows: measure(y[rows], found[rows]), len(y), seed)
        return Measure(name, measure(y, found), interval, measure(y, guess))

    return [
        measured("r2", metrics.r2),
        measured("rmse", _rmse),
        measured("mae", metrics.mae),
    ]


def _entropy(shares: Array) -> float:
    return float(-(shares * np.log(shares)).sum())


def _rmse(y: Array, found: Array) -> float:
    return float(np.sqrt(metrics.mse(y, found)))
