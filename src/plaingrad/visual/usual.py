"""The usual network for images, and how it is trained."""

from __future__ import annotations

from typing import Any

from ..layers import Conv2d, Dropout, Flatten, Layer, Linear, MaxPool2d, ReLU
from ..network import Sequential
from ..optimizers import Adam

FILTERS = (16, 32, 64, 64)
"""The filters of each stage, of which there are as many as the size allows."""
LEAST = 4
"""What a stage halves is at least twice as high and wide."""


def usual_network(shape: tuple[int, int, int], classes: int) -> Sequential:
    """Return a network for images of a shape (height, width, channels).

    Each stage looks at windows of 3 x 3, and then halves height and width.
    """
    layers: list[Layer] = []
    side = min(shape[:2])
    for filters in FILTERS:
        layers += [Conv2d(filters, 3, padding="same"), ReLU()]
        if side < 2 * LEAST:
            break
        layers.append(MaxPool2d(2))
        side //= 2
    layers += [Flatten(), Dropout(0.5), Linear(64), ReLU()]
    return Sequential(*layers, Linear(classes))


def usual_settings() -> dict[str, Any]:
    """Return the settings of `fit` for images."""
    return {"optimizer": Adam(0.001), "epochs": 100, "early_stopping": 10}
