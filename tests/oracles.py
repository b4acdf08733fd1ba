"""What every operation computes, said again in PyTorch; and so any graph."""

import math

import torch
from torch.nn import functional

from plaingrad.graph import walk
from plaingrad.ops.random import uniform


def _by_name(name):
    return getattr(torch, name)


def part(x, index):
    """Return slices, taken one axis at a time: PyTorch has none that go backwards."""
    for axis, bounds in enumerate(index):
        if bounds is not None:
            x = x.index_select(axis, torch.tensor([*range(*bounds)], dtype=torch.int64))
    return x


def unslice(x, index, shape):
    places = part(torch.arange(math.prod(shape)).reshape(shape), index)
    placed = torch.zeros(math.prod(shape), dtype=x.dtype)
    return placed.index_copy(0, places.flatten(), x.flatten()).reshape(shape)


def put(x, *places, shape):
    placed = torch.zeros(shape, dtype=x.dtype)
    return placed.index_put(places, x, accumulate=True)


def patches(x, window, stride, dilation):
    n, _, _, channels = x.shape
    seen = functional.unfold(
        x.permute(0, 3, 1, 2), window, dilation=dilation, stride=stride
    ).reshape(n, channels, window[0] * window[1], -1)
    rows = (x.shape[1] - (window[0] - 1) * dilation[0] - 1) // stride[0] + 1
    seen = seen.permute(0, 3, 2, 1)
    return seen.reshape(n, rows, -1, window[0] * window[1], channels)


def fold(x, window, stride, dilation, shape):
    n, rows, columns, entries, channels = x.shape
    flat = x.reshape(n, rows * columns, entries, channels).permute(0, 3, 2, 1)
    images = functional.fold(
        flat.reshape(n, channels * entries, -1),
        shape[1:3],
        window,
        dilation=dilation,
        stride=stride,
    )
    return images.permute(0, 2, 3, 1)


def pad(x, pads, value):
    flat = [size for pair in reversed(pads) for size in pair]
    return functional.pad(x, flat, value=value)


SAME_NAME = (
    *("add", "sub", "mul", "div", "neg", "pow", "exp", "log", "log1p", "expm1"),
    *("sqrt", "sin", "cos", "tanh", "sigmoid", "abs", "sign", "floor", "logaddexp"),
    *("maximum", "minimum", "clip", "where", "gt", "ge", "lt", "le", "eq", "matmul"),
)


def noise(seed, step, shape, place):
    numbers = uniform(math.prod(shape), int(seed), int(step), place)
    return torch.tensor(numbers.reshape(shape), dtype=torch.float64)


ORACLES = {name: _by_name(name) for name in SAME_NAME} | {
    "floordiv": torch.floor_divide,
    "softplus": lambda x: torch.logaddexp(x, torch.zeros_like(x)),
    "cast": lambda x: x.to(torch.float64),
    "whole": lambda x: x.to(torch.int64),
    "softmax": lambda x, axis: torch.softmax(x, axis),
    "log_softmax": lambda x, axis: torch.log_softmax(x, axis),
    "sum": lambda x, axes, keepdims: x.sum(axes, keepdim=keepdims),
    "mean": lambda x, axes, keepdims: x.mean(axes, keepdim=keepdims),
    "max": lambda x, axes, keepdims: x.amax(axes, keepdim=keepdims),
    "argmax": lambda x, axis: x.argmax(axis),
    "reshape": torch.reshape,
    "transpose": lambda x, axes: x.permute(axes),
    "broadcast_to": lambda x, shape: x.expand(shape),
    "slice": part,
    "unslice": unslice,
    "concatenate": lambda *arrays, axis: torch.cat(arrays, axis),
    "take": lambda x, *places: x[places],
    "put": put,
    "one_hot": lambda labels, classes: functional.one_hot(labels, classes).double(),
    "patches": patches,
    "fold": fold,
    "pad": pad,
    "uniform": noise,
}


def by_torch(outputs, inputs, count=None):
    """Return the values of nodes by PyTorch, from tensors by name.

    `count` is the number of samples, where sizes are told by it.
    """
    found = {}

    def sized(size):
        return size if isinstance(size, int) else eval(str(size), {"n": count})

    for node in walk(outputs):
        name = node.op.name
        if name == "leaf":
            found[node] = inputs[node.attrs["name"]]
        elif name == "constant":
            found[node] = torch.tensor(node.attrs["value"], dtype=torch.float64)
        elif name == "literal":
            found[node] = torch.tensor(node.attrs["value"])
        elif name == "arange":
            numbers = torch.arange(sized(node.attrs["count"]))
            numbers = numbers.reshape(-1, *node.shape[1:])
            found[node] = numbers.double() if node.kind == "float" else numbers
        elif name == "size":
            found[node] = torch.tensor(float(sized(node.attrs["size"])))
        else:
            attrs = dict(node.attrs)
            if "shape" in attrs:
                attrs["shape"] = tuple(map(sized, attrs["shape"]))
            found[node] = ORACLES[name](*(found[x] for x in node.inputs), **attrs)
    return [found[node] for node in outputs]
