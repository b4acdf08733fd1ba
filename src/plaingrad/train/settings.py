"""How a network is to be trained: every setting of `fit`, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, Self

import numpy as np

from ..errors import SettingError, fraction, positive, unknown_name, whole
from ..full_batch import FullBatch
from ..losses import Loss
from ..losses.custom import as_loss
from ..optimizers import Optimizer
from ..program import Blocks, Loop, Plateau, Stopping
from ..schedules import ReduceOnPlateau
from ..streams.stream import Stream

Array = np.ndarray[Any, Any]
Monitor = Literal["val_loss", "val_accuracy"]
MONITORS = ("val_loss", "val_accuracy")
DTYPES = ("float32", "float64")
ENGINES = ("auto", "native", "reference")


@dataclass(frozen=True)
class EarlyStopping:
    """End training when the validation stops getting better, and keep the best weights.

    Parameters
    ----------
    patience
        How many epochs in a row may bring no improvement.
    monitor
        "val_loss", or "val_accuracy" for the validation score.
    min_delta
        By how much a value must be better to count.

    Raises
    ------
    SettingError
        When a value is outside its range.
    """

    patience: int = 10
    monitor: Monitor = "val_loss"
    min_delta: float = 0.0

    def __post_init__(self) -> None:
        _set(self, "patience", whole("patience", self.patience))
        if self.monitor not in MONITORS:
            raise unknown_name("monitor", self.monitor, MONITORS)
        if self.min_delta != 0:
            _set(self, "min_delta", float(positive("min_delta", self.min_delta)))


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What a training runs on. That is no part of what is trained, nor of its file.

    Attributes
    ----------
    engine
        "native" for machine code, "reference" for the printed NumPy, "auto" for the
        first of them that can run it.
    threads
        How many the native engine uses; None lets it choose.
    """

    engine: str = "auto"
    threads: int | None = None

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise unknown_name("engine", self.engine, ENGINES)
        if self.threads is not None:
            _set(self, "threads", whole("threads", self.threads))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a training; see `Network.fit` for what each means."""

    loss: Loss | Any = None
    optimizer: Optimizer | None = None
    epochs: int = 100
    batch_size: int | None = 32
    shuffle: bool = True
    seed: int = 0
    validation: float | tuple[Any, Any] | Stream | None = None
    l1: float = 0.0
    l2: float = 0.0
    clip_value: float | None = None
    clip_norm: float | None = None
    sample_weight: Any = None
    class_weight: Mapping[int, float] | Sequence[float] | str | None = None
    early_stopping: int | EarlyStopping | None = None
    dtype: str = "float32"

    @classmethod
    def named(cls, given: Mapping[str, Any]) -> Self:
        """Return settings by name; an unknown name is an error."""
        size = usual_batch_size(given.get("optimizer"))
        return cls(batch_size=size).changed(given)

    def changed(self, given: Mapping[str, Any]) -> Self:
        """Return the settings with some of them changed, by name."""
        names = [field.name for field in fields(self)]
        for name in given:
            if name not in names:
                raise unknown_name("setting", name, names)
        return replace(self, **given)

    def __post_init__(self) -> None:
        _set(self, "epochs", whole("epochs", self.epochs))
        _set(self, "seed", whole("seed", self.seed, least=0))
        if self.seed >= 2**32:
            raise SettingError(f"seed must be below 2**32, got {self.seed}.")
        if self.batch_size is not None:
            _set(self, "batch_size", whole("batch_size", self.batch_size))
        if not isinstance(self.shuffle, (bool, np.bool_)):
            raise SettingError(f"shuffle must be True or False, got {self.shuffle!r}.")
        for name, off in [
            ("l1", 0),
            ("l2", 0),
            ("clip_value", None),
            ("clip_norm", None),
        ]:
            value = getattr(self, name)
            if value != off:
                _set(self, name, float(positive(name, value)))
        if self.loss is not None:
            _set(self, "loss", as_loss(self.loss))
        self._check_optimizer()
        self._check_validation()
        _set(self, "dtype", dtype_name(self.dtype))

    def _check_optimizer(self) -> None:
        optimizer: Any = self.optimizer
        if optimizer is None or isinstance(optimizer, Optimizer):
            return
        shown = optimizer.__name__ if isinstance(optimizer, type) else repr(optimizer)
        hint = " Add parentheses." if isinstance(optimizer, type) else ""
        raise SettingError(
            f"optimizer must be one such as pg.SGD(lr=0.1) or pg.Adam(), got "
            f"{shown}.{hint}"
        )

    def _check_validation(self) -> None:
        given = self.validation
        if isinstance(given, Stream):
            pass
        elif isinstance(given, (tuple, list)):
            if len(given) != 2:
                raise SettingError(
                    f"validation must be a pair (X, y), got {len(given)} values."
                )
            _set(self, "validation", tuple(given))
        elif given is not None:
            _set(self, "validation", float(fraction("validation", given)))
        early = self.early_stopping
        if early is not None and not isinstance(early, EarlyStopping):
            _set(self, "early_stopping", EarlyStopping(early))
        if early is not None and self.validation == 0:
            raise SettingError(
                "early_stopping looks at validation data, and validation=0 sets none "
                "aside. Leave validation out, or pass (X, y) or a share such as 0.1."
            )

    def check_partial(self) -> None:
        """Refuse an optimiser that cannot train on some samples at a time."""
        if isinstance(self.optimizer, FullBatch):
            raise SettingError(
                f"partial_fit sees some samples at a time, and {self.optimizer!r} "
                f"needs all of them at once. Use fit, or pg.Adam() and the like."
            )

    @property
    def stopping(self) -> Stopping | None:
        """Early stopping, as the program has it."""
        early = self.early_stopping
        if not isinstance(early, EarlyStopping):
            return None
        return Stopping(early.monitor, early.patience, early.min_delta)

    @property
    def plateau(self) -> Plateau | None:
        """When the loop itself lowers the rate, as the program has it."""
        lr = None if self.optimizer is None else self.optimizer.lr
        if not isinstance(lr, ReduceOnPlateau):
            return None
        return Plateau(lr.lr, lr.factor, lr.patience, lr.min_lr, lr.min_delta)

    def loop(self, count: int, validated: bool, blocks: Blocks | None = None) -> Loop:
        """Return the loop of the program for `count` samples, read in blocks or not."""
        size = self.batch_size
        full = size is None or size >= count
        return Loop(
            epochs=self.epochs,
            batch_size=None if full else size,
            shuffle=bool(self.shuffle) and not full,
            seed=self.seed,
            validated=validated,
            stopping=self.stopping,
            plateau=self.plateau,
            blocks=None if full else blocks,
        )


def usual_batch_size(optimizer: Any) -> int | None:
    """Return how many samples an update takes when nothing is said about it."""
    return None if isinstance(optimizer, FullBatch) else Settings.batch_size


def dtype_name(dtype: Any) -> str:
    """Return "float32" or "float64", for these or NumPy's types of these names."""
    name = np.dtype(dtype).name if isinstance(dtype, (type, np.dtype)) else dtype
    if name not in DTYPES:
        raise unknown_name("dtype", name, DTYPES)
    return str(name)


def refuse_other(begun: Any, wanted: Any, given: Mapping[str, Any]) -> None:
    """Complain when a given setting would change those that training began with.

    `begun` and `wanted` are records of settings, without and with what is given.
    """
    for name, value in given.items():
        old = getattr(begun, name)
        if value is not None and not np.array_equal(old, getattr(wanted, name)):
            raise SettingError(
                f"training was begun with {name}={old!r}, which cannot become "
                f"{value!r} on the way. Leave it out, or start again with "
                f"fit(X, y, warm_start=True, {name}=...)."
            )


def _set(record: Any, name: str, value: Any) -> None:
    """Set a field of a frozen record, while it is made."""
    object.__setattr__(record, name, value)
