"""Mistakes that show in the numbers: what was claimed beside what was measured.

Each hypothesis looks at one parameter and returns a guess when it explains all entries
at all points, within their errors. The first that does is taken.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .evidence import Evidence, Point, as_gradient, claim_of
from .kinds import scalar_kind

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Guess:
    """A cause, and the equation that holds between claim and measurement.

    Attributes
    ----------
    cause
        Its name in `causes.CAUSES`.
    holds
        Such as "claimed = 20 * measured (20 = n)".
    factor
        The constant factor, where it is one.
    """

    cause: str
    holds: str = ""
    factor: float | None = None


Hypothesis = Callable[[Evidence, str], Guess | None]


def guess(evidence: Evidence, name: str) -> Guess:
    """Return the first hypothesis that explains the gradient of a parameter."""
    with np.errstate(all="ignore"):
        return next(
            found
            for hypothesis in HYPOTHESES
            if (found := hypothesis(evidence, name)) is not None
        )


def _claims(evidence: Evidence, name: str) -> list[Any]:
    return [point.claimed[name] for point in evidence.points]


def _shape(evidence: Evidence, name: str) -> tuple[int, ...]:
    return tuple(evidence.points[0].params[name].shape)


def _stacked(evidence: Evidence, name: str) -> tuple[Array, Array, Array]:
    """Return measured slopes, claims and parameters where there is evidence."""
    parts = []
    for point in evidence.points:
        measured = point.measured[name]
        places = measured.places[~measured.slopes.kink]
        slopes = measured.slopes.value[~measured.slopes.kink]
        flat = [
            np.asarray(a).ravel()[places]
            for a in (point.claimed[name], point.params[name])
        ]
        parts.append([slopes, *flat])
    slopes, claimed, params = (
        np.concatenate(x).astype(np.float64) for x in zip(*parts, strict=True)
    )
    return slopes, claimed, params


def _missing(evidence: Evidence, name: str) -> Guess | None:
    for claim in _claims(evidence, name):
        if claim is None or np.asarray(claim).dtype.kind not in "fiub":
            return Guess("missing", f"claimed: {type(claim).__name__}")
    return None


def _other_shape(evidence: Evidence, name: str) -> Guess | None:
    claim, shape = np.asarray(_claims(evidence, name)[0]), _shape(evidence, name)
    if claim.shape == shape:
        return None

    def claimed(point: Point) -> Array:
        return np.asarray(point.claimed[name])

    told = f"{claim.shape} != {shape}"
    if evidence.agrees(name, lambda p: claimed(p).T):
        return Guess("transposed", f"{told}, claimed.T = measured")
    if evidence.agrees(name, lambda p: claimed(p).reshape(shape)):
        return Guess("shape", f"{told}, claimed.reshape{shape} = measured")
    lost = claim.ndim - len(shape)
    for reduced, word in ((np.sum, "sum"), (np.mean, "mean")):
        for axes in itertools.combinations(range(claim.ndim), max(lost, 1)):

            def collapsed(p: Point, f: Any = reduced, axes: Any = axes) -> Array:
                return np.asarray(f(claimed(p), axis=axes)).reshape(shape)

            if evidence.agrees(name, collapsed):
                spelled = axes[0] if len(axes) == 1 else axes
                return Guess(
                    "unsummed", f"{told}, claimed.{word}(axis={spelled}) = measured"
                )
    if len(shape) == 1 and lost > 0 and claim.shape[-1:] == shape:
        return Guess("unsummed", told)
    return Guess("shape", told)


def _not_finite(evidence: Evidence, name: str) -> Guess | None:
    if all(np.isfinite(claim).all() for claim in _claims(evidence, name)):
        return None
    return Guess("nan", "claimed: nan / inf")


def _zeros(evidence: Evidence, name: str) -> Guess | None:
    if any(np.any(claim) for claim in _claims(evidence, name)):
        return None
    return Guess("zeros", "claimed = 0")


def _stale(evidence: Evidence, name: str) -> Guess | None:
    claims = _claims(evidence, name)
    if len(claims) < 2 or not np.array_equal(*claims):
        return None
    return Guess("stale", f"claimed({name}) = claimed({name} + step)")


def _factor(evidence: Evidence, name: str) -> Guess | None:
    slopes, claimed, _ = _stacked(evidence, name)
    if not slopes.any() or not claimed.any():
        return None
    factor = float(claimed @ claimed / (claimed @ slopes)) if claimed @ slopes else 0.0
    if not factor or not evidence.agrees(name, lambda p: p.claimed[name] / factor):
        return None
    cause, word = named_factor(factor, evidence)
    about = f" ({word})" if word else ""
    return Guess(cause, f"claimed = {factor:.4g} * measured{about}", factor)


def named_factor(factor: float, evidence: Evidence) -> tuple[str, str]:
    """Return the cause of a constant factor, and the factor in words of the code."""
    if np.isclose(factor, -1, rtol=1e-4):
        return "sign", ""
    for size in sorted(evidence.sizes):
        for value, word in ((size, "n = {}"), (1 / size, "1 / n, n = {}")):
            if size > 2 and np.isclose(factor, value, rtol=1e-4):
                return "batch", word.format(size)
    if np.isclose(factor, [2, 0.5], rtol=1e-4).any():
        return "twice", ""
    for name, value in evidence.scalars.items():
        for made, word in _powers(name, value):
            if np.isclose(abs(factor), made, rtol=1e-4):
                return _kind(name, evidence, value), word
    if np.isclose(
        abs(factor), [s for n in evidence.sizes for s in (n, 1 / n)], rtol=1e-4
    ).any():
        return "batch", ""
    return "factor", ""


def _powers(name: str, value: float) -> Iterable[tuple[float, str]]:
    if not np.isfinite(value) or value in (0, 1):
        return
    yield from ((value, name), (1 / value, f"1 / {name}"))
    yield from ((value**2, f"{name} ** 2"), (1 / value**2, f"1 / {name} ** 2"))
    yield from ((2 * value, f"2 * {name}"), (0.5 / value, f"1 / (2 * {name})"))
    if 0 < value < 1:
        yield from ((1 - value, f"1 - {name}"), (1 / (1 - value), f"1 / (1 - {name})"))


def _kind(name: str, evidence: Evidence, value: float) -> str:
    return "batch" if value in evidence.sizes else scalar_kind(name)


def _of_another(evidence: Evidence, name: str) -> Guess | None:
    for other in evidence.names:
        if other == name or not evidence.agrees(other, claim_of(name)):
            continue
        if evidence.agrees(name, claim_of(other)):
            return Guess("swapped", f"claimed(d{name}) = measured(d{other})")
        return Guess("other", f"claimed(d{name}) = measured(d{other})")
    return None


def _turned(evidence: Evidence, name: str) -> Guess | None:
    shape = _shape(evidence, name)
    axes = range(len(shape))

    def laid(f: Any, *how: Any) -> bool:
        return evidence.agrees(name, lambda point: f(point.claimed[name], *how))

    for order in itertools.islice(itertools.permutations(axes), 1, 24):
        same = tuple(shape[axis] for axis in order) == shape
        if same and laid(np.transpose, order):
            return Guess("transposed", f"claimed.transpose{order} = measured")
    for count in range(1, len(shape) + 1):
        for flips in itertools.combinations(axes, count):
            if laid(np.flip, flips):
                return Guess("flipped", f"np.flip(claimed, {flips}) = measured")
    return None


def _penalty(evidence: Evidence, name: str) -> Guess | None:
    slopes, claimed, params = _stacked(evidence, name)
    for part, word in ((params, name), (np.sign(params), f"np.sign({name})")):
        if not part.any():
            continue
        rest = slopes - claimed
        lam = float(rest @ part / (part @ part))

        def repaired(
            p: Point, lam: float = lam, signs: bool = part is not params
        ) -> Array:
            array = np.sign(p.params[name]) if signs else p.params[name]
            return np.asarray(p.claimed[name] + lam * array)

        if lam and evidence.agrees(name, repaired):
            spelled = _spelled(abs(lam), evidence)
            sign = "+" if lam > 0 else "-"
            return Guess("penalty", f"measured = claimed {sign} {spelled} * {word}")
    return None


def _spelled(lam: float, evidence: Evidence) -> str:
    for name, value in evidence.scalars.items():
        for factor, word in ((1, "{}"), (2, "2 * {}"), (0.5, "0.5 * {}")):
            if value and np.isclose(lam, factor * value, rtol=1e-3):
                return word.format(name)
    return f"{lam:.4g}"


def _nearly(evidence: Evidence, name: str) -> Guess | None:
    off = max(point.relative(name) for point in evidence.points)
    return Guess("approximate", largest(evidence, name)) if off < 1e-3 else None


def _some_entries(evidence: Evidence, name: str) -> Guess | None:
    """Name the rows or columns that are wrong, when the others are right."""
    wrong, right = set(), set()
    shape = _shape(evidence, name)
    for point in evidence.points:
        measured = point.measured[name]
        array = np.asarray(point.claimed[name], np.float64)
        off, allowed = point.differences(name, array)
        places = measured.places[~measured.slopes.kink]
        wrong |= set(places[off > allowed].tolist())
        right |= set(places[off <= allowed].tolist())
    right -= wrong
    if not wrong or len(right) < len(wrong) or not shape:
        return None
    inside = [np.unravel_index(sorted(group), shape) for group in (wrong, right)]
    for axis in range(len(shape)):
        bad, good = (set(group[axis].tolist()) for group in inside)
        if len(shape) > 1 and not bad & good:
            return Guess("entries", f"axis {axis}: {sorted(bad)}")
    return Guess("entries", f"{len(wrong)} / {len(wrong) + len(right)}")


def _unknown(evidence: Evidence, name: str) -> Guess:
    return Guess("unknown", largest(evidence, name))


def largest(evidence: Evidence, name: str) -> str:
    """Return the entry that is off the most, as claimed and as measured."""
    shape = _shape(evidence, name)
    worst, told = -1.0, ""
    for point in evidence.points:
        measured = point.measured[name]
        array = as_gradient(point.claimed[name], shape)
        if array is None or measured.slopes.kink.all():
            continue
        off = np.abs(array.ravel()[measured.places] - measured.slopes.value)
        off[measured.slopes.kink] = -1
        entry = int(off.argmax())
        if off[entry] > worst:
            place = np.unravel_index(measured.places[entry], shape)
            index = ", ".join(str(int(i)) for i in place)
            claimed = array.ravel()[measured.places[entry]]
            worst = float(off[entry])
            told = (
                f"[{index}]: claimed {claimed:.4g}, "
                f"measured {measured.slopes.value[entry]:.4g}"
            )
    return told


HYPOTHESES: tuple[Hypothesis, ...] = (
    _missing,
    _other_shape,
    _not_finite,
    _zeros,
    _of_another,
    _factor,
    _penalty,
    _turned,
    _stale,
    _nearly,
    _some_entries,
    _unknown,
)
