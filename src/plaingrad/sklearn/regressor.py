"""The estimator of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin

from ..errors import DataError
from .estimator import Array, Estimator
from .targets import Numbers


@dataclass(eq=False, repr=False)
class Regressor(RegressorMixin, Estimator):
    """A network that predicts numbers: targets are (n,) or (n, outputs).

    Parameters
    ----------
    scale_targets
        Whether the network is trained on targets with mean 0 and deviation 1, by
        column; predictions are in the units of the targets all the same. The first
        `partial_fit` fixes the scale.
    **settings
        All the others are those of `Estimator`. By default the loss is MSE.
    """

    scale_targets: bool = False

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on for one epoch over these samples, as `Classifier.partial_fit`."""
        return self._go_on(X, y, sample_weight)

    def predict(self, X: Any) -> Array:
        """Return the predicted numbers, in the shape of the targets."""
        X = self._samples(X)
        found: Array = self._targets.decoded(self.network_.predict(X))
        return found

    def _checked_targets(self, y: Array) -> Array:
        try:
            return np.asarray(y).astype(float)
        except ValueError:
            first = np.asarray(y).ravel().tolist()[0]
            raise DataError(
                f"y must hold numbers, got {first!r}. For classes use "
                f"pg.sklearn.Classifier."
            ) from None

    def _learnt(
        self,
        y: Array,
        weights: Array | None,
        classes: Any = None,  # noqa: ARG002
    ) -> Numbers:
        return Numbers(y, weights, self._given_loss(), self.scale_targets)
