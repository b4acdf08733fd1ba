"""What a network is trained on: numbers for the user's targets, and the way back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.preprocessing import StandardScaler

from ..errors import DataError, SettingError, ShapeError
from ..layers import Layer
from ..losses import MSE, BinaryCrossEntropy, CrossEntropy, Custom, Loss
from ..losses.classification import Classifier
from .heads import Heads

Array = np.ndarray[Any, Any]


class Targets(ABC):
    """One kind of targets, learnt from the first of them.

    Attributes
    ----------
    loss
        What the network is trained by.
    outputs
        How many outputs it needs.
    ending
        The layers after the last Linear.
    each
        The classes of each column.
    """

    loss: Loss
    outputs: int
    ending: tuple[Layer, ...] = ()
    each: Sequence[Array] = ()

    @abstractmethod
    def encoded(self, y: Array) -> Array:
        """Return targets as the loss takes them."""


class Labels(Targets):
    """One class for each sample, (n,).

    Parameters
    ----------
    classes
        All classes, (k,), in order.
    loss
        The loss; None chooses. One of labels has a score for each class and takes their
        numbers 0 ... k - 1. Another takes zeros and ones: a number a sample where there
        are two classes, and rows where there are more.
    """

    def __init__(self, classes: Array, loss: Loss | None) -> None:
        if len(classes) < 2:
            raise DataError(
                f"a classifier needs two classes, and y has one class in the samples "
                f"whose weight is not 0: {classes.tolist()}. Add samples of another."
            )
        self.classes, self.binary = classes, len(classes) == 2
        self.each = [classes]
        usual = BinaryCrossEntropy() if self.binary else CrossEntropy()
        self.loss = usual if loss is None else loss
        self.numbered = of_labels(self.loss)
        self.outputs = 1 if self.binary and not self.numbered else len(classes)
        self.border = border(self.loss)

    def encoded(self, y: Array) -> Array:
        """Return the numbers of the classes, (n,), or their one-hot rows (n, k)."""
        places = numbers(y, self.classes)
        if self.numbered:
            return places
        return places.astype(float) if self.binary else np.eye(self.outputs)[places]

    def decision(self, scores: Array) -> Array:
        """Return one score for each class, (n, k); of two classes, that of the second.

        The second of two classes is predicted where it is above 0.
        """
        if not self.binary:
            return scores
        if self.numbered:
            return np.asarray(scores[:, 1] - scores[:, 0])
        return np.asarray(scores[:, 0] - self.border)

    def labels(self, scores: Array) -> Array:
        """Return the predicted classes, (n,)."""
        found = self.decision(scores)
        best = (found > 0).astype(int) if self.binary else found.argmax(axis=1)
        return np.asarray(self.classes[best])

    def probabilities(self, found: Array) -> Array:
        """Return shares of the classes, (n, k), that sum to 1."""
        return np.asarray(found / found.sum(axis=1, keepdims=True))


class Truths(Targets):
    """Several labels for each sample, each there or not: zeros and ones, (n, labels).

    Parameters
    ----------
    count
        The number of labels.
    loss
        The loss; None chooses. One of labels has two scores for each: not there, there.
    """

    def __init__(self, count: int, loss: Loss | None) -> None:
        self.count, self.classes = count, np.arange(count)
        self.each = [np.arange(2)] * count
        self.loss = BinaryCrossEntropy() if loss is None else loss
        self.numbered = of_labels(self.loss)
        self.outputs = 2 * count if self.numbered else count
        self.ending = (Heads(*[2] * count),) if self.numbered else ()
        self.border = border(self.loss)

    def encoded(self, y: Array) -> Array:
        """Return the targets as whole numbers or floats, (n, labels)."""
        return columns(y, self.count).astype(np.int64 if self.numbered else float)

    def decision(self, scores: Array) -> Array:
        """Return one score for each label, (n, labels): above 0 it is there."""
        if self.numbered:
            return np.asarray(scores[..., 1] - scores[..., 0])
        return np.asarray(scores - self.border)

    def labels(self, scores: Array) -> Array:
        """Return zeros and ones, (n, labels)."""
        return (self.decision(scores) > 0).astype(int)

    def probabilities(self, found: Array) -> Array:
        """Return the probability of each label, (n, labels)."""
        return np.asarray(found[..., 1]) if self.numbered else found


class Questions(Targets):
    """Several classes for each sample, one for each question: (n, questions).

    Parameters
    ----------
    classes
        The classes of each question, in order.
    loss
        The loss, which takes numbers of classes; None chooses.
    """

    def __init__(self, classes: Sequence[Array], loss: Loss | None) -> None:
        self.classes = self.each = list(classes)
        self.counts = [len(one) for one in classes]
        for question, count in enumerate(self.counts):
            if count < 2:
                raise DataError(
                    f"a classifier needs two classes, and column {question} of y has "
                    f"one class. Leave this column out."
                )
        self.loss = CrossEntropy() if loss is None else loss
        if not of_labels(self.loss):
            raise SettingError(
                f"with several columns of classes in y the loss must take labels, and "
                f"{self.loss!r} does not. Use pg.CrossEntropy() or pg.Hinge()."
            )
        self.outputs = max(self.counts) * len(self.counts)
        self.ending = (Heads(*self.counts),)

    def encoded(self, y: Array) -> Array:
        """Return the numbers of the classes, (n, questions)."""
        columns(y, len(self.counts))
        pairs = zip(y.T, self.classes, strict=True)
        return np.stack([numbers(one, classes) for one, classes in pairs], axis=1)

    def decision(self, scores: Array) -> list[Array]:
        """Return one score for each class, (n, k), for each question."""
        return [scores[:, place, :k] for place, k in enumerate(self.counts)]

    def labels(self, scores: Array) -> Array:
        """Return the predicted classes, (n, questions)."""
        pairs = zip(self.decision(scores), self.classes, strict=True)
        return np.stack([classes[one.argmax(axis=1)] for one, classes in pairs], axis=1)

    def probabilities(self, found: Array) -> list[Array]:
        """Return the probability of each class, (n, k), for each question."""
        return self.decision(found)


class Numbers(Targets):
    """One number for each sample, (n,), or several, (n, outputs).

    Parameters
    ----------
    y
        The first targets.
    weights
        Their weights, (n,).
    loss
        The loss; None chooses.
    scaled
        Whether the network is trained on (y - mean) / deviation of these, by column.
    """

    def __init__(
        self, y: Array, weights: Array | None, loss: Loss | None, scaled: bool
    ) -> None:
        self.loss = MSE() if loss is None else loss
        if of_labels(self.loss) or isinstance(self.loss, BinaryCrossEntropy):
            raise SettingError(
                f"{self.loss!r} is the loss of a classifier. Use "
                f"pg.sklearn.Classifier, or a loss of numbers such as pg.MSE()."
            )
        self.shape = y.shape[1:]
        self.outputs = 1 if y.ndim == 1 else y.shape[1]
        self.scaler = StandardScaler() if scaled else None
        if self.scaler is not None:
            self.scaler.fit(y.reshape(len(y), -1), sample_weight=weights)

    def encoded(self, y: Array) -> Array:
        """Return the targets, scaled when that is wanted."""
        if y.shape[1:] != self.shape:
            raise ShapeError(
                f"training began with targets of the shape {('n', *self.shape)}, and "
                f"now y has the shape {y.shape}. Pass as many columns."
            )
        return y if self.scaler is None else self._by(self.scaler.transform, y)

    def decoded(self, pred: Array) -> Array:
        """Return predictions in the units of the targets."""
        if self.scaler is None:
            return pred
        return self._by(self.scaler.inverse_transform, pred)

    @staticmethod
    def _by(change: Any, y: Array) -> Array:
        return np.asarray(change(y.reshape(len(y), -1))).reshape(y.shape)


def of_labels(loss: Loss) -> bool:
    """Tell whether a loss takes the numbers of classes, and a score for each class."""
    own = isinstance(loss, Custom) and loss.classes
    return own or isinstance(loss, Classifier)


def border(loss: Loss) -> float:
    """Return the output above which something is true, when trained on 0 and 1."""
    return 0.0 if isinstance(loss, BinaryCrossEntropy) else 0.5


def numbers(y: Array, classes: Array) -> Array:
    """Return the place of each label (n,) among the classes, which are in order."""
    odd = np.setdiff1d(y, classes)
    if odd.size or y.ndim > 1:
        raise DataError(
            f"y must hold one of the classes {classes.tolist()} for each sample, which "
            f"training began with, and holds {odd.tolist() or y.shape}. Pass all "
            f"classes to the first partial_fit; for others train anew."
        )
    return np.searchsorted(classes, y)


def columns(y: Array, count: int) -> Array:
    """Return targets (n, count), or say that they have another shape."""
    if y.ndim != 2 or y.shape[1] != count:
        raise ShapeError(
            f"training began with {count} columns of y, and now y has the shape "
            f"{y.shape}. Pass as many columns."
        )
    return y
