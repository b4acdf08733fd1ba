"""What the loop asks of an engine: stretches of updates, also of one that blocks."""

import copy
import json
import os
import signal
import threading
import time

import numpy as np
import pytest

import plaingrad as pg
import zoo
from plaingrad.native.errors import Unsupported
from plaingrad.ops.random import shuffled
from plaingrad.run import Reference
from plaingrad.train import engines, loop, progress, worker
from plaingrad.train.engines import FallbackWarning
from plaingrad.train.loop import Clock, train
from plaingrad.train.stretch import Stretch, Watch


def network():
    return pg.Sequential(pg.Linear(6), pg.ReLU(), pg.Linear(3))


def stretch(**changes):
    usual = {"order": None, "count": 5, "batch_size": 2, "epochs": 1, "first": 0}
    usual |= {"batches": 3, "step": 0, "epoch": 0, "fixed": {}}
    return Stretch(**{**usual, **changes})


# Stretches and watches.


def test_a_stretch_knows_the_rows_of_each_update():
    order = np.array([4, 3, 2, 1, 0, 0, 1, 2, 3, 4])
    given = stretch(order=order, epochs=2, first=2, batches=3, epoch=7)
    assert given.per_epoch == 3
    found = [(epoch, rows.tolist()) for epoch, rows in map(given.place, range(3))]
    assert found == [(7, [0]), (8, [0, 1]), (8, [2, 3])]


def test_without_an_order_every_epoch_visits_the_samples_as_they_lie():
    given = stretch(epochs=2, batches=6)
    found = [given.place(update)[1].tolist() for update in range(6)]
    assert found == 2 * [[0, 1], [2, 3], [4]]


def test_a_watch_tells_how_far_it_is_and_when_to_stop():
    heard = []
    watch = Watch(np.empty(4), told=lambda: heard.append(watch.done))
    assert not watch.diverged
    assert watch.enter(3.0)
    watch.stop()
    assert not watch.enter(2.0)
    assert (watch.done, watch.losses[:2].tolist(), heard) == (2, [3, 2], [1, 2])
    watch = Watch(np.empty(4))
    assert not watch.enter(np.nan)
    assert watch.diverged


# An engine that blocks and keeps its values in place, as machine code does.


class InPlace(Reference):
    """The reference, in the manner of machine code."""

    name, blocking = "native", True

    def __init__(self, program, given, threads=None, count=None):
        super().__init__(program, given)
        self.threads, self.calls = threads, []
        self.hold()

    def hold(self):
        self.views = [
            (values, dict(values)) for values in (self.parameters, self.states)
        ]

    def settle(self):
        for values, views in self.views:
            for name, view in views.items():
                view[...] = values[name]
                values[name] = view

    def update(self, values):
        loss = super().update(values)
        self.settle()
        return loss

    def put(self, parameters, states):
        super().put(parameters, states)
        self.settle()

    def run(self, stretch, watch):
        self.calls.append((stretch, threading.current_thread()))
        return super().run(stretch, watch)

    def __deepcopy__(self, memo):
        made = super().__deepcopy__(memo)
        made.hold()
        return made


@pytest.fixture
def native(monkeypatch):
    """Make the engine that blocks the native one."""
    monkeypatch.setattr(engines, "available", lambda: True)
    monkeypatch.setattr(
        engines, "_native", lambda program, given, *_: InPlace(program, given)
    )


def same(first, second):
    for name, value in first.params.items():
        np.testing.assert_array_equal(value, second.params[name])
    mine, theirs = first.history.as_dict(), second.history.as_dict()
    for name in ("engine", "seconds", "compile_seconds"):
        mine.pop(name)
        theirs.pop(name)
    assert mine == theirs


@pytest.mark.parametrize("name", zoo.NAMES)
def test_every_engine_is_led_through_the_same_training(name, native):
    animal = zoo.ZOO[zoo.NAMES.index(name)]
    by_native = animal.fit(engine="auto")
    assert by_native.history.engine == "native"
    same(by_native, animal.fit())


@pytest.mark.parametrize("seconds", [0, 0.002, 1e9])
@pytest.mark.parametrize("settings", [{}, {"shuffle": False}, {"batch_size": None}])
def test_how_many_epochs_make_a_call_changes_nothing(
    seconds, settings, native, monkeypatch
):
    X, y = zoo.blobs()
    plain, net = network(), network()
    plain.fit(X, y, epochs=40, engine="reference", **settings)
    monkeypatch.setattr(loop, "CALL", seconds)
    net.fit(X, y, epochs=40, **settings)
    same(net, plain)
    epochs = [stretch.epochs for stretch, _ in net.session.engine.calls]
    assert sum(epochs) == 40
    assert epochs[0] == 1
    if seconds != 0.002:
        assert len(epochs) == (40 if seconds == 0 else 2)


def test_the_weights_are_always_in_the_same_arrays(native):
    X, y = zoo.line()
    net = pg.Sequential(pg.Linear(6), pg.ReLU(), pg.Linear(1))
    net.fit(X, y, epochs=1)
    before = dict(net.params)
    net.partial_fit(X, y)
    with pytest.warns(pg.DivergedWarning):
        net.partial_fit(1e30 * X, y)
    assert all(net.params[name] is value for name, value in before.items())


def test_a_call_is_bounded_in_samples_and_updates(native, monkeypatch):
    monkeypatch.setattr(loop, "CALL", 1e9)
    monkeypatch.setattr(loop, "MOST", 100)
    X, y = zoo.blobs()
    for settings, epochs in [
        ({"batch_size": 5}, [1, 4, 4, 4, 4, 4, 4, 4, 1]),
        ({"batch_size": 5, "shuffle": False}, [1, 20, 9]),
        ({"batch_size": None}, [1, 29]),
    ]:
        net = network()
        net.fit(X, y, epochs=30, **settings)
        assert [s.epochs for s, _ in net.session.engine.calls] == epochs


class Log(pg.Callback):
    def __init__(self, **events):
        self.heard = []
        for event in events:
            setattr(self, event, lambda history, e=event: self.heard.append(e))


@pytest.mark.parametrize(
    ("events", "calls"),
    [
        (["on_batch_end"], 10),
        (["on_epoch_end"], 10),
        (["on_batch_end", "on_epoch_end"], 10),
        (["on_fit_begin", "on_tick", "on_fit_end"], 2),
    ],
)
def test_a_call_is_as_short_as_the_callbacks_need(events, calls, native, monkeypatch):
    monkeypatch.setattr(loop, "CALL", 1e9)
    X, y = zoo.blobs()
    net, log = network(), Log(**dict.fromkeys(events))
    net.fit(X, y, epochs=10, batch_size=5, callbacks=[pg.Callback(), log])
    assert len(net.session.engine.calls) == calls
    assert log.heard.count("on_batch_end") == 50 * ("on_batch_end" in events)
    assert log.heard.count("on_epoch_end") == 10 * ("on_epoch_end" in events)
    assert set(log.heard) == set(events)


def test_the_display_does_not_shorten_calls(native, monkeypatch, capsys):
    monkeypatch.setattr(loop, "CALL", 1e9)
    X, y = zoo.blobs()
    net = network()
    net.fit(X, y, epochs=100, verbose=True)
    assert len(net.session.engine.calls) == 2
    assert "epoch 10/100  loss" in capsys.readouterr().err


def test_only_brief_calls_are_made_in_the_main_thread(native, monkeypatch):
    X, y = zoo.blobs()
    for brief, elsewhere in [(1e9, [True, False, False]), (-1, [True] * 3)]:
        monkeypatch.setattr(worker, "BRIEF", brief)
        net = network()
        net.fit(X, y, epochs=3, validation=0.3)
        threads = [thread for _, thread in net.session.engine.calls]
        assert [t is not threading.main_thread() for t in threads] == elsewhere
    assert not any(t.is_alive() for t in threads)


def test_a_training_in_another_thread_stays_there(native):
    X, y = zoo.blobs()
    net = network()
    other = threading.Thread(target=lambda: net.fit(X, y, epochs=3))
    other.start()
    other.join()
    assert {thread for _, thread in net.session.engine.calls} == {other}


# Divergence, errors and Ctrl-C, with an engine that only counts.


class Counter:
    """Its only weight is how many updates it has done."""

    name, converged = "toy", False

    def __init__(self, blocking=True, bad=None, seconds=0.0):
        self.blocking, self.bad, self.seconds = blocking, bad, seconds
        self.parameters, self.states = {"p": np.zeros(1)}, {"s": np.zeros(1)}
        self.busy = False

    def bind(self, data):
        self.X = data["X"]

    def run(self, stretch, watch):
        self.busy = True
        for update in range(stretch.batches):
            time.sleep(self.seconds)
            step = stretch.step + update + 1
            assert step == self.parameters["p"] + 1
            self.parameters["p"] += 1
            self.states["s"] -= 1
            if not watch.enter(np.inf if step == self.bad else 1 / step):
                break
        self.busy = False
        return watch.done

    def put(self, parameters, states):
        for mine, given in [(self.parameters, parameters), (self.states, states)]:
            for name, value in given.items():
                mine[name][...] = value


def counted(engine, epochs=8, batch_size=2, callbacks=()):
    history, clock = pg.History(), Clock()
    data = {"X": np.arange(5.0)[:, None], "y": np.arange(5)}
    made = pg.program.Loop(epochs, batch_size, shuffle=batch_size is not None, seed=0)
    train(engine, made, data, None, history, callbacks, clock)
    return history, clock


@pytest.mark.parametrize("seconds", [0, 1e9])
@pytest.mark.parametrize("by_batch", [True, False])
@pytest.mark.parametrize("bad", range(1, 13))
def test_a_divergence_returns_to_the_last_good_start_of_an_epoch(
    bad, by_batch, seconds, monkeypatch
):
    monkeypatch.setattr(loop, "CALL", seconds)
    callbacks = [Log(on_batch_end=None)] if by_batch else []
    engine = Counter(bad=bad)
    history, clock = counted(engine, callbacks=callbacks)
    epoch, batch = divmod(bad - 1, 3)
    good = 3 * epoch if batch else max(0, 3 * (epoch - 1))
    assert (engine.parameters["p"], engine.states["s"]) == (good, -good)
    assert history.stopped == "diverged"
    assert history.batch_loss == [*(1 / n for n in range(1, bad)), np.inf]
    assert (history.epochs, clock.epoch, clock.step) == (epoch, epoch, bad)


def test_an_engine_s_error_is_raised_where_fit_was_called():
    class Fails(Counter):
        def run(self, stretch, watch):
            watch.enter(1.0)
            raise MemoryError("no room")

    history = pg.History()
    loop_of_one = pg.program.Loop(1, None, shuffle=False, seed=0)
    data = {"X": np.zeros((2, 1)), "y": np.zeros(2)}
    with pytest.raises(MemoryError, match="no room"):
        train(Fails(), loop_of_one, data, None, history)
    assert (history.stopped, history.batch_loss) == ("error", [1.0])


def interrupt_after(seconds):
    time.sleep(seconds)
    signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("blocking", [True, False])
@pytest.mark.parametrize("batch_size", [2, None])
def test_ctrl_c_ends_it_after_the_batch(blocking, batch_size):
    engine = Counter(blocking, seconds=0.01)
    began = time.perf_counter()
    threading.Thread(target=interrupt_after, args=(0.2,)).start()
    history, clock = counted(engine, epochs=1000, batch_size=batch_size)
    assert time.perf_counter() - began < 2, "all epochs would take 10 s and more"
    assert history.stopped == "interrupted"
    done = len(history.batch_loss)
    assert 5 < done == engine.parameters["p"] == clock.step
    assert history.epochs == clock.epoch
    assert history.epochs in (
        done // history.updates_per_epoch,
        (done - 1) // history.updates_per_epoch,
    )


def test_ctrl_c_again_and_again_does_not_leave_the_engine_behind():
    class Slow(Counter):
        def run(self, stretch, watch):
            done = super().run(stretch, watch)
            if watch.control[1]:
                self.busy = True
                for _ in range(3):
                    time.sleep(0.05)
                    # as a terminal does it: the main thread is woken
                    os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.05)
                self.busy = False
            return done

    engine = Slow(seconds=0.01)
    threading.Thread(target=interrupt_after, args=(0.1,)).start()
    history, _ = counted(engine, epochs=1000)
    assert history.stopped == "interrupted"
    assert not engine.busy


def test_ctrl_c_at_the_update_that_diverges_leaves_good_weights():
    class Late(Counter):
        def run(self, stretch, watch):
            done = super().run(stretch, watch)
            if watch.diverged:
                signal.raise_signal(signal.SIGINT)
                time.sleep(0.1)
            return done

    engine = Late(bad=5, blocking=False)
    history, _ = counted(engine)
    assert (history.stopped, engine.parameters["p"]) == ("interrupted", 3)


def test_an_error_of_a_display_waits_for_the_engine():
    class Fails(pg.Callback):
        def on_tick(self, history):
            raise OSError("nobody listens")

    engine = Counter(seconds=0.02)
    with pytest.raises(OSError, match="nobody listens"):
        counted(engine, epochs=1000, callbacks=[Fails()])
    assert not engine.busy


@pytest.mark.parametrize("blocking", [True, False])
def test_a_display_sees_the_updates_as_they_come(blocking):
    class Looks(pg.Callback):
        def __init__(self):
            self.seen = []

        def on_tick(self, history):
            self.seen.append((len(history.batch_loss), history.epochs))

    looks, engine = Looks(), Counter(blocking, seconds=0.004)
    history, _ = counted(engine, epochs=60, callbacks=[looks])
    assert looks.seen == sorted(looks.seen)
    # 0.7 s of work, and a look each 0.05 s or each update
    assert len(set(looks.seen)) > 10
    for updates, epochs in looks.seen:
        assert epochs in (updates // 3, (updates - 1) // 3)
    assert looks.seen[-1] == (180, 60)
    assert history.batch_loss == [1 / n for n in range(1, 181)]


def test_epochs_that_are_shuffled_ahead_are_the_same():
    class Rows(Counter):
        def run(self, stretch, watch):
            for update in range(stretch.batches):
                epoch, rows = stretch.place(update)
                visited.setdefault(epoch, []).extend(rows.tolist())
            return super().run(stretch, watch)

    visited = {}
    counted(Rows(seconds=0.004), epochs=60)
    assert visited == {e: shuffled(5, 0, e).tolist() for e in range(60)}


def test_the_loss_of_an_epoch_is_summed_as_a_loop_would_sum_it():
    history, _ = counted(Counter(), epochs=50)
    batches = iter(history.batch_loss)
    for loss in history.loss:
        total = 0.0
        for size in (2, 2, 1):
            total += size * next(batches)
        assert loss == total / 5


# Which engine it is.


def fit(**settings):
    X, y = zoo.blobs()
    net = network()
    net.fit(X, y, epochs=1, **settings)
    return net


def test_an_engine_is_known_by_its_name():
    with pytest.raises(pg.errors.SettingError, match="Did you mean 'native'"):
        fit(engine="nativ")
    with pytest.raises(pg.errors.SettingError, match="threads must be a whole number"):
        fit(threads=0)
    net = fit(engine="reference", threads=np.int64(2))
    assert net.history.engine == "reference"
    assert net.session.machine.threads == 2
    assert type(net.session.engine) is Reference
    assert 0 < net.history.compile_seconds < 5


def test_threads_reach_the_engine(monkeypatch):
    monkeypatch.setattr(engines, "available", lambda: True)
    monkeypatch.setattr(engines, "_native", InPlace)
    assert fit(engine="native", threads=3).session.engine.threads == 3
    assert fit().session.engine.threads is None


def test_without_llvmlite_the_reference_trains_and_says_so(monkeypatch):
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    assert not engines.available()
    net = fit()
    assert net.history.engine == "reference"
    assert net.history.chosen[-1] == (
        "engine reference: the native engine needs llvmlite, which is not installed. "
        "Install it with: pip install llvmlite"
    )
    assert len(fit(engine="reference").history.chosen) == 2
    with pytest.raises(pg.errors.MissingExtraError, match="pip install llvmlite"):
        fit(engine="native")


def test_what_the_native_engine_cannot_run_the_reference_does(monkeypatch):
    def refuse(program, given, threads, count):
        raise Unsupported("the operation fft")

    monkeypatch.setattr(engines, "available", lambda: True)
    monkeypatch.setattr(engines, "_native", refuse)
    X, y = zoo.blobs()
    message = "the native engine cannot run the operation fft; the reference can."
    for use in (network().fit, network().partial_fit):
        with pytest.warns(FallbackWarning, match=message) as caught:
            history = use(X, y)
        assert [warning.filename for warning in caught] == [__file__]
        assert history.engine == "reference"
        assert history.chosen[-1] == f"engine reference: {message}"
        assert np.isfinite(history.loss).all()
    with pytest.raises(Unsupported, match="the operation fft"):
        fit(engine="native")


def test_partial_fit_keeps_to_its_engine(native):
    X, y = zoo.blobs()
    net, plain = network(), network()
    for _ in range(2):
        net.partial_fit(X, y, engine="native")
        plain.partial_fit(X, y, engine="reference", threads=1)
    assert len(net.session.engine.calls) == 2
    same(net, plain)
    with pytest.raises(pg.errors.SettingError, match="begun with engine='reference'"):
        plain.partial_fit(X, y, engine="native")
    with pytest.raises(pg.errors.SettingError, match="begun with threads=1"):
        plain.partial_fit(X, y, threads=2)
    for each in (net, plain):
        each.freeze("W1")
        each.partial_fit(X, y)
    assert (net.history.engine, plain.history.engine) == ("native", "reference")
    same(net, plain)
    plain.fit(X, y, epochs=1, warm_start=True)
    assert plain.history.engine == "native"


def test_a_copy_has_an_engine_of_its_own(native):
    X, y = zoo.blobs()
    net, plain = network(), network()
    net.fit(X, y, epochs=2)
    plain.fit(X, y, epochs=2, engine="reference")
    twin = copy.deepcopy(net)
    twin.partial_fit(X, y)
    same(net, plain)
    plain.partial_fit(X, y)
    same(twin, plain)


def test_a_file_does_not_say_which_engine_wrote_it(native, tmp_path):
    X, y = zoo.blobs()
    net = fit(engine="native", threads=2)
    path = net.save(tmp_path / "net.safetensors")
    assert b"threads" not in path.read_bytes()
    loaded = pg.load(path)
    loaded.partial_fit(X, y, engine="reference")
    assert loaded.history.engine == "reference"
    assert json.loads(json.dumps(loaded.history.as_dict()))["engine"] == "reference"


def test_a_long_wait_for_the_compiler_is_explained(monkeypatch, capsys):
    monkeypatch.setattr(progress, "PATIENCE", 0.05)
    for seconds, shown, text in [
        (0.2, True, "compiling ...\n"),
        (0.2, False, ""),
        (0, True, ""),
    ]:
        with progress.told_when_long("compiling ...", shown):
            time.sleep(seconds)
        assert capsys.readouterr().err == text


def test_fit_explains_the_wait_to_those_who_look(monkeypatch, capsys):
    def slow(program, given, threads, count):
        time.sleep(0.2)
        return InPlace(program, given)

    monkeypatch.setattr(progress, "PATIENCE", 0.05)
    monkeypatch.setattr(engines, "available", lambda: True)
    monkeypatch.setattr(engines, "_native", slow)
    net = fit(verbose=True)
    assert capsys.readouterr().err.startswith("compiling ...\n")
    assert net.history.compile_seconds > 0.2
    fit(verbose=False)
    assert capsys.readouterr().err == ""
