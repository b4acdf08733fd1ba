"""Rules about products and quotients."""

from __future__ import annotations

from ..graph import Node, apply
from .engine import Rules, is_, value_of

rule = Rules()


@rule("mul")
def _times_reciprocal(node: Node) -> Node | None:
    """Read x * (1 / s) as x / s."""
    for x, y in (node.inputs, node.inputs[::-1]):
        if is_(y, "div") and value_of(y.inputs[0]) == 1 and x is not y:
            return x / y.inputs[1]
    return None


@rule("mul")
def _merge_numbers(node: Node) -> Node | None:
    """Read 2 * (3 * x) as 6 * x, and 4 * (x / 2) as 2 * x."""
    a, b = node.inputs
    if value_of(a) is None:
        return None
    if is_(b, "mul") and value_of(b.inputs[0]) is not None:
        return (a * b.inputs[0]) * b.inputs[1]
    if is_(b, "div") and value_of(b.inputs[1]):
        return (a / b.inputs[1]) * b.inputs[0]
    return None


@rule("div")
def _divide_numbers(node: Node) -> Node | None:
    """Read (2 * x) / 4 as 0.5 * x."""
    a, b = node.inputs
    if value_of(b) and is_(a, "mul") and value_of(a.inputs[0]) is not None:
        return (a.inputs[0] / b) * a.inputs[1]
    return None


@rule("div")
def _divide_factors(node: Node) -> Node | None:
    """Read (2 * x) / (4 * y) as (0.5 * x) / y."""
    a, b = node.inputs
    if not (is_(a, "mul") and is_(b, "mul") and value_of(b.inputs[0])):
        return None
    if value_of(a.inputs[0]) is None:
        return None
    return (a.inputs[0] / b.inputs[0]) * a.inputs[1] / b.inputs[1]


@rule("mul")
def _into_quotient(node: Node) -> Node | None:
    """Read 2 * (x / y) as (2 * x) / y."""
    a, b = node.inputs
    if value_of(a) is None or not is_(b, "div"):
        return None
    return a * b.inputs[0] / b.inputs[1]


@rule("mul")
def _number_first(node: Node) -> Node | None:
    """Read x * (2 * y) as 2 * (x * y)."""
    a, b = node.inputs
    if is_(b, "mul") and value_of(b.inputs[0]) is not None and value_of(a) is None:
        return b.inputs[0] * (a * b.inputs[1])
    return None


@rule("add", "sub")
def _common_factor(node: Node) -> Node | None:
    """Read a / n - b / n as (a - b) / n, and w * a - w * b as w * (a - b)."""
    a, b = node.inputs
    combine = node.op.name
    if a is b and combine == "add":
        return 2 * a
    if is_(a, "div") and is_(b, "div") and a.inputs[1] is b.inputs[1]:
        return apply(combine, a.inputs[0], b.inputs[0]) / a.inputs[1]
    if not (is_(a, "mul") and is_(b, "mul")):
        return None
    for i in range(2):
        for j in range(2):
            same, left, right = a.inputs[i], a.inputs[1 - i], b.inputs[1 - j]
            # a sum of truths would be a truth
            if same is b.inputs[j] and "bool" not in (same.kind, left.kind, right.kind):
                return same * apply(combine, left, right)
    return None


@rule("mul")
def _square(node: Node) -> Node | None:
    a, b = node.inputs
    return a**2 if a is b and a.kind == "float" else None


@rule("div")
def _quotients(node: Node) -> Node | float | None:
    """Read s / s as 1, and (x * s) / s and (s * x) / s as x, for numbers s."""
    a, b = node.inputs
    if b.kind != "number":
        return None
    if a is b:
        return 1
    if is_(a, "mul") and b in a.inputs:
        return a.inputs[0] if a.inputs[1] is b else a.inputs[1]
    return None


@rule("mul")
def _count_last(node: Node) -> Node | None:
    """Read (x / n) * y as (x * y) / n, for the count n of a mean."""
    for x, y in (node.inputs, node.inputs[::-1]):
        if is_(x, "div") and is_(x.inputs[1], "size") and y.kind != "bool":
            return x.inputs[0] * y / x.inputs[1]
    return None


@rule("div")
def _count_of_quotient_last(node: Node) -> Node | None:
    """Read (x / n) / y as (x / y) / n."""
    a, b = node.inputs
    counted = is_(a, "div") and is_(a.inputs[1], "size") and b.kind == "float"
    return a.inputs[0] / b / a.inputs[1] if counted else None


@rule("mul")
def _truths_first(node: Node) -> Node | None:
    """Read (x / 0.8) * mask as (x * mask) / 0.8, as dropout has it."""
    for x, mask in (node.inputs, node.inputs[::-1]):
        if mask.kind == "bool" and is_(x, "div") and value_of(x.inputs[1]):
            return x.inputs[0] * mask / x.inputs[1]
    return None


@rule("mul")
def _merge_far_numbers(node: Node) -> Node | None:
    """Read 2 * (3 * x * y) as 6 * (x * y)."""
    a, b = node.inputs
    if value_of(a) is None or not is_(b, "mul") or not is_(b.inputs[0], "mul"):
        return None
    number, x = b.inputs[0].inputs
    return None if value_of(number) is None else (a * number) * (x * b.inputs[1])
