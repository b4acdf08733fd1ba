"""The numbers of lesson 7."""

import numpy as np
import pytest

import plaingrad as pg


@pytest.fixture
def names(ran):
    return ran("activations").names


def test_two_linear_layers_are_one(names):
    assert names["collapse"] < 1e-12
    assert names["numbers"] == [122, 8]
    np.testing.assert_array_equal(names["straight"], np.zeros((5, 1)))
    np.testing.assert_array_equal(names["bent"][:, 0], [2, 1, 0, 1, 2])


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "ReLU"])
def test_derivatives_of_input_and_output(names, name):
    assert names["by_input"][name].ok
    assert names["by_output"][name].ok


def test_the_checker_tells_the_two_apart(names):
    assert not names["by_input"]["sigmoid"].findings
    remark, *more = names["by_output"]["sigmoid"].findings
    assert remark.cause == "of_output"
    assert not more


def test_the_slip_is_named_and_repaired(names):
    assert not names["slip"].ok
    assert "return a * (1 - a)" in str(names["slip"])


def test_both_slopes_pass_at_the_kink(names):
    """The first answer."""
    for slope in (lambda z: z >= 0, lambda z: z > 0):
        report = pg.check_function(names["relu"], slope, np.array([-1.0, 0.0, 1.0]))
        assert report.ok
        assert "kink" in str(report)
    output_is_never_negative = pg.check_function(names["relu"], lambda a: a >= 0)
    assert not output_is_never_negative.ok


def test_saturation(names):
    sigmoid = names["sigmoid"]
    slopes = [sigmoid(z) * (1 - sigmoid(z)) for z in (0.0, 10.0, 40.0)]
    assert [f"{slope:.2g}" for slope in slopes] == ["0.25", "4.5e-05", "0"]
    assert 1 - np.tanh(40.0) ** 2 == 0


def test_the_gradient_vanishes_through_sigmoids(names):
    first = {name: f"{sizes[-1]:.2g}" for name, sizes in names["sizes"].items()}
    assert first == {"sigmoid": "2.2e-06", "tanh": "0.42", "ReLU": "0.16"}


def test_layers_compute_the_same(names):
    assert set(names["differences"]) == {
        "sigmoid",
        "tanh",
        "ReLU",
        "softmax",
        "log softmax",
    }
    assert max(names["differences"].values()) < 1e-12


def test_softmax_is_stable(names):
    assert np.isnan(names["broken"][1]).all()
    stable = names["softmax"](names["scores"])
    np.testing.assert_allclose(stable[1], stable[0], rtol=1e-12)
    np.testing.assert_allclose(stable.sum(axis=1), 1, rtol=1e-12)
    assert names["too_late"][0, 0] == -np.inf
    np.testing.assert_array_equal(names["log_softmax"](names["sure"]), [[-800, 0]])


@pytest.mark.parametrize(
    ("task", "loss"),
    [
        ("yes or no", "BinaryCrossEntropy"),
        ("one of 3 classes", "CrossEntropy"),
        ("any of 2 labels", "BinaryCrossEntropy"),
        ("any number", "MSE"),
        ("a number in 0 ... 1", "MSE"),
    ],
)
def test_what_fit_chooses(names, task, loss):
    assert names["chosen"][task].startswith(f"loss {loss}:")


def test_a_softmax_cannot_have_several_labels(names):
    assert "Remove the softmax" in names["refused"]


def test_saturated_squares_do_not_pull(names):
    assert f"{names['pull_squares']:.6f}" == "-0.000091"
    assert f"{names['pull_entropy']:.6f}" == "-0.999955"


def test_the_factor_of_the_sigmoid_remains_with_squares_alone(names):
    kept = [task for task, line in names["first_lines"].items() if "(1 - pred)" in line]
    assert kept == ["a number in 0 ... 1"]
    y, _ = names["tasks"]["a number in 0 ... 1"]
    net = pg.Sequential(pg.Linear(1), pg.Sigmoid())
    script = net.longhand(names["X"], y, loss=pg.BinaryCrossEntropy())
    assert "(1 / (1 + np.exp(-z1)) - y) / n" in script


@pytest.mark.parametrize(
    ("task", "layer"), [("yes or no", pg.Sigmoid), ("one of 3 classes", pg.Softmax)]
)
def test_the_last_activation_may_be_left_out(names, task, layer):
    y, _ = names["tasks"][task]
    X, units = names["X"], max(y) + 1 if max(y) > 1 else 1
    with_it, without = (
        pg.Sequential(pg.Linear(units), *last) for last in ([layer()], [])
    )
    for net in (with_it, without):
        net.fit(X, y, epochs=20, dtype="float64")
    np.testing.assert_allclose(
        with_it.predict_proba(X), without.predict_proba(X), rtol=1e-12
    )


def test_a_sigmoid_is_a_softmax_of_two(names):
    """The last answer."""
    z = np.linspace(-5, 5, 11)
    two = names["softmax"](np.column_stack([z, np.zeros(11)]))
    np.testing.assert_allclose(two[:, 0], names["sigmoid"](z), rtol=1e-12)
