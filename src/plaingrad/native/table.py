"""What a native function is handed: a table of numbers and of addresses."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from .cached import Function
from .crew import Crew, cores, idle
from .flat import LINE, SLACK, room

Array = np.ndarray[Any, Any]
WORTH = 2_000_000
"""How many multiplications and additions make a batch worth one more thread."""


class Table:
    """A native function with everything that it works on.

    What does not change from call to call is entered once. The arrays are kept alive
    for as long as their addresses stand here.

    Parameters
    ----------
    function
        The function.
    stored
        The arrays that it reads or renews, by name.

    Attributes
    ----------
    entries, places, reference
        The table itself, the place of each slot in it, and what `read` takes.
    rows
        How many rows it was last resized to.
    """

    def __init__(self, function: Function, stored: Mapping[str, Array]) -> None:
        self.function, facts = function, function.facts
        self.places = {slot: place for place, slot in enumerate(facts.slots)}
        self.entries = (ctypes.c_int64 * len(facts.slots))()
        self.address = ctypes.addressof(self.entries)
        self.reference = ctypes.byref(self.entries)
        self._held: dict[str, Array] = {}
        self._numbers: Mapping[str, float] = {}
        self._settings = np.zeros(len(facts.numbers) + 1)
        self._barrier = room(8 * LINE)
        self.rows = self._threads = self._most = 0
        self._crew: Crew | None = None
        self._results = np.zeros(len(facts.results) + 1)
        self.point("settings", self._settings)
        self.point("barrier", self._barrier)
        self.point("results", self._results)
        self.enter(updates=1)
        for slot in facts.slots:
            if slot.startswith("stored "):
                self.point(slot, stored[slot.removeprefix("stored ")])

    def enter(self, **numbers: int) -> None:
        """Enter whole numbers, by the names of their slots."""
        for slot, number in numbers.items():
            self.entries[self.places[slot]] = number

    def point(self, slot: str, array: Array | None) -> None:
        """Enter the address of an array; that of None is zero."""
        if array is None:
            self._held.pop(slot, None)
            self.entries[self.places[slot]] = 0
        elif self._held.get(slot) is not array:
            self._held[slot] = array
            self.entries[self.places[slot]] = array.ctypes.data

    def bind(self, data: Mapping[str, Array]) -> None:
        """Enter the arrays that have one row for each sample, converted if need be."""
        facts = self.function.facts
        for name, kind in facts.data.items():
            self.point(f"data {name}", as_rows(data[name], facts.type(kind)))

    def release(self) -> None:
        """Keep nothing of what belongs to the caller."""
        for slot in self.places:
            if slot.startswith(("data ", "out ")):
                self.point(slot, None)

    def settle(self, numbers: Mapping[str, float]) -> None:
        """Enter the settings, by name; those of the clock are not among them."""
        if numbers != self._numbers:
            self._numbers = dict(numbers)
            for place, name in enumerate(self.function.facts.numbers):
                self._settings[place] = numbers.get(name, 0.0)

    def run(self, rows: int, threads: int | None = None, here: bool = False) -> int:
        """Run the function on batches of at most so many rows; return what it says.

        Without a number of threads there are as many as the work is worth. The first of
        them is the one that asks for it when that must be `here`.
        """
        size = min(self._wanted(rows, threads), self.function.facts.threads, cores())
        self.make_room(rows, size)
        crew = self._helpers(size) if size > 1 else None
        if crew is None:
            return int(self.function.run(self.address, 0, 1))
        self._barrier[:] = 0
        return crew.run(self.function.run, self.address, here)

    def _helpers(self, size: int) -> Crew | None:
        """Return so many threads, or None where there is no room for more."""
        if self._crew is None or not self._crew.suits(size):
            try:
                self._crew = Crew(size)
            except RuntimeError:
                self._crew = None
        return self._crew

    def _wanted(self, rows: int, threads: int | None) -> int:
        """Return how many threads to use: as asked, else what helps."""
        if threads is not None:
            return threads
        worth = self.function.facts.work * rows // WORTH
        return min(worth, idle()) if worth > 1 else 1

    def resize(self, rows: int) -> None:
        """Have so many rows, in one batch."""
        self.rows = rows
        self.enter(count=rows, batch=rows)
        self.make_room(rows, 1)

    def numbers(self) -> list[float]:
        """Return the results of the last run, as far as they are numbers."""
        found: list[float] = self._results.tolist()
        for place, (name, _, _) in enumerate(self.function.facts.results):
            if each := self.function.facts.shares.get(name):
                # a quotient of two counts, of which float32 has only seven digits
                found[place] = _whole(found[place], self.rows * each)
        return found

    def make_room(self, rows: int, threads: int) -> None:
        """Provide the memory that batches of so many rows take."""
        if rows <= self._most and threads <= self._threads:
            return
        facts = self.function.facts
        each = -(-facts.arena // LINE) * LINE + SLACK
        if threads > self._threads:
            self._threads = threads
            self.point("arena", room(each * threads))
            self.enter(arena_bytes=each)
        if facts.batch or not self._most:
            tiles = -(-rows // facts.tile)
            shared = facts.common + facts.sums * facts.shards + facts.batch * tiles
            self.point("shared", room(shared + SLACK))
        self._most = max(rows, self._most)


def as_rows(values: Array, dtype: np.dtype[Any]) -> Array:
    """Return an array as native functions read it; the same one where it is so."""
    return np.require(values, dtype, ("C_CONTIGUOUS", "ALIGNED"))


def _whole(share: float, count: int) -> float:
    return round(share * count) / count if math.isfinite(share) else share
