"""Finds the line to change: every small repair is tried, and proved or dropped.

Which lines can be to blame is learnt first: a line whose result is disturbed and no
wrong gradient changes is innocent; one that disturbs right gradients too, or the loss,
is suspected last. Then the operators (`operators.py`) propose, and what a proposal
makes of the gradients is compared with the measured slopes at all points. Where a
repair changes the loss itself, the slopes are measured anew.
"""

from __future__ import annotations

import ast
import copy
import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .causes import CAUSES
from .evidence import Behaviour, Evidence, Point, measure
from .operators import OPERATORS
from .places import Place, Scope, places, statements
from .shuffles import SHUFFLES
from .sources import Code

MOST_TRIES = 6000
BROKEN = (Exception,)
"""Changed code may fail in any way; then it is no repair."""


@dataclass(frozen=True)
class Repair:
    """A change of one line after which gradients agree with the slopes.

    Attributes
    ----------
    cause
        Its name in `causes.CAUSES`.
    line
        Where, in the user's file.
    before, after
        The statement, as it is and as it should be.
    repaired
        The parameters whose gradients it makes right.
    loss
        Whether it changes the loss and not only the gradients.
    tree
        The whole code after the change.
    claimed
        The gradients after it, at each point.
    """

    cause: str
    line: int
    before: str
    after: str
    repaired: tuple[str, ...]
    loss: bool
    tree: ast.Module
    claimed: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Proposal:
    """A change that can be made to a tree and taken back."""

    cause: str
    rank: int
    size: int
    statement: ast.stmt
    change: Callable[[], Callable[[], ast.stmt]]
    """Makes the change; what it returns takes it back and gives the new statement."""


def repairs(code: Code, evidence: Evidence) -> list[Repair]:
    """Return changes that together make the gradients right, as far as found.

    The first makes the most gradients right; each one builds on those before it.
    """
    found: list[Repair] = []
    tree = code.tree
    while len(found) < 4 and evidence.wrong():
        best = _Search(code, tree, evidence).best()
        if best is None:
            break
        found.append(best)
        if best.loss:
            break
        tree = best.tree
        points = zip(evidence.points, best.claimed, strict=True)
        evidence = replace(
            evidence, points=tuple(replace(p, claimed=c) for p, c in points)
        )
    return found


class _Search:
    """One search for the best change of one tree."""

    def __init__(self, code: Code, tree: ast.Module, evidence: Evidence) -> None:
        self.code, self.tree, self.evidence = code, copy.deepcopy(tree), evidence
        self.wrong = evidence.wrong()
        self.right = [name for name in evidence.names if name not in self.wrong]
        self.tries = 0
        behaviour = self.code.build(self.tree)
        self.losses = [behaviour.loss(p.params) for p in evidence.points]

    def best(self) -> Repair | None:
        """Return the change that makes most gradients right."""
        groups = self._suspects()
        for group, loss in ((groups[0], False), (groups[1], False), (groups[2], True)):
            found = [r for p in self._proposals(group) for r in self._tried(p, loss)]
            if found:
                return min(found, key=lambda pair: pair[0])[1]
        return None

    def _suspects(self) -> list[set[int]]:
        """Return the lines that disturb wrong gradients only, others too, the loss."""
        groups: list[set[int]] = [set(), set(), set()]
        before = self.code.build(self.tree).gradients(self.evidence.points[0].params)
        for statement, _, _ in statements(self.tree, self.code.scopes):
            groups[self._blame(statement, before)].add(id(statement))
        return groups

    def _blame(self, statement: ast.stmt, before: Mapping[str, Any]) -> int:
        value = getattr(statement, "value", None)
        if not isinstance(statement, (ast.Assign, ast.AugAssign)) or value is None:
            return 0
        statement.value = _disturbed(value)
        params = self.evidence.points[0].params
        try:
            behaviour = self.code.build(self.tree)
            after = behaviour.gradients(params)
            same = {n for n in after if _equal(after[n], before[n])}
            if not _close(behaviour.loss(params), self.losses[0]):
                return 2
            return 1 if set(self.right) - same else 0
        except BROKEN:
            return 0
        finally:
            statement.value = value

    def _proposals(self, group: set[int]) -> Iterator[Proposal]:
        seen: set[tuple[int, str]] = set()
        for proposal in self._all():
            if id(proposal.statement) in group and self.tries < MOST_TRIES:
                yield proposal

    def _all(self) -> Iterator[Proposal]:
        scopes = self.code.scopes
        spots = list(places(self.tree, scopes))
        for rank, operator in enumerate(OPERATORS):
            for place in spots:
                for cause, node in operator(place):
                    size = abs(len(ast.unparse(node)) - len(ast.unparse(place.node)))
                    yield Proposal(cause, rank, size, place.statement, _putting(place, node))
        for rank, shuffle in enumerate(SHUFFLES, len(OPERATORS)):
            for statement, block, scope in statements(self.tree, scopes):
                for cause, change in shuffle(statement, block, scope):
                    yield Proposal(cause, rank, 5, statement, change)

    def _tried(self, proposal: Proposal, loss: bool) -> Iterator[tuple[Any, Repair]]:
        self.tries += 1
        before = ast.unparse(proposal.statement)
        back = proposal.change()
        try:
            judged = self._judged(self.code.build(self.tree), loss)
            tree = copy.deepcopy(self.tree) if judged else self.tree
        except BROKEN:
            judged = None
        finally:
            after = ast.unparse(back())
        if judged is None:
            return
        repaired, changed, claimed = judged
        repair = Repair(
            *(proposal.cause, proposal.statement.lineno, before, after),
            *(tuple(repaired), changed, tree, claimed),
        )
        general = CAUSES[proposal.cause].general
        key = (-len(repaired), general, proposal.rank, proposal.size, repair.line)
        yield key, repair

    def _judged(
        self, behaviour: Behaviour, loss: bool
    ) -> tuple[list[str], bool, tuple[Mapping[str, Any], ...]] | None:
        """Return what changed code makes right, if it makes nothing wrong."""
        points: list[Point] = []
        for point, before in zip(self.evidence.points, self.losses, strict=True):
            claimed = behaviour.gradients(point.params)
            changed = not _close(behaviour.loss(point.params), before)
            if changed and not loss:
                return None
            measured = point.measured
            if changed:
                measured = _measured(behaviour, point)
            points.append(Point(point.params, claimed, measured))
            if not any(points[-1].fits(n, claimed[n]) for n in self.wrong):
                return None
        after = replace(self.evidence, points=tuple(points)).wrong()
        repaired = [name for name in self.wrong if name not in after]
        if not repaired or set(after) - set(self.wrong):
            return None
        moved = any(p.measured is not q.measured for p, q in zip(points, self.evidence.points, strict=True))
        return repaired, moved, tuple(p.claimed for p in points)


def _measured(behaviour: Behaviour, point: Point) -> Mapping[str, Any]:
    return {name: measure(behaviour.loss, point.params, name, 5) for name in point.params}


def _putting(place: Place, node: ast.expr) -> Callable[[], Callable[[], ast.stmt]]:
    def change() -> Callable[[], ast.stmt]:
        place.put(ast.copy_location(node, place.node))

        def back() -> ast.stmt:
            made = copy.deepcopy(place.statement)
            place.put(place.node)
            return made

        return back

    return change


def _disturbed(value: ast.expr) -> ast.expr:
    larger = ast.BinOp(value, ast.Mult(), ast.Constant(1.37))
    return ast.BinOp(larger, ast.Add(), ast.Constant(0.11))


def _equal(one: Any, other: Any) -> bool:
    try:
        return bool(np.array_equal(one, other))
    except (ValueError, TypeError):
        return False


def _close(one: float, other: float) -> bool:
    return bool(np.isclose(one, other, rtol=1e-9, atol=0))
