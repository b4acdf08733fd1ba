"""The mistakes of lesson 13: each is named, each repair passes."""

import numpy as np
import pytest

from plaingrad.prove.script import check_script

CAUSES = {
    "outer product": "transposed",
    "ReLU mask": "mask",
    "dropout": "keep",
    "tanh": "place",
    "step h": "step",
    "b1 twice": "layer",
    "softmax": "softmax_axis",
}
SCRIPTS = {
    "kernels": ["sign"],
    "zip": ["exhausted"],
    "Python 2": ["moved", "python2"],
    "shape": ["called_shape"],
}


@pytest.fixture
def names(ran):
    return ran("errata").names


def test_nothing_is_forgotten(names):
    assert set(names["found"]) == set(names["passed"]) == {*CAUSES, *SCRIPTS}


@pytest.mark.parametrize("name", CAUSES)
def test_the_check_names_it_and_the_repair_passes(names, name):
    found, passed = names["found"][name], names["passed"][name]
    faults = [one for one in found.findings if not one.remark]
    assert [one.cause for one in faults] == [CAUSES[name]]
    assert faults[0].proved
    assert not found.ok
    assert passed.ok
    assert all(row.verdict == "right" for row in passed.rows)


@pytest.mark.parametrize(
    ("name", "repair"),
    [
        ("outer product", "return np.outer(delta, x)"),
        ("ReLU mask", "return output > 0"),
        (
            "dropout",
            "layer_1_delta = delta @ p['W2'].T * relu2deriv(layer_1) * mask * 2",
        ),
        ("tanh", "return X.T @ (delta @ W2.T * (1 - layer_1 ** 2) * mask * 2)"),
        ("step h", "return (square(x + h) - square(x - h)) / (2 * h)"),
        ("b1 twice", "return (z1, z1 @ p['W2'] + p['b2'])"),
        ("softmax", "return exps / exps.sum(axis=1, keepdims=True)"),
    ],
)
def test_the_repair_is_that_of_the_lesson(names, name, repair):
    assert names["found"][name].findings[0].after == repair


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_check_of_a_script_names_it_and_the_repair_passes(names, name):
    found, passed = names["found"][name], names["passed"][name]
    assert [one.cause for one in found.faults] == SCRIPTS[name]
    assert found.mended
    assert (passed.status, passed.findings) == ("right", [])


def test_directions_and_lengths(names):
    said = {
        "outer product": ("0.34", "1"),
        "ReLU mask": ("0.82", "1.1"),
        "dropout": ("1.00", "0.5"),
        "tanh": ("0.28", "0.93"),
        "step h": ("1.00", "1e-08"),
        "softmax": ("-0.16", "0.3"),
    }
    assert {
        name: (f"{names['cosines'][name]:.2f}", f"{names['lengths'][name]:.2g}")
        for name in names["pairs"]
    } == said


def test_dropout_alone_looks_like_a_convention(names):
    rows = {row.name: row.verdict for row in names["found"]["dropout"].rows}
    assert rows == {"W1": "wrong", "W2": "right"}


def test_kernels_take_back_what_weights_gain(names):
    wrong, right = names["wrong"]["losses"], names["right"]["losses"]
    assert wrong[0] == right[0] == pytest.approx(np.log(3), abs=5e-4)
    assert (f"{wrong[59]:.2f}", f"{right[59]:.2f}") == ("1.09", "0.31")
    assert min(wrong) > 1.09


def test_only_the_first_epoch_trains(names):
    assert len(set(names["wrong_zip"]["costs"])) == 1
    assert names["right_zip"]["costs"][29] < 1e-11


def test_softmax_shares_a_single_1(names):
    assert names["sums"].sum() == pytest.approx(1)


def test_what_is_no_mistake(names):
    assert names["convention"].ok
    assert [one.cause for one in names["convention"].findings] == ["convention"]
    assert names["slices"].status == "right"
    assert [one.cause for one in names["slices"].findings] == ["wide_slice"]
    assert names["kinks"].ok
    assert names["kinks"].rows[0].kinks == 4


def test_differences_at_kinks_lie_between_both_slopes(names):
    measured = names["measured"](names["total"], names["b"])
    left = names["gradient_b"](names["b"])
    jump = names["W_out"].ravel()
    np.testing.assert_allclose(measured, left + jump / 2, rtol=1e-8)


def test_the_answers_are_right(answered, names, tmp_path):
    assert answered("errata")["one"].ok
    file = tmp_path / "train.py"
    turned = names["climbing"].replace("labels - probs", "probs - labels")
    file.write_text(turned)
    outcome, _ = check_script(file)
    [fault] = outcome.faults
    assert fault.cause == "sign"
    assert fault.before.startswith("weights +=")
