"""What the command line offers by name: optimisers, dense layers, augmentation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .errors import SettingError, unknown_name
from .full_batch import LBFGS, FullBatch, LevenbergMarquardt
from .layers import (
    Dropout,
    Flatten,
    GaussianNoise,
    Layer,
    Linear,
    RandomCrop,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    ReLU,
)
from .losses.classification import Classifier
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
AUGMENTATION: dict[str, Callable[[str], Layer]] = {
    "flip": lambda mode: RandomFlip(mode or "horizontal"),
    "shift": lambda pixels: RandomTranslation(int(pixels), fill="edge"),
    "rotate": lambda degrees: RandomRotation(float(degrees), fill="edge"),
    "crop": lambda pixels: RandomCrop(int(pixels)),
    "noise": lambda std: GaussianNoise(float(std)),
}
"""What training may do to images, each from the text behind its =."""


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


def augmentation(text: str) -> list[Layer]:
    """Return the layers that flip,shift=2 and the like ask for; none for "none".

    Raises
    ------
    SettingError
        When there is no such layer, or its value makes no sense.
    """
    layers = []
    for word in text.split(",") if text != "none" else ():
        name, _, value = word.strip().partition("=")
        if name not in AUGMENTATION:
            raise unknown_name("augmentation", name, AUGMENTATION)
        try:
            layers.append(AUGMENTATION[name](value))
        except SettingError:
            raise
        except ValueError:
            raise SettingError(
                f"--augment takes flip, shift=PIXELS, rotate=DEGREES, crop=PIXELS and "
                f"noise=STD, with commas between them, got {word.strip()!r}."
            ) from None
    return layers


def outputs_of(y: Array, loss: Any = None) -> int:
    """Return how many outputs a network for these targets has, and this loss, if any.

    Whole numbers are labels, unless the loss is one that compares numbers.
    """
    compares = loss is not None and not isinstance(loss, Classifier)
    labels = not compares or getattr(loss, "classes", False)
    if labels and y.dtype.kind in "iu" and y.ndim == 1:
        return int(y.max()) + 1
    return int(np.prod(y.shape[1:]))
