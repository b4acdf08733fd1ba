"""The numbers of the lesson on a thousand digits."""

import numpy as np
import pytest

from lessons.reduced import REDUCED


@pytest.fixture(scope="module")
def names(ran):
    return ran("mnist_thousand", **REDUCED["mnist_thousand"]).names


@pytest.fixture(scope="module")
def full(ran):
    return ran("mnist_thousand").names


def rows(course, *epochs):
    """Return accuracies in training and test as they are printed, by epoch."""
    found = {epoch: (training, test) for epoch, training, test in course}
    return [(f"{found[e][0]:.3f}", f"{found[e][1]:.4f}") for e in epochs]


def test_one_image_at_a_time_is_as_printed(names):
    assert rows(names["by_hand"], 0, 10) == [("0.537", "0.6488"), ("0.901", "0.8114")]


def test_dropout_is_as_printed(names):
    assert rows(names["dropout_by_hand"], 0) == [("0.413", "0.6333")]


def test_tanh_and_softmax_are_as_printed(names):
    course = names["softmax_by_hand"]
    assert rows(course, 0, 10) == [("0.156", "0.3940"), ("0.723", "0.6867")]


def test_one_long_step_is_nearly_a_hundred_short_ones(names):
    course, printed = names["batches_by_hand"], names["book_batches"]
    for epoch, training, test in course[:2]:
        assert training == pytest.approx(printed[epoch][0], abs=0.005)
        assert test == pytest.approx(printed[epoch][1], abs=0.002)


def test_by_hand_and_by_plaingrad_are_the_same(names):
    assert names["difference"] < 1e-13


@pytest.mark.parametrize(
    ("report", "cause"),
    [("found_mask", "mask"), ("found_keep", "keep"), ("found_place", "place")],
)
def test_the_three_mistakes_are_named_and_repaired(names, report, cause):
    findings = [found for found in names[report].findings if not found.remark]
    assert [(found.cause, found.proved) for found in findings] == [(cause, True)]


def test_the_repaired_derivative_is_better_at_once(names):
    assert names["repaired"].course[1][2] > 0.85 > names["by_hand"][1][2] + 0.03


def test_the_derivative_of_the_text(names):
    assert (1 - np.array([0.9, 1.8]) ** 2).round(2).tolist() == [0.19, -2.24]


@pytest.mark.full
def test_over_fitting_in_full(full):
    by_hand = full["by_hand"]
    assert rows(by_hand, 20, 100, 349) == [
        ("0.930", "0.8111"),
        ("0.984", "0.7706"),
        ("1.000", "0.7073"),
    ]
    assert by_hand[-1][2] < by_hand[1][2] - 0.1


@pytest.mark.full
def test_a_repaired_derivative_alone_in_full(full):
    assert full["repaired_training"] >= 0.999
    assert full["repaired_test"] == pytest.approx(0.83, abs=0.005)
    assert full["repaired_test"] < full["early_test"]
    assert full["early_test"] == pytest.approx(0.862, abs=0.005)


@pytest.mark.full
def test_dropout_in_full(full):
    printed = [("0.764", "0.7870"), ("0.809", "0.8133")]
    assert rows(full["dropout_by_hand"], 10, 20) == printed
    assert full["dropout_test"] == pytest.approx(0.872, abs=0.005)
    assert full["dropout"].course[-1][1] > 0.99


@pytest.mark.full
def test_batches_in_full(full):
    assert rows(full["batches_by_hand"], 290)[0][1].startswith("0.80")
    assert full["batches_test"] == pytest.approx(0.88, abs=0.005)
    assert full["batches_test"] > full["soft_test"]


@pytest.mark.full
def test_tanh_and_softmax_in_full(full):
    printed = [("0.883", "0.8407"), ("0.940", "0.8701")]
    assert rows(full["softmax_by_hand"], 100, 290) == printed
    assert full["soft_test"] == pytest.approx(0.867, abs=0.005)
    assert full["soft_test"] < full["softmax_by_hand"][-1][2]
