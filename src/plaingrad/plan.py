"""From a graph to a procedure: what gets a line of its own, in which order.

A value gets a line when it is asked for by name, used twice, a statement, or when the
line that would hold it grows too long. All else is written inside its user's line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .graph import Node, apply, rebuild, walk
from .graph import verify as verify_graph
from .names import name_all
from .ops.elementwise import exp
from .ops.shape import reshape
from .program import Procedure, Role, Section, Step, verify
from .write.expression import expression

WIDTH = 72
"""The characters of a good line, its indentation in the script left out."""

MOST = 80
"""The most characters of a line, where it can be broken."""

LARGE = 60
"""A line of more operations is first cut into pieces of about one line each."""


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
    adjoints: Mapping[Node, Node] | None = None,
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
    adjoints
        From gradients to the values that they belong to, after which they are named;
        the first that leads to a gradient counts.
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
    belong = {
        lowered.get(node, node): lowered.get(value, value)
        for node, value in reversed(list((adjoints or {}).items()))
    }
    goals = [
        Goal(lowered[goal.node], goal.section, goal.renews, goal.soft) for goal in goals
    ]
    planner = _Planner(goals, roles, belong, taken)
    return planner.procedure([lowered[x] for x in results])


def partners(
    adjoints: Mapping[Node, Node],
    became: Mapping[Node, Node],
    values: Iterable[Node],
) -> dict[Node, Node]:
    """Return which gradient belongs to which value, after simplification.

    A gradient that is itself one of the `values` of the forward pass is left out.
    """
    forward = set(values)
    found: dict[Node, Node] = {}
    for node, value in adjoints.items():
        if node in became and value in became and became[node] not in forward:
            found.setdefault(became[node], became[value])
    return found


def lower(outputs: Sequence[Node]) -> dict[Node, Node]:
    """Write composite operations in simpler ones, and take the marks away.

    Returns the new node of every old one.
    """
    order = walk(outputs)
    logs = {
        (x.inputs[0], x.attrs["axis"]): x for x in order if x.op.name == "log_softmax"
    }
    shared = _shared(order) | set(outputs)
    new: dict[Node, Node] = {}
    owned: set[Node] = set()
    for node in order:
        if node.op.name == "mark":
            result = _unmarked(node, new[node.inputs[0]], owned)
        elif node.op.name == "softmax" and (node.inputs[0], node.attrs["axis"]) in logs:
            log = logs[node.inputs[0], node.attrs["axis"]]
            result = exp(_lowered(log, new))
        else:
            result = _lowered(node, new)
            if node.op.name == "reshape" and node.inputs[0] not in shared:
                result = _reshaped_once(result)
        new[node] = result
    return new


def _unmarked(node: Node, x: Node, owned: set[Node]) -> Node:
    """Return what a mark stands for: x, or a line of its own where x has an owner."""
    if "owner" not in node.attrs:
        return x
    source = x
    while source.inputs and source.op.view:
        source = source.inputs[0]
    if source.op.name == "leaf":
        # a line that changes the parameter in place must not change its gradient
        return apply("mark", x, copy=True)
    if x in owned:
        return apply("mark", x, owner=node.attrs["owner"])
    owned.add(x)
    return x


def _lowered(node: Node, new: Mapping[Node, Node]) -> Node:
    result = rebuild(node, [new[x] for x in node.inputs])
    while result.op.lower is not None:
        result = result.op.lower(result)
    return result


def _shared(order: Iterable[Node]) -> set[Node]:
    """Return the nodes that more than one other reads."""
    seen: set[Node] = set()
    shared: set[Node] = set()
    for node in order:
        for x in node.inputs:
            (shared if x in seen else seen).add(x)
    return shared


def _reshaped_once(node: Node) -> Node:
    """Read x.reshape(a).reshape(b) as x.reshape(b), and keep the axes of a sum."""
    x = node.inputs[0]
    if x.op.name == "reshape":
        return reshape(x.inputs[0], node.shape)
    if x.op.name in ("sum", "mean"):
        kept = apply(x.op.name, x.inputs[0], **{**x.attrs, "keepdims": True})
        return kept if kept.shape == node.shape else node
    return node


class _Planner:
    """One planning: the order, the uses of each node, and what has a line."""

    def __init__(
        self,
        goals: Sequence[Goal],
        roles: Mapping[Node, Role],
        adjoints: Mapping[Node, Node],
        taken: Iterable[str],
    ) -> None:
        self.goals = goals
        self.roles = roles
        self.adjoints = adjoints
        self.order = walk([goal.node for goal in goals])
        verify_graph(self.order)
        leaves = [node for node in self.order if node.op.name == "leaf"]
        self.leaf_names = {node: str(node.attrs["name"]) for node in leaves}
        self.taken = {*taken, *self.leaf_names.values()}
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
        """Return the lines, named and in order."""
        lines = self._fit(self._choose())
        names = self._names(lines)
        notes = {node: role.note for node, role in self.roles.items()}
        steps = tuple(
            Step(names[node], node, self.section[node], notes.get(node, ""))
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
            for node in walk([goal.node], section):
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
            named = node in self.roles or len(walk([node])) > 3
            called = bool(node.inputs) and "np." in template
            return called or (self.uses[node] > 1 and named)
        return self.uses[node] > 1 + self._is_short(node) and not node.op.view

    def _is_short(self, node: Node) -> bool:
        """Tell whether a value reads better written out twice: 1 + tanh1."""
        if node.op.name not in ("add", "sub"):
            return False
        one, other = sorted(node.inputs, key=lambda x: x.op.name != "constant")
        return one.op.name == "constant" and other in self.roles

    def _ordered(self, lines: Iterable[Node]) -> list[Node]:
        """Return lines in order, the numbers that an update shares at its front."""
        wanted = set(lines)
        found = [node for node in self.order if node in wanted]
        update = [node for node in found if self.section[node] == "update"]
        others = [node for node in found if self.section[node] != "update"]
        return others + sorted(update, key=lambda node: node.kind != "number")

    def _names(self, lines: Sequence[Node]) -> dict[Node, str]:
        free = [node for node in lines if node not in self.renewed]
        numbered = {x for x in free if self.section[x] in ("forward", "backward")}
        named = name_all(
            free, self.roles, self.adjoints, self.leaf_names, numbered, self.taken
        )
        return named | {node: self.renewed[node] for node in lines if node not in named}

    def _fit(self, lines: list[Node]) -> list[Node]:
        """Give lines of their own to parts of lines that are too long."""
        names = self._names(lines)
        cut = [part for node in lines for part in self._cuts(node, names)]
        lines = self._ordered([*lines, *cut])
        waiting = lines
        while waiting:
            names = self._names(lines)
            parts = {node: self._part_to_move(node, names) for node in waiting}
            moved = [part for part in parts.values() if part is not None]
            waiting = [node for node, part in parts.items() if part is not None] + moved
            lines = self._ordered([*lines, *moved])
        return lines

    def _cuts(self, node: Node, names: Mapping[Node, str]) -> list[Node]:
        """Return parts that shorten a line of very many operations, innermost first."""
        parts = [part for part in walk(node.inputs, names) if part not in names]
        known = dict(names)
        cut: list[Node] = []
        for part in parts if len(parts) > LARGE else ():
            inner = [x for x in part.inputs if x not in known and x.inputs]
            if len(expression(part, known, "np.float32")) > WIDTH and inner:
                cut += inner
                known |= dict.fromkeys(inner, "value")
        return cut

    def _part_to_move(self, node: Node, names: Mapping[Node, str]) -> Node | None:
        """Return the longest part of a line that is too long, if one should move.

        Of updates only named parts move, so that they stay alike for all parameters.
        """
        text = f"{names[node]} = {expression(node, names, 'np.float32')}"
        # the list of a sum can be broken
        lines = re.sub(r" in \[.*\]", " in []", text).split("\n")
        width = max(map(len, lines))
        if width <= WIDTH:
            return None
        parts = {
            part: len(expression(part, names, "np.float32"))
            for part in walk(node.inputs, names)
            if part not in names
            and part.inputs
            and (part.kind == "number") == (node.kind == "number")
        }
        known = {
            p
            for p in parts
            if p in self.roles or self.adjoints.get(p) in {**names, **self.roles}
        }
        if node in self.renewed:
            known = {p for p in parts if p in self.roles}
            return max(known, key=parts.__getitem__, default=None)
        arrays = {p for p in parts if not p.op.view}
        fitting = {p for p in arrays if parts[p] <= 0.75 * WIDTH}
        found = known or (fitting or arrays or set(parts) if width > MOST else ())
        return max(found, key=parts.__getitem__) if found else None
