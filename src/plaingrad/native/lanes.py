"""Lanes of several vectors: added up side by side, or exchanged with the vectors."""

from __future__ import annotations

from collections.abc import Sequence

from .builder import Builder, Value


def lane_sums(b: Builder, vectors: Sequence[Value]) -> Value:
    """Return the sum of the lanes of each vector, side by side.

    The result has as many lanes as there are vectors, rounded up to a power of two;
    neighbours are added pair by pair, which takes few shuffles.
    """
    work: list[Value | None] = list(vectors)
    while len(work) & (len(work) - 1):
        work.append(None)
    lanes = vectors[0].kind.lanes
    count = len(work)
    if count > lanes:
        parts = [
            lane_sums(b, [v for v in work[i : i + lanes] if v is not None])
            for i in range(0, count, lanes)
        ]
        return _joined(b, parts)
    while len(work) > 1:
        pairs: list[Value | None] = []
        for a, c in zip(work[::2], work[1::2], strict=True):
            if a is None:
                pairs.append(None)
                continue
            other = a if c is None else c
            even = b.shuffle(a, other, range(0, 2 * lanes, 2))
            odd = b.shuffle(a, other, range(1, 2 * lanes, 2))
            pairs.append(even + odd)
        work = pairs
    made = work[0]
    assert made is not None
    # neighbouring lanes now hold parts of one sum
    while made.kind.lanes > count:
        even = b.shuffle(made, None, range(0, made.kind.lanes, 2))
        odd = b.shuffle(made, None, range(1, made.kind.lanes, 2))
        made = even + odd
    return made


def _joined(b: Builder, parts: Sequence[Value]) -> Value:
    """Return vectors as one, side by side."""
    made = parts[0]
    for part in parts[1:]:
        size = made.kind.lanes
        if part.kind.lanes < size:
            places = [*range(part.kind.lanes)] + [0] * (size - part.kind.lanes)
            part = b.shuffle(part, None, places)
        made = b.shuffle(made, part, range(2 * size))
    return made


def transposed(b: Builder, block: Sequence[Value]) -> list[Value]:
    """Return a square of vectors with rows and columns exchanged."""
    rows = list(block)
    size, k = len(rows), 1
    while k < size:
        lows = [i if not i & k else size + i - k for i in range(size)]
        highs = [i + k if not i & k else size + i for i in range(size)]
        for i in range(size):
            if not i & k:
                low = b.shuffle(rows[i], rows[i + k], lows)
                high = b.shuffle(rows[i], rows[i + k], highs)
                rows[i], rows[i + k] = low, high
        k *= 2
    return rows
