# ruff: noqa: E501
"""Each kind of mistake, in code as people write it, with the cause that is true."""

from __future__ import annotations

import itertools
import linecache
import types

import numpy as np
import pytest

import plaingrad as pg
from plaingrad.prove.causes import CAUSES

rng = np.random.default_rng(4)
N = 9
DATA = {
    "X": rng.normal(size=(N, 4)),
    "y": rng.integers(0, 4, N),
    "target": rng.normal(size=(N, 4)),
    "images": rng.normal(size=(3, 6, 6)),
    "reg": 0.05,
    "lr": 0.1,
    "keep": 0.8,
    "old": rng.normal(size=(4, 4)),
}
PARAMS = {
    "W1": rng.normal(size=(4, 4)),
    "b1": 0.1 * rng.normal(size=4),
    "W2": rng.normal(size=(4, 4)),
    "b2": np.zeros(4),
}
NUMBER = itertools.count()

CLASSIFIER = """
import numpy as np

def softmax(s):
    e = np.exp(s - np.max(s, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)

def forward(p):
    hidden = np.tanh(np.dot(X, p["W1"]) + p["b1"])
    return hidden, softmax(np.dot(hidden, p["W2"]) + p["b2"])

def loss(p):
    hidden, probs = forward(p)
    data_loss = -np.mean(np.log(probs[np.arange(len(y)), y]))
    penalty = np.sum(p["W1"] ** 2) + np.sum(p["W2"] ** 2)
    return data_loss + 0.5 * reg * penalty

def grads(p):
    hidden, probs = forward(p)
    num = len(y)
    delta = probs.copy()
    delta[np.arange(num), y] -= 1
    delta /= num
    g = {}
    g["W2"] = np.dot(hidden.T, delta) + reg * p["W2"]
    g["b2"] = np.sum(delta, axis=0)
    dhidden = np.dot(delta, p["W2"].T)
    dz = dhidden * (1 - hidden ** 2)
    g["W1"] = np.dot(X.T, dz) + reg * p["W1"]
    g["b1"] = np.sum(dz, axis=0)
    return g
"""

REGRESSION = """
import numpy as np

def relu(x):
    return (x > 0) * x

def relu2deriv(output):
    return output > 0

def mask(shape):
    return np.random.RandomState(3).rand(*shape) < keep

def loss(p):
    layer_1 = relu(X.dot(p["W1"]) + p["b1"])
    layer_1 = layer_1 * mask(layer_1.shape) / keep
    return np.sum((layer_1.dot(p["W2"]) + p["b2"] - target) ** 2) / len(X)

def grads(p):
    layer_1 = relu(X.dot(p["W1"]) + p["b1"])
    kept = mask(layer_1.shape)
    dropped = layer_1 * kept / keep
    delta_2 = 2 * (dropped.dot(p["W2"]) + p["b2"] - target) / len(X)
    weights_2_grad = dropped.T.dot(delta_2)
    delta_1 = delta_2.dot(p["W2"].T) * kept / keep * relu2deriv(layer_1)
    weights_1_grad = X.T.dot(delta_1)
    return {"W1": weights_1_grad, "b1": delta_1.sum(0),
            "W2": weights_2_grad, "b2": delta_2.sum(0)}
"""

KERNEL = """
import numpy as np

def convolve(a, k):
    rows, cols = a.shape[1] - k.shape[0] + 1, a.shape[2] - k.shape[1] + 1
    out = np.zeros((len(a), rows, cols))
    for i in range(k.shape[0]):
        for j in range(k.shape[1]):
            out += a[:, i:i + rows, j:j + cols] * k[i, j]
    return out

def loss(p):
    return 0.5 * np.sum(convolve(np.tanh(convolve(images, p["K"])), p["L"]) ** 2)

def grads(p):
    inner = np.tanh(convolve(images, p["K"]))
    out = convolve(inner, p["L"])
    dL = np.zeros(p["L"].shape)
    dinner = np.zeros(inner.shape)
    for i in range(2):
        for j in range(2):
            dL[i, j] = np.sum(inner[:, i:i + 4, j:j + 4] * out)
            dinner[:, i:i + 4, j:j + 4] += out * p["L"][i, j]
    dz = dinner * (1 - inner ** 2)
    dK = np.zeros(p["K"].shape)
    for i in range(2):
        for j in range(2):
            dK[i, j] = np.sum(images[:, i:i + 5, j:j + 5] * dz)
    return {"K": dK, "L": dL}
"""
KERNELS = {"K": rng.normal(size=(2, 2)), "L": rng.normal(size=(2, 2))}


def report(code, old="", new="", **settings):
    assert code.count(old) == 1 or not old
    text = code.replace(old, new) if old else code
    name = f"<example {next(NUMBER)}>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    module = types.ModuleType("example")
    module.__dict__.update(DATA)
    exec(compile(text, name, "exec"), module.__dict__)
    params = KERNELS if code is KERNEL else PARAMS
    return pg.check(module.loss, params, module.grads, **settings)


@pytest.mark.parametrize("code", [CLASSIFIER, REGRESSION, KERNEL])
def test_the_examples_are_right_before_they_are_broken(code) -> None:
    found = report(code)
    assert found.ok, str(found)
    assert not [f for f in found.findings if f.cause != "kink"]


MISTAKES = [
    ("sign", CLASSIFIER, "np.dot(hidden.T, delta) + reg", "-np.dot(hidden.T, delta) + reg"),
    ("sign", REGRESSION, 'dropped.dot(p["W2"]) + p["b2"] - target) / len(X)\n    weights',
     'target - dropped.dot(p["W2"]) - p["b2"]) / len(X)\n    weights'),
    ("batch", CLASSIFIER, "    delta /= num\n", ""),
    ("batch", CLASSIFIER, "-np.mean(", "-np.sum("),
    ("batch", CLASSIFIER, '= np.sum(dz, axis=0)', '= np.mean(dz, axis=0)'),
    ("convention", REGRESSION, "delta_2 = 2 * (", "delta_2 = ("),
    ("twice", REGRESSION, "weights_2_grad = drop", "weights_2_grad = 2 * drop"),
    ("rate", CLASSIFIER, '= np.sum(delta, axis=0)', '= lr * np.sum(delta, axis=0)'),
    ("keep", REGRESSION, '.T) * kept / keep', '.T) * kept'),
    ("keep", REGRESSION, '.T) * kept / keep', '.T)'),
    ("keep", REGRESSION, "layer_1 * mask(layer_1.shape) / keep", "layer_1 * mask(layer_1.shape)"),
    ("transposed", CLASSIFIER, 'np.dot(delta, p["W2"].T)', 'np.dot(delta, p["W2"])'),
    ("transposed", CLASSIFIER, "np.dot(X.T, dz)", "np.dot(dz.T, X)"),
    ("swapped", REGRESSION, '"b1": delta_1.sum(0),\n            "W2": weights_2_grad, "b2": delta_2.sum(0)',
     '"b1": delta_2.sum(0),\n            "W2": weights_2_grad, "b2": delta_1.sum(0)'),
    ("other", REGRESSION, '"b2": delta_2', '"b2": delta_1'),
    ("layer", CLASSIFIER, 'np.dot(hidden, p["W2"]) + p["b2"]', 'np.dot(hidden, p["W2"]) + p["b1"]'),
    ("penalty", CLASSIFIER, ' + reg * p["W1"]', ""),
    ("penalty", CLASSIFIER, ' + reg * p["W2"]', ' + 2 * reg * p["W2"]'),
    ("penalty", CLASSIFIER, ' + np.sum(p["W2"] ** 2)', ""),
    ("unsummed", CLASSIFIER, 'g["b1"] = np.sum(dz, axis=0)', 'g["b1"] = dz'),
    ("no_derivative", CLASSIFIER, "dz = dhidden * (1 - hidden ** 2)", "dz = dhidden"),
    ("no_derivative", REGRESSION, " * relu2deriv(layer_1)", ""),
    ("place", CLASSIFIER, "(1 - hidden ** 2)", "(1 - dhidden ** 2)"),
    ("place", CLASSIFIER.replace("def softmax", "def tanh2deriv(a):\n    return 1 - a ** 2\n\ndef softmax").replace("(1 - hidden ** 2)", "tanh2deriv(hidden)"),
     "tanh2deriv(hidden)", 'tanh2deriv(np.dot(X, p["W1"]) + p["b1"])'),
    ("activation", CLASSIFIER, "(1 - hidden ** 2)", "(hidden * (1 - hidden))"),
    ("activation", CLASSIFIER, "(1 - hidden ** 2)", "(hidden > 0)"),
    ("mask", REGRESSION, "return output > 0", "return output >= 0"),
    ("softmax_axis", CLASSIFIER, "e / np.sum(e, axis=1, keepdims=True)", "e / np.sum(e)"),
    ("softmax_axis", CLASSIFIER, "np.sum(e, axis=1, keep", "np.sum(e, axis=0, keep"),
    ("shift", CLASSIFIER, "    delta /= num\n", "    delta = delta * (probs < probs.max(axis=1, keepdims=True)) / num\n"),
    ("onehot", CLASSIFIER, "delta[np.arange(num), y]", "delta[:, y]"),
    ("onehot", CLASSIFIER, "delta[np.arange(num), y]", "delta[np.arange(num), y - 1]"),
    ("early", CLASSIFIER, "    dhidden =", '    p["W2"] -= lr * g["W2"]\n    dhidden ='),
    ("flipped", KERNEL, "return {\"K\": dK, \"L\": dL}", "return {\"K\": dK, \"L\": dL[::-1, ::-1]}"),
    ("flipped", KERNEL, "out * p[\"L\"][i, j]", "out * p[\"L\"][::-1, ::-1][i, j]"),
    ("window", KERNEL, "    for i in range(2):\n        for j in range(2):\n            dL", "    for i in range(1):\n        for j in range(2):\n            dL"),
    ("missing", CLASSIFIER, '    g["b1"] = np.sum(dz, axis=0)\n', ""),
    ("zeros", CLASSIFIER, 'g["b1"] = np.sum(dz, axis=0)', 'g["b1"] = np.zeros(4)'),
    ("stale", CLASSIFIER, 'g["W1"] = np.dot(X.T, dz) + reg * p["W1"]', 'g["W1"] = old'),
    ("nan", CLASSIFIER, 'g["b1"] = np.sum(dz, axis=0)', 'g["b1"] = np.sum(dz, axis=0) / 0'),
    ("shape", CLASSIFIER, 'g["b1"] = np.sum(dz, axis=0)', 'g["b1"] = np.sum(dz, axis=0, keepdims=True)'),
    ("formula", CLASSIFIER, "(1 - hidden ** 2)", "(1 - hidden)"),
]  # fmt: skip


@pytest.mark.parametrize(("cause", "code", "old", "new"), MISTAKES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_cause_is_named_first(cause, code, old, new) -> None:
    found = report(code, old, new)
    assert found.findings[0].cause == cause, str(found)
    assert found.ok == (cause == "convention")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_cause_has_words(lang: str) -> None:
    place = ["en", "zh"].index(lang)
    for cause in CAUSES.values():
        for words in (cause.title[place], cause.why[place]):
            assert words
            assert any(ord(letter) > 0x2E80 for letter in words) == (lang == "zh")


def test_the_line_is_the_one_to_change() -> None:
    found = report(CLASSIFIER, "(1 - hidden ** 2)", "(1 + hidden ** 2)")
    finding = found.findings[0]
    line = CLASSIFIER.splitlines()[finding.line - 1].strip()
    assert line == "dz = dhidden * (1 - hidden ** 2)"
    assert finding.after == line
    assert finding.proved
    assert finding.params == ("W1", "b1")


def test_two_mistakes_are_two_findings() -> None:
    code = CLASSIFIER.replace("np.dot(X.T, dz)", "np.dot(dz.T, X)")
    found = report(code, "= np.sum(delta, axis=0)", "= -np.sum(delta, axis=0)")
    assert {(f.cause, f.params) for f in found.findings} == {
        ("transposed", ("W1",)),
        ("sign", ("b2",)),
    }


DROPOUT = """
import numpy as np

def tanh2deriv(output):
    return 1 - output ** 2

def loss(p):
    layer_1 = np.tanh(X.dot(p["W1"]))
    layer_1 = layer_1 * np.random.randint(2, size=layer_1.shape) * 2
    return 0.5 * np.sum((layer_1.dot(p["W2"]) - target) ** 2)

def grads(p):
    layer_1 = np.tanh(X.dot(p["W1"]))
    dropout_mask = np.random.randint(2, size=layer_1.shape)
    masked = layer_1 * dropout_mask * 2
    layer_2_delta = masked.dot(p["W2"]) - target
    layer_1_delta = layer_2_delta.dot(p["W2"].T) * tanh2deriv(masked)
    layer_1_delta *= dropout_mask
    return {"W1": X.T.dot(layer_1_delta), "b1": 0 * p["b1"],
            "W2": masked.T.dot(layer_2_delta), "b2": 0 * p["b2"]}
"""


def test_a_derivative_after_dropout_whose_factor_is_missing_too() -> None:
    """Two mistakes of a well-known book in one line, of which neither shows alone."""
    found = report(DROPOUT)
    first, second, *remarks = found.findings
    assert not found.ok
    assert (first.cause, first.together) == ("place", True)
    assert "tanh2deriv(layer_1)" in first.after
    assert second.cause == "keep"
    assert first.params == second.params == ("W1",)
    assert "random" in [f.cause for f in remarks]


def test_gradients_that_are_only_arrays_are_diagnosed_by_their_numbers() -> None:
    def loss(p):
        return ((DATA["X"] @ p["W"] + p["b"] - DATA["target"]) ** 2).mean()

    params = {"W": PARAMS["W1"], "b": PARAMS["b1"]}
    d = 2 * (DATA["X"] @ params["W"] + params["b"] - DATA["target"]) / (4 * N)
    right = {"W": DATA["X"].T @ d, "b": d.sum(axis=0)}
    assert pg.check(loss, params, right).ok
    for cause, claims in {
        "sign": {"W": -right["W"]},
        "batch": {"W": N * right["W"]},
        "twice": {"W": 2 * right["W"]},
        "factor": {"W": 0.37 * right["W"]},
        "transposed": {"W": right["W"].T},
        "flipped": {"W": right["W"][::-1]},
        "penalty": {"W": right["W"] + 0.03 * params["W"]},
        "unsummed": {"b": d},
        "zeros": {"b": np.zeros(4)},
        "missing": {"b": "none"},
        "approximate": {"b": right["b"] * (1 + 1e-4 * np.arange(4))},
        "unknown": {"b": np.array([1.0, 7.0, -3.0, 2.0])},
        "entries": {"W": right["W"] + np.eye(4)[0]},
    }.items():
        found = pg.check(loss, params, {**right, **claims})
        assert [f.cause for f in found.findings] == [cause], cause
        assert found.findings[0].params == tuple(claims)


def test_overflow_is_a_remark() -> None:
    code = CLASSIFIER.replace(
        "np.exp(s - np.max(s, axis=1, keepdims=True))", "np.exp(s)"
    )
    found = report(code)
    assert found.ok
    assert [f.cause for f in found.findings] == ["overflow"]


def test_a_mask_with_equals_at_a_kink_is_a_remark() -> None:
    DATA["X"][0] = 0
    try:
        code = REGRESSION.replace("return output > 0", "return output >= 0")
        code = code.replace(
            "relu2deriv(layer_1)", 'relu2deriv(X.dot(p["W1"]) + p["b1"])'
        )
        before, PARAMS["b1"] = PARAMS["b1"], np.zeros(4)
        found = report(code)
    finally:
        DATA["X"][0], PARAMS["b1"] = rng.normal(size=4), before
    assert found.ok
    assert [f.cause for f in found.findings] == ["kink", "at_zero"]
