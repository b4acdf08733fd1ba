"""Augmentation that moves pixels: random translation, crops and rotation."""

from __future__ import annotations

import math

from ..errors import SettingError, ShapeError, amount
from ..graph import Node
from ..ops import arange, clip, cos, floor, minimum, pad_images, sin, whole
from ..shapes import Size, show
from . import settings
from .augment import Augmentation
from .base import Layer
from .settings import Fill, Pair
from .window import images

NAMES = (("top", "rows"), ("left", "columns"))
"""What the first place and all places of a window are called, along both axes."""


class _RandomWindow(Augmentation):
    """Cuts a window out of each image, at a place that is drawn.

    Along each axis the image goes on for `padding` pixels to both sides.
    """

    padding: Pair
    fill: Fill

    def window(self, x: Node) -> Pair:
        """Return the height and width of the window."""
        raise NotImplementedError

    def drawn(self, x: Node) -> Node:
        """Return a window of each image."""
        size = self.window(x)
        if x.shape[1:3] == size and not any(self.padding):
            return x
        rows, columns = (self._places(x, size[axis], axis) for axis in range(2))
        wide = _bordered(self, x, self.padding)
        return _pixels(self, wide, rows, columns)

    def plain(self, x: Node) -> Node:
        """Return the window in the middle of each image."""
        size = self.window(x)
        first = [(_known(x.shape[1 + axis]) - size[axis]) // 2 for axis in range(2)]
        rows, columns = (slice(first[i], first[i] + size[i]) for i in range(2))
        return x if x.shape[1:3] == size else x[:, rows, columns]

    def _places(self, x: Node, size: int, axis: int) -> Node:
        """Return the rows, (n, size, 1), or with axis 1 the columns, (n, 1, size)."""
        pad, sides = self.padding[axis], _known(x.shape[1 + axis])
        start, places = NAMES[axis]
        along, room = arange(size, 1 - axis), sides + 2 * pad - size
        if not room:
            return along
        first = floor((room + 1) * self.uniform(x.shape[:1]))
        if self.fill != "edge":
            first = self.named(whole(first), start)
            return self.named(first[:, None, None] + along, places)
        first = self.named(first - pad, start)
        inside = clip(first[:, None, None] + along, 0, sides - 1)
        return self.named(whole(inside), places)


class RandomTranslation(_RandomWindow):
    """While training, shift each image by a random number of whole pixels.

    Every shift by up to `shift` pixels, up or down and left or right, is as likely as
    every other.

    Parameters
    ----------
    shift
        The most pixels: one number, or (height, width).
    fill
        What comes in from outside: a number, in the units of the input, or "edge" for
        the outermost pixels, repeated.

    Raises
    ------
    SettingError
        When a setting is out of its range.
    ShapeError
        In a network, when the input is no batch of images.

    Notes
    -----
    Input and output (n, height, width, channels).
    """

    symbol = "shifted"
    note = "random translation"

    def __init__(self, shift: int | Pair, fill: Fill = 0.0) -> None:
        if isinstance(shift, float) or (
            isinstance(shift, tuple) and any(isinstance(one, float) for one in shift)
        ):
            raise SettingError(
                f"shift must be a whole number of pixels, got {shift!r}. A tenth of "
                f"images of 28 x 28 is RandomTranslation(3)."
            )
        self.padding = settings.pair("shift", shift, least=0)
        self.fill = settings.fill(fill)

    def window(self, x: Node) -> Pair:
        """Return the size of the image."""
        _, height, width, _ = images(x).shape
        return _known(height), _known(width)


class RandomCrop(_RandomWindow):
    """Cut a window out of each image: while training at random, else in the middle.

    Parameters
    ----------
    size
        The size of the window: one number, or (height, width).
    padding
        By how many pixels the image goes on to each side while training: one number, or
        (height, width).
    fill
        What stands there: a number, in the units of the input, or "edge" for the
        outermost pixels, repeated.

    Raises
    ------
    SettingError
        When a setting is out of its range.
    ShapeError
        In a network, when the input is no batch of images, or smaller than the window.

    Notes
    -----
    Input (n, height, width, channels), output (n, *size, channels).
    """

    symbol = "cropped"
    note = "random crop"

    def __init__(
        self, size: int | Pair, padding: int | Pair = 0, fill: Fill = 0.0
    ) -> None:
        self.size = settings.pair("size", size)
        self.padding = settings.pair("padding", padding, least=0)
        self.fill = settings.fill(fill)

    def window(self, x: Node) -> Pair:
        """Return the size, when it fits into the image."""
        _, height, width, _ = images(x).shape
        if self.size[0] > _known(height) or self.size[1] > _known(width):
            raise ShapeError(
                f"a crop of {self.size[0]} x {self.size[1]} does not fit into images "
                f"of shape {show(x.shape)}. Use a smaller size."
            )
        return self.size


class RandomRotation(Augmentation):
    """While training, rotate each image about its centre by a random angle.

    Each new pixel is a mean of the four pixels around the place that it comes from,
    weighted by how near they are (bilinear interpolation).

    Parameters
    ----------
    degrees
        The largest angle, in degrees, up to 180. Angles are uniform in [-degrees,
        degrees]; counter-clockwise is positive.
    fill
        What comes in from outside: a number, in the units of the input, or "edge" for
        the outermost pixels, repeated.

    Raises
    ------
    SettingError
        When a setting is out of its range.
    ShapeError
        In a network, when the input is no batch of images.

    Notes
    -----
    Input and output (n, height, width, channels).
    """

    symbol = "rotated"
    note = "random rotation"

    def __init__(self, degrees: float, fill: Fill = 0.0) -> None:
        self.degrees = amount("degrees", degrees, most=180)
        self.fill = settings.fill(fill)

    def drawn(self, x: Node) -> Node:
        """Return weighted means of pixels at places that are rotated."""
        if self.degrees == 0:
            return images(x)
        places = self._places(x)
        x = _bordered(self, x, (1, 1))
        (rows, down), (columns, right) = (
            self._neighbours(place, _known(size) - 1, name)
            for place, size, name in zip(places, x.shape[1:3], ("y", "x"), strict=True)
        )
        upper, lower = (
            (1 - right) * _pixels(self, x, row, columns[0])
            + right * _pixels(self, x, row, columns[1])
            for row in rows
        )
        upper, lower = self.named(upper, "upper"), self.named(lower, "lower")
        return (1 - down) * upper + down * lower

    def _places(self, x: Node) -> tuple[Node, Node]:
        """Return where in the bordered image each pixel comes from."""
        n, height, width, _ = images(x).shape
        turn = (2 * self.uniform((n, 1, 1)) - 1) * math.radians(self.degrees)
        angle = self.named(turn, "angle")
        c, s = self.named(cos(angle), "cos"), self.named(sin(angle), "sin")
        middle = (_known(height) - 1) / 2, (_known(width) - 1) / 2
        down = self.named(arange(height, 1) - middle[0], "down")
        right = self.named(arange(width) - middle[1], "right")
        border = 0 if self.fill == "edge" else 1
        return (
            c * down + s * right + (middle[0] + border),
            c * right - s * down + (middle[1] + border),
        )

    def _neighbours(
        self, place: Node, last: int, name: str
    ) -> tuple[tuple[Node, Node], Node]:
        """Return the pixels before and behind places, and how far these are between."""
        # what lies further outside looks like the border
        place = self.named(clip(place, 0, last), name)
        before = self.named(floor(place), f"{name}_floor")
        behind = minimum(before + 1, last)
        found = (
            self.named(whole(before), f"{name}_before"),
            self.named(whole(behind), f"{name}_behind"),
        )
        share = self.named((place - before)[..., None], f"{name}_share")
        return found, share

    def plain(self, x: Node) -> Node:
        """Return the images as they are."""
        return images(x)


def _bordered(layer: _RandomWindow | RandomRotation, x: Node, pads: Pair) -> Node:
    """Return images with so much of a number around them; edges need none."""
    if layer.fill == "edge" or not any(pads):
        return x
    wide = pad_images(x, ((pads[0],) * 2, (pads[1],) * 2), layer.fill)
    return layer.named(wide, "padded")


def _pixels(layer: Layer, x: Node, rows: Node, columns: Node) -> Node:
    """Return pixels of each image: those of sample i at (rows[i], columns[i])."""
    samples = layer.named(arange(x.shape[0], 2), "samples")
    return x[samples, rows, columns]


def _known(size: Size) -> int:
    """Return the size of an image, which is known."""
    assert isinstance(size, int)  # noqa: S101
    return size
