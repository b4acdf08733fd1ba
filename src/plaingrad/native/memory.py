"""Which bytes each buffer gets: one arena for each thread, one room that all share."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field

from .layout import LINE, Layout
from .loops import Buffer, Kernel


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
    fixed: Iterable[Buffer],
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
        spans = _spans(kernels, room, elsewhere)
        placed: list[tuple[Buffer, int, int]] = []
        for buffer in sorted(spans, key=lambda b: (-layout.bytes(b), spans[b])):
            size = layout.bytes(buffer)
            taken = sorted(
                (at, at + length)
                for other, at, length in placed
                if _overlap(spans[buffer], spans[other])
            )
            at = _first_gap(taken, start, size)
            placed.append((buffer, at, size))
            room.places[buffer] = at
            most = max(most, at + size)
    room.size = most
    return room


def _spans(
    kernels: Sequence[Kernel], room: Room, elsewhere: Container[Buffer]
) -> dict[Buffer, tuple[int, int]]:
    """Return from when to when each buffer of a tile is needed."""
    spans: dict[Buffer, tuple[int, int]] = {}
    for time, kernel in enumerate(kernels):
        for buffer in [*kernel.writes, *(load.buffer for load in kernel.loads())]:
            known = buffer in room.places or buffer in elsewhere
            if buffer.space == "tile" and not known:
                first, _ = spans.get(buffer, (time, time))
                spans[buffer] = first, time
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
