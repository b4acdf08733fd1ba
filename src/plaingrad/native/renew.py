"""Weights renewed by one sample, W -= rate * outer(x, d): each is moved only once.

Networks that learn sample by sample spend their time on moving weights between caches.
So a row of W is changed in one step, without a sum that is made for it first. And where
the next update begins with x @ W of its own sample, that is made of the same row while
it is at hand; see `ahead`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .builder import I1, I32, I64, Cell, Kind, Value
from .layout import Layout
from .loops import Call, Counter, Expr, Folded, Kernel, Load, N, Number, Store, walk
from .scope import Scope

MOST = 6
"""How many vectors of a row are worked on together: they and as many sums are held."""
UNROLLED = 8
"""How many vectors are changed in one turn of the loop over rows, where there are."""


@dataclass(frozen=True)
class Renewal:
    """W[row, column] -= rate * x[row] * d[column].

    Attributes
    ----------
    store
        Where the entries of W stand.
    row, column
        The counters.
    x, d
        The factors.
    rate
        A number.
    """

    store: Store
    row: Counter
    column: Counter
    x: Load
    d: Load
    rate: Expr

    @property
    def sizes(self) -> tuple[int, int]:
        """The rows and columns of W."""
        rows, columns = self.row.size, self.column.size
        assert isinstance(rows, int)
        assert isinstance(columns, int)
        return rows, columns


@dataclass(frozen=True)
class Following:
    """The next sample, for which x @ W is made, too.

    Attributes
    ----------
    sample
        Where it stands; zero when there is none.
    sums, known
        Where the product goes, and the address of what says that it was made.
    """

    sample: Value
    sums: Value
    known: Value


def renewal(kernel: Kernel, layout: Layout) -> Renewal | None:
    """Return a kernel as the renewal of weights by one sample, if it is one."""
    if layout.tile != 1 or kernel.how != "product" or len(kernel.stores) != 1:
        return None
    store, free = kernel.stores[0], [c for c in kernel.free if c.size != 1]
    rate, place = _rate(store), store.places[0]
    columns = [c for c in free if place.factor(c) == 1]
    if rate is None or len(free) != 2 or len(columns) != 1:
        return None
    if any(c.size != N for c in kernel.folds):
        return None
    (column,), (row,) = columns, (c for c in free if c is not columns[0])
    for x, d in (kernel.operands, kernel.operands[::-1]):
        if isinstance(x, Load) and isinstance(d, Load) and not (x.chosen or d.chosen):
            along, across = x.places[0], d.places[0]
            outer = not along.factor(column) and not across.factor(row)
            if outer and across.factor(column) == 1 and along.factor(row):
                return Renewal(store, row, column, x, d, rate)
    return None


def _rate(store: Store) -> Expr | None:
    """Return the number of W -= number * sum; None when another value is stored."""
    match store.value:
        case Call(old_node, (Load() as old, Call(node, args))) if (
            (old_node.op.name, node.op.name) == ("sub", "mul")
            and (old.buffer, old.places) == (store.buffer, store.places)
            and not store.add
        ):
            numbers = [x for x in args if _is_number(x)]
            folded = any(isinstance(x, Folded) for x in args)
            return numbers[0] if folded and numbers else None
    return None


def _is_number(x: Expr) -> bool:
    """Tell whether an expression is one number for all entries."""
    return all(
        isinstance(part, Number | Call)
        or (isinstance(part, Load) and not part.chosen and not part.places[0].terms)
        for part in walk([x])
    )


def write_renewal(
    scope: Scope, found: Renewal, places: Value | None, following: Following | None
) -> None:
    """Write a renewal.

    Parameters
    ----------
    scope, found
        The kernel, and what it does.
    places
        Where a list of the places of x may be that count, which stand for all rows;
        see `sparse`.
    following
        The next sample, when every row is multiplied by it, too.
    """
    writing, b, size = _Renewing(scope, found), scope.b, found.sizes[0]
    if places is None:
        writing.all_rows(following)
        return
    count = b.load(b.at(places, size, "i64"), I64)
    with b.when(count < 0):
        writing.all_rows(following)
    with b.when(count >= 0):
        writing.listed_rows(places, count)


class _Renewing:
    """The writing of one renewal."""

    def __init__(self, scope: Scope, found: Renewal) -> None:
        self.scope, self.b, self.found = scope, scope.b, found
        self.one = Kind(scope.layout.element)
        self.kind = Kind(scope.layout.element, scope.width)
        self.rate = -self.b.coerce(scope.numbers(found.rate), self.one)
        for counter in scope.kernel.counters:
            scope.at[counter] = 0

    def all_rows(self, following: Following | None) -> None:
        """Change every row, and make the product for the next sample, if there is."""
        if following is None:
            self._rows(None)
            return
        b, sample = self.b, following.sample
        given = b.emit(f"icmp ne ptr {sample.text}, null", I1)
        with b.when(given):
            self._rows(following)
            b.store(following.known, b.constant(1, I64))
        with b.when(~given):
            self._rows(None)

    def _rows(self, following: Following | None) -> None:
        b, (rows, _) = self.b, self.found.sizes
        done = self._whole_rows()
        for starts in self._groups():
            d = self._vectors(starts)
            sums = [b.cell(b.constant(0, self.kind)) for _ in d]
            if done:
                self._blocks(done, following, sums)
            turns = max(1, UNROLLED // len(d))
            whole = done + (rows - done) // turns * turns
            for first, last, step in ((done, whole, turns), (whole, rows, 1)):
                with b.loop(first, last, step) as i:
                    for row in (i + turn for turn in range(step)):
                        new = self._change(row, starts, d)
                        if following is not None:
                            self._add(following, row, new, sums)
            if following is not None:
                for start, total in zip(starts, sums, strict=True):
                    at = b.at(following.sums, start, self.one.element)
                    b.store(at, total.get())

    # Some rows as whole vectors: those of one row may be cut, and cross cache lines.

    def _period(self) -> int:
        """Return how many rows are whole vectors, where W is in one piece."""
        columns, lanes = self.found.sizes[1], self.kind.lanes
        close = self.found.store.places[0].factor(self.found.row) == columns
        rows = lanes // math.gcd(columns, lanes)
        return rows if close and rows * columns <= MOST * lanes else 1

    def _whole_rows(self) -> int:
        """Return how many of the rows are worked on so."""
        rows, period = self.found.sizes[0], self._period()
        return 0 if period == 1 else rows // period * period

    def _blocks(
        self, rows: int, following: Following | None, sums: Sequence[Cell]
    ) -> None:
        """Change so many rows, a period of them at a time, and add them to sums."""
        b, found, columns, period = (
            self.b,
            self.found,
            self.found.sizes[1],
            self._period(),
        )
        element, lanes = self.one.element, self.kind.lanes
        starts = range(0, period * columns, lanes)
        scope, room = self.scope, b.room(self.one, period * columns + lanes)
        scope.at[found.column] = 0
        for i in range(period):
            self._copied(b.at(room, i * columns, element), scope.address(found.d))
        d = [b.load(b.at(room, start, element), self.kind) for start in starts]
        totals = [b.cell(b.constant(0, self.kind)) for _ in starts]
        with b.loop(0, rows, period) as first:
            numbers, others = [], []
            for i in range(period):
                scope.at[found.row] = first + i
                numbers.append(self.rate * b.load(scope.address(found.x), self.one))
                if following is not None:
                    at = b.at(following.sample, first + i, element)
                    others.append(b.load(at, self.one))
            scope.at[found.row] = first
            place = scope.address(found.store)
            for start, v, total in zip(starts, d, totals, strict=True):
                here = b.at(place, start, element)
                factor = self._by_row(numbers, start)
                new = b.fma(factor, v, b.load(here, self.kind))
                b.store(here, new)
                if following is not None:
                    other = self._by_row(others, start)
                    total.set(b.fma(other, new, total.get()))
        if following is not None:
            for start, total in zip(starts, totals, strict=True):
                b.store(b.at(room, start, element), total.get())
            for i in range(period):
                for start, total in zip(range(0, columns, lanes), sums, strict=True):
                    at = b.at(room, i * columns + start, element)
                    total.set(total.get() + b.load(at, self.kind))

    def _copied(self, target: Value, source: Value) -> None:
        """Copy a row; what is behind it is overwritten by the next."""
        for start in range(0, self.found.sizes[1], self.kind.lanes):
            v = self.b.load(self.b.at(source, start, self.one.element), self.kind)
            self.b.store(self.b.at(target, start, self.one.element), v)

    def _by_row(self, numbers: Sequence[Value], start: int) -> Value:
        """Return the number of its row in each lane of a vector of some rows."""
        b, columns, lanes = self.b, self.found.sizes[1], self.kind.lanes
        rows = [(start + lane) // columns for lane in range(lanes)]
        made = b.broadcast(numbers[rows[0]], lanes)
        for row in range(rows[0] + 1, rows[-1] + 1):
            mine = b.numbers([one >= row for one in rows], "i1")
            made = b.select(mine, b.broadcast(numbers[row], lanes), made)
        return made

    def listed_rows(self, places: Value, count: Value) -> None:
        """Change the rows of a list."""
        b = self.b
        for starts in self._groups():
            d = self._vectors(starts)
            with b.loop(0, count) as i:
                place = b.load(b.at(places, i, "i32"), I32)
                self._change(b.convert(place, "i64"), starts, d)

    def _groups(self) -> Iterator[Sequence[int]]:
        """Yield the columns with which the vectors of a few begin."""
        starts = range(0, self.found.sizes[1], self.kind.lanes)
        for place in range(0, len(starts), MOST):
            yield starts[place : place + MOST]

    def _vectors(self, starts: Sequence[int]) -> list[Value]:
        """Return the vectors of d that begin at some columns."""
        found = []
        for start in starts:
            self.scope.at[self.found.column] = start
            found.append(self.b.load(self.scope.address(self.found.d), self.kind))
        return found

    def _change(
        self, row: Value, starts: Sequence[int], d: Sequence[Value]
    ) -> list[Value]:
        """Change some columns of a row, and return what they are now."""
        b, scope, found = self.b, self.scope, self.found
        scope.at[found.row] = row
        x = b.load(scope.address(found.x), self.one)
        factor, changed = b.broadcast(self.rate * x, self.kind.lanes), []
        for start, v in zip(starts, d, strict=True):
            scope.at[found.column] = start
            place = scope.address(found.store)
            new = b.fma(factor, v, b.load(place, self.kind))
            count = min(self.kind.lanes, found.sizes[1] - start)
            scope.write(place, new, count)
            changed.append(new)
        return changed

    def _add(
        self,
        following: Following,
        row: Value,
        new: Sequence[Value],
        sums: Sequence[Cell],
    ) -> None:
        """Add a row, times a number of the next sample."""
        b = self.b
        at = b.at(following.sample, row, self.one.element)
        x = b.broadcast(b.load(at, self.one), self.kind.lanes)
        for total, v in zip(sums, new, strict=True):
            total.set(b.fma(x, v, total.get()))
