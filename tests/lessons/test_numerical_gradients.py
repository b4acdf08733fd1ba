"""The numbers of the lesson on numerical gradients."""

import numpy as np
import pytest


@pytest.fixture
def names(ran):
    return ran("numerical_gradients").names


def test_the_pieces(names):
    assert names["h_of_two"] == [0.8807970779778823]
    np.testing.assert_allclose(names["probs"], [0.0182, 0.2452, 0.7366], atol=5e-5)
    assert names["probs"].sum() == pytest.approx(1, rel=1e-15)


def test_the_softmax_of_a_batch(names):
    assert names["wrong_sums"].sum() == pytest.approx(1)
    assert (names["wrong_sums"] < 0.95).all()
    np.testing.assert_allclose(names["right_sums"], 1, rtol=1e-15)
    wrong = names["softmax_of_one"](names["two_rows"])
    right = names["softmax"](names["two_rows"])
    assert (wrong.argmax(axis=1) == right.argmax(axis=1)).all()


def test_cross_entropy(names):
    loss, one = names["cross_entropy"], names["one"]
    assert loss(one, [2]) == pytest.approx(0.510825623765991, rel=1e-12)
    assert loss(one, [7]) == pytest.approx(2.302585092994046, rel=1e-12)
    assert f"{loss(one[[0, 0]], [2, 7]):.4f}" == "1.4067"


def test_a_number_added_before_the_logarithm_disturbs_the_comparison(names):
    def with_number(probs, labels):
        return -np.log(probs[np.arange(len(labels)), labels] + 1e-7).mean()

    own = {**names, "cross_entropy": with_number}
    code = names["numerical_gradient"].__code__
    measure = type(names["numerical_gradient"])(code, own, "measure", (1e-4,))
    measured = measure(names["start"], names["X"][:100], names["y"][:100])
    gaps = {n: np.abs(g - names["derived"][n]).max() for n, g in measured.items()}
    assert all(gaps[name] > 50 * names["gaps"][name] for name in gaps)


def test_truncation_and_rounding(names):
    sigmoid, exact = names["sigmoid"], names["exact"]
    assert exact == pytest.approx(0.1049935854, abs=1e-10)

    def forward(h):
        return abs((sigmoid(2 + h) - sigmoid(2.0)) / h - exact)

    def central(h):
        return abs((sigmoid(2 + h) - sigmoid(2 - h)) / (2 * h) - exact)

    assert forward(1e-2) / forward(1e-3) == pytest.approx(10, rel=0.05)
    assert central(1e-2) / central(1e-3) == pytest.approx(100, rel=0.05)
    bend = exact * (1 - 2 * sigmoid(2.0))
    assert forward(1e-4) == pytest.approx(abs(bend) * 1e-4 / 2, rel=0.01)
    assert central(1e-4) < 1e-10 < central(1e-10)


def test_the_complex_step_has_no_rounding_error(names):
    errors, steps = names["errors"], names["steps"]
    assert errors["complex step"][steps < 1e-8].max() < 5e-16
    assert errors["central difference"].min() > 1e-13
    assert errors["forward difference"].min() > 1e-11


def test_the_slip_is_named(names):
    (finding,) = names["slip_report"].findings
    assert finding.cause == "step"
    assert finding.before == "return (sigmoid(x + h) - sigmoid(x - h)) / 2 * h"
    assert finding.after == "return (sigmoid(x + h) - sigmoid(x - h)) / (2 * h)"
    slip = names["slope_of_sigmoid"](2.0) / names["exact"]
    assert slip == pytest.approx(1e-8, rel=1e-6)


def test_measured_and_derived_gradients_agree(names):
    for name, gap in names["gaps"].items():
        assert gap < 1e-8 * np.abs(names["derived"][name]).max()


def test_both_train_alike(names):
    assert names["updates"] == 75
    assert np.abs(names["slow_losses"] - names["fast_losses"]).max() < 1e-8
    assert names["slow_accuracy"] == names["fast_accuracy"]
    assert f"{names['fast_accuracy']:.3f}" == "0.850"
    assert f"{names['long_accuracy']:.3f}" == "0.964"


def test_counts(names):
    assert names["entries"] == 760
    assert 784 * 50 + 50 + 50 * 10 + 10 == 39_760


def test_plaingrad_trains_the_same(names):
    losses = names["history"].batch_loss
    np.testing.assert_allclose(losses, names["fast_losses"], rtol=1e-12)
    assert (
        names["net"].score(names["X_test"], names["y_test"]) == (names["fast_accuracy"])
    )
    assert names["certificate"].ok
    assert {row.method for row in names["certificate"].rows} == {"complex step"}


def test_the_answer_is_right(names):
    """In float32 two or three digits are right with 1e-4, four with 1e-2."""

    def error(h):
        x, h = np.linspace(1.5, 2.5, 201, dtype="float32"), np.float32(h)
        s = names["sigmoid"]
        slope = (s(x + h) - s(x - h)) / (2 * h)
        assert slope.dtype == "float32"
        wide = s(x.astype("float64"))
        return np.abs(slope - wide * (1 - wide)).max()

    assert 1e-4 < error(1e-4) < 1e-3
    assert error(1e-2) < 1e-5
