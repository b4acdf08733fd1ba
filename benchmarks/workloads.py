"""The measured workloads: networks, their data and how they train, all as data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from .layers import (
    Activation,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Layer,
    Network,
    Pool,
    Shape,
    multiply_adds,
    without_dropout,
)


@dataclass(frozen=True)
class SGD:
    """W -= lr dW."""

    lr: float


@dataclass(frozen=True)
class Adam:
    """Adam with the usual beta1 = 0.9, beta2 = 0.999 and eps = 1e-8."""

    lr: float


@dataclass(frozen=True)
class Floor:
    """How many times faster than its peers plaingrad must be, and its share of peak."""

    eager: float
    best: float
    peak: float | None = None


Loss = Literal["cross_entropy", "mse", "squares"]


@dataclass(frozen=True)
class Workload:
    """A network and the work that is done with it.

    Attributes
    ----------
    name, title
        What it is called on the command line, and what it is.
    network, features
        The layers, and the shape of one sample: (features,) or (height, width,
        channels).
    samples, data
        How many samples there are and where they come from; see `data.make`.
    task
        "train", or "predict" the classes of all samples in one call.
    batch
        Samples per update, a divisor of `samples`; None for all at once.
    loss
        The mean cross-entropy of labels, the mean of all squared errors, or their sum.
    shuffle
        Whether each epoch visits the samples in another order.
    floor
        What the measurement must reach, where that is known.
    """

    name: str
    title: str
    network: Network
    features: Shape
    samples: int
    data: str = "random"
    task: Literal["train", "predict"] = "train"
    batch: int | None = None
    loss: Loss = "cross_entropy"
    optimizer: SGD | Adam = SGD(0.1)
    shuffle: bool = False
    floor: Floor | None = None

    @property
    def trains(self) -> bool:
        """Whether it is training that is measured."""
        return self.task == "train"

    @property
    def size(self) -> int:
        """Samples per update or call."""
        return self.batch or self.samples

    @property
    def updates(self) -> int:
        """Updates per epoch; a prediction is one call."""
        return self.samples // self.size

    @property
    def images(self) -> bool:
        """Whether samples are images."""
        return len(self.features) == 3

    @property
    def drops(self) -> bool:
        """Whether masks are drawn, which differ between contenders."""
        return self.trains and without_dropout(self.network) != self.network

    @property
    def multiply_adds(self) -> int:
        """Of one update, or of one call."""
        return self.size * multiply_adds(self.network, self.features, self.trains)

    def exact(self) -> Workload:
        """Return the workload without dropout, whose losses must agree."""
        return replace(self, network=without_dropout(self.network))


def mlp(*units: int, activation: str = "relu", dropout: float = 0.0) -> Network:
    """Return dense layers with an activation, and perhaps dropout, between them."""
    layers: list[Layer] = []
    for width in units[:-1]:
        layers += [Dense(width), Activation(activation)]  # type: ignore[arg-type]
        if dropout:
            layers.append(Dropout(dropout))
    return (*layers, Dense(units[-1]))


RELU, TANH = Activation("relu"), Activation("tanh")
GREY = (28, 28, 1)
MNIST_MLP = mlp(100, 10, activation="tanh", dropout=0.5)
CNN: Network = (Conv(16, 3), TANH, Dropout(0.5), Flatten(), Dense(10))
LENET: Network = (
    Conv(6, 5),
    RELU,
    Pool(),
    Conv(16, 5),
    RELU,
    Pool(),
    Flatten(),
    *mlp(120, 84, 10),
)
VGG: Network = (
    Conv(32, 3, "same"),
    RELU,
    Conv(32, 3, "same"),
    RELU,
    Pool(),
    Conv(64, 3, "same"),
    RELU,
    Conv(64, 3, "same"),
    RELU,
    Pool(),
    Flatten(),
    *mlp(256, 10),
)
STREETLIGHTS: Network = (Dense(4, bias=False), RELU, Dense(1, bias=False))

ONLINE = Workload(
    "P1",
    "online MLP 784-40-10, batch 1, random pixels",
    mlp(40, 10),
    (784,),
    samples=1000,
    data="pixels",
    batch=1,
    loss="squares",
    optimizer=SGD(0.0005),
    floor=Floor(50, 2),
)
WIDE = Workload(
    "P6",
    "wide MLP 784-1024-1024-10, batch 256",
    mlp(1024, 1024, 10),
    (784,),
    samples=2560,
    data="mnist",
    batch=256,
    shuffle=True,
    floor=Floor(2, 1.3, peak=0.88),
)

TRAINING = (
    ONLINE,
    replace(
        ONLINE,
        name="P1-mnist",
        title="online MLP 784-40-10, batch 1, MNIST",
        data="mnist",
        optimizer=SGD(0.01),
        floor=Floor(50, 6),
    ),
    Workload(
        "P2",
        "spiral MLP 2-100-3, full batch 300",
        mlp(100, 3),
        (2,),
        samples=300,
        data="spiral",
        optimizer=SGD(1.0),
        floor=Floor(20, 4),
    ),
    Workload(
        "P3",
        "MLP 784-100-10, tanh, dropout, batch 100",
        MNIST_MLP,
        (784,),
        samples=20_000,
        data="mnist",
        batch=100,
        floor=Floor(3.5, 1.4),
    ),
    Workload(
        "P4",
        "CNN, 16 kernels 3x3, tanh, dropout, batch 128",
        CNN,
        GREY,
        samples=1280,
        data="mnist",
        batch=128,
        optimizer=SGD(0.01),
        floor=Floor(18, 4),
    ),
    Workload(
        "P5",
        "LeNet-5, batch 128, Adam",
        LENET,
        GREY,
        samples=2560,
        data="mnist",
        batch=128,
        optimizer=Adam(1e-3),
        shuffle=True,
        floor=Floor(6, 5.5, peak=0.75),
    ),
    WIDE,
    replace(
        WIDE,
        name="P6-adam",
        title="wide MLP 784-1024-1024-10, batch 256, Adam",
        optimizer=Adam(1e-3),
        floor=Floor(2, 1.3),
    ),
    Workload(
        "P7",
        "small VGG, four 3x3 convolutions on 32x32x3, batch 64",
        VGG,
        (32, 32, 3),
        samples=192,
        batch=64,
        optimizer=SGD(0.01),
        shuffle=True,
        floor=Floor(1.6, 1.5, peak=0.88),
    ),
    Workload(
        "P8",
        "tiny MLP 4-32-16-4, tanh, full batch 10,000, Adam",
        mlp(32, 16, 4, activation="tanh"),
        (4,),
        samples=10_000,
        loss="mse",
        optimizer=Adam(1e-3),
        floor=Floor(9, 4),
    ),
    Workload(
        "digits",
        "digits MLP 64-20-20-10, logistic, batch 25",
        mlp(20, 20, 10, activation="sigmoid"),
        (64,),
        samples=1775,
        data="digits",
        batch=25,
        floor=Floor(25, 3),
    ),
    Workload(
        "streetlights",
        "streetlights 3-4-1, batch 1",
        STREETLIGHTS,
        (3,),
        samples=6,
        data="streetlights",
        batch=1,
        loss="squares",
        floor=Floor(200, 2),
    ),
    Workload(
        "regression",
        "regression 1-3-1 of 10 points, full batch",
        mlp(3, 1),
        (1,),
        samples=10,
        data="line",
        loss="mse",
        optimizer=SGD(0.05),
        floor=Floor(200, 2),
    ),
)


def inference(
    name: str, title: str, network: Network, features: Shape, eager: float
) -> list[Workload]:
    """Return the prediction of one row and of a thousand."""
    one = Workload(
        f"{name}-1",
        f"inference of one row, {title}",
        network,
        features,
        samples=1,
        data="mnist",
        task="predict",
        floor=Floor(eager, 1.3),
    )
    many = replace(
        one,
        name=f"{name}-1000",
        title=f"inference of 1,000 rows, {title}",
        samples=1000,
        floor=Floor(2, 1.3),
    )
    return [one, many]


WORKLOADS = (
    *TRAINING,
    *inference("mlp", "MLP of P3", MNIST_MLP, (784,), 2),
    *inference("cnn", "CNN of P4", CNN, GREY, 5),
    *inference("lenet", "LeNet-5", LENET, GREY, 8),
)
