"""A picture of the losses that grows in a notebook."""

from __future__ import annotations

import importlib
import time
from typing import Any

import numpy as np

from ..draw.style import library
from ..errors import missing_extra
from ..train.callbacks import Callback
from ..train.history import History

PAUSE = 1.0
"""Seconds between two pictures, at least."""
SHARE = 50
"""Drawing takes less than one in so many seconds."""


class LivePlot(Callback):
    """Draw the cost curves below the cell of a notebook, again and again.

    The picture is that of `draw.cost_curves`. It is drawn once a second, or less often
    where drawing would take more than a fiftieth of the time.

    Raises
    ------
    MissingExtraError
        When IPython or matplotlib is not installed.
    """

    def __init__(self) -> None:
        try:
            self._display = importlib.import_module("IPython.display").display
        except ModuleNotFoundError as error:
            if error.name != "IPython":
                raise
            raise missing_extra(
                "IPython", "notebook", "pg.callbacks.LivePlot"
            ) from None
        # what is not there is said before any training
        self._close = library("pyplot").close
        self._handle: Any = None
        self._next = 0.0

    def on_fit_begin(self, history: History) -> None:
        """Begin a new picture."""
        self._handle, self._next = None, time.monotonic() + PAUSE

    def on_tick(self, history: History) -> None:
        """Draw, when it is time."""
        began = time.monotonic()
        if began >= self._next and self._draw(history):
            ended = time.monotonic()
            self._next = ended + max(PAUSE, SHARE * (ended - began))

    def on_fit_end(self, history: History) -> None:
        """Draw the picture that stays."""
        self._draw(history)

    def _draw(self, history: History) -> bool:
        """Draw the curves when there are any, and tell whether there are."""
        from .. import draw

        if not np.isfinite(history.batch_loss).any():
            return False
        figure = draw.cost_curves(history).get_figure(root=True)
        if self._handle is None:
            self._handle = self._display(figure, display_id=True)
        else:
            self._handle.update(figure)
        self._close(figure)
        return True
