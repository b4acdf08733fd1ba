"""Updates that stand in the wrong loop: one indentation too far in, or out."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from .edits import Text
from .lint import Found
from .measure import Examined
from .run import Script


def _lines(script: Script, examined: Examined) -> set[int]:
    """Return the lines that renew parameters."""
    return {script.sites[n].line for p in examined.parameters for n in p.sites}


def _training(tree: ast.Module, script: Script, examined: Examined) -> ast.AST:
    line = script.sites[examined.goal.loop].line
    loops = [n for n in ast.walk(tree) if isinstance(n, ast.For | ast.While)]
    return next((loop for loop in loops if loop.lineno == line), tree)


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _shifted(lines: list[str], by: int) -> list[str]:
    if by > 0:
        return [" " * by + line if line.strip() else line for line in lines]
    return [line[-by:] if line.strip() else line for line in lines]


def moved_out(text: str, script: Script, examined: Examined) -> Iterator[Found]:
    """Yield texts with updates taken out of a loop that computes no prediction."""
    tree, lines = ast.parse(text), Text(text).lines
    updates = _lines(script, examined)
    for loop in ast.walk(_training(tree, script, examined)):
        if not isinstance(loop, ast.For) or loop.lineno == _line(script, examined):
            continue
        if loop.body[0].lineno == loop.lineno:
            continue  # all in one line
        inner = [s for s in loop.body if s.lineno in updates]
        if not inner or any(_names(loop.target) & _names(s) for s in inner):
            continue
        kept = [s for s in loop.body if _names(s) & _names(loop.target)]
        gone = [s for s in loop.body if s not in kept]
        if not kept or not gone:
            continue
        by = loop.body[0].col_offset - loop.col_offset
        above = lines[: loop.body[0].lineno - 1]
        parts = [lines[s.lineno - 1 : s.end_lineno] for s in kept]
        outer = [_shifted(lines[s.lineno - 1 : s.end_lineno], -by) for s in gone]
        rest = lines[loop.end_lineno or 0 :]
        made = "".join(itertools.chain(above, *parts, *outer, rest))
        count = max(
            sum(path == p.path for _, path, _ in examined.base.events)
            for p in examined.parameters
        )
        words = {"count": str(count)}
        yield Found("repeated", inner[0].lineno, made, words=words)


def moved_in(text: str, script: Script, examined: Examined) -> Iterator[Found]:
    """Yield texts with updates put into the loop over the samples before them."""
    tree, lines = ast.parse(text), Text(text).lines
    updates = _lines(script, examined)
    body = getattr(_training(tree, script, examined), "body", [])
    for place, loop in enumerate(body):
        after = body[place + 1 :]
        numbers = [n for n, s in enumerate(after) if s.lineno in updates]
        if not isinstance(loop, ast.For) or not numbers:
            continue
        if loop.body[0].lineno == loop.lineno:
            continue  # all in one line
        moved = after[: numbers[-1] + 1]
        by = loop.body[0].col_offset - loop.col_offset
        begin, end = moved[0].lineno - 1, moved[-1].end_lineno or 0
        made = [*lines[:begin], *_shifted(lines[begin:end], by), *lines[end:]]
        yield Found("last", after[numbers[0]].lineno, "".join(made))


def _line(script: Script, examined: Examined) -> int:
    return script.sites[examined.goal.loop].line
