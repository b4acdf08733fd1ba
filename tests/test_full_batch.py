"""L-BFGS and Levenberg-Marquardt: known minima, certified digits, what they refuse."""

import copy
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import plaingrad as pg
import zoo
from plaingrad.errors import PlaingradError, SettingError
from plaingrad.train.descent import Descent
from plaingrad.train.free import Free
from plaingrad.train.residuals import SumOfSquares
from plaingrad.train.wolfe import ENOUGH, FLAT, Place, search

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.nist.__main__ import RESULTS, summary
from benchmarks.nist.problems import MODELS, Curve, arctan, problem

optimize = pytest.importorskip("scipy.optimize")
BOTH = [pg.LBFGS(), pg.LevenbergMarquardt()]
ENGINES = ["native", "reference"]


def wave(count=40):
    X = np.linspace(-2, 2, count)[:, None]
    return X, np.sin(3 * X) + 0.1 * np.random.default_rng(0).normal(size=X.shape)


def small(units=4):
    return pg.Sequential(pg.Linear(units), pg.Tanh(), pg.Linear(1))


# The line search.


LINES = [
    (lambda x: (x - 3) ** 2, lambda x: 2 * (x - 3)),
    (lambda x: -x / (x**2 + 2), lambda x: (x**2 - 2) / (x**2 + 2) ** 2),
    (lambda x: np.exp(-x) + 1e-3 * x**4, lambda x: -np.exp(-x) + 4e-3 * x**3),
    (
        lambda x: np.inf if x > 2 else -np.log(2.0001 - x) - 3 * x,
        lambda x: 1 / (2.0001 - x) - 3,
    ),
]


@pytest.mark.parametrize("line", LINES)
@given(first=st.floats(-6, 4).map(lambda power: 10.0**power))
def test_the_strong_wolfe_conditions_hold(line, first):
    f, slope = line

    def look(x):
        return Place(x, float(f(x)), float(slope(x)))

    start = look(0.0)
    found = search(look, start, first, 1e-15)
    assert found.loss <= start.loss + ENOUGH * found.far * start.slope
    assert abs(found.slope) <= FLAT * abs(start.slope)


def test_a_line_without_an_end_is_followed_far():
    found = search(lambda x: Place(x, -x, -1.0), Place(0.0, 0.0, -1.0), 1.0, 0.0)
    assert found.far > 1e20


@given(first=st.floats(-6, 4).map(lambda power: 10.0**power))
def test_a_kink_is_gone_behind(first):
    def look(x):
        return Place(x, abs(x - 3) + x / 100, 1.01 if x > 3 else -0.99)

    found = search(look, look(0.0), first, 1e-15)
    assert found.slope > 0
    assert found.loss <= look(0.0).loss - ENOUGH * 0.99 * found.far


def test_a_line_that_only_rises_is_given_up():
    line = lambda x: Place(x, 1 + x, 1.0)  # noqa: E731
    assert search(line, Place(0.0, 1.0, -1.0), 1.0, 1e-15) is None


# Known minima.


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("optimizer", BOTH)
def test_a_line_is_that_of_linear_algebra(optimizer, engine):
    X, y = zoo.line(12, 2)
    net = pg.Sequential(pg.Linear(2))
    history = net.fit(X, y, optimizer=optimizer, dtype="float64", engine=engine)
    ones = np.concatenate([X, np.ones_like(X)], axis=1)
    best = np.linalg.lstsq(ones, y, rcond=None)[0]
    assert history.stopped == "converged"
    assert history.engine == engine
    np.testing.assert_allclose(net.params["W1"][0], best[0], rtol=1e-6)
    np.testing.assert_allclose(net.params["b1"], best[1], rtol=1e-6)


@pytest.mark.parametrize("optimizer", BOTH)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_weights_and_penalty_are_part_of_the_minimum(optimizer, reduction):
    X, y = zoo.line(12)
    w = np.linspace(0.1, 2, 12)
    net = pg.Sequential(pg.Linear(1))
    loss = pg.MSE(reduction=reduction)
    settings = {"dtype": "float64", "l2": 0.3, "sample_weight": w, "loss": loss}
    net.fit(X, y, optimizer=optimizer, **settings)
    shares = w / w.sum() if reduction == "mean" else w
    ones = np.concatenate([X, np.ones_like(X)], axis=1)
    best = np.linalg.solve(
        ones.T * shares @ ones + np.diag([0.15, 0]), ones.T @ (shares * y)
    )
    found = [net.params["W1"].item(), net.params["b1"].item()]
    np.testing.assert_allclose(found, best, rtol=1e-6)


def test_a_softmax_classifier_is_that_of_scipy():
    X, y = zoo.blobs(60)
    net = pg.Sequential(pg.Linear(3))
    history = net.fit(X, y, optimizer=pg.LBFGS(), l2=0.1, dtype="float64")

    def loss(flat):
        W, b = flat[:12].reshape(4, 3), flat[12:]
        scores = X @ W + b
        scores -= scores.max(axis=1, keepdims=True)
        chances = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        return -chances[np.arange(60), y].mean() + 0.05 * (W**2).sum()

    best = optimize.minimize(loss, np.zeros(15), method="BFGS", options={"gtol": 1e-9})
    assert history.loss[-1] == pytest.approx(best.fun, rel=1e-8)
    np.testing.assert_allclose(net.params["W1"].ravel(), best.x[:12], atol=1e-4)


def test_rosenbrock_is_solved():
    def valley(b, x):
        return np.concatenate([10 * (b[1] - b[0] ** 2) + 0 * x, b[0] + 0 * x], axis=1)

    X, y = np.zeros((1, 1)), np.array([[0.0, 1.0]])
    for optimizer in (pg.LBFGS(tolerance=0), pg.LevenbergMarquardt(tolerance=0)):
        net = Curve(valley, [-1.2, 1.0])
        loss = pg.MSE(reduction="sum")
        net.fit(X, y, loss=loss, optimizer=optimizer, epochs=200, dtype="float64")
        np.testing.assert_allclose(net.found, [1, 1], rtol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_kinks_do_not_end_it(seed):
    X, y = wave()
    net = small(20)
    start = net.build(X, seed=seed, dtype="float64").params
    shapes = [value.shape for value in start.values()]
    flat = np.concatenate([value.ravel() for value in start.values()])
    settings = {"optimizer": pg.LBFGS(), "epochs": 500, "dtype": "float64"}
    history = net.fit(X, y, loss=pg.MAE(), seed=seed, **settings)

    def loss(flat):
        places = np.cumsum([np.prod(shape) for shape in shapes])[:-1]
        parts = zip(np.split(flat, places), shapes, strict=True)
        W1, b1, W2, b2 = (part.reshape(shape) for part, shape in parts)
        a1 = np.tanh(X @ W1 + b1)
        error = a1 @ W2 + b2 - y
        d = np.sign(error) / error.size
        dz1 = (d @ W2.T) * (1 - a1**2)
        grads = X.T @ dz1, dz1.sum(0), a1.T @ d, d.sum(0)
        return np.abs(error).mean(), np.concatenate([g.ravel() for g in grads])

    best = optimize.minimize(loss, flat, jac=True, method="L-BFGS-B")
    assert history.loss[-1] < 1.05 * best.fun


# The sum of squares.


def squares(net, X, y, native, **settings):
    net.fit(X, y, optimizer=pg.SGD(), epochs=1, dtype="float64", **settings)
    session = net.session
    free = Free.of(net.params, {})
    made = SumOfSquares(
        net,
        session.prepared.training,
        session.engine.parameters,
        free,
        session.prepared.data,
        native,
        1,
    )
    return made, free.gathered(net.params)


NETWORKS = {
    "tanh": (small, wave, {}),
    "two outputs": (
        lambda: pg.Sequential(pg.Linear(3), pg.GELU(), pg.Linear(2)),
        lambda: zoo.line(9, 2),
        {"sample_weight": np.linspace(1, 2, 9), "l2": 0.1},
    ),
    "shared": (zoo.Shared, lambda: (zoo.blobs()[0], np.eye(3)[zoo.blobs()[1]]), {}),
    "convolution": (
        lambda: pg.Sequential(
            *(pg.Conv2d(2, 3), pg.Tanh(), pg.AvgPool2d(2), pg.Flatten(), pg.Linear(1))
        ),
        lambda: zoo.images(5),
        {"loss": pg.MSE(reduction="sum")},
    ),
    "unused": (zoo.Tied, lambda: (zoo.blobs()[0], np.eye(3)[zoo.blobs()[1]]), {}),
}


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("name", NETWORKS)
def test_the_jacobian_is_what_differences_tell(name, native):
    network, data, settings = NETWORKS[name]
    X, y = data()
    settings = {"loss": pg.MSE(), **settings}
    made, point = squares(network(), X, y, native, **settings)
    jacobian = made.jacobian(point)
    steps = 1e-5 * np.eye(len(point))
    slopes = [
        (made.residuals(point + h) - made.residuals(point - h)) / 2e-5 for h in steps
    ]
    np.testing.assert_allclose(jacobian, np.transpose(slopes), atol=1e-8)


def test_residuals_of_another_loss_are_refused():
    class Absolute(pg.MSE):
        def each(self, output, target):
            return abs(output - target)

    X, y = wave()
    with pytest.raises(SettingError, match="do not belong to it"):
        small().fit(X, y, loss=Absolute(), optimizer=pg.LevenbergMarquardt())


@pytest.mark.parametrize("name", NETWORKS)
def test_the_squares_add_up_to_the_loss(name):
    network, data, settings = NETWORKS[name]
    X, y = data()
    net = network()
    settings = {"loss": pg.MSE(), "batch_size": None, **settings}
    made, _ = squares(net, X, y, True, **settings)
    start = net.build(X, dtype="float64").params
    r = made.residuals(made.free.gathered(start))
    net.fit(X, y, optimizer=pg.SGD(), epochs=1, dtype="float64", **settings)
    assert r @ r == pytest.approx(net.history.loss[0], rel=1e-12)


# The problems of NIST.


@pytest.mark.parametrize("name", MODELS)
def test_models_are_those_of_nist(name):
    of = problem(name)
    path = Path(__file__).parent.parent / "benchmarks" / "nist" / "data" / f"{name}.dat"
    (line,) = (s for s in path.read_text().splitlines() if "Sum of Squares:" in s)
    found = ((of.function(of.certified, of.X) - of.y) ** 2).sum()
    assert found == pytest.approx(float(line.split(":")[1]), rel=1e-8, abs=1e-18)
    net = Curve(of.function, of.certified.tolist()).build(of.X, dtype="float64")
    np.testing.assert_allclose(net.outputs(of.X), of.function(of.certified, of.X))


def test_the_arc_tangent_is_exact():
    z = np.concatenate([np.linspace(-3, 3, 61), [-1e6, 1e-9, 50.0]])[:, None]
    net = Curve(lambda b, x: b[0] * arctan(x), [1.0]).build(z, dtype="float64")
    np.testing.assert_allclose(net.outputs(z), np.arctan(z), rtol=4e-15)


@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize("name", ["Misra1a", "Chwirut2", "DanWood", "Kirby2", "Rat43"])
def test_certified_digits(name, start):
    of = problem(name)
    net = Curve(of.function, of.starts[start].tolist())
    history = net.fit(
        of.X,
        of.y,
        loss=pg.MSE(reduction="sum"),
        optimizer=pg.LevenbergMarquardt(tolerance=0),
        epochs=500,
        dtype="float64",
    )
    assert history.stopped == "converged"
    assert of.digits(net.found) > 10


def test_certified_digits_of_lbfgs():
    of = problem("DanWood")
    net = Curve(of.function, of.starts[0].tolist())
    settings = {"optimizer": pg.LBFGS(tolerance=0), "dtype": "float64"}
    net.fit(of.X, of.y, loss=pg.MSE(reduction="sum"), epochs=500, **settings)
    assert of.digits(net.found) > 7


@pytest.mark.parametrize("page", ["optimisers.md", "optimisers.zh.md"])
def test_the_page_shows_what_was_measured(page):
    text = (Path(__file__).parent.parent / "docs" / page).read_text(encoding="utf-8")
    _, _, *rows = summary(json.loads(RESULTS.read_text())).splitlines()
    assert "\n".join(rows) in text


# How a training goes.


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("optimizer", BOTH)
def test_losses_fall(optimizer, engine, dtype):
    X, y = wave()
    net = small()
    settings = {"epochs": 100, "dtype": dtype, "engine": engine}
    history = net.fit(X, y, optimizer=optimizer, **settings)
    assert len(history.batch_loss) == len(history.loss) == history.epochs
    assert (np.diff(history.loss) <= 0).all()
    assert net.evaluate(X, y)["loss"] <= history.loss[-1]
    assert history.loss[-1] < 0.7 * history.loss[0]


def test_threads_do_not_matter():
    X, y = wave(500)
    nets = [small(), small()]
    for threads, net in enumerate(nets, 1):
        net.fit(X, y, optimizer=pg.LBFGS(), epochs=20, threads=threads)
    assert nets[0].history.loss == nets[1].history.loss


@pytest.mark.parametrize("optimizer", BOTH)
def test_the_best_weights_are_kept(optimizer):
    X, y = wave()
    held = np.linspace(-2, 2, 17)[:, None], np.ones((17, 1))
    net = small()
    history = net.fit(X, y, optimizer=optimizer, validation=held, early_stopping=3)
    assert history.stopped == "patience"
    assert net.evaluate(*held)["loss"] == pytest.approx(min(history.val_loss), rel=1e-6)


class Stop(pg.Callback):
    def on_epoch_end(self, history):
        return history.epochs == 3


@pytest.mark.parametrize("optimizer", BOTH)
def test_callbacks_end_it(optimizer):
    X, y = wave()
    history = small().fit(X, y, optimizer=optimizer, callbacks=[Stop()])
    assert (history.epochs, history.stopped) == (3, "callback")


@pytest.mark.parametrize("optimizer", BOTH)
def test_an_interrupted_search_leaves_the_last_step(optimizer, monkeypatch):
    X, y = wave()
    settings = {"optimizer": optimizer, "engine": "reference", "dtype": "float64"}
    net = small()
    net.fit(X, y, epochs=4, **settings)
    wanted = {name: value.copy() for name, value in net.params.items()}
    scatter = Free.scatter

    def interrupted(self, point, arrays):
        scatter(self, point, arrays)
        steps = len(net.history.batch_loss) if net._session else 0
        if steps == 4 and any(
            (arrays[n] != wanted[n]).any() for n in wanted.keys() & arrays
        ):
            raise KeyboardInterrupt

    monkeypatch.setattr(Free, "scatter", interrupted)
    net = small()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        history = net.fit(X, y, epochs=20, callbacks=[Quiet()], **settings)
    assert (history.stopped, history.epochs) == ("interrupted", 4)
    for name, value in wanted.items():
        np.testing.assert_array_equal(net.params[name], value)


class Quiet(pg.Callback):
    def on_epoch_end(self, history):
        """Have the history brought up to date after each step."""


@pytest.mark.parametrize("optimizer", BOTH)
def test_progress_is_shown(optimizer, capsys):
    X, y = wave()
    small().fit(X, y, optimizer=optimizer, epochs=20, verbose=True)
    assert "epoch 20/20" in capsys.readouterr().err


@pytest.mark.parametrize("optimizer", BOTH)
def test_a_hopeless_start_is_told(optimizer):
    X, y = wave()
    net = Curve(lambda b, x: b[0] * np.exp(b[1] * x), [1.0, 1e6])
    with pytest.warns(pg.DivergedWarning, match="scale"):
        history = net.fit(X, y, loss=pg.MSE(), optimizer=optimizer)
    assert history.stopped == "diverged"
    assert net.params["b0_1"].item() == 1


@pytest.mark.parametrize("optimizer", BOTH)
def test_frozen_entries_stay(optimizer):
    X, y = wave()
    mask = np.array([[True, False, True, False]])
    net = small().freeze("W1", mask)
    net[2].freeze()
    start = copy.deepcopy(net).build(X).params
    net.fit(X, y, optimizer=optimizer, epochs=5)
    assert ((net.params["W1"] == start["W1"]) == mask).all()
    assert (net.params["W2"] == start["W2"]).all()
    assert (net.params["b1"] != start["b1"]).all()


@pytest.mark.parametrize("optimizer", BOTH)
def test_the_penalty_of_frozen_entries_is_part_of_the_loss(optimizer):
    X, y = wave()
    settings = {"l2": 0.5, "dtype": "float64", "batch_size": None, "epochs": 1}
    mask = np.array([[True, False, True, False]])
    losses = [
        small().freeze("W1", mask).fit(X, y, optimizer=one, **settings).loss[0]
        for one in (pg.SGD(), optimizer)
    ]
    assert losses[1] == pytest.approx(losses[0], rel=1e-12)


@pytest.mark.parametrize("optimizer", BOTH)
def test_directions_that_change_nothing_do_not_matter(optimizer):
    X, y = zoo.line(12)
    net = Curve(lambda b, x: (b[0] + b[1]) * x[:, :1] + 0 * b[2], [1.0, 2.0, 3.0])
    settings = {"optimizer": optimizer, "loss": pg.MSE(), "dtype": "float64"}
    history = net.fit(X[:, :1], y, **settings)
    best = (X[:, 0] @ y.ravel()) / (X[:, 0] @ X[:, 0])
    assert net.found[:2].sum() == pytest.approx(best, rel=1e-6)
    assert net.found[2] == 3
    assert history.stopped == "converged"
    assert history.epochs < 12


@pytest.mark.parametrize("optimizer", BOTH)
def test_a_gradient_that_is_not_finite_is_told(optimizer):
    X, y = wave()
    net = Curve(lambda b, x: np.sqrt((b[0] - 1) ** 2) * x, [1.0])
    with pytest.raises(PlaingradError, match="gradient is not finite"):
        net.fit(X, y, loss=pg.MSE(), optimizer=optimizer, dtype="float64")
    assert net.found == [1.0]


@pytest.mark.parametrize("optimizer", BOTH)
def test_a_loss_of_nothing_is_the_end(optimizer):
    X = np.linspace(-2, 2, 40)[:, None]
    for start in (3.0, 1.0):
        net = Curve(lambda b, x: b[0] * x, [start])
        settings = {"optimizer": optimizer, "loss": pg.MSE(), "dtype": "float64"}
        assert net.fit(X, 3 * X, **settings).stopped == "converged"
        assert net.found == [3.0]


def test_single_precision_ends_where_rounding_begins():
    X, y = zoo.line(12)
    net = Curve(lambda b, x: (b[0] + b[1]) * x[:, :1], [1.0, 2.0])
    history = net.fit(X[:, :1], y, optimizer=pg.LBFGS(), loss=pg.MSE(), epochs=500)
    assert history.stopped == "converged"
    assert history.epochs < 50


@pytest.mark.parametrize("optimizer", BOTH)
def test_training_goes_on_where_it_stood(optimizer):
    X, y = wave()
    settings = {"optimizer": optimizer, "epochs": 5, "dtype": "float64"}
    net = small()
    first = net.fit(X, y, **settings)
    assert net.fit(X, y, warm_start=True, **settings).loss[0] <= first.loss[-1]


@pytest.mark.parametrize("optimizer", BOTH)
def test_it_is_remembered_in_files_and_copies(optimizer, tmp_path):
    X, y = wave()
    net = small()
    net.fit(X, y, optimizer=optimizer, epochs=5)
    loaded = pg.load(net.save(tmp_path / "net.safetensors"))
    assert loaded._training.settings.optimizer == optimizer
    twin = copy.deepcopy(net)
    twin.session.run()
    assert twin.history.epochs == 10
    assert net.history.epochs == 5
    assert twin.evaluate(X, y)["loss"] < net.evaluate(X, y)["loss"]
    np.testing.assert_array_equal(loaded.outputs(X), net.outputs(X))


# What they cannot do.


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"batch_size": 8}, "all 40 samples at once, got batch_size=8"),
        ({"clip_norm": 1.0}, "clip_norm"),
        ({"clip_value": 1.0}, "clip_value"),
    ],
)
@pytest.mark.parametrize("optimizer", BOTH)
def test_settings_that_make_no_sense_are_refused(optimizer, settings, told):
    X, y = wave()
    with pytest.raises(SettingError, match=told):
        small().fit(X, y, optimizer=optimizer, **settings)


def test_as_many_as_all_are_no_batches():
    X, y = wave()
    small().fit(X, y, optimizer=pg.LBFGS(), epochs=2, batch_size=40)


@pytest.mark.parametrize("optimizer", BOTH)
def test_dropout_is_refused(optimizer):
    X, y = wave()
    net = pg.Sequential(pg.Linear(3), pg.Dropout(0.2), pg.Linear(1))
    with pytest.raises(SettingError, match="dropout"):
        net.fit(X, y, optimizer=optimizer)
    assert not net.params


@pytest.mark.parametrize("settings", [{"loss": pg.MAE()}, {"l1": 0.1}])
def test_what_is_no_sum_of_squares_is_refused(settings):
    X, y = wave()
    with pytest.raises(SettingError, match="sum of squares"):
        small().fit(X, y, optimizer=pg.LevenbergMarquardt(), **settings)
    small().fit(X, y, optimizer=pg.LBFGS(), epochs=3, **settings)


def test_a_matrix_that_fits_nowhere_is_refused():
    X = np.zeros((60_000, 784), "f4")
    net = pg.Sequential(pg.Linear(100), pg.ReLU(), pg.Linear(10))
    settings = {"loss": pg.MSE(), "optimizer": pg.LevenbergMarquardt()}
    with pytest.raises(SettingError, match=r"600,000 residuals by all 79,510 .* GB"):
        net.fit(X, np.zeros((60_000, 10)), **settings)


def test_partial_fit_is_refused():
    X, y = wave()
    with pytest.raises(SettingError, match="all of them at once"):
        small().partial_fit(X, y, optimizer=pg.LBFGS())


@pytest.mark.parametrize(
    "make",
    [
        lambda: pg.LBFGS(memory=0),
        lambda: pg.LBFGS(tolerance=-1),
        lambda: pg.LevenbergMarquardt(damping=0),
    ],
)
def test_impossible_settings_are_refused(make):
    with pytest.raises(SettingError):
        make()


def test_there_is_no_script_of_a_search():
    X, y = wave()
    net = small()
    net.fit(X, y, optimizer=pg.LBFGS(), epochs=2)

    def sheet():
        return pg.lessons.worksheet(net, X[:1], y[:1])

    for show in (net.longhand, net.derivation, sheet):
        with pytest.raises(PlaingradError, match="a loop of its own"):
            show()
    assert "dW1" in net.longhand(X, y, optimizer=pg.SGD(), batch_size=None)


@pytest.mark.parametrize("optimizer", BOTH)
def test_its_gradients_are_proved(optimizer):
    X, y = wave(12)
    net = small()
    net.fit(X, y, optimizer=optimizer, epochs=2)
    assert net.prove(entries=3).verdict == "proved"


def test_the_engine_is_one_of_its_own():
    X, y = wave()
    net = small()
    net.fit(X, y, optimizer=pg.LBFGS(), epochs=2)
    assert isinstance(net.session.engine, Descent)


class Crash(pg.Callback):
    def on_epoch_end(self, history):
        if history.epochs == 11:
            raise RuntimeError("the power is gone")


@pytest.mark.parametrize("epochs", [1, 4])
@pytest.mark.parametrize("optimizer", BOTH)
def test_a_checkpoint_has_what_it_remembers(optimizer, epochs, tmp_path):
    X, y = wave()
    settings = {"optimizer": optimizer, "epochs": 25}
    whole = small()
    whole.fit(X, y, **settings)
    checkpoint = pg.Checkpoint(tmp_path / "run", every=epochs)
    with pytest.raises(RuntimeError, match="power"):
        small().fit(X, y, checkpoint=checkpoint, callbacks=[Crash()], **settings)
    net = small()
    net.fit(X, y, resume=tmp_path / "run", **settings)
    assert net.history.batch_loss == whole.history.batch_loss
    for name, value in whole.params.items():
        np.testing.assert_array_equal(net.params[name], value)
    # between two checkpoints the steps are done again
    again = pg.load_run(tmp_path / "run").at(22)
    small_again = small()
    small_again.fit(X, y, **{**settings, "epochs": 22})
    np.testing.assert_array_equal(again.outputs(X), small_again.outputs(X))
