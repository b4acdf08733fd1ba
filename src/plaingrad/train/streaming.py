"""A training on a stream: a sample of it is checked at once, the rest as it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..compose import Forward, forward
from ..errors import DataError, SettingError
from ..full_batch import FullBatch
from ..losses.targets import class_count, numbered, rows
from ..losses.weights import check_weighted, some_class_weights
from ..shapes import show
from ..streams.feed import Feed
from ..streams.plan import plan
from ..streams.stream import PIECE, Chunk, Stream, told_bytes
from ..trace import Traced
from .checks import as_features, cast, finite, numbers, same_length
from .session import Prepared, prepare, prepare_target
from .settings import Settings
from .training import Training

Array = np.ndarray[Any, Any]


def prepare_data(
    network: Traced,
    X: Any,
    y: Any,
    settings: Settings,
    masks: Mapping[str, Array] | None = None,
    kept: Mapping[str, Array] | None = None,
    known: tuple[int, ...] | None = None,
) -> Prepared:
    """Check data, arrays or a stream, and settings, before any work starts.

    The parameters are those of `prepare`. Of a stream `y` is None, and `data` of what
    is returned is a sample.

    Raises
    ------
    DataError, ShapeError, SettingError
        As `prepare`, and when the settings need all data of a stream at once, or its
        memory is not enough.
    """
    check_pair(X, y)
    if isinstance(X, Stream):
        return _prepare_stream(network, X, settings, masks, kept, known)
    return prepare(network, X, y, settings, masks, kept, known)


def check_pair(X: Any, y: Any) -> None:
    """Refuse samples without targets, and targets beside a stream, which has its own.

    Raises
    ------
    DataError
        In both cases.
    """
    streamed = isinstance(X, Stream)
    if streamed and y is not None:
        raise DataError(
            "a stream has its own targets: pass the stream and no y. Its targets are "
            "given when it is made: pg.data.stream(X, y)."
        )
    if not streamed and y is None:
        raise DataError(
            "y is missing: pass the samples and their targets, fit(X, y). Only a "
            "stream, from pg.data.stream, has its targets with it."
        )


def check_prepared(stream: Stream, known: Any) -> None:
    """Refuse a table whose columns become other numbers than in training.

    Parameters
    ----------
    stream
        What is to be used.
    known
        The preparation of the training; None when it is not known.

    Raises
    ------
    DataError
        When the stream has a preparation, and it is another one.
    """
    if stream.preparation is None or known in (None, stream.preparation):
        return
    raise DataError(
        "the columns of this stream become other numbers than in training, for how "
        "they do was learnt from its own rows. Make it with what the training has: "
        "pg.data.stream(FILE, preparation=P), where P is the preparation of the "
        "network, or that of the stream to train on."
    )


def _prepare_stream(
    network: Traced,
    stream: Stream,
    settings: Settings,
    masks: Mapping[str, Array] | None,
    kept: Mapping[str, Array] | None,
    known: tuple[int, ...] | None,
) -> Prepared:
    """Check settings, and a sample of the data, before any work starts."""
    _refuse(stream, settings)
    sample, by_class = stream.sample, settings.class_weight
    weighted = stream.weighted or by_class is not None
    alone = replace(
        settings,
        sample_weight=np.ones(len(sample.X)) if weighted else None,
        validation=None,
        early_stopping=None,
        class_weight=None,
    )
    with numbered(stream.sampled):
        found = prepare(network, sample.X, sample.y, alone, masks, kept, known)
        made = forward(network, found.training.features)
        converted = Converted(found.training, made, by_class)
        data = converted.rows(sample)
        if by_class is not None and found.training.kind == "int":
            check_weighted(by_class, class_count(made.output.shape))
    begun = found.training.settings
    chosen = [*found.chosen, *_chosen(stream, settings)]
    settings = replace(
        settings,
        loss=begun.loss,
        optimizer=begun.optimizer,
        shuffle=settings.shuffle and stream.blocked,
    )
    if isinstance(settings.validation, Stream):
        check_prepared(settings.validation, stream.preparation)
    validation = _validation(settings, converted)
    training = replace(
        found.training,
        settings=replace(settings, validation=None),
        count=stream.rows,
        validated=validation is not None,
    )
    feed = _feed(stream, training, converted, data)
    return replace(
        found,
        training=replace(training, blocks=feed.plan.blocks),
        data=data,
        validation=validation,
        chosen=chosen,
        feed=feed,
    )


def _feed(
    stream: Stream, training: Training, converted: Converted, data: Mapping[str, Array]
) -> Feed:
    """Return what reads a stream; `data` is its sample."""
    loop = training.recipe.loop
    row = sum(one[:1].nbytes for one in data.values())
    planned = plan(stream, row, loop.batch_size or stream.rows, loop.shuffle)
    shapes = {name: (one.dtype, one.shape[1:]) for name, one in data.items()}
    loop = replace(loop, blocks=planned.blocks)
    return Feed(stream, loop, planned, converted, shapes)


def feed_again(
    network: Traced, training: Training, stream: Stream, data: Mapping[str, Array]
) -> Feed:
    """Return what reads the stream of a training that was begun.

    Raises
    ------
    DataError
        When it is another stream than that of its sample, `data`.
    """
    made = forward(network, training.features)
    converted = Converted(training, made, training.settings.class_weight)
    sample = converted.rows(stream.sample)
    same = stream.rows == training.count and all(
        np.array_equal(sample[name], value) for name, value in data.items()
    )
    feed = _feed(stream, training, converted, data)
    if not same or feed.plan.blocks != training.blocks:
        raise DataError(
            "this is not the stream that was trained on, or it is read in other "
            "blocks. Make it of the same samples with the same memory, block and mixed."
        )
    return feed


def _refuse(stream: Stream, settings: Settings) -> None:
    """Refuse settings that need all data at once, or more than once."""
    optimizer, size = settings.optimizer, settings.batch_size
    if isinstance(optimizer, FullBatch):
        raise SettingError(
            f"{optimizer!r} needs all samples at once, and a stream reads them as they "
            f"are needed. Use pg.Adam() and the like, or fit(X, y) on fewer samples."
        )
    if size is None:
        raise SettingError(
            "batch_size=None means all samples at once, and a stream reads them as "
            "they are needed. Give a number, such as batch_size=32."
        )
    if settings.sample_weight is not None:
        raise SettingError(
            "the weights of a stream's samples belong to the stream: "
            "pg.data.stream(X, y, sample_weight=w), or batches (X, y, weights)."
        )
    if stream.once and settings.epochs > 1:
        raise SettingError(
            f"an iterator can be read only once, and this may take {settings.epochs} "
            f"epochs. Pass pg.data.stream a function that returns a new iterator, or "
            f"fit with epochs=1."
        )
    given = settings.validation
    if settings.early_stopping is not None and given is None:
        given = 0.1
    if isinstance(given, float) and given:
        raise SettingError(
            "no share of a stream can be set aside for validation, for that would need "
            "all samples at once. Pass validation=(X, y), or another stream whose "
            "samples fit its memory."
        )
    if settings.plateau is not None and given is None:
        raise SettingError(
            f"{settings.optimizer!r} looks at the loss of all samples after each "
            f"epoch, which a stream would have to be read for once more. Pass "
            f"validation=(X, y), whose loss is then looked at."
        )


def _chosen(stream: Stream, settings: Settings) -> list[str]:
    """Return what is chosen for a stream, in a sentence each."""
    if stream.blocked or not settings.shuffle:
        return []
    return ["shuffle False: an iterable gives its samples in an order of its own."]


def _validation(settings: Settings, converted: Converted) -> tuple[Array, Array] | None:
    """Return the samples to validate on; those of a stream are read now."""
    given = settings.validation
    if isinstance(given, Stream):
        return read_all(given, converted)
    if not isinstance(given, tuple):
        return None
    made = converted.rows(Chunk(*given))
    same_length(made["X"], made["y"], " in the validation data")
    return made["X"], made["y"]


def read_all(stream: Stream, converted: Converted) -> tuple[Array, Array]:
    """Return all samples of a stream, which must fit its memory.

    Raises
    ------
    SettingError
        When they do not.
    """
    parts: list[Mapping[str, Array]] = []
    for first, chunk in numbered_chunks(stream):
        parts.append(converted(chunk, first))
        needed = stream.rows * sum(part[:1].nbytes for part in parts[0].values())
        if needed > stream.memory:
            raise SettingError(
                f"samples to validate on are kept in memory, and the {stream.rows:,} "
                f"of this stream take {told_bytes(needed)}, more than its memory="
                f"{told_bytes(stream.memory)}. Validate on fewer."
            )
    X, y = (np.concatenate([part[name] for part in parts]) for name in ("X", "y"))
    return X, y


def numbered_chunks(stream: Stream) -> Iterator[tuple[int, Chunk]]:
    """Yield all rows of a stream in their own order, and the number of the first."""
    first = 0
    size = min(PIECE, stream.memory // 16) // stream.raw
    for chunk in stream.follow(0, max(1, size)):
        yield first, chunk
        first += len(chunk.X)


@dataclass(frozen=True, eq=False)
class Converted:
    """Makes what is trained on of samples as they are stored, and checks them.

    Parameters
    ----------
    training
        How they are trained on.
    made
        The network, traced.
    by_class
        The weights of the classes, where there are any.
    """

    training: Training
    made: Forward
    by_class: Any = None

    def __call__(self, chunk: Chunk, first: int) -> dict[str, Array]:
        """Return the rows by name: X, y and w; `first` is the number of the first.

        Raises
        ------
        DataError, ShapeError
            What is wrong with which rows.
        """
        with numbered(range(first, first + len(chunk.X))):
            return self.rows(chunk)

    def rows(self, chunk: Chunk) -> dict[str, Array]:
        """Return the rows by name."""
        training, dtype = self.training, self.training.settings.dtype
        X = as_features(chunk.X, dtype, training.features)
        y = prepare_target(training.loss, chunk.y, self.made, dtype)
        if not training.weighted:
            return {"X": X, "y": y}
        w = cast("sample_weight", self._weights(chunk, y), dtype)
        return {"X": X, "y": y, "w": w}

    def _weights(self, chunk: Chunk, y: Array) -> Array:
        w = np.ones(len(y)) if chunk.w is None else numbers("sample_weight", chunk.w)
        if w.shape != (len(y),):
            raise DataError(
                f"sample_weight must have one number for each of the {len(y)} samples "
                f"read at a time, got shape {show(w.shape)}."
            )
        finite("sample_weight", w)
        if (w < 0).any():
            raise DataError(
                f"sample_weight is negative in {rows(w < 0)}: weights must be 0 or "
                f"more."
            )
        w = w.astype(np.float64)
        if self.by_class is None:
            return w
        by_class = some_class_weights(y, self.by_class)
        return by_class if chunk.w is None else w * by_class
