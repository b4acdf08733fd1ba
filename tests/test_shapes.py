"""Sizes with a symbol behave as the integers that will stand in their place."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from plaingrad.errors import ShapeError
from plaingrad.shapes import (
    Dim,
    axes_of,
    axis_of,
    broadcast,
    divide,
    show,
    size_of,
)

VALUES = {"m": 7, "n": 5}
quick = settings(max_examples=40, deadline=None, derandomize=True)
whole = st.integers(1, 12)
dims = st.builds(
    lambda symbols, factor: Dim(tuple(sorted(symbols)), factor),
    st.lists(st.sampled_from("mn"), min_size=1, max_size=2),
    whole,
)
sizes = whole | dims


def number(size):
    """Return what a size is when the data have come."""
    return eval(str(size), {}, dict(VALUES))


def concrete(shape):
    return tuple(map(number, shape))


@quick
@given(sizes, sizes)
def test_a_product_is_the_product(a, b):
    assert number(a * b) == number(a) * number(b)
    assert a * b == b * a


@quick
@given(dims, dims)
def test_equal_sizes_are_equal_products(a, b):
    assert (a == b) == (sorted(a.symbols) == sorted(b.symbols) and a.factor == b.factor)


def test_nothing_times_the_batch_is_nothing():
    assert Dim(("n",)) * 0 == 0 == 0 * Dim(("n",))


@quick
@given(st.lists(sizes, max_size=4))
def test_size_of_a_shape_is_the_product_of_its_sizes(shape):
    assert number(size_of(shape)) == np.prod(concrete(shape), dtype=int)


@quick
@given(sizes, sizes)
def test_a_product_can_be_divided_again(a, b):
    assert divide(a * b, b) == a


@quick
@given(sizes, sizes)
def test_division_gives_the_whole_quotient_or_none(a, b):
    quotient = divide(a, b)
    if quotient is not None:
        assert quotient * b == a
    elif isinstance(a, int) and isinstance(b, int):
        assert a % b


def test_nothing_is_divided_by_zero():
    assert divide(3, 0) is None
    assert divide(Dim(("n",)), 0) is None


@quick
@given(st.lists(sizes, max_size=3), st.data())
def test_broadcasting_is_that_of_numpy(full, data):
    shapes = [
        tuple(size if data.draw(st.booleans()) else 1 for size in full)[
            data.draw(st.integers(0, len(full))) :
        ]
        for _ in range(3)
    ]
    expected = np.broadcast_shapes(*map(concrete, shapes))
    assert concrete(broadcast(*shapes)) == expected


@quick
@given(st.lists(whole, max_size=3), st.lists(whole, max_size=3))
def test_shapes_that_numpy_refuses_are_refused(a, b):
    try:
        expected = np.broadcast_shapes(tuple(a), tuple(b))
    except ValueError:
        with pytest.raises(ShapeError, match="differ and neither is 1"):
            broadcast(tuple(a), tuple(b))
    else:
        assert broadcast(tuple(a), tuple(b)) == expected


def test_the_batch_goes_with_itself_and_with_one_only():
    n = Dim(("n",))
    assert broadcast((n, 3), (1, 3), ()) == (n, 3)
    with pytest.raises(ShapeError, match="n and 3 on axis -1"):
        broadcast((n,), (3,))


@quick
@given(st.integers(-4, 4), st.integers(0, 4))
def test_axes_count_from_both_ends(axis, rank):
    if -rank <= axis < rank:
        assert axis_of(axis, rank) == range(rank)[axis]
        assert axes_of(axis, rank) == (range(rank)[axis],)
        assert axes_of((axis, np.int64(axis)), rank) == (range(rank)[axis],)
    else:
        with pytest.raises(ShapeError, match=f"axis {axis} does not exist"):
            axis_of(axis, rank)


@quick
@given(st.lists(st.integers(-4, 3), max_size=4))
def test_several_axes_are_sorted(axes):
    expected = {axis % 4 for axis in axes}
    assert axes_of(axes, 4) == tuple(sorted(expected))


def test_no_axis_named_is_every_axis():
    assert axes_of(None, 3) == (0, 1, 2)
    assert axes_of((), 3) == ()


@quick
@given(st.lists(dims, min_size=1, max_size=3))
def test_shapes_are_shown_without_spaces_in_a_size(shape):
    text = show(tuple(shape))
    assume(len(shape) > 1)
    assert text.count(" ") == len(shape) - 1


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        ((), "()"),
        ((3,), "(3,)"),
        ((Dim(("n",)), 64), "(n, 64)"),
        ((Dim(("n",), 9), 2), "(n*9, 2)"),
    ],
)
def test_show(shape, text):
    assert show(shape) == text
