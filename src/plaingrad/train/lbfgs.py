"""L-BFGS: steps by the curvature that the last changes of the gradient tell of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..errors import no_slope
from ..full_batch import LBFGS
from .wolfe import Place, search

Array = np.ndarray[Any, Any]
Value = Callable[[Array], tuple[float, Array]]
SLOW = 5
"""How many steps in a row may hardly lower the loss."""
ROUNDING = 8
"""By how many units in the last place a loss may be wrong."""


class QuasiNewton:
    """A descent by L-BFGS.

    Parameters
    ----------
    value
        From a point to the loss and its gradient there.
    point
        Where to begin.
    chosen
        The settings.
    dtype
        The type of the numbers that the loss is computed in; points are rounded to it.

    Attributes
    ----------
    point, loss
        Where it stands, and the loss there.
    converged
        Whether it is at its end.
    """

    def __init__(self, value: Value, point: Array, chosen: LBFGS, dtype: str) -> None:
        self.chosen, self.dtype = chosen, dtype
        self.eps = float(np.finfo(dtype).eps)
        self.value = value
        self.point = point
        self.loss, self.gradient = value(point)
        self.converged = False
        self._pairs: list[tuple[Array, Array, float]] = []
        self._slow, self._lowest = 0, self.loss

    def step(self) -> None:
        """Go one step further, or find that there is none.

        Raises
        ------
        PlaingradError
            When the gradient is not finite.
        """
        if not np.isfinite(self.gradient @ self.gradient):
            raise no_slope(self.loss)
        found = self._along(self._direction())
        if found is None and self._pairs:
            # what was learnt about the curvature may be wrong here
            self._pairs.clear()
            found = self._along(self._direction())
        if found is None:
            self.converged = True
            return
        point, loss, gradient = found
        self._learn(point - self.point, gradient - self.gradient)
        least = max(self.chosen.tolerance, self.eps) * abs(self.loss)
        slow = self.chosen.tolerance and self._lowest - loss <= least
        self._slow = self._slow + 1 if slow else 0
        self._lowest = min(self._lowest, loss)
        self.converged = self._slow >= SLOW or not gradient.any()
        self.point, self.loss, self.gradient = point, loss, gradient

    def memory(self) -> dict[str, Array]:
        """Return what it takes to go on from this point as if there were no break."""
        changes = [[s, y] for s, y, _ in self._pairs]
        return {
            "changes": np.reshape(changes, (-1, 2, len(self.point))),
            "course": np.array([self._slow, self._lowest]),
        }

    def recall(self, memory: Mapping[str, Array]) -> None:
        """Go on with the memory of another descent, which came to this point."""
        self._pairs = [(s, y, 1 / float(s @ y)) for s, y in memory["changes"]]
        slow, self._lowest = memory["course"].tolist()
        self._slow = int(slow)

    def _direction(self) -> Array:
        """Return where to go: the two loops of Liu and Nocedal."""
        d = -self.gradient
        shares = []
        for s, y, rho in reversed(self._pairs):
            share = rho * (s @ d)
            d = d - share * y
            shares.append(share)
        if self._pairs:
            s, y, rho = self._pairs[-1]
            d = d / (rho * (y @ y))
        for (s, y, rho), share in zip(self._pairs, reversed(shares), strict=True):
            d = d + (share - rho * (y @ d)) * s
        return d

    def _along(self, d: Array) -> tuple[Array, float, Array] | None:
        """Search along a direction; return point, loss and gradient, or None."""
        slope = float(self.gradient @ d)
        if not slope < 0:
            return None
        seen: dict[float, tuple[Array, float, Array]] = {}

        def look(far: float) -> Place:
            point = (self.point + far * d).astype(self.dtype).astype(np.float64)
            loss, gradient = self.value(point)
            seen[far] = point, loss, gradient
            return Place(far, loss, float(gradient @ d))

        first = 1.0 if self._pairs else min(1.0, 1 / np.abs(d).sum())
        start = Place(0.0, self.loss, slope)
        found = search(look, start, first, ROUNDING * self.eps)
        return None if found is None else seen[found.far]

    def _learn(self, s: Array, y: Array) -> None:
        """Remember a change of the point, and what it made of the gradient."""
        curvature = float(s @ y)
        if curvature > self.eps * float(y @ y):
            self._pairs.append((s, y, 1 / curvature))
        del self._pairs[: -self.chosen.memory]
