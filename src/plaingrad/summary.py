"""The table of a network: what each layer gives, holds and costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .compose import BATCH
from .errors import ShapeError
from .graph import Node, walk
from .ops import leaf
from .shapes import Dim, Shape, Size, show
from .trace import Row, Trace, Traced, tracing


@dataclass(frozen=True)
class SummaryRow:
    """One layer of the table; counts are for one sample."""

    layer: str
    output: Shape
    parameters: int
    multiply_adds: int
    values: int


@dataclass(frozen=True)
class Summary:
    """The table of a network.

    Attributes
    ----------
    input
        The shape of a batch of samples.
    rows
        The layers, in the order in which they run.
    trainable, frozen
        How many parameters training changes and how many it leaves.
    dtype
        The type of all values: "float32" or "float64".
    problem
        What stopped the network where its shapes do not fit, else None.
    """

    input: Shape
    rows: tuple[SummaryRow, ...]
    trainable: int
    frozen: int
    dtype: str = "float32"
    problem: str | None = None

    @property
    def parameters(self) -> int:
        """The number of all parameters; a shared one counts once."""
        return self.trainable + self.frozen

    @property
    def multiply_adds(self) -> int:
        """The multiplications with addition of one sample's forward pass."""
        return sum(row.multiply_adds for row in self.rows)

    @property
    def memory(self) -> tuple[int, int]:
        """Bytes of the parameters, and of one sample's values between the layers."""
        size = 8 if self.dtype == "float64" else 4
        return self.parameters * size, sum(row.values for row in self.rows) * size

    def layers(self) -> list[tuple[str, tuple[int, ...], int]]:
        """Return (layer, output shape of a sample, parameters), the input first."""
        rows = [("input", self.input, 0)]
        rows += [(row.layer, row.output, row.parameters) for row in self.rows]
        return [
            (name, tuple(size for size in shape if isinstance(size, int)), count)
            for name, shape, count in rows
        ]

    def __str__(self) -> str:
        """Return the table as text."""
        head = ("layer", "output", "parameters", "multiply-adds")
        body = [("input", show(self.input), "", "")] + [
            (r.layer, show(r.output), f"{r.parameters:,}", f"{r.multiply_adds:,}")
            for r in self.rows
        ]
        table = [head, *body]
        widths = [max(len(row[i]) for row in table) for i in range(4)]
        lines = [
            "  ".join(
                cell.ljust(width) if i < 2 else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in table
        ]
        rule = "-" * (sum(widths) + 6)
        return "\n".join([lines[0], rule, *lines[1:], rule, *self._totals()])

    __repr__ = __str__

    def _totals(self) -> list[str]:
        held, between = self.memory
        frozen = f", {self.frozen:,} of them frozen" if self.frozen else ""
        lines = [
            f"{self.parameters:,} parameters ({_bytes(held)}){frozen}",
            f"{self.multiply_adds:,} multiply-adds and {_bytes(between)} of values "
            f"a sample, in {self.dtype}",
        ]
        return [*lines, *([f"stopped: {self.problem}"] if self.problem else [])]


def summarise(network: Traced, features: Sequence[Size], dtype: str) -> Summary:
    """Return the table of a network for samples of the given shape."""
    problem = None
    with tracing() as trace:
        x = leaf("X", (BATCH, *features))
        try:
            trace.call(network, x)
        except ShapeError as error:
            problem = str(error)
    own = {id(declared.layer) for declared in trace.parameters.values()}
    rows = [row for row in trace.rows if not row.composite or id(row.layer) in own]
    counts = {True: 0, False: 0}
    for declared in trace.parameters.values():
        counts[declared.trainable] += _entries(declared.leaf.shape)
    seen: set[Node] = {x}
    return Summary(
        x.shape,
        tuple(_row(row, trace, seen) for row in rows),
        counts[True],
        counts[False],
        dtype,
        problem,
    )


def _row(row: Row, trace: Trace, seen: set[Node]) -> SummaryRow:
    own = [d for d in trace.parameters.values() if d.layer is row.layer]
    new = [node for node in walk([row.output]) if node not in seen]
    seen.update(new)
    return SummaryRow(
        repr(row.layer),
        row.output.shape,
        sum(_entries(d.leaf.shape) for d in own) if row.first else 0,
        sum(_multiply_adds(node) for node in new),
        _entries(row.output.shape),
    )


def _entries(shape: Shape) -> int:
    """Return the number of entries for one sample."""
    return math.prod(s.factor if isinstance(s, Dim) else s for s in shape)


def _multiply_adds(node: Node) -> int:
    if node.op.name != "matmul":
        return 0
    inner = node.inputs[0].shape[-1]
    return _entries(node.shape) * _entries((inner,))


def _bytes(count: int) -> str:
    """Return a number of bytes as people say it."""
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB"
