"""What holds for every lesson."""

import ast
import re
from pathlib import Path

import jupytext
import nbformat
import pytest

from lessons.reduced import REDUCED
from plaingrad.lessons import lessons, pages
from plaingrad.lessons.notebook import notebook
from plaingrad.lessons.running import Ran
from plaingrad.lessons.words import LANGUAGES

DOCS = Path(__file__).parents[2] / "docs" / "lessons"
LESSONS = lessons()
by_name = pytest.mark.parametrize("lesson", LESSONS, ids=lambda one: one.name)


def drawing(code):
    """Return whether code uses pyplot, and whether it imports it."""
    tree = ast.parse(code)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return "plt" in names, "import matplotlib.pyplot as plt" in code


def test_numbers_count_up():
    assert [lesson.number for lesson in LESSONS] == list(range(1, len(LESSONS) + 1))


def test_reduced_lessons_exist():
    assert set(REDUCED) <= {lesson.name for lesson in LESSONS}


@by_name
def test_it_asks_in_both_languages(lesson):
    asked = [cell.lang for cell in lesson.cells if "question" in cell.tags]
    assert asked
    assert asked == ["en", "zh"] * (len(asked) // 2)


@by_name
def test_both_languages_show_the_same(lesson):
    """Headings, lists, code in blocks and numbers are not lost in translation."""
    for mark in (r"^#+ ", r"^- ", r"^\d+\. ", r"^\|", r"^```", r"\]\(", r"\$\$"):
        found = [
            [
                len(re.findall(mark, c.text, re.M))
                for c in lesson.cells
                if c.lang == lang
            ]
            for lang in ("en", "zh")
        ]
        assert found[0] == found[1], mark


@by_name
def test_drawing_cells_import_what_draws(lesson):
    """So that only these are skipped where matplotlib is missing."""
    for cell in lesson.cells:
        if cell.lang is None:
            used, imported = drawing(cell.text)
            assert used == imported, f"line {cell.line}"


@by_name
def test_it_runs(lesson, ran):
    done = ran(lesson.name, **REDUCED.get(lesson.name, {}))
    assert not any(given.skipped for given in done.given.values())
    pictures = [one for given in done.given.values() for one in given.pictures]
    assert pictures
    assert all(picture.title for picture in pictures)
    assert all(len(given.text.splitlines()) <= 30 for given in done.given.values())


def told(page):
    """Return a page without what its code printed and drew."""
    page = re.sub(r"(?ms)^(````*)text\n.*?^\1\n\n", "", page)
    return re.sub(r"(?m)^!\[.*\]\(pictures/.*\)\n\n", "", page)


@by_name
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_is_up_to_date(lesson, lang):
    shown = (DOCS / pages.file_name(lesson, lang)).read_text(encoding="utf-8")
    made = pages.page(Ran(lesson), lang)
    assert told(shown) == told(made), f"run: python docs/make.py lessons {lesson.name}"


@by_name
def test_its_pictures_are_there(lesson, ran):
    done = ran(lesson.name, **REDUCED.get(lesson.name, {}))
    made = set(pages.pictures(done))
    assert {one.name for one in (DOCS / "pictures").glob(f"{lesson.slug}-*")} == made
    for lang in LANGUAGES:
        shown = (DOCS / pages.file_name(lesson, lang)).read_text(encoding="utf-8")
        assert set(re.findall(r"\(pictures/(.*)\)", shown)) == made


@by_name
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_notebook_is_up_to_date_and_valid(lesson, lang):
    path = DOCS / "notebooks" / pages.file_name(lesson, lang, "ipynb")
    shown = path.read_text(encoding="utf-8")
    assert shown == notebook(lesson, lang), "run: python docs/make.py lessons"
    book = nbformat.reads(shown, as_version=4)
    nbformat.validate(book)
    for cell in book.cells:
        if cell.cell_type == "code":
            ast.parse(cell.source)


@by_name
def test_jupytext_reads_the_same_cells(lesson):
    book = jupytext.reads(lesson.source, fmt="py:percent")
    read = [(cell.metadata.get("lang"), cell.source) for cell in book.cells]
    ours = [(cell.lang, cell.text) for cell in lesson.cells]
    assert [(lang, "".join(text.split())) for lang, text in read] == [
        (lang, "".join(text.split())) for lang, text in ours
    ]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_list_is_up_to_date(lang):
    shown = (DOCS / pages.index_name(lang)).read_text(encoding="utf-8")
    assert shown == pages.index(lang), "run: python docs/make.py lessons"
