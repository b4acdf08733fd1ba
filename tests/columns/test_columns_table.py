"""What is found in the columns of a table, and said."""

import datetime

import numpy as np
import polars
import pytest

import plaingrad as pg
from columns.tables import flats, write
from plaingrad.columns.kinds import category
from plaingrad.columns.table import amount, ordered
from plaingrad.errors import DataError, SettingError


def test_a_table_shows_what_its_columns_are():
    assert str(pg.data.table(flats(40), "rent")).splitlines() == [
        "40 rows, 7 columns to predict from",
        "column   kind      missing  values",
        "number   ignore             counts the rows",
        "part     category           3: north, old town, south",
        "size     number    5        21.9 .. 118.8, mean 68.44",
        "balcony  category  11       2: no, yes",
        "let      date               2020-01-12 .. 2023-10-27",
        "note     ignore             text, 40 different in 40 rows",
        "city     ignore             always Here",
        "rent     number             537 .. 1548, mean 936.9",
        "rent is a quantity (regression): 39 different numbers.",
    ]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 5] * 10, "number"),
        ([1.5, None] * 10, "number"),
        ([True, False] * 10, "category"),
        (["a", None] * 10, "category"),
        ([datetime.date(2020, 1, 1), datetime.date(2020, 1, 2)] * 10, "date"),
        ([None] * 20, "ignore"),
        ([3] * 20, "ignore"),
        ([3, None] * 10, "number"),
        ([f"name {i}" for i in range(20)], "category"),
        ([[1, 2], [3, 4]] * 10, "ignore"),
        ([datetime.timedelta(1), datetime.timedelta(2)] * 10, "ignore"),
    ],
)
def test_kinds_of_columns(values, kind):
    columns = {"x": values, "z": [0.5, 1.5] * 10, "y": ["a", "b"] * 10}
    assert pg.data.table(columns, "y").inputs[0].kind == kind


def test_kinds_can_be_given():
    columns = flats(40)
    kinds = {"size": "ignore", "number": "number", "let": "category"}
    found = pg.data.table(columns, "rent", kinds=kinds)
    assert {c.name: c.kind for c in found.inputs if c.name in kinds} == kinds


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        (["b", "a"] * 10, ("a", "b")),
        ([True, False] * 10, ("false", "true")),
        ([10, 9, 1, 2] * 5, ("1", "2", "9", "10")),
        ([0.0, 1.0] * 10, ("0", "1")),
        ([0.5, 1.0] * 10, ()),
        ([*range(20)], ()),
    ],
)
def test_what_is_to_be_predicted_is_chosen_from_the_column(values, classes):
    found = pg.data.table({"x": [1.0, 2.5] * 10, "y": values}, "y")
    assert found.classes == classes
    assert found.outputs == (len(classes) or 1)
    assert ("classes" if classes else "quantity") in found.notes[0]


def test_the_target_can_be_given_a_kind():
    columns = {"x": [1.0, 2.5] * 10, "y": [1, 2, 3, 4] * 5}
    assert pg.data.table(columns, "y", {"y": "number"}).classes == ()


def test_rows_without_a_target_are_left_out():
    columns = {"x": [*np.arange(15.0)], "y": ["a", "b", None] * 5}
    found = pg.data.table(columns, "y", {"x": "number"})
    assert len(found) == 10
    assert found.notes[1] == "Rows without y, left out: 5."
    np.testing.assert_array_equal(found.inputs[0].values % 3 == 2, False)


@pytest.mark.parametrize(
    ("change", "target", "kinds", "error", "message"),
    [
        ({}, "Rent", {}, SettingError, "unknown column 'Rent'. Did you mean 'rent'"),
        ({}, "rent", {"sise": "number"}, SettingError, "Did you mean 'size'"),
        ({}, "rent", {"size": "float"}, SettingError, "unknown kind of column 'float'"),
        ({}, "rent", {"rent": "date"}, SettingError, "must be a number or a category"),
        ({}, "note", {}, DataError, "too many to be classes"),
        ({}, "city", {}, DataError, "is always Here"),
        ({}, "let", {}, DataError, "only numbers and classes"),
        ({}, "rent", {"part": "number"}, DataError, "row 1 holds 'north'"),
        ({}, "rent", {"part": "date"}, DataError, "must hold dates"),
        ({}, "rent", {"let": "number"}, DataError, "must hold numbers"),
        (
            {"size": [float("inf")] * 40},
            "rent",
            {"size": "number"},
            DataError,
            "inf in",
        ),
        ({"rent": [None] * 35 + [1.0] * 5}, "rent", {}, DataError, "5 of 40 rows have"),
    ],
)
def test_tables_that_cannot_be_learnt(change, target, kinds, error, message):
    with pytest.raises(error, match=message):
        pg.data.table(flats(40) | change, target, kinds)


def test_a_table_with_nothing_to_predict_from():
    columns = {"x": ["always"] * 12, "y": ["a", "b"] * 6}
    with pytest.raises(DataError, match="x: always always"):
        pg.data.table(columns, "y")


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (3, "3"),
        (3.0, "3"),
        ("3.0", "3"),
        ("3.5", "3.5"),
        ("007", "007"),
        ("0", "0"),
        (True, "true"),
        ("FALSE", "false"),
        ("nan", "nan"),
        ("1e400", "1e400"),
        ("12345678901234567890", "12345678901234567890"),
        (None, None),
        ("1_0", "1_0"),
        ("12e3", "12e3"),
        ("-0.0", "0"),
        (1e15, "1000000000000000"),
        (1e16, "1e+16"),
    ],
)
def test_a_category_is_the_same_whoever_wrote_it(cell, text):
    assert category(cell) == text


def test_a_table_has_a_line_for_each_column_whatever_is_in_it():
    columns = {
        "two\nlines": ["one\ntwo", "x" * 500] * 10,
        "same": ["a\nb" * 30] * 20,
        "y": [0, 1] * 10,
    }
    lines = str(pg.data.table(columns, "y")).splitlines()
    assert len(lines) == 6
    assert lines[2].startswith("two lines  category")
    assert max(map(len, lines)) < 90


def test_numbers_with_a_slip_are_told(tmp_path):
    columns = {"x": [*range(40), "n.k."], "t": [f"t{i}" for i in range(41)]}
    columns["y"] = [0, 1] * 20 + [1]
    with pytest.raises(DataError, match=r"x: numbers, but also n\.k\.; .* t: text, 41"):
        pg.data.table(write(tmp_path / "a.csv", columns), "y")
    columns["z"] = [i / 8 for i in range(41)]
    found = pg.data.table(write(tmp_path / "a.csv", columns), "y")
    assert "x       ignore             numbers, but also n.k.; correct" in str(found)
    # some of the rows, or none, may be without the slip
    for rows in (found.rows(np.arange(9)), found.rows(np.arange(0))):
        assert rows.inputs[0].told().startswith("numbers, but also ...")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-12.345, "-12.35"),
        (2e-9, "2e-09"),
        (123456, "123,456"),
        (1e20, "1e+20"),
    ],
)
def test_amounts_are_short_and_without_exponents(value, text):
    assert amount(value) == text


def test_categories_are_in_the_same_order_however_they_come():
    levels = ["NAN", "10", "9", "Inf", "x", "b"]
    expected = ["9", "10", "Inf", "NAN", "b", "x"]
    assert ordered(levels) == ordered(levels[::-1]) == expected


def test_codes_that_begin_with_0_are_no_numbers(tmp_path):
    columns = {"zip": ["01067", "99084"] * 8, "y": ["a", "b"] * 8}
    (column,) = pg.data.table(write(tmp_path / "a.csv", columns), "y").inputs
    assert column.kind == "category"
    assert column.levels == ["01067", "99084"]


def test_moments_are_read_to_the_second_and_in_utc():
    zone = datetime.timezone(datetime.timedelta(hours=2))
    moments = [datetime.datetime(1970, 1, 2, 14, tzinfo=zone)] * 10
    moments += [datetime.datetime(1970, 1, 1, 2, tzinfo=zone)] * 10
    frame = polars.DataFrame({"t": moments, "y": ["a", "b"] * 10})
    (column,) = pg.data.table(frame, "y").inputs
    assert column.kind == "date"
    np.testing.assert_array_equal(column.values, [1.5] * 10 + [0.0] * 10)
    assert column.told() == "1970-01-01 .. 1970-01-02 12:00"
