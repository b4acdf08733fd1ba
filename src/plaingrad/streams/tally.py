"""Loss and score of many samples, from those of a few at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


class Tally:
    """Puts together what was measured of some samples after others.

    Sums of squares are put together as in Chan, Golub and LeVeque, Updating formulae
    and a pairwise algorithm for computing sample variances, 1979.

    Parameters
    ----------
    reduction
        Whether a loss is the "mean" or the "sum" over samples.
    """

    def __init__(self, reduction: str) -> None:
        self.reduction, self.count = reduction, 0
        self._loss = self._score = 0.0
        self._error: Any = 0.0
        self._mean: Any = 0.0
        self._spread: Any = 0.0

    def add(self, count: int, loss: float, score: float) -> None:
        """Add loss and score of some samples."""
        self._loss += loss * (count if self.reduction == "mean" else 1)
        self._score += score * count
        self.count += count

    def add_pairs(self, pred: Array, y: Array) -> None:
        """Add predictions and targets, (n, ...), that were not added yet."""
        pred, y = pred.astype(np.float64), y.astype(np.float64)
        before, here = self.count, len(y)
        mean = y.mean(axis=0)
        away = mean - self._mean
        share = before * here / (before + here)
        self._error += ((pred - y) ** 2).sum(axis=0)
        self._spread += ((y - mean) ** 2).sum(axis=0) + share * away**2
        self._mean += away * here / (before + here)

    @property
    def loss(self) -> float:
        """The loss of all samples."""
        return self._loss / self.count if self.reduction == "mean" else self._loss

    @property
    def score(self) -> float:
        """The mean of the scores."""
        return self._score / self.count

    @property
    def r2(self) -> float:
        """The coefficient of determination, the mean over the columns of targets."""
        spread = np.where(self._spread > 0, self._spread, 1)
        return float(1 - np.mean(self._error / spread))
