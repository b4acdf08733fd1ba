"""Reports on images as text and Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..pictures.reading import written
from ..raw.pages import ReportPages, code
from ..raw.sentences import sentences
from ..write.document import Part
from .sentences import SENTENCES

if TYPE_CHECKING:
    from .report import ImageReport


class ImagePages(ReportPages["ImageReport"]):
    """What a report on images says."""

    def __init__(self, report: ImageReport, lang: str) -> None:
        super().__init__(report, sentences(lang, SENTENCES))

    def parts(self) -> Iterator[Part]:
        """Yield paragraphs and tables."""
        say, of = self.words, self.of
        yield f"# {self.title()}"
        yield say["about"].format(count=len(of.classes)) + self.samples()
        yield from self.good()
        yield "## " + say["wrong"]
        yield from self.confused()
        yield "## " + say["mistakes"]
        yield from self._mistakes()
        yield "## " + say["pictures"]
        yield say[of.form.fit].format(
            height=of.form.size[0], width=of.form.size[1], colour=say[of.form.colour]
        )
        yield [say["class_columns"].split(" | "), *self._classes()]
        yield from self.written()

    def _mistakes(self) -> Iterator[Part]:
        """Yield the mistakes of which the network was surest."""
        say, of = self.words, self.of
        if not of.mistakes:
            yield say["none"]
            return
        shown = len(of.mistakes)
        note = say["all" if shown == of.wrong else "some"]
        yield note.format(shown=shown, wrong=f"{of.wrong:,}")
        yield from self.picture("mistakes.png", say["mistakes"])
        rows = [
            [
                code(written(one.file)),
                code(one.true),
                code(one.predicted),
                share(one.probability),
            ]
            for one in of.mistakes
        ]
        yield [say["file_columns"].split(" | "), *rows]

    def _classes(self) -> Iterator[list[str]]:
        """Yield a row for each class: how many pictures, and how many are found."""
        of = self.of
        for place, name in enumerate(of.classes):
            count, right = of.counts[place], of.confusion[place][place]
            found = f"{right / count:.1%}" if count else ""
            yield [code(name), f"{count:,}", found]


def share(probability: float) -> str:
    """Return a probability that is not rounded to all."""
    return f"{min(probability, 0.999):.1%}"
