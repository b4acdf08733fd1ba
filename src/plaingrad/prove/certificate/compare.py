"""Claimed gradients against measured slopes, array by array."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...run import compile_procedure
from ..differences import differentiate
from .claim import Claim
from .record import Row, Verdict
from .slope import Loss

Array = np.ndarray[Any, Any]
TOLERANCE = 1e-9
"""The largest relative error of a proved gradient; the complex step leaves 1e-13."""
FAINT = 1e-4
"""A gradient below this part of the largest in the network is measured by that part:
what rounding leaves of large numbers is no error of small ones."""
WAYS = 2
"""Random directions through an array of which only some entries are measured."""
VAGUE = 1e-3
"""Differences that are less sure than this tell nothing."""
CLEAR = 1e-5
"""Differences that are off by less than this, or ten times their own doubt, agree."""


@dataclass(frozen=True, eq=False)
class Way:
    """A random direction of length 1, and what is claimed and measured along it.

    `usual` is how large the claimed slope along such a direction is, as a rule, and
    `doubt` how far the measured one may be from the truth.
    """

    way: Array
    claimed: float
    usual: float
    measured: float
    doubt: float = 0.0


@dataclass(frozen=True, eq=False)
class Measured:
    """What was measured of one array.

    Attributes
    ----------
    claimed
        Its gradient, as the training has it.
    places, slopes, kinks
        Entries, counted as in `ravel`, their slopes, and which of them have none.
    doubts
        How far each slope may be from the truth, beside rounding.
    ways
        Random directions.
    second
        One of them once more, by differences.
    skipped
        How many entries are at a kink.
    moved
        Whether any of it was measured at a point close by.
    """

    claimed: Array
    method: str
    places: Array
    slopes: Array
    kinks: Array
    doubts: Array
    ways: tuple[Way, ...] = ()
    second: Way | None = None
    skipped: int = 0
    moved: bool = False

    @property
    def shown(self) -> bool:
        """Whether any slope could be measured."""
        return bool(self.ways) or not self.kinks.all()

    def with_more(self, other: Measured) -> Measured:
        """Return this with what was measured at a point close by.

        That is the directions, or all where nothing has a slope at the point itself.
        """
        if self.shown:
            return replace(self, ways=other.ways, second=other.second, moved=True)
        return replace(other, skipped=self.skipped, moved=True)

    @property
    def largest(self) -> float:
        """The largest entry that is claimed or measured."""
        both = np.concatenate([self.claimed.ravel(), self.slopes[~self.kinks]])
        return float(np.abs(both).max(initial=0.0))


class Point:
    """A point at which a loss is differentiated: parameters, data, and what is claimed.

    Parameters
    ----------
    claim
        The training.
    values
        Parameters and data, float64, by name.
    """

    def __init__(self, claim: Claim, values: Mapping[str, Any]) -> None:
        self.values = {**claim.fixed, **values}
        self.loss = Loss(claim.node, self.values, len(values["X"]))
        self._names = list(claim.loss.inputs)
        self._run = compile_procedure(claim.loss, "float64", "loss", self._names)

    def by_text(self, moved: Mapping[str, Array]) -> float:
        """Return the loss by the lines that are printed, with some arrays moved."""
        pool = {**self.values, **moved}
        with np.errstate(all="ignore"):
            return float(self._run(*[pool[name] for name in self._names])[0])


def measure(
    point: Point, name: str, claimed: Array, entries: int, seed: int
) -> Measured:
    """Measure the slopes of a loss by entries of an array and along directions.

    Parameters
    ----------
    point
        Where.
    name, claimed
        The array, and the gradient by it.
    entries
        How many entries to measure one by one; all of an array that has not more.
    seed
        What to draw these and the directions with.
    """
    rng = np.random.default_rng(seed)
    size, whole = claimed.size, claimed.size <= entries
    places = np.arange(size)
    if not whole:
        places = np.sort(rng.choice(size, entries, replace=False))
    if point.loss.unfit(name):
        return _by_differences(point, name, claimed, places)
    found = [point.loss.slope(name, _unit(claimed, int(place))) for place in places]
    slopes = np.array([slope.value for slope in found], np.float64)
    kinks = np.array([slope.kink for slope in found], bool) | ~np.isfinite(slopes)
    ways = [
        _way(point.loss, name, claimed, places[kinks], rng)
        for _ in range(1 if whole else WAYS)
    ]
    return Measured(
        claimed=claimed,
        method="complex step",
        places=places,
        slopes=slopes,
        kinks=kinks,
        doubts=np.zeros(len(places)),
        skipped=int(kinks.sum()),
        ways=tuple(way for way in ways if way is not None),
    )


def _unit(like: Array, place: int) -> Array:
    way = np.zeros(like.shape)
    way.flat[place] = 1.0
    return way


def _way(
    loss: Loss, name: str, claimed: Array, kinks: Array, rng: np.random.Generator
) -> Way | None:
    """Return a direction through all entries but some, unless it meets a kink."""
    way = rng.normal(size=claimed.size)
    way[kinks] = 0.0
    length = np.linalg.norm(way)
    if not length:
        return None
    way = (way / length).reshape(claimed.shape)
    slope = loss.slope(name, way)
    if slope.kink or not np.isfinite(slope.value):
        return None
    usual = float(np.linalg.norm(way * claimed))
    return Way(way, float(np.vdot(way, claimed)), usual, slope.value)


def _by_differences(point: Point, name: str, claimed: Array, places: Array) -> Measured:
    """Measure entries by differences: an operation takes no complex numbers."""
    found = differentiate(
        lambda x: point.by_text({name: x}), point.values[name], places
    )
    largest = np.abs(found.value[~found.kink]).max(initial=0.0)
    sure = found.kink | (found.error <= VAGUE * largest)
    return Measured(
        claimed=claimed,
        method="differences",
        places=places[sure],
        slopes=found.value[sure],
        kinks=found.kink[sure],
        doubts=found.error[sure],
        skipped=int(found.kink.sum()),
    )


def second_opinions(
    point: Point, measured: Mapping[str, Measured]
) -> dict[str, Measured]:
    """Measure one direction of each array once more, by differences of the loss alone.

    The loss is that of the printed lines, and is called as a black box.
    """
    firsts = {name: one.ways[0] for name, one in measured.items() if one.ways}
    if not firsts:
        return dict(measured)

    def along(steps: Array) -> float:
        pairs = zip(firsts.items(), steps, strict=True)
        return point.by_text(
            {name: point.values[name] + step * w.way for (name, w), step in pairs}
        )

    found = differentiate(along, np.zeros(len(firsts)))
    more = dict(measured)
    for place, (name, first) in enumerate(firsts.items()):
        if not found.kink[place]:
            value, doubt = float(found.value[place]), float(found.error[place])
            second = replace(first, measured=value, doubt=doubt)
            more[name] = replace(more[name], second=second)
    return more


def judge(layer: str, name: str, found: Measured, top: float) -> Row:
    """Return the row of an array; `top` is the largest gradient in the network."""
    good = ~found.kinks
    claimed = found.claimed.ravel()[found.places[good]]
    off = np.abs(claimed - found.slopes[good])
    scale = max(found.largest, FAINT * top)
    errors = [*map(_part(scale), off), *(_off(way, top) for way in found.ways)]
    excess = off - (TOLERANCE * scale + 10 * found.doubts[good])
    wrong = any(excess > 0) or any(_off(way, top) > TOLERANCE for way in found.ways)
    verdict, why = _verdict(found, wrong, top)
    worst = None
    if any(excess > 0):
        most = int(excess.argmax())
        index = np.unravel_index(found.places[good][most], found.claimed.shape)
        place = tuple(int(i) for i in index)
        worst = (place, float(claimed[most]), float(found.slopes[good][most]))
    return Row(
        layer=layer,
        name=name,
        shape=found.claimed.shape,
        method=found.method,
        error=max(errors, default=None),
        checked=int(good.sum()),
        ways=len(found.ways),
        kinks=found.skipped,
        moved=found.moved,
        second=_second(found.second, top),
        verdict=verdict,
        why=why,
        worst=worst,
    )


def _verdict(found: Measured, wrong: bool, top: float) -> tuple[Verdict, str]:
    """Return the verdict on an array, and why where nothing was shown."""
    if found.second is not None and _contradicts(found.ways[0], found.second, top):
        return "not shown", "disagree"
    if wrong:
        return "wrong", ""
    return ("proved", "") if found.shown else ("not shown", "kinks")


def _contradicts(first: Way, second: Way, top: float) -> bool:
    """Tell whether two measurements of one slope exclude each other."""
    off, scale = abs(first.measured - second.measured), _scale(second, top)
    return second.doubt < VAGUE * scale and off > max(10 * second.doubt, CLEAR * scale)


def _second(way: Way | None, top: float) -> float | None:
    """Return the error by differences, where these tell enough."""
    if way is None or way.doubt > VAGUE * _scale(way, top):
        return None
    return _off(way, top)


def _scale(way: Way, top: float) -> float:
    """Return how large the slope along a direction is, as a rule."""
    faint = FAINT * top / math.sqrt(way.way.size)
    return max(way.usual, abs(way.measured), faint)


def _off(way: Way, top: float) -> float:
    """Return the error along a direction."""
    return _part(_scale(way, top))(abs(way.claimed - way.measured))


def _part(scale: float) -> Callable[[float], float]:
    """Return the function that gives a difference as a part of a scale."""
    return lambda off: float(off / scale) if off else 0.0


def frozen(layer: str, name: str, shape: tuple[int, ...]) -> Row:
    """Return the row of an array that training leaves as it is."""
    return Row(
        layer=layer,
        name=name,
        shape=shape,
        method="",
        error=None,
        checked=0,
        ways=0,
        kinks=0,
        moved=False,
        second=None,
        verdict="frozen",
    )
