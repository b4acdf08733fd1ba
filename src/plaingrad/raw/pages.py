"""What reports as text and Markdown share: how good it is, and what is mistaken."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

from ..columns.table import amount, in_line
from ..write.document import Part, as_markdown, as_text
from ..write.plain import width
from .measures import Measure
from .report import Report

MOST_CLASSES, WIDEST = 12, 64
"""A table of more classes, or of longer names together, is too wide for a page: the
most frequent mistakes are listed."""
MOST_MISTAKES = 10
R = TypeVar("R", bound=Report)


class ReportPages(ABC, Generic[R]):
    """What a report says: paragraphs of Markdown, and tables as rows of cells."""

    def __init__(self, report: R, words: Mapping[str, str]) -> None:
        self.of, self.words = report, words

    def title(self) -> str:
        """Return the title."""
        return self.words["title"].format(target=code(self.of.target))

    def markdown(self) -> str:
        """Return it as Markdown."""
        return as_markdown(self.parts())

    def text(self) -> str:
        """Return it as plain text."""
        return as_text(self.parts())

    @abstractmethod
    def parts(self) -> Iterator[Part]:
        """Yield paragraphs and tables."""

    def samples(self) -> str:
        """Return which samples it learnt from, and which it is judged by."""
        say, of, judged = self.words, self.of, f"{self.of.judged:,}"
        if of.seen is None:
            return say["elsewhere"].format(judged=judged)
        train, validation = (f"{count:,}" for count in of.seen)
        return say["rows"].format(judged=judged, train=train, validation=validation)

    def good(self) -> Iterator[Part]:
        """Yield how good it is."""
        say, of = self.words, self.of
        yield "## " + say["good"]
        yield [say["good_columns"].split(" | "), *map(self._measure, of.measures)]
        yield say["good_classes" if of.classes else "good_number"]

    def _measure(self, one: Measure) -> list[str]:
        told = AS_TOLD.get(one.name, brief)
        numbers = (one.value, *one.interval, one.plain)
        value, low, high, plain = map(told, numbers)
        return [self.words[one.name], value, f"{low} .. {high}", plain]

    def confused(self) -> Iterator[Part]:
        """Yield the confusion matrix."""
        say, of = self.words, self.of
        names = [code(in_line(name)) for name in of.classes]
        if len(names) <= MOST_CLASSES and sum(map(width, names)) <= WIDEST:
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
        yield from self.picture("confusion.png", say["confusion"])

    def written(self) -> Iterator[Part]:
        """Yield the network, and the course of its training."""
        yield "## " + self.words["network"]
        yield code(self.of.network)
        yield from self.picture("costs.png", self.words["costs"])

    def picture(self, name: str, alt: str) -> Iterator[str]:
        """Yield a picture, where there is one of this name."""
        if name in self.of.pictures:
            yield f"![{alt}]({name})"


def percent(value: float) -> str:
    """Return a share in percent."""
    return f"{value:.1%}"


def brief(value: float) -> str:
    """Return a number in four digits, and not more than three behind the point."""
    return f"{value:.4g}" if abs(value) >= 10 else f"{round(value, 3) + 0:.3f}"


AS_TOLD: Mapping[str, Callable[[float], str]] = {
    **dict.fromkeys(("accuracy", "balanced"), percent),
    # these are in the units of the column, which may be tiny
    **dict.fromkeys(("rmse", "mae"), amount),
}


def code(text: str) -> str:
    """Return a text of the user's that no Markdown in it can change."""
    plain = " ".join(text.split()).replace("`", "'").replace("|", "/")
    return f"`{plain}`" if plain else ""
