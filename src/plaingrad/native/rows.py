"""Rows of the user's arrays into tiles, and tiles back into rows."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .builder import I1, I64, SIZES, Builder, Kind, Value
from .lanes import transposed
from .layout import Layout
from .loops import Buffer

Where = tuple[Value, Value, Value]
"""The order of rows (or null), the first place in it, and the row when it is null."""


def write_fetch(
    b: Builder,
    layout: Layout,
    buffer: Buffer,
    source: Value,
    target: Value,
    where: Where,
    rows: Value,
) -> None:
    """Copy the rows of a tile from an array to the tile's buffer."""
    width = row_width(buffer)
    if layout.lanes == "features":
        element = layout.stored(buffer)
        stride = layout.strides(buffer)[0] if width > 1 else 1
        with b.loop(0, rows) as i:
            row = row_address(b, layout, buffer, source, where, i)
            _copy(b, b.at(target, i * stride, element), row, width, element)
        return
    with b.loop(0, rows, layout.width) as i:
        starts = []
        for lane in range(layout.width):
            # lanes behind the last sample repeat it, and are masked in sums
            at = b.minimum(i + lane, rows - 1)
            starts.append(row_address(b, layout, buffer, source, where, at))
        _columns(b, layout, buffer, starts, b.at(target, i, layout.stored(buffer)))


def row_address(
    b: Builder, layout: Layout, buffer: Buffer, source: Value, where: Where, i: Value
) -> Value:
    """Return where the i-th row of a tile stands in an array."""
    place = _row(b, where, i) * row_width(buffer)
    return b.at(source, place, layout.stored(buffer))


def _row(b: Builder, where: Where, i: Value) -> Value:
    """Return the number of the i-th row of a tile."""
    order, place, natural = where
    row = b.cell(natural + i)
    given = b.emit(f"icmp ne ptr {order.text}, null", I1)
    with b.when(given):
        row.set(b.load(b.at(order, place + i, "i64"), I64))
    return row.get()


def _copy(b: Builder, target: Value, source: Value, count: int, element: str) -> None:
    """Copy neighbouring numbers."""
    if count == 1:
        b.store(target, b.load(source, Kind(element)))
        return
    b.copy(target, source, count * SIZES[element])


def _columns(
    b: Builder, layout: Layout, buffer: Buffer, starts: Sequence[Value], target: Value
) -> None:
    """Write the rows that begin at `starts` side by side, one in each lane."""
    element, width = layout.stored(buffer), layout.width
    count = row_width(buffer)
    step = _step(layout, buffer)
    whole = count // width * width
    if whole:
        with b.loop(0, whole, width) as f:
            kind = Kind(element, width)
            block = [b.load(b.at(start, f, element), kind) for start in starts]
            for place, column in enumerate(transposed(b, block)):
                b.store(b.at(target, (f + place) * step, element), column)
    if count > whole:
        with b.loop(whole, count) as f:
            each = [b.load(b.at(start, f, element), Kind(element)) for start in starts]
            made = b.gathered(each)
            b.store(b.at(target, f * step, element), made)


def write_deliver(
    b: Builder,
    layout: Layout,
    buffer: Buffer,
    source: Value,
    target: Value,
    row: Value,
    rows: Value,
) -> None:
    """Copy the rows of a tile's buffer to an array."""
    element, width = layout.stored(buffer), row_width(buffer)
    features = layout.lanes == "features"
    stride = layout.strides(buffer)[0] if features and width > 1 else 1
    step = _step(layout, buffer)
    with b.loop(0, rows) as i:
        to = b.at(target, (row + i) * width, element)
        start = b.at(source, i * stride, element)
        if features or width == 1:
            _copy(b, to, start, width, element)
        else:
            with b.loop(0, width) as f:
                one = b.load(b.at(start, f * step, element), Kind(element))
                b.store(b.at(to, f, element), one)


def row_width(buffer: Buffer) -> int:
    """Return how many numbers a sample has."""
    return math.prod(size for size in buffer.sizes if isinstance(size, int))


def _step(layout: Layout, buffer: Buffer) -> int:
    """Return how far apart the columns of a buffer stand, the samples in lanes."""
    strides = layout.strides(buffer)
    return strides[-1] if isinstance(buffer.sizes[-1], int) else 1
