"""The end of a network that tells classes of several questions apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import whole
from ..graph import Node
from ..layers import Layer

NEVER = -1e9
"""The score of a class that a question does not have: its probability is 0."""


class Heads(Layer):
    """Scores in one row for each question, which may have different numbers of classes.

    Parameters
    ----------
    *classes
        How many classes each question has.

    Notes
    -----
    Input (n, questions * k), k the largest number of classes; output (n, questions, k).
    Where a question has fewer, the scores of what is missing are very low, so that no
    probability is left for them.
    """

    symbol = "s"

    def __init__(self, *classes: int) -> None:
        self.classes = [whole("a number of classes", one, least=2) for one in classes]

    def forward(self, x: Node, /) -> Node:
        """Return the scores, (n, questions, k)."""
        most = max(self.classes)
        rows = x.reshape(x.shape[0], len(self.classes), most)
        if min(self.classes) == most:
            return rows
        return rows + missing(self.classes)


def missing(classes: Sequence[int]) -> np.ndarray[Any, Any]:
    """Return what is added to scores: 0 where there is a class, else very little."""
    places = np.arange(max(classes))
    return np.where(places < np.array(classes)[:, None], 0.0, NEVER)
