"""Wide layers: rows on pages of their own, laid out anew and asked for early."""

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import plaingrad as pg
from helpers_native import chosen
from plaingrad.native.assemble import Assembly
from plaingrad.native.design import design
from plaingrad.native.target import host

X = np.random.default_rng(0).normal(size=(37, 261))
Y = np.arange(37) % 3


def network(width):
    """Return a network whose weights have rows of so many numbers."""
    layers = [pg.Linear(width), pg.ReLU(), pg.Linear(width), pg.Tanh()]
    return pg.Sequential(*layers, pg.Linear(3))


def trained(width, engine, **made):
    net = network(width)
    net.fit(X, Y, engine=engine, dtype="float64", epochs=2, **made)
    return net.params


@pytest.mark.parametrize("width", [256, 259])
@pytest.mark.parametrize(
    ("lanes", "tile"), [("features", 37), ("features", 8), ("samples", 40)]
)
def test_wide_layers_learn_what_the_reference_learns(width, lanes, tile):
    settings = {"batch_size": 37, "optimizer": pg.Adam(1e-3)}
    right = trained(width, "reference", **settings)
    with chosen(lanes=lanes, tile=tile):
        mine = [trained(width, "native", threads=n, **settings) for n in (1, 2)]
    for name, value in right.items():
        np.testing.assert_array_equal(mine[0][name], mine[1][name])
        scale = np.abs(value).max(initial=1e-2)
        np.testing.assert_allclose(mine[0][name], value, atol=1e-11 * scale)


def test_results_of_wide_layers_are_asked_for_early():
    def text(width):
        update = network(width).program(X, Y, batch_size=37).update
        made = design(update, "float64", host(), capacity=37, lanes="features", tile=37)
        return Assembly(made).text()

    assert "@llvm.prefetch" in text(256)
    assert "@llvm.prefetch" not in text(8)
