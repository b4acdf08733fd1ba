"""Machine code depends on nothing that it has not written, and writes nowhere else."""

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import zoo
from helpers_native import chosen, evaluate
from plaingrad.native.flat import LINE, room
from plaingrad.ops import leaf
from plaingrad.shapes import Dim

GUARD = 8 * LINE
LAYOUTS = {
    "chosen": {},
    "features": {"lanes": "features", "tile": 3, "shards": 2},
    "samples": {"lanes": "samples", "tile": 8, "shards": 2},
}


@pytest.fixture
def guarded(monkeypatch):
    """Make memory that is full of nan, in floats, or -1, with a guard behind it."""
    rooms = []

    def made(size):
        whole = room(size + GUARD)
        whole[:] = 0xFF
        rooms.append(whole)
        return whole[:size]

    monkeypatch.setattr("plaingrad.native.table.room", made)
    monkeypatch.setattr("plaingrad.native.flat.room", made)
    yield rooms
    assert rooms
    assert all((one[-GUARD:] == 0xFF).all() for one in rooms)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", zoo.NAMES)
def test_what_was_in_memory_does_not_matter(name, layout, guarded):
    animal = zoo.ZOO[zoo.NAMES.index(name)]
    right = animal.fit(dtype="float64").params
    with chosen(**LAYOUTS[layout]):
        mine = animal.fit(dtype="float64", engine="native", threads=2).params
    for name, value in right.items():
        scale = np.abs(value).max(initial=1e-2)
        np.testing.assert_allclose(mine[name], value, atol=1e-11 * scale)


@pytest.mark.parametrize("count", [1, 3, 5, 8, 13])
def test_what_stands_behind_an_array_does_not_matter(count):
    """The lanes of a dot product are added up, and must not hold nan times zero."""
    rng = np.random.default_rng(count)
    arrays = {}
    for name in "vw":
        arrays[name] = np.full(count + 64, np.nan)[:count]
        arrays[name][:] = rng.normal(size=count)
    ones = leaf("one", (Dim(("n",)),))
    product = leaf("v", (count,)) @ leaf("w", (count,))
    values = {**arrays, "one": np.ones(2)}
    (found,) = evaluate([ones * product], values, "float64", 2)
    np.testing.assert_allclose(found, [arrays["v"] @ arrays["w"]] * 2, rtol=1e-12)
