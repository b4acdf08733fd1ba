"""The sharpest bend of a loss, against whole Hessians and what rates really do."""

import copy

import numpy as np
import pytest

import plaingrad as pg
import zoo
from plaingrad.curvature import Hessian
from plaingrad.errors import PlaingradError, SettingError

torch = pytest.importorskip("torch")
NET = {"W1": (4, 5), "b1": (5,), "W2": (5, 3), "b2": (3,)}


def network():
    return pg.Sequential(pg.Linear(5), pg.Tanh(), pg.Linear(3))


def whole_hessian(params, X, y, l2=0.0, w=None):
    """The Hessian of a classifier of tanh units, by PyTorch."""
    X, y = torch.tensor(X), torch.tensor(y)
    sizes = [int(np.prod(shape)) for shape in NET.values()]

    def loss(flat):
        parts = torch.split(flat, sizes)
        p = {n: v.reshape(s) for (n, s), v in zip(NET.items(), parts, strict=True)}
        scores = torch.tanh(X @ p["W1"] + p["b1"]) @ p["W2"] + p["b2"]
        each = torch.nn.functional.cross_entropy(scores, y, reduction="none")
        mean = each.mean() if w is None else (torch.tensor(w) * each).sum() / w.sum()
        return mean + l2 / 2 * ((p["W1"] ** 2).sum() + (p["W2"] ** 2).sum())

    flat = np.concatenate([params[n].ravel() for n in NET]).astype(np.float64)
    return torch.autograd.functional.hessian(loss, torch.tensor(flat)).numpy()


@pytest.mark.parametrize("llvmlite", [True, False])
@pytest.mark.parametrize("weights", [None, np.linspace(0.5, 2, 23)])
def test_products_are_those_of_the_whole_hessian(llvmlite, weights, monkeypatch):
    X, y = zoo.blobs()
    if not llvmlite:
        monkeypatch.setattr("plaingrad.train.engines.available", lambda: False)
    net = network().build(X, dtype="float64")
    prepared = net._prepared(X, y, l2=0.1, sample_weight=weights)
    made, exact = Hessian(prepared), whole_hessian(net.params, X, y, 0.1, weights)
    found = np.stack([made.product(v) for v in np.eye(made.size)])
    np.testing.assert_allclose(found, exact, atol=1e-12)


@pytest.mark.parametrize("epochs", [1, 30])
def test_the_largest_eigenvalue_is_found(epochs):
    X, y = zoo.blobs()
    net = network()
    net.fit(X, y, optimizer=pg.SGD(lr=0.3), epochs=epochs, dtype="float64")
    found = net.curvature(tolerance=1e-7, products=5000)
    exact = np.linalg.eigvalsh(whole_hessian(net.params, X, y))
    assert found.largest == pytest.approx(exact[-1], rel=1e-6)
    assert found.bound == pytest.approx(2 / exact[-1], rel=1e-6)
    assert found.error <= 1e-7 * found.largest
    lengths = sum((v**2).sum() for v in found.direction.values())
    assert lengths == pytest.approx(1)
    assert {n: v.shape for n, v in found.direction.items()} == NET


def saddle(bends):
    """A network whose output is a sum of squares, bent as told."""

    class Saddle(pg.Network):
        def forward(self, x):
            p = self.param("p", (len(bends),), pg.Constant(0.1))
            return x * (np.array(bends) / 2 * p**2).sum()

    return Saddle()


def curvature_of(bends):
    one = np.ones((1, 1))
    loss = pg.Custom(lambda pred, y: pred + 0 * y)
    return saddle(bends).curvature(one, one, loss=loss, optimizer=pg.SGD())


def test_a_bend_downwards_may_be_the_larger_one():
    found = curvature_of([-3.0, 1.0, 0.5])
    assert found.largest == pytest.approx(1, rel=1e-4)
    assert abs(found.direction["p1"][1]) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("down", [0.9, 0.999, 1.0, 1.001, 1.1])
def test_bends_of_one_size_up_and_down_are_told_apart(down):
    found = curvature_of([-down, 1.0, 0.5, -0.3])
    assert found.largest == pytest.approx(1, rel=1e-4)
    assert found.error <= 1e-3
    assert found.products <= 1000


def test_no_bend_upwards_bounds_nothing():
    for bends in ([-3.0, -1.0], [0.0, 0.0]):
        found = curvature_of(bends)
        assert found.bound == np.inf
        assert "bends nowhere upwards" in str(found)
        assert "settle" not in str(found)


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda lr: pg.SGD(lr),
        lambda lr: pg.Momentum(lr, momentum=0.6),
        lambda lr: pg.Nesterov(lr, momentum=0.6),
    ],
)
def test_steps_settle_below_the_bound_and_grow_above_it(optimizer):
    X, y = zoo.line(12)
    settings = {"batch_size": None, "dtype": "float64", "epochs": 3000}
    net = pg.Sequential(pg.Linear(1))
    found = net.curvature(X, y, optimizer=optimizer(0.1), tolerance=1e-9)
    best = net.fit(X, y, optimizer=pg.LBFGS(), dtype="float64").loss[-1]
    below = net.fit(X, y, optimizer=optimizer(0.99 * found.limit), **settings)
    assert below.loss[-1] == pytest.approx(best, rel=1e-6)
    above = net.fit(X, y, optimizer=optimizer(1.01 * found.limit), **settings)
    assert above.loss[-1] > 100 * above.loss[0]


@pytest.mark.parametrize(
    ("optimizer", "told"),
    [
        (pg.SGD(lr=1e-3), "lr=0.001 is below its bound"),
        (pg.SGD(lr=1e3), "lr=1000 is above its bound"),
        (pg.Momentum(lr=1e3), "Momentum: lr=1000 is above"),
        (pg.SGD(lr=pg.Cosine(0.1)), "should stay below"),
        (pg.Adam(), "not for it"),
    ],
)
def test_what_it_says_of_the_rate(optimizer, told):
    X, y = zoo.blobs()
    found = network().curvature(X, y, optimizer=optimizer)
    assert told in str(found)
    assert f"largest curvature {found.largest:.4g}" in str(found)


def test_the_network_stays_as_it_is():
    X, y = zoo.blobs()
    net = network()
    net.curvature(X, y)
    assert not net.params
    net.fit(X, y, epochs=2)
    before, epochs = copy.deepcopy(net.params), net.history.epochs
    net.curvature()
    assert all((net.params[n] == before[n]).all() for n in before)
    assert net.history.epochs == epochs


def test_frozen_entries_bend_nothing():
    X, y = zoo.blobs()
    net = network().freeze("W1", np.ones((4, 5), bool))
    net[2].freeze()
    found = net.curvature(X, y, products=2000)
    assert list(found.direction) == ["W1", "b1"]
    assert not found.direction["W1"].any()


def test_dropout_is_off():
    X, y = zoo.blobs()
    net = pg.Sequential(pg.Linear(5), pg.Tanh(), pg.Dropout(0.5), pg.Linear(3))
    plain = network().curvature(X, y).largest
    assert net.curvature(X, y).largest == pytest.approx(plain, rel=1e-9)


def test_what_is_wrong_is_told():
    X, y = zoo.blobs()
    with pytest.raises(SettingError, match="tolerance"):
        network().curvature(X, y, tolerance=0)
    with pytest.raises(PlaingradError, match="not trained"):
        network().curvature()
