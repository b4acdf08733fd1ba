"""Networks as data: what every contender builds its own network from."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Array = np.ndarray[Any, Any]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Dense:
    """x @ W + b, with W of shape (in, units)."""

    units: int
    bias: bool = True


@dataclass(frozen=True)
class Conv:
    """A convolution of stride 1, with W of shape (kernel, kernel, in, filters)."""

    filters: int
    kernel: int
    padding: Literal["valid", "same"] = "valid"

    @property
    def margin(self) -> int:
        """How many zeros stand on each side; kernels are odd."""
        return self.kernel // 2 if self.padding == "same" else 0


@dataclass(frozen=True)
class Pool:
    """The largest of each window of size x size, which do not overlap."""

    size: int = 2


@dataclass(frozen=True)
class Activation:
    """An elementwise function."""

    kind: Literal["relu", "tanh", "sigmoid"]


@dataclass(frozen=True)
class Dropout:
    """While training, zero a share of the entries and scale up the others."""

    rate: float


@dataclass(frozen=True)
class Flatten:
    """Each sample becomes one row: height, then width, then channels."""


Layer = Dense | Conv | Pool | Activation | Dropout | Flatten
Network = tuple[Layer, ...]


def output_shape(layer: Layer, shape: Shape) -> Shape:
    """Return the shape of one sample behind a layer, given that before it."""
    match layer:
        case Dense(units):
            return (*shape[:-1], units)
        case Conv(filters, kernel):
            height, width = (s + 2 * layer.margin - kernel + 1 for s in shape[:2])
            return (height, width, filters)
        case Pool(size):
            return (shape[0] // size, shape[1] // size, shape[2])
        case Flatten():
            return (math.prod(shape),)
    return shape


def walk(network: Network, features: Shape) -> Iterator[tuple[Layer, Shape, Shape]]:
    """Yield each layer with the shapes of one sample before and behind it."""
    shape = features
    for layer in network:
        behind = output_shape(layer, shape)
        yield layer, shape, behind
        shape = behind


def parameter_shapes(layer: Layer, shape: Shape) -> list[Shape]:
    """Return the shapes of a layer's parameters, given the sample before it."""
    match layer:
        case Dense(units, bias):
            return [(shape[-1], units), *([(units,)] if bias else [])]
        case Conv(filters, kernel):
            return [(kernel, kernel, shape[-1], filters), (filters,)]
    return []


def first_weights(network: Network, features: Shape, seed: int) -> list[Array]:
    """Draw where all contenders start: [W, b, W, b, ...] in float32.

    Biases are small but not zero, so that one in a wrong place shows in the loss.
    """
    rng = np.random.default_rng(seed)
    drawn = []
    for layer, before, _ in walk(network, features):
        for shape in parameter_shapes(layer, before):
            spread = math.prod(shape[:-1]) ** -0.5 if len(shape) > 1 else 0.01
            drawn.append(rng.normal(0, spread, shape).astype(np.float32))
    return drawn


def multiply_adds(network: Network, features: Shape, training: bool) -> int:
    """Count the multiply-adds of one sample: forward, and backward in training.

    Backward a product is met twice, once for the weights and once for the input, which
    the first layer leaves out. Elementwise work and the optimiser are not counted.
    """
    total = first = 0
    for layer, before, behind in walk(network, features):
        shapes = parameter_shapes(layer, before)
        if shapes:
            places = math.prod(behind[:-1])
            count = places * math.prod(shapes[0])
            first = first or count
            total += count
    return 3 * total - first if training else total


def without_dropout(network: Network) -> Network:
    """Return the network without its dropout, whose masks differ between peers."""
    return tuple(layer for layer in network if not isinstance(layer, Dropout))
