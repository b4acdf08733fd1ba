"""What all contenders are handed: samples, targets, first weights and the order."""

from __future__ import annotations

import os
import pickle
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

import plaingrad as pg

from .layers import first_weights, walk
from .workloads import Workload

Array = np.ndarray[Any, Any]
SEED = 0


@dataclass
class Task:
    """A workload with all its arrays.

    Attributes
    ----------
    X
        Samples in float32: (n, features) or (n, height, width, channels).
    y
        Labels (n,) in int64 for the cross-entropy, else values (n, outputs) in float32.
    weights
        The first values of the parameters, layer by layer.
    threads
        How many threads a contender may use.
    note
        What is special about the data.
    """

    workload: Workload
    X: Array
    y: Array
    weights: list[Array]
    threads: int = 1
    note: str = ""
    _shuffled: tuple[Array, Array] | None = field(default=None, repr=False)

    def epoch(self, number: int) -> tuple[Array, Array]:
        """Return the samples and targets of an epoch in the order of their visit.

        The order is that of `plaingrad.fit`, as its printed script states it. The
        arrays are renewed by the next call.
        """
        if not self.workload.shuffle:
            return self.X, self.y
        if self._shuffled is None:
            self._shuffled = np.empty_like(self.X), np.empty_like(self.y)
        order = np.random.default_rng((SEED, number)).permutation(len(self.X))
        for values, out in zip((self.X, self.y), self._shuffled, strict=True):
            # "clip" takes without a second buffer, and no index is out of range
            np.take(values, order, axis=0, out=out, mode="clip")
        return self._shuffled

    def exact(self) -> Task:
        """Return the task without dropout; it has the same parameters."""
        return replace(self, workload=self.workload.exact())

    def save(self, folder: Path) -> None:
        """Write everything into a folder of this run."""
        np.save(folder / "X.npy", self.X)
        np.save(folder / "y.npy", self.y)
        nothing = np.empty(0)
        rest = replace(self, X=nothing, y=nothing, _shuffled=None)
        (folder / "task.pickle").write_bytes(pickle.dumps(rest))

    @classmethod
    def load(cls, folder: Path) -> Task:
        """Read what `save` wrote in this run."""
        task: Task = pickle.loads((folder / "task.pickle").read_bytes())
        task.X, task.y = np.load(folder / "X.npy"), np.load(folder / "y.npy")
        return task


def make(workload: Workload, threads: int = 1) -> Task:
    """Return the workload with its data and first weights."""
    X, y, note = samples(workload)
    X = np.ascontiguousarray(X.reshape(-1, *workload.features), np.float32)
    if workload.loss == "cross_entropy":
        y = y.astype(np.int64)
    elif y.ndim == 1:
        y = np.eye(outputs(workload), dtype=np.float32)[y]
    weights = first_weights(workload.network, workload.features, SEED)
    return Task(workload, X, y, weights, threads, note)


def samples(workload: Workload) -> tuple[Array, Array, str]:
    """Return samples and targets, and what is special about them."""
    count, rng = workload.samples, np.random.default_rng(SEED)
    match workload.data:
        case "mnist" | "pixels":
            found = mnist() if workload.data == "mnist" else None
            if found is not None:
                return found[0][:count], found[1][:count], ""
            X = rng.random((count, *workload.features), dtype=np.float32)
            absent = "random pixels in place of MNIST"
            note = absent if workload.data == "mnist" else ""
            return X, rng.integers(0, 10, count), note
        case "spiral":
            return *pg.data.spiral(count // 3, 3), ""
        case "digits":
            X, y = pg.data.digits()
            return X[:count], y[:count], ""
        case "streetlights":
            return *pg.data.streetlights(), ""
        case "line":
            x = rng.random((count, 1), dtype=np.float32)
            noise = rng.normal(0, 0.1, (count, 1))
            return x, (2 * x + noise).astype(np.float32), ""
    normal = rng.normal(size=(count, *workload.features))
    width = outputs(workload)
    if workload.loss == "mse":
        return normal, rng.normal(size=(count, width)).astype(np.float32), ""
    return normal, rng.integers(0, width, count), ""


@lru_cache
def mnist() -> tuple[Array, Array] | None:
    """Return MNIST's training set where PLAINGRAD_DATA names its folder, else None."""
    if "PLAINGRAD_DATA" not in os.environ:
        return None
    data = pg.data.mnist(flat=True)
    return data.X_train[:20_000].copy(), data.y_train[:20_000]


def outputs(workload: Workload) -> int:
    """Return the number of outputs of a network."""
    *_, (_, _, shape) = walk(workload.network, workload.features)
    return shape[-1]
