"""What the native engine makes of a training, and where its time goes, as text."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..program import Program
from .choose import Design, tried
from .design import Making
from .loops import Kernel
from .measure import Measured, measure
from .target import host

Array = np.ndarray[Any, Any]
WIDTH = 100
CLOCK = 3e9
"""The cycles in a second with which expectations are told."""
LANES = {
    "samples": "samples in lanes: a vector is one value of several samples",
    "features": "features in lanes: a vector is several values of one sample",
}
HEAD = ("", "makes", "from", "loops", "block", "model", "us", "share", "GFLOP/s")
LEGEND = """\
n: the samples of a tile. block: rows x vectors of results that a product keeps in
registers. model: the us of a product that the model of the machine expects, at 3 GHz.
GFLOP/s: thousand millions of additions and multiplications in a second."""


def report(program: Program, arrays: Mapping[str, Array]) -> str:
    """Return how the engine trains, its memory, and where its time goes.

    Some updates are done for it, on one thread and on all; nothing is kept of them.

    Parameters
    ----------
    program
        The training.
    arrays
        All that it reads, by name: "X", "y", and masks of frozen entries.

    Raises
    ------
    DataError
        When the arrays are not such as the program trains on.
    Unsupported
        When the program has something without native form.
    """
    found = measure(program, arrays)
    samples = f"{found.batch:,} of {found.count:,} samples"
    told: list[Iterable[str]] = [
        textwrap.wrap(program.title, WIDTH),
        [f"an update: {samples}, {program.dtype}"],
        [*_target(found.design), *_speed(found)],
        _candidates(program, found),
        _kernels(found),
        LEGEND.splitlines(),
        _memory(found),
        _values(found),
    ]
    return "\n\n".join("\n".join(lines) for lines in told) + "\n"


def _target(design: Design) -> Iterator[str]:
    """Yield the lines about the machine and the layout."""
    target, layout = design.target, design.layout
    kind = "float32" if layout.element == "float" else "float64"
    yield (
        f"target    {target.name}: vectors of {layout.width} {kind}, "
        f"{target.registers} vector registers, caches of {target.l1 >> 10:,} KB and "
        f"{target.l2 >> 10:,} KB"
    )
    yield f"layout    {LANES[layout.lanes]}"
    if design.single:
        shared = ", whose kernels threads share" if design.together else ""
        yield f"          all samples of a batch are one tile{shared}"
    else:
        many = f"{design.shards} shards, for as many threads"
        yield (
            f"          tiles of {layout.tile:,} samples, "
            f"{f'some kernels {layout.part} at a time, ' if layout.part else ''}in "
            f"{many if design.shards > 1 else 'one shard, for one thread'}"
        )


def _speed(found: Measured) -> Iterator[str]:
    """Yield the lines about the time of an update."""
    yield (
        f"compiled  in {found.writing + found.compiling:.2f} s: {found.writing:.2f} s "
        f"to {found.lines:,} lines of LLVM's language, {found.compiling:.2f} s to "
        f"machine code"
    )
    work = sum(_work(k, found.batch) for k in found.design.kernels)
    rate = work / found.seconds / 1e9
    yield (
        f"measured  {_us(found.seconds, found)} us an update on one thread, "
        f"{rate:.3g} GFLOP/s in products"
    )
    if found.threads > 1:
        yield (
            f"          {_us(found.together, found)} us on {found.threads} threads, "
            f"{found.seconds / found.together:.2f} times as fast"
        )


def _candidates(program: Program, found: Measured) -> Iterator[str]:
    """Yield what the model of the machine expects of the layouts that it looked at."""
    source = Making(program.update, program.dtype, host(), found.design.capacity)
    rows = [
        [
            "*" if one.layout == found.design.layout else "",
            f"{one.layout.lanes} in lanes",
            f"{one.layout.tile:,} samples a tile",
            f"{one.layout.part} at a time" if one.layout.part else "",
            _us(one.cycles / CLOCK, found),
        ]
        for one in sorted(tried(source), key=lambda one: one.cycles)
    ]
    yield "layouts, and the us that an update is expected to take, at 3 GHz"
    yield from _table(rows, "<<><>")


def _kernels(found: Measured) -> Iterator[str]:
    """Yield the table of the kernels, stage by stage."""
    design, shares = found.design, found.shares
    tiles = math.ceil(found.batch / design.layout.tile)
    data = ", ".join(dict.fromkeys(buffer.name for buffer, _ in design.copies))
    fetched = ("", data, "the data", "", "", "", *_time(found, shares[-1]), "")
    rows: list[Sequence[str]] = [HEAD]
    stage = -1
    for place, kernel in enumerate(design.kernels):
        if kernel.level != stage:
            stage = kernel.level
            rows.append([_stage(stage, design, tiles)])
            if stage % 2 and fetched not in rows:
                rows.append(fetched)
        rows.append(_row(found, place, kernel, tiles))
    yield "kernels, and the us that they take in an update on one thread"
    yield from _table(rows, "><<<>>>>>")


def _stage(level: int, design: Design, tiles: int) -> str:
    """Return the words for a stage."""
    if level % 2 == 0:
        return "once" if level == 0 else "once, when the sums over samples are known"
    if design.single:
        return "for all samples at once"
    return f"for each of {tiles:,} tiles"


def _row(found: Measured, place: int, kernel: Kernel, tiles: int) -> Sequence[str]:
    """Return a kernel as a line of the table."""
    design, share = found.design, found.shares[place]
    made = list(dict.fromkeys(b.name for b in kernel.writes))
    read = [x.buffer for x in reversed(kernel.loads()) if x.buffer.space != "number"]
    others = [name for name in dict.fromkeys(b.name for b in read) if name not in made]
    plan = design.plans.get(kernel)
    block = expected = rate = ""
    if plan is not None:
        block = f"{plan.block.rows} x {plan.block.columns}"
        times = tiles if kernel.level % 2 else 1
        expected = _us(plan.cycles * times / CLOCK, found)
    if kernel.how == "product" and share:
        rate = f"{_work(kernel, found.batch) / (share * found.seconds) / 1e9:.1f}"
    names = ", ".join(made), ", ".join(others)
    time = _time(found, share)
    return f"{place}", *names, _loops(kernel), block, expected, *time, rate


def _time(found: Measured, share: float) -> tuple[str, str]:
    """Return a part of the time of an update as us and as a share."""
    return _us(share * found.seconds, found), f"{share:.1%}"


def _loops(kernel: Kernel) -> str:
    """Return the sizes of a kernel's loops: "n*100 over 784"."""
    free, folds = (
        "*".join(str(c.size) for c in counters)
        for counters in (kernel.free, kernel.folds)
    )
    return f"{free or 1} over {folds}" if folds else free or "1"


def _work(kernel: Kernel, batch: int) -> float:
    """Return the additions and multiplications of a product in an update."""
    if kernel.how != "product":
        return 0.0
    sizes = [c.size if isinstance(c.size, int) else batch for c in kernel.counters]
    return 2.0 * math.prod(sizes)


def _memory(found: Measured) -> Iterator[str]:
    """Yield how much memory an update takes."""
    places, layout = found.assembly.places, found.design.layout
    tiles, shards = math.ceil(found.batch / layout.tile), found.design.shards
    kept = sum(layout.bytes(buffer) for buffer in places.stored)
    rows = [
        ("each thread", places.own.size, "numbers of the update"),
        ("", places.tiles.size, "values of a tile, as below"),
        ("all threads", places.common.size, "values that are the same for all tiles"),
        ("", places.sums.size * shards, "sums over samples, for each shard"),
        ("", places.batch.size * tiles, "values of all samples of a batch"),
        ("the network", kept, "parameters, and the optimiser's memory"),
    ]
    yield "memory of an update"
    shown = [[of, f"{size:,}", what] for of, size, what in rows if size]
    yield from _table([["", "bytes", ""], *shown], "<><")


def _values(found: Measured) -> Iterator[str]:
    """Yield where the values of a tile are, and how long they are needed."""
    made, layout = found.assembly, found.design.layout
    fetched = set(found.design.copies.values())
    room = made.places.tiles.places
    rows = [["", "bytes", "at", "kernels"]]
    for buffer, at in sorted(room.items(), key=lambda item: item[1]):
        uses = [
            place
            for place, kernel in enumerate(made.kernels)
            if buffer in {*kernel.writes, *(x.buffer for x in kernel.loads())}
        ]
        first = "rows" if buffer in fetched else f"{min(uses)}"
        size = f"{layout.bytes(buffer):,}"
        rows.append([buffer.name, size, f"{at:,}", f"{first} - {max(uses)}"])
    yield "values of a tile: where they are, and the kernels from first to last use"
    yield from _table(rows, "<>>>")


def _us(seconds: float, found: Measured) -> str:
    """Return microseconds, to the fourth digit of those that an update takes."""
    digits = 3 - math.floor(math.log10(found.seconds * 1e6))
    return f"{seconds * 1e6:,.{max(digits, 1)}f}"


def _table(rows: Sequence[Sequence[str]], align: str) -> Iterator[str]:
    """Yield rows as lines of columns; a row of one cell is a line of its own.

    `align` has "<" or ">" for each column. What is too wide is cut, the widest first.
    """
    whole = [row for row in rows if len(row) > 1]
    widths = [max(map(len, column)) for column in zip(*whole, strict=True)]
    while sum(widths) + 2 * len(widths) > WIDTH:
        widths[widths.index(max(widths))] -= 1
    for row in rows:
        if len(row) == 1:
            yield f"  {row[0]}"
            continue
        cells = [
            f"{cell if len(cell) <= width else cell[: width - 2] + '..':{side}{width}}"
            for cell, width, side in zip(row, widths, align, strict=True)
        ]
        yield f"  {'  '.join(cells)}".rstrip()
