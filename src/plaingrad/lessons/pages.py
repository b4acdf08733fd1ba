"""Lessons as pages of Markdown, with what their code gave."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from .running import Given, Ran
from .source import Cell, Lesson, lessons
from .words import LANGUAGES, words

NOTE = "<!-- made by docs/make.py from src/plaingrad/lessons/sources -->"


def page(ran: Ran, lang: str = "en") -> str:
    """Return a lesson that ran as Markdown.

    Its pictures are to lie in the folder `pictures` beside the page, under the names
    that `pictures` returns, its notebook in the folder `notebooks`.
    """
    lesson = ran.lesson
    names = iter(pictures(ran))
    parts = [NOTE, f"# {lesson.title(lang)}", _links(lesson, lang)]
    for cell in lesson.cells:
        if cell.lang is None:
            parts.append(_fenced(cell.text, "python"))
            parts += _given(ran.given.get(cell, Given()), names)
        elif cell.lang == lang:
            parts.append(markdown(cell).removeprefix(f"{parts[1]}\n\n"))
    return "\n\n".join([*parts, _foot(lesson, lang)]) + "\n"


def pictures(ran: Ran) -> dict[str, bytes]:
    """Return the pictures of a lesson that ran, by the names of their files."""
    found = [one.png for given in ran.given.values() for one in given.pictures]
    return {f"{ran.lesson.slug}-{n}.png": png for n, png in enumerate(found, 1)}


def index(lang: str = "en") -> str:
    """Return the page that lists the lessons."""
    say = words(lang)
    other = " · ".join(
        f"[{told}]({index_name(code)})"
        for code, told in LANGUAGES.items()
        if code != lang
    )
    rows = [
        f"{one.number}. [{one.title(lang)}]({file_name(one, lang)})"
        f"{say['colon']}{one.summary(lang)}"
        for one in lessons()
    ]
    head = f"{NOTE}\n\n# {say['lessons']}\n\n{other}\n\n{say['about']}\n\n{say['how']}"
    return head + "\n\n" + "\n".join(rows) + "\n"


def markdown(cell: Cell) -> str:
    """Return a text with its answer, if it has one, folded."""
    if "question" not in cell.tags or cell.lang is None:
        return cell.text
    say = words(cell.lang)
    asked, answer = cell.question
    folded = f"<details><summary>{say['answer']}</summary>\n\n{answer}\n\n</details>"
    return f"## {say['question']}\n\n{asked}\n\n{folded}"


def file_name(lesson: Lesson, lang: str, kind: str = "md") -> str:
    """Return the name of a lesson's page or notebook in a language."""
    return f"{lesson.slug}{_ending(lang, kind)}"


def index_name(lang: str) -> str:
    """Return the name of the page that lists the lessons."""
    return f"index{_ending(lang)}"


def _ending(lang: str, kind: str = "md") -> str:
    return f".{kind}" if lang == "en" else f".{lang}.{kind}"


def _links(lesson: Lesson, lang: str) -> str:
    """Return where the lesson is in other forms, and how to run it."""
    say, name = words(lang), partial(file_name, lesson)
    links = [
        *(f"[{LANGUAGES[code]}]({name(code)})" for code in LANGUAGES if code != lang),
        f"[{say['notebook']}](notebooks/{name(lang, 'ipynb')})",
        say["run"].format(name=lesson.name),
    ]
    return " · ".join(links)


def _foot(lesson: Lesson, lang: str) -> str:
    """Return the links to the lessons before and after."""
    say = words(lang)
    links = [f"[{say['all']}]({index_name(lang)})"]
    for step, told in ((-1, "previous"), (1, "next")):
        for one in lessons():
            if one.number == lesson.number + step:
                link = f"[{say[told]}{say['colon']}{one.title(lang)}]"
                links.insert(step + 1, f"{link}({file_name(one, lang)})")
    return f"---\n\n{' · '.join(links)}"


def _given(given: Given, names: Iterator[str]) -> Iterator[str]:
    """Yield what a cell printed and drew."""
    if given.text:
        yield _fenced(given.text.rstrip("\n"), "text")
    for picture in given.pictures:
        yield f"![{picture.title}](pictures/{next(names)})"


def _fenced(text: str, kind: str) -> str:
    """Return text as a block of code, between more ticks than it has itself."""
    ticks = "```"
    while ticks in text:
        ticks += "`"
    return f"{ticks}{kind}\n{text}\n{ticks}"
