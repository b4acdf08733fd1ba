"""Losses: what a network is to make small, written as array expressions."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from .graph import Node
from .ops import mean, sum  # noqa: A004
from .shapes import Shape

Array = np.ndarray[Any, Any]


class Loss:
    """A loss of one sample, and how the samples of a batch are put together.

    Attributes
    ----------
    reduction
        "mean" over the batch (with weights: the weighted mean) or "sum".
    output
        What the network's output is called in the script: "scores" or "pred".
    """

    reduction: Literal["mean", "sum"] = "mean"
    output: str = "pred"

    def each(self, output: Node, target: Node) -> Node:
        """Return the loss of every sample (n,), or of every entry (n, ...)."""
        raise NotImplementedError

    def total(self, output: Node, target: Node, weight: Node | None = None) -> Node:
        """Return the loss of a batch as one number; `weight` is (n,)."""
        each = self.each(output, target)
        if weight is None:
            return each.mean() if self.reduction == "mean" else each.sum()
        if each.ndim > 1:
            axes = tuple(range(1, each.ndim))
            each = mean(each, axes) if self.reduction == "mean" else sum(each, axes)
        weighted = (weight * each).sum()
        return weighted / weight.sum() if self.reduction == "mean" else weighted

    def target(self, y: Array, output: Shape) -> Array:
        """Return targets as the loss takes them, or say what is wrong with them."""
        raise NotImplementedError

    def labels(self, output: Node) -> Node:
        """Return predictions: class labels, or the output itself."""
        return output

    def probabilities(self, output: Node) -> Node | None:
        """Return class probabilities, or None for a regression."""
        return None
