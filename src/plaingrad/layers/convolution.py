"""Convolution: the same small weighted sum at every place of an image."""

from __future__ import annotations

from ..errors import SettingError, ShapeError, whole
from ..graph import Node
from ..initializers import Initializer, Zeros
from ..ops import expand_dims, patches, swapaxes, transpose
from ..shapes import size_of
from . import settings
from .settings import Padding, Pair
from .window import Windowed, images


class Conv2d(Windowed):
    """Every output pixel is a weighted sum of the input pixels in a window around it.

    All windows are laid out as rows of one matrix, which the kernels multiply
    (Chellapilla, Puri and Simard, "High performance convolutional neural networks for
    document processing", 2006). As everywhere in this field, the kernel is not flipped.

    Parameters
    ----------
    filters
        The number of output channels.
    kernel_size
        The size of the window: one number, or (height, width).
    stride
        The step from one window to the next, likewise.
    padding
        "valid" for none; "same" for as many zeros around the image as make
        ceil(size / stride) windows; or the number of zeros on each side.
    dilation
        The distance between the pixels that a window sees.
    groups
        Into how many groups the channels are split; each group of filters sees only its
        own group of channels. As many as there are channels: a depthwise convolution.
    bias
        Whether a bias per filter is added.
    init
        How W (height, width, in / groups, filters) starts; by default He before a
        rectifier, else Glorot.
    name
        What its values are called in the script.
    trainable
        Whether training changes it.

    Raises
    ------
    SettingError
        When a setting is out of its range, or `groups` does not divide `filters`.
    ShapeError
        In a network, when the input is no batch of images, `groups` does not divide
        its channels, or the window does not fit.

    Notes
    -----
    Input (n, height, width, channels), output (n, rows, columns, filters).
    """

    symbol = "z"

    def __init__(
        self,
        filters: int,
        kernel_size: int | Pair,
        stride: int | Pair = 1,
        padding: Padding = "valid",
        dilation: int | Pair = 1,
        groups: int = 1,
        bias: bool = True,
        init: Initializer | None = None,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        window = settings.pair("kernel_size", kernel_size)
        super().__init__(window, stride, padding, dilation)
        self.filters = whole("filters", filters)
        self.groups = whole("groups", groups)
        if filters % groups:
            raise SettingError(
                f"filters must be a multiple of groups, got {filters} filters in "
                f"{groups} groups."
            )
        self.bias = settings.bias(bias)
        self.init = settings.init(init)
        self.name = name
        self.trainable = trainable

    def forward(self, x: Node, /) -> Node:
        """Return the weighted sums of all windows."""
        channels = images(x).shape[-1]
        if not isinstance(channels, int) or channels % self.groups:
            raise ShapeError(
                f"{channels} channels cannot be split into {self.groups} groups of "
                f"equal size. Use a number of groups that divides {channels}."
            )
        inner = channels // self.groups
        W = self.param("W", (*self.window, inner, self.filters), self.init)
        product = self._product if self.groups == 1 else self._grouped_product
        z = product(self.padded(x), W)
        if self.bias:
            z = z + self.param("b", (self.filters,), Zeros())
        return z

    def _seen(self, x: Node) -> Node:
        """Return what each window sees: (n, rows, columns, window, channels)."""
        if self.window == (1, 1):
            h, w = self.stride
            return expand_dims(x if h == w == 1 else x[:, ::h, ::w], 3)
        return self.named(
            patches(x, self.window, self.stride, self.dilation), "patches"
        )

    def _product(self, x: Node, W: Node) -> Node:
        """Return the weighted sums as one product of matrices."""
        seen = self._seen(x)
        entries = size_of(W.shape[:-1])
        rows = self.named(seen.reshape(-1, entries), "rows")
        kernels = self.named(W.reshape(entries, self.filters), "kernels")
        sums = self.named(rows @ kernels, "sums")
        return sums.reshape(*seen.shape[:3], self.filters)

    def _grouped_product(self, x: Node, W: Node) -> Node:
        """Return the weighted sums as one product of matrices for each group."""
        n, height, width, _ = x.shape
        inner, groups = W.shape[2], self.groups
        # each group becomes a batch of images of its own
        split = transpose(x.reshape(n, height, width, groups, inner), 3, 0, 1, 2, 4)
        split = self.named(split.reshape(-1, height, width, inner), "groups")
        seen = self._seen(split)
        entries = size_of(W.shape[:-1])
        rows = self.named(seen.reshape(groups, -1, entries), "rows")
        columns = W.reshape(entries, groups, -1)
        kernels = self.named(swapaxes(columns, 0, 1), "kernels")
        sums = self.named(rows @ kernels, "sums")
        return swapaxes(sums, 0, 1).reshape(n, *seen.shape[1:3], self.filters)
