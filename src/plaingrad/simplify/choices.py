"""Rules about np.where and truths.

A choice between a value and 0 is not turned into a product with the condition: where
the value is not finite, the product would not be 0.
"""

from __future__ import annotations

from ..graph import Node, as_node
from ..ops.choices import where
from .engine import Rules, is_, value_of

rule = Rules()


@rule("where")
def _where(node: Node) -> Node | None:
    condition, a, b = node.inputs
    if a is b:
        return a
    if value_of(condition) is not None:
        return a if value_of(condition) else b
    if condition.kind == "bool" and value_of(a) == 1 and value_of(b) == 0:
        return condition
    return None


def _chosen(x: Node) -> tuple[Node, Node, Node] | None:
    """Return (c, a, b) when x chooses between 0 and something."""
    if is_(x, "mul") and x.inputs[1].kind == "bool":
        return x.inputs[1], x.inputs[0], as_node(0)
    if is_(x, "where") and any(value_of(value) == 0 for value in x.inputs[1:]):
        return x.inputs[0], x.inputs[1], x.inputs[2]
    return None


@rule("where")
def _out_of_choice(node: Node) -> Node | None:
    """Read where(c, 0, -x) as -where(c, 0, x), and the same for x / n."""
    condition, *values = node.inputs
    for place, x in enumerate(values):
        if value_of(values[1 - place]) != 0 or not x.inputs:
            continue
        inner = [x.inputs[0] if value is x else value for value in values]
        if is_(x, "neg"):
            return -where(condition, *inner)
        if is_(x, "div") and is_(x.inputs[1], "size"):
            return where(condition, *inner) / x.inputs[1]
    return None


@rule("add")
def _join_choices(node: Node) -> Node | None:
    """Read where(c, a, 0) + where(c, 0, b) as where(c, a, b)."""
    first, second = (_chosen(x) for x in node.inputs)
    if first is None or second is None or first[0] is not second[0]:
        return None
    pairs = list(zip(first[1:], second[1:], strict=True))
    if all(value_of(a) == 0 or value_of(b) == 0 for a, b in pairs):
        return where(first[0], *(a + b for a, b in pairs))
    return None


@rule("mul")
def _into_choice(node: Node) -> Node | None:
    """Read s * where(c, 0, x) as where(c, 0, s * x)."""
    for x, factor in (node.inputs, node.inputs[::-1]):
        chosen = _chosen(x) if is_(x, "where") else None
        if chosen is not None and factor.kind != "bool":
            condition, *values = chosen
            return where(
                condition, *(0 if value_of(v) == 0 else factor * v for v in values)
            )
    return None


@rule("mul")
def _cast_in_product(node: Node) -> Node | None:
    """Cast no truth that is multiplied with a float."""
    for x, y in (node.inputs, node.inputs[::-1]):
        if is_(y, "cast") and y.inputs[0].kind == "bool" and x.kind == "float":
            return x * y.inputs[0]
    return None
