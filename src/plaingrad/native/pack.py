"""Operands laid out anew, so that products can read them as vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from .blocks import Plan, plan
from .layout import Layout
from .loops import Buffer, Counter, Kernel, Load, Place, Store
from .target import Target


def pack(
    kernels: Sequence[Kernel], layout: Layout, target: Target, tiles: float
) -> tuple[list[Kernel], dict[Kernel, Plan]]:
    """Return the kernels with those that lay operands out, and the plan of products.

    An operand that is the same for all samples is laid out once in an update, before
    the loop over tiles.
    """
    made: list[Kernel] = []
    plans: dict[Kernel, Plan] = {}
    for kernel in kernels:
        if kernel.how == "product":
            mine = layout.of(kernel)
            often = tiles * layout.tile / mine.tile
            chosen = plan(kernel, mine, target, often)
            if chosen is not None:
                copies, plans[kernel] = _laid_out(kernel, chosen, mine)
                made += copies
        made.append(kernel)
    return sorted(made, key=lambda k: k.level), plans


def _laid_out(
    kernel: Kernel, chosen: Plan, layout: Layout
) -> tuple[list[Kernel], Plan]:
    """Lay operands out as a plan says; return the kernels for that, and the plan."""
    made: list[Kernel] = []
    first, second = chosen.first, chosen.second
    row = chosen.block.row
    if chosen.packed:
        copies, second = _copied(kernel, second, chosen.lane, chosen.panel, layout)
        made += copies
    if chosen.packed_first:
        assert row is not None
        copies, first = _copied(kernel, first, row, chosen.block.rows, layout)
        made += copies
    kernel.operands = tuple(
        first if x is chosen.first else second if x is chosen.second else x
        for x in kernel.operands
    )
    return made, replace(chosen, first=first, second=second)


def _copied(
    kernel: Kernel, old: Load, lane: Counter, panel: int, layout: Layout
) -> tuple[list[Kernel], Load]:
    """Return the kernels that lay an operand out, and what is read then.

    It is cut along a counter into panels as wide as a block, each of which is read from
    its first to its last number.
    """
    counters = [c for c in kernel.counters if old.places[0].factor(c)]
    outer = [c for c in counters if c is not lane and c in kernel.free]
    outer.sort(key=lambda c: -abs(old.places[0].factor(c)))
    inner = [c for c in kernel.folds if c in counters]
    strides: dict[Counter, int] = {}
    step = panel
    for counter in reversed(inner):
        strides[counter] = step
        step *= _extent(counter, layout)
    # a panel of `panel` lanes is `step` numbers long
    strides[lane] = step // panel
    assert isinstance(lane.size, int)
    step *= -(-lane.size // panel)
    for counter in reversed(outer):
        strides[counter] = step
        step *= _extent(counter, layout)
    sampled = any(not isinstance(c.size, int) for c in counters)
    buffer = Buffer(
        f"{old.buffer.name} packed", "float", (step,), "tile" if sampled else "step"
    )
    order = [*outer, *inner]
    copies = [
        _part(old, Load(buffer, (_sum(strides),)), order, lane, panel, part)
        for part in _parts(lane.size, panel)
    ]
    for copy in copies:
        copy.level = kernel.level if sampled else kernel.level - 1
        copy.part = kernel.part and sampled
    return copies, Load(buffer, (_sum(strides),))


def _parts(size: int, panel: int) -> list[tuple[int, int]]:
    """Return the whole panels and what is left, as (first lane, number of panels)."""
    whole = size // panel
    parts = [(0, whole)] if whole else []
    return parts if size == whole * panel else [*parts, (whole * panel, 0)]


def _part(
    old: Load,
    new: Load,
    order: Sequence[Counter],
    lane: Counter,
    panel: int,
    part: tuple[int, int],
) -> Kernel:
    """Return the kernel that copies some panels, or (0) what is left of the last."""
    start, panels = part
    assert isinstance(lane.size, int)
    fresh = {c: Counter(c.size) for c in order}
    across = Counter(max(panels, 1))
    within = Counter(panel if panels else lane.size - start)
    at = Place.of(across) * panel + Place.of(within) + Place(start)
    moved = {**{c: Place.of(made) for c, made in fresh.items()}, lane: at}
    source = Load(old.buffer, (old.places[0].replaced(moved),))
    step = new.places[0].factor(lane)
    place = _sum({fresh[c]: new.places[0].factor(c) for c in order})
    place += Place.of(across) * (panel * step) + Place.of(within) + Place(start * step)
    free = (across, *(fresh[c] for c in order), within)
    return Kernel(free, [Store(new.buffer, (place,), source)])


def _extent(counter: Counter, layout: Layout) -> int:
    return counter.size if isinstance(counter.size, int) else layout.rows


def _sum(factors: Mapping[Counter, int]) -> Place:
    place = Place()
    for counter, factor in factors.items():
        place += Place.of(counter) * factor
    return place
