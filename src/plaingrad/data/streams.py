"""Data larger than memory: read when they are needed, from arrays, files, iterables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..columns.kinds import Kind
from ..columns.preparation import Preparation
from ..errors import DataError, SettingError
from ..streams.arrays import ArrayStream
from ..streams.batches import BatchStream
from ..streams.stream import Stream


def stream(
    source: Any,
    y: Any = None,
    *,
    sample_weight: Any = None,
    target: str | None = None,
    kinds: Mapping[str, Kind] | None = None,
    preparation: Preparation | None = None,
    memory: int | str = "256 MB",
    block: int | None = None,
    mixed: int | None = None,
    rows: int | None = None,
) -> Stream:
    """Return samples that are read when they are needed: `net.fit(stream)`.

    Parameters
    ----------
    source
        Where samples come from: an array X (n, ...) of any type of numbers, in memory,
        mapped from a file (`np.load(path, mmap_mode="r")`) or of a library that slices,
        with `y`; a Parquet file or a folder of them, with `target`; or an iterable of
        batches (X, y) or (X, y, weights) of any sizes, or a function that returns one.
    y, sample_weight
        Targets (n, ...) and weights (n,) where X is an array.
    target, kinds
        The column of a Parquet file to predict, and the kinds of its columns where
        they should be others than those that are found; see `table`.
    preparation
        How columns become numbers, where that is known: that of another stream. By
        default it is learnt from some of the rows.
    memory
        The bytes that all buffers together may take, or text such as "256 MB".
    block
        The rows of a block of arrays: an epoch visits blocks in another order. By
        default as suits the memory. The blocks of a Parquet file are its row groups.
    mixed
        How many blocks are in memory at a time, their rows mixed; by default as many
        as the memory holds.
    rows
        How many samples an iterable gives; by default they are counted, which reads
        all of them once.

    Returns
    -------
    Stream
        With `rows`, `memory` and, of a table, `preparation`.

    Raises
    ------
    DataError, FileError, SettingError
        When the source cannot be read, is none of these, or another argument does not
        belong to it.
    MissingExtraError
        When a library for Parquet is not installed: the extra "stream".

    Examples
    --------
    >>> X = np.load("X.npy", mmap_mode="r")  # doctest: +SKIP
    >>> y = np.load("y.npy", mmap_mode="r")  # doctest: +SKIP
    >>> net.fit(plaingrad.data.stream(X, y, memory="500 MB"))  # doctest: +SKIP
    """
    given = {
        "y": y,
        "sample_weight": sample_weight,
        "target": target,
        "kinds": kinds,
        "preparation": preparation,
        "block": block,
        "mixed": mixed,
        "rows": rows,
    }

    def only(what: str, *names: str) -> None:
        for name, value in given.items():
            if value is not None and name not in names:
                raise SettingError(
                    f"{name} does not belong to {what}, which takes "
                    f"{', '.join((*names, 'memory'))}. Leave {name} out."
                )

    if isinstance(source, (str, Path)):
        from .parquet import ParquetStream

        if Path(source).suffix == ".npy":
            raise DataError(
                f"arrays of files are mapped first: X = np.load({str(source)!r}, "
                f"mmap_mode='r'), y alike, and pg.data.stream(X, y)."
            )
        only("a Parquet file", "target", "kinds", "preparation", "mixed")
        return ParquetStream(Path(source), target, kinds, preparation, memory, mixed)
    if y is not None:
        only("arrays", "y", "sample_weight", "block", "mixed")
        return ArrayStream(source, y, sample_weight, memory, block, mixed)
    if hasattr(source, "shape") and hasattr(source, "dtype"):
        raise DataError("y is missing: pass samples and targets, stream(X, y).")
    if not callable(source) and not hasattr(source, "__iter__"):
        raise DataError(
            f"a stream comes from arrays (X, y), the path of a Parquet file, or an "
            f"iterable of batches, got {type(source).__name__}. A data set that gives "
            f"single samples becomes one by its loader, such as PyTorch's DataLoader."
        )
    only("an iterable of batches", "rows")
    return BatchStream(source, rows, memory)
