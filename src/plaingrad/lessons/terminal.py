"""Lessons in a terminal: text, code, what it prints as it comes, pictures in files."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import TextIO

from ..files import make_folder, write_whole
from ..train.progress import is_terminal
from ..write.plain import WIDTH, table, width, wrapped
from .running import Given, Picture, Ran, running
from .source import Cell, Lesson, lessons
from .words import words

_BLOCK = re.compile(r"(```.*?^```$)|\n\n+", re.DOTALL | re.MULTILINE)
_ITEM = re.compile(r"^(?=- |\d+\. )", re.MULTILINE)


def listing(lang: str = "en") -> str:
    """Return the list of the lessons, each with what it is about."""
    say, parts = words(lang), []
    longest = max(len(lesson.name) for lesson in lessons())
    for lesson in lessons():
        head = f"{lesson.number:>2}  {lesson.name:<{longest}}  {lesson.title(lang)}"
        summary = wrapped(_bare(lesson.summary(lang)), limit=_columns() - 4)
        parts.append(f"{head}\n    " + summary.replace("\n", "\n    "))
    how = wrapped(_bare(say["how"]), limit=_columns())
    return "\n\n".join([*parts, how]) + "\n"


def tell(
    lesson: Lesson, lang: str = "en", out: Path | None = None, show: bool = False
) -> Ran:
    """Run a lesson and write it to standard output.

    Parameters
    ----------
    lesson
        The lesson.
    lang
        Its language: "en" or "zh".
    out
        The folder for its pictures; without one they are written nowhere.
    show
        Show its pictures in windows.
    """
    teller, ran = _Teller(lesson, lang, out, sys.stdout), Ran(lesson)
    with running(ran, sys.stdout, show=show) as execute:
        for cell in lesson.cells:
            if cell.lang is None:
                teller.code(cell)
                teller.given(execute(cell))
            elif cell.lang == lang:
                teller.text(cell)
    return ran


class _Teller:
    """Writes a lesson, cell by cell."""

    def __init__(
        self, lesson: Lesson, lang: str, out: Path | None, stream: TextIO
    ) -> None:
        self.lesson, self.say, self.out, self.stream = lesson, words(lang), out, stream
        self.bold = _has_bold(stream)
        self.pictures = 0
        self.told: set[str] = set()

    def text(self, cell: Cell) -> None:
        """Write a text, and the answer after its question."""
        asked, answer = cell.question if "question" in cell.tags else (cell.text, "")
        if answer:
            self._write(f"## {self.say['question']}\n\n{asked}")
            self._write(f"{self.say['answer']}{self.say['colon']}{answer}")
        else:
            self._write(asked)

    def code(self, cell: Cell) -> None:
        """Write code, with a bar at its left."""
        self.stream.write(_barred(cell.text, self.stream) + "\n\n")

    def given(self, given: Given) -> None:
        """Write what follows the output of a cell: pictures, or why there are none."""
        said = [given.skipped] if given.skipped not in self.told else []
        self.told.add(given.skipped)
        if self.out is not None:
            said += [self._saved(self.out, picture) for picture in given.pictures]
        self.stream.write("".join(f"{line}\n" for line in said if line))
        if given.text or any(said):
            self.stream.write("\n")

    def _saved(self, folder: Path, picture: Picture) -> str:
        """Write a picture, and return a line that says where."""
        self.pictures += 1
        path = write_whole(make_folder(folder) / f"{self.pictures}.png", picture.png)
        return f"{self.say['picture']}{self.say['colon']}{path} ({picture.title})"

    def _write(self, markdown: str) -> None:
        for block in filter(None, map(str.strip, filter(None, _BLOCK.split(markdown)))):
            self.stream.write(_plain(block, self.bold, self.stream) + "\n\n")


def _plain(block: str, bold: bool, stream: TextIO) -> str:
    """Return a block of Markdown as plain text."""
    if block.startswith("```"):
        return _barred("\n".join(block.splitlines()[1:-1]), stream)
    if heading := re.fullmatch(r"(#+) (.*)", block):
        title = _bare(heading[2])
        line = ("=" if heading[1] == "#" else "-") * width(title)
        return f"\033[1m{title}\033[0m" if bold else f"{title}\n{line}"
    if block.startswith("|"):
        rows = [line.strip("| ").split("|") for line in block.splitlines()]
        return table(
            [[_bare(cell.strip()) for cell in row] for row in rows if _told(row)]
        )
    items = [re.sub(r"\s*\n\s*", " ", one.strip()) for one in _ITEM.split(block) if one]
    return "\n".join(wrapped(_bare(one), _indent(one), _columns()) for one in items)


def _told(row: list[str]) -> bool:
    """Whether a row of a table is more than the line below the head."""
    return any(cell.strip(" -:") for cell in row)


def _indent(item: str) -> str:
    mark = re.match(r"- |\d+\. ", item)
    return " " * len(mark[0]) if mark else ""


def _bare(markdown: str) -> str:
    """Return a line of Markdown without its marks; code keeps its own."""
    parts = re.split(r"(`[^`]+`)", markdown)
    for place, part in enumerate(parts[::2]):
        part = re.sub(r"\[([^]]+)\]\((https?:[^)]+)\)", r"\1 (\2)", part)
        part = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", part)
        parts[2 * place] = re.sub(r"(\*{1,2})(?=\S)(.+?)(?<=\S)\1|\$+", r"\2", part)
    return "".join(parts)


def _barred(code: str, stream: TextIO) -> str:
    """Return code with a bar at the left of each line."""
    bar = "│"
    try:
        bar.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        bar = "|"
    return "\n".join(f"{bar} {line}".rstrip() for line in code.splitlines())


def _has_bold(stream: TextIO) -> bool:
    """Whether a terminal has bold type, and nobody asked for plain text."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return is_terminal(stream) and not plain


def _columns() -> int:
    return min(WIDTH, shutil.get_terminal_size().columns)
