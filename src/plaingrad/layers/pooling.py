"""Pooling: one number for each window of an image."""

from __future__ import annotations

import math

from ..errors import SettingError
from ..graph import Node
from ..ops import patches
from ..shapes import divide
from . import settings
from .base import Layer
from .settings import Padding, Pair
from .window import Windowed, images


class _Pool2d(Windowed):
    """Reduces each window of an image to one number.

    Input (n, height, width, channels), output (n, rows, columns, channels).
    """

    symbol = "p"
    filler: float = 0

    def __init__(
        self,
        size: int | Pair = 2,
        stride: int | Pair | None = None,
        padding: Padding = "valid",
    ) -> None:
        window = settings.pair("size", size)
        super().__init__(window, window if stride is None else stride, padding)
        if isinstance(self.padding, tuple) and not all(
            pad < side for pad, side in zip(self.padding, self.window, strict=True)
        ):
            raise SettingError(
                f"padding must be smaller than the window, got {padding!r} for a "
                f"window of {size!r}: some windows would see no pixel."
            )

    def reduced(self, windows: Node, axis: int | tuple[int, ...]) -> Node:
        """Return one number for each window, whose entries lie along `axis`."""
        raise NotImplementedError

    def forward(self, x: Node, /) -> Node:
        """Return one number for each window."""
        x = self.padded(images(x), self.filler)
        n, height, width, channels = x.shape
        h, w = self.window
        rows, columns = divide(height, h), divide(width, w)
        if self.stride == self.window and rows and columns:
            tiles = x.reshape(n, rows, h, columns, w, channels)
            return self.reduced(self.named(tiles, "windows"), (2, 4))
        windows = self.named(patches(x, self.window, self.stride), "windows")
        return self.reduced(windows, 3)


class MaxPool2d(_Pool2d):
    """The largest number of each window (Ranzato et al., 2007).

    Entries of a window that tie share its gradient evenly.

    Parameters
    ----------
    size
        The size of the window: one number, or (height, width).
    stride
        The step from one window to the next; None for the size of the window.
    padding
        "valid" for none; "same" for as much as makes ceil(size / stride) windows; or a
        number for each side. What is added is never the largest.

    Raises
    ------
    SettingError
        When a setting is out of its range, or padding is as large as the window.
    ShapeError
        In a network, when the input is no batch of images, or the window does not fit.

    Notes
    -----
    Input (n, height, width, channels), output (n, rows, columns, channels).
    """

    note = "max pooling"
    filler = -math.inf

    def reduced(self, windows: Node, axis: int | tuple[int, ...]) -> Node:
        """Return the largest entry of each window."""
        return windows.max(axis)


class AvgPool2d(_Pool2d):
    """The mean of each window (LeCun, Bottou, Bengio and Haffner, 1998).

    The zeros that padding adds count as pixels, as they do in PyTorch by default.

    Parameters
    ----------
    size
        The size of the window: one number, or (height, width).
    stride
        The step from one window to the next; None for the size of the window.
    padding
        "valid" for none; "same" for as many zeros around the image as make
        ceil(size / stride) windows; or the number of zeros on each side.

    Raises
    ------
    SettingError
        When a setting is out of its range, or padding is as large as the window.
    ShapeError
        In a network, when the input is no batch of images, or the window does not fit.

    Notes
    -----
    Input (n, height, width, channels), output (n, rows, columns, channels).
    """

    note = "average pooling"

    def reduced(self, windows: Node, axis: int | tuple[int, ...]) -> Node:
        """Return the mean of each window."""
        return windows.mean(axis)


class GlobalAvgPool2d(Layer):
    """The mean of each channel over the whole image (Lin, Chen and Yan, 2014).

    Raises
    ------
    ShapeError
        In a network, when the input is no batch of images.

    Notes
    -----
    Input (n, height, width, channels), output (n, channels).
    """

    symbol = "p"
    note = "average pooling"

    def forward(self, x: Node, /) -> Node:
        """Return the mean over height and width."""
        return images(x).mean(axis=(1, 2))
