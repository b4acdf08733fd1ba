"""What people read in several forms: as text, as Markdown, and as a web page."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol

from ..errors import unknown_name
from ..files import write_whole
from .page import blocks, page
from .plain import table, wrapped

Part = str | list[list[str]]
"""A paragraph of Markdown, or the rows of a table, the first one its head."""


class Pages(Protocol):
    """What writes a document in one language."""

    def title(self) -> str:
        """Return the title, code in it between backticks."""

    def text(self) -> str:
        """Return plain text."""

    def markdown(self) -> str:
        """Return Markdown, a blank line between its blocks."""


class Document(ABC):
    """A text in English or Chinese, with its forms and its files.

    Attributes
    ----------
    lang
        The language in which it prints itself: "en" or "zh".
    """

    lang: str

    @abstractmethod
    def _pages(self, lang: str) -> Pages:
        """Return it written in a language."""

    def title(self, lang: str | None = None) -> str:
        """Return what it is called; by default in its own language."""
        return self._pages(lang or self.lang).title()

    def text(self, lang: str | None = None) -> str:
        """Return it as plain text, in "en" or "zh"; by default in its own language."""
        return self._pages(lang or self.lang).text()

    def markdown(self, lang: str | None = None) -> str:
        """Return it as Markdown, in "en" or "zh"; by default in its own language."""
        return self._pages(lang or self.lang).markdown()

    def html(self, lang: str | None = None) -> str:
        """Return it as a web page that needs no network."""
        title = self.title(lang).replace("`", "")
        return page(self.markdown(lang), title, lang or self.lang)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        """Return it for a notebook."""
        return blocks(self.markdown())

    def _repr_markdown_(self) -> str:
        """Return it for what shows Markdown."""
        return self.markdown()

    def _forms(self) -> dict[str, Callable[[], str]]:
        """Return what makes the content of a file, by the ending of its name."""
        return {".md": self.markdown, ".html": self.html, ".txt": self.text}

    def save(self, path: str | Path) -> Path:
        """Write it to a file and return its path.

        It is Markdown in a file called .md, a web page in .html, and text in .txt.

        Raises
        ------
        SettingError
            When the name ends in something else.
        FileError
            When the file cannot be written.
        """
        forms, ending = self._forms(), Path(path).suffix
        if ending not in forms:
            raise unknown_name("kind of file", ending, forms)
        return write_whole(path, forms[ending]())


def bars(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of cells as a table of Markdown, the first row its head.

    A head of empty cells is that of a table without one.
    """
    head, *body = [f"| {' | '.join(cells)} |" for cells in rows]
    return "\n".join([head, f"|{' --- |' * len(rows[0])}", *body])


def as_markdown(parts: Iterable[Part]) -> str:
    """Return paragraphs and tables as Markdown."""
    blocks = [bars(part) if isinstance(part, list) else part for part in parts]
    return "\n\n".join(blocks) + "\n"


def as_text(parts: Iterable[Part]) -> str:
    """Return paragraphs and tables as plain text, without pictures."""
    told = []
    for part in parts:
        if isinstance(part, list):
            rows = [[cell.replace("`", "") for cell in cells] for cells in part]
            told.append(table(rows))
        elif not part.startswith("!["):
            told.append("\n".join(map(_wrapped, part.splitlines())))
    return "\n\n".join(told)


def _wrapped(line: str) -> str:
    """Return a line of Markdown as lines of text."""
    text = re.sub("^#+ |[`*]", "", line)
    return wrapped(text, "  " if text.startswith("- ") else "")
