"""Lanes, tiles and shards: what a model of the machine expects to be fastest.

A few layouts are tried on paper. Each kernel is charged for its arithmetic and for the
bytes that it moves, which come at the speed of the cache that the tile fits into.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from .blocks import LATENCY, Plan, orders
from .builder import SIZES
from .layout import Copies, Lanes, Layout, resolve
from .loops import Buffer, Call, Counter, Kernel, walk
from .memory import tile_room
from .nest import choose_lane
from .pack import pack
from .parts import cut, local, runs
from .straight import small, turns
from .target import Target

OUTSIDE = 3.0
"""The bytes in a cycle from behind all caches."""
LAST_CACHE = 8 << 20
"""The bytes that one core may expect to have in the last cache."""
FETCH, TURN = 1.2, 0.01
"""The cycles to fetch a number of the data, and more for each sample beside it."""
CALL = 25.0
"""The cycles that it takes to enter a kernel and its loops."""
COSTS = {"uniform": 24, "exp": 12, "log": 16, "tanh": 24, "pow": 4, "div": 6, "sqrt": 6}
"""The cycles of two hundred percent of a vector unit that operations take."""
FEW = 8
"""Up to how many of these an update may do one by one and be a straight line."""
USUAL = 256
"""The samples that are expected where nobody says how many."""
MOST_SHARDS = 16
FEWEST = 4
"""The fewest samples of a tile that some kernels go through one by one."""
SUMMED = 1.25
"""The bytes of sums that are set to zero, filled, and added up in a cycle."""
SHARE, UNEVEN = 0.08, 1.1
"""The part of an update that adding up the sums of shards may take, and how much larger
than on average the largest shard may be."""
WORTH, TOGETHER = 5e5, 2e6
"""From how many cycles of an update on several threads are worth their trouble: with
tiles of their own, and with kernels that they share, whose values they exchange."""


class Source(Protocol):
    """Where kernels come from."""

    target: Target
    capacity: int | None
    element: str
    width: int

    def kernels(self, single: bool) -> tuple[list[Kernel], int]:
        """Return the kernels and the last stage."""


@dataclass(frozen=True, eq=False)
class Design:
    """What is to be assembled.

    Attributes
    ----------
    kernels
        In order, with their stages and their places resolved.
    plans
        How products are computed.
    copies
        The tile's copies of the user's arrays.
    last
        The last stage.
    layout, target
        How values lie, and for which machine.
    shards
        Into how many parts the tiles of a batch are cut.
    capacity
        The most samples of a batch, or None: any number.
    cycles
        What an update is expected to take.
    loss
        The buffer of the loss of an update, if there is an update.
    results
        The buffers that the caller wants: numbers, or one row for each sample.
    straight
        Whether everything is one straight line, kept in registers.
    timed
        Whether to count the cycles that each kernel takes.
    """

    kernels: Sequence[Kernel]
    plans: Mapping[Kernel, Plan]
    copies: Copies
    last: int
    layout: Layout
    target: Target
    shards: int
    capacity: int | None
    cycles: float
    loss: Buffer | None = None
    results: Sequence[Buffer] = ()
    straight: bool = False
    timed: bool = False

    @property
    def single(self) -> bool:
        """Whether all samples of a batch are worked on at once."""
        return self.layout.holds(self.capacity)

    @property
    def together(self) -> bool:
        """Whether threads share the work of each kernel on the only tile."""
        return self.single and self.cycles >= TOGETHER

    @property
    def threads(self) -> int:
        """How many threads can take part."""
        return MOST_SHARDS if self.together else self.shards


def choose(
    source: Source,
    lanes: Lanes | None,
    tile: int | None,
    shards: int | None,
    part: int = 0,
) -> Design:
    """Return the design that is expected to be fastest, as far as it is not given."""
    straight = None if lanes == "samples" else _straight(source)
    if straight is not None:
        return straight
    # the part that was asked for may make no difference
    found = tried(source, lanes, tile, part) or tried(source, lanes, tile)
    best = min(found, key=lambda design: design.cycles)
    return replace(best, shards=shards if shards and not best.single else best.shards)


def tried(
    source: Source,
    lanes: Lanes | None = None,
    tile: int | None = None,
    part: int = 0,
) -> list[Design]:
    """Return the designs in all layouts that are worth a try, as far as not given."""
    found = (_designed(source, one) for one in _layouts(source, lanes, tile, part))
    return [design for design in found if design is not None]


def _straight(source: Source) -> Design | None:
    """Return the design as a straight line, where that is expected to be fastest.

    Registers can stand only for memory that is cut in one way, so vectors must be full.
    Number by number, dear operations would take longer than loops around vectors.
    """
    if source.capacity != 1 or not small(source.kernels(True)[0]):
        return None
    width = source.width
    while width > 1:
        made = _designed(source, Layout("features", 1, source.element, width))
        assert made is not None
        lanes = [
            made.plans[k].lane if k in made.plans else choose_lane(k, made.layout)
            for k in made.kernels
        ]
        sizes = [lane.size for lane in lanes if lane is not None]
        if all(isinstance(size, int) and size % width == 0 for size in sizes):
            return replace(made, straight=True)
        width //= 2
    made = _designed(source, Layout("features", 1, source.element, 1))
    assert made is not None
    dear = sum(
        turns(kernel)
        for kernel in made.kernels
        for x in walk(kernel.roots())
        if isinstance(x, Call) and x.node.op.name in COSTS
    )
    return replace(made, straight=True) if dear <= FEW else None


def _layouts(
    source: Source, lanes: Lanes | None, tile: int | None, part: int
) -> Iterator[Layout]:
    """Yield the layouts that are worth a try."""
    count = source.capacity or USUAL
    width = source.width
    kinds: tuple[Lanes, ...] = ("features", "samples") if lanes is None else (lanes,)
    for kind in kinds:
        step = width if kind == "samples" else 1
        if tile is not None:
            parted = part if kind == "features" else 0
            yield Layout(kind, tile, source.element, width, parted)
            continue
        if kind == "samples" and lanes is None and count * 2 < width:
            continue
        most = -(-count // step) * step
        sizes = {min(most, step * 4**power) for power in range(6)}
        for size in sorted(sizes | ({most} if most <= 1024 else set())):
            # a tile that just holds the batch needs no second pass over sums
            yield Layout(kind, size, source.element, width)
        if kind == "features":
            for size in (-(-count // cuts) for cuts in (2, 4, 8)):
                if size >= FEWEST:
                    yield Layout(kind, size, source.element, width, 1)


def _designed(source: Source, layout: Layout) -> Design | None:
    """Return the design in a layout, with what it is expected to take.

    It is None where parts of tiles make no difference.
    """
    capacity = source.capacity
    single = layout.holds(capacity)
    kernels, last = source.kernels(single)
    count = capacity or USUAL
    tiles = math.ceil(count / layout.tile)
    copies: Copies = {}
    resolved = [resolve(kernel, layout, copies, single) for kernel in kernels]
    if layout.part and not cut(resolved, layout):
        return None
    ready, plans = pack(resolved, layout, source.target, count / layout.tile)
    cycles = _cycles(ready, plans, layout, source.target, tiles, last)
    cycles += tiles * sum(_fetching(copy, layout) for copy in copies.values())
    sums = sum(layout.bytes(b) for k in ready if k.accumulates for b in set(k.writes))
    shards = 1 if single else _shards(tiles, cycles, sums)
    if not single:
        cycles += shards * _summing(shards, sums)
    return Design(
        ready, plans, copies, last, layout, source.target, shards, capacity, cycles
    )


def _fetching(copy: Buffer, layout: Layout) -> float:
    """Return the cycles in which the rows of an array are fetched for a tile."""
    each = FETCH
    if layout.lanes == "samples":
        # rows are turned into columns, further apart in larger tiles
        each += TURN * layout.tile
    return each * math.prod(
        size if isinstance(size, int) else layout.tile for size in copy.sizes
    )


def _shards(tiles: int, cycles: float, sums: float) -> int:
    """Return how many shards cost little: their sums must be added up."""
    if cycles < WORTH:
        return 1
    shards = min(tiles, MOST_SHARDS)
    while shards > 2 and (
        shards * _summing(shards, sums) > SHARE * cycles
        or -(-tiles // shards) * shards > UNEVEN * tiles
    ):
        shards //= 2
    return shards


def _summing(shards: int, sums: float) -> float:
    """Return the cycles in which the sums of one shard are set to zero and added."""
    return sums / (SUMMED if shards * sums < LAST_CACHE else SUMMED / 2)


def _cycles(
    kernels: Sequence[Kernel],
    plans: Mapping[Kernel, Plan],
    layout: Layout,
    target: Target,
    tiles: int,
    last: int,
) -> float:
    """Return what an update is expected to take."""
    loops = [[k for k in kernels if k.level == level] for level in range(1, last, 2)]
    room = tile_room(loops, (), layout, ()).size
    parts = local(kernels, ())
    inner = max((_inner(run, layout) for run in runs(kernels)), default=0)
    fixed = sum(
        layout.bytes(b)
        for b in {b for stage in loops for k in stage for b in k.touched()}
        if b.space in ("stored", "step")
    )
    near, far = _speed(room, target), _speed(fixed, target)
    here = _speed(inner, target)
    total = 0.0
    for kernel in kernels:
        plan, mine = plans.get(kernel), layout.of(kernel)
        speeds = {
            b: far if b.space in ("stored", "step") else here if b in parts else near
            for b in kernel.touched()
        }
        wait = _wait(kernel, plan, mine, target, speeds)
        work = _work(kernel, plan, mine) + CALL
        spent = max(work, wait) + 0.1 * min(work, wait)
        often = tiles * -(-layout.tile // mine.tile)
        total += spent * (often if kernel.level % 2 else 1)
    return total


def _inner(run: Sequence[Kernel], layout: Layout) -> int:
    """Return the bytes of a part that kernels work on."""
    return tile_room([run], (), layout, ()).size if run[0].part else 0


def _wait(
    kernel: Kernel,
    plan: Plan | None,
    layout: Layout,
    target: Target,
    speeds: Mapping[Buffer, float],
) -> float:
    """Return the cycles in which a kernel's bytes can be moved in one tile."""
    most = _points(kernel.counters, None, layout) * SIZES["i64"]
    moved = {b: min(layout.bytes(b), most) / speed for b, speed in speeds.items()}
    for store in kernel.stores:
        if store.add:
            moved[store.buffer] *= 2
    if plan is not None:
        for part in orders(kernel, plan, layout, target)[plan.rows_first].parts:
            buffer = part.operand.buffer
            in_order = min(target.near, speeds[buffer] * target.stream / target.far)
            again = target.near if part.reach < target.l2 / 2 else in_order
            # what windows share comes only once from far away
            fresh = min(part.once, layout.bytes(buffer))
            moved[buffer] = fresh / speeds[buffer]
            moved[buffer] += (part.once - fresh + part.again) / again
    return sum(moved.values())


def _speed(size: float, target: Target) -> float:
    """Return the bytes in a cycle when a tile works on so many bytes."""
    near = min(1.0, 0.8 * target.l2 / size) if size else 1.0
    far = min(1.0, LAST_CACHE / size) if size else 1.0
    return 1 / (near / target.near + (far - near) / target.far + (1 - far) / OUTSIDE)


def _work(kernel: Kernel, plan: Plan | None, layout: Layout) -> float:
    """Return the cycles of a kernel's arithmetic in one tile."""
    after = _operations(kernel) / 2
    if plan is not None:
        results = _points(kernel.free, plan.lane, layout)
        return plan.cycles + results * after
    lane = choose_lane(kernel, layout)
    loads = sum(
        0.5 if lane is None or x.places[0].factor(lane) in (0, 1) else layout.width
        for x in kernel.loads()
    )
    each = after + loads + 1
    if kernel.folds and lane not in kernel.folds:
        # one sum, each term of which waits for the last
        each = max(each, LATENCY)
    return _points(kernel.counters, lane, layout) * each


def _operations(kernel: Kernel) -> float:
    cost = 0.0
    for x in walk(kernel.roots()):
        if isinstance(x, Call):
            cost += COSTS.get(x.node.op.name, 2)
    return cost


def _points(counters: Sequence[Counter], lane: Counter | None, layout: Layout) -> float:
    """Return how often the inside of loops runs, vectors counted as one."""
    points = 1.0
    for counter in counters:
        size = counter.size if isinstance(counter.size, int) else layout.tile
        points *= -(-size // layout.width) if counter is lane else size
    return points
