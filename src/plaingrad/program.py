"""The program: named steps in order. Every reader takes one of these and nothing else.

A `Procedure` is straight-line code. A `Program` is a whole training script: its
parameters and their initial values, what happens in one update, how a network is
evaluated, and the loop around both.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from .errors import PlaingradError, VerifyError
from .graph import Node, walk
from .shapes import Shape

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
class Loop:
    """How the samples are visited."""

    epochs: int
    batch_size: int | None
    shuffle: bool
    seed: int
    validated: bool = False
    stopping: Stopping | None = None
    plateau: Plateau | None = None


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
