"""PyTorch, eager, in its fastest ordinary form."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from .. import layers
from ..data import Task
from ..layers import walk
from ..workloads import Adam, Workload
from . import PLAIN, Runner

Tensor = torch.Tensor
LAST = "channels last"


def variants(workload: Workload) -> Sequence[str]:
    """Return both memory layouts where there are images."""
    return (*PLAIN, LAST) if workload.images else PLAIN


def setup(task: Task, variant: str) -> Runner:
    """Return a network that trains or predicts."""
    torch.set_num_threads(task.threads)
    if task.workload.trains:
        return Training(task, variant == LAST)
    return Prediction(task, variant == LAST)


def network(task: Task, last: bool) -> nn.Sequential:
    """Return the described network with its first weights."""
    parts: list[nn.Module] = []
    weights, image = iter(task.weights), None
    for spec, before, _ in walk(task.workload.network, task.workload.features):
        match spec:
            case layers.Dense(units, bias):
                part: nn.Module = nn.Linear(before[-1], units, bias=bias)
                W = next(weights)
                if image is not None:
                    # PyTorch flattens channels first
                    W = W.reshape(*image, units).transpose(2, 0, 1, 3)
                    W, image = W.reshape(-1, units), None
                assign(part, W.T, next(weights) if bias else None)
            case layers.Conv(filters, kernel):
                part = nn.Conv2d(before[-1], filters, kernel, padding=spec.margin)
                assign(part, next(weights).transpose(3, 2, 0, 1), next(weights))
            case layers.Pool(size):
                part = nn.MaxPool2d(size)
            case layers.Dropout(rate):
                part = nn.Dropout(rate)
            case layers.Flatten():
                part, image = nn.Flatten(), before
            case layers.Activation(kind):
                part = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}[kind]()
        parts.append(part)
    net = nn.Sequential(*parts)
    return net.to(memory_format=torch.channels_last) if last else net


def assign(part: Any, W: Any, b: Any) -> None:
    """Set the weights of a layer."""
    with torch.no_grad():
        part.weight.copy_(torch.from_numpy(np.ascontiguousarray(W)))
        if b is not None:
            part.bias.copy_(torch.from_numpy(b))


def samples(X: Any, last: bool) -> Tensor:
    """Return samples as PyTorch's layers take them, in either memory layout."""
    x = torch.from_numpy(X)
    if x.ndim < 4:
        return x
    x = x.permute(0, 3, 1, 2)
    return x if last else x.contiguous()


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cross_entropy": functional.cross_entropy,
    "mse": functional.mse_loss,
    "squares": lambda output, y: functional.mse_loss(output, y, reduction="sum"),
}


class Training:
    """The usual loop, with a fused optimiser."""

    def __init__(self, task: Task, last: bool) -> None:
        self.task, self.last = task, last
        self.net = network(task, last)
        self.first = [p.detach().clone() for p in self.net.parameters()]
        self.loss = LOSSES[task.workload.loss]
        rule = task.workload.optimizer
        kind = torch.optim.Adam if isinstance(rule, Adam) else torch.optim.SGD
        self.optimizer = kind(self.net.parameters(), lr=rule.lr, fused=True)
        self.forward = self.loss_of
        if not task.workload.shuffle:
            self.X, self.y = samples(task.X, last), torch.from_numpy(task.y)

    def loss_of(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the loss of a batch."""
        return self.loss(self.net(x), y)

    def batches(self, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the batches of an epoch."""
        n = self.task.workload.size
        if self.task.workload.shuffle:
            X, y = self.task.epoch(epoch)
            self.X, self.y = samples(X, self.last), torch.from_numpy(y)
        return zip(self.X.split(n), self.y.split(n), strict=True)

    def restart(self) -> None:
        """Go back to the first weights, with no memory of updates."""
        with torch.no_grad():
            for parameter, first in zip(self.net.parameters(), self.first, strict=True):
                parameter.copy_(first)
        for state in self.optimizer.state.values():
            for value in state.values():
                value.zero_()

    def run(self, epochs: int) -> tuple[list[float], float]:
        """Train from the first weights."""
        self.restart()
        step, zero, forward = (
            self.optimizer.step,
            self.optimizer.zero_grad,
            self.forward,
        )
        began = time.perf_counter()
        for epoch in range(epochs):
            losses = []
            for x, y in self.batches(epoch):
                zero()
                loss = forward(x, y)
                loss.backward()
                step()
                losses.append(loss.detach())
        mean = float(torch.stack(losses).mean())
        return [mean], time.perf_counter() - began


class Prediction:
    """The class of each row, without gradients."""

    def __init__(self, task: Task, last: bool) -> None:
        self.net = network(task, last).eval()
        self.X = samples(task.X, last)
        self.forward = self.classes

    def classes(self, x: Tensor) -> Tensor:
        """Return the classes of samples."""
        output: Tensor = self.net(x)
        return output.argmax(1)

    def run(self, epochs: int) -> tuple[list[float], float]:
        """Predict the classes of all rows."""
        forward, X = self.forward, self.X
        with torch.inference_mode():
            began = time.perf_counter()
            for _ in range(epochs):
                found = forward(X)
            seconds = time.perf_counter() - began
        return found.tolist(), seconds
