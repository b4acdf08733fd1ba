"""scikit-learn's multi-layer perceptron, for what it can describe."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from typing import Any

from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from ..data import Task
from ..layers import Activation, Dense
from ..workloads import Adam, Workload
from . import PLAIN, Runner, Unsupported

NAMES = {"relu": "relu", "tanh": "tanh", "sigmoid": "logistic"}


def variants(workload: Workload) -> Sequence[str]:
    """Return its only way.

    Raises
    ------
    Unsupported
        When the network is no MLP with one activation, or has no biases.
    """
    if not workload.trains:
        raise Unsupported("training only: its predict is no race for single rows")
    if not all(isinstance(layer, Dense | Activation) for layer in workload.network):
        raise Unsupported("dense layers and one activation are all that it has")
    if not all(layer.bias for layer in workload.network if isinstance(layer, Dense)):
        raise Unsupported("every layer has a bias")
    if len(kinds(workload)) != 1:
        raise Unsupported("all hidden layers have one activation")
    return PLAIN


def kinds(workload: Workload) -> set[str]:
    """Return the activations of a network."""
    return {la.kind for la in workload.network if isinstance(la, Activation)}


def setup(task: Task, variant: str) -> Runner:
    """Return a network that trains."""
    return Training(task)


class Training:
    """`fit` where samples keep their order, `partial_fit` on each epoch otherwise."""

    def __init__(self, task: Task) -> None:
        workload, self.task = task.workload, task
        self.classifies = workload.loss == "cross_entropy"
        self.y = task.y[:, 0] if task.y.shape[1:] == (1,) else task.y
        # its squared error is half the sum over outputs, and a mean over samples
        outputs, n = task.weights[-1].shape[-1], workload.size
        ours = {"mse": 2 / outputs, "squares": 2 * n}.get(workload.loss, 1.0)
        # and it reports a mean over outputs, halved
        self.unit = {"mse": 2.0, "squares": 2.0 * n * outputs}.get(workload.loss, 1.0)
        adam, lr = isinstance(workload.optimizer, Adam), workload.optimizer.lr
        hidden = [la.units for la in workload.network if isinstance(la, Dense)][:-1]
        kind = MLPClassifier if self.classifies else MLPRegressor
        self.net: Any = kind(
            hidden_layer_sizes=hidden,
            activation=NAMES[kinds(workload).pop()],
            solver="adam" if adam else "sgd",
            alpha=0.0,
            batch_size=n,
            learning_rate_init=lr if adam else lr * ours,
            # added before v is freed of its bias, by about a tenth when training begins
            epsilon=1e-9 / ours,
            momentum=0.0,
            nesterovs_momentum=False,
            shuffle=False,
            tol=0.0,
            n_iter_no_change=10**9,
            max_iter=1,
            warm_start=True,
        )
        self._fit(1)

    def _fit(self, epochs: int) -> None:
        self.net.max_iter = epochs
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.net.fit(self.task.X, self.y)

    def restart(self) -> None:
        """Go back to the first weights, with no memory of updates."""
        first = [w.copy() for w in self.task.weights]
        self.net.coefs_, self.net.intercepts_ = first[::2], first[1::2]
        if hasattr(self.net, "_optimizer"):
            del self.net._optimizer

    def run(self, epochs: int) -> tuple[list[float], float]:
        """Train from the first weights."""
        self.restart()
        began = time.perf_counter()
        if self.task.workload.shuffle:
            for epoch in range(epochs):
                X, y = self.task.epoch(epoch)
                self.net.partial_fit(X, y[:, 0] if y.shape[1:] == (1,) else y)
        else:
            self._fit(epochs)
        seconds = time.perf_counter() - began
        return [self.net.loss_curve_[-1] * self.unit], seconds
