"""Ready tasks for the command line: data, a default network, and how it is trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import data
from .choices import dense
from .data.parts import SIZES, Parts
from .errors import unknown_name
from .layers import Conv2d, Dropout, Flatten, Layer, Linear, MaxPool2d, ReLU, Sigmoid
from .losses import MSE
from .network import Sequential
from .optimizers import SGD, Adam

Array = np.ndarray[Any, Any]
Pair = tuple[Array, Array]


@dataclass(frozen=True)
class Task:
    """A task by name.

    Attributes
    ----------
    about
        One line for the help.
    load
        From a seed to the data.
    layers
        From the number of classes (or outputs) to the default layers.
    settings
        Those of `fit` that differ from its defaults.
    """

    about: str
    load: Callable[[int], Parts[Pair]]
    layers: Callable[[int], list[Layer]]
    settings: dict[str, Any] = field(default_factory=dict)

    def network(self, outputs: int) -> Sequential:
        """Return the default network."""
        return Sequential(*self.layers(outputs))


def find(name: str) -> Task:
    """Return a task by name."""
    if name not in TASKS:
        raise unknown_name("task", name, TASKS)
    return TASKS[name]


def parted(X: Array, y: Array, seed: int) -> Parts[Pair]:
    """Return data in three parts."""
    return Parts(*data.split(X, y, SIZES, seed=seed))


def _images(load: Callable[[], data.Dataset]) -> Callable[[int], Parts[Pair]]:
    """Return a loader that keeps the set's own test data and a sixth for validation."""

    def parts(seed: int) -> Parts[Pair]:
        whole = load()
        train, validation = data.split(
            whole.X_train, whole.y_train, (5 / 6, 1 / 6), seed=seed
        )
        return Parts(train, validation, (whole.X_test, whole.y_test))

    return parts


def _toy(make: Callable[..., Pair], **options: Any) -> Callable[[int], Parts[Pair]]:
    return lambda seed: parted(*make(seed=seed, **options), seed)


def _streetlights(_: int) -> Parts[Pair]:
    lights = data.streetlights()
    return Parts(lights, lights, lights)


def _convolutional(classes: int) -> list[Layer]:
    return [
        Conv2d(16, 3),
        ReLU(),
        MaxPool2d(2),
        Flatten(),
        Dropout(0.3),
        Linear(64),
        ReLU(),
        Linear(classes),
    ]


def _dense(*units: int, dropout: float = 0.0) -> Callable[[int], list[Layer]]:
    return lambda outputs: [*dense(units, dropout), Linear(outputs)]


def _lights(_: int) -> list[Layer]:
    return [Linear(4), ReLU(), Linear(1), Sigmoid()]


TASKS: dict[str, Task] = {
    "digits": Task(
        "1,797 handwritten digits of 8 x 8 pixels, shipped with plaingrad",
        lambda seed: parted(*data.digits(images=True), seed),
        _convolutional,
        {"optimizer": Adam(0.003), "epochs": 60, "early_stopping": 8},
    ),
    "mnist": Task(
        "70,000 handwritten digits of 28 x 28 pixels, downloaded once",
        _images(lambda: data.mnist(flat=True)),
        _dense(128, dropout=0.2),
        {"epochs": 20, "batch_size": 100, "early_stopping": 3},
    ),
    "fashion": Task(
        "70,000 pictures of clothes of 28 x 28 pixels, downloaded once",
        _images(lambda: data.fashion_mnist(flat=True)),
        _dense(128, dropout=0.2),
        {"epochs": 20, "batch_size": 100, "early_stopping": 3},
    ),
    "spiral": Task(
        "three arms of points that wind around each other",
        _toy(data.spiral, points=200),
        _dense(100),
        {"optimizer": SGD(1.0), "epochs": 2000, "batch_size": None, "l2": 1e-3},
    ),
    "moons": Task(
        "two half moons", _toy(data.moons, points=200), _dense(32), {"epochs": 100}
    ),
    "circles": Task("a ring around a disc", _toy(data.circles, points=200), _dense(32)),
    "blobs": Task("three clouds of points", _toy(data.blobs, points=200), _dense(16)),
    "streetlights": Task(
        "six patterns of three lights, and whether people walked",
        _streetlights,
        _lights,
        {"loss": MSE(), "optimizer": SGD(2.0), "epochs": 500, "batch_size": 1},
    ),
}
