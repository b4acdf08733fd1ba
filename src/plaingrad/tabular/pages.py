"""Reports on tables as text and Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from ..columns.table import amount, in_line, listed
from ..write.document import Part, as_markdown, as_text
from .measures import Measure
from .sentences import sentences

if TYPE_CHECKING:
    from .report import TableReport

MOST_CLASSES = 12
"""A table of more classes is too wide: the most frequent mistakes are listed."""
MOST_MISTAKES = 10
MOST_COLUMNS = 50
"""Of a table with more columns these are shown."""


class ReportPages:
    """What a report says: paragraphs of Markdown, and tables as rows of cells."""

    def __init__(self, report: TableReport, lang: str) -> None:
        self.of, self.lang = report, lang
        self.words = sentences(lang)

    def title(self) -> str:
        """Return the title."""
        return self.words["title"].format(target=code(self.of.target))

    def markdown(self) -> str:
        """Return it as Markdown."""
        return as_markdown(self.parts())

    def text(self) -> str:
        """Return it as plain text."""
        return as_text(self.parts())

    def parts(self) -> Iterator[Part]:
        """Yield paragraphs and tables."""
        say, of = self.words, self.of
        yield f"# {self.title()}"
        yield self._about()
        yield "## " + say["good"]
        yield [say["good_columns"].split(" | "), *map(self._measure, of.measures)]
        yield say["good_classes" if of.classes else "good_number"]
        yield "## " + say["wrong"]
        yield from self._mistakes() if of.classes else self._errors()
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
        yield "## " + say["network"]
        yield code(of.network)
        yield from self._picture("costs.png", say["costs"])

    def _about(self) -> str:
        say, of = self.words, self.of
        what = say["one_of"].format(count=len(of.classes)) if of.classes else ""
        rows = say["elsewhere"].format(judged=f"{of.judged:,}")
        if of.seen is not None:
            train, validation = (f"{count:,}" for count in of.seen)
            counts = {"train": train, "validation": validation}
            rows = say["rows"].format(judged=f"{of.judged:,}", **counts)
        target = code(of.target)
        return say["about"].format(target=target, what=what or say["quantity"]) + rows

    def _measure(self, one: Measure) -> list[str]:
        told = AS_TOLD.get(one.name, _number)
        numbers = (one.value, *one.interval, one.plain)
        value, low, high, plain = map(told, numbers)
        return [self.words[one.name], value, f"{low} .. {high}", plain]

    def _mistakes(self) -> Iterator[Part]:
        """Yield the confusion matrix."""
        say, of = self.words, self.of
        names = [code(in_line(name)) for name in of.classes]
        if len(names) <= MOST_CLASSES:
            rows = [
                [name, *(f"{count:,}" for count in counts)]
                for name, counts in zip(names, of.confusion, strict=True)
            ]
            yield [[say["true"], *names], *rows]
            yield say["confusion_note"]
        else:
            wrong = [
                (count, true, taken)
                for true, counts in zip(names, of.confusion, strict=True)
                for taken, count in zip(names, counts, strict=True)
                if count and true != taken
            ]
            most = sorted(wrong, key=lambda one: -one[0])[:MOST_MISTAKES]
            rows = [[true, taken, f"{count:,}"] for count, true, taken in most]
            yield [say["mistake_columns"].split(" | "), *rows]
        yield from self._picture("confusion.png", say["confusion"])

    def _errors(self) -> Iterator[str]:
        """Yield how large the errors are."""
        say, of = self.words, self.of
        names = ("lowest", "low", "middle", "high", "highest")
        told = {n: amount(error) for n, error in zip(names, of.errors, strict=True)}
        yield say["errors"].format(**told)
        yield from self._picture("residuals.png", say["residuals"])

    def _importance(self) -> Iterator[list[str]]:
        share = bool(self.of.classes)
        for name, (mean, spread) in [*self.of.importance.items()][:MOST_COLUMNS]:
            numbers = map(_share if share else _number, (mean, spread))
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

    def _picture(self, name: str, alt: str) -> Iterator[str]:
        if name in self.of.pictures:
            yield f"![{alt}]({name})"


def _share(value: float) -> str:
    return f"{value:.1%}"


def _number(value: float) -> str:
    """Return a number in four digits, and not more than three behind the point."""
    return f"{value:.4g}" if abs(value) >= 10 else f"{round(value, 3) + 0:.3f}"


AS_TOLD: Mapping[str, Callable[[float], str]] = {
    **dict.fromkeys(("accuracy", "balanced"), _share),
    # these are in the units of the column, which may be tiny
    **dict.fromkeys(("rmse", "mae"), amount),
}


def code(text: str) -> str:
    """Return a text of the user's that no Markdown in it can change."""
    plain = " ".join(text.split()).replace("`", "'").replace("|", "/")
    return f"`{plain}`" if plain else ""
