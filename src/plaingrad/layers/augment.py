"""Augmentation: what a training does to its samples, anew in every step.

What is drawn for a sample is a pure function of (seed, step, place), as in `dropout`.
When the network is used, all of it is off.
"""

from __future__ import annotations

import math

from ..errors import PlaingradError, amount, unknown_name
from ..graph import Node
from ..ops import cos, log, sqrt, where
from ..shapes import Shape
from ..trace import current
from .base import Layer
from .window import images

MODES = ("horizontal", "vertical", "horizontal_and_vertical")


class Augmentation(Layer):
    """A layer that changes its input at random while the network is trained.

    Subclasses write `drawn`, what the training sees, and `plain`, what everybody else
    sees, where that is not the input as it is. Random numbers come from `uniform`.
    """

    def forward(self, x: Node, /) -> Node:
        """Return the input, changed at random when training."""
        return self.drawn(x) if current().training else self.plain(x)

    def drawn(self, x: Node) -> Node:  # noqa: ARG002
        """Return the input, changed at random."""
        raise PlaingradError(
            f"{type(self).__name__} has no drawn method. Write one: "
            f"def drawn(self, x): return ..."
        )

    def plain(self, x: Node) -> Node:
        """Return the input as it is when the network is used."""
        return x

    def uniform(self, shape: Shape) -> Node:
        """Return random numbers in [0, 1), new ones in each update; call it in `drawn`.

        They are a pure function of the seed, the update and the number of the call, so
        any update can be done again. Shapes may begin with the batch: `x.shape[:1]` for
        one number for each sample.
        """
        return current().draw(shape)


class RandomFlip(Augmentation):
    """While training, mirror each image with probability 1/2.

    Parameters
    ----------
    mode
        "horizontal" exchanges left and right, "vertical" top and bottom; for
        "horizontal_and_vertical" each of the two is drawn by itself.

    Raises
    ------
    SettingError
        When the mode is none of these.
    ShapeError
        In a network, when the input is no batch of images.

    Notes
    -----
    Input and output (n, height, width, channels).
    """

    symbol = "flipped"
    note = "random flip"

    def __init__(self, mode: str = "horizontal") -> None:
        if mode not in MODES:
            raise unknown_name("mode", mode, MODES)
        self.mode = mode

    def drawn(self, x: Node) -> Node:
        """Return where(flip, mirror image, image)."""
        x = images(x)
        if self.mode != "vertical":
            x = where(self._coin(x, "flip"), x[:, :, ::-1], x)
        if self.mode != "horizontal":
            x = where(self._coin(x, "turn"), x[:, ::-1], x)
        return x

    def _coin(self, x: Node, name: str) -> Node:
        """Return whether to mirror, for each image."""
        coin = self.named(current().noise(x.shape[:1]) < 0.5, name)
        return coin[:, None, None, None]

    def plain(self, x: Node) -> Node:
        """Return the images as they are."""
        return images(x)


class GaussianNoise(Augmentation):
    """While training, add normally distributed noise to every entry.

    Two uniform numbers u and v make the normal one sqrt(-2 ln(1 - u)) cos(2 pi v) (Box
    and Muller, 1958).

    Parameters
    ----------
    std
        The standard deviation of the noise, in the units of the input.

    Raises
    ------
    SettingError
        When the deviation is negative or not finite.

    Notes
    -----
    Input and output of any one shape.
    """

    symbol = "noisy"
    note = "Gaussian noise"

    def __init__(self, std: float) -> None:
        self.std = amount("std", std)

    def drawn(self, x: Node) -> Node:
        """Return x + std * noise."""
        if self.std == 0:
            return x
        u, v = self.uniform(x.shape), self.uniform(x.shape)
        noise = self.named(sqrt(-2 * log(1 - u)) * cos(2 * math.pi * v), "noise")
        return x + self.std * noise
