"""Training by machine code, against the reference, on the whole zoo."""

import copy
import signal
import sys
import threading
import time
from functools import partial
from weakref import WeakValueDictionary

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import plaingrad as pg
import zoo
from plaingrad.native import cached, flat, table
from plaingrad.native import design as designs
from plaingrad.native.crew import Crew
from plaingrad.native.engine import Native
from plaingrad.train.session import prepare
from plaingrad.train.settings import Settings

EPS = np.finfo(np.float32).eps
SOME = ["shared", "hinge", "weighted", "dropout", "masked_adam", "softmax_layer"]
SOME += ["sequence", "convolution", "pooling", "grouped", "residual"]


def animal(name):
    return zoo.ZOO[zoo.NAMES.index(name)]


@pytest.fixture
def forced(monkeypatch):
    """Return a function that fixes the design of everything that is compiled next."""

    def force(**choice):
        monkeypatch.setenv("PLAINGRAD_CACHE", "off")
        monkeypatch.setattr(cached, "_known", WeakValueDictionary())
        monkeypatch.setattr(designs, "design", partial(plain, **choice))

    plain = designs.design
    return force


def same_bits(first, second):
    for name, value in first.params.items():
        np.testing.assert_array_equal(value, second.params[name], err_msg=name)
    assert first.history.batch_loss == second.history.batch_loss


def close(net, plain, steps=1e-11, end=1e-9):
    """Compare two trainings: the losses at first, and all weights at the end."""
    losses, wanted = (np.array(n.history.batch_loss[:10]) for n in (net, plain))
    np.testing.assert_allclose(losses, wanted, rtol=steps)
    assert net.history.stopped == plain.history.stopped
    assert len(net.history.batch_loss) == len(plain.history.batch_loss)
    for name, value in plain.params.items():
        scale = np.abs(value).max(initial=1e-300)
        np.testing.assert_allclose(
            net.params[name] / scale, value / scale, atol=end, err_msg=name
        )


# Against the reference.


@pytest.mark.parametrize("name", zoo.NAMES)
def test_the_zoo_learns_what_the_reference_learns(name):
    found = [animal(name).fit(dtype="float64", engine=e) for e in ENGINES]
    assert found[0].history.engine == "native"
    close(*found)
    for mine, theirs in zip(*(net.history.val_score for net in found), strict=True):
        assert mine == pytest.approx(theirs, rel=1e-12)
    for mine, theirs in zip(*(net.history.val_loss for net in found), strict=True):
        assert mine == pytest.approx(theirs, rel=1e-9)


ENGINES = ("native", "reference")


@pytest.mark.parametrize("name", zoo.NAMES)
def test_float32_is_as_exact_as_the_reference_in_float32(name):
    made = animal(name)
    exact = made.fit(dtype="float64", epochs=1)
    single, net = (made.fit(dtype="float32", epochs=1, engine=e) for e in ENGINES[::-1])
    values = {"loss": [np.array(n.history.batch_loss) for n in (exact, single, net)]}
    for key in exact.params:
        values[key] = [n.params[key].astype(float) for n in (exact, single, net)]
    for key, (truth, numpy, native) in values.items():
        scale = np.abs(truth).max(initial=0)
        allowed = 2 * np.abs(numpy - truth).max(initial=0) + 8 * EPS * scale
        assert np.abs(native - truth).max(initial=0) <= allowed, key


@pytest.mark.parametrize(("lanes", "tile"), [("features", 2), ("samples", 8)])
@pytest.mark.parametrize("name", SOME)
def test_every_layout_gives_the_same(name, lanes, tile, forced):
    forced(lanes=lanes, tile=tile, shards=2)
    settings = {"dtype": "float64", "epochs": 1, "batch_size": 9}
    close(*(animal(name).fit(engine=engine, **settings) for engine in ENGINES))


@pytest.mark.parametrize("name", ["convolution", "deep_adam", "weighted"])
def test_any_number_of_threads_gives_the_same_bits(name, forced, monkeypatch):
    monkeypatch.setattr(table, "cores", lambda: 3)
    forced(tile=2, shards=3)
    nets = [
        animal(name).fit(engine="native", threads=threads, batch_size=11)
        for threads in (1, 2, 3)
    ]
    for net, threads in zip(nets, (1, 2, 3), strict=True):
        assert threads_of(net) == threads
        same_bits(net, nets[0])


def threads_of(net):
    crew = net.session.engine._update._crew
    return 1 if crew is None else len(crew._post.queues)


def test_the_work_decides_how_many_threads_there_are(forced, monkeypatch):
    monkeypatch.setattr(table, "cores", lambda: 2)
    monkeypatch.setattr(table, "idle", lambda: 2)
    forced(tile=2, shards=3)
    assert threads_of(animal("deep").fit(engine="native")) == 1
    monkeypatch.setattr(table, "WORTH", 1)
    assert threads_of(animal("deep").fit(engine="native")) == 2
    assert threads_of(animal("deep").fit(engine="native", threads=8)) == 2
    # what fits into one tile is work for one
    assert threads_of(animal("deep").fit(engine="native", batch_size=2)) == 1
    monkeypatch.setattr(table, "idle", lambda: 1)
    assert threads_of(animal("deep").fit(engine="native")) == 1


def test_where_no_thread_can_be_had_one_does_the_work(forced, monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(table, "cores", lambda: 2)
    forced(tile=2, shards=3)
    wanted = animal("deep").fit(engine="native", threads=2)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    # the first call is made beside the main thread, for nobody knows how long it takes
    monkeypatch.setattr("plaingrad.train.loop.perform", lambda e, s, w, *_: e.run(s, w))
    same_bits(animal("deep").fit(engine="native", threads=2), wanted)


# What a training may do on its way.


def network(outputs=3):
    return pg.Sequential(pg.Linear(6), pg.ReLU(), pg.Linear(outputs))


def fit(net=None, engine="native", **settings):
    X, y = zoo.blobs()
    net = net or network()
    net.fit(X, y, **{"epochs": 3, "dtype": "float64", "engine": engine, **settings})
    return net


def both(act, **settings):
    """Return a network of each engine, after the same was done with it."""
    nets = [fit(engine=engine, **settings) for engine in ENGINES]
    for net in nets:
        act(net)
    return nets


def test_partial_fit_goes_on():
    X, y = zoo.blobs(70)

    def act(net):
        for rows in (slice(5), slice(23), slice(70), slice(1), slice(40)):
            net.partial_fit(X[rows], y[rows])

    close(*both(act))
    close(*both(act, batch_size=None))


def test_batches_that_grow_are_compiled_for_a_few_times_only(monkeypatch):
    X, y = zoo.blobs(100)
    net, made = network(), []

    def spy(procedure, dtype, capacity, loss=None):
        made.append(capacity)
        return cached.function(procedure, dtype, capacity, loss)

    monkeypatch.setattr("plaingrad.native.engine.function", spy)
    for count in range(1, 16, 3):
        net.partial_fit(X[:count], y[:count], engine="native", batch_size=None)
    assert made == [1, 4, 8, 16]


def test_warm_start_goes_on_from_the_weights():
    def act(net):
        before = copy.deepcopy(net.params)
        fit(net, net.history.engine, warm_start=True, optimizer=pg.SGD(0.1))
        assert (net.params["W1"] != before["W1"]).any()

    close(*both(act))


def test_callbacks_see_every_batch():
    class Log(pg.Callback):
        def __init__(self):
            self.heard = []

        def on_batch_end(self, history):
            self.heard.append(history.batch_loss[-1])

        def on_epoch_end(self, history):
            self.heard.append(history.loss[-1])
            return len(history.loss) == 2

    logs = [Log(), Log()]
    nets = [
        fit(engine=engine, callbacks=[log], batch_size=5, epochs=4)
        for engine, log in zip(ENGINES, logs, strict=True)
    ]
    close(*nets)
    assert nets[0].history.stopped == "callback"
    assert logs[0].heard == pytest.approx(logs[1].heard, rel=1e-11)
    whole = fit(batch_size=5, epochs=2)
    same_bits(whole, nets[0])


def test_a_copy_is_an_engine_of_its_own():
    X, y = zoo.blobs()
    net = fit()
    twin = copy.deepcopy(net)
    same_bits(net, twin)
    before = copy.deepcopy(dict(net.params))
    twin.partial_fit(X, y)
    for name, value in before.items():
        np.testing.assert_array_equal(net.params[name], value)
    net.partial_fit(X, y)
    same_bits(net, twin)
    assert twin.score(X, y) == net.score(X, y)


def test_weights_may_be_set_and_changed_in_place():
    X, y = zoo.blobs()
    net, plain = fit(), fit(engine="reference")
    for each in (net, plain):
        each.params["W1"] = np.ones((4, 6))
        each.params["b1"][2] = 3
        each.params.update(W2=np.full((6, 3), 0.5))
        each.partial_fit(X, y)
    close(net, plain)
    view = net.params["W1"]
    with pytest.raises(pg.errors.ShapeError, match=r"W1 has the shape \(4, 6\)"):
        net.params["W1"] = np.ones(6)
    with pytest.raises(pg.errors.SettingError, match="Did you mean 'W1'"):
        net.params["W11"] = np.ones(6)
    for change in (net.params.clear, lambda: net.params.pop("W1")):
        with pytest.raises(pg.errors.SettingError, match="only set"):
            change()
    assert net.params["W1"] is view


def test_a_divergence_returns_to_good_weights():
    X, y = zoo.blobs()
    nets = []
    for engine in ENGINES:
        net = network(outputs=1)
        with pytest.warns(pg.DivergedWarning):
            net.fit(X, y * 1e3, optimizer=pg.SGD(lr=0.5), engine=engine, epochs=9)
        nets.append(net)
        assert all(np.isfinite(value).all() for value in net.params.values())
        assert net.history.stopped == "diverged"
    # how fast the last numbers overflow is a matter of rounding
    lengths = [len(net.history.batch_loss) for net in nets]
    assert abs(lengths[0] - lengths[1]) <= 1


def interrupt_after(seconds):
    time.sleep(seconds)
    signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c_leaves_the_network_usable(threads, forced):
    forced(tile=8, shards=2)

    class Interrupts(pg.Callback):
        def on_fit_begin(self, history):
            threading.Thread(target=interrupt_after, args=(0.3,)).start()

    X, y = zoo.blobs()
    net = network()
    settings = {"engine": "native", "threads": threads, "callbacks": [Interrupts()]}
    with pytest.warns(UserWarning, match="interrupted in epoch"):
        net.fit(X, y, epochs=10**9, batch_size=20, **settings)
    assert net.history.seconds < 10
    history = net.history
    assert history.stopped == "interrupted"
    assert net.session.clock.step == len(history.batch_loss) > 0
    done = history.epochs
    net.partial_fit(X, y)
    assert net.history.epochs in (done + 1, done + 2)
    assert np.isfinite(net.outputs(X)).all()


def test_the_display_follows_a_long_call(monkeypatch):
    class Looks(pg.Callback):
        seen = ()

        def on_tick(self, history):
            self.seen = (*self.seen, len(history.batch_loss))

    X, y = zoo.blobs(2000)
    looks, net = Looks(), network()
    net.fit(X, y, epochs=3, batch_size=1, engine="native", callbacks=[looks])
    assert list(looks.seen) == sorted(looks.seen)
    assert looks.seen[-1] == 6000


def test_first_values_are_those_of_the_reference():
    for name in ("deep_adam", "masked"):
        made = animal(name)
        X, y = made.data()
        settings = Settings(**made.settings, seed=5)
        net = made.network()
        prepared = prepare(net, X, y, settings, net._masks)
        program, given = prepared.program, prepared.given
        native = Native(program, given, count=len(X), seed=3)
        plain = pg.run.Reference(program, given, seed=3)
        for mine, theirs in [
            (native.parameters, plain.parameters),
            (native.states, plain.states),
        ]:
            assert list(mine) == list(theirs)
            for key, value in theirs.items():
                assert value.dtype == mine[key].dtype
                np.testing.assert_array_equal(value, mine[key])


def test_values_stand_on_cache_lines_one_behind_the_other():
    engine = fit().session.engine
    values = [*engine.parameters.values(), *engine.states.values()]
    ends = [value.ctypes.data + value.nbytes for value in values]
    for value, end in zip(values[1:], ends, strict=False):
        assert value.ctypes.data % 64 == 0
        assert 0 <= value.ctypes.data - end < 64
    held = values[0].base
    while held.base is not None:
        held = held.base
    assert held.ctypes.data + held.nbytes - ends[-1] >= 128


# Memory.


class Guarded:
    """Rooms between guards, which must never be written to."""

    SIZE, SIGN = 512, 0xA5

    def __init__(self):
        self.held = []

    def room(self, size):
        held = np.full(size + 2 * self.SIZE + 64, self.SIGN, dtype=np.uint8)
        start = self.SIZE - (held.ctypes.data + self.SIZE) % 64 + 64
        self.held.append((held, start, start + size))
        made = held[start : start + size]
        made[:] = 0
        return made

    def array(self, values):
        """Return a copy of an array that has guards on both sides."""
        values = np.ascontiguousarray(values)
        made = self.room(values.nbytes).view(values.dtype).reshape(values.shape)
        made[...] = values
        return made

    def check(self):
        for held, start, stop in self.held:
            assert (held[:start] == self.SIGN).all()
            assert (held[stop:] == self.SIGN).all()


@pytest.fixture
def guarded(monkeypatch):
    guards = Guarded()
    for module in (flat, table):
        monkeypatch.setattr(module, "room", guards.room)
    yield guards
    guards.check()


@pytest.mark.parametrize(
    ("dtype", "choice"),
    [("float32", {}), ("float64", {"lanes": "samples", "tile": 8, "shards": 2})],
)
@pytest.mark.parametrize("name", ["line", "deep_adam", "pooling"])
def test_nothing_is_written_beside_a_buffer(name, choice, dtype, guarded, forced):
    if choice:
        forced(**choice)
    made = animal(name)
    X, y = made.data()
    X, y = guarded.array(X.astype(dtype)), guarded.array(y)
    before = X.copy(), y.copy()
    net = made.network()
    settings = {"validation": (X[:3], y[:3]), "epochs": 2, "batch_size": 9}
    net.fit(X, y, dtype=dtype, engine="native", **settings)
    for rows in (1, len(X)):
        net.outputs(X[:rows])
        net.evaluate(X[:rows], y[:rows])
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(y, before[1])
    assert len(guarded.held) > 8


def test_a_run_reads_and_writes_only_its_part(guarded):
    X, y = zoo.blobs()
    made = prepare(network(), X, y, Settings(batch_size=4, epochs=2))
    engine = Native(made.program, made.given, len(X))
    engine.bind({name: guarded.array(v) for name, v in made.data.items()})
    stretch = pg.train.stretch.Stretch(
        order=guarded.array(np.arange(46)[::-1] % 23),
        count=23,
        batch_size=4,
        epochs=2,
        first=3,
        batches=8,
        step=3,
        epoch=0,
        fixed={"epochs": 2, "steps": 12},
    )
    losses = guarded.array(np.full(12, -1.0))
    watch = pg.train.stretch.Watch(losses[3:11], guarded.array(np.zeros(2, np.int64)))
    assert engine.run(stretch, watch) == 8
    assert (losses[:3] == -1).all()
    assert (losses[3:11] > 0).all()
    assert losses[11] == -1
    assert watch.control.tolist() == [8, 0]


# The threads that do it.


def test_a_crew_goes_through_a_function_together():
    met = threading.Barrier(3)

    def function(number, me, count):
        met.wait(10)
        return number * 10 + count if me == 0 else -1

    crew = Crew(3)
    for number in range(50):
        assert crew.run(function, number) == number * 10 + 3
    assert crew.suits(3)
    assert not crew.suits(2)


def test_a_crew_is_waited_for_however_often_ctrl_c_is_hit():
    ended = []

    def function(number, me, count):
        if me:
            for _ in range(3):
                interrupt_after(0.05)
            ended.append(me)
        return 7

    crew = Crew(2)
    with pytest.raises(KeyboardInterrupt):
        crew.run(function, 0)
    assert ended == [1]
    assert crew.run(lambda *_: 5, 0) == 5


def test_nothing_comes_between_the_start_of_others_and_the_share_of_who_asks():
    """Ctrl-C might end it there, and the others would wait at a barrier for ever."""
    crew, events = Crew(2), []

    def share(number, me, count):
        return number + count

    def watch(frame, event, called):
        if event == "call":
            events.append(frame.f_code.co_name)
        if event == "c_call":
            events.append(called.__name__)

    sys.setprofile(watch)
    try:
        made = crew.run(share, 5, here=True)
    finally:
        sys.setprofile(None)
    assert made == 7
    assert events[events.index("put") + 1] == "share"


def test_threads_end_with_their_crew():
    before = threading.active_count()
    crew = Crew(2)
    assert threading.active_count() == before + 2
    del crew
    deadline = time.perf_counter() + 5
    while threading.active_count() > before and time.perf_counter() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before
