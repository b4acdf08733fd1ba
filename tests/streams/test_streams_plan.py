"""How much of a stream is in memory at a time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import plaingrad as pg
from plaingrad.errors import SettingError
from plaingrad.streams.plan import ORDER, WINDOWS, plan


@given(
    rows=st.integers(1, 5000),
    features=st.integers(1, 30),
    row=st.integers(8, 300),
    batch=st.integers(1, 300),
    memory=st.integers(2000, 10**7),
    block=st.none() | st.integers(1, 2000),
    mixed=st.none() | st.integers(1, 50),
    shuffle=st.booleans(),
)
def test_all_that_is_planned_fits(
    rows, features, row, batch, memory, block, mixed, shuffle
):
    X, y = np.zeros((rows, features), np.float32), np.zeros(rows, np.float32)
    stream = pg.data.stream(X, y, memory=memory, block=block, mixed=mixed)
    try:
        found = plan(stream, row, batch, shuffle)
    except SettingError:
        return
    most = min(rows, found.blocks.mixed * found.blocks.size) if shuffle else 0
    pieces = found.piece * (stream.raw + 3 * row)
    taken = WINDOWS * found.capacity * row + ORDER * most + pieces
    assert taken <= memory
    # what waits for a whole batch has room, too
    assert found.capacity >= min(rows, most + min(batch, rows) - 1)
    assert shuffle or found.capacity % min(batch, rows) == 0 or found.capacity == rows


def test_usual_blocks_are_many_and_as_long_as_reading_wants():
    X = np.lib.stride_tricks.as_strided(
        np.zeros(100, np.float32), (10**7, 100), (400, 0)
    )
    stream = pg.data.stream(X, X[:, 0], memory="256 MB")
    found = plan(stream, 408, 128, shuffle=True)
    assert found.blocks.mixed == 64
    assert 2**16 <= found.blocks.size * stream.raw <= 2**22
    stream = pg.data.stream(X, X[:, 0], memory="4 MB")
    found = plan(stream, 408, 128, shuffle=True)
    assert found.blocks.size * stream.raw >= 2**16


@pytest.mark.parametrize("rows", [1, 2, 63, 64])
def test_few_rows_are_one_block(rows):
    stream = pg.data.stream(np.zeros((rows, 2)), np.zeros(rows))
    found = plan(stream, 16, 32, shuffle=True)
    assert (found.blocks.count, found.blocks.span(0)) == (1, (0, rows))
    assert found.capacity == rows
