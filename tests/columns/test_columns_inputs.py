"""How columns become numbers: against scikit-learn, and over random tables."""

import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from plaingrad.columns.inputs import MOST, CategoryInput, DateInput, NumberInput
from plaingrad.columns.table import Column
from plaingrad.columns.targets import ClassTarget, NumberTarget
from plaingrad.errors import DataError, FileError

NUMBERS = st.floats(-1e6, 1e6) | st.just(float("nan"))
CELLS = st.sampled_from(["a", "b", "10", "9", "ß", "", None])


def categories(values):
    return Column("c", "category", np.array([*values, None], dtype=object)[:-1])


def numbers(values):
    return Column("x", "number", np.array(values, dtype=float))


def test_numbers_are_standardised_as_scikit_learn_does():
    known = np.random.RandomState(0).normal(5, 3, 50)
    new = np.linspace(-10, 10, 7)
    made = NumberInput.fit(numbers(known))
    expected = StandardScaler().fit(known[:, None]).transform(new[:, None])
    np.testing.assert_allclose(made.encode(new), expected, rtol=1e-12)
    assert made.features == ["x"]


@settings(max_examples=200, deadline=None)
@given(st.lists(NUMBERS, min_size=2, max_size=30), st.lists(NUMBERS, max_size=10))
def test_gaps_are_filled_and_marked_as_scikit_learn_does(known, new):
    made = NumberInput.fit(numbers(known))
    cells = np.array(new, dtype=float)
    found = made.encode(cells)
    assert found.shape == (len(new), len(made.features))
    assert np.isfinite(found).all()
    gaps = np.isnan(known)
    assert made.features == (["x", "x missing"] if gaps.any() else ["x"])
    if gaps.any():
        np.testing.assert_array_equal(found[:, 1], np.isnan(cells))
    filled = np.array(known)[~gaps]
    if not new or not filled.size or np.ptp(filled) <= 1e-6 * np.abs(filled).max():
        return
    if np.ptp(filled) < 1e-140:  # their squares are too small for floats
        return
    imputer = SimpleImputer(keep_empty_features=True).fit(np.array(known)[:, None])
    scaler = StandardScaler().fit(filled[:, None])
    expected = make_pipeline(imputer, scaler).transform(cells[:, None])
    np.testing.assert_allclose(found[:, :1], expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("values", [[3.3] * 7, [3.3, np.nan], [np.nan] * 3])
def test_a_constant_says_nothing_whatever_comes(values):
    made = NumberInput.fit(numbers(values))
    np.testing.assert_array_equal(made.encode(np.array([3.3, 9e9]))[:, 0], [0, 0])


@settings(max_examples=200, deadline=None)
@given(st.lists(CELLS, min_size=1, max_size=30), st.lists(CELLS, min_size=1))
def test_categories_are_one_hot_as_scikit_learn_does(known, new):
    made = CategoryInput.fit(categories(known))
    found = made.encode(categories(new).values)
    assert found.shape == (len(new), len(made.features))
    levels = np.array(made.levels, dtype=object)
    assert set(levels) == set(known) - {None}
    if None in known:
        np.testing.assert_array_equal(found[:, -1], [cell is None for cell in new])
        found = found[:, :-1]
    if len(levels):
        oracle = OneHotEncoder(categories=[levels], handle_unknown="ignore")
        oracle.fit(levels[:, None])
        cells = np.array(["(none)" if cell is None else cell for cell in new], object)
        expected = oracle.transform(cells[:, None]).toarray()
        np.testing.assert_array_equal(found, expected)


def test_categories_are_in_order_and_only_the_most_frequent():
    made = CategoryInput.fit(categories(["10", "9", "b", "a"]))
    assert made.features == ["c = 9", "c = 10", "c = a", "c = b"]
    many = [f"{i:03}" for i in range(80)] + [f"{i:03}" for i in range(30, 80)]
    made = CategoryInput.fit(categories(many))
    assert made.levels == tuple(f"{i:03}" for i in range(30, 80))
    assert len(made.levels) == MOST


def test_dates_turn_in_circles():
    start = np.datetime64("2021-01-01").astype(float)
    days = start + np.arange(730)
    made = DateInput.fit(Column("d", "date", days))
    assert made.features == [
        "d: days",
        *("d: year, sine", "d: year, cosine", "d: week, sine", "d: week, cosine"),
        *("d: day, sine", "d: day, cosine"),
    ]
    found = made.encode(days)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(found.std(axis=0)[:5], 1, rtol=1e-9)
    # a week later the place in the week is the same, and in the year nearly
    np.testing.assert_allclose(found[7:, 3:5], found[:-7, 3:5], atol=1e-9)
    monday, sunday = 3, 2  # of 2021, January 4 and 3
    assert datetime.date(2021, 1, 1 + monday).weekday() == 0
    near = np.linalg.norm(found[monday, 3:5] - found[sunday, 3:5])
    far = np.linalg.norm(found[monday, 3:5] - found[monday + 3, 3:5])
    assert near < far
    # there was no time of day to learn from, so none may matter
    np.testing.assert_array_equal(made.encode(days + 0.3)[:, 5:], 0)


def test_missing_dates_are_in_the_middle():
    made = DateInput.fit(Column("d", "date", np.array([0.0, 10.3, np.nan])))
    np.testing.assert_array_equal(made.encode(np.array([np.nan]))[0], [0] * 7 + [1])


def test_classes_are_numbered_and_come_back():
    target = ClassTarget(name="y", classes=("a", "b", "c"))
    cells = categories(["c", "a", "b"]).values
    np.testing.assert_array_equal(target.encode(cells), [2, 0, 1])
    assert target.decode(np.array([2, 0, 1])).tolist() == ["c", "a", "b"]
    numbered = ClassTarget(name="y", classes=("1", "10"))
    assert numbered.decode(np.array([1, 0])).tolist() == [10, 1]
    for classes, found in {
        ("01", "2"): ["01", "2"],
        ("-1", "0"): [-1, 0],
        ("false", "true"): [False, True],
        ("1", "100000000000000000000"): ["1", "100000000000000000000"],
        ("1_0", "1"): ["1_0", "1"],
    }.items():
        decoded = ClassTarget(name="y", classes=classes).decode(np.array([0, 1]))
        assert decoded.tolist() == found
        assert decoded.dtype != object
    with pytest.raises(DataError, match="the class 'd', which was not there"):
        target.encode(categories(["d"]).values)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30))
def test_numbers_to_predict_come_back(values):
    column = numbers(values)
    target = NumberTarget.fit(column)
    again = target.decode(target.encode(column.values))
    np.testing.assert_allclose(again, values, rtol=1e-9, atol=1e-3)


@pytest.mark.parametrize(
    "make",
    [
        lambda: NumberInput(name="x", mean="0", scale=1.0, missing=False),
        lambda: CategoryInput(name="x", levels=(1,), missing=False),
        lambda: DateInput(name="x", means=(0.0,), scales=(1.0,), missing=False),
        lambda: ClassTarget(name="x", classes=(1,)),
    ],
)
def test_records_of_a_file_that_make_no_sense(make):
    with pytest.raises(FileError):
        make()
