"""Networks on tables: trained, used on raw rows, saved and loaded."""

import copy
import pickle

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_wine
from sklearn.linear_model import Ridge

import plaingrad as pg
from columns.tables import flats, write
from plaingrad.errors import FileError, PlaingradError
from plaingrad.model import KEY
from plaingrad.tabular.model import in_parts


@pytest.fixture(scope="module")
def rents():
    table = pg.data.table(flats(400), "rent")
    return pg.TableModel.fit(table), table


@pytest.fixture(scope="module")
def wines():
    table = pg.data.table(load_wine(as_frame=True).frame, "target")
    return pg.TableModel.fit(table), table


def test_a_quantity_is_predicted_in_its_own_units(rents):
    model, table = rents
    found = model.predict(flats(400))
    error = found - table.target.values
    assert np.sqrt((error**2).mean()) < 0.3 * table.target.values.std()
    assert model.score(model.parts.test) > 0.9
    assert model.classes == []


def test_classes_are_predicted_as_they_are_written(wines):
    model, _ = wines
    frame = load_wine(as_frame=True).frame
    found = model.predict(frame)
    assert found.dtype.kind == "i"
    assert (found == frame["target"]).mean() > 0.95
    probs = model.predict_proba(frame.drop(columns="target"))
    assert model.classes == [0, 1, 2]
    np.testing.assert_array_equal(np.array(model.classes)[probs.argmax(axis=1)], found)
    assert model.score(model.parts.test) > 0.9


def test_it_is_as_good_as_a_linear_model_where_that_is_right():
    frame = load_diabetes(as_frame=True).frame
    model = pg.TableModel.fit(pg.data.table(frame, "target"))
    parts = model.parts
    (X, y), (X_test, y_test) = (
        (np.stack([c.values for c in part.inputs], axis=1), part.target.values)
        for part in (parts.train, parts.test)
    )
    oracle = Ridge(0.1).fit(X, y).score(X_test, y_test)
    assert model.score(parts.test) > oracle - 0.1


def test_parts_hold_every_row_once_and_the_shares_of_the_classes(wines):
    parts = in_parts(wines[1], seed=3)
    rows = [len(parts.train), len(parts.validation), len(parts.test)]
    assert sum(rows) == 178
    assert np.abs(np.array(rows) - [106.8, 35.6, 35.6]).max() < 1
    whole = np.concatenate([part.inputs[0].values for part in vars(parts).values()])
    np.testing.assert_array_equal(np.sort(whole), np.sort(wines[1].inputs[0].values))
    for label, count in (("0", 59), ("1", 71), ("2", 48)):
        assert abs((parts.test.target.values == label).sum() - count / 5) <= 1


def test_nothing_is_learnt_from_rows_that_are_held_back():
    columns = flats(100)
    first = pg.TableModel.fit(pg.data.table(columns, "rent"), epochs=2)
    kept = first.parts.test.inputs[0].values
    held = {int(row) for row in kept}
    changed = [
        size if number not in held or size is None else 1000 * size
        for number, size in zip(columns["number"], columns["size"], strict=True)
    ]
    table = pg.data.table(columns | {"size": changed}, "rent")
    second = pg.TableModel.fit(table, epochs=2)
    assert second.preparation == first.preparation
    for name, value in first.network.params.items():
        np.testing.assert_array_equal(second.network.params[name], value)


def test_the_same_seed_gives_the_same_model(rents):
    again = pg.TableModel.fit(rents[1])
    other = pg.TableModel.fit(rents[1], seed=1)
    rows = flats(20)
    np.testing.assert_array_equal(again.predict(rows), rents[0].predict(rows))
    assert (other.predict(rows) != rents[0].predict(rows)).all()


def test_a_network_and_settings_of_ones_own(wines):
    net = pg.Sequential(pg.Linear(5), pg.Tanh(), pg.Linear(wines[1].outputs))
    settings = {"optimizer": pg.SGD(0.1), "epochs": 3, "validation": 0}
    model = pg.TableModel.fit(wines[1], net, seed=2, **settings)
    assert model.network is net
    assert net.history.epochs == 3
    assert net.history.val_loss == []


def test_a_pickled_model_is_the_same(rents):
    again = pickle.loads(pickle.dumps(rents[0]))
    np.testing.assert_array_equal(again.predict(flats(9)), rents[0].predict(flats(9)))
    assert again.report().markdown() == rents[0].report().markdown()


def test_what_is_saved_during_training_is_a_model_for_tables(rents, tmp_path):
    net = pg.Sequential(pg.Linear(4), pg.Tanh(), pg.Linear(1))
    best = pg.callbacks.SaveBest(net, tmp_path / "best.safetensors")
    model = pg.TableModel.fit(rents[1], net, epochs=3, callbacks=[best])
    again = pg.TableModel.load(tmp_path / "best.safetensors")
    assert again.preparation == model.preparation
    np.testing.assert_array_equal(again.predict(flats(9)), model.predict(flats(9)))


def test_a_model_file_keeps_all_of_it(rents, tmp_path):
    model = rents[0]
    again = pg.TableModel.load(model.save(tmp_path / "m.safetensors"))
    assert again.preparation == model.preparation
    path = write(tmp_path / "new.csv", flats(30, seed=5))
    np.testing.assert_array_equal(again.predict(path), model.predict(path))
    # a network that is loaded, trained on and saved, is still that of the table
    net = pg.load(tmp_path / "m.safetensors")
    net.partial_fit(*net.preparation(rents[1]))
    net.save(tmp_path / "on.safetensors")
    further = pg.TableModel.load(tmp_path / "on.safetensors")
    assert further.preparation == model.preparation
    assert (further.predict(path) != model.predict(path)).any()


def test_classes_and_dates_are_kept_in_files(tmp_path):
    table = pg.data.table(flats(100), "part")
    model = pg.TableModel.fit(table, epochs=2)
    again = pg.TableModel.load(model.save(tmp_path / "m.safetensors"))
    assert again.classes == ["north", "old town", "south"]
    np.testing.assert_array_equal(again.predict(flats(9)), model.predict(flats(9)))


def test_other_data_end_the_preparation(rents):
    net = copy.deepcopy(rents[0].network)
    assert net.preparation == rents[0].preparation
    X, y = net.preparation(rents[1])
    net.fit(X, y, epochs=1, warm_start=True)
    assert net.preparation is not None
    net.fit(X, y, epochs=1)
    assert net.preparation is None
    with pytest.raises(PlaingradError, match="was not trained on a table"):
        pg.TableModel(net)


def test_a_file_without_a_table(tmp_path):
    net = pg.Sequential(pg.Linear(1)).build((3,))
    net.save(tmp_path / "m.safetensors")
    with pytest.raises(
        FileError, match=r"not trained on a table\. Read it with pg.load"
    ):
        pg.TableModel.load(tmp_path / "m.safetensors")


def test_a_table_that_does_not_fit_its_network(rents, tmp_path):
    net = pg.Sequential(pg.Linear(1)).build((3,))
    net.preparation = rents[0].preparation
    path = net.save(tmp_path / "m.safetensors")
    with pytest.raises(FileError, match="other samples than its network takes"):
        pg.load(path)


def test_a_changed_preparation_is_noticed(rents, tmp_path):
    path = rents[0].save(tmp_path / "m.safetensors")
    data = path.read_bytes()
    assert KEY.encode() in data
    assert b"old town" in data
    path.write_bytes(data.replace(b"old town", b"new town"))
    with pytest.raises(FileError, match="contents are not what was written"):
        pg.TableModel.load(path)
