"""Where rules for gradients go wrong: kinks, ties, zeros, infinities, odd shapes."""

import numpy as np
import pytest

from helpers import compiled, complex_gradient, evaluate, leaves
from plaingrad import ops
from plaingrad.derive import gradients
from plaingrad.ops import clip, leaf, where
from plaingrad.shapes import Dim
from plaingrad.simplify import simplify

RNG = np.random.default_rng(3)


def slopes(call, *arrays, dtype="float64"):
    """Return the gradients of a sum of results, as derived and as simplified."""
    inputs = leaves(arrays)
    found, _ = gradients(call(*inputs).sum(), inputs)
    simple, _ = simplify(found)
    values = evaluate([*found, *simple], arrays, dtype)
    derived, simplified = values[: len(found)], values[len(found) :]
    for one, other in zip(derived, simplified, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-14)
    return simplified


@pytest.mark.parametrize("power", [0, 1, 2, 3, 2.0, 2.5])
def test_powers_at_zero(power):
    x = np.array([0.0, -0.0, 2.0])
    (slope,) = slopes(lambda x: x**power, x)
    np.testing.assert_allclose(slope, power * x ** max(power - 1, 0))


def test_a_square_at_zero_has_all_its_derivatives():
    (x,) = leaves([np.zeros(2)])
    (first,), _ = gradients((x**2).sum(), [x])
    (second,), _ = gradients(first.sum(), [x])
    (third,), _ = gradients(second.sum(), [x])
    values = evaluate(simplify([first, second, third])[0], [np.zeros(2)])
    np.testing.assert_array_equal(values, [[0, 0], [2, 2], [0, 0]])


def test_the_complex_step_proves_a_square_at_zero():
    (x,) = leaves([np.zeros(2)])
    (run,) = compiled([(x**2 + x).sum()], ("complex128",))
    found = complex_gradient(run, {"x0": np.array([0.0, -1.0])}, "x0")
    np.testing.assert_array_equal(found, [1, -1])


def test_a_power_by_an_array_at_zero():
    x, p = np.array([0.0, 0.0, 2.0]), np.array([1.0, 2.0, 3.0])
    to_base, to_power = slopes(lambda x, p: x**p, x, p)
    np.testing.assert_allclose(to_base, [1, 0, 12])
    np.testing.assert_allclose(to_power, [0, 0, 8 * np.log(2)])


@pytest.mark.parametrize("call", [np.max, np.min])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), (1, 2)])
def test_ties_share_the_gradient_of_an_extreme_evenly(call, axis, keepdims):
    x = RNG.integers(0, 2, (2, 3, 4)).astype(float)
    (slope,) = slopes(lambda x: call(x, axis=axis, keepdims=keepdims) ** 2 + 1, x)
    tied = x == call(x, axis=axis, keepdims=True)
    share = tied / tied.sum(axis=axis, keepdims=True)
    np.testing.assert_allclose(slope, 2 * call(x, axis=axis, keepdims=True) * share)


@pytest.mark.parametrize("call", [np.maximum, np.minimum])
def test_ties_of_two_go_to_the_second(call):
    a, b = np.array([1.0, 1.0]), np.array([1.0, 1.0])
    to_a, to_b = slopes(call, a, b)
    np.testing.assert_array_equal(to_a, [0, 0])
    np.testing.assert_array_equal(to_b, [1, 1])
    (to_both,) = slopes(lambda x: call(x, x), a)
    np.testing.assert_array_equal(to_both, [1, 1])


def test_relu_is_flat_at_zero():
    (slope,) = slopes(lambda x: np.maximum(x, 0), np.array([-1.0, 0.0, 1.0]))
    np.testing.assert_array_equal(slope, [0, 0, 1])


def test_what_is_clipped_has_no_slope():
    (slope,) = slopes(lambda x: clip(x, -1, 1), np.array([-2.0, 0.5, 2.0]))
    np.testing.assert_array_equal(slope, [0, 1, 0])


@pytest.mark.parametrize("other", [0, 0.5])
def test_a_choice_hides_what_is_not_finite_where_it_is_not_chosen(other):
    x = np.array([-1.0, 0.0, 4.0])

    def call(x):
        safe = np.where(x > 0, x, 1)
        return where(x > 0, np.log(safe) + np.sqrt(np.where(x > 0, x, 0)), other)

    inputs = leaves([x])
    node = call(*inputs).sum()
    (slope,), _ = gradients(node, inputs)
    simple, _ = simplify([node, slope])
    with np.errstate(divide="ignore", invalid="ignore"):
        value, found = evaluate(simple, [x])
    np.testing.assert_allclose(value, np.log(4) + 2 + 2 * other)
    np.testing.assert_allclose(found, [0, 0, 0.5])


def test_simplifying_keeps_a_choice_from_nan():
    (x,) = leaves([np.zeros(3)])
    (simple,), _ = simplify([where(x > 0, np.log(x), 0)])
    with np.errstate(divide="ignore", invalid="ignore"):
        (value,) = evaluate([simple], [np.array([-1.0, 0.0, 1.0])])
    np.testing.assert_array_equal(value, [0, 0, 0])


def test_an_attention_mask_of_minus_infinity():
    torch = pytest.importorskip("torch")
    scores = RNG.normal(size=(3, 3))
    open_ = np.tri(3).astype(bool)
    x, mask = leaves([scores, open_])
    bias = np.where(mask, 0, -np.inf)
    masked = np.exp(x + bias) / np.exp(x + bias).sum(axis=1, keepdims=True)
    (slope,), _ = gradients((masked[:, 0]).sum(), [x])
    simple, _ = simplify([masked, slope])
    value, found = evaluate(simple, [scores, open_])
    given = torch.tensor(scores, requires_grad=True)
    shut = torch.tensor(np.where(open_, 0, -np.inf))
    expected = torch.softmax(given + shut, dim=1)
    expected[:, 0].sum().backward()
    np.testing.assert_allclose(value, expected.detach(), rtol=1e-13)
    np.testing.assert_allclose(found, given.grad, rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("kind", ["softmax", "log_softmax", "logaddexp", "softplus"])
@pytest.mark.parametrize("size", [1.0, 1e4])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_exponentials_neither_overflow_nor_lose_their_slope(kind, size, dtype):
    torch = pytest.importorskip("torch")
    x = size * np.array([[-1.0, 1.0, 0.5], [0.0, -0.5, 0.25]])
    calls = {
        "softmax": lambda f, x: f.softmax(x, 1),
        "log_softmax": lambda f, x: f.log_softmax(x, 1),
        "logaddexp": lambda f, x: f.logaddexp(x, 2 * x),
        "softplus": lambda f, x: f.logaddexp(x, 0 * x),
    }
    weights = np.array([[1.0, 2.0, -1.0], [0.5, 0.25, 3.0]])
    (slope,) = slopes(lambda x: calls[kind](ops, x) * weights, x, dtype=dtype)
    given = torch.tensor(x, requires_grad=True)
    (calls[kind](torch, given) * torch.tensor(weights)).sum().backward()
    assert np.isfinite(slope).all()
    np.testing.assert_allclose(slope, given.grad, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((3,), (3,)),
        ((2, 3), (3,)),
        ((3,), (3, 2)),
        ((4, 2, 3), (3,)),
        ((3,), (4, 3, 2)),
        ((5, 4, 2, 3), (3,)),
        ((3,), (5, 4, 3, 2)),
        ((5, 1, 2, 3), (4, 3, 2)),
        ((1, 3), (3, 1)),
    ],
)
def test_products_of_every_rank(a, b):
    torch = pytest.importorskip("torch")
    arrays = [RNG.normal(size=a), RNG.normal(size=b)]
    found = slopes(lambda a, b: (a @ b) ** 2, *arrays)
    given = [torch.tensor(array, requires_grad=True) for array in arrays]
    ((given[0] @ given[1]) ** 2).sum().backward()
    for slope, x in zip(found, given, strict=True):
        np.testing.assert_allclose(slope, x.grad, rtol=1e-12)


def test_numbers_are_spread_over_every_shape():
    n = Dim(("n",))
    x = leaf("x0", (n, 3))
    spread = [
        ops.broadcast_to(0.5, (n, 3)),
        ops.broadcast_to(x.sum(), (n, 3)),
        ops.broadcast_to(2, (n * 3,)),
        ops.broadcast_to(2, ()),
        x.reshape(-1) + ops.broadcast_to(1, (n * 3,)),
    ]
    values = evaluate([*spread, x.sum()], [np.ones((4, 3))], "float32")
    expected = [np.full((4, 3), 0.5), np.full((4, 3), 12), np.full(12, 2), 2]
    for value, right in zip(values, [*expected, np.full(12, 2)], strict=False):
        assert value.dtype == np.float32
        np.testing.assert_array_equal(value, right)


def test_noise_may_have_any_shape():
    seed, step = (leaf(name, (), kind="number") for name in ("seed", "step"))
    drawn = [ops.noise(shape, 1, seed, step) for shape in [(), (4,), (2, 2)]]
    (run,) = compiled(drawn)
    one, row, square = run({"seed": 3, "step": 0})
    np.testing.assert_array_equal(row.reshape(2, 2), square)
    assert one.shape == ()
    assert one == row[0]
