"""Shapes whose leading size may be a symbol: the batch is `n`, whatever its length."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import index
from typing import Literal, NamedTuple, SupportsIndex

from .errors import ShapeError

Kind = Literal["float", "int", "bool", "number"]
"""What a value holds: arrays of floats, integers or truths; or one Python number."""


@dataclass(frozen=True, slots=True)
class Dim:
    """A size that is known only when data come: `factor` times the `symbols`."""

    symbols: tuple[str, ...]
    factor: int = 1

    def __mul__(self, other: Size) -> Size:
        """Multiply by another size."""
        if isinstance(other, Dim):
            symbols = tuple(sorted(self.symbols + other.symbols))
            return Dim(symbols, self.factor * other.factor)
        if not isinstance(other, int):
            return NotImplemented
        return Dim(self.symbols, self.factor * other) if other else 0

    __rmul__ = __mul__

    def __str__(self) -> str:
        """Return the size as Python text."""
        factors = [*self.symbols] + ([str(self.factor)] if self.factor != 1 else [])
        return " * ".join(factors)


Size = int | Dim
Shape = tuple[Size, ...]


class Type(NamedTuple):
    """The static type of a value: its shape and its kind."""

    shape: Shape
    kind: Kind


def size_of(shape: Sequence[Size]) -> Size:
    """Return the number of entries of an array of this shape."""
    return math.prod(shape)


def divide(size: Size, by: Size) -> Size | None:
    """Return `size / by` when it is a whole size, else None."""
    if isinstance(by, Dim):
        if not isinstance(size, Dim):
            return None
        rest = list(size.symbols)
        for symbol in by.symbols:
            if symbol not in rest:
                return None
            rest.remove(symbol)
        if size.factor % by.factor:
            return None
        factor = size.factor // by.factor
        return Dim(tuple(rest), factor) if rest else factor
    factor = size.factor if isinstance(size, Dim) else size
    if by == 0 or factor % by:
        return None
    return Dim(size.symbols, factor // by) if isinstance(size, Dim) else factor // by


def broadcast(*shapes: Shape) -> Shape:
    """Return the shape that arrays of these shapes broadcast to, by NumPy's rules."""
    rank = max((len(shape) for shape in shapes), default=0)
    result: list[Size] = []
    for axis in range(-rank, 0):
        sizes = [shape[axis] for shape in shapes if len(shape) >= -axis]
        wide = [size for size in sizes if size != 1]
        if any(size != wide[0] for size in wide):
            raise ShapeError(
                f"shapes {' and '.join(map(show, shapes))} do not go together: "
                f"the sizes {' and '.join(map(str, dict.fromkeys(wide)))} on axis "
                f"{axis} differ and neither is 1. Reshape or transpose one of them."
            )
        result.append(wide[0] if wide else 1)
    return tuple(result)


def axis_of(axis: SupportsIndex, rank: int) -> int:
    """Return the non-negative axis that `axis` names."""
    place = index(axis)
    if not -rank <= place < rank:
        known = f"it has {-rank} to {rank - 1}" if rank else "a single number has none"
        raise ShapeError(f"axis {place} does not exist in this array; {known}.")
    return place % rank


def axes_of(
    axis: SupportsIndex | Sequence[SupportsIndex] | None, rank: int
) -> tuple[int, ...]:
    """Return the sorted, non-negative axes that `axis` names."""
    if axis is None:
        return tuple(range(rank))
    named = [axis] if isinstance(axis, SupportsIndex) else axis
    return tuple(sorted({axis_of(one, rank) for one in named}))


def show(shape: Sequence[Size | str]) -> str:
    """Return a shape as people write it: `(n, 64)`."""
    sizes = [str(size).replace(" * ", "*") for size in shape]
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"
