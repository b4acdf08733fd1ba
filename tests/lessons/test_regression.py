"""The numbers of lesson 10."""

import numpy as np
import pytest


@pytest.fixture
def names(ran):
    return ran("regression").names


@pytest.fixture
def gradients(names):
    """Gradients of the trained network, by name."""
    net, x, y = names["net"], names["x"], names["y"]
    return {name: net.inside(f"d{name}", x, y) for name in ("z1", "W1", "b1", "W2")}


def test_ten_noisy_points(names):
    assert names["x"].shape == names["y"].shape == (10, 1)
    assert f"{(names['noise'] ** 2).mean():.4f}" == "0.0143"


def test_shapes_of_the_tables(names, gradients):
    W1, b1, W2, b2 = names["start"]
    assert [value.shape for value in (W1, b1, W2, b2)] == [(1, 3), (3,), (3, 1), (1,)]
    assert names["a1"].shape == gradients["z1"].shape == (10, 3)
    assert names["pred"].shape == (10, 1)
    assert gradients["W1"].shape == W1.shape
    assert gradients["b1"].shape == b1.shape
    assert gradients["W2"].shape == W2.shape


def test_costs_every_ten_steps(names):
    costs = names["costs"]
    assert len(costs) == 200
    found = [f"{cost:.4f}" for cost in costs[::10]]
    assert found[:5] == ["0.8368", "0.3684", "0.3129", "0.2549", "0.2004"]
    assert found[-3:] == ["0.0150", "0.0130", "0.0113"]
    assert costs[0] == names["cost"]
    assert costs[-1] < (names["noise"] ** 2).mean()


def test_plaingrad_does_the_same(names):
    assert set(names["differences"]) == {"costs", "W1", "b1", "W2", "b2"}
    assert max(names["differences"].values()) < 1e-11
    assert names["certificate"].ok
    assert names["section"].startswith(r"$\frac{\partial E}{\partial z_1}$")


def test_the_curve_bends_at_the_kinks(names):
    W1, b1, W2, b2 = names["trained"]
    np.testing.assert_allclose(names["kinks"], [-0.85, 0.77, -0.70], atol=0.005)
    edges = np.sort(names["kinks"])
    for low, high in zip([-3, *edges], [*edges, 3], strict=True):
        piece = np.linspace(low, high, 5)[:, None]
        curve = np.maximum(piece @ W1 + b1, 0) @ W2 + b2
        np.testing.assert_allclose(np.diff(curve, 2, axis=0), 0, atol=1e-12)
    between = np.linspace(edges[0], edges[1], 5)[1:-1, None]
    assert not (between @ W1 + b1 > 0).any()


def test_a_large_step_kills_all_units(names):
    x, y = names["x"], names["y"]
    start = names["start_from"](8)
    (W1, b1, W2, b2), costs = names["train"](start, 0.1, 200)
    assert not (x @ W1 + b1 > 0).any()
    np.testing.assert_allclose(b2, y.mean())
    assert [f"{costs[0]:.2f}", f"{costs[-1]:.4f}"] == ["24.23", "0.5341"]
    assert f"{y.var():.4f}" == "0.5341"
    again, _ = names["train"]([W1, b1, W2, b2], 0.1, 10)
    np.testing.assert_array_equal(again[0], W1, "a dead unit does not move again")
    _, gentle = names["train"](start, 0.05, 200)
    assert f"{gentle[-1]:.4f}" == "0.0204"


def test_how_often_units_die(names):
    """Counts may differ by a few where a start lies on the edge, from rounding."""
    dead, good, median = zip(*names["survey"].values(), strict=True)
    assert list(names["survey"]) == [(3, 0.1), (3, 0.02), (10, 0.02)]
    assert dead[1] < dead[0] < dead[2]
    assert good[0] in range(12, 16)
    assert good[1] < 25 < 80 < good[2]
    assert median[2] < 0.015 < 0.2 < median[1] < median[0]


def test_positive_inputs_kill_units_at_once(names):
    """The answer."""
    x = names["x"] + 3
    W1 = names["start"][0]
    np.testing.assert_array_equal((x @ W1 > 0).any(axis=0), W1[0] > 0)
    assert names["x"].mean() == pytest.approx(0, abs=1e-12)
