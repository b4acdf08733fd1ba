"""Matrices: how often which class was taken for which, and weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal
from unicodedata import east_asian_width

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import metrics
from ..errors import DataError, ShapeError
from .style import (
    DIVERGING,
    FAINT,
    colour_bar,
    library,
    new_axes,
    shrink,
    whole_ticks,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# About the width of a letter of a tick label, in inches.
LETTER = 0.09
# The characters of a tick label, at most.
LONGEST = 24
# Classes whose cells have room for counts; their texts take a second to draw.
MOST = 40


def confusion_matrix(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    classes: ArrayLike | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw how often each class was predicted as each class.

    A cell's text is the count, its colour the share of the true class (the row), on a
    scale that shows small shares too. Of more than 40 classes the counts are left out,
    and not all are named.

    Parameters
    ----------
    y_true, y_pred : array of shape (n,)
        Class labels.
    classes : array of shape (c,), optional
        The labels in the order of the rows; text for labels that are whole numbers
        names 0, 1, 2, ... in turn. By default all labels that occur, sorted.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes
        With one image, and c * c texts for at most 40 classes.

    Raises
    ------
    ShapeError, DataError, SettingError
        As `plaingrad.metrics.confusion_matrix`.
    MissingExtraError
        When matplotlib is not installed.
    """
    counts = metrics.confusion_matrix(y_true, y_pred, classes)
    known = np.union1d(y_true, y_pred) if classes is None else np.asarray(classes)
    names = [_brief(str(name)) for name in known.reshape(-1)]
    cell = min(1.0, max(0.5, 3 / len(names)), 0.5 * MOST / len(names))
    side = cell * len(names)
    margin = max(map(_width, names))
    size = (side + 1.9 + margin, side + 1.0 + 0.7 * margin)
    ax = new_axes(ax, size)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    scale = library("colors").PowerNorm(0.5, vmin=0, vmax=1)
    image = ax.imshow(shares, cmap="Blues", norm=scale)
    if len(names) <= MOST:
        _write_counts(ax, counts, shares, cell * shrink(ax, size))
    _name_classes(ax, names, cell)
    right, total = counts.trace(), counts.sum()
    ax.set_title(f"{right:,} of {total:,} right ({right / total:.1%})")
    colour_bar(ax, image, "share of the true class")
    return ax


def weights(W: ArrayLike, ax: Axes | None = None) -> Axes:
    """Draw a weight matrix as an image: blue below 0, white at 0, red above.

    Parameters
    ----------
    W : array of shape (in, out)
        The weights; row i leads from input i.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes
        With one image and a colour bar.

    Raises
    ------
    ShapeError
        When `W` has not two axes, or no numbers.
    DataError
        When a weight is not finite.
    MissingExtraError
        When matplotlib is not installed.
    """
    matrix = finite_weights(W)
    if matrix.ndim != 2:
        raise ShapeError(
            f"W must be a matrix, shape (in, out), got {matrix.shape}. For convolution "
            f"kernels use draw.kernels; for a vector pass b[None, :]."
        )
    rows, columns = matrix.shape
    square = 1 / 3 <= rows / columns <= 3
    wide = min(5.0, max(3.0, 4.5 * columns / rows)) if square else 5.0
    ax = new_axes(ax, (wide + 1.6, wide * rows / columns + 1 if square else 5.0))
    show_signed(ax, matrix, aspect="equal" if square else "auto")
    whole_ticks(ax.xaxis)
    whole_ticks(ax.yaxis)
    ax.set(xlabel="output", ylabel="input")
    spread = f"mean {matrix.mean():.2g}, deviation {matrix.std():.2g}"
    ax.set_title(f"{rows:,} × {columns:,} weights\n{spread}")
    return ax


def finite_weights(W: ArrayLike) -> NDArray[np.float64]:
    """Return `W` as floats, complaining when there are none or some are not finite."""
    array = np.asarray(W, dtype=np.float64)
    if not array.size:
        raise ShapeError(f"W must hold weights, got none: its shape is {array.shape}.")
    if not np.isfinite(array).all():
        count = int((~np.isfinite(array)).sum())
        raise DataError(
            f"W must hold finite numbers, {count} of {array.size} are nan or infinite. "
            f"The training has diverged: lower the learning rate and start again."
        )
    return array


def show_signed(
    ax: Axes, matrix: NDArray[Any], aspect: Literal["equal", "auto"] = "equal"
) -> None:
    """Show numbers (nan: nothing) in colours centred on 0, with a colour bar."""
    reach = np.nanmax(np.abs(matrix)) or 1.0
    image = ax.imshow(
        matrix,
        cmap=DIVERGING,
        vmin=-reach,
        vmax=reach,
        aspect=aspect,
        interpolation="nearest",
    )
    colour_bar(ax, image, "weight")


def _write_counts(
    ax: Axes, counts: NDArray[Any], shares: NDArray[Any], cell: float
) -> None:
    """Write each count into its cell of `cell` inches."""
    digits = max(2, len(str(counts.max())))
    # A digit is about 0.64 of the font size wide; an inch has 72 points.
    size = min(12.0, 0.8 * 72 * cell / (0.64 * digits))
    for (row, column), count in np.ndenumerate(counts):
        dark = shares[row, column] > 0.5
        ax.text(
            column,
            row,
            str(count),
            ha="center",
            va="center",
            fontsize=size,
            color="white" if dark else FAINT if count == 0 else "black",
        )


def _brief(name: str) -> str:
    """Return a name in one line, its end cut off where it is too long."""
    line = " ".join(name.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 3]}..."


def _width(name: str) -> float:
    """Return about how many inches a tick label takes; Chinese is twice as wide."""
    return LETTER * sum(1 + (east_asian_width(letter) in "WF") for letter in name)


def _name_classes(ax: Axes, names: list[str], cell: float) -> None:
    """Name rows and columns, and part the cells by white lines; not all of many."""
    step = -(-len(names) // MOST)
    places, names = np.arange(len(names))[::step], names[::step]
    # a dollar in a name is no formula
    ax.set_yticks(places, names, parse_math=False)
    turned: dict[str, Any] = {}
    if max(map(_width, names)) >= cell:
        turned = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    ax.set_xticks(places, names, parse_math=False, **turned)
    ax.set_xticks(places[1:] - 0.5, minor=True)
    ax.set_yticks(places[1:] - 0.5, minor=True)
    ax.grid(which="minor", color="white", linewidth=1.5 / step)
    ax.tick_params(which="both", length=0)
    ax.spines[:].set_visible(False)
    ax.set(xlabel="predicted", ylabel="true")
