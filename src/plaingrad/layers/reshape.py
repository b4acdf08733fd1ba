"""Layers that arrange the entries of a sample and change none."""

from __future__ import annotations

from ..errors import SettingError, whole
from ..graph import Node
from .base import Layer


class Flatten(Layer):
    """All entries of a sample in one row.

    Notes
    -----
    Input (n, ...), output (n, features).
    """

    symbol = "f"

    def forward(self, x: Node, /) -> Node:
        """Return the samples as rows."""
        return x.reshape(x.shape[0], -1)


class Reshape(Layer):
    """The entries of a sample in another shape.

    Parameters
    ----------
    *shape
        The sizes of the axes after the batch; one may be -1, which stands for what is
        left.

    Raises
    ------
    SettingError
        When a size is no whole number, or more than one is -1.
    ShapeError
        In a network, when a sample has another number of entries.

    Notes
    -----
    Input (n, ...), output (n, *shape).
    """

    symbol = "r"

    def __init__(self, *shape: int) -> None:
        if not shape or shape.count(-1) > 1:
            raise SettingError(
                f"Reshape needs the sizes of the axes after the batch, at most one of "
                f"them -1, got {shape}. Write for example pg.Reshape(28, 28, 1)."
            )
        self.shape = [-1 if one == -1 else whole("a size", one) for one in shape]

    def forward(self, x: Node, /) -> Node:
        """Return the samples in the new shape."""
        return x.reshape(x.shape[0], *self.shape)
