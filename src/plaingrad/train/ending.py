"""How a training ended, told to the one who called `fit`."""

from __future__ import annotations

import warnings
from pathlib import Path

from .history import History


class DivergedWarning(UserWarning):
    """The loss became infinite or undefined, and training was ended."""


def told(history: History, saved: Path | None = None) -> History:
    """Warn the caller of `fit` when training ended badly; return the history.

    Parameters
    ----------
    history
        What `fit`, which calls this itself, is about to return.
    saved
        The folder of its checkpoints.
    """
    place = f"epoch {history.epochs + 1}"
    if history.stopped == "interrupted":
        warnings.warn(
            f"interrupted in {place}; the network keeps what it has learnt so far."
            + (f" It is saved: go on with resume={str(saved)!r}." if saved else ""),
            stacklevel=3,
        )
    if history.stopped == "diverged":
        count = len(history.batch_loss)
        cause = "too large a learning rate: try a tenth of it, or clip_norm=1"
        if count == 1:
            cause = "too large numbers in X or y: scale them to about -1 .. 1"
        warnings.warn(
            f"the loss became {history.batch_loss[-1]} in update {count} ({place}), so "
            f"training was ended; the network went back to weights from before. The "
            f"likely cause is {cause}.",
            DivergedWarning,
            stacklevel=3,
        )
    return history
