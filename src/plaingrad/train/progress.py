"""The live display: how far, how good, how long still. Quiet when nobody looks."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TextIO

from .callbacks import Callback
from .history import History, brief

REFRESH = 0.1
"""Seconds between two drawings of the display."""
BAR = 14
"""How many characters the bar has."""
PATIENCE = 0.5
"""Seconds of silence after which a wait is explained."""
REPORTS = 10
"""How many lines a whole training writes where there is no terminal."""


class Progress(Callback):
    """Shows epochs, loss, validation score and time left.

    On a terminal that is one line, drawn again and again; elsewhere about ten lines in
    all.

    Parameters
    ----------
    epochs
        How many are planned.
    stream
        Where to write; by default standard error.
    """

    def __init__(self, epochs: int, stream: TextIO | None = None) -> None:
        self.epochs = epochs
        self.stream = stream or sys.stderr
        self.live = is_terminal(self.stream)
        self._began = self._drawn = 0.0
        self._before = self._told = 0

    def on_fit_begin(self, history: History) -> None:
        """Say what was chosen, and start the clock."""
        for sentence in history.chosen:
            self.stream.write(f"chosen: {sentence}\n")
        self._began = time.monotonic()
        # a training that goes on has some of each behind it
        self._told = history.epochs
        self._before = len(history.batch_loss)

    def on_tick(self, history: History) -> None:
        """Draw again, or write a line for each mark that was passed."""
        if self.live:
            if time.monotonic() - self._drawn > REFRESH:
                self._draw(history)
            return
        apart = max(1, self.epochs // REPORTS)
        while self._told + apart <= min(history.epochs, self.epochs - 1):
            self._told += apart
            self._draw(_as_of(history, self._told))

    def on_fit_end(self, history: History) -> None:
        """Leave the last line standing."""
        self._draw(history, final=True)
        if self.live:
            self.stream.write("\n")
        self.stream.flush()

    def _draw(self, history: History, final: bool = False) -> None:
        self._drawn = time.monotonic()
        # a line as wide as the terminal would begin the next one
        room = columns(self.stream) - 1 if self.live else 0
        line = self.line(history, self._drawn - self._began, final, room)
        start, end = ("\r", "") if self.live else ("", "\n")
        self.stream.write(start + line + end)
        self.stream.flush()

    def line(
        self, history: History, seconds: float, final: bool = False, room: int = 0
    ) -> str:
        """Return the text of the display after so many seconds of training.

        With `room` it has a bar and so many characters: what matters least is left out.
        """
        updates = history.updates_per_epoch * self.epochs
        before, done = self._before / updates, len(history.batch_loss) / updates
        epoch = history.epochs
        if room and not final:
            epoch = min(epoch + 1, self.epochs)
        parts = {"epoch": f"epoch {epoch}/{self.epochs}"}
        if room:
            full = round(done * BAR)
            parts["bar"] = f"[{'#' * full}{'.' * (BAR - full)}]"
        if history.loss or history.batch_loss:
            parts["loss"] = f"loss {brief((history.loss or history.batch_loss)[-1])}"
        if history.val_loss:
            parts["val_loss"] = f"val_loss {brief(history.val_loss[-1])}"
            score = brief(history.val_score[-1])
            parts["score"] = f"val_{history.score_name} {score}"
        if final:
            parts["time"] = f"{clock(seconds, 1)} in all"
        elif done > before:
            left = seconds * (1 - done) / (done - before)
            parts["time"] = f"{clock(left)} left"
        for name in ("val_loss", "bar"):
            if room and len("  ".join(parts.values())) > room:
                parts.pop(name, None)
        text = "  ".join(parts.values())
        return text.ljust(room)[:room] if room else text


def _as_of(history: History, epoch: int) -> History:
    """Return the history as it was when an epoch ended, but for the updates."""
    return replace(
        history,
        loss=history.loss[:epoch],
        val_loss=history.val_loss[:epoch],
        val_score=history.val_score[:epoch],
    )


@contextmanager
def told_when_long(text: str, shown: bool) -> Iterator[None]:
    """Write a line to standard error when what follows takes more than a moment."""

    def tell() -> None:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    timer = threading.Timer(PATIENCE, tell)
    timer.daemon = True
    if shown:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


def wanted(verbose: bool | None) -> bool:
    """Tell whether to show progress: as asked, else when somebody sees it."""
    return is_terminal(sys.stderr) if verbose is None else verbose


def is_terminal(stream: Any) -> bool:
    """Tell whether a person sees a stream."""
    return bool(getattr(stream, "isatty", lambda: False)())


def columns(stream: TextIO) -> int:
    """Return how wide the terminal is."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def clock(seconds: float, digits: int = 0) -> str:
    """Return a duration as people say it: 45 s, 3:20, 1:02:03."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.{digits}f} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
