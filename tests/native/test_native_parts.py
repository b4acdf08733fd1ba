"""Tiles of which some kernels see only a few samples at a time."""

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import plaingrad as pg
import zoo
from helpers_native import chosen
from plaingrad.native.assemble import Assembly
from plaingrad.native.design import design
from plaingrad.native.parts import runs
from plaingrad.native.target import host

PICTURES = ["convolution", "pooling", "grouped", "residual"]
LAYOUT = {"lanes": "features", "tile": 8, "shards": 2}


def network():
    """Return a network of images whose last layers are wide."""
    layers = [pg.Conv2d(5, 3, padding="same"), pg.ReLU(), pg.MaxPool2d(2)]
    layers += [pg.Conv2d(7, 2, padding=1), pg.Tanh(), pg.Flatten()]
    return pg.Sequential(*layers, pg.Linear(50), pg.ReLU(), pg.Linear(3))


X = np.random.default_rng(0).normal(size=(21, 8, 6, 2))
Y = np.arange(21) % 3


def made(part):
    """Return the design of an update, tiles of eight samples."""
    update = network().program(X, Y, batch_size=21).update
    return design(update, "float64", host(), capacity=21, part=part, **LAYOUT)


def trained(net, X, y, engine, **made):
    net.fit(X, y, engine=engine, dtype="float64", epochs=2, **made)
    return net


def same(mine, right):
    losses = mine.history.batch_loss, right.history.batch_loss
    np.testing.assert_allclose(*losses, rtol=1e-10)
    for name, value in right.params.items():
        scale = np.abs(value).max(initial=1e-2)
        np.testing.assert_allclose(mine.params[name], value, atol=1e-9 * scale)


def test_wide_layers_see_all_of_a_tile_and_images_a_part():
    found = made(part=2)
    inner = [k for run in runs(found.kernels) for k in run if k.part]
    products = {k.writes[0].name for k in found.kernels if k.how == "product"}
    parted = {k.writes[0].name for k in inner if k.how == "product"}
    assert any("W" in n or "kernels" in n for n in parted)
    assert parted < products


def test_what_only_a_part_needs_has_room_for_a_part():
    whole, parts = (Assembly(made(part)).places for part in (0, 2))
    assert parts.parts
    assert parts.tiles.size < whole.tiles.size


@pytest.mark.parametrize("part", [1, 3, 8])
@pytest.mark.parametrize("batch", [21, 9])
def test_parts_give_what_the_reference_gives(part, batch):
    nets = []
    for engine in ("native", "reference"):
        with chosen(**LAYOUT, part=part):
            net = network()
            nets.append(trained(net, X, Y, engine, batch_size=batch))
    same(*nets)


@pytest.mark.parametrize("part", [1, 3])
@pytest.mark.parametrize("name", PICTURES)
def test_the_pictures_of_the_zoo_in_parts(name, part):
    animal = zoo.ZOO[zoo.NAMES.index(name)]
    nets = []
    for engine in ("native", "reference"):
        with chosen(**LAYOUT, part=part):
            nets.append(animal.fit(dtype="float64", epochs=1, engine=engine))
    same(*nets)


def test_threads_give_the_same_bits(monkeypatch):
    monkeypatch.setattr("plaingrad.native.table.cores", lambda: 2)
    found = []
    for threads in (1, 2):
        with chosen(**LAYOUT, part=1):
            net = trained(network(), X, Y, "native", threads=threads)
        found.append([*net.history.batch_loss, *net.params["W1"].ravel().tolist()])
    assert found[0] == found[1]
