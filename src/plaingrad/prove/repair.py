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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .causes import CAUSES
from .evidence import Behaviour, Evidence, Measured, Point, as_gradient, measure
from .operators import OPERATORS, TARGETS
from .places import Place, places, statements
from .shuffles import SHUFFLES, Change
from .sources import Code

MOST_TRIES = 3000
BACKWARD = {
    "sign",
    "batch",
    "twice",
    "factor",
    "rate",
    "chain",
    "no_derivative",
    "early",
    "step",
}
"""Repairs that may not change the loss: any loss can be bent to fit its gradient."""
DISTURBED = (ast.Assign, ast.AugAssign, ast.Return)
BROKEN = Exception
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
        The parameters whose gradients it makes right; none, if it makes them right but
        for a constant factor, which the next change mends.
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
    change: Change


Key = tuple[int, bool, int, bool, int, int]
"""The smaller, the better a repair."""


def repairs(code: Code, evidence: Evidence) -> list[Repair]:
    """Return changes that together make the gradients right, as far as found.

    The first makes the most gradients right; each one builds on those before it.
    """
    found: list[Repair] = []
    tree = code.tree
    while len(found) < 4 and evidence.wrong():
        search = _Search(code, tree, evidence)
        best = search.best() or search.half()
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
    while found and not found[-1].repaired:
        found.pop()
    return found


class _Search:
    """One search for the best change of one tree."""

    def __init__(self, code: Code, tree: ast.Module, evidence: Evidence) -> None:
        self.code, self.tree, self.evidence = code, copy.deepcopy(tree), evidence
        self.wrong = evidence.wrong()
        self.right = [name for name in evidence.names if name not in self.wrong]
        self.owner = {
            id(inner): index
            for index, outer in enumerate(self.tree.body)
            for inner in ast.walk(outer)
        }
        behaviour = self.code.build(self.tree)
        self.losses = [behaviour.loss(p.params) for p in evidence.points]

    def best(self) -> Repair | None:
        """Return the change that makes most gradients right."""
        partly: list[Repair] = []
        for group, loss in zip(self._suspects(), (False, False, True), strict=True):
            found = self._found(group, loss)
            if found is not None and len(found.repaired) == len(self.wrong):
                return found
            partly += [found] if found is not None else []
        return max(partly, key=lambda repair: len(repair.repaired), default=None)

    def half(self) -> Repair | None:
        """Return a change after which only a constant factor is wrong."""
        if self._proportional(self.evidence.points):
            return None
        for group in self._suspects()[:2]:
            for proposal in itertools.islice(self._proposals(group), MOST_TRIES):
                found = self._halved(proposal)
                if found is not None:
                    return found
        return None

    def _halved(self, proposal: Proposal) -> Repair | None:
        statement = proposal.statement
        shown = proposal.change.do()
        try:
            behaviour = self.code.build(self.tree, self.owner[id(statement)])
            points = []
            for point, before in zip(self.evidence.points, self.losses, strict=True):
                claimed = behaviour.gradients(point.params)
                points.append(replace(point, claimed=claimed))
                if not self._proportional(points):
                    return None
                if not _close(behaviour.loss(point.params), before):
                    return None
            after, tree = ast.unparse(shown), copy.deepcopy(self.tree)
        except BROKEN:
            return None
        finally:
            proposal.change.undo()
        claims = tuple(point.claimed for point in points)
        return Repair(
            *(proposal.cause, statement.lineno, ast.unparse(statement), after),
            *((), False, tree, claims),
        )

    def _proportional(self, points: Sequence[Point]) -> bool:
        """Return whether all wrong claims are the slopes times one number."""
        for point in points:
            for name in self.wrong:
                claimed = as_gradient(point.claimed[name], point.params[name].shape)
                if claimed is None:
                    return False
                slopes = point.measured[name].slopes
                part = claimed.ravel()[point.measured[name].places][~slopes.kink]
                along = part @ slopes.value[~slopes.kink]
                if not along or not point.fits(name, claimed * along / (part @ part)):
                    return False
        return True

    def _found(self, group: set[int], loss: bool) -> Repair | None:
        """Return the best change of some lines."""
        best: tuple[Key, Repair] | None = None
        for proposal in itertools.islice(self._proposals(group), MOST_TRIES):
            if best is not None and self._beyond(best[0], proposal):
                break
            tried = self._tried(proposal, loss)
            if tried is not None and (best is None or tried[0] < best[0]):
                best = tried
        return best[1] if best else None

    def _beyond(self, best: Key, proposal: Proposal) -> bool:
        """Return whether this and all later proposals are worse than the best one."""
        repaired, general, rank, *_ = best
        return -repaired == len(self.wrong) and not general and proposal.rank > rank

    def _suspects(self) -> list[set[int]]:
        """Return the lines that disturb wrong gradients only, others too, the loss."""
        groups: list[set[int]] = [set(), set(), set()]
        before = self.code.build(self.tree).gradients(self.evidence.points[0].params)
        fixed = _counting(self.tree)
        for statement, _, _ in list(statements(self.tree, self.code.scopes)):
            if id(statement) in fixed:
                continue
            for group in self._blame(statement, before):
                groups[group].add(id(statement))
        return groups

    def _blame(self, statement: ast.stmt, before: Mapping[str, Any]) -> tuple[int, ...]:
        """Return the groups of a statement; where nothing is learnt, the outer two."""
        value = getattr(statement, "value", None)
        if not isinstance(statement, DISTURBED) or value is None:
            return 0, 2
        statement.value = _disturbed(value)
        params = self.evidence.points[0].params
        try:
            behaviour = self.code.build(self.tree, self.owner[id(statement)])
            after = behaviour.gradients(params)
            same = {n for n in after if _equal(after[n], before[n])}
            if not _close(behaviour.loss(params), self.losses[0]):
                return (2,)
            if same >= set(self.wrong):
                return ()
            return (1,) if set(self.right) - same else (0,)
        except BROKEN:
            return 0, 2
        finally:
            statement.value = value

    def _proposals(self, group: set[int]) -> Iterator[Proposal]:
        scopes = self.code.scopes
        spots = [p for p in places(self.tree, scopes) if id(p.statement) in group]
        seen: set[tuple[int, str]] = set()
        for rank, shuffle in enumerate(SHUFFLES):
            for statement, block, scope in list(statements(self.tree, scopes)):
                if id(statement) in group:
                    for cause, moved in shuffle(statement, block, scope):
                        yield Proposal(cause, rank, 5, statement, moved)
        for rank, operator in enumerate(OPERATORS, len(SHUFFLES)):
            for place in spots:
                if place.target and operator not in TARGETS:
                    continue
                for cause, node in operator(place):
                    new = ast.unparse(node)
                    if (id(place.node), new) not in seen:
                        seen.add((id(place.node), new))
                        size = abs(len(new) - len(place.text))
                        change = _putting(place, node)
                        yield Proposal(cause, rank, size, place.statement, change)

    def _tried(self, proposal: Proposal, loss: bool) -> tuple[Key, Repair] | None:
        if loss and proposal.cause in BACKWARD:
            return None
        statement = proposal.statement
        shown = proposal.change.do()
        try:
            behaviour = self.code.build(self.tree, self.owner[id(statement)])
            judged = self._judged(behaviour, loss)
            if judged is None:
                return None
            after, tree = ast.unparse(shown), copy.deepcopy(self.tree)
        except BROKEN:
            return None
        finally:
            proposal.change.undo()
        repaired, changed, claimed = judged
        repair = Repair(
            *(proposal.cause, statement.lineno, ast.unparse(statement), after),
            *(tuple(repaired), changed, tree, claimed),
        )
        general = CAUSES[proposal.cause].general
        # a 2 says less than the mask that it belongs to
        bare = proposal.cause == "twice"
        ease = (proposal.rank, bare, proposal.size, repair.line)
        return (-len(repaired), general, *ease), repair

    def _judged(
        self, behaviour: Behaviour, loss: bool
    ) -> tuple[list[str], bool, tuple[Mapping[str, Any], ...]] | None:
        """Return what changed code makes right, if it makes nothing wrong."""
        points: list[Point] = []
        for point, before in zip(self.evidence.points, self.losses, strict=True):
            claimed = behaviour.gradients(point.params)
            new = Point(point.params, claimed, point.measured)
            if not loss and not any(new.fits(n, claimed[n]) for n in self.wrong):
                return None
            if not _close(behaviour.loss(point.params), before):
                if not loss or not _promising(behaviour, new):
                    return None
                new = Point(point.params, claimed, _measured(behaviour, point))
                if not all(new.fits(n, claimed[n]) for n in self.wrong):
                    return None
            points.append(new)
        after = replace(self.evidence, points=tuple(points)).wrong()
        repaired = [name for name in self.wrong if name not in after]
        if not repaired or set(after) - set(self.wrong) or (loss and after):
            return None
        moved = any(
            p.measured is not q.measured
            for p, q in zip(points, self.evidence.points, strict=True)
        )
        return repaired, moved, tuple(p.claimed for p in points)


def _counting(tree: ast.Module) -> set[int]:
    """Return the statements that decide when while loops end, or may: by their ids.

    They are never changed, since a loop that does not end cannot be dropped.
    """
    loops = [node for node in ast.walk(tree) if isinstance(node, ast.While)]
    tested = {
        part.id
        for loop in loops
        for part in ast.walk(loop.test)
        if isinstance(part, ast.Name)
    }
    found = {id(part) for loop in loops for part in ast.walk(loop)}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AugAssign)):
            names = [part for part in ast.walk(node) if isinstance(part, ast.Name)]
            stored = {part.id for part in names if isinstance(part.ctx, ast.Store)}
            found |= {id(node)} if stored & tested else set()
    return found


def _promising(behaviour: Behaviour, point: Point) -> bool:
    """Return whether the slope in one direction is near to what is claimed."""
    rng, step = np.random.default_rng(0), 1e-5
    ways = {n: rng.choice([-1.0, 1.0], a.shape) for n, a in point.params.items()}
    sides = [
        behaviour.loss({n: a + side * ways[n] for n, a in point.params.items()})
        for side in (step, -step)
    ]
    slope = (sides[0] - sides[1]) / (2 * step)
    claimed = sum(float((point.claimed[n] * ways[n]).sum()) for n in ways)
    return abs(slope - claimed) <= 0.02 * (abs(slope) + abs(claimed)) + 1e-6


def _measured(behaviour: Behaviour, point: Point) -> Mapping[str, Measured]:
    """Measure a changed loss; complain when its slopes vanish or outgrow all else."""
    found = {n: measure(behaviour.loss, point.params, n, 5) for n in point.params}
    for name, measured in found.items():
        before = point.measured[name].scale
        if before and not 0.02 < measured.scale / before < 50:
            raise ValueError("another loss altogether proves nothing")
    return found


def _putting(place: Place, node: ast.expr) -> Change:
    def do() -> ast.stmt:
        place.put(ast.fix_missing_locations(ast.copy_location(node, place.node)))
        return place.statement

    return Change(do, lambda: place.put(place.node))


def _disturbed(value: ast.expr) -> ast.expr:
    if isinstance(value, ast.Tuple):
        return ast.copy_location(
            ast.Tuple([_disturbed(part) for part in value.elts], ast.Load()), value
        )
    larger = ast.BinOp(value, ast.Mult(), ast.Constant(1.37))
    more = ast.BinOp(larger, ast.Add(), ast.Constant(0.11))
    return ast.fix_missing_locations(ast.copy_location(more, value))


def _equal(one: Any, other: Any) -> bool:
    try:
        return bool(np.array_equal(one, other))
    except (ValueError, TypeError):
        return False


def _close(one: float, other: float) -> bool:
    return bool(np.isclose(one, other, rtol=1e-9, atol=0))
