"""Layers made of layers."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import SettingError, ShapeError
from ..graph import Node
from ..shapes import show
from .base import Layer


class Sequence(Layer):
    """Layers one after the other: the output of each is the input of the next.

    Parameters
    ----------
    *layers
        The layers. One that stands twice has one set of parameters.

    Raises
    ------
    SettingError
        When something else than a layer is given.
    """

    symbol = ""

    def __init__(self, *layers: Layer) -> None:
        for layer in layers:
            _expect_layer(layer)
        self.layers = layers

    def forward(self, x: Node, /) -> Node:
        """Return the output of the last layer."""
        for layer in self.layers:
            x = layer(x)
        return x

    def __iter__(self) -> Iterator[Layer]:
        """Walk over the layers."""
        return iter(self.layers)

    def __len__(self) -> int:
        """Return the number of layers."""
        return len(self.layers)

    def __getitem__(self, place: int) -> Layer:
        """Return one layer."""
        return self.layers[place]


class Residual(Sequence):
    """What the layers make of x, added to x itself (He, Zhang, Ren and Sun, 2016).

    Parameters
    ----------
    *layers
        The layers, whose output must have the shape of their input.

    Raises
    ------
    ShapeError
        In a network, when the output has another shape than the input.
    """

    symbol = "h"
    note = "residual"

    def forward(self, x: Node, /) -> Node:
        """Return x + layers(x)."""
        y = super().forward(x)
        if y.shape != x.shape:
            raise ShapeError(
                f"the layers turn {show(x.shape)} into {show(y.shape)}, and a residual "
                f"needs equal shapes to add them. Let the last layer have "
                f"{x.shape[-1]} outputs, and use padding='same' in convolutions."
            )
        return x + y


def _expect_layer(layer: object) -> None:
    if isinstance(layer, Layer):
        return
    if isinstance(layer, type):
        raise SettingError(f"expected layers, got {layer.__name__}. Add parentheses.")
    hint = " Pass them one by one." if isinstance(layer, (list, tuple)) else ""
    raise SettingError(f"expected layers, got {layer!r}.{hint}")
