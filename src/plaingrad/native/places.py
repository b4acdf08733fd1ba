"""Where everything stands while a native function runs: rooms, and slots."""

from __future__ import annotations

from collections.abc import Iterable

from .ahead import ahead
from .builder import I64, PTR, Builder, Kind, Value
from .choose import Design
from .loops import Buffer, Kernel, N
from .memory import Room, tile_room
from .parts import local
from .sparse import lists

SLOTS = (
    *("arena", "arena_bytes", "shared", "order", "count", "batch", "first"),
    *("updates", "step", "epoch", "losses", "control", "told", "barrier"),
    *("settings", "results", "times"),
)
"""What the table holds before the addresses of arrays, eight bytes each."""
POINTERS = (
    *("arena", "shared", "order", "losses", "control", "told", "barrier"),
    *("settings", "results", "times"),
)
"""Those of them that are addresses."""
CLOCK = ("n", "step", "epoch")
"""The numbers that change from update to update."""


class Places:
    """The memory of a design.

    Attributes
    ----------
    own, tiles
        The room of each thread: numbers of the update, and the values of a tile.
    common, sums, batch
        The room of all: what is the same for all tiles; the sums of one shard, of
        which there are several; the values of one tile that a later loop reads.
    lists
        For arrays of which one sample is read at a time, the list of its places that
        are not zero.
    ahead
        The product that an update makes for the next one, if there is one.
    spans
        From where to where in `sums` those of each loop stand.
    numbers, stored, data
        The numbers of the settings and the clock, in order, and the arrays that the
        function reads or renews.
    held
        The arrays of which a call has copies of its own, and the names of the arguments
        that tell kernels where these are; see `straight`.
    slots
        The names of what the table holds, in order.
    """

    def __init__(self, design: Design) -> None:
        self.design, kernels = design, design.kernels
        touched = list(dict.fromkeys(b for k in kernels for b in k.touched()))
        self.numbers = [b for b in touched if b.space == "number"]
        self.numbers += [
            Buffer(name, "number", (), "number")
            for name in CLOCK
            if all(b.name != name for b in self.numbers)
        ]
        self.stored = [b for b in touched if b.space == "stored"]
        renewed = {b for k in kernels for b in k.writes if b.space == "stored"}
        self.held: dict[Buffer, str] = {}
        if design.straight:
            kept = [b for b in self.stored if b in renewed]
            self.held = {b: f"held{i}" for i, b in enumerate(kept)}
        self.data = list(dict.fromkeys(data for data, _ in design.copies))
        self.own, self.common, self.batch = Room(), Room(), Room()
        for number in self.numbers:
            self.own.add(number, 8)
        self._share_out(touched)
        self.lists = lists(design)
        self.ahead = ahead(design)
        made = self.ahead
        extra = [] if made is None else [made.sums, made.known, made.sample]
        for buffer in (*self.lists.values(), *extra):
            self.own.add(buffer, design.layout.bytes(buffer))
        self.sums, self.spans = self._sums()
        results = [b for b in design.results if N in b.sizes]
        fixed = [*design.copies.values(), *results]
        loops = [
            [k for k in kernels if k.level == level]
            for level in range(1, design.last + 1, 2)
        ]
        self.tiles = tile_room(loops, fixed, design.layout, set(self.batch.places))
        self.parts = local(kernels, [*fixed, *self.batch.places])
        self.slots = [
            *SLOTS,
            *(f"data {b.name}" for b in self.data),
            *(f"stored {b.name}" for b in self.stored),
            *(f"out {b.name}" for b in results),
        ]

    def _share_out(self, touched: Iterable[Buffer]) -> None:
        """Give buffers that outlive a tile their places."""
        kernels, layout = self.design.kernels, self.design.layout
        alone = {b for k in kernels if redundant(k) for b in k.writes}
        summed = {b for k in kernels if k.accumulates for b in k.writes}
        stages: dict[Buffer, set[int]] = {buffer: set() for buffer in touched}
        for k in kernels:
            for buffer in k.touched():
                stages[buffer].add(k.level)
        for buffer in stages:
            if buffer in alone:
                self.own.add(buffer, layout.bytes(buffer))
            elif buffer.space == "step" and buffer not in summed:
                self.common.add(buffer, layout.bytes(buffer))
            elif buffer.space == "tile" and len(stages[buffer]) > 1:
                self.batch.add(buffer, layout.bytes(buffer))

    def _sums(self) -> tuple[Room, dict[int, tuple[int, int]]]:
        """Give the sums over samples their places, those of each loop together."""
        room, spans = Room(), dict[int, tuple[int, int]]()
        for level in range(1, self.design.last + 1, 2):
            start = room.size
            for k in self.design.kernels:
                if k.level == level and k.accumulates:
                    for buffer in k.writes:
                        if buffer.space != "stored":
                            room.add(buffer, self.design.layout.bytes(buffer))
            spans[level] = start, room.size
        return room, spans

    def slot(self, b: Builder, name: str, kind: Kind | None = None) -> Value:
        """Return what stands in a slot of the table."""
        usual = I64 if name in SLOTS and name not in POINTERS else PTR
        place = b.at(b.arguments["table"], self.slots.index(name), "i64")
        return b.load(place, kind or usual)

    def base(self, b: Builder, buffer: Buffer, kernel: Kernel) -> Value:
        """Return where a buffer begins, or its part, inside a kernel's function."""
        whole = self.whole(b, buffer, buffer in kernel.writes)
        if not kernel.part or buffer.space != "tile" or buffer in self.parts:
            return whole
        layout = self.design.layout
        step = layout.strides(buffer)[buffer.sizes.index(N)]
        return b.at(whole, b.arguments["part"] * step, layout.stored(buffer))

    def whole(self, b: Builder, buffer: Buffer, writing: bool) -> Value:
        """Return where a buffer begins, all of it."""
        args = b.arguments
        if buffer in self.held:
            return args[self.held[buffer]]
        if buffer.space == "stored":
            return self.slot(b, f"stored {buffer.name}")
        for room, start in (
            (self.own, "arena"),
            (self.common, "shared"),
            (self.batch, "batch"),
        ):
            if buffer in room.places:
                return b.at(args[start], room.places[buffer], "i8")
        if buffer in self.sums.places:
            at = self.sums.places[buffer]
            if writing:
                return b.at(args["sums"], at, "i8")
            return b.at(args["shared"], self.common.size + at, "i8")
        return self.in_tile(b, args["tile"], buffer)

    def in_tile(self, b: Builder, tile: Value, buffer: Buffer) -> Value:
        """Return where a buffer begins among the values of a tile."""
        return b.at(tile, self.tiles.places[buffer], "i8")


def redundant(kernel: Kernel) -> bool:
    """Tell whether every thread runs a kernel for itself: it makes single numbers."""
    return (
        not kernel.free
        and kernel.samples is None
        and all(buffer.space != "stored" for buffer in kernel.writes)
    )
