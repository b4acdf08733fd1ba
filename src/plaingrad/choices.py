"""What the command line offers by name: optimisers, and networks of dense layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .errors import SettingError, unknown_name
from .full_batch import LBFGS, FullBatch, LevenbergMarquardt
from .layers import Dropout, Flatten, Layer, Linear, ReLU
from .network import Sequential
from .optimizers import (
    SGD,
    Adagrad,
    Adam,
    AdamW,
    Momentum,
    Nesterov,
    Optimizer,
    RMSprop,
)

Array = np.ndarray[Any, Any]
OPTIMIZERS: dict[str, type[Optimizer]] = {
    **{
        cls.__name__.lower(): cls
        for cls in (SGD, Momentum, Nesterov, RMSprop, Adagrad, Adam, AdamW, LBFGS)
    },
    "levenberg-marquardt": LevenbergMarquardt,
}


def optimizer_kind(name: str) -> type[Optimizer]:
    """Return an optimiser's class by the name that the command line has for it."""
    word = name.lower()
    if word not in OPTIMIZERS:
        raise unknown_name("optimizer", word, OPTIMIZERS)
    return OPTIMIZERS[word]


def optimizer_of(kind: type[Optimizer], lr: float | None) -> Optimizer:
    """Return an optimiser with a rate, or with its usual one.

    Raises
    ------
    SettingError
        When it has none: the full-batch optimisers search for the length of a step.
    """
    if lr is None:
        return kind.remade({})
    if issubclass(kind, FullBatch):
        raise SettingError(
            f"{kind.__name__} searches for the length of each step and has no learning "
            f"rate. Leave it out, or take another optimiser."
        )
    return kind.remade({"lr": lr})


def dense(units: Sequence[int], dropout: float = 0.0) -> list[Layer]:
    """Return hidden layers of these widths: Linear, ReLU and, if any, Dropout."""
    layers: list[Layer] = []
    for width in units:
        layers += [Linear(width), ReLU()]
        layers += [Dropout(dropout)] if dropout else []
    return layers


def dense_network(
    units: Sequence[int], outputs: int, dropout: float = 0.0
) -> Sequential:
    """Return a network of hidden layers, whatever shape the samples have."""
    return Sequential(Flatten(), *dense(units, dropout), Linear(outputs))


def outputs_of(y: Array) -> int:
    """Return how many outputs a network for these targets has."""
    if y.dtype.kind in "iu" and y.ndim == 1:
        return int(y.max()) + 1
    return int(np.prod(y.shape[1:]))
