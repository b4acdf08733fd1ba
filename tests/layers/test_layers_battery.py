"""What every layer must pass: gradients, shapes, dtypes, any batch."""

from typing import NamedTuple

import numpy as np
import pytest

from helpers_layers import (
    N,
    Values,
    assert_close,
    compiled,
    complex_step,
    differences,
    traced,
)
from plaingrad.derive import gradients
from plaingrad.graph import Node, walk
from plaingrad.layers import (
    ELU,
    GELU,
    AvgPool2d,
    Conv2d,
    Dropout,
    Flatten,
    GaussianNoise,
    GlobalAvgPool2d,
    HardTanh,
    Layer,
    LeakyReLU,
    Linear,
    LogSoftmax,
    MaxPool2d,
    RandomCrop,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    ReLU,
    Reshape,
    Residual,
    Sequence,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from plaingrad.ops import leaf


class Case(NamedTuple):
    layer: Layer
    input: tuple[int, ...]
    output: tuple[int, ...]


class Branches(Layer):
    """Two ways that part and meet again, and a layer that stands in both."""

    def __init__(self) -> None:
        self.shared = Linear(3)
        self.own = Linear(3)

    def forward(self, x: Node, /) -> Node:
        return np.tanh(self.shared(x)) * self.own(x) + self.shared(self.own(x))


CASES = [
    Case(Linear(2), (3,), (2,)),
    Case(Linear(2, bias=False), (3,), (2,)),
    Case(Linear(1), (1,), (1,)),
    Case(Linear(2), (2, 3), (2, 2)),
    Case(Conv2d(2, 3), (4, 5, 2), (2, 3, 2)),
    Case(Conv2d(2, (2, 1), bias=False), (3, 3, 1), (2, 3, 2)),
    Case(Conv2d(3, 3, padding="same"), (3, 4, 2), (3, 4, 3)),
    Case(Conv2d(2, 2, stride=2, padding="same"), (5, 3, 1), (3, 2, 2)),
    Case(Conv2d(2, 3, stride=(2, 1), padding=(1, 2)), (4, 3, 1), (2, 5, 2)),
    Case(Conv2d(2, (2, 3), dilation=(2, 1)), (4, 4, 2), (2, 2, 2)),
    Case(Conv2d(4, 2, groups=2), (3, 3, 4), (2, 2, 4)),
    Case(Conv2d(6, 2, groups=3, padding=1), (2, 3, 3), (3, 4, 6)),
    Case(Conv2d(3, 1), (2, 2, 2), (2, 2, 3)),
    Case(Conv2d(2, 1, stride=2), (3, 4, 2), (2, 2, 2)),
    Case(Conv2d(1, 1), (1, 1, 1), (1, 1, 1)),
    Case(Conv2d(2, 3), (3, 3, 1), (1, 1, 2)),
    Case(MaxPool2d(), (4, 6, 2), (2, 3, 2)),
    Case(MaxPool2d((2, 1)), (4, 1, 1), (2, 1, 1)),
    Case(MaxPool2d(), (5, 3, 2), (2, 1, 2)),
    Case(MaxPool2d(3, stride=2, padding=1), (5, 4, 2), (3, 2, 2)),
    Case(MaxPool2d(2, stride=1, padding="same"), (3, 3, 1), (3, 3, 1)),
    Case(MaxPool2d(1), (2, 2, 1), (2, 2, 1)),
    Case(AvgPool2d(), (4, 6, 2), (2, 3, 2)),
    Case(AvgPool2d(3, stride=2, padding=1), (5, 4, 2), (3, 2, 2)),
    Case(AvgPool2d(2, stride=1), (3, 3, 1), (2, 2, 1)),
    Case(GlobalAvgPool2d(), (2, 3, 2), (2,)),
    Case(GlobalAvgPool2d(), (1, 1, 1), (1,)),
    Case(Flatten(), (2, 1, 3), (6,)),
    Case(Flatten(), (4,), (4,)),
    Case(Reshape(2, 3), (6,), (2, 3)),
    Case(Reshape(-1), (2, 2), (4,)),
    Case(Reshape(1, -1, 2), (2, 4), (1, 4, 2)),
    Case(Dropout(0.3), (6,), (6,)),
    Case(Dropout(0), (2,), (2,)),
    Case(GaussianNoise(0.3), (2, 3), (2, 3)),
    Case(GaussianNoise(0), (2,), (2,)),
    Case(RandomFlip(), (3, 4, 1), (3, 4, 1)),
    Case(RandomFlip("vertical"), (1, 1, 2), (1, 1, 2)),
    Case(RandomFlip("horizontal_and_vertical"), (3, 2, 2), (3, 2, 2)),
    Case(RandomTranslation(1), (3, 4, 2), (3, 4, 2)),
    Case(RandomTranslation((0, 3), fill=-1.5), (1, 3, 1), (1, 3, 1)),
    Case(RandomTranslation(2, fill="edge"), (2, 3, 2), (2, 3, 2)),
    Case(RandomTranslation(0), (2, 2, 1), (2, 2, 1)),
    Case(RandomCrop(2), (4, 5, 1), (2, 2, 1)),
    Case(RandomCrop((3, 1), padding=(0, 2)), (3, 1, 2), (3, 1, 2)),
    Case(RandomCrop((2, 3), padding=1, fill="edge"), (2, 3, 1), (2, 3, 1)),
    Case(RandomRotation(40), (4, 3, 2), (4, 3, 2)),
    Case(RandomRotation(180, fill="edge"), (3, 3, 1), (3, 3, 1)),
    Case(RandomRotation(90, fill=0.7), (1, 1, 1), (1, 1, 1)),
    Case(RandomRotation(0), (2, 2, 1), (2, 2, 1)),
    Case(ReLU(), (5,), (5,)),
    Case(LeakyReLU(), (5,), (5,)),
    Case(LeakyReLU(0.3), (2, 3), (2, 3)),
    Case(ELU(), (5,), (5,)),
    Case(ELU(0.7), (5,), (5,)),
    Case(GELU(), (5,), (5,)),
    Case(SiLU(), (5,), (5,)),
    Case(Softplus(), (5,), (5,)),
    Case(Tanh(), (5,), (5,)),
    Case(Sigmoid(), (5,), (5,)),
    Case(HardTanh(), (9,), (9,)),
    Case(Softmax(), (4,), (4,)),
    Case(Softmax(axis=1), (3, 2), (3, 2)),
    Case(Softmax(), (1,), (1,)),
    Case(LogSoftmax(), (4,), (4,)),
    Case(Sequence(Linear(3), Tanh(), Linear(2)), (2,), (2,)),
    Case(Sequence(), (2,), (2,)),
    Case(Residual(Linear(3), Tanh(), Linear(3)), (3,), (3,)),
    Case(Residual(Conv2d(2, 3, padding="same"), SiLU()), (3, 3, 2), (3, 3, 2)),
    Case(Branches(), (3,), (3,)),
    Case(
        Sequence(Conv2d(2, 2), ReLU(), MaxPool2d(), Flatten(), Dropout(0.2), Linear(2)),
        (5, 5, 1),
        (2,),
    ),
]
every_case = pytest.mark.parametrize(
    "case", CASES, ids=[f"{case.layer!r} on {case.input}" for case in CASES]
)
ANALYTIC_ANYWAY = {"max", "maximum", "minimum", "gt", "lt", "softmax", "log_softmax"}
"""Not analytic, but NumPy takes complex numbers, and away from kinks it is locally."""


def complex_proof(node: Node) -> bool:
    return all(x.op.analytic or x.op.name in ANALYTIC_ANYWAY for x in walk([node]))


@every_case
@pytest.mark.parametrize("batch", [1, 3])
def test_gradients_are_those_of_numeric_differentiation(case: Case, batch: int) -> None:
    net = traced(case.layer, *case.input, training=True)
    values = net.values(batch, np.random.default_rng(0))
    # with the projection itself, for a gradient of 0 reads no data
    found = compiled([net.projection, *net.gradients])(values)[1:]
    run = compiled([net.projection])
    numeric = complex_step if complex_proof(net.projection) else differences
    for node, got in zip(net.wanted, found, strict=True):
        expected = numeric(lambda v: run(v)[0], values, node.attrs["name"])
        assert_close(got, expected, 1e-9 if numeric is complex_step else 1e-7)


@every_case
def test_second_derivatives_are_those_of_numeric_differentiation(case: Case) -> None:
    net = traced(case.layer, *case.input, training=True)
    rng = np.random.default_rng(1)
    values = net.values(2, rng)
    directions = [leaf(f"V_{x.attrs['name']}", x.shape) for x in net.wanted]
    for v, x in zip(directions, net.wanted, strict=True):
        values[v.attrs["name"]] = rng.normal(size=values[x.attrs["name"]].shape)
    slopes = zip(net.gradients, directions, strict=True)
    slope = sum(((g * v).sum() for g, v in slopes), net.projection)
    run = compiled([slope])
    found = compiled([slope, *gradients(slope, net.wanted)[0]])(values)[1:]
    for node, got in zip(net.wanted, found, strict=True):
        expected = differences(lambda v: run(v)[0], values, node.attrs["name"])
        assert_close(got, expected, 1e-7)


@every_case
@pytest.mark.parametrize("training", [False, True])
def test_float32_stays_float32(case: Case, training: bool) -> None:
    net = traced(case.layer, *case.input, training=training)
    values = net.values(2, np.random.default_rng(2))
    wanted = [net.out, *net.gradients]
    results = compiled(wanted, "float32")(rounded(values))
    for single, exact in zip(results, compiled(wanted)(values), strict=True):
        assert single.dtype == np.float32
        assert_close(single, exact, 1e-5)


@every_case
def test_float32_stays_float32_when_a_plain_sum_is_differentiated(case: Case) -> None:
    """The adjoint 1 is a number, and np.where of two numbers would be float64."""
    net = traced(case.layer, *case.input, training=True)
    values = net.values(2, np.random.default_rng(2))
    wanted = [net.out, *gradients(net.out.sum(), net.wanted)[0]]
    results = compiled(wanted, "float32")(rounded(values))
    for single, exact in zip(results, compiled(wanted)(values), strict=True):
        assert single.dtype == np.float32
        np.testing.assert_allclose(single, exact, rtol=1e-4, atol=1e-6)


def rounded(values: Values) -> Values:
    return {
        name: value.astype(np.float32) if isinstance(value, np.ndarray) else value
        for name, value in values.items()
    }


@every_case
def test_shapes_are_known_before_any_number(case: Case) -> None:
    net = traced(case.layer, *case.input)
    row = net.trace.rows[-1]
    assert row.layer is case.layer
    assert row.output.shape == (N, *case.output)
    (out,) = compiled([net.out])(net.values(2, np.random.default_rng(3)))
    assert out.shape == (2, *case.output)


@every_case
def test_a_layer_prints_as_written_and_is_remade_from_its_arguments(case: Case) -> None:
    again = type(case.layer).remade(case.layer.arguments)
    assert repr(again) == repr(case.layer)
    assert again is not case.layer
    assert again != case.layer
