"""Finds the loop that trains: the innermost whose one pass renews every parameter."""

from __future__ import annotations

from dataclasses import dataclass

from .measure import Examined, examine, learned
from .run import Ran, Script, run
from .watch import Goal

LOOPS = 6
"""How many loops are looked at, the innermost first."""


@dataclass
class Found:
    """The first look at a script, and its training step if there is one."""

    look: Ran
    examined: Examined | None


def find(script: Script) -> Found:
    """Look at a script as it runs, and measure its first training step."""
    for brief in (True, False):
        look = run(script, brief=brief)
        best = _first(script, look)
        if best is not None or look.why != "step":
            break
    return Found(look, best)


def _first(script: Script, look: Ran) -> Examined | None:
    best, most = None, 0
    for loop in loops(look):
        found = learned(script, Goal(loop, 1))
        if found is not None and len(found[1]) > most:
            best, most = loop, len(found[1])
    return None if best is None else examine(script, Goal(best, 1))


def loops(look: Ran) -> list[int]:
    """Return the loops that hold changes, the innermost first."""
    depths = look.notes.loops
    return sorted(depths, key=lambda n: -depths[n])[:LOOPS]
