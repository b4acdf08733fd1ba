"""Callbacks: when they are called, and how they end a training."""

import numpy as np
import pytest

import plaingrad as pg
import zoo


class Log(pg.Callback):
    def __init__(self, events, name="", stop=()):
        self.events, self.name, self.stop = events, name, stop

    def say(self, event, history):
        self.events.append(f"{self.name}{event}")
        return f"{event}{len(history.batch_loss)}" in self.stop

    def on_fit_begin(self, history):
        self.say("begin", history)

    def on_batch_end(self, history):
        return self.say("batch", history)

    def on_epoch_end(self, history):
        return self.say("epoch", history)

    def on_fit_end(self, history):
        self.say("end", history)


def fit(callbacks, **settings):
    X, y = zoo.blobs(10)
    net = pg.Sequential(pg.Linear(3))
    return net.fit(X, y, batch_size=5, epochs=2, callbacks=callbacks, **settings)


def test_callbacks_are_called_in_order():
    events = []
    fit([Log(events, "a-"), Log(events, "b-")])
    once = ["begin", *(["batch", "batch", "epoch"] * 2), "end"]
    assert events == [f"{name}-{event}" for event in once for name in "ab"]


def test_a_batch_or_an_epoch_can_be_the_last():
    events = []
    history = fit([Log(events, stop=["batch3"])])
    assert events[-3:] == ["epoch", "batch", "end"]
    assert (history.stopped, history.epochs) == ("callback", 1)
    history = fit([Log([], stop=["epoch2"])])
    assert (history.stopped, history.epochs) == ("callback", 1)


def test_a_callback_that_asks_to_stop_hides_nothing_from_the_others():
    events = []
    fit([Log([], stop=["batch1"]), Log(events)])
    assert events == ["begin", "batch", "end"]


def test_the_network_can_be_used_meanwhile():
    X, y = zoo.blobs(10)
    net = pg.Sequential(pg.Linear(3))
    scores = []

    class Scores(pg.Callback):
        def on_epoch_end(self, history):
            scores.append((net.score(X, y), net.predict(X), net.inside("W1", X)))

    net.fit(X, y, epochs=3, callbacks=[Scores()])
    assert len(scores) == 3
    assert scores[-1][0] == net.score(X, y)
    np.testing.assert_array_equal(scores[-1][1], net.predict(X))
    assert not np.array_equal(scores[0][2], scores[1][2])


def test_an_error_in_a_callback_is_raised_and_the_network_keeps_what_it_learnt():
    X, y = zoo.blobs(10)
    net = pg.Sequential(pg.Linear(3))
    events = []

    class Fails(pg.Callback):
        def on_epoch_end(self, history):
            raise RuntimeError("my mistake")

    with pytest.raises(RuntimeError, match="my mistake"):
        net.fit(X, y, callbacks=[Fails(), Log(events)])
    assert events == ["begin", "batch", "end"]
    assert net.history.stopped == "error"
    assert net.history.epochs == 1
    net.predict(X)


def test_the_history_is_complete_when_an_epoch_ends():
    lengths = []

    class Lengths(pg.Callback):
        def on_epoch_end(self, history):
            lengths.append((len(history.loss), len(history.val_loss)))

    fit([Lengths()], validation=0.4)
    assert lengths == [(1, 1), (2, 2)]


def test_one_callback_needs_no_list():
    events = []
    fit(Log(events))
    assert events[0] == "begin"


def test_what_is_no_callback_is_named():
    for wrong in ([print], print, [pg.Callback], "early"):
        with pytest.raises(pg.errors.SettingError, match=r"subclasses of pg\.Callback"):
            fit(wrong)
