"""The usual network for images, and how it is trained."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..layers import (
    Augmentation,
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    Linear,
    MaxPool2d,
    RandomTranslation,
    ReLU,
)
from ..network import Network, Sequential
from ..optimizers import Adam

FILTERS = (16, 32, 64, 64)
"""The filters of each stage, of which there are as many as the size allows."""
LEAST = 4
"""What a stage halves is at least twice as high and wide."""
SHIFTED = 16
"""Training shifts pictures by up to this part of their side."""


def usual_network(shape: tuple[int, int, int], classes: int) -> Sequential:
    """Return a network for images of a shape (height, width, channels).

    Each stage looks at windows of 3 x 3, and then halves height and width. Training
    shifts each picture a little, which leaves most pictures what they are.
    """
    layers: list[Layer] = []
    side = min(shape[:2])
    if side >= SHIFTED:
        layers.append(RandomTranslation(side // SHIFTED, fill="edge"))
    for filters in FILTERS:
        layers += [Conv2d(filters, 3, padding="same"), ReLU()]
        if side < 2 * LEAST:
            break
        layers.append(MaxPool2d(2))
        side //= 2
    layers += [Flatten(), Dropout(0.5), Linear(64), ReLU()]
    return Sequential(*layers, Linear(classes))


def augmented(network: Network, front: Iterable[Layer]) -> Sequential:
    """Return a network with other augmentation at its front, in place of its own."""
    own = network.layers if isinstance(network, Sequential) else (network,)
    rest = [layer for layer in own if not isinstance(layer, Augmentation)]
    return Sequential(*front, *rest)


def usual_settings() -> dict[str, Any]:
    """Return the settings of `fit` for images."""
    return {"optimizer": Adam(0.001), "epochs": 100, "early_stopping": 10}
