"""The folder of a run."""

import json
import runpy

import numpy as np
import pytest
from matplotlib import pyplot

import plaingrad as pg
import zoo
from plaingrad.commands.run_folder import write_longhand, write_picture, write_run
from plaingrad.errors import FileError, MissingExtraError


def run_script(net, folder, monkeypatch):
    """Write the script of a network, run it, and return its values."""
    for _ in write_longhand(folder, net):
        pass
    monkeypatch.chdir(folder)
    values = runpy.run_path("longhand.py")
    values["data"].close()
    return values


def trained(**settings):
    X, y = zoo.blobs(30, 2)
    net = pg.Sequential(pg.Linear(5), pg.ReLU(), pg.Linear(3))
    net.fit(X, y, **{"epochs": 3, **settings})
    return net, (X, y)


def test_a_run_is_written_file_by_file(tmp_path):
    net, test = trained(validation=0.2)
    folder = tmp_path / "deep" / "run"
    told = dict(write_run(folder, net, test, {"task": "blobs", "test": {"loss": 1.5}}))
    assert set(told) == {path.name for path in folder.iterdir()}
    assert list(told)[:4] == [
        "model.safetensors",
        "history.json",
        "data.npz",
        "longhand.py",
    ]
    assert set(told) >= {"costs.png", "confusion.png", "regions.png"}
    history = json.loads((folder / "history.json").read_text())
    assert (history.pop("task"), history.pop("test")) == ("blobs", {"loss": 1.5})
    assert pg.History(**history) == net.history
    again = pg.load(folder / "model.safetensors")
    np.testing.assert_array_equal(again.predict(test[0]), net.predict(test[0]))
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize(
    "name",
    ["line", "dropout", "early", "weighted", "masked", "plateau", "binary", "pooling"],
)
def test_the_script_and_its_data_train_to_the_same_weights(name, tmp_path, monkeypatch):
    animal = zoo.ZOO[zoo.NAMES.index(name)]
    net = animal.fit()
    values = run_script(net, tmp_path, monkeypatch)
    for key, value in net.params.items():
        np.testing.assert_allclose(values[key], value, rtol=1e-4, atol=1e-5)


def test_a_warm_start_is_in_the_script(tmp_path, monkeypatch):
    net, (X, y) = trained()
    net.fit(X, y, epochs=2, warm_start=True)
    values = run_script(net, tmp_path, monkeypatch)
    for key, value in net.params.items():
        np.testing.assert_allclose(values[key], value, rtol=1e-4, atol=1e-5)


def test_a_regression_has_no_confusion(tmp_path):
    X, y = zoo.line()
    net = pg.Sequential(pg.Linear(1))
    net.fit(X, y, epochs=2)
    told = dict(write_run(tmp_path, net, (X, y), {}))
    assert set(told) == {
        "model.safetensors",
        "history.json",
        "data.npz",
        "longhand.py",
        "costs.png",
    }


def test_only_mistakes_are_shown(tmp_path):
    X, y = zoo.images(20)
    net = pg.Sequential(pg.Flatten(), pg.Linear(2))
    net.fit(X, y, epochs=100, optimizer=pg.Adam(0.1), batch_size=None)
    assert net.score(X, y) == 1
    assert "mistakes.png" not in dict(write_run(tmp_path, net, (X, y), {}))
    assert "mistakes.png" in dict(write_run(tmp_path, net, (X, 1 - y), {}))
    assert "mistakes.png" not in dict(write_run(tmp_path, net, (X, y), {}))
    assert not (tmp_path / "mistakes.png").exists()


def test_without_matplotlib_all_but_the_pictures_is_written(tmp_path, monkeypatch):
    net, test = trained()
    (tmp_path / "costs.png").write_bytes(b"of an earlier run")

    def missing(*args):
        raise MissingExtraError("Drawing needs matplotlib")

    monkeypatch.setattr("plaingrad.draw.cost_curves", missing)
    told = dict(write_run(tmp_path, net, test, {}))
    assert told["no pictures"] == "Drawing needs matplotlib"
    assert (tmp_path / "longhand.py").is_file()
    assert not (tmp_path / "costs.png").exists()


def test_a_training_that_never_began_has_no_costs(tmp_path):
    class Interrupts(pg.Callback):
        def on_batch_end(self, history):
            history.batch_loss.clear()
            raise KeyboardInterrupt

    with pytest.warns(UserWarning, match="interrupted"):
        net, test = trained(callbacks=[Interrupts()])
    assert "costs.png" not in dict(write_run(tmp_path, net, test, {}))


def test_a_folder_that_cannot_be_made(tmp_path):
    net, test = trained()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileError, match="cannot make the folder"):
        list(write_run(tmp_path / "file" / "run", net, test, {}))


def test_pictures_take_the_format_of_their_name(tmp_path):
    for name, start in [("a.png", b"\x89PNG"), ("a.svg", b"<?xml"), ("a", b"\x89PNG")]:
        axes = pyplot.subplots()[1]
        path = write_picture(tmp_path / name, axes)
        assert path.read_bytes().startswith(start)
    assert pyplot.get_fignums() == []
