"""A line search: how far to go along a direction that leads downhill.

Nocedal and Wright, Numerical Optimization, 2006, algorithms 3.5 and 3.6.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

ENOUGH = 1e-4
"""c1: the least share of the first slope by which the loss must fall."""
FLAT = 0.9
"""c2: the largest share of the first slope that may be left."""
MOST = 40
"""The most places of a line that are looked at."""
GROW = 4.0
"""How much further the next place is, while the loss still falls."""


@dataclass(frozen=True)
class Place:
    """A place on the line: how far it is, and the loss and its slope there."""

    far: float
    loss: float
    slope: float

    @property
    def finite(self) -> bool:
        """Whether there is a loss at all."""
        return math.isfinite(self.loss) and math.isfinite(self.slope)


def search(
    look: Callable[[float], Place], start: Place, first: float, rounding: float
) -> Place | None:
    """Return a place where the strong Wolfe conditions hold.

    Where none is found, as at a kink, it is the lowest one seen where the loss has
    fallen enough, behind the kink if possible (Lewis and Overton, Nonsmooth
    optimization via quasi-Newton methods, 2013), or None.

    Parameters
    ----------
    look
        From a distance to the place there.
    start
        The place at distance 0; its slope is negative.
    first
        The distance to try first.
    rounding
        By what share a loss may be wrong. Where losses are closer than that, slopes
        tell whether it falls (Hager and Zhang, 2005).
    """
    line = _Line(look, start, rounding * abs(start.loss))
    low, far = start, first
    while line.left:
        here = line.at(far)
        if line.good(here):
            return here
        if not here.finite or line.high(here, low):
            return line.zoom(low, here)
        if here.slope >= 0:
            return line.zoom(here, low)
        low, far = here, GROW * far
    return line.best


class _Line:
    """The line that is searched, and how often it may be looked at."""

    def __init__(
        self, look: Callable[[float], Place], start: Place, noise: float
    ) -> None:
        self.look, self.start, self.noise = look, start, noise
        self.left = MOST
        self.best: Place | None = None

    def at(self, far: float) -> Place:
        """Look at a place, and remember it if none is better."""
        self.left -= 1
        here = self.look(far)
        # by more than rounding, or a descent would never end
        fallen = here.loss < min(self.start.loss - self.noise, self.least(far))
        if (
            here.finite
            and fallen
            and (self.best is None or self._rank(here) < self._rank(self.best))
        ):
            self.best = here
        return here

    def _rank(self, here: Place) -> tuple[bool, float]:
        return here.slope < FLAT * self.start.slope, here.loss

    def least(self, far: float) -> float:
        """Return to what the loss must have fallen at a distance."""
        return self.start.loss + ENOUGH * far * self.start.slope

    def high(self, here: Place, low: Place) -> bool:
        """Tell whether the loss has not fallen enough, or rises again."""
        if abs(here.loss - self.start.loss) <= self.noise:
            return here.slope > (2 * ENOUGH - 1) * self.start.slope
        return here.loss > self.least(here.far) or here.loss >= low.loss

    def good(self, here: Place) -> bool:
        """Tell whether both conditions hold."""
        if not here.finite or self.high(here, self.start):
            return False
        return abs(here.slope) <= -FLAT * self.start.slope

    def zoom(self, low: Place, other: Place) -> Place | None:
        """Return a good place between two: the better end, and one behind a minimum.

        Or the best that was seen, when there is none.
        """
        while self.left:
            here = self.at(between(low, other))
            if here.far in (low.far, other.far):
                break
            if self.good(here):
                return here
            if not here.finite or self.high(here, low):
                other = here
                continue
            if here.slope * (other.far - low.far) >= 0:
                other = low
            low = here
        return self.best


def between(low: Place, other: Place) -> float:
    """Return the minimum of the cubic through two places, well inside of them."""
    width = other.far - low.far
    middle = low.far + width / 2
    if not other.finite:
        return low.far + width / 10
    third = low.slope + other.slope - 3 * (other.loss - low.loss) / width
    inside = third * third - low.slope * other.slope
    if not 0 <= inside < math.inf:
        return middle
    root = math.copysign(math.sqrt(inside), width)
    below = other.slope - low.slope + 2 * root
    if below == 0:
        return middle
    far = other.far - width * (other.slope + root - third) / below
    inner = min(max((far - low.far) / width, 0.1), 0.9)
    return low.far + inner * width
