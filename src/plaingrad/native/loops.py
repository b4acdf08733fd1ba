"""Programs as loops: kernels over named counters, with affine places in buffers.

This is the language between the graph and machine code. A kernel runs over its free
counters; for each point it may fold an expression over more counters (a sum, a maximum,
a product of matrices), and stores values. Where a value stands is told in the axes of
its buffer, so that the layout in memory is left open until `memory` decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ..graph import Node
from ..shapes import Dim, Kind, Size

N = Dim(("n",))
"""The number of samples, which only the data tell."""

Space = Literal["tile", "step", "stored", "data", "number"]
"""Where a buffer lives: with the samples; for one update; outside, kept from update to
update; outside, one row for each sample; one number of the clock or the settings."""


@dataclass(eq=False, slots=True)
class Counter:
    """A loop variable that counts from 0 to below `size`; `N` counts samples."""

    size: Size

    def __repr__(self) -> str:
        return f"<{self.size}:{id(self) % 997}>"


@dataclass(frozen=True, slots=True)
class Place:
    """A whole number: `start` plus each counter times its factor."""

    start: int = 0
    terms: tuple[tuple[Counter, int], ...] = ()

    @classmethod
    def of(cls, counter: Counter) -> Place:
        """Return the counter itself."""
        return cls(0, ((counter, 1),))

    def __add__(self, other: Place) -> Place:
        sums = dict(self.terms)
        for counter, factor in other.terms:
            sums[counter] = sums.get(counter, 0) + factor
        terms = tuple((c, f) for c, f in sums.items() if f)
        return Place(self.start + other.start, terms)

    def __mul__(self, factor: int) -> Place:
        terms = tuple((c, f * factor) for c, f in self.terms if factor)
        return Place(self.start * factor, terms)

    @property
    def counter(self) -> Counter | None:
        """The counter, when the place is nothing else."""
        if self.start == 0 and len(self.terms) == 1 and self.terms[0][1] == 1:
            return self.terms[0][0]
        return None

    def factor(self, counter: Counter) -> int:
        """Return by how much the place grows with a counter."""
        return next((f for c, f in self.terms if c is counter), 0)

    def replaced(self, by: Mapping[Counter, Place]) -> Place:
        """Return the place with some counters replaced."""
        made = Place(self.start)
        for counter, factor in self.terms:
            made += by.get(counter, Place.of(counter)) * factor
        return made


@dataclass(eq=False, slots=True)
class Buffer:
    """Numbers in memory: a named array with one size for each axis."""

    name: str
    kind: Kind
    sizes: tuple[Size, ...]
    space: Space
    node: Node | None = None

    def __repr__(self) -> str:
        sizes = "x".join(map(str, self.sizes))
        return f"{self.name}[{self.space} {self.kind} {sizes}]"


Places = tuple[Place, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Load:
    """What stands in a buffer; along some of its axes a value chooses where."""

    buffer: Buffer
    places: Places
    chosen: Chosen = ()

    @property
    def kind(self) -> Kind:
        """What it holds."""
        return self.buffer.kind


@dataclass(frozen=True, eq=False, slots=True)
class Number:
    """A constant."""

    value: float
    kind: Kind = "number"


@dataclass(frozen=True, eq=False, slots=True)
class Position:
    """A place itself, as a whole number."""

    place: Place
    kind: Kind = "int"


@dataclass(frozen=True, eq=False, slots=True)
class Call:
    """An operation that works entry by entry."""

    node: Node
    args: tuple[Expr, ...]

    @property
    def kind(self) -> Kind:
        """What it holds."""
        return self.node.kind


@dataclass(frozen=True, eq=False, slots=True)
class Folded:
    """What the kernel's fold gives at this point."""

    kind: Kind = "float"


Expr = Load | Number | Position | Call | Folded
Chosen = tuple[tuple[int, Expr], ...]
"""Axes of a buffer, and the values that choose an entry along them."""
How = Literal["map", "sum", "max", "argmax", "product", "put"]


@dataclass(frozen=True, eq=False, slots=True)
class Store:
    """Writes a value to a buffer, or adds it to what is there."""

    buffer: Buffer
    places: Places
    value: Expr
    add: bool = False
    chosen: Chosen = ()


@dataclass(eq=False)
class Kernel:
    """Loops over `free` counters around a fold over `folds`, and stores.

    `operands` are what is folded: two for a product, else one; for "put" what is added
    where the store chooses. `level` is the stage, and `part` whether a tile is gone
    through part by part.
    """

    free: tuple[Counter, ...]
    stores: list[Store]
    folds: tuple[Counter, ...] = ()
    how: How = "map"
    operands: tuple[Expr, ...] = ()
    level: int = 0
    part: bool = False

    @property
    def counters(self) -> tuple[Counter, ...]:
        """All counters."""
        return (*self.free, *self.folds)

    @property
    def samples(self) -> Counter | None:
        """The counter of samples, if there is one."""
        return next((c for c in self.counters if c.size == N), None)

    @property
    def accumulates(self) -> bool:
        """Whether it folds over samples, so that all tiles must add up."""
        return any(c.size == N for c in self.folds)

    @property
    def writes(self) -> list[Buffer]:
        """The buffers that it stores to."""
        return [store.buffer for store in self.stores]

    def roots(self) -> list[Expr]:
        """Return the expressions that it evaluates."""
        chosen = (x for store in self.stores for _, x in store.chosen)
        return [*self.operands, *chosen, *(store.value for store in self.stores)]

    def loads(self) -> list[Load]:
        """Return every reading of a buffer."""
        return [x for x in walk(self.roots()) if isinstance(x, Load)]

    def touched(self) -> list[Buffer]:
        """Return the buffers that it reads or writes, each once."""
        return [*dict.fromkeys([*(x.buffer for x in self.loads()), *self.writes])]

    def replace_counters(self, by: Mapping[Counter, Sequence[Counter]]) -> None:
        """Split counters: each becomes several, the first the slowest."""
        places = {old: joined(new) for old, new in by.items()}
        self.free = tuple(c for old in self.free for c in by.get(old, (old,)))
        self.folds = tuple(c for old in self.folds for c in by.get(old, (old,)))
        self.substitute(places, {})

    def substitute(
        self, places: Mapping[Counter, Place], values: Mapping[Expr, Expr]
    ) -> None:
        """Replace counters and expressions everywhere."""
        memo: dict[Expr, Expr] = dict(values)
        self.operands = tuple(rewritten(x, places, memo) for x in self.operands)
        self.stores = [
            replace(
                store,
                places=tuple(p.replaced(places) for p in store.places),
                value=rewritten(store.value, places, memo),
                chosen=_rewritten(store.chosen, places, memo),
            )
            for store in self.stores
        ]


def joined(counters: Sequence[Counter]) -> Place:
    """Return the place that counters number through, the first the slowest."""
    place = Place()
    for counter in counters:
        size = counter.size
        if isinstance(size, Dim):
            assert not place.terms
            place = Place.of(counter)
        else:
            place = place * size + Place.of(counter)
    return place


def parts(x: Expr) -> tuple[Expr, ...]:
    """Return the expressions that one is made of."""
    if isinstance(x, Call):
        return x.args
    if isinstance(x, Load):
        return tuple(one for _, one in x.chosen)
    return ()


def walk(roots: Sequence[Expr]) -> Iterator[Expr]:
    """Yield every expression once."""
    seen: set[Expr] = set()
    stack = list(roots)
    while stack:
        x = stack.pop()
        if x not in seen:
            seen.add(x)
            yield x
            stack.extend(parts(x))


def rewritten(x: Expr, places: Mapping[Counter, Place], memo: dict[Expr, Expr]) -> Expr:
    """Return an expression with counters replaced; `memo` may hold replacements."""
    found = memo.get(x)
    if found is not None:
        return found
    made: Expr = x
    if isinstance(x, Load):
        chosen = _rewritten(x.chosen, places, memo)
        made = Load(x.buffer, tuple(p.replaced(places) for p in x.places), chosen)
    elif isinstance(x, Position):
        made = Position(x.place.replaced(places), x.kind)
    elif isinstance(x, Call):
        made = Call(x.node, tuple(rewritten(a, places, memo) for a in x.args))
    memo[x] = made
    return made


def _rewritten(
    chosen: Chosen, places: Mapping[Counter, Place], memo: dict[Expr, Expr]
) -> Chosen:
    return tuple((axis, rewritten(x, places, memo)) for axis, x in chosen)
