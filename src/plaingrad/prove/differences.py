"""Slopes of a function that is a black box, from its values alone.

A slope is a central difference, taken at two steps and extrapolated to the step zero
(Richardson). How far rounding blurs the values is measured first, and the steps are
chosen by it: a function that computes in float32 needs steps a hundred times longer
than one that computes in float64, and shows fewer digits. Where the slopes to the left
and to the right differ at every step, the function has a kink, and there is no slope
that a gradient could be compared with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import DataError

Array = np.ndarray[Any, Any]
Function = Callable[[Array], Any]
SHORTER = (1.0, 0.1, 0.01, 0.001)
"""How much of the first step is tried, until the slope is sure."""
SURE = 1e-7
"""The relative error of a slope with which no shorter step is tried."""


@dataclass(frozen=True)
class Numeric:
    """Slopes that were measured.

    Attributes
    ----------
    value
        The slope at each place, float64, as long as there are places.
    error
        How far each slope may be from the truth, in the same unit.
    kink
        True where the function has a kink, or no finite values: no evidence.
    noise
        How far rounding blurs the function's values, in their unit.
    """

    value: Array
    error: Array
    kink: Array
    noise: float


def differentiate(
    f: Function, x: Array, places: Iterable[int] | None = None
) -> Numeric:
    """Return the slope of a function along entries of its array.

    Parameters
    ----------
    f
        Takes an array like `x` and returns a number. It is given copies, never `x`
        itself. It must return the same number whenever it is given the same array.
    x
        An array of floats, of any shape; its dtype is what `f` is given.
    places
        Which entries, counted as in `x.ravel()`; all of them by default.

    Raises
    ------
    DataError
        When `x` does not hold floats, or `f` does not return one finite number at it.

    Notes
    -----
    Each entry costs four evaluations, and up to sixteen beside a kink; some twenty
    more measure the noise.
    """
    x = np.asarray(x)
    if x.dtype.kind != "f":
        raise DataError(
            f"a slope needs an array of floats, got {x.dtype}. Whole numbers cannot "
            f"be changed a little: convert them with .astype(np.float64)."
        )
    middle = number(f(x.copy()))
    if not np.isfinite(middle):
        raise DataError(
            f"the function is {middle} at the given array: it must be finite there. "
            f"The usual causes are log(0), exp of a large number, or 0 / 0."
        )
    noise = _noise(f, x, middle)
    wanted = range(x.size) if places is None else places
    found = [_slope(_along(f, x, place), middle, noise) for place in wanted]
    columns = np.array(found, np.float64).reshape(-1, 3)
    return Numeric(columns[:, 0], columns[:, 1], columns[:, 2] > 0, noise)


def number(value: Any) -> float:
    """Return what a function returned as a number; complain when it is none."""
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "fiu":
        raise DataError(
            f"the function must return one number, got {_kind(array)}. "
            f"A loss is one number for the whole batch: take .mean() or .sum()."
        )
    return float(array.reshape(()))


def _kind(array: Array) -> str:
    return f"an array of shape {array.shape}, {array.dtype}"


Line = Callable[[float], tuple[float, float]]
"""From a wished step to the step that was taken and the value there."""


def _along(f: Function, x: Array, place: int) -> Line:
    size = max(1.0, abs(float(x.flat[place])))

    def line(step: float) -> tuple[float, float]:
        moved = x.copy()
        moved.flat[place] += step * size
        taken = float(moved.flat[place]) - float(x.flat[place])
        return taken, number(f(moved))

    return line


def _slope(line: Line, middle: float, noise: float) -> tuple[float, float, bool]:
    """Return slope, error and whether there is a kink, at the best of the steps."""
    first = max(noise / max(abs(middle), 1.0), 1e-16) ** 0.25
    best = (0.0, np.inf, True)
    for part in SHORTER:
        tried = _difference(line, middle, noise, first * part)
        if tried[1] < best[1]:
            best = tried
        if not best[2] and best[1] <= SURE * max(abs(best[0]), noise / first):
            break
    return best


def _difference(
    line: Line, middle: float, noise: float, step: float
) -> tuple[float, float, bool]:
    """Return slope, error and whether there is a kink, at one step and its half."""
    central, jump = [], []
    for h in (step, step / 2):
        (up, above), (down, below) = line(h), line(-h)
        if not (np.isfinite([above, below]).all() and up > 0 > down):
            return 0.0, np.inf, True
        central.append((above - below) / (up - down))
        jump.append((above - middle) / up - (below - middle) / down)
        blur = 2 * noise / (up - down)
    slope = (4 * central[1] - central[0]) / 3
    # Of a smooth function the jump halves with the step, at a kink it stays.
    kink = abs(2 * jump[1] - jump[0])
    spread = abs(central[1] - central[0])
    steepest = abs(slope) + abs(jump[1])
    bent = kink > 30 * blur and kink > 1e-4 * steepest
    return slope, spread + 4 * blur + (kink if bent else 0.0), bent


def _noise(f: Function, x: Array, middle: float) -> float:
    """Return how far rounding blurs the values of a function near an array.

    The fourth differences of values on a short line hold next to nothing but rounding
    (after Moré and Wild, "Estimating computational noise", 2011).
    """
    rng = np.random.default_rng(0)
    found = []
    for scale in (1e-6, 1e-6, 1e-9):
        start, way = scale * rng.normal(size=(2, *x.shape))
        line = [x + (10 * start + step * way).astype(x.dtype) for step in range(7)]
        values = np.array([number(f(moved)) for moved in line])
        if np.isfinite(values).all() and np.unique(values).size > 3:
            found.append(np.sqrt(np.square(np.diff(values, 4)).mean() / 70))
    floor = np.finfo(np.float64).eps * abs(middle) + np.finfo(np.float64).tiny
    return float(max(min(found, default=0.0), floor))
