"""Rules about sums, shapes and slices."""

from __future__ import annotations

from ..graph import Node, apply, as_node, rebuild
from ..ops.shape import broadcast_to, reshape, swapaxes, transpose
from ..shapes import size_of
from .engine import Rules, first, is_, steady, value_of

rule = Rules()

# Sums.


@rule("sum")
def _sum_of_known(node: Node) -> Node | float | None:
    """Use what the entries of a constant, a one-hot row or a softmax sum to."""
    x, axes = node.inputs[0], node.attrs["axes"]
    value = value_of(x)
    if value is not None:
        return as_node(value) * size_of([x.shape[axis] for axis in axes])
    if is_(x, "one_hot") and axes == (x.ndim - 1,):
        return 1
    if is_(x, "softmax") and axes == (x.attrs["axis"],):
        return 1
    if is_(x, "add") and any(value_of(part) is not None for part in x.inputs):
        a, b = (rebuild(node, [broadcast_to(part, x.shape)]) for part in x.inputs)
        return a + b
    return None


@rule("sum")
def _factor_out(node: Node) -> Node | None:
    """Take a factor that is steady along the summed axes out of a sum that is known."""
    x, axes = node.inputs[0], node.attrs["axes"]
    if not is_(x, "mul") and not is_(x, "div"):
        return None
    for i, factor in enumerate(x.inputs):
        rest = x.inputs[1 - i]
        if (is_(x, "div") and i == 0) or rest.shape != x.shape or rest.kind == "bool":
            continue
        if factor.kind != "bool" and steady(factor, x.shape, axes):
            total = first(rebuild(node, [rest]))
            if total is not None and not is_(total, "sum"):
                return apply(x.op.name, total, _reduced(factor, node))
    return None


def _reduced(factor: Node, total: Node) -> Node:
    """Return a factor without the axes that a sum leaves away."""
    if factor.ndim == 0 or total.attrs["keepdims"]:
        return factor
    summed = total.inputs[0].ndim
    full = (*[1] * (summed - factor.ndim), *factor.shape)
    kept = [size for axis, size in enumerate(full) if axis not in total.attrs["axes"]]
    return reshape(factor, kept)


@rule("sum")
def _sum_of_batched_product(node: Node) -> Node | None:
    """Write a batch of products x.T @ g, summed, as one product of flat arrays."""
    x, axes = node.inputs[0], node.attrs["axes"]
    if not is_(x, "matmul") or node.attrs["keepdims"]:
        return None
    a, b = x.inputs
    lead = tuple(range(x.ndim - 2))
    if axes != lead or not lead or a.ndim != b.ndim or a.shape[:-2] != b.shape[:-2]:
        return None
    left = reshape(swapaxes(a, -1, -2), (-1, a.shape[-2]))
    right = reshape(b, (-1, b.shape[-1]))
    return transpose(left) @ right


@rule("sum", "mean")
def _sum_at_once(node: Node) -> Node | None:
    """Sum sums over an axis at once: mean(sum(x, axis)) is sum(x) / count."""
    x = node.inputs[0]
    if not is_(x, "sum") or x.attrs["keepdims"] or node.shape:
        return None
    inner = x.inputs[0]
    total = apply("sum", inner, axes=tuple(range(inner.ndim)), keepdims=False)
    return total if is_(node, "sum") else total / size_of(x.shape)


# Shapes.


@rule("reshape")
def _reshape(node: Node) -> Node | None:
    x = node.inputs[0]
    if x.shape == node.shape or _repeats_one(x):
        return x if x.shape == node.shape else x.inputs[0]
    return reshape(x.inputs[0], node.shape) if is_(x, "reshape") else None


@rule("transpose")
def _transpose(node: Node) -> Node | None:
    x, axes = node.inputs[0], node.attrs["axes"]
    if axes == tuple(range(len(axes))):
        return x
    if is_(x, "transpose"):
        return transpose(x.inputs[0], [x.attrs["axes"][axis] for axis in axes])
    return x.inputs[0] if _repeats_one(x) else None


@rule("broadcast_to")
def _broadcast(node: Node) -> Node | None:
    x = node.inputs[0]
    if x.type == node.type:
        return x
    if is_(x, "broadcast_to") or (is_(x, "reshape") and not x.inputs[0].shape):
        return x.inputs[0]
    return None


def _repeats_one(x: Node) -> bool:
    """Tell whether all entries are one and the same number."""
    return is_(x, "broadcast_to") and not x.inputs[0].shape


@rule("unslice", "put", "fold")
def _zeros(node: Node) -> float | None:
    return 0 if value_of(node.inputs[0]) == 0 else None
