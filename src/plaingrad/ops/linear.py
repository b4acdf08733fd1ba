"""The matrix product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..graph import Node, apply, as_node, function
from ..op import Attrs, Case, define
from ..shapes import Type, broadcast, show
from .shape import expand_dims, swapaxes


def _rule(types: Sequence[Type], attrs: Attrs) -> Type:
    a, b = types[0].shape, types[1].shape
    if not a or not b:
        raise ShapeError("a matrix product needs arrays, not single numbers; use *")
    inner = b[-2] if len(b) > 1 else b[0]
    if a[-1] != inner:
        raise ShapeError(
            f"a matrix product of shapes {show(a)} and {show(b)}: the last size of "
            f"the first, {a[-1]}, must be the first size of the second, {inner}."
        )
    lead = broadcast(a[:-2], b[:-2])
    rows = a[-2:-1]
    columns = b[-1:] if len(b) > 1 else ()
    return Type((*lead, *rows, *columns), "float")


def _grad(y: Node, g: Node) -> tuple[Node, Node]:
    a, b = y.inputs
    if a.ndim == b.ndim == 1:
        return g * b, g * a
    if b.ndim == 1:
        return expand_dims(g, -1) * b, _rows_times(swapaxes(a, -1, -2), g)
    if a.ndim == 1:
        return _rows_times(b, g), expand_dims(a, -1) * expand_dims(g, -2)
    return g @ swapaxes(b, -1, -2), swapaxes(a, -1, -2) @ g


def _rows_times(a: Node, g: Node) -> Node:
    """Return the product of each matrix of a with the row of g that belongs to it."""
    if a.ndim == 2:
        return a @ g
    return (a @ expand_dims(g, -1))[..., 0]


def _domain(rng: np.random.Generator) -> Case:
    n, k, m, t = (int(size) for size in rng.integers(1, 4, size=4))
    cases: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
        ((n, k), (k, m)),
        ((k,), (k,)),
        ((n, k), (k,)),
        ((k,), (k, m)),
        ((t, n, k), (k,)),
        ((k,), (t, k, m)),
        ((t, n, k), (k, m)),
        ((t, n, k), (t, k, m)),
        ((t, n, k), (1, k, m)),
    ]
    a, b = cases[rng.integers(0, len(cases))]
    return [rng.uniform(-1, 1, a), rng.uniform(-1, 1, b)], {}


define(
    "matmul",
    rule=_rule,
    casts="always",
    text="{0} @ {1}",
    maths="#0 #1",
    grad=_grad,
    domain=_domain,
    hint="product",
)


@function()
def matmul(a: Any, b: Any) -> Node:
    """Return the matrix product; leading axes broadcast."""
    return apply("matmul", a, b)


@function(np.dot)
def dot(a: Any, b: Any) -> Node:
    """Return the matrix product of arrays with at most two axes, as np.dot does."""
    first, second = as_node(a), as_node(b)
    if not first.shape or not second.shape:
        return first * second
    if second.ndim > 2:
        raise ShapeError(
            f"np.dot of shapes {show(first.shape)} and {show(second.shape)} would "
            f"join every row with every matrix. Use @, which takes them in step."
        )
    return first @ second
