"""Lessons as they are written: Python files in Jupytext's percent format.

A text cell has a language and is a comment of Markdown; a code cell serves both.

    # %% [markdown] lang="en"
    # # The title
    #
    # The summary.

    # %% tags=["settings"]
    EPOCHS = 350

A cell with the tag `settings` assigns plain values to names in upper case, which
whoever runs the lesson may replace. One with the tag `question` has the question, a
line `---`, and the answer.
"""

from __future__ import annotations

import ast
import itertools
import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ..errors import FileError, unknown_name
from .words import LANGUAGES

TAGS = ("settings", "question")
_HEAD = re.compile(r"# %%(?P<text> \[markdown\])?(?P<options>.*)")
_OPTION = re.compile(r'\s+(lang|tags)=("[^"]*"|\[[^\]]*\])')
_CHINESE = "[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
_BREAK = re.compile(rf"(?<={_CHINESE})\n *(?={_CHINESE})")


@dataclass(frozen=True)
class Cell:
    """One cell of a lesson.

    Parameters
    ----------
    lang
        The language of a text; None for code.
    tags
        "settings" or "question".
    text
        Markdown, or code.
    line
        The number of its first line in the source.
    """

    lang: str | None
    tags: tuple[str, ...]
    text: str
    line: int

    @property
    def settings(self) -> dict[str, Any]:
        """The values that the cell lets others replace."""
        found = {}
        for node in ast.parse(self.text).body if "settings" in self.tags else ():
            match node:
                case ast.Assign([ast.Name(name)], value) if name.isupper():
                    found[name] = ast.literal_eval(value)
                case _:
                    raise ValueError(ast.unparse(node))
        return found

    @property
    def question(self) -> tuple[str, str]:
        """The question and its answer."""
        asked, _, answer = self.text.partition("\n---\n")
        return asked.strip(), answer.strip()


@dataclass(frozen=True)
class Lesson:
    """A lesson: its number, its name, the text of its source, and its cells."""

    number: int
    name: str
    source: str
    cells: tuple[Cell, ...]

    @property
    def slug(self) -> str:
        """The name of its files, as 01-prediction."""
        return f"{self.number:02}-{self.name.replace('_', '-')}"

    def title(self, lang: str = "en") -> str:
        """Return the title in a language."""
        return self._opening(lang)[0].removeprefix("# ")

    def summary(self, lang: str = "en") -> str:
        """Return the first paragraph in a language."""
        return " ".join(self._opening(lang)[1].split())

    def _opening(self, lang: str) -> list[str]:
        return next(c.text.split("\n\n") for c in self.cells if c.lang == lang)


@cache
def lessons() -> tuple[Lesson, ...]:
    """Return all lessons, in order."""
    found = {one.name: one for one in files(__package__).joinpath("sources").iterdir()}
    return tuple(
        parsed(name.removesuffix(".py"), found[name].read_text(encoding="utf-8"))
        for name in sorted(found)
        if name.endswith(".py")
    )


def find(name: str | int) -> Lesson:
    """Return a lesson by its number ("3") or name ("prediction").

    Raises
    ------
    SettingError
        When there is no such lesson.
    """
    asked = str(name).replace("-", "_")
    for lesson in lessons():
        if asked in (lesson.name, f"{lesson.number:02}_{lesson.name}"):
            return lesson
        if asked.isdecimal() and int(asked) == lesson.number:
            return lesson
    raise unknown_name("lesson", name, [lesson.name for lesson in lessons()])


def parsed(stem: str, source: str) -> Lesson:
    """Return the lesson of a file.

    Parameters
    ----------
    stem
        The name of the file, as 01_prediction.
    source
        What stands in it.

    Raises
    ------
    FileError
        When it is no lesson; the message tells the line.
    """
    number, _, name = stem.partition("_")
    if not number.isdecimal() or not name:
        raise FileError(
            f"{stem}.py is no name of a lesson. "
            f"Call it NN_name.py, as 01_prediction.py."
        )
    cells, lines = [], source.splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith("# %%")]
    if any(line.strip() for line in lines[: starts[0] if starts else None]):
        raise _wrong(stem, 1, "text before the first cell", "Begin with a line # %%.")
    for start, end in itertools.pairwise([*starts, len(lines)]):
        cells.append(_cell(stem, start + 1, lines[start:end]))
    _check_languages(stem, cells)
    return Lesson(int(number), name, source, tuple(cells))


def _cell(stem: str, line: int, lines: list[str]) -> Cell:
    """Return the cell whose head is at a line of the source."""
    lang, tags = _head(stem, line, lines[0])
    first = next((i for i, one in enumerate(lines[1:], 1) if one.strip()), 1)
    body = "\n".join(lines[first:]).rstrip()
    if lang is not None:
        body = _uncommented(stem, line + first, body)
    cell = Cell(lang, tags, body, line + first)
    if "question" in tags and not all(cell.question):
        raise _wrong(stem, line, "a question without answer", "Put --- between them.")
    try:
        _ = cell.settings
    except ValueError as error:
        change = "A setting is a plain value with a name in upper case: EPOCHS = 350."
        raise _wrong(stem, line, f"no setting: {error}", change) from None
    return cell


def _head(stem: str, line: int, text: str) -> tuple[str | None, tuple[str, ...]]:
    """Return the language and the tags that the head of a cell tells."""
    head = _HEAD.fullmatch(text)
    options = head["options"] if head else text
    given = {name: json.loads(value) for name, value in _OPTION.findall(options)}
    lang, tags = given.get("lang"), tuple(given.get("tags", ()))
    if _OPTION.sub("", options).strip() or set(tags) - set(TAGS):
        change = f'It may have [markdown], lang="en" and tags of {", ".join(TAGS)}.'
        raise _wrong(stem, line, f"the head {text!r}", change)
    if lang not in (LANGUAGES if head and head["text"] else [None]):
        change = f"A text has one of {', '.join(LANGUAGES)}, and code has none."
        raise _wrong(stem, line, f"the language {lang!r}", change)
    return lang, tags


def _uncommented(stem: str, line: int, body: str) -> str:
    """Return the Markdown of a text cell, lines of Chinese joined without a space."""
    found = []
    for place, one in enumerate(body.splitlines(), line):
        if one != "#" and not one.startswith("# "):
            raise _wrong(stem, place, f"{one!r} in a text", "Begin it with '# '.")
        found.append(one[2:])
    return joined("\n".join(found).strip())


def joined(markdown: str) -> str:
    """Return a text whose Chinese goes on without a space where a line ended."""
    return _BREAK.sub("", markdown)


def _check_languages(stem: str, cells: list[Cell]) -> None:
    """Complain unless each English text is followed by the Chinese one."""
    for place, cell in enumerate(cells):
        if cell.lang is None:
            continue
        other, near = {"en": ("zh", place + 1), "zh": ("en", place - 1)}[cell.lang]
        found = [(one.lang, one.tags) for one in cells[near : near + 1]]
        if found != [(other, cell.tags)]:
            change = "Each English text is followed by the Chinese, with the same tags."
            raise _wrong(stem, cell.line, f"a text in {cell.lang} alone", change)
    opening = [cell.text for cell in cells if cell.lang is not None][:2]
    if not opening or not all(re.match("# .+\n\n[^#]", text) for text in opening):
        change = "The first text is '# Title' and a paragraph."
        raise _wrong(stem, 1, "no opening", change)


def _wrong(stem: str, line: int, what: str, change: str) -> FileError:
    return FileError(f"the lesson {stem}.py has, in line {line}, {what}. {change}")
