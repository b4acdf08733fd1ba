"""From layers to a graph: what is gathered while their `forward` methods run.

While a trace is open, layers receive symbolic arrays and answer with nodes. The trace
keeps the parameters that they ask for, what each value is called, and the chain of
shapes, which is the network's summary and the context of every shape error.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Protocol

from .errors import PlaingradError, ShapeError
from .graph import Node, apply
from .names import Namer, identifier
from .ops.leaves import leaf, setting
from .ops.random import noise
from .program import Role
from .shapes import Shape, show


class Start(Protocol):
    """How a parameter begins: see `initializers`."""

    note: str

    def text(self, shape: tuple[int, ...]) -> str:
        """Return the NumPy text that draws the first values."""


class Traced(Protocol):
    """What a trace asks of a layer."""

    name: str | None
    symbol: str
    note: str
    trainable: bool
    rectifies: bool | None

    def forward(self, x: Node, /) -> Node:
        """Return the layer's output."""


@dataclass
class Declared:
    """A parameter that a layer asked for.

    It is `trainable` when its layer is, and every layer that holds that one, at each
    of its uses.
    """

    leaf: Node
    layer: Traced
    letter: str
    start: Start | None
    trainable: bool


@dataclass(frozen=True)
class Row:
    """One call of one layer, for the summary.

    `first` tells its first call from later ones of a shared layer, `composite` a layer
    that called others.
    """

    layer: Traced
    input: Node
    output: Node
    depth: int
    first: bool
    composite: bool


@dataclass
class Trace:
    """What one tracing gathers.

    Attributes
    ----------
    training
        Whether dropout and augmentation are on.
    parameters
        By printed name, in the order in which the layers asked.
    roles
        What the values of the layers are called.
    rows
        The calls of layers, in order of their completion.
    """

    training: bool = False
    parameters: dict[str, Declared] = field(default_factory=dict)
    roles: dict[Node, Role] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    rectified: dict[str, bool] = field(default_factory=dict)
    _numbers: dict[int, int] = field(default_factory=dict)
    _found: dict[tuple[int, str], Declared] = field(default_factory=dict)
    _waiting: list[str] = field(default_factory=list)
    _stack: list[Traced] = field(default_factory=list)
    _namer: Namer = field(default_factory=Namer)
    _places: int = 0
    _latest: Traced | None = None

    def call(self, layer: Traced, x: Node) -> Node:
        """Run a layer and note what came of it."""
        if layer in self._stack:
            raise PlaingradError(f"{layer!r} calls itself in its forward method.")
        self._stack.append(layer)
        before = len(self.rows)
        try:
            out = layer.forward(x)
            if not isinstance(out, Node):
                raise PlaingradError(
                    f"{layer!r}.forward returned {type(out).__name__}; it must return "
                    f"the array that it computes."
                )
        except ShapeError as error:
            raise self._explained(error, layer, x) from None
        finally:
            self._stack.pop()
        self._note(layer, x, out, inner=len(self.rows) > before)
        return out

    def parameter(
        self, layer: Traced, letter: str, shape: Shape, start: Start | None
    ) -> Node:
        """Return the layer's parameter of this letter; the first call creates it."""
        key = (id(layer), letter)
        self._latest = layer
        trainable = all(holder.trainable for holder in (layer, *self._stack))
        if key in self._found:
            node = self._found[key].leaf
            self._found[key].trainable &= trainable
            if node.shape != shape:
                raise ShapeError(
                    f"the shared {letter} has the shape {show(node.shape)} and is "
                    f"asked for as {show(shape)}. A layer that is used twice needs "
                    f"inputs of the same size each time."
                )
            return node
        if not all(isinstance(size, int) for size in shape):
            raise ShapeError(
                f"the parameter {letter} cannot have the shape {show(shape)}: the "
                f"batch is no size of a parameter."
            )
        name = self._namer(self._parameter_name(layer, letter))
        node = leaf(name, shape, "parameter")
        declared = Declared(node, layer, letter, start, trainable)
        self._found[key] = self.parameters[name] = declared
        if start is None:
            self._waiting.append(name)
        return node

    def noise(self, shape: Shape) -> Node:
        """Return uniform numbers in [0, 1) for a new place of the program."""
        self._places += 1
        step = leaf("step", (), "time", "number")
        return noise(shape, self._places, setting("seed", 0), step)

    def draw(self, shape: Shape) -> Node:
        """Return such numbers to compute with: as floats of the program's own type."""
        return apply("cast", self.noise(shape))

    def name(self, node: Node, name: str, note: str = "", soft: bool = False) -> None:
        """Say what a value is called, unless it has a name already."""
        self.roles.setdefault(node, Role(name, note, soft))

    def layer_name(self, symbol: str) -> str:
        """Return the name of a value of the layer that is running: mask -> mask2."""
        return self._value_name(self._stack[-1], symbol)

    def chain(self) -> str:
        """Return the shapes so far: `(n, 64) -> Linear(20) -> (n, 20)`."""
        rows: list[Row] = []
        for row in self.rows:
            # a layer stands for its parts once it has run
            while rows and rows[-1].depth > max(row.depth, 1):
                rows.pop()
            rows.append(row)
        text = show(rows[0].input.shape) if rows else ""
        return text + "".join(
            f" -> {r.layer!r} -> {show(r.output.shape)}" for r in rows
        )

    def _note(self, layer: Traced, x: Node, out: Node, inner: bool) -> None:
        first = all(row.layer is not layer for row in self.rows)
        self.rows.append(Row(layer, x, out, len(self._stack), first, inner))
        if out is not x and out.inputs and layer.symbol:
            self.name(out, self._value_name(layer, layer.symbol), layer.note)
        if layer.rectifies is not None and not inner:
            self.rectified.update(dict.fromkeys(self._waiting, layer.rectifies))
            self._waiting.clear()

    def _number(self, layer: Traced) -> int:
        return self._numbers.setdefault(id(layer), len(self._numbers) + 1)

    def _parameter_name(self, layer: Traced, letter: str) -> str:
        if layer.name:
            return f"{identifier(layer.name)}_{letter}"
        return f"{letter}{self._number(layer)}"

    def _value_name(self, layer: Traced, symbol: str) -> str:
        known = layer.name or id(layer) in self._numbers
        owner = layer if known or self._latest is None else self._latest
        if owner.name:
            return f"{identifier(owner.name)}_{symbol}"
        return f"{symbol}{self._numbers.get(id(owner), 0)}"

    def _explained(self, error: ShapeError, layer: Traced, x: Node) -> ShapeError:
        """Add the layer and the chain of shapes that led to it."""
        if getattr(error, "explained", False):
            return error
        chain = self.chain() or show(x.shape)
        told = ShapeError(
            f"{layer!r}: {error}\nThe shapes so far: {chain} -> {layer!r}"
        )
        told.explained = True  # type: ignore[attr-defined]
        return told


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def current() -> Trace:
    """Return the open trace.

    Raises
    ------
    PlaingradError
        When none is open: a layer was called on its own.
    """
    trace = _current.get()
    if trace is None:
        raise PlaingradError(
            "a layer was called outside a network. Put it into pg.Sequential(...) or "
            "call it in the forward method of a pg.Layer, and use fit or predict."
        )
    return trace


@contextmanager
def tracing(training: bool = False) -> Iterator[Trace]:
    """Open a trace."""
    trace = Trace(training)
    token = _current.set(trace)
    try:
        yield trace
    finally:
        _current.reset(token)
