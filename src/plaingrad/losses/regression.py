"""Losses of regressions: how far numbers are from numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..errors import DataError, positive
from ..graph import Node
from ..ops import absolute, exp, where
from ..shapes import Shape
from .base import Loss, Reduction
from .targets import Array, rows, values


class Regression(Loss):
    """A loss of each entry of the output; targets have the output's shape."""

    def target(self, y: ArrayLike, output: Shape) -> Array:
        """Return the targets as finite floats in the output's shape.

        Raises
        ------
        DataError, ShapeError
            When they are no finite numbers, or another number of them per sample.
        """
        return values(y, output)


class MSE(Regression):
    """Mean squared error, (pred - y)^2: the likelihood of normal noise.

    Parameters
    ----------
    reduction
        "mean" over all entries or "sum".

    Notes
    -----
    Output and targets (n, ...). Bishop, Pattern Recognition and Machine Learning,
    2006, section 3.1.
    """

    def each(self, output: Node, target: Node) -> Node:
        """Return (pred - y)^2."""
        return (output - target) ** 2

    def residuals(self, output: Node, target: Node) -> Node | None:
        """Return pred - y."""
        return output - target


class MAE(Regression):
    """Mean absolute error, |pred - y|: outliers pull no harder than others.

    Parameters
    ----------
    reduction
        "mean" over all entries or "sum".

    Notes
    -----
    Output and targets (n, ...). The gradient where pred equals y is taken as 0.
    """

    def each(self, output: Node, target: Node) -> Node:
        """Return |pred - y|."""
        return absolute(output - target)


class Huber(Regression):
    """Squared near the target and linear beyond: e^2 / 2, or d (|e| - d / 2).

    Parameters
    ----------
    delta
        The distance d at which squares become lines.
    reduction
        "mean" over all entries or "sum".

    Notes
    -----
    Output and targets (n, ...). Huber, Robust estimation of a location parameter, 1964.
    """

    def __init__(self, delta: float = 1.0, reduction: Reduction = "mean") -> None:
        super().__init__(reduction)
        self.delta = float(positive("delta", delta))

    def each(self, output: Node, target: Node) -> Node:
        """Return e^2 / 2 where |e| <= d, else d (|e| - d / 2)."""
        error, d = output - target, self.delta
        far = absolute(error)
        return where(far <= d, 0.5 * error**2, d * (far - 0.5 * d))

    def parts(self, output: Node, target: Node) -> dict[str, Node]:
        """Name the distance, and where it is small."""
        far = absolute(output - target)
        return {"far": far, "near": far <= self.delta, **super().parts(output, target)}


class Poisson(Regression):
    """Counts, by the logarithm of their rate: exp(pred) - y pred.

    Parameters
    ----------
    reduction
        "mean" over all entries or "sum".

    Notes
    -----
    Output: log rates (n, ...), any number; targets (n, ...), at least 0. This is the
    likelihood of the Poisson distribution without the term that only holds y.
    `labels` and `score` are about the rate, exp(pred). McCullagh and Nelder,
    Generalized Linear Models, 1989, chapter 6.
    """

    def each(self, output: Node, target: Node) -> Node:
        """Return exp(pred) - y pred."""
        return exp(output) - target * output

    def target(self, y: ArrayLike, output: Shape) -> Array:
        """Return the targets as floats of at least 0 in the output's shape.

        Raises
        ------
        DataError, ShapeError
            When one is negative or no number, or their shape does not fit.
        """
        counts = values(y, output)
        bad = counts < 0
        if bad.any():
            raise DataError(
                f"Poisson compares counts, which are at least 0, and y is "
                f"{np.min(counts)} or less than 0 in {rows(bad)}. Use MSE() for "
                f"numbers of both signs."
            )
        return counts

    def labels(self, output: Node) -> Node:
        """Return the rates, exp(pred)."""
        return exp(output)
