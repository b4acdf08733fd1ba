"""Markdown as plain text in columns, where a Chinese character takes two."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

WIDTH = 88
_WORD = re.compile(r"\s+|[（《“]*(?:[!-~]+|[^\s!-~])[，。：；、！？）》”]*")
"""What stays on a line together: Chinese breaks between characters."""


def width(text: str) -> int:
    """Return how many columns a text takes."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def wrapped(text: str, indent: str = "", limit: int = WIDTH) -> str:
    """Return a text as lines of `limit` columns, `indent` before all but the first."""
    lines = [""]
    for word in _WORD.findall(text):
        if width(lines[-1] + word.rstrip()) > limit and lines[-1].strip():
            lines.append(indent)
        lines[-1] += word if lines[-1] != indent else word.lstrip()
    return "\n".join(line.rstrip() for line in lines)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows of cells as lines, two spaces between the columns."""
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(_padded, cells, widths)).rstrip() for cells in rows]


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of cells as text, the columns in line and the first row a head."""
    lines = aligned(rows)
    return "\n".join([lines[0], "-" * max(map(width, lines)), *lines[1:]])


def _padded(cell: str, columns: int) -> str:
    return cell + " " * (columns - width(cell))
