"""Networks: layers that train, predict, and can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import numpy as np

from .compose import Forward, Recipe, compose, forward, reading, start_line
from .errors import PlaingradError, unknown_name
from .graph import Node
from .layers import Layer
from .layers import Sequence as LayerSequence
from .losses import Loss
from .model import read, recipe_from_dict, recipe_to_dict, save
from .optimizers import Optimizer
from .program import Program
from .run import compile_procedure, draw
from .summary import Summary, summarise
from .train.callbacks import Callback
from .train.checks import as_features, same_length
from .train.history import History
from .train.progress import Progress, wanted
from .train.session import (
    Prepared,
    Session,
    prepare,
    prepare_target,
)
from .train.settings import EarlyStopping, Settings
from .write.script import script

Array = np.ndarray[Any, Any]
CHUNK = 4096
"""How many samples are predicted at a time."""


class Network(Layer):
    """A layer that trains: subclass it and write `forward`, or use `Sequential`.

    Attributes
    ----------
    params
        The parameters by their printed names; empty before the first `fit` or `build`.
    history
        The course of the last training.
    """

    symbol = ""
    _params: dict[str, Array] | None = None
    _features: tuple[int, ...] = ()
    _dtype: str = "float32"
    _recipe: Recipe | None = None
    _session: Session | None = None
    _masks: Mapping[str, Array] = MappingProxyType({})
    _readers: Mapping[str, Callable[..., tuple[Any, ...]]] = MappingProxyType({})

    # Training.

    def fit(
        self,
        X: Any,
        y: Any,
        *,
        loss: Loss | Callable[..., Any] | None = None,
        optimizer: Optimizer | None = None,
        epochs: int = 100,
        batch_size: int | None = 32,
        shuffle: bool = True,
        seed: int = 0,
        validation: float | tuple[Any, Any] | None = None,
        l1: float = 0.0,
        l2: float = 0.0,
        clip_value: float | None = None,
        clip_norm: float | None = None,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | Sequence[float] | str | None = None,
        early_stopping: int | EarlyStopping | None = None,
        callbacks: Iterable[Callback] = (),
        warm_start: bool = False,
        dtype: str = "float32",
        verbose: bool | None = None,
    ) -> History:
        """Train the network from its start.

        Parameters
        ----------
        X
            Samples, (n, ...), as the first layer takes them.
        y
            Targets, (n,) or (n, outputs), as the loss takes them.
        loss
            What to make small; by default chosen from y and the last layer, and said.
            A function of (output, target) arrays is a loss of its own.
        optimizer
            How to step; by default Adam.
        epochs
            How often all samples are seen.
        batch_size
            Samples per update; None for all at once.
        shuffle
            Whether each epoch visits the samples in another order.
        seed
            Fixes initial weights, shuffles and dropout.
        validation
            (X, y) to validate on after each epoch, or the share of the samples to set
            aside for it.
        l1, l2
            Penalties l1 * sum(abs(W)) and l2 / 2 * sum(W ** 2) on all weights but the
            biases, added to the loss.
        clip_value, clip_norm
            The largest gradient entry, and the largest norm of all gradients together.
        sample_weight
            The weight of each sample, (n,).
        class_weight
            The weight of each class: a dict, a sequence, or "balanced".
        early_stopping
            How many epochs without a better validation loss end the training; the
            best weights are kept. `EarlyStopping` has more settings.
        callbacks
            What watches the training; see `Callback`.
        warm_start
            Go on from the present weights and not from fresh ones.
        dtype
            "float32" or "float64".
        verbose
            Whether to show progress; by default when standard error is a terminal.

        Returns
        -------
        History
            Losses and scores, epoch by epoch.

        Raises
        ------
        DataError, ShapeError, SettingError
            Before any work starts, with what to change.
        """
        settings = Settings(
            loss=loss,
            optimizer=optimizer,
            epochs=epochs,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            validation=validation,
            l1=l1,
            l2=l2,
            clip_value=clip_value,
            clip_norm=clip_norm,
            sample_weight=sample_weight,
            class_weight=class_weight,
            early_stopping=early_stopping,
            dtype=dtype,
        )
        kept = self._params if warm_start else None
        prepared = prepare(self, X, y, settings, self._masks, kept)
        self._adopt(prepared)
        show = wanted(verbose)
        if show:
            for sentence in prepared.chosen:
                print(f"chosen {sentence}")  # noqa: T201
        watchers = [*callbacks, *([Progress(epochs)] if show else [])]
        return self.session.run(watchers)

    def partial_fit(self, X: Any, y: Any, **settings: Any) -> History:
        """Train on for one epoch over these samples.

        The first call starts the training with the settings of `fit`; later calls keep
        the weights, the optimiser's memory and the count of updates.
        """
        if self._session is None or settings:
            self._adopt(prepare(self, X, y, Settings(**{**settings, "epochs": 1})))
            return self.session.run()
        inputs = as_features(X, self._dtype, self._features)
        made = forward(self, self._features)
        target = prepare_target(self._trained_loss(), y, made, self._dtype)
        same_length(inputs, target)
        return self.session.go_on(inputs, target)

    def build(self, X: Any, seed: int = 0, dtype: str = "float32") -> Network:
        """Draw the parameters for samples like X without training; return self.

        `X` is an array (n, ...), or the shape of one sample as a tuple.
        """
        features = X if isinstance(X, tuple) else as_features(X, dtype).shape[1:]
        made = forward(self, features)
        starts = {
            name: start_line(declared, made.trace, dtype)[0]
            for name, declared in made.trace.parameters.items()
        }
        self._take(draw(starts, seed, dtype, {}), tuple(features), dtype)
        return self

    def _adopt(self, prepared: Prepared) -> None:
        """Start a session and take its parameters as this network's own."""
        self._session = session = Session.start(prepared)
        recipe = prepared.recipe
        self._take(session.engine.parameters, recipe.features, recipe.dtype)
        self._recipe = recipe

    def _take(
        self, params: dict[str, Array], features: tuple[int, ...], dtype: str
    ) -> None:
        self._params, self._features, self._dtype = params, features, dtype
        self._readers = {}

    @property
    def session(self) -> Session:
        """The last training: its data, program and engine."""
        if self._session is None:
            raise PlaingradError(
                "the network has not been trained yet. Call net.fit(X, y) first."
            )
        return self._session

    @property
    def params(self) -> dict[str, Array]:
        """The parameters by their printed names: {"W1": ..., "b1": ...}."""
        return self._params if self._params is not None else {}

    @property
    def features(self) -> tuple[int, ...]:
        """The shape of one sample."""
        return self._known_features()

    @property
    def history(self) -> History:
        """The course of the last training."""
        return self.session.history

    def freeze(self, name: str | None = None, mask: Any = None) -> Network:
        """Keep parameters as they are during training; return self.

        Parameters
        ----------
        name
            The printed name of a parameter ("W1"); by default everything.
        mask
            True where an entry stays as it is, of the parameter's shape; by default
            all entries.
        """
        if name is None:
            super().freeze()
            return self
        frozen = np.array(True if mask is None else mask, dtype=bool)
        self._masks = {**self._masks, name: ~frozen}
        return self

    # Prediction.

    def predict(self, X: Any) -> Array:
        """Return a class label or the predicted values for each sample."""
        return self._read("labels", X)

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class for each sample, (n, classes)."""
        return self._read("probabilities", X)

    def outputs(self, X: Any) -> Array:
        """Return what the last layer gives: scores, probabilities or values."""
        return self._read("output", X)

    def evaluate(self, X: Any, y: Any) -> dict[str, float]:
        """Return the loss and the score on data: {"loss": ..., "accuracy": ...}."""
        loss = self._trained_loss()
        inputs = as_features(X, self._dtype, self._features)
        made = forward(self, self._features)
        target = prepare_target(loss, y, made, self._dtype)
        same_length(inputs, target)
        leaf_y = loss.leaf(target)
        word, score = loss.score(made.output, leaf_y)
        wanted = {"loss": loss.total(made.output, leaf_y), word: score}
        run = self._compiled(made, wanted)
        loss_value, score_value = run(inputs, target)
        return {"loss": float(loss_value), word: float(score_value)}

    def score(self, X: Any, y: Any) -> float:
        """Return the accuracy of a classifier or R squared of a regression."""
        return list(self.evaluate(X, y).values())[1]

    def inside(self, name: str, X: Any) -> Array:
        """Return any value of the forward pass by its printed name.

        >>> net.inside("a1", X)  # doctest: +SKIP
        """
        made = forward(self, self._known_features())
        names = {role.name: node for node, role in made.trace.roles.items()}
        names[self._output_name()] = made.output
        loss = self._recipe.loss if self._recipe is not None else None
        probabilities = None if loss is None else loss.probabilities(made.output)
        if probabilities is not None:
            names.setdefault("probs", probabilities)
        if name in self.params:
            return self.params[name]
        if name not in names:
            raise unknown_name("value", name, [*names, *self.params])
        inputs = as_features(X, self._dtype, self._features)
        return cast(Array, self._compiled(made, {name: names[name]})(inputs)[0])

    def _output_name(self) -> str:
        return self._recipe.loss.output if self._recipe is not None else "output"

    def _known_features(self) -> tuple[int, ...]:
        if self._params is None:
            raise PlaingradError(
                "the network has no parameters yet, because no data have told it the "
                "size of its input. Call net.fit(X, y), or net.build(X)."
            )
        return self._features

    def _trained_loss(self) -> Loss:
        self._known_features()
        if self._recipe is None:
            raise PlaingradError(
                "the network has no loss, so it cannot tell what its output means. "
                "Call net.fit(X, y), or use net.outputs(X)."
            )
        return self._recipe.loss

    def _read(self, what: str, X: Any) -> Array:
        features = self._known_features()
        inputs = as_features(X, self._dtype, features)
        if what not in self._readers:
            made = forward(self, features)
            node = made.output if what == "output" else self._meaning(what, made)
            self._readers = {**self._readers, what: self._compiled(made, {what: node})}
        run = self._readers[what]
        parts = [run(inputs[i : i + CHUNK])[0] for i in range(0, len(inputs), CHUNK)]
        return np.concatenate(parts)

    def _meaning(self, what: str, made: Forward) -> Node:
        loss = self._trained_loss()
        if what == "labels":
            return loss.labels(made.output)
        probabilities = loss.probabilities(made.output)
        if probabilities is None:
            raise PlaingradError(
                f"{loss!r} is not the loss of a classifier, so there are no "
                f"probabilities. Use net.predict(X)."
            )
        return probabilities

    def _compiled(
        self, made: Forward, wanted: Mapping[str, Node]
    ) -> Callable[..., tuple[Any, ...]]:
        """Return a function of X (and y) that computes the wanted values."""
        procedure = reading(made, wanted)
        params = self.params
        data = [name for name in ("X", "y") if name in procedure.inputs]
        others = [name for name in procedure.inputs if name not in data]
        values = {
            name: node.attrs["value"]
            for name, node in procedure.inputs.items()
            if node.attrs["role"] == "setting"
        }
        run = compile_procedure(procedure, self._dtype, "read", [*data, *others])

        def call(*arrays: Array) -> tuple[Any, ...]:
            rest = [params[name] if name in params else values[name] for name in others]
            return run(*arrays[: len(data)], *rest)

        return call

    # Readings.

    def program(self, X: Any = None, y: Any = None, **settings: Any) -> Program:
        """Return the training program: of the last `fit`, or of one with these data."""
        if X is None:
            self._trained_loss()
            return compose(self, cast(Recipe, self._recipe))
        return prepare(self, X, y, Settings(**settings), self._masks).program

    def longhand(
        self, X: Any = None, y: Any = None, *, lang: str = "en", **settings: Any
    ) -> str:
        """Return the training as a NumPy script that a person could have written.

        Parameters
        ----------
        X, y
            Data for a network that was not trained yet; by default the script of the
            last `fit`.
        lang
            The language of the comments: "en" or "zh".
        **settings
            Those of `fit`.
        """
        return script(self.program(X, y, **settings), lang)

    def derivation(
        self,
        X: Any = None,
        y: Any = None,
        *,
        lang: str = "en",
        html: bool = False,
        **settings: Any,
    ) -> str:
        """Return the mathematics of the training, step by step, with shapes.

        Parameters
        ----------
        X, y
            Data for a network that was not trained yet; by default the last `fit`.
        lang
            "en" or "zh".
        html
            Return a web page that needs no network, and not Markdown with LaTeX; it
            needs the extra "html".
        **settings
            Those of `fit`.
        """
        from .write.derivation import derivation
        from .write.page import page

        text = derivation(self.program(X, y, **settings), lang)
        return page(text, repr(self), lang) if html else text

    def save(self, path: str | Path) -> Path:
        """Write weights and architecture to one safetensors file; return its path.

        Raises
        ------
        FileError, SettingError
            When the file cannot be written, or the network holds what cannot be saved.
        """
        self._known_features()
        told: dict[str, Any] = {"features": self._features, "dtype": self._dtype}
        if self._recipe is not None:
            told["recipe"] = recipe_to_dict(self._recipe)
        return save(path, self, self.params, self._masks, told)

    def summary(self, X: Any = None) -> Summary:
        """Return a table of the layers: output shapes, parameters, multiply-adds.

        `X` is an array (n, ...) or the shape of one sample, for a network that was not
        trained yet. A network whose shapes do not fit is shown up to the failing layer.
        """
        if X is None:
            features = self._known_features()
        else:
            features = X if isinstance(X, tuple) else np.shape(X)[1:]
        return summarise(self, features)


class Sequential(LayerSequence, Network):
    """Layers one after the other, as a network.

    >>> net = Sequential(Linear(100), ReLU(), Linear(3))  # doctest: +SKIP
    """


def load(path: str | Path, objects: Mapping[str, Any] | None = None) -> Network:
    """Return the network of a model file.

    Parameters
    ----------
    path
        A file that `Network.save` wrote.
    objects
        Classes and functions of your own that the network uses, by name.

    Raises
    ------
    FileError
        When the file is missing, damaged, or no model of plaingrad. Nothing in it is
        ever executed.
    """
    found = read(path, objects or {})
    network = found["network"]
    if not isinstance(network, Network):
        network = Sequential(network)
    network._masks = found["masks"]
    network._take(found["params"], found["features"], found["dtype"])
    if "recipe" in found:
        network._recipe = recipe_from_dict(found["recipe"])
    return network
