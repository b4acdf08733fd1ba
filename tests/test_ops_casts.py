"""Nothing in a float32 program is silently computed in float64."""

import numpy as np
import pytest

from helpers import compiled, evaluate, leaves
from plaingrad.errors import ShapeError
from plaingrad.graph import apply
from plaingrad.ops import leaf, logaddexp, one_hot, sigmoid, size, softmax, where
from plaingrad.shapes import Dim

RNG = np.random.default_rng(1)
FLOATS = RNG.uniform(0.5, 1.5, (3, 3))
WHOLE = RNG.integers(1, 4, (3, 3))
TRUTHS = RNG.random((3, 3)) > 0.5

COMBINE = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "floordiv": np.floor_divide,
    "pow": np.power,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "logaddexp": np.logaddexp,
    "matmul": np.matmul,
    "where": lambda a, b: np.where(FLOATS > 1, a, b),
    "concatenate": lambda a, b: np.concatenate([a, b], axis=1),
}
combinations = pytest.mark.parametrize("combine", COMBINE.values(), ids=COMBINE)


def single(call, *arrays):
    """Return the value of a call of nodes in float32."""
    return evaluate([call(*leaves(arrays))], arrays, "float32")[0]


def check(call, *arrays):
    """Compare a call of nodes, in float32, with the call of arrays, in float64."""
    value = single(call, *arrays)
    assert value.dtype == np.float32
    np.testing.assert_allclose(value, call(*arrays), rtol=1e-5)


@combinations
@pytest.mark.parametrize("other", [WHOLE, TRUTHS], ids=["whole", "truths"])
def test_floats_meet_whole_numbers_and_truths(combine, other):
    if other is WHOLE or combine not in (np.divide, np.floor_divide):
        check(combine, FLOATS, other)
    check(combine, other, FLOATS)


@pytest.mark.parametrize("number", [2, 0.5, True])
@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "pow", "maximum"])
@pytest.mark.parametrize("array", [WHOLE, TRUTHS], ids=["whole", "truths"])
def test_whole_numbers_and_truths_meet_python_numbers(name, number, array):
    check(lambda a: COMBINE[name](a * 1.0, number), array)
    value = single(lambda a: COMBINE[name](a, number), array)
    assert value.dtype == np.float32
    np.testing.assert_allclose(value, COMBINE[name](array * 1.0, number), rtol=1e-6)


@pytest.mark.parametrize("other", [WHOLE, TRUTHS], ids=["whole", "truths"])
@pytest.mark.parametrize(
    "call",
    [
        lambda a: a / a.sum(),
        lambda a: a @ a,
        lambda a: np.exp(a) + np.sqrt(a) + np.abs(-a),
        lambda a: a.mean() * a.mean(axis=0) + a.sum(axis=1) + a.min(),
        lambda a: np.logaddexp(a, a),
        lambda a: np.max(a) * 1.0 + a.mean(keepdims=True),
    ],
)
def test_functions_that_numpy_answers_in_another_precision(call, other):
    value = single(call, other)
    assert value.dtype == np.float32
    np.testing.assert_allclose(value, call(other.astype(float)), rtol=1e-6)


@pytest.mark.parametrize("call", [np.add, np.multiply, np.maximum, lambda a, b: a > b])
@pytest.mark.parametrize(("a", "b"), [(WHOLE, WHOLE), (TRUTHS, TRUTHS)])
def test_alone_they_stay_what_numpy_makes_of_them(call, a, b):
    value = single(call, a, b)
    expected = call(a, b)
    assert value.dtype == expected.dtype
    np.testing.assert_array_equal(value, expected)


@pytest.mark.parametrize(("a", "b"), [(1, 0), (0.25, -1), (0, -np.inf), (True, False)])
def test_a_choice_between_numbers_is_an_array_of_floats(a, b):
    value = single(lambda c: where(c, a, b), TRUTHS)
    assert value.dtype == np.float32
    np.testing.assert_array_equal(value, np.where(TRUTHS, a, b))


NUMBERS = {
    "log": np.log,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "floor": np.floor,
    "abs": np.abs,
    "tanh": np.tanh,
    "sin": np.sin,
    "sigmoid": sigmoid,
    "power": lambda s: 1 - 0.9**s,
    "larger": lambda s: np.maximum(s, 2) - np.minimum(1, s),
    "choice": lambda s: np.where(s > 2, 0.5, s),
    "steps": lambda s: s // 2,
}


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
def test_python_numbers_do_not_widen_arrays(number):
    step = leaf("step", (), kind="number")
    x = leaf("x", (2,))
    value = number(step)
    assert value.kind == "number"
    (run,) = compiled([value, value * x], ("float32",))
    alone, product = run({"step": 3, "x": np.ones(2)})
    assert type(alone) in (int, float)
    assert product.dtype == np.float32
    expected = 1 / (1 + np.exp(-3)) if number is sigmoid else number(3)
    assert alone == pytest.approx(float(expected))


def test_the_length_of_the_batch_does_not_widen_arrays():
    x = leaf("x", (Dim(("n",)), 2))
    rows = x.sum(axis=0) / np.sqrt(size(x.shape[0]))
    (run,) = compiled([rows], ("float32",))
    (value,) = run({"x": np.ones((4, 2))})
    assert value.dtype == np.float32
    np.testing.assert_array_equal(value, [2, 2])


def test_noise_is_single():
    seed, step = (leaf(name, (), kind="number") for name in ("seed", "step"))
    drawn = apply("uniform", seed, step, shape=(5, 2), place=1)
    (run,) = compiled([drawn, drawn * 2.0], ("float32",))
    assert [value.dtype for value in run({"seed": 0, "step": 1})] == [np.float32] * 2


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_hot_has_the_dtype_of_the_program(dtype):
    (value,) = evaluate([one_hot(*leaves([WHOLE]), 4)], [WHOLE], dtype)
    assert value.dtype == dtype
    np.testing.assert_array_equal(value, np.eye(4)[WHOLE])


@pytest.mark.parametrize("array", [FLOATS, TRUTHS], ids=["floats", "truths"])
def test_labels_and_places_must_be_whole_numbers(array):
    (x,) = leaves([array])
    with pytest.raises(ShapeError, match="whole numbers"):
        one_hot(x, 3)
    with pytest.raises(ShapeError, match=r"np\.where"):
        leaf("y", (3,))[x]


def test_softmax_and_logaddexp_of_whole_numbers():
    value = single(softmax, WHOLE)
    assert value.dtype == np.float32
    np.testing.assert_allclose(value.sum(axis=1), 1, rtol=1e-6)
    assert single(logaddexp, WHOLE, WHOLE).dtype == np.float32
