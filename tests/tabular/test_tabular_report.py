"""Reports on tables: measures, intervals and importance against other libraries."""

import base64
import re
import warnings

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk
from sklearn.datasets import load_wine
from sklearn.inspection import permutation_importance as oracle_importance

import plaingrad as pg
from columns.tables import flats
from plaingrad.draw import style
from plaingrad.errors import DataError, PlaingradError, SettingError, ShapeError
from plaingrad.raw.intervals import bootstrap, wilson
from plaingrad.raw.measures import of_classes, of_numbers
from plaingrad.raw.pages import code
from plaingrad.tabular.importance import permutation_importance


@pytest.fixture(scope="module")
def rents():
    return pg.TableModel.fit(pg.data.table(flats(200), "rent"))


@pytest.fixture(scope="module")
def wines():
    return pg.TableModel.fit(pg.data.table(load_wine(as_frame=True).frame, "target"))


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_of_a_share_is_wilsons(counts):
    expected = scipy.stats.binomtest(*counts).proportion_ci(method="wilson")
    assert wilson(*counts) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_the_interval_of_a_measure_is_that_of_scipy():
    values = np.random.RandomState(1).gamma(2, 3, 200)
    found = bootstrap(lambda rows: values[rows].mean(), 200, seed=0)
    expected = scipy.stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", rng=0
    ).confidence_interval
    spread = expected.high - expected.low
    # a percentile of 1,000 draws is itself a little uncertain
    np.testing.assert_allclose(found, expected, atol=0.1 * spread)


def test_measures_of_classes_are_those_of_scikit_learn():
    draw = np.random.RandomState(0)
    y = draw.choice(3, 150, p=[0.6, 0.3, 0.1])
    probs = draw.dirichlet([1, 1, 1], 150) + 0.5 * np.eye(3)[y]
    probs /= probs.sum(axis=1, keepdims=True)
    shares = np.bincount(y) / 150
    found = {one.name: one for one in of_classes(y, probs, shares, seed=0)}
    labels = probs.argmax(axis=1)
    assert found["accuracy"].value == sk.accuracy_score(y, labels)
    balanced = sk.balanced_accuracy_score(y, labels)
    assert found["balanced"].value == pytest.approx(balanced)
    assert found["log_loss"].value == pytest.approx(sk.log_loss(y, probs))
    plain = np.repeat(shares[None], 150, axis=0)
    assert found["log_loss"].plain == pytest.approx(sk.log_loss(y, plain))
    most = np.full(150, shares.argmax())
    assert found["accuracy"].plain == sk.accuracy_score(y, most)
    assert found["balanced"].plain == pytest.approx(sk.balanced_accuracy_score(y, most))
    for one in found.values():
        assert one.interval[0] < one.value < one.interval[1]


def test_measures_of_numbers_are_those_of_scikit_learn():
    draw = np.random.RandomState(0)
    y = draw.normal(3, 2, 80)
    guess = y + draw.normal(0, 1, 80)
    found = {one.name: one for one in of_numbers(y, guess, 2.5, seed=0)}
    for name, measure in {
        "r2": sk.r2_score,
        "rmse": sk.root_mean_squared_error,
        "mae": sk.mean_absolute_error,
    }.items():
        assert found[name].value == pytest.approx(measure(y, guess))
        assert found[name].plain == pytest.approx(measure(y, np.full(80, 2.5)))
        assert found[name].interval[0] < found[name].value < found[name].interval[1]


def test_importance_is_that_of_scikit_learn():
    draw = np.random.RandomState(0)
    X = draw.normal(size=(60, 3))
    y = X @ [3.0, 1.0, 0.0] + draw.normal(size=60)

    class Known:
        def fit(self, X, y):
            return self

        def score(self, X, y):
            return sk.r2_score(y, X @ [3.0, 1.0, 0.0])

    expected = oracle_importance(Known(), X, y, n_repeats=10, random_state=7)
    # scikit-learn draws the seed of its shuffles from the seed that it is given
    seed = int(np.random.RandomState(7).randint(np.iinfo(np.int32).max + 1))

    places = {name: slice(i, i + 1) for i, name in enumerate("abc")}
    found = permutation_importance(
        lambda shuffled: Known().score(shuffled, y), X, places, seed
    )
    means, deviations = zip(*found.values(), strict=True)
    np.testing.assert_allclose(means, expected.importances_mean, rtol=1e-12)
    np.testing.assert_allclose(deviations, expected.importances_std, rtol=1e-9)
    assert found["c"] == (0, 0)


def test_the_features_of_a_column_are_shuffled_together(rents):
    preparation, network, test = rents.preparation, rents.network, rents.parts.test
    X, y = preparation(test)
    assert X[:, preparation.places["part"]].sum() == len(test)
    for one in preparation.inputs:
        names = preparation.features[preparation.places[one.name]]
        assert names == one.features
    # by hand, one shuffle of the raw cells
    order = np.arange(len(test))
    np.random.RandomState(0).shuffle(order)
    cells = {column.name: column.values for column in test.inputs}
    cells["part"] = cells["part"][order]
    expected = network.score(preparation.samples(cells), y)
    scores = []

    def score(samples):
        scores.append(network.score(samples, y))
        return scores[-1]

    permutation_importance(score, X, {"part": preparation.places["part"]}, seed=0)
    assert scores[1] == expected


def test_what_the_target_was_made_of_is_important(rents):
    found = rents.report().importance
    assert next(iter(found)) == "size"
    assert found["size"][0] > found["part"][0] > 0.02
    assert set(found) == {"part", "size", "balcony", "let"}


def test_of_many_rows_some_are_shuffled(rents, monkeypatch):
    counts = []
    predict = pg.Network.predict

    def counted(network, X):
        counts.append(len(X))
        return predict(network, X)

    monkeypatch.setattr(pg.Network, "predict", counted)
    monkeypatch.setattr("plaingrad.tabular.report.MOST_ROWS", 15)
    found = rents.report()
    assert (found.judged, found.shuffled) == (40, 15)
    assert "are shuffled among 15 rows" in " ".join(found.text().split())
    assert counts == [15] * 41 + [40]


def test_of_many_columns_fewer_rows_are_shuffled_and_some_are_shown():
    draw = np.random.RandomState(0)
    columns = {f"c{i}": draw.normal(size=2_000) for i in range(120)}
    columns["y"] = columns["c77"] + draw.normal(size=2_000)
    table = pg.data.table(columns, "y")
    lines = str(table).splitlines()
    assert len(lines) == 105
    assert lines[102:104] == [
        "... 20 more, in table.inputs",
        next(line for line in lines if line.startswith("y ")),
    ]
    model = pg.TableModel.fit(table, epochs=3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("plaingrad.tabular.report.MOST_CELLS", 300 * 120 * 120)
        found = model.report()
    assert found.shuffled == 300
    assert next(iter(found.importance)) == "c77"
    text = found.text()
    assert "70 more columns are less important than these." in text
    assert "70 more columns are not shown." in text
    assert sum(line.startswith("c") for line in text.splitlines()) < 110


def test_a_report_is_of_the_rows_that_were_held_back(wines):
    found = wines.report()
    assert (found.seen, found.judged) == ((107, 36), 35)
    test = wines.parts.test
    assert found.measures[0].value == pytest.approx(wines.score(test))
    matrix = np.array(found.confusion)
    labels = [str(label) for label in load_wine().target]
    assert matrix.sum() == 35
    assert matrix.sum(axis=1).tolist() == [
        sum(test.target.values == label) for label in sorted(set(labels))
    ]


def test_the_errors_are_in_the_units_of_the_column(rents):
    found, test = rents.report(), rents.parts.test
    preparation = rents.preparation
    X, _ = preparation(test)
    guess = preparation.target.decode(rents.network.predict(X))
    missed = np.percentile(test.target.values - guess, (5, 25, 50, 75, 95))
    np.testing.assert_allclose(found.errors, missed, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("unit", "shown"), [(1e-7, "e-"), (1.0, ""), (300.0, ",")])
def test_errors_can_be_read_in_any_unit(unit, shown):
    columns = flats(80)
    columns["rent"] = [unit * rent for rent in columns["rent"]]
    found = pg.TableModel.fit(pg.data.table(columns, "rent"), epochs=20).report()
    rows = [re.split(r"\s{2,}", line) for line in found.text().splitlines()]
    cells = {row[0]: row for row in rows if row[0] in ("RMSE", "MAE")}
    for one in found.measures[1:]:
        for cell in cells[one.name.upper()][1:]:
            assert shown in cell
        value = float(cells[one.name.upper()][1].replace(",", ""))
        assert value == pytest.approx(one.value, rel=1e-3)


def test_a_report_on_other_rows_says_so(rents):
    other = pg.data.table(flats(50, seed=9), "rent")
    found = rents.report(other)
    assert (found.seen, found.judged) == (None, 50)
    assert "50 rows that were given for this report" in " ".join(found.text().split())


@pytest.mark.parametrize("change", ["constant", "counts", "text", "missing"])
def test_columns_of_other_rows_count_as_what_they_were_in_training(rents, change):
    columns = flats(60, seed=9)
    if change == "constant":  # of kind "ignore" in that table
        columns |= {"size": [50] * 60, "part": ["south"] * 60}
    elif change == "counts":
        columns |= {"size": [*range(20, 80)]}
    elif change == "text":
        columns |= {"size": [str(size) for size in columns["size"]]}
        columns["size"] = [size.replace("None", "?") for size in columns["size"]]
    else:
        del columns["size"]
        with pytest.warns(pg.RowsWarning, match="no column 'size'"):
            found = rents.report(pg.data.table(columns, "rent"))
    if change != "missing":
        found = rents.report(pg.data.table(columns, "rent"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pg.RowsWarning)
        guess = rents.predict(columns)
    assert found.measures[0].value == pytest.approx(sk.r2_score(columns["rent"], guess))


def test_targets_of_other_rows_are_what_they_were_in_training(rents, wines):
    columns = flats(60, seed=9) | {"rent": [500, 600] * 30}
    assert pg.data.table(columns, "rent").classes
    found = rents.report(pg.data.table(columns, "rent"))
    assert [one.name for one in found.measures] == ["r2", "rmse", "mae"]
    frame = load_wine(as_frame=True).frame
    as_numbers = pg.data.table(frame, "target", kinds={"target": "number"})
    assert wines.score(as_numbers) == wines.score(pg.data.table(frame, "target"))
    columns["size"] = columns["let"]
    with pytest.raises(DataError, match="holds dates, and was a number in training"):
        rents.report(pg.data.table(columns, "rent"))


def test_a_loaded_model_needs_rows(rents, tmp_path):
    again = pg.TableModel.load(rents.save(tmp_path / "m.safetensors"))
    with pytest.raises(PlaingradError, match="holds no rows to judge it by"):
        again.report()
    found = again.report(rents.parts.test)
    assert set(found.pictures) == {"residuals.png"}
    assert found.measures == rents.report().measures


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", ["rents", "wines"])
def test_a_report_in_every_form(name, lang, request, tmp_path):
    found = request.getfixturevalue(name).report(lang=lang)
    picture = "residuals.png" if name == "rents" else "confusion.png"
    assert set(found.pictures) == {"costs.png", picture}
    page = found.save(tmp_path / "report.html").read_text(encoding="utf-8")
    inside = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    assert {base64.b64decode(one) for one in inside} == set(found.pictures.values())
    assert "http" not in page
    assert {path.name for path in tmp_path.iterdir()} == {"report.html"}
    text = found.save(tmp_path / "report.md").read_text(encoding="utf-8")
    for shown in re.findall(r"!\[.*\]\((.*)\)", text):
        assert (tmp_path / shown).read_bytes() == found.pictures[shown]
    plain = found.save(tmp_path / "report.txt").read_text(encoding="utf-8")
    assert "`" not in plain
    assert "![" not in plain
    assert len([line for line in text.splitlines() if line.startswith("## ")]) == 5


def test_languages_have_the_same_numbers(wines):
    found = wines.report()
    numbers = [
        [cell for cell in re.findall(r"\d[\d.%]*", line) if "|" in line]
        for lang in ("en", "zh")
        for line in found.markdown(lang).splitlines()
        if line.startswith("| ")
    ]
    half = len(numbers) // 2
    assert numbers[:half] == numbers[half:]


def test_many_classes_are_told_by_the_most_frequent_mistakes():
    draw = np.random.RandomState(0)
    kinds = [f"kind {i % 15:02}" for i in range(300)]
    columns = {"x": draw.normal(size=300), "y": kinds}
    found = pg.TableModel.fit(pg.data.table(columns, "y"), epochs=2).report()
    assert "true class | predicted as | rows" in found.markdown()
    wrong = np.array(found.confusion)
    np.fill_diagonal(wrong, 0)
    shown = [int(n) for n in re.findall(r"`kind \d+` \| (\d+) \|", found.markdown())]
    assert shown[:10] == sorted(wrong.ravel(), reverse=True)[:10]


def test_names_cannot_break_a_report():
    assert code("a | b `c`\n*d* $e$") == "`a / b 'c' *d* $e$`"
    assert code("") == ""
    columns = {"a|b": [0.5, 1.5] * 20, "<y>": ["`<i>`", "$|$"] * 20}
    found = pg.TableModel.fit(pg.data.table(columns, "<y>"), epochs=1).report()
    assert "<i>" not in found.html()
    rows = [line for line in found.markdown().splitlines() if "| `a/b`" in line]
    assert len(rows) == 2
    assert [row.count("|") for row in rows] == [4, 5]


def test_a_report_without_matplotlib_has_no_pictures(wines, monkeypatch):
    def missing(_):
        raise pg.errors.missing_extra("matplotlib", "draw", "Drawing")

    monkeypatch.setattr(style, "library", missing)
    found = wines.report()
    assert found.pictures == {}
    assert "![" not in found.markdown()


def test_an_unknown_language(wines):
    with pytest.raises(SettingError, match="unknown language"):
        wines.report(lang="fr").text()


def test_residuals_are_drawn_over_the_predictions():
    ax = pg.draw.residuals([1.0, 2.0, 4.0], [1.5, 2.0, 3.0])
    (points,) = ax.collections
    np.testing.assert_array_equal(points.get_offsets(), [[1.5, -0.5], [2, 0], [3, 1]])
    with pytest.raises(ShapeError, match="of the same n"):
        pg.draw.residuals([1.0], [[1.0]])
    with pytest.raises(DataError, match="finite"):
        pg.draw.residuals([np.nan], [1.0])
