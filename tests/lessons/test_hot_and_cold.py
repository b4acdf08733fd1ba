"""The numbers of lesson 2."""

import pytest


@pytest.fixture
def names(ran):
    return ran("hot_and_cold").names


def test_the_error_after_1100_steps(names):
    assert f"{names['errors'][1100]:.3g}" == "1.08e-27"
    assert len(names["errors"]) == 1101
    assert names["path"][1100] == pytest.approx(1.6, abs=1e-12)


def test_the_first_trials(names):
    assert names["errors"][0] == pytest.approx(0.3025)
    assert f"{names['errors'][1]:.6f}" == "0.301950"


@pytest.mark.parametrize(
    ("step", "ends"),
    [(0.8, [1.3, 2.1]), (0.3, [1.4, 1.7]), (0.03, [1.58, 1.61]), (0.001, [1.6, 1.601])],
)
def test_every_step_hops_for_ever(names, step, ends):
    weights = names["walks"][step]
    assert sorted(weights[-2:]) == pytest.approx(ends)
    assert weights[-4:-2] == pytest.approx(weights[-2:])


def test_a_network_walks_the_same_way(names):
    assert names["difference"] == 0


def test_predictions_for_one_step(names):
    assert names["weights_in_all"] == 784 * 40 + 40 + 40 * 10 + 10 == 31_810
    assert names["predictions"] == 63_620


def test_the_answer_is_right(answered):
    names = answered("hot_and_cold")
    assert names["iteration"] == 26
    assert (names["x"] * names["weight"] - names["goal"]) ** 2 <= 1e-12
