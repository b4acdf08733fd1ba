"""Softmax and its relatives: functions of each row (or other axis) as a whole.

Each is one operation with its own stable gradient and is written out in simpler ones
only when the program is planned, with the largest score subtracted first so that no
exponential overflows (Goodfellow, Bengio and Courville, Deep Learning, 2016, ch. 4.1).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import Node, apply, as_node, function
from ..op import Case, define
from ..shapes import axis_of
from .elementwise import exp, log
from .reduce import max as max_
from .reduce import sum as sum_
from .rules import random_shape, spread, unary


def _domain(rng: np.random.Generator) -> Case:
    shape = (*random_shape(rng, 2), 3)
    return [spread(rng, shape)], {"axis": int(rng.integers(0, len(shape)))}


def _total(x: Node, axis: int) -> Node:
    return sum_(x, axis, keepdims=True)


def shifted(x: Node, axis: int) -> Node:
    """Return x less its largest entry along the axis, so that exp cannot overflow."""
    return x - max_(x, axis, keepdims=True)


def _softmax_lower(y: Node) -> Node:
    axis = y.attrs["axis"]
    exps = exp(shifted(y.inputs[0], axis))
    return exps / _total(exps, axis)


def _log_softmax_lower(y: Node) -> Node:
    axis = y.attrs["axis"]
    x = shifted(y.inputs[0], axis)
    return x - log(_total(exp(x), axis))


define(
    "softmax",
    rule=unary,
    casts="always",
    text="softmax({0})",
    maths="\\operatorname{softmax}(#0)",
    grad=lambda y, g: (y * (g - _total(g * y, y.attrs["axis"])),),
    domain=_domain,
    hint="probs",
    lower=_softmax_lower,
    analytic=False,
)
define(
    "log_softmax",
    rule=unary,
    casts="always",
    text="log_softmax({0})",
    maths="\\ln \\operatorname{softmax}(#0)",
    grad=lambda y, g: (
        g - apply("softmax", y.inputs[0], **y.attrs) * _total(g, y.attrs["axis"]),
    ),
    domain=_domain,
    hint="logprobs",
    lower=_log_softmax_lower,
    analytic=False,
)


@function()
def softmax(x: Any, axis: int = -1) -> Node:
    """Return exp(x) over its sum along an axis: positive numbers that sum to one."""
    node = as_node(x)
    return apply("softmax", node, axis=axis_of(axis, node.ndim))


@function()
def log_softmax(x: Any, axis: int = -1) -> Node:
    """Return the logarithm of softmax, exact where softmax itself rounds to zero."""
    node = as_node(x)
    return apply("log_softmax", node, axis=axis_of(axis, node.ndim))
