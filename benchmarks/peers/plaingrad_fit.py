"""plaingrad, by its public interface alone."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

# plaingrad imports it when it first compiles; the peers import theirs at once
import llvmlite.binding  # noqa: F401
import numpy as np

import plaingrad as pg

from .. import layers, workloads
from ..data import SEED, Task
from ..workloads import Workload
from . import PLAIN, Runner


def variants(workload: Workload) -> Sequence[str]:
    """Return its only way."""
    return PLAIN


def setup(task: Task, variant: str) -> Runner:
    """Return a network that trains or predicts."""
    return Training(task) if task.workload.trains else Prediction(task)


def network(task: Task) -> pg.Network:
    """Return the described network with its first weights."""
    net = pg.Sequential(*map(layer, task.workload.network)).build(task.X[:1])
    restart(net, task)
    return net


def layer(described: layers.Layer) -> pg.Layer:
    """Return plaingrad's layer for a description."""
    match described:
        case layers.Dense(units, bias):
            return pg.Linear(units, bias=bias)
        case layers.Conv(filters, kernel, padding):
            return pg.Conv2d(filters, kernel, padding=padding)
        case layers.Pool(size):
            return pg.MaxPool2d(size)
        case layers.Dropout(rate):
            return pg.Dropout(rate)
        case layers.Flatten():
            return pg.Flatten()
        case layers.Activation(kind):
            return {"relu": pg.ReLU, "tanh": pg.Tanh, "sigmoid": pg.Sigmoid}[kind]()


def restart(net: pg.Network, task: Task) -> None:
    """Set the parameters to where all contenders start."""
    for own, first in zip(net.params.values(), task.weights, strict=True):
        own[...] = first


class Training:
    """`fit` from the same weights each time."""

    def __init__(self, task: Task) -> None:
        workload = task.workload
        self.task = task
        self.net = network(task)
        rate = workload.optimizer.lr
        adam = isinstance(workload.optimizer, workloads.Adam)
        self.settings: dict[str, Any] = {
            "loss": {
                "cross_entropy": pg.CrossEntropy(),
                "mse": pg.MSE(),
                "squares": pg.MSE(reduction="sum"),
            }[workload.loss],
            "optimizer": pg.Adam(rate) if adam else pg.SGD(rate),
            "batch_size": workload.batch,
            "shuffle": workload.shuffle,
            "seed": SEED,
            "warm_start": True,
            "verbose": False,
            "engine": "auto",
            "threads": task.threads,
        }
        self.note = ""

    def run(self, epochs: int) -> tuple[list[float], float]:
        """Train; the time is the history's."""
        restart(self.net, self.task)
        history = self.net.fit(self.task.X, self.task.y, epochs=epochs, **self.settings)
        self.note = "" if history.engine == "native" else " ".join(history.chosen)
        return [history.loss[-1]], history.seconds


class Prediction:
    """`predict`, called again and again."""

    def __init__(self, task: Task) -> None:
        self.X = task.X
        self.net = network(task)
        # classes need a loss, which a network has only once it was trained
        self.net.fit(
            task.X,
            np.zeros(len(task.X), int),
            loss=pg.CrossEntropy(),
            epochs=1,
            warm_start=True,
            verbose=False,
            engine="auto",
            threads=task.threads,
        )
        restart(self.net, task)

    def run(self, epochs: int) -> tuple[list[float], float]:
        """Predict the classes of all rows."""
        predict, X = self.net.predict, self.X
        began = time.perf_counter()
        for _ in range(epochs):
            found = predict(X)
        seconds = time.perf_counter() - began
        return found.tolist(), seconds
