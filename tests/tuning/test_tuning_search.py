"""Searches: what they find, keep, and go on with."""

import csv
import errno
import io
import json
import os
import runpy
import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest

import plaingrad as pg
import zoo
from plaingrad import choices
from plaingrad.errors import (
    DataError,
    FileError,
    MissingExtraError,
    PlaingradError,
    SettingError,
)
from plaingrad.files import alone_in
from plaingrad.train import abreast as side
from plaingrad.train.tally import Tally
from plaingrad.tuning import trials
from plaingrad.tuning.study import FILE, Study

pytest.importorskip("optuna")
ONE = {"layers": 1, "width": 8, "dropout": 0.0, "batch_size": 16, "optimizer": "sgd"}
"""One program for all trials, so that it is compiled once."""
USUAL = {**ONE, "l2": 0.0, "epochs": 6, "early_stopping": None, "parallel": 1}


def search(trials=8, **settings):
    X, y = zoo.blobs(90)
    left_out = {
        "network": ("layers", "width", "dropout"),
        "hidden": ("layers", "width"),
    }
    for name in set(settings) & set(left_out):
        settings = {**dict.fromkeys(left_out[name]), **settings}
    return pg.search(X, y, trials=trials, **{**USUAL, **settings})


def tried(found):
    return [(t.number, t.settings, t.outcome, t.value, t.epochs) for t in found.trials]


def test_a_planted_optimum_is_found():
    found = search(25, lr=(1e-7, 10.0), monitor="val_loss", epochs=15)
    first, best = found.trials[0], found.best
    assert best.value < first.value
    assert 1e-2 < best.settings["lr"] <= 10
    late = [t.settings["lr"] for t in found.trials[15:]]
    assert np.median(late) > 1e-2
    assert list(found.importance) == ["lr"]


def test_the_best_network_is_that_of_its_trial():
    found = search(6, early_stopping=2, dropout=(0.1, 0.3))
    history = found.network.history
    kept = (history.best_epoch or history.epochs) - 1
    assert history.val_score[kept] == found.best.value
    assert found.monitor == "val_accuracy"
    assert found.best.value == max(t.value for t in found.done)
    layers = repr(found.network)
    assert layers == (
        f"Sequential(Linear(8), ReLU(), Dropout({found.best.settings['dropout']}), "
        f"Linear(3))"
    )


def test_python_that_is_shown_trains_the_same(tmp_path):
    X, y = zoo.blobs(90)
    held = zoo.blobs(30)
    for validation in (0.25, held):
        found = search(3, validation=validation, early_stopping=pg.EarlyStopping(3))
        code = tmp_path / "again.py"
        code.write_text(found.python())
        values = {"X": X, "y": y, "X_val": held[0], "y_val": held[1]}
        again = runpy.run_path(str(code), values)["net"]
        for name, value in found.network.params.items():
            np.testing.assert_array_equal(again.params[name], value)


class Doubled(pg.Layer):
    def forward(self, x):
        return 2 * x


def squares(pred, y):
    return (pred - y) ** 2


def test_python_names_what_is_ones_own():
    X, y = zoo.line(40)
    net = pg.Sequential(pg.Linear(1), Doubled())
    given = {"batch_size": 16, "optimizer": "sgd", "lr": 1e-4, "epochs": 2}
    found = pg.search(X, y, network=net, loss=squares, trials=1, **given)
    text = found.python()
    assert text.splitlines()[0] == "from plaingrad import Linear, SGD, Sequential"
    names = {"X": X, "y": y, "Doubled": Doubled, "squares": squares}
    exec(text, names)
    for name, value in found.network.params.items():
        np.testing.assert_array_equal(names["net"].params[name], value)


def test_fixed_and_narrowed_settings_are_respected():
    found = search(
        8,
        hidden=(5, 4),
        optimizer=["adam", "rmsprop"],
        lr=(1e-3, 2e-3),
        l2=1e-4,
        batch_size=[8, 32],
    )
    for trial in found.trials:
        assert 1e-3 <= trial.settings["lr"] <= 2e-3
        assert trial.settings["l2"] == 1e-4
        assert trial.settings["batch_size"] in (8, 32)
        assert trial.settings["optimizer"] in ("adam", "rmsprop")
        assert "width" not in trial.settings
    assert list(found.space) == ["dropout", "optimizer", "lr", "l2", "batch_size"]
    assert "Linear(5), ReLU(), Linear(4), ReLU()" in repr(found.network)
    assert set(found.searched()) <= {"optimizer", "lr", "batch_size"}


def test_a_network_of_ones_own():
    net = pg.Sequential(pg.Linear(4), pg.Tanh(), pg.Linear(3))
    found = search(3, network=net, lr=(0.01, 0.1))
    assert repr(found.network) == repr(net)
    assert not net.params
    assert list(found.best.settings) == ["optimizer", "lr", "batch_size", "l2"]

    def make(choose):
        kinds = {"tanh": pg.Tanh(), "relu": pg.ReLU()}
        act = kinds[choose("act", ["tanh", "relu"])]
        units = choose("units", (3, 6), by_factors=True)
        return pg.Sequential(pg.Linear(units), act, pg.Linear(3))

    found = search(4, network=make)
    assert f"Linear({found.best.settings['units']})" in repr(found.network)
    assert {t.settings["act"] for t in found.trials} <= {"tanh", "relu"}
    assert "units" in found.by_factors


def test_full_batch_optimisers_have_no_rate_and_no_dropout():
    left_out = dict.fromkeys(("lr", "batch_size", "dropout"))
    found = search(3, optimizer="lbfgs", epochs=5, **left_out)
    assert [t.outcome for t in found.trials] == ["done"] * 3
    for trial in found.trials:
        assert [*trial.settings] == ["optimizer", "layers", "width", "l2"]
    assert "optimizer=LBFGS()" in found.python()


# Going on.


def test_the_same_search_tries_the_same():
    one, other = search(14, lr=(1e-4, 1.0)), search(14, lr=(1e-4, 1.0))
    assert tried(one) == tried(other)
    assert tried(search(4, seed=1)) != tried(one)[:4]


@pytest.mark.parametrize("done", [3, 12])
def test_a_search_that_was_ended_goes_on_as_if_it_had_not_been(done, tmp_path):
    settings = {"lr": (1e-4, 1.0), "dropout": (0.1, 0.4)}
    whole = search(15, **settings)
    first = search(done, checkpoint=tmp_path, **settings)
    assert tried(first) == tried(whole)[:done]
    assert tried(search(15, resume=tmp_path, **settings)) == tried(whole)
    assert tried(search(15, resume=tmp_path, **settings)) == tried(whole)


def test_a_trial_under_way_at_a_crash_is_tried_again(tmp_path):
    settings = {"lr": (1e-4, 1.0)}
    whole = search(15, **settings)
    search(13, checkpoint=tmp_path, **settings)
    path = tmp_path / FILE
    lines = path.read_bytes().splitlines(keepends=True)
    # each line is one thing that was done; the crash may come after any of them
    for cut in range(len(lines) - 9, len(lines)):
        path.write_bytes(b"".join(lines[:cut]) + lines[cut][: len(lines[cut]) // 2])
        assert tried(search(15, resume=tmp_path, **settings)) == tried(whole)


def test_what_cannot_be_gone_on_with(tmp_path):
    with pytest.raises(FileError, match="there is no search in"):
        search(resume=tmp_path / "none")
    assert not (tmp_path / "none").exists()
    search(2, checkpoint=tmp_path)
    with pytest.raises(FileError, match=r"holds a search\. Go on with it by resume"):
        search(checkpoint=tmp_path)
    for more, told in [
        ({"lr": 0.1}, "another lr: 0.0001..0.1, and not 0.1"),
        ({"epochs": 7}, "another epochs: 6, and not 7"),
        ({"seed": 2}, "another seed: 0, and not 2"),
        ({"validation": 0.3}, "another data"),
        ({"monitor": "val_loss"}, "another monitor"),
    ]:
        with pytest.raises(SettingError, match=told):
            search(resume=tmp_path, **more)
    with alone_in(tmp_path), pytest.raises(FileError, match="at this moment"):
        search(resume=tmp_path)
    (tmp_path / FILE).write_text("no journal\n{}\n")
    with pytest.raises(FileError, match="damaged"):
        search(resume=tmp_path)


def test_a_full_disk_ends_a_search_that_can_go_on(tmp_path, monkeypatch):
    whole = search(6)
    with monkeypatch.context() as patch:
        patch.setattr(Study, "tell", full(Study.tell, after=3))
        with pytest.raises(FileError, match="No space left on device"):
            search(6, checkpoint=tmp_path)
    assert tried(search(6, resume=tmp_path)) == tried(whole)


def full(real, after):
    """Let the disk be full when something was done so many times."""
    done = []

    def tell(*args):
        done.append(1)
        if len(done) > after:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(*args)

    return tell


# Failures.


def test_what_diverges_is_noted_and_learnt_from():
    found = search(20, lr=(1e-3, 1e9), monitor="val_loss")
    bad = [t for t in found.trials if t.outcome == "diverged"]
    assert bad
    assert all(t.value is None for t in bad)
    assert found.best.settings["lr"] < min(t.settings["lr"] for t in bad)
    assert f"{len(bad)} diverged" in str(found)
    early, late = found.trials[:10], found.trials[10:]
    assert sum(t in bad for t in late) < sum(t in bad for t in early)
    axes = pg.draw.search_history(found)
    (failed,) = [line for line in axes.lines if line.get_label() == "failed"]
    assert failed.get_xdata().tolist() == [t.number for t in bad]
    drawn = np.concatenate([dots.get_offsets() for dots in axes.collections])
    assert len(drawn) == len(found.trials) - len(bad)
    low, high = axes.get_ylim()
    assert ((low <= drawn[:, 1]) & (drawn[:, 1] <= high)).all()


def test_what_cannot_be_trained_is_noted():
    def make(choose):
        return pg.Sequential(pg.Linear(choose("units", [0, 4])), pg.Linear(3))

    found = search(6, network=make)
    bad = [t for t in found.trials if t.settings["units"] == 0]
    assert bad
    for trial in bad:
        assert (trial.outcome, trial.value) == ("error", None)
        assert "units must be a whole number of at least 1" in trial.error
    with pytest.raises(PlaingradError, match=r"no trial .* units must be a whole"):
        search(2, network=lambda choose: pg.Sequential(pg.Linear(0)))


def test_the_same_settings_are_not_trained_twice(monkeypatch):
    trained = []
    real = trials.Session.run

    def run(self, *args):
        trained.append(self.prepared.training.settings.optimizer.lr)
        return real(self, *args)

    monkeypatch.setattr(trials.Session, "run", run)
    found = search(12, lr=[0.1, 0.2])
    assert sorted(trained[:-1]) == [0.1, 0.2]
    values = {t.settings["lr"]: t.value for t in found.trials[::-1]}
    assert [t.value for t in found.trials] == [
        values[t.settings["lr"]] for t in found.trials
    ]
    assert [t.number for t in found.trials] == [*range(1, 13)]


def test_bad_trials_are_pruned():
    found = search(25, lr=(1e-7, 1.0), epochs=40)
    pruned = [t for t in found.trials if t.outcome == "pruned"]
    assert pruned
    assert all(t.epochs < 40 for t in pruned)
    assert all(t.epochs == 40 for t in found.done)
    middle = np.median([t.settings["lr"] for t in found.done])
    assert np.median([t.settings["lr"] for t in pruned]) < middle


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"trials": 0}, "trials must be"),
        ({"timeout": 0}, "timeout must be"),
        ({"parallel": 0}, "parallel must be"),
        ({"monitor": "loss"}, "unknown monitor"),
        ({"validation": 0}, "compares trials by validation data"),
        ({"network": pg.Sequential(), "hidden": [3]}, "leave hidden out"),
        ({"network": pg.Sequential(), "dropout": 0.1}, "has its layers: leave dropout"),
        ({"optimizer": "lbfgs", "dropout": None}, "Leave batch_size out"),
        ({"optimizer": ["lbfgs"], "lr": 0.1}, "lbfgs: takes all .* Leave lr out"),
        ({"hidden": [3], "width": 8}, "hidden says all of it: leave width out"),
        ({"callbacks": []}, "unknown setting 'callbacks'"),
        ({"clip_norm": -1}, "clip_norm must be"),
        ({"seed": -1}, "seed must be"),
        ({"checkpoint": pg.Checkpoint("a")}, "checkpoint takes the folder of a search"),
        ({"checkpoint": "a", "resume": "b"}, "leave checkpoint out"),
    ],
)
def test_what_makes_no_sense_is_refused(settings, told):
    with pytest.raises(SettingError, match=told):
        search(**settings)


def test_data_that_are_wrong_are_told_at_once():
    X, y = zoo.blobs(30)
    with pytest.raises(DataError, match="X has 30 samples and y has 29"):
        pg.search(X, y[:-1], **USUAL)


def test_without_optuna_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingExtraError, match=r'pip install "plaingrad\[search\]"'):
        search()


def test_without_time_there_is_no_best():
    with pytest.raises(PlaingradError, match="There was no time for one"):
        search(timeout=1e-9)


# Side by side, time, and Ctrl-C.


def test_trials_run_side_by_side(monkeypatch):
    met = threading.Barrier(2, timeout=20)

    class Meets(side.Watcher):
        def on_fit_begin(self, history):
            met.wait()

    monkeypatch.setattr(side, "Watcher", Meets)
    found = search(4, parallel=2)
    assert [t.number for t in found.trials] == [1, 2, 3, 4]
    assert len({t.settings["lr"] for t in found.trials}) == 4


def test_no_trial_begins_after_the_time(monkeypatch):
    clock = iter([0.0, 1.0, 2.0, 3.0, 10.5])
    fake = SimpleNamespace(monotonic=lambda: next(clock))
    monkeypatch.setattr(trials, "time", fake)
    found = search(30, timeout=10, verbose=False)
    assert len(found.trials) == 3
    assert not found.interrupted


def test_ctrl_c_keeps_what_is_done(tmp_path, monkeypatch):
    def tell(self, running):
        if self.done >= 4:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Tally, "tick", tell)
        patch.setattr(side, "PAUSE", 0.001)
        with pytest.warns(UserWarning, match=r"interrupted; \d+ of 500 trials"):
            found = search(500, checkpoint=tmp_path)
    assert found.interrupted
    assert 4 <= len(found.trials) < 500
    assert found.network.history.epochs == 6
    count = len(found.trials) + 1
    again = search(count, resume=tmp_path)
    assert tried(again)[:-1] == tried(found)


# What is said.


def test_table_csv_and_pictures(tmp_path):
    found = search(12, lr=(1e-4, 1e6), optimizer=["sgd", "adam"])
    text = str(found)
    assert text.startswith("12 trials: ")
    assert f"\n{found.best.number:5d}  {found.best.value:12.4f}" in text
    rows = [*csv.DictReader(io.StringIO(found.csv()))]
    assert [int(row["trial"]) for row in rows] == [*range(1, 13)]
    assert [row["lr"] for row in rows] == [str(t.settings["lr"]) for t in found.trials]
    axes = pg.draw.search_history(found)
    assert axes.get_title() == f"12 trials, the best {found.best.value:.4g}"
    steps = axes.lines[0].get_ydata()
    assert steps[-1] == found.best.value
    assert (np.diff(steps) >= 0).all()
    axes = pg.draw.search_setting(found, "lr")
    assert axes.get_xscale() == "log"
    star = axes.lines[-1].get_xydata()[0]
    assert star.tolist() == [found.best.settings["lr"], found.best.value]
    axes = pg.draw.search_setting(found, "optimizer")
    assert [t.get_text() for t in axes.get_xticklabels()] == ["adam", "sgd"]
    with pytest.raises(SettingError, match="unknown setting 'rate'"):
        pg.draw.search_setting(found, "rate")


def test_numbers_that_all_differ_have_an_axis():
    found = search(4, dropout=(0.1, 0.4), width=[4, 8])
    for name, scale in [("lr", "log"), ("dropout", "linear")]:
        axes = pg.draw.search_setting(found, name)
        assert axes.get_xscale() == scale
        places = np.concatenate([d.get_offsets()[:, 0] for d in axes.collections])
        tried_there = [trial.settings[name] for trial in found.trials]
        np.testing.assert_allclose(np.sort(places), np.sort(tried_there))
    axes = pg.draw.search_setting(found, "width")
    assert [t.get_text() for t in axes.get_xticklabels()] == ["4", "8"]


def test_trials_are_told_as_they_end(capsys):
    search(3, verbose=True)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["trial 1", "trial 2", "trial 3"]
    assert "val_accuracy 0." in lines[0]
    assert "  lr 0." in lines[0]
    assert "optimizer" not in lines[0]


def test_trials_side_by_side_are_told_by_their_numbers(monkeypatch, capsys):
    first = threading.Event()
    real = trials.Session.run

    def run(self, *args):
        if threading.current_thread() is threading.main_thread():
            return real(self, *args)
        if self.prepared.training.settings.optimizer.lr == slow:
            assert first.wait(20)
        found = real(self, *args)
        first.set()
        return found

    slow = search(1).best.settings["lr"]
    monkeypatch.setattr(trials.Session, "run", run)
    capsys.readouterr()
    found = search(2, parallel=2, verbose=True)
    assert found.trials[0].settings["lr"] == slow
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["trial 2", "trial 1"]


def test_whole_numbers_can_be_a_quantity():
    X, y = zoo.line(40)
    counts = np.round(10 * np.ravel(y)).astype(int)
    for loss in (pg.MSE(), lambda pred, y: abs(pred - y)):
        found = pg.search(X, counts, **{**USUAL, "trials": 1, "loss": loss, "lr": 1e-4})
        assert repr(found.network).endswith("Linear(1))")
    labels = pg.losses.Custom(lambda s, y: (s**2).sum(axis=1), classes=True)
    X, y = zoo.blobs(40)
    assert choices.outputs_of(y, labels) == choices.outputs_of(y, pg.Hinge()) == 3
    assert choices.outputs_of(y // 2, pg.BinaryCrossEntropy()) == 1


def test_functions_of_ones_own_are_known_again(tmp_path):
    X, y = zoo.line(40)
    for more in ({}, {"resume": tmp_path}):
        # made anew, as in another process
        scope = {}
        exec("def loss(pred, y): return (pred - y) ** 2", scope)
        given = {**USUAL, "trials": 1, "lr": 1e-4, "loss": scope["loss"]}
        pg.search(X, y, **given, checkpoint=str(tmp_path), **more)


def test_regressions_and_images_are_searched(tmp_path):
    X, y = zoo.line(60)
    found = pg.search(X, y, trials=2, **USUAL)
    assert found.monitor == "val_r2"
    pg.search(X, y, trials=2, checkpoint=tmp_path, **USUAL)
    assert pg.search(X, y, trials=2, resume=tmp_path, **USUAL).monitor == "val_r2"
    assert repr(found.network).endswith("Linear(1))")
    found = pg.search(*zoo.images(40), trials=1, **USUAL)
    assert repr(found.network).startswith("Sequential(Flatten(), Linear(8)")


def test_the_journal_is_optunas_own(tmp_path):
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    found = search(3, checkpoint=tmp_path)
    storage = JournalStorage(JournalFileBackend(str(tmp_path / FILE)))
    study = optuna.load_study(study_name="search", storage=storage)
    assert study.best_value == found.best.value
    for line in (tmp_path / FILE).read_text().splitlines():
        json.loads(line)
