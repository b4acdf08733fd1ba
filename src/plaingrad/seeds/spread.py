"""How far values of several runs lie apart, and how sure their mean is."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

from ..train.history import brief

SURE = 0.95
"""How often the interval of a mean holds the true one."""


@dataclass(frozen=True)
class Spread:
    """Values of one quantity, from several runs.

    Attributes
    ----------
    values
        One of each run.
    """

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean; not a number where there are no values, or one is not finite."""
        return statistics.fmean(self.values) if self._known(1) else math.nan

    @property
    def std(self) -> float:
        """The sample standard deviation, by n - 1; below two values not a number."""
        return statistics.stdev(self.values) if self._known(2) else math.nan

    def _known(self, least: int) -> bool:
        return len(self.values) >= least and all(map(math.isfinite, self.values))

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the true mean lies 95 times in 100; None where there is no deviation.

        That is Student's interval, mean -+ t std / sqrt(n), which supposes that the
        values are about normal. Student, The probable error of a mean, 1908.
        """
        if not self._known(2):
            return None
        count = len(self.values)
        half = student(count - 1) * self.std / math.sqrt(count)
        return self.mean - half, self.mean + half

    def __str__(self) -> str:
        """Say mean, deviation, and the lowest and highest value."""
        if not self.values:
            return "no values"
        if len(self.values) == 1:
            return brief(self.mean)
        low, high = brief(min(self.values)), brief(max(self.values))
        return f"{brief(self.mean)} ± {brief(self.std)} ({low} to {high})"


def student(freedom: int) -> float:
    """Return how many deviations hold 95 % of Student's distribution.

    Parameters
    ----------
    freedom
        The degrees of freedom, at least 1.
    """
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        if _within(middle, freedom) < SURE:
            low = middle
        else:
            high = middle
    return math.sqrt(freedom) * math.tan(low)


def _within(angle: float, freedom: int) -> float:
    """Return the share of Student's distribution within t = sqrt(freedom) tan(angle).

    Abramowitz and Stegun, Handbook of Mathematical Functions, 1964, 26.7.3 and 26.7.4.
    """
    odd, square = freedom % 2, math.cos(angle) ** 2
    term = math.cos(angle) if odd else 1.0
    total = term if freedom > 1 else 0.0
    for k in range(1 + odd, freedom - 1, 2):
        term *= k / (k + 1) * square
        total += term
    inner = math.sin(angle) * total
    return 2 / math.pi * (angle + inner) if odd else inner
