"""Operations that arrange entries and change none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..graph import Node, apply, as_node, function
from ..op import Attrs, Case, define
from ..shapes import Dim, Shape, Size, Type, axes_of, broadcast, divide, show, size_of
from .rules import random_shape, spread


def _sizes_text(shape: Shape) -> str:
    """Print sizes for a call; a product with a symbol is left to NumPy as -1."""
    words = ["-1" if isinstance(s, Dim) and s.factor != 1 else str(s) for s in shape]
    return ", ".join(words)


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
    return "{0}.reshape(" + (_sizes_text(new) or "()") + ")"


def _reshape_rule(types: Sequence[Type], attrs: Attrs) -> Type:
    shape = attrs["shape"]
    if size_of(shape) != size_of(types[0].shape):
        raise ShapeError(
            f"an array of shape {show(types[0].shape)} has "
            f"{size_of(types[0].shape)} entries and cannot take the shape "
            f"{show(shape)}, which has {size_of(shape)}."
        )
    kind = types[0].kind
    return Type(shape, "float" if kind == "number" else kind)


def _reshape_domain(rng: np.random.Generator) -> Case:
    shape = random_shape(rng)
    flat = int(np.prod(shape))
    target = [(flat,), (1, *shape), (flat, 1), shape[::-1]][rng.integers(0, 4)]
    return [spread(rng, shape)], {"shape": tuple(target)}


define(
    "reshape",
    rule=_reshape_rule,
    text=_reshape_text,
    maths="#0",
    grad=lambda y, g: (reshape(g, y.inputs[0].shape),),
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


def _transpose_domain(rng: np.random.Generator) -> Case:
    shape = random_shape(rng)
    return [spread(rng, shape)], {"axes": tuple(rng.permutation(len(shape)).tolist())}


define(
    "transpose",
    rule=_transpose_rule,
    text=_transpose_text,
    maths="{#0}^{\\top}",
    grad=lambda y, g: (transpose(g, np.argsort(y.attrs["axes"]).tolist()),),
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
    sizes = _sizes_text(node.shape)
    shape = f"({sizes},)" if node.ndim == 1 else f"({sizes})"
    if node.inputs[0].kind == "number":
        return f"np.full({shape}, {{0}}, {{float}})"
    return f"np.broadcast_to({{0}}, {shape})"


def _broadcast_domain(rng: np.random.Generator) -> Case:
    shape = random_shape(rng)
    start = rng.integers(0, len(shape) + 1)
    small = tuple(1 if rng.random() < 0.5 else size for size in shape)[start:]
    return [spread(rng, small)], {"shape": shape}


define(
    "broadcast_to",
    rule=_broadcast_rule,
    text=_full_text,
    maths="#0",
    # `derive` sums the adjoint back, as for every broadcast
    grad=lambda y, g: (g,),
    domain=_broadcast_domain,
    hint="wide",
)


# Slices. An index is a tuple of (start, stop, step), one for each axis.


def _length(start: int, stop: int, step: int) -> int:
    return len(range(start, stop, step))


def _slice_rule(types: Sequence[Type], attrs: Attrs) -> Type:
    shape = tuple(
        size if part is None else _length(*part)
        for size, part in zip(types[0].shape, attrs["index"], strict=True)
    )
    return Type(shape, types[0].kind)


def _part_text(part: tuple[int, int, int] | None, size: Size) -> str:
    if part is None:
        return ":"
    start, stop, step = part
    text = f"{start or ''}:{'' if stop == size else stop}"
    return f"{text}:{step}" if step != 1 else text


def _index_text(index: Sequence[Any], shape: Shape) -> str:
    parts = [_part_text(*pair) for pair in zip(index, shape, strict=True)]
    while parts and parts[-1] == ":":
        parts.pop()
    return ", ".join(parts) or ":"


def _slice_domain(rng: np.random.Generator) -> Case:
    shape = (4, *random_shape(rng, 2))
    index = [
        (int(rng.integers(0, 2)), int(rng.integers(3, 5)), int(rng.integers(1, 3)))
    ]
    return [spread(rng, shape)], {"index": (*index, *[None] * (len(shape) - 1))}


define(
    "slice",
    rule=_slice_rule,
    text=lambda node: (
        "{0}[" + _index_text(node.attrs["index"], node.inputs[0].shape) + "]"
    ),
    maths=lambda node: (
        "#0\\left["
        + _index_text(node.attrs["index"], node.inputs[0].shape)
        + "\\right]"
    ),
    grad=lambda y, g: (
        apply("unslice", g, index=y.attrs["index"], shape=y.inputs[0].shape),
    ),
    domain=_slice_domain,
    hint="part",
    view=True,
)


def _unslice_text(node: Node) -> str:
    sizes = _sizes_text(node.shape)
    shape = f"({sizes},)" if node.ndim == 1 else f"({sizes})"
    index = _index_text(node.attrs["index"], node.shape)
    return f"{{out}} = np.zeros({shape}, {{float}})\n{{out}}[{index}] = {{0}}"


def _unslice_domain(rng: np.random.Generator) -> Case:
    (x,), attrs = _slice_domain(rng)
    parts = tuple(slice(*p) if p else slice(None) for p in attrs["index"])
    return [x[parts]], {"index": attrs["index"], "shape": x.shape}


define(
    "unslice",
    rule=lambda types, attrs: Type(attrs["shape"], types[0].kind),
    text=_unslice_text,
    maths="\\operatorname{place}(#0)",
    grad=lambda y, g: (apply("slice", g, index=y.attrs["index"]),),
    domain=_unslice_domain,
    hint="placed",
)


# Joining.


def _concatenate_rule(types: Sequence[Type], attrs: Attrs) -> Type:
    axis = attrs["axis"]
    first = types[0].shape
    total: Size = 0
    for type_ in types:
        shape = type_.shape
        if len(shape) != len(first) or any(
            a != b
            for i, (a, b) in enumerate(zip(shape, first, strict=True))
            if i != axis
        ):
            raise ShapeError(
                f"arrays of the shapes {', '.join(show(t.shape) for t in types)} "
                f"cannot be joined along axis {axis}: the other sizes must agree."
            )
        if isinstance(shape[axis], Dim):
            raise ShapeError("arrays cannot be joined along the batch")
        total = total + shape[axis]  # type: ignore[operator]
    return Type((*first[:axis], total, *first[axis + 1 :]), types[0].kind)


def _concatenate_text(node: Node) -> str:
    parts = ", ".join(f"{{{i}}}" for i in range(len(node.inputs)))
    return f"np.concatenate([{parts}], axis={node.attrs['axis']})"


def _concatenate_grad(y: Node, g: Node) -> list[Node]:
    axis, start, parts = y.attrs["axis"], 0, []
    for x in y.inputs:
        stop = start + x.shape[axis]  # type: ignore[operator]
        index = tuple((start, stop, 1) if i == axis else None for i in range(y.ndim))
        parts.append(apply("slice", g, index=index))
        start = stop
    return parts


define(
    "concatenate",
    rule=_concatenate_rule,
    text=_concatenate_text,
    maths=lambda node: (
        "\\left[" + ";\\,".join(f"#{i}" for i in range(len(node.inputs))) + "\\right]"
    ),
    grad=_concatenate_grad,
    domain=lambda rng: (
        [spread(rng, (2, 3)), spread(rng, (2, 1)), spread(rng, (2, 2))],
        {"axis": 1},
    ),
    hint="joined",
)


# Picking rows, and putting them back.


def _take_rule(types: Sequence[Type], attrs: Attrs) -> Type:
    return Type(types[1].shape + types[0].shape[1:], types[0].kind)


def _rows(rng: np.random.Generator) -> Case:
    return [spread(rng, (4, 3)), rng.integers(0, 4, size=(5,))], {}


define(
    "take",
    rule=_take_rule,
    text="{0}[{1}]",
    maths="#0\\left[#1\\right]",
    grad=lambda y, g: (
        apply("put", g, y.inputs[1], shape=y.inputs[0].shape),
        None,
    ),
    domain=_rows,
    hint="rows",
)


def _put_text(node: Node) -> str:
    sizes = _sizes_text(node.shape)
    shape = f"({sizes},)" if node.ndim == 1 else f"({sizes})"
    return f"{{out}} = np.zeros({shape}, {{float}})\nnp.add.at({{out}}, {{1}}, {{0}})"


define(
    "put",
    rule=lambda types, attrs: Type(attrs["shape"], types[0].kind),
    text=_put_text,
    maths="\\operatorname{put}_{#1}(#0)",
    grad=lambda y, g: (apply("take", g, y.inputs[1]), None),
    domain=lambda rng: (
        [spread(rng, (5, 3)), rng.integers(0, 4, size=(5,))],
        {"shape": (4, 3)},
    ),
    hint="placed",
)

define(
    "one_hot",
    rule=lambda types, attrs: Type((*types[0].shape, attrs["classes"]), "float"),
    text=lambda node: f"np.eye({node.attrs['classes']}, dtype={{float}})[{{0}}]",
    maths="\\operatorname{onehot}(#0)",
    grad=lambda y, g: (None,),
    domain=lambda rng: ([rng.integers(0, 3, size=(4,))], {"classes": 3}),
    hint="onehot",
)


# The functions by which layers, losses and users build these nodes.


@function(np.reshape)
def reshape(x: Any, *shape: Any) -> Node:
    """Return the same entries in another shape; one size may be -1."""
    x = as_node(x)
    sizes = list(
        shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
    )
    if sizes.count(-1) == 1:
        known = size_of([size for size in sizes if size != -1])
        rest = divide(size_of(x.shape), known)
        if rest is None:
            raise ShapeError(
                f"an array of shape {show(x.shape)} cannot take the shape "
                f"{tuple(sizes)}: {size_of(x.shape)} is no multiple of {known}."
            )
        sizes[sizes.index(-1)] = rest
    target = tuple(size if isinstance(size, Dim) else int(size) for size in sizes)
    if target == x.shape and x.kind != "number":
        return x
    return apply("reshape", x, shape=target)


@function(np.transpose)
def transpose(x: Any, *axes: Any) -> Node:
    """Return the array with its axes in another order, reversed by default."""
    x = as_node(x)
    order: Any = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
    order = tuple(order or ()) or tuple(reversed(range(x.ndim)))
    order = tuple(axis % x.ndim if x.ndim else axis for axis in order)
    return x if order == tuple(range(x.ndim)) else apply("transpose", x, axes=order)


@function(np.swapaxes)
def swapaxes(x: Any, first: int, second: int) -> Node:
    """Return the array with two axes exchanged."""
    x = as_node(x)
    order = list(range(x.ndim))
    order[first], order[second] = order[second], order[first]
    return transpose(x, order)


@function(np.expand_dims)
def expand_dims(x: Any, axis: int) -> Node:
    """Return the array with a new axis of size 1."""
    x = as_node(x)
    at = axes_of(axis, x.ndim + 1)[0]
    return reshape(x, (*x.shape[:at], 1, *x.shape[at:]))


@function(np.broadcast_to)
def broadcast_to(x: Any, shape: Shape) -> Node:
    """Return the array repeated to a larger shape."""
    x = as_node(x)
    if x.shape == tuple(shape) and x.kind != "number":
        return x
    return apply("broadcast_to", x, shape=tuple(shape))


@function(np.concatenate)
def concatenate(arrays: Sequence[Any], axis: int = -1) -> Node:
    """Return the arrays joined along an axis (not the batch)."""
    nodes = [as_node(x) for x in arrays]
    return apply("concatenate", *nodes, axis=axes_of(axis, nodes[0].ndim)[0])


@function(np.stack)
def stack(arrays: Sequence[Any], axis: int = 0) -> Node:
    """Return the arrays joined along a new axis."""
    return concatenate([expand_dims(x, axis) for x in arrays], axis)


@function()
def one_hot(labels: Any, classes: int) -> Node:
    """Return a row of zeros with a one at the label, for each label."""
    return apply("one_hot", labels, classes=classes)


@function()
def index(x: Any, key: Any) -> Node:
    """Return x[key] for integers, slices with fixed bounds, None, or integer arrays."""
    x = as_node(x)
    if isinstance(key, (Node, np.ndarray, list)):
        return apply("take", x, as_node(key))
    keys = list(key) if isinstance(key, tuple) else [key]
    if Ellipsis in keys:
        at = keys.index(Ellipsis)
        given = len([one for one in keys if one is not None]) - 1
        keys[at : at + 1] = [slice(None)] * (x.ndim - given)
    parts: list[Any] = []
    shape: list[Size] = []
    for one in keys:
        if one is None:
            shape.append(1)
            continue
        if len(parts) == x.ndim:
            raise ShapeError(f"too many indices for an array of shape {show(x.shape)}")
        part, length = _one_part(x.shape[len(parts)], one)
        parts.append(part)
        if length is not None:
            shape.append(length)
    rest = x.shape[len(parts) :]
    parts += [None] * len(rest)
    cut = x if all(p is None for p in parts) else apply("slice", x, index=tuple(parts))
    return reshape(cut, (*shape, *rest))


def _one_part(size: Size, key: Any) -> tuple[Any, Size | None]:
    """Return (start, stop, step) for one axis, and the size it keeps (None: dropped)."""
    if isinstance(key, slice) and key == slice(None):
        return None, size
    if isinstance(size, Dim):
        raise ShapeError("the batch axis has no fixed length and cannot be sliced")
    if isinstance(key, slice):
        start, stop, step = key.indices(size)
        if step < 1:
            raise ShapeError("slices must step forwards in a traced program")
        if (start, stop, step) == (0, size, 1):
            return None, size
        return (start, max(start, stop), step), _length(start, stop, step)
    if not isinstance(key, (int, np.integer)) or not -size <= key < size:
        raise ShapeError(f"{key!r} is no index for an axis of size {size}")
    place = int(key) % size
    return (place, place + 1, 1), None
