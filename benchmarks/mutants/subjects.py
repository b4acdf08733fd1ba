"""Correct networks as plain functions, made from the scripts that plaingrad prints.

The training step of a script becomes one function that returns (loss, gradients), or
two functions that each do the forward pass. The check sees nothing but these functions.
"""

from __future__ import annotations

import itertools
import linecache
import re
import textwrap
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import plaingrad as pg

Array = np.ndarray[Any, Any]
NUMBER = itertools.count()
L, C = pg.Linear, pg.Conv2d
MSE, MAE, HUBER = {"loss": pg.MSE()}, {"loss": pg.MAE()}, {"loss": pg.Huber()}
BINARY = {"loss": pg.BinaryCrossEntropy()}


@dataclass(frozen=True)
class Subject:
    """A training step as text, in parts, and what it needs to run.

    Attributes
    ----------
    name
        The network, in short.
    head
        Functions and settings before the step.
    forward, loss, backward
        The lines of the step.
    arrays
        The parameters by name, float64.
    data
        What else the step reads: X, y, settings.
    returned
        The gradient's text of each parameter.
    """

    name: str
    head: str
    forward: str
    loss: str
    backward: str
    arrays: dict[str, Array]
    data: dict[str, Any]
    returned: dict[str, str]

    def swap(self, **parts: Any) -> Subject:
        """Return the subject with other parts."""
        return replace(self, **parts)

    def text(self, apart: bool = False) -> str:
        """Return the functions as a module; `apart` makes two of them."""
        unpack = f"{', '.join(self.arrays)} = (params[name] for name in NAMES)"
        entries = ", ".join(f"{k!r}: {v}" for k, v in self.returned.items())
        forward = [unpack, "n = len(X)", self.forward]
        if apart:
            functions = {
                "loss": [*forward, self.loss, "return loss"],
                "grads": [*forward, self.loss, self.backward, f"return {{{entries}}}"],
            }
        else:
            last = f"return loss, {{{entries}}}"
            functions = {"both": [*forward, self.loss, self.backward, last]}
        bodies = [
            f"def {name}(params):\n{textwrap.indent(chr(10).join(body), '    ')}\n"
            for name, body in functions.items()
        ]
        return "\n\n".join(["import numpy as np", self.head, *bodies])

    def module(self, apart: bool = False) -> types.ModuleType:
        """Return the functions, with text that `inspect` finds."""
        text, name = self.text(apart), f"<mutant {next(NUMBER)}>"
        linecache.cache[name] = (len(text), None, text.splitlines(True), name)
        module = types.ModuleType("mutant")
        module.__dict__.update(self.data, NAMES=list(self.arrays))
        exec(compile(text, name, "exec"), module.__dict__)
        return module

    def report(self, apart: bool = False, lang: str = "en") -> Any:
        """Return what the check says."""
        module = self.module(apart)
        if apart:
            return pg.check(module.loss, self.arrays, module.grads, lang=lang)
        return pg.check(module.both, self.arrays, lang=lang)


def subject(name: str, net: pg.Network, X: Array, y: Array, **settings: Any) -> Subject:
    """Return the training step of a network's script."""
    text = net.longhand(X, y, epochs=1, batch_size=None, **settings)
    before, _, rest = text.partition("for epoch in range(epochs):\n")
    step = textwrap.dedent(
        rest.partition("        # update\n")[0].partition("    # update\n")[0]
    )
    forward, _, rest = step.partition("# loss\n")
    loss, _, backward = rest.partition("# backward\n")
    held: dict[str, Any] = {"data": {"X": X, "y": y}, "step": 1}
    before = before.replace('data = np.load("data.npz")\n', "")
    exec(before, held)
    wanted = re.findall(r"^d(\w+) = ", backward, re.M)
    arrays = {
        n: held[n].astype(float) for n in wanted if isinstance(held.get(n), np.ndarray)
    }
    arrays = dict(sorted(arrays.items(), key=lambda item: (item[0][-1], item[0])))
    functions = "".join(re.findall(r"^def .*?\n(?=\S)", before, re.M | re.S))
    plain = (int, float, np.ndarray)
    data = {
        k: v
        for k, v in held.items()
        if isinstance(v, plain) and k not in arrays and not k.startswith("_")
    }
    data["X"] = data["X"].astype(float)
    forward = "\n".join(
        line
        for line in forward.splitlines()
        if "# forward" not in line and "step += 1" not in line
    )
    return Subject(
        name,
        functions,
        forward,
        loss,
        backward,
        arrays,
        data,
        {n: f"d{n}" for n in arrays},
    )


def _data(seed: int, kind: str) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    if kind == "images":
        return rng.normal(size=(6, 7, 7, 2)), rng.integers(0, 3, 6)
    X = rng.normal(size=(13, 4))
    if kind == "numbers":
        return X, rng.normal(size=(13, 2))
    if kind == "truths":
        return X, rng.integers(0, 2, (13, 2))
    return X, rng.integers(0, 3, 13)


Plan = tuple[str, str, dict[str, Any], Callable[[], list[Any]]]
PLANS: tuple[Plan, ...] = (
    ("relu classifier", "classes", {}, lambda: [L(5), pg.ReLU(), L(3)]),
    ("tanh classifier, l2", "classes", {"l2": 0.02}, lambda: [L(5), pg.Tanh(), L(3)]),
    ("sigmoid regression", "numbers", MSE, lambda: [L(5), pg.Sigmoid(), L(2)]),
    ("deep relu", "classes", {}, lambda: [L(5), pg.ReLU(), L(5), pg.ReLU(), L(3)]),
    (
        *("deep tanh, l2", "classes", {"l2": 0.01}),
        lambda: [L(4), pg.Tanh(), L(4), pg.Tanh(), L(3)],
    ),
    ("dropout tanh", "classes", {}, lambda: [L(6), pg.Tanh(), pg.Dropout(0.3), L(3)]),
    ("dropout relu", "classes", {}, lambda: [L(6), pg.ReLU(), pg.Dropout(0.5), L(3)]),
    ("binary sigmoid", "truths", BINARY, lambda: [L(5), pg.Tanh(), L(2), pg.Sigmoid()]),
    ("regression mae", "numbers", MAE, lambda: [L(5), pg.ReLU(), L(2)]),
    ("huber softplus", "numbers", HUBER, lambda: [L(5), pg.Softplus(), L(2)]),
    ("convolution", "images", {}, lambda: [C(3, 3), pg.Tanh(), pg.Flatten(), L(3)]),
    (
        *("two convolutions", "images", {}),
        lambda: [C(2, 3), pg.ReLU(), C(2, 3), pg.ReLU(), pg.Flatten(), L(3)],
    ),
    (
        *("pooling", "images", {}),
        lambda: [C(2, 2), pg.ReLU(), pg.MaxPool2d(2), pg.Flatten(), L(3)],
    ),
    ("leaky, l1", "classes", {"l1": 0.01}, lambda: [L(5), pg.LeakyReLU(), L(3)]),
)
"""Name, data, settings and layers of each network."""


def subjects(seed: int) -> Iterator[Subject]:
    """Yield correct networks of many kinds."""
    for name, kind, settings, layers in PLANS:
        network, data = pg.Sequential(*layers()), _data(seed, kind)
        found = subject(name, network, *data, seed=seed, **settings)
        rng = np.random.default_rng(seed)
        moved = {
            n: a + 0.1 * rng.normal(size=a.shape) if seed % 2 else a
            for n, a in found.arrays.items()
        }
        yield found.swap(arrays=moved)
