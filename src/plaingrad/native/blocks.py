"""How a product is computed: along which lanes, and cut into which blocks.

The choice follows from a small model of the machine: two multiply-adds or two loads in
a cycle, four cycles from one sum to the next, so many registers. Nothing here knows a
network by name.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import product

from .flat import LINE
from .layout import Layout
from .loops import Counter, Kernel, Load, N, Store, walk
from .target import Target

PACK = 1.5
"""The cycles that it takes to put one number of an operand into another place."""
REDUCE = 2.5
"""The cycles that it takes to add up the lanes of one result."""
JUMP = 16.0
"""The cycles that it takes to read a line of results where nobody expected it."""
LATENCY = 5.0
"""The cycles from one sum to the next, with a little slack."""
LOADED = 1.25
"""How much longer loads take than their units need, with sums in every register."""
SLOW, CROWD = 3.0, 8.0
"""The cycles that it takes to load a vector of another page of memory each time, and a
number of one whose lines crowd in the first cache."""
FAR, MANY = 1024, 32
"""From how many bytes between turns, and from how many turns, reading gets slow."""
PAGE, WAYS, CROWDED = 4096, 8, 8
"""The bytes of a page, the lines that a place of the first cache holds, and the places
below which lines crowd."""
HEAVY, WIDE = 0.01, 4
"""The cycles by which the load of a number counts even where it takes no time, and how
many such loads weigh as much as that of a vector."""
CLOSE = 1.25
"""How much longer than the best a block may take and still be worth a thought: it may
have less to fetch."""
APART = 0.12
"""The cycles that each row costs more when rows are on pages of their own."""
SCATTER, SCATTER_FAR = 1.5, 8.0
"""The cycles that it takes to store one lane by itself: near the others, and on a page
of its own."""


@dataclass(frozen=True)
class Block:
    """The results that are summed in registers at a time: rows times columns.

    Attributes
    ----------
    row, column
        The counters that are cut; `column` may be the lanes.
    rows, columns
        How many values (or vectors) of each.
    """

    row: Counter | None
    rows: int
    column: Counter | None
    columns: int


@dataclass(frozen=True)
class Plan:
    """How one product is computed.

    Attributes
    ----------
    lane
        The counter whose values stand side by side in a vector.
    first, second
        The operand that is read number by number (or as vectors, too), and the one
        that is read as vectors.
    packed
        Whether the second has to be laid out anew, so that vectors can be read.
    block
        How results are cut.
    cycles
        What it is expected to take for one tile.
    width
        The lanes of a vector.
    rows_first
        Whether the loop over rows is around that over columns.
    packed_first
        Whether the first has to be laid out anew, too, since its numbers are far apart.
    """

    lane: Counter
    first: Load
    second: Load
    packed: bool
    block: Block
    cycles: float
    width: int
    rows_first: bool = False
    packed_first: bool = False

    @property
    def panel(self) -> int:
        """The lanes of a panel of the second operand, when it is packed."""
        whole = self.block.columns if self.block.column is self.lane else 1
        return whole * self.width


def plan(kernel: Kernel, layout: Layout, target: Target, tiles: float) -> Plan | None:
    """Return the cheapest plan of a product, or None where there is none.

    Parameters
    ----------
    kernel
        The product, its places resolved.
    layout, target
        How values lie, and the machine.
    tiles
        Into how many tiles a batch is cut: what is the same for all is packed once.
    """
    loads = [x for x in kernel.operands if isinstance(x, Load) and not x.chosen]
    if len(loads) < 2 or any(x.kind != "float" for x in loads):
        return None
    found = list(_plans(kernel, layout, target, tiles, loads[0], loads[1]))
    return min(found, key=lambda p: p.cycles, default=None)


def _plans(
    kernel: Kernel, layout: Layout, target: Target, tiles: float, a: Load, b: Load
) -> Iterator[Plan]:
    """Yield a plan for each way to choose the lanes."""
    for lane in kernel.counters:
        first, second = a, b
        if not _factor(second, lane):
            first, second = second, first
        summed, both = lane in kernel.folds, bool(_factor(first, lane))
        if summed and layout.width == 1:
            continue
        if lane.size == 1 or not _factor(second, lane):
            continue
        sampled = lane.size == N and layout.lanes == "samples"
        if lane.size == N and not sampled:
            continue
        if (summed or both) and not (
            _factor(first, lane) == _factor(second, lane) == 1
        ):
            continue
        close = _factor(kernel.stores[0], lane) == 1
        if not summed and not close and not kernel.accumulates:
            continue
        can_pack = not summed and not both and isinstance(lane.size, int)
        far = _delay(kernel, first, lane, layout, target) > 0 or any(
            _apart(first, c, layout, target) for c in kernel.free
        )
        far = far and not summed and not both
        for packed, packed_first in product(
            (False, True) if can_pack else (False,), (False, True) if far else (False,)
        ):
            choice = _Choice(
                kernel, layout, target, lane, first, second, packed, packed_first
            )
            for block, each in choice.blocks:
                made = Plan(
                    lane=lane,
                    first=first,
                    second=second,
                    packed=packed,
                    block=block,
                    cycles=choice.cycles(tiles, block, each),
                    width=layout.width,
                    packed_first=packed_first,
                )
                for moved in orders(kernel, made, layout, target):
                    wait, work = moved.cycles(target), made.cycles
                    yield replace(
                        made,
                        rows_first=moved.rows_first,
                        cycles=max(wait, work) + 0.1 * min(wait, work) + moved.jumps,
                    )


def _factor(access: Load | Store, counter: Counter) -> int:
    return access.places[0].factor(counter)


@dataclass(frozen=True)
class Fetched:
    """The bytes of one operand that come into the first cache, in one tile.

    Attributes
    ----------
    operand
        The operand.
    once
        What is fetched for the first time.
    again
        What is fetched again, since it did not stay.
    reach
        How many bytes pass by until it is needed again.
    """

    operand: Load
    once: float
    again: float
    reach: float


@dataclass(frozen=True)
class Traffic:
    """What a product fetches into the first cache, in one order of its loops.

    Attributes
    ----------
    rows_first
        Whether the loop over rows is the outer one: then a block's rows stay in the
        cache while all columns pass by, else it is the other way round.
    parts
        What is fetched of each operand.
    jumps
        The cycles that pass since results are read here and there.
    """

    rows_first: bool
    parts: tuple[Fetched, Fetched]
    jumps: float

    def cycles(self, target: Target) -> float:
        """Return the cycles in which the operands come."""
        return sum(
            part.once / target.near
            + part.again
            / (target.near if part.reach < target.l2 / 2 else target.stream)
            for part in self.parts
        )


def orders(
    kernel: Kernel, plan: Plan, layout: Layout, target: Target
) -> tuple[Traffic, Traffic]:
    """Return what a product fetches with its columns first, and with its rows first."""
    block, item = plan.block, _item(layout)

    def size(counter: Counter | None) -> int:
        return 1 if counter is None else _extent(counter, layout)

    depth = math.prod(map(size, kernel.folds))
    width = 1 if plan.lane in kernel.folds else layout.width
    around = [c for c in kernel.free if c not in (block.row, block.column, plan.lane)]
    times = math.prod(map(size, around))
    if block.column is not plan.lane and plan.lane in kernel.free:
        times *= -(-size(plan.lane) // layout.width)
    lanes = layout.width if block.column is plan.lane else 1
    across = -(-size(block.column) // (block.columns * lanes))
    along = -(-size(block.row) // block.rows)
    stretch = [
        _stretch(kernel, x, plan, layout, target) for x in (plan.first, plan.second)
    ]
    rows = depth * block.rows * item * stretch[0]
    columns = depth * block.columns * width * item * stretch[1]
    half = target.l1 / 2
    found = []
    for first in (False, True):
        inner, often = (columns, across) if first else (rows, along)
        outer, turns = (rows, along) if first else (columns, across)
        kept, passing = times * turns * outer, times * often * inner
        stays = plan.first if first else plan.second
        passes = plan.second if first else plan.first
        again = 0.0 if outer < half else kept * (often - 1)
        whole = often * inner
        more = 0.0 if whole < half else passing * (turns - 1)
        parts = (
            Fetched(stays, kept, again, outer + inner),
            Fetched(passes, passing, more, whole),
        )
        lines = -(-block.columns * lanes * item // LINE) * block.rows * along * across
        jumps = 0.0 if first or not _jumps(kernel, block, item) else times * lines
        found.append(Traffic(first, parts, jumps * JUMP))
    columns_first, rows_first = found
    return columns_first, rows_first


def _jumps(kernel: Kernel, block: Block, item: int) -> bool:
    """Tell whether results are read and each row of them is far from the next."""
    row = block.row
    if row is None:
        return False
    values = [store.value for store in kernel.stores]
    read: list[Load | Store] = [x for x in walk(values) if isinstance(x, Load)]
    read += [store for store in kernel.stores if store.add]
    return any(abs(_factor(x, row)) * item >= FAR for x in read)


def _extent(counter: Counter, layout: Layout) -> int:
    return counter.size if isinstance(counter.size, int) else layout.tile


def _item(layout: Layout) -> int:
    return 4 if layout.element == "float" else 8


def _delay(
    kernel: Kernel, operand: Load, lane: Counter, layout: Layout, target: Target
) -> float:
    """Return the cycles for which each turn of the fold waits for another page."""
    inner = next((c for c in reversed(kernel.folds) if c is not lane), None)
    if inner is None or _extent(inner, layout) < MANY:
        return 0.0
    step = abs(_factor(operand, inner)) * _item(layout)
    if _crowds(step, target):
        return CROWD
    return SLOW if step >= PAGE / 2 else 0.0


def _apart(operand: Load, row: Counter, layout: Layout, target: Target) -> bool:
    """Tell whether rows are on pages of their own, or crowd in the first cache."""
    step = abs(_factor(operand, row)) * _item(layout)
    return step >= PAGE / 2 or _crowds(step, target)


def _crowds(step: int, target: Target) -> bool:
    """Tell whether lines so many bytes apart go to few places of the first cache."""
    places = target.l1 // (LINE * WAYS)
    return (
        step >= FAR
        and step % LINE == 0
        and math.gcd(step // LINE, places) * CROWDED >= places
    )


def _sampled(kernel: Kernel, operand: Load) -> bool:
    """Tell whether an operand holds a value for each sample."""
    return any(c.size == N and _factor(operand, c) for c in kernel.counters)


def _stretch(
    kernel: Kernel, operand: Load, plan: Plan, layout: Layout, target: Target
) -> float:
    """Return how much more is fetched than needed when it does not stay."""
    if plan.packed if operand is plan.second else plan.packed_first:
        return 1.0
    return 2.0 if _delay(kernel, operand, plan.lane, layout, target) else 1.0


@cache
def _shapes(registers: int, spare: int) -> list[tuple[int, int]]:
    """Return the blocks whose sums, columns and a row or two fit into registers."""
    return [
        (m, n)
        for m in range(1, 17)
        for n in range(1, 9)
        if m * n + n + spare <= registers
    ]


class _Choice:
    """The best blocks for one choice of lanes."""

    def __init__(
        self,
        kernel: Kernel,
        layout: Layout,
        target: Target,
        lane: Counter,
        first: Load,
        second: Load,
        packed: bool,
        packed_first: bool,
    ) -> None:
        self.kernel, self.layout, self.target = kernel, layout, target
        self.lane, self.first, self.second = lane, first, second
        self.packed, self.packed_first = packed, packed_first
        self.summed = lane in kernel.folds
        self.vectors = bool(_factor(first, lane))
        self.delays = [
            _delay(kernel, operand, lane, layout, target) for operand in (first, second)
        ]
        best: dict[int, tuple[float, Block]] = {}
        for block in self._blocks():
            cost = self._cost(block)
            if cost < best.get(block.columns, (math.inf, block))[0]:
                best[block.columns] = cost, block
        least = min((cost for cost, _ in best.values()), default=math.inf)
        self.blocks = [(b, cost) for cost, b in best.values() if cost <= CLOSE * least]
        """Blocks of several widths, and the cycles that each takes for one turn."""

    def _blocks(self) -> Iterator[Block]:
        rows = [c for c in self._only(self.first, self.second) if c is not self.lane]
        if self.packed_first:
            rows = [c for c in rows if isinstance(c.size, int)]
        columns = [c for c in self._only(self.second, self.first) if c is not self.lane]
        widest = self._largest(columns)
        if not self.summed and not self.vectors:
            widest = [self.lane, *widest[:1]]
        shapes = _shapes(self.target.registers, 2 if self.vectors else 1)
        for row in self._largest(rows) or [None]:
            for column in widest or [None]:
                for m, n in shapes:
                    # what is laid out anew is laid out along a row
                    fits = (row or m == 1) and (column or n == 1)
                    if fits and (row or not self.packed_first):
                        yield Block(row, m, column, n)

    def _largest(self, counters: list[Counter]) -> list[Counter | None]:
        """Return the two counters that run furthest: others are not worth a try."""
        return [*sorted(counters, key=lambda c: -self.count(c))[:2]]

    def _only(self, one: Load, other: Load) -> list[Counter]:
        """Return the free counters on which one operand depends and not the other."""
        return [
            c for c in self.kernel.free if _factor(one, c) and not _factor(other, c)
        ]

    def count(self, counter: Counter | None) -> int:
        """Return how many values, or vectors of lanes, a counter runs through."""
        if counter is None:
            return 1
        size = counter.size if isinstance(counter.size, int) else self.layout.tile
        return -(-size // self.layout.width) if counter is self.lane else size

    def _cost(self, block: Block) -> float:
        """Return the cycles of all blocks for one turn of the fold, or infinity."""
        m, n = block.rows, block.columns
        if self._overlaps(block):
            return math.inf
        if self.summed and n not in (1, 2, 4, 8):
            return math.inf
        along, across = self.count(block.row), self.count(block.column)
        if (across < n and n > 1) or (along < m and m > 1):
            return math.inf
        load = 0.5
        if not self.packed and _factor(self.second, self.lane) != 1:
            load = float(self.layout.width)
        elif not self.packed and self.delays[1]:
            load = SLOW
        far = 0.0 if self.packed_first else self.delays[0]
        apart = 0.0
        if block.row is not None and not self.packed_first:
            layout, target = self.layout, self.target
            apart = APART if _apart(self.first, block.row, layout, target) else 0.0
        total = HEAVY * (m + WIDE * n) * (along / m) * (across / n)
        for r, times in ((m, along // m), (along % m, 1)):
            for c, often in ((n, across // n), (across % n, 1)):
                if r and c:
                    loads = LOADED * (r / 2 + c * load) + far
                    work = max(r * c / 2, loads, LATENCY) + r * apart
                    total += times * often * work
        return total / (along * across)

    def _overlaps(self, block: Block) -> bool:
        """Tell whether two results of a block may be added to the same place."""
        row, column = block.row, block.column
        if row is None or column is None or column is self.lane:
            return False
        for store in self.kernel.stores:
            across, along = abs(_factor(store, row)), abs(_factor(store, column))
            if store.add and not (
                across * block.rows <= along or along * block.columns <= across
            ):
                return True
        return False

    def cycles(self, tiles: float, block: Block, each: float) -> float:
        """Return the cycles of the whole product in one tile, by blocks like this."""
        turns = math.prod(self.count(c) for c in self.kernel.counters)
        results = math.prod(self.count(c) for c in self.kernel.free)
        total = turns * each
        if self.summed:
            total += results * (REDUCE if block.columns > 1 else 2 * REDUCE)
        elif (step := abs(_factor(self.kernel.stores[0], self.lane))) != 1:
            far = step * _item(self.layout) >= PAGE / 2
            total += results * self.layout.width * (SCATTER_FAR if far else SCATTER)
        elif self.kernel.accumulates:
            total += results * 1.5
        if self.packed:
            total += self.packing(self.second, tiles)
        if self.packed_first:
            total += self.packing(self.first, tiles)
        return total

    def packing(self, operand: Load, tiles: float) -> float:
        """Return the cycles for each tile that it takes to lay an operand out."""
        size = math.prod(
            c.size if isinstance(c.size, int) else self.layout.tile
            for c in self.kernel.counters
            if _factor(operand, c)
        )
        return size * PACK / (1 if _sampled(self.kernel, operand) else tiles) + 40
