"""Every operation: its value, its gradient, and the gradient of its gradient.

The domain of each record gives the cases; PyTorch and the complex step are the oracles.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import central_gradient, compiled, complex_gradient, leaves
from oracles import ORACLES
from plaingrad.derive import gradients
from plaingrad.graph import apply, verify
from plaingrad.op import OPS
from plaingrad.ops import leaf, sin
from plaingrad.simplify import simplify

seeds = st.integers(0, 2**32 - 1)
WITH_DOMAIN = [name for name, op in OPS.items() if op.domain]
STEPS = ("gt", "ge", "lt", "le", "eq", "cast", "one_hot", "floordiv")
SMOOTH = [name for name in WITH_DOMAIN if OPS[name].grad and name not in STEPS]
every_op = pytest.mark.parametrize("name", WITH_DOMAIN)
every_smooth_op = pytest.mark.parametrize("name", SMOOTH)
some = settings(max_examples=20, deadline=None, derandomize=True)
few = settings(max_examples=6, deadline=None, derandomize=True)


class Case:
    """One random case of an operation: a node, its inputs, and their values."""

    def __init__(self, name, seed):
        self.op = OPS[name]
        self.rng = np.random.default_rng(seed)
        arrays, self.attrs = self.op.domain(self.rng)
        self.arrays = [np.asarray(array) for array in arrays]
        self.leaves = leaves(self.arrays)
        self.node = apply(name, *self.leaves, **self.attrs)
        self.values = {f"x{i}": array for i, array in enumerate(self.arrays)}
        self.floats = [x for x in self.leaves if x.kind == "float"]

    def loss(self):
        """Return a number that depends on every entry of the result, bending."""
        weights = leaf("weights", self.node.shape)
        self.values["weights"] = self.rng.uniform(0.5, 1.5, self.node.shape)
        return (weights * sin(self.node)).sum()

    def gradients(self, loss):
        """Return the gradients as derived and as simplified."""
        derived, _ = gradients(loss, self.floats)
        verify(derived)
        simple, _ = simplify(derived)
        verify(simple)
        return [*derived, *simple]

    def oracle(self, requires_grad=False):
        inputs = [torch.from_numpy(np.array(array)) for array in self.arrays]
        for x in inputs:
            x.requires_grad_(requires_grad and x.dtype == torch.float64)
        return inputs, ORACLES[self.op.name](*inputs, **self.attrs)


@every_op
@some
@given(seeds)
def test_value(name, seed):
    case = Case(name, seed)
    _, expected = case.oracle()
    in_double, in_single = compiled([case.node], ("float64", "float32"))
    (double,), (single,) = in_double(case.values), in_single(case.values)
    assert double.shape == single.shape == case.node.shape == tuple(expected.shape)
    assert_kind(double, case.node.kind, np.float64)
    assert_kind(single, case.node.kind, np.float32)
    np.testing.assert_allclose(double, expected.numpy(), rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(single, double, rtol=1e-5, atol=1e-5)


def assert_kind(value, kind, dtype):
    expected = {"float": dtype, "int": np.int64, "bool": np.bool_}[kind]
    assert value.dtype == expected


@every_smooth_op
@some
@given(seeds)
def test_gradient(name, seed):
    case = Case(name, seed)
    loss = case.loss()
    grads = case.gradients(loss)
    in_double, in_single = compiled(grads, ("float64", "float32"))
    found, narrow = in_double(case.values), in_single(case.values)
    expected = gradient_by_torch(case) * 2
    for value, single, right in zip(found, narrow, expected, strict=True):
        assert value.dtype == np.float64
        assert single.dtype == np.float32
        np.testing.assert_allclose(value, right, rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(single, right, rtol=1e-3, atol=1e-4)


def gradient_by_torch(case):
    inputs, result = case.oracle(requires_grad=True)
    loss = (torch.from_numpy(case.values["weights"]) * torch.sin(result)).sum()
    floats = [x for x in inputs if x.dtype == torch.float64]
    if not loss.requires_grad:
        return [np.zeros(x.shape) for x in floats]
    found = torch.autograd.grad(loss, floats, allow_unused=True, materialize_grads=True)
    return [gradient.numpy() for gradient in found]


@every_smooth_op
@few
@given(seeds)
def test_gradient_is_the_difference_of_values(name, seed):
    case = Case(name, seed)
    loss = case.loss()
    found = compiled(case.gradients(loss))[0](case.values)
    (run,) = compiled([loss], ("complex128" if case.op.analytic else "float64",))
    for x, value in zip(case.floats, found, strict=False):
        assert_close_to_differences(case, run, x, value)


@every_smooth_op
@few
@given(seeds)
def test_second_derivative_is_the_difference_of_gradients(name, seed):
    case = Case(name, seed)
    first = case.gradients(case.loss())
    slope = sum(
        (grad * leaf(f"v{i}", grad.shape)).sum()
        for i, grad in enumerate(first[: len(case.floats)])
    )
    for i, x in enumerate(case.floats):
        case.values[f"v{i}"] = case.rng.uniform(0.5, 1.5, x.shape)
    second = compiled(case.gradients(slope))[0](case.values)
    (run,) = compiled([slope], ("complex128" if case.op.analytic else "float64",))
    for x, value in zip(case.floats, second, strict=False):
        assert_close_to_differences(case, run, x, value)


def assert_close_to_differences(case, run, x, value):
    name = x.attrs["name"]
    if case.op.analytic:
        exact = complex_gradient(run, case.values, name)
        np.testing.assert_allclose(value, exact, rtol=1e-12, atol=1e-13)
    else:
        near = central_gradient(run, case.values, name)
        np.testing.assert_allclose(value, near, rtol=1e-8, atol=1e-9)


def test_every_operation_has_a_case_or_is_a_leaf():
    without = {name for name, op in OPS.items() if op.domain is None}
    assert without == {"constant", "size", "leaf", "literal", "mark", "uniform"}
