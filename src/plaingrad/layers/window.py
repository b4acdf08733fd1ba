"""What convolution and pooling share: windows that slide over images."""

from __future__ import annotations

from ..errors import ShapeError
from ..graph import Node
from ..ops import pad_images
from ..shapes import show
from . import settings
from .base import Layer
from .settings import Padding, Pair


class Windowed(Layer):
    """Looks at images through windows.

    Input (n, height, width, channels); output (n, rows, columns, channels), with one
    row and column for each window.
    """

    def __init__(
        self,
        window: Pair,
        stride: int | Pair,
        padding: Padding,
        dilation: int | Pair = 1,
    ) -> None:
        self.window = window
        self.stride = settings.pair("stride", stride)
        self.padding = settings.padding(padding)
        self.dilation = settings.pair("dilation", dilation)

    def padded(self, x: Node, value: float = 0) -> Node:
        """Return images with as much of `value` around them as `padding` asks for."""
        if self.padding == "valid":
            return x
        wide = pad_images(x, (self._pads(x, 0), self._pads(x, 1)), value)
        return x if wide is x else self.named(wide, "padded")

    def _pads(self, x: Node, axis: int) -> Pair:
        """Return how many rows (axis 0) or columns (axis 1) stand before and after."""
        if isinstance(self.padding, tuple):
            return self.padding[axis], self.padding[axis]
        size, stride = x.shape[1 + axis], self.stride[axis]
        assert isinstance(size, int)  # noqa: S101
        reach = (self.window[axis] - 1) * self.dilation[axis] + 1
        total = max((-(-size // stride) - 1) * stride + reach - size, 0)
        return total // 2, total - total // 2


def images(x: Node) -> Node:
    """Return `x` when it is a batch of images; complain otherwise."""
    if x.ndim == 4:
        return x
    hints = {
        2: " Give flat images their axes back: X.reshape(-1, 28, 28, 1).",
        3: " Grey images need a last axis: X[..., None].",
    }
    raise ShapeError(
        f"expected images of shape (n, height, width, channels), got {show(x.shape)}."
        f"{hints.get(x.ndim, '')}"
    )
