"""The learning-rate range test: the rates that it takes, and what it suggests."""

import copy

import numpy as np
import pytest

import plaingrad as pg
import zoo
from plaingrad.errors import SettingError


def network():
    return pg.Sequential(pg.Linear(8), pg.Tanh(), pg.Linear(3))


class Own(pg.Optimizer):
    def __init__(self, speed):
        super().__init__(speed)


@pytest.mark.parametrize("batch_size", [5, None])
def test_it_is_a_training_whose_rate_rises(batch_size):
    X, y = zoo.line(12)
    settings = {"batch_size": batch_size, "shuffle": False, "dtype": "float64"}
    found = pg.Sequential(pg.Linear(1)).find_lr(
        X, y, lowest=1e-3, highest=0.1, updates=20, optimizer=pg.SGD(), **settings
    )
    net = pg.Sequential(pg.Linear(1)).build(X, dtype="float64")
    W, b = net.params["W1"].copy(), net.params["b1"].copy()
    size, losses = batch_size or 12, []
    while len(losses) < 20:
        for start in range(0, 12, size):
            x, t = X[start : start + size], y[start : start + size, None]
            error = x @ W + b - t
            lr = 1e-3 * 100 ** (len(losses) / 19)
            losses.append((error**2).mean())
            W, b = W - lr * 2 * x.T @ error / len(x), b - lr * 2 * error.mean(axis=0)
    np.testing.assert_allclose(found.rates, np.geomspace(1e-3, 0.1, 20))
    np.testing.assert_allclose(found.losses, losses[:20], rtol=1e-9)


def test_the_running_mean_has_no_bias():
    X, y = zoo.blobs()
    found = network().find_lr(X, y, updates=30)
    count = np.arange(30)
    for k in (0, 3, 29):
        weights = 0.9 ** (k - count[: k + 1])
        mean = weights @ found.losses[: k + 1] / weights.sum()
        assert found.smoothed[k] == pytest.approx(mean)


@pytest.mark.parametrize("optimizer", [pg.SGD(), pg.Momentum(), pg.Adam()])
def test_the_suggestion_trains_best(optimizer):
    X, y = zoo.blobs(60)
    found = network().find_lr(X, y, optimizer=optimizer, highest=1e3)
    kind = type(optimizer)
    losses = [
        network().fit(X, y, optimizer=kind(lr=lr), epochs=10).loss[-1]
        for lr in (found.suggestion / 100, found.suggestion)
    ]
    assert losses[1] < losses[0]
    assert found.suggestion == pytest.approx(found.lowest / 10)
    assert len(found.rates) < 200
    assert f"try {found.suggestion:.2g}" in str(found)


def test_the_network_stays_as_it_is():
    X, y = zoo.blobs()
    net = network()
    first = net.find_lr(X, y)
    assert not net.params
    history = net.fit(X, y, epochs=3)
    before, epochs = copy.deepcopy(net.params), history.epochs
    second = net.find_lr(X, y)
    assert all((net.params[n] == before[n]).all() for n in before)
    assert (net.history is history, history.epochs) == (True, epochs)
    np.testing.assert_array_equal(first.losses, second.losses)
    warm = net.find_lr(X, y, warm_start=True)
    assert warm.losses[0] < first.losses[0]
    net.fit(X, y, epochs=3, warm_start=True)


def test_what_was_chosen_before_does_not_matter():
    X, y = zoo.blobs()
    plain = network().find_lr(X, y, optimizer=pg.SGD())
    for optimizer in (pg.SGD(lr=7), pg.SGD(lr=pg.ReduceOnPlateau(1.0))):
        again = network().find_lr(X, y, optimizer=optimizer, early_stopping=3)
        np.testing.assert_array_equal(again.losses, plain.losses)


def test_rates_that_end_too_low_are_told():
    X, y = zoo.blobs(60)
    low = network().find_lr(X, y, optimizer=pg.SGD(), highest=1e-3)
    assert not low.risen
    assert "larger highest" in str(low)
    high = network().find_lr(X, y, optimizer=pg.SGD(), highest=1e3)
    assert high.risen
    assert "larger highest" not in str(high)


def test_half_a_test_is_none(monkeypatch):
    X, y = zoo.blobs()

    def interrupted(self, history):
        if len(history.batch_loss) == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr("plaingrad.rates._Enough.on_batch_end", interrupted)
    with pytest.raises(KeyboardInterrupt):
        network().find_lr(X, y)


def test_an_overflow_ends_it():
    X, y = zoo.line(12)
    settings = {"optimizer": pg.SGD(), "lowest": 1e-2, "highest": 1e30}
    found = pg.Sequential(pg.Linear(1)).find_lr(X, y, updates=10, **settings)
    assert np.isfinite(found.losses).all()
    assert found.risen
    assert len(found.losses) < 10


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"lowest": 1.0, "highest": 0.1}, "smaller rate"),
        ({"lowest": 0}, "lowest"),
        ({"updates": 3}, "updates"),
        ({"optimizer": pg.LBFGS()}, "no rate"),
        ({"optimizer": Own(0.1)}, "no argument lr"),
    ],
)
def test_what_makes_no_sense_is_refused(settings, told):
    X, y = zoo.blobs()
    with pytest.raises(SettingError, match=told):
        network().find_lr(X, y, **settings)


def test_no_finite_loss_at_all_is_told():
    X, y = zoo.line(12)
    with pytest.raises(SettingError, match="not finite at the lowest"):
        pg.Sequential(pg.Linear(1)).find_lr(X, 1e30 * y, updates=10)


def test_it_is_drawn():
    pytest.importorskip("matplotlib")
    X, y = zoo.blobs()
    found = network().find_lr(X, y, optimizer=pg.SGD(), highest=1e3)
    ax = pg.draw.rate_test(found)
    drawn = {line.get_label(): line.get_xydata() for line in ax.lines}
    np.testing.assert_allclose(drawn["updates"][:, 1], found.losses)
    np.testing.assert_allclose(drawn["running mean"][:, 0], found.rates)
    suggested = drawn[f"suggested: {found.suggestion:.2g}"]
    assert suggested[0][0] == pytest.approx(found.suggestion)
    assert ax.get_xscale() == "log"
