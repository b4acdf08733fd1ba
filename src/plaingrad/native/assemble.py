"""A whole procedure as one native function: stages, tiles, threads, batches.

The function walks through batches of samples. Each update runs its stages in turn: what
is the same for all samples, then tiles of samples depth first, then what follows from
their sums. Threads share the tiles by fixed shards, whose sums are added in a fixed
order, so that any number of threads gives the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from .barrier import BARRIER
from .blocks import Plan
from .builder import I64, PTR, SIZES, Builder, Kind, Value
from .choose import Design
from .loops import Buffer, Kernel, N
from .nest import choose_lane, write_fold, write_map
from .parts import runs
from .places import CLOCK, SLOTS, Places, redundant
from .product import write_product
from .rows import write_deliver, write_fetch
from .scope import Scope
from .sparse import write_lists

ARGUMENTS = (
    *(("table", PTR), ("arena", PTR), ("shared", PTR), ("sums", PTR), ("tile", PTR)),
    *(("part", I64), ("rows", I64), ("first", I64), ("n", Kind("double"))),
    *(("me", I64), ("threads", I64)),
)
SMALL = 64
"""Up to how many points a kernel is written where it is called."""
LARGE = 4096
"""From how many entries on threads share the work of a kernel outside of tiles."""


class Assembly:
    """The writing of the native function.

    Attributes
    ----------
    data, stored, numbers
        The arrays that the function reads or renews, in the order of the table, and
        the numbers of the clock and the settings.
    arena, shared, sums, batch
        Bytes: for each thread; for all; for one shard's sums; for each tile.
    """

    def __init__(self, design: Design) -> None:
        self.design, self.layout = design, design.layout
        self.module: dict[str, str] = {}
        self.functions: list[str] = []
        self.kernels, self.plans = design.kernels, design.plans
        self.fetched = design.copies
        self.places = Places(design)
        self._main()

    # Functions.

    def text(self) -> str:
        """Return the module."""
        declared = [line for line in self.module.values() if line]
        return "\n".join([*declared, *self.functions]) + "\n"

    def _function(self, kernel: Kernel, name: str) -> None:
        """Write a kernel as a function of its own."""
        # what takes no longer than a call had better not be one
        layout = self.layout.of(kernel)
        small = _points(kernel, layout.tile) <= SMALL
        b = Builder(
            self.module,
            name,
            ARGUMENTS,
            "nounwind alwaysinline" if small else "nounwind",
        )
        made, plan = kernel, self.plans.get(kernel)
        sizes = {name: b.arguments[name] for name in ("rows", "first", "n")}
        lane = choose_lane(made, layout) if plan is None else plan.lane
        scope = Scope(b, made, layout, self._bases(b, kernel), sizes, lane)
        if made.how == "map":
            if self._shared(kernel):
                scope.shared = b.arguments["me"], b.arguments["threads"]
            write_map(scope)
        elif made.how == "product":
            write_product(scope, plan, self._listed(b, plan))
        else:
            write_fold(scope)
        self.functions.append(b.text())

    def _listed(self, b: Builder, plan: Plan | None) -> Value | None:
        """Return where the list of places that count is, of a product's sample."""
        places = None if plan is None else self.places.lists.get(plan.first.buffer)
        return (
            None
            if places is None
            else b.at(b.arguments["arena"], self.places.own.places[places], "i8")
        )

    def _bases(self, b: Builder, kernel: Kernel) -> Callable[[Buffer], Value]:
        """Return where buffers begin, computed once at the head of the function."""
        known = {x: self.places.base(b, x, kernel) for x in kernel.touched()}
        return known.__getitem__

    def _shared(self, kernel: Kernel) -> bool:
        """Tell whether threads share the work of a kernel outside of tiles."""
        return kernel.how == "map" and _points(kernel, 1) >= LARGE

    # The main function.

    def _main(self) -> None:
        for place, kernel in enumerate(self.kernels):
            self._function(kernel, f"k{place}")
        arguments = [("table", PTR), ("me", I64), ("threads", I64)]
        self.b = b = Builder(
            self.module, "run", arguments, "nounwind", exported=True, result=I64
        )
        get = {name: self.places.slot(b, name) for name in SLOTS}
        self.get = get
        self.arena = b.at(get["arena"], get["arena_bytes"] * b.arguments["me"], "i8")
        self._settings()
        self.alone = b.arguments["threads"].equals(1)
        per_epoch = (get["count"] + get["batch"] - 1) / get["batch"]
        done = b.cell(b.constant(0, I64))
        with b.repeat_while() as leave:
            u = done.get()
            leave(u >= get["updates"])
            self._update(u, get["first"] + u, per_epoch)
            done.set(u + 1)
            if self.design.loss is not None:
                leave(self._ended())
        b.write(f"ret i64 {done.get().text}")
        self.functions.append(b.text())

    def _settings(self) -> None:
        """Copy the settings into this thread's numbers."""
        b = self.b
        for place, buffer in enumerate(self.places.numbers):
            if buffer.name not in CLOCK:
                number = b.load(
                    b.at(self.get["settings"], place, "double"), Kind("double")
                )
                self._set_number(buffer.name, number)

    def _set_number(self, name: str, number: Value) -> None:
        buffer = next(x for x in self.places.numbers if x.name == name)
        self.b.store(
            self.b.at(self.arena, self.places.own.places[buffer], "i8"), number
        )

    def _update(self, u: Value, whole: Value, per_epoch: Value) -> None:
        """Write one update: its place in the epoch, then its stages."""
        b, get = self.b, self.get
        epoch = whole / per_epoch
        start = (whole - epoch * per_epoch) * get["batch"]
        left = get["count"] - start
        self.n = b.minimum(left, get["batch"])
        self.start = epoch * get["count"] + start
        self.row = start
        self._set_number("n", b.convert(self.n, "double"))
        self._set_number("epoch", b.convert(get["epoch"] + epoch, "double"))
        self._set_number("step", b.convert(get["step"] + u + 1, "double"))
        for level in range(self.design.last + 1):
            kernels = [(i, k) for i, k in enumerate(self.kernels) if k.level == level]
            if level % 2:
                self._barrier()
                self._loop(level, kernels)
            else:
                if level:
                    self._barrier()
                    self._combine(level - 1)
                self._once(kernels)
        self._results(u)

    # Stages outside of tiles.

    def _once(self, kernels: Sequence[tuple[int, Kernel]]) -> None:
        """Run kernels once: small ones in every thread, large ones in shares."""
        read: set[Buffer] = set()
        written: set[Buffer] = set()
        for place, kernel in kernels:
            reads, writes = {x.buffer for x in kernel.loads()}, set(kernel.writes)
            # threads have different shares of different kernels
            if written & (reads | writes) or read & writes:
                self._barrier()
                read, written = set(), set()
            read |= reads
            if redundant(kernel):
                self._call(place)
                continue
            written |= writes
            if self._shared(kernel):
                self._call(place)
            else:
                with self.b.when(self.b.arguments["me"].equals(0)):
                    self._call(place)
        if written:
            self._barrier()

    def _call(
        self,
        place: int,
        sums: Value | None = None,
        tile: Value | None = None,
        rows: Value | None = None,
        first: Value | None = None,
        part: Value | None = None,
    ) -> None:
        b = self.b
        zero = b.constant(0, I64)
        given = [
            b.arguments["table"],
            self.arena,
            self.get["shared"],
            sums or self.get["shared"],
            tile or self.get["shared"],
            part or zero,
            rows or zero,
            first or zero,
            b.convert(self.n, "double"),
            b.arguments["me"],
            b.arguments["threads"],
        ]
        text = ", ".join(f"{v.kind.text} {v.text}" for v in given)
        with self._timed(place):
            b.write(f"call void @k{place}({text})")

    @contextmanager
    def _timed(self, place: int) -> Iterator[None]:
        """Add the cycles that the block takes to those of a kernel, when asked to."""
        if not self.design.timed:
            yield
            return
        b = self.b
        before = b.call("llvm.readcyclecounter", I64)
        yield
        after = b.call("llvm.readcyclecounter", I64)
        assert before is not None
        assert after is not None
        at = b.at(self.get["times"], place, "i64")
        b.store(at, b.load(at, I64) + (after - before))

    def _combine(self, level: int) -> None:
        """Add up the sums that all shards made in a loop, in their order."""
        b, shards, size = self.b, self.design.shards, self.places.sums.size
        first, last = self.places.spans[level]
        if shards == 1 or first == last:
            return
        element, width = self.layout.element, self.layout.width
        kind = Kind(element, width)
        start = b.at(self.get["shared"], self.places.common.size + first, "i8")
        count = b.constant((last - first) // (SIZES[element] * width), I64)
        me, threads = b.arguments["me"], b.arguments["threads"]
        with b.loop(count * me / threads, count * (me + 1) / threads) as i:
            place = b.at(start, i * (SIZES[element] * width), "i8")
            total = b.load(place, kind)
            for shard in range(1, shards):
                total = total + b.load(b.at(place, shard * size, "i8"), kind)
            b.store(place, total)
        self._barrier()

    # Stages over tiles.

    def _loop(self, level: int, kernels: Sequence[tuple[int, Kernel]]) -> None:
        """Run kernels tile by tile, the tiles shared by shards."""
        b, design, tile = self.b, self.design, self.layout.tile
        get, me = self.get, b.arguments["me"]
        sums = b.at(get["shared"], self.places.common.size, "i8")
        behind = self.places.common.size + self.places.sums.size * design.shards
        batch = b.at(get["shared"], behind, "i8")
        if design.single:
            with b.when(me.equals(0)):
                self._tile(level, kernels, b.constant(0, I64), self.n, sums, batch)
            return
        tiles = (self.n + (tile - 1)) / tile
        shard = b.cell(me)
        with b.repeat_while() as leave:
            s = shard.get()
            leave(s >= design.shards)
            mine = b.at(sums, s * self.places.sums.size, "i8")
            if any(k.accumulates for _, k in kernels):
                self._clear(mine, kernels)
            with b.loop(
                tiles * s / design.shards, tiles * (s + 1) / design.shards
            ) as t:
                first = t * tile
                rows = b.minimum(self.n - first, tile)
                here = b.at(batch, t * self.places.batch.size, "i8")
                self._tile(level, kernels, first, rows, mine, here)
            shard.set(s + b.arguments["threads"])

    def _clear(self, sums: Value, kernels: Sequence[tuple[int, Kernel]]) -> None:
        """Begin sums at zero."""
        for _, kernel in kernels:
            if kernel.accumulates:
                for buffer in kernel.writes:
                    at = self.b.at(sums, self.places.sums.places[buffer], "i8")
                    self.b.clear(at, self.layout.bytes(buffer))

    def _tile(
        self,
        level: int,
        kernels: Sequence[tuple[int, Kernel]],
        first: Value,
        rows: Value,
        sums: Value,
        batch: Value,
    ) -> None:
        b = self.b
        where = self.get["order"], self.start + first, self.row + first
        for (data, stage), copy in self.fetched.items():
            if stage == level:
                source = self.places.slot(b, f"data {data.name}")
                target = self.places.in_tile(b, self.arena, copy)
                with self._timed(len(self.kernels)):
                    write_fetch(b, self.layout, copy, source, target, where, rows)
        self._write_lists(level)
        for run in runs([kernel for _, kernel in kernels]):
            self._run(run, sums, batch, rows, first)
        for buffer in self.design.results:
            if N in buffer.sizes and any(buffer in k.writes for _, k in kernels):
                target = self.places.slot(b, f"out {buffer.name}")
                write_deliver(
                    b,
                    self.layout,
                    buffer,
                    self.places.in_tile(b, self.arena, buffer),
                    target,
                    self.row + first,
                    rows,
                )

    def _run(
        self,
        run: Sequence[Kernel],
        sums: Value,
        batch: Value,
        rows: Value,
        first: Value,
    ) -> None:
        """Run kernels on a tile: on all of it, or part by part."""
        places = [self.kernels.index(kernel) for kernel in run]
        if not run[0].part:
            for place in places:
                self._call(place, sums, batch, rows, first)
            return
        size = self.layout.part
        with self.b.loop(0, rows, size) as part:
            here = self.b.minimum(rows - part, size)
            for place in places:
                self._call(place, sums, batch, here, first + part, part)

    def _write_lists(self, level: int) -> None:
        """List the places that count in what was just fetched."""
        places, here = self.places, set[Buffer]()
        for (_, stage), copy in self.fetched.items():
            if stage == level and copy in places.lists:
                here.add(copy)
        found = {
            copy: (
                places.in_tile(self.b, self.arena, copy),
                self.b.at(self.arena, places.own.places[places.lists[copy]], "i8"),
            )
            for copy in here
        }
        write_lists(self.b, self.layout, found)

    # What an update leaves.

    def _results(self, u: Value) -> None:
        """Hand over losses and results."""
        b = self.b
        with b.when(b.arguments["me"].equals(0)):
            if self.design.loss is not None:
                loss = self._number_of(self.design.loss)
                b.store(b.at(self.get["losses"], u, "double"), loss)
                # whoever sees the count must find the loss
                at, count = self.get["control"].text, (u + 1).text
                b.write(f"store atomic i64 {count}, ptr {at} release, align 8")
            for place, buffer in enumerate(self.design.results):
                if N not in buffer.sizes:
                    made = self._number_of(buffer)
                    b.store(b.at(self.get["results"], place, "double"), made)

    def _number_of(self, buffer: Buffer) -> Value:
        element = self.layout.stored(buffer)
        at = self.b.at(self.arena, self.places.own.places[buffer], "i8")
        return self.b.convert(self.b.load(at, Kind(element)), "double")

    def _ended(self) -> Value:
        """Return whether to end: the loss is not finite, or somebody asked for it."""
        b = self.b
        assert self.design.loss is not None
        loss = self._number_of(self.design.loss)
        finite = (loss - loss).equals(0.0)
        asked = b.at(self.get["control"], 1, "i64")
        told = b.at(self.get["barrier"], 32, "i64")
        with b.when(b.arguments["me"].equals(0)):
            b.store(told, b.load(asked, I64))
        self._barrier()
        stop = b.load(told, I64) > 0
        return stop | ~finite

    # Threads.

    def _barrier(self) -> None:
        """Wait until all threads are here."""
        b = self.b
        with b.when(~self.alone):
            args = f"ptr {self.get['barrier'].text}, i64 {b.arguments['threads'].text}"
            if "barrier" not in self.module:
                self.module["barrier"] = ""
                self.functions.append(BARRIER)
            b.write(f"call void @barrier({args})")


def _points(kernel: Kernel, tile: int) -> int:
    """Return how often the inside of a kernel runs in a tile."""
    return math.prod(
        c.size if isinstance(c.size, int) else tile for c in kernel.counters
    )
