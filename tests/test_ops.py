"""Every operation: its value and its gradient are those of PyTorch, in both dtypes."""

import numpy as np
import pytest
from hypothesis import given, settings

from cases import Case, every_op, every_smooth_op, seeds
from helpers import compiled

torch = pytest.importorskip("torch")
oracles = pytest.importorskip("oracles")
some = settings(max_examples=20, deadline=None, derandomize=True)


def by_oracle(case, requires_grad=False):
    inputs = [torch.from_numpy(np.array(array)) for array in case.arrays]
    for x in inputs:
        x.requires_grad_(requires_grad and x.dtype == torch.float64)
    return inputs, oracles.ORACLES[case.op.name](*inputs, **case.attrs)


@every_op
@some
@given(seeds)
def test_value(name, seed):
    case = Case(name, seed)
    _, expected = by_oracle(case)
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
    inputs, result = by_oracle(case, requires_grad=True)
    loss = (torch.from_numpy(case.values["weights"]) * torch.sin(result)).sum()
    floats = [x for x in inputs if x.dtype == torch.float64]
    if not loss.requires_grad:
        return [np.zeros(x.shape) for x in floats]
    found = torch.autograd.grad(loss, floats, allow_unused=True, materialize_grads=True)
    return [gradient.numpy() for gradient in found]
