"""Kernels that read each other's results become one, and the result stays in registers.

An activation joins the product that it is applied to, the three lines of Adam become
one pass, a convolution writes its result straight into the padded image of the next.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..shapes import Size, divide
from .loops import Buffer, Counter, Expr, Kernel, Load, Place, Places, joined, walk

Writers = dict[Buffer, dict[Kernel, None]]
"""The kernels that write to each buffer."""


def fuse(
    kernels: Sequence[Kernel], keep: set[Buffer], single: bool = False
) -> list[Kernel]:
    """Return fewer kernels that do the same.

    Parameters
    ----------
    kernels
        In order; their `level` says in which stage they run.
    keep
        The buffers that are read elsewhere, too.
    single
        Whether there is only one tile, so that a sum over its samples is the whole
        sum: then an update may join the product that makes its gradient.
    """
    made = list(kernels)
    # found anew for each reading they would take most of the time of a deep network
    writers: Writers = {}
    for kernel in made:
        for buffer in kernel.writes:
            writers.setdefault(buffer, {})[kernel] = None
    at = 0
    while at < len(made):
        merged = _merge_into(made, at, single, writers)
        # nothing has changed for those before
        at = at + 1 if merged is None else merged
    _drop_unread(made, keep)
    return made


def _merge_into(
    kernels: list[Kernel], at: int, single: bool, writers: Writers
) -> int | None:
    """Merge the kernel at a place with one that it reads from, if that can be.

    Return where that one was, or None.
    """
    reader = kernels[at]
    if reader.how != "map":
        return None
    for load in reader.loads():
        found = writers.get(load.buffer, ())
        if len(found) != 1 or load.chosen:
            continue
        (writer,) = found
        if writer is reader or writer.how == "put":
            continue
        if writer.accumulates:
            if not single or reader.level != writer.level + 1 or not reader.free:
                continue
        elif writer.level != reader.level:
            continue
        place = _place(kernels, writer, reader)
        if place is not None and _join(writer, reader, load.buffer):
            first = kernels.index(writer)
            kernels.remove(writer)
            kernels.remove(reader)
            kernels.insert(place, writer)
            for buffer in reader.writes:
                writers[buffer].pop(reader, None)
                writers[buffer][writer] = None
            return first
    return None


def _place(kernels: list[Kernel], writer: Kernel, reader: Kernel) -> int | None:
    """Return where the two can run together, or None."""
    first, last = kernels.index(writer), kernels.index(reader)
    if first > last:
        return None
    between = kernels[first + 1 : last]
    if not any(_depends(reader, k) for k in between):
        return first
    if not any(_depends(k, writer) for k in between):
        return last - 1 if reader.level == writer.level else None
    return None


def _depends(later: Kernel, earlier: Kernel) -> bool:
    """Tell whether the order of two kernels matters."""
    reads = {load.buffer for load in later.loads()}
    read = {load.buffer for load in earlier.loads()}
    written, writes = set(earlier.writes), set(later.writes)
    return bool(reads & written or writes & read or writes & written)


def _join(writer: Kernel, reader: Kernel, buffer: Buffer) -> bool:
    """Let the writer do what the reader does, when both run over the same entries."""
    loads = [x for x in reader.loads() if x.buffer is buffer]
    places = loads[0].places
    if any(x.places != places or x.chosen for x in loads):
        return False
    store = next(s for s in writer.stores if s.buffer is buffer)
    if store.add:
        return False
    pairs = _aligned(store.places, places, buffer.sizes)
    if pairs is None:
        return False
    splits_w, splits_r, same = pairs
    covered = {c for _, c in same}
    finer = [c for old in reader.free for c in splits_r.get(old, [old])]
    mine = [c for old in writer.free for c in splits_w.get(old, [old])]
    if set(finer) != covered or set(mine) != {c for c, _ in same}:
        return False
    renamed = {theirs: Place.of(ours) for ours, theirs in same}
    if not _safe((writer, splits_w, {}), (reader, splits_r, renamed), buffer):
        return False
    writer.replace_counters(splits_w)
    reader.replace_counters(splits_r)
    reader.substitute(renamed, {})
    made = {(s.buffer, s.places): s.value for s in writer.stores if not s.add}
    store = next(s for s in writer.stores if s.buffer is buffer)
    replaced: dict[Expr, Expr] = {
        x: store.value if x.buffer is buffer else made[x.buffer, x.places]
        for x in reader.loads()
        if x.buffer is buffer or (not x.chosen and (x.buffer, x.places) in made)
    }
    reader.substitute({}, replaced)
    writer.stores += reader.stores
    return True


Digits = list[tuple[Counter, Size]]
Splits = dict[Counter, list[Counter]]
Part = tuple[Kernel, Splits, dict[Counter, Place]]
"""A kernel, how its counters will be split, and what they will be called then."""


def _safe(writer: Part, reader: Part, buffer: Buffer) -> bool:
    """Tell whether no entry is overwritten before another point has read it."""
    written: dict[Buffer, set[Places]] = {}
    for part in (writer, reader):
        for store in part[0].stores:
            if store.buffer is not buffer:
                places = _then(part, store.places)
                written.setdefault(store.buffer, set()).add(places)
    folded = walk(writer[0].operands)
    if any(isinstance(x, Load) and x.buffer in written for x in folded):
        return False
    return all(
        not load.chosen and written[load.buffer] == {_then(part, load.places)}
        for part in (writer, reader)
        for load in part[0].loads()
        if load.buffer in written
    )


def _then(part: Part, places: Places) -> Places:
    """Return places as they will be when two kernels are one."""
    _, splits, renamed = part
    by = {old: joined(new) for old, new in splits.items()}
    return tuple(place.replaced(by).replaced(renamed) for place in places)


def _digits(place: Place, size: Size) -> Digits | None:
    """Return the counters that number an axis through, or None."""
    if place.start or any(factor < 1 for _, factor in place.terms):
        return None
    terms = sorted(place.terms, key=lambda term: term[1])
    need = 1
    found: Digits = []
    for counter, factor in terms:
        if factor != need:
            return None
        found.insert(0, (counter, counter.size))
        if isinstance(counter.size, int):
            need *= counter.size
        else:
            return found if len(terms) == 1 and size == counter.size else None
    return found if need == size else None


def _aligned(
    written: Sequence[Place], read: Sequence[Place], sizes: Sequence[Size]
) -> tuple[Splits, Splits, list[tuple[Counter, Counter]]] | None:
    """Return how counters must be split to be the same, and the pairs that are."""
    ours: Splits = {}
    theirs: Splits = {}
    same: list[tuple[Counter, Counter]] = []
    for w, r, size in zip(written, read, sizes, strict=True):
        a, b = _digits(w, size), _digits(r, size)
        if a is None or b is None:
            return None
        while a and b:
            (x, x_size), (y, y_size) = a.pop(0), b.pop(0)
            if x_size == y_size:
                same.append((x, y))
            elif (rest := divide(x_size, y_size)) is not None:
                outer, inner = _split(ours, x, y_size, rest)
                same.append((outer, y))
                a.insert(0, (inner, rest))
            elif (rest := divide(y_size, x_size)) is not None:
                outer, inner = _split(theirs, y, x_size, rest)
                same.append((x, outer))
                b.insert(0, (inner, rest))
            else:
                return None
    if len({y for _, y in same}) < len(same):
        return None
    return ours, theirs, same


def _split(
    splits: Splits, counter: Counter, outer: Size, inner: Size
) -> tuple[Counter, Counter]:
    """Note that a counter becomes two; it may itself be a part of another."""
    made = Counter(outer), Counter(inner)
    for new in splits.values():
        if counter in new:
            at = new.index(counter)
            new[at : at + 1] = made
            return made
    splits[counter] = list(made)
    return made


def _drop_unread(kernels: list[Kernel], keep: set[Buffer]) -> None:
    """Leave out stores to buffers that nobody reads."""
    while True:
        read = keep | {load.buffer for k in kernels for load in k.loads()}
        before = sum(len(k.stores) for k in kernels)
        for kernel in list(kernels):
            kernel.stores = [s for s in kernel.stores if s.buffer in read]
            if not kernel.stores:
                kernels.remove(kernel)
        if before == sum(len(k.stores) for k in kernels):
            return
