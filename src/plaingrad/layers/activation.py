"""Activations: functions that work entry by entry, and softmax.

Input and output of every layer here have the same shape, which may be any.
"""

from __future__ import annotations

import math

from ..errors import SettingError, fraction, positive
from ..graph import Node
from ..ops import (
    clip,
    expm1,
    log_softmax,
    maximum,
    minimum,
    sigmoid,
    softmax,
    softplus,
    tanh,
    where,
)
from .base import Layer


class ReLU(Layer):
    """Cut negative values off: max(x, 0) (Nair and Hinton, 2010).

    The slope at 0 is 0.
    """

    symbol = "a"
    note = "ReLU"
    rectifies = True

    def forward(self, x: Node, /) -> Node:
        """Return max(x, 0)."""
        return maximum(x, 0)


class LeakyReLU(Layer):
    """Scale negative values down (Maas, Hannun and Ng, 2013).

    Parameters
    ----------
    slope
        By how much, in [0, 1).

    Raises
    ------
    SettingError
        When the slope lies outside [0, 1).
    """

    symbol = "a"
    note = "leaky ReLU"
    rectifies = True

    def __init__(self, slope: float = 0.01) -> None:
        self.slope = fraction("slope", slope)

    def forward(self, x: Node, /) -> Node:
        """Return x where it is positive and slope * x elsewhere."""
        return where(x > 0, x, self.slope * x)


class ELU(Layer):
    """Bend negative values smoothly towards -alpha (Clevert et al., 2016).

    Parameters
    ----------
    alpha
        How far down the function goes.

    Raises
    ------
    SettingError
        When alpha is not positive.
    """

    symbol = "a"
    note = "ELU"
    rectifies = True

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = positive("alpha", alpha)

    def forward(self, x: Node, /) -> Node:
        """Return x where it is positive and alpha * (exp(x) - 1) elsewhere."""
        # in this order the slope at 0 is that of the exponential
        tail = self.named(expm1(minimum(0, x)), "tail")
        return maximum(x, 0) + self.alpha * tail


class GELU(Layer):
    """x times the chance that a standard normal number is below x.

    NumPy has no error function, so this is the paper's approximation by tanh
    (Hendrycks and Gimpel, "Gaussian error linear units", 2016), as in GPT-2 and in
    PyTorch's GELU(approximate="tanh"); it is within 0.0005 of the exact function.
    """

    symbol = "a"
    note = "GELU"
    rectifies = True

    def forward(self, x: Node, /) -> Node:
        """Return x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))) / 2."""
        inner = self.named(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3), "inner")
        return 0.5 * x * (1 + self.named(tanh(inner), "tanh"))


class SiLU(Layer):
    """x * sigmoid(x), also called swish (Elfwing, Uchibe and Doya, 2018)."""

    symbol = "a"
    note = "SiLU"
    rectifies = True

    def forward(self, x: Node, /) -> Node:
        """Return x * sigmoid(x)."""
        return x * self.named(sigmoid(x), "gate")


class Softplus(Layer):
    """A smooth ReLU: log(1 + exp(x)), without overflow (Dugas et al., 2001)."""

    symbol = "a"
    note = "softplus"
    rectifies = True

    def forward(self, x: Node, /) -> Node:
        """Return log(1 + exp(x))."""
        return softplus(x)


class Tanh(Layer):
    """The hyperbolic tangent: from -1 to 1."""

    symbol = "a"
    note = "tanh"
    rectifies = False

    def forward(self, x: Node, /) -> Node:
        """Return tanh(x)."""
        return tanh(x)


class Sigmoid(Layer):
    """The logistic function 1 / (1 + exp(-x)): from 0 to 1."""

    symbol = "a"
    note = "sigmoid"
    rectifies = False

    def forward(self, x: Node, /) -> Node:
        """Return 1 / (1 + exp(-x))."""
        return sigmoid(x)


class HardTanh(Layer):
    """x, held between -1 and 1 (Collobert, 2004)."""

    symbol = "a"
    note = "hard tanh"
    rectifies = False

    def forward(self, x: Node, /) -> Node:
        """Return x, held between -1 and 1."""
        return clip(x, -1, 1)


class _Normalized(Layer):
    """A function of whole rows.

    Parameters
    ----------
    axis
        The axis that holds the classes.
    """

    symbol = "a"
    rectifies = False

    def __init__(self, axis: int = -1) -> None:
        if isinstance(axis, bool) or not isinstance(axis, int):
            raise SettingError(f"axis must be a whole number, got {axis!r}.")
        if axis == 0:
            raise SettingError(
                "axis 0 is the batch: each sample would depend on all others. "
                "Use axis=-1, the axis of the classes."
            )
        self.axis = axis


class Softmax(_Normalized):
    """Positive numbers that sum to 1: exp(x) / exp(x).sum() (Bridle, 1990).

    Parameters
    ----------
    axis
        The axis that holds the classes.

    Raises
    ------
    SettingError
        When the axis is the batch.
    """

    note = "softmax"

    def forward(self, x: Node, /) -> Node:
        """Return exp(x) over its sum along the axis."""
        return softmax(x, self.axis)


class LogSoftmax(_Normalized):
    """The logarithm of softmax, exact where softmax itself rounds to 0.

    Parameters
    ----------
    axis
        The axis that holds the classes.

    Raises
    ------
    SettingError
        When the axis is the batch.
    """

    note = "log softmax"

    def forward(self, x: Node, /) -> Node:
        """Return log(softmax(x))."""
        return log_softmax(x, self.axis)
