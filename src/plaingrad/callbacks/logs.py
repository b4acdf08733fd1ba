"""Logs: a line of a file for each epoch."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from ..errors import FileError
from ..files import write_whole
from ..train.callbacks import Callback
from ..train.history import History


class EpochLog(Callback):
    """Adds a line to a file for each epoch; what kind of line, a subclass says.

    Lines are written while the engine works, so that epochs need not wait for them.
    They tell nothing of the time: a training that goes on from a checkpoint writes
    again what its history knows, and its log is that of a training that never ended.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._written = 0

    def text(self, rows: list[dict[str, float]], first: bool) -> str:
        """Return the lines of some epochs; `first` when the file is empty yet."""
        raise NotImplementedError

    def on_fit_begin(self, history: History) -> None:
        """Begin the file, with all epochs that the history has."""
        rows = epochs(history, 0)
        write_whole(self.path, self.text(rows, True) if rows else "")
        self._written = len(rows)

    def on_tick(self, history: History) -> None:
        """Add the epochs that are new."""
        rows = epochs(history, self._written)
        if not rows:
            return
        before = None
        try:
            with self.path.open("a", encoding="utf-8", newline="") as stream:
                before = stream.tell()
                stream.write(self.text(rows, self._written == 0))
        except OSError as error:
            if before is not None:
                # what is not whole is no line
                with contextlib.suppress(OSError):
                    os.truncate(self.path, before)
            raise FileError(f"cannot write {self.path}: {error.strerror}.") from None
        self._written += len(rows)

    def on_fit_end(self, history: History) -> None:
        """Add the last epochs."""
        self.on_tick(history)


class CSVLog(EpochLog):
    """Write the losses and scores of each epoch to a .csv file, with names above.

    The columns are epoch, loss and, where the training has them, val_loss, val_accuracy
    (or val_r2) and rate. `EpochLog` says when lines are written.

    Parameters
    ----------
    path
        The file; one of an earlier training is replaced.

    Raises
    ------
    FileError
        When it cannot be written.
    """

    def text(self, rows: list[dict[str, float]], first: bool) -> str:
        """Return the lines, and the names of the columns above the first one."""
        lines = [",".join(map(repr, row.values())) for row in rows]
        return "\n".join([*([",".join(rows[0])] if first else []), *lines, ""])


class JSONLog(EpochLog):
    """Write the losses and scores of each epoch as a line of JSON (JSON Lines).

    The file and its names are those of `CSVLog`. A loss that is no number is null.
    """

    def text(self, rows: list[dict[str, float]], first: bool) -> str:
        """Return the lines."""
        return "".join(f"{json.dumps(_finite(row), allow_nan=False)}\n" for row in rows)


def _finite(row: dict[str, float]) -> dict[str, float | None]:
    return {n: v if abs(v) < float("inf") else None for n, v in row.items()}


def epochs(history: History, start: int) -> list[dict[str, float]]:
    """Return what a history knows of each epoch from `start` on, by name."""
    columns = {
        "loss": history.loss,
        "val_loss": history.val_loss,
        f"val_{history.score_name}": history.val_score,
        "rate": history.rate,
    }
    present = {name: values[start:] for name, values in columns.items() if values}
    return [
        {"epoch": start + 1 + place, **dict(zip(present, row, strict=True))}
        # an epoch may have ended before it was validated
        for place, row in enumerate(zip(*present.values(), strict=False))
    ]
