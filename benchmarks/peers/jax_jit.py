"""JAX: one jitted step called in a loop, or whole epochs inside one call."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .. import layers
from ..data import Task
from ..workloads import Adam, Workload
from . import PLAIN, Runner

Params = list[Any]
State = Any


def variants(workload: Workload) -> Sequence[str]:
    """Return how epochs are run, times how convolutions are written."""
    convolves = any(isinstance(layer, layers.Conv) for layer in workload.network)
    ways = ("scan", "step") if workload.trains else PLAIN
    if not convolves:
        return ways
    return [f"{way}, {form}" for way in ways for form in ("patches", "lax.conv")]


def setup(task: Task, variant: str) -> Runner:
    """Return a network that trains or predicts."""
    way, _, form = variant.partition(", ")
    convolve = by_patches if form == "patches" else by_lax
    if not task.workload.trains:
        return Prediction(task, convolve)
    return (Scan if way == "scan" else Steps)(task, convolve)


# The network.


def by_lax(x: Any, W: Any, padding: str) -> Any:
    """Return the convolution by XLA's own operation."""
    names = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(
        x, W, (1, 1), padding.upper(), dimension_numbers=names
    )


def by_patches(x: Any, W: Any, padding: str) -> Any:
    """Return the convolution as one product of all windows with the kernels."""
    k, _, c, filters = W.shape
    if padding == "same":
        m = k // 2
        x = jnp.pad(x, ((0, 0), (m, m), (m, m), (0, 0)))
    h, w = x.shape[1] - k + 1, x.shape[2] - k + 1
    parts = [x[:, i : i + h, j : j + w] for i in range(k) for j in range(k)]
    rows = jnp.concatenate(parts, axis=3).reshape(-1, k * k * c)
    return (rows @ W.reshape(-1, filters)).reshape(-1, h, w, filters)


def pool(x: Any, size: int) -> Any:
    """Return the largest of each window."""
    n, h, w, c = x.shape
    rows, columns = h // size, w // size
    x = x[:, : rows * size, : columns * size]
    return x.reshape(n, rows, size, columns, size, c).max(axis=(2, 4))


ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "relu": jax.nn.relu,
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
}


def forward(workload: Workload, convolve: Any, params: Params, x: Any, key: Any) -> Any:
    """Return the output; a key draws the masks of dropout."""
    held = iter(params)
    for spec in workload.network:
        match spec:
            case layers.Dense(_, bias):
                x = x @ next(held)
                x = x + next(held) if bias else x
            case layers.Conv(_, _, padding):
                x = convolve(x, next(held), padding) + next(held)
            case layers.Pool(size):
                x = pool(x, size)
            case layers.Activation(kind):
                x = ACTIVATIONS[kind](x)
            case layers.Flatten():
                x = x.reshape(len(x), -1)
            case layers.Dropout(rate) if key is not None:
                key, own = jax.random.split(key)
                x = x * jax.random.bernoulli(own, 1 - rate, x.shape) / (1 - rate)
    return x


def loss_of(kind: str, output: Any, y: Any) -> Any:
    """Return the loss of a batch."""
    if kind == "cross_entropy":
        logs = jax.nn.log_softmax(output)
        return -jnp.take_along_axis(logs, y[..., None], -1).mean()
    errors = jnp.square(output - y)
    return errors.mean() if kind == "mse" else errors.sum()


# Training.


class Training:
    """What both ways of running an epoch share."""

    def __init__(self, task: Task, convolve: Any) -> None:
        self.task, self.workload = task, task.workload
        self.forward = partial(forward, task.workload, convolve)
        # JAX's fastest generator; the default one costs more than the network
        self.key = jax.random.key(0, impl="unsafe_rbg") if self.workload.drops else None
        self.batches = None if self.workload.shuffle else self._batches(0)

    def _batches(self, epoch: int) -> Any:
        """Return an epoch's samples and targets, as `train` takes them."""
        X, y = self.task.epoch(epoch)
        y = y.astype(np.int32) if y.dtype == np.int64 else y
        parts = self.workload.updates, self.workload.size
        return self.placed(*(v.reshape(*parts, *v.shape[1:]) for v in (X, y)))

    def placed(self, X: Any, y: Any) -> Any:
        """Return batches as JAX's arrays."""
        return jnp.asarray(X), jnp.asarray(y)

    def state(self) -> State:
        """Return the first weights, means and count of updates."""
        params = [jnp.array(w) for w in self.task.weights]
        means: Any = ()
        if isinstance(self.workload.optimizer, Adam):
            means = tuple([jnp.zeros_like(p) for p in params] for _ in range(2))
        return params, means, jnp.int32(0)

    def update(self, state: State, batch: Any) -> tuple[State, Any]:
        """Do one update and return its loss."""
        params, means, t = state
        x, y = batch
        key = None if self.key is None else jax.random.fold_in(self.key, t)

        def loss(params: Params) -> Any:
            return loss_of(self.workload.loss, self.forward(params, x, key), y)

        value, grads = jax.value_and_grad(loss)(params)
        lr, t = self.workload.optimizer.lr, t + 1
        if not means:
            params = [p - lr * g for p, g in zip(params, grads, strict=True)]
            return (params, means, t), value
        m, v = means
        m = [0.9 * a + 0.1 * g for a, g in zip(m, grads, strict=True)]
        v = [0.999 * a + 0.001 * g * g for a, g in zip(v, grads, strict=True)]
        rate, spread = lr / (1 - 0.9**t), 1 / (1 - 0.999**t)
        params = [
            p - rate * a / (jnp.sqrt(b * spread) + 1e-8)
            for p, a, b in zip(params, m, v, strict=True)
        ]
        return (params, (m, v), t), value

    def run(self, epochs: int) -> tuple[list[float], float]:
        """Train from the first weights."""
        state = jax.block_until_ready(self.state())
        began = time.perf_counter()
        loss = float(self.train(state, epochs))
        return [loss], time.perf_counter() - began

    def train(self, state: State, epochs: int) -> Any:
        """Return the mean loss of the last epoch."""
        raise NotImplementedError


class Steps(Training):
    """One call for each update."""

    def __init__(self, task: Task, convolve: Any) -> None:
        super().__init__(task, convolve)
        self.step = jax.jit(self.update, donate_argnums=0)

    def placed(self, X: Any, y: Any) -> Any:
        """Return a list of batches as JAX's arrays."""
        pairs = zip(X, y, strict=True)
        return [(jnp.asarray(x), jnp.asarray(t)) for x, t in pairs]

    def train(self, state: State, epochs: int) -> Any:
        """Return the mean loss of the last epoch."""
        for epoch in range(epochs):
            losses = []
            for batch in self.batches or self._batches(epoch):
                state, loss = self.step(state, batch)
                losses.append(loss)
            # the next epoch overwrites the samples, which JAX may read where they are
            jax.block_until_ready(state)
        return np.mean([float(loss) for loss in losses])


class Scan(Training):
    """One call for all epochs, or for each where samples are shuffled."""

    def __init__(self, task: Task, convolve: Any) -> None:
        super().__init__(task, convolve)
        self.epochs = jax.jit(self._epochs, donate_argnums=0)

    def _epochs(self, state: State, batches: Any, epochs: Any) -> tuple[State, Any]:
        def epoch(_: Any, carried: Any) -> Any:
            state, losses = lax.scan(self.update, carried[0], batches)
            return state, losses.mean()

        return lax.fori_loop(0, epochs, epoch, (state, jnp.float32(0)))

    def train(self, state: State, epochs: int) -> Any:
        """Return the mean loss of the last epoch."""
        if self.batches is not None:
            state, loss = self.epochs(state, self.batches, epochs)
        else:
            for epoch in range(epochs):
                state, loss = self.epochs(state, self._batches(epoch), 1)
                # as above
                jax.block_until_ready(state)
        return jax.block_until_ready(loss)


# Prediction.


class Prediction:
    """The class of each row."""

    def __init__(self, task: Task, convolve: Any) -> None:
        self.params, self.X = [*map(jnp.array, task.weights)], jnp.array(task.X)

        def classes(params: Params, x: Any) -> Any:
            return forward(task.workload, convolve, params, x, None).argmax(axis=1)

        self.classes = jax.jit(classes)

    def run(self, epochs: int) -> tuple[list[float], float]:
        """Predict the classes of all rows."""
        classes, params, X = self.classes, self.params, self.X
        began = time.perf_counter()
        for _ in range(epochs):
            found = classes(params, X)
            found.block_until_ready()
        seconds = time.perf_counter() - began
        return np.asarray(found).tolist(), seconds
