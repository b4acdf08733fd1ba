"""Algebra on graphs, to a fixed point: what a careful person would not write twice.

A rule looks at one node whose inputs are simple already and returns an equal node, or
None. Rules that keep numbers finite come first (`log(softmax(x))` is `log_softmax(x)`);
the others remove what derivation leaves behind.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .graph import Node, apply, as_node, rebuild, walk
from .ops import elementwise, rows
from .ops.shape import broadcast_to, reshape, swapaxes, transpose
from .shapes import Shape, broadcast, size_of

Rule = Callable[[Node], Node | None]
RULES: dict[str, list[Rule]] = {}


def simplify(outputs: Sequence[Node]) -> tuple[list[Node], dict[Node, Node]]:
    """Return simpler nodes of the same values, and the map from every old node."""
    simple: dict[Node, Node] = {}
    for node in walk(outputs):
        _simplify_into(node, simple)
    return [simple[node] for node in outputs], simple


def _simplify_into(node: Node, simple: dict[Node, Node]) -> Node:
    """Simplify one node and what its rules make of it; remember each step."""
    if node in simple:
        return simple[node]
    result = rebuild(node, [_simplify_into(x, simple) for x in node.inputs])
    better = _first(result)
    if better is not None:
        result = _simplify_into(better, simple)
    simple[node] = simple[result] = result
    return result


def _first(node: Node) -> Node | None:
    for rule in RULES.get(node.op.name, ()):
        better = rule(node)
        if better is not None and better is not node:
            return better
    return None


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Enter a rule for the operations of these names."""

    def enter(function: Rule) -> Rule:
        for name in names:
            RULES.setdefault(name, []).append(function)
        return function

    return enter


# What a node is.


def _is(node: Node, name: str) -> bool:
    return node.op.name == name


def _value(node: Node) -> Any:
    """Return the number that a node is everywhere, or None."""
    if _is(node, "constant"):
        return node.attrs["value"]
    return _value(node.inputs[0]) if _is(node, "broadcast_to") else None


def _scalar(node: Node) -> bool:
    return node.shape == ()


def _like(result: Node, old: Node) -> Node:
    """Give `result` the shape of `old`, for rules that drop a broadcast operand."""
    if old.kind == "float" and result.kind == "bool":
        result = apply("cast", result)
    if result.shape == old.shape and result.kind == old.kind:
        return result
    return broadcast_to(result, old.shape)


def _full(value: float, old: Node) -> Node:
    return as_node(value) if old.kind == "number" else broadcast_to(value, old.shape)


# Numbers that stay finite.


@rule("div")
def _softmax_by_hand(node: Node) -> Node | None:
    """exp(x) / sum(exp(x)) is softmax(x), also when x was shifted by its maximum."""
    top, total = node.inputs
    if not (_is(top, "exp") and _is(total, "sum") and total.inputs[0] is top):
        return None
    if len(total.attrs["axes"]) != 1 or not total.attrs["keepdims"]:
        return None
    axis = total.attrs["axes"][0]
    return rows.softmax(_unshifted(top.inputs[0], axis), axis)


def _unshifted(x: Node, axis: int) -> Node:
    if _is(x, "sub") and _is(x.inputs[1], "max"):
        top = x.inputs[1]
        if top.inputs[0] is x.inputs[0] and top.attrs["axes"] == (axis,):
            return x.inputs[0]
    return x


@rule("log")
def _log_of_softmax(node: Node) -> Node | None:
    x = node.inputs[0]
    if _is(x, "softmax"):
        return rows.log_softmax(x.inputs[0], x.attrs["axis"])
    if _is(x, "sigmoid"):
        return -elementwise.softplus(-x.inputs[0])
    if _is(x, "sub") and _value(x.inputs[0]) == 1 and _is(x.inputs[1], "sigmoid"):
        return -elementwise.softplus(x.inputs[1].inputs[0])
    if _is(x, "add") and _value(x.inputs[0]) == 1 and _is(x.inputs[1], "exp"):
        return elementwise.softplus(x.inputs[1].inputs[0])
    return elementwise.log1p(x.inputs[1]) if _is_one_plus(x) else None


def _is_one_plus(x: Node) -> bool:
    return _is(x, "add") and _value(x.inputs[0]) == 1 and x.kind == "float"


@rule("log1p")
def _log1p_of_exp(node: Node) -> Node | None:
    x = node.inputs[0]
    return elementwise.softplus(x.inputs[0]) if _is(x, "exp") else None


@rule("exp")
def _exp_of_log(node: Node) -> Node | None:
    x = node.inputs[0]
    if _is(x, "log"):
        return x.inputs[0]
    if _is(x, "log_softmax"):
        return rows.softmax(x.inputs[0], x.attrs["axis"])
    return None


@rule("div")
def _sigmoid_by_hand(node: Node) -> Node | None:
    """1 / (1 + exp(-x)) is sigmoid(x)."""
    one, below = node.inputs
    if _value(one) != 1 or not _is(below, "add") or _value(below.inputs[0]) != 1:
        return None
    e = below.inputs[1]
    if not _is(e, "exp") or e.kind != "float":
        return None
    return elementwise.sigmoid(-e.inputs[0])


@rule("add")
def _binary_cross_entropy(node: Node) -> Node | None:
    """y softplus(-z) + (1 - y) softplus(z) is softplus(z) - y z."""
    a, b = node.inputs
    if not (_is(a, "mul") and _is(b, "mul")):
        return None
    (y, minus), (rest, plus) = a.inputs, b.inputs
    if not (_is(minus, "softplus") and _is(plus, "softplus") and _is(rest, "sub")):
        return None
    z = plus.inputs[0]
    opposite = _is(minus.inputs[0], "neg") and minus.inputs[0].inputs[0] is z
    if opposite and _value(rest.inputs[0]) == 1 and rest.inputs[1] is y:
        return plus - y * z
    return None


# Known numbers.

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
def _fold(node: Node) -> Node | None:
    """Compute what is known: 2 * 3 is 6."""
    values = [_value(x) for x in node.inputs]
    if any(value is None for value in values):
        return None
    try:
        value = _FOLD[node.op.name](*values)
    except (ArithmeticError, ValueError):
        return None
    return _full(_tidy(value), node) if isinstance(value, (int, float)) else None


def _tidy(value: float) -> float:
    """Return 1 for 0.9 + 0.1 and its like: a sum of shares that rounds near a whole."""
    near = round(value)
    return near if value == near or abs(value - near) < 1e-15 and near else value


@rule("add")
def _add_zero(node: Node) -> Node | None:
    a, b = node.inputs
    if _value(a) == 0:
        return _like(b, node)
    return _like(a, node) if _value(b) == 0 else None


@rule("sub")
def _sub_zero(node: Node) -> Node | None:
    a, b = node.inputs
    if a is b:
        return _full(0, node)
    if _value(b) == 0:
        return _like(a, node)
    return _like(-b, node) if _value(a) == 0 else None


@rule("mul")
def _mul_known(node: Node) -> Node | None:
    """x * 0, x * 1, x * -1; numbers go to the front."""
    a, b = node.inputs
    for known, other in ((a, b), (b, a)):
        value = _value(known)
        if value == 0:
            return _full(0, node)
        if value == 1:
            return _like(other, node)
        if value == -1 and other.kind != "bool":
            return _like(-other, node)
    return b * a if _value(b) is not None and _value(a) is None else None


@rule("div")
def _div_known(node: Node) -> Node | None:
    a, b = node.inputs
    if _value(b) == 1:
        return _like(a, node)
    if _value(a) == 0:
        return _full(0, node)
    return None


@rule("pow")
def _pow_known(node: Node) -> Node | None:
    x, p = node.inputs
    power = _value(p)
    if power == 0:
        return _full(1, node)
    if power == 1:
        return _like(x, node)
    if power == 0.5 and x.kind == "float":
        return _like(elementwise.sqrt(x), node)
    if power == -1:
        return _like(1 / x, node)
    return None


@rule("add", "mul", "sub", "div", "maximum", "minimum")
def _narrow(node: Node) -> Node | None:
    """A number spread over an array need not be spread where it meets that array."""
    inputs = [_spread_number(x, node, i) for i, x in enumerate(node.inputs)]
    return rebuild(node, inputs) if inputs != list(node.inputs) else None


def _spread_number(x: Node, node: Node, place: int) -> Node:
    other = node.inputs[1 - place]
    if not _is(x, "broadcast_to") or other.kind != "float":
        return x
    inner = x.inputs[0]
    return inner if broadcast(inner.shape, other.shape) == node.shape else x


@rule("add", "mul", "sub", "div", "pow", "sqrt", "exp", "log")
def _spread_last(node: Node) -> Node | None:
    """What is the same number everywhere is computed once and spread afterwards."""
    inner = [x.inputs[0] if _is(x, "broadcast_to") else x for x in node.inputs]
    if inner == list(node.inputs) or not all(map(_scalar, inner)):
        return None
    return broadcast_to(rebuild(node, inner), node.shape)


# Signs go outwards, so that they meet and cancel.


@rule("neg")
def _neg(node: Node) -> Node | None:
    x = node.inputs[0]
    if _is(x, "neg"):
        return x.inputs[0]
    if _is(x, "sub"):
        return x.inputs[1] - x.inputs[0]
    if _is(x, "broadcast_to"):
        return broadcast_to(-x.inputs[0], x.shape)
    return None


@rule("mul", "div")
def _neg_out(node: Node) -> Node | None:
    a, b = node.inputs
    if _is(a, "neg") and b.kind != "bool":
        return -apply(node.op.name, a.inputs[0], b)
    if _is(a, "neg"):
        return -apply(node.op.name, a.inputs[0], b)
    if _is(b, "neg"):
        return -apply(node.op.name, a, b.inputs[0])
    known = _value(a)
    if isinstance(known, (int, float)) and known < 0 and _is(a, "constant"):
        return -apply(node.op.name, -known, b)
    return None


@rule("add")
def _add_neg(node: Node) -> Node | None:
    a, b = node.inputs
    if _is(b, "neg"):
        return _like(a - b.inputs[0], node)
    return _like(b - a.inputs[0], node) if _is(a, "neg") else None


@rule("sub")
def _sub_neg(node: Node) -> Node | None:
    a, b = node.inputs
    if _is(b, "neg"):
        return _like(a + b.inputs[0], node)
    return _like(-(a.inputs[0] + b), node) if _is(a, "neg") else None


@rule("sum", "mean", "reshape", "transpose", "patches", "fold", "slice")
def _neg_out_of_linear(node: Node) -> Node | None:
    x = node.inputs[0]
    return -rebuild(node, [x.inputs[0]]) if _is(x, "neg") else None


@rule("matmul")
def _neg_out_of_matmul(node: Node) -> Node | None:
    a, b = node.inputs
    if _is(a, "neg"):
        return -(a.inputs[0] @ b)
    return -(a @ b.inputs[0]) if _is(b, "neg") else None


@rule("pow")
def _even_power(node: Node) -> Node | None:
    x, p = node.inputs
    return x.inputs[0] ** p if _is(x, "neg") and _value(p) == 2 else None


# Factors.


@rule("mul")
def _times_reciprocal(node: Node) -> Node | None:
    """x * (1 / s) is x / s, also when 1 / s was spread over an array."""
    for x, y in (node.inputs, node.inputs[::-1]):
        inner = y.inputs[0] if _is(y, "broadcast_to") else y
        if _is(inner, "div") and _value(inner.inputs[0]) == 1 and x is not y:
            return _like(x / inner.inputs[1], node)
    return None


@rule("mul", "div")
def _merge_numbers(node: Node) -> Node | None:
    """2 * (3 * x) is 6 * x; (2 * x) / 4 is 0.5 * x; (x / 2) * 4 is 2 * x."""
    a, b = node.inputs
    by = node.op.name
    if by == "mul" and _value(a) is not None and b.kind != "bool":
        if _is(b, "mul") and _value(b.inputs[0]) is not None:
            return apply("mul", _value(a) * _value(b.inputs[0]), b.inputs[1])
        if _is(b, "div") and _value(b.inputs[1]) is not None:
            return apply("mul", _value(a) / _value(b.inputs[1]), b.inputs[0])
    if by == "div" and _value(b) and _is(a, "mul") and _value(a.inputs[0]) is not None:
        return apply("mul", _value(a.inputs[0]) / _value(b), a.inputs[1])
    return None


@rule("mul")
def _number_first(node: Node) -> Node | None:
    """x * (2 * y) is 2 * (x * y)."""
    a, b = node.inputs
    if _is(b, "mul") and _value(b.inputs[0]) is not None and _value(a) is None:
        return b.inputs[0] * (a * b.inputs[1])
    return None


@rule("add", "sub")
def _common_factor(node: Node) -> Node | None:
    """a / n - b / n is (a - b) / n; w * a - w * b is w * (a - b)."""
    a, b = node.inputs
    combine = node.op.name
    if a is b and combine == "add":
        return 2 * a
    if _is(a, "div") and _is(b, "div") and a.inputs[1] is b.inputs[1]:
        return apply(combine, a.inputs[0], b.inputs[0]) / a.inputs[1]
    if not (_is(a, "mul") and _is(b, "mul")):
        return None
    for i in range(2):
        for j in range(2):
            same = a.inputs[i]
            if same is b.inputs[j] and same.kind != "bool":
                return same * apply(combine, a.inputs[1 - i], b.inputs[1 - j])
    return None


@rule("mul")
def _square(node: Node) -> Node | None:
    a, b = node.inputs
    return a**2 if a is b and a.kind == "float" else None


@rule("div")
def _quotients(node: Node) -> Node | None:
    """(x * s) / s is x; (s * x) / s is x; x / x is 1."""
    a, b = node.inputs
    if a is b and a.kind == "number":
        return as_node(1)
    if _is(a, "mul") and b.kind == "number":
        for i in range(2):
            if a.inputs[i] is b:
                return _like(a.inputs[1 - i], node)
    return None


# Choices.


@rule("where")
def _where(node: Node) -> Node | None:
    """A choice between a value and zero is a product with the condition."""
    condition, a, b = node.inputs
    if a is b:
        return _like(a, node)
    if _value(b) == 0 and condition.kind == "bool" and a.kind == "float":
        return _like(a * condition, node)
    return None


@rule("add")
def _join_choices(node: Node) -> Node | None:
    """a * c + where(c, 0, b) is where(c, a, b)."""
    product, choice = node.inputs
    if _is(product, "where"):
        product, choice = choice, product
    if not (_is(product, "mul") and _is(choice, "where")):
        return None
    condition, first, second = choice.inputs
    if product.inputs[1] is condition and _value(first) == 0:
        return _like(elementwise.where(condition, product.inputs[0], second), node)
    return None


@rule("mul", "div")
def _into_choice(node: Node) -> Node | None:
    """s * where(c, 0, b) is where(c, 0, s * b)."""
    for i, x in enumerate(node.inputs):
        other = node.inputs[1 - i]
        if _is(x, "where") and _value(x.inputs[1]) == 0 and node.op.name == "mul":
            if other.kind != "bool":
                return elementwise.where(x.inputs[0], 0, other * x.inputs[2])
    return None


@rule("mul")
def _cast_in_product(node: Node) -> Node | None:
    """A truth needs no cast to be multiplied with a float."""
    a, b = node.inputs
    if _is(b, "cast") and b.inputs[0].kind == "bool" and a.kind == "float":
        return a * b.inputs[0]
    if _is(a, "cast") and a.inputs[0].kind == "bool" and b.kind == "float":
        return b * a.inputs[0]
    return None


# Sums.


@rule("sum")
def _sum_of_known(node: Node) -> Node | None:
    """Sum of equal numbers, of a one-hot row, of terms and multiples of these."""
    x, axes = node.inputs[0], node.attrs["axes"]
    value = _value(x)
    count = size_of([x.shape[axis] for axis in axes])
    if value is not None:
        return _like(as_node(value) * as_node(count), node)
    if _is(x, "one_hot") and axes == (x.ndim - 1,):
        return _full(1, node)
    if _is(x, "add") and _constant_sum(x):
        parts = [broadcast_to(part, x.shape) for part in x.inputs]
        return rebuild(node, [parts[0]]) + rebuild(node, [parts[1]])
    return None


def _constant_sum(x: Node) -> bool:
    """Tell whether a sum of terms has a part that is the same number everywhere."""
    return any(_value(part) is not None for part in x.inputs)


@rule("sum")
def _factor_out(node: Node) -> Node | None:
    """A factor that is steady along the summed axes leaves a sum that is known."""
    x, axes = node.inputs[0], node.attrs["axes"]
    if not _is(x, "mul") and not _is(x, "div"):
        return None
    for i, steady in enumerate(x.inputs):
        rest = x.inputs[1 - i]
        if (_is(x, "div") and i == 0) or rest.shape != x.shape or rest.kind == "bool":
            continue
        if _steady(steady, x.shape, axes):
            total = simplify([rebuild(node, [rest])])[0][0]
            factor = _reduced_factor(steady, x.shape, node)
            if not _is(total, "sum"):
                return apply(x.op.name, total, factor)
    return None


def _steady(x: Node, shape: Shape, axes: Iterable[int]) -> bool:
    if x.kind == "bool":
        return False
    extra = len(shape) - x.ndim
    return all(axis < extra or x.shape[axis - extra] == 1 for axis in axes)


def _reduced_factor(x: Node, shape: Shape, node: Node) -> Node:
    if x.ndim == 0 or node.attrs["keepdims"]:
        return x
    full = (*[1] * (len(shape) - x.ndim), *x.shape)
    kept = [size for i, size in enumerate(full) if i not in node.attrs["axes"]]
    return reshape(x, tuple(kept))


@rule("sum")
def _sum_of_batched_product(node: Node) -> Node | None:
    """Sum over the batch of x.T @ g is one product of the flattened arrays."""
    x, axes = node.inputs[0], node.attrs["axes"]
    if not _is(x, "matmul") or node.attrs["keepdims"]:
        return None
    a, b = x.inputs
    lead = tuple(range(x.ndim - 2))
    if axes != lead or not lead or a.ndim != b.ndim or a.shape[:-2] != b.shape[:-2]:
        return None
    left = reshape(swapaxes(a, -1, -2), (-1, a.shape[-2]))
    right = reshape(b, (-1, b.shape[-1]))
    return transpose(left) @ right


# Shapes.


@rule("reshape")
def _reshape(node: Node) -> Node | None:
    x = node.inputs[0]
    if x.shape == node.shape and x.kind == node.kind:
        return x
    if _is(x, "reshape"):
        return reshape(x.inputs[0], node.shape)
    if _is(x, "broadcast_to") and _scalar(x.inputs[0]):
        return broadcast_to(x.inputs[0], node.shape)
    return None


@rule("transpose")
def _transpose(node: Node) -> Node | None:
    x, axes = node.inputs[0], node.attrs["axes"]
    if axes == tuple(range(len(axes))):
        return x
    if _is(x, "transpose"):
        return transpose(x.inputs[0], [x.attrs["axes"][axis] for axis in axes])
    if _is(x, "broadcast_to") and _scalar(x.inputs[0]):
        return broadcast_to(x.inputs[0], node.shape)
    return None


@rule("broadcast_to")
def _broadcast(node: Node) -> Node | None:
    x = node.inputs[0]
    if x.shape == node.shape and x.kind == node.kind:
        return x
    if _is(x, "reshape") and _scalar(x.inputs[0]) or _is(x, "broadcast_to"):
        return broadcast_to(x.inputs[0], node.shape)
    return None


@rule("unslice", "put", "fold")
def _zeros(node: Node) -> Node | None:
    return _full(0, node) if _value(node.inputs[0]) == 0 else None


# What losses leave behind.


@rule("sum", "mean")
def _sum_at_once(node: Node) -> Node | None:
    """Sum sums over an axis at once: mean(sum(x, axis)) is sum(x) / count."""
    x = node.inputs[0]
    if not _is(x, "sum") or x.attrs["keepdims"] or node.attrs["keepdims"] or node.shape:
        return None
    inner = x.inputs[0]
    total = apply("sum", inner, axes=tuple(range(inner.ndim)), keepdims=False)
    return total if _is(node, "sum") else total / size_of(x.shape)


@rule("mul")
def _mean_last(node: Node) -> Node | None:
    """(x / n) * y is (x * y) / n, for arrays and the count n of a mean."""
    for x, y in (node.inputs, node.inputs[::-1]):
        if _is(x, "div") and _is(x.inputs[1], "size") and y.kind == "float":
            return x.inputs[0] * y / x.inputs[1]
    return None


@rule("where")
def _mean_out_of_choice(node: Node) -> Node | None:
    """where(c, 0, x / n) is where(c, 0, x) / n."""
    condition, a, b = node.inputs
    if _value(a) == 0 and _is(b, "div") and _is(b.inputs[1], "size"):
        return elementwise.where(condition, a, b.inputs[0]) / b.inputs[1]
    return None


@rule("mul")
def _merge_far_numbers(node: Node) -> Node | None:
    """2 * (3 * x * y) is 6 * (x * y)."""
    a, b = node.inputs
    if _value(a) is None or not _is(b, "mul") or not _is(b.inputs[0], "mul"):
        return None
    inner = _value(b.inputs[0].inputs[0])
    if inner is None:
        return None
    return (_value(a) * inner) * (b.inputs[0].inputs[1] * b.inputs[1])


@rule("mul")
def _narrow_before_truth(node: Node) -> Node | None:
    """Leave an array as it is where it meets truths of the shape it was spread to."""
    for x, truth in (node.inputs, node.inputs[::-1]):
        if _is(x, "broadcast_to") and truth.kind == "bool" and truth.shape == x.shape:
            inner = x.inputs[0]
            return inner * truth if inner.kind == "float" and inner.ndim else None
    return None
