"""Levenberg-Marquardt: the residuals as if they were linear, as far as that holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from ..errors import no_slope
from ..full_batch import LevenbergMarquardt

Array = np.ndarray[Any, Any]
ROUGH = 1e-6
"""By what share the loss may rise where rounding is all that makes it differ."""
SHORTER = 0.9
"""How much shorter each step must be where losses tell no more."""
HOPELESS = 1e16
"""The damping at which a step is lost in the rounding of the parameters."""


class Squares(Protocol):
    """A loss that is the sum of the squares of residuals."""

    def residuals(self, point: Array) -> Array:
        """Return the residuals at a point, (m,)."""

    def jacobian(self, point: Array) -> Array:
        """Return their derivatives by each entry of the point, (m, entries)."""


class DampedNewton:
    """A descent by the method of Levenberg and Marquardt.

    Parameters
    ----------
    squares
        What is made small.
    point
        Where to begin.
    chosen
        The settings.
    dtype
        The type of the numbers that residuals are computed in; points are rounded to
        it.

    Attributes
    ----------
    point, loss
        Where it stands, and the loss there.
    converged
        Whether it is at its end.
    """

    def __init__(
        self, squares: Squares, point: Array, chosen: LevenbergMarquardt, dtype: str
    ) -> None:
        self.squares, self.chosen, self.dtype = squares, chosen, dtype
        self.eps = float(np.finfo(dtype).eps)
        self.point = point
        self.residuals = squares.residuals(point)
        self.loss = float(self.residuals @ self.residuals)
        self.converged = False
        self.damping, self._growth = chosen.damping, 2.0
        self._scale = np.zeros(len(point))
        self._last = np.inf

    def step(self) -> None:
        """Go one step further, or find that there is none.

        Raises
        ------
        PlaingradError
            When a derivative is not finite.
        """
        jacobian = self.squares.jacobian(self.point)
        if not np.isfinite(jacobian).all():
            raise no_slope(self.loss)
        self._scale = np.maximum(self._scale, np.linalg.norm(jacobian, axis=0))
        scale = np.where(self._scale > 0, self._scale, 1)
        left, sizes, right = np.linalg.svd(jacobian / scale, full_matrices=False)
        along = left.T @ self.residuals
        # in the others only rounding moves the residuals
        known = sizes > self.eps * sizes[0]
        # by how much the loss would fall if residuals were linear
        fall = float(along[known] @ along[known])
        if fall <= self.chosen.tolerance**2 * self.loss:
            self.converged = True
        elif not self._search(along, sizes, right, scale):
            self._polish(-(right[known].T @ (along[known] / sizes[known])), scale)

    def memory(self) -> dict[str, Array]:
        """Return what it takes to go on from this point as if there were no break."""
        numbers = np.array([self.damping, self._growth, self._last])
        return {"scale": self._scale, "damping": numbers}

    def recall(self, memory: Mapping[str, Array]) -> None:
        """Go on with the memory of another descent, which came to this point."""
        self._scale = memory["scale"]
        self.damping, self._growth, self._last = memory["damping"].tolist()

    def _search(self, along: Array, sizes: Array, right: Array, scale: Array) -> bool:
        """Go to where the loss is lower, by a step that is damped enough, if any is."""
        while self.damping < HOPELESS:
            # the minimum of |r + J h|^2 + damping |h|^2, in the directions of J
            pulled = sizes**2 + self.damping
            point = self._moved(-(right.T @ (sizes * along / pulled)), scale)
            residuals = self.squares.residuals(point)
            fallen = self.loss - float(residuals @ residuals)
            if fallen > 0:
                gain = float((along * sizes / pulled) ** 2 @ (pulled + self.damping))
                self.damping *= max(1 / 3, 1 - (2 * fallen / gain - 1) ** 3)
                self._growth = 2.0
                self._go(point, residuals)
                return True
            self.damping, self._growth = self.damping * self._growth, 2 * self._growth
        return False

    def _polish(self, h: Array, scale: Array) -> None:
        """Go on by full steps while they get shorter.

        That is near a minimum: losses there are as low as rounding lets them be, but
        steps still find the place.
        """
        size, point = float(np.linalg.norm(h)), self._moved(h, scale)
        residuals = self.squares.residuals(point)
        most = (1 + ROUGH) * self.loss
        if size < SHORTER * self._last and float(residuals @ residuals) <= most:
            self._last = size
            self._go(point, residuals)
        else:
            self.converged = True

    def _moved(self, h: Array, scale: Array) -> Array:
        """Return the point after a step in units of the scale, rounded."""
        return (self.point + h / scale).astype(self.dtype).astype(np.float64)

    def _go(self, point: Array, residuals: Array) -> None:
        self.converged = np.array_equal(point, self.point)
        self.point, self.residuals = point, residuals
        self.loss = float(residuals @ residuals)
