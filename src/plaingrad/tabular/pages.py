"""Reports on tables as text and Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..columns.table import amount, in_line, listed
from ..raw.pages import ReportPages, brief, code, percent
from ..raw.sentences import sentences
from ..write.document import Part
from .sentences import SENTENCES

if TYPE_CHECKING:
    from .report import TableReport

MOST_COLUMNS = 50
"""Of a table with more columns these are shown."""


class TablePages(ReportPages["TableReport"]):
    """What a report on a table says."""

    def __init__(self, report: TableReport, lang: str) -> None:
        super().__init__(report, sentences(lang, SENTENCES))
        self.lang = lang

    def parts(self) -> Iterator[Part]:
        """Yield paragraphs and tables."""
        say, of = self.words, self.of
        yield f"# {self.title()}"
        yield self._about() + self.samples()
        yield from self.good()
        yield "## " + say["wrong"]
        yield from self.confused() if of.classes else self._errors()
        yield "## " + say["importance"]
        yield [say["importance_columns"].split(" | "), *self._importance()]
        yield from self._more(len(of.importance), "less_important")
        score, rows = say[of.measures[0].name], f"{of.shuffled:,}"
        yield say["importance_note"].format(score=score, rows=rows)
        if of.telling:
            names = {"columns": code(listed(of.telling)), "target": code(of.target)}
            yield say["telling"].format(**names)
        yield "## " + say["columns"]
        yield [say["column_columns"].split(" | "), *self._columns()]
        yield from self._more(len(of.columns) - 1, "more_columns")
        yield say["features"].format(features=f"{of.features:,}")
        yield from self.written()

    def _about(self) -> str:
        say, of = self.words, self.of
        what = say["one_of"].format(count=len(of.classes)) if of.classes else ""
        return say["about"].format(target=code(of.target), what=what or say["quantity"])

    def _errors(self) -> Iterator[str]:
        """Yield how large the errors are."""
        say, of = self.words, self.of
        names = ("lowest", "low", "middle", "high", "highest")
        told = {n: amount(error) for n, error in zip(names, of.errors, strict=True)}
        yield say["errors"].format(**told)
        yield from self.picture("residuals.png", say["residuals"])

    def _importance(self) -> Iterator[list[str]]:
        share = bool(self.of.classes)
        for name, (mean, spread) in [*self.of.importance.items()][:MOST_COLUMNS]:
            numbers = map(percent if share else brief, (mean, spread))
            yield [code(in_line(name)), *numbers]

    def _columns(self) -> Iterator[list[str]]:
        *inputs, target = self.of.columns
        for one in (*inputs[:MOST_COLUMNS], target):
            missing = f"{int(one.missing.sum()):,}"
            told = code(one.told(self.lang))
            yield [code(in_line(one.name)), self.words[one.kind], missing, told]

    def _more(self, count: int, what: str) -> Iterator[str]:
        """Yield how many columns are not shown."""
        if count > MOST_COLUMNS:
            yield self.words[what].format(count=f"{count - MOST_COLUMNS:,}")
