"""Curves of one training from several seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .curves import History
from .style import COLOURS, clean, legend_above, new_axes, whole_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]


class Run(Protocol):
    """The training from one seed."""

    @property
    def history(self) -> History:
        """The costs that it left behind."""

    @property
    def failure(self) -> str:
        """How it failed; empty when it did not."""


class Seeds(Protocol):
    """The trainings from several seeds."""

    @property
    def runs(self) -> Sequence[Run]:
        """Each of them."""


def seed_curves(seeds: Seeds, ax: Axes | None = None) -> Axes:
    """Draw the cost over the epochs from every seed.

    A thin line is one training, a thick one the median, and the band reaches from the
    lowest to the highest, as long as at least half of the trainings last. Those that
    failed are dashed, and no part of the band.

    Parameters
    ----------
    seeds : Seeds
        What `Network.fit_seeds` returns.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes
        With a band for the training and one for the validation set, as far as there
        are costs.

    Raises
    ------
    DataError
        When there is no finite cost at all.
    MissingExtraError
        When matplotlib is not installed.
    """
    kinds = {
        "training set": [_finite(run.history.loss) for run in seeds.runs],
        "validation set": [_finite(run.history.val_loss) for run in seeds.runs],
    }
    together = np.concatenate([curve for all_ in kinds.values() for curve in all_])
    together = together[np.isfinite(together)]
    if not together.size:
        raise DataError(
            "there is no finite cost to draw. All trainings diverged in their first "
            "epoch: lower the learning rate."
        )
    ax = new_axes(ax, (7.5, 4.6))
    good = [not run.failure for run in seeds.runs]
    for (name, curves), colour in zip(kinds.items(), COLOURS, strict=False):
        _curves(ax, curves, good, name, colour)
    positive = together.min() > 0 and together.max() > 10 * together.min()
    ax.set(xlabel="epoch", ylabel="cost", yscale="log" if positive else "linear")
    ax.set_xlim(0, 1.01 * max(len(curve) for all_ in kinds.values() for curve in all_))
    whole_ticks(ax.xaxis)
    clean(ax)
    failed = good.count(False)
    told = f", {failed} of which failed" if failed else ""
    legend_above(ax, f"{len(good)} trainings from different seeds{told}")
    return ax


def _finite(costs: Sequence[float]) -> Floats:
    """Return costs with a gap where one is not finite."""
    found = np.asarray(costs, dtype=np.float64)
    return np.where(np.isfinite(found), found, np.nan)


def _curves(
    ax: Axes, curves: list[Floats], good: list[bool], name: str, colour: str
) -> None:
    """Draw one kind of cost of all trainings."""
    for curve, fine in zip(curves, good, strict=True):
        dashes = "-" if fine else "--"
        epochs = np.arange(1, len(curve) + 1)
        ax.plot(epochs, curve, color=colour, ls=dashes, lw=0.8, alpha=0.6)
    if not any(good) and any(map(len, curves)):
        # nothing else tells what the lines are
        ax.lines[-1].set_label(f"{name}, failed")
    kept = [curve for curve, fine in zip(curves, good, strict=True) if fine]
    longest = max(map(len, kept), default=0)
    if not longest:
        return
    table = np.full((len(kept), longest), np.nan)
    for row, curve in zip(table, kept, strict=True):
        row[: len(curve)] = curve
    there = 2 * np.isfinite(table).sum(axis=0) >= len(kept)
    epochs, table = np.arange(1, longest + 1)[there], table[:, there]
    low, high = np.nanmin(table, axis=0), np.nanmax(table, axis=0)
    ax.fill_between(epochs, low, high, color=colour, alpha=0.15, lw=0)
    middle = np.nanmedian(table, axis=0)
    ax.plot(epochs, middle, color=colour, lw=2.2, label=f"{name}, median")
