"""Training scripts are followed, and the known mistakes of the literature are named."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from plaingrad.cli import main
from plaingrad.prove.causes import CAUSES
from plaingrad.prove.script import check_script
from plaingrad.prove.script.inspection import Inspection
from plaingrad.prove.script.lint import RULES, lint
from plaingrad.prove.script.old import MENDERS
from plaingrad.prove.script.words import SAID, SCRIPT_CAUSES, cause

HERE = Path(__file__).parent
SCRIPTS = sorted(path.stem for path in (HERE / "scripts").glob("*.py"))
sys.path.insert(0, str(HERE))
from scripts_faults import FAULTS  # noqa: E402

NUMERIC = {
    "range(40)": "range(10)",
    "network.gradient(x_batch": "network.numerical_gradient(x_batch",
}
"""What makes numeric_net, whose gradients are differences, of two_layer_net."""


def source(name):
    """Return the text of a script."""
    path = HERE / "scripts" / f"{name.replace('numeric_net', 'two_layer_net')}.py"
    text = path.read_text(encoding="utf-8")
    for old, new in NUMERIC.items() if name == "numeric_net" else ():
        text = text.replace(old, new)
    return text


def inspected(path, text, seconds=60):
    return Inspection(path, text, seconds).inspect()


@pytest.mark.parametrize("name", [*SCRIPTS, "numeric_net"])
def test_right_scripts_are_right(name):
    outcome = inspected(HERE / "scripts" / f"{name}.py", source(name))
    assert outcome.status == "right"
    assert not outcome.faults
    assert len(outcome.rows) >= 1


@pytest.mark.parametrize(
    ("name", "right", "wrong", "causes"),
    FAULTS,
    ids=lambda value: re.sub(r"\W+", "_", value)[:30],
)
def test_the_first_finding_is_the_mistake(name, right, wrong, causes):
    path, text = HERE / "scripts" / f"{name}.py", source(name)
    assert right in text
    line = text[: text.index(right)].count("\n") + 1
    outcome = inspected(path, text.replace(right, wrong, 1))
    first = outcome.faults[0]
    assert outcome.status == "wrong"
    assert first.cause in causes.split("|")
    assert first.line == line
    assert outcome.mended
    again = inspected(path, outcome.text)
    assert not again.faults
    assert again.status == "right"


def faulty(text):
    return inspected(HERE / "made.py", text)


MASKED = """\
import numpy as np
np.random.seed(1)
X = np.random.randn(40, 6)
Y = np.eye(3)[np.argmax(X[:, :3], axis=1)]
def tanh(x): return np.tanh(x)
def tanh2deriv(output): return 1 - (output ** 2)
def softmax(x):
    temp = np.exp(x)
    return temp / np.sum(temp, axis=1, keepdims=True)
W1 = 0.2 * np.random.random((6, 10)) - 0.1
W2 = 0.2 * np.random.random((10, 3)) - 0.1
alpha, batch_size = 2, 10
for j in range(20):
    correct_cnt = 0
    for i in range(4):
        batch_start, batch_end = (i * batch_size, (i + 1) * batch_size)
        layer_0 = X[batch_start:batch_end]
        layer_1 = tanh(np.dot(layer_0, W1))
        dropout_mask = np.random.randint(2, size=layer_1.shape)
        layer_1 *= dropout_mask * 2
        layer_2 = softmax(np.dot(layer_1, W2))
        for k in range(batch_size):
            labelset = Y[batch_start+k:batch_end+k+1]
            correct_cnt += int(np.argmax(layer_2[k:k+1]) ==
                np.argmax(Y[batch_start+k:batch_end+k+1]))
        layer_2_delta = (Y[batch_start:batch_end] - layer_2) / batch_size
        layer_1_delta = layer_2_delta.dot(W2.T) * tanh2deriv(layer_1)
        layer_1_delta *= dropout_mask
        W2 += alpha * layer_1.T.dot(layer_2_delta)
        W1 += alpha * layer_0.T.dot(layer_1_delta)
    print(j, correct_cnt / 40.0)
"""


def test_the_two_mistakes_of_dropout_behind_tanh_are_both_named():
    outcome = faulty(MASKED)
    assert [one.cause for one in outcome.faults] == ["place", "keep"]
    assert [one.line for one in outcome.faults] == [27, 28]
    assert outcome.mended


def test_a_slip_without_consequence_is_a_remark():
    remarks = [one for one in faulty(MASKED).findings if one.remark]
    assert [(one.cause, one.line) for one in remarks] == [("wide_slice", 25)]


BATCHES = """\
import numpy as np
np.random.seed(1)
X = np.random.randn(60, 5)
Y = np.eye(3)[np.argmax(X[:, :3], axis=1)]
W1, W2 = np.random.randn(5, 8) * 0.3, np.random.randn(8, 3) * 0.3
for j in range(10):
    error, correct = 0.0, 0
    for i in range(3):
        x, y = X[i * 20 : i * 20 + 20], Y[i * 20 : i * 20 + 20]
        h = np.maximum(x.dot(W1), 0)
        out = h.dot(W2)
        error += np.sum((y - out) ** 2)
        for k in range(20):
            correct += int(np.argmax(out[k]) == np.argmax(y[k]))
            d = (y - out) / 20
            dh = d.dot(W2.T) * (h > 0)
            W2 += 0.01 * h.T.dot(d)
            W1 += 0.01 * x.T.dot(dh)
    print("Error:", error, correct / 60)
"""


def test_updates_that_are_repeated_by_indentation():
    (first,) = faulty(BATCHES).faults
    assert (first.cause, first.line) == ("repeated", 17)
    assert first.words == {"count": "20"}


SAMPLES = """\
import numpy as np
X = np.random.RandomState(1).randn(20, 3)
y = X.dot(np.array([1.0, -2.0, 0.5]))
w = np.zeros(3)
for epoch in range(30):
    total = 0
    for i in range(len(X)):
        pred = X[i].dot(w)
        error = (pred - y[i]) ** 2
        total += error
        grad = (pred - y[i]) * X[i]
    w -= 0.1 * grad
    print("error", total)
"""


def test_updates_that_see_the_last_sample_only():
    outcome = faulty(SAMPLES)
    assert [(one.cause, one.line) for one in outcome.faults] == [("last", 12)]
    assert "        w -= 0.1 * grad\n" in outcome.text


def test_gradients_that_are_never_set_back():
    text = "import numpy as np\nX = np.random.RandomState(0).randn(30, 4)\n"
    text += "y = X @ np.array([1.0, 2, 3, 4])\nw, grad = np.zeros(4), np.zeros(4)\n"
    text += "for it in range(9):\n    loss = 0\n    for x, t in zip(X, y):\n"
    text += "        d = x @ w - t\n        loss += d ** 2 / 30\n"
    text += "        grad += 2 * d * x / 30\n    w = w - 0.05 * grad\n"
    (first,) = faulty(text).faults
    assert (first.cause, first.line) == ("accumulated", 10)


def test_weight_decay_beside_the_loss_is_no_fault():
    text = "import numpy as np\nrng = np.random.RandomState(0)\n"
    text += "X, T = rng.randn(30, 4), np.eye(3)[rng.randint(0, 3, 30)]\n"
    text += "W = rng.randn(4, 3)\nfor i in range(9):\n    S = X @ W\n"
    text += "    P = np.exp(S) / np.exp(S).sum(1, keepdims=True)\n"
    text += "    W -= 0.5 * (X.T @ ((P - T) / 30) + 0.01 * W)\n"
    outcome = faulty(text)
    assert outcome.status == "right"
    assert outcome.rows[0].verdict == "decay"


def test_a_step_without_a_loop():
    text = "w = [0.1, 0.2]\nx = [3.0, 4.0]\npred = x[0] * w[0] + x[1] * w[1]\n"
    text += "error = (pred - 1) ** 2\ndelta = pred - 1\n"
    text += "for i in range(2):\n    w[i] {}= 0.01 * delta * x[i]\n"
    assert faulty(text.format("-")).status == "right"
    (first,) = faulty(text.format("+")).faults
    assert (first.cause, first.line) == ("sign", 7)


def test_arrays_of_whole_numbers_are_named():
    text = "import numpy as np\nx = np.array([1.0, 2.0])\nw = np.array([0, 1])\n"
    text += "for i in range(9):\n    pred = x.dot(w)\n    error = (pred - 3) ** 2\n"
    text += "    for k in range(2):\n        w[k] = w[k] - 0.1 * (pred - 3) * x[k]\n"
    first = faulty(text).faults[0]
    assert (first.cause, first.line) == ("whole", 3)


def test_a_parameter_that_is_renewed_too_early():
    text = source("streetlights")
    lines = text.splitlines()
    here = next(n for n, line in enumerate(lines) if "layer_1_delta =" in line)
    lines[here], lines[here + 1] = lines[here + 1], lines[here]
    first = faulty("\n".join(lines) + "\n").faults[0]
    assert (first.cause, first.line) == ("early", here + 1)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("print('nothing')\n", "no_step"),
        ("import torch\nfor i in range(3):\n    x = i\n", "library"),
        ("x = open('nowhere.txt')\n", "error"),
        ("def f(:\n", "syntax"),
        ("while True:\n    pass\n", "time"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_a_reason(text, reason):
    outcome = faulty(text)
    assert (outcome.status, outcome.reason) == ("refused", reason)
    assert not outcome.faults


def test_no_guess_where_nothing_certain_can_be_said():
    text = "import numpy as np\nrng = np.random.RandomState(0)\n"
    text += "w = rng.randn(4)\nX, y = rng.randn(9, 4), rng.randn(9)\n"
    text += (
        "for i in range(5):\n    gap = y - X.dot(w)\n    w = w + 0.1 * rng.randn(4)\n"
    )
    text += "    print(gap[0])\n"
    outcome = faulty(text)
    assert (outcome.status, outcome.reason) == ("refused", "doubtful")


def test_kinks_are_no_evidence():
    text = "import numpy as np\nX = np.eye(3)\ny = np.ones((3, 1))\n"
    text += "W1, W2 = np.zeros((3, 2)), np.ones((2, 1))\n"
    text += (
        "for i in range(9):\n    h = np.maximum(X.dot(W1), 0)\n    out = h.dot(W2)\n"
    )
    text += "    loss = np.sum((out - y) ** 2)\n    d = 2 * (out - y)\n"
    text += "    dh = d.dot(W2.T) * (h >= 0)\n    W2 -= 0.1 * h.T.dot(d)\n"
    text += "    W1 -= 0.1 * X.T.dot(dh)\n"
    assert not faulty(text).faults


LINE = """\
import time
import numpy as np
{}
X, y = {}
w = np.zeros(3)
seen, mean = 0, 0.0
for epoch in range(20):
    begun = time.time()
    gap = X @ w - y
    loss = (gap**2).mean()
    w = w - 0.1 * 2 * X.T @ gap / len(X)
    seen += len(X)
    mean = 0.9 * mean + 0.1 * loss
    print("loss", loss, seen, mean, time.time() - begun)
"""
DRAWN = "rng.randn(30, 3), rng.randn(30)"


def test_a_script_that_looks_at_the_clock():
    outcome = faulty(LINE.format("rng = np.random.RandomState(0)", DRAWN))
    assert outcome.status == "right"
    assert [row.path for row in outcome.rows] == ["w"]


def test_random_numbers_without_a_seed_are_the_same_in_every_run() -> None:
    assert faulty(LINE.format("np.random.seed()\nrng = np.random", DRAWN)).rows
    outcome = faulty(LINE.format("rng = np.random.RandomState()", DRAWN))
    assert (outcome.status, outcome.reason) == ("refused", "unsteady")


def test_data_in_an_archive(tmp_path) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "data.npz"
    np.savez(path, X=rng.normal(size=(30, 3)), y=rng.normal(size=30))
    load = f"with np.load({path.as_posix()!r}) as data:\n    held = dict(data)"
    assert faulty(LINE.format(load, 'held["X"], held["y"]')).status == "right"


def test_a_form_feed_ends_no_line() -> None:
    text = LINE.format("rng = np.random.RandomState(0)\n\f\n# a page", DRAWN)
    (first,) = faulty(text.replace("w = w - ", "w = w + ")).faults
    assert (first.cause, first.line) == ("sign", 13)


COUNTED = """\
import numpy as np
rng = np.random.RandomState(3)
X = rng.randn(60, 5)
y = (X[:, 0] > 0) * 1.0
w = np.zeros(5)
for epoch in range(5):
    correct, loss = 0, 0.0
    for i in range(len(X)):
        p = 1 / (1 + np.exp(-(X[i] @ w)))
        loss += -(y[i] * np.log(p) + (1 - y[i]) * np.log(1 - p))
        w -= 0.1 * (p - y[i]) * X[i]
        correct += {}
        print(correct / len(X), end="")
    print("loss", loss, "accuracy", correct / len(X))
"""


@pytest.mark.parametrize(
    "more", ["int((p > 0.5) == y[i])", "np.sum((p > 0.5) != y[i])"]
)
def test_a_share_that_is_told_on_the_way_is_no_miscount(more: str) -> None:
    assert not faulty(COUNTED.format(more)).faults


LISTS = """\
xs, ys = [[1.0, 2.0], [2.0, 0.5], [3.0, 1.5], [0.5, 1.0]], [5.0, 3.0, 6.5, 2.6]
w, b = [0.0, 0.0], 0.0
for epoch in range(50):
    grad_w, grad_b, cost = [0.0, 0.0], 0.0, 0.0
    for x, y in zip(xs, ys):
        pred = b
        for xi, wi in zip(x, w):
            pred += xi * wi
        err = pred - y
        cost += err**2 / len(xs)
        for j in range(2):
            grad_w[j] += 2 * err * x[0] / len(xs)
        grad_b += 2 * err / len(xs)
    for j in range(2):
        w[j] = w[j] - 0.05 * grad_w[j]
    b = b - 0.05 * grad_b
    print("cost", cost)
"""


def test_a_prediction_is_not_bent_to_fit_its_gradient():
    (first,) = faulty(LISTS).faults
    assert (first.cause, first.line) == ("variable", 12)
    assert first.after == "grad_w[j] += 2 * err * x[j] / len(xs)"


SOFTMAX = """\
import numpy as np
rng = np.random.RandomState(42)
X = rng.randn(30, 4)
labels = (X @ rng.randn(4, 3)).argmax(1)
Y = np.eye(3)[labels]
W, b = rng.randn(4, 3) * 0.01, np.zeros((1, 3))
def softmax(z):
    e = np.exp(z)
    return e / np.sum(e, axis=0, keepdims=True)
for i in range(50):
    P = softmax(X.dot(W) + b)
    loss = -np.sum(Y * np.log(P)) / 30
    dZ = (P - Y) / 30
    W -= 0.5 * X.T.dot(dZ)
    b -= 0.5 * np.sum(dZ, axis=0, keepdims=True)
"""


def test_softmax_along_the_samples():
    (first,) = faulty(SOFTMAX).faults
    assert (first.cause, first.line) == ("softmax_axis", 9)


def test_a_perceptron_is_followed_and_nothing_is_said_of_its_rates(tmp_path):
    path = tmp_path / "perceptron.py"
    path.write_text(
        "import numpy as np\nw = np.array([0.5, 0.5])\n"
        "for epoch in range(9):\n    errors = 0\n"
        "    for x, t in [([2.0, 1.0], 1), ([-1.0, 0.0], -1)]:\n"
        "        x = np.array(x)\n        if t * (w @ x) <= 0:\n"
        "            w += 0.1 * t * x\n            errors += 1\n"
        '    print("errors", errors)\n',
        encoding="utf-8",
    )
    outcome, told = check_script(path)
    assert outcome.status == "refused"
    assert "different rates" not in told


def test_loops_in_one_line() -> None:
    text = COUNTED.format("0")
    text = text.replace(
        "    print(", "    for k in range(2): x = k; w += 0.0\n    print(", 1
    )
    assert faulty(text).status != "refused"


def test_what_may_be_meant_is_not_called_wrong() -> None:
    for line in (
        "layers = np.array([make(), make()], dtype=object)",
        "for e in range(2):\n    for i in range(3): count += 1\n    print(count)",
    ):
        assert not lint(f"import numpy as np\ncount = 0\n{line}\n")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rules_say_what_they_are(rule):
    assert rule.__doc__


def test_every_cause_has_words_in_both_languages():
    for name in {**CAUSES, **SCRIPT_CAUSES}:
        known = cause(name)
        assert len(known.title) == len(known.why) == 2
    assert set(MENDERS) <= set(SCRIPT_CAUSES)
    assert SAID["en"].keys() == SAID["zh"].keys()


def test_the_errors_of_chapter_5_stall_and_end(tmp_path):
    text = source("three_wins")
    text = text.replace("range(50)", "range(500)")
    wrong = text.replace("outer_prod(delta, input)", "outer_prod(input, delta)")
    path = tmp_path / "chapter5.py"
    path.write_text(wrong, encoding="utf-8")
    outcome, told = check_script(path, fix=True)
    assert outcome.status == "wrong"
    assert "no fault is left" in told
    assert path.read_text(encoding="utf-8") == wrong
    held = {}
    exec(compile(wrong.replace("print(", "str("), "wrong", "exec"), held)
    assert np.allclose(held["error"], [0.01126, 0.00396, 0.61745], atol=1e-5)
    fixed = (tmp_path / "chapter5.fixed.py").read_text(encoding="utf-8")
    exec(compile(fixed.replace("print(", "str("), "fixed", "exec"), held)
    assert np.allclose(held["error"], 0, atol=1e-20)


def test_command(tmp_path, capsys):
    text = source("one_weight")
    path = tmp_path / "one.py"
    path.write_text(text, encoding="utf-8")
    assert main(["check", str(path)]) == 0
    assert "No fault was found" in capsys.readouterr().out
    path.write_text(text.replace("weight - dir", "weight + dir"), encoding="utf-8")
    assert main(["check", str(path), "--lang", "zh", "--fix"]) == 1
    assert "第 7 行：符号反了" in capsys.readouterr().out
    assert main(["check", str(path), "--fix"]) == 1
    assert (tmp_path / "one.fixed2.py").is_file()
    path.write_text("import torch\n", encoding="utf-8")
    assert main(["check", str(path)]) == 2
    capsys.readouterr()


def test_command_for_functions(tmp_path, capsys):
    path = tmp_path / "pair.py"
    path.write_text(
        "import numpy as np\nW = np.array([1.0, 2.0])\n"
        "def loss(W):\n    return (W ** 2).sum()\n"
        "def grads(W):\n    return -2 * W\n",
        encoding="utf-8",
    )
    assert main(["check", str(path), "--loss", "loss", "--grads", "grads"]) == 1
    assert "sign" in capsys.readouterr().out
    assert main(["check", str(path), "--loss", "los", "--grads", "grads"]) == 1
    assert "Did you mean 'loss'" in capsys.readouterr().err
