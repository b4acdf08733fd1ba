"""Checkpoints: a training that was ended goes on as if it had never been."""

import os
import resource
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import plaingrad as pg
import zoo
from plaingrad.checkpoints import file, folder
from plaingrad.errors import DataError, FileError, SettingError
from plaingrad.files import make_folder

ROOT = Path(__file__).resolve().parents[1]
ENGINES = ("reference", "native")
TIMES = ("seconds", "compile_seconds")


class StopAfter(pg.Callback):
    def __init__(self, updates):
        self.updates = updates

    def on_batch_end(self, history):
        return len(history.batch_loss) >= self.updates


class InterruptAfter(StopAfter):
    def on_batch_end(self, history):
        if len(history.batch_loss) == self.updates:
            signal.raise_signal(signal.SIGINT)


def fit(**settings):
    """Train a small network with all that has a memory, and return it."""
    X, y = zoo.blobs(40)
    net = pg.Sequential(pg.Linear(6), pg.ReLU(), pg.Dropout(0.3), pg.Linear(3))
    usual = {"epochs": 6, "batch_size": 7, "validation": 0.2, "verbose": False}
    net.fit(X, y, **{**usual, **settings})
    return net


@contextmanager
def files_of_at_most(size):
    """Let no file grow larger in the block."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def told(net):
    """Return all of a history but the times."""
    found = net.history.as_dict()
    return {name: value for name, value in found.items() if name not in TIMES}


def assert_same(one, other):
    assert one.params.keys() == other.params.keys()
    for name, value in one.params.items():
        np.testing.assert_array_equal(value, other.params[name])
    assert told(one) == told(other)


# Going on.


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", zoo.NAMES)
def test_every_kind_of_training_goes_on_bit_for_bit(name, engine, tmp_path):
    animal = zoo.ZOO[zoo.NAMES.index(name)]
    whole = animal.fit(engine=engine)
    updates = len(whole.history.batch_loss)
    for stop in sorted({1, updates // 2, updates} - {0}):
        place = tmp_path / str(stop)
        saved = pg.Checkpoint(place, every=2)
        half = animal.fit(engine=engine, callbacks=StopAfter(stop), checkpoint=saved)
        assert len(half.history.batch_loss) == stop
        assert_same(animal.fit(engine=engine, resume=place), whole)


@pytest.mark.parametrize("engine", ENGINES)
def test_any_update_and_any_number_of_threads_will_do(engine, tmp_path):
    settings = {
        "engine": engine,
        "early_stopping": 2,
        "optimizer": pg.Adam(lr=pg.ReduceOnPlateau(0.1, patience=0)),
    }
    whole = fit(**settings)
    for stop in range(1, len(whole.history.batch_loss) + 1):
        place = tmp_path / str(stop)
        fit(**settings, checkpoint=place, callbacks=StopAfter(stop), threads=1)
        assert_same(fit(**settings, resume=place, threads=2), whole)


def test_a_long_native_epoch_is_cut_to_save_after_some_time(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(3000, 30)), np.arange(3000) % 3

    def long(**settings):
        net = pg.Sequential(pg.Linear(200), pg.ReLU(), pg.Linear(3))
        net.fit(X, y, epochs=2, batch_size=1, engine="native", **settings)
        return net

    whole = long()
    monkeypatch.setattr("plaingrad.train.worker.BRIEF", 0.0)
    monkeypatch.setattr("plaingrad.train.worker.PAUSE", 1e-3)
    saved = pg.Checkpoint(tmp_path, seconds=1e-3, keep=None)
    assert_same(long(checkpoint=saved), whole)
    between = [step for step in folder.steps(tmp_path) if step % 3000]
    assert between
    for step in folder.steps(tmp_path):
        if step > between[0]:
            folder.path_of(tmp_path, step).unlink()
    assert_same(long(resume=tmp_path), whole)


def test_time_passes_between_checkpoints(tmp_path):
    saved = pg.Checkpoint(tmp_path, seconds=1e-6, keep=None)
    net = fit(engine="reference", checkpoint=saved)
    assert list(folder.steps(tmp_path)) == list(range(len(net.history.batch_loss) + 1))


def test_a_training_goes_on_to_more_epochs(tmp_path):
    fit(checkpoint=tmp_path, epochs=2)
    assert_same(fit(resume=tmp_path, epochs=5), fit(epochs=5))
    with pytest.raises(SettingError, match="another epochs than 4"):
        fit(resume=tmp_path, epochs=4)
    cosine = {"optimizer": pg.SGD(lr=pg.Cosine(0.1))}
    fit(checkpoint=tmp_path / "cosine", **cosine, epochs=2)
    with pytest.raises(SettingError, match="another epochs than 5"):
        fit(resume=tmp_path / "cosine", **cosine, epochs=5)


@pytest.mark.parametrize("engine", ENGINES)
def test_callbacks_that_are_new_are_told_of_every_epoch(engine, tmp_path):
    class Epochs(pg.Callback):
        def __init__(self):
            self.begun, self.ended = [], []

        def on_epoch_begin(self, history):
            self.begun.append(history.epochs)

        def on_epoch_end(self, history):
            self.ended.append(history.epochs)

    settings = {"engine": engine, "epochs": 20, "validation": None, "batch_size": 8}
    whole = fit(**settings, checkpoint=pg.Checkpoint(tmp_path, every=13, keep=None))
    for step in [step for step in folder.steps(tmp_path) if step > 13]:
        folder.path_of(tmp_path, step).unlink()
    epochs = Epochs()
    again = fit(**settings, resume=tmp_path, callbacks=epochs)
    assert again.history.loss == whole.history.loss
    assert epochs.ended == [*range(3, 21)]
    assert epochs.begun == [*range(3, 20)]


def test_what_is_done_is_done(tmp_path):
    patient = {"early_stopping": pg.EarlyStopping(1, min_delta=0.5), "epochs": 50}
    whole = fit(checkpoint=tmp_path, **patient)
    assert whole.history.stopped == "patience"
    again = fit(resume=tmp_path, **patient)
    assert_same(again, whole)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_divergence_goes_back_as_far_as_without_a_stop(engine, tmp_path):
    X, y = zoo.line(20)

    def diverging(**settings):
        net = pg.Sequential(pg.Linear(4), pg.ReLU(), pg.Linear(1))
        given = {"epochs": 40, "batch_size": 5, "engine": engine, **settings}
        net.fit(X, y, loss=pg.MSE(), optimizer=pg.SGD(lr=3.0), **given)
        return net

    with pytest.warns(pg.DivergedWarning):
        whole = diverging()
    last = len(whole.history.batch_loss)
    for stop in range(max(1, last - 6), last):
        place = tmp_path / str(stop)
        diverging(checkpoint=place, callbacks=StopAfter(stop))
        with pytest.warns(pg.DivergedWarning):
            again = diverging(resume=place)
        assert_same(again, whole)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("optimizer", [pg.LBFGS(), pg.LevenbergMarquardt()])
@pytest.mark.parametrize(("units", "end"), [((3, 1), "epochs"), ((1,), "converged")])
def test_a_full_batch_optimiser_remembers_its_way(
    units, end, optimizer, engine, tmp_path
):
    X, y = zoo.line(30)

    def trained(**settings):
        first, *rest = [pg.Linear(count) for count in units]
        net = pg.Sequential(
            first, *(layer for one in rest for layer in (pg.Tanh(), one))
        )
        given = {"optimizer": optimizer, "engine": engine, "dtype": "float64"}
        net.fit(X, y, loss=pg.MSE(), epochs=14, **given, **settings)
        return net

    whole = trained()
    assert whole.history.stopped == end
    updates = len(whole.history.batch_loss)
    for stop in {1, updates // 2, updates}:
        place = tmp_path / str(stop)
        half = trained(checkpoint=place, callbacks=StopAfter(stop))
        assert len(half.history.batch_loss) == stop
        assert_same(trained(resume=place), whole)
    trained(checkpoint=pg.Checkpoint(tmp_path / "all", every=5))
    assert_same(trained(resume=tmp_path / "all"), whole)


def test_frozen_entries_and_weights_from_before_go_on(tmp_path):
    X, y = zoo.blobs()

    def begun(**settings):
        net = pg.Sequential(pg.Linear(4), pg.Tanh(), pg.Linear(3)).build(X, seed=5)
        net.freeze("W1", np.eye(4, dtype=bool))
        net.fit(X, y, epochs=3, warm_start=True, **settings)
        return net

    whole = begun()
    begun(checkpoint=tmp_path, callbacks=StopAfter(2))
    assert_same(begun(resume=tmp_path), whole)


def test_another_engine_goes_on_and_says_so(tmp_path):
    fit(engine="reference", checkpoint=tmp_path, callbacks=StopAfter(5))
    net = fit(engine="native", resume=tmp_path)
    assert net.history.engine == "native"
    assert "engine native goes on after engine reference" in net.history.chosen[-1]
    np.testing.assert_allclose(net.params["W1"], fit().params["W1"], rtol=1e-4)


def test_a_killed_process_goes_on(tmp_path):
    """The short form of `python -m benchmarks.resume --kills 500`."""
    command = [
        "-m",
        "benchmarks.resume",
        "--kills",
        "4",
        "--out",
        tmp_path / "found.md",
    ]
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.split("|")[1:-1] for line in done.stdout.splitlines() if "| " in line]
    assert [row[0].strip() for row in rows[2:]] == ["native", "reference"]
    assert all(int(row[2]) >= 4 and int(row[5]) == 0 for row in rows[2:])


# Ctrl-C.


@pytest.mark.parametrize("engine", ENGINES)
def test_ctrl_c_finishes_the_batch_and_says_how_to_go_on(engine, tmp_path):
    place = tmp_path / "run"
    words = rf"interrupted in epoch 2.*It is saved: go on with resume='{place}'"
    with pytest.warns(UserWarning, match=words):
        half = fit(engine=engine, checkpoint=place, callbacks=InterruptAfter(7))
    assert half.history.stopped == "interrupted"
    assert len(half.history.batch_loss) == 7
    assert max(folder.steps(place)) == 7
    assert_same(fit(engine=engine, resume=place), fit(engine=engine))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_ctrl_c_ends_at_once(tmp_path):
    class Twice(pg.Callback):
        def on_batch_end(self, history):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    with pytest.warns(UserWarning, match="interrupted in epoch 1"):
        net = fit(checkpoint=tmp_path, callbacks=Twice())
    assert net.history.stopped == "interrupted"
    assert list(folder.steps(tmp_path)) == [0]


# The folder.


def test_old_checkpoints_are_removed(tmp_path):
    fit(checkpoint=pg.Checkpoint(tmp_path, every=1, keep=2))
    updates = 6 * 5
    assert list(folder.steps(tmp_path)) == [updates - 1, updates]
    assert {path.name for path in tmp_path.iterdir()} == {
        *(folder.path_of(tmp_path, step).name for step in (updates - 1, updates)),
        "data.safetensors",
    }
    fit(checkpoint=pg.Checkpoint(tmp_path / "b", every=10, keep=None, data=False))
    assert list(folder.steps(tmp_path / "b")) == [0, 10, 20, 30]
    assert len(list((tmp_path / "b").iterdir())) == 4


def test_a_folder_belongs_to_one_training(tmp_path):
    fit(checkpoint=tmp_path)
    with pytest.raises(FileError, match="holds the checkpoints of a training"):
        fit(checkpoint=tmp_path)
    with pytest.raises(FileError, match="there is no folder"):
        fit(resume=tmp_path / "other")
    (tmp_path / "empty").mkdir()
    assert_same(fit(resume=tmp_path / "empty"), fit())


def test_it_goes_on_in_another_folder(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    fit(checkpoint=old, callbacks=StopAfter(5))
    assert_same(fit(resume=old, checkpoint=new), fit())
    assert max(folder.steps(old)) == 5
    # the first one is written before the first update
    assert list(folder.steps(new)) == [5, 30]


def test_a_new_folder_that_cannot_be_written_to_is_said_at_once(tmp_path):
    old, told = tmp_path / "old", []
    fit(checkpoint=old, callbacks=StopAfter(5))

    class Tells(pg.Callback):
        def on_batch_end(self, history):
            told.append(len(history.batch_loss))

    saved = pg.Checkpoint(tmp_path / "new", data=False)
    with files_of_at_most(100), pytest.raises(FileError, match="was not begun, for it"):
        fit(resume=old, checkpoint=saved, callbacks=Tells())
    assert not told


def test_two_trainings_do_not_write_to_one_folder(tmp_path):
    class Again(pg.Callback):
        def on_epoch_end(self, history):
            if history.epochs == 2:
                words = "another training writes to .*run at this moment"
                with pytest.raises(FileError, match=words):
                    fit(resume=tmp_path / "run")

    net = fit(checkpoint=pg.Checkpoint(tmp_path / "run", every=3), callbacks=Again())
    assert_same(net, fit())
    # it is free again, also after an error
    with pytest.raises(SettingError, match="another seed"):
        fit(resume=tmp_path / "run", seed=3)
    assert_same(fit(resume=tmp_path / "run"), net)


def test_data_of_an_earlier_training_are_replaced(tmp_path):
    fit(checkpoint=tmp_path, validation=0.4)
    for path in folder.steps(tmp_path).values():
        path.unlink()
    net = fit(checkpoint=pg.Checkpoint(tmp_path, every=10))
    run = pg.load_run(tmp_path)
    assert run.at(3).params.keys() == net.params.keys()


def test_the_folder_outlives_a_crash_of_the_machine(tmp_path, monkeypatch):
    asked = []

    def keep(place):
        asked.append(Path(place))

    monkeypatch.setattr("plaingrad.files._keep_names", keep)
    make_folder(tmp_path / "runs" / "one")
    assert asked == [tmp_path / "runs", tmp_path]


def test_what_a_killed_write_left_is_removed(tmp_path):
    fit(checkpoint=tmp_path, callbacks=StopAfter(5))
    (tmp_path / ".0123456789ab.part").write_bytes(b"half")
    assert_same(fit(resume=tmp_path), fit())
    assert not list(tmp_path.glob(".*.part"))


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"seed": 1}, SettingError, "begun with another seed than 1 (0), which"),
        ({"batch_size": 8}, SettingError, "begun with another batch_size than 8 (7)"),
        ({"l2": 0.1}, SettingError, "begun with another l2 than 0.1 (0.0), which"),
        (
            {"optimizer": pg.SGD(0.1)},
            SettingError,
            "another optimizer than SGD(lr=0.1), which cannot change on the way",
        ),
        ({"validation": 0.3}, DataError, "are not those that the training"),
        ({"checkpoint": 3}, SettingError, "a checkpoint needs the name of a folder"),
        ({"resume": 3}, SettingError, "resume takes the folder of a training, got 3"),
    ],
)
def test_another_training_does_not_go_on(changed, error, words, tmp_path):
    fit(checkpoint=tmp_path, callbacks=StopAfter(3))
    with pytest.raises(error) as caught:
        fit(**{"resume": tmp_path, **changed})
    assert words in str(caught.value)


def test_another_network_does_not_go_on(tmp_path):
    X, y = zoo.blobs()
    pg.Sequential(pg.Linear(3)).fit(X, y, epochs=1, checkpoint=tmp_path)
    with pytest.raises(
        SettingError, match="begun with another network than Sequential"
    ):
        pg.Sequential(pg.Linear(4), pg.Linear(3)).fit(X, y, epochs=1, resume=tmp_path)
    masked = pg.Sequential(pg.Linear(3)).build(X).freeze("W1", np.eye(4, 3, dtype=bool))
    with pytest.raises(SettingError, match="was begun with other"):
        masked.fit(X, y, epochs=1, resume=tmp_path)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"every": 0}, "every must be a whole number of at least 1"),
        ({"keep": 0}, "keep must be a whole number of at least 1"),
        ({"seconds": -1}, "seconds must be a positive number"),
    ],
)
def test_settings_are_checked(wrong, words):
    with pytest.raises(SettingError, match=words):
        pg.Checkpoint("here", **wrong)


# Damage.


def test_damage_is_seen_and_an_older_checkpoint_used(tmp_path):
    saved = pg.Checkpoint(tmp_path, every=4)
    fit(checkpoint=saved, callbacks=StopAfter(9))
    path = folder.path_of(tmp_path, 9)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    words = (
        "000009.safetensors is damaged: its contents.*So step-000000000008.* is used"
    )
    # who calls is named, not what is called
    with pytest.warns(pg.DamagedWarning, match=words) as told:
        pg.load_run(tmp_path)
    assert told[0].filename == __file__
    with pytest.warns(pg.DamagedWarning, match=words) as told:
        again = fit(resume=tmp_path)
    assert told[0].filename == __file__
    assert_same(again, fit())


def test_no_checkpoint_is_left(tmp_path):
    fit(checkpoint=pg.Checkpoint(tmp_path, keep=1), callbacks=StopAfter(9))
    folder.path_of(tmp_path, 9).write_bytes(b"nothing")
    with pytest.raises(FileError, match=r"is damaged.*No checkpoint is left to go on"):
        fit(resume=tmp_path)


def test_every_flipped_or_missing_byte_is_noticed(tmp_path):
    fit(checkpoint=tmp_path, callbacks=StopAfter(2))
    path = folder.path_of(tmp_path, 2)
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    header = 8 + int.from_bytes(whole[:8], "little")
    places = [*range(8), *rng.integers(8, len(whole), 300).tolist(), len(whole) - 1]
    for place in places:
        content = bytearray(whole)
        content[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(content)
        if place < header and _same_header(whole[8:header], content[8:header]):
            continue
        with pytest.raises(FileError, match="damaged"):
            file.read(path)
    for size in (0, 7, header - 1, header, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(FileError, match="damaged"):
            file.read(path)


def _same_header(one, other):
    """Tell whether two headers differ only in blanks, which mean nothing."""
    return bytes(one).split() == bytes(other).split()


def test_a_newer_format_is_said(tmp_path):
    fit(checkpoint=tmp_path, callbacks=StopAfter(2))
    path = folder.path_of(tmp_path, 2)
    path.write_bytes(path.read_bytes().replace(b'\\"format\\": 1', b'\\"format\\": 9'))
    with pytest.raises(FileError, match=r"has the format 9.*Update plaingrad"):
        file.read(path)


class Fill(pg.Callback):
    """Does something after nine updates."""

    def __init__(self, fill):
        self.fill = fill

    def on_batch_end(self, history):
        if len(history.batch_loss) == 9:
            self.fill()


def assert_ends_after_12(place, fill, reason):
    words = f"{reason}. So training was ended after update 12.*of update 8 is whole"
    with pytest.raises(FileError, match=words):
        fit(checkpoint=pg.Checkpoint(place, every=4), callbacks=Fill(fill))
    assert max(folder.steps(place)) == 8
    assert not list(place.glob(".*.part"))


def test_a_folder_that_is_gone_is_said(tmp_path):
    place = tmp_path / "run"
    words = r"there is no folder .*after update 12.*but its checkpoints are gone"
    gone = Fill(lambda: shutil.rmtree(place))
    with pytest.raises(FileError, match=words):
        fit(checkpoint=pg.Checkpoint(place, every=4), callbacks=gone)


def test_a_file_too_large_leaves_the_checkpoint_from_before(tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with files_of_at_most(limits[0]):
        assert_ends_after_12(
            tmp_path / "run",
            lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1])),
            "File too large",
        )
    assert_same(fit(resume=tmp_path / "run"), fit())


@pytest.mark.parametrize("room", [0, 4096])
def test_a_full_disk_leaves_the_checkpoint_from_before(room, small_disk):
    rest = small_disk / "rest"

    def fill():
        free = shutil.disk_usage(small_disk).free
        rest.write_bytes(bytes(free - room))

    assert_ends_after_12(small_disk / "run", fill, "No space left on device")
    rest.unlink()
    assert_same(fit(resume=small_disk / "run"), fit())


def test_a_read_only_disk_is_said_before_any_work(small_disk):
    fit(checkpoint=small_disk / "run", callbacks=StopAfter(3))
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(FileError, match="cannot write to the folder"):
        fit(resume=small_disk / "run")
    with pytest.raises(FileError, match=r"cannot make the folder.*Read-only"):
        fit(checkpoint=small_disk / "other")
    assert pg.load_run(small_disk / "run").last == 3


def test_what_cannot_be_read_now_is_not_taken_for_damaged(tmp_path, monkeypatch):
    fit(checkpoint=pg.Checkpoint(tmp_path, every=4), callbacks=StopAfter(9))
    path, older = folder.path_of(tmp_path, 9), folder.path_of(tmp_path, 8)
    content = path.read_bytes()
    newer = content.replace(b'\\"format\\": 1', b'\\"format\\": 9')
    path.write_bytes(newer)
    with pytest.raises(FileError, match=r"has the format 9.*Update plaingrad"):
        fit(resume=tmp_path)
    path.unlink()
    path.mkdir()
    with pytest.raises(FileError, match=r"cannot read .*000009"):
        fit(resume=tmp_path)
    path.rmdir()
    path.write_bytes(content)
    assert older.exists()
    assert_same(fit(resume=tmp_path), fit())


def test_a_folder_that_cannot_be_written_is_said_before_any_work(tmp_path, monkeypatch):
    with pytest.raises(FileError, match="cannot make the folder"):
        fit(checkpoint="/dev/null/run")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(FileError, match="cannot write to the folder"):
        fit(checkpoint=tmp_path)


def test_a_training_that_cannot_be_saved_does_not_begin(tmp_path, monkeypatch):
    with files_of_at_most(100), pytest.raises(FileError, match="was not begun, for it"):
        fit(checkpoint=pg.Checkpoint(tmp_path, data=False))
