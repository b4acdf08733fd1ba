"""The numbers of the lesson on the spiral."""

import numpy as np
import pytest

import plaingrad as pg


@pytest.fixture
def names(ran):
    return ran("spiral").names


def test_the_points_are_those_of_the_notes(names):
    assert names["same"]
    assert names["X"].shape == (300, 2)


def test_both_begin_at_the_logarithm_of_three(names):
    for losses in (names["linear_losses"], names["losses"], names["history"].loss):
        assert losses[0] == pytest.approx(np.log(3), abs=0.002)
    assert f"{names['losses'][0]:.4f}" == "1.0986"


def test_accuracies(names):
    assert f"{names['linear_accuracy']:.2f}" == "0.49"
    assert f"{names['accuracy']:.2f}" == "0.98"
    assert f"{names['net_accuracy']:.2f}" == "0.98"


def test_the_linear_classifier_has_arrived(names):
    """Its loss has one lowest place; ten times as many steps gain nothing."""
    net = pg.Sequential(pg.Linear(3))
    settings = names["settings"] | {"epochs": 2000, "dtype": "float64"}
    history = net.fit(names["X"], names["y"], **settings)
    assert history.loss[-1] == pytest.approx(names["linear_losses"][-1], abs=1e-4)


def test_both_train_alike_and_rounding_grows(names):
    apart = names["apart"]
    assert apart[:100].max() < 1e-14
    assert apart.max() > 1e-9


def test_the_printed_loop_has_our_lines(names):
    lines = {line.partition("#")[0].strip() for line in names["loop"].splitlines()}
    assert {
        "z1 = X @ W1 + b1",
        "a1 = np.maximum(z1, 0)",
        "scores = a1 @ W2 + b2",
        "dscores = (np.exp(logprobs) - onehot) / n",
        "dW2 = a1.T @ dscores + l2 * W2",
        "db2 = dscores.sum(axis=0)",
        "dz1 = (dscores @ W2.T) * (z1 > 0)",
        "dW1 = X.T @ dz1 + l2 * W1",
        "db1 = dz1.sum(axis=0)",
    } <= lines


def test_the_gradients_are_proved(names):
    assert names["certificate"].ok


def test_a_few_steps_are_told_and_printed_as_well(ran):
    assert ran("spiral", STEPS=1).names["loop"].endswith("    b2 -= lr * db2")


def test_the_answer_is_right(names):
    """From zero weights nothing moves."""
    net = pg.Sequential(pg.Linear(100), pg.ReLU(), pg.Linear(3))
    net.build(names["X"], dtype="float64")
    for values in net.params.values():
        values[:] = 0
    settings = names["settings"] | {"epochs": 50, "warm_start": True}
    history = net.fit(names["X"], names["y"], dtype="float64", **settings)
    np.testing.assert_allclose(history.loss, np.log(3), rtol=1e-12)
    assert net.score(names["X"], names["y"]) == pytest.approx(1 / 3)
    assert max(np.abs(values).max() for values in net.params.values()) < 1e-14
