"""One training of one network: its data prepared, its program composed, its engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..compose import Forward, Recipe, compose, forward
from ..data.prepare import split
from ..losses import Custom, Loss, choose, class_weights
from ..optimizers import Adam, Optimizer
from ..program import Program
from ..run import Reference
from ..trace import Traced
from .callbacks import Callback
from .checks import as_features, as_weights, same_length
from .history import History
from .loop import Clock, train
from .settings import Settings

Array = np.ndarray[Any, Any]
VALIDATION = 0.1
"""The share of the samples that early stopping sets aside when none are given."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """Checked data and the program that will train on them."""

    program: Program
    recipe: Recipe
    data: dict[str, Array]
    validation: tuple[Array, Array] | None
    given: dict[str, Array]
    chosen: list[str]

    def arrays(self) -> dict[str, Array]:
        """Return all arrays that the printed script loads, by name."""
        arrays = {**self.data, **self.given}
        if self.validation is not None:
            arrays["X_val"], arrays["y_val"] = self.validation
        return arrays


def prepare(
    network: Traced,
    X: Any,
    y: Any,
    settings: Settings,
    masks: Mapping[str, Array] | None = None,
    kept: Mapping[str, Array] | None = None,
) -> Prepared:
    """Check data and settings and compose the program, before any work starts.

    Parameters
    ----------
    network
        The network.
    X, y
        Samples (n, ...) and their targets.
    settings
        How to train.
    masks
        Which entries of parameters are free to change, by parameter.
    kept
        Values to start from, by parameter.
    """
    features = as_features(X, settings.dtype)
    made = forward(network, features.shape[1:])
    chosen: list[str] = []
    loss = _loss(settings, y, made, chosen)
    target = prepare_target(loss, y, made, settings.dtype)
    same_length(features, target)
    weights = _weights(settings, target, len(features))
    data, validation = _divide(settings, made, loss, features, target, weights, chosen)
    optimizer = settings.optimizer or Adam()
    if settings.optimizer is None:
        chosen.append(f"optimizer: {optimizer!r}, which needs little tuning.")
    recipe = _recipe(settings, loss, optimizer, data, validation, masks, kept)
    given = {**(kept or {}), **{f"free_{n}": m for n, m in (masks or {}).items()}}
    program = compose(network, recipe)
    return Prepared(program, recipe, data, validation, given, chosen)


def _recipe(
    settings: Settings,
    loss: Loss,
    optimizer: Optimizer,
    data: Mapping[str, Array],
    validation: tuple[Array, Array] | None,
    masks: Mapping[str, Array] | None,
    kept: Mapping[str, Array] | None,
) -> Recipe:
    y = data["y"]
    return Recipe(
        features=data["X"].shape[1:],
        target=loss.leaf(y),
        loss=loss,
        optimizer=optimizer,
        loop=settings.loop(len(y), optimizer, validation is not None),
        dtype=settings.dtype,
        l1=settings.l1,
        l2=settings.l2,
        clip_value=settings.clip_value,
        clip_norm=settings.clip_norm,
        weighted="w" in data,
        masks=tuple(masks or ()),
        kept=tuple(kept or ()),
    )


def _loss(settings: Settings, y: Any, made: Forward, chosen: list[str]) -> Loss:
    if settings.loss is not None:
        return (
            settings.loss if isinstance(settings.loss, Loss) else Custom(settings.loss)
        )
    loss, why = choose(np.asarray(y), made.output)
    chosen.append(f"loss: {loss!r}: {why}")
    return loss


def prepare_target(loss: Loss, y: Any, made: Forward, dtype: str) -> Array:
    """Return targets as the loss and the program take them, checked."""
    target = loss.target(np.asarray(y), made.output.shape)
    return target if target.dtype.kind in "iu" else target.astype(dtype)


def _weights(settings: Settings, y: Array, count: int) -> Array | None:
    """Return the product of sample and class weights, or None."""
    weights = as_weights(settings.sample_weight, count)
    if settings.class_weight is not None:
        by_class = class_weights(y, settings.class_weight)
        weights = by_class if weights is None else weights * by_class
    return None if weights is None else weights.astype(settings.dtype)


def _divide(
    settings: Settings,
    made: Forward,
    loss: Loss,
    X: Array,
    y: Array,
    weights: Array | None,
    chosen: list[str],
) -> tuple[dict[str, Array], tuple[Array, Array] | None]:
    """Return the training arrays, and the validation arrays when there are any."""
    data = {"X": X, "y": y} if weights is None else {"X": X, "y": y, "w": weights}
    share = settings.validation
    if share is None and settings.early_stopping is not None:
        share = VALIDATION
        chosen.append(f"validation: {share:.0%} of the samples, for early stopping.")
    if share is None or share == 0:
        return data, None
    if isinstance(share, tuple):
        X_val = as_features(share[0], settings.dtype, X.shape[1:])
        return data, (X_val, prepare_target(loss, share[1], made, settings.dtype))
    (rows, _), (held, _) = split(
        np.arange(len(X)), y, (1 - share, share), seed=settings.seed
    )
    return {name: values[rows] for name, values in data.items()}, (X[held], y[held])


@dataclass(eq=False)
class Session:
    """A training that can go on: what `fit` starts and `partial_fit` continues."""

    prepared: Prepared
    engine: Reference
    history: History
    clock: Clock = field(default_factory=Clock)

    @classmethod
    def start(cls, prepared: Prepared) -> Session:
        """Draw the parameters and stand ready."""
        engine = Reference(prepared.program, prepared.given)
        word = prepared.program.evaluate.results[1]
        return cls(prepared, engine, History(word, chosen=list(prepared.chosen)))

    def run(self, callbacks: Iterable[Callback] = ()) -> History:
        """Train as the program says."""
        train(
            self.engine,
            self.prepared.program.loop,
            self.prepared.data,
            self.prepared.validation,
            self.history,
            callbacks,
            self.clock,
        )
        return self.history

    def go_on(self, X: Array, y: Array) -> History:
        """Train for one more epoch, on other samples of the same kind."""
        train(
            self.engine,
            self.prepared.program.loop,
            {"X": X, "y": y},
            None,
            self.history,
            (),
            self.clock,
        )
        return self.history
