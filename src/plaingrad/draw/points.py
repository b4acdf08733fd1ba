"""Points of two columns, coloured by class, and what a classifier says between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import metrics
from ..errors import DataError, ShapeError, whole
from .style import COLOURS, MARKERS, legend_beside, library, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE = (6.4, 5.2)
MOST_CLASSES = 20


class Predictor(Protocol):
    """Whatever predicts a label for each row."""

    def predict(self, X: Any, /) -> ArrayLike:
        """Return one label for each row of `X`, shape (n,)."""


def scatter(
    X: ArrayLike,
    y: ArrayLike,
    ax: Axes | None = None,
    *,
    size: float = 32,
    legend: bool = True,
) -> Axes:
    """Draw points of two columns, each class in its colour and marker.

    Parameters
    ----------
    X : array of shape (n, 2)
        The points.
    y : array of shape (n,)
        Their classes, at most 20 different ones.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    size : float
        Area of a marker, in square points.
    legend : bool
        Whether to name the classes beside the picture.

    Returns
    -------
    matplotlib Axes
        With one collection of points per class, in sorted order of the classes.

    Raises
    ------
    ShapeError
        When `X` has not two columns, or `y` not one label per row.
    DataError
        When there are no points, or more than 20 classes.
    MissingExtraError
        When matplotlib is not installed.
    """
    points, labels = _checked(X, y)
    ax = new_axes(ax, SIZE)
    classes = np.unique(labels)
    _draw_points(ax, points, labels, classes, size)
    ax.set_title(f"{len(points):,} points of {len(classes)} classes")
    if legend:
        legend_beside(ax, "class")
    return ax


def decision_regions(
    predict: Callable[[NDArray[Any]], ArrayLike] | Predictor,
    X: ArrayLike,
    y: ArrayLike,
    ax: Axes | None = None,
    resolution: int = 300,
    *,
    size: float = 32,
    legend: bool = True,
) -> Axes:
    """Draw which class is predicted where, and the points on top.

    Parameters
    ----------
    predict : callable or object with a `predict` method
        From an array of shape (m, 2) to m class labels.
    X : array of shape (n, 2)
        The points; the picture is a little larger than the area they take.
    y : array of shape (n,)
        Their true classes.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    resolution : int
        Predictions along each side, at least 2: m is its square.
    size : float
        Area of a marker, in square points.
    legend : bool
        Whether to name the classes beside the picture.

    Returns
    -------
    matplotlib Axes
        With one image of the regions and one collection of points per class.

    Raises
    ------
    ShapeError
        When `X` has not two columns, `y` not one label per row, or `predict` does
        not return one label per row.
    DataError
        When there are no points, more than 20 classes, or `predict` gives labels of
        another kind.
    SettingError
        When `resolution` is below 2.
    MissingExtraError
        When matplotlib is not installed.
    """
    points, labels = _checked(X, y)
    whole("resolution", resolution, least=2)
    right = metrics.accuracy(labels, _predicted(predict, points))
    low, high = _frame(points)
    sides = np.linspace(low, high, resolution, dtype=points.dtype)
    grid = np.stack(np.meshgrid(sides[:, 0], sides[:, 1]), axis=-1).reshape(-1, 2)
    said = _predicted(predict, grid)
    classes = np.unique(np.concatenate([labels, said]))
    _few(classes)
    ax = new_axes(ax, SIZE)
    places = np.searchsorted(classes, said).reshape(resolution, resolution)
    _draw_regions(ax, places, low, high)
    _draw_points(ax, points, labels, classes, size)
    ax.set_title(f"regions predicted: {right:.1%} of the points right")
    if legend:
        legend_beside(ax, "class")
    return ax


def _checked(X: ArrayLike, y: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    points, labels = np.asarray(X), np.asarray(y)
    if points.dtype.kind != "f":
        points = points.astype(np.float64)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ShapeError(
            f"X must be points of two columns, shape (n, 2), got {points.shape}. "
            f"Choose two columns, X[:, :2], or project X on two with a PCA."
        )
    if labels.shape not in {(len(points),), (len(points), 1)}:
        raise ShapeError(
            f"y must be one class label per point, shape ({len(points)},), got "
            f"{labels.shape}. For one-hot rows pass y.argmax(axis=1)."
        )
    if not len(points):
        raise DataError("X is empty: there is nothing to draw. Pass some points.")
    if not np.isfinite(points).all():
        raise DataError(
            "X must hold finite numbers, got a nan or an infinity. "
            "Drop these rows: X[np.isfinite(X).all(axis=1)]."
        )
    labels = labels.reshape(-1)
    _few(np.unique(labels))
    return points, labels


def _few(classes: NDArray[Any]) -> None:
    if len(classes) > MOST_CLASSES:
        raise DataError(
            f"y must hold at most {MOST_CLASSES} classes to be told apart, got "
            f"{len(classes)}. These may be numbers to predict rather than classes: "
            f"cut them into a few, np.digitize(y, edges)."
        )


def _frame(points: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the lower left and upper right corner around the points, (2,) each."""
    low, high = points.min(axis=0), points.max(axis=0)
    margin = np.where(high > low, 0.06 * (high - low), 1)
    return low - margin, high + margin


def _predicted(
    predict: Callable[[NDArray[Any]], ArrayLike] | Predictor, points: NDArray[Any]
) -> NDArray[Any]:
    ask = predict.predict if hasattr(predict, "predict") else predict
    labels = np.asarray(ask(points))
    if labels.shape not in {(len(points),), (len(points), 1)}:
        raise ShapeError(
            f"predict must return one label per point, shape ({len(points)},), got "
            f"{labels.shape}. If these are scores, pass "
            f"lambda X: predict(X).argmax(axis=1)."
        )
    return labels.reshape(-1)


def _draw_regions(
    ax: Axes, places: NDArray[np.intp], low: NDArray[Any], high: NDArray[Any]
) -> None:
    """Fill the area whose corner pixels are centred on `low` and `high`."""
    tints = np.array([_tint(i) for i in range(int(places.max()) + 1)])
    half = (high - low) / (len(places) - 1) / 2
    (left, bottom), (right, top) = (low - half).tolist(), (high + half).tolist()
    extent = (left, right, bottom, top)
    ax.imshow(tints[places], origin="lower", extent=extent, aspect="auto")


def _draw_points(
    ax: Axes,
    points: NDArray[Any],
    labels: NDArray[Any],
    classes: NDArray[Any],
    size: float,
) -> None:
    for i, name in enumerate(classes):
        mine = points[labels == name]
        ax.scatter(
            mine[:, 0],
            mine[:, 1],
            s=size,
            color=COLOURS[i % len(COLOURS)],
            marker=MARKERS[i % len(MARKERS)],
            edgecolors="white",
            linewidths=0.5,
            label=str(name),
        )
    ax.set(xlabel="first column", ylabel="second column")


def _tint(place: int) -> NDArray[np.float64]:
    """Return the class's colour, mixed with white, as (red, green, blue)."""
    colour = np.array(library("colors").to_rgb(COLOURS[place % len(COLOURS)]))
    return 1 - 0.35 * (1 - colour)
