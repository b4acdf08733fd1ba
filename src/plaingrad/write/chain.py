"""How values reach the loss: which steps read which, and what flows back to each."""

from __future__ import annotations

from collections.abc import Collection

from ..derive import gradients
from ..graph import Node, apply, rebuild
from ..ops.leaves import leaf
from ..ops.reduce import sum as sum_
from ..program import Procedure
from ..simplify import simplify


def adjoints(procedure: Procedure) -> dict[str, str]:
    """Return the name of each gradient by a named value, and the name of the value."""
    made = {s.name: s.node for s in procedure.steps if s.section in ("forward", "loss")}
    values = {**made, **procedure.inputs}
    return {
        step.name: step.name[1:]
        for step in procedure.steps
        if step.section == "backward"
        and step.name.startswith("d")
        and step.name[1:] in values
        and values[step.name[1:]].shape == step.node.shape
    }


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
    """

    def __init__(self, procedure: Procedure) -> None:
        steps = [s for s in procedure.steps if s.section in ("forward", "loss")]
        self.names = procedure.names
        values = [*procedure.inputs.values(), *(step.node for step in steps)]
        self.formulas = {s.node: whole(s.node, values) for s in steps}
        self.loss = next(s.node for s in steps if s.name == procedure.results[0])
        self.readers: dict[Node, list[Node]] = {}
        for reader in reversed(self.formulas):
            if reader is self.loss or reader in self.readers:
                for x in self._reached(self.formulas[reader]):
                    self.readers.setdefault(x, []).insert(0, reader)

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

    def between(self, x: Node, known: Collection[Node]) -> list[Node]:
        """Return the values between `x` and those whose gradient is known, last first."""
        found: set[Node] = set()
        waiting = [x]
        while waiting:
            for reader in self.readers[waiting.pop()]:
                if reader not in known and reader not in found:
                    found.add(reader)
                    waiting.append(reader)
        return [node for node in reversed(self.formulas) if node in found]

    def flow(self, x: Node) -> Node:
        """Return the gradient by `x`, from the gradients by its readers.

        It is written in leaves: `value(node)` for values, `gradient(node)` for
        gradients.
        """
        parts = []
        for reader in self.readers[x]:
            formula = self.written(reader)
            if reader is not self.loss:
                formula = sum_(formula * self._handed(reader))
            parts.append(formula)
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        (found,), _ = gradients(total, [self.value(x)])
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


def whole(node: Node, values: Collection[Node]) -> Node:
    """Return a softmax, or its logarithm, as one operation on one of the values."""
    for x in values:
        if x is node or x.shape != node.shape or x.kind != "float":
            continue
        for name in ("log_softmax", "softmax"):
            for axis in range(x.ndim):
                short = apply(name, x, axis=axis)
                if short.op.lower is not None and short.op.lower(short) is node:
                    return short
    return node
