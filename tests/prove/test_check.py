"""The user's own functions: every form of them, and nothing of theirs is changed."""

from __future__ import annotations

import functools
import random
from collections import namedtuple

import numpy as np
import pytest

import plaingrad as pg
from plaingrad.errors import DataError, SettingError

rng = np.random.default_rng(0)
X = rng.normal(size=(7, 3))
y = rng.normal(size=(7, 2))
W, b = rng.normal(size=(3, 2)), np.zeros(2)
Pair = namedtuple("Pair", "W b")


def loss(params):
    return ((X @ params["W"] + params["b"] - y) ** 2).mean()


def grads(params):
    d = 2 * (X @ params["W"] + params["b"] - y) / y.size
    return {"W": X.T @ d, "b": d.sum(axis=0)}


class Model:
    def __init__(self):
        self.W, self.b, self.labels = W.copy(), b.copy(), np.arange(3)

    def loss(self):
        return loss({"W": self.W, "b": self.b})

    def backward(self):
        found = grads({"W": self.W, "b": self.b})
        self.dW, self.db = found["W"], found["b"]
        return self


class Forward:
    def forward(self, x):
        return x


def own_arrays():
    model = Model()
    return model.loss, [model.W, model.b], lambda: list(grads(vars(model)).values())


FORMS = {
    "dict": lambda: (loss, {"W": W, "b": b}, grads),
    "named d": lambda: (
        loss,
        {"W": W, "b": b},
        lambda p: {f"d{k}": v for k, v in grads(p).items()},
    ),
    "arrays": lambda: (loss, {"W": W, "b": b}, grads({"W": W, "b": b})),
    "list": lambda: (
        lambda p: loss({"W": p[0], "b": p[1]}),
        [W, b],
        lambda p: list(grads({"W": p[0], "b": p[1]}).values()),
    ),
    "named tuple": lambda: (
        lambda p: loss(p._asdict()),
        Pair(W, b),
        lambda p: Pair(**grads(p._asdict())),
    ),
    "arguments": lambda: (
        lambda W, b: loss({"W": W, "b": b}),
        {"W": W, "b": b},
        lambda W, b: grads({"W": W, "b": b}),
    ),
    "places": lambda: (
        lambda one, two: loss({"W": one, "b": two}),
        (W, b),
        lambda one, two: tuple(grads({"W": one, "b": two}).values()),
    ),
    "object": lambda: (lambda m: m.loss(), Model(), lambda m: m.backward()),
    "nested": lambda: (
        lambda p: loss(p[0]),
        [{"W": W, "b": b}],
        lambda p: [grads(p[0])],
    ),
    "both at once": lambda: (lambda p: (loss(p), grads(p)), {"W": W, "b": b}, None),
    "no arguments": own_arrays,
    "one array": lambda: (
        lambda w: loss({"W": w, "b": b}),
        W,
        lambda w: grads({"W": w, "b": b})["W"],
    ),
    "partial": lambda: (functools.partial(loss), {"W": W, "b": b}, grads),
}


@pytest.mark.parametrize("form", FORMS)
def test_right_gradients_in_every_form(form: str) -> None:
    report = pg.check(*FORMS[form]())
    assert report.ok
    assert len(report.rows) == (1 if form == "one array" else 2)
    assert all(row.error < 1e-6 for row in report.rows)
    assert not report.findings


@pytest.mark.parametrize("form", FORMS)
def test_nothing_of_the_callers_changes(form: str) -> None:
    before = [a.copy() for a in (W, b, X, y)]
    state = np.random.get_state()[1].tolist(), random.getstate()
    pg.check(*FORMS[form]())
    for array, old in zip((W, b, X, y), before, strict=True):
        np.testing.assert_array_equal(array, old)
    assert (np.random.get_state()[1].tolist(), random.getstate()) == state


def test_functions_that_change_their_input_are_named() -> None:
    def rude(params):
        params["W"] *= 0.5
        return (params["W"] ** 2).sum()

    report = pg.check(rude, {"W": W}, lambda p: {"W": 0.5 * p["W"]})
    (remark,) = (f for f in report.findings if f.cause == "changes")
    assert report.ok
    assert remark.holds == "W"


def test_data_that_a_loss_changes_are_put_back_and_named() -> None:
    data = X.copy()

    def rude(w):
        nonlocal data
        data -= data.mean(axis=0)
        return ((data @ w) ** 2).sum()

    before = data.copy()
    centred = before - before.mean(axis=0)
    report = pg.check(rude, W, lambda w: 2 * centred.T @ (centred @ w))
    np.testing.assert_array_equal(data, before)
    assert report.ok
    assert [f.holds for f in report.findings if f.cause == "changes"] == ["data"]


def test_data_in_a_tuple_are_put_back_too() -> None:
    batch = X.copy(), y[:, 0]

    def rude(w):
        data, target = batch
        data -= data.mean(axis=0)
        return ((data @ w - target) ** 2).sum()

    centred = X - X.mean(axis=0)
    grads = lambda w: 2 * centred.T @ (centred @ w - y[:, 0])  # noqa: E731
    report = pg.check(rude, W[:, 0], grads)
    np.testing.assert_array_equal(batch[0], X)
    assert report.ok
    assert [f.holds for f in report.findings] == ["batch[0]"]


def test_a_gradient_in_an_array_that_is_filled_again_and_again() -> None:
    buffer = np.zeros_like(W)

    def grads(w):
        buffer[:] = 2 * w
        return buffer

    assert pg.check(lambda w: (w**2).sum(), W, grads).ok
    assert not buffer.any()


def test_gradients_as_lists_of_numbers() -> None:
    assert pg.check(lambda w: (w**2).sum(), b + 1, lambda w: [2 * w[0], 2 * w[1]]).ok
    params = {"W": W, "b": b}
    assert pg.check(
        loss, params, lambda p: {k: v.tolist() for k, v in grads(p).items()}
    )
    ragged = pg.check(loss, params, {**grads(params), "b": [1.0, [2.0, 3.0]]})
    assert [f.cause for f in ragged.findings] == ["missing"]


def test_what_an_object_holds_beside_its_parameters_is_named_and_no_fault() -> None:
    class Trained(Model):
        def __init__(self):
            super().__init__()
            self.lr, self.X, self.scores = 0.1, X, X @ W

    report = pg.check(lambda m: m.loss(), Trained(), lambda m: m.backward())
    assert report.ok
    assert [row.name for row in report.rows] == ["W", "b"]
    assert [f.holds for f in report.findings] == ["lr, X, scores"]


def test_while_loops_end_whatever_is_tried() -> None:
    def loss(w):
        total, i = 0.0, 0
        while i < len(w):
            total += w[i] ** 2
            i += 1
        return total

    def grads(w):
        found, i = np.zeros_like(w), 0
        while i < len(w):
            found[i] = -2 * w[i]
            i += 1
        return found

    report = pg.check(loss, W[:, 0], grads)
    assert [f.cause for f in report.findings] == ["sign"]


def test_a_wrong_gradient_that_is_constant_is_not_called_stale() -> None:
    w, x = W[:, 0], X[0]
    report = pg.check(lambda w: (w * x).sum(), w, lambda w: -x)
    assert [f.cause for f in report.findings] == ["sign"]


def test_a_sigmoid_has_no_largest_score_to_subtract() -> None:
    labels = y[:, 0] > 0

    def loss(w):
        a = 1 / (1 + np.exp(-(X @ w)))
        return -np.mean(labels * np.log(a) + (1 - labels) * np.log(1 - a))

    def grads(w):
        return X.T @ (1 / (1 + np.exp(-(X @ w))) - labels) / len(X)

    assert not pg.check(loss, W[:, 0], grads).findings


def dropped(draw):
    def loss(w):
        return ((X @ w * draw((7, 2))) ** 2).sum()

    def grads(w):
        mask = draw((7, 2))
        return 2 * X.T @ (X @ w * mask * mask)

    return loss, grads


def test_random_numbers_are_seeded_and_said() -> None:
    maker, older = np.random.default_rng(3), np.random.RandomState(3)
    for draw in (
        lambda shape: older.random_sample(shape) > 0.5,
        lambda shape: np.random.rand(*shape) > 0.5,
        lambda shape: maker.random(shape) > 0.5,
        lambda shape: np.array([random.random() > 0.5 for _ in range(14)]).reshape(
            shape
        ),
    ):
        loss, grads = dropped(draw)
        report = pg.check(loss, W, grads)
        assert report.ok
        assert [f.cause for f in report.findings] == ["random"]


def test_what_cannot_be_seeded_is_refused() -> None:
    loss, grads = dropped(lambda shape: np.random.default_rng().random(shape) > 0.5)
    with pytest.raises(DataError, match="another result each time"):
        pg.check(loss, W, grads)


def test_float32_says_what_it_cannot_show() -> None:
    def loss(w):
        return (np.tanh(X.astype(np.float32) @ w.astype(np.float32)) ** 2).sum()

    def grads(w):
        a = np.tanh(X @ w)
        return (X.T @ (2 * a * (1 - a**2))).astype(np.float32)

    report = pg.check(loss, W.astype(np.float32), grads)
    assert report.ok
    assert [f.cause for f in report.findings] == ["float32"]
    wrong = pg.check(loss, W.astype(np.float32), lambda w: -grads(w))
    assert wrong.findings[0].cause == "sign"


def test_float32_parameters_are_looked_at_in_float64() -> None:
    single = {"W": W.astype(np.float32), "b": b.astype(np.float32)}
    report = pg.check(loss, single, grads)
    assert report.ok
    assert max(row.error for row in report.rows) < 1e-8


def test_kinks_are_left_out_and_told() -> None:
    def loss(w):
        return np.maximum(w, 0).sum()

    given = np.array([0.0, 0.0, 1.0, -1.0])
    report = pg.check(loss, given, (given >= 0).astype(float))
    assert report.ok
    assert report.rows[0].kinks == 2
    assert report.findings[-1].cause == "kink"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: pg.check(loss, {"W": np.ones((3, 2), int), "b": b}, grads),
            "whole numb",
        ),
        (lambda: pg.check(loss, {}, grads), "no array of floats"),
        (lambda: pg.check(lambda w: X @ w, W, W), "one number"),
        (lambda: pg.check(lambda w: np.log(-1.0 - w**2).sum(), W, W), "finite"),
        (lambda: pg.check(lambda p, X, y: 0.0, {"W": W}, W), "lambda params"),
        (lambda: pg.check(loss, {"W": W, "b": b}), "no gradients"),
        (lambda: pg.check(lambda: 0.0, [0.5, 0.2], [1.0, 0.4]), "plain number"),
        (lambda: pg.check_layer(object(), X), "methods forward"),
        (lambda: pg.check_layer(Forward(), X), "methods forward"),
        (lambda: pg.check_function(np.sum, np.cos), "array of the shape"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_cannot_be_checked_is_said(call, words) -> None:
    with pytest.raises(DataError, match=words):
        call()


def test_unknown_languages_and_counts_are_refused() -> None:
    with pytest.raises(SettingError, match="language"):
        pg.check(loss, {"W": W, "b": b}, grads, lang="de")
    with pytest.raises(SettingError, match="entries"):
        pg.check(loss, {"W": W, "b": b}, grads, entries=0)
    with pytest.raises(SettingError, match="entries"):
        pg.check_layer(Forward(), X, entries=0)


def test_one_wrong_entry_of_many_is_seen() -> None:
    large = rng.normal(size=(60, 50))

    def grads(w):
        claimed = 2 * w
        claimed[59, 49] *= 1.01
        return claimed

    assert pg.check(lambda w: (w**2).sum(), large, lambda w: 2 * w).ok
    assert not pg.check(lambda w: (w**2).sum(), large, grads).ok


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_report_in_every_form(lang: str) -> None:
    def wrong(params):
        d = 2 * (X @ params["W"] + params["b"] - y) / y.size
        return {"W": X.T @ d, "b": -d.sum(axis=0)}

    report = pg.check(loss, {"W": W, "b": b}, wrong, lang=lang)
    assert not report
    title = {"en": "the sign is flipped", "zh": "符号反了"}[lang]
    for told in (str(report), report.markdown(), report._repr_html_()):
        assert title in told
        assert "d.sum(axis=0)" in told
    assert {"en": "claimed = -1", "zh": "声称值 = -1"}[lang] in str(report)
    assert report.markdown().count("| W ") == 1
    assert "<table>" in report._repr_html_()
