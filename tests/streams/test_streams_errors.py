"""What is wrong with a stream is said, with rows of the file, and nothing is lost."""

import os
import signal
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

import plaingrad as pg
from helpers_streams import ENGINES, assert_same, fit, mapped, network, readers, samples
from plaingrad.errors import DataError, FileError, SettingError
from plaingrad.streams.feed import Ahead


@pytest.fixture(autouse=True)
def _no_reader_is_left():
    yield
    assert not readers()


def stream_of(X, y, memory="10 KB", block=7, **more):
    return pg.data.stream(X, y, memory=memory, block=block, **more)


# Before any work.


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"batch_size": None}, "batch_size=None means all samples at once"),
        ({"optimizer": pg.LBFGS(), "batch_size": 8}, "needs all samples at once"),
        ({"class_weight": "balanced"}, "'balanced' needs all labels at once"),
        ({"class_weight": {0: 2, 7: 1}}, r"given for \[7\], but the network has the"),
        ({"validation": 0.2}, "no share of a stream can be set aside"),
        ({"early_stopping": 3}, "no share of a stream can be set aside"),
        ({"sample_weight": np.ones(103)}, "weights of a stream's samples belong to it"),
        (
            {"optimizer": pg.SGD(pg.ReduceOnPlateau(0.1))},
            "looks at the loss of all samples after each epoch",
        ),
    ],
)
def test_settings_that_need_all_samples_at_once_are_refused(settings, words):
    with pytest.raises(SettingError, match=words.replace("belong to it", "belong to")):
        fit(stream_of(*samples()), **settings)


def test_targets_belong_to_arrays_or_to_the_stream():
    X, y = samples()
    with pytest.raises(DataError, match=r"y is missing: pass the samples and"):
        network().fit(X)
    with pytest.raises(DataError, match="a stream has its own targets"):
        network().fit(stream_of(X, y), y)
    net = fit(X, y)
    for method in (net.evaluate, net.score, net.find_lr):
        with pytest.raises(DataError, match="y is missing"):
            method(X)
    with pytest.raises(SettingError, match="partial_fit trains on arrays"):
        net.partial_fit(stream_of(X, y), None)
    with pytest.raises(SettingError, match="samples in arrays are validated on arrays"):
        fit(X, y, validation=stream_of(X, y))


def test_a_stream_to_validate_on_must_fit_its_memory():
    X, y = samples(1000)
    with pytest.raises(SettingError, match=r"take 24 KB, more than its memory=5000 B"):
        fit(stream_of(X, y), validation=stream_of(X, y, memory=5000))


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"memory": "much"}, SettingError, "such as '256 MB'"),
        ({"memory": 0}, SettingError, "memory must be a whole number"),
        ({"memory": "0 MB"}, SettingError, "such as '256 MB'"),
        ({"block": 0}, SettingError, "block must be a whole number"),
        ({"mixed": 1.5}, SettingError, "mixed must be a whole number"),
        ({"target": "rent"}, SettingError, "target does not belong to arrays"),
        ({"rows": 5}, SettingError, "rows does not belong to arrays"),
    ],
)
def test_arguments_are_checked(given, error, words):
    with pytest.raises(error, match=words):
        pg.data.stream(*samples(), **given)


@pytest.mark.parametrize(
    ("source", "y", "words"),
    [
        (np.ones((5, 2)), None, "y is missing: pass samples and targets"),
        (np.ones((5, 2)), np.ones(4), "X has 5, y has 4 rows"),
        (np.ones((0, 2)), np.ones(0), "there must be some"),
        (np.array([["a"]]), np.ones(1), "X must hold numbers, got the type <U1"),
        (3.0, np.ones(1), "one row for each sample"),
        (3, None, "a stream comes from arrays"),
        ("X.npy", "y.npy", "are mapped first: X = np.load"),
        (lambda: None, None, "must return an iterable of batches, and returned None"),
        ([([[1, 2], [3]], [0, 1])], None, "X of batch 0 cannot be made an array: "),
        ([[1, 2], [3]], np.ones(2), "X cannot be made an array: "),
        ([], None, "the iterable gave no batch"),
        ([3], None, r"batch 0 of the iterable is no \(X, y\)"),
        ([(np.ones((2, 2)), np.ones(3))], None, "each needs a row for each sample"),
        (
            [(np.ones((2, 2)), np.ones(2)), (np.ones((2, 3)), np.ones(2))],
            None,
            r"X of batch 1 has the shape \(2, 3\)",
        ),
        (
            [(np.ones((2, 2)), np.ones(2)), (np.ones((2, 2)), *np.ones((2, 2)))],
            None,
            "batch 1 has weights, unlike the first one",
        ),
    ],
)
def test_sources_are_checked(source, y, words):
    with pytest.raises(DataError, match=words):
        pg.data.stream(source, y)


@pytest.mark.parametrize("block", [None, 50])
@pytest.mark.parametrize("batch", [1, 16, 90])
@pytest.mark.parametrize("shuffle", [True, False])
def test_the_least_memory_is_told_and_is_enough(block, batch, shuffle):
    X, y = samples()
    given = {"batch_size": batch, "shuffle": shuffle}
    with pytest.raises(SettingError, match="is not enough for two windows") as caught:
        fit(pg.data.stream(X, y, memory=100, block=block), **given)
    least = str(caught.value).partition("at least ")[2].partition(".")[0]
    net = fit(pg.data.stream(X, y, memory=least, block=block), **given)
    assert net.history.epochs == 3


# On the way.


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        ("X", np.nan, r"X has NaN in rows? (\d+, )*617"),
        ("X", np.inf, r"X has infinity in row 617\. "),
        ("X", 1e300, "X holds numbers as large as 1e\\+300, too large for float32"),
        ("y", 7, r"y holds the label 7 in row 617, but the network has 3 outputs"),
    ],
)
def test_rows_are_named_and_nothing_is_lost(engine, place, value, words, tmp_path):
    X, y = samples(1000)
    data = {"X": X, "y": y}
    good = stream_of(*mapped(tmp_path, A=X, b=y))
    data[place][617] = value
    bad = stream_of(*mapped(tmp_path, **data))
    assert 617 not in bad.sampled
    given = {"engine": engine, "shuffle": False, "batch_size": 50}
    saved = pg.Checkpoint(tmp_path / "run", every=1)
    net = network()
    with pytest.raises(DataError, match=words):
        fit(bad, net=net, checkpoint=saved, **given)
    done = len(net.history.batch_loss)
    assert 0 < done < 13
    assert net.history.stopped == "error"
    whole = fit(good, **given)
    assert net.history.batch_loss == whole.history.batch_loss[:done]
    assert max(pg.load_run(tmp_path / "run").steps) == done


def test_rows_of_the_sample_are_named_before_any_work():
    X, y = samples(1000)
    stream = stream_of(X, y)
    row = stream.sampled[-3]
    assert row > 500
    X[row] = np.nan
    net = network()
    with pytest.raises(DataError, match=rf"X has NaN in row {row}\. Remove"):
        fit(stream, net=net)
    assert not net.params


def test_weights_below_zero_are_refused():
    X, y = samples(40)

    w = np.where(np.arange(40) < 20, 1.0, -1.0)
    with pytest.raises(DataError, match=r"sample_weight is negative in rows (\d+, )*3"):
        fit(stream_of(X, y, sample_weight=w))
    with pytest.raises(
        DataError, match=r"one number for each of the .* read at a time"
    ):
        fit(stream_of(X, y, sample_weight=w[:, None]))


def test_what_needs_all_samples_takes_no_stream(tmp_path):
    X, y = samples(40)
    stream = stream_of(X, y)
    for use in (
        lambda: network().fit_seeds(stream, y, seeds=2),
        lambda: pg.search(stream, y),
        lambda: fit(X, y).inside("a1", stream),
        lambda: np.asarray(stream),
    ):
        with pytest.raises(SettingError, match="reads its samples as they are needed"):
            use()
    with pytest.raises(SettingError, match=r"TableModel\.fit cuts a table into three"):
        pg.TableModel.fit(stream)
    fit(stream, checkpoint=tmp_path / "run")
    with pytest.raises(SettingError, match="data must be the stream that was trained"):
        pg.load_run(tmp_path / "run", data=(X, y))


def test_iterables_that_change_are_noticed():
    X, y = samples(60)
    length = [60]

    def some():
        yield from ((X[i : i + 10], y[i : i + 10]) for i in range(0, length[0], 10))

    stream = pg.data.stream(some, memory="20 KB")
    length[0] = 50
    with pytest.raises(DataError, match="gave 50 samples in this epoch, and 60 are"):
        fit(stream)
    length[0] = 60
    stream = pg.data.stream(some, rows=35, memory="20 KB")
    with pytest.raises(DataError, match="gave more than 35 samples in this epoch"):
        fit(stream)


def test_what_an_iterable_raises_comes_out_of_fit():
    X, y = samples(60)
    closed = []

    def broken():
        try:
            yield X, y
            raise ZeroDivisionError("of the generator")
        finally:
            closed.append(1)

    stream = pg.data.stream(broken, rows=100, memory="20 KB")
    net = network()
    with pytest.raises(ZeroDivisionError, match="of the generator"):
        fit(stream, net=net)
    assert closed
    assert net.history.stopped == "error"


def test_an_iterator_is_read_once():
    X, y = samples(60)
    with pytest.raises(SettingError, match="cannot be counted first"):
        pg.data.stream(iter([(X, y)]))
    stream = pg.data.stream(iter([(X, y)]), rows=60, memory="20 KB")
    with pytest.raises(SettingError, match="this may take 3 epochs"):
        fit(stream)
    fit(stream, epochs=1)
    with pytest.raises(SettingError, match="was read already"):
        fit(stream, epochs=1)


@pytest.mark.parametrize("change", ["shorter", "other"])
def test_files_that_change_are_noticed(change, tmp_path):
    X, y = samples(2000)
    stream = stream_of(*mapped(tmp_path, X=X, y=y))

    class Change(pg.Callback):
        def on_epoch_end(self, history):
            path = tmp_path / "X.npy"
            if change == "shorter":
                os.truncate(path, 10_000)
            else:
                os.utime(path, (0, 0))

    net = network()
    with pytest.raises(
        FileError, match=r"X.npy (was changed after|has become shorter)"
    ):
        fit(stream, net=net, callbacks=[Change()], epochs=9)
    assert net.history.stopped == "error"


def test_a_file_that_shrinks_is_no_crash(tmp_path):
    X, y = samples(2000)
    np.save(tmp_path / "X.npy", X)
    stream = stream_of(np.load(tmp_path / "X.npy", mmap_mode="r+"), y)
    os.truncate(tmp_path / "X.npy", 10_000)
    with pytest.raises(FileError, match="has become shorter than the array in it"):
        fit(stream)


# Ends.


def test_after_a_wait_that_was_ended_the_right_batches_come():
    X, y = samples(200)
    feed = fit(stream_of(X, y), shuffle=False).session.prepared.feed
    gate = threading.Event()

    def convert(chunk, first):
        gate.wait(10)
        return feed.convert(chunk, first)

    ahead = Ahead(replace(feed, convert=convert))
    assert ahead.window(0, 0, lambda: True) is None
    gate.set()
    assert ahead.window(0, 3, lambda: False).first == 3
    ahead.close()


@pytest.mark.parametrize("engine", ENGINES)
def test_ctrl_c_ends_it_while_it_reads(engine):
    X, y = samples(60)
    wanted = threading.Event()

    def slow():
        for _ in range(2):
            yield X, y
        # the next window takes for ever
        threading.Timer(0.2, signal.raise_signal, (signal.SIGINT,)).start()
        wanted.wait(10)
        yield X, y

    stream = pg.data.stream(slow, rows=1_000, memory="6 KB")
    net = network()

    class Free(pg.Callback):
        def on_fit_end(self, history):
            wanted.set()

    began = time.monotonic()
    with pytest.warns(UserWarning, match="interrupted in epoch 1"):
        fit(stream, net=net, engine=engine, callbacks=[Free()])
    assert time.monotonic() - began < 9
    assert net.history.stopped == "interrupted"
    assert len(net.history.batch_loss) > 0


@pytest.mark.parametrize("engine", ENGINES)
def test_a_divergence_goes_back_as_in_memory(engine):
    X, y = samples(200)
    X[:, 0] *= 50
    given = {"optimizer": pg.SGD(lr=1e18), "engine": engine, "epochs": 9}
    stream = stream_of(X, y)
    with pytest.warns(pg.DivergedWarning):
        net = fit(stream, shuffle=False, **given)
    with pytest.warns(pg.DivergedWarning):
        other = fit(X, y, shuffle=False, **given)
    for name, value in net.params.items():
        np.testing.assert_array_equal(value, other.params[name])


def test_callbacks_end_it_and_it_goes_on():
    X, y = samples(200)
    stream = stream_of(X, y)

    class Stop(pg.Callback):
        def on_batch_end(self, history):
            return len(history.batch_loss) == 17

    net = fit(stream, callbacks=[Stop()])
    assert net.history.stopped == "callback"
    assert_same(net, fit(stream, callbacks=[Stop()]))
