"""Operations that arrange entries and change none."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Any, SupportsIndex

import numpy as np

from ..errors import ShapeError
from ..graph import Node, apply, as_node, function
from ..op import Attrs, Case, define
from ..shapes import Dim, Shape, Size, Type, axis_of, broadcast, divide, show, size_of
from .rules import random_shape, sizes_maths, spread


def shape_text(shape: Shape) -> str:
    """Print a shape as a tuple."""
    sizes = ", ".join(map(str, shape))
    return f"({sizes},)" if len(shape) == 1 else f"({sizes})"


def size_text(shape: Shape) -> str:
    """Print a shape as people write it in a call: 3 for (3,)."""
    return str(shape[0]) if len(shape) == 1 else shape_text(shape)


# Reshape.


def _new_axes(old: Shape, new: Shape) -> list[int] | None:
    """Return which axes of `new` are inserted ones, when nothing else changes."""
    inserted, at = [], 0
    for axis, size in enumerate(new):
        if at < len(old) and size == old[at]:
            at += 1
        elif size == 1:
            inserted.append(axis)
        else:
            return None
    return inserted if at == len(old) and inserted else None


def _reshape_text(node: Node) -> str:
    old, new = node.inputs[0].shape, node.shape
    inserted = _new_axes(old, new)
    if inserted and old:
        if inserted == list(range(len(inserted))):
            return "{0}[" + ", ".join(["None"] * len(inserted)) + "]"
        marks = ["None" if axis in inserted else ":" for axis in range(len(new))]
        return "{0}[" + ", ".join(marks) + "]"
    return f"{{0}}.reshape({_sizes_text(new)})"


def _sizes_text(shape: Shape) -> str:
    """Print sizes for a call; one product with the batch is left to NumPy as -1."""
    products = [size for size in shape if isinstance(size, Dim) and " " in str(size)]
    left = products[0] if len(products) == 1 else None
    return ", ".join("-1" if size is left else str(size) for size in shape) or "()"


def _reshape_rule(types: Sequence[Type], attrs: Attrs) -> Type:
    shape = attrs["shape"]
    if size_of(shape) != size_of(types[0].shape):
        raise ShapeError(
            f"an array of shape {show(types[0].shape)} has "
            f"{size_of(types[0].shape)} entries and cannot take the shape "
            f"{show(shape)}, which has {size_of(shape)}."
        )
    return Type(shape, types[0].kind)


def _reshape_domain(rng: np.random.Generator) -> Case:
    shape = random_shape(rng)
    flat = int(np.prod(shape))
    target = [(flat,), (1, *shape), (flat, 1), shape[::-1]][rng.integers(0, 4)]
    return [spread(rng, shape)], {"shape": tuple(target)}


define(
    "reshape",
    rule=_reshape_rule,
    text=_reshape_text,
    maths=lambda node: (
        f"\\operatorname{{reshape}}_{{{sizes_maths(node.shape) or 1}}}(#0)"
    ),
    grad=lambda y, g: (apply("reshape", g, shape=y.inputs[0].shape),),
    domain=_reshape_domain,
    hint="flat",
    view=True,
)


# Transpose.


def _transpose_rule(types: Sequence[Type], attrs: Attrs) -> Type:
    axes, shape = attrs["axes"], types[0].shape
    if sorted(axes) != list(range(len(shape))):
        raise ShapeError(
            f"transpose needs each of the {len(shape)} axes once, got {axes}."
        )
    return Type(tuple(shape[axis] for axis in axes), types[0].kind)


def _transpose_text(node: Node) -> str:
    axes = node.attrs["axes"]
    if axes == tuple(reversed(range(len(axes)))):
        return "{0}.T"
    moved = [axis for axis, old in enumerate(axes) if axis != old]
    if len(moved) == 2:
        return f"{{0}}.swapaxes({moved[0]}, {moved[1]})"
    return f"{{0}}.transpose{axes}"


def _transpose_maths(node: Node) -> str:
    axes = node.attrs["axes"]
    if len(axes) == 2:
        return "#0^{\\top}"
    return f"\\operatorname{{transpose}}_{{{', '.join(map(str, axes))}}}(#0)"


def _transpose_grad(y: Node, g: Node) -> tuple[Node]:
    back = tuple(np.argsort(y.attrs["axes"]).tolist())
    return (apply("transpose", g, axes=back),)


def _transpose_domain(rng: np.random.Generator) -> Case:
    shape = random_shape(rng)
    return [spread(rng, shape)], {"axes": tuple(rng.permutation(len(shape)).tolist())}


define(
    "transpose",
    rule=_transpose_rule,
    text=_transpose_text,
    maths=_transpose_maths,
    grad=_transpose_grad,
    domain=_transpose_domain,
    hint="turned",
    view=True,
)


# Broadcasting.


def _broadcast_rule(types: Sequence[Type], attrs: Attrs) -> Type:
    shape, kind = attrs["shape"], types[0].kind
    if broadcast(types[0].shape, shape) != shape:
        raise ShapeError(f"{show(types[0].shape)} does not broadcast to {show(shape)}.")
    return Type(shape, "float" if kind == "number" else kind)


def _full_text(node: Node) -> str:
    x = node.inputs[0]
    if x.kind != "number":
        return f"np.broadcast_to({{0}}, {shape_text(node.shape)})"
    value, size = x.attrs.get("value"), size_text(node.shape)
    if x.op.name == "constant" and value in (0, 1):
        return f"np.{'ones' if value else 'zeros'}({size}, {{float}})"
    return f"np.full({size}, {{0}}, {{float}})"


def _broadcast_domain(rng: np.random.Generator) -> Case:
    shape = random_shape(rng)
    start = rng.integers(0, len(shape) + 1)
    small = tuple(1 if rng.random() < 0.5 else size for size in shape)[start:]
    return [spread(rng, small)], {"shape": shape}


define(
    "broadcast_to",
    rule=_broadcast_rule,
    text=_full_text,
    maths=lambda node: (
        f"\\operatorname{{broadcast}}_{{{sizes_maths(node.shape)}}}(#0)"
        if node.shape
        else "#0"
    ),
    # `derive` sums the adjoint back, as for every broadcast
    grad=lambda y, g: (g,),
    domain=_broadcast_domain,
    hint="wide",
)


# The functions by which layers, losses and users build these nodes.


@function(np.reshape)
def reshape(x: Any, *shape: Any) -> Node:
    """Return the same entries in another shape; one size may be -1."""
    node = as_node(x)
    given = shape[0] if len(shape) == 1 and isinstance(shape[0], Sequence) else shape
    sizes: list[Size] = [s if isinstance(s, Dim) else index(s) for s in given]
    if sizes.count(-1) == 1:
        known = size_of([size for size in sizes if size != -1])
        rest = divide(size_of(node.shape), known)
        if rest is None:
            raise ShapeError(
                f"an array of shape {show(node.shape)} cannot take the shape "
                f"{show(tuple(sizes))}: its {size_of(node.shape)} entries are no "
                f"multiple of {known}."
            )
        sizes[sizes.index(-1)] = rest
    target = tuple(sizes)
    if node.kind == "number":
        return broadcast_to(node, target)
    return node if target == node.shape else apply("reshape", node, shape=target)


@function(np.transpose)
def transpose(x: Any, *order: Any, axes: Sequence[int] | None = None) -> Node:
    """Return the array with its axes in another order, reversed by default."""
    node = as_node(x)
    if axes is None:
        single = len(order) == 1 and not isinstance(order[0], SupportsIndex)
        axes = order[0] if single else order
    named = axes or range(node.ndim)[::-1]
    places = tuple(axis_of(axis, node.ndim) for axis in named)
    if places == tuple(range(node.ndim)):
        return node
    return apply("transpose", node, axes=places)


@function(np.swapaxes)
def swapaxes(x: Any, axis1: int, axis2: int) -> Node:
    """Return the array with two axes exchanged."""
    node = as_node(x)
    first, second = axis_of(axis1, node.ndim), axis_of(axis2, node.ndim)
    order = list(range(node.ndim))
    order[first], order[second] = second, first
    return transpose(node, order)


@function(np.expand_dims)
def expand_dims(x: Any, axis: int) -> Node:
    """Return the array with a new axis of size 1."""
    node = as_node(x)
    at = axis_of(axis, node.ndim + 1)
    return reshape(node, (*node.shape[:at], 1, *node.shape[at:]))


@function(np.broadcast_to)
def broadcast_to(x: Any, shape: Size | Sequence[Size]) -> Node:
    """Return the array repeated to a larger shape."""
    node = as_node(x)
    sizes = (shape,) if isinstance(shape, (int, Dim)) else tuple(shape)
    if node.shape == sizes and node.kind != "number":
        return node
    return apply("broadcast_to", node, shape=sizes)
