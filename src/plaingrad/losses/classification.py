"""Losses of classifiers: how far scores or probabilities are from labels."""

# ruff: noqa: ARG002 - the methods of all losses have one signature

from __future__ import annotations

from numpy.typing import ArrayLike

from ..errors import SettingError, fraction, positive
from ..graph import Node
from ..ops import (
    equal,
    log_softmax,
    maximum,
    one_hot,
    sigmoid,
    softmax,
    softplus,
    sum,  # noqa: A004
)
from ..shapes import Shape
from ..simplify import simplify
from .base import Loss, Reduction
from .targets import Array, class_count, class_labels, numbers, shares, truths

SOFTMAX = ("softmax", "log_softmax")
SHARES = (*SOFTMAX, "sigmoid")


def last(output: Node) -> Node:
    """Return the output with its last operation known, also when written by hand."""
    if output.op.name in SHARES:
        return output
    (simple,), _ = simplify([output])
    # what is no such operation stays as its layers named it
    return simple if simple.op.name in SHARES else output


def scores_of(output: Node) -> Node:
    """Return what a final softmax, log-softmax or sigmoid was taken of."""
    output = last(output)
    return output.inputs[0] if output.op.name in SHARES else output


class Classifier(Loss):
    """One score for each class: the output is (n, ..., k), the best score wins."""

    output = "scores"

    def parts(self, output: Node, target: Node) -> dict[str, Node]:
        """Return what values inside the loss are called, by name."""
        return {}

    def labels(self, output: Node) -> Node:
        """Return the class of the best score, (n, ...)."""
        return scores_of(output).argmax(axis=-1)

    def score(self, output: Node, target: Node) -> tuple[str, Node]:
        """Return the accuracy: the share of right labels."""
        best = target if target.kind == "int" else target.argmax(axis=-1)
        return "accuracy", equal(self.labels(output), best).mean()


class CrossEntropy(Classifier):
    """-log p of the right class, or -sum(y log p) of soft targets.

    The network may end in scores, in a softmax or in a log-softmax: all are seen and
    give the same stable expression, so that softmax is never applied twice.

    Parameters
    ----------
    label_smoothing
        The share of each target that is spread evenly over all classes.
    reduction
        "mean" over the samples or "sum".

    Notes
    -----
    Output (n, ..., k). Targets: labels 0 ... k - 1 of shape (n, ...), or one-hot or
    soft rows (n, ..., k) that sum to 1. Goodfellow, Bengio and Courville, Deep
    Learning, 2016, section 6.2.2; label smoothing: Szegedy et al., Rethinking the
    Inception architecture, 2016.
    """

    def __init__(
        self, label_smoothing: float = 0.0, reduction: Reduction = "mean"
    ) -> None:
        super().__init__(reduction)
        self.label_smoothing = float(fraction("label_smoothing", label_smoothing))

    def each(self, output: Node, target: Node) -> Node:
        """Return -sum(y log p), (n, ...).

        Raises
        ------
        SettingError, ShapeError
            When the network ends in a sigmoid, in a softmax over another axis than the
            last, or in one output.
        """
        return -sum(self._shares(output, target) * _logs(output), axis=-1)

    def parts(self, output: Node, target: Node) -> dict[str, Node]:
        """Name the smoothed targets."""
        return {"soft": self._shares(output, target)} if self.label_smoothing else {}

    def _shares(self, output: Node, target: Node) -> Node:
        classes, smooth = class_count(output.shape), self.label_smoothing
        y = one_hot(target, classes) if target.kind == "int" else target
        return (1 - smooth) * y + smooth / classes if smooth else y

    def target(self, y: ArrayLike, output: Shape) -> Array:
        """Return labels as int64 (n, ...), soft targets as floats (n, ..., k).

        Raises
        ------
        DataError, ShapeError
            When a label is no class, is a float, or the shape is neither of the two.
        """
        array, classes = numbers(y), class_count(output)
        if array.ndim == len(output) and array.shape[-1] == classes:
            return shares(array, output)
        return class_labels(array, output)

    def probabilities(self, output: Node) -> Node:
        """Return softmax of the scores, (n, ..., k)."""
        return softmax(scores_of(output))


def _logs(output: Node) -> Node:
    """Return log probabilities, of whatever the network ends in."""
    end = last(output)
    if end.op.name == "sigmoid":
        raise SettingError(
            "CrossEntropy compares scores of classes that exclude each other, and the "
            "network ends in a sigmoid. Remove the sigmoid; when a sample can belong "
            "to several classes, use BinaryCrossEntropy()."
        )
    if end.op.name in SOFTMAX and end.attrs["axis"] != end.ndim - 1:
        raise SettingError(
            f"the network ends in a softmax over axis {end.attrs['axis']}, but "
            f"CrossEntropy expects the classes on the last axis. Use axis=-1."
        )
    return log_softmax(scores_of(end))


class BinaryCrossEntropy(Loss):
    """-y log p - (1 - y) log(1 - p): two classes, or many truths per sample.

    The network may end in scores z or in their sigmoid; both give the same stable
    expression log(1 + exp(z)) - y z.

    Parameters
    ----------
    reduction
        "mean" over all entries or "sum".

    Notes
    -----
    Output (n, 1) for two classes, (n, k) for k labels that do not exclude each other.
    Targets in [0, 1] or truths, (n,) or in the output's shape. Bishop, Pattern
    Recognition and Machine Learning, 2006, section 4.3.2.
    """

    output = "scores"

    def each(self, output: Node, target: Node) -> Node:
        """Return log(1 + exp(z)) - y z, in the output's shape.

        Raises
        ------
        SettingError
            When the network ends in a softmax.
        """
        if last(output).op.name in SOFTMAX:
            raise SettingError(
                "BinaryCrossEntropy compares each output with a target of its own, and "
                "the network ends in a softmax. Use CrossEntropy(), or remove the "
                "softmax when a sample can belong to several classes."
            )
        z = scores_of(output)
        return softplus(z) - target * z

    def parts(self, output: Node, target: Node) -> dict[str, Node]:
        """Return what values inside the loss are called: nothing needs a name."""
        return {}

    def target(self, y: ArrayLike, output: Shape) -> Array:
        """Return the targets as floats in [0, 1] in the output's shape.

        Raises
        ------
        DataError, ShapeError
            When one lies outside [0, 1], or their shape does not fit.
        """
        return truths(y, output)

    def labels(self, output: Node) -> Node:
        """Return truths, in the output's shape: where p > 0.5, that is z > 0."""
        return scores_of(output) > 0

    def probabilities(self, output: Node) -> Node:
        """Return the probability of each truth, in the output's shape."""
        return sigmoid(scores_of(output))

    def score(self, output: Node, target: Node) -> tuple[str, Node]:
        """Return the accuracy: the share of right entries."""
        return "accuracy", equal(self.labels(output), target > 0.5).mean()


class Hinge(Classifier):
    """Every wrong class should score `margin` less than the right one.

    The loss of a sample is the sum over the wrong classes j of
    max(0, s_j - s_y + margin).

    Parameters
    ----------
    margin
        How far the right score should lie above each other one.
    reduction
        "mean" over the samples or "sum".

    Notes
    -----
    Output (n, ..., k), k at least 2; targets: labels 0 ... k - 1 of shape (n, ...).
    The gradient at the kink is 0. This is the multi-class support vector machine of
    Weston and Watkins, 1999, as in the notes of Stanford's cs231n; PyTorch's
    MultiMarginLoss divides the sum by k.
    """

    def __init__(self, margin: float = 1.0, reduction: Reduction = "mean") -> None:
        super().__init__(reduction)
        self.margin = float(positive("margin", margin))

    def each(self, output: Node, target: Node) -> Node:
        """Return the sum of what the wrong classes score too much, (n, ...)."""
        return sum(maximum(self.parts(output, target)["margins"], 0), axis=-1)

    def parts(self, output: Node, target: Node) -> dict[str, Node]:
        """Name the right scores and the margins, which are 0 for the right class."""
        onehot = one_hot(target, class_count(output.shape))
        right = sum(onehot * output, axis=-1, keepdims=True)
        return {
            "right": right,
            "margins": output - right + self.margin * (1 - onehot),
        }

    def target(self, y: ArrayLike, output: Shape) -> Array:
        """Return the labels as int64 (n, ...).

        Raises
        ------
        DataError, ShapeError
            When a label is no class, is a float, or the shape does not fit.
        """
        return class_labels(y, output)
