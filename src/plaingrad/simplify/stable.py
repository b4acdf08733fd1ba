"""Rules that recognise what was written out by hand, and keep numbers finite."""

from __future__ import annotations

from itertools import product

from ..graph import Node
from ..ops.elementwise import log1p, sigmoid, softplus
from ..ops.rows import log_softmax, softmax
from .engine import Rules, is_, steady, value_of

rule = Rules()


@rule("div")
def _softmax_by_hand(node: Node) -> Node | None:
    """Read exp(x) / sum(exp(x)) as softmax(x)."""
    exps, total = node.inputs
    axis = _summed_axis(total, exps)
    if axis is None or not is_(exps, "exp"):
        return None
    return softmax(_unshifted(exps.inputs[0], axis), axis)


@rule("sub")
def _log_softmax_by_hand(node: Node) -> Node | None:
    """Read x - log(sum(exp(x))) as log_softmax(x)."""
    x, logs = node.inputs
    total = logs.inputs[0] if is_(logs, "log") else logs
    inner = total.inputs[0] if is_(total, "reshape") else total
    exps = inner.inputs[0] if is_(inner, "sum") else inner
    if total is logs or not is_(exps, "exp") or exps.inputs[0] is not x:
        return None
    axis = _summed_axis(total, exps)
    return None if axis is None else log_softmax(_unshifted(x, axis), axis)


def _summed_axis(total: Node, x: Node) -> int | None:
    """Return the axis when `total` is the sum of x along one, in its place."""
    inner = total.inputs[0] if is_(total, "reshape") else total
    if not is_(inner, "sum") or inner.inputs[0] is not x:
        return None
    axis = inner.attrs["axes"][0]
    kept = (*x.shape[:axis], 1, *x.shape[axis + 1 :])
    in_place = total.shape == kept or total.ndim == 0 == x.ndim - 1
    return axis if in_place else None


def _unshifted(x: Node, axis: int) -> Node:
    """Return x without what is subtracted from whole rows, such as their maximum."""
    if not is_(x, "sub") or x.inputs[0].shape != x.shape:
        return x
    kept = not steady(x.inputs[1], x.shape, (axis,))
    return x if kept else _unshifted(x.inputs[0], axis)


@rule("log")
def _log(node: Node) -> Node | None:
    """Never take the logarithm of what may have been rounded to 0 or 1."""
    x = node.inputs[0]
    if is_(x, "exp"):
        return x.inputs[0]
    if is_(x, "softmax"):
        return log_softmax(x.inputs[0], x.attrs["axis"])
    if is_(x, "sigmoid"):
        return -softplus(-x.inputs[0])
    if is_(x, "sub") and value_of(x.inputs[0]) == 1 and is_(x.inputs[1], "sigmoid"):
        return -softplus(x.inputs[1].inputs[0])
    more = _one_plus(x)
    return None if more is None else log1p(more)


@rule("log1p")
def _log1p(node: Node) -> Node | None:
    x = node.inputs[0]
    if is_(x, "exp"):
        return softplus(x.inputs[0])
    if is_(x, "neg") and is_(x.inputs[0], "sigmoid"):
        return -softplus(x.inputs[0].inputs[0])
    return None


def _one_plus(x: Node) -> Node | None:
    """Return y when x is 1 + y, an array."""
    if is_(x, "add") and x.kind == "float":
        for one, other in (x.inputs, x.inputs[::-1]):
            if value_of(one) == 1:
                return other
    return None


@rule("exp")
def _exp_of_log(node: Node) -> Node | None:
    x = node.inputs[0]
    if is_(x, "log"):
        return x.inputs[0]
    if is_(x, "log_softmax"):
        return softmax(x.inputs[0], x.attrs["axis"])
    return None


@rule("div")
def _sigmoid_by_hand(node: Node) -> Node | None:
    """Read 1 / (1 + exp(-x)) and exp(x) / (1 + exp(x)) as sigmoid(x)."""
    top, below = node.inputs
    exps = _one_plus(below)
    if exps is None or not is_(exps, "exp"):
        return None
    if top is exps:
        return sigmoid(exps.inputs[0])
    return sigmoid(-exps.inputs[0]) if value_of(top) == 1 else None


@rule("add")
def _binary_cross_entropy(node: Node) -> Node | None:
    """Read y softplus(-z) + (1 - y) softplus(z) as softplus(z) - y z."""
    if not all(is_(x, "mul") for x in node.inputs):
        return None
    for first, second in (node.inputs, node.inputs[::-1]):
        for (y, minus), (rest, plus) in product(
            (first.inputs, first.inputs[::-1]), (second.inputs, second.inputs[::-1])
        ):
            if not (is_(minus, "softplus") and is_(plus, "softplus")):
                continue
            z = plus.inputs[0]
            is_rest = is_(rest, "sub") and value_of(rest.inputs[0]) == 1
            if is_rest and rest.inputs[1] is y and _opposite(minus.inputs[0], z):
                return plus - y * z
    return None


def _opposite(a: Node, b: Node) -> bool:
    if is_(a, "sub") and is_(b, "sub"):
        return a.inputs == b.inputs[::-1]
    return a is -b or b is -a
