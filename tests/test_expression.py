"""The text of a node computes the node, with no more parentheses than it needs."""

import ast
import operator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expressions import op_by_op
from plaingrad import ops
from plaingrad.errors import ShapeError
from plaingrad.graph import apply, as_node, walk
from plaingrad.ops import leaf
from plaingrad.ops.leaves import mark
from plaingrad.shapes import Dim
from plaingrad.write.expression import expression

RNG = np.random.default_rng(4)
ARRAYS = {name: RNG.uniform(0.5, 1.5, (3, 3)) for name in "abc"}
NUMBERS = {"lr": 0.1, "step": 7}
A, B, C = (leaf(name, (3, 3)) for name in ARRAYS)
LR, STEP = (leaf(name, (), kind="number") for name in NUMBERS)
BATCH = Dim(("n",))
N = ops.size(BATCH)

NUMERIC = [
    *(operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv),
    *(np.maximum, np.minimum),
    # a fractional power of a negative Python number is complex
    lambda x, y: x**y if x.ndim else x**2,
    lambda x, y: 2**x,
    lambda x, y: -x,
    lambda x, y: 1 - x,
    lambda x, y: np.sqrt(np.maximum(x, 0)),
    lambda x, y: mark(x),
    lambda x, y: apply("where", x > y, y, -x),
]
ARRAY_LIKE = [
    operator.matmul,
    lambda x, y: (x >= y) * x,
    lambda x, y: x * (x < y),
    lambda x, y: (x < y) * 2.0,
    lambda x, y: -((x + A > 2) * y),
    lambda x, y: ((x > y) >= (y > 1)) * x,
    lambda x, y: x.T,
    lambda x, y: np.exp(-abs(x)),
    lambda x, y: ops.sigmoid(x),
    lambda x, y: x.sum(axis=-1, keepdims=True),
    lambda x, y: x.mean(),
    lambda x, y: x[..., None],
    lambda x, y: x[1:],
    lambda x, y: x.reshape(-1),
    lambda x, y: np.stack([x, y]),
]


NUMBER_LEAVES = [LR, STEP, *map(as_node, (-2, 0.5, 3, -1.5, 1e-05))]


def random_tree(seed):
    """Return a random expression: of numbers alone, or of arrays and numbers."""
    rng = np.random.default_rng(seed)
    alone = rng.random() < 0.2
    ends = NUMBER_LEAVES if alone else [A, B, C, *NUMBER_LEAVES[:4]]
    ways = NUMERIC if alone else NUMERIC + ARRAY_LIKE

    def grown(depth):
        if depth == 0 or rng.random() < 0.15:
            return ends[rng.integers(0, len(ends))]
        x, y = grown(depth - 1), grown(depth - 1)
        try:
            return ways[rng.integers(0, len(ways))](x, y)
        except ShapeError:
            return x

    return grown(int(rng.integers(1, 5)))


trees = st.integers(0, 2**32 - 1).map(random_tree)
many = settings(max_examples=250, deadline=None, derandomize=True)


def values(dtype):
    return NUMBERS | {name: array.astype(dtype) for name, array in ARRAYS.items()}


def both_ways(node, dtype="float64"):
    """Return the value of the text, and that of each operation on its own.

    None for 1 / 0, and for NumPy's functions of Python's numbers, to which the planner
    gives a line and a cast of their own.
    """
    if any(x.kind == "number" and "np." in x.op.template(x) for x in walk([node])):
        return None
    text = expression(node, {}, f"np.{dtype}")
    with np.errstate(all="ignore"):
        try:
            whole = eval(text, {"np": np, **values(dtype)})
        except ArithmeticError:
            return None
        return whole, op_by_op([node], values(dtype), dtype)[0]


def reordered(node):
    """Tell whether a sum of sums or a product of products may be reordered."""
    return any(
        x.op.name in ("add", "mul") and x.inputs[1].op.name in ("add", "mul", "div")
        for x in walk([node])
        if len(x.inputs) == 2
    )


@many
@given(trees)
def test_the_text_computes_the_node(node):
    pair = both_ways(node)
    if pair is None:
        return
    # of Python's 0, -(0 * x) and -0 * x have different signs, which a division shows
    whole, part = (np.nan_to_num(x, posinf=0, neginf=0) for x in pair)
    if reordered(node):
        np.testing.assert_allclose(whole, part, rtol=1e-9)
    else:
        np.testing.assert_array_equal(whole, part)


@many
@given(trees)
def test_the_text_widens_no_array(node):
    pair = both_ways(node, "float32")
    if pair is not None and node.kind == "float":
        assert pair[0].dtype == np.float32


@many
@given(trees)
def test_there_are_no_more_parentheses_than_python_writes(node):
    text = expression(node, {}, "np.float64")
    tree = ast.parse(text, mode="eval")
    if not any(isinstance(part, ast.MatMult) for part in ast.walk(tree)):
        assert text.count("(") <= ast.unparse(tree).count("(")


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (A + B + C, "a + b + c"),
        (A - (B - C), "a - (b - c)"),
        (A - (B + C), "a - (b + c)"),
        (A / (B * C), "a / (b * c)"),
        (A / B / C, "a / b / c"),
        (A * B / C, "a * b / c"),
        ((A + B) * C, "(a + b) * c"),
        (A + B * C, "a + b * c"),
        ((A @ B) * (C > 0), "(a @ b) * (c > 0)"),
        ((A @ B.T) * (C > 0), "(a @ b.T) * (c > 0)"),
        (A @ B + C, "a @ b + c"),
        ((A * B) @ C, "(a * b) @ c"),
        (A @ (B @ C), "a @ (b @ c)"),
        (-(A @ B), "-(a @ b)"),
        (-(A * B).sum() / N, "-(a * b).sum() / n"),
        (-(A / B), "-a / b"),
        (-((A > 0) * B), "-((a > 0) * b)"),
        (-(A // B), "-(a // b)"),
        (-(A // B * C), "-(a // b * c)"),
        (-(A + B), "-(a + b)"),
        (-(A**2), "-a ** 2"),
        ((-A) ** 2, "(-a) ** 2"),
        (2**-A, "2 ** -a"),
        ((A**B) ** C, "(a ** b) ** c"),
        (A ** (B**C), "a ** b ** c"),
        (as_node(-2) ** A, "(-2) ** a"),
        (A * -2, "a * -2"),
        (A - -B, "a - -b"),
        (A ** (LR + 1), "a ** (lr + 1)"),
        ((A + B).T, "(a + b).T"),
        (A.T @ B, "a.T @ b"),
        ((A + B)[1:], "(a + b)[1:]"),
        (A[..., None] * B, "a[:, :, None] * b"),
        (np.exp(A + B), "np.exp(a + b)"),
        (np.maximum(A @ B, 0), "np.maximum(a @ b, 0)"),
        ((A > B) * C, "(a > b) * c"),
        (ops.where(A > 0, B, C) + 1, "np.where(a > 0, b, c) + 1"),
        (ops.sigmoid(A) * B, "1 / (1 + np.exp(-a)) * b"),
        (B * ops.sigmoid(A), "b * (1 / (1 + np.exp(-a)))"),
        (ops.sigmoid(A + B), "1 / (1 + np.exp(-(a + b)))"),
        (A / ops.size(BATCH * 3), "a / (n * 3)"),
        (mark(A + B) * C, "(a + b) * c"),
        (mark(mark(A)) * C, "a * c"),
        (1 - 0.9**STEP, "1 - 0.9 ** step"),
        (np.maximum(LR, 2) * A, "max(lr, 2) * a"),
        (np.sqrt(STEP) * LR, "step ** 0.5 * lr"),
        (np.where(STEP > 3, LR, 1) * 2, "(lr if step > 3 else 1) * 2"),
        (
            np.where(STEP > 3, np.where(STEP > 5, LR, 1), 2),
            "(lr if step > 5 else 1) if step > 3 else 2",
        ),
        (2.0 * ((A > 0) * B), "2.0 * ((a > 0) * b)"),
        ((A > 0) * (LR * B), "(a > 0) * (lr * b)"),
    ],
)
def test_golden_texts(node, text):
    assert expression(node, {}, "np.float32") == text


def test_named_inputs_stand_by_name_and_the_node_itself_is_written_out():
    z = A @ B
    names = {z: "z1", z * C: "h"}
    assert expression(-(z * C), {z: "z1"}, "np.float32") == "-z1 * c"
    assert expression(-(z * C), names, "np.float32") == "-h"
    assert expression((-(z * C)) ** 2, names, "np.float32") == "(-h) ** 2"
    assert expression(z * C, names, "np.float32") == "z1 * c"


def test_statements_assign_to_the_name_of_the_node():
    placed = apply("unslice", A[1:] * 2, index=((1, 3, 1), None), shape=(3, 3))
    text = expression(placed, {placed: "da"}, "np.float32")
    assert text.split("\n")[1] == "da[1:] = a[1:] * 2"
    assert text.startswith("da = np.zeros((3, 3), np.float32)")


def test_a_deep_expression_is_written_without_recursion():
    node = A
    for _ in range(3000):
        node = np.sin(node) + B
    text = expression(node, {}, "np.float32")
    assert text.count("np.sin(") == text.count(" + b") == 3000
