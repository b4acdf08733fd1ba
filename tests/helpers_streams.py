"""What the tests of streams share: small networks, and the same training in memory."""

import threading
from unittest.mock import patch

import numpy as np

import plaingrad as pg

ENGINES = ("reference", "native")


def samples(rows=103, features=4, classes=3, seed=0):
    """Return samples and class labels."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, features)), rng.integers(0, classes, rows)


def mapped(folder, **arrays):
    """Return arrays that are mapped from files."""
    found = []
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values)
        found.append(np.load(folder / f"{name}.npy", mmap_mode="r"))
    return found


def network(outputs=3):
    """Return a small network that draws anew in each update."""
    return pg.Sequential(pg.Linear(6), pg.ReLU(), pg.Dropout(0.2), pg.Linear(outputs))


def fit(*data, net=None, outputs=3, **settings):
    """Return a network, trained."""
    net = net or network(outputs)
    usual = {"epochs": 3, "batch_size": 16, "verbose": False}
    net.fit(*data, **{**usual, **settings})
    return net


def in_memory(streamed, *data, **settings):
    """Return a network, trained on arrays in the order in which another one was."""
    loop = streamed.program().loop

    def order(count, seed, epoch):
        return loop.order(count, epoch)

    with patch("plaingrad.train.loop.shuffled", order):
        return fit(*data, **settings)


def assert_same(one, other):
    """Compare all weights and losses to the bit."""
    assert one.params.keys() == other.params.keys()
    for name, value in one.params.items():
        np.testing.assert_array_equal(value, other.params[name])
    assert one.history.batch_loss == other.history.batch_loss
    assert one.history.loss == other.history.loss
    assert one.history.val_loss == other.history.val_loss


def readers():
    """Return the threads that read."""
    return [one for one in threading.enumerate() if "reader" in one.name]
