"""Every gradient is the difference of values, and the second that of gradients."""

import numpy as np
import pytest
from hypothesis import given, settings

from cases import Case, every_smooth_op, seeds
from helpers import central_gradient, compiled, complex_gradient
from plaingrad.derive import gradients
from plaingrad.op import OPS
from plaingrad.ops import leaf

few = settings(max_examples=6, deadline=None, derandomize=True)


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


@pytest.mark.parametrize("name", ["gt", "ge", "lt", "le", "eq", "floordiv"])
def test_steps_have_no_slope(name):
    case = Case(name, 0)
    found, _ = gradients((case.node * 1.0).sum(), case.floats)
    for value in compiled(found)[0](case.values):
        assert not value.any()


def test_every_operation_has_a_case_or_is_a_leaf():
    without = {name for name, op in OPS.items() if op.domain is None}
    leaves = {"constant", "size", "leaf", "literal", "arange", "mark", "uniform"}
    assert without == leaves
