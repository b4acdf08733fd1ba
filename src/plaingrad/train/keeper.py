"""Early stopping: the best weights so far, and how long ago they were."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ..program import Stopping
from .history import History
from .stretch import Array, Arrays, Engine


@dataclass(eq=False)
class Best:
    """What early stopping knows: the best value, the epochs since, the weights."""

    value: float
    waited: int
    weights: Arrays


class Keeper:
    """Keeps the best weights and counts the epochs since."""

    def __init__(self, stopping: Stopping, parameters: Mapping[str, Array]) -> None:
        self.stopping = stopping
        self.sign = 1 if stopping.monitor == "val_loss" else -1
        self.best = Best(math.inf, 0, copies(parameters))

    def look(self, history: History, engine: Engine) -> bool:
        """Return whether patience is at its end."""
        losses = self.stopping.monitor == "val_loss"
        value = self.sign * (history.val_loss if losses else history.val_score)[-1]
        if value < self.best.value - self.stopping.min_delta:
            self.best = Best(value, 0, copies(engine.parameters))
            history.best_epoch = history.epochs
            return False
        self.best.waited += 1
        return self.tired

    @property
    def tired(self) -> bool:
        """Whether patience is at its end."""
        return self.best.waited >= self.stopping.patience


def copies(arrays: Mapping[str, Array]) -> Arrays:
    """Return the arrays by name, each a copy."""
    return {name: value.copy() for name, value in arrays.items()}
