"""Shape rules and test domains that many operations share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..op import Attrs, Case
from ..shapes import Dim, Kind, Size, Type, broadcast


def sizes_maths(sizes: Sequence[Size]) -> str:
    """Return sizes as LaTeX, with a times sign between them."""
    return " \\times ".join(_size_maths(size) for size in sizes)


def _size_maths(size: Size) -> str:
    if isinstance(size, Dim):
        factor = [] if size.factor == 1 else [str(size.factor)]
        return " ".join([*factor, *size.symbols])
    return str(size)


def arithmetic(types: Sequence[Type], _: Attrs) -> Type:
    """Broadcast the shapes; floats win over integers, truths and Python numbers."""
    kinds = {type_.kind for type_ in types}
    ranked: Sequence[Kind] = ("float", "int", "bool", "number")
    kind = next(kind for kind in ranked if kind in kinds)
    return Type(broadcast(*(type_.shape for type_ in types)), kind)


def unary(types: Sequence[Type], _: Attrs) -> Type:
    """Keep the type: a float array stays one, and a number a number."""
    return types[0]


def comparison(types: Sequence[Type], attrs: Attrs) -> Type:
    """Broadcast the shapes to truths."""
    kinds = {type_.kind for type_ in types}
    shape = broadcast(*(type_.shape for type_ in types))
    return Type(shape, "number" if kinds == {"number"} else "bool")


def random_shape(rng: np.random.Generator, most: int = 3) -> tuple[int, ...]:
    """Return a small random shape with up to `most` axes."""
    return tuple(
        int(size) for size in rng.integers(1, 4, size=rng.integers(0, most + 1))
    )


def reals(
    count: int, low: float = -2.0, high: float = 2.0, apart: float = 0.0
) -> Callable[[np.random.Generator], Case]:
    """Return a domain of `count` mutually broadcastable arrays in [low, high].

    With `apart`, no entry comes near a multiple of it or an entry of another array, so
    that no kink lies within a finite difference.
    """

    def domain(rng: np.random.Generator) -> Case:
        full = random_shape(rng)
        arrays = []
        for place in range(count):
            shape = tuple(1 if rng.random() < 0.3 else size for size in full)
            shape = shape[
                int(rng.integers(0, len(shape) + 1)) if rng.random() < 0.4 else 0 :
            ]
            arrays.append(spread(rng, shape, low, high, apart, place))
        return arrays, {}

    return domain


def spread(
    rng: np.random.Generator,
    shape: Sequence[int],
    low: float = -2.0,
    high: float = 2.0,
    apart: float = 0.0,
    place: int = 0,
) -> np.ndarray[Any, Any]:
    """Return random numbers in [low, high], `apart` as the `place`-th of `reals`."""
    values = rng.uniform(low, high, size=tuple(shape))
    if apart:
        within = 0.2 + 0.25 * place + rng.uniform(0, 0.1, size=values.shape)
        values = (np.round(values / apart) + within) * apart
    return np.asarray(values)
