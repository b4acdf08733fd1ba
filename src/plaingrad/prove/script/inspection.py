"""A whole check of one script, in the process that may run it.

The text is made readable for Python 3, its plain mistakes are found, it is run and its
training step measured, and where steps are wrong the cause is searched for.
"""

from __future__ import annotations

import ast
import difflib
import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .crash import as_float, explain, listed, recounted
from .edits import Text, changed_lines, lines_of
from .find import Found as Step
from .find import find
from .indent import moved_in, moved_out
from .lint import Found, lint
from .losses import Loss
from .measure import Examined, gathering, spread, steady
from .old import readable
from .outcome import Finding, Outcome, Row
from .proposals import proposals
from .run import Script, count, prepare, run
from .search import VAGUE, Repair, Search, Seeker
from .words import cause

LIBRARIES = ("torch", "tensorflow", "jax", "autograd", "mxnet", "theano", "chainer")
STOPS = 4
"""How many errors of a running script are mended, one after another."""


class Inspection:
    """One check.

    Parameters
    ----------
    path
        The script's file; it is run as this file.
    text
        Its text.
    seconds
        How long the search for causes may last.
    """

    def __init__(self, path: Path, text: str, seconds: float) -> None:
        self.path, self.original, self.text = path, text, text
        self.seconds, self.began = seconds, time.monotonic()
        self.outcome = Outcome("lint")

    def inspect(self) -> Outcome:
        """Return what was found."""
        outcome = self.outcome
        if self._read():
            self._lint()
            self.outcome.findings.sort(key=lambda one: one.line)
            step = self._run()
            if step is not None:
                self._judge(step)
        outcome.text = self.text
        outcome.findings = _unique(outcome.findings)
        if outcome.status == "lint" and outcome.faults:
            outcome.status = "wrong"
        outcome.seconds, outcome.runs = time.monotonic() - self.began, count()
        return outcome

    def _refuse(self, reason: str, **words: Any) -> None:
        self.outcome.status, self.outcome.reason = "refused", reason
        self.outcome.words = words

    def _note(self, found: Found, apply: bool = True) -> None:
        """Take a finding in, and its repair into the text."""
        before, after, line, below = "", "", self._line(found.line), 0
        if found.text is not None:
            before, after = _shown(self.text, found.text)
            if before == after:
                below = self._line(changed_lines(self.text, found.text)[-1][0] - 1)
            if apply:
                self.text = found.text
        remark = cause(found.cause).weight == "remark"
        words = dict(found.words)
        self.outcome.findings.append(
            Finding(found.cause, line, before, after, words, remark, below)
        )

    def _line(self, line: int) -> int:
        """Return the line of the original that a line of the present text was."""
        old, new = lines_of(self.original), lines_of(self.text)
        if len(old) == len(new):
            return line
        matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
        for _, a, b, c, d in matcher.get_opcodes():
            if c < line <= d:
                return min(a + line - c, max(b, a + 1))
        return line

    # before it runs ------------------------------------------------------------------

    def _read(self) -> bool:
        text, found, error = readable(self.text)
        for one in found:
            self._note(one)
        self.text = text
        if error is not None:
            self._refuse("syntax", line=error.lineno or 0, error=error.msg)
        return error is None

    def _lint(self) -> None:
        for _ in range(60):
            known = {(one.cause, one.line) for one in self.outcome.findings}
            found = [
                one
                for one in lint(self.text)
                if (one.cause, self._line(one.line)) not in known
            ]
            if not found:
                return
            self._note(found[0], apply=found[0].cause != "wide_slice")

    # while it runs -------------------------------------------------------------------

    def _run(self) -> Step | None:
        """Run the script, mend what stops it, and return its training step."""
        for _ in range(STOPS):
            step = find(prepare(self.path, self.text))
            look = step.look
            if look.error is None:
                break
            if not self._mend(step):
                error = f"{type(look.error).__name__}: {look.error}"
                self._refuse("error", line=self._line(look.line or 0), error=error)
                return None
        if step.look.error is not None:
            return None
        self._watched(step)
        if step.script.text != self.text:  # what was seen is repaired first
            step = find(prepare(self.path, self.text))
        if step.examined is None:
            self._without_step(step)
            return None
        if not steady(step.script, step.examined):
            self._refuse("unsteady")
            return None
        return step

    def _found(self, text: str) -> Step | None:
        """Return the training step of a changed text, if Python can read that."""
        try:
            return find(prepare(self.path, text))
        except (SyntaxError, ValueError):
            return None

    def _mend(self, step: Step) -> bool:
        """Find what lets a script go on that has stopped."""
        look = step.look
        for found in explain(look, self.text):
            if found.text is None:
                self._note(found)
                return False
            again = self._found(found.text)
            error = again and (again.look.line, str(again.look.error))
            if error and error != (look.line, str(look.error)):
                self._note(found)
                return True
        return self._mend_line(look.line or 0, look.error)

    def _mend_line(self, line: int, error: BaseException | None) -> bool:
        """Try the known changes of a line that stops, for one that makes all right."""
        if not isinstance(error, ValueError | TypeError | IndexError | NameError):
            return False
        script = prepare(self.path, self.text)
        scopes, until = run(script, scopes=True).scopes, time.monotonic() + self.seconds
        for proposal in proposals(self.text, scopes):
            if proposal.line != line or time.monotonic() > until:
                continue
            again = self._found(proposal.text)
            if again is not None and again.look.error is None and _goes_down(again):
                self._note(Found(proposal.cause, line, proposal.text, True))
                return True
        return False

    def _without_step(self, step: Step) -> None:
        tree = ast.parse(self.text)
        imported = {
            name.partition(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
            )
        }
        used = [name for name in LIBRARIES if name in imported]
        if used:
            self._refuse("library", name=used[0])
        elif step.look.why in ("seconds", "passes"):
            self._refuse("time", seconds=10)
        elif not self.outcome.faults:
            self._refuse("no_step")

    def _watched(self, step: Step) -> None:
        """Take in what was seen while the script ran."""
        notes = step.look.notes
        tree, text = ast.parse(self.text), Text(self.text)
        for _, line in notes.exhausted.values():
            self._note(Found("exhausted", line, listed(tree, text, line)))
            tree, text = ast.parse(self.text), Text(self.text)
        for line in sorted(notes.cut):
            for found in list(as_float(tree, text, line))[:1]:
                self._note(found)
        for line, (counted, divisor) in notes.miscounted.items():
            words = {"counted": str(counted), "divisor": f"{divisor:g}"}
            held = run(step.script, brief=True).scopes[""]
            better = recounted(self.text, line, counted, held)
            self._note(Found("miscounted", line, better, words=words))

    # the step ------------------------------------------------------------------------

    def _judge(self, step: Step) -> None:
        script, examined = step.script, step.examined
        assert examined is not None  # noqa: S101 - seen by the caller
        loss = examined.best()
        if loss is None:
            self._refuse("no_slopes")
            return
        self._describe(script, examined, loss)
        if examined.right(loss) and not loss.last:
            self._gathered(script, examined, loss)
            self.outcome.status = "wrong" if self.outcome.faults else "right"
            self.outcome.mended = True
            return
        if all(row.verdict == "still" for row in self.outcome.rows):
            self._refuse("doubtful")
            return
        if self._by_indent(script, examined, loss):
            return
        result = Seeker(script, examined, loss, self.seconds).search()
        self._take(examined, loss, result)

    def _gathered(self, script: Script, examined: Examined, loss: Loss) -> None:
        """See whether gradients of earlier steps are never set back to zero."""
        site = gathering(script, examined, loss)
        if site is None:
            return
        name, line = script.sites[site].name, script.sites[site].line
        tree = ast.parse(self.text)
        loop = script.sites[examined.goal.loop].line
        first = next(
            node.body[0].lineno
            for node in ast.walk(tree)
            if isinstance(node, ast.For | ast.While) and node.lineno == loop
        )
        better = Text(self.text).inserted(first, f"{name} = {name} * 0")
        self._note(Found("accumulated", line, better))

    def _by_indent(self, script: Script, examined: Examined, loss: Loss) -> bool:
        """See whether updates stand in the wrong loop."""
        ways: Iterator[Found] = moved_out(self.text, script, examined)
        if loss.last:
            ways = moved_in(self.text, script, examined)
        for found in ways:
            after = self._found(found.text or "")
            if after is not None and _goes_down(after, last=False):
                self._note(found)
                self.outcome.status, self.outcome.mended = "wrong", True
                return True
        return False

    def _take(self, examined: Examined, loss: Loss, result: Search) -> None:
        """Take in what the search came to."""
        certain = any(one.verdict == "down" for one in examined.fits(loss).values())
        certain = certain or loss.form == "said"
        if not result.proved:  # what mends only a part must mend that, and plainly
            result.repairs = list(itertools.takewhile(_plain, result.repairs))
        for repair in result.repairs:
            self._note(_of_repair(repair))
        self.outcome.mended, self.outcome.spent = result.proved, result.spent
        if result.repairs or certain:
            self.outcome.status = "wrong"
        else:
            self._refuse("doubtful")
            return
        if not result.proved:
            wrong = [row for row in self.outcome.rows if row.verdict in WRONG]
            lines = [row.line for row in wrong or self.outcome.rows]
            self.outcome.findings.append(Finding("unlike", min(lines)))

    def _describe(self, script: Script, examined: Examined, loss: Loss) -> None:
        """Set down the loop, the loss and the parameters."""
        loop = script.sites[examined.goal.loop]
        line = 0 if script.single is not None else self._line(loop.line)
        self.outcome.loop = (line, loop.name)
        place = script.sites[loss.site]
        self.outcome.loss = {
            "form": loss.form,
            "name": place.name,
            "line": self._line(place.line),
        }
        fits = examined.fits(loss)
        for parameter in examined.parameters:
            one = fits[parameter.path]
            site = script.sites[parameter.sites[0]]
            numbers = (one.factor, parameter.rate, one.cosine, one.decay)
            row = Row(parameter.path, self._line(site.line), one.verdict, *numbers)
            self.outcome.rows.append(row)
        good = all(one.good for one in fits.values())
        self.outcome.uneven = good and spread(examined.parameters, fits) >= 0.01


def _goes_down(step: Step, last: bool = True) -> bool:
    """Say whether every parameter goes down a loss; `last`, be it one sample's."""
    loss = step.examined.best() if step.examined else None
    if step.examined is None or loss is None or (loss.last and not last):
        return False
    return step.examined.right(loss)


WRONG = ("up", "astray", "unmoved", "aimless")


def _shown(old: str, new: str) -> tuple[str, str]:
    """Return the lines that a repair changes, before and after it."""
    changes = changed_lines(old, new)
    sides = ([was for _, was, _ in changes], [now for _, _, now in changes])
    both = ["\n".join(text for text in texts if text.strip()) for texts in sides]
    lines = [part for part in (both[0] + "\n" + both[1]).split("\n") if part.strip()]
    margin = min(len(line) - len(line.lstrip()) for line in lines)
    cut = ["\n".join(line[margin:] for line in text.split("\n")) for text in both]
    return cut[0], cut[1]


def _plain(repair: Repair) -> bool:
    """Say whether a repair mends a parameter, and its cause says more than "other"."""
    known = cause(repair.cause)
    return bool(repair.paths) and not known.general and repair.cause not in VAGUE


def _of_repair(repair: Repair) -> Found:
    return Found(repair.cause, repair.line, repair.text)


def _unique(findings: list[Finding]) -> list[Finding]:
    kept: dict[tuple[str, int, str], Finding] = {}
    for one in findings:
        kept.setdefault((one.cause, one.line, one.before), one)
    return list(kept.values())
