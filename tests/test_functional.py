"""Gradients of plain functions: against PyTorch, the complex step and analysis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plaingrad as pg
from plaingrad.errors import DataError, PlaingradError, SettingError, ShapeError

Array = np.ndarray[Any, Any]
STEP = 1e-30

# Each function is written once; `f` stands for NumPy here and for PyTorch there.
FUNCTIONS: dict[str, tuple[Callable[..., Any], list[tuple[int, ...]]]] = {
    "squares": (lambda f, x: (x**2).sum(), [(3, 4)]),
    "product": (lambda f, x, w: f.tanh(x @ w).mean(), [(5, 3), (3, 2)]),
    "vectors": (lambda f, a, b: (a @ b) ** 3, [(4,), (4,)]),
    "matrix and vector": (lambda f, a, b: f.exp(a @ b).sum(), [(4, 3), (3,)]),
    "row and column": (lambda f, a, b: (a * b / (1 + a**2)).sum(), [(3, 1), (1, 4)]),
    "scalar and array": (lambda f, a, b: f.sin(a * b).sum(), [(), (2, 3)]),
    "broadcast sums": (lambda f, a, b: ((a + b) * (a - b)).mean(), [(2, 3), (3,)]),
    "roots and logs": (lambda f, x: (f.log(x**2 + 1) + f.sqrt(x**2 + 2)).sum(), [(5,)]),
    "powers": (lambda f, a, b: ((a**2 + 1) ** b).sum(), [(3,), (3,)]),
    "transposed": (lambda f, x: (x.T @ x * x[0]).sum(), [(3, 3)]),
    "reshaped": (
        lambda f, x: (x.reshape(6) * x.reshape(2, 3).reshape(6)).sum(),
        [(3, 2)],
    ),
    "sliced": (lambda f, x: (x[1:, :2] * x[:-1, 1:]).sum(), [(3, 3)]),
    "used thrice": (lambda f, x: (x * f.exp(x) + f.cos(x) * x).sum(), [(2, 2)]),
    "softmax": (
        lambda f, x: -(f.exp(x)[:, 0] / f.exp(x).sum(1)).sum(),
        [(4, 3)],
    ),
    "batched": (lambda f, a, b: f.sin(a @ b).sum(), [(2, 3, 4), (2, 4, 2)]),
    "two layers": (
        lambda f, x, v, w: ((f.tanh(x @ v) @ w) ** 2).mean(),
        [(5, 3), (3, 4), (4, 1)],
    ),
}
KINKED: dict[str, tuple[Callable[..., Any], list[tuple[int, ...]]]] = {
    "maximum": (lambda f, a, b: f.maximum(a, b).sum(), [(3, 4), (3, 4)]),
    "where": (lambda f, a, b: f.where(a > b, a * b, a - b).sum(), [(3, 4), (4,)]),
    "absolute": (lambda f, a: f.abs(a).sum(), [(5,)]),
    "clipped": (lambda f, a: (f.clip(a, -0.5, 0.5) * a).sum(), [(5,)]),
}


def arrays(shapes: list[tuple[int, ...]], seed: int = 0) -> list[Array]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in shapes]


def places(count: int) -> tuple[int, ...]:
    return tuple(range(count))


@pytest.mark.parametrize("name", [*FUNCTIONS, *KINKED])
def test_gradients_are_those_of_torch(name: str) -> None:
    torch = pytest.importorskip("torch")
    function, shapes = (FUNCTIONS | KINKED)[name]
    values = arrays(shapes)
    theirs = [torch.tensor(value, requires_grad=True) for value in values]
    expected = function(torch, *theirs)
    expected.backward()
    mine = pg.value_and_grad(lambda *args: function(np, *args), places(len(values)))
    value, slopes = mine(*values)
    assert value == pytest.approx(expected.item(), rel=1e-12)
    for slope, theirs_ in zip(slopes, theirs, strict=True):
        assert slope.shape == theirs_.shape
        np.testing.assert_allclose(slope, theirs_.grad.numpy(), rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_are_those_of_the_complex_step(name: str) -> None:
    function, shapes = FUNCTIONS[name]
    values = arrays(shapes, seed=1)
    slopes = pg.grad(lambda *args: function(np, *args), places(len(values)))(*values)
    for at, slope in enumerate(slopes):
        for place in np.ndindex(slope.shape):
            moved = [value.astype(complex) for value in values]
            moved[at][place] += STEP * 1j
            expected = np.imag(function(np, *moved)) / STEP
            assert slope[place] == pytest.approx(expected, rel=1e-9, abs=1e-12)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(data=st.data())
def test_broadcasting_is_undone_for_any_shapes(data: st.DataObject) -> None:
    full = data.draw(st.lists(st.integers(1, 3), max_size=3))
    shapes = []
    for _ in range(2):
        shape = [data.draw(st.sampled_from([1, size])) for size in full]
        shapes.append(tuple(shape[data.draw(st.integers(0, len(shape))) :]))
    a, b = arrays(shapes, seed=len(full))
    da, db = pg.grad(lambda a, b: (np.exp(a) * b**2 + a / (1 + b**2)).sum(), (0, 1))(
        a, b
    )
    whole_a, whole_b = np.broadcast_arrays(a, b)
    for slope, own, wide in [
        (da, a, np.exp(whole_a) * whole_b**2 + 1 / (1 + whole_b**2)),
        (
            db,
            b,
            2 * np.exp(whole_a) * whole_b
            - 2 * whole_a * whole_b / (1 + whole_b**2) ** 2,
        ),
    ]:
        extra = wide.ndim - own.ndim
        ones = [extra + i for i, size in enumerate(own.shape) if size == 1]
        expected = wide.sum(axis=(*range(extra), *ones)).reshape(own.shape)
        assert np.shape(slope) == own.shape
        np.testing.assert_allclose(slope, expected, rtol=1e-12)


# Which arguments.


def test_arguments_are_chosen_by_place() -> None:
    x, y, z = 2.0, 3.0, 5.0
    function = lambda x, y, z: x * y**2 * z**3  # noqa: E731
    assert pg.grad(function)(x, y, z) == y**2 * z**3
    assert pg.grad(function, 1)(x, y, z) == 2 * x * y * z**3
    assert pg.grad(function, -1)(x, y, z) == 3 * x * y**2 * z**2
    assert pg.grad(function, (2,))(x, y, z) == (3 * x * y**2 * z**2,)
    assert pg.grad(function, [-1, 0])(x, y, z) == (3 * x * y**2 * z**2, y**2 * z**3)
    value, (dy, dx) = pg.value_and_grad(function, (1, 0))(x, y, z)
    assert (value, dy, dx) == (x * y**2 * z**3, 2 * x * y * z**3, y**2 * z**3)


def test_no_place_at_all_is_refused() -> None:
    with pytest.raises(SettingError, match="argnums is empty"):
        pg.grad(lambda x: x**2, argnums=())


@pytest.mark.parametrize("argnums", [1, -2, (0, 3)])
def test_places_without_an_argument_are_named(argnums: Any) -> None:
    with pytest.raises(DataError, match="name no arguments of a call with 1"):
        pg.grad(lambda x: x**2, argnums)(1.0)


def test_defaults_stay_as_they_are() -> None:
    def scaled(x: Any, scale: float = 3.0, *, power: int = 2) -> Any:
        return (scale * x**power).sum()

    np.testing.assert_array_equal(pg.grad(scaled)(np.ones(2)), [6, 6])
    assert pg.grad(scaled, 1)(np.ones(2), 5.0) == 2


def test_any_number_of_arguments() -> None:
    found = pg.grad(lambda *args: sum(args[1:], args[0]) ** 2, (0, 2))(1.0, 2.0, 3.0)
    assert found == (12, 12)


# Numbers and their types.


def test_plain_numbers_give_plain_numbers() -> None:
    assert pg.grad(lambda x: x**3)(2) == 12
    assert pg.grad(lambda x: x**3)(True + 1) == 12
    assert pg.grad(lambda x: x**3)(np.int64(2)) == 12
    assert np.ndim(pg.grad(lambda x: x**3)(2.0)) == 0
    assert pg.grad(lambda x: x**3)(2.0).dtype == np.float64


@pytest.mark.parametrize("name", [*FUNCTIONS, *KINKED])
def test_float32_stays_float32(name: str) -> None:
    function, shapes = (FUNCTIONS | KINKED)[name]
    values = [np.asarray(value, np.float32) for value in arrays(shapes)]
    mine = pg.value_and_grad(lambda *args: function(np, *args), places(len(values)))
    value, slopes = mine(*values)
    assert value.dtype == np.float32
    assert {slope.dtype.name for slope in slopes} == {"float32"}


@pytest.mark.parametrize(
    ("args", "dtype"),
    [
        ((np.ones(2, "f4"), 2.0), "float32"),
        ((np.ones(2, "f4"), 2), "float32"),
        ((np.ones(2, "f2"), np.ones(2, "f4")), "float32"),
        ((np.ones(2, "f4"), np.arange(2)), "float32"),
        ((np.ones(2, "f4"), np.array([True, False])), "float32"),
        ((np.ones(2, "f4"), np.float64(2)), "float64"),
        ((np.ones(2, "f4"), np.ones(2)), "float64"),
        ((2.0, 3), "float64"),
        (([1.0, 2.0], 3), "float64"),
    ],
)
def test_arrays_decide_the_type_and_plain_numbers_follow(args: Any, dtype: str) -> None:
    slope = pg.grad(lambda x, y: (x**2 * y).sum())(*args)
    assert slope.dtype == dtype
    expected = 2 * np.asarray(args[0], float) * np.asarray(args[1], float)
    np.testing.assert_allclose(slope, expected, rtol=1e-6)


def test_whole_numbers_and_truths_pick_and_choose() -> None:
    x, labels = np.arange(6.0).reshape(3, 2), np.array([2, 0, 2])
    picked = pg.grad(lambda x, labels: (x[labels] ** 2).sum())(x, labels)
    np.testing.assert_array_equal(picked, [[0, 2], [0, 0], [16, 20]])
    mask = np.array([[True, False]])
    chosen = pg.grad(lambda x, mask: np.where(mask, x**2, 0).sum())(x, mask)
    np.testing.assert_array_equal(chosen, np.where(mask, 2 * x, 0))


def test_there_is_no_gradient_by_whole_numbers() -> None:
    with pytest.raises(PlaingradError, match="holds no floats"):
        pg.grad(lambda x: (x * 1.0).sum())(np.arange(3))


def test_text_is_no_array() -> None:
    with pytest.raises(DataError, match="expected arrays of numbers"):
        pg.grad(lambda x: x)("text")


# Higher derivatives.


@pytest.mark.parametrize(
    ("function", "derivatives"),
    [
        (lambda x: x**4, [lambda x: 4 * x**3, lambda x: 12 * x**2, lambda x: 24 * x]),
        (
            lambda x: np.sin(2 * x),
            [
                lambda x: 2 * np.cos(2 * x),
                lambda x: -4 * np.sin(2 * x),
                lambda x: -8 * np.cos(2 * x),
            ],
        ),
        (
            lambda x: np.exp(-(x**2)),
            [
                lambda x: -2 * x * np.exp(-(x**2)),
                lambda x: (4 * x**2 - 2) * np.exp(-(x**2)),
                lambda x: (12 * x - 8 * x**3) * np.exp(-(x**2)),
            ],
        ),
        (
            lambda x: np.log(1 + np.exp(x)),
            [
                lambda x: 1 / (1 + np.exp(-x)),
                lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2,
                lambda x: np.exp(-x) * (np.exp(-x) - 1) / (1 + np.exp(-x)) ** 3,
            ],
        ),
        (
            lambda x: np.tanh(x),
            [
                lambda x: 1 - np.tanh(x) ** 2,
                lambda x: -2 * np.tanh(x) * (1 - np.tanh(x) ** 2),
                lambda x: (1 - np.tanh(x) ** 2) * (6 * np.tanh(x) ** 2 - 2),
            ],
        ),
        (
            lambda x: 1 / (1 + x**2),
            [
                lambda x: -2 * x / (1 + x**2) ** 2,
                lambda x: (6 * x**2 - 2) / (1 + x**2) ** 3,
                lambda x: (24 * x - 24 * x**3) / (1 + x**2) ** 4,
            ],
        ),
    ],
)
def test_derivatives_up_to_the_third_are_those_of_analysis(
    function: Callable[..., Any], derivatives: list[Callable[..., Any]]
) -> None:
    for expected in derivatives:
        function = pg.grad(function)
        for x in (-1.3, 0.4, 2.0):
            assert function(x) == pytest.approx(expected(x), rel=1e-11)


def test_a_hessian_times_a_vector() -> None:
    rng = np.random.default_rng(0)
    A, x, v = rng.normal(size=(3, 3)), rng.normal(size=3), rng.normal(size=3)
    slope = pg.grad(lambda x, A: (x @ A @ x) ** 2)
    product = pg.grad(lambda x, A, v: (slope(x, A) * v).sum())(x, A, v)
    both = A + A.T
    hessian = 2 * np.outer(both @ x, both @ x) + 2 * (x @ A @ x) * both
    np.testing.assert_allclose(product, hessian @ v, rtol=1e-10)


def test_mixed_derivatives() -> None:
    mixed = pg.grad(pg.grad(lambda x, y: x**2 * y**3, 0), 1)
    assert mixed(2.0, 3.0) == 6 * 2 * 9


def test_value_and_grad_inside_another_function() -> None:
    inner = pg.value_and_grad(lambda x: x**3)

    def outer(x: Any) -> Any:
        value, slope = inner(x)
        return value * slope

    assert pg.grad(outer)(2.0) == 15 * 2.0**4


# What stands in the function.


def test_small_arrays_of_the_surroundings_are_written_out() -> None:
    weights = np.array([1.0, 2.0, 3.0])
    slope = pg.grad(lambda x: (x * weights).sum())
    np.testing.assert_array_equal(slope(np.ones(3)), weights)


def test_what_surrounds_a_function_is_read_anew_at_each_call() -> None:
    weights, power = np.array([1.0, 2.0]), [2]
    slope = pg.grad(lambda x: (x ** power[0] * weights).sum())
    np.testing.assert_array_equal(slope(np.ones(2)), [2, 4])
    weights[0] = 5.0
    power[0] = 3
    np.testing.assert_array_equal(slope(np.ones(2)), [15, 6])


def test_large_arrays_must_be_arguments() -> None:
    weights = np.ones(65)
    with pytest.raises(DataError, match="Pass the array as an argument"):
        pg.grad(lambda x: (x * weights).sum())(np.ones(65))
    slope = pg.grad(lambda x, weights: (x * weights).sum())(np.ones(65), 3 * weights)
    np.testing.assert_array_equal(slope, 3 * weights)


def test_results_are_no_views_of_arguments() -> None:
    x, y = np.ones((2, 3)), np.full((2, 3), 2.0)
    for function in (lambda x, y: (x * y).sum(), lambda x, y: (x.T @ y).mean()):
        dx, dy = pg.grad(function, (0, 1))(x, y)
        dx[...] = dy[...] = 7
    assert (x == 1).all()
    assert (y == 2).all()
    slope = pg.grad(lambda x: x.sum())(x)
    slope += 1
    np.testing.assert_array_equal(slope, np.full((2, 3), 2.0))


# Errors.


@pytest.mark.parametrize(
    ("function", "args", "error", "message"),
    [
        (lambda x: x * 2, [np.ones(3)], PlaingradError, "one number of floats"),
        (lambda x: 3.0, [1.0], PlaingradError, "returned float, which does not depend"),
        (lambda x: None, [1.0], PlaingradError, "returned NoneType"),
        (lambda x: (x, x), [1.0], PlaingradError, "returned tuple"),
        (
            lambda x: x if x > 0 else -x,
            [1.0],
            PlaingradError,
            r"np.where\(condition, a, b\)",
        ),
        (lambda x: np.fft.fft(x).sum(), [np.ones(4)], PlaingradError, "np.fft is not"),
        (
            lambda x: np.arctan(x),
            [1.0],
            PlaingradError,
            "np.arctan is not an operation",
        ),
        (lambda x: np.linalg.det(x), [np.eye(2)], PlaingradError, "np.det is not"),
        (lambda x: sum(v**2 for v in x), [np.ones(3)], PlaingradError, "walked over"),
        (lambda x: x[x > 0].sum(), [np.ones(3)], ShapeError, "np.where"),
        (lambda x: float(x), [1.0], TypeError, "float"),
    ],
)
def test_what_cannot_be_differentiated_is_explained(
    function: Callable[..., Any], args: list[Any], error: type, message: str
) -> None:
    with pytest.raises(error, match=message):
        pg.grad(function)(*args)


def test_an_argument_that_is_not_used_has_the_gradient_zero() -> None:
    dx, dy = pg.grad(lambda x, y: (x**2).sum(), (0, 1))(np.ones(2), np.ones((2, 2)))
    np.testing.assert_array_equal(dx, [2, 2])
    np.testing.assert_array_equal(dy, np.zeros((2, 2)))
    count = pg.grad(lambda x: (x > 0).sum())(np.ones(2))
    np.testing.assert_array_equal(count, [0, 0])


def test_a_failing_call_leaves_nothing_behind() -> None:
    slope = pg.grad(lambda x: (x @ x).sum())
    with pytest.raises(ShapeError, match="matrix product"):
        slope(np.ones((2, 3)))
    np.testing.assert_array_equal(slope(np.eye(2)), 2 * np.ones((2, 2)))


# The text.


def test_a_gradient_prints_as_a_person_would_write_it() -> None:
    def loss(w: Any, x: Any, y: Any) -> Any:
        return ((np.tanh(x @ w) - y) ** 2).mean()

    w, x, y = np.ones(3), np.ones((5, 3)), np.ones(5)
    assert pg.longhand(loss, w, x, y) == (
        "def loss(w, x, y):\n"
        "    value = ((np.tanh(x @ w) - y) ** 2).mean()\n"
        "    return value\n"
    )
    assert pg.longhand(pg.grad(loss), w, x, y) == (
        "def gradient(w, x, y):\n"
        "    tanh = np.tanh(x @ w)  # (5,)\n"
        "    dw = x.T @ (0.4 * (tanh - y) * (1 - tanh ** 2))  # (3,)\n"
        "    return dw\n"
    )
    assert pg.longhand(pg.value_and_grad(loss, (0, 1)), w, x, y) == (
        "def gradient(w, x, y):\n"
        "    tanh = np.tanh(x @ w)                    # (5,)\n"
        "    diff = tanh - y                          # (5,)\n"
        "    value = (diff ** 2).mean()\n"
        "    dproduct = 0.4 * diff * (1 - tanh ** 2)  # (5,)\n"
        "    dw = x.T @ dproduct                      # (3,)\n"
        "    dx = dproduct[:, None] * w               # (5, 3)\n"
        "    return value, dw, dx\n"
    )


def test_a_second_derivative_prints() -> None:
    assert pg.longhand(pg.grad(pg.grad(lambda t: np.sin(t**2))), 1.0) == (
        "def gradient(t):\n"
        "    squares = t ** 2\n"
        "    dt = 2 * (np.cos(squares) - 2 * t * np.sin(squares) * t)\n"
        "    return dt\n"
    )


def test_several_results_print() -> None:
    text = pg.longhand(lambda x: (np.exp(x), x.sum()), np.ones(2))
    assert text == (
        "def function(x):\n"
        "    value1 = np.exp(x)  # (2,)\n"
        "    value2 = x.sum()\n"
        "    return value1, value2\n"
    )


@pytest.mark.parametrize("name", ["np", "sum", "float", "max", "n", "value", "dx"])
def test_arguments_may_have_any_name(name: str) -> None:
    space: dict[str, Any] = {}
    body = " + ".join(f"({name} * {count}.0).sum()" for count in range(1, 6))
    exec(f"def f({name}, x):\n    return ({body}) * x.sum()", space)
    values = [np.array([1.0, 2.0]), np.array([3.0])]
    by_name, by_x = pg.grad(space["f"], (0, 1))(*values)
    np.testing.assert_array_equal(by_name, [45, 45])
    np.testing.assert_array_equal(by_x, [45])


def test_functions_of_numpy_can_be_differentiated_themselves() -> None:
    np.testing.assert_array_equal(pg.grad(np.sum)(np.ones(3)), np.ones(3))
    assert pg.grad(np.tanh)(0.5) == pytest.approx(1 - np.tanh(0.5) ** 2)


@pytest.mark.parametrize("name", [*FUNCTIONS, *KINKED])
def test_the_printed_gradient_runs_alone(name: str) -> None:
    function, shapes = (FUNCTIONS | KINKED)[name]
    values = arrays(shapes, seed=2)
    slope = pg.grad(lambda *args: function(np, *args))
    space: dict[str, Any] = {"np": np}
    exec(pg.longhand(slope, *values), space)
    np.testing.assert_array_equal(space["gradient"](*values), slope(*values))


def test_the_doctests_of_the_module_hold() -> None:
    import doctest

    from plaingrad import functional

    found = doctest.testmod(functional)
    assert found.attempted >= 3
    assert found.failed == 0
