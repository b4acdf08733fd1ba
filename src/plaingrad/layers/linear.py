"""The fully connected layer."""

from __future__ import annotations

from ..errors import ShapeError, whole
from ..graph import Node
from ..initializers import Initializer, Zeros
from . import settings
from .base import Layer


class Linear(Layer):
    """Every output is a weighted sum of all inputs: z = x @ W + b.

    Parameters
    ----------
    units
        The number of outputs.
    bias
        Whether b is added.
    init
        How W (in, units) starts; by default He before a rectifier, else Glorot.
    name
        What its values are called in the script.
    trainable
        Whether training changes it.

    Raises
    ------
    SettingError
        When a setting is out of its range.
    ShapeError
        In a network, when the input has no axis of features.

    Notes
    -----
    Input (..., in), output (..., units); any leading axes.
    """

    symbol = "z"

    def __init__(
        self,
        units: int,
        bias: bool = True,
        init: Initializer | None = None,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        self.units = whole("units", units)
        self.bias = settings.bias(bias)
        self.init = settings.init(init)
        self.name = name
        self.trainable = trainable

    def forward(self, x: Node, /) -> Node:
        """Return x @ W + b."""
        if x.ndim < 2:
            raise ShapeError(
                "expected an input of shape (n, features), got one number a sample. "
                "Give X two axes: X[:, None]."
            )
        z = x @ self.param("W", (x.shape[-1], self.units), self.init)
        if self.bias:
            z = z + self.param("b", (self.units,), Zeros())
        return z
