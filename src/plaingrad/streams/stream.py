"""What a stream is: samples that are read when they are needed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..columns.preparation import Preparation
from ..errors import DataError, SettingError, whole

Array = np.ndarray[Any, Any]
DECIMAL = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
UNITS = DECIMAL | {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
PIECE = 2**22
"""So many bytes, or a sixteenth of the memory, are read and converted at a time."""
SAMPLED = 4096
"""So many rows are looked at before training begins."""


class Chunk(NamedTuple):
    """Some samples as they are stored: X (n, ...), y (n, ...) and weights (n,)."""

    X: Array
    y: Array
    w: Array | None = None

    def rows(self, start: int, stop: int) -> Chunk:
        """Return some of them."""
        w = None if self.w is None else self.w[start:stop]
        return Chunk(self.X[start:stop], self.y[start:stop], w)


class Stream:
    """Samples that are read when they are needed.

    Attributes
    ----------
    rows
        How many there are.
    memory
        How many bytes all buffers together may take.
    block, mixed
        The rows of a block, and how many blocks are mixed, where they are given.
    weighted
        Whether samples have weights.
    blocked
        Whether blocks can be read in any order; else all comes in one order.
    starts
        The rows at which blocks begin, where they are as they were written.
    raw
        The bytes that a row takes while it is read.
    held
        The bytes that reading holds beside pieces and buffers.
    once
        Whether it can be read only once.
    sampled
        The numbers of the rows of `sample`.
    smaller
        What takes less memory when it is made smaller, in words.
    preparation
        How the rows of a table become samples, where it is one.
    """

    rows: int
    weighted: bool = False
    blocked: bool = True
    raw: int
    held: int = 0
    once: bool = False
    starts: tuple[int, ...] = ()
    sampled: Sequence[int]
    smaller: str = "batch_size or block"
    preparation: Preparation | None = None

    def __init__(
        self, memory: int | str, block: int | None = None, mixed: int | None = None
    ) -> None:
        self.memory = in_bytes(memory)
        self.block = None if block is None else whole("block", block)
        self.mixed = None if mixed is None else whole("mixed", mixed)

    @property
    def sample(self) -> Chunk:
        """Some of the samples, from many places where that can be."""
        raise NotImplementedError

    def read(self, start: int, stop: int, piece: int) -> Iterator[Chunk]:
        """Yield the rows of a block, about so many at a time."""
        raise NotImplementedError

    def follow(self, start: int, piece: int) -> Iterator[Chunk]:
        """Yield all rows from one on in their own order, about so many at a time."""
        return self.read(start, self.rows, piece)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """Refuse to become an array, which would hold all samples at once."""
        raise SettingError(
            "a stream reads its samples as they are needed, and this needs all of them "
            "at once. It takes arrays X and y; a stream is for fit, find_lr, predict, "
            "evaluate, score, and what reads the program."
        )

    def __len__(self) -> int:
        return self.rows

    def __repr__(self) -> str:
        """Return how much it is."""
        return f"<{type(self).__name__}: {self.rows:,} rows>"


def as_array(what: str, values: Any) -> Array:
    """Return what NumPy can make an array of, or say why it cannot.

    Raises
    ------
    DataError
        When rows have different lengths, or another library does not give its numbers.
    """
    try:
        return np.asarray(values)
    except (ValueError, TypeError, RuntimeError) as error:
        told = str(error).rstrip(".")
        raise DataError(
            f"{what} cannot be made an array: {told}. Pass numbers as NumPy has them, "
            f"and as many for each sample."
        ) from None


def in_bytes(memory: int | str) -> int:
    """Return a number of bytes, given as such or as text: "256 MB"."""
    if not isinstance(memory, str):
        return whole("memory", memory)
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", memory)
    if not found or found[2].upper() not in UNITS or not float(found[1]):
        raise SettingError(
            f"memory must be a number of bytes, or text such as '256 MB' or '1.5 GB', "
            f"got {memory!r}."
        )
    return int(float(found[1]) * UNITS[found[2].upper()])


def told_bytes(count: float) -> str:
    """Return a number of bytes as text, rounded up so that it is enough."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if count >= 10 * size:
            return f"{-int(-count // size)} {unit}"
    return f"{-int(-count // 1)} B"
