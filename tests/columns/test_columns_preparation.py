"""From raw rows to samples, as in training, whatever the rows lack."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plaingrad as pg
from columns.tables import flats, write
from plaingrad.columns import Preparation
from plaingrad.errors import DataError


@pytest.fixture(scope="module")
def fitted():
    table = pg.data.table(flats(), "rent")
    return Preparation.fit(table), table


def test_samples_have_a_name_for_each_number(fitted):
    preparation, table = fitted
    X, y = preparation(table)
    assert X.shape == (120, len(preparation.features))
    assert preparation.features[:6] == [
        *("part = north", "part = old town", "part = south", "size", "size missing"),
        "balcony = no",
    ]
    assert (y.mean(), y.std()) == (pytest.approx(0), pytest.approx(1))


def test_raw_rows_become_the_same_samples(fitted, tmp_path):
    preparation, table = fitted
    path = write(tmp_path / "new.csv", flats())
    np.testing.assert_array_equal(
        preparation.samples(preparation.read(path)), preparation(table)[0]
    )


def test_rows_do_not_depend_on_each_other(fitted):
    preparation, table = fitted
    X = preparation(table)[0]
    for row in range(0, 120, 7):
        alone = {name: values[row : row + 1] for name, values in flats().items()}
        found = preparation.samples(preparation.read(alone))
        np.testing.assert_array_equal(found, X[row : row + 1])


def test_columns_that_are_not_needed_may_be_left_out(fitted):
    preparation, table = fitted
    needed = ("let", "balcony", "size", "part")
    columns = {name: flats()[name] for name in needed}
    found = preparation.samples(preparation.read(columns))
    np.testing.assert_array_equal(found, preparation(table)[0])


def test_a_missing_column_is_told_and_counts_as_missing(fitted):
    preparation, _ = fitted
    columns = {name: v for name, v in flats(5).items() if name not in ("size", "part")}
    with pytest.warns(pg.RowsWarning, match="no column 'part', 'size'"):
        found = preparation.read(columns)
    assert np.isnan(found["size"]).all()
    assert found["part"].tolist() == [None] * 5
    X = preparation.samples(found)
    np.testing.assert_array_equal(X[:, :5], [[0, 0, 0, 0, 1]] * 5)


def test_a_column_by_another_name_is_an_error(fitted):
    columns = {name.title(): values for name, values in flats(5).items()}
    columns["size"] = columns.pop("Size")
    with pytest.raises(DataError, match="no column 'part', but one called 'Part'"):
        fitted[0].read(columns)


def test_another_table_is_an_error(fitted):
    with pytest.raises(DataError, match="none of the columns part, size, balcony, let"):
        fitted[0].read({"a": [1], "rent": [2]})


def test_new_categories_are_told_and_are_none_of_the_known(fitted):
    preparation, _ = fitted
    columns = flats(5) | {"part": ["north", "moon", None, "sun", "south"]}
    with pytest.warns(pg.RowsWarning, match=r"in 2 of 5 rows .* such as 'moon'"):
        found = preparation.samples(preparation.read(columns))
    np.testing.assert_array_equal(
        found[:, :3], [[1, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 1]]
    )


def test_cells_of_another_kind_name_column_and_row(fitted):
    columns = flats(5) | {"size": ["50", "60", "big", None, "70"]}
    with pytest.raises(DataError, match="'size' must hold numbers, and row 3 holds 'b"):
        fitted[0].read(columns)
    columns = flats(5) | {"let": ["2020-01-01", "soon", None, None, None]}
    with pytest.raises(DataError, match=r"'let' must hold dates.* row 2 holds 'soon'"):
        fitted[0].read(columns)


def columns(rows):
    """Return a strategy for random tables of so many rows."""
    cells = st.one_of(
        st.lists(st.none() | st.floats(-1e9, 1e9), min_size=rows, max_size=rows),
        st.lists(st.none() | st.integers(-99, 99), min_size=rows, max_size=rows),
        st.lists(st.none() | st.text("abc ", max_size=2), min_size=rows, max_size=rows),
        st.lists(st.none() | st.booleans(), min_size=rows, max_size=rows),
        st.lists(st.none() | st.dates(), min_size=rows, max_size=rows),
    )
    return st.dictionaries(st.sampled_from("abcdef"), cells, min_size=1)


@settings(max_examples=150, deadline=None)
@given(columns(12), st.sampled_from([["yes", "no"] * 6, [*np.arange(12) / 8]]))
def test_any_table_becomes_finite_numbers_and_is_read_again(made, y):
    try:
        table = pg.data.table({**made, "y": y}, "y")
    except DataError as error:
        assert "no column is left" in str(error)  # noqa: PT017
        return
    train = table.rows(np.arange(8))
    preparation = Preparation.fit(train)
    X, target = preparation(table)
    assert X.shape == (12, len(preparation.features))
    assert np.isfinite(X).all()
    assert np.isfinite(target).all()
    # numbers are standardised on the rows of training, all others lie in 0 .. 1
    learnt = X[:8]
    assert (np.abs(learnt.mean(axis=0)) <= 1 + 1e-9).all()
    assert (learnt.std(axis=0) <= 1 + 1e-9).all()
    with warnings.catch_warnings():
        # rows that were held back may have categories of their own
        warnings.simplefilter("ignore", pg.RowsWarning)
        again = preparation.samples(preparation.read(made))
    np.testing.assert_array_equal(again, X)
