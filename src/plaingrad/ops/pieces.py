"""Operations that pick entries, put them back, and join arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..graph import Node, apply, as_node, function, with_casts
from ..op import Attrs, Case, define
from ..shapes import Dim, Shape, Size, Type, axis_of, broadcast, show
from .rules import random_shape, spread
from .shape import expand_dims, reshape, size_text

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
    if part is None or isinstance(size, Dim):
        return ":"
    start, stop, step = part
    first, end = (0, size) if step > 0 else (size - 1, -1)
    text = f"{'' if start == first else start}:{'' if stop == end else stop}"
    return f"{text}:{step}" if step != 1 else text


def _index_text(index: Sequence[Any], shape: Shape) -> str:
    parts = [_part_text(*pair) for pair in zip(index, shape, strict=True)]
    while parts and parts[-1] == ":":
        parts.pop()
    return ", ".join(parts) or ":"


def _slice_domain(rng: np.random.Generator) -> Case:
    shape = tuple(rng.integers(1, 5, size=rng.integers(1, 4)).tolist())
    index = []
    for size in shape:
        start, stop = sorted(rng.integers(0, size + 1, size=2).tolist())
        whole = start == stop or rng.random() < 0.4
        step = int(rng.integers(1, 3))
        back = (stop - 1, start - 1, -step)
        part = back if rng.random() < 0.3 else (start, stop, step)
        index.append(None if whole else part)
    return [spread(rng, shape)], {"index": tuple(index)}


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
    shape = size_text(node.shape)
    index = _index_text(node.attrs["index"], node.shape)
    return f"{{out}} = np.zeros({shape}, {{float}})\n{{out}}[{index}] = {{0}}"


def _unslice_domain(rng: np.random.Generator) -> Case:
    (x,), attrs = _slice_domain(rng)
    shape = x.shape
    for axis, part in enumerate(attrs["index"]):
        x = x if part is None else x.take(range(*part), axis)
    return [x], {"index": attrs["index"], "shape": shape}


define(
    "unslice",
    rule=lambda types, attrs: Type(attrs["shape"], types[0].kind),
    text=_unslice_text,
    maths=lambda node: (
        "\\operatorname{place}_{"
        + _index_text(node.attrs["index"], node.shape)
        + "}(#0)"
    ),
    grad=lambda y, g: (apply("slice", g, index=y.attrs["index"]),),
    domain=_unslice_domain,
    hint="placed",
)


# Joining.


def _concatenate_rule(types: Sequence[Type], attrs: Attrs) -> Type:
    axis = attrs["axis"]
    first = types[0].shape
    total = 0
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
        size = shape[axis]
        if isinstance(size, Dim):
            raise ShapeError("arrays cannot be joined along the batch")
        total += size
    return Type((*first[:axis], total, *first[axis + 1 :]), types[0].kind)


def _concatenate_text(node: Node) -> str:
    parts = ", ".join(f"{{{i}}}" for i in range(len(node.inputs)))
    return f"np.concatenate([{parts}], axis={node.attrs['axis']})"


def _concatenate_domain(rng: np.random.Generator) -> Case:
    shape = (*random_shape(rng, 2), 1)
    axis = int(rng.integers(0, len(shape)))
    arrays = [
        spread(rng, (*shape[:axis], size, *shape[axis + 1 :]))
        for size in rng.integers(1, 4, size=rng.integers(1, 4)).tolist()
    ]
    return arrays, {"axis": axis}


def _concatenate_grad(y: Node, g: Node) -> list[Node]:
    axis, start, parts = y.attrs["axis"], 0, []
    for x in y.inputs:
        stop = start + x.shape[axis]
        index = tuple((start, stop, 1) if i == axis else None for i in range(y.ndim))
        parts.append(apply("slice", g, index=index))
        start = stop
    return parts


define(
    "concatenate",
    rule=_concatenate_rule,
    text=_concatenate_text,
    maths=lambda node: (
        "\\left["
        + ";\\,".join(f"#{i}" for i in range(len(node.inputs)))
        + f"\\right]_{{\\text{{axis }} {node.attrs['axis']}}}"
    ),
    grad=_concatenate_grad,
    domain=_concatenate_domain,
    hint="joined",
)


# Picking rows, and putting them back.


def _whole(type_: Type, what: str) -> Type:
    """Return the type of labels or indices, when it holds whole numbers."""
    if type_.kind != "int":
        raise ShapeError(
            f"{what} must be whole numbers, got an array of kind {type_.kind}. "
            f"To choose entries by a condition write np.where(condition, a, b)."
        )
    return type_


def _take_rule(types: Sequence[Type], attrs: Attrs) -> Type:
    x, *chosen = types
    if len(x.shape) < len(chosen):
        raise ShapeError(
            f"{len(chosen)} arrays of indices need as many axes, got an array of "
            f"shape {show(x.shape)}."
            if x.shape
            else "a single number cannot be indexed"
        )
    front = broadcast(*(_whole(one, "indices").shape for one in chosen))
    return Type(front + x.shape[len(chosen) :], x.kind)


def _places(node: Node, mark: str) -> str:
    """Return the arrays of indices of a choice as text."""
    return ", ".join(mark.format(i) for i in range(1, len(node.inputs)))


def _take_domain(rng: np.random.Generator) -> Case:
    front = random_shape(rng, 2)
    count = int(rng.integers(1, 4))
    chosen = []
    for _ in range(count):
        sizes = [size if rng.random() < 0.7 else 1 for size in front]
        chosen.append(np.asarray(rng.integers(-3, 3, size=sizes)))
    return [spread(rng, (*[3] * count, *random_shape(rng, 2))), *chosen], {}


def _put_domain(rng: np.random.Generator) -> Case:
    (x, *chosen), _ = _take_domain(rng)
    return [np.asarray(x[tuple(chosen)]), *chosen], {"shape": x.shape}


define(
    "take",
    rule=_take_rule,
    text=lambda node: f"{{0}}[{_places(node, '{{{}}}')}]",
    maths=lambda node: f"#0\\left[{_places(node, '#{}')}\\right]",
    grad=lambda y, g: (
        apply("put", g, *y.inputs[1:], shape=y.inputs[0].shape),
        *[None] * (len(y.inputs) - 1),
    ),
    domain=_take_domain,
    hint="rows",
)


def _put_text(node: Node) -> str:
    shape, places = size_text(node.shape), _places(node, "{{{}}}")
    where = places if len(node.inputs) == 2 else f"({places})"
    return f"{{out}} = np.zeros({shape}, {{float}})\nnp.add.at({{out}}, {where}, {{0}})"


define(
    "put",
    rule=lambda types, attrs: Type(attrs["shape"], types[0].kind),
    text=_put_text,
    maths=lambda node: f"\\operatorname{{put}}_{{{_places(node, '#{}')}}}(#0)",
    grad=lambda y, g: (
        apply("take", g, *y.inputs[1:]),
        *[None] * (len(y.inputs) - 1),
    ),
    domain=_put_domain,
    hint="placed",
)

define(
    "one_hot",
    rule=lambda types, attrs: Type(
        (*_whole(types[0], "labels").shape, attrs["classes"]), "float"
    ),
    text=lambda node: f"np.eye({node.attrs['classes']}, dtype={{float}})[{{0}}]",
    maths=lambda node: f"\\operatorname{{onehot}}_{{{node.attrs['classes']}}}(#0)",
    grad=lambda y, g: (None,),
    domain=lambda rng: (
        [np.asarray(rng.integers(0, 3, size=random_shape(rng, 2)))],
        {"classes": 3},
    ),
    hint="onehot",
)


# The functions by which layers, losses and users build these nodes.


@function(np.concatenate)
def concatenate(arrays: Sequence[Any], axis: int = 0) -> Node:
    """Return the arrays joined along an axis (not the batch)."""
    nodes = with_casts([as_node(x) for x in arrays])
    return apply("concatenate", *nodes, axis=axis_of(axis, nodes[0].ndim))


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
    node = as_node(x)
    if isinstance(key, np.ndarray) and key.ndim == 0:
        key = key.item()
    keys = key if isinstance(key, tuple) else (key,)
    if keys and all(isinstance(one, (Node, np.ndarray, list)) for one in keys):
        return apply("take", node, *keys)
    parts: list[Any] = []
    shape: list[Size] = []
    for one in _without_ellipsis(keys, node.ndim):
        if one is None:
            shape.append(1)
            continue
        if len(parts) == node.ndim:
            raise ShapeError(
                f"too many indices for an array of shape {show(node.shape)}"
            )
        part, length = _one_part(node.shape[len(parts)], one)
        parts.append(part)
        if length is not None:
            shape.append(length)
    rest = node.shape[len(parts) :]
    parts += [None] * len(rest)
    if any(part is not None for part in parts):
        node = apply("slice", node, index=tuple(parts))
    return reshape(node, (*shape, *rest))


def _without_ellipsis(keys: Sequence[Any], rank: int) -> list[Any]:
    """Return keys with as many full slices as `...` stands for."""
    places = [place for place, key in enumerate(keys) if key is Ellipsis]
    if not places:
        return list(keys)
    given = sum(key is not None and key is not Ellipsis for key in keys)
    at = places[0]
    return [*keys[:at], *[slice(None)] * (rank - given), *keys[at + 1 :]]


def _one_part(size: Size, key: Any) -> tuple[Any, Size | None]:
    """Return (start, stop, step) for one axis, and its size (None: it is dropped)."""
    if isinstance(key, (Node, np.ndarray, list)):
        raise ShapeError(
            "index arrays must stand alone, as in x[labels] or x[rows, columns], and "
            "cannot be mixed with numbers and slices."
        )
    if isinstance(key, slice) and key == slice(None):
        return None, size
    if isinstance(size, Dim):
        raise ShapeError("the batch axis has no fixed length and cannot be sliced")
    if isinstance(key, slice):
        start, stop, step = key.indices(size)
        length = _length(start, stop, step)
        return ((start, stop, step) if length else (0, 0, 1)), length
    if not isinstance(key, (int, np.integer)) or not -size <= key < size:
        raise ShapeError(f"{key!r} is no index for an axis of size {size}")
    place = int(key) % size
    return (place, place + 1, 1), None
