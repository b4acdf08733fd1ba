"""Callbacks after each update: many updates are one call, and nobody can tell."""

import gc
import signal
import threading

import numpy as np
import pytest

import plaingrad as pg
import zoo

pytest.importorskip("llvmlite")

from plaingrad.native import table
from plaingrad.train import loop

ENGINES = ("reference", "native")


class Counts(pg.Callback):
    """Counts what it is told, and how long the history was."""

    def __init__(self):
        self.begun, self.ended = [], []

    def on_batch_begin(self, history):
        self.begun.append(len(history.batch_loss))

    def on_batch_end(self, history):
        self.ended.append(len(history.batch_loss))


class Clips(pg.Callback):
    """Changes the weights after each update."""

    def __init__(self, net):
        self.net = net

    def on_batch_end(self, history):
        for value in self.net.params.values():
            np.clip(value, -0.2, 0.2, out=value)


def straight():
    return pg.Sequential(pg.Linear(4), pg.Sigmoid(), pg.Linear(1))


def ahead():
    """Return a network whose first product is made ahead at batch size 1."""
    return pg.Sequential(pg.Linear(40), pg.Tanh(), pg.Linear(3))


def online(network):
    """Return samples for a network, and the settings to learn one by one."""
    rng = np.random.default_rng(0)
    if network is straight:
        return rng.normal(size=(12, 3)), rng.normal(size=12)
    return rng.normal(size=(12, 784)), np.arange(12) % 3


@pytest.mark.parametrize("name", zoo.NAMES)
def test_who_is_told_changes_nothing(name):
    animal = zoo.ZOO[zoo.NAMES.index(name)]
    alone = animal.fit(engine="auto")
    counts = Counts()
    told = animal.fit(engine="auto", callbacks=counts)
    assert told.history.batch_loss == alone.history.batch_loss
    for key, value in alone.params.items():
        np.testing.assert_array_equal(told.params[key], value)
    updates = len(alone.history.batch_loss)
    assert counts.ended == [*range(1, updates + 1)]
    assert counts.begun == [*range(updates)]


@pytest.mark.parametrize("engine", ENGINES)
def test_an_epoch_is_one_call(engine, monkeypatch):
    lengths, real = [], loop.perform

    def perform(engine, stretch, *rest):
        lengths.append(stretch.batches)
        real(engine, stretch, *rest)

    monkeypatch.setattr(loop, "perform", perform)
    X, y = zoo.blobs(40)
    net = pg.Sequential(pg.Linear(3))
    net.fit(X, y, epochs=3, batch_size=8, engine=engine, callbacks=Counts())
    assert lengths == [5, 5, 5]


@pytest.mark.parametrize("network", [straight, ahead])
def test_weights_of_the_moment_are_there_and_may_be_changed(network):
    X, y = online(network)
    found = []
    for engine in ENGINES:
        net = network()
        seen = []

        class Sees(pg.Callback):
            def on_batch_end(self, history):
                # only of this training, which is over before the next
                seen.append(net.params["W1"].copy())  # noqa: B023

        settings = {"epochs": 2, "batch_size": 1, "dtype": "float64", "engine": engine}
        net.fit(X, y, callbacks=[Sees(), Clips(net)], **settings)
        found.append(np.array(seen))
    assert len(found[0]) == 24
    assert np.abs(found[0]).max() > 0.2
    np.testing.assert_allclose(found[1], found[0], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_share_the_work_and_one_tells(threads, monkeypatch):
    monkeypatch.setattr(table, "cores", lambda: 3)
    rng = np.random.default_rng(0)
    X, y = rng.random((512, 200)), rng.integers(0, 10, 512)
    where = set()

    class Where(Counts):
        def on_batch_end(self, history):
            super().on_batch_end(history)
            where.add(threading.current_thread())
            return len(self.ended) == 7

    def trained(**settings):
        net = pg.Sequential(pg.Linear(263), pg.ReLU(), pg.Linear(10))
        net.fit(X, y, epochs=5, batch_size=128, engine="native", **settings)
        return net

    told, counts = trained(threads=threads, callbacks=(one := Where())), one.ended
    assert counts == [*range(1, 8)]
    assert where == {threading.current_thread()}
    whole = trained(threads=1)
    assert told.history.batch_loss == whole.history.batch_loss[:7]


@pytest.mark.parametrize("error", [RuntimeError, StopIteration])
@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_raised_comes_out_with_nothing_lost(engine, error):
    class Fails(Counts):
        def on_batch_begin(self, history):
            super().on_batch_begin(history)
            if len(self.begun) == 8:
                raise error("my mistake")

    X, y = zoo.blobs(40)
    net, fails = pg.Sequential(pg.Linear(3)), Fails()
    with pytest.raises(error, match="my mistake"):
        net.fit(X, y, epochs=3, batch_size=8, engine=engine, callbacks=fails)
    assert fails.ended == [1, 2, 3, 4, 5, 6, 7]
    assert (net.history.stopped, net.history.epochs) == ("error", 1)
    assert len(net.history.batch_loss) == 7


@pytest.mark.parametrize("engine", ENGINES)
def test_a_callback_cannot_train_its_own_network_further(engine):
    """The engine would go on with other data, and read beside them."""

    class Trains(pg.Callback):
        def on_batch_end(self, history):
            net.partial_fit(X[:8], y[:8])

    X, y = zoo.blobs(40)
    net = pg.Sequential(pg.Linear(3))
    with pytest.raises(pg.errors.PlaingradError, match="is being trained"):
        net.fit(X, y, epochs=3, batch_size=8, engine=engine, callbacks=Trains())
    assert (net.history.stopped, len(net.history.batch_loss)) == ("error", 1)
    net.partial_fit(X[:8], y[:8])
    assert len(net.history.batch_loss) == 2


@pytest.mark.parametrize("engine", ENGINES)
def test_nobody_is_told_of_a_loss_that_is_no_number(engine):
    X, y = zoo.line(20)
    net, counts = pg.Sequential(pg.Linear(4), pg.ReLU(), pg.Linear(1)), Counts()
    settings = {"epochs": 40, "batch_size": 5, "engine": engine, "callbacks": counts}
    with pytest.warns(pg.DivergedWarning):
        net.fit(X, y, loss=pg.MSE(), optimizer=pg.SGD(lr=3.0), **settings)
    losses = net.history.batch_loss
    assert np.isfinite(losses[:-1]).all()
    assert not np.isfinite(losses[-1])
    assert counts.begun == [*range(len(losses))]
    assert counts.ended == counts.begun[1:]


@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c_is_heard_while_machine_code_works(threads, monkeypatch):
    monkeypatch.setattr(table, "cores", lambda: 2)

    def interrupt(number, frame):
        raise KeyboardInterrupt

    class Alarm(Counts):
        def __init__(self, seconds):
            super().__init__()
            self.seconds = seconds

        def on_batch_end(self, history):
            if not self.ended:
                signal.setitimer(signal.ITIMER_REAL, self.seconds)
            super().on_batch_end(history)

    X, y = zoo.blobs(4000, features=64)
    before = signal.signal(signal.SIGALRM, interrupt)
    # what Python tidies up meanwhile might hear it instead
    gc.disable()
    try:
        for turn in range(20):
            net, alarm = (
                pg.Sequential(pg.Linear(64), pg.Linear(3)),
                Alarm(1e-3 + turn / 7e3),
            )
            settings = {"batch_size": 20 * threads, "threads": threads}
            with pytest.warns(UserWarning, match="interrupted in epoch"):
                net.fit(X, y, epochs=2000, engine="native", callbacks=alarm, **settings)
            assert net.history.stopped == "interrupted"
            assert len(net.history.batch_loss) - alarm.ended[-1] in (0, 1)
    finally:
        gc.enable()
        signal.signal(signal.SIGALRM, before)


def test_callbacks_compute_as_python_does():
    """Machine code takes denormal numbers as zero; a callback does not."""
    found = []

    class Halves(pg.Callback):
        def on_batch_end(self, history):
            found.append(float(np.float32(2e-38) / np.float32(2)))

    X, y = zoo.blobs(40)
    pg.Sequential(pg.Linear(3)).fit(X, y, epochs=1, callbacks=Halves(), engine="native")
    assert all(value > 0 for value in found)
    assert found
