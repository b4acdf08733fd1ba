"""How much of a stream is in memory at a time: blocks, and the rows of a window."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..errors import SettingError
from ..program import Blocks
from .stream import PIECE, Array, Stream, told_bytes

WINDOWS = 2
"""While a window is trained on, the next one is read."""
ORDER = 40
"""The bytes for each row of a mix: two orders, and three while the next is found."""
USUAL = 64
"""So many blocks are mixed, where their size is free."""
SMALLEST, LARGEST = 2**16, 2**22
"""The bytes that a block has at least and at most, where its size is free: less takes
long to read, more mixes worse."""


@dataclass(frozen=True)
class Plan:
    """What of a stream is in memory at a time.

    Attributes
    ----------
    blocks
        The blocks, and how many are mixed.
    capacity
        The rows that a window holds.
    piece
        The rows that are read and converted at a time.
    """

    blocks: Blocks
    capacity: int
    piece: int


def plan(stream: Stream, row: int, batch: int, shuffle: bool) -> Plan:
    """Return how a stream is read within its memory.

    Parameters
    ----------
    stream
        What is read.
    row
        The bytes of a row as it is trained on.
    batch
        The rows of a batch.
    shuffle
        Whether blocks are visited in another order and mixed.

    Raises
    ------
    SettingError
        When the memory is not enough, with what would be.
    """
    batch = min(batch, stream.rows)
    # while it is converted, a row is there as read, as made, and as checked
    single = stream.raw + 3 * row
    piece = max(1, min(PIECE, stream.memory // 16) // single)
    spare = stream.memory - stream.held - piece * single - WINDOWS * batch * row
    each = WINDOWS * row + ORDER
    most = spare // each
    if not shuffle:
        if spare < 0:
            raise _too_little(stream, WINDOWS * batch * row, single, batch)
        capacity = min(stream.rows, batch * (1 + spare // (WINDOWS * batch * row)))
        return Plan(Blocks(stream.rows, stream.rows, 1), capacity, piece)
    size = None
    if not stream.starts:
        size = min(stream.block or _usual_block(stream, most), stream.rows)
    blocks = Blocks(stream.rows, size, stream.mixed or 1, stream.starts)
    mixed = blocks.mixed
    if stream.mixed is None:
        mixed = max(1, _fitting(blocks, most))
    rows = _rows_of(blocks, mixed)
    if rows > most:
        needed = WINDOWS * batch * row + rows * each
        raise _too_little(stream, needed, single, rows, " to mix")
    capacity = min(stream.rows, rows + batch - 1)
    return Plan(replace(blocks, mixed=min(mixed, blocks.count)), capacity, piece)


def _sizes(blocks: Blocks) -> Array:
    """Return the rows of blocks that are unlike, the largest first."""
    return np.sort(np.diff([*blocks.starts, blocks.rows]))[::-1]


def _fitting(blocks: Blocks, most: int) -> int:
    """Return how many blocks have at most so many rows together, whichever they are."""
    if blocks.size is not None:
        return most // blocks.size
    return int(np.searchsorted(np.cumsum(_sizes(blocks)), most, side="right"))


def _rows_of(blocks: Blocks, mixed: int) -> int:
    """Return how many rows so many blocks have at most."""
    if blocks.size is not None:
        return min(blocks.rows, mixed * blocks.size)
    return int(_sizes(blocks)[:mixed].sum())


def _usual_block(stream: Stream, most: int) -> int:
    """Return the rows of a block, when so many rows can be mixed at a time."""
    few = most // (stream.mixed or USUAL)
    least = min(most // (stream.mixed or 1), -(-SMALLEST // stream.raw))
    return max(1, min(max(few, least), max(1, LARGEST // stream.raw)))


def _too_little(
    stream: Stream, needed: int, single: int, rows: int, why: str = ""
) -> SettingError:
    """Say how much memory would be enough."""
    needed += stream.held
    enough = max(-(-needed * 16 // 15), needed + single) + 1
    return SettingError(
        f"memory={told_bytes(stream.memory)} is not enough for two windows of {rows:,} "
        f"row{'s' * (rows > 1)}{why}, of which one is read while the other is trained "
        f"on: it takes at least {told_bytes(enough)}. Give more memory, or make "
        f"{stream.smaller} smaller."
    )
