"""Worksheets as text, their arithmetic as Python, and as Markdown, typeset."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from ...shapes import show
from ...write.document import bars
from ...write.latex import symbol
from ...write.lines import aligned
from ...write.plain import wrapped
from ...write.words import sentences as derivation_sentences
from .numbers import Array, brief, matrix, nested
from .sentences import sentences
from .sheet import Line, Worksheet

WIDTH = 88
STAYS = "\xa0"
"""A space at which a line does not break."""
_MORE = re.compile(r"\.\.\.(\d+)\.\.\.")
_POWERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_SIGNS = {" * ": " × ", " >= ": " ≥ ", " <= ": " ≤ ", " == ": " = "}


class WorksheetPages:
    """A worksheet in one language."""

    def __init__(self, sheet: Worksheet, lang: str) -> None:
        self.of, self.lang = sheet, lang
        self.words = sentences(lang)

    def title(self) -> str:
        """Return the title."""
        return self.words["title"].format(network=self.of.network)

    def text(self) -> str:
        """Return it as text."""
        return "\n".join(self._text())

    def markdown(self) -> str:
        """Return it as Markdown."""
        return "\n\n".join(self._markdown()) + "\n"

    def _text(self) -> Iterator[str]:
        """Yield lines of text."""
        yield self._plain(self.title())
        for told in self._told():
            yield from ("", self._plain(told))
        yield from ("", self.words["given"], "")
        for name, array in self.of.arrays.items():
            indent = len(name) + 5
            yield f"  {name} = {nested(array, self.of.most, indent)}"
        for name, value in self.of.numbers.items():
            yield f"  {name} = {brief(value)}"
        section = ""
        for line in self.of.lines:
            if line.section != section:
                section = line.section
                yield from ("", self.words[section])
            yield from ("", *self._code(line), *self._entries(line))

    def _entries(self, line: Line) -> Iterator[str]:
        """Yield the numbers of a line as text."""
        for entry in line.entries:
            parts = (entry.name, self._shortened(entry.work), entry.value)
            told = " = ".join(part for part in parts if part)
            # a line breaks between terms
            whole = re.sub(r" (\*\*?|/|=) ", f"{STAYS}\\1{STAYS}", told)
            lines = textwrap.wrap(
                whole,
                WIDTH,
                initial_indent="  ",
                subsequent_indent=" " * 8,
                break_long_words=False,
                break_on_hyphens=False,
            )
            yield from (line.replace(STAYS, " ") for line in lines)
        if line.left_out:
            yield f"  {self._left_out(line)}"

    def _markdown(self) -> Iterator[str]:
        """Yield blocks of Markdown."""
        yield f"# {self.title()}"
        yield from self._told()
        yield self._heading("given")
        yield from self._given()
        section = ""
        for line in self.of.lines:
            if line.section != section:
                section = line.section
                yield self._heading(section)
            yield "\n".join(["```python", *self._code(line), "```"])
            yield bars([["", "", ""], *self._rows(line)])
            if line.left_out:
                yield self._left_out(line)

    def _heading(self, word: str) -> str:
        return f"## {self.words[word].capitalize()}"

    def _told(self) -> Iterator[str]:
        """Yield what is said before the numbers, in Markdown."""
        say, of = self.words, self.of
        several = say["several"].format(count=of.samples)
        samples = say["one"] if of.samples == 1 else several
        yield say["intro"].format(samples=samples, loss=of.loss, optimizer=of.optimizer)
        if of.memory:
            told = derivation_sentences(self.lang)
            names = told["comma"].join(f"`{name}`" for name in of.memory)
            yield told["memory"].format(states=names)
        works = [entry.work for line in of.lines for entry in line.entries]
        if any(re.search(r" (>|<|==|>=|<=) (?!.* else )", work) for work in works):
            yield say["truths"]
        if any("uniform(" in line.code for line in of.lines):
            yield say["drawn"]
        if of.rounded:
            yield say["rounded"]

    def _given(self) -> Iterator[str]:
        """Yield what the update begins with, a matrix and its vectors in a row."""
        row: list[str] = []
        for name, array in self.of.arrays.items():
            if row and (array.ndim > 1 or not self._fits(array)) and name != "y":
                yield from _formulas(row)
                row = []
            if self._fits(array):
                row.append(f"{symbol(name)} = {matrix(array)}")
            else:
                code = f"{name} = {nested(array, self.of.most, len(name) + 3)}"
                yield f"```python\n{code}\n```"
        yield from _formulas(row)
        numbers = self.of.numbers.items()
        if numbers:
            say = self.words["comma"]
            yield say.join(f"`{name} = {brief(value)}`" for name, value in numbers)

    def _fits(self, array: Array) -> bool:
        return array.ndim <= 2 and array.size <= self.of.most

    def _code(self, line: Line) -> list[str]:
        """Return a line as the script has it, with the sizes of these samples."""
        *first, last = line.code.split("\n")
        note = derivation_sentences(self.lang).get(line.note, line.note)
        shape = show(line.shape) if line.shape else ""
        beside = "  ".join(part for part in (shape, note) if part)
        return aligned([*((code, "") for code in first), (last, beside)])

    def _rows(self, line: Line) -> Iterator[list[str]]:
        """Yield the numbers of a line as cells of a table."""
        for entry in line.entries:
            named = re.fullmatch(r"[A-Za-z]\w*(\[[\d, ]+\])?", entry.work)
            work = f"`{entry.work}`" if named else self._typeset(entry.work)
            value = _typeset_number(entry.value)
            yield [f"`{entry.name}`", f"= {work}" if work else "", f"= {value}"]

    def _typeset(self, work: str) -> str:
        """Return Python as people write it: × and powers that stand high."""
        work = _rooted(work.replace("sqrt(", "√("))
        for sign, shown in _SIGNS.items():
            work = work.replace(sign, shown)
        work = re.sub(
            r" \*\* (\d+)(?![.\d])", lambda found: found[1].translate(_POWERS), work
        )
        work = work.replace(" ** ", "^")
        return _typeset_number(self._shortened(work)).replace(" × ", f"{STAYS}×{STAYS}")

    def _shortened(self, work: str) -> str:
        """Return what stands for the terms that are left out."""
        say = self.words["more_terms"]
        return _MORE.sub(lambda found: say.format(count=found[1]), work)

    def _left_out(self, line: Line) -> str:
        if line.left_out == 1:
            return self.words["more_entry"]
        return self.words["more_entries"].format(count=f"{line.left_out:,}")

    def _plain(self, told: str) -> str:
        return wrapped(told.replace("`", ""))


def _formulas(formulas: list[str]) -> Iterator[str]:
    """Yield a row of formulas, if there are any."""
    if formulas:
        yield " ".join(f"${formula} \\quad$" for formula in formulas)


def _rooted(work: str) -> str:
    """Return Python with its powers of one half as roots: √(a + b)."""
    while found := re.search(r" \*\* 0\.5(?![\d])", work):
        start, depth = found.start(), 0
        while start and (depth or work[start - 1] not in " ("):
            start -= 1
            depth += {")": 1, "(": -1}.get(work[start], 0)
        base = work[start : found.start()]
        work = f"{work[:start]}√{base}{work[found.end() :]}"
    return work


def _typeset_number(told: str) -> str:
    """Return numbers with the minus sign of print, but for that of an exponent."""
    return re.sub(r"(?<!e)-", "−", told)
