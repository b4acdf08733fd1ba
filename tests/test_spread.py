"""How far values lie apart: against SciPy and the standard library."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from plaingrad.seeds.spread import Spread, student


@pytest.mark.parametrize("freedom", [*range(1, 32), 99, 1000])
def test_the_quantiles_are_students(freedom):
    assert student(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-9)


@settings(deadline=None)
@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=12))
def test_mean_deviation_and_interval(values):
    found = Spread(tuple(values))
    assert found.mean == pytest.approx(np.mean(values), abs=1e-9)
    assert found.std == pytest.approx(np.std(values, ddof=1), abs=1e-6)
    low, high = stats.t.interval(
        0.95,
        len(values) - 1,
        np.mean(values),
        max(found.std, 1e-300) / len(values) ** 0.5,
    )
    assert found.interval == pytest.approx((low, high), abs=1e-6)


def test_few_values():
    assert Spread((0.5,)).mean == 0.5
    assert math.isnan(Spread((0.5,)).std)
    assert math.isnan(Spread(()).mean)
    assert Spread((0.5,)).interval is Spread(()).interval is None
    assert [str(Spread(v)) for v in ((), (0.5,), (0.25, 0.75))] == [
        "no values",
        "0.5000",
        "0.5000 ± 0.3536 (0.2500 to 0.7500)",
    ]


@pytest.mark.parametrize("odd", [math.inf, -math.inf, math.nan])
def test_values_that_are_not_finite_leave_nothing_to_say(odd):
    found = Spread((odd, 1.0))
    assert math.isnan(found.mean)
    assert math.isnan(found.std)
    assert found.interval is None
    assert str(found).startswith("nan ± nan (")
