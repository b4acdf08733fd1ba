"""The numbers of lesson 3."""

import numpy as np
import pytest


@pytest.fixture
def names(ran):
    return ran("gradient_descent").names


def test_the_slope(names):
    assert names["slope"] == pytest.approx(-0.55)
    assert names["by_plaingrad"] == pytest.approx(-0.55)


def test_twenty_steps(names):
    assert f"{names['errors'][19]:.1e}" == "5.4e-06"
    assert len(names["errors"]) == 20
    weight = names["descend"](0.5, alpha=1)[19]
    assert f"{0.5 * weight:.5f}" == "0.79767"


def test_the_checker_knows_the_half(names):
    report = names["report"]
    assert report.ok
    assert "half of the loss's slope" in str(report)


def test_plaingrad_descends_the_same_way(names):
    assert names["difference"] < 1e-12
    assert "dW1 = X.T @ (2 * diff / n)" in names["script"]


def test_an_input_of_2_diverges(names):
    distances = names["diverging"] - 0.4
    np.testing.assert_allclose(distances[1:] / distances[:-1], -3)


def test_a_small_step_converges(names):
    pred = 2 * names["paths"][0.1][-1]
    assert f"{pred:.7f}" == "0.8000122"
    assert f"{(pred - 0.8) ** 2:.3e}" == "1.485e-10"


def test_the_bound(names):
    paths = {alpha: np.abs(path - 0.4) for alpha, path in names["paths"].items()}
    assert (np.diff(paths[0.49]) < 0).all()
    assert (np.diff(paths[0.51]) > 0).all()
    np.testing.assert_allclose(names["paths"][0.5], [0.5, 0.3] * 10)
    np.testing.assert_allclose(names["paths"][0.25][1:], 0.4, rtol=1e-15)


def test_the_answer_is_right(names):
    assert names["descend"](0.5, alpha=4)[1] == pytest.approx(1.6)
    late = np.abs(names["descend"](0.5, alpha=8) - 1.6)
    np.testing.assert_allclose(late, 1.1)
