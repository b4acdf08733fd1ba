"""What is read off a network that has parameters: predictions, scores, inner values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from .compose import Forward, forward, reading
from .errors import PlaingradError, SettingError, unknown_name
from .graph import Node
from .inside import inner_values
from .layers import Layer
from .losses.targets import numbered
from .program import Procedure, part
from .reading import Reading, written
from .streams.stream import Stream
from .streams.tally import Tally
from .train.checks import as_features, same_length
from .train.session import prepare_target
from .train.streaming import Converted, check_pair, numbered_chunks
from .train.training import Training

Array = np.ndarray[Any, Any]
M = TypeVar("M")


class Readers:
    """Reads a network; each way to read it is made once.

    It is of use as long as layers and parameters are the same arrays.

    Parameters
    ----------
    network, params
        The network, and its parameters by name.
    features, dtype
        The shape of one sample, and "float32" or "float64".
    training
        How it was trained, where it was.
    native, threads
        Whether machine code may read, and on how many threads.
    """

    def __init__(
        self,
        network: Layer,
        params: dict[str, Array],
        features: tuple[int, ...],
        dtype: str,
        training: Training | None,
        native: bool = True,
        threads: int | None = None,
    ) -> None:
        self._network, self._params = network, params
        self._features, self._dtype = features, dtype
        self._training = training
        self._native, self._threads = native, threads
        self._rows: dict[str, Reading] = {}
        self._others: dict[str, Any] = {}

    @property
    def training(self) -> Training:
        """How the network was trained.

        Raises
        ------
        PlaingradError
            When it was not.
        """
        if self._training is None:
            raise PlaingradError(
                "the network has no loss, so it cannot tell what its output means. "
                "Call net.fit(X, y), or use net.outputs(X)."
            )
        return self._training

    def labels(self, X: Any) -> Array:
        """Return classes or values in the shape of the targets."""
        found = self.rows("labels", X)
        if found.ndim == 1 and found.dtype.kind != "b":
            return found
        training = self.training
        if found.dtype.kind == "b":
            found = found.astype(training.truths)
        return found[:, 0] if training.single and found.shape[1:] == (1,) else found

    def probabilities(self, X: Any) -> Array:
        """Return the probability of each class, (n, classes)."""
        found = self.rows("probabilities", X)
        alone = found.ndim == 2 and found.shape[1] == 1
        return np.concatenate([1 - found, found], axis=1) if alone else found

    def rows(self, what: str, X: Any) -> Array:
        """Return "labels", "probabilities" or "output" of samples or of a stream."""
        known = self._rows.get(what)
        if known is not None:
            found = known.quick(X)
            if found is not None:
                return found
        if isinstance(X, Stream):
            return self._rows_of_stream(what, X)
        if what != "output":
            self.training  # noqa: B018 - says so before X is looked at
        inputs = as_features(X, self._dtype, self._features)
        return self.reader(what).rows(inputs)

    def reader(self, what: str) -> Reading:
        """Return what reads "labels", "probabilities" or "output"."""
        if what not in self._rows:
            made = forward(self._network, self._features)
            node = made.output if what == "output" else self._meaning(what, made)
            # others may read at the same time
            new = self._reading(reading(made, {what: node}))
            self._rows = {**self._rows, what: new}
        return self._rows[what]

    def _rows_of_stream(self, what: str, stream: Stream) -> Array:
        parts = []
        for first, chunk in numbered_chunks(stream):
            with numbered(range(first, first + len(chunk.X))):
                parts.append(self.rows(what, chunk.X))
        return np.concatenate(parts)

    def _meaning(self, what: str, made: Forward) -> Node:
        loss = self.training.loss
        if what == "labels":
            return loss.labels(made.output)
        probabilities = loss.probabilities(made.output)
        if probabilities is None:
            raise PlaingradError(
                f"{loss!r} is not the loss of a classifier, so there are no "
                f"probabilities. Use net.predict(X)."
            )
        return probabilities

    def evaluate(self, X: Any, y: Any) -> dict[str, float]:
        """Return loss and score by name, of samples or of a whole stream."""
        training, made = self.training, forward(self._network, self._features)
        check_pair(X, y)
        if isinstance(X, Stream):
            return self._evaluate_stream(X, training, made)
        word, values = self._measured(*self._checked(X, y, made), training, made)
        return {"loss": values[0], word: values[1]}

    def _measured(
        self, inputs: Array, target: Array, training: Training, made: Forward
    ) -> tuple[str, tuple[float, float]]:
        """Return what the score is called, and loss and score of checked samples."""
        loss = training.loss
        leaf_y = loss.leaf(target)
        word, score = loss.score(made.output, leaf_y)
        total = loss.total(made.output, leaf_y)
        read = self._once(
            f"evaluate {leaf_y.shape} {leaf_y.kind}",
            lambda: self._reading(reading(made, {"loss": total, word: score})),
        )
        values = read(inputs, target)
        return word, (float(values[0]), float(values[1]))

    def _evaluate_stream(
        self, stream: Stream, training: Training, made: Forward
    ) -> dict[str, float]:
        """Return loss and score of all samples of a stream."""
        loss = training.loss
        tally, word = Tally(loss.reduction), ""
        converted = Converted(training, made)
        for first, chunk in numbered_chunks(stream):
            found = converted(chunk, first)
            inputs, target = found["X"], found["y"]
            if not loss.each(made.output, loss.leaf(target)).shape:
                raise SettingError(
                    f"{loss!r} gives one number for all samples together, and these "
                    f"are read a few at a time. Let it return one per sample."
                )
            word, values = self._measured(inputs, target, training, made)
            if word == "r2":
                tally.add_pairs(self.rows("labels", inputs), target)
            tally.add(len(target), *values)
        score = tally.r2 if word == "r2" else tally.score
        return {"loss": tally.loss, word: score}

    def inside(self, name: str, X: Any, y: Any) -> Array:
        """Return a value of the training step by its printed name."""
        made = forward(self._network, self._features)
        inputs = as_features(X, self._dtype, self._features)
        own = {"X": inputs, **self._params}
        if name in own:
            return own[name].copy()
        values = self._once(
            "inside", lambda: inner_values(self._network, made, self._training)
        )
        if name not in values:
            raise unknown_name("value", name, [*values, *own])
        procedure = part(values[name], [name])
        if "y" not in procedure.inputs:
            data = [inputs]
        elif y is None:
            raise SettingError(f"{name} needs the targets: net.inside({name!r}, X, y).")
        else:
            data = [*self._checked(X, y, made)]
        run = self._once(
            f"inside {name}", lambda: written(procedure, self._params, self._dtype)
        )
        return np.asarray(run(*data)[0])

    def _checked(self, X: Any, y: Any, made: Forward) -> tuple[Array, Array]:
        """Return samples and targets as the program takes them."""
        inputs = as_features(X, self._dtype, self._features)
        target = prepare_target(self.training.loss, y, made, self._dtype)
        same_length(inputs, target)
        return inputs, target

    def _once(self, key: str, make: Callable[[], M]) -> M:
        """Return what was made before under this name, or make it."""
        if key not in self._others:
            self._others = {**self._others, key: make()}
        found: M = self._others[key]
        return found

    def _reading(self, procedure: Procedure) -> Reading:
        """Return a procedure as a function of data; what trains, also reads."""
        return Reading(
            procedure, self._params, self._dtype, self._native, self._threads
        )
