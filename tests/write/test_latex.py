"""LaTeX of formulas: read back by a parser of its own, it gives the same value."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plaingrad.ops as o
from plaingrad.graph import Node, apply
from plaingrad.op import OPS
from plaingrad.ops import leaf
from plaingrad.shapes import Dim
from plaingrad.write.expression import expression
from plaingrad.write.latex import alike, latex, shapes, symbol

Array = np.ndarray[Any, Any]
A, B = leaf("A", (3, 3)), leaf("B", (3, 3))
C = leaf("c", (), "setting", "number", 0.5)
V = leaf("v", (3,))
SYMBOLS = {V: "v", A: "A", B: "\\frac{\\partial E}{\\partial B}", C: "\\lambda"}
VALUES = {
    "A": np.array([[0.3, -1.2, 0.7], [1.1, 0.2, -0.4], [-0.6, 0.9, 0.5]]),
    "\\frac{\\partial E}{\\partial B}": np.arange(9).reshape(3, 3) / 5 - 0.7,
    "\\lambda": np.float64(0.5),
}
FUNCTIONS = {"\\tanh": np.tanh, "\\ln": np.log, "\\max": np.maximum}
TOKENS = re.compile(
    r"\\frac\{\\partial E\}\{\\partial B\}|\\(?:left|right)?(?:\\?[a-zA-Z]+|[|()\[\]])"
    r"|\\\\|[a-z]{2,}|\d+(?:\.\d+)?|\S"
)


class Reader:
    """A reader of LaTeX as people read it: juxtaposition, then odot, then sums."""

    def __init__(self, text: str) -> None:
        text = text.replace("\\left|", "@").replace("\\right|", "~")
        text = re.sub(r"\\left(?![a-z])|\\right(?![a-z])|\\,", "", text)
        self.tokens = TOKENS.findall(text)
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        assert not expected or token == expected, (expected, self.tokens[self.at :])
        self.at += 1
        return token

    def total(self) -> Array:
        value = -self.term() if self.peek() == "-" and self.take() else self.term()
        while self.peek() in ("+", "-"):
            value = value + self.term() if self.take() == "+" else value - self.term()
        return value

    def term(self) -> Array:
        value = self.product()
        while self.peek() == "\\odot":
            self.take()
            value = value * self.product()
        return value

    def product(self) -> Array:
        value = self.factor()
        while self.starts_factor():
            if self.peek() == "\\cdot":
                self.take()
            right = self.factor()
            value = (
                value @ right if np.ndim(value) and np.ndim(right) else value * right
            )
        return value

    def starts_factor(self) -> bool:
        token = self.peek()
        ends = (
            "",
            "+",
            "-",
            ")",
            "]",
            "}",
            ",",
            "~",
            "<",
            ">",
            "&",
            "\\\\",
            "\\odot",
            "\\end",
        )
        return token not in ends

    def factor(self) -> Array:
        value = self.atom()
        if self.peek() == "^":
            self.take()
            if self.tokens[self.at : self.at + 3] == ["{", "\\top", "}"]:
                self.at += 3
                return value.T
            value = value ** self.braced()
        assert self.peek() != "^", "two superscripts"
        return value

    def atom(self) -> Array:
        token = self.take()
        if token in VALUES:
            return VALUES[token]
        if token == "\\sum":
            return self.sum_()
        if token == "\\frac":
            return self.braced() / self.braced()
        if token == "\\sqrt":
            return np.sqrt(self.braced())
        if token == "e":
            self.take("^")
            return np.exp(self.braced())
        if token == "(":
            return self.until(")")
        if token == "[":
            return self.compared("]") * 1.0
        if token == "@":
            return np.abs(self.until("~"))
        if token == "\\begin":
            return self.cases()
        if token in FUNCTIONS:
            return self.call(FUNCTIONS[token])
        return np.float64(token)

    def sum_(self) -> Array:
        if self.peek() != "_":
            return np.sum(self.term())
        text = "".join(self.tokens[self.at : self.at + 7])
        assert text.startswith("_{\\text{axis}"), text
        axis = int(self.tokens[self.at + 6])
        self.at += 8
        return np.sum(self.term(), axis=axis, keepdims=True)

    def call(self, function: Any) -> Array:
        self.take("(")
        arguments = [self.total()]
        while self.peek() == ",":
            self.take()
            arguments.append(self.total())
        self.take(")")
        return function(*arguments)

    def cases(self) -> Array:
        self.at += 3
        first = self.total()
        self.at += 5
        holds = self.compared("\\\\")
        second = self.total()
        while self.take() != "\\end":
            pass
        self.at += 3
        return np.where(holds, first, second)

    def compared(self, end: str) -> Array:
        left = self.total()
        sign = self.take()
        assert sign in "<>"
        right = self.until(end)
        return left > right if sign == ">" else left < right

    def braced(self) -> Array:
        self.take("{")
        return self.until("}")

    def until(self, end: str) -> Array:
        value = self.total()
        self.take(end)
        return value


def read(text: str) -> Array:
    reader = Reader(text)
    value = reader.total()
    assert reader.peek() == "", reader.tokens[reader.at :]
    return value


def value_of(node: Node) -> Array:
    """Return the value of the NumPy text."""
    code = expression(node, {A: "A", B: "B", C: "c"}, "np.float64")
    B_value = VALUES["\\frac{\\partial E}{\\partial B}"]
    return eval(code, {"np": np, "A": VALUES["A"], "B": B_value, "c": np.float64(0.5)})


NUMBERS = st.one_of(
    st.just(C),
    st.sampled_from([2, 3, 0.5, -1, -0.25, 1e-3]).map(
        lambda value: apply("constant", value=value)
    ),
)


def _larger(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.builds(
        _grown, st.integers(0, len(GROWTH) - 1), children, children, NUMBERS
    )


def _grown(kind: int, x: Node, y: Node, c: Node) -> Node:
    return GROWTH[kind](x, y, c)


GROWTH: list[Callable[[Node, Node, Node], Node]] = [
    lambda x, y, c: x + y,
    lambda x, y, c: x - y,
    lambda x, y, c: x * y,
    lambda x, y, c: x @ y,
    lambda x, y, c: c * x,
    lambda x, y, c: x * c,
    lambda x, y, c: -x,
    lambda x, y, c: x / c,
    lambda x, y, c: c - x,
    lambda x, y, c: x**2,
    lambda x, y, c: x.T,
    lambda x, y, c: o.tanh(x) / (2 + o.tanh(y)),
    lambda x, y, c: o.exp(x),
    lambda x, y, c: o.absolute(x),
    lambda x, y, c: o.maximum(x, y),
    lambda x, y, c: apply("cast", x > y),
    lambda x, y, c: o.where(x > y, x, -y),
    lambda x, y, c: o.where(c < A, x, c),
    lambda x, y, c: x + o.sum(y, 1, keepdims=True),
    lambda x, y, c: o.sum(x, 1, keepdims=True) * y,
    lambda x, y, c: o.sum(x) * y,
    lambda x, y, c: (c * o.sum(x)) * y,
    lambda x, y, c: x * o.sum(y),
    lambda x, y, c: A * o.sum(x) - o.sum(y),
]

FORMULAS = st.recursive(st.sampled_from([A, B]), _larger, max_leaves=6)


@settings(deadline=None, max_examples=1000)
@given(FORMULAS)
def test_read_back_a_formula_has_the_value_of_the_numpy_text(node: Node) -> None:
    with np.errstate(all="ignore"):
        expected, got = value_of(node), read(latex(node, SYMBOLS))
        assert np.allclose(got, expected, rtol=1e-6, atol=1e-9, equal_nan=True)


@settings(deadline=None, max_examples=200)
@given(FORMULAS)
def test_braces_and_brackets_are_balanced(node: Node) -> None:
    text = latex(node, SYMBOLS)
    assert text.count("{") == text.count("}")
    assert text.count("(") == text.count(")")
    assert text.count("\\left") == text.count("\\right")


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (A @ B.T, "A \\cdot \\left(\\frac{\\partial E}{\\partial B}\\right)^{\\top}"),
        (A.T @ A, "A^{\\top} A"),
        (A.T @ (2 * A), "A^{\\top} \\cdot 2 A"),
        ((A @ A) * A, "(A A) \\odot A"),
        (A @ (A * A), "A (A \\odot A)"),
        (C * (A @ A), "\\lambda A A"),
        (2 * (A - A.T), "2 (A - A^{\\top})"),
        (A - (A - A), "A - (A - A)"),
        (A - (-A), "A - (-A)"),
        (A + (A - A), "A + A - A"),
        (A + (-A), "A + (-A)"),
        ((V @ V) * A, "(v v) A"),
        (A * (V @ V), "A (v v)"),
        (-(A + A), "-(A + A)"),
        ((A + A) ** 2, "(A + A)^{2}"),
        ((A.T) ** 2, "(A^{\\top})^{2}"),
        (o.log(A / C), "\\ln\\left(\\frac{A}{\\lambda}\\right)"),
        (o.sum(A * A), "\\sum A \\odot A"),
        (o.sum(A + A), "\\sum (A + A)"),
        (o.sum(A) + C, "\\sum A + \\lambda"),
        (o.sum(A) * A, "\\left(\\sum A\\right) A"),
        (C * o.sum(A), "\\lambda \\sum A"),
        (-(A > 0.0) * A, "(-[A > 0]) \\odot A"),
        (1e-8 * A, "10^{-8} A"),
        (3 * apply("constant", value=2.5e-7), "3 \\cdot 2.5 \\cdot 10^{-7}"),
    ],
)
def test_formulas_read_as_people_write_them(node: Node, text: str) -> None:
    assert latex(node, SYMBOLS) == text


def test_a_choice_shows_its_condition_without_brackets() -> None:
    text = latex(o.where(A > 0, A, 0.1 * A), SYMBOLS)
    assert text == (
        "\\begin{cases} A & \\text{if } A > 0 \\\\ "
        "0.1 A & \\text{otherwise} \\end{cases}"
    )


def test_a_sum_over_the_samples_has_an_index() -> None:
    x = leaf("x", (Dim(("n",)), 3))
    assert latex(x.sum(axis=0), {x: "s"}) == "\\sum_{i=1}^{n} s_i"
    assert latex(x.sum(axis=0), {x: "z_1"}) == "\\sum_{i=1}^{n} (z_1)_i"
    by = "\\frac{\\partial E}{\\partial s}"
    assert latex(x.sum(axis=0), {x: by}) == f"\\sum_{{i=1}}^{{n}} \\left({by}\\right)_i"


@pytest.mark.parametrize("name", sorted(OPS))
def test_every_operation_has_a_formula_that_holds_all_its_inputs(name: str) -> None:
    op = OPS[name]
    if op.domain is None:
        return
    arrays, attrs = op.domain(np.random.default_rng(0))
    kinds = {"f": "float", "i": "int", "b": "bool"}
    inputs = [
        leaf(f"x{place}", x.shape, "data", kinds[x.dtype.kind])  # type: ignore[arg-type]
        for place, x in enumerate(map(np.asarray, arrays))
    ]
    node = apply(name, *inputs, **attrs)
    text = latex(node, {x: f"x_{place}" for place, x in enumerate(inputs)})
    assert "#" not in text
    assert text.count("{") == text.count("}")
    for place in range(len(inputs)):
        assert f"x_{place}" in text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("W1", "W_1"),
        ("z12", "z_{12}"),
        ("a1_2", "a_{1,2}"),
        ("lr", "\\eta"),
        ("l2", "\\lambda"),
        ("beta1", "\\beta_1"),
        ("eps", "\\epsilon"),
        ("momentum", "\\mu"),
        ("scores", "s"),
        ("pred", "\\hat{y}"),
        ("loss", "E"),
        ("rows1", "\\text{rows}_1"),
        ("hidden_W", "W_{\\text{hidden}}"),
        ("my_layer_W", "W_{\\text{my layer}}"),
        ("diff_2", "\\delta_2"),
    ],
)
def test_names_become_the_symbols_of_the_field(name: str, text: str) -> None:
    assert symbol(name) == text


def test_shapes_show_how_the_parts_of_a_formula_meet() -> None:
    n = Dim(("n",))
    X, W, b = leaf("X", (n, 2)), leaf("W", (2, 5)), leaf("b", (5,))
    names = {X: "X", W: "W", b: "b"}
    assert shapes(X @ W + b, names) == "(n \\times 2)(2 \\times 5) + 5 = n \\times 5"
    assert shapes(X.T @ X, names) == "(2 \\times n)(n \\times 2) = 2 \\times 2"
    assert shapes(o.tanh(X), names) == "n \\times 2"
    assert shapes(X * X + 1, names) == "n \\times 2"
    assert shapes(X.sum(), names) == ""
    wide = "\\sum_{\\text{axis } 0} (n \\times 2) = 2"
    assert shapes(X.sum(axis=0), names) == wide
    assert shapes(X.reshape(-1), names) == "n \\times 2 \\to 2 n"


def test_formulas_that_differ_in_order_are_alike() -> None:
    names = {A: "A", B: "B"}
    assert alike(A + B * A, names) == alike(A * B + A, names)
    assert alike(A + (B + A), names) == alike((A + A) + B, names)
    assert alike(A - B, names) != alike(B - A, names)
    assert alike(A @ B, names) != alike(B @ A, names)
