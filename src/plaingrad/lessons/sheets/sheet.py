"""What stands on a worksheet, and the forms in which it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...program import Section
from ...write.document import Document, Pages

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Entry:
    """One number: its name, how it is computed, and what comes out.

    `work` is Python with numbers; "" where a value is drawn or looked up, and the name
    of an entry where that was only moved.
    """

    name: str
    work: str
    value: str


@dataclass(frozen=True)
class Line:
    """One line of the program, worked out.

    Attributes
    ----------
    section
        The part of the script that it stands in.
    code
        The line as the script has it.
    shape
        The shape of its value.
    note
        What is written beside it, in English: the layer.
    entries
        The entries that are shown, in the order of the array.
    left_out
        How many more there are.
    """

    section: Section
    code: str
    shape: tuple[int, ...]
    note: str
    entries: tuple[Entry, ...]
    left_out: int


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Worksheet(Document):
    """One update, every product and sum of it written out with numbers.

    `text()`, `markdown()` and `html()` write it, in its own language or in the one that
    they are given; `save(path)` writes a file.

    Attributes
    ----------
    network, loss, optimizer
        What is trained, and how, as it was written.
    samples
        How many samples the update sees.
    arrays
        What the update begins with, by name: samples, targets, parameters.
    numbers
        The settings and the clock, by name.
    memory
        What the optimiser remembers, which starts at zero.
    lines
        The program, line by line.
    most
        How many entries of an array are shown.
    rounded
        Whether a number that is shown has more digits.
    lang
        The language in which it prints itself: "en" or "zh".
    """

    network: str
    loss: str
    optimizer: str
    samples: int
    arrays: dict[str, Array]
    numbers: dict[str, float]
    memory: tuple[str, ...]
    lines: tuple[Line, ...]
    most: int
    rounded: bool
    lang: str

    def _pages(self, lang: str) -> Pages:
        from .pages import WorksheetPages

        return WorksheetPages(self, lang)
