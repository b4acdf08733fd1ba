"""What a search of settings has tried, and how good it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ..errors import DataError, unknown_name
from .style import COLOURS, FAINT, INK, clean, legend_above, new_axes, whole_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEW = 8
"""So many different values, each of two trials or more, are told apart like names."""
FAR = 3.0
"""So many times as far from the best as the middle is, trials are far off."""


class Trial(Protocol):
    """One training of a search."""

    @property
    def number(self) -> int:
        """From 1."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """What was tried, by name."""

    @property
    def outcome(self) -> str:
        """Whether it is "done" or "pruned", or failed."""

    @property
    def value(self) -> float | None:
        """How good it was."""


class Search(Protocol):
    """What a search has found."""

    @property
    def trials(self) -> Sequence[Trial]:
        """All trials."""

    @property
    def monitor(self) -> str:
        """What the values are."""

    @property
    def lowest(self) -> bool:
        """Whether low values are good."""

    @property
    def by_factors(self) -> Sequence[str]:
        """The settings of which factors matter."""


def search_history(search: Search, ax: Axes | None = None) -> Axes:
    """Draw how good each trial was, and the best so far.

    Trials that were pruned are hollow, at the value that they had then; those that are
    far off are triangles at the edge, and those that failed crosses.

    Parameters
    ----------
    search : Search
        What `pg.search` returns.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes
        With a point for each trial, and a line of steps.

    Raises
    ------
    DataError
        When no trial came to its end.
    MissingExtraError
        When matplotlib is not installed.
    """
    done = _done(search)
    ax = new_axes(ax, (7.5, 4.2))
    numbers = np.array([trial.number for trial in done])
    best = np.minimum if search.lowest else np.maximum
    ends = np.append(numbers, max(trial.number for trial in search.trials))
    steps = best.accumulate(np.array([trial.value for trial in done], np.float64))
    ax.step(
        ends, np.append(steps, steps[-1]), where="post", color=INK, lw=1.6, label="best"
    )
    _points(ax, search, [float(trial.number) for trial in search.trials])
    failed = [t.number for t in search.trials if t.value is None]
    if failed:
        look: dict[str, Any] = {"color": COLOURS[5], "clip_on": False}
        edge, across = float(search.lowest), ax.get_xaxis_transform()
        edges = np.full(len(failed), edge)
        ax.plot(failed, edges, "x", label="failed", transform=across, **look)
    ax.set(xlabel="trial", ylabel=search.monitor)
    whole_ticks(ax.xaxis)
    clean(ax)
    legend_above(ax, f"{len(search.trials)} trials, the best {steps[-1]:.4g}")
    return ax


def search_setting(search: Search, name: str, ax: Axes | None = None) -> Axes:
    """Draw how good trials were, over one of the settings.

    Parameters
    ----------
    search : Search
        What `pg.search` returns.
    name : str
        The setting: "lr", "width", ...
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes
        With a point for each trial that has this setting, as in `search_history`, and a
        star for the best.

    Raises
    ------
    DataError
        When no trial came to its end.
    SettingError
        When there is no such setting.
    MissingExtraError
        When matplotlib is not installed.
    """
    done = _done(search)
    known = dict.fromkeys(n for trial in search.trials for n in trial.settings)
    if name not in known:
        raise unknown_name("setting", name, known)
    values = [trial.settings.get(name) for trial in search.trials]
    ax = new_axes(ax, (4.6, 3.6))
    places = _placed(ax, values, name in search.by_factors)
    _points(ax, search, places)
    pick = min if search.lowest else max
    best = pick(done, key=lambda trial: float(trial.value or 0))
    place = places[list(search.trials).index(best)]
    if place is not None:
        ax.plot(place, float(best.value or 0), "*", ms=14, color=INK, mec="white")
    ax.set(xlabel=name, ylabel=search.monitor)
    ax.set_title(f"best: {name} {best.settings.get(name, 'left out')}")
    clean(ax)
    return ax


def _done(search: Search) -> list[Trial]:
    """Return the trials that came to their end, one at least."""
    found = [trial for trial in search.trials if trial.outcome == "done"]
    if not found:
        raise DataError("no trial came to its end, so there is nothing to draw.")
    return found


def _placed(ax: Axes, values: Sequence[Any], by_factors: bool) -> list[float | None]:
    """Return where each value of a setting lies, and give the axis its scale."""
    there = {value for value in values if value is not None}
    numbers = not any(isinstance(value, (str, bool)) for value in there)
    if numbers and len(there) > min(FEW, len(values) // 2):
        if by_factors:
            ax.set_xscale("log")
        return [None if value is None else float(value) for value in values]
    names = sorted(there) if numbers else sorted(there, key=str)
    ax.set_xticks(range(len(names)), [str(name) for name in names])
    ax.set_xlim(-0.5, len(names) - 0.5)
    return [None if value is None else float(names.index(value)) for value in values]


def _points(ax: Axes, search: Search, places: Sequence[float | None]) -> None:
    """Draw a point for each trial with a value: hollow where it was pruned."""
    low, high = _limits(search)
    ax.set_ylim(low, high)
    for outcome, edge in [("done", COLOURS[0]), ("pruned", FAINT)]:
        found = [
            (place, trial.value)
            for trial, place in zip(search.trials, places, strict=True)
            if trial.outcome == outcome and place is not None
        ]
        x, values = np.array(found, dtype=np.float64).reshape(-1, 2).T
        inside = (low <= values) & (values <= high)
        look: dict[str, Any] = {"edgecolors": edge, "s": 26}
        look["color"] = edge if outcome == "done" else "none"
        if inside.any():
            ax.scatter(x[inside], values[inside], lw=1.2, label=outcome, **look)
        if not inside.all():
            # far off: at the edge, so that the good ones can be told apart
            marker = "^" if search.lowest else "v"
            if not inside.any():
                look["label"] = outcome
            far = np.clip(values[~inside], low, high)
            ax.scatter(x[~inside], far, marker=marker, clip_on=False, **look)


def _limits(search: Search) -> tuple[float, float]:
    """Return what to show: the best, and what is not much worse than the middle."""
    values = np.array([trial.value for trial in _done(search)], dtype=np.float64)
    best = values.min() if search.lowest else values.max()
    reach = FAR * abs(np.median(values) - best) or np.ptp(values) or abs(best) or 1.0
    worst = min(reach, np.ptp(values) or reach)
    ends = (best, best + worst) if search.lowest else (best - worst, best)
    margin = 0.08 * worst
    return float(ends[0] - margin), float(ends[1] + margin)
