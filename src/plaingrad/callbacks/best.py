"""The best network so far, in a file."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from ..train.callbacks import Callback
from ..train.history import History
from .watched import better, monitor_name, values

if TYPE_CHECKING:
    from ..network import Network


class SaveBest(Callback):
    """Save the network after every epoch that is better than all before.

    Parameters
    ----------
    network
        The network that is trained.
    path
        The model file, which is written whole or not at all; `load` reads it.
    monitor
        "loss", "val_loss", or "val_accuracy" ("val_r2" of a regression).

    Raises
    ------
    FileError
        When the file cannot be written, while training.
    """

    def __init__(
        self, network: Network, path: str | Path, monitor: str = "val_loss"
    ) -> None:
        self.network, self.path = network, Path(path)
        self.monitor = monitor_name(monitor)

    def on_epoch_end(self, history: History) -> None:
        """Save when the last epoch was the best."""
        *before, last = values(history, self.monitor)
        # a value that is no number is no record, and beats none
        known = [value for value in before if not math.isnan(value)]
        if all(better(self.monitor, last, value) for value in known):
            self.network.save(self.path)
