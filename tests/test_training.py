"""Training: what fit and partial_fit do, compared with loops written by hand."""

import copy
import json
import subprocess
import sys
import warnings

import numpy as np
import pytest

import plaingrad as pg
import zoo
from plaingrad.train.loop import Clock, train


def classes(count=23, features=4):
    return zoo.blobs(count, features)


def network(*middle, outputs=3):
    return pg.Sequential(pg.Linear(6), *(middle or [pg.ReLU()]), pg.Linear(outputs))


def same(first, second):
    return first.keys() == second.keys() and all(
        np.array_equal(first[name], second[name]) for name in first
    )


def fitted(X, y, net=None, **settings):
    net = net or network()
    net.fit(X, y, **{"epochs": 3, "batch_size": 5, **settings})
    return net


# Against loops by hand.


def softmax_step(W, b, X, y, lr):
    """One step of a linear softmax classifier, as the notes write it."""
    scores = X @ W + b
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    loss = -np.log(shares[np.arange(len(y)), y]).mean()
    shares[np.arange(len(y)), y] -= 1
    shares /= len(y)
    return W - lr * X.T @ shares, b - lr * shares.sum(axis=0), loss


@pytest.mark.parametrize("batch_size", [1, 4, 22, 23, 24, None])
@pytest.mark.parametrize("shuffle", [True, False])
def test_fit_is_the_loop_that_one_would_write(batch_size, shuffle):
    X, y = classes()
    net = pg.Sequential(pg.Linear(3)).build(X, seed=3, dtype="float64")
    W, b = net.params["W1"].copy(), net.params["b1"].copy()
    history = net.fit(
        X,
        y,
        optimizer=pg.SGD(0.1),
        epochs=4,
        batch_size=batch_size,
        shuffle=shuffle,
        seed=3,
        dtype="float64",
    )
    losses, size = [], batch_size or len(X)
    for epoch in range(4):
        order = np.arange(len(X))
        if shuffle and size < len(X):
            order = np.random.default_rng((3, epoch)).permutation(len(X))
        for start in range(0, len(X), size):
            rows = order[start : start + size]
            W, b, loss = softmax_step(W, b, X[rows], y[rows], 0.1)
            losses.append(loss)
    np.testing.assert_allclose(net.params["W1"], W, rtol=1e-12)
    np.testing.assert_allclose(net.params["b1"], b, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(history.batch_loss, losses, rtol=1e-12)
    assert history.updates_per_epoch == -(-len(X) // size)
    assert history.epochs == 4
    assert history.stopped == "epochs"


def test_the_loss_of_an_epoch_is_the_mean_over_its_samples():
    X, y = classes()
    history = fitted(X, y, batch_size=10, epochs=1).history
    sizes, losses = np.array([10, 10, 3]), np.array(history.batch_loss)
    assert history.loss == [pytest.approx((sizes * losses).sum() / 23)]


def test_one_sample_one_feature_one_epoch():
    net = pg.Sequential(pg.Linear(1))
    history = net.fit([[2.0]], [1.0], optimizer=pg.SGD(0.1), epochs=1)
    assert history.epochs == len(history.batch_loss) == 1
    assert net.predict([[2.0], [3.0]]).shape == (2,)


# Starting anew, going on.


def test_fit_starts_anew_from_the_seed():
    X, y = classes()
    net = fitted(X, y, network(pg.Tanh(), pg.Dropout(0.3)))
    first = copy.deepcopy(net.params)
    assert same(first, fitted(X, y, net).params)
    assert not same(first, fitted(X, y, net, seed=1).params)


def test_the_same_seed_gives_the_same_weights_in_another_process():
    X, y = classes()
    net = fitted(X, y, network(pg.Tanh(), pg.Dropout(0.3)), validation=0.3)
    script = (
        "import json, sys, numpy as np, plaingrad as pg\n"
        "X, y = map(np.array, json.load(sys.stdin))\n"
        "net = pg.Sequential(pg.Linear(6), pg.Tanh(), pg.Dropout(0.3), pg.Linear(3))\n"
        "net.fit(X, y, epochs=3, batch_size=5, validation=0.3)\n"
        "print(json.dumps({n: p.tolist() for n, p in net.params.items()}))\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps([X.tolist(), y.tolist()]),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(found.stdout) == {n: p.tolist() for n, p in net.params.items()}
    assert found.stderr == ""


def test_a_warm_start_goes_on_from_the_present_weights():
    X, y = classes()
    long = fitted(X, y, epochs=5, shuffle=False, optimizer=pg.SGD(0.1))
    net = fitted(X, y, epochs=2, shuffle=False, optimizer=pg.SGD(0.1))
    fitted(X, y, net, epochs=3, shuffle=False, optimizer=pg.SGD(0.1), warm_start=True)
    assert same(long.params, net.params)
    assert net.history.epochs == 3


def test_a_warm_start_without_weights_is_a_start():
    X, y = classes()
    assert same(fitted(X, y).params, fitted(X, y, warm_start=True).params)


def test_a_warm_start_goes_on_from_weights_that_the_user_set():
    X, y = classes()
    net = pg.Sequential(pg.Linear(3)).build(X)
    net.params["W1"][...] = 0.5
    net.fit(X, y, optimizer=pg.SGD(0.1), epochs=1, batch_size=None, warm_start=True)
    W, b, _ = softmax_step(np.full((4, 3), 0.5), np.zeros(3), X, y, 0.1)
    np.testing.assert_allclose(net.params["W1"], W, rtol=1e-5)
    np.testing.assert_allclose(net.params["b1"], b, rtol=1e-5, atol=1e-7)


def test_partial_fits_are_one_fit_cut_in_epochs():
    X, y = classes()
    settings = {"optimizer": pg.Adam(0.01), "batch_size": 5, "seed": 4, "l2": 1e-3}
    whole = network(pg.Dropout(0.2))
    whole.fit(X, y, epochs=4, **settings)
    net = network(pg.Dropout(0.2))
    history = net.partial_fit(X, y, **settings)
    for _ in range(3):
        net.partial_fit(X, y)
    assert same(whole.params, net.params)
    assert whole.history.batch_loss == net.history.batch_loss
    assert history is net.history
    assert history.epochs == 4


def test_partial_fit_takes_batches_as_they_come():
    X, y = classes(40)
    net = pg.Sequential(pg.Linear(3)).build(X, dtype="float64")
    W, b = net.params["W1"].copy(), net.params["b1"].copy()
    for start in (0, 3, 10, 27):
        rows = slice(start, start + start + 3)
        net.partial_fit(X[rows], y[rows], optimizer=pg.SGD(0.1), batch_size=None)
        W, b, _ = softmax_step(W, b, X[rows], y[rows], 0.1)
    np.testing.assert_allclose(net.params["W1"], W, rtol=1e-12)
    np.testing.assert_allclose(net.params["b1"], b, rtol=1e-12)


def test_partial_fit_cuts_each_call_into_batches_of_its_own():
    X, y = classes(40)
    net = network()
    net.partial_fit(X[:5], y[:5], batch_size=10)
    net.partial_fit(X, y)
    assert len(net.history.batch_loss) == 1 + 4


def test_partial_fit_goes_on_after_fit():
    X, y = classes()
    net = fitted(X, y, epochs=3, early_stopping=2, validation=0.3)
    before = copy.deepcopy(net.params)
    net.partial_fit(X, y)
    assert net.history.epochs == 4
    assert not same(before, net.params)


def test_partial_fit_may_repeat_its_settings_but_not_change_them():
    X, y = classes()
    net = network()
    for _ in range(2):
        net.partial_fit(X, y, optimizer=pg.SGD(0.1), loss=pg.CrossEntropy(), l2=0.1)
    before = copy.deepcopy(net.params)
    with pytest.raises(
        pg.errors.SettingError, match=r"begun with optimizer=SGD\(lr=0\.1\)"
    ):
        net.partial_fit(X, y, optimizer=pg.SGD(0.2))
    assert same(before, net.params)
    for name in ("epochs", "validation", "early_stopping"):
        with pytest.raises(pg.errors.SettingError, match=f"{name} is no use"):
            net.partial_fit(X, y, **{name: 2})
    with pytest.raises(pg.errors.SettingError, match="Did you mean 'batch_size'"):
        network().partial_fit(X, y, batchsize=3)


def test_partial_fit_takes_weights_of_samples_in_any_call():
    X, y = classes()
    w = np.linspace(0.1, 2, len(X))
    plain = {"optimizer": pg.SGD(0.1), "batch_size": None, "dtype": "float64"}
    net = network()
    net.partial_fit(X, y, **plain)
    net.partial_fit(X, y, sample_weight=w)
    net.partial_fit(X, y)
    by_hand = network()
    by_hand.fit(X, y, epochs=1, **plain)
    by_hand.fit(X, y, epochs=1, sample_weight=w, warm_start=True, **plain)
    by_hand.fit(X, y, epochs=1, warm_start=True, **plain)
    for name, value in by_hand.params.items():
        np.testing.assert_allclose(net.params[name], value, rtol=1e-9)


def test_partial_fit_keeps_the_optimiser_s_memory_when_something_is_frozen():
    X, y = classes()
    net = network()
    net.partial_fit(X, y, batch_size=None)
    net.freeze("W1")
    W1, memory = net.params["W1"].copy(), net.session.engine.states["mW2"].copy()
    gradient = net.inside("dW2", X, y)
    net.partial_fit(X, y)
    assert np.array_equal(net.params["W1"], W1)
    now = net.session.engine.states["mW2"]
    np.testing.assert_allclose(now, 0.9 * memory + 0.1 * gradient, rtol=1e-4, atol=1e-7)
    assert net.session.clock.step == net.history.epochs == 2


@pytest.mark.parametrize(
    "lr", [pg.Cosine(0.1), pg.OneCycle(0.1), pg.WarmUp(0.1, epochs=2)]
)
def test_partial_fit_refuses_schedules_that_need_an_end(lr):
    X, y = classes()
    net = network()
    with pytest.raises(pg.errors.SettingError, match="how long the training will be"):
        net.partial_fit(X, y, optimizer=pg.SGD(lr))
    assert net.params == {}


def test_a_plateau_is_counted_over_partial_fits():
    X, y = classes()
    lr = pg.ReduceOnPlateau(1e-9, factor=0.5, patience=1)
    net = network()
    for _ in range(5):
        net.partial_fit(X, y, optimizer=pg.SGD(lr))
    assert net.history.rate == [1e-9, 1e-9, 1e-9, 5e-10, 5e-10]


# Data of every kind.


def kinds_of_arrays():
    X, y = classes()
    read_only = X.copy()
    read_only.flags.writeable = False
    wide = np.zeros((46, 8))
    wide[::2, ::2] = X
    yield X.tolist(), y.tolist()
    yield np.asfortranarray(X), y.astype(np.uint8)
    yield read_only, y.astype(np.int32)
    yield wide[::2, ::2], np.repeat(y, 2)[::2]
    yield X.astype(object), y.astype(object)
    yield X, y[:, None]


@pytest.mark.parametrize(("X", "y"), list(kinds_of_arrays()))
def test_data_may_come_in_any_form(X, y):
    assert same(fitted(*classes()).params, fitted(X, y).params)


def test_whole_numbers_and_images_of_bytes_are_floats_to_the_network():
    X, y = zoo.images()
    ink = (255 * X).astype(np.uint8)
    net = pg.Sequential(pg.Conv2d(3, 3), pg.ReLU(), pg.Flatten(), pg.Linear(2))
    as_bytes = copy.deepcopy(fitted(ink, y, net).params)
    assert same(as_bytes, fitted(ink.astype(np.float64), y, net).params)
    assert net.predict(ink).shape == (11,)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_arrays_of_the_caller_are_never_changed(dtype):
    X, y = classes()
    X, y, w = X.astype(dtype), y.astype(np.int64), np.linspace(1, 2, len(y))
    mask = np.eye(4, 6, dtype=bool)
    before = [array.copy() for array in (X, y, w, mask)]
    net = network().freeze("W1", mask)
    net.fit(X, y, sample_weight=w, epochs=2, batch_size=None, dtype=dtype)
    net.partial_fit(X, y, sample_weight=w)
    net.predict(X)
    net.evaluate(X, y)
    net.inside("dW1", X, y)
    for array, old in zip((X, y, w, mask), before, strict=True):
        np.testing.assert_array_equal(array, old)


def test_float64_from_end_to_end():
    X, y = classes()
    net = fitted(X, y, dtype=np.float64, validation=0.2)
    engine = net.session.engine
    arrays = [*net.params.values(), *engine.states.values(), net.outputs(X)]
    arrays += [net.inside("a1", X), net.inside("dW1", X, y), net.predict_proba(X)]
    assert {array.dtype for array in arrays} == {np.dtype("float64")}
    assert {value.dtype for value in fitted(X, y).params.values()} == {
        np.dtype("float32")
    }


def test_class_weights_are_weights_of_samples():
    X, y = classes()
    weights = {0: 1.0, 1: 2.0, 2: 0.5}
    by_sample = np.array([weights[label] for label in y])
    expected = fitted(X, y, sample_weight=by_sample).params
    assert same(expected, fitted(X, y, class_weight=weights).params)
    assert same(expected, fitted(X, y, class_weight=[1.0, 2.0, 0.5]).params)
    both = fitted(X, y, class_weight=weights, sample_weight=by_sample).params
    assert same(both, fitted(X, y, sample_weight=by_sample**2).params)


# Validation and early stopping.


def test_a_share_of_the_samples_is_set_aside_by_class():
    X, y = classes(60)
    net = fitted(X, y, validation=0.2)
    prepared = net.session.prepared
    X_val, y_val = prepared.validation
    assert np.bincount(y_val).tolist() == [4, 4, 4]
    together = np.concatenate([prepared.data["X"], X_val])
    assert len(together) == 60
    assert {tuple(row) for row in together} == {tuple(row) for row in X.astype("f")}
    pairs = {tuple(row): label for row, label in zip(X.astype("f"), y, strict=True)}
    assert [pairs[tuple(row)] for row in X_val] == y_val.tolist()


def test_a_share_is_the_same_as_the_pair_that_it_makes():
    X, y = classes(60)
    by_share = fitted(X, y, validation=0.25, seed=2)
    train, held = pg.data.split(X, y, (0.75, 0.25), seed=2)
    by_pair = fitted(*train, validation=held, seed=2)
    assert same(by_share.params, by_pair.params)
    assert by_share.history.val_loss == by_pair.history.val_loss
    as_list = fitted(*train, validation=list(held), seed=2)
    assert as_list.history.val_loss == by_pair.history.val_loss


def test_validation_is_measured_after_each_epoch_without_dropout_and_penalties():
    X, y = classes(60)
    net = fitted(X, y, network(pg.Dropout(0.5)), validation=0.25, l2=0.1, epochs=3)
    last = net.evaluate(*net.session.prepared.validation)
    assert last["loss"] == pytest.approx(net.history.val_loss[-1], rel=1e-6)
    assert last["accuracy"] == pytest.approx(net.history.val_score[-1])
    assert len(net.history.val_loss) == len(net.history.val_score) == 3


class Diary(pg.Callback):
    """Keeps the weights of each epoch."""

    def __init__(self, net):
        self.net, self.weights = net, []

    def on_epoch_end(self, history):
        self.weights.append(copy.deepcopy(self.net.params))


@pytest.mark.parametrize("monitor", ["val_loss", "val_accuracy"])
@pytest.mark.parametrize("min_delta", [0.0, 0.02])
def test_early_stopping_keeps_the_best_weights(monitor, min_delta):
    X, y = classes(60)
    net = network()
    diary = Diary(net)
    history = net.fit(
        X,
        y,
        validation=0.3,
        optimizer=pg.SGD(0.7),
        epochs=200,
        batch_size=5,
        early_stopping=pg.EarlyStopping(3, monitor, min_delta),
        callbacks=[diary],
    )
    values = history.val_loss
    if monitor == "val_accuracy":
        values = [-value for value in history.val_score]
    best, place = np.inf, None
    for epoch, value in enumerate(values, start=1):
        if value < best - min_delta:
            best, place = value, epoch
    assert history.best_epoch == place
    assert history.stopped == "patience"
    assert history.epochs == place + 3 < 200
    assert same(net.params, diary.weights[place - 1])
    assert not same(net.params, diary.weights[-1])


def test_early_stopping_sets_a_tenth_aside_and_says_so():
    X, y = classes(60)
    history = fitted(X, y, early_stopping=2).history
    assert "validation 10% of the samples: for early stopping." in history.chosen
    assert len(fitted(X, y, early_stopping=2).session.prepared.validation[0]) == 6


def test_what_was_chosen_is_said():
    X, y = classes()
    net = fitted(X, y)
    loss, optimizer = net.history.chosen
    assert loss.startswith("loss CrossEntropy: y holds one class label per sample")
    assert optimizer.startswith("optimizer Adam()")
    assert fitted(X, y, loss=pg.Hinge(), optimizer=pg.SGD(0.1)).history.chosen == []


# Things that go wrong on the way.


def test_a_divergence_is_one_warning_and_the_weights_from_before():
    X, y = zoo.line()
    net = network(outputs=1)
    net.fit(X, y, epochs=3)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        history = net.fit(X, y, optimizer=pg.SGD(1e6), validation=0.2, epochs=500)
    assert [warning.category for warning in caught] == [pg.DivergedWarning]
    message = str(caught[0].message)
    assert "too large a learning rate: try a tenth of it, or clip_norm=1" in message
    assert (
        f"in update {len(history.batch_loss)} (epoch {history.epochs + 1})" in message
    )
    assert caught[0].filename == __file__
    assert history.stopped == "diverged"
    assert not np.isfinite(history.batch_loss[-1])
    assert all(np.isfinite(value).all() for value in net.params.values())
    assert np.isfinite(net.inside("loss", X, y))


@pytest.mark.parametrize("batch_size", [3, None])
def test_a_divergence_gives_weights_back_whose_loss_was_finite(batch_size):
    X, y = zoo.line()
    net = network(outputs=1)
    net.fit(X, y, epochs=20, batch_size=batch_size)
    for _ in range(2):
        with pytest.warns(pg.DivergedWarning):
            net.fit(
                X,
                y,
                optimizer=pg.SGD(1e12),
                batch_size=batch_size,
                warm_start=True,
                epochs=50,
            )
        assert np.isfinite(net.inside("loss", X, y))


def test_partial_fit_goes_on_after_a_divergence():
    X, y = zoo.line()
    net = network(outputs=1)
    for _ in range(3):
        net.partial_fit(X, y)
    before = copy.deepcopy(net.params)
    with pytest.warns(pg.DivergedWarning):
        net.partial_fit(1e30 * X, y)
    assert same(before, net.params)
    assert net.partial_fit(X, y).stopped == "epochs"
    assert np.isfinite(net.history.batch_loss[-1])


def test_a_loss_that_is_bad_from_the_start_is_no_matter_of_the_rate():
    with pytest.warns(pg.DivergedWarning, match="too large numbers in X or y"):
        network(outputs=1).fit(np.full((4, 2), 1e30), np.ones(4), loss=pg.MSE())


class Interrupts(pg.Callback):
    def __init__(self, update):
        self.update = update

    def on_batch_end(self, history):
        if len(history.batch_loss) == self.update:
            raise KeyboardInterrupt


def test_an_interruption_keeps_what_was_learnt():
    X, y = classes()
    net = network()
    with pytest.warns(UserWarning, match="interrupted in epoch 3") as caught:
        history = net.fit(X, y, batch_size=5, callbacks=[Interrupts(12)])
    assert caught[0].filename == __file__
    assert history.stopped == "interrupted"
    assert (history.epochs, len(history.batch_loss)) == (2, 12)
    assert history.seconds > 0
    two = fitted(X, y, epochs=2)
    two.partial_fit(X, y)
    assert history.batch_loss == two.history.batch_loss[:12]
    net.predict(X)
    assert net.partial_fit(X, y).stopped == "epochs"


def test_an_interruption_takes_the_best_weights_of_early_stopping():
    X, y = classes(60)
    net = network()
    diary = Diary(net)
    with pytest.warns(UserWarning, match="interrupted"):
        history = net.fit(
            X, y, batch_size=6, early_stopping=9, callbacks=[diary, Interrupts(40)]
        )
    assert same(net.params, diary.weights[history.best_epoch - 1])


def test_a_failed_call_leaves_the_network_as_it_was(tmp_path):
    X, y = classes()
    net = fitted(X, y)
    before, history = copy.deepcopy(net.params), net.history
    failing = [
        {"y": y + 1},
        {"y": y[:-1]},
        {"X": np.vstack([X[:-1], np.full(4, np.nan)])},
        {"X": X[:, :2], "warm_start": True},
        {"validation": (X, y + 1)},
        {"validation": (X[:, :2], y)},
        {"validation": (X, y[:-1])},
        {"loss": pg.MSE()},
        {"callbacks": [print]},
        {"epochs": 0},
        {"loss": lambda pred, y: 3},
    ]
    for settings in failing:
        given = {"X": X, "y": y, **settings}
        with pytest.raises(pg.errors.PlaingradError):
            net.fit(**given)
    assert same(before, net.params)
    assert net.history is history
    net.predict(X)


# The history.


def test_a_history_goes_through_json():
    X, y = classes()
    lr = pg.ReduceOnPlateau(0.1)
    history = fitted(X, y, early_stopping=2, optimizer=pg.SGD(lr)).history
    assert pg.History(**json.loads(json.dumps(history.as_dict()))) == history


def test_ctrl_c_while_numbers_are_made_loses_none():
    history, calls = pg.History(loss=[3.0]), []

    def make():
        calls.append(None)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return np.array([1.0, 2.0])

    history.add("loss", make)
    history.add("loss", make)
    with pytest.raises(KeyboardInterrupt):
        history.epochs  # noqa: B018
    assert history.loss == [3.0, 1.0, 2.0, 1.0, 2.0]
    assert history.epochs == 5


def test_a_history_shows_its_end_in_a_line():
    X, y = classes()
    assert repr(pg.History()) == "<History: nothing yet>"
    text = repr(fitted(X, y, early_stopping=5, epochs=3).history)
    assert text.startswith("<History: 3 epochs, loss ")
    assert "val_accuracy" in text
    assert text.endswith("best epoch 3>")
    assert "loss 2.5e+30" in repr(pg.History(loss=[2.5e30]))


class Engine:
    """Counts its updates, and loses less each time."""

    name, blocking, converged = "toy", False, False

    def __init__(self):
        self.parameters = {"p": np.zeros(1)}
        self.states = {}
        self.seen = []

    def bind(self, data):
        self.X = data["X"]

    def run(self, stretch, watch):
        for update in range(stretch.batches):
            epoch, rows = stretch.place(update)
            step = stretch.step + update + 1
            self.seen.append((step, epoch, self.X[rows, 0].tolist()))
            watch.enter(1 / len(self.seen))
        return watch.done


def test_the_loop_runs_any_engine():
    engine, history, clock = Engine(), pg.History(), Clock(step=7, epoch=3)
    loop = pg.program.Loop(epochs=2, batch_size=2, shuffle=False, seed=0)
    data = {"X": np.arange(3.0)[:, None], "y": np.arange(3)}
    train(engine, loop, data, None, history, clock=clock)
    assert engine.seen == [
        (8, 3, [0.0, 1.0]),
        (9, 3, [2.0]),
        (10, 4, [0.0, 1.0]),
        (11, 4, [2.0]),
    ]
    assert history.loss == pytest.approx([(2 + 1 / 2) / 3, (2 / 3 + 1 / 4) / 3])
    assert clock == Clock(step=11, epoch=5)
