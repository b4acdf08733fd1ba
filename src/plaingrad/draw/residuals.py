"""By how much predicted numbers miss: residuals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ..errors import DataError, ShapeError
from .style import COLOURS, FAINT, clean, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE = (6.4, 4.2)


def residuals(y_true: ArrayLike, y_pred: ArrayLike, ax: Axes | None = None) -> Axes:
    """Draw by how much each prediction misses, over what was predicted.

    Of a good model the points lie around the line at 0 without a pattern: a bend says
    that something was not learnt, a funnel that large values are less sure.

    Parameters
    ----------
    y_true, y_pred : array of shape (n,)
        True and predicted numbers.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes
        With one collection of n points, and the line at 0.

    Raises
    ------
    ShapeError
        When the two are not as long.
    DataError
        When there are no rows, or a value is not finite.
    MissingExtraError
        When matplotlib is not installed.
    """
    true, pred = (np.asarray(y, dtype=np.float64) for y in (y_true, y_pred))
    if true.ndim != 1 or true.shape != pred.shape:
        raise ShapeError(
            f"y_true and y_pred must be (n,) of the same n, got {true.shape} and "
            f"{pred.shape}. A single column needs .ravel()."
        )
    if not len(true) or not np.isfinite([true, pred]).all():
        raise DataError(
            "y_true and y_pred must hold finite numbers, one at least. Leave rows "
            "without a value out."
        )
    ax = new_axes(ax, SIZE)
    ax.axhline(0, color=FAINT, linewidth=1)
    alpha = min(1.0, max(0.15, 20 / len(true) ** 0.5))
    ax.scatter(pred, true - pred, s=18, color=COLOURS[0], alpha=alpha, linewidths=0)
    ax.set(xlabel="predicted", ylabel="true - predicted")
    ax.set_title(f"Residuals of {len(true):,} predictions")
    clean(ax)
    return ax
