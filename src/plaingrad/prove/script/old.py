"""Texts that Python 3 cannot read: Python 2, and code that Markdown has eaten at."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from .lint import Found

MOST = 60
"""Lines that are mended at most."""


def _print(line: str) -> str | None:
    found = re.match(r"^(\s*)((?:.*[;:]\s*)?)print\b\s*(?!\()(.*?)\s*(#.*)?$", line)
    whole = re.match(r"^(\s*)((?:.*[;:]\s*)?)print\s+(.+?)\s*(#.*)?$", line)
    found = whole or found
    if found is None:
        return None
    indent, before, told, comment = found.groups()
    told = told.rstrip()
    if told.endswith(","):
        told = told[:-1] + ', end=" "'
    return f"{indent}{before}print({told}){'  ' + comment if comment else ''}"


def _power(line: str) -> str | None:
    mended = re.sub(r"(?<=[\w\])])\s+2\b(?!\s*[\w(\[])", " ** 2", line)
    mended = re.sub(r"\)2\b", ") ** 2", mended)
    return mended if mended != line else None


def _unequal(line: str) -> str | None:
    return line.replace("<>", "!=") if "<>" in line else None


def _caught(line: str) -> str | None:
    mended = re.sub(r"except\s+([\w.]+)\s*,\s*(\w+)\s*:", r"except \1 as \2:", line)
    return mended if mended != line else None


def _raised(line: str) -> str | None:
    mended = re.sub(r"raise\s+([\w.]+)\s*,\s*(.+)$", r"raise \1(\2)", line)
    return mended if mended != line else None


def _quotes(line: str) -> str | None:
    table = str.maketrans("“”‘’，（）：；－−", "\"\"'',():;--")
    mended = line.translate(table)
    return mended if mended != line else None


def _tabs(line: str) -> str | None:
    return line.expandtabs(8) if "\t" in line else None


MENDERS: dict[str, tuple[Callable[[str], str | None], ...]] = {
    "print": (_print,),
    "power": (_power,),
    "python2": (_unequal, _caught, _raised),
    "characters": (_quotes,),
    "tabs": (_tabs,),
}


def readable(text: str) -> tuple[str, list[Found], SyntaxError | None]:
    """Return a text that Python 3 can read, what was mended, and what could not be."""
    found: list[Found] = []
    lines = text.split("\n")
    for _ in range(MOST):
        try:
            ast.parse("\n".join(lines))
        except SyntaxError as error:
            at = (error.lineno or 1) - 1
            mended = _mend(lines, at, error)
            if mended is None:
                return "\n".join(lines), found, error
            cause, place, line = mended
            words = {"old": lines[place].strip(), "new": line.strip()}
            lines[place] = line
            found.append(Found(cause, place + 1, "\n".join(lines), True, words))
        except ValueError as error:  # null bytes
            return text, found, SyntaxError(str(error))
        else:
            return "\n".join(lines), found, None
    return "\n".join(lines), found, SyntaxError("too many lines cannot be read")


def _mend(lines: list[str], at: int, error: SyntaxError) -> tuple[str, int, str] | None:
    """Return cause, place and new text of a line, if it brings Python further."""
    ways = [
        (cause, place, mend(lines[place]))
        for place in (at, at - 1)
        if 0 <= place < len(lines)
        for cause, menders in MENDERS.items()
        for mend in menders
    ]
    for cause, place, line in ways:
        if line is None or line == lines[place]:
            continue
        tried = [*lines[:place], line, *lines[place + 1 :]]
        if _reads_to("\n".join(tried)) > _reads_to("\n".join(lines)):
            return cause, place, line
    return None


def _reads_to(text: str) -> tuple[int, int]:
    try:
        ast.parse(text)
    except SyntaxError as error:
        return (error.lineno or 0, error.offset or 0)
    return (10**9, 0)
