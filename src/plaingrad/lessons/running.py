"""Lessons run: their code in order, what it prints, and the pictures it draws."""

from __future__ import annotations

import importlib
import io
import linecache
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from ..errors import MissingExtraError, SettingError, missing_extra, unknown_name
from .source import Cell, Lesson, find

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 110
FILES_ONLY = ("agg", "cairo", "pdf", "pgf", "ps", "svg", "template")
"""The backends of Matplotlib that have no windows."""


@dataclass(frozen=True)
class Picture:
    """A picture: the bytes of a PNG, and its title, which says what is seen."""

    png: bytes
    title: str


@dataclass
class Given:
    """What a cell gave: the text that it printed, and the pictures that it drew.

    `skipped` says why a cell did not run: it needs a library that is not installed.
    """

    text: str = ""
    pictures: list[Picture] = field(default_factory=list)
    skipped: str = ""


@dataclass
class Ran:
    """A lesson that ran, or is running.

    Parameters
    ----------
    lesson
        The lesson.
    names
        The values of its code, by name.
    given
        What each of its code cells gave.
    """

    lesson: Lesson
    names: dict[str, Any] = field(default_factory=dict)
    given: dict[Cell, Given] = field(default_factory=dict)


def run(lesson: Lesson | str | int, *, show: bool = False, **settings: Any) -> Ran:
    """Run a lesson from top to bottom.

    Parameters
    ----------
    lesson
        A lesson, its name or its number.
    show
        Show its pictures in windows, too.
    **settings
        Values for its settings, as EPOCHS=20.

    Returns
    -------
    Ran
        The values of its code by name, and what each cell printed and drew.

    Raises
    ------
    SettingError
        When there is no such lesson, it has no such setting, or there are no windows
        to show pictures in.
    """
    found = lesson if isinstance(lesson, Lesson) else find(lesson)
    ran, out = Ran(found), io.StringIO()
    with running(ran, out, show=show, **settings) as execute:
        for cell in found.cells:
            if cell.lang is None:
                execute(cell)
    return ran


@contextmanager
def running(
    ran: Ran, live: TextIO, *, show: bool = False, **settings: Any
) -> Iterator[Callable[[Cell], Given]]:
    """Yield what executes a code cell of a lesson, and writes to `live` as it prints.

    What cells change for the whole process (how numbers are printed and drawn at
    random, how pictures are drawn) is as before at the end.
    """
    known = [name for cell in ran.lesson.cells for name in cell.settings]
    for name in settings:
        if name not in known:
            raise unknown_name(f"setting of the lesson {ran.lesson.name}", name, known)
    file = f"<lesson {ran.lesson.name}>"
    lines = ran.lesson.source.splitlines(keepends=True)
    linecache.cache[file] = (len(ran.lesson.source), None, lines, file)
    ran.names["__name__"] = "lesson"

    def execute(cell: Cell) -> Given:
        given = ran.given[cell] = Given()
        out = _Copied(live)
        code = compile("\n" * (cell.line - 1) + cell.text, file, "exec")
        with redirect_stdout(out):
            try:
                exec(code, ran.names)  # noqa: S102
            except ImportError as error:
                given.skipped = _missing(error)
        ran.names.update({k: settings[k] for k in cell.settings if k in settings})
        given.text = out.getvalue()
        given.pictures = _taken(before, show)
        return given

    with ExitStack() as stack:
        stack.enter_context(np.errstate())
        stack.enter_context(np.printoptions())
        random = np.random.get_state()  # noqa: NPY002 (lessons draw from it)
        stack.callback(np.random.set_state, random)
        before = stack.enter_context(_drawing(show))
        yield execute


class _Copied(io.StringIO):
    """Text that is kept, and written elsewhere at once."""

    def __init__(self, live: TextIO) -> None:
        super().__init__()
        self.live = live

    def write(self, text: str, /) -> int:
        self.live.write(text)
        self.live.flush()
        return super().write(text)


def _missing(error: ImportError) -> str:
    """Return what to install for a cell that could not import it, or complain."""
    if isinstance(error, MissingExtraError):
        return str(error)
    library = (error.name or "").partition(".")[0]
    if library == "matplotlib":
        return str(missing_extra("matplotlib", "draw", "Drawing"))
    if library == "torch":  # shown beside plaingrad, which does without
        return "This needs PyTorch, which is not installed: pip install torch"
    raise error


@contextmanager
def _drawing(show: bool) -> Iterator[set[int]]:
    """Draw in the usual style, without windows unless shown; yield the open figures.

    Those that are opened meanwhile are closed at the end.
    """
    try:
        pyplot = importlib.import_module("matplotlib.pyplot")
    except ImportError:
        yield set()
        return
    backend = pyplot.get_backend()
    if show and backend.lower() in FILES_ONLY:
        raise SettingError(
            f"there are no windows to show pictures in: Matplotlib draws for "
            f"{backend!r} here. Likely cause: no display. Leave out show, or set the "
            f"environment variable MPLBACKEND."
        )
    before = set(pyplot.get_fignums())
    if not show:
        pyplot.switch_backend("agg")
    try:
        with pyplot.style.context("default"):
            yield before
    finally:
        _close(pyplot, before)
        if not show:
            pyplot.switch_backend(backend)


def _taken(before: set[int], show: bool) -> list[Picture]:
    """Return the figures that were not open before, and close them."""
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return []
    numbers = [n for n in pyplot.get_fignums() if n not in before]
    pictures = [_picture(pyplot.figure(number)) for number in numbers]
    if show and numbers:
        pyplot.show()
    _close(pyplot, before)
    return pictures


def _close(pyplot: Any, before: set[int]) -> None:
    """Close the figures that were not open before."""
    for number in set(pyplot.get_fignums()) - before:
        pyplot.close(number)


def _picture(figure: Figure) -> Picture:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, bbox_inches="tight")
    titles = [figure.get_suptitle(), *(axes.get_title() for axes in figure.axes)]
    title = next((title for title in titles if title), "")
    return Picture(buffer.getvalue(), " ".join(title.split()))
