"""Updates so small that they are one straight line, their weights kept in registers.

A network of a few weights that learns sample by sample needs fewer operations than the
loops around them. So all is written out, and what a call works on is local to it, where
LLVM finds a register for each: weights are read when a call begins and written when it
ends.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from .builder import SIZES, Builder, Kind, Value
from .layout import Layout
from .loops import Buffer, Kernel

MOST = 400
"""Up to how many turns of all loops an update is a straight line."""


def small(kernels: Sequence[Kernel]) -> bool:
    """Tell whether an update by one sample is so small."""
    return sum(turns(kernel) for kernel in kernels) <= MOST


def turns(kernel: Kernel, tile: int = 1) -> int:
    """Return how often the inside of a kernel runs for so many samples."""
    return math.prod(
        c.size if isinstance(c.size, int) else tile for c in kernel.counters
    )


@contextmanager
def held(
    b: Builder, layout: Layout, arrays: Mapping[Buffer, Value]
) -> Iterator[dict[Buffer, Value]]:
    """Work on copies of arrays in the block, and write them back at its end."""
    copies = {x: b.room(Kind("i8"), layout.bytes(x)) for x in arrays}
    for x, copy in copies.items():
        b.copy(copy, arrays[x], _size(layout, x))
    yield copies
    for x, copy in copies.items():
        b.copy(arrays[x], copy, _size(layout, x))


def _size(layout: Layout, buffer: Buffer) -> int:
    """Return the bytes of an array without the room behind it."""
    count = math.prod(size for size in buffer.sizes if isinstance(size, int))
    return count * SIZES[layout.stored(buffer)]
