"""The numbers of lesson 5."""

from types import FunctionType

import numpy as np
import pytest

import plaingrad as pg


@pytest.fixture
def names(ran):
    return ran("streetlights").names


def test_one_sample_at_a_time(names):
    assert f"{names['error_of_pass']:.8f}" == "0.00053374"


def test_only_the_middle_lamp_counts(names):
    weights, _ = names["by_hand"][1]
    np.testing.assert_allclose(weights, [0, 1, 0], atol=0.02)
    assert [(len(one), one.sum()) for one in names["walked"]] == [
        (3, 1),
        (3, 3),
        (6, 3),
    ]


def test_pushes_cancel_on_the_right_lamp(names):
    np.testing.assert_array_equal(names["push"].sum(axis=0), [-0.5, 1.5, 0])


def test_few_rows_are_over_fitted(names):
    assert names["seen"] < 1e-9
    rounded = {count: round(error, 4) for count, error in names["unseen"].items()}
    assert rounded == {1: 3.1392, 2: 0.1028, 3: 0, 4: 0}


def test_small_batches_are_ahead(names):
    last = {kind: f"{errors[-1]:.6f}" for kind, (_, errors) in names["by_hand"].items()}
    assert last == {1: "0.000534", 2: "0.009373", 6: "0.123652"}


def test_a_large_alpha_needs_the_full_batch(names):
    """The first answer; the function looks at the data of its part of the lesson."""
    lights, walk = pg.data.streetlights()
    data = {"lights": lights.astype(int), "walk": walk[:, 0].astype(int)}
    train = FunctionType(names["train"].__code__, {**names, **data})
    assert f"{train(6, 1.0)[1][-1]:.6f}" == "0.000017"
    np.testing.assert_allclose(train(1, 1.0)[1][5:], 9.46, rtol=1e-3)


def test_weighted_sums_cannot_do_it(names):
    assert round(names["linear_error"], 12) == 1
    np.testing.assert_allclose(names["weights"][:, 0], [0, 0, 0.5], atol=1e-12)


def test_a_nudge_measures_the_blame(names):
    assert f"{names['rise'] / 0.001:.4f}" == "-0.4595"


def test_the_hidden_layer_learns_it(names):
    found = [f"{error:.4g}" for error in names["errors"][9::10]]
    assert found == [
        "0.6342",
        "0.3584",
        "0.08302",
        "0.006467",
        "0.0003293",
        "1.506e-05",
    ]


def test_two_units_made_the_correlation(names):
    speaking = names["hidden"] > 0.5
    assert speaking.tolist() == [
        [False, True, False, False],
        [False, False, False, True],
        [False] * 4,
        [False] * 4,
    ]


def test_plaingrad_does_the_same(names):
    assert names["difference"] < 1e-12
    assert names["certificate"].ok
    assert "dpred @ W2.T) * (z1 > 0)" in names["net"].longhand()


def test_without_relu_it_is_one_layer(names):
    """The second answer."""
    (W1, W2), lights, walk = names["start"], names["lights"], names["walk"]
    W1, W2, errors = W1.copy(), W2.copy(), []
    for _ in range(2000):
        errors.append(0)
        for x, y in zip(lights[:, None], walk[:, None], strict=True):
            delta = x @ W1 @ W2 - y
            errors[-1] += (delta**2).item()
            W1, W2 = W1 - 0.2 * x.T @ delta @ W2.T, W2 - 0.2 * (x @ W1).T @ delta
    assert min(errors) > 1
    assert [round(errors[i], 2) for i in (59, 1999)] == [1.36, 1.32]
