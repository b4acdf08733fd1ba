"""Ready callbacks: what they write, when they end a training, and what they cost."""

import json
import shutil
import sys
import types

import numpy as np
import pytest
from tensorboardX.proto.event_pb2 import Event

import plaingrad as pg
import zoo
from plaingrad.callbacks import live
from plaingrad.errors import FileError, MissingExtraError, SettingError

ENGINES = ("reference", "native")
cb = pg.callbacks


def fit(*callbacks, data=None, **settings):
    X, y = data or zoo.blobs(40)
    net = pg.Sequential(pg.Linear(6), pg.ReLU(), pg.Linear(3))
    usual = {"epochs": 5, "batch_size": 8, "validation": 0.2, "verbose": False}
    net.fit(X, y, **{**usual, "callbacks": callbacks, **settings})
    return net


class EndsAfter(pg.Callback):
    def __init__(self, updates):
        self.updates = updates

    def on_batch_end(self, history):
        return len(history.batch_loss) >= self.updates


# Events.


@pytest.mark.parametrize("engine", ENGINES)
def test_every_event_comes_in_its_turn(engine):
    told = []

    class Tells(pg.Callback):
        def on_epoch_begin(self, history):
            told.append(("epoch", len(history.batch_loss), history.epochs))

        def on_batch_begin(self, history):
            told.append(("batch", len(history.batch_loss), history.epochs))

    fit(Tells(), engine=engine, epochs=2, batch_size=16)
    assert told == [
        *(("epoch", 0, 0), ("batch", 0, 0), ("batch", 1, 0)),
        *(("epoch", 2, 1), ("batch", 2, 1), ("batch", 3, 1)),
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_begin_of_an_epoch_needs_no_pause_in_it(engine, monkeypatch):
    told, lengths = [], []

    class Tells(pg.Callback):
        def on_epoch_begin(self, history):
            told.append(history.epochs)

    from plaingrad.train import loop

    real = loop.perform

    def perform(engine, stretch, *rest):
        lengths.append(stretch.batches)
        real(engine, stretch, *rest)

    monkeypatch.setattr(loop, "perform", perform)
    fit(Tells(), engine=engine)
    assert told == [0, 1, 2, 3, 4]
    assert lengths == [4] * 5


@pytest.mark.parametrize("engine", ENGINES)
def test_a_tick_can_end_a_training(engine):
    class Ends(pg.Callback):
        def on_tick(self, history):
            return len(history.batch_loss) >= 6

    net = fit(Ends(), engine=engine, epochs=500)
    assert net.history.stopped == "callback"
    assert 6 <= len(net.history.batch_loss) < 2000


# Ends.


@pytest.mark.parametrize("engine", ENGINES)
def test_time_ends_a_training_within_an_epoch(engine):
    rng = np.random.default_rng(0)
    data = rng.normal(size=(100_000, 50)), np.arange(100_000) % 3
    settings = {"epochs": 1, "batch_size": 1, "validation": None, "data": data}
    net = fit(cb.StopAfter(1e-3), engine=engine, **settings)
    assert net.history.stopped == "callback"
    assert 0 < len(net.history.batch_loss) < 100_000
    assert net.history.epochs == 0


def test_a_target_ends_a_training():
    whole = fit().history
    found = fit(cb.StopAt(whole.val_loss[2])).history
    assert (found.stopped, found.epochs) == ("callback", 3)
    assert fit(cb.StopAt(0.0, "val_accuracy")).history.epochs == 1
    assert fit(cb.StopAt(1.1, "val_accuracy")).history.stopped == "epochs"
    assert fit(cb.StopAt(whole.loss[1], "loss")).history.epochs == 2


def test_what_cannot_be_watched_is_said():
    with pytest.raises(SettingError, match=r"unknown monitor 'val_los'\. Did you mean"):
        cb.StopAt(0.1, "val_los")
    with pytest.raises(SettingError, match="target must be a number, got 'low'"):
        cb.StopAt("low")
    with pytest.raises(SettingError, match="seconds must be a positive number"):
        cb.StopAfter(0)
    words = "has no val_loss; it has loss. Validation data give more: validation=0.1"
    with pytest.raises(SettingError, match=words):
        fit(cb.StopAt(0.1), validation=None)
    words = "has no val_r2; it has loss, val_loss and val_accuracy"
    with pytest.raises(SettingError, match=words):
        fit(cb.StopAt(0.1, "val_r2"))


# The best network.


def test_the_best_network_is_saved(tmp_path):
    path = tmp_path / "best.safetensors"
    X, y = zoo.blobs(40)
    net = pg.Sequential(pg.Linear(6), pg.ReLU(), pg.Linear(3))
    seen = []

    class Keeps(pg.Callback):
        def on_epoch_end(self, history):
            seen.append(net.params["W1"].copy())

    callbacks = [cb.SaveBest(net, path), Keeps()]
    settings = {"epochs": 30, "optimizer": pg.SGD(1.0), "validation": 0.3}
    history = net.fit(X, y, batch_size=8, callbacks=callbacks, **settings)
    best = int(np.argmin(history.val_loss))
    assert best < 29
    np.testing.assert_array_equal(pg.load(path).params["W1"], seen[best])


def test_a_better_score_is_a_greater_one(tmp_path):
    net = pg.Sequential(pg.Linear(3)).build((4,))
    path = tmp_path / "best.safetensors"
    saver = cb.SaveBest(net, path, monitor="val_accuracy")
    history = pg.History(loss=[1.0], val_loss=[1.0], val_score=[0.5])
    saver.on_epoch_end(history)
    path.unlink()
    for value, saved in [(0.4, False), (0.5, False), (0.6, True)]:
        history.loss, history.val_score = (
            [*history.loss, 1.0],
            [*history.val_score, value],
        )
        history.val_loss.append(1.0)
        saver.on_epoch_end(history)
        assert path.exists() == saved


def test_a_value_that_is_no_number_is_no_record(tmp_path):
    net = pg.Sequential(pg.Linear(3)).build((4,))
    path = tmp_path / "best.safetensors"
    saver, history = cb.SaveBest(net, path), pg.History()
    nan = float("nan")
    for value, saved in [(nan, True), (2.0, True), (nan, False), (1.0, True)]:
        path.unlink(missing_ok=True)
        history.loss = [*history.loss, 1.0]
        history.val_loss.append(value)
        saver.on_epoch_end(history)
        assert path.exists() == saved


# Logs.


def rows_of(history):
    columns = [history.loss, history.val_loss, history.val_score]
    return [[epoch, *row] for epoch, row in enumerate(zip(*columns, strict=True), 1)]


def test_logs_hold_every_epoch_to_the_last_bit(tmp_path):
    csv, lines = tmp_path / "log.csv", tmp_path / "log.jsonl"
    csv.write_text("of an earlier training\n")
    history = fit(cb.CSVLog(csv), cb.JSONLog(lines)).history
    names, *rows = csv.read_text().splitlines()
    assert names == "epoch,loss,val_loss,val_accuracy"
    wanted = rows_of(history)
    assert [[*map(float, row.split(","))] for row in rows] == wanted
    told = [json.loads(line) for line in lines.read_text().splitlines()]
    assert [[*row.values()] for row in told] == wanted
    assert list(told[0]) == names.split(",")


def test_logs_tell_the_rate_and_need_no_validation(tmp_path):
    path = tmp_path / "log.csv"
    optimizer = pg.SGD(lr=pg.ReduceOnPlateau(0.5, patience=0))
    history = fit(cb.CSVLog(path), optimizer=optimizer, validation=None).history
    names, *rows = path.read_text().splitlines()
    assert names == "epoch,loss,rate"
    assert [float(row.split(",")[2]) for row in rows] == history.rate


def test_a_loss_that_is_no_number(tmp_path):
    path = tmp_path / "log.jsonl"
    log = cb.JSONLog(path)
    log.on_fit_begin(pg.History())
    log.on_fit_end(pg.History(loss=[float("nan"), 2.0]))
    told = [json.loads(line) for line in path.read_text().splitlines()]
    assert told == [{"epoch": 1, "loss": None}, {"epoch": 2, "loss": 2.0}]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_training_that_goes_on_has_the_log_of_one_that_never_ended(engine, tmp_path):
    def logged(name, *more, **settings):
        path = tmp_path / name
        log = cb.CSVLog(path) if name.endswith("csv") else cb.JSONLog(path)
        fit(log, *more, engine=engine, **settings)
        return path.read_bytes()

    for name in ("a.csv", "b.jsonl"):
        whole = logged(name)
        run = tmp_path / f"run {name}"
        logged(name, EndsAfter(10), checkpoint=pg.Checkpoint(run, every=3, keep=None))
        # as if the checkpoints after update 6 had not been written
        for path in sorted(run.glob("step-*"))[3:]:
            path.unlink()
        assert logged(name, resume=run) == whole


def test_a_log_that_cannot_be_written(tmp_path, monkeypatch):
    with pytest.raises(FileError, match="there is no folder"):
        fit(cb.CSVLog(tmp_path / "none" / "log.csv"))
    log = cb.CSVLog(tmp_path / "log.csv")
    log.on_fit_begin(pg.History())
    log.path = tmp_path
    with pytest.raises(FileError, match=r"cannot write .*: Is a directory"):
        log.on_tick(pg.History(loss=[1.0]))


def test_a_full_disk_leaves_whole_lines(small_disk):
    log = cb.CSVLog(small_disk / "log.csv")
    log.on_fit_begin(pg.History())
    history = pg.History(loss=[0.5])
    log.on_tick(history)
    room = shutil.disk_usage(small_disk).free
    (small_disk / "rest").write_bytes(bytes(room))
    history.loss = [0.5, *[1 / 3] * 5000]
    for _ in range(2):
        with pytest.raises(FileError, match=r"log.csv: No space left on device"):
            log.on_fit_end(history)
        assert log.path.read_text() == "epoch,loss\n1,0.5\n"
    (small_disk / "rest").unlink()
    log.on_fit_end(history)
    assert len(log.path.read_text().splitlines()) == 5002


# TensorBoard.


def scalars(folder):
    """Return the curves in a folder, read as its format says."""
    found, purged = {}, []
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        while content:
            size = int.from_bytes(content[:8], "little")
            event = Event.FromString(content[12 : 12 + size])
            content = content[16 + size :]
            if event.HasField("session_log"):
                purged.append(event.step)
            for value in event.summary.value:
                found.setdefault(value.tag, []).append((event.step, value.simple_value))
    return found, purged


def test_tensorboard_reads_the_curves(tmp_path):
    history = fit(cb.TensorBoard(tmp_path / "board")).history
    found, purged = scalars(tmp_path / "board")
    assert set(found) == {"loss", "val_loss", "val_accuracy"}
    assert [step for step, _ in found["loss"]] == [1, 2, 3, 4, 5]
    values = [value for _, value in found["val_loss"]]
    np.testing.assert_allclose(values, history.val_loss, rtol=1e-6)
    assert purged == [1]


def test_tensorboard_goes_on(tmp_path):
    run, board = tmp_path / "run", tmp_path / "board"
    saved = pg.Checkpoint(run, every=3, keep=None)
    fit(cb.TensorBoard(board), EndsAfter(10), checkpoint=saved)
    for path in board.iterdir():
        # two files of one second would have one name
        path.rename(board / "events.out.tfevents.0.first")
    fit(cb.TensorBoard(board), resume=run)
    found, purged = scalars(board)
    assert [step for step, _ in found["loss"]] == [1, 2, 3, 4, 5]
    assert purged == [1, 3]


@pytest.fixture
def without(monkeypatch):
    """Make a library missing."""

    def hide(library):
        for name in [*sys.modules]:
            if name.partition(".")[0] == library:
                monkeypatch.delitem(sys.modules, name)

        class Missing:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] == library:
                    raise ModuleNotFoundError(f"No module named {name!r}", name=library)

        monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])

    return hide


def test_missing_libraries_are_said(tmp_path, without):
    without("tensorboardX")
    with pytest.raises(MissingExtraError, match=r"plaingrad\[tensorboard\]"):
        cb.TensorBoard(tmp_path)
    without("IPython")
    with pytest.raises(MissingExtraError, match=r"plaingrad\[notebook\]"):
        cb.LivePlot()


# The notebook.


@pytest.fixture
def notebook(monkeypatch):
    """What a notebook would have shown: each picture, and whether it was new."""
    shown = []

    class Handle:
        def update(self, figure):
            shown.append(("again", figure))

    def display(figure, display_id):
        assert display_id is True
        shown.append(("new", figure))
        return Handle()

    module = types.ModuleType("IPython.display")
    module.display = display
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    return shown


def test_a_notebook_shows_one_picture_that_grows(notebook, monkeypatch):
    monkeypatch.setattr(live, "PAUSE", 0.0)
    monkeypatch.setattr(live, "SHARE", 0)
    fit(cb.LivePlot(), engine="reference")
    assert [word for word, _ in notebook] == ["new", *["again"] * (len(notebook) - 1)]
    assert len(notebook) >= 5
    lengths = [len(figure.axes[0].lines[0].get_xdata()) for _, figure in notebook]
    assert lengths == sorted(lengths)
    assert lengths[-1] == 20


def test_a_short_training_draws_once(notebook):
    fit(cb.LivePlot(), engine="reference")
    assert [word for word, _ in notebook] == ["new"]


def test_what_draws_is_missed_before_training(notebook, without):
    without("matplotlib")
    with pytest.raises(MissingExtraError, match=r"plaingrad\[draw\]"):
        cb.LivePlot()


def test_nothing_is_drawn_where_there_is_nothing(notebook):
    cb.LivePlot().on_fit_end(pg.History())
    assert notebook == []
