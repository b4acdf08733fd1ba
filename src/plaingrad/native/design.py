"""From a procedure to the design of a function: kernels, lanes, tiles, shards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..graph import Node
from ..program import Procedure
from .axes import plain
from .choose import Design, choose
from .fuse import fuse
from .layout import Lanes
from .loops import Buffer, Kernel, N, Space
from .lower import Lowering
from .prepare import prepare
from .stages import assign
from .target import Target

ELEMENTS = {"float32": "float", "float64": "double"}


def design(
    procedure: Procedure,
    dtype: str,
    target: Target,
    *,
    capacity: int | None,
    loss: str | None = None,
    lanes: Lanes | None = None,
    tile: int | None = None,
    part: int = 0,
    shards: int | None = None,
    timed: bool = False,
) -> Design:
    """Return the design of a procedure.

    Parameters
    ----------
    procedure
        What to compile.
    dtype
        "float32" or "float64".
    target
        The machine.
    capacity
        The most samples of a batch, or None: any number.
    loss
        The name of the result that is the loss of an update, if it is an update.
    lanes, tile, shards
        How values lie, how many samples a tile has, into how many parts the tiles are
        cut; by default what a model of the machine expects to be fastest.
    timed
        Whether to count the cycles of each kernel.
    """
    made = Making(procedure, dtype, target, capacity)
    chosen = choose(made, lanes, tile, shards, part)
    return replace(
        chosen,
        loss=None if loss is None else made.results[loss],
        results=[made.results[name] for name in procedure.results],
        timed=timed,
    )


class Making:
    """The kernels of a procedure, for one tile or for several."""

    def __init__(
        self, procedure: Procedure, dtype: str, target: Target, capacity: int | None
    ) -> None:
        self.procedure, self.target, self.capacity = procedure, target, capacity
        self.element, self.width = ELEMENTS[dtype], target.lanes(dtype)
        nodes = [step.node for step in procedure.steps]
        new = prepare([*nodes, *procedure.inputs.values()])
        self.leaves = {new[leaf]: _leaf(leaf) for leaf in procedure.inputs.values()}
        self.outputs: list[tuple[Node, Buffer]] = []
        self.results: dict[str, Buffer] = {}
        for step in procedure.steps:
            node = new[step.node]
            if step.name in procedure.inputs:
                leaf = new[procedure.inputs[step.name]]
                self.outputs.append((node, self.leaves[leaf]))
            elif step.name in procedure.results:
                self.results[step.name] = _result(step.name, node)
                self.outputs.append((node, self.results[step.name]))
        self.names = _names(procedure, new)
        self._made: dict[bool, tuple[list[Kernel], int]] = {}

    def kernels(self, single: bool) -> tuple[list[Kernel], int]:
        """Return the kernels and the last stage; `single`: all samples are one tile."""
        if single not in self._made:
            kernels = Lowering(self.outputs, self.leaves, self.names).kernels
            last = assign(kernels)
            kernels.sort(key=lambda k: k.level)
            wanted = set(self.results.values()) | set(self.leaves.values())
            self._made[single] = fuse(kernels, wanted, single), last
        return self._made[single]


def _names(procedure: Procedure, new: Mapping[Node, Node]) -> dict[Node, str]:
    """Return what the printed text calls the nodes that have a line of their own."""
    found: dict[Node, str] = {}
    for step in procedure.steps:
        renews = step.name in procedure.inputs
        found.setdefault(new[step.node], f"new {step.name}" if renews else step.name)
    for node, name in list(found.items()):
        # what is computed is what a reshape shows
        while node.op.name == "reshape":
            node = node.inputs[0]
            found.setdefault(node, name)
    return found


def _result(name: str, node: Node) -> Buffer:
    sizes = tuple(size for axis in node.shape for size in plain(axis))
    return Buffer(name, node.kind, sizes, "tile" if N in sizes else "step")


def _leaf(leaf: Node) -> Buffer:
    """Return the buffer of an input of the procedure."""
    sizes = tuple(size for axis in leaf.shape for size in plain(axis))
    role = leaf.attrs["role"]
    space: Space = "stored"
    if role in ("setting", "time"):
        space = "number"
    elif role == "data" and N in sizes:
        space = "data"
    return Buffer(str(leaf.attrs["name"]), leaf.kind, sizes, space, leaf)
