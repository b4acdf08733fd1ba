"""From evidence to findings: what is wrong, how it shows, and the line to change."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from .causes import CAUSES
from .evidence import Evidence
from .repair import Repair, repairs
from .sources import Code
from .values import Guess, guess


@dataclass(frozen=True)
class Finding:
    """One mistake, or one remark.

    Attributes
    ----------
    cause
        Its name in `causes.CAUSES`.
    params
        The parameters whose gradients it concerns.
    holds
        The evidence, as an equation between "claimed" and "measured".
    line
        Where in the user's file; None when that is not known.
    before, after
        The statement there, and the one that was proved to be right instead.
    together
        Whether it was proved together with the next finding only.
    """

    cause: str
    params: tuple[str, ...] = ()
    holds: str = ""
    line: int | None = None
    before: str = ""
    after: str = ""
    together: bool = False

    @property
    def proved(self) -> bool:
        """Whether the gradients were right after the change."""
        return bool(self.after)

    @property
    def remark(self) -> bool:
        """Whether it is no fault."""
        return CAUSES[self.cause].weight == "remark"


def diagnose(
    evidence: Evidence, code: Code | None = None, squared: bool = True
) -> list[Finding]:
    """Return what explains the gradients that disagree, the surest first.

    Parameters
    ----------
    evidence
        Claims and measurements.
    code
        The text that they come from, if it can be changed and run.
    squared
        Whether the loss may be a square, of which the gradient may be half.
    """
    wrong = evidence.wrong()
    guesses = {name: guess(evidence, name) for name in wrong}
    sloping = [name for name in evidence.names if evidence.sloping(name)]
    if squared and wrong == sloping and all(map(_half, guesses.values())) and wrong:
        return [Finding("convention", tuple(wrong), "claimed = 0.5 * measured")]
    found = _repaired(evidence, code, guesses) if code and wrong else []
    fixed = {name for finding in found for name in finding.params}
    rest = {name: guesses[name] for name in wrong if name not in fixed}
    return [*found, *_guessed(rest, code)]


def _half(found: Guess) -> bool:
    return found.factor is not None and abs(found.factor - 0.5) < 1e-4


def _repaired(
    evidence: Evidence, code: Code, guesses: dict[str, Guess]
) -> list[Finding]:
    found = repairs(code, evidence)
    findings = []
    for number, repair in enumerate(found):
        together = not repair.repaired
        if together:
            repaired = next(r.repaired for r in found[number:] if r.repaired)
            repair = replace(repair, repaired=repaired)
        findings.append(replace(_proved(repair, guesses), together=together))
    return findings


def _proved(repair: Repair, guesses: dict[str, Guess]) -> Finding:
    # the first of two changes may spoil a gradient that was right, for the second
    named = [guesses[name] for name in repair.repaired if name in guesses]
    exact = [g for g in named if not CAUSES[g.cause].general]
    cause = repair.cause
    others = [g for g in exact if g.cause in ("other", "swapped")]
    if others or (CAUSES[cause].general and exact):
        cause = (others or exact)[0].cause
    same = [g for g in named if g.cause == cause]
    holds = next((g.holds for g in (*same, *named)), "")
    after = "" if repair.after == "pass" else repair.after
    return Finding(
        cause,
        repair.repaired,
        holds,
        repair.line,
        repair.before,
        after or f"# {repair.before}",
    )


def _guessed(guesses: dict[str, Guess], code: Code | None) -> list[Finding]:
    """Return a finding for each cause that the numbers show, with its parameters."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name, found in guesses.items():
        groups.setdefault((found.cause, found.holds.replace(name, "*")), []).append(
            name
        )
    findings = []
    for (cause, _), names in groups.items():
        statement = _assigned(names[0], code.tree) if code else None
        line = statement.lineno if statement else None
        before = ast.unparse(statement) if statement else ""
        holds = guesses[names[0]].holds
        findings.append(Finding(cause, tuple(names), holds, line, before))
    return sorted(findings, key=lambda f: CAUSES[f.cause].general)


def _assigned(name: str, tree: ast.Module) -> ast.stmt | None:
    """Return the last statement that assigns the gradient of a parameter."""
    last = re.escape(name.rpartition(".")[2])
    wanted = re.compile(
        rf"(\w+\.)?(d_?|grad_){last}|{last}_grad|d?grad\w*\['d?{last}'\]"
    )
    found = None
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AugAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            named = any(wanted.fullmatch(ast.unparse(target)) for target in targets)
            if named and (found is None or node.lineno > found.lineno):
                found = node
    return found


def text_remarks(
    tree: ast.Module, nan: Callable[[], bool], kinks: bool
) -> Iterable[Finding]:
    """Yield what the text shows although the gradients agree with the slopes."""
    exps = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node).startswith("np.exp(")
        # exp(-z) is that of a sigmoid, which has no largest score
        and not ast.unparse(node).startswith("np.exp(-")
    ]
    shifted = re.search(r"\ba?max\(", ast.unparse(tree))
    if exps and not shifted and nan():
        yield Finding("overflow", line=exps[0].lineno, before=ast.unparse(exps[0]))
    for node in ast.walk(tree) if kinks else ():
        compared = ast.unparse(node) if isinstance(node, ast.Compare) else ""
        if isinstance(node, ast.Compare) and compared.endswith((">= 0", ">= 0.0")):
            yield Finding("at_zero", line=node.lineno, before=compared)
