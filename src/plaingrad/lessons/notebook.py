"""Lessons as notebooks for Jupyter."""

from __future__ import annotations

import ast
from typing import Any

from ..errors import missing_extra
from .pages import markdown
from .source import Lesson
from .words import words


def notebook(lesson: Lesson, lang: str = "en") -> str:
    """Return a lesson in a language as a notebook whose code has not run.

    Parameters
    ----------
    lesson
        The lesson.
    lang
        The language of its texts: "en" or "zh".

    Returns
    -------
    str
        What is to stand in a file .ipynb; the same for the same lesson.

    Raises
    ------
    MissingExtraError
        When nbformat is not installed.
    """
    try:
        import nbformat
        from nbformat import v4
    except ImportError:
        raise missing_extra("nbformat", "docs", "A notebook") from None
    words(lang)
    cells: list[Any] = []
    for place, cell in enumerate(c for c in lesson.cells if c.lang in (None, lang)):
        if cell.lang is None:
            made = v4.new_code_cell(_quiet(cell.text))
        else:
            made = v4.new_markdown_cell(markdown(cell))
        made["id"] = f"{lesson.slug}-{place}"
        if cell.tags:
            made["metadata"]["tags"] = list(cell.tags)
        cells.append(made)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    told = {"kernelspec": kernel, "language_info": {"name": "python"}}
    whole = v4.new_notebook(cells=cells, metadata=told)
    nbformat.validate(whole)
    return str(nbformat.writes(whole)) + "\n"


def _quiet(code: str) -> str:
    """Return code whose last line shows only what it prints, not its value."""
    last = ast.parse(code).body[-1]
    prints = ast.unparse(last).startswith("print(")
    return f"{code};" if isinstance(last, ast.Expr) and not prints else code
