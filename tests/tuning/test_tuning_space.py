"""Where settings are searched, and what a trial is given."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaingrad.errors import SettingError
from plaingrad.tuning.space import USUAL, Choices, Choose, Range, from_text, space, spec


class Answers:
    """Answers like Optuna's trial, and remembers what it was asked."""

    def __init__(self, value):
        self.value, self.asked = value, []

    def suggest_int(self, name, low, high, *, log):
        self.asked.append((name, low, high, log))
        return self.value

    suggest_float = suggest_int

    def suggest_categorical(self, name, choices):
        self.asked.append((name, choices))
        return choices[self.value]


def test_what_nothing_is_said_about_is_usual():
    found = space({})
    assert list(found) == list(USUAL)
    assert found["lr"] == Range(1e-4, 1e-1, by_factors=True)
    assert found["dropout"] == Range(0.0, 0.5)
    assert found["layers"] == Range(1, 3)
    assert found["optimizer"] == Choices(("adam", "momentum"))


def test_settings_are_fixed_narrowed_and_chosen_among():
    found = space({"lr": 0.01, "l2": (1e-5, 1e-3), "width": [8], "batch_size": [8, 9]})
    assert found["lr"] == 0.01
    assert found["l2"] == Range(1e-5, 1e-3, by_factors=True)
    assert found["width"] == 8
    assert found["batch_size"] == Choices((8, 9))
    assert [str(found[n]) for n in ("l2", "batch_size")] == ["1e-05..0.001", "8,9"]


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("lr", "0.01", 0.01),
        ("lr", "1e-4..1e-1", (1e-4, 1e-1)),
        ("batch_size", "16,64", [16, 64]),
        ("layers", "1..2", (1, 2)),
        ("optimizer", "adam", "adam"),
        ("optimizer", "adam,lbfgs", ["adam", "lbfgs"]),
        ("dropout", "0", 0.0),
    ],
)
def test_text_says_the_same(name, text, found):
    assert from_text(name, text) == found


@pytest.mark.parametrize("text", ["", "a", "1..2..3", "1..", "0.5", "2,b"])
def test_text_that_says_nothing(text):
    with pytest.raises(SettingError, match="layers: expected whole numbers"):
        from_text("layers", text)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"lr": (0.1, 0.01)}, "lr: a range needs a lower number first"),
        ({"lr": (0, 0.01)}, "lr: the range .* so it must begin above 0"),
        ({"lr": (0.1, 0.2, 0.3)}, r"lr: a range must be two numbers .* Choices are"),
        ({"lr": 0.0}, "lr must be a positive number, got 0.0"),
        ({"l2": [0, -1]}, "l2 must be a positive number, got -1"),
        ({"width": [0, 8]}, "width: units must be a whole number of at least 1"),
        ({"dropout": (0, 1)}, r"dropout: rate must lie in \[0, 1\), got 1"),
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1"),
        ({"layers": -1}, "layers must be a whole number of at least 0"),
        ({"lr": []}, "lr: a list of choices needs"),
        ({"lr": "fast"}, "lr: expected numbers, got 'fast'"),
        ({"width": 1.5}, "width: expected whole numbers, got 1.5"),
        ({"width": (1, 2.5)}, "width: expected whole numbers, got 2.5"),
        ({"optimizer": "adm"}, "optimizer: unknown optimizer 'adm'. Did you mean"),
        ({"optimizer": ["adam", 3]}, "expected names such as"),
    ],
)
def test_what_makes_no_sense_is_refused(given, told):
    with pytest.raises(SettingError, match=told):
        space(given)


def test_numbers_of_numpy_are_numbers():
    given = {"lr": tuple(np.array([1e-3, 1e-2])), "width": [np.int64(8), 16]}
    found = space({**given, "layers": np.int32(2)})
    assert found["lr"] == Range(1e-3, 1e-2, by_factors=True)
    assert found["width"] == Choices((8, 16))
    assert [type(one) for one in (*found["width"].values, found["layers"])] == [int] * 3


def test_choices_can_be_kept_in_a_file():
    with pytest.raises(SettingError, match="choices must be text, numbers or truths"):
        spec([object(), object()])


def test_a_trial_is_asked_as_the_setting_wants_it():
    trial = Answers(1)
    choose = Choose(trial)
    assert choose("kernels", (1, 9), by_factors=True) == 1
    assert choose("share", (0.0, 2.0)) == 1
    assert choose("act", ["relu", "tanh"]) == "tanh"
    assert choose("fixed", 7) == 7
    assert trial.asked == [
        ("kernels", 1, 9, True),
        ("share", 0.0, 2.0, False),
        ("act", ["relu", "tanh"]),
    ]
    assert choose.chosen == {"kernels": 1, "share": 1, "act": "tanh", "fixed": 7}
    assert choose.searched == ["kernels", "share", "act"]


@given(st.floats(1e-6, 1e-2))
def test_numbers_are_tried_in_three_digits_and_within_the_range(value):
    found = Choose(Answers(value))("l2", (1.2345e-6, 9.8765e-3), by_factors=True)
    assert 1.2345e-6 <= found <= 9.8765e-3
    assert found == pytest.approx(min(max(value, 1.2345e-6), 9.8765e-3), rel=5e-3)
    assert found in (1.2345e-6, 9.8765e-3) or found == float(f"{found:.3g}")
