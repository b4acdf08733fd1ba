"""Trainings from several seeds: those of `fit`, and what is said of them together."""

import csv
import io
import os
import signal
import threading
import time

import numpy as np
import pytest

import plaingrad as pg
import zoo
from plaingrad.errors import DataError, FileError, PlaingradError, SettingError
from plaingrad.seeds.fit import plain_score
from plaingrad.train import abreast as side
from plaingrad.train.tally import Tally


def network():
    return pg.Sequential(pg.Linear(8), pg.ReLU(), pg.Dropout(0.2), pg.Linear(3))


LEARNS = {"epochs": 40, "optimizer": pg.Adam(0.01), "validation": 0.3}


def same(one, other):
    return all(np.array_equal(one.params[n], other.params[n]) for n in one.params)


SETTINGS = [
    {"validation": 0.3, "early_stopping": 2, "epochs": 12},
    {"validation": zoo.blobs(20), "epochs": 4, "class_weight": "balanced"},
    {"epochs": 3, "dtype": "float64", "optimizer": pg.SGD(pg.ReduceOnPlateau(0.1))},
    {"epochs": 3, "engine": "reference"},
]


@pytest.mark.parametrize("parallel", [1, 3])
@pytest.mark.parametrize("settings", SETTINGS)
def test_each_is_the_training_that_fit_does(settings, parallel):
    X, y = zoo.blobs(60)
    found = network().fit_seeds(X, y, seeds=4, parallel=parallel, **settings)
    assert [run.seed for run in found.runs] == [0, 1, 2, 3]
    for run in found.runs:
        net = network()
        history = net.fit(X, y, seed=run.seed, **settings)
        assert same(net, run.network)
        assert history.batch_loss == run.history.batch_loss
        assert history.val_score == run.history.val_score
        held = history.val_loss
        if held:
            kept = (history.best_epoch or history.epochs) - 1
            assert (run.loss, run.score) == (held[kept], history.val_score[kept])
        else:
            assert run.score == net.score(X, y)


def test_the_network_stays_as_it_is_and_gives_no_weights():
    X, y = zoo.blobs()
    net, fresh = network(), network()
    net.fit(X, y, epochs=5, seed=9)
    before, history = {n: v.copy() for n, v in net.params.items()}, net.history
    found = net.fit_seeds(X, y, seeds=2, epochs=2)
    assert net.history is history
    assert all(np.array_equal(net.params[n], before[n]) for n in before)
    fresh.fit(X, y, epochs=2, seed=1)
    assert same(found.runs[1].network, fresh)
    found.runs[1].network.partial_fit(X, y)
    assert not same(found.runs[1].network, fresh)


def test_frozen_entries_stay_frozen():
    X, y = zoo.blobs()
    net = network().build(X)
    net.freeze("W1", np.eye(4, 8))
    found = net.fit_seeds(X, y, seeds=2, epochs=2)
    net.fit(X, y, seed=1, epochs=2)
    assert same(found.runs[1].network, net)


def test_seeds_can_be_chosen():
    X, y = zoo.blobs()
    found = network().fit_seeds(X, y, seeds=(7, 3), epochs=2)
    assert [run.seed for run in found.runs] == [7, 3]
    assert [run.history.seed for run in found.runs] == [7, 3]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"seeds": 0}, "seeds must be a whole number of at least 1"),
        ({"seeds": []}, "seeds that all differ"),
        ({"seeds": [1, 1]}, "seeds that all differ"),
        ({"seeds": [-1]}, "a seed must be a whole number"),
        ({"parallel": 0}, "parallel must be"),
        ({"callbacks": []}, "callbacks belongs to one training: train by fit"),
        ({"warm_start": True}, "warm_start belongs to one training"),
        ({"seed": 3}, r"seed belongs .* seeds=range\(10, 15\)"),
        ({"epochs": 0}, "epochs must be"),
    ],
)
def test_what_makes_no_sense_is_refused(settings, told):
    with pytest.raises(SettingError, match=told):
        network().fit_seeds(*zoo.blobs(), **settings)


def test_a_folder_that_is_not_there_is_not_gone_on_with(tmp_path):
    with pytest.raises(FileError, match=r"there is no folder .* to go on from"):
        network().fit_seeds(*zoo.blobs(), seeds=2, resume=tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_data_that_are_wrong_are_told_at_once():
    X, y = zoo.blobs()
    with pytest.raises(DataError, match="NaN"):
        network().fit_seeds(np.where(X > 1, np.nan, X), y)


# Failures.


def unlucky(monkeypatch, seeds):
    """Let the loss of some seeds become infinite in their second epoch."""
    from plaingrad.run import Reference

    def run(self, stretch, watch):
        if self.program.loop.seed in seeds and stretch.epoch == 1:
            watch.enter(np.inf)
            return 1
        return real(self, stretch, watch)

    real = Reference.run
    monkeypatch.setattr(Reference, "run", run)


def test_what_diverges_is_told_and_has_no_part_in_the_mean(monkeypatch):
    X, y = zoo.blobs()
    unlucky(monkeypatch, (1, 2))
    settings = {"engine": "reference", "epochs": 4, "validation": (X, y)}
    with pytest.warns(pg.DivergedWarning, match="2 of 4 .* from seed 1, 2") as told:
        found = network().fit_seeds(X, y, seeds=4, **settings)
    assert told[0].filename == __file__
    assert [run.failure for run in found.runs] == ["", "diverged", "diverged", ""]
    assert found.failures == found.runs[1:3]
    assert found.scores.values == (found.runs[0].score, found.runs[3].score)
    assert found.best in found.ended == (found.runs[0], found.runs[3])
    text = str(found)
    assert "1       1         -             -  diverged: the loss became inf" in text
    assert "2 of 4 trainings failed; the mean is without" in text
    axes = pg.draw.seed_curves(found)
    assert "2 of which failed" in axes.get_title()
    assert [line.get_linestyle() for line in axes.lines].count("--") == 4


def test_when_all_diverge_nothing_is_best(monkeypatch):
    X, y = zoo.blobs()
    unlucky(monkeypatch, (0, 1))
    with pytest.warns(pg.DivergedWarning):
        found = network().fit_seeds(X, y, seeds=2, engine="reference", epochs=3)
    with pytest.raises(PlaingradError, match="try a tenth of the learning rate"):
        _ = found.best
    assert "2 of 2 trainings failed" in str(found)
    assert found.score(X, y).values == ()
    axes = pg.draw.seed_curves(found)
    assert axes.get_legend_handles_labels()[1] == ["training set, failed"]


def test_a_last_update_that_goes_too_far_is_a_divergence():
    X, y = zoo.line(30)
    settings = {"epochs": 1, "batch_size": None, "optimizer": pg.SGD(1e30)}
    net = pg.Sequential(pg.Linear(1))
    with pytest.warns(pg.DivergedWarning, match="2 of 2"):
        found = net.fit_seeds(X, y, seeds=2, **settings)
    assert [run.failure for run in found.runs] == ["diverged"] * 2
    assert str(found).endswith("\n\n2 of 2 trainings failed")


def test_an_error_of_one_seed_is_noted(monkeypatch):
    from plaingrad.seeds import fit

    X, y = zoo.blobs()
    real = fit.prepare

    def prepare(network, X, y, settings, masks):
        if settings.seed == 1:
            raise DataError("a class is missing.")
        return real(network, X, y, settings, masks)

    monkeypatch.setattr(fit, "prepare", prepare)
    found = network().fit_seeds(X, y, seeds=3, epochs=2)
    assert [run.failure for run in found.runs][1] == "error"
    assert "error: a class is missing." in str(found)
    assert len(found.scores.values) == 2
    with pytest.raises(DataError, match="a class is missing"):
        network().fit_seeds(X, y, seeds=[1, 2], epochs=2)


def test_what_never_learns_is_a_failure_that_counts():
    X, y = zoo.blobs(30)
    blind = pg.Linear(3, init=pg.Zeros(), bias=False).freeze()
    net = pg.Sequential(blind, pg.Linear(3, bias=False))
    found = net.fit_seeds(X, y, seeds=2, epochs=2)
    assert [run.failure for run in found.runs] == ["not learnt"] * 2
    assert found.scores.mean == pytest.approx(1 / 3)
    assert "not learnt: no better than one answer for all samples" in str(found)


def test_the_score_of_one_answer_for_all():
    labels = np.array([0, 2, 2, 2, 1])
    onehot = np.eye(3)[labels]
    assert plain_score(pg.CrossEntropy(), "accuracy", labels) == 0.6
    assert plain_score(pg.CrossEntropy(), "accuracy", onehot) == 0.6
    truths = np.array([[1.0, 0], [1, 0], [0, 0], [1, 1]])
    assert plain_score(pg.BinaryCrossEntropy(), "accuracy", truths) == 0.75
    assert plain_score(pg.MSE(), "r2", onehot) == 0
    assert plain_score(pg.MSE(), "score", onehot) == -np.inf


# Side by side, and Ctrl-C.


def test_they_run_side_by_side(monkeypatch):
    X, y = zoo.blobs()
    met = threading.Barrier(2, timeout=20)

    class Meets(side.Watcher):
        def on_fit_begin(self, history):
            met.wait()

    monkeypatch.setattr(side, "Watcher", Meets)
    found = network().fit_seeds(X, y, seeds=2, epochs=2, parallel=2)
    assert len(found.runs) == 2


def test_how_many_at_once(monkeypatch):
    monkeypatch.setattr(side, "cores", lambda: 4)
    assert side.workers(None, 9, native=True) == 4
    assert side.workers(None, 3, native=True) == 3
    assert side.workers(None, 9, native=False) == 1
    assert side.workers(6, 9, native=False) == 6


def test_the_reference_trains_one_at_a_time_where_it_stands_in(monkeypatch):
    from plaingrad.native.errors import Unsupported
    from plaingrad.seeds import fit
    from plaingrad.train import engines

    def abreast(work, count, tell):
        counts.append(count)
        return side.abreast(work, count, tell)

    def refused(*args):
        raise Unsupported("there is no native form.")

    counts = []
    monkeypatch.setattr(side, "cores", lambda: 4)
    monkeypatch.setattr(fit, "abreast", abreast)
    monkeypatch.setattr(engines, "_native", refused)
    X, y = zoo.blobs()
    with pytest.warns(pg.FallbackWarning):
        network().fit_seeds(X, y, seeds=2, epochs=1)
    assert counts == [1]


def test_an_error_in_a_thread_ends_all_and_is_raised():
    done = []

    def work(watcher):
        if not done:
            done.append(1)
            raise RuntimeError("broken")
        while not watcher.asked:
            time.sleep(0.001)
        return True

    with pytest.raises(RuntimeError, match="broken"):
        side.abreast(work, 2, lambda share: None)


@pytest.mark.parametrize("count", [1, 2])
def test_ctrl_c_while_waiting_waits_for_all(count):
    ended = []

    def work(watcher):
        while not watcher.asked:
            time.sleep(0.001)
        time.sleep(0.1)
        ended.append(1)
        return True

    def hit():
        os.kill(os.getpid(), signal.SIGINT)

    threading.Timer(0.2, hit).start()
    assert side.abreast(work, count, lambda share: None)
    assert len(ended) == count


def test_a_second_ctrl_c_waits_for_nothing():
    free, threads = threading.Event(), []

    def work(watcher):
        threads.append(threading.current_thread())
        while not watcher.asked:
            time.sleep(0.001)
        signal.raise_signal(signal.SIGINT)
        free.wait(20)
        return True

    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        side.abreast(work, 1, lambda share: None)
    assert threads[0].is_alive()
    free.set()
    threads[0].join()


def interrupt(monkeypatch, after):
    """Hit Ctrl-C when so many trainings are done."""

    def tell(self, running):
        if self.done >= after:
            raise KeyboardInterrupt

    monkeypatch.setattr(Tally, "tick", tell)
    monkeypatch.setattr(side, "PAUSE", 0.001)


@pytest.mark.parametrize("parallel", [1, 2])
def test_ctrl_c_ends_all_and_keeps_those_that_are_done(parallel, monkeypatch):
    X, y = zoo.blobs(200)
    before = threading.active_count()
    interrupt(monkeypatch, after=2)
    settings = {"epochs": 300, "batch_size": 1, "parallel": parallel}
    with pytest.warns(UserWarning, match="interrupted; .* of 500 trainings are done"):
        found = network().fit_seeds(X, y, seeds=500, **settings)
    assert 2 <= len(found.runs) < 500
    assert all(run.history.stopped == "epochs" for run in found.runs)
    assert "interrupted: 500 were wanted" in str(found)
    assert threading.active_count() == before


def test_long_epochs_are_ended_at_once(monkeypatch):
    X, y = zoo.blobs(20_000)
    interrupt(monkeypatch, after=0)
    with pytest.warns(UserWarning, match="interrupted; 0 of 2"):
        found = network().fit_seeds(X, y, seeds=2, epochs=1000, batch_size=1)
    assert found.runs == ()


def test_with_checkpoints_they_go_on(tmp_path, monkeypatch):
    X, y = zoo.blobs(100)
    settings = {"epochs": 40, "batch_size": 1, "parallel": 2, "validation": 0.2}
    whole = network().fit_seeds(X, y, seeds=4, **settings)
    with monkeypatch.context() as patch:
        interrupt(patch, after=2)
        with pytest.warns(UserWarning, match="interrupted"):
            found = network().fit_seeds(X, y, seeds=4, checkpoint=tmp_path, **settings)
    assert len(found.runs) < 4
    again = network().fit_seeds(X, y, seeds=4, resume=tmp_path, **settings)
    for one, other in zip(whole.runs, again.runs, strict=True):
        assert same(one.network, other.network)
        assert one.history.batch_loss == other.history.batch_loss
        assert (one.score, one.loss) == (other.score, other.loss)


# What is said.


def test_the_best_has_the_best_score_then_the_lowest_loss():
    def run(seed, score, loss):
        return pg.SeedRun(seed, None, pg.History(), loss, score)

    runs = (run(0, 0.5, 1.0), run(1, 0.7, 2.0), run(2, 0.7, 1.5))
    assert pg.Seeds(runs, "accuracy", 3).best.seed == 2


def test_table_and_csv():
    X, y = zoo.blobs(60)
    found = network().fit_seeds(X, y, seeds=3, **LEARNS)
    lines = str(found).splitlines()
    assert lines[0].split() == ["seed", "epochs", "val_loss", "val_accuracy"]
    assert sum("best" in line for line in lines) == 1
    assert f"val_accuracy {found.scores}" in lines
    assert lines[-1] == "3 trainings, none failed"
    rows = [*csv.DictReader(io.StringIO(found.csv()))]
    assert [float(row["val_accuracy"]) for row in rows] == [*found.scores.values]
    assert [float(row["val_loss"]) for row in rows] == [*found.losses.values]
    assert repr(found.best).startswith("<SeedRun: seed ")


def test_other_data_are_scored_by_each():
    X, y = zoo.blobs(60)
    found = network().fit_seeds(X, y, seeds=3, epochs=4)
    other = zoo.blobs(30)
    expected = tuple(run.network.score(*other) for run in found.runs)
    assert found.score(*other).values == expected


def test_curves_are_drawn():
    X, y = zoo.blobs(60)
    found = network().fit_seeds(X, y, seeds=3, **LEARNS)
    axes = pg.draw.seed_curves(found)
    labels = axes.get_legend_handles_labels()[1]
    assert labels == ["training set, median", "validation set, median"]
    (middle,) = [x for x in axes.lines if x.get_label() == "validation set, median"]
    table = [run.history.val_loss for run in found.runs]
    np.testing.assert_allclose(middle.get_ydata(), np.median(table, axis=0))
    assert len(axes.lines) == 8


class Screen(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_told():
    lines = io.StringIO()
    tally = Tally("seeds", 3, stream=lines)
    tally.add("seed 0: done")
    tally.tick(0.5)
    tally.end()
    assert lines.getvalue() == "seed 0: done\n"
    screen = Screen()
    tally = Tally("seeds", 4, done=1, stream=screen)
    tally.tick(0.5)
    assert screen.getvalue().startswith("\rseeds 1/4  ")
    assert tally.line(0.5, 10) == "seeds 1/4  50 s left"
    assert tally.line(0.0, 10) == "seeds 1/4"
    tally.add("seed 1: done")
    assert screen.getvalue().rstrip(" \n").endswith("\rseed 1: done")
    tally.end()
    quiet = Screen()
    Tally("seeds", 3, shown=False, stream=quiet).add("nothing")
    assert quiet.getvalue() == ""
