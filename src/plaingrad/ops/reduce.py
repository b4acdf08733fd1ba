"""Operations that gather whole axes into one number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..graph import Node, apply, as_node, function, with_casts
from ..op import Attrs, Case, define
from ..shapes import Shape, Type, axes_of, axis_of, size_of
from .leaves import size
from .rules import random_shape
from .shape import broadcast_to, reshape


def _reduced(shape: Shape, axes: Sequence[int], keepdims: bool) -> Shape:
    if keepdims:
        return tuple(1 if axis in axes else one for axis, one in enumerate(shape))
    return tuple(one for axis, one in enumerate(shape) if axis not in axes)


def _rule(types: Sequence[Type], attrs: Attrs) -> Type:
    shape = _reduced(types[0].shape, attrs["axes"], attrs["keepdims"])
    return Type(shape, types[0].kind)


def _sum_rule(types: Sequence[Type], attrs: Attrs) -> Type:
    # truths and whole numbers are counted in floats, which NumPy is told
    result = _rule(types, attrs)
    return Type(result.shape, "float") if result.kind in ("bool", "int") else result


def _mean_rule(types: Sequence[Type], attrs: Attrs) -> Type:
    result = _rule(types, attrs)
    # the share of truths is for people to read: NumPy gives it in float64
    return Type((), "number") if result.kind == "bool" and not result.shape else result


def _text(method: str) -> Any:
    def text(node: Node) -> str:
        axes, keepdims = node.attrs["axes"], node.attrs["keepdims"]
        words = []
        if len(axes) < node.inputs[0].ndim:
            words.append(f"axis={axes[0] if len(axes) == 1 else axes}")
        if keepdims:
            words.append("keepdims=True")
        if method == "sum" and node.inputs[0].kind != node.kind:
            words.append("dtype={float}")
        return f"{{0}}.{method}({', '.join(words)})"

    return text


def _maths(symbol: str, operand: str = "(#0)") -> Any:
    def maths(node: Node) -> str:
        axes = node.attrs["axes"]
        if len(axes) == node.inputs[0].ndim:
            return f"{symbol}{operand}"
        places = ", ".join(map(str, axes))
        return f"{symbol}_{{\\text{{axis }} {places}}}{operand}"

    return maths


def _domain(rng: np.random.Generator) -> Case:
    shape = (*random_shape(rng, 2), 3)
    values = rng.permutation(int(np.prod(shape))).reshape(shape) * 0.3 - 1.0
    count = rng.integers(1, len(shape) + 1)
    axes = sorted(rng.choice(len(shape), size=count, replace=False).tolist())
    return [values], {"axes": tuple(axes), "keepdims": bool(rng.random() < 0.5)}


def _spread_back(y: Node, g: Node) -> Node:
    """Give every entry of the input the adjoint of the number it went into."""
    x = y.inputs[0]
    if g.shape and not y.attrs["keepdims"]:
        g = reshape(g, _reduced(x.shape, y.attrs["axes"], True))
    return broadcast_to(g, x.shape)


def _kept(y: Node) -> Node:
    """Return the reduction itself with its axes kept, to compare entries with."""
    if y.attrs["keepdims"]:
        return y
    return reshape(y, _reduced(y.inputs[0].shape, y.attrs["axes"], True))


def _count(y: Node) -> Node:
    x = y.inputs[0]
    return size(size_of([x.shape[axis] for axis in y.attrs["axes"]]))


def _max_grad(y: Node, g: Node) -> tuple[Node]:
    """Share the adjoint among all entries that reach the maximum."""
    highest = _kept(y)
    is_max = apply("eq", y.inputs[0], highest)
    share = g / apply("sum", is_max, **y.attrs)
    return (reshape(share, highest.shape) * is_max,)


define(
    "sum",
    rule=_sum_rule,
    text=_text("sum"),
    maths=_maths("\\sum", " #0"),
    grad=lambda y, g: (_spread_back(y, g),),
    domain=_domain,
    hint=lambda node: "count" if node.inputs[0].kind == "bool" else "total",
)
define(
    "mean",
    rule=_mean_rule,
    text=_text("mean"),
    maths=_maths("\\operatorname{mean}"),
    grad=lambda y, g: (_spread_back(y, g) / _count(y),),
    domain=_domain,
    hint="mean",
)
define(
    "max",
    rule=_rule,
    text=_text("max"),
    maths=_maths("\\max"),
    grad=_max_grad,
    domain=_domain,
    hint="top",
    analytic=False,
)


def _argmax_rule(types: Sequence[Type], attrs: Attrs) -> Type:
    return Type(_reduced(types[0].shape, [attrs["axis"]], False), "int")


define(
    "argmax",
    rule=_argmax_rule,
    text=lambda node: f"{{0}}.argmax(axis={node.attrs['axis']})",
    maths=lambda node: (
        f"\\operatorname{{argmax}}_{{\\text{{axis }} {node.attrs['axis']}}}(#0)"
    ),
    domain=lambda rng: ([rng.random((3, 4))], {"axis": int(rng.integers(0, 2))}),
    hint="labels",
    analytic=False,
)


def _reduce(name: str, x: Any, axis: Any, keepdims: bool) -> Node:
    node = as_node(x)
    axes = axes_of(axis, node.ndim)
    if not axes:
        return node
    return apply(name, node, axes=axes, keepdims=bool(keepdims))


@function(np.sum)
def sum(x: Any, axis: Any = None, *, keepdims: bool = False) -> Node:  # noqa: A001
    """Sum over axes."""
    return _floats(_reduce("sum", x, axis, keepdims))


@function(np.mean)
def mean(x: Any, axis: Any = None, *, keepdims: bool = False) -> Node:
    """Average over axes."""
    node = as_node(x)
    share = node.kind == "bool" and node.shape and axis is None and not keepdims
    return _reduce("mean", node if share else _floats(node), axis, keepdims)


@function(np.max, np.amax)
def max(x: Any, axis: Any = None, *, keepdims: bool = False) -> Node:  # noqa: A001
    """Return the largest entry; entries that tie share its gradient evenly."""
    return _reduce("max", x, axis, keepdims)


@function(np.min, np.amin)
def min(x: Any, axis: Any = None, *, keepdims: bool = False) -> Node:  # noqa: A001
    """Return the smallest entry; entries that tie share its gradient evenly."""
    return -_reduce("max", -as_node(x), axis, keepdims)


@function(np.argmax)
def argmax(x: Any, axis: int | None = None) -> Node:
    """Return the place of the largest entry along an axis, or among all."""
    node = as_node(x)
    if node.ndim == 0:
        raise ShapeError("argmax needs an array with at least one axis")
    if axis is None:
        return apply("argmax", reshape(node, -1), axis=0)
    return apply("argmax", node, axis=axis_of(axis, node.ndim))


def _floats(x: Any) -> Node:
    return with_casts([as_node(x)], always=True)[0]
