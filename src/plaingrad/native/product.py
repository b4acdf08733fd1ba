"""Products of matrices and convolutions: blocks of results that stay in registers.

A block holds `rows` times `columns` vectors of results. In each turn of the fold its
columns are loaded as vectors and its rows as numbers in all lanes (or, where the lanes
themselves are summed over, as vectors, too), and every pair is multiplied and added.
What follows the product is done to the block before it is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from .blocks import FAR, Plan
from .builder import I32, I64, SIZES, Cell, Kind, Value
from .flat import LINE
from .lanes import lane_sums
from .loops import Call, Counter, Load, Store, walk
from .nest import in_order, write_fold
from .scope import Scope
from .sparse import through

UNROLLED = 48
"""The most multiply-adds of a block that are written out one after the other."""
LONG = 12
"""From how many operations on what follows a product is written as a loop."""


Listed = tuple[Counter, Value, Value]
"""A counter, the list of its values that count, and how many these are."""


def write_product(scope: Scope, plan: Plan | None, places: Value | None) -> None:
    """Write a kernel that multiplies and sums.

    Parameters
    ----------
    scope, plan
        The kernel, and how it is computed.
    places
        Where a list of the places may be that count; see `sparse`.
    """
    if plan is None:
        write_fold(scope)
        return
    counter = None if places is None else through(scope.kernel, plan)
    if counter is None or places is None:
        _Product(scope, plan).write()
        return
    b, size = scope.b, counter.size
    assert isinstance(size, int)
    count = b.load(b.at(places, size, "i64"), I64)
    with b.when(count < 0):
        _Product(scope, plan).write()
    with b.when(count >= 0):
        _Product(scope, plan, (counter, places, count)).write()


class _Product:
    """The writing of one product: `a` gives the rows, `v` the vectors."""

    def __init__(self, scope: Scope, plan: Plan, listed: Listed | None = None) -> None:
        self.scope, self.b, self.a, self.v = scope, scope.b, plan.first, plan.second
        self.kernel, self.width, self.listed = scope.kernel, scope.width, listed
        self.lane, self.block = plan.lane, plan.block
        self.summed = plan.lane in self.kernel.folds
        self.vectors = scope.step(self.a) != 0
        self.rows_first, self.packed_first = plan.rows_first, plan.packed_first
        self.step = 1 if plan.packed else scope.step(self.v)

    # The loops around the blocks.

    def write(self) -> None:
        """Write the loops."""
        block, scope = self.block, self.scope
        cut = [block.row, block.column, None if self.summed else self.lane]
        with scope.loops(in_order(self.kernel, cut)):
            if block.column is self.lane or self.summed:
                self._blocks()
            else:
                scope.across(self._blocks)

    def _blocks(self) -> None:
        """Run through all rows and columns; threads share what is outside."""
        block, scope, rows_first = self.block, self.scope, self.rows_first
        outer = block.row if rows_first else block.column
        if scope.shared is not None and (outer is None or scope.size(outer) == 1):
            rows_first = not rows_first
        if block.row is None and block.column is None:
            with scope.last():
                self._write(1, 1)
        elif rows_first:
            self._rows(lambda rows: self._columns(lambda n: self._write(rows, n)))
        else:
            self._columns(lambda n: self._rows(lambda rows: self._write(rows, n)))

    def _columns(self, body: Callable[[int], None]) -> None:
        """Run the body for all columns, told how many there are."""
        column, count = self.block.column, self.block.columns
        if column is None:
            body(1)
        elif column is self.lane:
            self._vectors(body)
        else:
            for first, last, size in _cuts(self.scope.size(column), count):
                self._each(column, first, last, size, body)

    def _vectors(self, body: Callable[[int], None]) -> None:
        """Run the body for blocks of vectors of the lane counter."""
        scope, width, count = self.scope, self.width, self.block.columns
        size = self.lane.size
        if isinstance(size, int):
            whole, rest = size // width, size % width
            full = whole // count * count
            self._each(self.lane, 0, full * width, count * width, lambda _: body(count))
            left = whole - full + (1 if rest else 0)
            if left:
                with scope.last(), scope.inner():
                    scope.at[self.lane] = full * width
                    scope.live = rest or None
                    body(left)
            return
        rows, end = scope.limit(self.lane), self.b.constant(0, I64)
        if count > 1:
            end = rows / (count * width) * (count * width)
            self._each(self.lane, 0, end, count * width, lambda _: body(count))
        self._each(self.lane, end, rows, width, lambda _: body(1))

    def _rows(self, body: Callable[[int], None]) -> None:
        """Run the body for all rows, told how many there are."""
        row, count = self.block.row, self.block.rows
        if row is None:
            body(1)
        else:
            for first, last, size in _cuts(self.scope.size(row), count):
                self._each(row, first, last, size, body)

    @contextmanager
    def _each_listed(self) -> Iterator[Value]:
        """Run the block for each place of the list."""
        assert self.listed is not None
        _, places, count = self.listed
        with self.b.loop(0, count) as i:
            yield self.b.convert(self.b.load(self.b.at(places, i, "i32"), I32), "i64")

    def _each(
        self,
        counter: Counter,
        first: Value | int,
        last: Value | int | None,
        size: int,
        body: Callable[[int], None],
    ) -> None:
        """Run the body at every `size`-th value of a counter."""
        scope = self.scope
        if isinstance(first, int) and isinstance(last, int) and last - first <= size:
            if last > first:
                with scope.last(), scope.inner():
                    scope.at[counter] = first
                    body(size)
            return
        end = scope.limit(counter) if last is None else last
        with (
            scope.inner(),
            self._share(first, end, size) as (start, stop),
            self.b.loop(start, stop, size) as scope.at[counter],
        ):
            body(size)

    @contextmanager
    def _share(
        self, first: Value | int, end: Value | int, size: int
    ) -> Iterator[tuple[Value | int, Value | int]]:
        """Have from where to where this thread runs, in steps of a size."""
        if self.scope.shared is None:
            yield first, end
            return
        blocks = (self.b.coerce(end, I64) - first + (size - 1)) / size
        with self.scope.share(blocks) as (start, stop):
            yield start * size + first, stop * size + first

    # One block.

    def _write(self, rows: int, columns: int) -> None:
        """Write one block: start at zero, fold, finish, store."""
        b, scope = self.b, self.scope
        kind = Kind(scope.layout.element, self.width)
        with scope.inner():
            for counter in self.kernel.folds:
                scope.at[counter] = 0
            starts = scope.address(self.a), scope.address(self.v)
        sums = [
            [b.cell(b.constant(0, kind)) for _ in range(columns)] for _ in range(rows)
        ]
        self._prefetch(rows, columns)
        folds = [c for c in self.kernel.folds if c is not self.lane]

        def turn(a: Value, v: Value) -> None:
            self._multiply(a, v, sums)

        def vectors() -> None:
            at = scope.at[self.lane]
            self._loop(folds, self._moved(starts, self.lane, at), turn, rows * columns)

        if self.summed:
            scope.exactly(vectors)
        else:
            self._loop(folds, starts, turn, rows * columns)
        self._finish(sums)

    def _loop(
        self,
        folds: Sequence[Counter],
        starts: tuple[Value, Value],
        body: Callable[[Value, Value], None],
        work: int,
    ) -> None:
        """Run the body at each point of the fold, with the addresses of that point."""
        if not folds:
            body(*starts)
            return
        counter, *rest = folds
        if self.listed is not None and self.listed[0] is counter:
            with self._each_listed() as place:
                self._loop(rest, self._moved(starts, counter, place), body, work)
            return
        size = self.scope.size(counter)
        turns = 1
        if not rest and isinstance(size, int):
            turns = max(1, min(size, UNROLLED // max(work, 1), 8))
            if size > 8 and turns > 4:
                turns = 4
        whole = size // turns * turns if isinstance(size, int) else None

        def at(i: Value | int) -> None:
            self._loop(rest, self._moved(starts, counter, i), body, work)

        with self._counted(counter, whole, turns) as i:
            for one in range(turns):
                at(i + one)
        if isinstance(size, int) and whole is not None:
            for one in range(whole, size):
                at(one)

    @contextmanager
    def _counted(
        self, counter: Counter, whole: int | None, turns: int
    ) -> Iterator[Value | int]:
        if whole is not None and whole <= turns:
            yield 0
            return
        end = self.scope.limit(counter) if whole is None else whole
        with self.b.loop(0, end, turns) as i:
            yield i

    def _moved(
        self, starts: tuple[Value, Value], counter: Counter, i: Value | int
    ) -> tuple[Value, Value]:
        """Return the addresses at a value of a counter."""
        element = self.scope.layout.element
        made = []
        for load, start in zip((self.a, self.v), starts, strict=True):
            factor = load.places[0].factor(counter)
            made.append(self.b.at(start, i * factor, element) if factor else start)
        return made[0], made[1]

    def _multiply(self, a: Value, v: Value, sums: list[list[Cell]]) -> None:
        """Multiply all rows with all columns at one point of the fold."""
        b, scope, width = self.b, self.scope, self.width
        element = scope.layout.element
        across, count = self._across(), len(sums[0])
        columns = [
            scope.vector(
                b.at(v, j * across, element),
                element,
                self.step,
                width if self._whole(j, count) else scope.counting,
            )
            for j in range(count)
        ]
        if self.summed:
            columns = [scope.masked(c, 0.0) for c in columns]
        along = self._along()
        for i, row in enumerate(sums):
            start = b.at(a, i * along, element)
            if self.vectors:
                one = b.load(start, Kind(element, width))
                # what is behind the last need not be a number, even times zero
                one = scope.masked(one, 0.0) if self.summed else one
            else:
                one = b.broadcast(b.load(start, Kind(element)), width)
            for cell, column in zip(row, columns, strict=True):
                cell.set(b.fma(one, column, cell.get()))

    def _along(self) -> int:
        """Return how far apart the rows of a block stand in the first operand."""
        row = self.block.row
        if row is None:
            return 0
        return 1 if self.packed_first else self.a.places[0].factor(row)

    def _across(self) -> int:
        """Return how far apart the columns of a block stand in the second operand."""
        column = self.block.column
        if column is None:
            return 0
        if column is self.lane:
            return self.step * self.width
        return self.v.places[0].factor(column)

    def _prefetch(self, rows: int, columns: int) -> None:
        """Ask for the lines that a block is finished on, while it is summed.

        Where each row is far from the next, no processor expects them.
        """
        scope, row = self.scope, self.block.row
        if row is None or self.block.column is not self.lane:
            return
        values = [store.value for store in self.kernel.stores]
        read = [x for x in walk(values) if isinstance(x, Load) and not x.chosen]
        finished: list[Load | Store] = [*self.kernel.stores, *read]
        places = {(x.buffer, x.places[0]): x for x in finished if scope.step(x) == 1}
        for x in places.values():
            size = SIZES[scope.layout.stored(x.buffer)]
            if abs(x.places[0].factor(row)) * size < FAR:
                continue
            for i in range(rows):
                for j in range(0, columns, max(1, LINE // (size * self.width))):
                    with self._row_at(i), self._column_at(j, columns):
                        self.b.prefetch(scope.address(x))

    # The end of a block.

    def _finish(self, sums: list[list[Cell]]) -> None:
        """Do to each result what follows the product, and store it.

        What follows is written once for all rows when it is long, so that the code
        stays short; the sums then wait on the stack.
        """
        scope, b = self.scope, self.b
        if len(sums) == 1 or self.summed or self._work() * len(sums) < LONG:
            for i, row in enumerate(sums):
                self._finish_row(i, [cell.get() for cell in row])
            return
        kind, columns = sums[0][0].kind, len(sums[0])
        room = b.room(kind, len(sums) * columns)
        for i, row in enumerate(sums):
            for j, cell in enumerate(row):
                place = (i * columns + j) * kind.lanes
                b.store(b.at(room, place, kind.element), cell.get(), aligned=True)
        with scope.inner(), b.loop(0, len(sums)) as at:
            row_at = b.at(room, at * (columns * kind.lanes), kind.element)
            found = [
                b.load(b.at(row_at, j * kind.lanes, kind.element), kind, aligned=True)
                for j in range(columns)
            ]
            self._finish_row(at, found)

    def _work(self) -> int:
        """Return how many operations follow the product."""
        values = [store.value for store in self.kernel.stores]
        return sum(isinstance(x, Call) for x in walk(values))

    def _finish_row(self, i: Value | int, row: list[Value]) -> None:
        with self._row_at(i):
            if self.summed:
                self._store_sums(row)
            else:
                self._store_row(row)

    def _store_row(self, row: list[Value]) -> None:
        for j, result in enumerate(row):
            with self._column_at(j, len(row)):
                self.scope.folded = result
                for store in self.kernel.stores:
                    self.scope.store(store)

    @contextmanager
    def _row_at(self, i: Value | int) -> Iterator[None]:
        """Go to a row of the block."""
        scope, row = self.scope, self.block.row
        with scope.inner():
            if row is not None:
                scope.at[row] = scope.at[row] + i
            yield

    @contextmanager
    def _column_at(self, j: int, count: int) -> Iterator[None]:
        """Go to one of so many columns of the block; the last may be cut."""
        scope, column = self.scope, self.block.column
        step = self.width if column is self.lane else 1
        with scope.inner():
            if column is not None:
                scope.at[column] = scope.at[column] + j * step
            if self._whole(j, count):
                scope.live = None
            yield

    def _whole(self, j: int, count: int) -> bool:
        """Tell whether one of so many columns is a vector that cannot be cut."""
        return self.block.column is self.lane and j < count - 1

    def _store_sums(self, row: list[Value]) -> None:
        """Store results whose lanes still have to be added up."""
        scope, column, b = self.scope, self.block.column, self.b
        total = lane_sums(b, row)
        together = column is not None and all(
            s.places[0].factor(column) == 1 for s in self.kernel.stores
        )
        if together and len(row) > 1:
            with scope.scalar(column, total.kind.lanes):
                scope.live = len(row) if len(row) < total.kind.lanes else None
                scope.folded = total
                for store in self.kernel.stores:
                    scope.store(store)
            return
        for j in range(len(row)):
            with scope.scalar():
                if column is not None:
                    scope.at[column] = scope.at[column] + j
                scope.folded = b.lane(total, j)
                for store in self.kernel.stores:
                    scope.store(store)


def _cuts(size: int | None, count: int) -> list[tuple[int, int | None, int]]:
    """Return (first, last, step) of the pieces that a counter is cut into."""
    if size is None:
        return [(0, None, count)]
    whole = size // count * count
    pieces: list[tuple[int, int | None, int]] = [(0, whole, count)] if whole else []
    if size > whole:
        pieces.append((whole, size, size - whole))
    return pieces
