"""Curves: the cost over the epochs, a function and its derivative."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, SettingError, ShapeError, whole
from .style import COLOURS, FAINT, INK, clean, legend_above, new_axes, whole_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]


class History(Protocol):
    """The costs that training leaves behind."""

    @property
    def batch_loss(self) -> Sequence[float]:
        """Cost of the mini-batch of every update."""

    @property
    def loss(self) -> Sequence[float]:
        """Cost of the training set after every epoch."""

    @property
    def val_loss(self) -> Sequence[float]:
        """Cost of the validation set after every epoch; may be empty."""

    @property
    def updates_per_epoch(self) -> int:
        """Number of updates in an epoch."""


def cost_curves(
    history: History, ax: Axes | None = None, *, log: bool | None = None
) -> Axes:
    """Draw the cost of every mini-batch, of the training and of the validation set.

    The epoch of the lowest validation cost is marked.

    Parameters
    ----------
    history : History
        `batch_loss` of every update, `loss` and `val_loss` of every epoch (the last
        may be empty), and `updates_per_epoch`.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    log : bool, optional
        Whether the cost is drawn on a logarithmic scale. By default it is when all
        costs are positive and span more than two powers of ten.

    Returns
    -------
    matplotlib Axes
        With one line per kind of cost, over the epochs.

    Raises
    ------
    DataError
        When the history holds no finite cost at all.
    SettingError
        When `log` is asked for and a cost is not positive.
    MissingExtraError
        When matplotlib is not installed.
    """
    batch, train, validation = (
        np.asarray(costs, dtype=np.float64)
        for costs in (history.batch_loss, history.loss, history.val_loss)
    )
    together = np.concatenate([batch, train, validation])
    logarithmic = _is_log(together[np.isfinite(together)], log)
    per_epoch = whole("updates_per_epoch", history.updates_per_epoch)
    updates = np.arange(1, len(batch) + 1) / per_epoch
    ax = new_axes(ax, (7.5, 4.6))
    _cost_line(ax, updates, batch, "mini-batches", color="#a9cdee", linewidth=0.8)
    epochs = np.arange(1.0, max(len(train), len(validation)) + 1)
    style = {"linewidth": 2.0, "marker": "o" if len(epochs) <= 30 else ""}
    _cost_line(ax, epochs, train, "training set", color=COLOURS[0], **style)
    _cost_line(ax, epochs, validation, "validation set", color=COLOURS[1], **style)
    if np.isfinite(validation).any():
        _mark_best(ax, validation)
    ax.set(xlabel="epoch", ylabel="cost", yscale="log" if logarithmic else "linear")
    ax.set_xlim(0, 1.01 * max([*updates[-1:], *epochs[-1:]]))
    whole_ticks(ax.xaxis)
    clean(ax)
    legend_above(ax, _summary(train, validation))
    return ax


class RateTest(Protocol):
    """What a learning-rate range test leaves behind."""

    @property
    def rates(self) -> Floats:
        """Rate of every update."""

    @property
    def losses(self) -> Floats:
        """Cost of every update."""

    @property
    def smoothed(self) -> Floats:
        """Running mean of the costs."""

    @property
    def lowest(self) -> float:
        """The rate at which it is lowest."""

    @property
    def suggestion(self) -> float:
        """The rate to try."""


def rate_test(test: RateTest, ax: Axes | None = None) -> Axes:
    """Draw the cost over the learning rate, and mark the suggested rate.

    Parameters
    ----------
    test : RateTest
        What `net.find_lr` returns: `rates`, `losses` and `smoothed` of every update,
        the rate `lowest` and the `suggestion`.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes
        With the cost of every update, its running mean, and a vertical line.

    Raises
    ------
    MissingExtraError
        When matplotlib is not installed.
    """
    ax = new_axes(ax, (7.5, 4.6))
    _cost_line(ax, test.rates, test.losses, "updates", color="#a9cdee", linewidth=0.8)
    smooth = {"color": COLOURS[0], "linewidth": 2.0}
    _cost_line(ax, test.rates, test.smoothed, "running mean", **smooth)
    label = f"suggested: {test.suggestion:.2g}"
    ax.axvline(test.suggestion, color=INK, linewidth=1, linestyle=":", label=label)
    ax.set(xlabel="learning rate", ylabel="cost", xscale="log")
    clean(ax)
    legend_above(ax, f"the cost is lowest at the rate {test.lowest:.2g}")
    return ax


def activation(
    f: Callable[[Floats], Any],
    df: Callable[[Floats], Any] | None = None,
    ax: Axes | None = None,
    *,
    name: str | None = None,
) -> Axes:
    """Draw a function, and its derivative when given, over [-5, 5].

    Parameters
    ----------
    f : callable
        From an array of shape (n,) to an array of that shape.
    df : callable, optional
        Its derivative, likewise.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    name : str, optional
        What to call the function; by default its own name.

    Returns
    -------
    matplotlib Axes
        With the line of `f` and, dashed, that of `df`.

    Raises
    ------
    ShapeError
        When a function does not return one number for each it is given.
    MissingExtraError
        When matplotlib is not installed.
    """
    z = np.linspace(-5, 5, 1001)
    title = name or str(getattr(f, "__name__", "f"))
    values = _values("f", f, z)
    slope = None if df is None else _values("df", df, z)
    ax = new_axes(ax, (5.6, 4.2))
    ax.axhline(0, color=FAINT, linewidth=0.8)
    ax.axvline(0, color=FAINT, linewidth=0.8)
    ax.plot(z, values, color=COLOURS[0], lw=2.4, label=title)
    if slope is not None:
        dashes = (0, (4, 2))
        ax.plot(z, slope, color=COLOURS[1], ls=dashes, lw=2, label="its derivative")
    ax.set(xlabel="z", xlim=(-5, 5))
    clean(ax)
    legend_above(ax, title if df is None else f"{title} and its derivative")
    return ax


def _is_log(costs: Floats, wanted: bool | None) -> bool:
    if not len(costs):
        raise DataError(
            "the history must hold at least one finite cost, got none. "
            "Train first; if it has been trained, lower the learning rate."
        )
    low, high = costs.min(), costs.max()
    if wanted and low <= 0:
        raise SettingError(
            f"log=True needs costs above 0, got {low:.4g}. Leave `log` out."
        )
    return bool(low > 0 and high > 100 * low) if wanted is None else wanted


def _cost_line(ax: Axes, x: Floats, costs: Floats, label: str, **style: Any) -> None:
    if len(costs):
        # A diverged cost leaves a gap instead of flattening the rest.
        shown = np.where(np.isfinite(costs), costs, np.nan)
        ax.plot(x[: len(costs)], shown, label=label, markersize=4, **style)


def _mark_best(ax: Axes, validation: Floats) -> None:
    best = int(np.nanargmin(validation))
    ax.axvline(best + 1, color=INK, linewidth=1, linestyle=":", zorder=1)
    ax.plot(
        [best + 1],
        [validation[best]],
        linestyle="",
        marker="*",
        markersize=13,
        color=INK,
        markeredgecolor="white",
        label=f"best: epoch {best + 1}",
        zorder=5,
    )


def _summary(train: Floats, validation: Floats) -> str:
    if np.isfinite(validation).any():
        best = int(np.nanargmin(validation))
        return f"lowest validation cost {validation[best]:.4g}, at epoch {best + 1}"
    if len(train) and not np.isfinite(train[-1]):
        return f"diverged: the training cost is {train[-1]} after epoch {len(train)}"
    if len(train):
        return f"training cost {train[-1]:.4g} after epoch {len(train)}"
    return "cost of every mini-batch"


def _values(name: str, f: Callable[[Floats], Any], z: Floats) -> Floats:
    values = np.asarray(f(z), dtype=np.float64)
    if values.shape != z.shape:
        raise ShapeError(
            f"{name} must return one number for each it is given, shape {z.shape}, got "
            f"{values.shape}. Wrap a function of a single number: np.vectorize({name})."
        )
    return values
