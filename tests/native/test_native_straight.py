"""Updates of a few weights by single samples, written as one straight line."""

import numpy as np
import pytest

import plaingrad as pg
from helpers_native import agree
from zoo import ZOO, blobs

pytest.importorskip("llvmlite")

from plaingrad.native.design import design
from plaingrad.native.target import host, named

ANIMALS = {animal.name: animal for animal in ZOO}


def designed(network, X, y, batch_size=1, target=None, dtype="float32", **settings):
    """Return the design of a network's update."""
    settings = {"batch_size": batch_size, "dtype": dtype, **settings}
    program = network.program(X, y, **settings)
    update = program.update
    loss = update.results[0]
    capacity = batch_size
    return design(update, dtype, target or host(), capacity=capacity, loss=loss)


def data(features, classes=3):
    """Return nine samples and their labels."""
    X = np.random.default_rng(features).normal(size=(9, features))
    return X, np.arange(9) % classes


def mlp(*units):
    """Return a function that makes dense layers with tanh between them."""

    def make():
        layers = [part for size in units for part in (pg.Linear(size), pg.Tanh())]
        return pg.Sequential(*layers[:-1])

    return make


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("optimizer", [pg.SGD(0.1), pg.Momentum(0.05), pg.Adam(0.02)])
@pytest.mark.parametrize(("features", "units"), [(3, (4, 4)), (2, (5, 3)), (1, (3,))])
def test_small_networks_learn_as_in_the_reference(features, units, optimizer, shuffle):
    X, y = data(features)
    agree(mlp(*units), X, y, batch_size=1, optimizer=optimizer, shuffle=shuffle)


@pytest.mark.parametrize("name", sorted(ANIMALS))
def test_networks_of_every_kind_learn_from_single_samples(name):
    animal = ANIMALS[name]
    agree(
        animal.network,
        *animal.data(),
        **{**animal.settings, "batch_size": 1, "epochs": 1},
    )


def rectified(*units):
    """Return layers whose updates need no dear operations, and how they are trained."""
    layers = [part for size in units for part in (pg.Linear(size), pg.ReLU())]
    X, _ = data(3)
    settings = {"loss": pg.MSE(), "optimizer": pg.SGD(0.05)}
    return pg.Sequential(*layers[:-1]), X, X[:, :1] * np.ones(units[-1]), settings


@pytest.mark.parametrize("kind", ["avx512", "avx2", "x86-64", "aarch64"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_vectors_are_as_long_as_the_layers_allow(kind, dtype):
    target = named(kind)
    most = target.lanes(dtype)
    for units, width in (((4, 4), 4), ((5, 1), 1), ((8, 8), 8)):
        net, X, y, settings = rectified(*units)
        made = designed(net, X, y, target=target, dtype=dtype, **settings)
        assert (made.straight, made.layout.width) == (True, min(most, width))


@pytest.mark.parametrize("units", [(4, 1), (5, 1), (1,), (8, 2)])
@pytest.mark.parametrize("shuffle", [False, True])
def test_straight_lines_learn_as_in_the_reference(units, shuffle):
    _, X, y, settings = rectified(*units)
    assert designed(rectified(*units)[0], X, y, **settings).straight
    settings = {**settings, "batch_size": 1, "shuffle": shuffle}
    agree(lambda: rectified(*units)[0], X, y, **settings)


def test_other_updates_keep_their_loops():
    net, X, y, settings = rectified(4, 4)
    assert not designed(net, X, y, batch_size=2, **settings).straight
    net, X, y, settings = rectified(40, 3)
    assert not designed(net, X, y, **settings).straight
    # numbers would be exponentiated one by one
    assert not designed(mlp(5, 3)(), *data(3)).straight


def test_weights_are_written_when_training_is_ended_early():
    X, y = blobs()

    class Three(pg.Callback):
        """Ends training after three updates."""

        def on_batch_end(self, history):
            """Return whether there were three."""
            return len(history.batch_loss) == 3

    found = []
    for engine in ("reference", "native"):
        net = mlp(4, 3)()
        net.fit(X, y, batch_size=1, epochs=2, engine=engine, callbacks=[Three()])
        assert len(net.history.batch_loss) == 3
        found.append(net.params)
    for name, value in found[0].items():
        np.testing.assert_allclose(found[1][name], value, rtol=1e-4, atol=1e-6)


def test_weights_are_finite_again_after_a_divergence():
    X, y = data(3)
    net = mlp(4, 4)()
    with pytest.warns(pg.DivergedWarning):
        net.fit(1e20 * X, y, batch_size=1, epochs=4, optimizer=pg.SGD(1e25))
    assert all(np.isfinite(value).all() for value in net.params.values())


def test_what_passes_between_loops_has_room():
    layers = [pg.Conv2d(1, 1, bias=False), pg.Dropout(0.25), pg.Flatten(), pg.Linear(2)]
    X, y = np.random.default_rng(0).normal(size=(1, 2, 2, 1)), np.array([1])
    penalties = {"l1": 1e-3, "l2": 1e-2, "sample_weight": np.array([1.1])}
    losses = []
    for engine in ("native", "reference"):
        net = pg.Sequential(*layers)
        made = {"batch_size": 1, "epochs": 2, "clip_value": 0.05, "clip_norm": 0.5}
        made |= {"class_weight": {1: 1.5}, "loss": pg.CrossEntropy(), **penalties}
        net.fit(X, y, engine=engine, dtype="float64", optimizer=pg.SGD(0.05), **made)
        losses.append(net.history.batch_loss)
    np.testing.assert_allclose(*losses, rtol=1e-11)
