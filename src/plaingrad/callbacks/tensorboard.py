"""Curves for TensorBoard."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from ..errors import missing_extra
from ..files import make_folder
from ..train.callbacks import Callback
from ..train.history import History
from .logs import epochs


class TensorBoard(Callback):
    """Write the losses and scores of each epoch where TensorBoard reads them.

    See them by `tensorboard --logdir FOLDER`. A training that goes on from a checkpoint
    goes on with its curves. They are written while the engine works, so that epochs
    need not wait for them.

    Parameters
    ----------
    folder
        The folder of this training; made when it is not there.

    Raises
    ------
    MissingExtraError
        When tensorboardX is not installed.
    FileError
        When the folder cannot be made.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        try:
            self._library = importlib.import_module("tensorboardX")
        except ModuleNotFoundError as error:
            if error.name != "tensorboardX":
                raise
            raise missing_extra(
                "tensorboardX", "tensorboard", "pg.callbacks.TensorBoard"
            ) from None
        self._writer: Any = None
        self._written = 0

    def on_fit_begin(self, history: History) -> None:
        """Begin a file of events, which replace those of epochs that were lost."""
        make_folder(self.folder)
        self._written = history.epochs
        self._writer = self._library.SummaryWriter(
            str(self.folder), purge_step=history.epochs + 1
        )

    def on_tick(self, history: History) -> None:
        """Write the epochs that are new."""
        for row in epochs(history, self._written):
            epoch = int(row.pop("epoch"))
            for name, value in row.items():
                self._writer.add_scalar(name, value, epoch)
            self._written = epoch

    def on_fit_end(self, history: History) -> None:
        """Write the last epochs, and close the file."""
        self.on_tick(history)
        self._writer.close()
