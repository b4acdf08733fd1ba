"""Rules about known numbers: what can be computed now, what changes nothing."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..graph import Node, apply, rebuild
from ..ops.elementwise import sqrt
from .engine import Rules, is_, value_of

rule = Rules()

_FOLD: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
    "pow": lambda a, b: a**b,
    "floordiv": lambda a, b: a // b,
    "maximum": max,
    "minimum": min,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
}


@rule(*_FOLD)
def _fold(node: Node) -> float | None:
    """Compute what is known: 2 * 3 is 6."""
    values = [value_of(x) for x in node.inputs]
    if any(value is None for value in values):
        return None
    try:
        value = _FOLD[node.op.name](*values)
        return _tidy(value) if math.isfinite(value) else None
    except (ArithmeticError, TypeError, ValueError):
        return None


def _tidy(value: float) -> float:
    """Return 1 for 0.9 + 0.1 and its like: a sum of shares that rounds near a whole."""
    near = round(value)
    whole = value == near or (near != 0 and abs(value - near) < 1e-15)
    return near if whole and abs(near) < 1e15 else value


@rule("add")
def _add_zero(node: Node) -> Node | None:
    a, b = node.inputs
    if value_of(a) == 0:
        return b
    return a if value_of(b) == 0 else None


@rule("sub")
def _sub_zero(node: Node) -> Node | float | None:
    a, b = node.inputs
    if a is b:
        return 0
    if value_of(b) == 0:
        return a
    return -b if value_of(a) == 0 else None


@rule("mul")
def _mul_known(node: Node) -> Node | float | None:
    """Use 0 * x = 0 and 1 * x = x; move numbers to the front."""
    a, b = node.inputs
    for known, other in ((a, b), (b, a)):
        value = value_of(known)
        if value in (0, 1):
            return other if value else 0
    return b * a if value_of(b) is not None and value_of(a) is None else None


@rule("div")
def _div_known(node: Node) -> Node | float | None:
    a, b = node.inputs
    if value_of(b) == 1:
        return a
    return 0 if value_of(a) == 0 else None


@rule("pow")
def _pow_known(node: Node) -> Node | float | None:
    x, p = node.inputs
    power = value_of(p)
    if power in (0, 1):
        return x if power else 1
    if power == 0.5:
        return sqrt(x)
    return 1 / x if power == -1 else None


_ENTRY_BY_ENTRY = (
    *("add", "sub", "mul", "div", "pow", "neg", "maximum", "minimum", "clip", "where"),
    *("exp", "log", "sqrt", "tanh", "sigmoid", "softplus", "abs", "sign"),
)


@rule(*_ENTRY_BY_ENTRY)
def _spread_last(node: Node) -> Node | None:
    """Compute with what was repeated along an axis before it is repeated."""
    inner = [x.inputs[0] if is_(x, "broadcast_to") else x for x in node.inputs]
    return rebuild(node, inner)


@rule("cast")
def _cast_of_known(node: Node) -> Node | None:
    x = node.inputs[0]
    known = is_(x, "literal") or is_(x, "arange")
    return apply(x.op.name, **{**x.attrs, "kind": "float"}) if known else None
