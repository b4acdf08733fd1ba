"""x[key] is NumPy's, and its gradient puts every entry back where it came from."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import evaluate, leaves
from plaingrad.derive import gradients
from plaingrad.errors import PlaingradError, ShapeError
from plaingrad.ops import leaf
from plaingrad.shapes import Dim

RNG = np.random.default_rng(2)


def keys(size):
    """Return strategies for what may stand at one axis."""
    ends = st.none() | st.integers(-size - 1, size + 1)
    steps = st.none() | st.integers(-3, 3).filter(bool)
    return st.integers(-size, size - 1) | st.builds(slice, ends, ends, steps)


@st.composite
def indexed(draw):
    """Return an array and a key for it, with None and ... strewn in."""
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)))
    key = [draw(keys(size)) for size in shape[: draw(st.integers(0, len(shape)))]]
    if draw(st.booleans()):
        at = draw(st.integers(0, len(key)))
        # what follows the dots belongs to the last axes
        last = [draw(keys(size)) for size in shape[len(shape) - (len(key) - at) :]]
        key = [*key[:at], Ellipsis, *last]
    for _ in range(draw(st.integers(0, 2))):
        key.insert(draw(st.integers(0, len(key))), None)
    array = RNG.normal(size=shape)
    return array, key[0] if len(key) == 1 else tuple(key)


def check(array, key):
    (x,) = leaves([array])
    weights = leaf("x1", x[key].shape)
    expected = np.asarray(array[key])
    arrays = [array, RNG.normal(size=expected.shape)]
    (value,) = evaluate([x[key]], arrays)
    assert x[key].shape == expected.shape
    np.testing.assert_array_equal(value, expected)
    (gradient,), _ = gradients((x[key] * weights).sum(), [x])
    (found,) = evaluate([gradient], arrays)
    placed = np.zeros(array.shape)
    np.add.at(placed, key, arrays[1])
    np.testing.assert_allclose(found, placed, rtol=1e-15)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(indexed())
def test_integers_slices_none_and_dots(case):
    check(*case)


@pytest.mark.parametrize(
    "key",
    [
        np.array([2, 0, 0, -1]),
        [1, 1, 2],
        np.array([[0, 1], [2, 2]]),
        np.array(1),
        np.int64(2),
    ],
    ids=str,
)
def test_arrays_of_places(key):
    check(RNG.normal(size=(3, 2)), key)


@pytest.mark.parametrize(
    "key",
    [
        (np.array([2, 0, 0]), np.array([1, 1, -1])),
        (np.arange(3), [0, 1, 0]),
        (np.array([[0], [2]]), np.array([0, 1, 0])),
        (np.array([[1], [1]]), [[0, 1]], np.array([[[2]], [[3]]])),
    ],
    ids=str,
)
def test_places_along_several_axes(key):
    check(RNG.normal(size=(3, 2, 4)), key)


@pytest.mark.parametrize("places", [(4,), (2, 3), ()])
def test_places_may_be_an_input(places):
    rows, chosen = RNG.normal(size=(3, 2)), np.asarray(RNG.integers(0, 3, size=places))
    x, y = leaves([rows, chosen])
    (value,) = evaluate([x[y]], [rows, chosen])
    np.testing.assert_array_equal(value, rows[chosen])


def test_other_axes_of_a_batch_are_cut():
    x = leaf("x0", (Dim(("n",)), 4, 3))
    array = RNG.normal(size=(5, 4, 3))
    part = x.reshape(-1, 3)[:, 1:]
    (gradient,), _ = gradients((part**2).sum(), [x])
    value, slope = evaluate([part, gradient], [array])
    np.testing.assert_array_equal(value, array.reshape(-1, 3)[:, 1:])
    np.testing.assert_allclose(slope, 2 * array * [0, 1, 1], rtol=1e-15)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (3, "no index for an axis of size 3"),
        (-4, "no index"),
        (1.0, "no index"),
        ((0, 0, 0), "too many indices"),
        ((slice(None), [0, 1]), "must stand alone"),
        ((0, [0, 1]), "must stand alone"),
        (([0], [1], [0]), "3 arrays of indices need as many axes"),
        (([0.5], [1]), "whole numbers"),
        (np.array([True, False, True]), r"np\.where"),
        (np.array([0.5]), "whole numbers"),
        ((..., ...), "too many"),
    ],
    ids=str,
)
def test_what_cannot_be_traced_is_refused(key, message):
    with pytest.raises(PlaingradError, match=message):
        leaf("x", (3, 2))[key]


def test_the_batch_cannot_be_cut():
    with pytest.raises(ShapeError, match="batch"):
        leaf("x", (Dim(("n",)), 2))[1:]


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_joined_parts_get_their_own_gradient(axis):
    arrays = [RNG.normal(size=(2, 3)), RNG.normal(size=(2, 3))]
    a, b = leaves(arrays)
    joined = np.concatenate([a, b * 2, a], axis)
    weights = leaf("x2", joined.shape)
    found, _ = gradients((joined * weights).sum(), [a, b])
    arrays.append(RNG.normal(size=joined.shape))
    to_a, to_b = evaluate(found, arrays)
    first, second, third = np.split(arrays[2], 3, axis)
    np.testing.assert_allclose(to_a, first + third)
    np.testing.assert_allclose(to_b, 2 * second)


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_stacked_parts_get_their_own_gradient(axis):
    arrays = [RNG.normal(size=(2, 3)), RNG.normal(size=(2, 3))]
    a, b = leaves(arrays)
    stacked = np.stack([a, b], axis)
    weights = leaf("x2", stacked.shape)
    found, _ = gradients((stacked * weights).sum(), [a, b])
    arrays.append(RNG.normal(size=stacked.shape))
    for value, expected in zip(
        evaluate(found, arrays), np.moveaxis(arrays[2], axis, 0), strict=True
    ):
        np.testing.assert_allclose(value, expected)


def test_numbers_and_whole_numbers_may_be_joined_with_arrays():
    (x,) = leaves([np.ones(2)])
    joined = np.stack([x.sum(), 2, x.max()])
    (value,) = evaluate([joined], [np.ones(2)], "float32")
    assert value.dtype == np.float32
    np.testing.assert_array_equal(value, [2, 2, 1])
