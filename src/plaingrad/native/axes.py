"""Indices of arrays: each axis as digits, so that reshaping only regroups them.

An axis of 676 that came from (26, 26) is told by two counters, like a number by two
digits. The batch `n` is always a digit of its own, since its size is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..graph import Node
from ..shapes import Dim, Size, divide
from .errors import Unsupported
from .loops import Counter, N, Place

Sizes = tuple[Size, ...]


@dataclass(frozen=True, slots=True)
class Digit:
    """A place that counts from 0 to below `size`."""

    place: Place
    size: Size


Digits = tuple[Digit, ...]
Index = tuple[Digits, ...]


class Split(Exception):  # noqa: N818
    """Asks for a counter to be made of two: `outer` times `inner`."""

    def __init__(self, counter: Counter, outer: Size, inner: Size) -> None:
        super().__init__(f"split {counter} into {outer} and {inner}")
        self.counter, self.outer, self.inner = counter, outer, inner


class Keep(Exception):  # noqa: N818
    """Asks for a node to be kept in memory: it cannot be read through."""

    def __init__(self, node: Node) -> None:
        super().__init__(f"keep {node}")
        self.node = node


def regroup(digits: Sequence[Digit], sizes: Sequence[Size]) -> Index:
    """Return digits put together again as axes of other sizes.

    Raises
    ------
    Split
        When a counter has to be made of two first.
    Unsupported
        When the sizes have no common digits, such as (6, 4) and (8, 3).
    """
    queue = [digit for digit in digits if digit.size != 1]
    found: list[Digits] = []
    for size in sizes:
        need, group = size, list[Digit]()
        while need != 1:
            if not queue:
                raise Unsupported("a reshape with sizes that do not fit together")
            digit = queue.pop(0)
            rest = divide(need, digit.size)
            if rest is not None:
                group.append(digit)
                need = rest
                continue
            inner = divide(digit.size, need)
            counter = digit.place.counter
            if inner is None or counter is None:
                raise Unsupported(
                    f"a reshape that puts axes of {digit.size} together to {size}"
                )
            raise Split(counter, need, inner)
        found.append(tuple(group))
    return tuple(found)


def value(digits: Sequence[Digit]) -> Place:
    """Return the number that digits write, the first the most significant."""
    place = Place()
    for digit in digits:
        if isinstance(digit.size, Dim):
            if place.terms or place.start:
                raise Unsupported("an index that goes through the batch")
            place = digit.place
        else:
            place = place * digit.size + digit.place
    return place


def axes_of(node: Node, memo: dict[Node, tuple[Sizes, ...]]) -> tuple[Sizes, ...]:
    """Return for each axis of a node the sizes of its digits, the batch set apart."""
    if node not in memo:
        memo[node] = _axes(node, memo)
    return memo[node]


def plain(size: Size) -> Sizes:
    """Return the digits of an axis of which no more is known than its size."""
    if isinstance(size, Dim):
        if size.symbols != ("n",):
            raise Unsupported(f"an axis of size {size}")
        return (N,) if size.factor == 1 else (N, size.factor)
    return () if size == 1 else (size,)


def _axes(node: Node, memo: dict[Node, tuple[Sizes, ...]]) -> tuple[Sizes, ...]:
    inputs = [axes_of(x, memo) for x in node.inputs]
    name = node.op.name
    if name == "reshape":
        flat = [size for axis in inputs[0] for size in axis]
        return _regrouped(flat, node.shape)
    if name == "transpose":
        return tuple(inputs[0][axis] for axis in node.attrs["axes"])
    if name in ("sum", "max", "mean"):
        axes, keep = node.attrs["axes"], node.attrs["keepdims"]
        kept = [() if i in axes else one for i, one in enumerate(inputs[0])]
        return tuple(o for i, o in enumerate(kept) if keep or i not in axes)
    if name == "argmax":
        return tuple(o for i, o in enumerate(inputs[0]) if i != node.attrs["axis"])
    if name == "one_hot":
        return (*inputs[0], plain(node.attrs["classes"]))
    if name == "matmul":
        return _product_axes(node, inputs)
    found: list[Sizes] = []
    for axis, size in enumerate(node.shape):
        digits = plain(size)
        for x, known in zip(node.inputs, inputs, strict=True):
            place = axis if name in _SAME_FRONT else axis - node.ndim + x.ndim
            if isinstance(size, Dim) and 0 <= place < x.ndim and x.shape[place] == size:
                digits = known[place]
        found.append(digits)
    return tuple(found)


_SAME_FRONT = ("patches", "fold", "slice", "unslice", "pad", "concatenate", "take")


def _product_axes(node: Node, inputs: Sequence[tuple[Sizes, ...]]) -> tuple[Sizes, ...]:
    (a, b), (x, y) = node.inputs, inputs
    lead = node.ndim - (a.ndim > 1) - (b.ndim > 1)
    front: list[Sizes] = []
    for axis in range(lead):
        known = [
            axes[place]
            for one, axes in ((a, x), (b, y))
            if (place := one.ndim - 2 - lead + axis) >= 0
            and one.shape[place] == node.shape[axis]
        ]
        front.append(known[0])
    rows = x[-2:-1] if a.ndim > 1 else ()
    columns = y[-1:] if b.ndim > 1 else ()
    return (*front, *rows, *columns)


def _regrouped(flat: Sequence[Size], shape: Sequence[Size]) -> tuple[Sizes, ...]:
    """Return sizes regrouped, known ones cut and joined as needed."""
    queue = list(flat)
    found: list[Sizes] = []
    for size in shape:
        need, group = size, list[Size]()
        while need != 1:
            if not queue:
                raise Unsupported("a reshape with sizes that do not fit together")
            first = queue.pop(0)
            rest = divide(need, first)
            if rest is not None:
                group.append(first)
                need = rest
                continue
            inner = divide(first, need)
            if inner is not None:
                group.append(need)
                queue.insert(0, inner)
                need = 1
            elif isinstance(first, int) and queue and isinstance(queue[0], int):
                queue[0] = first * queue[0]
            else:
                raise Unsupported("a reshape through the batch")
        found.append(_merged(group))
    return tuple(found)


def _merged(sizes: Sequence[Size]) -> Sizes:
    """Return neighbouring known sizes as one."""
    found: list[Size] = []
    for size in sizes:
        if found and isinstance(size, int) and isinstance(found[-1], int):
            found[-1] *= size
        elif size != 1:
            found.append(size)
    return tuple(found)
