"""What a loss is: the loss of a sample, of a batch, and how well the network does."""

# ruff: noqa: ARG002 - the methods of all losses have one signature

from __future__ import annotations

from typing import Literal

from numpy.typing import ArrayLike

from ..errors import unknown_name
from ..graph import Node
from ..ops import leaf, reshape, where
from ..remember import Remembered
from ..shapes import Dim, Shape, size_of
from .targets import Array

Reduction = Literal["mean", "sum"]


class Loss(Remembered):
    """A loss of one sample, and how the samples of a batch are put together.

    A subclass writes `each` and `target`, and `score`, `labels` and `probabilities`
    where the network's output is not the prediction itself.

    Parameters
    ----------
    reduction
        "mean" over all entries of the batch (with weights: the weighted mean) or "sum".

    Attributes
    ----------
    output
        What the network's output is called in the script: "scores" or "pred".
    """

    output: str = "pred"

    def __init__(self, reduction: Reduction = "mean") -> None:
        if reduction not in ("mean", "sum"):
            raise unknown_name("reduction", reduction, ["mean", "sum"])
        self.reduction = reduction

    def each(self, output: Node, target: Node) -> Node:
        """Return the loss of every sample (n,), or of every entry (n, ...)."""
        raise NotImplementedError

    def total(self, output: Node, target: Node, weight: Node | None = None) -> Node:
        """Return the loss of a batch as one number.

        Parameters
        ----------
        output, target
            The network's output (n, ...) and the input that stands for its targets.
        weight
            How much each sample counts, (n,). The mean is then sum(w l) / sum(w).
        """
        each = self.each(output, target)
        if weight is None:
            return each.mean() if self.reduction == "mean" else each.sum()
        weighted = (reshape(weight, (-1, *[1] * (each.ndim - 1))) * each).sum()
        if self.reduction == "sum":
            return weighted
        return weighted / (weight.sum() * size_of(each.shape[1:]))

    def residuals(self, output: Node, target: Node) -> Node | None:
        """Return that whose square is the loss of each entry, if there is such."""
        return None

    def parts(self, output: Node, target: Node) -> dict[str, Node]:
        """Return what values inside the loss and the score are called, by name."""
        error, spread = _errors(self.labels(output), target)
        return {"error": error, "spread": spread}

    def target(self, y: ArrayLike, output: Shape) -> Array:
        """Return targets as the loss takes them, or say what is wrong with them.

        Parameters
        ----------
        y
            The user's targets.
        output
            The shape of the network's output, (n, ...).

        Returns
        -------
        array
            int64 for class labels, else floats; float32 stays float32.

        Raises
        ------
        DataError, ShapeError
            When they cannot be what this loss compares the output with.
        """
        raise NotImplementedError

    def leaf(self, target: Array, name: str = "y") -> Node:
        """Return the input of the program that stands for what `target` returned."""
        kind: Literal["int", "float"] = "int" if target.dtype.kind == "i" else "float"
        return leaf(name, (Dim(("n",)), *target.shape[1:]), "data", kind)

    def labels(self, output: Node) -> Node:
        """Return predictions: class labels, or the output itself."""
        return output

    def probabilities(self, output: Node) -> Node | None:
        """Return class probabilities, or None for a regression."""
        return None

    def score(self, output: Node, target: Node) -> tuple[str, Node]:
        """Return the name and the value of the usual measure: higher is better.

        By default r2, the coefficient of determination, averaged over the columns of
        the output: 1 - (squared error) / (squared error of the mean). Where all
        targets of a column are equal it is 1 - (squared error).
        """
        error, spread = _errors(self.labels(output), target)
        return "r2", 1 - (error / where(spread > 0, spread, 1)).mean()


def _errors(pred: Node, y: Node) -> tuple[Node, Node]:
    """Return the squared error of the prediction and that of the mean, by column."""
    error = ((pred - y) ** 2).sum(axis=0)
    return error, ((y - y.mean(axis=0)) ** 2).sum(axis=0)
