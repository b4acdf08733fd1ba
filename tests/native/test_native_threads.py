"""Networks that are large enough for threads to share every kind of work."""

import numpy as np
import pytest

import plaingrad as pg

pytest.importorskip("llvmlite")

from helpers_native import chosen
from plaingrad.native.inference import Reader

table = pytest.importorskip("plaingrad.native.table")


def wide():
    return pg.Sequential(
        *(pg.Linear(263), pg.ReLU(), pg.Dropout(0.3)),
        *(pg.Linear(301), pg.Tanh(), pg.Linear(10)),
    )


def images():
    return pg.Sequential(
        *(pg.Conv2d(6, 5), pg.ReLU(), pg.MaxPool2d(2)),
        *(pg.Conv2d(16, 3), pg.ReLU(), pg.Flatten(), pg.Linear(10)),
    )


CASES = {
    "adam": (wide, (512, 200), {"optimizer": pg.Adam(), "batch_size": 256}),
    "clipped": (
        wide,
        (400, 120),
        {"optimizer": pg.Momentum(lr=0.01), "clip_norm": 0.5, "batch_size": 150},
    ),
    "float64": (wide, (300, 200), {"dtype": "float64", "l2": 1e-3, "batch_size": 128}),
    "images": (images, (96, 20, 20, 1), {"batch_size": 64}),
}


@pytest.mark.parametrize("name", CASES)
def test_shared_work_gives_the_same_bits(name, monkeypatch):
    monkeypatch.setattr(table, "cores", lambda: 3)
    network, shape, settings = CASES[name]
    rng = np.random.default_rng(0)
    X, y = rng.random(shape), rng.integers(0, 10, shape[0])
    found = []
    for threads in (1, 2, 3):
        net = network()
        net.fit(X, y, epochs=2, engine="native", threads=threads, **settings)
        found.append((net.history.batch_loss, dict(net.params)))
    for losses, params in found[1:]:
        assert losses == found[0][0]
        for key, value in params.items():
            np.testing.assert_array_equal(value, found[0][1][key])


@pytest.mark.parametrize("layout", [("features", 64), ("samples", 64), (None, 64)])
@pytest.mark.parametrize("least", [1, 64])
@pytest.mark.parametrize("network", [wide, images])
def test_threads_share_each_kernel_of_the_only_tile(
    network, least, layout, monkeypatch
):
    monkeypatch.setattr(table, "cores", lambda: 3)
    monkeypatch.setattr("plaingrad.native.choose.TOGETHER", 0)
    monkeypatch.setattr("plaingrad.native.works.LARGE", least)
    lanes, tile = layout
    rng = np.random.default_rng(0)
    X = rng.random((61, 40) if network is wide else (61, 12, 11, 2))
    y = rng.integers(0, 10, 61)
    settings = {"epochs": 2, "batch_size": 61, "dtype": "float64", "clip_norm": 1.0}
    found = []
    for engine, threads in (("reference", None), *(("native", n) for n in (1, 2, 3))):
        with chosen(lanes=lanes, tile=tile):
            net = network()
            net.fit(X, y, engine=engine, threads=threads, **settings)
            found.append({**net.params, "loss": np.array(net.history.batch_loss)})
    right, alone, *shared = found
    for name, value in right.items():
        np.testing.assert_allclose(alone[name], value, rtol=1e-9, atol=1e-11)
        for mine in shared:
            np.testing.assert_array_equal(mine[name], alone[name])


def layers():
    return [pg.Linear(111), pg.Tanh(), pg.Linear(130), pg.Tanh(), pg.Linear(3)]


def single_samples(share):
    """Return samples of which such a share of numbers is not zero, and labels."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(7, 203))
    X[rng.random(X.shape) > share] = 0
    return X, np.arange(7) % 3


@pytest.fixture
def eager(monkeypatch):
    """Let threads share all work that can be shared."""
    monkeypatch.setenv("PLAINGRAD_CACHE", "off")
    monkeypatch.setattr("plaingrad.native.cached._known", {})
    monkeypatch.setattr("plaingrad.native.choose.TOGETHER", 0)
    monkeypatch.setattr("plaingrad.native.works.LARGE", 1)
    monkeypatch.setattr(table, "cores", lambda: 3)


@pytest.mark.parametrize("share", [1.0, 0.2])
def test_threads_learn_together_from_single_samples(share, eager):
    X, y = single_samples(share)
    found = []
    for engine, threads in (("reference", None), *(("native", n) for n in (1, 2, 3))):
        net = pg.Sequential(*layers())
        settings = {"batch_size": 1, "epochs": 2, "dtype": "float64"}
        net.fit(X, y, engine=engine, threads=threads, **settings)
        found.append({**net.params, "loss": np.array(net.history.batch_loss)})
    right, alone, *shared = found
    for name, value in right.items():
        np.testing.assert_allclose(alone[name], value, rtol=1e-9, atol=1e-11)
        for mine in shared:
            np.testing.assert_array_equal(mine[name], alone[name])


@pytest.mark.parametrize("share", [1.0, 0.2])
def test_threads_answer_together_for_single_samples(share, eager):
    X, y = single_samples(share)
    net = pg.Sequential(*layers())
    net.fit(X, y, epochs=1, engine="reference", dtype="float64")
    procedure = net._reader().reader("output")._procedure
    for threads in (1, 2, 3):
        reader = Reader(procedure, dict(net.params), "float64", threads)
        for row in X:
            (found,) = reader(row[None])
            np.testing.assert_allclose(found, net.outputs(row[None]), rtol=1e-9)
