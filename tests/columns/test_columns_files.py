"""Tables from every kind of file and from memory are the same table."""

import datetime
import sys

import numpy as np
import pandas
import polars
import pytest

import plaingrad as pg
from columns.tables import flats, write
from plaingrad.columns import Preparation
from plaingrad.errors import DataError, FileError, MissingExtraError, SettingError


def as_text(path, columns):
    return write(path.with_suffix(".csv"), columns)


def as_tabs(path, columns):
    return write(path.with_suffix(".tsv"), columns, "\t")


def european(path, columns):
    return write(path.with_suffix(".txt"), columns, ";", comma=True)


def as_parquet(path, columns):
    polars.DataFrame(columns).write_parquet(path.with_suffix(".parquet"))
    return path.with_suffix(".parquet")


def as_feather(path, columns):
    polars.DataFrame(columns).write_ipc(path.with_suffix(".feather"))
    return path.with_suffix(".feather")


def as_excel(path, columns):
    polars.DataFrame(columns).write_excel(path.with_suffix(".xlsx"))
    return path.with_suffix(".xlsx")


def of_polars(_, columns):
    return polars.DataFrame(columns)


def of_pandas(_, columns):
    return pandas.DataFrame(columns)


def of_pandas_columns(_, columns):
    frame = pandas.DataFrame(columns).convert_dtypes()
    return {name: frame[name] for name in frame.columns}


def of_arrays(_, columns):
    return {
        name: np.array([np.nan if v is None else v for v in values])
        if name == "size"
        else values
        for name, values in columns.items()
    }


SOURCES = [as_text, as_tabs, european, as_parquet, as_feather, as_excel]
SOURCES += [of_polars, of_pandas, of_pandas_columns, of_arrays]


@pytest.mark.parametrize("make", SOURCES)
def test_every_source_gives_the_same_table(make, tmp_path):
    columns = flats(40)
    expected = pg.data.table(columns, "rent")
    found = pg.data.table(make(tmp_path / "flats", columns), "rent")
    assert str(found) == str(expected)
    for one, other in zip(found.inputs, expected.inputs, strict=True):
        assert one.kind == other.kind
        if one.kind != "ignore":
            np.testing.assert_array_equal(one.values, other.values)
    np.testing.assert_array_equal(found.target.values, columns["rent"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has 0 columns|empty"),
        ("a,b\n", "2 columns and 0 rows"),
        ("1,2\n3,4\n", "the first row .* holds numbers and no names"),
        ("a,a\n3,4\n", "several columns have the name 'a'"),
        ("a,b\n1,2,3\n", "cannot be read as csv: found more fields"),
    ],
)
def test_text_that_is_no_table(text, message, tmp_path):
    path = tmp_path / "odd.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises((DataError, FileError), match=message):
        pg.data.table(path, "a")


def test_text_of_another_encoding(tmp_path):
    path = tmp_path / "odd.csv"
    path.write_bytes("a,b\nß,1\n".encode("latin1"))
    with pytest.raises(FileError, match="is not in UTF-8: line 2 holds"):
        pg.data.table(path, "a")


@pytest.mark.parametrize("kind", ["parquet", "feather", "xlsx"])
def test_damaged_files(kind, tmp_path):
    path = tmp_path / f"odd.{kind}"
    path.write_bytes(b"no table at all")
    with pytest.raises(FileError, match=f"cannot be read as {kind}"):
        pg.data.table(path, "a")


def test_files_that_are_not_there_or_unknown(tmp_path):
    with pytest.raises(FileError, match="there is no file"):
        pg.data.table(tmp_path / "none.csv", "a")
    path = tmp_path / "a.json"
    path.write_text("{}")
    with pytest.raises(SettingError, match=r"unknown kind of table '\.json'"):
        pg.data.table(path, "a")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ([[1, 2], [3, 4]], "got list"),
        (polars.LazyFrame({"a": [1], "b": [2]}), "got LazyFrame"),
        ({"a": [1, 2], "b": [1]}, "different lengths"),
        ({"a": [1, 2], "a ": [1, 2]}, "several columns have the name 'a'"),
        (
            pandas.DataFrame([[1, 2]], columns=["a", "a"]),
            "several columns have the name",
        ),
        ({"a": [1, "x"], "b": [1, 2]}, "'a' holds values of several kinds"),
    ],
)
def test_what_is_no_table(source, message):
    with pytest.raises(DataError, match=message):
        pg.data.table(source, "b")


def test_polars_is_an_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingExtraError, match=r'pip install "plaingrad\[table\]"'):
        pg.data.table({"a": [1]}, "a")


def test_the_reader_of_excel_is_an_extra(tmp_path, monkeypatch):
    path = as_excel(tmp_path / "flats", flats(12))
    monkeypatch.setitem(sys.modules, "fastexcel", None)
    with pytest.raises(MissingExtraError, match="An Excel file needs fastexcel"):
        pg.data.table(path, "rent")


def test_marks_spaces_and_quotes_of_text(tmp_path):
    path = tmp_path / "a.csv"
    rows = "".join(f'{i}.5,"x, {i % 2}", NA \n' for i in range(12))
    path.write_text("\ufeff n , t , e \n" + rows, encoding="utf-8")
    found = pg.data.table(path, "t")
    assert [(c.name, c.kind, c.why) for c in found.inputs] == [
        ("n", "number", ""),
        ("e", "ignore", "empty"),
    ]
    assert found.classes == ("x, 0", "x, 1")


def test_text_as_windows_and_excel_write_it(tmp_path):
    text = 'sep=;\r\n"Preis, netto";"Fläche, qm";;;y\r\n'
    text += "".join(f"{i},5;{i % 7};;x{i};{i % 2}\r\n" for i in range(30))
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        path = tmp_path / "a.csv"
        path.write_bytes(text.encode(encoding))
        found = pg.data.table(path, "y")
        assert [(c.name, c.kind, c.why) for c in found.inputs] == [
            ("Preis, netto", "number", ""),
            ("Fläche, qm", "number", ""),
            ("column 3", "ignore", "empty"),
            ("column 4", "ignore", "text"),
        ]
        np.testing.assert_array_equal(found.inputs[0].values, np.arange(30) + 0.5)


def test_commas_in_names_without_quotes(tmp_path):
    path = tmp_path / "a.csv"
    rows = "".join(f"{i / 2};{i % 7};{i % 2}\n" for i in range(12))
    path.write_text("size, in m, or so;n;y\n" + rows, encoding="utf-8")
    names = [column.name for column in pg.data.table(path, "y").inputs]
    assert names == ["size, in m, or so", "n"]


@pytest.mark.parametrize(
    ("cells", "other", "between", "expected"),
    [
        (["1.234,50", "7,25", "1.000.000,00"], "1", ";", [1234.5, 7.25, 1e6]),
        (["950", "1.234", "12.500"], "1,5", ";", [950, 1234, 12500]),
        (["950", "1.234", "12.5"], "1", ";", [950, 1.234, 12.5]),
        (["0.250", "1.234", "1.000"], "1", ";", [0.25, 1.234, 1]),
        (["1,234", "-2,500"], "1", ";", [1.234, -2.5]),
        (["1,234", "-2,500"], "1.5", "\t", [1234, -2500]),
        (['"1,234"', '"12,500.5"', "7"], "1", ",", [1234, 12500.5, 7]),
        (['"1,5"', '"2,25"'], "1", ",", [1.5, 2.25]),
        (["1e3", "2.5e-1"], "1", ",", [1000, 0.25]),
        (["1e3", "2.5e-1"], "1,5", ";", [1000, 0.25]),
    ],
)
def test_numbers_as_people_write_them(cells, other, between, expected, tmp_path):
    repeats = 12
    columns = {
        "x": cells * repeats,
        "other": [other, "2"] * (repeats * len(cells) // 2),
        "y": ["a", "b"] * (repeats * len(cells) // 2),
    }
    path = write(tmp_path / "a.txt", columns, between)
    column = pg.data.table(path, "y").inputs[0]
    assert column.kind == "number"
    np.testing.assert_array_equal(column.values, expected * repeats)


@pytest.mark.parametrize(
    "cells", [["1.2.3", "4"], ["1,2,3", "4"], ["12,3456.7", "1"], ["1.23,4", "1"]]
)
def test_text_that_is_no_number(cells, tmp_path):
    columns = {"x": cells * 10, "y": ["a", "b"] * 10}
    path = write(tmp_path / "a.txt", columns, ";")
    assert pg.data.table(path, "y").inputs[0].kind == "category"


def test_numbers_that_were_typed_as_text_in_excel(tmp_path):
    columns = {"x": [f"{i / 2}" for i in range(30)], "y": ["a", "b"] * 15}
    (column,) = pg.data.table(as_excel(tmp_path / "a", columns), "y").inputs
    assert column.kind == "number"
    np.testing.assert_array_equal(column.values, np.arange(30) / 2)


def test_categories_keep_their_text(tmp_path):
    columns = {"v": ["1.1", "1.10", "1.2"] * 10, "y": ["a", "b"] * 15}
    path = write(tmp_path / "a.csv", columns)
    table = pg.data.table(path, "y", kinds={"v": "category"})
    assert table.inputs[0].levels == ["1.1", "1.10", "1.2"]
    # in rows of numbers alone, too, and of dates alone
    mixed = {"v": ["1.10", "2024-01-01", "x"] * 10, "y": ["a", "b"] * 15}
    preparation = Preparation.fit(pg.data.table(mixed, "y"))
    for cell in ("1.10", "2024-01-01"):
        rows = preparation.read(write(tmp_path / "b.csv", {"v": [cell]}))
        assert rows["v"].tolist() == [cell]


def test_the_cell_that_is_wrong_is_named_among_decimal_commas(tmp_path):
    columns = {"x": ["1,5", "2.000,5", "big", "7"] * 5, "y": ["a", "b"] * 10}
    path = write(tmp_path / "a.csv", columns, ";")
    with pytest.raises(DataError, match="row 3 holds 'big'"):
        pg.data.table(path, "y", kinds={"x": "number"})


def test_dates_of_one_meaning_only(tmp_path):
    days = [datetime.date(2024, 1, 1 + day) for day in range(12)]
    written = {
        "iso": [f"{d:%Y-%m-%d}" for d in days],
        "slashes": [f"{d:%Y/%m/%d}" for d in days],
        "points": [f"{d:%d.%m.%Y}" for d in days],
        "chinese": [f"{d.year}年{d.month}月{d.day}日" for d in days],
        "letters": [f"{d:%d %b %Y}" for d in days],
        "dashes": [f"{d:%d-%b-%Y}" for d in days],
        "noon": [f"{d:%d.%m.%Y} 12:00" for d in days],
        "zone": [f"{d}T12:00:00Z" for d in days],
        "seconds": [f"{d:%Y/%m/%d} 12:00:00.5" for d in days],
        "american": [f"{d:%m/%d/%Y}" for d in days],
        "y": [*range(12)],
    }
    found = pg.data.table(write(tmp_path / "a.csv", written), "y")
    kinds = {column.name: column.kind for column in found.inputs}
    assert kinds.pop("american") == "category"
    assert set(kinds.values()) == {"date"}
    expected = np.array(days, dtype="datetime64[D]").astype(float)
    for column in found.inputs:
        if column.kind == "date":
            late = column.name in ("noon", "zone", "seconds")
            np.testing.assert_allclose(column.values, expected + late / 2, atol=1e-5)
