"""How parameters start. An initialiser is the NumPy text that draws the values."""

from __future__ import annotations

import math
from collections.abc import Sequence


class Initializer:
    """The start of a parameter.

    `text(shape)` is an expression over `np` and the generator `rng`
    (`np.random.default_rng(seed)`); `{float}` in it stands for the dtype, and when it
    is absent the script casts the result.
    """

    note: str = ""

    def text(self, shape: tuple[int, ...]) -> str:
        """Return the NumPy text that draws an array of this shape."""
        raise NotImplementedError


class Zeros(Initializer):
    """All entries are 0: the usual start of a bias."""

    def text(self, shape: tuple[int, ...]) -> str:
        """Return np.zeros of the shape."""
        return f"np.zeros({size(shape)}, {{float}})"


class He(Initializer):
    """Normal with variance 2 / fan-in, for rectifiers (He et al., 2015)."""

    note = "He"

    def text(self, shape: tuple[int, ...]) -> str:
        """Return the draw."""
        return f"rng.normal(0, (2 / {fans(shape)[0]}) ** 0.5, {size(shape)})"


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """Return (fan-in, fan-out): how many inputs and outputs one weight array joins.

    Linear weights are (in, out); convolution kernels (height, width, in, out).
    """
    window = math.prod(shape[:-2])
    return (window * shape[-2] if len(shape) > 1 else shape[0]), window * shape[-1]


def size(shape: Sequence[int]) -> str:
    """Return a shape as people write it in a call: 3 for (3,)."""
    return str(shape[0]) if len(shape) == 1 else str(tuple(shape))
