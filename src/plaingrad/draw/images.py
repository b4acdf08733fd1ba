"""Grids of small images: kernels, features, misclassified and augmented samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import metrics
from ..errors import ShapeError, whole
from .matrices import finite_weights, show_signed
from .style import INK, bare, new_axes, shrink

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAME = 12
"""So much of a file's name has room above a tile."""


def kernels(W: ArrayLike, ax: Axes | None = None) -> Axes:
    """Draw convolution kernels as a grid of small images.

    With several input channels, a row of the grid is an input and a column an output
    channel; with one, the kernels follow each other row by row, and the number of a
    kernel is that of its row plus that of its column.

    Parameters
    ----------
    W : array of shape (kh, kw, in, out)
        The kernels.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes
        With one image of all kernels and a colour bar.

    Raises
    ------
    ShapeError
        When `W` has not four axes, or no numbers.
    DataError
        When a weight is not finite.
    MissingExtraError
        When matplotlib is not installed.
    """
    array = finite_weights(W)
    if array.ndim != 4:
        raise ShapeError(
            f"W must be kernels of shape (kh, kw, in, out), got {array.shape}. "
            f"For the matrix of a Linear layer use draw.weights or draw.features."
        )
    height, width, inputs, outputs = array.shape
    tiles = array.transpose(2, 3, 0, 1).reshape(-1, height, width)
    title = f"{outputs} kernels of {height} × {width}"
    if inputs == 1:
        return _signed_grid(tiles, ax, title)
    return _signed_grid(tiles, ax, f"{title} × {inputs} inputs", columns=outputs)


def features(W: ArrayLike, shape: tuple[int, ...], ax: Axes | None = None) -> Axes:
    """Draw what each unit of a first layer looks for, as a grid of images.

    The number of a unit is that of its row plus that of its column.

    Parameters
    ----------
    W : array of shape (in, out)
        The weights of the first layer, one column per unit.
    shape : tuple of int
        Of an input image: (h, w), (h, w, 1), or (h, w, 3) for colour.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes
        With one image of all units: grey is 0 in colour, white is 0 otherwise.

    Raises
    ------
    ShapeError
        When `W` has not two axes, or `shape` not as many numbers as `W` has rows.
    DataError
        When a weight is not finite.
    MissingExtraError
        When matplotlib is not installed.
    """
    array = finite_weights(W)
    size = tuple(shape[:2]) if tuple(shape[2:]) == (1,) else tuple(shape)
    if len(size) not in (2, 3) or size[2:] not in ((), (3,)):
        raise ShapeError(
            f"shape must be (h, w), (h, w, 1) or (h, w, 3), got {tuple(shape)}."
        )
    if array.ndim != 2 or len(array) != math.prod(size):
        raise ShapeError(
            f"W must have one row per pixel of {tuple(shape)}, shape "
            f"({math.prod(size)}, out), got {array.shape}. Pass the weights of the "
            f"first layer and the shape of its input."
        )
    tiles = array.T.reshape(-1, *size)
    title = f"what {len(tiles)} units look for"
    if len(size) == 2:
        return _signed_grid(tiles, ax, title)
    grid = Grid(len(tiles), size[0], size[1])
    ax = new_axes(ax, grid.figure_size)
    reach = np.abs(array).max() or 1.0
    ax.imshow(grid.tiled(0.5 + tiles / (2 * reach), fill=0.85), interpolation="nearest")
    _number(ax, grid, title)
    return ax


def misclassified(
    images: ArrayLike,
    y_true: ArrayLike,
    y_pred: ArrayLike,
    ax: Axes | None = None,
    most: int = 20,
    files: Sequence[str] | None = None,
) -> Axes:
    """Draw images that were classified wrongly, each with "true → predicted".

    Parameters
    ----------
    images : array of shape (n, h, w), (n, h, w, 1), (n, h, w, 3) or (n, side * side)
        The images; values outside [0, 1] are scaled into it.
    y_true, y_pred : array of shape (n,)
        Class labels.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    most : int
        The most images to draw; the first wrong ones are.
    files : sequence of str, optional
        What each image is called, (n,), to be written above it; the folders are left
        out, and the middle of long names.

    Returns
    -------
    matplotlib Axes
        With one image of all and a text for each, or a single text when all are right.

    Raises
    ------
    ShapeError, DataError
        When images and labels do not fit, or as `plaingrad.metrics.accuracy`.
    SettingError
        When `most` is below 1.
    MissingExtraError
        When matplotlib is not installed.
    """
    share = metrics.accuracy(y_true, y_pred)
    true, pred = np.ravel(y_true), np.ravel(y_pred)
    pictures = _as_images(np.asarray(images), len(true))
    wrong = np.flatnonzero(true != pred)
    shown = wrong[: whole("most", most)]
    pictures = _unit_range(pictures[shown])
    labels = [f"{true[i]} → {pred[i]}" for i in shown]
    if max(map(len, labels), default=0) > 15:
        labels = [label.replace(" → ", "\n→ ") for label in labels]
    if files is not None:
        labels = [
            f"{_short(files[i])}\n{label}"
            for i, label in zip(shown, labels, strict=True)
        ]
    height, width = pictures.shape[1:3]
    lines = 1 + max((label.count("\n") for label in labels), default=0)
    line = 0.18 if files is None else 0.2  # letters such as g and y need room
    gaps = math.ceil(line * height * lines), math.ceil(0.12 * width)
    grid = Grid(max(1, len(shown)), height, width, min(5, max(3, len(shown))), gaps)
    # below the last row there is nothing to be written
    high = grid.top(grid.rows) - gaps[0] + 1
    across = 1.3 * grid.columns
    size = (across, across * high / grid.left(grid.columns) + 0.25)
    ax = new_axes(ax, size)
    bare(ax)
    ax.set_title(f"{len(wrong):,} of {len(true):,} wrong ({1 - share:.1%})")
    image = grid.tiled(pictures, fill=1.0)[:high]
    ax.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    if len(shown):
        _label(ax, grid, labels, 9.5 * shrink(ax, size))
    else:
        middle = (image.shape[1] / 2, image.shape[0] / 2)
        ax.text(*middle, "every image is classified right", ha="center", va="center")
    return ax


def _short(file: str) -> str:
    """Return the name of a file, without its folders, and not too long."""
    name = PurePath(file).name
    # other scripts than Latin have wider letters
    half = NAME // 2 if name.isascii() else NAME // 4
    return name if len(name) <= 2 * half else f"{name[:half]}…{name[-half:]}"


def augmented(images: ArrayLike, seen: ArrayLike, ax: Axes | None = None) -> Axes:
    """Draw images, and beside each of them what a training sees in its place.

    Parameters
    ----------
    images : array of shape (n, h, w), (n, h, w, 1) or (n, h, w, 3)
        The images as they are.
    seen : array of shape (draws, n, ...)
        What became of them: `net.augmented(images, draws)`. They may have another size.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes
        With one image of all: a row for each image, itself on the left. Values outside
        [0, 1] are scaled into it, all by the same rule.

    Raises
    ------
    ShapeError
        When the arrays have other shapes.
    MissingExtraError
        When matplotlib is not installed.
    """
    drawn, originals = np.asarray(seen), np.asarray(images)
    if drawn.ndim < 4 or drawn.shape[1] != len(originals):
        raise ShapeError(
            f"seen must hold each of {len(originals)} images several times, shape "
            f"(draws, {len(originals)}, h, w, ...), got {drawn.shape}. Pass "
            f"net.augmented(images, draws=7)."
        )
    looks = [_as_images(one, len(originals)) for one in (originals, *drawn)]
    low, high = min(0, *map(np.min, looks)), max(1, *map(np.max, looks))
    height, width = np.max([one.shape[1:3] for one in looks], axis=0).tolist()
    pixels = np.stack([_centred(one, height, width) for one in looks], axis=1)
    tiles = pixels.reshape(-1, *pixels.shape[2:])
    grid = Grid(len(tiles), height, width, len(looks))
    ax = new_axes(ax, grid.figure_size)
    bare(ax)
    image = (grid.tiled(tiles, fill=np.nan) - low) / (high - low)
    shown = np.where(np.isnan(image), 1.0, image)
    ax.imshow(shown, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    ax.set_title(f"images as they are, and as {len(drawn)} updates see them")
    return ax


def _centred(images: NDArray[Any], height: int, width: int) -> NDArray[np.float64]:
    """Return images in the middle of larger ones, whose rest is nan."""
    top, left = (height - images.shape[1]) // 2, (width - images.shape[2]) // 2
    shape = (len(images), height, width, *images.shape[3:])
    wide = np.full(shape, np.nan)
    wide[:, top : top + images.shape[1], left : left + images.shape[2]] = images
    return wide


class Grid:
    """Where each of `count` tiles of height by width pixels stands in one image.

    Parameters
    ----------
    count, height, width : int
        Number of tiles and their size.
    columns : int, optional
        Tiles in a row; by default so many that the grid is about as wide as high.
    gaps : tuple of int, optional
        Pixels above and to the left of each tile; by default a tenth of its size.
    """

    def __init__(
        self,
        count: int,
        height: int,
        width: int,
        columns: int | None = None,
        gaps: tuple[int, int] | None = None,
    ) -> None:
        wide = math.ceil(math.sqrt(count * height / width * 1.4))
        self.count, self.height, self.width = count, height, width
        self.columns = columns or min(count, wide)
        self.rows = math.ceil(count / self.columns)
        self.gaps = gaps or (math.ceil(height / 10), math.ceil(width / 10))

    @property
    def figure_size(self) -> tuple[float, float]:
        """Width and height of a figure for it, in inches."""
        aspect = self.rows * self.height / (self.columns * self.width)
        wide = min(10.0, max(4.5, 0.55 * self.columns))
        return wide + 1.2, min(10.0, max(1.4, wide * aspect)) + 0.8

    def top(self, row: int) -> int:
        """Return the first pixel of a row of tiles."""
        return self.gaps[0] + row * (self.height + self.gaps[0])

    def left(self, column: int) -> int:
        """Return the first pixel of a column of tiles."""
        return self.gaps[1] + column * (self.width + self.gaps[1])

    def tiled(self, tiles: NDArray[Any], fill: float) -> NDArray[Any]:
        """Return one image of `tiles`, shape (count, height, width, ...)."""
        shape = (self.top(self.rows), self.left(self.columns), *tiles.shape[3:])
        image = np.full(shape, fill, dtype=np.float64)
        for i, tile in enumerate(tiles):
            row, column = divmod(i, self.columns)
            top, left = self.top(row), self.left(column)
            image[top : top + self.height, left : left + self.width] = tile
        return image


def _signed_grid(
    tiles: NDArray[Any], ax: Axes | None, title: str, columns: int | None = None
) -> Axes:
    grid = Grid(len(tiles), tiles.shape[1], tiles.shape[2], columns)
    ax = new_axes(ax, grid.figure_size)
    # The gaps are nan, through which this grey shows: white is a weight of 0.
    ax.set_facecolor("#c8c8c8")
    show_signed(ax, grid.tiled(tiles, fill=np.nan))
    _number(ax, grid, title, by_channel=columns is not None)
    return ax


def _number(ax: Axes, grid: Grid, title: str, by_channel: bool = False) -> None:
    """Write the numbers of the tiles along the sides of a grid.

    By channel, rows and columns count for themselves; else a tile's number is that of
    its row plus that of its column.
    """
    across = range(0, grid.columns, math.ceil(grid.columns / 20))
    down = range(0, grid.rows, math.ceil(grid.rows / 20))
    middle, centre = (grid.height - 1) / 2, (grid.width - 1) / 2
    sign, first = ("", 1) if by_channel else ("+", grid.columns)
    columns = [f"{sign}{i}" for i in across]
    rows = [str(i * first) for i in down]
    ax.set_xticks([grid.left(i) + centre for i in across], columns)
    ax.set_yticks([grid.top(i) + middle for i in down], rows)
    if by_channel:
        ax.set(xlabel="output channel", ylabel="input channel")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_title(title)


def _label(ax: Axes, grid: Grid, labels: list[str], size: float) -> None:
    """Write a label above each tile."""
    for i, label in enumerate(labels):
        row, column = divmod(i, grid.columns)
        x = grid.left(column) + (grid.width - 1) / 2
        y = grid.top(row) - 0.5 - 0.03 * grid.height
        look: Any = {"ha": "center", "va": "bottom", "fontsize": size, "color": INK}
        # names of files may hold what would be taken for formulas
        ax.text(x, y, label, parse_math=False, **look)


def _as_images(images: NDArray[Any], count: int) -> NDArray[Any]:
    """Return the images as (n, h, w) or (n, h, w, 3)."""
    if images.ndim == 2:
        side = math.isqrt(images.shape[1])
        if side * side == images.shape[1]:
            images = images.reshape(-1, side, side)
    if images.ndim == 4 and images.shape[3] == 1:
        images = images[..., 0]
    if images.ndim != 3 and (images.ndim != 4 or images.shape[3] != 3):
        raise ShapeError(
            f"images must have the shape (n, h, w), (n, h, w, 1), (n, h, w, 3) or be "
            f"flat squares, got {images.shape}. Reshape them to (n, h, w)."
        )
    if len(images) != count:
        raise ShapeError(
            f"there must be one image per label, got {len(images)} images and {count} "
            f"labels. Check that both come from the same data set and split."
        )
    return images


def _unit_range(images: NDArray[Any]) -> NDArray[np.float64]:
    """Scale images into [0, 1], unless they are there already."""
    pixels = images.astype(np.float64)
    low, high = pixels.min(initial=0), pixels.max(initial=1)
    scaled: NDArray[np.float64] = (pixels - low) / (high - low)
    return scaled
