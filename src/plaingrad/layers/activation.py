"""Activations: functions that work entry by entry, and softmax."""

from __future__ import annotations

from ..graph import Node
from ..ops import maximum
from .base import Layer


class ReLU(Layer):
    """Cut negative values off: max(x, 0) (Nair and Hinton, 2010)."""

    symbol = "a"
    note = "ReLU"
    rectifies = True

    def forward(self, x: Node, /) -> Node:
        """Return max(x, 0)."""
        return maximum(x, 0)
