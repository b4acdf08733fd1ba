"""Makes the pages, pictures and notebooks of the lessons, by running them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from plaingrad.files import make_folder, write_whole
from plaingrad.lessons import Lesson, find, lessons, run
from plaingrad.lessons.notebook import notebook
from plaingrad.lessons.pages import file_name, index, index_name, page, pictures
from plaingrad.lessons.words import LANGUAGES

FOLDER = Path(__file__).parent / "lessons"


def make(names: Sequence[str] = ()) -> None:
    """Make the lessons of these names, all when there are none, and their list."""
    for lesson in map(find, names) if names else lessons():
        made(lesson)
    for lang in LANGUAGES:
        write_whole(FOLDER / index_name(lang), index(lang))


def made(lesson: Lesson) -> None:
    """Run a lesson, and write what comes of it."""
    print(f"{lesson.number:>2} {lesson.name}", flush=True)
    drawn, books = (make_folder(FOLDER / name) for name in ("pictures", "notebooks"))
    ran = run(lesson)
    for old in drawn.glob(f"{lesson.slug}-*.png"):
        old.unlink()
    for name, png in pictures(ran).items():
        write_whole(drawn / name, png)
    for lang in LANGUAGES:
        write_whole(FOLDER / file_name(lesson, lang), page(ran, lang))
        book = file_name(lesson, lang, "ipynb")
        write_whole(books / book, notebook(lesson, lang))
