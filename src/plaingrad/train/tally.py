"""How far several trainings are: a line for each that is done, and one that moves."""

from __future__ import annotations

import sys
import time
from typing import TextIO

from .progress import REFRESH, clock, columns, is_terminal


class Tally:
    """Counts trainings that are done, and tells of them.

    Parameters
    ----------
    what
        What they are, in the plural: "seeds".
    total
        How many are planned.
    done
        How many were done before.
    shown
        Whether to tell anything.
    stream
        Where to; by default standard error.
    """

    def __init__(
        self,
        what: str,
        total: int,
        done: int = 0,
        shown: bool = True,
        stream: TextIO | None = None,
    ) -> None:
        self.what, self.total, self.done, self.shown = what, total, done, shown
        self.stream = stream or sys.stderr
        self.live = shown and is_terminal(self.stream)
        self._before, self._drawn, self._began = done, 0.0, time.monotonic()

    def add(self, line: str) -> None:
        """Count one more, and tell what came of it."""
        self.done += 1
        if self.shown:
            self._write(line, end="\n")

    def tick(self, running: float) -> None:
        """Draw again how far all are, by how many of those under way are done."""
        if self.live and time.monotonic() - self._drawn > REFRESH:
            self._drawn = time.monotonic()
            self._write(self.line(running, self._drawn - self._began), end="")

    def line(self, running: float, seconds: float) -> str:
        """Return the text of the display after so many seconds."""
        text = f"{self.what} {self.done}/{self.total}"
        new = self.done - self._before + running
        if new > 0 and self.done + running < self.total:
            left = seconds / new * (self.total - self.done - running)
            text += f"  {clock(left)} left"
        return text

    def end(self) -> None:
        """Take the moving line away."""
        if self.live:
            self._write("", end="\r")

    def _write(self, text: str, end: str) -> None:
        if self.live:
            room = columns(self.stream) - 1
            text = "\r" + text.ljust(room)[:room]
        self.stream.write(text + end)
        self.stream.flush()
