"""What may watch a training and stop it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .history import History


class Callback:
    """Base of callbacks; override what is needed.

    Every method gets the history so far. `on_batch_end` and `on_epoch_end` may return
    True to end the training after this batch or epoch.
    """

    def on_fit_begin(self, history: History) -> None:
        """Run before the first epoch."""

    def on_batch_end(self, history: History) -> bool | None:
        """Run after every update."""

    def on_epoch_end(self, history: History) -> bool | None:
        """Run after every epoch, its validation included."""

    def on_fit_end(self, history: History) -> None:
        """Run when training has ended, however it ended."""
