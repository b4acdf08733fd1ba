"""A network as a diagram: units and edges when it is dense and small, else boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..errors import DataError
from .style import FAINT, INK, bare, library, new_axes, shrink

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Layer = tuple[str, tuple[int | None, ...], int]
MOST_COLUMNS = 6
MOST_UNITS = 12
MOST_LETTERS = 22
INPUT, TRAINED, FIXED = "#e4e4e4", "#b5d5f2", "white"
# Distances in inches, at the default size.
_COLUMN, _UNIT, _RADIUS = 1.8, 0.36, 0.13
_BOX, _ARROW = 0.32, 0.32


class Column(NamedTuple):
    """A column of units: its layer and what is applied to it element by element."""

    lines: tuple[str, ...]
    units: int
    parameters: int


def network(layers: Sequence[Layer], ax: Axes | None = None) -> Axes:
    """Draw a network from its layers.

    A dense network of at most six columns is drawn as circles and edges, with at most
    12 circles a layer; any other as boxes from top to bottom, the shape of what one
    hands to the next beside the arrow.

    Parameters
    ----------
    layers : sequence of (name, output_shape, parameter_count)
        In order, the input first, as ("input", (64,), 0), ("Linear 20", (20,), 1300),
        ("ReLU", (20,), 0). Shapes are without the batch axis.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes
        In inches of the default size; without ticks.

    Raises
    ------
    DataError
        When there are no layers.
    MissingExtraError
        When matplotlib is not installed.
    """
    if not layers:
        raise DataError("layers is empty: there is nothing to draw. Add a layer.")
    columns = _columns(layers)
    ax = _draw_units(columns, ax) if columns else _draw_boxes(layers, ax)
    bare(ax)
    ax.set_aspect("equal")
    total = sum(parameters for _, _, parameters in layers)
    ax.set_title(f"{_count(len(layers) - 1, 'layer')}, {_count(total, 'parameter')}")
    return ax


def _columns(layers: Sequence[Layer]) -> list[Column]:
    """Return the columns of a dense network; none when it is not one, or is long."""
    columns: list[Column] = []
    for name, shape, parameters in layers:
        if len(shape) != 1 or shape[0] is None:
            return []
        units = shape[0]
        if not columns or name.startswith("Linear"):
            columns.append(Column((name,), units, parameters))
        elif parameters == 0 and units == columns[-1].units:
            last = columns.pop()
            columns.append(last._replace(lines=(*last.lines, name)))
        else:
            return []
    return columns if len(columns) <= MOST_COLUMNS else []


def _draw_units(columns: list[Column], ax: Axes | None) -> Axes:
    reach = max(_heights(column.units)[0] for column in columns) + _RADIUS
    texts = [_describe(column) for column in columns]
    below = 0.3 + 0.2 * max(map(len, texts))
    width = _COLUMN * len(columns)
    size = (max(width, 3.2), 2 * reach + below + 0.6)
    ax = new_axes(ax, size)
    ax.set(xlim=(-_COLUMN / 2, width - _COLUMN / 2), ylim=(-reach - below, reach + 0.1))
    scale = shrink(ax, size)
    longest = max(len(line) for lines in texts for line in lines)
    letters = 9.5 * scale * min(1.0, MOST_LETTERS / longest)
    for i, column in enumerate(columns):
        if i:
            _draw_edges(ax, _circles(i - 1, columns[i - 1].units), column, i)
        _draw_circles(ax, i, column, scale)
        for line, text in enumerate(texts[i]):
            y = -reach - 0.3 - 0.2 * line
            colour = INK if text in column.lines else FAINT
            ax.text(i * _COLUMN, y, text, ha="center", fontsize=letters, color=colour)
    return ax


def _describe(column: Column) -> list[str]:
    text = [*column.lines, _count(column.units, "unit")]
    if column.parameters:
        text.append(_count(column.parameters, "parameter"))
    return text


def _draw_edges(
    ax: Axes, before: list[tuple[float, float]], column: Column, place: int
) -> None:
    edges = [(a, b) for a in before for b in _circles(place, column.units)]
    lines = library("collections").LineCollection
    ax.add_collection(lines(edges, colors="#c4c4c4", linewidths=0.6, zorder=1))


def _draw_circles(ax: Axes, place: int, column: Column, scale: float) -> None:
    circle = library("patches").Circle
    colour = INPUT if place == 0 else TRAINED
    centres = _circles(place, column.units)
    style = {"facecolor": colour, "edgecolor": INK, "linewidth": 0.8 * scale}
    for centre in centres:
        ax.add_patch(circle(centre, _RADIUS, zorder=2, **style))
    if column.units > len(centres):
        for offset in (-0.1, 0.0, 0.1):
            ax.add_patch(circle((place * _COLUMN, offset), 0.025, color=INK, zorder=2))


def _circles(place: int, units: int) -> list[tuple[float, float]]:
    return [(place * _COLUMN, y) for y in _heights(units)]


def _heights(units: int) -> list[float]:
    """Return the height of each circle; of many, the first and last around a gap."""
    if units <= MOST_UNITS:
        return [float(y) for y in _UNIT * ((units - 1) / 2 - np.arange(units))]
    half = MOST_UNITS // 2 - 1
    upper = [_UNIT * (half + 0.5 - i) for i in range(half)]
    return [*upper, *(-y for y in reversed(upper))]


def _draw_boxes(layers: Sequence[Layer], ax: Axes | None) -> Axes:
    width = max(2.0, 0.09 * max(len(name) for name, _, _ in layers) + 0.4)
    step = _BOX + _ARROW
    height = step * len(layers)
    size = (width + 2.8, height + 0.6)
    ax = new_axes(ax, size)
    ax.set(xlim=(-width / 2 - 1.4, width / 2 + 1.4), ylim=(-height - 0.05, 0.05))
    scale = shrink(ax, size)
    for i, (name, shape, parameters) in enumerate(layers):
        top = -i * step
        colour = INPUT if i == 0 else TRAINED if parameters else FIXED
        _draw_box(ax, name, top, width, colour, scale)
        _draw_arrow(ax, top - _BOX, shape, scale)
        if parameters:
            _note(ax, width / 2, top - _BOX / 2, _count(parameters, "parameter"), scale)
    return ax


def _draw_box(
    ax: Axes, name: str, top: float, width: float, colour: str, scale: float
) -> None:
    box = library("patches").FancyBboxPatch(
        (-width / 2, top - _BOX),
        width,
        _BOX,
        boxstyle="round,pad=0,rounding_size=0.08",
        facecolor=colour,
        edgecolor=INK,
        linewidth=0.9 * scale,
    )
    ax.add_patch(box)
    y = top - _BOX / 2 - 0.01
    ax.text(0, y, name, ha="center", va="center", fontsize=10 * scale, color=INK)


def _draw_arrow(
    ax: Axes, start: float, shape: tuple[int | None, ...], scale: float
) -> None:
    arrow = library("patches").FancyArrowPatch(
        (0, start),
        (0, start - _ARROW),
        arrowstyle="-|>",
        mutation_scale=9 * scale,
        shrinkA=0,
        shrinkB=0,
        color=INK,
        linewidth=0.9 * scale,
    )
    ax.add_patch(arrow)
    sizes = ", ".join("?" if size is None else str(size) for size in shape)
    text = f"({sizes},)" if len(shape) == 1 else f"({sizes})"
    _note(ax, 0, start - _ARROW / 2, text, scale)


def _note(ax: Axes, x: float, y: float, text: str, scale: float) -> None:
    ax.text(x + 0.12, y, text, va="center", fontsize=9 * scale, color=FAINT)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
