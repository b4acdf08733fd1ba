"""What may watch a training and stop it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..errors import SettingError

if TYPE_CHECKING:
    from .history import History


class Callback:
    """Base of callbacks; override what is needed.

    Every method gets the history so far. `on_batch_end`, `on_epoch_end` and `on_tick`
    may return True to end the training after this batch or epoch, or after the update
    under way. The network that is trained can be used meanwhile: it has the weights of
    the moment. Training pauses before and after batches and epochs only where a method
    for that is overridden.

    A training that goes on from a checkpoint brings its history along. So what a
    callback reads from there, and does not keep itself, it knows then, too.
    """

    def on_fit_begin(self, history: History) -> None:
        """Run before the first epoch."""

    def on_epoch_begin(self, history: History) -> None:
        """Run before every epoch."""

    def on_batch_begin(self, history: History) -> None:
        """Run before every update."""

    def on_batch_end(self, history: History) -> bool | None:
        """Run after every update."""

    def on_epoch_end(self, history: History) -> bool | None:
        """Run after every epoch, its validation included."""

    def on_tick(self, history: History) -> bool | None:
        """Run some ten or more times a second, for displays, logs and clocks.

        Training may go on meanwhile, so the weights are not to be read here. An update
        that takes longer delays it.
        """

    def on_fit_end(self, history: History) -> None:
        """Run when training has ended, however it ended."""


def overrides(callback: Callback, event: str) -> bool:
    """Tell whether a callback does something at an event, such as "on_batch_end"."""
    method = getattr(callback, event)
    return getattr(method, "__func__", method) is not getattr(Callback, event)


def checked(callbacks: Any) -> list[Callback]:
    """Return callbacks as a list, or say which is none."""
    given = list(callbacks) if isinstance(callbacks, Iterable) else [callbacks]
    for callback in given:
        if not isinstance(callback, Callback):
            raise SettingError(
                f"callbacks must be objects of subclasses of pg.Callback, got "
                f"{callback!r}. Write a class with on_epoch_end(self, history)."
            )
    return given
