"""Compares the steps that a script takes with measured slopes of its loss.

The script is run again and again up to the same step, each time with one number of one
parameter a little different as the step begins and with all parameters held while it
runs. The step that it really takes is seen in a run that is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from .losses import Loss, candidates
from .run import Ran, Script, run
from .watch import Goal, Notes

CLOSE = 2e-4
"""Steps and slopes agree when what is left is smaller than this part of the step."""
WIDTH = 1e-5
"""How far a number is moved to measure a slope, relative to its size or to 1."""
ENTRIES = 8
"""How many numbers of a large parameter are measured."""
MEANT = 1e6
"""Steps that are this much larger or smaller than the slope are not meant."""
SMALL = 12
"""Parameters of at most so many numbers are measured whole."""


@dataclass
class Parameter:
    """What is learned: its path, the places that change it, its plain factor.

    `entries` are the numbers that are measured, `step` and `value` all of them;
    `adaptive` says that a square root is in the update, as in Adam and Adagrad.
    """

    path: str
    sites: list[int]
    rate: float
    entries: np.ndarray
    step: np.ndarray
    value: np.ndarray
    adaptive: bool = False


@dataclass
class Fit:
    """How the step of a parameter stands to the slope of a loss.

    `verdict` is down, up, sign (down by signs alone, as Adam), decay (down, with a pull
    to zero), astray, unmoved (there is a slope and no step), aimless (a step and no
    slope) or still. `factor` is that of step = -factor x slope.
    """

    verdict: str
    factor: float
    slopes: np.ndarray
    steps: np.ndarray
    cosine: float = 0.0
    decay: float = 0.0

    @property
    def good(self) -> bool:
        """Whether the step is a right one, or nothing can be said."""
        return self.verdict in ("down", "sign", "decay", "still")


@dataclass
class Examined:
    """A step of a script, measured."""

    goal: Goal
    base: Notes
    parameters: list[Parameter]
    slopes: dict[Loss, dict[str, np.ndarray]]
    values: dict[tuple[int, str], float] = field(default_factory=dict)

    def fits(self, loss: Loss) -> dict[str, Fit]:
        """Return how each parameter's step stands to the slopes of a loss."""
        slopes = self.slopes[loss]
        return {p.path: fit(p, slopes[p.path]) for p in self.parameters}

    def even(self, loss: Loss) -> bool:
        """Say whether all parameters go down by one factor, beside their own rates."""
        fits = self.fits(loss)
        if not all(one.good for one in fits.values()):
            return False
        if all(one.verdict == "still" for one in fits.values()):
            return False
        return spread(self.parameters, fits) < 0.01

    def right(self, loss: Loss) -> bool:
        """Say whether the steps are right: even, and not far too small or large."""
        return self.even(loss) and off(self.parameters, self.fits(loss)) < 2

    def best(self) -> Loss | None:
        """Return the loss that the steps follow best, a said one before others."""
        return max(self.slopes, key=self._merit, default=None)

    def _merit(self, loss: Loss) -> tuple[bool, float, float]:
        fits = self.fits(loss)
        right = sum(f.verdict in ("down", "sign") for f in fits.values())
        right += 0.95 * sum(f.verdict == "decay" for f in fits.values())  # type: ignore
        parallel = sum(f.verdict == "up" for f in fits.values())
        return self.right(loss), right + 0.9 * parallel, loss.rank


def spread(parameters: list[Parameter], fits: dict[str, Fit]) -> float:
    """Return how far the factors lie apart, each divided by the written rate."""
    relative, plain = [], []
    pulls = [
        fits[p.path].decay
        for p in parameters
        if p.value.ndim > 1 and fits[p.path].verdict in ("down", "decay")
    ]
    if pulls and max(pulls) - min(pulls) > 0.02 * max(pulls):
        return 1.0  # the penalty pulls the weights of two layers differently
    if any(one.verdict == "sign" for one in fits.values()):
        return 0.0  # each number has its own factor
    for parameter in parameters:
        one = fits[parameter.path]
        if one.verdict in ("down", "decay"):
            relative.append(one.factor / parameter.rate)
            plain.append(one.factor)
    if not plain:
        return 0.0
    return min(max(many) / min(many) - 1 for many in (relative, plain))


def off(parameters: list[Parameter], fits: dict[str, Fit]) -> int:
    """Return how far steps are from the gradient times the written rate.

    0 says that they are that; 1, that they are larger or smaller by a number that can
    be meant, as by sums in place of means and squares without their 2; 2, by one that
    cannot.
    """
    factors = [
        fits[p.path].factor / p.rate
        for p in parameters
        if fits[p.path].verdict == "down"
    ]
    if factors and not 1 / MEANT < factors[0] < MEANT:
        return 2
    return int(any(abs(one - 1) >= 0.01 for one in factors))


def fit(parameter: Parameter, slopes: np.ndarray) -> Fit:
    """Compare a step with slopes. Numbers near a kink are nan and do not count."""
    steps = parameter.step.reshape(-1)[parameter.entries]
    smooth = np.isfinite(slopes) & np.isfinite(steps)
    steps = steps[smooth]
    slopes, values = slopes[smooth], parameter.value.reshape(-1)[parameter.entries]
    values = values[smooth]
    size, length = float(np.linalg.norm(slopes)), float(np.linalg.norm(steps))
    tiny = 1e-9 * (1 + float(np.abs(values).max(initial=0)))
    if length == 0 or size <= tiny:
        verdict = "still" if length <= tiny and size <= tiny else "aimless"
        verdict = "unmoved" if size > 1e-6 and length == 0 else verdict
        return Fit(verdict, 0.0, slopes, steps)
    factor = -float(steps @ slopes) / size**2
    made = Fit("astray", factor, slopes, steps, -float(steps @ slopes) / size / length)
    if np.linalg.norm(steps + factor * slopes) < CLOSE * length:
        made.verdict = "down" if factor > 0 else "up"
    elif _by_sign(steps, slopes, parameter.adaptive):
        made.verdict = "sign"
    elif len(slopes) >= 5:
        pulled, *_ = np.linalg.lstsq(np.c_[-slopes, -values], steps, rcond=None)
        rest = steps + pulled[0] * slopes + pulled[1] * values
        small = pulled[0] > 0 and 0 < pulled[1] < 0.5
        if np.linalg.norm(rest) < CLOSE * length and small:
            made.verdict, made.factor = "decay", float(pulled[0])
            made.decay = float(pulled[1] / pulled[0])
    return made


def _by_sign(steps: np.ndarray, slopes: np.ndarray, adaptive: bool) -> bool:
    """Say whether steps go against the signs of the slopes, all of one size.

    Those of adaptive rules may be smaller where the slope is.
    """
    clear = np.abs(slopes) > 1e-5 * np.abs(slopes).max()
    sizes = np.abs(steps[clear])
    order = sizes[np.argsort(np.abs(slopes[clear]), kind="stable")]
    even = sizes.max() - sizes.min() < 0.02 * sizes.max()
    even = even or (adaptive and bool(np.all(np.diff(order) >= -1e-3 * sizes.max())))
    several = np.abs(slopes[clear]).max() > 1.1 * np.abs(slopes[clear]).min()
    opposed = bool(np.all(steps[clear] * slopes[clear] < 0))
    return bool(clear.sum() >= 3 and even and several and opposed)


def learned(script: Script, goal: Goal) -> tuple[Notes, list[str]] | None:
    """Return what a step shows when it is left alone, and what learns in it."""
    located = run(script, goal=goal)
    if not located.notes.ended:
        return None
    paths = {path for _, path, _ in located.notes.events}
    base = run(script, goal=goal, keep=paths).notes
    found = [
        path for path in _changed(script, base) if _learns(script, goal, base, path)
    ]
    return (base, found) if found else None


def examine(script: Script, goal: Goal, quick: bool = False) -> Examined | None:
    """Measure a step, or return None where nothing is learned in it.

    Measured quickly, few numbers of each parameter tell whether it is worth more.
    """
    found = learned(script, goal)
    if found is None:
        return None
    base, paths = found
    most = 3 if quick else SMALL
    parameters = [_parameter(script, base, path, most) for path in paths]
    held = run(script, goal=goal, held=paths)
    if held.error is not None:
        return None
    slopes = _slopes(script, goal, parameters, held.notes)
    return Examined(goal, base, parameters, slopes, dict(held.notes.losses))


def steady(script: Script, examined: Examined) -> bool:
    """Say whether a step is the same when it is taken again."""
    paths = [parameter.path for parameter in examined.parameters]
    after = run(script, goal=examined.goal, keep=paths).notes.after
    return all(
        path in after and np.array_equal(after[path], examined.base.after[path])
        for path in paths
    )


def _changed(script: Script, base: Notes) -> list[str]:
    """Return the paths whose numbers are others when the step has ended.

    Those to which only zeros were added count, too.
    """
    found = []
    added = {path for site, path, _ in base.events if script.sites[site].additive}
    for path, before in base.before.items():
        after = base.after.get(path)
        if after is None or after.shape != before.shape or path in base.whole:
            continue
        shuffled = np.array_equal(np.sort(after, axis=None), np.sort(before, axis=None))
        if (not shuffled or path in added) and np.all(np.isfinite(after)):
            found.append(path)
    return found


def _learns(script: Script, goal: Goal, base: Notes, path: str) -> bool:
    """Say whether numbers of the step depend on a leaf before the leaf is changed."""
    value, random = base.before[path], np.random.default_rng(0)
    shift = 1e-3 * (1 + np.abs(value)) * random.uniform(0.5, 1, value.shape)
    moved = run(script, goal=goal, changes={path: shift})
    first = next(length for _, changed, length in base.events if changed == path)
    return moved.error is None and moved.notes.trace[:first] != base.trace[:first]


def _parameter(script: Script, base: Notes, path: str, most: int) -> Parameter:
    value, after = base.before[path], base.after[path]
    sites = list(dict.fromkeys(site for site, one, _ in base.events if one == path))
    step = after - value
    entries = _entries(step, most)
    rate = base.rates.get(path, 1.0)
    adaptive = any("sqrt" in script.sites[site].doc for site in sites)
    return Parameter(path, sites, rate, entries, step, value, adaptive)


def _entries(step: np.ndarray, most: int) -> np.ndarray:
    """Return the places to measure: those of large steps, and others by chance."""
    if step.size <= most:
        return np.arange(step.size)
    count = min(ENTRIES // 2, most // 2 + 1)
    large = np.argsort(-np.abs(step), axis=None, kind="stable")[:count]
    others = np.setdiff1d(np.arange(step.size), large)
    moved = others[step.reshape(-1)[others] != 0]
    pool = moved if moved.size >= count else others
    chance = np.random.default_rng(0).choice(pool, min(count, pool.size), replace=False)
    return np.concatenate([large, np.sort(chance)])


def _slopes(
    script: Script, goal: Goal, parameters: list[Parameter], base: Notes
) -> dict[Loss, dict[str, np.ndarray]]:
    """Return the slopes of every possible loss, nan where a kink is near."""
    held = [parameter.path for parameter in parameters]
    seen: dict[str, list[tuple[float, Notes, Notes]]] = {}
    for parameter in parameters:
        pairs = seen[parameter.path] = []
        for entry in parameter.entries:
            width = WIDTH * max(1.0, abs(float(parameter.value.reshape(-1)[entry])))
            shift = np.zeros_like(parameter.value)
            shift.reshape(-1)[entry] = width
            two: list[Ran] = [
                run(
                    script, goal=goal, held=held, changes={parameter.path: sign * shift}
                )
                for sign in (1, -1)
            ]
            pairs.append((width, two[0].notes, two[1].notes))
    others = [more for pairs in seen.values() for _, more, _ in pairs]
    return {
        loss: {path: _slope(loss, pairs, base) for path, pairs in seen.items()}
        for loss in candidates(script.sites, base, others)
    }


def _slope(
    loss: Loss, pairs: Iterable[tuple[float, Notes, Notes]], base: Notes
) -> np.ndarray:
    found = []
    key = (loss.site, loss.reading)
    middle = base.losses[key]
    for width, more, less in pairs:
        high, low = more.losses.get(key, np.nan), less.losses.get(key, np.nan)
        slope = (high - low) / (2 * width)
        bend = abs((high - middle) - (middle - low)) / width
        noise = 1e-13 * abs(middle) / width
        smooth = bend <= 1e-2 * abs(slope) + noise + 1e-2 * width
        found.append(slope if smooth else np.nan)
    return np.array(found)


def gathering(script: Script, examined: Examined, loss: Loss) -> int | None:
    """Return the place of a sum of gradients that is never set back, or None.

    The second step is then the first one and the second slope together.
    """
    later = examine(script, Goal(examined.goal.loop, examined.goal.turn + 1))
    if later is None or loss not in later.slopes:
        return None
    fits, first = later.fits(loss), {p.path: p for p in examined.parameters}
    for parameter in later.parameters:
        before = first.get(parameter.path)
        if before is None or fits[parameter.path].good:
            continue
        new = replace(parameter, step=parameter.step - before.step)
        fresh, own = (
            fit(new, later.slopes[loss][parameter.path]),
            fit(before, examined.slopes[loss][parameter.path]),
        )
        same = abs(fresh.factor - own.factor) < 0.01 * abs(own.factor)
        if fresh.verdict == own.verdict == "down" and same:
            return _sum_of(script, later, parameter)
    return None


def _sum_of(script: Script, later: Examined, parameter: Parameter) -> int | None:
    """Return the place that adds to something of a parameter's shape."""
    learned_paths = {one.path for one in later.parameters}
    for site, path, _ in later.base.events:
        place, held = script.sites[site], later.base.before.get(path)
        added = place.inplace and place.kind == "add" and path not in learned_paths
        if added and held is not None and held.shape == parameter.value.shape:
            return site
    return None
