"""The numbers of lesson 14."""

import io
import sys

import numpy as np
import pytest

from lessons.reduced import REDUCED
from plaingrad.lessons import find
from plaingrad.lessons.running import Ran, running


@pytest.fixture(scope="module")
def names(ran):
    return ran("beyond", **REDUCED["beyond"]).names


def test_a_few_images_already_teach_it_much(names):
    data, lenet = names["data"], names["lenet"]
    assert names["test_accuracy"] > 0.85
    assert names["test_accuracy"] == pytest.approx(
        lenet.score(data.X_test, data.y_test)
    )


@pytest.mark.full
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_all_of_mnist_in_full(ran, seed):
    names = ran("beyond", SEED=seed).names
    assert names["history"].epochs == 10
    assert names["test_accuracy"] >= 0.99
    assert names["certificate"].ok


def test_the_cheapest_guess_is_the_quantile(names):
    assert names["cheapest"] == 42.5
    assert names["share_below"] == 0.9


def test_prices_choose_the_share_below(names):
    for (late, early), below in names["below"].items():
        assert below == pytest.approx(late / (late + early), abs=0.01)
    assert names["loss_proved"].ok


def test_the_slope_of_the_loss_is_what_it_says(names):
    loss, y = names["priced"](late=9, early=1), np.array([-1.0, 1.0])
    above = loss(0.5, y).sum() - loss(0, y).sum()
    assert above == pytest.approx(0.5 * (1 - 9))


def test_forty_layers(names):
    assert f"{0.94**40:.2f}" == "0.08"
    values, gradients = names["ways"]["plain"]
    assert values[-1] < 0.1 * values[0]
    assert gradients[0] < 0.1 * gradients[-1]
    values, gradients = names["ways"]["residual"]
    assert values[-1] / values[0] == pytest.approx(5, abs=0.5)
    assert gradients[0] / gradients[-1] == pytest.approx(13, abs=0.5)


@pytest.mark.parametrize(("name", "skip"), [("plain", 0), ("residual", 1)])
def test_the_gradient_by_hand_is_the_measured_slope(names, name, skip):
    """The rows do not touch, so that one column of all rows is moved at once."""

    def outputs(h, matrices):
        for W in matrices:
            h = skip * h + np.tanh(h @ W)
        return h.sum(axis=1)

    first, (W, *others) = names["first"], names["matrices"]
    h = skip * first + np.tanh(first @ W)
    steps = 1e-6 * np.eye(16)
    slopes = [outputs(h + s, others) - outputs(h - s, others) for s in steps]
    size = np.abs(slopes).mean() / 2e-6
    assert size == pytest.approx(names["ways"][name][1][0], rel=1e-6)


def test_residual_layers_can_be_many(names):
    scores = names["scores"]
    assert all(scores["residual", depth] > 0.97 for depth in (3, 10, 20, 30, 40))
    assert all(scores["plain", depth] > 0.97 for depth in (3, 10))
    assert all(scores["plain", depth] < 0.7 for depth in (30, 40))


def test_three_programs_agree(names):
    assert names["script_difference"] < 1e-12
    assert names["torch_difference"] < 1e-12
    moved = names["largest_difference"](names["trained"], names["begin"])
    assert moved > 0.1
    assert "import plaingrad" not in names["script"]


def test_everything_is_proved(names):
    certificate = names["certificate"]
    assert certificate.ok
    assert len(certificate.rows) == 11
    assert [link.name for link in certificate.links] == ["script", "native"]
    assert sum(p.size for p in names["lenet"].params.values()) == 61_706


def test_without_pytorch(monkeypatch):
    """The cells that need it say so, and nothing else is missed."""
    monkeypatch.setitem(sys.modules, "torch", None)
    ran = Ran(find("beyond"))
    cells = [cell for cell in ran.lesson.cells if "import torch" in cell.text]
    with running(ran, io.StringIO()) as execute:
        said = [execute(cell).skipped for cell in cells]
    assert len(said) == 2
    assert all("pip install torch" in one for one in said)


def test_the_answer_is_right(answered):
    names = answered("beyond")
    assert names["careful"].score(names["X_spiral"], names["y_spiral"]) > 0.9
