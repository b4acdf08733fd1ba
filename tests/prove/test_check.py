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


def dropped(draw):
    def loss(w):
        return ((X @ w * draw((7, 2))) ** 2).sum()

    def grads(w):
        mask = draw((7, 2))
        return 2 * X.T @ (X @ w * mask * mask)

    return loss, grads


def test_random_numbers_are_seeded_and_said() -> None:
    maker = np.random.default_rng(3)
    for draw in (
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
        (lambda: pg.check_layer(object(), X), "methods forward"),
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
    assert report.markdown().count("| W ") == 1
    assert "<table>" in report._repr_html_()
