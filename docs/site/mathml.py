"""An extension of Python-Markdown: formulas between dollar signs become MathML."""

from __future__ import annotations

from typing import Any

from markdown import Markdown
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor

from plaingrad.write.page import formula

AFTER_CODE = 185  # code is found at 190, escapes at 180


class Formula(InlineProcessor):
    """Turns `$...$` and `$$...$$` into MathML."""

    def handleMatch(self, m: Any, data: str) -> tuple[str, int, int]:  # noqa: ARG002, D102
        display = "block" if m[1] == "$$" else "inline"
        return self.md.htmlStash.store(formula(m[2], display)), m.start(0), m.end(0)


class Formulas(Extension):
    """The extension."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: D102
        found = Formula(r"(\$\$?)([^$]+)\1", md)
        md.inlinePatterns.register(found, "mathml", AFTER_CODE)


def makeExtension(**options: Any) -> Formulas:  # noqa: D103
    return Formulas(**options)
