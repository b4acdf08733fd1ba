"""One sample with many zeros: what these would leave as it is, is not touched.

Networks that learn sample by sample spend their time on moving the first weights, and
most pixels of a digit are black. So the places of the others are listed, once for each
sample, and products of the sample go through the list; where at least half of the
numbers count, there is no list, and they go through all.
"""

from __future__ import annotations

from collections.abc import Mapping

from .blocks import Plan
from .builder import I64, Builder, Kind, Value
from .choose import Design
from .layout import Layout
from .loops import Buffer, Call, Counter, Folded, Kernel, Load, N, Store

NONE = -1
"""What stands behind a list in place of its length when there is none."""


def lists(design: Design) -> dict[Buffer, Buffer]:
    """Return a buffer for the list of each array whose products can go through one."""
    if design.capacity != 1:
        return {}
    found: dict[Buffer, Buffer] = {}
    for kernel, plan in design.plans.items():
        data = plan.first.buffer
        if data in design.copies.values() and through(kernel, plan) is not None:
            count = _width(data) + 1
            name = f"{data.name} places"
            found.setdefault(data, Buffer(name, "int", (count,), "step"))
    return found


def through(kernel: Kernel, plan: Plan) -> Counter | None:
    """Return the counter of a product that a list of places can stand for, or None.

    It is that of a sum over all numbers of the sample; or of the rows of a matrix that
    is renewed by W -= lr * sum, which a sum of zero leaves as it is.
    """
    place = plan.first.places[0]
    terms = [(c, f) for c, f in place.terms if c.size != N]
    if place.start or len(terms) != 1 or terms[0][1] != 1 or plan.packed_first:
        return None
    counter = terms[0][0]
    if counter is plan.lane or counter.size != _width(plan.first.buffer):
        return None
    if counter in kernel.folds:
        return counter if len(kernel.folds) == 1 else None
    return counter if counter is plan.block.row and _renews(kernel) else None


def _width(buffer: Buffer) -> int:
    width = 1
    for size in buffer.sizes:
        width *= size if isinstance(size, int) else 1
    return width


def _renews(kernel: Kernel) -> bool:
    """Tell whether a sum of zero leaves everything as it is: W -= lr * sum."""

    def keeps(store: Store) -> bool:
        value = store.value
        if not isinstance(value, Call) or value.node.op.name != "sub":
            return False
        old, change = value.args
        return (
            isinstance(old, Load)
            and (old.buffer, old.places) == (store.buffer, store.places)
            and isinstance(change, Call)
            and change.node.op.name == "mul"
            and any(isinstance(x, Folded) for x in change.args)
        )

    return all(c.size == N for c in kernel.folds) and all(map(keeps, kernel.stores))


def write_lists(
    b: Builder, layout: Layout, found: Mapping[Buffer, tuple[Value, Value]]
) -> None:
    """Write the lists of samples: where each stands, and where its list goes."""
    for buffer, (data, places) in found.items():
        size = _width(buffer)
        end = b.at(places, size, "i64")
        b.store(end, b.constant(NONE, I64))
        count = _count(b, layout, data, size)
        with b.when(count < size // 2):
            length = b.cell(b.constant(0, I64))
            with b.loop(0, size) as i:
                here = length.get()
                b.store(b.at(places, here, "i64"), i)
                number = b.load(b.at(data, i, layout.element), Kind(layout.element))
                length.set(here + b.convert(~number.equals(0), "i64"))
            b.store(end, length.get())


def _count(b: Builder, layout: Layout, data: Value, size: int) -> Value:
    """Return how many numbers are not zero; those of the last vector do not matter."""
    kind = Kind(layout.element, layout.width)
    total = b.cell(b.constant(0, kind))
    with b.loop(0, size // layout.width * layout.width, layout.width) as i:
        zero = b.load(b.at(data, i, layout.element), kind).equals(0)
        one, none = b.constant(1, kind), b.constant(0, kind)
        total.set(total.get() + b.select(zero, none, one))
    whole = b.across(total.get(), lambda x, y: x + y)
    return b.convert(whole, "i64")
