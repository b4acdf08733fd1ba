"""Which columns tell the target almost by themselves."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.metrics import r2_score
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsRegressor

import plaingrad as pg
from columns.tables import flats
from plaingrad.columns.table import Column
from plaingrad.columns.telling import told


def column(values, kind="number"):
    dtype = float if kind in ("number", "date") else object
    return Column("c", kind, np.array(values, dtype=dtype))


draw = np.random.RandomState(0)
X = draw.normal(size=200)
LEAKS = {
    "a multiple": (12 * X, X),
    "a curve": (np.exp(X), X),
    "rounded": (X.round(1), X),
    "with gaps": (np.where(draw.random_sample(200) < 0.3, np.nan, X), X),
    "up and down": (X, np.sin(3 * X)),
}
HONEST = {
    "noise": (draw.normal(size=200), X),
    "a part of it": (X + draw.normal(size=200), X),
    "mostly missing": (np.where(np.arange(200) < 120, np.nan, X), X),
    "few rows": (X[:30], X[:30]),
    "always the same": (np.ones(200), X),
}


@pytest.mark.parametrize("name", LEAKS)
def test_what_was_made_of_a_number_tells_it(name):
    made, target = LEAKS[name]
    assert told(column(made), column(target)) > 0.97
    assert told(column(made, "date"), column(target)) > 0.97


@pytest.mark.parametrize("name", HONEST)
def test_what_was_not_does_not(name):
    made, target = HONEST[name]
    assert told(column(made), column(target)) < 0.8


def test_neighbours_are_those_of_scikit_learn():
    # evenly spaced, so that the two nearest are one on each side
    x, y = np.arange(60.0), np.sin(np.arange(60) / 9) + draw.normal(0, 0.3, 60)
    guess = cross_val_predict(KNeighborsRegressor(2), x[:, None], y, cv=LeaveOneOut())
    guess[[0, -1]] = y[[1, -2]]
    order = draw.permutation(60)
    found = told(column(x[order]), column(y[order]))
    assert found == pytest.approx(r2_score(y, guess))


def test_classes_and_categories():
    y = np.array(["no", "yes"])[(X > 1).astype(int)]
    classes = column(y, "category")
    assert told(column(X), classes) > 0.9
    assert told(column(np.where(y == "yes", "paid", "open"), "category"), classes) == 1
    assert told(column(y[::-1], "category"), classes) < 0.3
    # a name for each row tells nothing of others
    names = column([f"n{i}" for i in range(200)], "category")
    assert told(names, classes) == pytest.approx(0)
    assert abs(told(names, column(X))) < 0.02
    only = column(["same"] * 200, "category")
    assert told(column(X), only) == 0


def test_a_table_and_its_report_tell_of_it():
    columns = flats(200)
    columns["in cents"] = [100 * rent + 7 for rent in columns["rent"]]
    table = pg.data.table(columns, "rent")
    assert table.telling == ("in cents",)
    assert "Enough to tell rent, almost: in cents. Where" in str(table)
    report = pg.TableModel.fit(table, epochs=1).report()
    assert "*Look at* `in cents`" in report.markdown()
    assert "*请检查* `in cents`" in report.markdown("zh")
    assert (
        "Look at"
        not in pg.TableModel.fit(
            pg.data.table(columns, "rent", kinds={"in cents": "ignore"}), epochs=1
        )
        .report()
        .markdown()
    )
    assert pg.data.table(load_iris(as_frame=True).frame, "target").telling == ()


def test_of_many_such_columns_the_first_are_named():
    columns = {f"c{i}": X * (i + 2) for i in range(12)} | {"y": X}
    note = pg.data.table(columns, "y").notes[-1]
    assert "c8, c9, ...." in note
    assert "c10" not in note


def test_of_a_large_table_some_rows_are_enough():
    made = draw.normal(size=50_000)
    columns = {"x": made, "z": draw.normal(size=50_000), "y": 2 * made}
    assert pg.data.table(columns, "y").telling == ("x",)
