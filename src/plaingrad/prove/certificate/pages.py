"""Certificates as text and Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ...shapes import show
from ...write.document import Part, as_markdown, as_text
from .compare import TOLERANCE
from .links import TOLERANCE as LINKED
from .record import Certificate, Row
from .sentences import sentences


class CertificatePages:
    """What a certificate says: paragraphs of Markdown, and tables as rows of cells."""

    def __init__(self, certificate: Certificate, lang: str) -> None:
        self.of = certificate
        self.words = sentences(lang)

    def title(self) -> str:
        """Return the title."""
        return self.words["title"].format(network=self.of.network)

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
        yield say[f"all_{of.verdict}"]
        yield from self._problems()
        yield self._loss()
        yield "## " + say["gradients"]
        yield [say["columns"].split(" | "), *map(self._row, of.rows)]
        yield "## " + say["chain"].format(updates=of.updates)
        yield [say["chain_columns"].split(" | "), *self._chain()]
        yield "## " + say["words"]
        yield from self._glosses()
        marks = {name: value[:12] for name, value in of.marks.items()}
        yield say["marks"].format(**marks, version=of.version, seed=of.seed)

    def _loss(self) -> str:
        say, of = self.words, self.of
        strengths = {"l1": of.l1, "l2": of.l2}
        penalties = "".join(
            say["penalty"].format(name=name, strength=f"{strength:g}")
            for name, strength in strengths.items()
            if strength
        )
        told = say["loss"].format(
            loss=f"`{of.loss}`",
            penalties=penalties,
            value=f"{of.value:.6g}",
            samples=f"{of.samples:,}",
            given=f"{of.given:,}",
        )
        return told + (say["fixed"] if of.random else "")

    def _problems(self) -> Iterator[str]:
        """Yield what is wrong or was not shown, a sentence each."""
        say = self.words
        for row in self.of.rows:
            if row.verdict == "wrong":
                yield self._wrong(row)
            elif row.why == "kinks":
                yield say["kinks_shown"].format(name=row.name)
            elif row.why:
                yield say[row.why].format(name=row.name)
        wrong = [row.layer for row in self.of.rows if row.verdict == "wrong"]
        if any(wrong):
            yield say["where"].format(layer=wrong[-1])
        for link in self.of.links:
            if link.verdict == "wrong":
                name = say[link.name]
                yield say["link_wrong"].format(link=name, parameter=link.parameter)
            elif link.verdict == "left out":
                yield say["missing"].format(why=say.get(link.why, link.why))
            elif link.why:
                yield say[link.why]

    def _wrong(self, row: Row) -> str:
        if row.worst is None:
            return self.words["wrong_way"].format(name=row.name)
        place, claimed, measured = row.worst
        return self.words["found_wrong"].format(
            name=row.name,
            place=f"`{row.name}[{', '.join(map(str, place))}]`",
            claimed=f"{claimed:.9g}",
            measured=f"{measured:.9g}",
        )

    def _row(self, row: Row) -> list[str]:
        """Return the cells of an array."""
        say, size = self.words, math.prod(row.shape)
        none = say["none"]
        whole = row.checked + (0 if row.moved else row.kinks) == size
        checked = "all_checked" if row.checked == size else "some_checked"
        cell = say[checked].format(checked=f"{row.checked:,}", size=f"{size:,}")
        if row.ways and not whole:
            cell += say["ways"].format(ways=row.ways)
        if row.moved:
            cell = say["moved"].format(cell=cell)
        return [
            f"`{row.layer}`" if row.layer else say["input"],
            f"`{row.name}`",
            show(row.shape),
            none if row.error is None else _brief(row.error),
            cell if row.method else none,
            f"{row.kinks:,}" if row.method else none,
            none if row.second is None else _brief(row.second),
            say[row.verdict],
        ]

    def _chain(self) -> Iterator[list[str]]:
        """Yield the rows of the chain, which begins with the gradients."""
        say, before = self.words, "program"
        errors = [row.error for row in self.of.rows if row.error is not None]
        largest = _brief(max(errors)) if errors else say["none"]
        yield [say["measured"], say["program"], largest, say[self.of.gradients]]
        for link in self.of.links:
            error = say["none"] if link.error is None else _brief(link.error)
            yield [say[before], say[link.name], error, say[link.verdict]]
            before = link.name

    def _glosses(self) -> Iterator[str]:
        """Yield the words that are explained."""
        say, rows = self.words, self.of.rows
        moved = [row.name for row in rows if row.method == "differences"]
        points = [say["word_slope"], say["word_step"]]
        if moved:
            names = say["comma"].join(f"`{name}`" for name in moved)
            points.append(say["word_differences"].format(names=names))
        if stuck := [row.name for row in rows if row.moved]:
            names = say["comma"].join(f"`{name}`" for name in stuck)
            points.append(say["word_moved"].format(names=names))
        points.append(say["word_error"].format(tolerance=_brief(TOLERANCE)))
        if any(row.ways > 1 for row in rows):
            points.append(say["word_checked"].format(entries=self.of.entries))
        points += [say["word_kinks"], say["word_second"]]
        if any(row.verdict == "frozen" for row in rows):
            points.append(say["word_frozen"])
        points.append(say["word_chain"].format(tolerance=_brief(LINKED)))
        yield "\n".join(f"- {point}" for point in points)


def _brief(value: float) -> str:
    """Return a number in two digits: 3.5e-16, 1e-9, 0.21."""
    if not 0 < value < 1e-3:
        return f"{value:.2g}"
    digits, exponent = f"{value:.1e}".split("e")
    return f"{digits.removesuffix('.0')}e{int(exponent)}"
