"""What calling a native function takes: plain data that is kept beside its code."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from .errors import Unsupported
from .flat import Views, flat

if TYPE_CHECKING:
    from ..program import Procedure
    from .assemble import Assembly

Result = tuple[str, str, list[int] | None]


@dataclass(frozen=True)
class Facts:
    """What calling a native function takes.

    Attributes
    ----------
    dtype
        "float32" or "float64".
    capacity
        The most samples of a batch; None for any number.
    slots
        What the table holds, in order.
    numbers
        What the settings hold, in order.
    arena, common, sums, batch
        Bytes: of a thread, of all threads, of a shard, and of a tile of samples.
    shards, threads, tile
        Into how many parts a batch is cut, the most threads, the samples of a tile.
    data
        What each array with one row for each sample holds, by name.
    literals
        The known arrays that it reads: what they hold, and their entries, by name.
    results
        The name of each result, what it holds, and the shape of it for one sample;
        None for a number.
    shares
        How many truths there are for each sample where a result is the share of those
        that hold, by its name.
    work
        About how many multiplications and additions an update takes for a sample.
    direct
        Whether there is also a function that reads NumPy's arrays.
    """

    dtype: str
    capacity: int | None
    slots: list[str]
    numbers: list[str]
    arena: int
    common: int
    sums: int
    batch: int
    shards: int
    threads: int
    tile: int
    data: dict[str, str]
    literals: dict[str, tuple[str, Any]]
    results: list[Result]
    shares: dict[str, int]
    work: int
    direct: bool

    def type(self, kind: str) -> np.dtype[Any]:
        """Return the type of arrays of a kind."""
        return np.dtype({"int": "int64", "bool": "bool"}.get(kind, self.dtype))

    def constants(self) -> Views:
        """Return the known arrays by name."""
        return flat(
            {
                name: np.array(values, dtype=self.type(kind))
                for name, (kind, values) in self.literals.items()
            }
        )

    @classmethod
    def of(
        cls, assembly: Assembly, procedure: Procedure, dtype: str, direct: bool
    ) -> Self:
        """Return the facts about a function that is written."""
        design = assembly.design
        literals: dict[str, tuple[str, Any]] = {
            buffer.name: (buffer.kind, buffer.node.attrs["value"])
            for buffer in assembly.places.stored
            if buffer.node is not None and buffer.node.op.name == "literal"
        }
        return cls(
            dtype=dtype,
            capacity=design.capacity,
            slots=list(assembly.places.slots),
            numbers=[buffer.name for buffer in assembly.places.numbers],
            arena=assembly.places.own.size + assembly.places.tiles.size,
            common=assembly.places.common.size,
            sums=assembly.places.sums.size,
            batch=assembly.places.batch.size,
            shards=design.shards,
            threads=design.threads,
            tile=design.layout.tile,
            data={buffer.name: buffer.kind for buffer in assembly.places.data},
            literals=literals,
            results=results_of(procedure),
            shares=_shares(procedure),
            work=_work(assembly),
            direct=direct,
        )


def results_of(procedure: Procedure) -> list[Result]:
    """Return what a procedure gives, as far as that has a native form.

    Raises
    ------
    Unsupported
        When a result is neither a number nor an array with one row for each sample.
    """
    made = {step.name: step.node for step in procedure.steps}
    found: list[Result] = []
    for name in procedure.results:
        if name not in made:
            raise Unsupported(f"what gives {name} as it is")
        node, shape = made[name], None
        if node.shape:
            first, *inner = node.shape
            shape = [size for size in inner if isinstance(size, int)]
            if isinstance(first, int) or len(shape) < len(inner):
                raise Unsupported(f"what gives {name}: not one row for each sample")
        found.append((name, node.kind, shape))
    return found


def _shares(procedure: Procedure) -> dict[str, int]:
    """Return how many truths of a sample each mean of truths is about, by name."""
    found = {}
    for step in procedure.steps:
        node = step.node
        while node.op.name == "mark":
            node = node.inputs[0]
        share = node.op.name == "mean" and node.kind == "number"
        if step.name in procedure.results and share:
            sizes = node.inputs[0].shape
            found[step.name] = math.prod(s for s in sizes if isinstance(s, int))
    return found


def _work(assembly: Assembly) -> int:
    """Return how many points the kernels visit for each sample."""
    sizes = [
        [counter.size for counter in kernel.counters if isinstance(counter.size, int)]
        for kernel in assembly.kernels
        if kernel.samples is not None
    ]
    return sum(math.prod(each) for each in sizes)
