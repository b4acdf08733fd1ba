"""How parameters start: the text, its statistics, and the choice by activation."""

import ast
import math

import numpy as np
import pytest

from helpers_layers import traced
from plaingrad.errors import SettingError, ShapeError
from plaingrad.initializers import (
    Constant,
    Glorot,
    He,
    Initializer,
    LeCun,
    Normal,
    Orthogonal,
    Uniform,
    Zeros,
    draw,
    fans,
    line,
    usual,
)
from plaingrad.layers import (
    ELU,
    GELU,
    Conv2d,
    Dropout,
    HardTanh,
    Layer,
    LeakyReLU,
    Linear,
    LogSoftmax,
    MaxPool2d,
    ReLU,
    Sequence,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)

EVERY = [
    Zeros(),
    Constant(1),
    Constant(0.5),
    Uniform(-0.2, 0.4),
    Normal(0.01),
    Normal(0.5, mean=2),
    Glorot(),
    Glorot(uniform=True),
    He(),
    He(uniform=True),
    LeCun(),
    LeCun(uniform=True),
    Orthogonal(),
    Orthogonal(gain=1.5),
]
LINEAR, CONVOLUTION = (300, 200), (3, 3, 40, 60)
every = pytest.mark.parametrize("start", EVERY, ids=repr)


def drawn(
    start: Initializer, shape: tuple[int, ...], dtype: str = "float64"
) -> np.ndarray:
    return draw(start, shape, np.random.default_rng(0), dtype)


@every
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [LINEAR, CONVOLUTION, (1, 1)])
def test_a_start_is_one_expression_that_gives_the_shape_and_dtype(
    start: Initializer, shape: tuple[int, ...], dtype: str
) -> None:
    text = line(start, shape, dtype)
    ast.parse(text, mode="eval")
    assert "{" not in text
    script = f"import numpy as np\nrng = np.random.default_rng(0)\nW = {text}\n"
    namespace: dict[str, np.ndarray] = {}
    exec(script, namespace)
    assert namespace["W"].shape == shape
    assert namespace["W"].dtype == dtype
    np.testing.assert_array_equal(namespace["W"], drawn(start, shape, dtype))


@every
def test_float32_is_the_rounding_of_the_same_draw(start: Initializer) -> None:
    double, single = (drawn(start, LINEAR, dtype) for dtype in ("float64", "float32"))
    np.testing.assert_array_equal(double.astype(np.float32), single)


@pytest.mark.parametrize(
    ("start", "shape", "mean", "variance"),
    [
        (Uniform(-0.2, 0.4), LINEAR, 0.1, 0.6**2 / 12),
        (Normal(0.01), LINEAR, 0, 1e-4),
        (Normal(0.5, mean=2), LINEAR, 2, 0.25),
        (Glorot(), LINEAR, 0, 2 / 500),
        (Glorot(uniform=True), LINEAR, 0, 2 / 500),
        (Glorot(), CONVOLUTION, 0, 2 / (9 * 100)),
        (Glorot(uniform=True), CONVOLUTION, 0, 2 / (9 * 100)),
        (He(), LINEAR, 0, 2 / 300),
        (He(uniform=True), LINEAR, 0, 2 / 300),
        (He(), CONVOLUTION, 0, 2 / 360),
        (LeCun(), LINEAR, 0, 1 / 300),
        (LeCun(uniform=True), CONVOLUTION, 0, 1 / 360),
        (Orthogonal(), (200, 200), 0, 1 / 200),
    ],
    ids=repr,
)
def test_mean_and_variance_are_those_of_the_definition(
    start: Initializer, shape: tuple[int, ...], mean: float, variance: float
) -> None:
    values = drawn(start, shape)
    # five standard errors of the mean; the variance of a normal draw has 2 / count
    assert abs(values.mean() - mean) < 5 * math.sqrt(variance / values.size)
    assert abs(values.var() / variance - 1) < 5 * math.sqrt(2 / values.size)


@pytest.mark.parametrize(
    ("start", "bound"),
    [
        (Glorot(uniform=True), math.sqrt(6 / 500)),
        (He(uniform=True), math.sqrt(6 / 300)),
        (LeCun(uniform=True), math.sqrt(3 / 300)),
        (Uniform(-0.2, 0.2), 0.2),
    ],
    ids=repr,
)
def test_uniform_draws_fill_their_bounds(start: Initializer, bound: float) -> None:
    largest = np.abs(drawn(start, LINEAR)).max()
    assert 0.99 * bound < largest <= bound


@pytest.mark.parametrize(
    "shape", [(5, 5), (7, 3), (3, 7), (3, 2, 2, 5), (1, 1, 4, 9), (1, 6), (6, 1)]
)
@pytest.mark.parametrize("gain", [1, 2.5])
def test_orthogonal_is_exactly_orthogonal(shape: tuple[int, ...], gain: float) -> None:
    matrix = drawn(Orthogonal(gain), shape).reshape(-1, shape[-1])
    few = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    np.testing.assert_allclose(few @ few.T, gain**2 * np.eye(len(few)), atol=1e-13)


@pytest.mark.parametrize(
    ("start", "shape", "dtype", "text"),
    [
        (Zeros(), (10,), "float32", "np.zeros(10, np.float32)"),
        (Constant(1), (2, 3), "float64", "np.ones((2, 3), np.float64)"),
        (Constant(0.5), (2,), "float32", "np.full(2, 0.5, np.float32)"),
        (He(), (4, 3), "float64", "rng.normal(0, (2 / 4) ** 0.5, (4, 3))"),
        (
            He(),
            (3, 3, 2, 8),
            "float32",
            "rng.normal(0, (2 / 18) ** 0.5, (3, 3, 2, 8)).astype(np.float32)",
        ),
        (
            Glorot(uniform=True),
            (4, 3),
            "float32",
            "(rng.uniform(-1, 1, (4, 3)) * (6 / (4 + 3)) ** 0.5).astype(np.float32)",
        ),
        (
            Orthogonal(),
            (3, 4),
            "float64",
            "np.linalg.svd(rng.normal(size=(3, 4)), full_matrices=False)[2]",
        ),
    ],
    ids=repr,
)
def test_the_text_is_what_people_write(
    start: Initializer, shape: tuple[int, ...], dtype: str, text: str
) -> None:
    assert line(start, shape, dtype) == text


def test_fans_count_what_a_weight_joins() -> None:
    assert fans((784, 100)) == (784, 100)
    assert fans((3, 5, 2, 8)) == (30, 120)
    assert fans((7,)) == (7, 7)
    assert fans(()) == (1, 1)


@every
def test_starts_print_compare_and_are_remade_by_their_arguments(
    start: Initializer,
) -> None:
    again = type(start).remade(start.arguments)
    assert again == start
    assert hash(again) == hash(start)
    assert repr(again) == repr(start)
    assert [other for other in EVERY if other == start] == [start]


RECTIFIERS = [ReLU(), LeakyReLU(), ELU(), GELU(), SiLU(), Softplus()]
OTHERS = [Tanh(), Sigmoid(), HardTanh(), Softmax(), LogSoftmax()]


@pytest.mark.parametrize(
    ("activation", "chosen"),
    [(layer, He()) for layer in RECTIFIERS] + [(layer, Glorot()) for layer in OTHERS],
    ids=repr,
)
def test_the_activation_that_follows_chooses(
    activation: Layer, chosen: Initializer
) -> None:
    trace = traced(Sequence(Linear(3), activation), 3).trace
    assert usual(trace.rectified["W1"]) == chosen


def test_the_choice_looks_past_layers_that_are_no_activation() -> None:
    net = Sequence(
        Conv2d(2, 3), MaxPool2d(), ReLU(), Conv2d(2, 1), Dropout(0.5), Tanh(), Linear(2)
    )
    trace = traced(net, 6, 6, 1).trace
    assert trace.rectified == {"W1": True, "W2": False}
    assert usual(trace.rectified.get("W3")) == Glorot()


def test_a_start_that_was_given_is_not_chosen_again() -> None:
    trace = traced(Sequence(Linear(3, init=LeCun()), ReLU()), 3).trace
    assert trace.rectified == {}
    assert trace.parameters["W1"].start == LeCun()
    assert trace.parameters["b1"].start == Zeros()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Normal(0), "std must be a positive number"),
        (lambda: Normal(1, mean="0"), "mean must be a finite number, got '0'"),
        (lambda: Uniform(1, 1), "low must be below high, got 1 and 1"),
        (lambda: Uniform(-math.inf, 1), "low must be a finite number"),
        (lambda: Constant(math.nan), "value must be a finite number"),
        (lambda: Orthogonal(-1), "gain must be a positive number"),
        (lambda: He("uniform"), "uniform must be True or False, got 'uniform'"),
    ],
)
def test_settings_out_of_range_are_named(make: object, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        make()


def test_orthogonal_refuses_a_vector() -> None:
    with pytest.raises(ShapeError, match="two axes or more, got the shape 3"):
        line(Orthogonal(), (3,), "float32")
