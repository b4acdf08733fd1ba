"""The program: named steps in order. Every reader takes one of these and nothing else.

A `Procedure` is straight-line code. A `Program` is a whole training script: its
parameters and their initial values, what happens in one update, how a network is
evaluated, and the loop around both.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from .errors import PlaingradError, SettingError, VerifyError, whole
from .graph import Node, walk
from .ops.random import mixed, shuffled
from .shapes import Shape

Array = np.ndarray[Any, Any]
Section = Literal["forward", "loss", "backward", "update", "result"]
SECTIONS: tuple[Section, ...] = ("forward", "loss", "backward", "update", "result")


@dataclass(frozen=True)
class Role:
    """What a value is to a person: its name, and a word about where it comes from.

    A `soft` role names a value where it gets a line, and does not ask for one.
    """

    name: str
    note: str = ""
    soft: bool = False


@dataclass(frozen=True, eq=False)
class Step:
    """One line: `name` becomes the value of `node`."""

    name: str
    node: Node
    section: Section
    note: str = ""


@dataclass(frozen=True, eq=False)
class Procedure:
    """Straight-line code.

    Attributes
    ----------
    inputs
        The leaves that it reads, by name, in the order of their first use.
    steps
        The lines, in order. A step whose name is that of an input renews it.
    names
        The name of each node that has one; all other nodes stand inside a line.
    results
        The names that it computes for its caller.
    """

    inputs: Mapping[str, Node]
    steps: tuple[Step, ...]
    names: Mapping[Node, str]
    results: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Parameter:
    """A parameter: its name and shape, the NumPy text of its start, and its freedom.

    `start` uses the generator `rng`; `free` names the mask of its trainable entries
    when only some are; a parameter that is not `trainable` is never changed.
    """

    name: str
    shape: tuple[int, ...]
    start: str
    note: str = ""
    trainable: bool = True
    free: str | None = None


@dataclass(frozen=True)
class Stopping:
    """When training ends early: after `patience` epochs without improvement."""

    monitor: Literal["val_loss", "val_accuracy"]
    patience: int
    min_delta: float = 0.0


@dataclass(frozen=True)
class Plateau:
    """When the rate falls: by `factor`, after `patience` epochs without improvement."""

    lr: float
    factor: float
    patience: int
    min_lr: float
    min_delta: float


@dataclass(frozen=True)
class Blocks:
    """Rows that are read together, and how many such blocks are mixed at a time.

    An epoch that shuffles takes the blocks in another order, a few at a time, and mixes
    the rows of these few.

    Attributes
    ----------
    rows
        How many rows there are.
    size
        The rows of each block but the last, which may have fewer; None if unlike.
    mixed
        How many blocks are mixed.
    starts
        The rows at which blocks begin that are unlike.
    """

    rows: int
    size: int | None
    mixed: int
    starts: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        # a model file may hold anything
        whole("the rows of a stream", self.rows)
        whole("mixed", self.mixed)
        if self.size is not None:
            whole("the size of a block", self.size)
            return
        edges = [whole("a row", row, least=0) for row in (*self.starts, self.rows)]
        if len(edges) < 2 or edges[0] or any(np.diff(edges) < 1):
            raise SettingError("the rows at which blocks begin must rise from 0.")

    @property
    def count(self) -> int:
        """How many blocks there are."""
        return len(self.starts) if self.size is None else -(-self.rows // self.size)

    def span(self, block: int) -> tuple[int, int]:
        """Return the first row of a block, and that after its last one."""
        if self.size is not None:
            start = block * self.size
            return start, min(start + self.size, self.rows)
        last = block + 1 == len(self.starts)
        return self.starts[block], self.rows if last else self.starts[block + 1]

    def mixes(self, seed: int, epoch: int) -> Iterator[Mix]:
        """Yield the blocks of an epoch, a few at a time."""
        blocks, first = shuffled(self.count, seed, epoch), 0
        for place in range(0, len(blocks), self.mixed):
            few = blocks[place : place + self.mixed].tolist()
            spans = tuple(self.span(block) for block in few)
            count = sum(stop - start for start, stop in spans)
            yield Mix(spans, first, count, (seed, epoch, place))
            first += count


@dataclass(frozen=True)
class Mix:
    """A few blocks whose rows an epoch mixes.

    Attributes
    ----------
    spans
        The first row of each, and that after its last one.
    first, count
        How many rows the epoch has visited before, and how many these are.
    key
        What their order is a function of.
    """

    spans: tuple[tuple[int, int], ...]
    first: int
    count: int
    key: tuple[int, int, int]

    @property
    def order(self) -> Array:
        """The order of the rows, from 0 in the first of the blocks on."""
        return mixed(self.count, *self.key)

    @property
    def rows(self) -> Array:
        """The rows in the order of their visit."""
        rows: Array = np.concatenate([np.arange(*span) for span in self.spans])
        return rows[self.order]


@dataclass(frozen=True)
class Loop:
    """How the samples are visited; in blocks where they are read when needed."""

    epochs: int
    batch_size: int | None
    shuffle: bool
    seed: int
    validated: bool = False
    stopping: Stopping | None = None
    plateau: Plateau | None = None
    blocks: Blocks | None = None

    def order(self, count: int, epoch: int) -> Array:
        """Return the order in which an epoch visits `count` rows."""
        if not self.shuffle:
            return np.arange(count)
        if self.blocks is None:
            return shuffled(count, self.seed, epoch)
        mixes = self.blocks.mixes(self.seed, epoch)
        return np.concatenate([mix.rows for mix in mixes])


@dataclass(frozen=True, eq=False)
class Program:
    """A network's training, whole.

    Attributes
    ----------
    title
        One line that says what is trained, for people.
    dtype
        "float32" or "float64".
    parameters, states
        What an update renews: the weights, and the optimiser's memory (which starts
        at zero and belongs to a parameter: state name -> parameter name).
    settings
        The numbers that the program calls by name.
    update
        One training step on a batch.
    evaluate
        Loss and score of the network on data, without dropout.
    loop
        Epochs, batches, shuffling and early stopping.
    data
        Extra arrays that the program reads (masks of frozen entries), by name.
    searched
        The optimiser that searches for its steps with what an update notes; empty when
        the update itself is the step.
    """

    title: str
    dtype: str
    parameters: tuple[Parameter, ...]
    states: Mapping[str, str]
    settings: Mapping[str, Any]
    update: Procedure
    evaluate: Procedure
    loop: Loop
    data: Mapping[str, Shape] = field(default_factory=dict)
    searched: str = ""

    def check_whole(self) -> None:
        """Refuse to be printed when the update is not the whole step."""
        if self.searched:
            raise PlaingradError(
                f"{self.searched} searches for its steps in a loop of its own, which "
                f"has no printed form. For the loss and the gradients that it goes by, "
                f"print another training of the network: "
                f"net.longhand(X, y, optimizer=pg.SGD(), batch_size=None)."
            )


def part(procedure: Procedure, results: Sequence[str]) -> Procedure:
    """Return the steps of a procedure that some of its results need."""
    needed = set(results)
    steps: list[Step] = []
    for step in reversed(procedure.steps):
        if step.name in needed:
            steps.append(step)
            needed |= {name for _, name in _reads(step.node, procedure.names)}
    inputs = {name: leaf for name, leaf in procedure.inputs.items() if name in needed}
    return Procedure(inputs, tuple(reversed(steps)), procedure.names, tuple(results))


def verify(procedure: Procedure) -> None:
    """Check a procedure: names, order, and that nothing reads a value once renewed.

    Raises
    ------
    VerifyError
        When a step reads a name that is not there yet, a renewed value is read as it
        was before, a name is no Python identifier or is given twice, something else
        than a parameter or state is renewed, or sections are out of order.
    """
    ready: dict[str, Node] = dict(procedure.inputs)
    made: set[str] = set()
    last = 0
    for step in procedure.steps:
        _verify_name(step, procedure.inputs, made)
        here = SECTIONS.index(step.section)
        if here < last:
            raise VerifyError(f"{step.name} of {step.section} stands too late")
        last = here
        for node, name in _reads(step.node, procedure.names):
            if ready.get(name) is not node:
                raise VerifyError(f"{step.name} reads {name}, which is not there")
        ready[step.name] = step.node
    for name in procedure.results:
        if name not in ready:
            raise VerifyError(f"the result {name} is never computed")


def _verify_name(step: Step, inputs: Mapping[str, Node], made: set[str]) -> None:
    """Check the name of a step and enter it among those made."""
    name = step.name
    if not name.isidentifier() or keyword.iskeyword(name):
        raise VerifyError(f"{name!r} is no name for a value")
    if name in made:
        raise VerifyError(f"{name} is assigned twice")
    made.add(name)
    if name not in inputs:
        return
    old = inputs[name]
    if old.attrs["role"] not in ("parameter", "state"):
        raise VerifyError(f"{name} is given and may not be changed")
    if old.type != step.node.type:
        raise VerifyError(f"{name} of the type {old.type} becomes {step.node.type}")


def _reads(node: Node, names: Mapping[Node, str]) -> Iterable[tuple[Node, str]]:
    """Yield the named nodes that the line of `node` reads."""
    for x in walk(node.inputs, names):
        if x in names:
            yield x, names[x]
        elif x.op.name == "leaf":
            raise VerifyError(f"{x!r} is read and has no name")
