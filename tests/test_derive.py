"""Gradients of random graphs against PyTorch, the complex step, and differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expressions import RandomGraph, op_by_op
from helpers import central_gradient, complex_gradient, evaluate, leaves
from plaingrad.derive import gradients
from plaingrad.errors import PlaingradError
from plaingrad.graph import verify
from plaingrad.ops import leaf, noise
from plaingrad.ops.leaves import mark
from plaingrad.shapes import Dim

seeds = st.integers(0, 2**32 - 1)


def examples(count):
    return settings(max_examples=count, deadline=None, derandomize=True)


@examples(150)
@given(seeds)
def test_random_graphs_against_pytorch(seed):
    torch = pytest.importorskip("torch")
    oracles = pytest.importorskip("oracles")
    graph = RandomGraph(seed, steps=12)
    loss = graph.loss()
    found, _ = gradients(loss, graph.leaves)
    verify(found)
    tensors = {
        name: torch.tensor(value, requires_grad=True)
        for name, value in graph.values.items()
    }
    (value,) = oracles.by_torch([loss], tensors)
    expected = torch.autograd.grad(
        value, list(tensors.values()), allow_unused=True, materialize_grads=True
    )
    for ours, theirs in zip(op_by_op(found, graph.values), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-11)


@examples(60)
@given(seeds)
def test_random_smooth_graphs_against_the_complex_step(seed):
    graph = RandomGraph(seed, kinks=False)
    loss = graph.loss()
    found, _ = gradients(loss, graph.leaves)

    def run(values):
        return op_by_op([loss], values, "complex128")

    for x, value in zip(graph.leaves, op_by_op(found, graph.values), strict=True):
        exact = complex_gradient(run, graph.values, x.attrs["name"])
        np.testing.assert_allclose(value, exact, rtol=1e-9, atol=1e-12)


@examples(25)
@given(seeds)
def test_second_derivatives_of_random_smooth_graphs(seed):
    graph = RandomGraph(seed, steps=6, kinks=False, inputs=2)
    rng = np.random.default_rng(seed)
    first, _ = gradients(graph.loss(), graph.leaves)
    slope = sum((grad * float(rng.normal())).sum() for grad in first)
    second, _ = gradients(slope, graph.leaves)

    def run(values):
        return op_by_op([slope], values, "complex128")

    for x, value in zip(graph.leaves, op_by_op(second, graph.values), strict=True):
        exact = complex_gradient(run, graph.values, x.attrs["name"])
        np.testing.assert_allclose(value, exact, rtol=1e-9, atol=1e-11)


def test_the_differences_themselves_are_right():
    values = {"x0": np.array([0.3, -1.2])}

    def run(values):
        x = values["x0"]
        return [np.sin(x[0]) * np.exp(x[1]) + x[1] ** 3]

    x, y = values["x0"]
    expected = [np.cos(x) * np.exp(y), np.sin(x) * np.exp(y) + 3 * y**2]
    for gradient, tolerance in [(complex_gradient, 1e-15), (central_gradient, 1e-11)]:
        found = gradient(run, values, "x0")
        np.testing.assert_allclose(found, expected, rtol=tolerance)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((), (2, 3)),
        ((1,), (3,)),
        ((1, 1), (2, 3)),
        ((2, 1), (1, 3)),
        ((3,), (4, 2, 3)),
        ((1, 3), (4, 2, 1)),
        ((1, 1, 1), ()),
    ],
)
def test_an_adjoint_is_summed_to_the_shape_of_its_source(a, b):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    arrays = [np.asarray(rng.normal(size=shape)) for shape in (a, b)]
    x, y = leaves(arrays)
    found, _ = gradients((x * np.sin(y)).sum(), [x, y])
    to_x, to_y = evaluate(found, arrays)
    given = [torch.tensor(array, requires_grad=True) for array in arrays]
    (given[0] * torch.sin(given[1])).sum().backward()
    np.testing.assert_allclose(to_x, given[0].grad, rtol=1e-14)
    np.testing.assert_allclose(to_y, given[1].grad, rtol=1e-14)
    assert to_x.shape == a
    assert to_y.shape == b


def test_no_sum_is_taken_where_shapes_agree():
    x, y = leaf("x", (2, 3)), leaf("y", (2, 3))
    (to_x,), _ = gradients((x * y).sum(), [x])
    assert all(node.op.name != "sum" for node in (to_x, *to_x.inputs))


def test_only_the_axes_that_were_broadcast_are_summed():
    x, y = leaf("x", (1, 3)), leaf("y", (2, 1, 3))
    (to_x,), _ = gradients((x * y).sum(), [x])
    assert to_x.op.name == "sum"
    assert to_x.attrs["axes"] == (0,)


def test_a_shared_value_gathers_all_that_flows_back():
    x = leaf("x0", (3,))
    shared = np.exp(x)
    (slope,), adjoints = gradients((shared * shared + shared / x).sum(), [x])
    value = np.array([0.5, 1.0, 2.0])
    (found,) = evaluate([slope], [value])
    e = np.exp(value)
    np.testing.assert_allclose(found, 2 * e * e + e / value - e / value**2)
    assert adjoints[shared].shape == (3,)


def test_one_value_may_be_both_inputs():
    x = leaf("x0", (2, 2))
    loss = (x @ x).sum() + (x - x).sum() + (x / x).sum()
    (slope,), _ = gradients(loss, [x])
    value = np.array([[1.0, 2.0], [3.0, 4.0]])
    (found,) = evaluate([slope], [value])
    expected = value.sum(axis=1) + value.sum(axis=0)[:, None]
    np.testing.assert_allclose(found, expected)


def test_an_unused_input_has_a_zero_gradient_of_its_shape():
    n = Dim(("n",))
    x, unused, hidden = leaf("x", (n, 2)), leaf("w", (4, 1)), leaf("v", (n,))
    loss = x.sum() + np.sign(hidden).sum()
    found, adjoints = gradients(loss, [unused, hidden])
    assert [node.shape for node in found] == [(4, 1), (n,)]
    assert not adjoints.keys() & {unused, hidden}
    (value,) = evaluate([found[0]], [])
    np.testing.assert_array_equal(value, np.zeros((4, 1)))


def test_gradients_by_values_on_the_way():
    x = leaf("x0", (3,))
    y = x**2
    loss = np.sin(y).sum()
    (by_y, by_loss), _ = gradients(loss, [y, loss])
    value = np.array([0.1, 0.2, 0.3])
    found, one = evaluate([by_y, by_loss], [value])
    np.testing.assert_allclose(found, np.cos(value**2))
    assert one == 1


def test_named_adjoints_are_marked():
    x = leaf("x", (3,))
    y = np.exp(x)
    _, adjoints = gradients((y * y).sum(), [x], named={y})
    assert adjoints[y].op.name == "mark"
    _, plain = gradients((y * y).sum(), [x])
    assert plain[y] is adjoints[y].inputs[0]


def test_marks_pass_gradients_through():
    x = leaf("x0", (3,))
    (slope,), _ = gradients((mark(mark(x * 2) ** 2)).sum(), [x])
    (found,) = evaluate([slope], [np.array([1.0, 2.0, 3.0])])
    np.testing.assert_array_equal(found, [8, 16, 24])


def test_nothing_flows_into_whole_numbers_and_draws():
    y = leaf("y", (3,), kind="int")
    seed, step = (leaf(name, (), kind="number") for name in ("seed", "step"))
    x = leaf("x", (3,))
    loss = (x * y * noise((3,), 1, seed, step)).sum()
    (slope,), adjoints = gradients(loss, [x])
    assert slope.shape == (3,)
    assert {node.op.name for node in adjoints} <= {"leaf", "mul", "sum", "uniform"}
    assert y not in adjoints


@pytest.mark.parametrize(
    "loss",
    [
        lambda x: x * 2,
        lambda x: x.sum(axis=0, keepdims=True),
        lambda x: x.argmax(),
        lambda x: (x > 0).mean(),
        lambda x: leaf("lr", (), "setting", "number"),
    ],
)
def test_a_loss_must_be_one_float(loss):
    x = leaf("x", (3,))
    with pytest.raises(PlaingradError, match=r"one number of floats.*loss\.mean"):
        gradients(loss(x), [x])


@pytest.mark.parametrize("kind", ["int", "bool", "number"])
def test_only_floats_have_gradients(kind):
    x = leaf("x", (3,))
    other = leaf("y", () if kind == "number" else (3,), kind=kind)
    with pytest.raises(PlaingradError, match="there is no gradient by"):
        gradients((x * other).sum(), [x, other])


def test_deep_graphs_are_derived_without_recursion():
    x = leaf("x0", (2,))
    node = x
    for _ in range(3000):
        node = np.sin(node) + x
    (slope,), _ = gradients(node.sum(), [x])
    value = np.array([0.1, 0.2])
    expected, at = np.ones(2), value
    for _ in range(3000):
        expected, at = np.cos(at) * expected + 1, np.sin(at) + value
    np.testing.assert_allclose(op_by_op([slope], {"x0": value})[0], expected)
