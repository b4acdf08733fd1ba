"""Which bytes each buffer gets: one arena for each thread, one room that all share."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Sequence
from dataclasses import dataclass, field

from .flat import LINE
from .layout import Layout
from .loops import Buffer, Kernel
from .parts import local, runs


@dataclass
class Room:
    """A stretch of memory that is given out once and never taken back."""

    size: int = 0
    places: dict[Buffer, int] = field(default_factory=dict)

    def add(self, buffer: Buffer, size: int) -> None:
        """Give a buffer its place."""
        if buffer not in self.places:
            self.places[buffer] = self.size
            self.size += -(-size // LINE) * LINE


def tile_room(
    stages: Iterable[Sequence[Kernel]],
    fixed: Collection[Buffer],
    layout: Layout,
    elsewhere: Container[Buffer],
) -> Room:
    """Return places for the buffers of tiles, which share memory over time.

    Parameters
    ----------
    stages
        The kernels of each loop over tiles, in order.
    fixed
        Buffers that keep a place of their own, since they are filled before.
    layout
        How large buffers are.
    elsewhere
        Buffers that stand in another room.
    """
    room = Room()
    for buffer in fixed:
        room.add(buffer, layout.bytes(buffer))
    start, most = room.size, room.size
    for kernels in stages:
        parts = local(kernels, fixed)
        spans = _spans(kernels, parts, room, elsewhere)
        sizes = {b: (layout.parted if b in parts else layout).bytes(b) for b in spans}
        placed: list[tuple[Buffer, int, int]] = []
        for buffer in sorted(spans, key=lambda b: (-sizes[b], spans[b])):
            taken = sorted(
                (at, at + length)
                for other, at, length in placed
                if _overlap(spans[buffer], spans[other])
            )
            at = _first_gap(taken, start, sizes[buffer])
            placed.append((buffer, at, sizes[buffer]))
            room.places[buffer] = at
            most = max(most, at + sizes[buffer])
    room.size = most
    return room


def _spans(
    kernels: Sequence[Kernel],
    parts: Container[Buffer],
    room: Room,
    elsewhere: Container[Buffer],
) -> dict[Buffer, tuple[int, int]]:
    """Return from when to when each buffer of a tile is needed.

    Where kernels run part by part, the next part begins before the last of them is
    over, so that what comes from, or is for, other kernels is needed all the while.
    """
    spans: dict[Buffer, tuple[int, int]] = {}
    time = 0
    for run in runs(kernels):
        begin, end = time, time + len(run) - 1
        for kernel in run:
            for buffer in kernel.touched():
                known = buffer in room.places or buffer in elsewhere
                if buffer.space == "tile" and not known:
                    all_the_while = kernel.part and buffer not in parts
                    now = (begin, end) if all_the_while else (time, time)
                    first, _ = spans.get(buffer, now)
                    spans[buffer] = first, now[1]
            time += 1
    return spans


def _overlap(a: tuple[int, int], b: tuple[int, int]) -> bool:
    return a[0] <= b[1] and b[0] <= a[1]


def _first_gap(taken: Sequence[tuple[int, int]], start: int, size: int) -> int:
    at = start
    for begin, end in taken:
        if begin - at >= size:
            break
        at = max(at, end)
    return at
