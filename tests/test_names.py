"""Names: those that people expect, and never one twice."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaingrad.graph import Node
from plaingrad.names import RESERVED, Namer, identifier, name_all
from plaingrad.ops import exp, leaf, tanh
from plaingrad.ops.leaves import mark
from plaingrad.program import Role

X = leaf("X", (3,))
W1 = leaf("W1", (3,), "parameter")
LEAVES = {X: "X", W1: "W1"}


def names(
    nodes: list[Node],
    roles: dict[Node, str] | None = None,
    adjoints: dict[Node, Node] | None = None,
    taken: tuple[str, ...] = ("X", "W1"),
) -> list[str]:
    known = {node: Role(word) for node, word in (roles or {}).items()}
    found = name_all(nodes, known, adjoints or {}, LEAVES, nodes, taken)
    return [found[node] for node in nodes]


def test_a_name_is_given_once() -> None:
    name = Namer(["taken"])
    assert [name("h"), name("h"), name("h")] == ["h", "h_2", "h_3"]
    assert name("taken") == "taken_2"
    assert name("h_2") == "h_2_2"


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_the_names_of_the_script_are_its_own(word: str) -> None:
    assert Namer()(word) == f"{word}_2"


def test_builtins_that_the_script_does_not_use_are_free() -> None:
    assert Namer()("hash") == "hash"


def test_a_value_is_called_by_its_role() -> None:
    assert names([exp(X), tanh(X)], {tanh(X): "a1"}) == ["exps", "a1"]


def test_roles_come_before_other_names() -> None:
    assert names([exp(X), tanh(X)], {tanh(X): "exps"}) == ["exps_2", "exps"]


def test_a_value_takes_over_the_number_of_what_it_is_made_of() -> None:
    h = W1 * X
    assert names([h, exp(h)], {h: "z1"}) == ["z1", "exps1"]
    assert names([h, exp(h)], {h: "z1_2"}) == ["z1_2", "exps1_2"]
    assert names([h, exp(h)], {h: "z_2"}) == ["z_2", "exps"]
    assert names([exp(X * 2)]) == ["exps"]


def test_a_gradient_is_called_after_its_value() -> None:
    value, gradient, of_leaf = exp(X), tanh(X), X + 1
    pairs = {gradient: value, of_leaf: W1}
    found = names([value, gradient, of_leaf], {value: "a1"}, pairs)
    assert found == ["a1", "da1", "dW1"]


def test_a_gradient_of_two_equal_names_follows_the_right_one() -> None:
    first, second = exp(X), tanh(X)
    back = {first * 2: first, second * 2: second}
    nodes = [first, second, second * 2, first * 2]
    found = names(nodes, {first: "z1", second: "z1"}, back)
    assert found == ["z1", "z1_2", "dz1_2", "dz1"]


def test_a_gradient_of_a_value_without_a_line_follows_what_that_would_be() -> None:
    value = exp(X)
    assert names([tanh(X)], {}, {tanh(X): value}) == ["dexps"]
    assert names([tanh(X)], {value: "gate1"}, {tanh(X): value}) == ["dgate1"]


def test_marks_have_a_name_like_others() -> None:
    node = mark(exp(X))
    assert names([node], {node: "dW1"}) == ["dW1"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("encoder", "encoder"),
        ("my layer", "my_layer"),
        ("a-b/c", "a_b_c"),
        ("  spaces ", "spaces"),
        ("1st", "_1st"),
        ("for", "_for"),
        ("", "layer"),
        ("!?", "layer"),
        ("卷积", "卷积"),
        ("ﬁrst", "first"),
        ("x²", "x2"),
    ],
)
def test_user_names_become_identifiers(text: str, name: str) -> None:
    assert identifier(text) == name


@given(st.text(max_size=12))
def test_any_text_becomes_an_identifier_that_python_keeps(text: str) -> None:
    name = identifier(text)
    assert name.isidentifier()
    assert not keyword.iskeyword(name)
    space: dict[str, int] = {}
    exec(f"{name}_W = 1", space)
    assert space[f"{name}_W"] == 1
