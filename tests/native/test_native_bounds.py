"""Nothing is read beyond the room behind arrays: a wall stands there."""

import ctypes
import mmap
import sys

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from helpers_native import evaluate
from plaingrad.native import table
from plaingrad.native.flat import SLACK
from plaingrad.ops import leaf
from plaingrad.shapes import Dim

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for a wall")
N = Dim(("n",))


def walled(size):
    """Return bytes behind which memory can be neither read nor written."""
    whole = -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
    held = np.frombuffer(mmap.mmap(-1, whole + mmap.PAGESIZE), np.uint8)
    wall = ctypes.c_void_p(held.ctypes.data + whole)
    assert ctypes.CDLL(None).mprotect(wall, ctypes.c_size_t(mmap.PAGESIZE), 0) == 0
    return held[whole - size : whole]


@pytest.mark.parametrize("rows", [10, 35])
def test_only_lanes_that_count_are_gathered(rows):
    rng = np.random.default_rng(0)
    room = walled(4 * rows * 1000 + SLACK)[:-SLACK]
    W = room.view(np.float32).reshape(rows, 1000)
    W[...] = rng.normal(size=W.shape)
    X = rng.normal(size=(5, rows))
    outputs = [leaf("X", (N, rows)) * leaf("W", W.shape).sum(axis=1)]
    (found,) = evaluate(outputs, {"X": X, "W": W}, "float32", 5)
    np.testing.assert_allclose(found, X * W.sum(axis=1), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("tile", [2, 4, 8, 9])
def test_small_tiles_have_no_vectors_of_samples(tile, monkeypatch):
    monkeypatch.setattr(table, "room", lambda size: walled(-(-size // 64) * 64))
    X = np.random.default_rng(0).normal(size=(17, 1000))
    outputs = [leaf("X", (N, 1000)).sum(axis=1)]
    choice = {"lanes": "features", "tile": tile}
    (found,) = evaluate(outputs, {"X": X}, "float32", 17, **choice)
    np.testing.assert_allclose(found, X.sum(axis=1), rtol=1e-4, atol=1e-4)
