"""Windows that slide over images: what convolution and pooling are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..graph import Node, apply, as_node, function
from ..op import Attrs, Case, define
from ..shapes import Size, Type, show
from .leaves import number_text
from .rules import sizes_maths, spread

Pair = tuple[int, int]
Pads = tuple[Pair, Pair]


def _reach(window: int, dilation: int) -> int:
    """Return how many entries a window spans, its gaps included."""
    return (window - 1) * dilation + 1


def _places(size: Size, window: int, stride: int, dilation: int) -> int:
    """Return how many windows fit along an axis."""
    reach = _reach(window, dilation)
    if not isinstance(size, int) or size < reach:
        raise ShapeError(
            f"a window that spans {reach} does not fit into an image of size {size}. "
            f"Use a smaller window or padding='same'."
        )
    return (size - reach) // stride + 1


def _patches_rule(types: Sequence[Type], attrs: Attrs) -> Type:
    shape = types[0].shape
    if len(shape) != 4:
        raise ShapeError(
            f"expected images of shape (n, height, width, channels), got "
            f"{show(shape)}. Grey images need a last axis: X[..., None]."
        )
    rows, columns = _grid(shape, attrs)
    kh, kw = attrs["window"]
    return Type((shape[0], rows, columns, kh * kw, shape[3]), types[0].kind)


def _grid(shape: Sequence[Size], attrs: Attrs) -> Pair:
    rows, columns = (
        _places(
            shape[1 + i], attrs["window"][i], attrs["stride"][i], attrs["dilation"][i]
        )
        for i in range(2)
    )
    return rows, columns


def _loops(window: Pair) -> list[str]:
    """Print the loops over the entries of a window; a single row needs none."""
    named = zip("ij", window, strict=True)
    return [f"for {name} in range({count})" for name, count in named if count > 1]


def _entry(window: Pair) -> str:
    """Print the number of the entry (i, j) of a window."""
    kh, kw = window
    if kh > 1 and kw > 1:
        return f"{kw} * i + j"
    return "i" if kh > 1 else "j" if kw > 1 else "0"


def _span(name: str, count: int, stride: int, dilation: int, window: int) -> str:
    """Print the slice of all places that entry `name` of the window sees."""
    start = "" if window == 1 else name if dilation == 1 else f"{dilation}*{name}"
    stop = (count - 1) * stride + 1
    end = f"{start}+{stop}" if start else str(stop)
    return f"{start}:{end}" + (f":{stride}" if stride != 1 else "")


def _spans(image: Sequence[Size], attrs: Attrs) -> str:
    counts = _grid(image, attrs)
    parts = [
        _span(
            name,
            counts[i],
            attrs["stride"][i],
            attrs["dilation"][i],
            attrs["window"][i],
        )
        for i, name in enumerate("ij")
    ]
    return f"[:, {parts[0]}, {parts[1]}]"


def _patches_text(node: Node) -> str:
    spans = _spans(node.inputs[0].shape, node.attrs)
    parts = " ".join([f"{{0}}{spans}", *_loops(node.attrs["window"])])
    return f"np.stack([\n    {parts}\n], axis=3)"


def _fold_text(node: Node) -> str:
    window, sizes = node.attrs["window"], ", ".join(map(str, node.shape))
    lines = [f"{loop}:" for loop in _loops(window)]
    spans, entry = _spans(node.shape, node.attrs), _entry(window)
    lines.append(f"{{out}}{spans} += {{0}}[:, :, :, {entry}]")
    steps = [f"{'    ' * depth}{line}" for depth, line in enumerate(lines)]
    return "\n".join([f"{{out}} = np.zeros(({sizes}), {{float}})", *steps])


def _window_maths(node: Node) -> str:
    """Return the window as LaTeX, with what is not 1 of its stride and dilation."""
    more = [
        f",\\,\\text{{{word} }} {sizes_maths(node.attrs[word])}"
        for word in ("stride", "dilation")
        if node.attrs[word] != (1, 1)
    ]
    return sizes_maths(node.attrs["window"]) + "".join(more)


def _patches_domain(rng: np.random.Generator) -> Case:
    window = tuple(rng.integers(1, 4, size=2).tolist())
    dilation = tuple(rng.integers(1, 3, size=2).tolist())
    stride = tuple(rng.integers(1, 4, size=2).tolist())
    sizes = [_reach(window[i], dilation[i]) + int(rng.integers(0, 3)) for i in range(2)]
    x = spread(rng, (2, *sizes, int(rng.integers(1, 3))))
    return [x], {"window": window, "stride": stride, "dilation": dilation}


def _fold_domain(rng: np.random.Generator) -> Case:
    (x,), attrs = _patches_domain(rng)
    shape = _patches_rule([Type(x.shape, "float")], attrs).shape
    sizes = tuple(int(str(size)) for size in shape)
    return [spread(rng, sizes)], {**attrs, "shape": x.shape}


define(
    "patches",
    rule=_patches_rule,
    text=_patches_text,
    maths=lambda node: f"\\operatorname{{patches}}_{{{_window_maths(node)}}}(#0)",
    grad=lambda y, g: (apply("fold", g, shape=y.inputs[0].shape, **y.attrs),),
    domain=_patches_domain,
    hint="patches",
)


def _fold_grad(y: Node, g: Node) -> tuple[Node]:
    names = ("window", "stride", "dilation")
    return (apply("patches", g, **{name: y.attrs[name] for name in names}),)


define(
    "fold",
    rule=lambda types, attrs: Type(attrs["shape"], types[0].kind),
    text=_fold_text,
    maths=lambda node: (
        f"\\operatorname{{patches}}^{{\\top}}_{{{_window_maths(node)}}}(#0)"
    ),
    grad=_fold_grad,
    domain=_fold_domain,
    hint="folded",
)


def _pad_rule(types: Sequence[Type], attrs: Attrs) -> Type:
    shape = types[0].shape
    padded = [
        size + before + after if before + after else size
        for size, (before, after) in zip(shape, attrs["pads"], strict=True)
    ]
    return Type(tuple(padded), types[0].kind)


def _pad_text(node: Node) -> str:
    value = node.attrs["value"]
    words = f", constant_values={number_text(value)}"
    pads = ", ".join(f"({before}, {after})" for before, after in node.attrs["pads"])
    return f"np.pad({{0}}, [{pads}]{words if value else ''})"


def _pad_maths(node: Node) -> str:
    pads = ", ".join(f"({before}, {after})" for before, after in node.attrs["pads"])
    value = node.attrs["value"]
    filler = "-\\infty" if value == -np.inf else number_text(value)
    pads += f";\\,{filler}" if value else ""
    return f"\\operatorname{{pad}}_{{{pads}}}(#0)"


def _pad_grad(y: Node, g: Node) -> tuple[Node]:
    index = tuple(
        (before, before + size, 1) if before + after else None
        for size, (before, after) in zip(
            y.inputs[0].shape, y.attrs["pads"], strict=True
        )
    )
    return (apply("slice", g, index=index),)


define(
    "pad",
    rule=_pad_rule,
    text=_pad_text,
    maths=_pad_maths,
    grad=_pad_grad,
    domain=lambda rng: (
        [spread(rng, (2, 3, 2))],
        {
            "pads": ((0, 0), tuple(rng.integers(0, 3, size=2).tolist()), (1, 0)),
            "value": 0,
        },
    ),
    hint="padded",
)


@function()
def patches(
    x: Any, window: Pair, stride: Pair = (1, 1), dilation: Pair = (1, 1)
) -> Node:
    """Return all windows of images.

    Parameters
    ----------
    x
        Images of shape (n, height, width, channels).
    window, stride, dilation
        (height, width) of the window, of its step, and of the distance between the
        entries that it sees.

    Returns
    -------
    Node
        An array of shape (n, rows, columns, window entries, channels).
    """
    return apply("patches", x, window=window, stride=stride, dilation=dilation)


@function()
def pad_images(x: Any, pads: Pads, value: float = 0) -> Node:
    """Return images with rows and columns of `value` added around them."""
    node = as_node(x)
    if not any(sum(pair) for pair in pads):
        return node
    return apply("pad", node, pads=((0, 0), *pads, (0, 0)), value=value)
