"""Algebra keeps every value, comes to an end, and finds what it should."""

import itertools
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expressions import RandomGraph, op_by_op
from helpers import evaluate, leaves
from plaingrad import ops
from plaingrad.derive import gradients
from plaingrad.errors import VerifyError
from plaingrad.graph import apply, as_node, verify, walk
from plaingrad.ops import leaf
from plaingrad.ops.leaves import mark
from plaingrad.shapes import Dim
from plaingrad.simplify import simplify
from plaingrad.simplify.engine import Rules, adopt

seeds = st.integers(0, 2**32 - 1)
N = Dim(("n",))
X = leaf("x", (N, 3))
Y = leaf("y", (N, 3))
W = leaf("w", (N, 3))
LABELS = leaf("labels", (N,), kind="int")
ONEHOT = ops.one_hot(LABELS, 3)
C = X > 0
LR = ops.setting("lr", 0.1)


def examples(count):
    return settings(max_examples=count, deadline=None, derandomize=True)


def simple(node):
    return simplify([node])[0][0]


# Values, types and ends.


@examples(80)
@given(seeds)
def test_values_and_types_are_kept(seed):
    graph = RandomGraph(seed, steps=14)
    loss = graph.loss()
    old = [loss, *graph.nodes, *gradients(loss, graph.leaves)[0]]
    new, became = simplify(old)
    verify(new)
    assert [node.type for node in new] == [node.type for node in old]
    assert [became[node] for node in old] == new
    with np.errstate(all="ignore"):
        before, after = op_by_op(old, graph.values), op_by_op(new, graph.values)
    for a, b in zip(before, after, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-10, atol=1e-12)


NUMPY_KINDS = {"float": np.float32, "int": np.int64, "bool": np.bool_}


@examples(60)
@given(seeds)
def test_values_have_the_types_that_were_foreseen(seed):
    graph = RandomGraph(seed, steps=12)
    loss = graph.loss()
    derived = [loss, *gradients(loss, graph.leaves)[0]]
    nodes = walk([*derived, *simplify(derived)[0]])
    single = {name: x.astype(np.float32) for name, x in graph.values.items()}
    with np.errstate(all="ignore"):
        found = op_by_op(nodes, single, "float32")
    for node, value in zip(nodes, found, strict=True):
        if node.kind == "number":
            assert type(value) in (int, float, bool)
        else:
            assert value.dtype == NUMPY_KINDS[node.kind]
            assert value.shape == node.shape


@examples(30)
@given(seeds)
def test_the_planned_text_computes_the_same(seed):
    graph = RandomGraph(seed, steps=12)
    loss = graph.loss()
    nodes, _ = simplify([loss, *gradients(loss, graph.leaves)[0]])
    with np.errstate(all="ignore"):
        planned = evaluate(nodes, graph.arrays)
        expected = op_by_op(nodes, graph.values)
    for a, b in zip(planned, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


@examples(60)
@given(seeds)
def test_simplifying_again_changes_nothing(seed):
    graph = RandomGraph(seed, steps=14)
    loss = graph.loss()
    new, _ = simplify([loss, *gradients(loss, graph.leaves)[0]])
    again, _ = simplify(new)
    assert all(a is b for a, b in zip(again, new, strict=True))


@pytest.mark.parametrize(
    "grow",
    [
        lambda node, x, i: -node,
        lambda node, x, i: node * x + x * (i + 1),
        lambda node, x, i: (node * (i + 2)) / 2 - -x,
        lambda node, x, i: np.where(x > 0, node, 0) * 0.5 + x,
        lambda node, x, i: (node * x).sum() / (x.sum() + i) + x,
        lambda node, x, i: (node.sum(axis=0, keepdims=True) * x).sum(axis=0) + x,
        lambda node, x, i: (x * node + x * np.sin(node)) - x * 3,
        lambda node, x, i: node.reshape(1, -1).T.reshape(-1) + 1 - 1 + 0 * node,
        lambda node, x, i: np.exp(node) / np.exp(node).sum(axis=0, keepdims=True),
    ],
)
def test_deep_graphs_come_to_an_end_soon(grow):
    x = leaf("x", (4,))
    node = x
    while len(walk([node])) < 3000:
        for i in range(200):
            node = grow(node, x, i)
    began = time.process_time()
    result = simple(node)
    assert result.type == node.type
    assert time.process_time() - began < 5


def test_deep_gradients_come_to_an_end_soon():
    x, w = leaf("x", (4, 4)), leaf("w", (4, 4))
    node = x
    for _ in range(100):
        node = ops.softmax(np.maximum(node @ w, 0), 1) * node + x
        node = node - node.mean(axis=1, keepdims=True)
    new, _ = simplify(gradients(node.sum(), [x, w])[0])
    again, _ = simplify(new)
    assert new == again


def test_every_old_node_is_in_the_map():
    old = [np.exp(X - Y), np.negative(-X)]
    _, became = simplify(old)
    assert set(walk(old)) <= set(became)


def test_rules_that_chase_each_other_are_found(monkeypatch):
    from plaingrad.simplify import engine

    monkeypatch.setattr(engine, "_tables", list(engine._tables))
    rules = Rules()
    rules("sin")(lambda node: np.cos(node.inputs[0]))
    rules("cos")(lambda node: np.sin(node.inputs[0]))
    adopt(rules)
    with pytest.raises(VerifyError, match="back to itself"):
        simplify([np.sin(X)])


# Numbers that stay finite.

EXPS = np.exp(X)
SHIFTED = X - X.max(axis=1, keepdims=True)
LOOSELY = np.exp(X - X.max())
SOFTMAX = ops.softmax(X)
SIGMOID = ops.sigmoid(X)
P = 1 / (1 + np.exp(-X))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (EXPS / EXPS.sum(axis=1, keepdims=True), SOFTMAX),
        (EXPS / EXPS.sum(axis=-1)[:, None], SOFTMAX),
        (np.exp(SHIFTED) / np.exp(SHIFTED).sum(axis=1, keepdims=True), SOFTMAX),
        (LOOSELY / LOOSELY.sum(axis=1, keepdims=True), SOFTMAX),
        (EXPS / EXPS.sum(axis=0, keepdims=True), ops.softmax(X, 0)),
        (np.log(EXPS / EXPS.sum(axis=1, keepdims=True)), ops.log_softmax(X)),
        (np.log(SOFTMAX), ops.log_softmax(X)),
        (X - np.log(EXPS.sum(axis=1, keepdims=True)), ops.log_softmax(X)),
        (X - np.log(EXPS.sum(axis=1))[:, None], X - np.log(EXPS.sum(axis=1))[:, None]),
        (
            SHIFTED - np.log(np.exp(SHIFTED).sum(axis=1, keepdims=True)),
            ops.log_softmax(X),
        ),
        (np.exp(ops.log_softmax(X)), SOFTMAX),
        (P, SIGMOID),
        (1 / (np.exp(-X) + 1), SIGMOID),
        (EXPS / (1 + EXPS), SIGMOID),
        (EXPS / (EXPS + 1.0), SIGMOID),
        (np.log(P), -ops.softplus(-X)),
        (np.log(1 - P), -ops.softplus(X)),
        (np.log1p(-P), -ops.softplus(X)),
        (np.log(1 + EXPS), ops.softplus(X)),
        (np.log(EXPS + 1), ops.softplus(X)),
        (np.log1p(EXPS), ops.softplus(X)),
        (np.log(1 + X), np.log1p(X)),
        (np.log(EXPS), X),
        (np.exp(np.log(X)), X),
    ],
)
def test_what_is_written_by_hand_is_recognised(written, read):
    assert simple(written) is read


@pytest.mark.parametrize(
    "other",
    [
        EXPS / EXPS.sum(axis=0, keepdims=True).sum(axis=1, keepdims=True),
        EXPS / np.exp(Y).sum(axis=1, keepdims=True),
        EXPS / EXPS.sum(),
        EXPS / EXPS.mean(axis=1, keepdims=True),
        EXPS / EXPS.sum(axis=(0, 1), keepdims=True),
        2 / (1 + np.exp(-X)),
        1 / (2 + np.exp(-X)),
        1 / (1 + np.exp(-X).sum()),
        np.log(2 + EXPS),
        X - np.log(np.exp(Y).sum(axis=1, keepdims=True)),
    ],
)
def test_what_only_looks_like_it_is_left_alone(other):
    names = {node.op.name for node in walk([simple(other)])}
    assert not names & {"softmax", "log_softmax", "sigmoid", "softplus"}


def test_only_what_is_the_same_all_along_a_row_is_a_shift():
    for other in (Y, Y[:, :1] * X, Y.max(axis=0)):
        exps = np.exp(X - other)
        rows = exps / exps.sum(axis=1, keepdims=True)
        assert simple(rows) is ops.softmax(simple(X - other))


def test_a_vector_is_one_row():
    x = leaf("x", (5,))
    assert simple(np.exp(x) / np.exp(x).sum()) is ops.softmax(x)


def orders(combine, *terms):
    return [combine(*order) for order in itertools.permutations(terms)]


CROSS = [
    term
    for first in orders(lambda a, b: a * b, Y, np.log(P))
    for second in orders(lambda a, b: a * b, 1 - Y, np.log(1 - P))
    for term in (*orders(lambda a, b: -(a + b), first, second), -first - second)
]


@pytest.mark.parametrize("written", CROSS)
def test_binary_cross_entropy_by_hand(written):
    assert simple(written) is ops.softplus(X) - Y * X
    assert simple(written.mean()) is (ops.softplus(X) - Y * X).mean()
    assert simple(-(-written).mean()) is (ops.softplus(X) - Y * X).mean()


def test_binary_cross_entropy_of_a_difference():
    z = X - W
    p = ops.sigmoid(z)
    loss = -(Y * np.log(p) + (1 - Y) * np.log(1 - p))
    assert simple(loss) is ops.softplus(z) - Y * z


@pytest.mark.parametrize("size", [1.0, 1e4])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_losses_by_hand_are_finite_with_their_gradients(size, dtype):
    scores = size * np.array([[-1.0, 1.0, 0.5], [1.0, -1.0, 0.2]])
    targets = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 0.3]])
    x, y = leaves([scores, targets])
    p = 1 / (1 + np.exp(-x))
    exps = np.exp(x)
    losses = [
        -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(),
        -(y * np.log(exps / exps.sum(axis=1, keepdims=True))).sum() / 2,
        np.log(1 + np.exp(x)).mean(),
    ]
    for loss in losses:
        (loss,), _ = simplify([loss])
        (slope,), _ = simplify(gradients(loss, [x])[0])
        value, found = evaluate([loss, slope], [scores, targets], dtype)
        assert np.isfinite(value)
        assert np.isfinite(found).all()
        assert np.abs(found).max() > 1e-3


# Gradients as people write them.


def gradient(loss, x=X):
    (loss,), _ = simplify([loss])
    (found,), _ = simplify(gradients(loss, [x])[0])
    return found


COUNT = ops.size(N)
SMOOTH = 0.9 * ONEHOT + 0.1 / 3


@pytest.mark.parametrize(
    ("loss", "slope"),
    [
        (-(ONEHOT * np.log(SOFTMAX)).sum() / COUNT, (SOFTMAX - ONEHOT) / COUNT),
        (-(ONEHOT * np.log(SOFTMAX)).sum(axis=1).mean(), (SOFTMAX - ONEHOT) / COUNT),
        (-(SMOOTH * np.log(SOFTMAX)).sum() / COUNT, (SOFTMAX - SMOOTH) / COUNT),
        (
            -(ops.softmax(W) * np.log(SOFTMAX)).sum() / COUNT,
            (SOFTMAX - ops.softmax(W)) / COUNT,
        ),
        (-(Y * np.log(P) + (1 - Y) * np.log(1 - P)).sum(), SIGMOID - Y),
        (((X - Y) ** 2).sum(), 2 * (X - Y)),
        (0.5 * ((X - Y) ** 2).sum() / COUNT, (X - Y) / COUNT),
        (((X - Y) ** 2).mean(), 2 * (X - Y) / ops.size(N * 3)),
        (np.abs(X - Y).sum(), np.sign(X - Y)),
        ((np.exp(X) - Y * X).sum(), EXPS - Y),
        (np.maximum(X, 0).sum(), apply("cast", C)),
        ((np.maximum(X, 0) * Y).sum(), Y * C),
        ((np.where(C, X, 0.01 * X) * Y).sum(), np.where(C, Y, 0.01 * Y)),
        ((np.where(C, 0, X) * Y).sum(), np.where(C, 0, Y)),
    ],
)
def test_the_gradient_is_that_of_the_textbook(loss, slope):
    assert gradient(loss) is slope


# Algebra, one rule at a time.

FLOATS = apply("literal", value=(1, 2, 3), shape=(3,), kind="float")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (X + 0, X),
        (0 - X, -X),
        (X * 1.0, X),
        (X * -1, -X),
        (X - X, ops.broadcast_to(0, (N, 3))),
        (X * 0, ops.broadcast_to(0, (N, 3))),
        (X**1, X),
        (X**0, ops.broadcast_to(1, (N, 3))),
        (X**0.5, np.sqrt(X)),
        (X**-1, 1 / X),
        (np.negative(-X), X),
        (-(X - Y), Y - X),
        (X - -Y, X + Y),
        (-X + Y, Y - X),
        (X + -2, X - 2),
        (X - -2.5, X + 2.5),
        (X * -3, -(3 * X)),
        (X / -2, -(X / 2)),
        (-X * -Y, X * Y),
        (-X / Y, -(X / Y)),
        ((-X).sum(axis=0), -X.sum(axis=0)),
        ((-X) @ Y.T, -(X @ Y.T)),
        ((-X) ** 2, X**2),
        (2 * (3 * X), 6 * X),
        (4 * (X / 2), 2 * X),
        ((2 * X) / 4, 0.5 * X),
        (X * 3, 3 * X),
        (X * (2 * Y), 2 * (X * Y)),
        (X + X, 2 * X),
        (X * X, X**2),
        (X * (1 / Y), X / Y),
        (X / LR - Y / LR, (X - Y) / LR),
        (W * X - W * Y, W * (X - Y)),
        (X * LR / LR, X),
        (as_node(0.9) + 0.1, as_node(1)),
        (as_node(2.0) ** 3 - 1, as_node(7)),
        (as_node(1e200) * 1e200, as_node(1e200) * 1e200),
        (as_node(2.0**600) * 2.0**300, as_node(2.0**900)),
        (as_node(1) / 0, as_node(1) / 0),
        (2 * (X / 0), (2 * X) / 0),
        (2 * (X / Y), (2 * X) / Y),
        ((2 * X) / (4 * Y), (0.5 * X) / Y),
        (np.where(C, X, X), X),
        (np.where(C, 1, 0), apply("cast", C)),
        (np.where(C, 0, -X), -np.where(C, 0, X)),
        (np.where(C, X, 0) + np.where(C, 0, Y), np.where(C, X, Y)),
        (X * C + np.where(C, 0, Y), np.where(C, X, Y)),
        (2 * np.where(C, 0, X), np.where(C, 0, 2 * X)),
        (X * apply("cast", C), X * C),
        (ONEHOT.sum(axis=1), ops.broadcast_to(1, (N,))),
        (SOFTMAX.sum(axis=1), ops.broadcast_to(1, (N,))),
        (SMOOTH.sum(axis=1), ops.broadcast_to(1, (N,))),
        (X.sum(axis=1).sum(), X.sum()),
        (X.T.T, X),
        (X.reshape(-1).reshape(N, 3), X),
        (
            np.exp(ops.broadcast_to(Y, (2, N, 3))),
            ops.broadcast_to(np.exp(Y), (2, N, 3)),
        ),
        (mark(X) - mark(X), ops.broadcast_to(0, (N, 3))),
        (X + np.array([1, 2]).max(), X + 2),
        (X + np.array([1, 2, 3]), X + FLOATS),
    ],
)
def test_a_rule(written, read):
    assert simple(written) is read


@pytest.mark.parametrize(
    "kept",
    [
        X * C + X * (Y > 0),
        X * C - X * (Y > 0),
        3 * mark(2 * X),
        np.log(2 - SIGMOID),
        np.where(C, np.log(X), 0),
        mark(EXPS) - EXPS,
        X + Y,
        X / Y,
        (X + Y).sum(axis=0),
        C + C,
        ONEHOT.sum(axis=0),
        SOFTMAX.sum(axis=0),
        LABELS + LABELS,
        LABELS - LABELS,
        C * C,
    ],
)
def test_what_has_no_simpler_form_stays(kept):
    assert simple(kept) is kept


@pytest.mark.parametrize("spread", [2.0, leaf("s", ())])
def test_an_operand_that_only_widened_the_result_is_not_lost(spread):
    row = leaf("row", (3,))
    wide = ops.broadcast_to(spread, (4, 3))
    for node in (
        wide * (3 * row),
        wide * row,
        wide / row - row,
        1 / (wide * 0 + 1 + np.exp(-row)),
    ):
        assert simple(node).shape == (4, 3)


def test_a_batch_of_products_becomes_one():
    a, g = leaf("a", (N, 5, 4)), leaf("g", (N, 5, 2))
    loss = (np.swapaxes(a, 1, 2) @ g).sum(axis=0)
    assert simple(loss) is a.reshape(-1, 4).T @ g.reshape(-1, 2)
