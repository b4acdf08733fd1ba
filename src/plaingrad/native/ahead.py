"""The first product of an update, made while the update before renews its weights.

At batch size 1, W is read for x @ W and then changed by an outer product; the next
update reads it again. Where all of x counts, the change and the next product go through
W together, row by row. The last update of a call has no next one, and where samples are
listed (see `sparse`), few rows are changed, and nothing is made ahead. Nor is it where
W stays in the first cache.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .builder import I64, Kind
from .choose import Design
from .loops import Buffer, Kernel, N
from .renew import Following, Renewal, renewal
from .scope import Scope
from .sparse import whole_row


@dataclass(frozen=True)
class Ahead:
    """A product that an update makes for the next one.

    Attributes
    ----------
    product, renewal
        The kernel that needs x @ W, and the one that renews W.
    data, copy
        The array of the samples, and what one is copied to.
    sums, known, sample
        The product, whether it was made, and the address of the next sample, or 0.
    """

    product: Kernel
    renewal: Kernel
    data: Buffer
    copy: Buffer
    sums: Buffer
    known: Buffer
    sample: Buffer


def ahead(design: Design) -> Ahead | None:
    """Return the product that an update can make for the next one, if there is one."""
    if design.capacity != 1 or design.loss is None:
        return None
    for place, last in enumerate(design.kernels):
        found = renewal(last, design.layout)
        if found is None or not whole_row(found.x, found.row):
            continue
        if design.layout.bytes(found.store.buffer) < design.target.l1:
            continue
        writers = [k for k in design.kernels if found.store.buffer in k.writes]
        firsts = [k for k in design.kernels[:place] if _suits(k, found, design)]
        for (data, _), copy in design.copies.items():
            if copy is found.x.buffer and firsts and writers == [last]:
                sums = Buffer("sums ahead", "float", (found.sizes[1],), "step")
                known = Buffer("made ahead", "int", (), "step")
                sample = Buffer("next sample", "int", (), "step")
                return Ahead(firsts[0], last, data, copy, sums, known, sample)
    return None


def _suits(first: Kernel, found: Renewal, design: Design) -> bool:
    """Tell whether a kernel needs x @ W, for one result behind the other."""
    plan, store = design.plans.get(first), found.store
    if plan is None or len(first.folds) != 1:
        return False
    (fold,), lane, weights = first.folds, plan.lane, plan.second.places[0]
    return (
        [c for c in first.free if c.size not in (N, 1)] == [lane]
        and lane.size == found.column.size
        and (plan.first.buffer, plan.second.buffer) == (found.x.buffer, store.buffer)
        and whole_row(plan.first, fold)
        and weights.start == store.places[0].start
        and weights.factor(lane) == 1
        and weights.factor(fold) == store.places[0].factor(found.row)
    )


def write_ahead(scope: Scope, following: Following, write: Callable[[], None]) -> None:
    """Write what follows a product that was made ahead, else by `write` all of it."""
    b, lane, known = scope.b, scope.lane, following.known
    assert lane is not None

    def entry() -> None:
        place = b.at(following.sums, scope.at[lane], scope.layout.element)
        scope.folded = b.load(place, Kind(scope.layout.element, scope.width))
        for store in scope.kernel.stores:
            scope.store(store)

    made = b.load(known, I64)
    others = [c for c in scope.kernel.free if c is not lane]
    with b.when(made.equals(1)), scope.loops(others):
        scope.across(entry)
    with b.when(made.equals(0)):
        write()
    b.store(known, b.constant(0, I64))
