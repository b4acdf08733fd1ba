"""What both estimators share: their settings, and training a network by them."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from multiprocessing import parent_process
from numbers import Integral
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from ..errors import SettingError
from ..layers import Layer, Linear, ReLU
from ..losses import Loss
from ..losses.custom import as_loss
from ..network import Sequential
from ..optimizers import Optimizer
from ..train.callbacks import Callback
from ..train.checks import as_weights
from ..train.history import History
from ..train.settings import EarlyStopping
from .targets import Targets

Array = np.ndarray[Any, Any]


@dataclass(eq=False, repr=False)
class Estimator(BaseEstimator):
    """What `Classifier` and `Regressor` share: a network that scikit-learn can handle.

    The last layer, one Linear with as many outputs as the targets need, is added.

    Parameters
    ----------
    layers
        The hidden layers, in order: layers, and whole numbers k that stand for
        `Linear(k), ReLU()`. An empty tuple makes a linear model.
    loss
        What to make small; None chooses by the targets.
    optimizer, epochs, batch_size, shuffle, early_stopping
        As for `Network.fit`; by default 200 epochs and 200 samples per update.
    l1, l2, clip_value, clip_norm
        As for `Network.fit`.
    callbacks
        What watches `fit`; see `Callback`.
    validation
        The share of the samples to set aside and validate on after each epoch; `fit`
        also takes data for that.
    warm_start
        Whether `fit` goes on from the present weights, if there are any.
    random_state
        Fixes initial weights, shuffles and dropout: a whole number is the seed itself;
        a `RandomState`, or None for that of NumPy, draws one at each `fit`.
    dtype
        "float32" or "float64"; None takes float32 where X is, and float64 else.
    engine
        "native", "reference" or "auto", as in `Network.fit`.
    threads
        How many the native engine uses; None takes one in a worker process or thread,
        as those of a search in parallel are, and else as many as the work is worth.
    verbose
        Whether to show progress.

    Attributes
    ----------
    network_
        The trained network, with all its readings: `network_.longhand()`.
    history_
        The course of the training, as `Network.fit` returns it.
    n_iter_
        How many epochs there were.
    n_features_in_, feature_names_in_
        The number of features, and their names where X is a table with names.
    """

    layers: Sequence[Layer | int] = (100,)
    _: KW_ONLY
    loss: Loss | Callable[..., Any] | None = None
    optimizer: Optimizer | None = None
    epochs: int = 200
    batch_size: int | None = 200
    shuffle: bool = True
    l1: float = 0.0
    l2: float = 0.0
    clip_value: float | None = None
    clip_norm: float | None = None
    validation: float | None = None
    early_stopping: int | EarlyStopping | None = None
    callbacks: Sequence[Callback] = ()
    warm_start: bool = False
    random_state: Any = None
    dtype: str | None = None
    engine: str = "auto"
    threads: int | None = None
    verbose: bool = False

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
    ) -> Self:
        """Train the network from its start, or on with `warm_start`.

        Parameters
        ----------
        X, y
            Samples (n, features) and their targets.
        sample_weight
            The weight of each sample, (n,). A sample of weight 0 is left out.
        X_val, y_val
            Samples and targets to validate on after each epoch, in place of a share of
            X and y. In a pipeline name it: `Pipeline(..., transform_input=["X_val"])`.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            Before any work starts, with what to change.
        """
        again = self.warm_start and hasattr(self, "network_")
        X, y, weights = self._taken(X, y, sample_weight, first=not again)
        targets = self._same() if again else self._learnt(y, weights)
        X, y, weights = self._weighted(targets, X, y, weights)
        network = self.network_ if again else self._network(targets)
        history = network.fit(
            X,
            y,
            **self._settings(X, network, targets),
            **self._machine(),
            epochs=self.epochs,
            seed=self._seed(),
            sample_weight=weights,
            validation=self._validation(X_val, y_val, targets),
            early_stopping=self.early_stopping,
            callbacks=self.callbacks,
            warm_start=again,
            verbose=self.verbose,
        )
        return self._became(network, targets, history)

    def _go_on(self, X: Any, y: Any, sample_weight: Any, classes: Any = None) -> Self:
        """Train for one epoch over these samples, as `partial_fit` says."""
        first = not hasattr(self, "network_")
        X, y, weights = self._taken(X, y, sample_weight, first)
        targets = self._learnt(y, weights, classes) if first else self._same()
        X, y, weights = self._weighted(targets, X, y, weights)
        network = self._network(targets) if first else self.network_
        begun = {"seed": self._seed(), **self._machine()} if first else {}
        history = network.partial_fit(
            X,
            y,
            sample_weight=weights,
            **self._settings(X, network, targets),
            **begun,
        )
        return self._became(network, targets, history)

    def _became(self, network: Sequential, targets: Targets, history: History) -> Self:
        self.network_, self.history_ = network, history
        self._targets: Any = targets
        self.n_iter_ = history.epochs
        return self

    # What the two kinds of estimators say.

    def _checked_targets(self, y: Array) -> Array:
        """Return targets in the shape in which they are taken."""
        return y

    def _learnt(self, y: Array, weights: Array | None, classes: Any = None) -> Targets:
        """Return what targets are, learnt from the first of them."""
        raise NotImplementedError

    def _class_weights(
        self,
        targets: Targets,  # noqa: ARG002
        y: Array,  # noqa: ARG002
        weights: Array | None,
    ) -> Any:
        """Return the weights of the samples, those of their classes included."""
        return weights

    # Data.

    def _taken(
        self, X: Any, y: Any, sample_weight: Any, first: bool
    ) -> tuple[Array, Array, Array | None]:
        """Return samples, targets and weights, checked, without those of weight 0."""
        X, y = self._pair(X, y, first)
        weights = as_weights(sample_weight, len(X))
        return _counted(X, y, weights)

    def _weighted(
        self, targets: Targets, X: Array, y: Array, weights: Array | None
    ) -> tuple[Array, Array, Array | None]:
        """Return the same as the network takes it, classes weighed, too."""
        encoded = targets.encoded(y)
        weights = as_weights(self._class_weights(targets, y, weights), len(X))
        return _counted(X, encoded, weights)

    def _pair(self, X: Any, y: Any, first: bool) -> tuple[Array, Array]:
        X, y = validate_data(
            self, X, y, reset=first, dtype=(np.float64, np.float32), multi_output=True
        )
        return X, self._checked_targets(y)

    def _validation(self, X: Any, y: Any, targets: Targets) -> Any:
        if (X is None) != (y is None):
            raise SettingError("pass both X_val and y_val, or none of them.")
        if X is None:
            return self.validation
        X, y = self._pair(X, y, first=False)
        return X, targets.encoded(y)

    def _samples(self, X: Any) -> Array:
        """Return samples to predict for."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=(np.float64, np.float32))
        return np.asarray(X)

    # Settings.

    def _given_loss(self) -> Loss | None:
        return None if self.loss is None else as_loss(self.loss)

    def _same(self) -> Targets:
        """Return what targets are, as training began; loss and layers stay the same."""
        targets: Targets = self._targets
        begun, given = targets.loss, self._given_loss()
        if given not in (None, begun):
            raise SettingError(
                f"training began with loss={begun!r}, which cannot become {given!r} on "
                f"the way. Leave it as it was, or fit anew with warm_start=False."
            )
        mine, theirs = repr(self.network_), repr(self._network(targets))
        if mine != theirs:
            raise SettingError(
                f"training began with {mine}, whose layers cannot become those of "
                f"{theirs} on the way. Leave layers as it was, or fit anew with "
                f"warm_start=False."
            )
        return targets

    def _network(self, targets: Targets) -> Sequential:
        """Return a fresh network, with layers of its own."""
        layers: list[Layer] = []
        given = copy.deepcopy(self.layers)
        if not isinstance(given, (list, tuple)):
            raise _no_layers(given)
        for one in given:
            if isinstance(one, Layer):
                layers.append(one)
            elif isinstance(one, (int, np.integer)) and not isinstance(one, bool):
                layers += [Linear(int(one)), ReLU()]
            else:
                raise _no_layers(one)
        return Sequential(*layers, Linear(targets.outputs), *targets.ending)

    def _settings(
        self, X: Array, network: Sequential, targets: Targets
    ) -> dict[str, Any]:
        """Return the settings that stay the same all through a training."""
        names = ("optimizer", "batch_size", "shuffle", "l1", "l2", "clip_value")
        own = {name: getattr(self, name) for name in (*names, "clip_norm")}
        present = next(iter(network.params.values()), X).dtype.name
        return {**own, "loss": targets.loss, "dtype": self.dtype or present}

    def _machine(self) -> dict[str, Any]:
        alone = (
            parent_process() is None
            and threading.current_thread() is threading.main_thread()
        )
        threads = self.threads if alone or self.threads is not None else 1
        return {"engine": self.engine, "threads": threads}

    def _seed(self) -> int:
        given = self.random_state
        if isinstance(given, Integral):
            return int(given)
        return int(check_random_state(given).randint(np.iinfo(np.int32).max))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _counted(
    X: Array, y: Array, weights: Array | None
) -> tuple[Array, Array, Array | None]:
    """Return what has a weight: a batch whose weights are all 0 has no mean."""
    if weights is None or weights.all():
        return X, y, weights
    counts = weights > 0
    return X[counts], y[counts], weights[counts]


def _no_layers(got: Any) -> SettingError:
    """Say what layers may be."""
    shown = got.__name__ if isinstance(got, type) else repr(got)
    hint = " Add parentheses." if isinstance(got, type) else ""
    return SettingError(
        f"layers must be a list or tuple of layers and whole numbers, such as "
        f"(pg.Linear(50), pg.Tanh()) or (100, 50), got {shown}.{hint}"
    )
