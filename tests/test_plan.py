"""Planning: what gets a line, in which order, called what."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plaingrad as pg
from plaingrad.derive import gradients
from plaingrad.graph import Node, walk
from plaingrad.ops import (
    absolute,
    concatenate,
    cos,
    exp,
    leaf,
    log_softmax,
    maximum,
    patches,
    setting,
    softmax,
    tanh,
    where,
)
from plaingrad.ops.leaves import mark
from plaingrad.plan import MOST, WIDTH, Goal, lower, partners, plan
from plaingrad.program import SECTIONS, Role, verify
from plaingrad.run import compile_procedure
from plaingrad.shapes import Dim
from plaingrad.simplify import simplify
from plaingrad.write.lines import function_lines, section_lines

N = Dim(("n",))
X = leaf("X", (N, 4))
W = leaf("W", (4, 4), "parameter")
V = leaf("V", (4, 4), "parameter")


def lines(
    *nodes: Node, roles: dict[Node, str] | None = None, **more: Sequence[str]
) -> list[str]:
    """Return the lines of nodes, without the comments beside them."""
    goals = [Goal(node, "forward") for node in nodes]
    known = {node: Role(word) for node, word in (roles or {}).items()}
    procedure = plan(goals, known, nodes, **more)
    verify(procedure)
    found = section_lines(procedure, SECTIONS, "float32")
    return [row.split("  #")[0].rstrip() for row in found]


# What gets a line.


def test_a_value_that_is_used_once_stands_inside_a_line() -> None:
    assert lines(exp(X @ W).sum()) == ["total = np.exp(X @ W).sum()"]


def test_a_value_that_is_used_twice_gets_a_line() -> None:
    exps = exp(X)
    assert lines(exps.sum() + (exps * X).mean()) == [
        "exps = np.exp(X)",
        "added = exps.sum() + (exps * X).mean()",
    ]


def test_a_value_that_is_asked_for_gets_a_line() -> None:
    z = X @ W
    assert lines(z, tanh(z), roles={z: "z1", tanh(z): "a1"}) == [
        "z1 = X @ W",
        "a1 = np.tanh(z1)",
    ]


def test_views_are_written_out_again() -> None:
    turned = W.T
    assert lines(X @ turned, exp(turned)) == ["product = X @ W.T", "exps = np.exp(W.T)"]


def test_what_views_see_is_computed_once() -> None:
    turned = exp(W).T
    assert lines(X @ turned, turned * 2) == [
        "exps = np.exp(W)",
        "product = X @ exps.T",
        "scaled = exps.T * 2",
    ]


def test_statements_get_lines_and_loops_repeat_no_work() -> None:
    x = leaf("x", (N, 5, 5, 1))
    assert lines(patches(exp(x), (2, 2)).sum()) == [
        "exps = np.exp(x)",
        "patches = np.stack([",
        "    exps[:, i:i+4, j:j+4] for i in range(2) for j in range(2)",
        "], axis=3)",
        "total = patches.sum()",
    ]


def test_one_plus_a_named_value_is_written_out_twice() -> None:
    a = tanh(X)
    assert lines(a, (1 + a) * X * (1 + a), roles={a: "a1"}) == [
        "a1 = np.tanh(X)",
        "product1 = (1 + a1) * X * (1 + a1)",
    ]


def test_numbers_stay_python_numbers() -> None:
    step, rate = leaf("step", (), "time", "number"), setting("lr", 0.1)
    wave = cos(3.0 * step)
    found = lines(X * wave, rate * wave)
    assert found[0] == "cosines = float(np.cos(3.0 * step))"


def test_a_number_with_a_name_gets_a_line_when_it_is_used_twice() -> None:
    step = leaf("step", (), "time", "number")
    peak = 0.3 * step
    rate = where(step < peak, peak, 1.0)
    assert lines(rate, roles={peak: "peak"})[0] == "peak = 0.3 * step"
    assert len(lines(rate)) == 1


# Composite operations and marks.


def test_softmax_is_written_out_and_shares_its_logarithm() -> None:
    assert lines(softmax(X, 1), log_softmax(X, 1)) == [
        "shifted = X - X.max(axis=1, keepdims=True)",
        "logprobs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))",
        "probs = np.exp(logprobs)",
    ]


def test_marks_vanish() -> None:
    assert lower([mark(exp(X))])[mark(exp(X))] is exp(X)


def test_equal_gradients_of_two_owners_stay_apart() -> None:
    slope = X.T @ X
    mine, theirs = mark(slope, "V"), mark(slope, "W")
    belong = {mine: V, theirs: W}
    goals = [Goal(node, "backward") for node in (theirs, mine)]
    procedure = plan(goals, {}, [theirs, mine], adjoints=belong)
    assert [step.name for step in procedure.steps] == ["dW", "dV"]
    text = section_lines(procedure, ["backward"], "float32")
    assert text == ["dW = X.T @ X  # (4, 4)", "dV = dW       # (4, 4)"]


def test_a_gradient_that_is_a_parameter_is_copied() -> None:
    # W and V are changed in place, one after the other
    total = (V.T * W).sum()
    found, _ = simplify(gradients(total, [V, W])[0])
    slopes = [mark(found[0], "V"), mark(found[1], "W")]
    goals = [Goal(slope, "backward") for slope in slopes]
    goals += [
        Goal(p - slope, "update", renews=p)
        for p, slope in zip([V, W], slopes, strict=True)
    ]
    belong = dict(zip(slopes, [V, W], strict=True))
    procedure = plan(goals, {}, adjoints=belong)
    text = section_lines(procedure, ["backward", "update"], "float64")
    assert [row.split("  #")[0] for row in text] == [
        "dV = W.T.copy()",
        "dW = V.T.copy()",
        "V -= dV",
        "W -= dW",
    ]
    run = compile_procedure(procedure, "float64", "step", ["V", "W"], ["V", "W"])
    v, w = np.arange(16.0).reshape(4, 4), np.ones((4, 4))
    new_v, new_w = run(v.copy(), w.copy())
    np.testing.assert_array_equal(new_v, v - w.T)
    np.testing.assert_array_equal(new_w, w - v.T)


def test_shapes_are_changed_once() -> None:
    x = leaf("x", (4,))
    assert lines(exp(x)[:, None][:, :, None]) == ["flat = np.exp(x)[:, None, None]"]


def test_a_sum_keeps_its_axis_where_it_is_put_back() -> None:
    assert lines(X * exp(X).sum(axis=1)[:, None]) == [
        "product = X * np.exp(X).sum(axis=1, keepdims=True)"
    ]


# Order.


def test_sections_follow_each_other_and_numbers_lead_the_update() -> None:
    step = leaf("step", (), "time", "number")
    rate = cos(step)
    loss = (X @ W).sum()
    goals = [
        Goal(X @ W, "forward"),
        Goal(loss, "loss"),
        Goal(W - rate * W, "update", renews=W),
        Goal(V - exp(rate) * V, "update", renews=V),
    ]
    procedure = plan(goals, {loss: Role("loss")}, [loss])
    assert [(step.section, step.name) for step in procedure.steps] == [
        ("forward", "product"),
        ("loss", "loss"),
        ("update", "cosines"),
        ("update", "exps"),
        ("update", "W"),
        ("update", "V"),
    ]
    assert procedure.results == ("loss",)
    assert list(procedure.inputs) == ["X", "W", "step", "V"]


def test_a_parameter_without_a_gradient_is_left_alone() -> None:
    (new,), _ = simplify([W - 0.1 * (0 * W)])
    procedure = plan([Goal(exp(W), "forward"), Goal(new, "update", renews=W)], {})
    assert [step.name for step in procedure.steps] == ["exps"]


def test_names_that_are_taken_are_not_given() -> None:
    assert lines(exp(X), taken=["exps"]) == ["exps_2 = np.exp(X)"]


def test_gradients_are_followed_through_simplification() -> None:
    h = tanh(X)
    loss = (h * X).sum()
    _, adjoints = gradients(loss, [X])
    back = {adjoint: node for node, adjoint in adjoints.items()}
    _, became = simplify([loss, *back])
    found = partners(back, became, [became[loss], became[h]])
    # the gradient by h is X itself, a value of the forward pass and no gradient
    assert found[became[adjoints[X]]] is X
    assert partners(back, became, [X]).get(X) is None


# Width.


def test_a_long_line_hands_a_named_part_to_a_line_of_its_own() -> None:
    size = absolute(X).sum(axis=1)
    long = tanh(X @ W).mean(axis=1) * size + X.sum(axis=1)
    found = lines(long, roles={size: "size"})
    assert found[0] == "size = np.abs(X).sum(axis=1)"
    assert len(found) == 2
    assert len(lines(long)) == 1


def test_a_line_is_broken_up_only_where_it_is_too_long() -> None:
    long = tanh(X @ W).mean(axis=1) * absolute(X).max(axis=1) + X.sum(axis=1)
    (whole,) = lines(long)
    assert WIDTH < len(whole) <= MOST
    parts = lines(long + X.max(axis=1))
    assert len(parts) == 2
    assert max(map(len, parts)) <= MOST


def random_expression(choices: Sequence[int]) -> Node:
    """Return a big expression in which little is shared."""
    names = ["X", "velocity", "a", "weights_of_the_last_layer"]
    leaves = [leaf(name, (N, 3)) for name in names]
    made: list[Node] = list(leaves)
    for choice in choices:
        a, b = made[-1], made[choice % len(made)]
        made.append(
            [
                a + b,
                a * b,
                exp(-absolute(a)),
                maximum(a, b),
                a / (1 + b**2),
                a - tanh(b),
                concatenate([a[:, :1], b[:, 1:]], axis=1),
                where(a > b, a, 0.5 * b),
            ][choice % 8]
        )
    return made[-1].sum() + (made[-1] * leaves[0]).mean()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 1000), min_size=1, max_size=60))
def test_planning_ends_and_keeps_lines_short(choices: list[int]) -> None:
    whole = random_expression(choices)
    procedure = plan([Goal(whole, "forward")], {whole: Role("value")}, [whole])
    rows = function_lines(procedure, "float32", "f", list(procedure.inputs))
    assert max(map(len, rows)) <= 88
    code = [row.split("  #")[0] for row in rows[1:]]
    assert max(map(len, code)) <= 4 + MOST
    # each operation on a line of its own
    order = [node for node in walk([whole]) if node.op.name != "leaf"]
    plain = plan([Goal(node, "forward") for node in order], {}, [whole])
    assert len(plain.steps) > len(procedure.steps) or len(order) == len(plain.steps)
    rng = np.random.default_rng(0)
    values = [rng.uniform(0.5, 1.5, (4, 3)) for _ in procedure.inputs]
    short, long = (
        compile_procedure(made, "float64", "f", list(procedure.inputs))(*values)
        for made in (procedure, plain)
    )
    np.testing.assert_allclose(short, long, rtol=1e-12)


def test_a_line_without_parts_is_broken_in_its_bracket() -> None:
    arrays = [leaf(f"a_long_name_of_array_{i}", (2,)) for i in range(6)]
    assert lines(concatenate(arrays, axis=0)) == [
        "joined = np.concatenate(",
        "    [a_long_name_of_array_0, a_long_name_of_array_1, a_long_name_of_array_2,",
        "    a_long_name_of_array_3, a_long_name_of_array_4, a_long_name_of_array_5], "
        "axis=0",
        ")",
    ]


def test_sums_of_like_terms_are_written_as_one() -> None:
    arrays = [leaf(f"dW{i}", (2, i)) for i in range(1, 5)]
    terms = [(array**2).sum() for array in arrays]
    total = terms[0] + terms[1] + terms[2] + terms[3]
    text = "total = sum((g ** 2).sum() for g in [dW1, dW2, dW3, dW4])"
    assert lines(total, roles={total: "total"}) == [text]
    three = terms[0] + terms[1] + terms[2]
    assert lines(three) == [
        "added1 = (dW1 ** 2).sum() + (dW2 ** 2).sum() + (dW3 ** 2).sum()"
    ]
    mixed = three + absolute(arrays[0]).sum()
    assert " for " not in " ".join(lines(mixed))


@pytest.mark.parametrize("count", [4, 5, 40])
def test_sums_of_like_terms_have_the_bits_of_the_plain_sum(count: int) -> None:
    arrays = [leaf(f"W{i}", (3,)) for i in range(count)]
    total = sum((absolute(x).sum() for x in arrays[1:]), absolute(arrays[0]).sum())
    procedure = plan([Goal(total, "forward")], {}, [total])
    run = compile_procedure(procedure, "float32", "f", [f"W{i}" for i in range(count)])
    values = np.random.default_rng(1).normal(size=(count, 3)).astype(np.float32)
    expected = np.float32(0)
    for value in values:
        expected = expected + np.abs(value).sum()
    (found,) = run(*values)
    assert found == expected
    assert found.dtype == np.float32
    rows = function_lines(procedure, "float32", "f", list(procedure.inputs))
    assert max(map(len, rows)) <= 88


# Depth.


def test_deep_expressions_need_no_recursion() -> None:
    x = leaf("x", (2,))
    y = x
    for _ in range(1500):
        y = exp(-y)
    procedure = plan([Goal(y, "forward")], {}, [y])
    run = compile_procedure(procedure, "float64", "f", ["x"])
    assert run(np.ones(2))[0] == pytest.approx([0.567143290409784] * 2)


def test_planning_is_the_same_every_time() -> None:
    made = [
        pg.longhand(pg.grad(lambda x: (np.tanh(x @ x.T) ** 2).sum()), np.ones((3, 3)))
        for _ in range(2)
    ]
    assert made[0] == made[1]
