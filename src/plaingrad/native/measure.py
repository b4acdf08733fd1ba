"""How long an update takes, and each of its kernels: measured on this machine."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import DataError
from ..graph import walk
from ..program import Program
from ..run import first_values
from ..shapes import show
from .assemble import Assembly
from .cached import Function, function
from .choose import Design
from .compile import build
from .crew import cores
from .design import design
from .facts import Facts
from .flat import flat
from .table import Table
from .target import host

Array = np.ndarray[Any, Any]
ENOUGH = 0.1
"""The seconds that one measurement takes at least."""
TIMES = 5
"""How often the time of an update is taken: the shortest counts."""
MOST = 1 << 22
"""The most samples of one measurement."""


@dataclass(frozen=True, eq=False)
class Measured:
    """What was made of the update of a program, and how long it takes.

    Attributes
    ----------
    assembly
        The function, as it was written.
    count, batch
        How many samples there are, and how many of them an update is about.
    lines
        How many lines of LLVM's language it is.
    writing, compiling
        Seconds: from the program to these lines, and from them to machine code.
    seconds
        Of an update, on one thread.
    threads, together
        As many threads as there are processors and shards, and the seconds on them.
    shares
        Which part of it each kernel takes, and last what fetches rows of the data.
    """

    assembly: Assembly
    count: int
    batch: int
    lines: int
    writing: float
    compiling: float
    seconds: float
    threads: int
    together: float
    shares: tuple[float, ...]

    @property
    def design(self) -> Design:
        """How the function was designed."""
        return self.assembly.design


def measure(program: Program, arrays: Mapping[str, Array]) -> Measured:
    """Train for some updates and return how long one takes.

    What trains is the very code that `fit` runs; a second one, the same but for the
    counting of cycles, tells the kernels apart.

    Parameters
    ----------
    program
        Whose update to measure.
    arrays
        All that it reads, by name: "X", "y", and masks of frozen entries.

    Raises
    ------
    DataError
        When the arrays are not such as the program trains on.
    Unsupported
        When the program has something without native form.
    """
    _check(program, arrays)
    count = len(arrays["X"])
    batch, target = program.loop.batch_size or count, host()
    update, dtype, loss = program.update, program.dtype, program.update.results[0]
    began = time.perf_counter()
    made = Assembly(
        design(update, dtype, target, capacity=batch, loss=loss, timed=True)
    )
    text = made.text()
    written = time.perf_counter()
    code = build(text, target)
    built = time.perf_counter()
    facts = Facts.of(made, update, dtype, direct=False)
    counted = _Run(program, Function.linked(code, facts), arrays)
    run = _Run(program, function(update, dtype, batch, loss), arrays)
    threads = max(1, min(facts.threads, cores()))
    seconds = run.seconds(1)
    return Measured(
        assembly=made,
        count=count,
        batch=batch,
        lines=text.count("\n"),
        writing=written - began,
        compiling=built - written,
        seconds=seconds,
        threads=threads,
        together=run.seconds(threads) if threads > 1 else seconds,
        shares=counted.shares(len(made.kernels) + 1),
    )


class _Run:
    """The update of a program, ready to be run again and again from the same start."""

    def __init__(
        self, program: Program, function: Function, arrays: Mapping[str, Array]
    ) -> None:
        loop = program.loop
        self.count = len(arrays["X"])
        self.batch = loop.batch_size or self.count
        self.order: Array | None = None
        if loop.shuffle:
            order = np.random.default_rng(loop.seed).permutation(self.count)
            self.order = order.astype(np.int64)
        parameters, states = first_values(program, arrays, loop.seed)
        masks = {name: arrays[name] for name in program.data}
        self.start = {**parameters, **states, **masks}
        self.values = flat(self.start)
        constants = function.facts.constants()
        self.table = table = Table(function, {**self.values, **constants})
        table.bind(arrays)
        table.settle(_numbers(program, -(-self.count // self.batch)))
        table.enter(count=self.count, batch=self.batch)

    def run(self, updates: int, threads: int) -> tuple[float, int]:
        """Do some updates; return the seconds, and how many were done.

        There are fewer when the loss becomes infinite or undefined.
        """
        self.values.update(self.start)
        epochs = -(-updates * self.batch // self.count) + 1
        if self.order is not None:
            self.table.point("order", np.tile(self.order, epochs))
        self.table.point("losses", np.zeros(updates))
        self.table.point("control", np.zeros(2, np.int64))
        self.table.enter(updates=updates)
        began = time.perf_counter()
        done = self.table.run(self.batch, threads)
        return time.perf_counter() - began, done

    def enough(self, threads: int) -> int:
        """Return how many updates take long enough to be measured."""
        updates, most = 1, max(1, MOST // self.batch)
        while updates < most:
            seconds, done = self.run(updates, threads)
            if seconds >= ENOUGH or done < updates:
                return done
            updates *= 2
        return most

    def seconds(self, threads: int) -> float:
        """Return the seconds of an update."""
        updates = self.enough(threads)
        found = [self.run(updates, threads) for _ in range(TIMES)]
        return min(seconds / done for seconds, done in found)

    def shares(self, count: int) -> tuple[float, ...]:
        """Return which part of the time each of so many pieces takes."""
        times = np.zeros(count, np.int64)
        self.table.point("times", times)
        self.run(self.enough(1), 1)
        return tuple((times / max(1, times.sum())).tolist())


def _numbers(program: Program, per_epoch: int) -> dict[str, float]:
    """Return the numbers that a program calls by name, as they are at first."""
    loop = program.loop
    rate = {} if loop.plateau is None else {"lr": loop.plateau.lr}
    clock = {"seed": loop.seed, "epochs": loop.epochs, "steps": loop.epochs * per_epoch}
    return {**program.settings, **clock, **rate}


def made_up(program: Program, count: int) -> dict[str, Array]:
    """Return random arrays such as a program trains on, for `count` samples."""
    rng = np.random.default_rng(0)
    arrays: dict[str, Array] = {}
    for name, leaf in program.update.inputs.items():
        if leaf.attrs["role"] != "data":
            continue
        shape = [size if isinstance(size, int) else count for size in leaf.shape]
        if leaf.kind == "int":
            arrays[name] = rng.integers(0, _classes(program), shape)
        elif leaf.kind == "bool":
            arrays[name] = np.ones(shape, bool)
        else:
            arrays[name] = rng.random(shape, np.float32)
    return arrays


def _check(program: Program, arrays: Mapping[str, Array]) -> None:
    """Refuse arrays of other shapes: machine code would read what is behind them."""
    count = len(arrays.get("X", ()))
    for name, leaf in program.update.inputs.items():
        if leaf.attrs["role"] != "data":
            continue
        shape = tuple(size if isinstance(size, int) else count for size in leaf.shape)
        if name not in arrays or arrays[name].shape != shape:
            found = show(arrays[name].shape) if name in arrays else "nothing"
            raise DataError(
                f"the network trains on {name} of shape {show(shape)}, got {found}. "
                f"Pass the arrays that it was trained on."
            )
        labels, classes = arrays[name], _classes(program)
        if leaf.kind == "int" and not 0 <= labels.min() <= labels.max() < classes:
            raise DataError(f"{name} must hold labels from 0 to {classes - 1}.")


def _classes(program: Program) -> int:
    """Return how many classes labels may name."""
    nodes = walk(step.node for step in program.update.steps)
    found = [node.attrs["classes"] for node in nodes if node.op.name == "one_hot"]
    return min(found, default=2)
