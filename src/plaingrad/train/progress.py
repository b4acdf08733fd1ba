"""The live display: how far, how good, how long still. Quiet when nobody looks."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, TextIO

from .callbacks import Callback

if TYPE_CHECKING:
    from .history import History

REFRESH = 0.1
"""Seconds between two drawings of the display."""


class Progress(Callback):
    """Shows epochs, loss, validation score and time left on one line of a terminal.

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
        self._began = self._drawn = 0.0
        self._first = self._updates = 0
        self._width = 0

    def on_fit_begin(self, history: History) -> None:
        """Start the clock."""
        self._began = time.monotonic()
        self._first = history.epochs
        self._updates = len(history.batch_loss)

    def on_batch_end(self, history: History) -> None:
        """Draw, when the last drawing is long enough ago."""
        if time.monotonic() - self._drawn > REFRESH:
            self._draw(history)

    def on_fit_end(self, history: History) -> None:
        """Leave the last line standing."""
        self._draw(history, final=True)
        self.stream.write("\n")
        self.stream.flush()

    def _draw(self, history: History, final: bool = False) -> None:
        self._drawn = time.monotonic()
        line = self.line(history, self._drawn - self._began, final)
        self.stream.write("\r" + line.ljust(self._width))
        self._width = len(line)
        self.stream.flush()

    def line(self, history: History, seconds: float, final: bool = False) -> str:
        """Return the text of the display after so many seconds of training."""
        updates = len(history.batch_loss) - self._updates
        done = updates / (history.updates_per_epoch * self.epochs)
        epoch = min(history.epochs - self._first + (not final), self.epochs)
        width = 20
        full = round(done * width)
        parts = [f"epoch {epoch}/{self.epochs} [{'#' * full}{'.' * (width - full)}]"]
        if history.loss or history.batch_loss:
            parts.append(f"loss {(history.loss or history.batch_loss)[-1]:.4f}")
        if history.val_loss:
            parts.append(f"val_loss {history.val_loss[-1]:.4f}")
            parts.append(f"val_{history.score_name} {history.val_score[-1]:.4f}")
        if final:
            parts.append(f"{_clock(seconds)} in all")
        elif done > 0:
            parts.append(f"{_clock(seconds * (1 - done) / done)} left")
        return "  ".join(parts)


def wanted(verbose: bool | None, stream: Any = None) -> bool:
    """Tell whether to show progress: as asked, else when standard error is a terminal."""
    if verbose is not None:
        return verbose
    stream = stream or sys.stderr
    return bool(getattr(stream, "isatty", lambda: False)())


def _clock(seconds: float) -> str:
    """Return a duration as people say it: 45 s, 3:20, 1:02:03."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
