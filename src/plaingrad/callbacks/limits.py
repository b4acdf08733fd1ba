"""Ends of a training: by the clock, or when it is good enough."""

from __future__ import annotations

import time

from ..errors import SettingError, positive
from ..train.callbacks import Callback
from ..train.history import History
from .watched import better, monitor_name, values


class StopAfter(Callback):
    """End training when some time has passed, after the update under way.

    Parameters
    ----------
    seconds
        From the start of this `fit`; also of one that goes on from a checkpoint.

    Notes
    -----
    It costs nothing: it looks at the clock while the engine works.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = float(positive("seconds", seconds))
        self._until = 0.0

    def on_fit_begin(self, history: History) -> None:
        """Start the clock."""
        self._until = time.monotonic() + self.seconds

    def on_tick(self, history: History) -> bool:
        """Tell whether the time is over."""
        return time.monotonic() >= self._until


class StopAt(Callback):
    """End training when a value is as good as wanted, after that epoch.

    Parameters
    ----------
    target
        The value to reach.
    monitor
        "loss", "val_loss", or "val_accuracy" ("val_r2" of a regression).
    """

    def __init__(self, target: float, monitor: str = "val_loss") -> None:
        if isinstance(target, bool) or not isinstance(target, (int, float)):
            raise SettingError(f"target must be a number, got {target!r}.")
        self.target, self.monitor = float(target), monitor_name(monitor)

    def on_epoch_end(self, history: History) -> bool:
        """Tell whether the value is reached."""
        value = values(history, self.monitor)[-1]
        return value == self.target or better(self.monitor, value, self.target)
