"""Layers made of layers."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import SettingError
from ..graph import Node
from .base import Layer


class Sequence(Layer):
    """Layers one after the other: the output of each is the input of the next."""

    symbol = ""

    def __init__(self, *layers: Layer) -> None:
        for layer in layers:
            if not isinstance(layer, Layer):
                shown = layer.__name__ if isinstance(layer, type) else repr(layer)
                hint = " Add parentheses." if isinstance(layer, type) else ""
                raise SettingError(f"expected layers, got {shown}.{hint}")
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
