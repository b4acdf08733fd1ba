"""How parameters start. An initialiser is the NumPy text that draws the values."""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .errors import SettingError, ShapeError, positive
from .remember import Remembered
from .trace import Start


class Initializer(Remembered):
    """The start of a parameter.

    `text(shape)` is one expression over `np` and the generator `rng`
    (`np.random.default_rng(seed)`); `{float}` in it stands for the dtype, and when it
    is absent `line` casts the result.

    Attributes
    ----------
    note
        A word beside the parameter in the printed script.
    """

    note: str = ""

    def text(self, shape: tuple[int, ...]) -> str:
        """Return the NumPy text that draws an array of this shape."""
        raise NotImplementedError


class Constant(Initializer):
    """All entries are one number.

    Parameters
    ----------
    value
        The number.
    """

    def __init__(self, value: float) -> None:
        self.value = _number("value", value)

    def text(self, shape: tuple[int, ...]) -> str:
        """Return np.zeros, np.ones or np.full of the shape."""
        if self.value in (0, 1):
            return f"np.{'ones' if self.value else 'zeros'}({size(shape)}, {{float}})"
        return f"np.full({size(shape)}, {self.value}, {{float}})"


class Zeros(Constant):
    """All entries are 0: the usual start of a bias."""

    def __init__(self) -> None:
        super().__init__(0)


class Uniform(Initializer):
    """Every number between two bounds is equally likely.

    Parameters
    ----------
    low, high
        The bounds.
    """

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = _number("low", low), _number("high", high)
        if self.low >= self.high:
            raise SettingError(f"low must be below high, got {low!r} and {high!r}.")

    def text(self, shape: tuple[int, ...]) -> str:
        """Return the draw."""
        return f"rng.uniform({self.low}, {self.high}, {size(shape)})"


class Normal(Initializer):
    """Normal with a given spread.

    Parameters
    ----------
    std
        The standard deviation.
    mean
        The centre.
    """

    def __init__(self, std: float, mean: float = 0) -> None:
        self.std, self.mean = positive("std", std), _number("mean", mean)

    def text(self, shape: tuple[int, ...]) -> str:
        """Return the draw."""
        return f"rng.normal({self.mean}, {self.std}, {size(shape)})"


class _Scaled(Initializer):
    """Mean 0 and a variance that keeps the size of signals from layer to layer.

    Parameters
    ----------
    uniform
        Draw from a uniform distribution instead of a normal one of equal variance.
    """

    def __init__(self, uniform: bool = False) -> None:
        if not isinstance(uniform, bool):
            raise SettingError(f"uniform must be True or False, got {uniform!r}.")
        self.uniform = uniform

    def variance(self, shape: tuple[int, ...]) -> tuple[int, str]:
        """Return the variance as a quotient: a number, and the text below it."""
        raise NotImplementedError

    def text(self, shape: tuple[int, ...]) -> str:
        """Return the draw."""
        top, below = self.variance(shape)
        if self.uniform:
            # uniform numbers in [-1, 1] have the variance 1/3
            return f"rng.uniform(-1, 1, {size(shape)}) * ({3 * top} / {below}) ** 0.5"
        return f"rng.normal(0, ({top} / {below}) ** 0.5, {size(shape)})"


class Glorot(_Scaled):
    """Variance 2 / (fan-in + fan-out), for tanh and sigmoid (Glorot and Bengio, 2010).

    Also called Xavier's rule: "Understanding the difficulty of training deep
    feedforward neural networks".

    Parameters
    ----------
    uniform
        Draw from a uniform distribution instead of a normal one of equal variance.
    """

    note = "Glorot"

    def variance(self, shape: tuple[int, ...]) -> tuple[int, str]:
        """Return 2 / (fan-in + fan-out)."""
        fan_in, fan_out = fans(shape)
        return 2, f"({fan_in} + {fan_out})"


class He(_Scaled):
    """Variance 2 / fan-in, for rectifiers (He, Zhang, Ren and Sun, 2015).

    Also called Kaiming's rule: "Delving deep into rectifiers".

    Parameters
    ----------
    uniform
        Draw from a uniform distribution instead of a normal one of equal variance.
    """

    note = "He"

    def variance(self, shape: tuple[int, ...]) -> tuple[int, str]:
        """Return 2 / fan-in."""
        return 2, str(fans(shape)[0])


class LeCun(_Scaled):
    """Variance 1 / fan-in (LeCun, Bottou, Orr and Mueller, "Efficient backprop", 1998).

    Parameters
    ----------
    uniform
        Draw from a uniform distribution instead of a normal one of equal variance.
    """

    note = "LeCun"

    def variance(self, shape: tuple[int, ...]) -> tuple[int, str]:
        """Return 1 / fan-in."""
        return 1, str(fans(shape)[0])


class Orthogonal(Initializer):
    """Rows or columns, whichever are fewer, are orthogonal and of one length.

    All axes but the last count as rows. The singular vectors of a normal matrix
    (Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of
    learning in deep linear neural networks", 2014).

    Parameters
    ----------
    gain
        The length.
    """

    note = "orthogonal"

    def __init__(self, gain: float = 1) -> None:
        self.gain = positive("gain", gain)

    def text(self, shape: tuple[int, ...]) -> str:
        """Return the draw.

        Raises
        ------
        ShapeError
            When the shape has fewer than two axes.
        """
        if len(shape) < 2:
            raise ShapeError(
                f"Orthogonal needs a weight of two axes or more, got the shape "
                f"{size(shape)}. Use pg.Normal or pg.Zeros."
            )
        rows, columns = math.prod(shape[:-1]), shape[-1]
        normal = f"rng.normal(size={(rows, columns)})"
        vectors = 0 if rows >= columns else 2
        text = f"np.linalg.svd({normal}, full_matrices=False)[{vectors}]"
        if len(shape) > 2:
            text += f".reshape{tuple(shape)}"
        return text if self.gain == 1 else f"{self.gain} * {text}"


def usual(rectifies: bool | None) -> Initializer:
    """Return how weights start by default, given the activation that follows them.

    He's rule before an activation that cuts half of its input away, Glorot's before
    any other and where none follows.
    """
    return He() if rectifies else Glorot()


def line(start: Start, shape: tuple[int, ...], dtype: str) -> str:
    """Return the right-hand side of the script's line that draws a parameter.

    Parameters
    ----------
    start
        The initialiser.
    shape
        The shape of the parameter.
    dtype
        "float32" or "float64".
    """
    text = start.text(shape)
    if "{float}" in text:
        return text.replace("{float}", f"np.{dtype}")
    if dtype == "float64":
        return text
    whole = ast.parse(text, mode="eval").body
    loose = not isinstance(whole, (ast.Call, ast.Subscript, ast.Attribute, ast.Name))
    return f"({text}).astype(np.{dtype})" if loose else f"{text}.astype(np.{dtype})"


def draw(
    start: Start, shape: tuple[int, ...], rng: np.random.Generator, dtype: str
) -> np.ndarray[Any, Any]:
    """Return the first values of a parameter: what `line` gives when it is run.

    Parameters
    ----------
    start
        The initialiser.
    shape
        The shape of the parameter.
    rng
        The generator, which moves on as it does in the script.
    dtype
        "float32" or "float64".
    """
    text = line(start, shape, dtype)
    return np.asarray(eval(text, {"np": np, "rng": rng}))  # noqa: S307


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """Return (fan-in, fan-out): how many inputs and outputs one weight array joins.

    Linear weights are (in, out); convolution kernels (height, width, in, out).
    """
    if len(shape) < 2:
        return math.prod(shape), math.prod(shape)
    window = math.prod(shape[:-2])
    return window * shape[-2], window * shape[-1]


def size(shape: Sequence[int]) -> str:
    """Return a shape as people write it in a call: 3 for (3,)."""
    return str(shape[0]) if len(shape) == 1 else str(tuple(shape))


def _number(what: str, value: Any) -> float:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (int, float)) and math.isfinite(value):
        return value
    raise SettingError(f"{what} must be a finite number, got {value!r}.")
