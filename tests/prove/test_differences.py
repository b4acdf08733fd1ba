"""Slopes from values: against formulas, beside kinks, and in float32."""

from __future__ import annotations

import numpy as np
import pytest

from plaingrad.errors import DataError
from plaingrad.prove.differences import differentiate

CURVES = {
    "square": (lambda x: (x**2).sum(), lambda x: 2 * x),
    "sine": (lambda x: np.sin(x).sum(), np.cos),
    "steep": (lambda x: np.sin(200 * x).sum(), lambda x: 200 * np.cos(200 * x)),
    "logarithm": (lambda x: np.log(x**2 + 0.1).sum(), lambda x: 2 * x / (x**2 + 0.1)),
    "large": (lambda x: 1e6 + np.exp(x).sum(), np.exp),
    "tiny": (lambda x: 1e-9 * np.exp(x).sum(), lambda x: 1e-9 * np.exp(x)),
}


@pytest.mark.parametrize("name", CURVES)
def test_the_error_holds_and_is_small(name: str) -> None:
    f, slope = CURVES[name]
    x = np.random.default_rng(0).normal(size=(3, 4))
    found = differentiate(f, x)
    off = np.abs(found.value - slope(x).ravel())
    assert (off <= found.error).all()
    assert not found.kink.any()
    assert (
        found.error <= 2e-6 * np.abs(slope(x)).max() + 10 * found.noise / 1e-4
    ).all()


def test_kinks_are_no_evidence() -> None:
    x = np.array([0.0, 1.0, -1.0, 1e-5, -1e-5, 2e-3])
    for f in (lambda x: np.maximum(x, 0).sum(), lambda x: np.abs(x).sum()):
        assert differentiate(f, x).kink.tolist() == [True] + 5 * [False]


def test_beside_a_kink_the_steps_are_shorter() -> None:
    found = differentiate(lambda x: np.maximum(x, 0).sum(), np.array([1e-6, -3e-6]))
    assert not found.kink.any()
    np.testing.assert_allclose(found.value, [1, 0], atol=1e-6)


def test_a_jump_is_no_slope() -> None:
    assert differentiate(lambda x: float((x > 0.5).sum()), np.array([0.5])).kink.all()


def test_beside_the_end_of_a_domain() -> None:
    with np.errstate(invalid="ignore"):
        found = differentiate(lambda x: np.log(x).sum(), np.array([1e-5, 2.0]))
    np.testing.assert_allclose(found.value, [1e5, 0.5], rtol=1e-4)


@pytest.mark.parametrize("inside", [False, True])
def test_float32_is_measured_as_well_as_it_can_be(inside: bool) -> None:
    x = np.random.default_rng(1).normal(size=20)
    given = x if inside else x.astype(np.float32)
    found = differentiate(lambda x: np.sin(x.astype(np.float32)).sum(), given)
    assert 1e-9 < found.noise < 1e-5
    np.testing.assert_allclose(found.value, np.cos(x), atol=2e-3)
    assert (np.abs(found.value - np.cos(x)) <= found.error).all()


def test_some_places_only_and_nothing_changes() -> None:
    x = np.arange(12.0).reshape(3, 4)
    before = x.copy()

    def rude(x: np.ndarray) -> float:
        value = (x**2).sum()
        x[...] = 0
        return value

    found = differentiate(rude, x, [5, 7])
    np.testing.assert_allclose(found.value, [10, 14])
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize(
    ("f", "x", "words"),
    [
        (lambda x: x.sum(), np.arange(3), "astype"),
        (lambda x: x, np.ones(3), "one number"),
        (lambda x: np.nan, np.ones(3), "finite"),
    ],
)
def test_what_has_no_slope_is_refused(f, x, words) -> None:
    with pytest.raises(DataError, match=words):
        differentiate(f, x)
