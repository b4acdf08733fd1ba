"""A function that reads NumPy's arrays itself: one call for one sample is that short.

To ask an array for its type, its sizes and its address takes Python longer than a small
network needs for its answer. So machine code looks into the object, where NumPy's
headers say that these stand; they are part of what extensions are compiled against.
"""

from __future__ import annotations

import ctypes
import math
import sys
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from .builder import I64, PTR, Builder, Kind, Value
from .loops import N

if TYPE_CHECKING:
    from ..program import Procedure
    from .assemble import Assembly

SLOTS = ("pair", "dtype")
"""What the table holds beside the rest: where X and the result are, and X's type."""
HEADER = object.__basicsize__
DATA, AXES, SIZES, TYPE, FLAGS = (HEADER + 8 * i for i in (0, 1, 2, 5, 6))
"""Where an array's object holds its address, its number of axes, and so on."""
ITEMS = HEADER + 8
"""Where a list's object holds the address of its items."""
READY = 0x101
"""The flags of an array whose entries are neighbours, and aligned."""
I32 = Kind("i32")


@cache
def readable() -> bool:
    """Tell whether arrays and lists are in memory as they are expected to be."""
    if sys.implementation.name != "cpython" or ctypes.sizeof(ctypes.c_void_p) != 8:
        return False
    array, whole, half = np.zeros((2, 3)), ctypes.c_int64, ctypes.c_int32
    pair = [None, array]

    def at(place: int, kind: Any = whole) -> Any:
        return kind.from_address(place).value

    return bool(
        type(array).__basicsize__ >= FLAGS + 4
        and at(id(array) + DATA) == array.ctypes.data
        and at(id(array) + AXES, half) == 2
        and at(at(id(array) + SIZES) + 8) == 3
        and at(id(array) + TYPE) == id(array.dtype)
        and at(id(array) + FLAGS, half) == array.flags.num
        and at(items(pair) + 8) == id(array)
    )


def items(pair: list[Any]) -> int:
    """Return the address of a list's items; it stays while the list stays as long."""
    return int(ctypes.c_int64.from_address(id(pair) + ITEMS).value)


def write_direct(assembly: Assembly, procedure: Procedure) -> bool:
    """Add the function `read`, where X is all data and rows are all that is wanted.

    It takes the table only, and returns 1, or 0 when X has not the type, the sizes or
    the order that it must have, or an entry that is not finite.
    """
    results = assembly.design.results
    plain = len(results) == 1 and N in results[0].sizes
    if not plain or [buffer.name for buffer in assembly.places.data] != ["X"]:
        return False
    assembly.places.slots.extend(SLOTS)
    b = Builder(
        assembly.module, "read", [("table", PTR)], "nounwind", exported=True, result=I64
    )
    done = b.cell(b.constant(0, I64))
    pair = _entry(b, assembly, "pair", PTR)
    x, out = (b.load(b.at(pair, i, "ptr"), PTR) for i in range(2))
    count = _entry(b, assembly, "count", I64)
    shape = [s for s in procedure.inputs["X"].shape[1:] if isinstance(s, int)]
    right = _right(b, x, _entry(b, assembly, "dtype", I64), 1 + len(shape))
    with b.when(right), b.when(_fits(b, x, count, shape)):
        first, kind = (
            _field(b, x, DATA, PTR),
            assembly.layout.stored(assembly.places.data[0]),
        )
        entries = count * math.prod(shape)
        with b.when(_finite(b, first, entries, kind, assembly.layout.width)):
            _enter(b, assembly, "data X", first)
            _enter(b, assembly, f"out {results[0].name}", _field(b, out, DATA, PTR))
            done.set(b.emit("call i64 @run(ptr %table, i64 0, i64 1)", I64))
    b.write(f"ret i64 {done.get().text}")
    assembly.functions.append(b.text())
    return True


def _entry(b: Builder, assembly: Assembly, slot: str, kind: Kind) -> Value:
    place = assembly.places.slots.index(slot)
    return b.load(b.at(b.arguments["table"], place, "i64"), kind)


def _enter(b: Builder, assembly: Assembly, slot: str, value: Value) -> None:
    place = assembly.places.slots.index(slot)
    b.store(b.at(b.arguments["table"], place, "i64"), value)


def _field(b: Builder, array: Value, place: int, kind: Kind) -> Value:
    return b.load(b.at(array, place, "i8"), kind)


def _right(b: Builder, x: Value, dtype: Value, axes: int) -> Value:
    """Return whether an array has a type, so many axes, and its entries in order."""
    flags = _field(b, x, FLAGS, I32) & b.constant(READY, I32)
    return (
        _field(b, x, TYPE, I64).equals(dtype)
        & _field(b, x, AXES, I32).equals(axes)
        & flags.equals(READY)
    )


def _fits(b: Builder, x: Value, count: Value, shape: Sequence[int]) -> Value:
    """Return whether an array of the right number of axes has the right sizes."""
    sizes = _field(b, x, SIZES, PTR)
    fits = b.load(sizes, I64).equals(count)
    for axis, size in enumerate(shape, 1):
        fits = fits & b.load(b.at(sizes, axis, "i64"), I64).equals(size)
    return fits


def _finite(b: Builder, first: Value, count: Value, element: str, lanes: int) -> Value:
    """Return whether numbers are finite: then each less itself is zero."""
    finite = b.cell(b.constant(1, Kind("i1")))
    start = b.constant(0, I64)
    for wide in (4 * lanes, lanes, 1):
        kind = Kind(element, min(wide, lanes))
        sums = [b.cell(b.constant(0.0, kind)) for _ in range(max(1, wide // lanes))]
        stop = start + (count - start) / wide * wide
        with b.loop(start, stop, wide) as i:
            for place, total in enumerate(sums):
                one = b.load(b.at(first, i + place * lanes, element), kind)
                total.set(total.get() + (one - one))
        whole = sums[0].get()
        for other in sums[1:]:
            whole = whole + other.get()
        total_ = b.across(whole, lambda x, y: x + y)
        finite.set(finite.get() & total_.equals(0.0))
        start = stop
    return finite.get()
