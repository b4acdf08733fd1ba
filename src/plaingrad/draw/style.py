"""What every picture shares: colours, new axes, and the late import of matplotlib."""

from __future__ import annotations

import io
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from ..extras import imported

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Petroff's ten, chosen to be told apart with any kind of colour vision.
COLOURS = (
    "#3f90da",
    "#e76300",
    "#832db6",
    "#ffa90e",
    "#717581",
    "#bd1f01",
    "#92dadd",
    "#a96b59",
    "#b9ac70",
    "#94a4a2",
)
# Seven, so that colour and marker together tell seventy classes apart.
MARKERS = "osD^v<>"
INK = "#222222"
FAINT = "#767676"
DIVERGING = "RdBu_r"
# Fonts that have Chinese characters, as systems name them.
CHINESE = (
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "PingFang SC"),
    *("Hiragino Sans GB", "Microsoft YaHei", "SimHei", "WenQuanYi Zen Hei"),
    *("WenQuanYi Micro Hei", "Arial Unicode MS"),
)
# A new Axes fills about this share of its figure.
_SHARE = 0.75


def new_axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """Return `ax`, or the Axes of a new figure of `size` inches.

    Raises
    ------
    MissingExtraError
        When matplotlib is not installed.
    """
    if ax is not None:
        return ax
    pyplot = library("pyplot")
    axes: Axes = pyplot.subplots(figsize=size, layout="constrained")[1]
    return axes


def grid(count: int, columns: int, size: tuple[float, float]) -> list[Axes]:
    """Return so many Axes of a new figure, each of `size` inches, row by row."""
    wide = min(count, columns)
    rows = -(-count // wide)
    inches = (size[0] * wide, size[1] * rows)
    figure = library("pyplot").figure(figsize=inches, layout="constrained")
    return [figure.add_subplot(rows, wide, place + 1) for place in range(count)]


def library(module: str) -> Any:
    """Return the matplotlib module of that name, importing it now.

    Raises
    ------
    MissingExtraError
        When matplotlib is not installed.
    """
    return imported(f"matplotlib.{module}", "matplotlib", "draw", "Drawing")


def rendered(ax: Axes, kind: str = "png") -> bytes:
    """Return the file of a picture in a format, such as "png" or "svg"; close it."""
    buffer, figure = io.BytesIO(), cast("Figure", ax.get_figure(root=True))
    for text in figure.findobj(library("text").Text):
        text.set_fontfamily([*text.get_fontfamily(), *_chinese()])
    with warnings.catch_warnings():
        # letters that no font of this computer has are boxes, as everywhere else
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure.savefig(buffer, format=kind, dpi=150, bbox_inches="tight")
    library("pyplot").close(figure)
    return buffer.getvalue()


@cache
def _chinese() -> tuple[str, ...]:
    """Return a font of this computer for the characters that the usual one lacks."""
    known = {font.name for font in library("font_manager").fontManager.ttflist}
    return tuple(name for name in CHINESE if name in known)[:1]


def shrink(ax: Axes, size: tuple[float, float]) -> float:
    """Return how much smaller `ax` is than that of a figure of `size` inches.

    At most 1: text that fits the default size is made smaller for a small Axes,
    never larger for a large one.
    """
    width, height = _inches(ax)
    return min(1.0, width / (_SHARE * size[0]), height / (_SHARE * size[1]))


def bare(ax: Axes) -> None:
    """Take the frame and the ticks from `ax`."""
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def clean(ax: Axes) -> None:
    """Leave only the left and bottom line of the frame, and a faint grid."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(color="#e6e6e6", linewidth=0.8)
    ax.set_axisbelow(True)


def whole_ticks(axis: Any) -> None:
    """Put ticks on whole numbers only, as many as there is room for."""
    locator = library("ticker").MaxNLocator
    steps = [1, 2, 5, 10]
    axis.set_major_locator(locator("auto", integer=True, min_n_ticks=1, steps=steps))


def legend_beside(ax: Axes, title: str) -> None:
    """Put the legend to the right of `ax`, where it hides nothing."""
    ax.legend(title=title, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)


def legend_above(ax: Axes, title: str) -> None:
    """Put the legend between `ax` and its title, where it hides nothing."""
    entries = len(ax.get_legend_handles_labels()[0])
    columns = max(1, min(entries, int(_inches(ax)[0] / 1.4)))
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=columns,
        frameon=False,
        borderaxespad=0.2,
        columnspacing=1.4,
    )
    ax.set_title(title, pad=10 + 18 * -(-entries // columns))


def colour_bar(ax: Axes, image: Any, label: str) -> None:
    """Put a colour bar to the right of `ax`, as high as the image."""
    inch = 1 / _inches(ax)[0]
    place = ax.inset_axes((1 + 0.12 * inch, 0, 0.18 * inch, 1))
    bar = ax.figure.colorbar(image, cax=place)
    bar.set_label(label)
    bar.outline.set_visible(False)


def _inches(ax: Axes) -> tuple[float, float]:
    box, dpi = ax.get_window_extent(), ax.figure.dpi
    return float(box.width / dpi), float(box.height / dpi)
