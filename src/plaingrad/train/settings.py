"""How a network is to be trained: every setting of `fit`, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ..errors import SettingError, fraction, positive, unknown_name, whole
from ..losses import Loss
from ..optimizers import Optimizer
from ..program import Loop, Plateau, Stopping
from ..schedules import ReduceOnPlateau

Array = np.ndarray[Any, Any]
Monitor = Literal["val_loss", "val_accuracy"]


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
    """

    patience: int = 10
    monitor: Monitor = "val_loss"
    min_delta: float = 0.0

    def __post_init__(self) -> None:
        whole("patience", self.patience)
        if self.monitor not in ("val_loss", "val_accuracy"):
            raise unknown_name("monitor", self.monitor, ["val_loss", "val_accuracy"])
        if self.min_delta < 0:
            raise SettingError(f"min_delta must not be negative, got {self.min_delta}.")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a training; see `Network.fit` for what each means."""

    loss: Loss | Any = None
    optimizer: Optimizer | None = None
    epochs: int = 100
    batch_size: int | None = 32
    shuffle: bool = True
    seed: int = 0
    validation: float | tuple[Any, Any] | None = None
    l1: float = 0.0
    l2: float = 0.0
    clip_value: float | None = None
    clip_norm: float | None = None
    sample_weight: Any = None
    class_weight: Mapping[int, float] | Sequence[float] | str | None = None
    early_stopping: int | EarlyStopping | None = None
    dtype: str = "float32"

    def __post_init__(self) -> None:
        whole("epochs", self.epochs)
        whole("seed", self.seed, least=0)
        if self.seed >= 2**32:
            raise SettingError(f"seed must be below 2**32, got {self.seed}.")
        if self.batch_size is not None:
            whole("batch_size", self.batch_size)
        for name in ("l1", "l2"):
            value = getattr(self, name)
            if value != 0:
                positive(name, value)
        for name in ("clip_value", "clip_norm"):
            if getattr(self, name) is not None:
                positive(name, getattr(self, name))
        if isinstance(self.validation, (int, float)):
            fraction("validation", self.validation)
        if self.dtype not in ("float32", "float64"):
            raise unknown_name("dtype", self.dtype, ["float32", "float64"])
        if self.optimizer is not None and not isinstance(self.optimizer, Optimizer):
            raise SettingError(
                f"optimizer must be one such as pg.SGD(lr=0.1) or pg.Adam(), got "
                f"{self.optimizer!r}."
            )

    @property
    def stopping(self) -> Stopping | None:
        """Early stopping, as the program has it."""
        early = self.early_stopping
        if early is None:
            return None
        if not isinstance(early, EarlyStopping):
            early = EarlyStopping(early)
        return Stopping(early.monitor, early.patience, early.min_delta)

    def loop(self, count: int, optimizer: Optimizer, validated: bool) -> Loop:
        """Return the loop of the program for `count` samples."""
        size = self.batch_size
        full = size is None or size >= count
        lr = optimizer.lr
        plateau = None
        if isinstance(lr, ReduceOnPlateau):
            plateau = Plateau(lr.lr, lr.factor, lr.patience, lr.min_lr, lr.min_delta)
        return Loop(
            epochs=self.epochs,
            batch_size=None if full else size,
            shuffle=self.shuffle and not full,
            seed=self.seed,
            validated=validated,
            stopping=self.stopping,
            plateau=plateau,
        )
