"""How rules are tried, and the questions that they ask of nodes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeAlias, TypeVar

from ..errors import VerifyError
from ..graph import Node, apply, as_node, rebuild
from ..ops.shape import broadcast_to
from ..shapes import Shape

Rule: TypeAlias = Callable[[Node], Node | float | None]
_R = TypeVar("_R", bound=Rule)

_tables: list[dict[str, list[Rule]]] = []


class Rules:
    """The rules of one file, by the operation that they look at."""

    def __init__(self) -> None:
        self.table: dict[str, list[Rule]] = {}

    def __call__(self, *names: str) -> Callable[[_R], _R]:
        """Enter a rule for the operations of these names."""

        def enter(rule: _R) -> _R:
            for name in names:
                self.table.setdefault(name, []).append(rule)
            return rule

        return enter


def adopt(rules: Rules) -> None:
    """Try these rules, too, after those that were adopted before."""
    _tables.append(rules.table)


def simplify(outputs: Sequence[Node]) -> tuple[list[Node], dict[Node, Node]]:
    """Return simpler nodes of the same values, and the map from every old node."""
    simple: dict[Node, Node] = {}
    # what each node leads to next: itself with simple inputs, or what a rule made of it
    leads: dict[Node, Node] = {}
    waiting = list(reversed(outputs))
    while waiting:
        node = waiting[-1]
        if node in simple:
            waiting.pop()
        elif node in leads:
            if leads[node] not in simple:
                raise VerifyError(f"the rules lead from {node!r} back to itself")
            simple[node] = simple[leads[node]]
        elif unready := [x for x in node.inputs if x not in simple]:
            waiting += reversed(unready)
        else:
            _step(node, simple, leads, waiting)
    return [simple[node] for node in outputs], simple


def _step(
    node: Node,
    simple: dict[Node, Node],
    leads: dict[Node, Node],
    waiting: list[Node],
) -> None:
    """Lead one node, whose inputs are simplified, one step further."""
    better: Node | None = rebuild(node, [simple[x] for x in node.inputs])
    if better is node:
        better = first(node)
    if better is None:
        simple[node] = node
        return
    leads[node] = better
    if better not in simple:
        waiting.append(better)


def first(node: Node) -> Node | None:
    """Return what the first rule that applies makes of a node with simple inputs."""
    for table in _tables:
        for rule in table.get(node.op.name, ()):
            made = rule(node)
            if made is not None:
                better = _like(as_node(made), node)
                if better is not node and better.type == node.type:
                    return better
    return None


def _like(result: Node, old: Node) -> Node:
    """Give the type of `old` to a result that lost a cast or a broadcast operand."""
    if old.kind == "float" and result.kind in ("int", "bool"):
        result = apply("cast", result)
    return result if result.type == old.type else broadcast_to(result, old.shape)


# What a node is.


def is_(node: Node, name: str) -> bool:
    """Tell whether a node is an operation of this name."""
    return node.op.name == name


def value_of(node: Node) -> Any:
    """Return the number that a node is everywhere, or None."""
    if is_(node, "broadcast_to"):
        node = node.inputs[0]
    return node.attrs["value"] if is_(node, "constant") else None


def steady(x: Node, shape: Shape, axes: Collection[int]) -> bool:
    """Tell whether x, spread to a shape, is the same all along these axes."""
    extra = len(shape) - x.ndim
    return all(axis < extra or x.shape[axis - extra] == 1 for axis in axes)
