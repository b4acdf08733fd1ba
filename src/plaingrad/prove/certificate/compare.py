"""Claimed gradients against measured slopes, array by array."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...errors import DataError
from ...run import compile_procedure
from ..differences import differentiate
from .claim import Claim
from .record import Row, Verdict
from .slope import Loss

Array = np.ndarray[Any, Any]
TOLERANCE = 1e-9
"""The largest relative error of a proved gradient; the complex step leaves 1e-13."""
SHAKE = 1e-15
"""By which part weights are changed at random to see what rounding does to a gradient:
about five times their own rounding."""
ROUNDING = 30 / TOLERANCE
"""An error below 30 times what such a change does is rounding."""
LOST = 1e3
"""How many times its largest entry that may be; beyond, nothing is left to compare."""
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
    noise
        How much rounding changes an entry of the gradient, about.
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
    noise: float = 0.0

    @property
    def shown(self) -> bool:
        """Whether entries have slopes, and a gradient that is more than rounding."""
        return self.largest > ROUNDING * self.noise and not self.kinks.all()

    @property
    def complete(self) -> bool:
        """Whether nothing needs to be measured close by."""
        return self.shown and (bool(self.ways) or self.method == "differences")

    def with_more(self, other: Measured) -> Measured:
        """Return this with what was measured at a point close by.

        That is the directions, or all where nothing is shown at the point itself.
        """
        if self.shown:
            return replace(self, ways=other.ways, second=other.second, moved=True)
        return replace(other, skipped=self.skipped, moved=True)

    @property
    def largest(self) -> float:
        """The largest entry that is claimed or measured."""
        return max(largest(self.claimed), largest(self.slopes[~self.kinks]))

    @property
    def scale(self) -> float:
        """What an error of an entry is a part of."""
        return max(self.largest, ROUNDING * self.noise)

    @property
    def lost(self) -> bool:
        """Whether rounding leaves too little of the gradient to compare."""
        return ROUNDING * self.noise > LOST * self.largest > 0

    def scale_of(self, way: Way) -> float:
        """Return what an error along a direction is a part of."""
        return max(way.usual, abs(way.measured), ROUNDING * self.noise)

    def off(self, way: Way) -> float:
        """Return the error along a direction."""
        return part(abs(way.claimed - way.measured), self.scale_of(way))


class Point:
    """A point at which a loss is differentiated: parameters, data, and what is claimed.

    Parameters
    ----------
    claim
        The training.
    values
        Parameters and data, float64, by name.

    Raises
    ------
    DataError
        When the loss is not finite there.
    """

    def __init__(self, claim: Claim, values: Mapping[str, Any]) -> None:
        self.values = {**claim.fixed, **values}
        self.loss = Loss(claim.node, self.values, len(values["X"]))
        if not np.isfinite(self.loss.value):
            raise DataError(
                f"the loss is {self.loss.value} on these samples, so it has no slopes. "
                f"The usual causes are weights that training made infinite, and "
                f"samples that are not scaled to about -1 .. 1."
            )
        self._names = list(claim.loss.inputs)
        self._run = compile_procedure(claim.loss, "float64", "loss", self._names)
        self.claimed = claim.everything(self.values)
        self.noise = self._noise(claim)

    def _noise(self, claim: Claim) -> dict[str, float]:
        """Return how much rounding may change an entry of each gradient, about.

        That is what rounding of the weights would change, and the rounding of what
        single samples contribute, which may cancel in the sum.
        """
        noise = dict.fromkeys(self.claimed, np.inf)
        for seed in (0, 1):
            rng = np.random.default_rng(seed)
            shaken = {
                name: self.values[name] * (1 + rng.normal(0, SHAKE, gradient.shape))
                for name, gradient in self.claimed.items()
                if name != "X"
            }
            for name, other in claim.everything({**self.values, **shaken}).items():
                # where it makes a choice another one, a change may be large
                noise[name] = min(noise[name], largest(other - self.claimed[name]))
        for sample in range(len(self.values["X"])):
            rows = {n: self.values[n][sample : sample + 1] for n in claim.data}
            for name, one in claim.everything({**self.values, **rows}).items():
                noise[name] = max(noise[name], SHAKE / 10 * largest(one))
        return noise

    def by_text(self, moved: Mapping[str, Array]) -> float:
        """Return the loss by the lines that are printed, with some arrays moved."""
        pool = {**self.values, **moved}
        with np.errstate(all="ignore"):
            return float(self._run(*[pool[name] for name in self._names])[0])


def measure(point: Point, name: str, entries: int, seed: int) -> Measured:
    """Measure the slopes of a loss by entries of an array and along directions.

    Parameters
    ----------
    point
        Where.
    name
        The array.
    entries
        How many entries to measure one by one; all of an array that has not more.
    seed
        What to draw these and the directions with.
    """
    rng, claimed = np.random.default_rng(seed), point.claimed[name]
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
        noise=point.noise[name],
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
    usual = float(np.linalg.norm(np.nan_to_num(way * claimed)))
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
        noise=point.noise[name],
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


def judge(layer: str, name: str, found: Measured) -> Row:
    """Return the row of an array."""
    good = ~found.kinks
    claimed = found.claimed.ravel()[found.places[good]]
    off = np.nan_to_num(np.abs(claimed - found.slopes[good]), nan=np.inf)
    errors = [part(one, found.scale) for one in off] + [*map(found.off, found.ways)]
    excess = off - (TOLERANCE * found.scale + 10 * found.doubts[good])
    wrong = any(excess > 0) or any(found.off(way) > TOLERANCE for way in found.ways)
    verdict, why = _verdict(found, wrong)
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
        second=_second(found),
        verdict=verdict,
        why=why,
        worst=worst,
    )


def _verdict(found: Measured, wrong: bool) -> tuple[Verdict, str]:
    """Return the verdict on an array, and why where nothing was shown."""
    if _contradicted(found):
        return "not shown", "disagree"
    if wrong:
        return "wrong", ""
    if found.lost:
        return "not shown", "lost"
    shown = found.ways or not found.kinks.all()
    return ("proved", "") if shown else ("not shown", "kinks")


def _contradicted(found: Measured) -> bool:
    """Tell whether two measurements of one slope exclude each other."""
    if found.second is None:
        return False
    first, second = found.ways[0].measured, found.second
    doubt, scale = second.doubt, found.scale_of(second)
    return doubt < VAGUE * scale and abs(first - second.measured) > max(
        10 * doubt, CLEAR * scale
    )


def _second(found: Measured) -> float | None:
    """Return the error by differences, where these tell enough."""
    way = found.second
    if way is None or way.doubt > VAGUE * found.scale_of(way):
        return None
    return found.off(way)


def part(off: float, scale: float) -> float:
    """Return a difference as a part of a scale; infinite when it is none."""
    if off == 0:
        return 0.0
    return float(off / scale) if np.isfinite(off) and scale else np.inf


def largest(values: Array) -> float:
    """Return the largest absolute value of those that are finite."""
    return float(np.abs(values).max(initial=0.0, where=np.isfinite(values)))
