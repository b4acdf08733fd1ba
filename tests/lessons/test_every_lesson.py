"""What holds for every lesson."""

import ast
import re

import pytest

from lessons.reduced import REDUCED
from plaingrad.lessons import lessons

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
