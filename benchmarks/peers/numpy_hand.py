"""NumPy as a careful person writes it: no allocation in the loop, convolution by BLAS.

Every layer keeps its buffers and writes with `out=`. Parameters, and their gradients,
are views of one flat array each, so that the optimiser is a handful of long passes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .. import layers
from ..data import Task
from ..layers import Shape, walk
from ..workloads import Adam, Workload
from . import PLAIN, Runner

Array = np.ndarray[Any, Any]
FLOAT = np.float32


def variants(workload: Workload) -> Sequence[str]:
    """Return its only way."""
    return PLAIN


def setup(task: Task, variant: str) -> Runner:
    """Return a network that trains or predicts."""
    return Training(task) if task.workload.trains else Prediction(task)


class Dense:
    """x @ W + b. W is kept as (units, in), which suits the product of one sample."""

    b: Array | None
    db: Array | None

    def __init__(
        self, n: int, shapes: Shapes, held: Held, first: bool, bias: bool
    ) -> None:
        before, behind = shapes
        self.W, self.dW = next(held)
        self.b, self.db = next(held) if bias else (None, None)
        self.out = np.empty((n, *behind), FLOAT)
        self.dx = None if first else np.empty((n, *before), FLOAT)
        self.ones = np.ones(n, FLOAT)

    def forward(self, x: Array) -> Array:
        """Return the weighted sums."""
        self.x = x
        np.dot(x, self.W.T, out=self.out)
        if self.b is not None:
            np.add(self.out, self.b, out=self.out)
        return self.out

    def backward(self, d: Array) -> Array | None:
        """Fill the gradients and return that of the input."""
        np.dot(d.T, self.x, out=self.dW)
        if self.b is not None:
            np.dot(self.ones, d, out=self.db)
        return None if self.dx is None else np.dot(d, self.W, out=self.dx)


class Conv:
    """All windows as rows of one matrix, times the kernels."""

    def __init__(
        self, n: int, shapes: Shapes, held: Held, first: bool, spec: layers.Conv
    ) -> None:
        (h, w, c), (rows, columns, filters) = shapes
        k = spec.kernel
        self.W, self.dW = (part.reshape(-1, filters) for part in next(held))
        self.b, self.db = next(held)
        self.margin = m = spec.margin
        self.padded = np.zeros((n, h + 2 * m, w + 2 * m, c), FLOAT)
        count, entries = n * rows * columns, k * k * c
        # copies are fast where a run of neighbours is long: that of a row of the
        # window over all channels, or that of a row of the image
        if k * c < 16:
            taps = np.empty((k, k, c, n, rows, columns), FLOAT)
            self.windows = taps.transpose(3, 4, 5, 0, 1, 2)
            self.patches = taps.reshape(entries, count).T
        else:
            self.windows = np.empty((n, rows, columns, k, k, c), FLOAT)
            self.patches = self.windows.reshape(count, entries)
        self.out = np.empty((n, rows, columns, filters), FLOAT)
        self.flat = self.out.reshape(count, filters)
        self.ones = np.ones(count, FLOAT)
        self.dx = None
        if not first:
            # with samples behind rows and columns, windows overlap in long runs
            self.kernels = self.W.reshape(k, k, c, filters)
            self.d = np.empty((rows, columns, n, filters), FLOAT)
            self.part = np.empty((rows, columns, n, c), FLOAT)
            self.dpadded = np.empty((h + 2 * m, w + 2 * m, n, c), FLOAT)
            inside = self.dpadded[m : m + h, m : m + w]
            self.inside = inside.transpose(2, 0, 1, 3)
            self.dx = np.empty((n, h, w, c), FLOAT)

    def forward(self, x: Array) -> Array:
        """Return the weighted sums of all windows."""
        if self.margin:
            inside = slice(self.margin, -self.margin)
            self.padded[:, inside, inside] = x
            x = self.padded
        k = self.windows.shape[3]
        seen = sliding_window_view(x, (k, k), axis=(1, 2))
        np.copyto(self.windows, seen.transpose(0, 1, 2, 4, 5, 3))
        np.dot(self.patches, self.W, out=self.flat)
        np.add(self.flat, self.b, out=self.flat)
        return self.out

    def backward(self, d: Array) -> Array | None:
        """Fill the gradients and return that of the input."""
        flat = d.reshape(self.flat.shape)
        np.dot(self.patches.T, flat, out=self.dW)
        np.dot(self.ones, flat, out=self.db)
        if self.dx is None:
            return None
        np.copyto(self.d, d.transpose(1, 2, 0, 3))
        flat, part = self.d.reshape(flat.shape), self.part.reshape(len(flat), -1)
        self.dpadded.fill(0)
        k, (rows, columns) = len(self.kernels), self.d.shape[:2]
        for i, j in np.ndindex(k, k):
            np.dot(flat, self.kernels[i, j].T, out=part)
            seen = self.dpadded[i : i + rows, j : j + columns]
            np.add(seen, self.part, out=seen)
        np.copyto(self.dx, self.inside)
        return self.dx


class Pool:
    """The largest of each window, and where it was."""

    def __init__(self, n: int, shapes: Shapes, size: int) -> None:
        before, behind = shapes
        self.size = size
        self.out = np.empty((n, *behind), FLOAT)
        self.place = np.empty(self.out.shape, np.uint8)
        self.larger = np.empty(self.out.shape, bool)
        self.dx = np.zeros((n, *before), FLOAT)

    def _corners(self, x: Array) -> list[Array]:
        """Return, for each place in a window, what all windows have there."""
        s, (_, rows, columns, _) = self.size, self.out.shape
        x = x[:, : rows * s, : columns * s]
        return [x[:, i::s, j::s] for i in range(s) for j in range(s)]

    def forward(self, x: Array) -> Array:
        """Return the largest."""
        first, *others = self._corners(x)
        np.copyto(self.out, first)
        self.place.fill(0)
        for place, corner in enumerate(others, 1):
            np.greater(corner, self.out, out=self.larger)
            np.maximum(self.out, corner, out=self.out)
            np.putmask(self.place, self.larger, place)
        return self.out

    def backward(self, d: Array) -> Array:
        """Send the gradient to where the largest was."""
        for place, corner in enumerate(self._corners(self.dx)):
            np.equal(self.place, place, out=self.larger)
            np.multiply(d, self.larger, out=corner)
        return self.dx


class ReLU:
    """Negative numbers become zero."""

    def __init__(self, n: int, shapes: Shapes) -> None:
        self.out = np.empty((n, *shapes[1]), FLOAT)
        self.positive = np.empty(self.out.shape, bool)

    def forward(self, x: Array) -> Array:
        """Return max(x, 0)."""
        return np.maximum(x, 0, out=self.out)

    def backward(self, d: Array) -> Array:
        """Return the gradient where the output is positive."""
        np.greater(self.out, 0, out=self.positive)
        return np.multiply(d, self.positive, out=d)


class Tanh:
    """The hyperbolic tangent."""

    def __init__(self, n: int, shapes: Shapes) -> None:
        self.out = np.empty((n, *shapes[1]), FLOAT)
        self.slope = np.empty_like(self.out)

    def forward(self, x: Array) -> Array:
        """Return tanh(x)."""
        return np.tanh(x, out=self.out)

    def backward(self, d: Array) -> Array:
        """Return d (1 - tanh^2)."""
        np.multiply(self.out, self.out, out=self.slope)
        np.subtract(1, self.slope, out=self.slope)
        return np.multiply(d, self.slope, out=d)


class Sigmoid(Tanh):
    """The logistic function."""

    def forward(self, x: Array) -> Array:
        """Return 1 / (1 + exp(-x))."""
        np.negative(x, out=self.out)
        np.exp(self.out, out=self.out)
        np.add(self.out, 1, out=self.out)
        return np.reciprocal(self.out, out=self.out)

    def backward(self, d: Array) -> Array:
        """Return d out (1 - out)."""
        np.subtract(1, self.out, out=self.slope)
        np.multiply(self.slope, self.out, out=self.slope)
        return np.multiply(d, self.slope, out=d)


class Dropout:
    """Masks from sixteen random bits an entry."""

    def __init__(self, n: int, shapes: Shapes, rate: float) -> None:
        self.generator = np.random.SFC64(0)
        self.limit, self.scale = round((1 - rate) * 2**16), FLOAT(1 / (1 - rate))
        self.out = np.empty((n, *shapes[1]), FLOAT)
        self.kept = np.empty(self.out.shape, bool)
        self.mask = np.empty_like(self.out)

    def forward(self, x: Array) -> Array:
        """Return x where it is kept, scaled up."""
        bits = self.generator.random_raw(x.size // 4 + 1).view(np.uint16)[: x.size]
        np.less(bits.reshape(x.shape), self.limit, out=self.kept)
        np.multiply(self.kept, self.scale, out=self.mask)
        return np.multiply(x, self.mask, out=self.out)

    def backward(self, d: Array) -> Array:
        """Return the gradient of what was kept."""
        return np.multiply(d, self.mask, out=d)


class Flatten:
    """Each sample in one row."""

    def __init__(self, n: int, shapes: Shapes) -> None:
        self.before, self.behind = ((n, *shape) for shape in shapes)

    def forward(self, x: Array) -> Array:
        """Return the rows."""
        return x.reshape(self.behind)

    def backward(self, d: Array) -> Array:
        """Return the images."""
        return d.reshape(self.before)


class CrossEntropy:
    """The mean of -log p of the right class; the gradient is multiplied by `factor`."""

    def __init__(self, n: int, classes: int, factor: float) -> None:
        self.d = np.empty((n, classes), FLOAT)
        self.edge = np.empty((n, 1), FLOAT)
        self.rows, self.share = np.arange(n), FLOAT(factor / n)

    def __call__(self, scores: Array, y: Array) -> tuple[float, Array]:
        """Return the loss and the gradient of the scores."""
        d, edge = self.d, self.edge
        np.maximum.reduce(scores, axis=1, keepdims=True, out=edge)
        np.subtract(scores, edge, out=d)
        np.exp(d, out=d)
        np.add.reduce(d, axis=1, keepdims=True, out=edge)
        np.divide(d, edge, out=d)
        right = d[self.rows, y]
        d[self.rows, y] = right - 1
        np.multiply(d, self.share, out=d)
        return float(-np.log(right).mean()), d


class SquaredError:
    """The sum of squared errors, or their mean; the gradient likewise."""

    def __init__(self, n: int, outputs: int, factor: float, mean: bool) -> None:
        self.d = np.empty((n, outputs), FLOAT)
        self.share = 1 / (n * outputs) if mean else 1.0
        self.slope = FLOAT(2 * self.share * factor)

    def __call__(self, output: Array, y: Array) -> tuple[float, Array]:
        """Return the loss and the gradient of the output."""
        np.subtract(output, y, out=self.d)
        errors = self.d.ravel()
        loss = float(np.dot(errors, errors)) * self.share
        np.multiply(self.d, self.slope, out=self.d)
        return loss, self.d


class Descent:
    """W -= lr dW, for all parameters at once; gradients come multiplied by lr.

    Attributes
    ----------
    factor
        What the loss multiplies its gradient by.
    """

    def __init__(self, parameters: Array, gradients: Array, lr: float) -> None:
        self.parameters, self.gradients, self.factor = parameters, gradients, lr

    def restart(self) -> None:
        """Forget everything, of which there is nothing."""

    def step(self) -> None:
        """Update all parameters."""
        np.subtract(self.parameters, self.gradients, out=self.parameters)


class AdamDescent(Descent):
    """Adam, for all parameters at once."""

    def __init__(self, parameters: Array, gradients: Array, lr: float) -> None:
        super().__init__(parameters, gradients, 1.0)
        self.lr = lr
        self.m, self.v, self.work = (np.empty_like(parameters) for _ in range(3))

    def restart(self) -> None:
        """Forget all means."""
        self.t = 0
        self.m.fill(0)
        self.v.fill(0)

    def step(self) -> None:
        """Update all parameters."""
        self.t += 1
        g, work = self.gradients, self.work
        root = (1 - 0.999**self.t) ** 0.5
        rate = self.lr * root / (1 - 0.9**self.t)
        np.multiply(g, g, out=work)
        np.multiply(work, FLOAT(0.001), out=work)
        np.multiply(self.v, FLOAT(0.999), out=self.v)
        np.add(self.v, work, out=self.v)
        np.multiply(g, FLOAT(0.1), out=g)
        np.multiply(self.m, FLOAT(0.9), out=self.m)
        np.add(self.m, g, out=self.m)
        np.sqrt(self.v, out=work)
        np.add(work, FLOAT(1e-8 * root), out=work)
        np.divide(self.m, work, out=work)
        np.multiply(work, FLOAT(rate), out=work)
        np.subtract(self.parameters, work, out=self.parameters)


Shapes = tuple[Shape, Shape]
Held = Iterator[tuple[Array, Array]]
ACTIVATIONS = {"relu": ReLU, "tanh": Tanh, "sigmoid": Sigmoid}


def layer(spec: layers.Layer, n: int, shapes: Shapes, held: Held, first: bool) -> Any:
    """Return a described layer for n samples, with its own parameters."""
    match spec:
        case layers.Dense(_, bias):
            return Dense(n, shapes, held, first, bias)
        case layers.Conv():
            return Conv(n, shapes, held, first, spec)
        case layers.Pool(size):
            return Pool(n, shapes, size)
        case layers.Activation(kind):
            return ACTIVATIONS[kind](n, shapes)
        case layers.Dropout(rate):
            return Dropout(n, shapes, rate)
        case layers.Flatten():
            return Flatten(n, shapes)


class Net:
    """All layers, with parameters and gradients in one flat array each."""

    def __init__(self, task: Task) -> None:
        workload = task.workload
        kept = [w.T if w.ndim == 2 else w for w in task.weights]
        self.first = np.concatenate([w.ravel() for w in kept])
        self.parameters = self.first.copy()
        self.gradients = np.zeros_like(self.first)
        views = self._views(w.shape for w in kept)
        self.layers: list[Any] = []
        first = True
        for spec, *shapes in walk(workload.network, workload.features):
            if workload.trains or not isinstance(spec, layers.Dropout):
                made = layer(spec, workload.size, (shapes[0], shapes[1]), views, first)
                self.layers.append(made)
            first = first and not layers.parameter_shapes(spec, shapes[0])

    def _views(self, shapes: Iterable[Shape]) -> Held:
        """Yield each parameter and its gradient."""
        start = 0
        for shape in shapes:
            part = slice(start, start + math.prod(shape))
            start = part.stop
            yield (
                self.parameters[part].reshape(shape),
                self.gradients[part].reshape(shape),
            )

    def forward(self, x: Array) -> Array:
        """Return the output."""
        for part in self.layers:
            x = part.forward(x)
        return x

    def backward(self, d: Array) -> None:
        """Fill all gradients."""
        for part in reversed(self.layers):
            d = part.backward(d)
            if d is None:
                break


class Training:
    """Mini-batch gradient descent."""

    def __init__(self, task: Task) -> None:
        workload, self.task = task.workload, task
        self.net, n = Net(task), workload.size
        rule = AdamDescent if isinstance(workload.optimizer, Adam) else Descent
        self.optimizer = rule(
            self.net.parameters, self.net.gradients, workload.optimizer.lr
        )
        outputs, factor = task.weights[-1].shape[-1], self.optimizer.factor
        mean = workload.loss == "mse"
        self.loss: Any = SquaredError(n, outputs, factor, mean)
        if workload.loss == "cross_entropy":
            self.loss = CrossEntropy(n, outputs, factor)

    def run(self, epochs: int) -> tuple[list[float], float]:
        """Train from the first weights."""
        np.copyto(self.net.parameters, self.net.first)
        self.optimizer.restart()
        began = time.perf_counter()
        for epoch in range(epochs):
            loss = self._epoch(*self.task.epoch(epoch))
        return [loss], time.perf_counter() - began

    def _epoch(self, X: Array, y: Array) -> float:
        n, total = self.task.workload.size, 0.0
        for start in range(0, len(X), n):
            output = self.net.forward(X[start : start + n])
            loss, d = self.loss(output, y[start : start + n])
            self.net.backward(d)
            self.optimizer.step()
            total += loss
        return total * n / len(X)


class Prediction:
    """The class of each row."""

    def __init__(self, task: Task) -> None:
        self.X, self.net = task.X, Net(task)

    def run(self, epochs: int) -> tuple[list[float], float]:
        """Predict the classes of all rows."""
        forward, X = self.net.forward, self.X
        began = time.perf_counter()
        for _ in range(epochs):
            found = forward(X).argmax(axis=1)
        seconds = time.perf_counter() - began
        return found.tolist(), seconds
