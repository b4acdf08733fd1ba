"""Trainings on streams go on from checkpoints, and can be looked at again."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import plaingrad as pg
from helpers_streams import ENGINES, assert_same, fit, readers, samples
from plaingrad.checkpoints import folder
from plaingrad.errors import DataError, FileError, SettingError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _no_reader_is_left():
    yield
    assert not readers()


def stream(rows=200, **more):
    X, y = samples(rows)
    return pg.data.stream(X, y, **{"memory": "12 KB", "block": 7, **more})


class StopAfter(pg.Callback):
    def __init__(self, updates):
        self.updates = updates

    def on_batch_end(self, history):
        return len(history.batch_loss) >= self.updates


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("stop", [1, 5, 13, 20, 38])
def test_it_goes_on_to_the_bit_from_anywhere(engine, shuffle, stop, tmp_path):
    given = {"engine": engine, "shuffle": shuffle}
    whole = fit(stream(), **given)
    half = fit(stream(), checkpoint=tmp_path, callbacks=[StopAfter(stop)], **given)
    assert len(half.history.batch_loss) == stop
    assert_same(fit(stream(), resume=tmp_path, **given), whole)


@pytest.mark.parametrize("stop", [4, 17])
def test_an_iterable_is_read_on(stop, tmp_path):
    X, y = samples(200)
    batches = [(X[i : i + 9], y[i : i + 9]) for i in range(0, 200, 9)]

    def made():
        return pg.data.stream(lambda: iter(batches), memory="12 KB")

    fit(made(), checkpoint=tmp_path, callbacks=[StopAfter(stop)])
    assert_same(fit(made(), resume=tmp_path), fit(made()))


KILLED = """
import os, signal, sys
import numpy as np
import plaingrad as pg

class Kill(pg.Callback):
    def on_batch_end(self, history):
        if len(history.batch_loss) == int(sys.argv[3]):
            os.kill(os.getpid(), signal.SIGKILL)

X, y = (np.load(f"{sys.argv[1]}/{name}.npy", mmap_mode="r") for name in "Xy")
stream = pg.data.stream(X, y, memory="12 KB", block=7)
net = pg.Sequential(pg.Linear(6), pg.ReLU(), pg.Dropout(0.2), pg.Linear(3))
place = f"{sys.argv[1]}/run"
net.fit(
    stream, epochs=3, batch_size=16, engine=sys.argv[2], verbose=False,
    checkpoint=pg.Checkpoint(place, every=4), callbacks=[Kill()],
    resume=place if os.path.isdir(place) else None,
)
net.save(f"{sys.argv[1]}/net.safetensors")
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_a_killed_process_goes_on(engine, tmp_path):
    X, y = samples(200)
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", y)
    for kill in (9, 27, 10**9):
        command = [sys.executable, "-c", KILLED, str(tmp_path), engine, str(kill)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        expected = 0 if kill == 10**9 else -signal.SIGKILL
        assert done.returncode == expected, done.stderr
    whole = fit(pg.data.stream(X, y, memory="12 KB", block=7), engine=engine)
    for name, value in pg.load(tmp_path / "net.safetensors").params.items():
        np.testing.assert_array_equal(value, whole.params[name])


def test_any_step_can_be_had_again_with_the_stream(tmp_path):
    one = fit(stream(), checkpoint=pg.Checkpoint(tmp_path / "one", every=13))
    run = pg.load_run(tmp_path / "one", data=stream())
    halfway = fit(stream(), callbacks=[StopAfter(18)])
    for name, value in run.at(18).params.items():
        np.testing.assert_array_equal(value, halfway.params[name])
    alone = pg.load_run(tmp_path / "one")
    assert alone.at(39).score(*samples(200)) == one.score(*samples(200))
    with pytest.raises(FileError, match=r"was on a stream.*data=stream"):
        alone.at(18)
    with pytest.raises(DataError, match="not the stream that was trained on"):
        pg.load_run(tmp_path / "one", data=stream(199)).at(18)
    with pytest.raises(DataError, match="read in other blocks"):
        pg.load_run(tmp_path / "one", data=stream(block=8)).at(18)
    X, y = samples(200)
    fit(X, y, checkpoint=pg.Checkpoint(tmp_path / "arrays", every=13))
    with pytest.raises(FileError, match="was on arrays, which are there"):
        pg.load_run(tmp_path / "arrays", data=stream()).at(18)


def test_where_two_trainings_part(tmp_path):
    X, y = samples(200)
    fit(stream(), checkpoint=tmp_path / "one")
    row = 123
    assert row not in stream().sampled
    X[row, 0] += 0.5
    other = pg.data.stream(X, y, memory="12 KB", block=7)
    net = fit(other, checkpoint=tmp_path / "other")
    order = net.program().loop.order(200, 0)
    runs = (
        pg.load_run(tmp_path / "one", data=stream()),
        pg.load_run(tmp_path / "other", data=other),
    )
    found = runs[0].diff(runs[1])
    assert (found.step, found.name) == (
        int(np.flatnonzero(order == row)[0]) // 16 + 1,
        "X",
    )


def test_another_stream_does_not_go_on(tmp_path):
    fit(stream(), checkpoint=tmp_path, callbacks=[StopAfter(5)])
    cases = [
        (stream(block=9), SettingError, r"mixed \d+ of 29 blocks.*mixes \d+ of 23"),
        (stream(memory="20 KB"), SettingError, "with the same memory, block and mixed"),
        (samples(200), DataError, "was begun on a stream"),
    ]
    X, y = samples(200)
    X[0] += 1
    changed = pg.data.stream(X, y, memory="12 KB", block=7)
    cases.append((changed, DataError, "are not those that the training"))
    for data, error, words in cases:
        given = data if isinstance(data, tuple) else (data,)
        with pytest.raises(error, match=words):
            fit(*given, resume=tmp_path)
    fit(*samples(200), checkpoint=tmp_path / "arrays", callbacks=[StopAfter(5)])
    with pytest.raises(DataError, match="was begun on arrays"):
        fit(stream(), resume=tmp_path / "arrays")


def test_checkpoints_do_not_hold_the_data(tmp_path):
    wide = np.random.default_rng(0).random((4000, 50))
    y = np.arange(4000) % 3
    fit(pg.data.stream(wide, y, memory="100 KB"), checkpoint=tmp_path, epochs=1)
    assert (tmp_path / "data.safetensors").stat().st_size < wide.nbytes / 20


def test_ctrl_c_saves_and_it_goes_on(tmp_path):
    class Interrupt(pg.Callback):
        def on_batch_end(self, history):
            if len(history.batch_loss) == 7:
                signal.raise_signal(signal.SIGINT)

    with pytest.warns(UserWarning, match="It is saved: go on with resume"):
        fit(stream(), checkpoint=tmp_path, callbacks=[Interrupt()])
    assert max(folder.steps(tmp_path)) == 7
    assert_same(fit(stream(), resume=tmp_path), fit(stream()))
