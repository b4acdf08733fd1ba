"""A whole procedure as one native function: stages, tiles, threads, batches.

The function walks through batches of samples. Each update runs its stages in turn: what
is the same for all samples, then tiles of samples depth first, then what follows from
their sums. Threads share the tiles by fixed shards, whose sums are added in a fixed
order, or each kernel of the only tile, each result of which one thread computes: so any
number of threads gives the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from .barrier import BARRIER
from .builder import I1, I64, PTR, SIZES, Builder, Cell, Kind, Value
from .choose import Design
from .flush import flushed
from .loops import Buffer, Kernel, N
from .parts import runs
from .places import CLOCK, SLOTS, Places, redundant
from .rows import Where, row_address, write_deliver, write_fetch
from .sparse import write_listed
from .straight import held
from .works import Works


class Assembly:
    """The writing of the native function.

    Attributes
    ----------
    module, functions
        Declarations by name, and the text of each function.
    kernels, places
        What the functions do, and where everything stands.
    works
        What writes the kernels.
    """

    def __init__(self, design: Design) -> None:
        self.design, self.layout = design, design.layout
        self.module: dict[str, str] = {}
        self.functions: list[str] = []
        self.kernels = design.kernels
        self.fetched = design.copies
        self.places = Places(design)
        self.works = Works(design, self.places, self.module, self.functions)
        self._main()

    def text(self) -> str:
        """Return the module."""
        declared = [line for line in self.module.values() if line]
        return "\n".join([*declared, *self.functions]) + "\n"

    def _main(self) -> None:
        for place, kernel in enumerate(self.kernels):
            self.works.write(kernel, f"k{place}")
        arguments = [("table", PTR), ("me", I64), ("threads", I64)]
        self.b = b = Builder(
            self.module, "run", arguments, "nounwind", exported=True, result=I64
        )
        b.unrolls = self.design.straight
        self.get = {name: self.places.slot(b, name) for name in SLOTS}
        self.me, self.threads = b.arguments["me"], b.arguments["threads"]
        if self.design.threads == 1:
            self.me, self.threads = b.constant(0, I64), b.constant(1, I64)
        if self.design.capacity == 1:
            self.get["batch"] = b.constant(1, I64)
        self.alone = self.threads.equals(1)
        done = b.cell(b.constant(0, I64))
        if self.design.loss is None:
            self._stretch(done, self.get["updates"])
        else:
            self._stretches(done)
        b.write(f"ret i64 {done.get().text}")
        self.functions.append(b.text())

    @contextmanager
    def _memory(self) -> Iterator[None]:
        """Have the memory of this thread, and copies of what is held."""
        b, get, places = self.b, self.get, self.places
        self.held: Mapping[Buffer, Value] = {}
        if not self.design.straight:
            self.arena = b.at(get["arena"], get["arena_bytes"] * self.me, "i8")
            tile = get["arena"] if self.design.together else self.arena
            self.values = b.at(tile, places.own.size, "i8")
            yield
            return
        one = Kind("i8")
        self.arena = b.room(one, places.own.size)
        self.values = b.room(one, places.tiles.size)
        shared = places.common.size + places.sums.size + places.batch.size
        get["shared"] = b.room(one, shared)
        arrays = {x: places.slot(b, f"stored {x.name}") for x in places.held}
        with held(b, self.layout, arrays) as self.held:
            yield

    def _stretches(self, done: Cell) -> None:
        """Write all updates in one stretch, or each in one when somebody is told of it.

        Between stretches everything is in its place, and may be changed.
        """
        b, updates, told = self.b, self.get["updates"], self.get["told"]
        heard = b.emit(f"icmp ne ptr {told.text}, null", I1)
        with b.repeat_while() as leave:
            leave(done.get() >= updates)
            self._stretch(done, b.select(heard, done.get() + 1, updates))
            with b.when(heard & self.me.equals(0) & self._finite()):
                b.write(f"call void {told.text}()")
            leave(self._ended())

    def _stretch(self, done: Cell, stop: Value) -> None:
        """Write some updates in a row, on the memory of a stretch."""
        with self._memory(), flushed(self.b, self.design.target.triple):
            self._updates(done, stop)

    def _updates(self, done: Cell, stop: Value) -> None:
        """Write the loop over updates, which counts those that are done."""
        b, get = self.b, self.get
        self._settings()
        per_epoch = (get["count"] + get["batch"] - 1) / get["batch"]
        first = get["first"] + done.get()
        epoch = b.cell(first / per_epoch)
        batch = b.cell(first - epoch.get() * per_epoch)
        self._expect(None, stop)
        with b.repeat_while() as leave:
            u = done.get()
            leave(u >= stop)
            self._expect(u + 1, stop)
            self._update(u, epoch.get(), batch.get())
            done.set(u + 1)
            following = batch.get() + 1
            over = following >= per_epoch
            batch.set(b.select(over, b.constant(0, I64), following))
            epoch.set(epoch.get() + b.convert(over, "i64"))
            if self.design.loss is not None:
                leave(self._ended())

    def _expect(self, following: Value | None, stop: Value) -> None:
        """Say where the sample of the following update is, or that nothing is made."""
        b, get, ahead = self.b, self.get, self.places.ahead
        if ahead is None:
            return
        known, sample = (
            b.at(self.arena, self.places.own.places[x], "i8")
            for x in (ahead.known, ahead.sample)
        )
        if following is None:
            b.store(known, b.constant(0, I64))
            return
        place = get["first"] + following
        row = place - place / get["count"] * get["count"]
        source = self.places.slot(b, f"data {ahead.data.name}")
        b.store(sample, b.constant(0, I64))
        with b.when(following < stop):
            where = get["order"], place, row
            zero = b.constant(0, I64)
            at = row_address(b, self.layout, ahead.copy, source, where, zero)
            b.store(sample, at)

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

    def _update(self, u: Value, epoch: Value, batch: Value) -> None:
        """Write one update: its place in the epoch, then its stages."""
        b, get = self.b, self.get
        start = batch * get["batch"]
        self.n = get["batch"]
        if self.design.capacity != 1:
            self.n = b.minimum(get["count"] - start, self.n)
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
        """Run the kernels of a stage outside of tiles."""
        self._together(kernels, self._call)

    def _together(
        self,
        kernels: Sequence[tuple[int, Kernel]],
        call: Callable[[int], None],
        in_step: bool = False,
    ) -> None:
        """Run kernels once: small ones in every thread, large ones in shares.

        `in_step`: they work on memory that buffers share over time, so that all threads
        must be done with a kernel before the next one.
        """
        read: set[Buffer] = set()
        written: set[Buffer] = set()
        for place, kernel in kernels:
            reads, writes = {x.buffer for x in kernel.loads()}, set(kernel.writes)
            # threads have different shares of different kernels
            if in_step or written & (reads | writes) or read & writes:
                self._barrier()
                read, written = set(), set()
            read |= reads
            if redundant(kernel):
                call(place)
                continue
            written |= writes
            if self.works.shared(kernel):
                call(place)
            else:
                with self.b.when(self.me.equals(0)):
                    call(place)
        if written:
            self._barrier()

    def _call(
        self,
        place: int,
        sums: Value | None = None,
        batch: Value | None = None,
        rows: Value | None = None,
        first: Value | None = None,
        part: Value | None = None,
    ) -> None:
        b = self.b
        zero = b.constant(0, I64)
        given = [
            b.arguments["table"],
            self.arena,
            self.values,
            self.get["shared"],
            sums or self.get["shared"],
            batch or self.get["shared"],
            part or zero,
            rows or zero,
            first or zero,
            b.convert(self.n, "double"),
            self.me,
            self.threads,
            *self.held.values(),
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
        me, threads = self.me, self.threads
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
        get, me = self.get, self.me
        sums = b.at(get["shared"], self.places.common.size, "i8")
        behind = self.places.common.size + self.places.sums.size * design.shards
        batch = b.at(get["shared"], behind, "i8")
        if design.single:
            zero = b.constant(0, I64)
            self._tile(level, kernels, zero, self.n, sums, batch)
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
            shard.set(s + self.threads)

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
        copies = {
            copy: data for (data, stage), copy in self.fetched.items() if stage == level
        }
        with self._alone():
            for copy, data in copies.items():
                source = self.places.slot(b, f"data {data.name}")
                target = self.places.in_tile(b, self.values, copy)
                with self._timed(len(self.kernels)):
                    self._fetch(copy, source, target, where, rows)
        if self.design.together:
            call = partial(self._call, sums=sums, batch=batch, rows=rows, first=first)
            self._together(kernels, call, in_step=True)
        with self._alone():
            if not self.design.together:
                for run in runs([kernel for _, kernel in kernels]):
                    self._run(run, sums, batch, rows, first)
            self._deliver(kernels, first, rows)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Have the block run by one thread, where there is only one tile."""
        if not self.design.single:
            yield
            return
        with self.b.when(self.me.equals(0)):
            yield

    def _deliver(
        self, kernels: Sequence[tuple[int, Kernel]], first: Value, rows: Value
    ) -> None:
        """Copy the rows of results to where the caller wants them."""
        b = self.b
        for buffer in self.design.results:
            if N in buffer.sizes and any(buffer in k.writes for _, k in kernels):
                target = self.places.slot(b, f"out {buffer.name}")
                write_deliver(
                    b,
                    self.layout,
                    buffer,
                    self.places.in_tile(b, self.values, buffer),
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

    def _fetch(
        self, copy: Buffer, source: Value, target: Value, where: Where, rows: Value
    ) -> None:
        """Fetch the rows of a tile, with a list of the places that count if need be."""
        b, layout, places = self.b, self.layout, self.places
        listed = places.lists.get(copy)
        if listed is None:
            write_fetch(b, layout, copy, source, target, where, rows)
            return
        row = row_address(b, layout, copy, source, where, b.constant(0, I64))
        room = b.at(self.arena, places.own.places[listed], "i8")
        write_listed(b, layout, copy, row, target, room)

    # What an update leaves.

    def _results(self, u: Value) -> None:
        """Hand over losses and results."""
        b = self.b
        with b.when(self.me.equals(0)):
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
        b, finite = self.b, self._finite()
        asked = b.at(self.get["control"], 1, "i64")
        if self.design.threads == 1:
            return (b.load(asked, I64) > 0) | ~finite
        told = b.at(self.get["barrier"], 32, "i64")
        with b.when(self.me.equals(0)):
            b.store(told, b.load(asked, I64))
        self._barrier()
        stop = b.load(told, I64) > 0
        return stop | ~finite

    def _finite(self) -> Value:
        """Return whether the last loss is a finite number."""
        assert self.design.loss is not None
        loss = self._number_of(self.design.loss)
        return (loss - loss).equals(0.0)

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
