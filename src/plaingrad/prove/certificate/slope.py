"""The slope of a loss along any direction, by the complex step.

The loss is evaluated operation by operation from the NumPy text of each, with one input
moved by an imaginary part of 1e-30; the imaginary part of the loss, over 1e-30, is the
slope (Squire and Trapp, "Using complex variables to estimate derivatives of real
functions", 1998). Nothing is subtracted, so nothing is lost but what rounding takes
from the loss itself, and no rule of derivation is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ...graph import Node, walk
from ...ops.random import uniform
from ...write.expression import expression
from .branches import BRANCHES

Array = np.ndarray[Any, Any]
STEP = 1e-30
"""How far an input is moved."""
SAME = 1e-9
"""By which part the slopes to the left and to the right may differ, and be one."""


@dataclass(frozen=True)
class Slope:
    """The slope along a direction.

    Attributes
    ----------
    value
        To the right; nan where it is not finite.
    kink
        Whether that to the left is another, or the loss jumps.
    """

    value: float
    kink: bool = False


class Loss:
    """A loss at one point, and its slopes there.

    Parameters
    ----------
    node
        The loss, a number.
    values
        All that it reads, by the names of its leaves; floats are float64.
    count
        The samples in the batch.
    """

    def __init__(self, node: Node, values: Mapping[str, Any], count: int) -> None:
        self.node, self.count = node, count
        self._order = walk([node])
        self._leaves: dict[str, Node] = {}
        self._values: dict[Node, Any] = {}
        self._paths: dict[str, list[Node]] = {}
        self._functions: dict[tuple[Node, str], Callable[..., Any]] = {}
        with np.errstate(all="ignore"):
            for x in self._order:
                if x.op.name == "leaf":
                    name = str(x.attrs["name"])
                    self._leaves[name] = x
                    self._values[x] = values[name]
                else:
                    self._values[x] = self._by_text(x, self._values, "np.float64")

    @property
    def value(self) -> float:
        """The loss."""
        return float(self._values[self.node])

    def path(self, name: str) -> list[Node]:
        """Return the operations between an input and the loss, in order."""
        if name in self._paths:
            return self._paths[name]
        on = {leaf for known, leaf in self._leaves.items() if known == name}
        for node in self._order:
            if any(x in on for x in node.inputs):
                on.add(node)
        self._paths[name] = [x for x in self._order if x in on and x.inputs]
        return self._paths[name]

    def unfit(self, name: str) -> str | None:
        """Return an operation on the path from an input that takes no moved numbers."""
        for node in self.path(name):
            if not node.op.analytic and node.op.name not in BRANCHES:
                return node.op.name
        return None

    def slope(self, name: str, way: Array) -> Slope:
        """Return the slope of the loss when an input is moved along `way`."""
        path = self.path(name)
        if not path:
            return Slope(0.0)
        right, tied = self._moved(path, name, way, 1)
        if not np.isfinite(right) or (not tied and self._jumped(right)):
            return Slope(np.nan)
        if not tied:
            return Slope(right.imag / STEP)
        left, _ = self._moved(path, name, way, -1)
        steep = max(abs(left.imag), abs(right.imag), SAME**2 * abs(self.value) * STEP)
        bend = abs(left.imag - right.imag) > SAME * steep
        jump = self._jumped(left) or self._jumped(right)
        return Slope(right.imag / STEP, bool(bend) or jump)

    def _jumped(self, moved: complex) -> bool:
        """Tell whether a moved loss is another one: a step of 1e-30 is no way there."""
        return abs(moved.real - self.value) > SAME * (1 + abs(self.value))

    def _moved(
        self, path: list[Node], name: str, way: Array, side: int
    ) -> tuple[complex, bool]:
        """Return the loss with an input moved, and whether a tie was decided by it."""
        start = self._leaves[name]
        values: dict[Node, Any] = {start: self._values[start] + STEP * 1j * way}
        decided = False
        with np.errstate(all="ignore"):
            for node in path:
                known = {
                    x: values[x] if x in values else self._values[x]
                    for x in node.inputs
                }
                if node.op.name in BRANCHES:
                    inputs = [np.asarray(known[x]) for x in node.inputs]
                    values[node], tied = BRANCHES[node.op.name](
                        inputs, node.attrs, side
                    )
                    decided |= tied
                else:
                    values[node] = self._by_text(node, known, "np.complex128")
        return complex(values[self.node]), decided

    def _by_text(self, node: Node, values: Mapping[Node, Any], dtype: str) -> Any:
        """Return the value of one operation by its text, from those of its inputs."""
        if (node, dtype) not in self._functions:
            self._functions[node, dtype] = _function(*_text(node, dtype))
        sources = dict.fromkeys(node.inputs)
        return self._functions[node, dtype](self.count, *[values[x] for x in sources])


def _text(node: Node, dtype: str) -> tuple[str, tuple[str, ...]]:
    """Return the text of an operation that sets `out`, and the names that it reads."""
    names = {x: f"x{place}" for place, x in enumerate(dict.fromkeys(node.inputs))}
    text = expression(node, {**names, node: "out"}, dtype)
    if "{out}" not in node.op.template(node):
        text = f"out = {text}"
    return text, tuple(names.values())


@lru_cache(maxsize=1024)
def _function(text: str, names: tuple[str, ...]) -> Callable[..., Any]:
    """Return the function that runs the text of an operation."""
    lines = [f"def run(n, {', '.join(names)}):", *text.splitlines(), "return out"]
    space: dict[str, Any] = {"np": np, "uniform": uniform}
    exec("\n    ".join(lines), space)  # noqa: S102
    run: Callable[..., Any] = space["run"]
    return run
