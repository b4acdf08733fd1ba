"""Finds the change after which a script goes down the gradient of its loss.

Lines whose disturbance changes no step are innocent. The other lines are changed in all
the ways that are known, and the script is run to the same step: a change is kept when
steps that were wrong agree with the measured slopes and no right one is spoilt. Where a
change touches the loss itself, the slopes are measured anew. What is kept is measured
again as a whole before anything is said.
"""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..causes import CAUSES
from .edits import Text, lines_of
from .losses import Loss
from .measure import Examined, Fit, Parameter, examine, fit, off, spread
from .proposals import LIKELY, Proposal, proposals
from .run import Script, prepare, run
from .watch import Goal

MOST_REPAIRS = 3
MOST_WHOLE = 8
"""How many of the best changes are measured again as a whole."""
LATER = 3
"""The step that a repair must be right at, too."""
MEMORY = re.compile(r"momentum|velocit|adam|rmsprop|beta_?1|sqrt", re.IGNORECASE)
VAGUE = ("twice", "factor", "overwritten", "variable", "formula", "chain")
"""Causes that say less than others which repair as much."""


@dataclass(frozen=True)
class Repair:
    """A change that was kept: its cause, its line, and the text after it."""

    cause: str
    line: int
    text: str
    paths: tuple[str, ...]


@dataclass
class Search:
    """What the search came to: the repairs in order, and whether they prove to be all.

    `spent` says that the time was used up.
    """

    repairs: list[Repair]
    proved: bool = False
    spent: bool = False


def same_goal(script: Script, goal: Goal, other: Script) -> Goal:
    """Return a goal's loop in another version of a script."""
    loops = [n for n, site in enumerate(script.sites) if site.kind == "loop"]
    others = [n for n, site in enumerate(other.sites) if site.kind == "loop"]
    return Goal(others[loops.index(goal.loop)], goal.turn)


def same_loss(
    script: Script, loss: Loss, examined: Examined, other: Script
) -> Loss | None:
    """Return the loss of another version of a script that is this one."""
    place = script.sites[loss.site]
    for candidate in examined.slopes:
        site = other.sites[candidate.site]
        alike = (site.kind, site.name) == (place.kind, place.name)
        if alike and (candidate.form, candidate.reading) == (loss.form, loss.reading):
            return candidate
    return None


class Seeker:
    """One search.

    Parameters
    ----------
    script, examined, loss
        What is wrong: the step that was measured, and the loss that it should follow.
    seconds
        How long the search may last.
    """

    def __init__(
        self, script: Script, examined: Examined, loss: Loss, seconds: float
    ) -> None:
        self.script, self.examined, self.loss = script, examined, loss
        self.until = time.monotonic() + seconds
        self.result = Search([])

    def _steady(self, script: Script, examined: Examined, loss: Loss) -> set[str]:
        """Return the paths whose later steps are right by the same factor."""
        goal = Goal(examined.goal.loop, LATER)
        later = examine(script, goal, quick=True)
        if later is None or loss not in later.slopes:
            return set(examined.fits(loss))
        first, second = examined.fits(loss), later.fits(loss)
        rates = {p.path: p.rate for p in examined.parameters}
        after = {p.path: p.rate for p in later.parameters}
        found = set()
        for path, one in first.items():
            two = second.get(path)
            if two is None or "still" in (one.verdict, two.verdict):
                found.add(path)
            elif one.good and two.good and one.verdict != "sign":
                ratio = (one.factor / rates[path]) / (two.factor / after[path])
                found |= {path} if abs(ratio - 1) < 0.02 else set()
        return found

    def search(self) -> Search:
        """Return the repairs, the first first."""
        while len(self.result.repairs) < MOST_REPAIRS:
            found = self._best()
            if found is None:
                break
            repair, examined, loss = found
            self.result.repairs.append(repair)
            self.script = prepare(self.script.path, repair.text, self.script.single)
            self.examined, self.loss = examined, loss
            if examined.right(loss):
                self.result.proved = True
                break
        return self.result

    def _best(self) -> tuple[Repair, Examined, Loss] | None:
        """Return the best single change, measured again as a whole."""
        scopes = run(
            self.script, goal=self.examined.goal, keep=self._paths(), scopes=True
        ).scopes
        self.before = self._badness(self.examined.fits(self.loss))
        back, front = self._suspects()
        likely, others = (0, LIKELY), (LIKELY + 1, 1000)
        astray = [
            f for f in self.examined.fits(self.loss).values() if f.verdict == "astray"
        ]
        front = front if astray else set()  # else the loss itself is computed rightly
        pulled = any(
            f.verdict == "decay" for f in self.examined.fits(self.loss).values()
        )
        for suspects, judge, ranks in (
            *([(back, self._judge, "penalty")] if pulled else []),
            (back, self._judge, likely),
            (front, self._judge_forward, likely),
            (back, self._judge, others),
            (front, self._judge_forward, others),
        ):
            kept = self._tried(suspects, scopes, judge, ranks)
            for _, proposal in sorted(kept, key=lambda pair: pair[0])[:MOST_WHOLE]:
                whole = self._whole(proposal)
                if whole is not None:
                    return whole
        return None

    def _paths(self) -> list[str]:
        return [parameter.path for parameter in self.examined.parameters]

    def _tried(
        self,
        suspects: set[int],
        scopes: Mapping[str, Any],
        judge: Any,
        ranks: Any,
    ) -> list[tuple[tuple[Any, ...], Proposal]]:
        kept: list[tuple[tuple[Any, ...], Proposal]] = []
        texts, clear = set(), None
        for proposal in proposals(self.script.text, scopes):
            if isinstance(ranks, str):
                if proposal.cause != ranks:
                    continue
            elif proposal.rank > (ranks[1] if clear is None else clear):
                break
            elif proposal.rank < ranks[0]:
                continue
            if proposal.line not in suspects or proposal.text in texts:
                continue
            if time.monotonic() > self.until:
                self.result.spent = True
                break
            if proposal.cause == "early" and proposal.line not in self._updates():
                continue
            proposal = self._ranked(proposal)
            texts.add(proposal.text)
            badness = judge(proposal)
            if badness is None or badness >= self.before:
                continue
            vague = proposal.cause in VAGUE or _cause_is_general(proposal.cause)
            # a named mistake explains more than "another variable"
            plain = vague or proposal.cause == "variable"
            key = badness, vague, plain, proposal.rank, proposal.size, proposal.line
            kept.append((key, proposal))
            if badness < (0, 0, 2) and not vague:
                clear = proposal.rank
        return kept

    def _updates(self) -> dict[int, bool]:
        """Return the lines that renew parameters, and whether they subtract."""
        places = [
            self.script.sites[n] for p in self.examined.parameters for n in p.sites
        ]
        lines = lines_of(self.script.text)
        return {
            place.line: bool(re.search(r"-=|=.*\w\]* - ", lines[place.line - 1]))
            for place in places
        }

    def _ranked(self, proposal: Proposal) -> Proposal:
        """Believe less in another sign of an update when all updates have one sign."""
        updates = self._updates()
        alike = len(self.examined.parameters) > 1 and len(set(updates.values())) == 1
        if proposal.cause == "sign" and proposal.line in updates and alike:
            return replace(proposal, rank=proposal.rank + LIKELY)
        return proposal

    def _suspects(self) -> tuple[set[int], set[int]]:
        """Return lines that change steps only, and lines that change the loss."""
        tree, source = ast.parse(self.script.text), Text(self.script.text)
        back: set[int] = set()
        front: set[int] = set()
        for node in self._inside(tree):
            lines = range(node.lineno, _head_end(node) + 1)
            value = getattr(node, "value", None)
            if isinstance(node, ast.Assign | ast.AugAssign | ast.Return) and value:
                if _masks(node):
                    back.update(lines)  # a mask that picks nothing disturbs nothing
                    continue
                blame = self._blame(source, value)
                if blame == "steps":
                    back.update(lines)
                elif blame == "loss":
                    front.update(lines)
            else:
                back.update(lines)
        return back, front

    def _inside(self, tree: ast.Module) -> list[ast.stmt]:
        """Return the statements that may run in the step, in its loop and functions."""
        line = self.script.sites[self.examined.goal.loop].line
        found: dict[int, ast.stmt] = {}
        for node in ast.walk(tree):
            loop = isinstance(node, ast.For | ast.While) and node.lineno == line
            loop = loop or (self.script.single is not None and node is tree)
            function = isinstance(node, ast.FunctionDef) and not (
                node.lineno <= line <= (node.end_lineno or 0)
            )
            if loop or function:
                inner = [part for part in ast.walk(node) if isinstance(part, ast.stmt)]
                found |= {id(part): part for part in inner if part is not node}
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
                found[id(node)] = node
        return list(found.values())

    def _blame(self, source: Text, value: ast.expr) -> str:
        larger = ast.BinOp(value, ast.Mult(), ast.Constant(1.37))
        text = source.replaced(value, ast.BinOp(larger, ast.Add(), ast.Constant(0.11)))
        if text is None:
            return "steps"
        made = self._made(text)
        if made is None:
            return "steps"
        script, goal = made
        ran = run(script, goal=goal, keep=self._paths())
        if ran.error is not None or not ran.notes.ended:
            return "steps"
        base = self.examined.base
        if any(
            ran.notes.before.get(path) is None
            or (ran.notes.before[path] != base.before[path]).any()
            for path in self._paths()
        ):
            return "none"  # it sets the parameters up
        held = run(script, goal=goal, held=self._paths()).notes.losses
        key = (self.loss.site, self.loss.reading)
        if self._other_loss(held.get(key), self.examined.values.get(key)):
            return "loss"
        same = all(
            (ran.notes.after[path] == base.after[path]).all() for path in self._paths()
        )
        return "none" if same else "steps"

    def _remembers(self) -> bool:
        """Say whether something shaped as a parameter is renewed from its old value."""
        shapes = {parameter.value.shape for parameter in self.examined.parameters}
        for site, path, _ in self.examined.base.events:
            place = self.script.sites[site]
            old = self.examined.base.before.get(path)
            own = re.search(rf"(?<!\w){re.escape(place.name)}(?!\w)", place.doc)
            if own and path not in self._paths() and old is not None:
                return old.shape in shapes
        return False

    @staticmethod
    def _other_loss(one: float | None, other: float | None) -> bool:
        return one is None or other is None or abs(one - other) > 1e-9 * abs(other)

    def _made(self, text: str) -> tuple[Script, Goal] | None:
        try:
            script = prepare(self.script.path, text, self.script.single)
            return script, same_goal(self.script, self.examined.goal, script)
        except (SyntaxError, ValueError, IndexError):
            return None

    def _judge(self, proposal: Proposal) -> tuple[int, ...] | None:
        """Return how bad the steps are after a change that leaves the loss alone."""
        made = self._made(proposal.text)
        if made is None:
            return None
        script, goal = made
        ran = run(script, goal=goal, keep=self._paths())
        if ran.error is not None or not ran.notes.ended:
            return None
        moved = []
        for parameter in self.examined.parameters:
            before = ran.notes.before.get(parameter.path)
            after = ran.notes.after.get(parameter.path)
            if before is None or after is None or after.shape != parameter.value.shape:
                return None
            moved.append(replace(parameter, step=after - before))
            if parameter.step.any() and not moved[-1].step.any():
                return None  # what stands still is not mended
        return min(
            self._badness({p.path: fit(p, slopes[p.path]) for p in moved})
            for slopes in self.examined.slopes.values()
        )

    def _judge_forward(self, proposal: Proposal) -> tuple[int, ...] | None:
        """Return how bad the steps are after a change that may change the loss.

        It must make all of them right: a part of any loss can be bent to fit.
        """
        whole = self._whole(proposal, quick=True)
        if whole is None:
            return None
        _, examined, loss = whole
        if not examined.right(loss):
            return None
        return self._badness(examined.fits(loss), examined.parameters)

    def _badness(
        self, fits: dict[str, Fit], parameters: list[Parameter] | None = None
    ) -> tuple[int, int, int]:
        """Return how many steps are wrong, whether factors differ, and how far off."""
        wrong = sum(not one.good for one in fits.values())
        still = sum(one.verdict == "still" for one in fits.values())
        parameters = parameters or self.examined.parameters
        uneven = spread(parameters, fits) >= 0.01
        wrong += len(fits) if still == len(fits) else 0
        return wrong, int(uneven), off(parameters, fits)

    def _whole(
        self, proposal: Proposal, quick: bool = False
    ) -> tuple[Repair, Examined, Loss] | None:
        """Measure a changed script anew, and return it if it is better."""
        made = self._made(proposal.text)
        examined = examine(*made, quick=quick) if made else None
        if made is None or examined is None:
            return None
        loss = same_loss(self.script, self.loss, examined, made[0])
        best = examined.best()
        if best is not None and (loss is None or not examined.right(loss)):
            loss = best if examined.right(best) else loss
        if loss is None:
            return None
        fits, old = examined.fits(loss), self.examined.fits(self.loss)
        if self._badness(fits, examined.parameters) >= self.before:
            return None
        seen = {path for path, one in fits.items() if one.slopes.any()}
        if any(one.slopes.any() and path not in seen for path, one in old.items()):
            return None  # what is no longer measured is not mended
        wrong = [p for p, one in old.items() if not one.good]
        if any(p in fits and fits[p].verdict == "still" for p in wrong):
            return None  # nor what stands still
        mended = tuple(path for path in wrong if path in fits and fits[path].good)
        if not quick and not self._lasts(made[0], examined, loss):
            return None
        return (
            Repair(proposal.cause, proposal.line, proposal.text, mended),
            examined,
            loss,
        )

    def _lasts(self, script: Script, examined: Examined, loss: Loss) -> bool:
        """Say whether a change is right at a later step, too.

        With momentum and the like no later step follows the slope alone, and nothing
        is asked then.
        """
        if MEMORY.search(self.script.text) or self._remembers():
            return True
        right = {p for p, one in examined.fits(loss).items() if one.good}
        return right <= self._steady(script, examined, loss)


def _cause_is_general(cause: str) -> bool:
    return cause in CAUSES and CAUSES[cause].general


def _masks(node: ast.stmt) -> bool:
    """Say whether a statement changes only those entries that a comparison picks."""
    targets = getattr(node, "targets", [])
    return any(
        isinstance(part, ast.Compare) for one in targets for part in ast.walk(one)
    )


def _head_end(node: ast.stmt) -> int:
    """Return the last line of a statement, without the statements inside it."""
    body = getattr(node, "body", None)
    if isinstance(body, list) and body:
        return max(node.lineno, int(body[0].lineno) - 1)
    return node.end_lineno or node.lineno
