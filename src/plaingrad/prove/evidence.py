"""What was claimed and what was measured, at one or two settings of the parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import DataError
from .differences import Numeric, differentiate

Array = np.ndarray[Any, Any]
Arrays = Mapping[str, Array]
EXACT, ROUNDED = 1e-6, 3e-4
"""What part of the largest slope a float64, a float32 gradient may be off."""
UNSEEN = "unseen"


@dataclass(frozen=True)
class Behaviour:
    """What code does: a loss of parameters by name, and the gradients it claims."""

    loss: Callable[[Arrays], float]
    gradients: Callable[[Arrays], Mapping[str, Any]]


@dataclass(frozen=True)
class Measured:
    """The slopes of one parameter at some of its entries.

    Attributes
    ----------
    places
        Which entries, in the flat array.
    slopes
        The slope, its error and the kinks at each.
    ways
        Directions in which all entries were moved at once, (ways, *shape); for arrays
        of which some entries are not looked at alone.
    along
        The slopes in these directions.
    """

    places: Array
    slopes: Numeric
    ways: Array
    along: Numeric

    @cached_property
    def scale(self) -> float:
        """The size of the largest slope that was seen."""
        seen = np.abs(self.slopes.value[~self.slopes.kink])
        return float(seen.max(initial=0.0))


@dataclass(frozen=True)
class Point:
    """One setting of the parameters, what is claimed there and what was measured."""

    params: Arrays
    claimed: Mapping[str, Any]
    measured: Mapping[str, Measured]

    def seen(self, name: str) -> bool:
        """Return whether anything can be said about a parameter here."""
        return not self.measured[name].slopes.kink.all()

    def fits(self, name: str, gradient: Any) -> bool:
        """Return whether an array agrees with the slopes of a parameter."""
        array = as_gradient(gradient, self.params[name].shape)
        if array is None:
            return False
        off, allowed = self.differences(name, array)
        if (off > allowed).any():
            return False
        along = self.measured[name].along
        if along.kink.all():
            return True
        ways = self.measured[name].ways
        claimed = np.tensordot(ways, array, array.ndim)
        room = 3 * along.error + 3 * tolerance(array) * np.linalg.norm(array)
        return bool((np.abs(claimed - along.value) <= room)[~along.kink].all())

    def differences(self, name: str, array: Array) -> tuple[Array, Array]:
        """Return how far an array is off at the entries, and how far it may be."""
        measured = self.measured[name]
        slopes, use = measured.slopes, ~measured.slopes.kink
        off = np.abs(array.ravel()[measured.places] - slopes.value)[use]
        floor = 1e-9 * max(other.scale for other in self.measured.values())
        allowed = 3 * slopes.error[use] + tolerance(array) * measured.scale + floor
        return np.where(np.isfinite(off), off, np.inf), allowed

    def relative(self, name: str) -> float:
        """Return the largest error of a claim, as a part of the largest slope."""
        array = as_gradient(self.claimed[name], self.params[name].shape)
        if array is None:
            return np.inf
        off, _ = self.differences(name, array)
        largest = float(off.max(initial=0.0))
        size = max(self.measured[name].scale, float(np.abs(array).max(initial=0.0)))
        return largest / size if size else 0.0


@dataclass(frozen=True)
class Evidence:
    """The points at which code was looked at.

    Attributes
    ----------
    points
        The given setting of the parameters, and one beside it where that is possible.
    scalars
        Numbers that the code knows by name (lr, n, keep), for naming a factor.
    sizes
        How many samples the data have, as far as that is seen.
    """

    points: tuple[Point, ...]
    scalars: Mapping[str, float]
    sizes: frozenset[int]

    @property
    def names(self) -> list[str]:
        """The parameters."""
        return list(self.points[0].params)

    def sloping(self, name: str) -> bool:
        """Return whether the loss changes with a parameter at all."""
        return any(point.measured[name].scale > 1e-12 for point in self.points)

    def wrong(self) -> list[str]:
        """Return the parameters whose claimed gradient disagrees with the slopes."""
        return [name for name in self.names if not self.agrees(name, claim_of(name))]

    def agrees(self, name: str, guess: Callable[[Point], Any]) -> bool:
        """Return whether a guess made from each point agrees with its slopes."""
        try:
            with np.errstate(all="ignore"):
                return all(p.fits(name, guess(p)) for p in self.points if p.seen(name))
        except (ValueError, TypeError, IndexError, AttributeError):
            return False


def claim_of(name: str) -> Callable[[Point], Any]:
    """Return what is claimed for a parameter, as a guess."""
    return lambda point: point.claimed[name]


def as_gradient(value: Any, shape: tuple[int, ...]) -> Array | None:
    """Return a claim as an array of the right shape; None when it is none."""
    if value is None or isinstance(value, (str, bytes)):
        return None
    try:
        array = np.asarray(value)
    except ValueError:
        return None
    if array.dtype.kind not in "fiub" or array.shape != shape:
        return None
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def tolerance(array: Array) -> float:
    """Return what part of the largest slope a gradient may be off, by its digits."""
    single = array.astype(np.float32)
    rounded = bool((single == array).all()) and bool(
        (array != np.round(array, 2)).any()
    )
    return ROUNDED if array.dtype.itemsize < 8 or rounded else EXACT


def measure(
    loss: Callable[[Arrays], float], params: Arrays, name: str, entries: int
) -> Measured:
    """Measure slopes of a loss along one parameter."""
    array = params[name]
    rng = np.random.default_rng(array.size)

    def along_entry(moved: Array) -> float:
        return loss({**params, name: moved})

    def along_way(step: Array) -> float:
        moved = array + (step[0] * ways[0] + step[1] * ways[1]).astype(array.dtype)
        return loss({**params, name: moved})

    if array.size <= entries:
        places = np.arange(array.size)
        ways = np.zeros((0, *array.shape))
        along = Numeric(np.zeros(0), np.zeros(0), np.zeros(0, bool), 0.0)
    else:
        places = np.sort(rng.choice(array.size, entries, replace=False))
        ways = rng.choice([-1.0, 1.0], (2, *array.shape))
        along = differentiate(along_way, np.zeros(2, array.dtype))
    return Measured(places, differentiate(along_entry, array, places), ways, along)


def look(behaviour: Behaviour, params: Arrays, entries: int) -> Point:
    """Return what code claims at a setting of its parameters, and the slopes there."""
    measured = {name: measure(behaviour.loss, params, name, entries) for name in params}
    return Point(params, behaviour.gradients(params), measured)


def beside(params: Arrays) -> Arrays:
    """Return parameters a little way off, where no bias is exactly zero."""
    rng = np.random.default_rng(1)
    moved = {}
    for name, array in params.items():
        size = float(np.linalg.norm(array)) / np.sqrt(array.size) or 0.5
        step = rng.uniform(-0.2 * size, 0.2 * size, array.shape)
        moved[name] = (array + step).astype(array.dtype)
    return moved


def points(behaviour: Behaviour, params: Arrays, entries: int) -> Iterable[Point]:
    """Yield the given setting, and one beside it if the loss is finite there."""
    yield look(behaviour, params, entries)
    try:
        yield look(behaviour, beside(params), max(entries // 2, 1))
    except (DataError, ArithmeticError, ValueError):
        return
