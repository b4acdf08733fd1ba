"""Small changes to a graph that make it easier to compile and keep its meaning."""

from __future__ import annotations

from collections.abc import Sequence

from ..graph import Node, apply, rebuild, walk
from ..ops.leaves import size
from ..shapes import size_of


def prepare(outputs: Sequence[Node]) -> dict[Node, Node]:
    """Return what each node of a graph becomes.

    Marks disappear, a mean becomes a sum and a quotient, and the mask z > 0 of a
    rectifier is read off its output, so that z need not be kept.
    """
    order = walk(outputs)
    rectified = {
        node.inputs[0]: node
        for node in order
        if node.op.name == "maximum" and _is_zero(node.inputs[1])
    }
    new: dict[Node, Node] = {}
    for node in order:
        inputs = [new[x] for x in node.inputs]
        if node.op.name == "mark":
            new[node] = inputs[0]
        elif node.op.name == "mean":
            new[node] = _mean(node, inputs[0])
        elif (
            node.op.name == "gt"
            and _is_zero(node.inputs[1])
            and node.inputs[0] in rectified
        ):
            relu = rebuild(rectified[node.inputs[0]], inputs)
            new[node] = apply("gt", relu, inputs[1])
        else:
            new[node] = rebuild(node, inputs)
    return new


def _is_zero(node: Node) -> bool:
    return node.op.name == "constant" and node.attrs["value"] == 0


def _mean(node: Node, x: Node) -> Node:
    count = size(size_of([x.shape[axis] for axis in node.attrs["axes"]]))
    return apply("div", apply("sum", x, **node.attrs), count)
