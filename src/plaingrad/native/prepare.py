"""Small changes to a graph that make it easier to compile and keep its meaning."""

from __future__ import annotations

from collections.abc import Sequence

from ..graph import Node, apply, rebuild, walk
from ..ops.leaves import size
from ..ops.shape import reshape
from ..shapes import Shape, Size, divide, size_of


def prepare(outputs: Sequence[Node]) -> dict[Node, Node]:
    """Return what each node of a graph becomes.

    Marks disappear, a mean becomes a sum and a quotient, and the mask z > 0 of a
    rectifier is read off its output, so that z need not be kept. Axes that have no
    common digits, such as (3, 2) and (2, 3), are reshaped in two steps.
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
        elif node.op.name == "reshape":
            between = _common(inputs[0].shape, node.shape)
            new[node] = rebuild(node, [reshape(inputs[0], between)])
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


def _common(old: Shape, new: Shape) -> Shape:
    """Return the old shape with axes joined where the new one cuts across them."""
    left, right = list(old), list(new)
    found: list[Size] = []
    while left and right:
        joined, wanted, across = [left.pop(0)], right.pop(0), False
        while (whole := size_of(joined)) != wanted and (left or right):
            if right and divide(whole, wanted) is not None:
                wanted = wanted * right.pop(0)
                continue
            across |= divide(wanted, whole) is None
            if not left:
                return old
            joined.append(left.pop(0))
        found += [whole] if across else joined
    return (*found, *left)


def _mean(node: Node, x: Node) -> Node:
    count = size(size_of([x.shape[axis] for axis in node.attrs["axes"]]))
    return apply("div", apply("sum", x, **node.attrs), count)
