"""Finds the loop that trains: the innermost whose one pass renews every parameter."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from .measure import Examined, examine, learned
from .run import Ran, Script, prepare, run
from .watch import Goal

TURNS = (1, 2, 3, 5)
"""The steps that are looked at, until one tells something."""
LOOPS = 6
"""How many loops are looked at, the innermost first."""


@dataclass
class Found:
    """The first look at a script, and its training step if there is one."""

    look: Ran
    examined: Examined | None
    script: Script


def find(script: Script) -> Found:
    """Look at a script as it runs, and measure its first training step."""
    for brief in (True, False):
        look = run(script, brief=brief)
        best = _first(script, look)
        if best is not None or look.why != "step":
            break
    if best is None and look.why is None:
        for single in beginnings(script.text):
            once = prepare(script.path, script.text, single)
            best = _first(once, run(once))
            if best is not None:
                return Found(look, best, once)
    return Found(look, best, script)


def beginnings(text: str) -> list[int]:
    """Return statements from which on a script without a training loop may learn.

    They are those behind the last first assignment of a name that is changed later.
    """
    body = ast.parse(text).body
    first: dict[str, int] = {}
    changed: set[str] = set()
    for place, statement in enumerate(body):
        for node in ast.walk(statement):
            targets = getattr(node, "targets", [getattr(node, "target", None)])
            if not isinstance(node, ast.Assign | ast.AugAssign):
                continue
            for name in (name for target in targets for name in _names(target)):
                if name in first:
                    changed.add(name)
                first.setdefault(name, place)
    places = sorted({first[name] + 1 for name in changed})
    return [place for place in places if place < len(body)]


def _names(target: ast.AST | None) -> list[str]:
    nodes = [] if target is None else ast.walk(target)
    return [node.id for node in nodes if isinstance(node, ast.Name)]


def _first(script: Script, look: Ran) -> Examined | None:
    best, most = None, 0
    for loop in loops(look):
        found = learned(script, Goal(loop, 1))
        if found is not None and len(found[1]) > most:
            best, most = loop, len(found[1])
    return None if best is None else _telling(script, best)


def _telling(script: Script, loop: int) -> Examined | None:
    """Return the first step of a loop in which anything has a slope."""
    first = None
    for turn in TURNS:
        one = examine(script, Goal(loop, turn))
        loss = one.best() if one else None
        if one is not None and loss is not None:
            first = first or one
            if any(f.verdict != "still" for f in one.fits(loss).values()):
                return one
        elif turn == 1:
            first = one
    return first


def loops(look: Ran) -> list[int]:
    """Return the loops that hold changes, the innermost first."""
    depths = look.notes.loops
    return sorted(depths, key=lambda n: -depths[n])[:LOOPS]
