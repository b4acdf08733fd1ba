"""How values reach the loss: which steps read which, and what flows back to each."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import reduce
from operator import add

from ..derive import gradients
from ..graph import Node, apply, rebuild
from ..ops.leaves import leaf
from ..ops.reduce import sum as sum_
from ..ops.shape import broadcast_to
from ..program import Procedure, Step
from ..simplify import simplify


class Chain:
    """The named values of a procedure between its inputs and its loss.

    Attributes
    ----------
    loss
        The last value.
    formulas
        What computes each value of the forward pass and the loss, in order. A softmax
        or its logarithm is one operation here, however many lines compute it.
    readers
        The values that are computed from a value and that the loss depends on.
    gradients
        What the backward pass computes.
    adjoints
        Those that are the gradient by a value, and that value.
    """

    def __init__(self, procedure: Procedure) -> None:
        steps = [s for s in procedure.steps if s.section in ("forward", "loss")]
        self.names = procedure.names
        self.formulas = {s.node: whole(s.node) for s in steps}
        self.loss = next(s.node for s in steps if s.name == procedure.results[0])
        self.readers: dict[Node, list[Node]] = {
            x: [] for x in procedure.inputs.values()
        }
        for reader in reversed(self.formulas):
            if reader is self.loss or reader in self.readers:
                for x in self._reached(self.formulas[reader]):
                    self.readers.setdefault(x, []).insert(0, reader)
        backward = [s for s in procedure.steps if s.section == "backward"]
        self.gradients = {step.node for step in backward}
        self.adjoints: dict[Node, Node] = {}
        for step in backward:
            self.adjoints.update(self._adjoint(step))

    def _reached(self, formula: Node) -> dict[Node, None]:
        """Return the named values to which a gradient flows from a formula."""
        if formula.op.grad is None:
            return {}
        found: dict[Node, None] = {}
        parts = formula.op.grad(formula, formula)
        for x, part in zip(formula.inputs, parts, strict=True):
            if part is not None and x.kind == "float":
                found.update({x: None} if x in self.names else self._reached(x))
        return found

    def _adjoint(self, step: Step) -> dict[Node, Node]:
        """Return the value that a step called "d..." is the gradient by, if any is.

        The name does not tell which of the values z1 and z1_2 of a shared layer is
        meant; what the step reads does.
        """
        known = {self.loss, *self.adjoints.values()}
        found = [
            value
            for value in self.readers
            if step.name.startswith("d")
            and _stem(step.name[1:]) == _stem(self.names[value])
            and step.node.shape == value.shape
            and value not in known
        ]
        found.sort(key=lambda value: self.names[value] != step.name[1:])
        if len(found) > 1:
            found = [value for value in found if self._fits(value, step.node)]
        return {step.node: found[0]} if found else {}

    def _fits(self, value: Node, gradient: Node) -> bool:
        """Tell whether a gradient reads what the gradient by a value must read.

        That is gradients which flow on to the value, and the values that its readers
        multiply these with.
        """
        known = {self.loss, *self.adjoints.values()}
        inside = set(_inside(gradient, self.names.keys() - self._helpers()))
        read = {self.adjoints[x] for x in inside if x in self.adjoints}
        owners = {self.written(node): node for node in self.formulas}
        owners |= {self.value(node): node for node in self.names}
        needed = {owners[x] for x in _inside(self.flow(value), owners)}
        return read <= self._passed(value, known) and needed <= inside

    def _helpers(self) -> set[Node]:
        """Return what the backward pass computes beside gradients by values."""
        return self.gradients - self.adjoints.keys()

    def between(self, x: Node) -> list[Node]:
        """Return the values between `x` and those with a gradient, last first."""
        known = {self.loss, *self.adjoints.values()}
        passed = self._passed(x, known) - known
        return [node for node in reversed(self.formulas) if node in passed]

    def _passed(self, x: Node, known: Collection[Node]) -> set[Node]:
        """Return the values on the ways from `x` to those that are known."""
        found: set[Node] = set()
        waiting = [x]
        while waiting:
            for reader in self.readers[waiting.pop()]:
                if reader not in found:
                    found.add(reader)
                    waiting += [] if reader in known else [reader]
        return found

    def flow(self, x: Node) -> Node:
        """Return the gradient by `x`, from the gradients by its readers.

        It is written in leaves: `value(node)` for values, `gradient(node)` for
        gradients.
        """
        parts: list[Node] = []
        for reader in self.readers[x]:
            formula = self.written(reader)
            if reader is not self.loss:
                formula = sum_(formula * self._handed(reader))
            parts.append(formula)
        if not parts:
            return broadcast_to(0, x.shape)
        (found,), _ = gradients(reduce(add, parts), [self.value(x)])
        return simplify([found])[0][0]

    def _handed(self, node: Node) -> Node:
        """Return the gradient by a value: a leaf, or the number that it is."""
        if not node.shape and self.readers[node] == [self.loss]:
            flow = self.flow(node)
            known = flow.inputs[0] if flow.op.name == "broadcast_to" else flow
            if known.op.name == "constant":
                return known
        return self.gradient(node)

    def value(self, node: Node) -> Node:
        """Return the leaf that stands for a named value, whatever computes it."""
        if node.op.name == "leaf":
            return node
        return leaf(self.names[node], node.shape, "data", node.kind)

    def gradient(self, node: Node) -> Node:
        """Return the leaf that stands for the gradient of the loss by a value."""
        return leaf(f"gradient by {self.names[node]}", node.shape)

    def written(self, node: Node) -> Node:
        """Return the formula of a value in leaves."""
        return self._cut(self.formulas[node])

    def _cut(self, formula: Node) -> Node:
        inputs = [
            self.value(x) if x in self.names else self._cut(x) for x in formula.inputs
        ]
        return rebuild(formula, inputs)

    def total(self, x: Node, axis: int) -> Node:
        """Return the gradient by `x`, summed along an axis, in the simplest form."""
        (found,), _ = gradients(self.loss, [x])
        simple = simplify([sum_(found, axis, keepdims=True)])[0][0]
        return simple.inputs[0] if simple.op.name == "broadcast_to" else simple


def whole(node: Node) -> Node:
    """Return a softmax that is written out, or its logarithm, as one operation."""
    x = node
    # the scores stand first in the quotient, the exponential and the difference
    for _ in range(3):
        if not x.inputs:
            break
        x = x.inputs[0]
        for name in ("log_softmax", "softmax"):
            for axis in range(x.ndim):
                short = apply(name, x, axis=axis) if x.kind == "float" else node
                if short.op.lower is not None and short.op.lower(short) is node:
                    return short
    return node


def _stem(name: str) -> str:
    """Return a name without the number that tells it from others of the same name."""
    return re.sub(r"_\d+$", "", name)


def _inside(node: Node, found: Collection[Node]) -> Iterator[Node]:
    """Yield those of the nodes that the formula of `node` reads."""
    for x in node.inputs:
        if x in found:
            yield x
        else:
            yield from _inside(x, found)
