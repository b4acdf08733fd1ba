"""The inside of a kernel: expressions at the present point of its loops."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import reduce
from math import nan
from operator import add, and_, mul
from typing import Any

from .builder import I64, Builder, Kind, Value, as_float32
from .entries import evaluate, sequence, uniform
from .errors import Unsupported
from .layout import Layout
from .loops import (
    Buffer,
    Call,
    Chosen,
    Counter,
    Expr,
    Folded,
    Kernel,
    Load,
    Number,
    Place,
    Position,
    Store,
    parts,
)

COMPARISONS = ("gt", "ge", "lt", "le", "eq")


class Scope:
    """Writes the loops of one kernel.

    Parameters
    ----------
    b
        Where the instructions go.
    kernel
        What to write, its places resolved.
    layout
        How values lie in memory.
    base
        Gives the address at which a buffer begins.
    sizes
        Values of the batch: "rows" in the tile, the number "first" of its first sample
        within the batch, the number "n" of all.
    lane
        The counter whose values stand side by side in a vector, if there is one.
    """

    def __init__(
        self,
        b: Builder,
        kernel: Kernel,
        layout: Layout,
        base: Callable[[Buffer], Value],
        sizes: Mapping[str, Value],
        lane: Counter | None,
    ) -> None:
        self.b, self.kernel, self.layout = b, kernel, layout
        self.base, self.sizes = base, sizes
        self.lane = lane
        self.width = layout.width if lane is not None else 1
        self.at: dict[Counter, Value | int] = {}
        self.memo: dict[Expr, Any] = {}
        self.sequences: dict[Expr, tuple[Value, Value]] = {}
        self.folded: Value | None = None
        self.live: int | None = None
        self.mask: Value | None = None
        self.shared: tuple[Value, Value] | None = None
        self._fixed()

    def _fixed(self) -> None:
        """Compute what is the same at all points, before the loops begin."""
        for x in self._in_order():
            if _fixed(x):
                self.value(x)
            elif _is_uniform(x):
                assert isinstance(x, Call)
                self._sequence(x)

    def _in_order(self) -> list[Expr]:
        done: dict[Expr, None] = {}

        def visit(x: Expr) -> None:
            if x not in done:
                for part in parts(x):
                    visit(part)
                done[x] = None

        for root in self.kernel.roots():
            visit(root)
        return list(done)

    # Loops.

    @contextmanager
    def inner(self) -> Iterator[None]:
        """Forget at the end what was computed inside."""
        memo, at, live, mask = dict(self.memo), dict(self.at), self.live, self.mask
        yield
        self.memo, self.at, self.live, self.mask = memo, at, live, mask

    @contextmanager
    def scalar(self, lane: Counter | None = None, width: int = 1) -> Iterator[None]:
        """Write without lanes for a while, or with other ones."""
        before = self.lane, self.width
        with self.inner():
            self.lane, self.width = lane, width
            if lane is None:
                self.live = None
            yield
        self.lane, self.width = before

    def size(self, counter: Counter) -> int | None:
        """Return how far a counter runs, when that is known; tiles of one are full."""
        if isinstance(counter.size, int):
            return counter.size
        return 1 if self.layout.tile == 1 else None

    def limit(self, counter: Counter) -> Value:
        """Return how far a counter runs."""
        size = self.size(counter)
        return self.sizes["rows"] if size is None else self.b.constant(size, I64)

    @contextmanager
    def loops(self, counters: Sequence[Counter]) -> Iterator[None]:
        """Run the block for every value of the counters, the first the slowest."""
        if not counters:
            yield
            return
        first, *rest = counters
        with self.inner(), self._each(first), self.loops(rest):
            yield

    @contextmanager
    def _each(self, counter: Counter) -> Iterator[None]:
        """Run the block for every value of a counter."""
        if self.size(counter) == 1:
            self.at[counter] = 0
            yield
            return
        limit = self.limit(counter)
        with (
            self.share(limit) as (start, stop),
            self.b.loop(start, stop) as self.at[counter],
        ):
            yield

    def across(self, body: Callable[[], None]) -> None:
        """Do the body for all of the lane counter, a vector at a time.

        In the last vector of a known size only `live` lanes count; samples may be
        computed past their end, where there is room.
        """
        lane = self.lane
        if lane is None:
            body()
            return
        size, width = lane.size, self.width
        if not isinstance(size, int):
            vectors = (self.limit(lane) + (width - 1)) / width
            with self.inner(), self._vectors(lane, vectors):
                body()
            return
        whole = size // width * width
        if whole > width:
            vectors = self.b.constant(whole // width, I64)
            with self.inner(), self._vectors(lane, vectors):
                body()
        elif whole:
            with self.inner(), self.last():
                self.at[lane] = 0
                body()
        if size > whole:
            with self.inner(), self.last():
                self.at[lane], self.live = whole, size - whole
                body()

    @contextmanager
    def _vectors(self, lane: Counter, count: Value) -> Iterator[None]:
        """Run the block for so many whole vectors of the lane counter."""
        width = self.width
        with (
            self.share(count) as (start, stop),
            self.b.loop(start * width, stop * width, width) as self.at[lane],
        ):
            yield

    @contextmanager
    def share(self, count: Value) -> Iterator[tuple[Value, Value]]:
        """Have from where to where this thread runs; nothing inside is shared again."""
        shared, self.shared = self.shared, None
        if shared is None:
            yield self.b.constant(0, I64), count
        else:
            me, threads = shared
            yield count * me / threads, count * (me + 1) / threads
        self.shared = shared

    @contextmanager
    def last(self) -> Iterator[None]:
        """Have the block, which no loop shares, run by the last of the threads."""
        shared, self.shared = self.shared, None
        if shared is None:
            yield
        else:
            me, threads = shared
            with self.b.when((me + 1).equals(threads)):
                yield
        self.shared = shared

    def exactly(self, body: Callable[[], None]) -> None:
        """Do the body as `across` does, and mask the samples behind the last."""
        lane, width, b = self.lane, self.width, self.b
        if lane is None or isinstance(lane.size, int):
            self.across(body)
            return
        rows = self.limit(lane)
        whole = rows & -width
        with self.inner(), b.loop(0, whole, width) as i:
            self.at[lane] = i
            body()
        with self.inner(), b.when(whole < rows):
            self.at[lane] = whole
            left = b.convert(rows - whole, "i32")
            self.mask = b.ramp(Kind("i32", width)) < b.broadcast(left, width)
            body()

    def masked(self, v: Value, neutral: float) -> Value:
        """Return a vector with lanes that do not count replaced."""
        b = self.b
        if self.mask is not None:
            return b.select(self.mask, v, b.constant(neutral, v.kind))
        if self.live is not None and self.live < v.kind.lanes:
            keep = b.numbers([i < self.live for i in range(v.kind.lanes)], "i1")
            return b.select(keep, v, b.constant(neutral, v.kind))
        return v

    @property
    def folding(self) -> str:
        """In what the kernel folds: whole numbers are compared as such."""
        whole = self.kernel.operands[0].kind in ("int", "bool")
        compares = self.kernel.how in ("max", "argmax")
        return "i32" if whole and compares else self.layout.element

    def numbers(self, x: Expr) -> Value:
        """Return what is folded, an operand of the kernel."""
        return self._as(self.value(x), Kind(self.folding))

    # Places.

    def offset(self, place: Place) -> Value | int:
        """Return a place as a number."""
        total: Value | int = place.start
        for counter, factor in place.terms:
            at = self.at[counter]
            if isinstance(at, int) and isinstance(total, int):
                total += at * factor
            else:
                total = (at * factor) + total
        return total

    def address(self, access: Load | Store) -> Value:
        """Return where an entry stands."""
        element = self.layout.stored(access.buffer)
        place = self.offset(access.places[0])
        return self.b.at(self.base(access.buffer), place, element)

    def step(self, access: Load | Store) -> int:
        """Return by how many entries the next lane stands away."""
        return 0 if self.lane is None else access.places[0].factor(self.lane)

    # Values.

    def value(self, x: Expr) -> Any:
        """Return an expression here: a value of the builder, or a Python number."""
        if x not in self.memo:
            self.memo[x] = self._value(x)
        return self.memo[x]

    def _value(self, x: Expr) -> Any:
        match x:
            case Number():
                return x.value
            case Folded():
                assert self.folded is not None
                return self._truth(self.folded) if x.kind == "bool" else self.folded
            case Load():
                return self._load(x)
            case Position():
                return self._position(x)
            case Call():
                return self._call(x)

    def _load(self, x: Load) -> Value:
        if x.chosen:
            return self._narrow(self._picked(x))
        element = self.layout.stored(x.buffer)
        return self._narrow(self._here(self.address(x), element, self.step(x)))

    def _here(self, address: Value, element: str, step: int) -> Value:
        """Load a vector whose lanes stand `step` entries apart, or what all share."""
        if step == 0:
            return self.b.load(address, Kind(element))
        return self.vector(address, element, step, self.counting)

    @property
    def counting(self) -> int:
        """How many lanes of a vector count."""
        return self.live or self.width

    def vector(self, address: Value, element: str, step: int, count: int) -> Value:
        """Load a vector whose lanes stand `step` entries apart, as far as they count.

        Behind every array there is room for a vector, but not for one that is spread.
        """
        b, width = self.b, self.width
        if step == 1:
            return b.load(address, Kind(element, width))
        each = [
            b.load(b.at(address, i * step, element), Kind(element))
            for i in range(count)
        ]
        return b.gathered(each + each[:1] * (width - count))

    def _picked(self, x: Load) -> Value:
        """Load entries that are chosen, lane by lane where they differ."""
        b, element = self.b, self.layout.stored(x.buffer)
        chosen, there = self.chosen(x.chosen, x.buffer)
        step, start = self.step(x), self.address(x)
        if chosen.kind.lanes == 1:
            found = self._here(b.at(start, chosen, element), element, step)
        else:
            each = []
            for i in range(self.counting):
                one = b.lane(chosen, i) + i * step
                each.append(b.load(b.at(start, one, element), Kind(element)))
            found = b.gathered(each + each[:1] * (self.width - len(each)))
        # NumPy would refuse; a loss that is no number ends the training
        return b.select(there, found, nan) if found.kind.is_float else found

    def chosen(self, chosen: Chosen, buffer: Buffer) -> tuple[Value, Value]:
        """Return how far a chosen entry is off, and whether there is such an entry.

        Number -1 is the last. One that is not there is replaced by the first, so that
        nothing beside the array is touched.
        """
        b, strides = self.b, self.layout.strides(buffer)
        numbers = [self._as(self.value(x), I64) for _, x in chosen]
        lanes = max(number.kind.lanes for number in numbers)
        found: list[tuple[Value, Value]] = []
        for (axis, _), number in zip(chosen, numbers, strict=True):
            count = buffer.sizes[axis]
            assert isinstance(count, int)
            number = b.coerce(number, Kind("i64", lanes))
            number = b.select(number < 0, number + count, number)
            there = (number >= 0) & (number < count)
            found.append((b.select(there, number, 0) * strides[axis], there))
        offsets, known = zip(*found, strict=True)
        return reduce(add, offsets), reduce(and_, known)

    def _narrow(self, v: Value) -> Value:
        """Return what was loaded as it is computed with."""
        if v.kind.element == "i8":
            return self.b.emit(
                f"icmp ne {v.kind.text} {v.text}, {self.b.constant(0, v.kind).text}",
                v.kind.of("i1"),
            )
        return self.b.convert(v, "i32") if v.kind.element == "i64" else v

    def _first(self, place: Place) -> Value:
        """Return a place, counted through the whole batch; in its first lane."""
        b, start = self.b, self.offset(place)
        for counter, times in place.terms:
            if not isinstance(counter.size, int):
                start = start + self.sizes["first"] * times
        if isinstance(start, int):
            return b.constant(start, Kind("i32"))
        return b.convert(start, "i32")

    def _position(self, x: Position) -> Value:
        b, base = self.b, self._first(x.place)
        factor = 0 if self.lane is None else x.place.factor(self.lane)
        if not factor:
            return base
        ramp = b.numbers([i * factor for i in range(self.width)], "i32")
        return b.coerce(base, ramp.kind) + ramp

    def _call(self, x: Call) -> Any:
        node, name = x.node, x.node.op.name
        if name == "size":
            size = node.attrs["size"]
            powers = [self.sizes["n"]] * len(size.symbols)
            return reduce(mul, powers) * float(size.factor)
        if name == "uniform":
            return self._uniform(x)
        args = [self.value(a) for a in x.args]
        if name == "one_hot":
            label, place = args
            return self._one_hot(label, place, node.attrs["classes"])
        if name == "mul" and [a.kind for a in x.args].count("bool") == 1:
            return self._masked(x, args)
        return self._entries(x, args)

    def _one_hot(self, label: Any, place: Value, classes: int) -> Value:
        kind = Kind(self.layout.element)
        b = self.b
        lanes = max(v.kind.lanes for v in (label, place) if isinstance(v, Value))
        wide = Kind("i32", lanes)
        wanted = b.coerce(label, wide)
        # label -1 is the last class, as in NumPy
        wanted = b.select(wanted < 0, wanted + classes, wanted)
        same = wanted.equals(b.coerce(place, wide))
        wide = Kind(kind.element, lanes)
        return b.select(same, b.constant(1, wide), b.constant(0, wide))

    def _uniform(self, x: Call) -> Value:
        """Return random numbers: entries of the sequence of their key, hashed."""
        b, position = self.b, x.args[-1]
        assert isinstance(position, Position)
        start, distance = self._sequence(x)
        factor = 0 if self.lane is None else position.place.factor(self.lane)
        first = self._first(position.place) * distance + start
        if factor:
            ramp = b.numbers([i * factor for i in range(self.width)], "i32")
            steps = ramp * b.broadcast(distance, self.width)
            first = b.broadcast(first, self.width) + steps
        return uniform(b, first, self.layout.element)

    def _sequence(self, x: Call) -> tuple[Value, Value]:
        """Return the start and the distance of a key's sequence."""
        if x not in self.sequences:
            b, words = self.b, []
            for word in [*map(self.value, x.args[:-1]), x.node.attrs["place"]]:
                if isinstance(word, Value):
                    word = b.convert(b.convert(word, "i64"), "i32")
                words.append(b.coerce(word, Kind("i32")))
            self.sequences[x] = sequence(b, words)
        return self.sequences[x]

    def _masked(self, x: Call, args: Sequence[Any]) -> Value:
        """Return a product with truths as a choice."""
        a, c = args
        if x.args[0].kind == "bool":
            a, c = c, a
        kind = Kind(self.layout.element)
        number = self._as(a, kind)
        lanes = max(number.kind.lanes, c.kind.lanes)
        number = self.b.coerce(number, Kind(kind.element, lanes))
        return self.b.select(c, number, self.b.constant(0, number.kind))

    def _entries(self, x: Call, args: Sequence[Any]) -> Any:
        """Return an ordinary operation, its inputs in one type."""
        kinds = {a.kind for a in x.args}
        compared = x.node.op.name in COMPARISONS
        if kinds & {"float"} or (x.kind == "float" and not compared):
            element = self.layout.element
        elif "number" in kinds:
            element = "double" if kinds == {"number"} else self.layout.element
        else:
            element = "i32"
        ready: list[Any] = []
        single = any(_is_uniform(a) for a in x.args)
        for place, (a, v) in enumerate(zip(x.args, args, strict=True)):
            if x.node.op.name == "where" and place == 0:
                ready.append(self._truth(v))
            elif single and isinstance(a, Number):
                # random numbers are float32 everywhere, and are compared as such
                ready.append(as_float32(a.value))
            else:
                ready.append(self._as(v, Kind(element)) if isinstance(v, Value) else v)
        lanes = max((v.kind.lanes for v in ready if isinstance(v, Value)), default=1)
        made = evaluate(self.b, x.node, ready, Kind(element, lanes))
        return self._truth(made) if x.kind == "bool" else made

    def _truth(self, v: Any) -> Value:
        """Return a value as truths; numbers hold if they are not 0."""
        if not isinstance(v, Value):
            return self.b.constant(bool(v), Kind("i1"))
        return v if v.kind.element == "i1" else ~v.equals(0)

    def _as(self, v: Any, kind: Kind) -> Value:
        """Return a value with elements of another type."""
        if not isinstance(v, Value):
            return self.b.constant(v, kind)
        return self.b.convert(v, kind.element)

    # Stores.

    def store(self, store: Store) -> None:
        """Write one value, or a vector of them."""
        b, element = self.b, self.layout.stored(store.buffer)
        address, step = self.address(store), self.step(store)
        v = self._as(self.value(store.value), Kind(self._computed(store)))
        lanes = self.width if step else 1
        if v.kind.lanes > lanes:
            raise Unsupported("a value with lanes where none are stored")
        v = b.coerce(v, Kind(v.kind.element, lanes))
        count = self.live if self.live and lanes > 1 else lanes
        if step in (0, 1):
            v = self._added(store, address, v)
            self.write(address, b.convert(v, element), count)
            return
        for i in range(count):
            one = b.at(address, i * step, element)
            part = self._added(store, one, b.lane(v, i))
            b.store(one, b.convert(part, element))

    def _computed(self, store: Store) -> str:
        kinds = {"float": self.layout.element, "bool": "i1", "int": "i32"}
        return kinds.get(store.buffer.kind, "double")

    def _added(self, store: Store, address: Value, v: Value) -> Value:
        if not store.add:
            return v
        return self.b.load(address, v.kind) + v

    def write(self, address: Value, v: Value, count: int) -> None:
        """Store the first lanes of a vector, in pieces that are powers of two."""
        b, lanes = self.b, v.kind.lanes
        if count == lanes:
            b.store(address, v)
            return
        done = 0
        while done < count:
            size = 1 << ((count - done).bit_length() - 1)
            places = range(done, done + size)
            part = b.lane(v, done) if size == 1 else b.shuffle(v, None, places)
            b.store(b.at(address, done, v.kind.element), part)
            done += size


def _fixed(x: Expr) -> bool:
    """Tell whether an expression is the same at every point of the loops."""
    if isinstance(x, Load):
        return not x.places[0].terms and not x.chosen
    if isinstance(x, Call):
        return all(_fixed(a) for a in x.args)
    return isinstance(x, Number)


def _is_uniform(x: Expr) -> bool:
    return isinstance(x, Call) and x.node.op.name == "uniform"
