"""From a graph to a procedure: what gets a line of its own, in which order.

A value gets a line when it is asked for by name, used twice, a statement, or when the
line that would hold it grows too long. All else is written inside its user's line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .graph import Node, rebuild, walk
from .graph import verify as verify_graph
from .names import name_all
from .ops.elementwise import exp
from .program import Procedure, Role, Section, Step, verify
from .write.expression import expression

WIDTH = 72
"""The most characters of a line, its indentation in the script left out."""


@dataclass(frozen=True, eq=False)
class Goal:
    """A value that the procedure must compute.

    `renews` is the leaf whose value this becomes (an update); `soft` values get a line
    only when that helps reading.
    """

    node: Node
    section: Section
    renews: Node | None = None
    soft: bool = False


def plan(
    goals: Sequence[Goal],
    roles: Mapping[Node, Role],
    results: Sequence[Node] = (),
    taken: Iterable[str] = (),
) -> Procedure:
    """Order the values that the goals need, name them and lay them out in lines.

    Parameters
    ----------
    goals
        What to compute; sections must not go backwards.
    roles
        What values are called.
    results
        Nodes among the goals that the caller wants.
    taken
        Names that must not be used.
    """
    lowered = lower([goal.node for goal in goals] + list(results))
    hints = {
        new: Role(old.op.name_for(old))
        for old, new in lowered.items()
        if old.op.lower is not None
    }
    roles = hints | {
        lowered.get(node, node): role for node, role in reversed(list(roles.items()))
    }
    goals = [
        Goal(lowered[goal.node], goal.section, goal.renews, goal.soft) for goal in goals
    ]
    return _Planner(goals, roles, taken).procedure([lowered[x] for x in results])


def lower(outputs: Sequence[Node]) -> dict[Node, Node]:
    """Write composite operations in simpler ones, and take the marks away.

    Returns the new node of every old one.
    """
    order = walk(outputs)
    logs = {
        (x.inputs[0], x.attrs["axis"]): x for x in order if x.op.name == "log_softmax"
    }
    new: dict[Node, Node] = {}

    def settle(node: Node) -> Node:
        if node in new:
            return new[node]
        if node.op.name == "mark":
            result = settle(node.inputs[0])
        elif node.op.name == "softmax" and (node.inputs[0], node.attrs["axis"]) in logs:
            result = exp(settle(logs[node.inputs[0], node.attrs["axis"]]))
        else:
            result = rebuild(node, [settle(x) for x in node.inputs])
            while result.op.lower is not None:
                result = result.op.lower(result)
        new[node] = result
        return result

    for node in order:
        settle(node)
    return new


class _Planner:
    """One planning: the order, the uses of each node, and what has a line."""

    def __init__(
        self, goals: Sequence[Goal], roles: Mapping[Node, Role], taken: Iterable[str]
    ) -> None:
        self.goals = goals
        self.roles = roles
        self.order = walk([goal.node for goal in goals])
        verify_graph(self.order)
        self.leaves = [node for node in self.order if node.op.name == "leaf"]
        self.leaf_names = {node: str(node.attrs["name"]) for node in self.leaves}
        self.taken = {*taken, *self.leaf_names.values(), "n"}
        self.renewed = {
            g.node: self.leaf_names[g.renews] for g in goals if g.renews is not None
        }
        self.section = self._sections()
        self.asked = {goal.node for goal in goals if not goal.soft}
        self.uses = self._uses()
        self.repeated = {
            x
            for node in self.order
            if " for " in node.op.template(node)
            for x in node.inputs
        }

    def procedure(self, results: Sequence[Node]) -> Procedure:
        lines = self._choose()
        names = self._names(lines)
        lines = self._fit(lines)
        names = self._names(lines)
        steps = tuple(
            Step(
                names[node],
                node,
                self.section[node],
                self.roles[node].note if node in self.roles else "",
            )
            for node in lines
        )
        made = Procedure(
            {name: node for node, name in self.leaf_names.items()},
            steps,
            names,
            tuple(names[node] for node in results),
        )
        verify(made)
        return made

    def _sections(self) -> dict[Node, Section]:
        """Give each node the section of the first goal that needs it."""
        section: dict[Node, Section] = {}
        for goal in self.goals:
            for node in walk([goal.node]):
                section.setdefault(node, goal.section)
        return section

    def _uses(self) -> dict[Node, int]:
        """Count how often each value is read; reading a view reads what it views."""
        uses = dict.fromkeys(self.order, 0)
        for goal in self.goals:
            if not goal.soft:
                uses[goal.node] += 1
        for node in reversed(self.order):
            seen_through = node.op.view and node not in self.asked
            times = max(uses[node], 1) if seen_through else 1
            for x in node.inputs:
                uses[x] += times
        return uses

    def _choose(self) -> list[Node]:
        """Return the nodes that get a line, in order."""
        lines = [
            node
            for node in self.order
            if node.op.name != "leaf"
            and (node in self.asked or self._deserves_line(node))
        ]
        return self._ordered(lines)

    def _deserves_line(self, node: Node) -> bool:
        template = node.op.template(node)
        if "{out}" in template or "\n" in template or node in self.repeated:
            return True
        if node.kind == "number":
            # NumPy's functions make float64 scalars, which would widen float32 arrays
            return "np." in template or self.uses[node] > 1 and _size(node) > 3
        return self.uses[node] > 1 and not node.op.view

    def _ordered(self, lines: Iterable[Node]) -> list[Node]:
        """Return lines so that sections follow each other and renewals come last."""
        wanted = set(lines)
        done: dict[Node, None] = {}
        for goal in self.goals:
            for node in walk([goal.node]):
                if node in wanted:
                    done.setdefault(node)
        return self._numbers_first(list(done))

    def _numbers_first(self, lines: list[Node]) -> list[Node]:
        """Move the numbers of an update, which all parameters share, to its front."""
        update = [node for node in lines if self.section[node] == "update"]
        others = [node for node in lines if self.section[node] != "update"]
        return others + sorted(update, key=lambda node: node.kind != "number")

    def _names(self, lines: Sequence[Node]) -> dict[Node, str]:
        free = [node for node in lines if node not in self.renewed]
        named = name_all(free, self.roles, self.taken)
        renewed = {node: self.renewed[node] for node in lines if node in self.renewed}
        return {**self.leaf_names, **named, **renewed}

    def _fit(self, lines: list[Node]) -> list[Node]:
        """Give lines of their own to parts of lines that are too long."""
        done: set[Node] = set()
        while True:
            names = self._names(lines)
            part = None
            for node in lines:
                if node in done:
                    continue
                part = self._part_to_move(node, names)
                if part is not None:
                    break
                done.add(node)
            if part is None:
                return lines
            lines = self._ordered([*lines, part])

    def _part_to_move(self, node: Node, names: Mapping[Node, str]) -> Node | None:
        """Return the longest part of a line that is too long, if one can move."""
        text = expression(node, names, "np.float32")
        width = max(len(line) for line in f"{names[node]} = {text}".split("\n"))
        if width <= WIDTH:
            return None
        parts = {
            part: len(expression(part, names, "np.float32"))
            for part in _inside(node, names)
        }
        fitting = {p: size for p, size in parts.items() if size <= 0.75 * WIDTH}
        named = {p: size for p, size in parts.items() if p in self.roles}
        found = named or fitting or parts
        return max(found, key=found.__getitem__) if found else None


def _inside(node: Node, names: Mapping[Node, str]) -> Iterable[Node]:
    """Yield the array expressions that stand inside the line of `node`."""
    for x in node.inputs:
        if x in names or not x.inputs:
            continue
        if (x.kind == "number") == (node.kind == "number") and not x.op.view:
            yield x
        yield from _inside(x, names)


def _size(node: Node) -> int:
    return 1 + sum(map(_size, node.inputs))
