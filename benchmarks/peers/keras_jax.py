"""Keras 3 on JAX: `fit`, compiled."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

os.environ["KERAS_BACKEND"] = "jax"

import keras
import numpy as np

from .. import layers
from ..data import Task
from ..layers import walk
from ..workloads import Adam, Workload
from . import PLAIN, Runner

Array = np.ndarray[Any, Any]
TOGETHER = 10
"""How many steps Keras may compile into one, at most."""


def variants(workload: Workload) -> Sequence[str]:
    """Return one step a call, and several."""
    return PLAIN if together(workload) == 1 else (*PLAIN, "several steps a call")


def together(workload: Workload) -> int:
    """Return the largest number of steps that an epoch divides into."""
    counts = range(1, TOGETHER + 1)
    return max(n for n in counts if workload.updates % n == 0)


def setup(task: Task, variant: str) -> Runner:
    """Return a network that trains or predicts."""
    net = network(task)
    if not task.workload.trains:
        return Prediction(net, task)
    return Training(net, task, 1 if variant in PLAIN else together(task.workload))


def network(task: Task) -> Any:
    """Return the described network with its first weights."""
    parts: list[Any] = [keras.Input(task.workload.features)]
    for spec, _, _ in walk(task.workload.network, task.workload.features):
        match spec:
            case layers.Dense(units, bias):
                parts.append(keras.layers.Dense(units, use_bias=bias))
            case layers.Conv(filters, kernel, padding):
                parts.append(keras.layers.Conv2D(filters, kernel, padding=padding))
            case layers.Pool(size):
                parts.append(keras.layers.MaxPooling2D(size))
            case layers.Activation(kind):
                parts.append(keras.layers.Activation(kind))
            case layers.Dropout(rate):
                parts.append(keras.layers.Dropout(rate))
            case layers.Flatten():
                parts.append(keras.layers.Flatten())
    net = keras.Sequential(parts)
    restart(net, task)
    return net


def restart(net: Any, task: Task) -> None:
    """Go back to the first weights."""
    for variable, first in zip(net.trainable_variables, task.weights, strict=True):
        variable.assign(first)


def squares(y: Any, output: Any) -> Any:
    """Return the sum of squared errors."""
    return keras.ops.sum(keras.ops.square(output - y))


class Epochs(keras.utils.PyDataset):  # type: ignore[misc]
    """The batches of shuffled epochs, in the order that all contenders follow."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.task = task
        self.turn(0)

    def turn(self, epoch: int) -> None:
        """Take the order of an epoch."""
        self.X, self.y = self.task.epoch(epoch)

    def __len__(self) -> int:
        return self.task.workload.updates

    def __getitem__(self, place: int) -> tuple[Array, Array]:
        n = self.task.workload.size
        rows = slice(n * place, n * place + n)
        # JAX may still read a batch when the next epoch overwrites these arrays
        return self.X[rows].copy(), self.y[rows].copy()


class Training:
    """`fit`, silent."""

    def __init__(self, net: Any, task: Task, steps: int) -> None:
        self.net, self.task = net, task
        rule = task.workload.optimizer
        kind = keras.optimizers.Adam if isinstance(rule, Adam) else keras.optimizers.SGD
        net.compile(
            loss={
                "cross_entropy": keras.losses.SparseCategoricalCrossentropy(True),
                "mse": keras.losses.MeanSquaredError(),
                "squares": squares,
            }[task.workload.loss],
            optimizer=(
                kind(rule.lr, epsilon=1e-8) if isinstance(rule, Adam) else kind(rule.lr)
            ),
            jit_compile=True,
            steps_per_execution=steps,
        )

    def restart(self) -> None:
        """Go back to the first weights, with no memory of updates."""
        restart(self.net, self.task)
        optimizer = self.net.optimizer
        for variable in optimizer.variables:
            if variable is not optimizer.learning_rate:
                variable.assign(np.zeros(variable.shape, variable.dtype))

    def run(self, epochs: int) -> tuple[list[float], float]:
        """Train from the first weights."""
        self.restart()
        settings = {"epochs": epochs, "verbose": 0, "shuffle": False}
        began = time.perf_counter()
        if self.task.workload.shuffle:
            data = Epochs(self.task)
            turn = keras.callbacks.LambdaCallback(
                on_epoch_begin=lambda epoch, logs: data.turn(epoch)
            )
            history = self.net.fit(data, callbacks=[turn], **settings)
        else:
            history = self.net.fit(
                self.task.X,
                self.task.y,
                batch_size=self.task.workload.size,
                **settings,
            )
        seconds = time.perf_counter() - began
        return [history.history["loss"][-1]], seconds


class Prediction:
    """The class of each row."""

    def __init__(self, net: Any, task: Task) -> None:
        self.net, self.X = net, task.X

    def run(self, epochs: int) -> tuple[list[float], float]:
        """Predict the classes of all rows."""
        predict, X = self.net.predict_on_batch, self.X
        began = time.perf_counter()
        for _ in range(epochs):
            found = predict(X).argmax(axis=1)
        seconds = time.perf_counter() - began
        return found.tolist(), seconds
