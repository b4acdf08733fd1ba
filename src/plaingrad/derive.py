"""Backpropagation: from a graph to its gradients, as more of the same graph.

This is the only place that knows about broadcasting: an operation's rule gives the
adjoint in the shape of the result, and `_sum_to` sums it to the shape of the input.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .errors import PlaingradError, VerifyError
from .graph import Node, walk
from .ops.leaves import mark
from .ops.reduce import sum as sum_
from .ops.shape import broadcast_to, reshape
from .shapes import Shape, show


def gradients(
    loss: Node, wanted: Sequence[Node], named: Collection[Node] = ()
) -> tuple[list[Node], dict[Node, Node]]:
    """Return the gradient of a scalar loss for each wanted node.

    Parameters
    ----------
    loss
        A node of shape ().
    wanted
        The nodes to differentiate by.
    named
        The nodes whose adjoints will be called by name.

    Returns
    -------
    tuple
        The gradients, each of the shape of its node, and the adjoint of every node on
        the way (node -> dloss/dnode).

    Raises
    ------
    PlaingradError
        When the loss is not one number, a wanted node holds no floats, or an operation
        on the way has no gradient.
    """
    if loss.shape != () or loss.kind != "float":
        raise PlaingradError(
            f"a gradient needs a loss that is one number of floats, got "
            f"{loss.kind} of shape {show(loss.shape)}. Reduce it: loss.mean()."
        )
    for node in wanted:
        if node.kind != "float":
            raise PlaingradError(
                f"there is no gradient by {node!r}: it holds no floats."
            )
    order = walk([loss])
    needed = _depends_on(order, set(wanted))
    adjoints: dict[Node, Node] = {loss: broadcast_to(1.0, ())}
    for node in reversed(order):
        if node not in adjoints or node not in needed or not node.inputs:
            continue
        if node in named:
            adjoints[node] = mark(adjoints[node])
        _flow_back(node, adjoints, needed)
    found = [
        adjoints[node] if node in adjoints else broadcast_to(0.0, node.shape)
        for node in wanted
    ]
    return found, adjoints


def _depends_on(order: Sequence[Node], wanted: set[Node]) -> set[Node]:
    needed = set(wanted)
    for node in order:
        if any(x in needed for x in node.inputs):
            needed.add(node)
    return needed


def _flow_back(node: Node, adjoints: dict[Node, Node], needed: set[Node]) -> None:
    """Add what `node` sends back to the adjoint of each input."""
    if node.op.grad is None:
        if node.kind != "float":
            return
        raise PlaingradError(
            f"the loss depends on its inputs by {node.op.name}, which has no gradient."
        )
    parts = node.op.grad(node, adjoints[node])
    for x, part in zip(node.inputs, parts, strict=True):
        if part is None or x not in needed or x.kind != "float":
            continue
        part = _sum_to(part, x.shape)
        adjoints[x] = part + adjoints[x] if x in adjoints else part


def _sum_to(adjoint: Node, shape: Shape) -> Node:
    """Sum an adjoint over the axes along which its source was broadcast."""
    if adjoint.shape == shape:
        return adjoint
    extra = adjoint.ndim - len(shape)
    wide = [i for i, size in enumerate(shape) if size == 1 != adjoint.shape[extra + i]]
    axes = (*range(extra), *(extra + axis for axis in wide))
    result = reshape(sum_(adjoint, axes), shape) if axes else adjoint
    if result.shape != shape:
        raise VerifyError(
            f"an adjoint of shape {show(adjoint.shape)} cannot be summed to "
            f"{show(shape)}"
        )
    return result
