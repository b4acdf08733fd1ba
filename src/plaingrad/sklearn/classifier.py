"""The estimator of classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d

from ..errors import DataError, SettingError
from ..losses import Loss
from .estimator import Array, Estimator
from .targets import Labels, Questions, Truths
from .weights import Weights, class_weighted


def _gives_probabilities(estimator: Classifier) -> bool:
    """Tell whether the loss is one of probabilities."""
    given = Loss.probabilities
    found = getattr(type(estimator.loss), "probabilities", given)
    return estimator.loss is None or found is not given


def _of_labels(y: Any) -> bool:
    """Tell whether targets are several labels, each there or not: zeros and ones.

    To scikit-learn any two numbers are such, 1 and 2 for instance.
    """
    if type_of_target(y) != "multilabel-indicator":
        return False
    return set(np.unique(_dense(y))) <= {0, 1}


def _dense(y: Any) -> Array:
    return y.toarray() if hasattr(y, "toarray") else np.asarray(y)


@dataclass(eq=False, repr=False)
class Classifier(ClassifierMixin, Estimator):
    """A network that tells classes apart.

    Targets are labels of any kind, (n,): numbers or text; or zeros and ones (n, labels)
    where a sample may have several labels; or (n, questions) where several things are
    told of each sample, each with classes of its own.

    Parameters
    ----------
    class_weight
        The weight of each class, a dict or "balanced", as in scikit-learn; it
        multiplies that of the samples. With several columns "balanced" or a list of
        dicts, one for each.
    **settings
        All the others are those of `Estimator`. By default the loss is CrossEntropy,
        and for two classes or several labels BinaryCrossEntropy. A loss that takes no
        labels (MSE, a function) is handed zeros and ones.
    """

    class_weight: Weights | None = None

    @property
    def classes_(self) -> Any:
        """The classes in order, (k,); with several questions a list of them."""
        return self._targets.classes

    def partial_fit(
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None
    ) -> Self:
        """Train on for one epoch over these samples.

        It goes on from the present weights, with the optimiser's memory and the count
        of updates; without any it begins. Validation, early stopping and callbacks are
        for `fit` alone.

        Parameters
        ----------
        X, y
            Samples (n, features) and their targets.
        classes
            All classes there are; the first call needs them, with several questions a
            list of them. Later calls may only repeat them.
        sample_weight
            The weight of each sample, (n,). A sample of weight 0 is left out.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            Before any work starts, with what to change.
        """
        if isinstance(self.class_weight, str):
            raise SettingError(
                "class_weight='balanced' needs all samples, and partial_fit sees some "
                "of them. Pass a dict: {class: weight}."
            )
        begun = hasattr(self, "network_")
        if begun and classes is not None:
            self._check_classes(classes)
        if classes is None and not begun and not _of_labels(y):
            raise DataError(
                "the first partial_fit must be told all classes, because its samples "
                "may lack some: partial_fit(X, y, classes=np.unique(all_y))."
            )
        return self._go_on(X, y, sample_weight, classes)

    def _check_classes(self, classes: Any) -> None:
        """Refuse other classes than those that training began with."""
        if isinstance(self._targets, Truths):
            return
        given = classes if isinstance(self._targets, Questions) else [classes]
        known = self._targets.each
        same = len(given) == len(known) and all(
            np.array_equal(np.unique(one), theirs)
            for one, theirs in zip(given, known, strict=True)
        )
        if not same:
            raise DataError(
                f"training began with the classes {self.classes_}, which cannot become "
                f"{classes} on the way. Leave classes out, or train anew."
            )

    def predict(self, X: Any) -> Array:
        """Return the classes, in the shape of the targets."""
        X = self._samples(X)
        found: Array = self._targets.labels(self.network_.outputs(X))
        return found

    def decision_function(self, X: Any) -> Any:
        """Return the scores of the classes.

        They are (n, k), for two classes (n,), of the second; for several labels
        (n, labels), for several questions a list of (n, k).
        """
        X = self._samples(X)
        return self._targets.decision(self.network_.outputs(X))

    @available_if(_gives_probabilities)
    def predict_proba(self, X: Any) -> Any:
        """Return the probability of each class, (n, k).

        For several labels (n, labels), for several questions a list of (n, k). Only
        with a loss of probabilities: CrossEntropy or BinaryCrossEntropy.
        """
        X = self._samples(X)
        return self._targets.probabilities(self.network_.predict_proba(X))

    @available_if(_gives_probabilities)
    def predict_log_proba(self, X: Any) -> Any:
        """Return the logarithm of `predict_proba`."""
        found = self.predict_proba(X)
        with np.errstate(divide="ignore"):
            if isinstance(found, list):
                return [np.log(one) for one in found]
            return np.log(found)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy: the share of samples that are right in every column."""
        if not isinstance(self._targets, Questions):
            return float(super().score(X, y, sample_weight))
        right = (self.predict(X) == np.asarray(y)).all(axis=1)
        return float(np.average(right, weights=sample_weight))

    def _checked_targets(self, y: Array) -> Array:
        check_classification_targets(y)
        dense = _dense(y)
        alone = dense.ndim == 2 and dense.shape[1] == 1
        return np.asarray(column_or_1d(dense, warn=True)) if alone else dense

    def _learnt(
        self,
        y: Array,
        weights: Array | None,  # noqa: ARG002
        classes: Any = None,
    ) -> Labels | Truths | Questions:
        loss = self._given_loss()
        if y.ndim == 1:
            return Labels(np.unique(y if classes is None else classes), loss)
        nested = classes is not None and np.ndim(classes[0]) == 1
        if not nested and _of_labels(y):
            return Truths(y.shape[1], loss)
        each = y.T if classes is None else classes
        return Questions([np.unique(one) for one in each], loss)

    def _class_weights(self, targets: Any, y: Array, weights: Array | None) -> Any:
        if self.class_weight is None:
            return weights
        return class_weighted(self.class_weight, y, targets.each, weights)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
