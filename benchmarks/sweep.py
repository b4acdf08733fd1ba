"""Sizes outside the list of workloads: no engine can have been tuned for them."""

from __future__ import annotations

from collections.abc import Iterator

from .layers import Activation, Conv, Flatten, Network, Pool
from .workloads import SGD, Adam, Floor, Workload, mlp

FASTER = Floor(1, 1)
RELU = Activation("relu")

# (inputs, hidden widths, outputs, batch): odd and even, narrow and wide, flat and deep
DENSE = (
    (10, (10,), 2, 8),
    (17, (33, 9), 5, 16),
    (30, (50, 50, 50), 1, 32),
    (100, (64,), 10, 1),
    (64, (200, 100), 10, 64),
    (256, (17,) * 6, 10, 100),
    (300, (500,), 20, 32),
    (784, (300, 100), 10, 200),
    (1000, (333, 111), 7, 37),
    (128, (512,) * 4, 10, 512),
    (2000, (2000,), 100, 128),
    (50, (1000, 1000), 3, 8),
)
# (side, channels in, filters of each convolution, kernel, pooled, batch)
CONVOLUTIONS = (
    (8, 1, (4,), 3, False, 8),
    (28, 1, (8,), 7, True, 32),
    (28, 1, (10, 20), 5, True, 64),
    (16, 2, (5, 7), 3, True, 20),
    (16, 16, (32,), 1, False, 64),
    (12, 64, (64,), 3, False, 32),
    (32, 3, (16, 24), 5, True, 48),
    (20, 8, (13, 29), 3, False, 33),
    (14, 32, (64, 64), 3, True, 128),
    (24, 4, (12,), 7, False, 16),
)


def dense(
    inputs: int, hidden: tuple[int, ...], outputs: int, batch: int, adam: bool
) -> Workload:
    """Return an MLP; one output is a regression, more are classes."""
    sizes = "-".join(map(str, (inputs, *hidden, outputs)))
    rule = "Adam" if adam else "SGD"
    return Workload(
        f"mlp-{sizes}-{batch}",
        f"MLP {sizes}, batch {batch}, {rule}",
        mlp(*hidden, outputs, activation="tanh" if adam else "relu"),
        (inputs,),
        samples=batch * 10,
        batch=batch,
        loss="mse" if outputs == 1 else "cross_entropy",
        optimizer=Adam(1e-3) if adam else SGD(0.01),
        shuffle=True,
        floor=FASTER,
    )


def convolutional(
    side: int,
    channels: int,
    filters: tuple[int, ...],
    kernel: int,
    pooled: bool,
    batch: int,
) -> Workload:
    """Return a CNN of "same" convolutions, with a dense layer at its end."""
    body: Network = ()
    for count in filters:
        body = (*body, Conv(count, kernel, "same"), RELU, *([Pool()] if pooled else []))
    sizes = "-".join(map(str, (channels, *filters)))
    pools = ", pooled" if pooled else ""
    return Workload(
        f"conv-{side}-{sizes}-k{kernel}-{batch}",
        f"{side}x{side}, channels {sizes}, {kernel}x{kernel}{pools}, batch {batch}",
        (*body, Flatten(), *mlp(10)),
        (side, side, channels),
        samples=batch * 4,
        batch=batch,
        optimizer=SGD(0.01),
        shuffle=True,
        floor=FASTER,
    )


def workloads() -> Iterator[Workload]:
    """Yield all sizes of the sweep."""
    for place, sizes in enumerate(DENSE):
        yield dense(*sizes, adam=place % 2 == 1)
    for shape in CONVOLUTIONS:
        yield convolutional(*shape)
