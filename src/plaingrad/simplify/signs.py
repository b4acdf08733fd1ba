"""Rules that move signs outwards, so that they meet and cancel."""

from __future__ import annotations

from ..graph import Node, apply, as_node, rebuild
from .engine import Rules, is_, value_of

rule = Rules()


def _without_sign(x: Node) -> Node | None:
    """Return -x when x is a negative number or begins with a minus."""
    if is_(x, "neg"):
        return x.inputs[0]
    value = value_of(x)
    return as_node(-value) if value is not None and value < 0 else None


@rule("neg")
def _neg(node: Node) -> Node | None:
    x = node.inputs[0]
    if is_(x, "neg"):
        return x.inputs[0]
    if is_(x, "sub"):
        return x.inputs[1] - x.inputs[0]
    if is_(x, "sum") or is_(x, "mean"):
        terms = x.inputs[0]
        # a sum along an axis belongs to a gradient, which needs the terms as they are
        if is_(terms, "sub") and not x.shape:
            return rebuild(x, [terms.inputs[1] - terms.inputs[0]])
    return None


@rule("mul", "div")
def _neg_out(node: Node) -> Node | None:
    a, b = node.inputs
    positive = _without_sign(a)
    if positive is not None:
        return -apply(node.op.name, positive, b)
    positive = _without_sign(b)
    return None if positive is None else -apply(node.op.name, a, positive)


@rule("add")
def _add_neg(node: Node) -> Node | None:
    for x, y in (node.inputs, node.inputs[::-1]):
        positive = _without_sign(y)
        if positive is not None:
            return x - positive
    return None


@rule("sub")
def _sub_neg(node: Node) -> Node | None:
    a, b = node.inputs
    positive = _without_sign(b)
    if positive is not None:
        return a + positive
    return -(a.inputs[0] + b) if is_(a, "neg") else None


@rule("sum", "mean", "reshape", "transpose", "patches", "fold")
@rule("slice", "unslice", "take", "put")
def _neg_out_of_linear(node: Node) -> Node | None:
    x, *others = node.inputs
    return -rebuild(node, [x.inputs[0], *others]) if is_(x, "neg") else None


@rule("matmul")
def _neg_out_of_matmul(node: Node) -> Node | None:
    a, b = node.inputs
    if is_(a, "neg"):
        return -(a.inputs[0] @ b)
    return -(a @ b.inputs[0]) if is_(b, "neg") else None


@rule("pow")
def _even_power(node: Node) -> Node | None:
    x, p = node.inputs
    return x.inputs[0] ** p if is_(x, "neg") and value_of(p) == 2 else None
