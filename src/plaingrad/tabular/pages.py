"""Reports on tables as text and Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..raw.pages import ReportPages, brief, code
from ..raw.sentences import sentences
from ..write.document import Part
from .sentences import SENTENCES

if TYPE_CHECKING:
    from .report import TableReport


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
        yield say["importance_note"].format(score=say[of.measures[0].name])
        yield "## " + say["columns"]
        yield [say["column_columns"].split(" | "), *self._columns()]
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
        told = {n: f"{error:.4g}" for n, error in zip(names, of.errors, strict=True)}
        yield say["errors"].format(**told)
        yield from self.picture("residuals.png", say["residuals"])

    def _importance(self) -> Iterator[list[str]]:
        share = bool(self.of.classes)
        for name, (mean, spread) in self.of.importance.items():
            numbers = (f"{x:.1%}" if share else brief(x) for x in (mean, spread))
            yield [code(name), *numbers]

    def _columns(self) -> Iterator[list[str]]:
        for one in self.of.columns:
            missing = f"{int(one.missing.sum()):,}"
            told = code(one.told(self.lang))
            yield [code(one.name), self.words[one.kind], missing, told]
