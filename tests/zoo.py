"""Small networks of every kind, which each reading of a program must manage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import plaingrad as pg

Array = np.ndarray[Any, Any]


def blobs(count: int = 23, features: int = 4, classes: int = 3) -> tuple[Array, Array]:
    """Return random samples with class labels."""
    rng = np.random.default_rng(1)
    y = np.arange(count) % classes
    X = rng.normal(size=(count, features)) + 2 * np.eye(classes, features)[y]
    return X, y


def line(count: int = 10, outputs: int = 1) -> tuple[Array, Array]:
    """Return a noisy line (or several)."""
    rng = np.random.default_rng(2)
    X = np.linspace(-1, 1, count)[:, None]
    y = X @ rng.normal(size=(1, outputs)) + 0.1 * rng.normal(size=(count, outputs))
    return X, y[:, 0] if outputs == 1 else y


def images(count: int = 11, size: int = 8, channels: int = 1) -> tuple[Array, Array]:
    """Return random images with class labels."""
    rng = np.random.default_rng(3)
    X = rng.random((count, size, size, channels))
    return X, np.arange(count) % 2


def truths(count: int = 17, outputs: int = 1) -> tuple[Array, Array]:
    """Return samples with zero-or-one targets."""
    rng = np.random.default_rng(4)
    X = rng.normal(size=(count, 3))
    y = (X[:, :outputs] + 0.3 * rng.normal(size=(count, outputs)) > 0).astype(int)
    return X, y[:, 0] if outputs == 1 else y


@dataclass(frozen=True)
class Animal:
    """A network, its data, and how it is trained."""

    name: str
    network: Callable[[], pg.Network]
    data: Callable[[], tuple[Array, Array]]
    settings: dict[str, Any] = field(default_factory=dict)

    def fit(self, **more: Any) -> pg.Network:
        """Return the network, trained: by default bit for bit as its script would."""
        net = self.network()
        X, y = self.data()
        usual = {"epochs": 3, "batch_size": 5, "engine": "reference"}
        net.fit(X, y, **{**usual, **self.settings, **more})
        return net


class Shared(pg.Network):
    """One layer used twice."""

    def __init__(self) -> None:
        self.twice = pg.Linear(4)
        self.last = pg.Linear(3)

    def forward(self, x: Any, /) -> Any:
        return self.last(np.tanh(self.twice(np.tanh(self.twice(x)))))


class Branch(pg.Network):
    """Two ways that join again, and one parameter of its own."""

    def __init__(self) -> None:
        self.left = pg.Linear(5, name="left")
        self.right = pg.Linear(5)
        self.last = pg.Linear(3)

    def forward(self, x: Any, /) -> Any:
        gate = self.param("gate", (5,), pg.Constant(0.5))
        both = np.maximum(self.left(x), 0) * gate + np.tanh(self.right(x))
        return self.last(both)


class Tied(pg.Network):
    """Two layers whose gradients are equal, and parameters that nothing uses."""

    def __init__(self) -> None:
        self.one = pg.Linear(3)
        self.other = pg.Linear(3)

    def forward(self, x: Any, /) -> Any:
        self.param("idle", (2,), pg.Constant(1.0))
        self.param("rest", (2,), pg.Constant(1.0))
        return self.one(x) + self.other(x)


def named(name: str) -> Callable[[], pg.Network]:
    """Return a network whose layers all have the same, long name."""
    return lambda: pg.Sequential(
        *(pg.Linear(6, name=name), pg.ReLU(), pg.Dropout(0.2)),
        *(pg.Linear(6, name=name), pg.Tanh(), pg.Linear(3)),
    )


def deep() -> pg.Network:
    return pg.Sequential(
        pg.Linear(64), pg.ReLU(), pg.Linear(64), pg.ReLU(), pg.Linear(3)
    )


def mlp(
    *middle: pg.Layer, units: int = 6, outputs: int = 3
) -> Callable[[], pg.Network]:
    return lambda: pg.Sequential(pg.Linear(units), *middle, pg.Linear(outputs))


def masked() -> pg.Network:
    return mlp(pg.ReLU())().freeze("W1", np.eye(4, 6, dtype=bool))


ZOO = [
    Animal("line", lambda: pg.Sequential(pg.Linear(1)), line, {"batch_size": None}),
    Animal(
        "line_1_3_1",
        mlp(pg.ReLU(), units=3, outputs=1),
        line,
        {
            "loss": pg.MSE(reduction="sum"),
            "optimizer": pg.SGD(lr=0.05),
            "batch_size": None,
        },
    ),
    Animal(
        "spiral",
        lambda: pg.Sequential(pg.Linear(100), pg.ReLU(), pg.Linear(3)),
        lambda: blobs(30, 2),
        {"batch_size": None, "l2": 1e-3, "optimizer": pg.SGD(lr=1.0)},
    ),
    Animal("deep", deep, lambda: blobs(23, 2), {"optimizer": pg.SGD(lr=0.1)}),
    Animal("deep_adam", deep, lambda: blobs(23, 2), {"optimizer": pg.Adam(lr=0.01)}),
    Animal("online", mlp(pg.Sigmoid()), blobs, {"batch_size": 1, "epochs": 2}),
    Animal("ordered", mlp(pg.Tanh()), blobs, {"shuffle": False}),
    Animal("dropout", mlp(pg.Tanh(), pg.Dropout(0.3)), blobs, {"seed": 7}),
    Animal(
        "early",
        mlp(pg.ReLU()),
        blobs,
        {
            "early_stopping": 2,
            "epochs": 40,
            "optimizer": pg.SGD(lr=0.5),
            "validation": 0.3,
        },
    ),
    Animal(
        "early_score",
        mlp(pg.ReLU()),
        blobs,
        {"early_stopping": pg.EarlyStopping(3, "val_accuracy", 0.01), "epochs": 20},
    ),
    Animal("validated", mlp(pg.ReLU()), blobs, {"validation": 0.25}),
    Animal(
        "softmax", mlp(pg.ReLU(), outputs=3), blobs, {"optimizer": pg.Nesterov(lr=0.1)}
    ),
    Animal(
        "softmax_layer",
        lambda: pg.Sequential(pg.Linear(5), pg.SiLU(), pg.Linear(3), pg.Softmax()),
        blobs,
        {
            "loss": pg.CrossEntropy(label_smoothing=0.1),
            "optimizer": pg.RMSprop(lr=0.01),
        },
    ),
    Animal(
        "binary",
        lambda: pg.Sequential(pg.Linear(4), pg.ELU(), pg.Linear(1), pg.Sigmoid()),
        truths,
        {"optimizer": pg.Momentum(lr=0.1)},
    ),
    Animal(
        "multilabel",
        mlp(pg.GELU(), outputs=2),
        lambda: truths(outputs=2),
        {"loss": pg.BinaryCrossEntropy(), "optimizer": pg.Adagrad(lr=0.1)},
    ),
    Animal(
        "weighted",
        mlp(pg.LeakyReLU()),
        blobs,
        {"class_weight": "balanced", "sample_weight": np.linspace(0.5, 2, 23)},
    ),
    Animal("hinge", mlp(pg.HardTanh()), blobs, {"loss": pg.Hinge(), "clip_norm": 1.0}),
    Animal(
        "huber",
        mlp(pg.Softplus(), outputs=2),
        lambda: line(outputs=2),
        {"loss": pg.Huber(), "clip_value": 0.1, "l1": 1e-3},
    ),
    Animal(
        "poisson",
        mlp(pg.Tanh(), outputs=1),
        lambda: (line()[0], np.arange(10)),
        {"loss": pg.Poisson(), "optimizer": pg.AdamW(lr=0.01)},
    ),
    Animal(
        "custom",
        mlp(pg.Tanh(), outputs=1),
        line,
        {"loss": lambda pred, y: np.sqrt((pred - y) ** 2 + 1), "dtype": "float64"},
    ),
    Animal(
        "step_decay",
        mlp(pg.ReLU()),
        blobs,
        {"optimizer": pg.SGD(lr=pg.StepDecay(0.1, every=2, factor=0.5)), "epochs": 5},
    ),
    Animal(
        "one_cycle", mlp(pg.ReLU()), blobs, {"optimizer": pg.Adam(lr=pg.OneCycle(0.05))}
    ),
    Animal(
        "warm_cosine",
        mlp(pg.ReLU()),
        blobs,
        {"optimizer": pg.SGD(lr=pg.WarmUp(pg.Cosine(0.1), epochs=1)), "epochs": 4},
    ),
    Animal(
        "plateau",
        mlp(pg.ReLU()),
        blobs,
        {"optimizer": pg.SGD(lr=pg.ReduceOnPlateau(2.0, patience=1)), "epochs": 12},
    ),
    Animal("shared", Shared, blobs),
    Animal("branch", Branch, blobs, {"optimizer": pg.SGD(lr=0.1)}),
    Animal(
        "frozen",
        lambda: pg.Sequential(pg.Linear(6, trainable=False), pg.ReLU(), pg.Linear(3)),
        blobs,
    ),
    Animal("masked", masked, blobs, {"optimizer": pg.SGD(lr=0.1)}),
    Animal("masked_adam", masked, blobs),
    Animal(
        "residual",
        lambda: pg.Sequential(
            pg.Linear(6), pg.Residual(pg.ReLU(), pg.Linear(6)), pg.Linear(3)
        ),
        blobs,
    ),
    Animal(
        "convolution",
        lambda: pg.Sequential(
            pg.Conv2d(4, 3), pg.Tanh(), pg.Flatten(), pg.Dropout(0.5), pg.Linear(2)
        ),
        images,
    ),
    Animal(
        "pooling",
        lambda: pg.Sequential(
            pg.Conv2d(3, 3, padding="same"),
            pg.ReLU(),
            pg.MaxPool2d(2),
            pg.Conv2d(4, 3, stride=2, padding=1),
            pg.ReLU(),
            pg.AvgPool2d(2),
            pg.Flatten(),
            pg.Linear(2),
        ),
        images,
    ),
    Animal(
        "grouped",
        lambda: pg.Sequential(
            pg.Conv2d(4, 3, groups=2, dilation=2),
            pg.ReLU(),
            pg.MaxPool2d(3, stride=1),
            pg.GlobalAvgPool2d(),
            pg.Linear(2),
        ),
        lambda: images(channels=2),
    ),
    Animal(
        "augmented",
        lambda: pg.Sequential(
            pg.RandomFlip(),
            pg.RandomTranslation(2),
            pg.Conv2d(3, 3),
            pg.ReLU(),
            pg.Flatten(),
            pg.Linear(2),
        ),
        images,
    ),
    Animal(
        "augmented_within",
        lambda: pg.Sequential(
            pg.Conv2d(2, 3),
            pg.RandomRotation(30),
            pg.RandomCrop((5, 4), padding=1, fill="edge"),
            pg.GaussianNoise(0.1),
            pg.Flatten(),
            pg.Linear(2),
        ),
        lambda: images(channels=3),
        {"seed": 5},
    ),
    Animal(
        "one_sample", mlp(pg.ReLU(), outputs=1), lambda: line(1), {"batch_size": 32}
    ),
    Animal(
        "sequence",
        lambda: pg.Sequential(
            pg.Reshape(2, 2), pg.Linear(3), pg.Tanh(), pg.Flatten(), pg.Linear(3)
        ),
        blobs,
    ),
    Animal("tied", Tied, blobs),
    Animal(
        "named",
        named("encoder of the first kind"),
        blobs,
        {"l2": 0.01, "clip_norm": 1.0, "early_stopping": 3},
    ),
]
NAMES = [animal.name for animal in ZOO]
