"""Where numbers stand in memory: strides, sizes in bytes, and what is far apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Literal

from .builder import SIZES
from .flat import LINE
from .loops import (
    Buffer,
    Call,
    Chosen,
    Counter,
    Expr,
    Kernel,
    Load,
    Place,
    Places,
    Position,
    Store,
    joined,
    walk,
)

Lanes = Literal["samples", "features"]
MOST_ROWS = 16
"""The most rows that a block of a product has; the last block of a tile may be cut."""


@dataclass(frozen=True)
class Layout:
    """How the values of a tile lie.

    Attributes
    ----------
    lanes
        What stands side by side: the samples (each value of all samples together), or
        the features (each sample's values together).
    tile
        The most samples of a tile.
    element
        "float" or "double".
    width
        The lanes of a vector of these.
    part
        How many samples of a tile some kernels work on at a time, or 0: on all. Only
        where features stand side by side, so that a part of a buffer is whole rows.
    """

    lanes: Lanes
    tile: int
    element: str
    width: int
    part: int = 0

    def of(self, kernel: Kernel) -> Layout:
        """Return the layout of what a kernel works on at a time."""
        return self.parted if kernel.part else self

    def holds(self, count: int | None) -> bool:
        """Tell whether so many samples (None: any number) are worked on at once."""
        return count is not None and count <= self.tile and not self.part

    @property
    def parted(self) -> Layout:
        """The layout of a part."""
        return replace(self, tile=self.part, part=0)

    @property
    def rows(self) -> int:
        """The samples that a tile buffer has room for, whole blocks included."""
        if self.lanes == "samples":
            return -(-self.tile // self.width) * self.width
        return self.tile + min(self.tile, MOST_ROWS) - 1

    def stored(self, buffer: Buffer) -> str:
        """Return the type in memory."""
        kinds = {"float": self.element, "int": "i64", "bool": "i8", "number": "double"}
        return kinds[buffer.kind]

    def strides(self, buffer: Buffer) -> tuple[int, ...]:
        """Return by how many entries each axis moves."""
        known = [size if isinstance(size, int) else 0 for size in buffer.sizes]
        if 0 not in known or buffer.space == "data":
            return _contiguous(known)
        at = known.index(0)
        rest = known[:at] + known[at + 1 :]
        whole = math.prod(rest)
        if self.lanes == "samples":
            step = _apart(self.rows, SIZES[self.stored(buffer)]) if whole > 1 else 1
            inner = [stride * step for stride in _contiguous(rest)]
            return (*inner[:at], 1, *inner[at:])
        row = _apart(whole, SIZES[self.stored(buffer)]) if whole > 1 else 1
        inner = list(_contiguous(rest))
        return (*inner[:at], row, *inner[at:])

    def bytes(self, buffer: Buffer) -> int:
        """Return the memory that a buffer needs, room to read past its end included."""
        sizes = [size if isinstance(size, int) else self.rows for size in buffer.sizes]
        strides = self.strides(buffer)
        last = sum((n - 1) * s for n, s in zip(sizes, strides, strict=True))
        count = last + 1 + 2 * self.width
        return -(-count * SIZES[self.stored(buffer)] // LINE) * LINE


def _contiguous(sizes: Sequence[int]) -> tuple[int, ...]:
    strides = [1] * len(sizes)
    for axis in range(len(sizes) - 2, -1, -1):
        strides[axis] = strides[axis + 1] * max(sizes[axis + 1], 1)
    return tuple(strides)


def _apart(count: int, size: int) -> int:
    """Return a stride that does not send all rows to the same few places of a cache."""
    if count * size >= 512 and count * size % 256 == 0:
        return count + LINE // size
    return count


Copies = dict[tuple[Buffer, int], Buffer]
"""The tile's own copy of an array of the user, for each stage that reads it."""


def resolve(kernel: Kernel, layout: Layout, copies: Copies, single: bool) -> Kernel:
    """Return a kernel whose every place is one number of entries into the buffer.

    Parameters
    ----------
    kernel
        What to resolve; it stays as it is.
    layout
        How values lie.
    copies
        The tile's copies of the user's arrays; new ones are entered.
    single
        Whether there is one tile only: else sums over samples add up over tiles.
    """
    made = _Resolving(kernel, layout, copies).kernel(single)
    _merge_counters(made)
    return made


class _Resolving:
    """The resolving of one kernel."""

    def __init__(self, kernel: Kernel, layout: Layout, copies: Copies) -> None:
        self.old, self.layout, self.copies = kernel, layout, copies
        self.memo: dict[Expr, Expr] = {}

    def kernel(self, single: bool) -> Kernel:
        """Return the kernel, resolved."""
        old = self.old
        adds = old.accumulates and not single
        stores = [
            Store(
                s.buffer,
                (self._flat(s.buffer, s.places),),
                self._value(s.value),
                s.add or adds,
                self._chosen(s.chosen),
            )
            for s in old.stores
        ]
        operands = tuple(map(self._value, old.operands))
        return Kernel(old.free, stores, old.folds, old.how, operands, old.level)

    def _flat(self, buffer: Buffer, places: Places) -> Place:
        flat = Place()
        for place, stride in zip(places, self.layout.strides(buffer), strict=True):
            flat += place * stride
        return flat

    def _value(self, x: Expr) -> Expr:
        if x not in self.memo:
            made: Expr = x
            if isinstance(x, Load):
                buffer = self._here(x.buffer)
                places = (self._flat(buffer, x.places),)
                made = Load(buffer, places, self._chosen(x.chosen))
            elif isinstance(x, Call):
                made = Call(x.node, tuple(map(self._value, x.args)))
            self.memo[x] = made
        return self.memo[x]

    def _chosen(self, chosen: Chosen) -> Chosen:
        return tuple((axis, self._value(x)) for axis, x in chosen)

    def _here(self, buffer: Buffer) -> Buffer:
        """Return the tile's copy of an array of the user."""
        if buffer.space != "data":
            return buffer
        key = buffer, self.old.level
        if key not in self.copies:
            copy = Buffer(buffer.name, buffer.kind, buffer.sizes, "tile")
            self.copies[key] = copy
        return self.copies[key]


def _merge_counters(kernel: Kernel) -> None:
    """Make one counter of two that run through memory as one everywhere."""
    while (pair := _mergeable(kernel)) is not None:
        outer, inner = pair
        assert isinstance(outer.size, int)
        assert isinstance(inner.size, int)
        whole = Counter(outer.size * inner.size)
        new = {inner: whole}
        kernel.free = tuple(new.get(c, c) for c in kernel.free if c is not outer)
        kernel.folds = tuple(new.get(c, c) for c in kernel.folds if c is not outer)
        kernel.substitute({outer: Place(), inner: Place.of(whole)}, {})


def _mergeable(kernel: Kernel) -> tuple[Counter, Counter] | None:
    """Return an outer and an inner counter that can be one."""
    places = [store.places[0] for store in kernel.stores]
    if kernel.how == "argmax":
        places.append(joined(kernel.folds))
    for x in walk(kernel.roots()):
        if isinstance(x, Load):
            places.append(x.places[0])
        elif isinstance(x, Position):
            places.append(x.place)
    for group in (kernel.free, kernel.folds):
        for outer, inner in permutations(group, 2):
            size = inner.size
            if (
                isinstance(size, int)
                and isinstance(outer.size, int)
                and all(p.factor(outer) == p.factor(inner) * size for p in places)
            ):
                return outer, inner
    return None
