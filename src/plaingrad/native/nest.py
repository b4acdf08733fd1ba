"""Kernels as loops: values entry by entry, sums and maxima."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf

from .builder import I64, Cell, Kind, Value
from .lanes import lane_sums, transposed
from .layout import Layout
from .loops import Counter, Kernel, Load, N, joined
from .scope import Scope

LEAST = -(2**31)
"""The smallest whole number that is computed with."""
LONG_ROW, SHORT_PIECE = 256, 64
"""The numbers from which rows are long, and below which pieces of them are short."""
STRIP = 8
"""How many long rows are cut into pieces at a time."""


def choose_lane(kernel: Kernel, layout: Layout) -> Counter | None:
    """Return the counter whose values stand side by side in a vector.

    That is the samples, where these lie together; else what is written to neighbouring
    places, else what is read from such. There is none where a vector is one number.
    """
    if layout.width == 1:
        return None
    samples = kernel.samples
    # two samples may add to the same row
    together = samples is not None and not (kernel.how == "put" and kernel.accumulates)
    if layout.lanes == "samples" and together and not _copies_apart(kernel, samples):
        return samples
    # a small tile has no room for the samples of a vector
    ones = (1,) if layout.rows >= layout.width else (1, N)
    for store in kernel.stores:
        for counter in kernel.free:
            if store.places[0].factor(counter) == 1 and counter.size not in ones:
                return counter
    if kernel.how not in ("sum", "max", "product"):
        return None
    loads = kernel.loads()
    for counter in reversed(kernel.folds):
        factors = {x.places[0].factor(counter) for x in loads}
        if factors <= {0, 1} and 1 in factors and counter.size != N:
            return counter
    return None


def _copies_apart(kernel: Kernel, samples: Counter | None) -> bool:
    """Tell whether a kernel does nothing but put samples far from each other."""
    store = kernel.stores[0]
    moves = kernel.how == "map" and isinstance(store.value, Load) and not store.add
    return moves and samples is not None and store.places[0].factor(samples) > 1


def in_order(kernel: Kernel, without: Sequence[Counter | None] = ()) -> list[Counter]:
    """Return the free counters, those that move furthest in memory first."""
    store = kernel.stores[0].places[0]
    kept = [c for c in kernel.free if c not in without]
    return sorted(kept, key=lambda c: -abs(store.factor(c)))


def write_map(scope: Scope) -> None:
    """Write the kernel that computes every entry by itself."""
    turned = _turned(scope)
    if turned is not None:
        _write_turned(scope, turned)
        return

    def entry() -> None:
        for store in scope.kernel.stores:
            scope.store(store)

    strip = _in_strips(scope)
    if strip is not None:
        _write_strips(scope, *strip, entry)
        return
    with scope.loops(in_order(scope.kernel, [scope.lane])):
        scope.across(entry)


def _in_strips(scope: Scope) -> tuple[Counter, Counter] | None:
    """Return the counters (rows, pieces) of a copy that cuts long rows into pieces.

    Its pieces of a row go far apart, and its rows are read from far apart.
    """
    kernel, lane = scope.kernel, scope.lane
    (store, *more), value = kernel.stores, kernel.stores[0].value
    if more or store.add or not isinstance(value, Load) or value.chosen:
        return None
    place, source = store.places[0], value.places[0]
    free = [c for c in kernel.free if c is not lane and isinstance(c.size, int)]
    rows = [c for c in free if abs(source.factor(c)) >= LONG_ROW]
    pieces = [c for c in free if 0 < source.factor(c) < SHORT_PIECE]
    if len(rows) != 1 or len(pieces) != 1 or not isinstance(rows[0].size, int):
        return None
    apart = abs(place.factor(pieces[0])) > abs(place.factor(rows[0]))
    return (rows[0], pieces[0]) if apart and rows[0].size >= STRIP else None


def _write_strips(
    scope: Scope, rows: Counter, pieces: Counter, entry: Callable[[], None]
) -> None:
    """Write such a copy: a few rows at a time, from their first to their last piece.

    Row by row it would write everywhere, and piece by piece it would read every line of
    memory again for each of the pieces that it holds.
    """
    b, size = scope.b, rows.size
    assert isinstance(size, int)
    with (
        scope.loops(in_order(scope.kernel, [scope.lane, rows, pieces])),
        scope.inner(),
        scope.share(b.constant(-(-size // STRIP), I64)) as (start, stop),
        b.loop(start, stop) as strip,
        scope.loops([pieces]),
    ):
        # the last strip may copy some rows once more
        first = b.minimum(strip * STRIP, size - STRIP)
        for i in range(STRIP):
            with scope.inner():
                scope.at[rows] = first + i
                scope.across(entry)


def _turned(scope: Scope) -> Counter | None:
    """Return the counter along which a copy reads neighbours, if it writes others."""
    kernel, lane = scope.kernel, scope.lane
    (store, *more), width = kernel.stores, scope.width
    value = store.value
    if more or store.add or not isinstance(value, Load) or value.chosen:
        return None
    if lane is None or not isinstance(lane.size, int) or scope.step(value) in (0, 1):
        return None
    for counter in kernel.free:
        size = counter.size
        # samples that lie together have room for whole squares
        enough = not isinstance(size, int) or size >= width
        if value.places[0].factor(counter) == 1 and enough:
            return counter if lane.size >= width else None
    return None


def _write_turned(scope: Scope, along: Counter) -> None:
    """Write a copy that exchanges two axes: square by square, in registers."""
    lane, width, size = scope.lane, scope.width, along.size
    assert lane is not None
    whole = size // width * width if isinstance(size, int) else scope.limit(along)

    def square() -> None:
        if scope.live is not None:
            _singly(scope, along, 0)
            return
        with scope.inner(), scope.b.loop(0, whole, width) as i:
            scope.at[along] = i
            _square(scope, along)
        if isinstance(whole, int):
            _singly(scope, along, whole)

    with scope.loops(in_order(scope.kernel, [lane, along])):
        scope.across(square)


def _singly(scope: Scope, along: Counter, first: int) -> None:
    """Copy vectors one by one, their lanes gathered, from one place on."""
    with scope.inner(), scope.b.loop(first, scope.limit(along)) as i:
        scope.at[along] = i
        scope.store(scope.kernel.stores[0])


def _square(scope: Scope, along: Counter) -> None:
    """Read as many vectors as they have lanes, and write them turned."""
    b, width, (store,) = scope.b, scope.width, scope.kernel.stores
    load = store.value
    assert isinstance(load, Load)
    element = scope.layout.stored(load.buffer)
    start, step = scope.address(load), scope.step(load)
    kind = Kind(element, width)
    rows = [b.load(b.at(start, i * step, element), kind) for i in range(width)]
    place, far = scope.address(store), store.places[0].factor(along)
    for i, column in enumerate(transposed(b, rows)):
        b.store(b.at(place, i * far, element), column)


def write_fold(scope: Scope) -> None:
    """Write the kernel that sums, looks for the largest entry, or adds up rows."""
    kernel, lane = scope.kernel, scope.lane
    if kernel.how == "put":
        _write_put(scope)
        return
    if lane in kernel.folds:
        _fold_across(scope)
        return

    def entry() -> None:
        found = _Found(scope)
        with scope.loops(kernel.folds):
            found.take(found.operand())
        scope.folded = found.result()
        for store in kernel.stores:
            scope.store(store)

    with scope.loops(in_order(kernel, [lane])):
        scope.across(entry)


def _fold_across(scope: Scope) -> None:
    """Fold over the lanes, too: vectors are folded, and at the end their lanes.

    Sums of neighbouring results are finished together, which takes fewer steps.
    """
    kernel, width = scope.kernel, scope.width
    order = in_order(kernel)
    last = order[-1] if order else None
    close = (
        kernel.how == "sum"
        and last is not None
        and kernel.stores[0].places[0].factor(last) == 1
    )
    if last is None or not isinstance(last.size, int) or not close:
        with scope.loops(order):
            _fold_group(scope, None, 1)
        return
    whole = last.size // width * width
    with scope.loops(order[:-1]):
        if whole:
            with scope.inner(), scope.b.loop(0, whole, width) as i:
                scope.at[last] = i
                _fold_group(scope, last, width)
        if last.size > whole:
            with scope.inner():
                scope.at[last] = whole
                _fold_group(scope, last, last.size - whole)


def _fold_group(scope: Scope, counter: Counter | None, count: int) -> None:
    """Fold for `count` values of a free counter at the same time."""
    kernel, b = scope.kernel, scope.b
    found = [_Found(scope) for _ in range(count)]

    def take() -> None:
        for i, one in enumerate(found):
            with scope.inner():
                if counter is not None:
                    scope.at[counter] = scope.at[counter] + i
                one.take(scope.masked(one.operand(), one.start))

    def vectors() -> None:
        with scope.loops([c for c in kernel.folds if c is not scope.lane]):
            take()

    scope.exactly(vectors)
    if counter is None or count == 1:
        scope.folded = b.across(found[0].result(), found[0].join)
        with scope.scalar():
            for store in kernel.stores:
                scope.store(store)
        return
    total = lane_sums(b, [one.result() for one in found])
    with scope.scalar(counter, total.kind.lanes):
        scope.live = count if count < total.kind.lanes else None
        scope.folded = total
        for store in kernel.stores:
            scope.store(store)


def _write_put(scope: Scope) -> None:
    """Write the kernel that adds to an array, where chosen numbers say."""
    kernel, b, (store,) = scope.kernel, scope.b, scope.kernel.stores
    (added,) = kernel.operands
    buffer, element = store.buffer, scope.layout.element
    if not store.add:
        b.clear(scope.base(buffer), scope.layout.bytes(buffer))

    def entry() -> None:
        chosen, there = scope.chosen(store.chosen, buffer)
        start, kind = scope.address(store), Kind(element, scope.width)
        v = b.select(there, b.coerce(scope.numbers(added), kind), 0.0)
        if chosen.kind.lanes == 1 and scope.step(store) <= 1:
            place = b.at(start, chosen, element)
            scope.write(place, b.load(place, kind) + v, scope.counting)
            return
        for i in range(scope.counting):
            one = b.lane(chosen, i) + i * scope.step(store)
            place = b.at(start, one, element)
            b.store(place, b.load(place, Kind(element)) + b.lane(v, i))

    free = in_order(kernel, [scope.lane])
    outer = [c for c in free if c is kernel.samples]
    inner = [c for c in free if c is not kernel.samples]
    with scope.loops([*outer, *kernel.folds, *inner]):
        scope.across(entry)


class _Found:
    """What a fold has found so far."""

    def __init__(self, scope: Scope) -> None:
        self.scope, self.how = scope, scope.kernel.how
        b = scope.b
        element = scope.folding
        self.kind = Kind(element, scope.width)
        self.start = 0.0
        if self.how in ("max", "argmax"):
            self.start = -inf if self.kind.is_float else LEAST
        self.best = b.cell(b.constant(self.start, self.kind))
        self.place: Cell | None = None
        if self.how == "argmax":
            self.place = b.cell(b.constant(0, self.kind.of("i32")))

    def operand(self) -> Value:
        """Return what is folded at this point."""
        scope = self.scope
        each = [
            scope.b.coerce(scope.numbers(x), self.kind) for x in scope.kernel.operands
        ]
        return each[0] if len(each) == 1 else each[0] * each[1]

    def join(self, a: Value, c: Value) -> Value:
        """Return two results as one; nan where one of them is nan."""
        if self.how != "max":
            return a + c
        b = self.scope.b
        larger = b.maximum(a, c)
        return b.select(c.equals(c), larger, c) if c.kind.is_float else larger

    def take(self, v: Value) -> None:
        """Look at one more entry."""
        b, best = self.scope.b, self.best.get()
        if self.place is None:
            self.best.set(self.join(best, v))
            return
        better = v > best
        at = self.scope.offset(joined(self.scope.kernel.folds))
        here = at if isinstance(at, int) else b.convert(at, "i32")
        self.place.set(
            b.select(better, b.coerce(here, self.place.kind), self.place.get())
        )
        self.best.set(b.select(better, v, best))

    def result(self) -> Value:
        """Return what was found."""
        return self.best.get() if self.place is None else self.place.get()
