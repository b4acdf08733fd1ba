"""One sample with many zeros: what these would leave as it is, is not touched.

Networks that learn sample by sample spend their time on moving the first weights, and
most pixels of a digit are black. So the places of the others are listed, once for each
sample, and products of the sample go through the list; where at least half of the
numbers count, there is no list, and they go through all. The same list tells which rows
of a matrix an outer product of the sample changes; see `renew`.
"""

from __future__ import annotations

from .blocks import Plan
from .builder import I64, PTR, Builder, Kind, Value
from .choose import Design
from .layout import Layout
from .loops import Buffer, Counter, Kernel, Load, N
from .rows import row_width

NONE = -1
"""What stands behind a list in place of its length when there is none."""
EIGHT = 8
"""How many numbers are looked at together."""
MANY = 64
"""From how many numbers of a sample on a list is worth its making."""


def lists(design: Design) -> dict[Buffer, Buffer]:
    """Return a buffer for the list of each array whose products can go through one."""
    if design.capacity != 1:
        return {}
    found: dict[Buffer, Buffer] = {}
    for kernel, plan in design.plans.items():
        data = plan.first.buffer
        if data in design.copies.values() and through(kernel, plan) is not None:
            count = row_width(data) + 1
            if count <= MANY:
                continue
            name = f"{data.name} places"
            found.setdefault(data, Buffer(name, "int", (count,), "step"))
    return found


def through(kernel: Kernel, plan: Plan) -> Counter | None:
    """Return the counter of a sum over all numbers of the sample, or None."""
    if plan.packed_first or len(kernel.folds) != 1:
        return None
    (counter,) = kernel.folds
    suits = counter is not plan.lane and whole_row(plan.first, counter)
    return counter if suits else None


def whole_row(x: Load, counter: Counter) -> bool:
    """Tell whether a counter runs through all numbers of one sample."""
    place = x.places[0]
    terms = [(c, f) for c, f in place.terms if c.size != N]
    return (
        not place.start
        and terms == [(counter, 1)]
        and counter.size == row_width(x.buffer)
    )


def write_listed(
    b: Builder, layout: Layout, buffer: Buffer, row: Value, copy: Value, places: Value
) -> None:
    """Copy one sample, and list the places that count.

    Parameters
    ----------
    b, layout, buffer
        Where instructions go, how values lie, and the copy.
    row, copy, places
        The addresses of the sample, of the copy, and of the list: whole numbers of 32
        bits, and behind room for one of 64 bits for each, the length or `NONE`.
    """
    size, element = row_width(buffer), layout.element
    length = b.cell(b.constant(0, I64))
    whole = size // EIGHT * EIGHT
    with b.loop(0, whole, EIGHT) as i:
        numbers = b.load(b.at(row, i, element), Kind(element, EIGHT))
        b.store(b.at(copy, i, element), numbers)
        found = b.bits_of(~numbers.equals(0))
        offsets = b.load(b.at(_offsets(b), found, "<8 x i8>"), Kind("i8", EIGHT))
        first = b.broadcast(b.convert(i, "i32"), EIGHT)
        here = first + b.convert(offsets, "i32", signed=False)
        b.store(b.at(places, length.get(), "i32"), here)
        length.set(length.get() + b.intrinsic("ctpop", found))
    with b.loop(whole, size) as i:
        number = b.load(b.at(row, i, element), Kind(element))
        b.store(b.at(copy, i, element), number)
        b.store(b.at(places, length.get(), "i32"), b.convert(i, "i32"))
        length.set(length.get() + b.convert(~number.equals(0), "i64"))
    count = length.get()
    listed = b.select(count < size // 2, count, NONE)
    b.store(b.at(places, size, "i64"), listed)


def _offsets(b: Builder) -> Value:
    """Return the address of a table: of each eight bits, the places of those set."""
    name = "places_of_bits"
    rows = []
    for bits in range(1 << EIGHT):
        set_ = [place for place in range(EIGHT) if bits >> place & 1]
        lanes = ", ".join(f"i8 {p}" for p in (set_ + [0] * EIGHT)[:EIGHT])
        rows.append(f"<8 x i8> <{lanes}>")
    b.module[name] = (
        f"@{name} = internal constant [{len(rows)} x <8 x i8>] [{', '.join(rows)}]"
    )
    return Value(b, f"@{name}", PTR)
