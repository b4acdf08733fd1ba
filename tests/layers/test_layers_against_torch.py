"""Values and gradients against PyTorch, in float64."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers_layers import compiled, traced
from plaingrad.layers import (
    ELU,
    GELU,
    AvgPool2d,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    HardTanh,
    Layer,
    LeakyReLU,
    Linear,
    LogSoftmax,
    MaxPool2d,
    ReLU,
    Reshape,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)

torch = pytest.importorskip("torch")
nn = torch.nn
functional = torch.nn.functional

Function = Callable[..., torch.Tensor]
random_geometry = settings(max_examples=25, deadline=None, derandomize=True)


def compare(layer: Layer, sizes: tuple[int, ...], theirs: Function) -> None:
    """Compare a layer with a function of (x, *parameters), all in our layout."""
    net = traced(layer, *sizes)
    values = net.values(2, np.random.default_rng(len(sizes)))
    ours = compiled([net.out, *net.gradients])(values)
    leaves = [
        torch.tensor(values[x.attrs["name"]], requires_grad=True) for x in net.wanted
    ]
    out = theirs(*leaves)
    out.backward(torch.tensor(values["R"]))
    for got, expected in zip(ours, [out, *(x.grad for x in leaves)], strict=True):
        np.testing.assert_allclose(
            got, expected.detach().numpy(), rtol=1e-10, atol=1e-13
        )


def channels_first(x: torch.Tensor) -> torch.Tensor:
    return x.permute(0, 3, 1, 2)


def on_images(function: Function) -> Function:
    """Let a function of channels-first images take and give channels-last ones."""
    return lambda x: function(channels_first(x)).permute(0, 2, 3, 1)


def convolution(**options: object) -> Function:
    def run(x: torch.Tensor, W: torch.Tensor, *b: torch.Tensor) -> torch.Tensor:
        kernels = W.permute(3, 2, 0, 1)
        bias = b[0] if b else None
        return on_images(lambda x: functional.conv2d(x, kernels, bias, **options))(x)

    return run


@pytest.mark.parametrize(
    ("layer", "theirs"),
    [
        (ReLU(), nn.ReLU()),
        (LeakyReLU(), nn.LeakyReLU()),
        (LeakyReLU(0.2), nn.LeakyReLU(0.2)),
        (ELU(), nn.ELU()),
        (ELU(0.4), nn.ELU(0.4)),
        (GELU(), nn.GELU(approximate="tanh")),
        (SiLU(), nn.SiLU()),
        (Softplus(), nn.Softplus()),
        (Tanh(), nn.Tanh()),
        (Sigmoid(), nn.Sigmoid()),
        (HardTanh(), nn.Hardtanh()),
        (Softmax(), nn.Softmax(dim=-1)),
        (Softmax(axis=1), nn.Softmax(dim=1)),
        (LogSoftmax(), nn.LogSoftmax(dim=-1)),
        (Flatten(), nn.Flatten()),
        (Reshape(3, 4), lambda x: x.reshape(-1, 3, 4)),
        (Dropout(0.5), nn.Dropout(0.5).eval()),
        (Linear(5), lambda x, W, b: functional.linear(x, W.T, b)),
        (Linear(5, bias=False), lambda x, W: functional.linear(x, W.T)),
    ],
    ids=lambda case: repr(case).split(" at 0x")[0],
)
def test_layers_are_those_of_torch(layer: Layer, theirs: Function) -> None:
    compare(layer, (4, 3), theirs)


@pytest.mark.parametrize(
    ("layer", "theirs"),
    [
        (ReLU(), nn.ReLU()),
        (LeakyReLU(), nn.LeakyReLU()),
        (ELU(0.4), nn.ELU(0.4)),
        (HardTanh(), nn.Hardtanh()),
        (Softplus(), nn.Softplus()),
        (SiLU(), nn.SiLU()),
        (GELU(), nn.GELU(approximate="tanh")),
    ],
    ids=lambda case: repr(case).split(" at 0x")[0],
)
def test_kinks_and_extremes_are_those_of_torch(layer: Layer, theirs: Function) -> None:
    net = traced(layer, 7)
    x = np.array([[-800.0, -30.0, -1.0, 0.0, 1.0, 30.0, 800.0]])
    ours = compiled([net.out, *net.gradients])({"X": x, "R": np.ones_like(x)})
    leaf = torch.tensor(x, requires_grad=True)
    out = theirs(leaf)
    out.backward(torch.ones_like(leaf))
    for got, expected in zip(ours, [out, leaf.grad], strict=True):
        np.testing.assert_allclose(got, expected.detach(), rtol=1e-12, atol=1e-12)


def test_global_average_pooling_is_that_of_torch() -> None:
    compare(
        GlobalAvgPool2d(),
        (3, 4, 2),
        lambda x: functional.adaptive_avg_pool2d(channels_first(x), 1).flatten(1),
    )


pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
extra = st.tuples(st.integers(0, 3), st.integers(0, 3))


@random_geometry
@given(
    window=pairs,
    stride=pairs,
    padding=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    dilation=pairs,
    spare=extra,
    groups=st.integers(1, 3),
    inner=st.integers(1, 2),
    outer=st.integers(1, 2),
    bias=st.booleans(),
)
def test_convolution_is_that_of_torch(
    window: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
    spare: tuple[int, int],
    groups: int,
    inner: int,
    outer: int,
    bias: bool,
) -> None:
    sizes = [
        max((window[i] - 1) * dilation[i] + 1 + spare[i] - 2 * padding[i], 1)
        for i in range(2)
    ]
    layer = Conv2d(
        groups * outer, window, stride, padding, dilation, groups=groups, bias=bias
    )
    theirs = convolution(
        stride=stride, padding=padding, dilation=dilation, groups=groups
    )
    compare(layer, (*sizes, groups * inner), theirs)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even:UserWarning")
@random_geometry
@given(window=pairs, dilation=pairs, spare=extra)
def test_same_convolution_is_that_of_torch(
    window: tuple[int, int], dilation: tuple[int, int], spare: tuple[int, int]
) -> None:
    layer = Conv2d(2, window, padding="same", dilation=dilation)
    sizes = (1 + spare[0], 2 + spare[1], 2)
    compare(layer, sizes, convolution(padding="same", dilation=dilation))


def same_pads(size: int, window: int, stride: int) -> tuple[int, int]:
    """Return TensorFlow's padding, as its documentation defines it."""
    rest = size % stride
    total = max(window - (rest or stride), 0)
    return total // 2, total - total // 2


@random_geometry
@given(window=pairs, stride=pairs, spare=extra)
def test_same_padding_with_strides_is_that_of_tensorflow(
    window: tuple[int, int], stride: tuple[int, int], spare: tuple[int, int]
) -> None:
    sizes = (3 + spare[0], 2 + spare[1])
    rows, columns = (same_pads(sizes[i], window[i], stride[i]) for i in range(2))
    plain = convolution(stride=stride)
    compare(
        Conv2d(1, window, stride, padding="same"),
        (*sizes, 1),
        lambda x, W, b: plain(functional.pad(x, (0, 0, *columns, *rows)), W, b),
    )
    lowest = -np.inf
    compare(
        MaxPool2d(window, stride, padding="same"),
        (*sizes, 2),
        on_images(
            lambda x: functional.max_pool2d(
                functional.pad(x, (*columns, *rows), value=lowest), window, stride
            )
        ),
    )


@random_geometry
@given(
    window=pairs,
    stride=st.none() | pairs,
    half=st.booleans(),
    spare=extra,
    channels=st.integers(1, 2),
)
def test_pooling_is_that_of_torch(
    window: tuple[int, int],
    stride: tuple[int, int] | None,
    half: bool,
    spare: tuple[int, int],
    channels: int,
) -> None:
    padding = (window[0] // 2, window[1] // 2) if half else (0, 0)
    sizes = (window[0] + spare[0], window[1] + spare[1], channels)
    for layer, pool in [
        (MaxPool2d, functional.max_pool2d),
        (AvgPool2d, functional.avg_pool2d),
    ]:
        compare(
            layer(window, stride, padding),
            sizes,
            on_images(lambda x, pool=pool: pool(x, window, stride, padding)),
        )
