"""Trainings where numbers go wrong: parameters of each other, ends, kinks, nan."""

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import helpers
import plaingrad as pg
import zoo
from helpers_native import chosen, evaluate
from plaingrad.native import table
from plaingrad.ops import leaf, softmax
from plaingrad.shapes import Dim

LAYOUTS = {
    "chosen": {},
    "features": {"lanes": "features", "tile": 3, "shards": 2},
    "samples": {"lanes": "samples", "tile": 4, "shards": 2},
}
every_layout = pytest.mark.parametrize("layout", LAYOUTS)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(17, 4))
Y = RNG.normal(size=(17, 4))


def agree(make, X, y, layout="chosen", **made):
    """Train by both engines and compare; return both networks."""
    nets = []
    made = {"dtype": "float64", "epochs": 3, "batch_size": 5, **made}
    for engine in ("native", "reference"):
        nets.append(make())
        with chosen(**LAYOUTS[layout]):
            nets[-1].fit(X, y, engine=engine, **made)
    mine, right = nets
    steps = mine.history.batch_loss[:5], right.history.batch_loss[:5]
    np.testing.assert_allclose(*steps, rtol=1e-11)
    for name, value in right.params.items():
        scale = np.abs(value).max(initial=1e-2)
        np.testing.assert_allclose(
            mine.params[name], value, rtol=0, atol=1e-9 * scale, err_msg=name
        )
    return nets


# Parameters that are renewed in place, and read for each other.


class Product(pg.Layer):
    """Each of two parameters is the slope of the other."""

    def forward(self, x, /):
        a = self.param("a", (4,), pg.Constant(0.7))
        return x * (a * self.param("b", (4,), pg.Constant(1.3)))


class Symmetric(pg.Layer):
    """The slope of an entry is made of that on the other side."""

    def forward(self, x, /):
        W = self.param("W", (4, 4), pg.Normal(1.0))
        return x @ W + 0.01 * x * ((W - W.T) ** 2).sum()


class Smooth(pg.Layer):
    """The slope of an entry is made of its neighbours."""

    def forward(self, x, /):
        w = self.param("w", (4,), pg.Normal(1.0))
        return x * w + 0.1 * x * ((w[1:] - w[:-1]) ** 2).sum()


class Normalised(pg.Layer):
    """Weights of a length that is a parameter of its own."""

    def __init__(self, units=4):
        self.units = units

    def forward(self, x, /):
        v = self.param("v", (x.shape[-1], self.units), pg.Normal(1.0))
        g = self.param("g", (self.units,), pg.Constant(1.5))
        return x @ (v * (g / np.sqrt((v**2).sum(axis=0))))


class Numbers(pg.Layer):
    """Parameters that are single numbers, and one that nothing uses."""

    def forward(self, x, /):
        a, b, _ = (self.param(name, (), pg.Constant(0.7)) for name in "abc")
        return x * a * b + b


class Shares(pg.Layer):
    """A softmax of parameters."""

    def forward(self, x, /):
        return x * softmax(self.param("a", (4,), pg.Normal(1.0)))


class Low(pg.Layer):
    """A matrix of low rank."""

    def forward(self, x, /):
        U = self.param("U", (4, 2), pg.Normal(1.0))
        return x @ (U @ self.param("V", (2, 4), pg.Normal(1.0)))


MADE = [Product, Symmetric, Smooth, Normalised, Numbers, Shares, Low]


@every_layout
@pytest.mark.parametrize("layer", MADE)
def test_no_parameter_is_read_when_it_is_renewed(layer, layout):
    made = {"optimizer": pg.SGD(0.05), "loss": pg.MSE(), "batch_size": None}
    agree(lambda: pg.Sequential(layer()), X, Y, layout, **made)


@pytest.mark.parametrize("optimizer", [pg.Momentum(0.05), pg.Adagrad(), pg.AdamW()])
@pytest.mark.parametrize("layer", MADE[:5])
def test_with_memory_neither(layer, optimizer):
    made = {"optimizer": optimizer, "loss": pg.MSE(), "l1": 1e-3, "clip_norm": 0.5}
    agree(lambda: pg.Sequential(layer()), X, Y, **made)


@pytest.mark.parametrize("optimizer", [pg.Nesterov(0.05), pg.Adagrad(), pg.Adam()])
def test_a_single_bias_is_clipped_with_the_others(optimizer):
    made = {"optimizer": optimizer, "clip_norm": 0.5, "loss": pg.MSE()}
    agree(lambda: pg.Sequential(pg.Linear(1), pg.Linear(4)), X, Y, **made)


def test_threads_wait_for_what_others_read(monkeypatch):
    monkeypatch.setattr(table, "cores", lambda: 2)
    rng, found = np.random.default_rng(0), []
    X, y = rng.normal(size=(32, 1000)), rng.normal(size=(32, 64))
    with chosen(lanes="features", tile=8, shards=2):
        for threads in (1, 2, 2):
            net = pg.Sequential(Normalised(64))
            made = {"optimizer": pg.SGD(0.01), "loss": pg.MSE(), "batch_size": 16}
            net.fit(X, y, engine="native", threads=threads, epochs=50, **made)
            found.append([*net.history.batch_loss, *net.params["g1"].tolist()])
    assert found[0] == found[1] == found[2]


# Networks at the ends of what is possible.


@every_layout
@pytest.mark.parametrize(
    ("count", "features", "batch_size"),
    [(1, 1, 1), (15, 1, 4), (17, 1, 16), (17, 15, 1), (16, 17, 15), (5, 3, None)],
)
def test_odd_sizes(count, features, batch_size, layout):
    X, y = RNG.normal(size=(count, features)), np.arange(count) % 2
    net = pg.Sequential(pg.Linear(1), pg.Tanh(), pg.Linear(17), pg.ELU(), pg.Linear(2))
    made = {"batch_size": batch_size, "optimizer": pg.Momentum(0.05)}
    agree(lambda: pg.Sequential(*net), X, y, layout, **made)
    one = pg.Linear(1)
    agree(lambda: pg.Sequential(one), X, y, layout, loss=pg.BinaryCrossEntropy())


def test_whole_numbers_as_features():
    X = RNG.integers(-3, 4, (17, 4))
    y = X[:, 0] > X[:, 1]
    for given in (X, X.astype(np.uint8) % 5, X > 0, np.asfortranarray(X)[::-1]):
        net = pg.Sequential(pg.Linear(5), pg.Tanh(), pg.Linear(1))
        agree(lambda net=net: pg.Sequential(*net), given, y, optimizer=pg.SGD(0.1))


LOSSES = {
    "roots": lambda pred, y: np.sqrt(np.abs(pred - y) + 1),
    "powers": lambda pred, y: np.abs(pred - y) ** 1.7 + (pred**2 + 1) ** -0.5,
    "an array as exponent": lambda pred, y: (pred**2 + 1) ** np.abs(y),
    "choices": lambda pred, y: np.where(np.abs(pred) < 1, pred**2, np.clip(y, -1, 1)),
    "waves": lambda pred, y: np.sin(3 * pred) * np.cos(y) + np.floor(pred),
    "logarithms": lambda pred, y: np.logaddexp(pred, y) + np.log1p(np.exp(-pred)),
    "extremes": lambda pred, y: np.maximum(pred, y) - np.minimum(pred, 0.5 * y),
    "of rows": lambda pred, y: np.max(pred - y, axis=1) + np.sign(pred).mean(axis=1),
    "of all": lambda pred, y: np.tanh(((pred - y) ** 2).mean(axis=0)).sum(),
    "of columns": lambda pred, y: ((pred - pred.mean(axis=0)) * y).sum(axis=1),
    "of products": lambda pred, y: ((pred.T @ y) ** 2).sum() + np.expm1(-(pred**2)),
}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=[*LOSSES])
def test_losses_of_ones_own(loss):
    net = pg.Sequential(pg.Linear(6), pg.Tanh(), pg.Linear(4))
    for layout in ("features", "samples"):
        made = {"loss": loss, "optimizer": pg.SGD(0.01)}
        agree(lambda: pg.Sequential(*net), X, Y, layout, **made)


# What is not a number.

N = Dim(("n",))
ODD = np.array([1, 2, np.nan, np.nan, -1, np.inf, -np.inf, 3, np.nan, 0, 0])


@every_layout
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extremes_pass_nan_on_from_either_side(dtype, layout):
    x, y, z = (leaf(name, (N,)) for name in "xyz")
    s, rows = leaf("s", ()), leaf("rows", (N, 5))
    outputs = [np.maximum(x, y), np.minimum(x, y), np.maximum(x, 0), np.maximum(0, x)]
    outputs += [np.minimum(1, x), np.clip(x, y, z), np.clip(x, -1, 1)]
    outputs += [np.clip(x, -1, z), np.maximum(s, x), np.minimum(x, s)]
    outputs += [rows.max(axis=1), rows.min(axis=1), softmax(rows).sum(axis=1)]
    values = {"x": ODD, "y": np.roll(ODD, 4), "z": np.roll(ODD, 7)}
    values["rows"] = np.array([np.roll(ODD[2:7], i) for i in range(11)])
    values["rows"][::2] = RNG.normal(size=(6, 5))
    for number in (0.5, np.nan):
        values["s"] = np.array(number)
        with np.errstate(invalid="ignore"):
            right = helpers.compiled(outputs, (dtype,))[0](values)
        found = evaluate(outputs, values, dtype, len(ODD), **LAYOUTS[layout])
        for place, pair in enumerate(zip(found, right, strict=True)):
            np.testing.assert_allclose(*pair, rtol=1e-6, err_msg=str(place))


BODIES = {
    "pooled first": [pg.MaxPool2d(2), pg.ReLU()],
    "pooled last": [pg.ReLU(), pg.MaxPool2d(2)],
    "overlapping": [pg.MaxPool2d(2, stride=1), pg.ReLU()],
    "cut": [pg.HardTanh()],
    "leaky": [pg.LeakyReLU()],
    "bent": [pg.ELU()],
    "mean": [pg.AvgPool2d(2), pg.Sigmoid()],
}


@pytest.mark.filterwarnings("ignore::plaingrad.DivergedWarning")
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("body", BODIES)
def test_what_is_no_number_inside_ends_the_training(body, bad):
    X, y = zoo.images()
    layers = [pg.Conv2d(3, 3), *BODIES[body], pg.Flatten(), pg.Linear(2)]
    ends = []
    for engine in ("native", "reference"):
        net = pg.Sequential(*layers)
        net.fit(X, y, epochs=1, batch_size=5, engine=engine)
        net.params["W1"][0, 0, 0, 1] = bad
        with np.errstate(all="ignore"):
            net.partial_fit(X, y)
        ends.append((net.history.stopped, len(net.history.batch_loss)))
    # an infinity may well be cut off on its way
    assert ends[0] == ends[1]
    assert ends[0] == ("diverged", 4) or np.isinf(bad)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_denormal_numbers_count_as_zero_in_machine_code_alone(dtype):
    tiny = np.finfo(dtype).tiny
    x = np.array([tiny / 4, tiny, -tiny / 2], dtype)
    node = leaf("x", (Dim(("n",)),))
    read, made = evaluate([node * 2, node * 0.5], {"x": x}, dtype, 3)
    np.testing.assert_array_equal(read, [0, 2 * tiny, 0])
    np.testing.assert_array_equal(made, [0, 0, 0])
    assert x[0] * x.dtype.type(2) == tiny / 2  # here they still count
