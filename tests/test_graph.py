"""Nodes: interned, checked, and used as arrays are."""

import gc
import operator
import weakref

import numpy as np
import pytest

from helpers import evaluate, leaves
from plaingrad.errors import DataError, PlaingradError, ShapeError, VerifyError
from plaingrad.graph import NUMPY, Node, apply, as_node, rebuild, verify, walk
from plaingrad.op import OPS
from plaingrad.ops import leaf, literal
from plaingrad.shapes import Dim, Type

RNG = np.random.default_rng(0)
A = RNG.uniform(0.2, 0.8, (2, 3))
B = RNG.uniform(0.2, 0.8, (2, 3))
V = RNG.uniform(0.2, 0.8, 3)


@pytest.fixture
def x():
    return leaf("x", (2, 3))


# Interning.


def test_the_same_question_has_the_same_answer(x):
    assert np.exp(x) is np.exp(x)
    assert x.sum(axis=-1) is x.sum(axis=1)
    assert x.reshape(3, 2) is x.reshape((3, -1))
    assert x + 1 is not x + 2
    assert x.sum(axis=0) is not x.sum(axis=1)


@pytest.mark.parametrize(("a", "b"), [(1, 1.0), (1, True), (0.0, -0.0), (0, False)])
def test_equal_numbers_that_print_differently_are_kept_apart(a, b):
    assert as_node(a) is not as_node(b)


def test_nan_is_one_constant():
    assert as_node(float("nan")) is as_node(np.nan)


def test_leaves_of_equal_types_and_names_are_one():
    assert leaf("x", (2, 3)) is leaf("x", (2, 3))
    assert leaf("x", (2, 3)) is not leaf("y", (2, 3))
    assert leaf("x", (2, 3)) is not leaf("x", (2, 3), kind="int")


def test_interning_keeps_no_node_alive(x):
    node = np.exp(x)
    gone = weakref.ref(node)
    del node
    gc.collect()
    assert gone() is None


def test_a_long_chain_is_let_go_without_recursion(x):
    node = x
    for _ in range(30_000):
        node = -node
    del node
    gc.collect()


def test_walk_lists_inputs_before_users_once(x):
    y = np.exp(x)
    order = walk([y * y + x, y])
    assert len(order) == len(set(order)) == 4
    for place, node in enumerate(order):
        assert all(order.index(given) < place for given in node.inputs)


def test_walk_stops_at_what_is_known(x):
    y = np.exp(x)
    assert walk([y + 1], known={y}) == [y, as_node(1), y + 1]


def test_rebuild_keeps_attributes(x):
    y = leaf("y", (2, 3))
    assert rebuild(x.sum(axis=1), [y]) is y.sum(axis=1)
    assert rebuild(x.sum(axis=1), [x]) is x.sum(axis=1)


# Verification.


def tampered(node):
    """Return a copy of a node that nobody else has."""
    return Node(node.op, node.inputs, dict(node.attrs))


def test_verify_passes_what_is_sound(x):
    verify([np.exp(x).sum() / x.shape[0]])


def test_verify_finds_a_wrong_type_anywhere(x):
    wrong = tampered(np.exp(x))
    wrong.type = Type((2,), "float")
    with pytest.raises(VerifyError, match="should have the type"):
        verify([wrong.sum()])


def test_verify_finds_two_leaves_of_one_name(x):
    with pytest.raises(VerifyError, match="'x'"):
        verify([leaf("x", (3,)) + x])
    verify([x + x])


def test_verify_finds_an_operation_outside_the_table(x):
    stranger = tampered(np.exp(x))
    stranger.op = type(stranger.op)(name="exp", rule=OPS["exp"].rule, text="", maths="")
    with pytest.raises(VerifyError, match="no operation of the table"):
        verify([stranger])


def test_verify_finds_a_number_with_axes():
    with pytest.raises(VerifyError, match="one number and has axes"):
        verify([leaf("many", (3,), kind="number")])


# What a traced value cannot do.


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (bool, "np.where"),
        (lambda x: x > 0 and x, "np.where"),
        (len, "x.shape"),
        (list, "x.sum"),
        (lambda x: sum(x), "x.sum"),
        (np.asarray, "holds no numbers yet"),
        (lambda x: np.array([x, x]), "x.sum|no numbers|no length"),
        (lambda x: x == 0, "np.equal"),
        (lambda x: x == A, "np.equal"),
        (lambda x: x != 1.5, "np.equal"),
        (np.arctan, "np.arctan is not an operation"),
        (np.linalg.inv, "np.inv is not an operation"),
        (lambda x: np.exp(x, out=A), "without out="),
        (np.add.reduce, "plain form"),
        (lambda x: x + "a", "got str"),
        (lambda x: x + 1j, "got complex"),
        (lambda x: np.where(False, x, x), "np.equal"),
    ],
)
def test_refusals_say_what_to_write_instead(x, use, message):
    with pytest.raises(PlaingradError, match=message):
        use(x)


def test_an_unknown_function_is_answered_with_the_known_ones(x):
    with pytest.raises(PlaingradError) as error:
        np.median(x)
    for function in NUMPY:
        assert function.__name__ in str(error.value)


def test_nodes_are_compared_by_identity(x):
    y = leaf("y", (2, 3))
    assert x == leaf("x", (2, 3))
    assert x != y
    assert x in [y, x]
    assert x is not None
    assert x != "x"


# NumPy's functions, methods and operators.

CALLS = {
    np.exp: (A,),
    np.log: (A,),
    np.log1p: (A,),
    np.expm1: (A,),
    np.sqrt: (A,),
    np.sin: (A,),
    np.cos: (A,),
    np.tanh: (A,),
    np.abs: (A - 0.5,),
    np.sign: (A - 0.5,),
    np.floor: (A * 4,),
    np.square: (A,),
    np.negative: (A,),
    np.add: (A, V),
    np.subtract: (A, V),
    np.multiply: (A, V),
    np.divide: (A, V),
    np.floor_divide: (A, V),
    np.power: (A, V),
    np.maximum: (A, B),
    np.minimum: (A, B),
    np.greater: (A, B),
    np.greater_equal: (A, B),
    np.less: (A, B),
    np.less_equal: (A, B),
    np.equal: (A, A),
    np.logaddexp: (A, B),
    np.clip: (A, 0.4, 0.6),
    np.where: (A > 0.5, A, B),
    np.matmul: (A, B.T),
    np.dot: (A, V),
    np.sum: (A, 1),
    np.mean: (A, 0),
    np.max: (A, 0),
    np.amax: (A, 1),
    np.min: (A, 0),
    np.amin: (A, 1),
    np.argmax: (A,),
    np.reshape: (A, (3, 2)),
    np.transpose: (A,),
    np.swapaxes: (A, 0, -1),
    np.expand_dims: (A, 1),
    np.broadcast_to: (V, (4, 3)),
    np.concatenate: ([A, B],),
    np.stack: ([A, B], -1),
}


def check(function, *arguments, **words):
    """Compare a function of nodes with the same function of arrays."""
    arrays = []

    def traced(value):
        if isinstance(value, list):
            return [traced(one) for one in value]
        if not isinstance(value, np.ndarray):
            return value
        arrays.append(value)
        return leaves(arrays)[-1]

    node = function(*map(traced, arguments), **words)
    (value,) = evaluate([node], arrays)
    expected = function(*arguments, **words)
    assert value.dtype == expected.dtype
    np.testing.assert_allclose(value, expected, rtol=1e-14)
    assert node.shape == value.shape


def test_every_numpy_function_is_tried():
    assert set(CALLS) == set(NUMPY)


@pytest.mark.parametrize("function", CALLS, ids=lambda function: function.__name__)
def test_numpy_functions_of_nodes(function):
    check(function, *CALLS[function])


@pytest.mark.parametrize(
    "call",
    [
        lambda a, b: np.sum(a, axis=(0, 1), keepdims=True),
        lambda a, b: np.sum(a, axis=()),
        lambda a, b: np.mean(a, axis=np.int64(-1)),
        lambda a, b: np.min(a, axis=0, keepdims=True),
        lambda a, b: np.max(a),
        lambda a, b: np.argmax(a, axis=-2),
        lambda a, b: np.transpose(a, axes=(1, 0)),
        lambda a, b: np.transpose(a, (-1, 0)),
        lambda a, b: np.swapaxes(a, axis1=-2, axis2=1),
        lambda a, b: np.clip(a, None, 0.5),
        lambda a, b: np.clip(a, a_min=0.5, a_max=None),
        lambda a, b: np.concatenate((a, b), axis=1),
        lambda a, b: np.stack([a, b]),
        lambda a, b: np.expand_dims(a, -1),
        lambda a, b: np.broadcast_to(a.sum(), 4),
        lambda a, b: np.broadcast_to(2.0, (2,)) * a.sum(axis=1),
        lambda a, b: np.dot(a, 2.0),
        lambda a, b: np.dot(a, b.T),
        lambda a, b: a.sum(1) + a.mean(axis=1) + a.max(1) - a.min(axis=-1),
        lambda a, b: a.sum(axis=1, keepdims=True) * b,
        lambda a, b: a.argmax(),
        lambda a, b: a.argmax(0),
        lambda a, b: a.reshape(-1).dot(b.reshape(6)),
        lambda a, b: a.reshape((1, 2, -1)).transpose(2, 0, 1),
        lambda a, b: a.T.T.reshape(3, 2),
        lambda a, b: (a * 4) // 0.5 + 7 // (4 * b),
        lambda a, b: a**2 - 2**a + (-b) / 3 + 1 / abs(b),
        lambda a, b: 1 - a + (2.5 - b) * a,
        lambda a, b: (a >= b) * a + (a < b) * b + (a <= 0.5) * 1.0 + (b < 0.5) * 2.0,
        lambda a, b: a @ b.T + b @ a.T,
        lambda a, b: np.float64(2) * a + np.arange(3) * b + b * A,
        lambda a, b: A @ b.T,
    ],
)
def test_nodes_answer_as_arrays_do(call):
    check(call, A, B)


@pytest.mark.parametrize(
    "combine",
    [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow],
)
def test_arrays_may_stand_on_either_side(combine):
    check(lambda a: combine(a, V), A)
    check(lambda a: combine(V, a), A)


def test_methods_take_axis_only_by_position(x):
    with pytest.raises(TypeError):
        x.sum(0, np.float64)
    with pytest.raises(TypeError):
        np.sum(x, 0, np.float64)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: x + leaf("y", (3, 3)),
        lambda x: x @ x,
        lambda x: x @ 2,
        lambda x: np.dot(x, leaf("y", (2, 3, 2))),
        lambda x: x.sum(axis=2),
        lambda x: x.transpose(0, 3),
        lambda x: x.transpose(0),
        lambda x: np.swapaxes(x, 0, 2),
        lambda x: np.expand_dims(x, 4),
        lambda x: x.reshape(4, 2),
        lambda x: x.reshape(-1, 4),
        lambda x: np.broadcast_to(x, (2, 4)),
        lambda x: np.concatenate([x, x.T]),
        lambda x: np.argmax(x.sum()),
    ],
)
def test_shapes_that_do_not_fit_are_refused_at_once(x, call):
    with pytest.raises(ShapeError):
        call(x)


# Constants.


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e-300, -0.0, 2**40, True])
def test_constants_print_as_themselves(value):
    (found,) = evaluate([leaf("x0", (2,)) * 0 + value], [np.zeros(2)])
    np.testing.assert_array_equal(found, np.full(2, value, float))


@pytest.mark.parametrize(
    "values",
    [[1.5, -2.0], [[1, 2], [3, 4]], [True, False], [np.inf, np.nan], [0.1], []],
)
def test_small_arrays_are_written_out(values):
    (found,) = evaluate([literal(values)], [])
    np.testing.assert_array_equal(found, values)
    assert found.dtype == np.asarray(values).dtype


def test_large_arrays_are_to_be_arguments(x):
    with pytest.raises(DataError, match="65 entries"):
        x[:, :1] + np.zeros(65)
    with pytest.raises(DataError, match="type <U1"):
        x + np.array(["a"])


def test_sizes_are_numbers():
    n = Dim(("n",))
    x = leaf("x", (n, 3))
    mean = x.sum(axis=0) / x.shape[0]
    assert mean.shape == (3,)
    assert (n * x).shape == (x * n).shape == (n, 3)
    assert apply("size", size=n).kind == "number"
    with pytest.raises(TypeError):
        n * "3"
