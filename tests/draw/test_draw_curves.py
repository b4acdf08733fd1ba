from types import SimpleNamespace

import numpy as np
import pytest

from plaingrad import draw
from plaingrad.errors import DataError, SettingError, ShapeError


def history(batch=(), train=(), validation=(), per_epoch=2):
    return SimpleNamespace(
        batch_loss=list(batch),
        loss=list(train),
        val_loss=list(validation),
        updates_per_epoch=per_epoch,
    )


def lines(ax):
    return {line.get_label(): line.get_xydata().tolist() for line in ax.lines}


FULL = history([5, 4, 3, 2, 1.5, 1], [4, 2, 1], [4.5, 2, 3])


def test_costs_stand_over_the_epoch_after_which_they_were_measured():
    drawn = lines(draw.cost_curves(FULL))
    assert drawn["mini-batches"] == [
        [0.5, 5],
        [1, 4],
        [1.5, 3],
        [2, 2],
        [2.5, 1.5],
        [3, 1],
    ]
    assert drawn["training set"] == [[1, 4], [2, 2], [3, 1]]
    assert drawn["validation set"] == [[1, 4.5], [2, 2], [3, 3]]


def test_the_epoch_of_the_lowest_validation_cost_is_marked():
    ax = draw.cost_curves(FULL)
    assert lines(ax)["best: epoch 2"] == [[2, 2]]
    assert ax.get_title() == "lowest validation cost 2, at epoch 2"


def test_mini_batches_are_thin_and_the_rest_is_not():
    ax = draw.cost_curves(FULL)
    width = {line.get_label(): line.get_linewidth() for line in ax.lines}
    assert width["mini-batches"] < 1 < width["training set"]


def test_without_validation_costs_nothing_is_marked():
    ax = draw.cost_curves(history([3, 2], [2]))
    assert list(lines(ax)) == ["mini-batches", "training set"]
    assert ax.get_title() == "training cost 2 after epoch 1"


def test_only_mini_batches():
    ax = draw.cost_curves(history([3, 2, 1]))
    assert list(lines(ax)) == ["mini-batches"]
    assert ax.get_xlim()[1] == pytest.approx(1.5, rel=0.02)


@pytest.mark.parametrize(
    ("costs", "log", "scale"),
    [
        ([2, 1], None, "linear"),
        ([200, 1], None, "log"),
        ([200, 0], None, "linear"),
        ([200, -1], None, "linear"),
        ([2, 1], True, "log"),
        ([200, 1], False, "linear"),
    ],
)
def test_the_scale_is_logarithmic_when_costs_span_two_powers_of_ten(costs, log, scale):
    assert draw.cost_curves(history(train=costs), log=log).get_yscale() == scale


def test_a_diverged_cost_leaves_a_gap():
    ax = draw.cost_curves(history([1, 2, np.inf, np.nan], [1.5, np.inf], [2, np.nan]))
    drawn = lines(ax)
    assert np.isnan(drawn["mini-batches"][2][1])
    assert drawn["best: epoch 1"] == [[1, 2]]
    assert ax.get_ylim()[1] < 3


def test_a_diverged_training_is_named():
    ax = draw.cost_curves(history([1, 2], [1.5, np.nan]))
    assert ax.get_title() == "diverged: the training cost is nan after epoch 2"


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: draw.cost_curves(history()), DataError, "at least one finite"),
        (lambda: draw.cost_curves(history([np.nan])), DataError, "learning rate"),
        (lambda: draw.cost_curves(history([0, 1]), log=True), SettingError, "above 0"),
        (
            lambda: draw.cost_curves(history([1], per_epoch=0)),
            SettingError,
            "updates_per_epoch",
        ),
        (lambda: draw.activation(np.sum), ShapeError, r"f must.*np\.vectorize\(f\)"),
        (lambda: draw.activation(np.tanh, lambda z: 1), ShapeError, "df must return"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_reason(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_a_function_and_its_derivative_over_minus_five_to_five():
    ax = draw.activation(np.tanh, lambda z: 1 - np.tanh(z) ** 2)
    tanh, slope = (line.get_xydata() for line in ax.lines if len(line.get_xydata()) > 2)
    assert (tanh[0, 0], tanh[-1, 0]) == (-5, 5) == ax.get_xlim()
    np.testing.assert_allclose(tanh[:, 1], np.tanh(tanh[:, 0]))
    np.testing.assert_allclose(
        slope[1:-1, 1], np.gradient(tanh[:, 1], tanh[:, 0])[1:-1], atol=1e-4
    )
    assert ax.get_title() == "tanh and its derivative"


def test_a_function_by_another_name_without_its_derivative():
    ax = draw.activation(lambda z: np.maximum(z, 0), name="ReLU")
    assert ax.get_title() == "ReLU"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["ReLU"]
