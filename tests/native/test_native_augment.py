"""Augmentation by machine code: the same draws, and the same pixels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("llvmlite")

import helpers
import plaingrad as pg
from helpers_native import chosen, evaluate
from plaingrad.derive import gradients
from plaingrad.layers import RandomCrop, RandomFlip, RandomRotation, RandomTranslation
from plaingrad.native import table
from plaingrad.ops import leaf
from plaingrad.shapes import Dim
from plaingrad.trace import tracing

N = Dim(("n",))
LAYERS = {
    "flip": RandomFlip,
    "both": lambda: RandomFlip("horizontal_and_vertical"),
    "shift": lambda: RandomTranslation(2),
    "edge": lambda: RandomTranslation((1, 3), fill="edge"),
    "crop": lambda: RandomCrop((3, 2), padding=1, fill=0.5),
    "rotation": lambda: RandomRotation(60),
    "rotated edge": lambda: RandomRotation(60, fill="edge"),
    "noise": lambda: pg.GaussianNoise(0.3),
}
LAYOUTS = {
    "one": {"lanes": "features", "tile": 1},
    "features": {"lanes": "features", "tile": 4, "shards": 2},
    "parts": {"lanes": "features", "tile": 8, "part": 3},
    "samples": {"lanes": "samples", "tile": 16, "shards": 2},
}
X = np.random.default_rng(0).random((45, 7, 6, 3))
Y = np.arange(45) % 3


def network(name, channels=3):
    """Return a small network with an augmentation in front, and within."""
    middle = [pg.Conv2d(channels, 3, padding="same"), pg.Tanh()]
    tail = [pg.Flatten(), pg.Linear(3)]
    return pg.Sequential(LAYERS[name](), *middle, LAYERS[name](), *tail)


def trained(net, x=X, **more):
    usual = {"epochs": 2, "batch_size": 13, "dtype": "float64", "engine": "native"}
    net.fit(x, Y[: len(x)], **{**usual, **more})
    assert net.history.engine == more.get("engine", "native")
    return net


def close(mine, theirs, tolerance=1e-10):
    for name, value in theirs.params.items():
        np.testing.assert_allclose(mine.params[name], value, atol=tolerance, rtol=0)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", LAYERS)
def test_every_layout_draws_what_the_reference_draws(name, layout):
    with chosen(**LAYOUTS[layout]):
        mine = trained(network(name))
    close(mine, trained(network(name), engine="reference"))


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("channels", [1, 3])
def test_float32_draws_the_same(name, channels):
    x = X[..., :channels]
    mine, theirs = (
        trained(network(name, channels), x, dtype="float32", engine=engine)
        for engine in ("native", "reference")
    )
    close(mine, theirs, 1e-5)


@pytest.mark.parametrize("name", ["both", "shift", "rotation", "noise"])
def test_any_number_of_threads_gives_the_same_bits(name, monkeypatch):
    monkeypatch.setattr(table, "cores", lambda: 3)
    found = []
    for threads in (1, 2, 3):
        with chosen(lanes="features", tile=2, shards=3):
            net = trained(network(name), threads=threads)
        found.append((net.history.batch_loss, dict(net.params)))
    for losses, params in found[1:]:
        assert losses == found[0][0]
        for key, value in params.items():
            np.testing.assert_array_equal(value, found[0][1][key])


@pytest.mark.parametrize("batch_size", [1, 45, None])
def test_any_batch(batch_size):
    nets = [
        trained(network("shift"), batch_size=batch_size, epochs=1, engine=engine)
        for engine in ("native", "reference")
    ]
    close(*nets)


sides = st.integers(1, 9)
cases = st.tuples(sides, sides, st.integers(1, 4))


@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    cases,
    st.sampled_from(["both", "shift", "edge", "rotation", "rotated edge"]),
    st.sampled_from(["features", "samples"]),
)
def test_values_and_gradients_of_any_size(sizes, name, layout):
    with tracing(training=True):
        x = leaf("X", (N, *sizes))
        out = LAYERS[name]()(x)
    shares = leaf("R", (N, *sizes))
    (slope,), _ = gradients((out * shares).sum(), [x])
    rng, count = np.random.default_rng(1), 21
    values = {key: rng.normal(size=(count, *sizes)) for key in "XR"}
    # a function that is called once is at its first step
    values |= {"seed": 4, "step": 1}
    outputs = [out + 0 * x, slope + 0 * x]
    native = evaluate(outputs, values, count=count, **LAYOUTS[layout])
    exact = helpers.compiled(outputs)[0](values)
    for mine, right in zip(native, exact, strict=True):
        np.testing.assert_allclose(mine, right, atol=1e-12)
