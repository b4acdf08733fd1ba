"""What a script makes small: the loss that it says, or one that its deltas imply."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

import numpy as np

from .instrument import Site
from .watch import Notes

CURVED = re.compile(
    r"\*\*|square|pow|abs|log|norm|sqrt|loss|cost|err|mse|entropy", re.I
)
GATHERED = re.compile(r"(?=.*(\*\* ?2|square|\blog))(?=.*\b(sum|mean)\()", re.S)
"""What is a loss whatever its name: squares or logarithms, added up."""
IMPLIED = {
    "squares": "squares",
    "entropy left": "entropy",
    "entropy right": "entropy",
    "picked": "entropy",
    "binary left": "binary",
    "binary right": "binary",
}


@dataclass(frozen=True)
class Loss:
    """One candidate for the loss.

    `form` is said (by the script itself), squares, entropy or binary; `reading` tells
    which value of a place that reports more than once: their sum, first or last.
    """

    site: int
    reading: str
    form: str
    rank: int

    @property
    def last(self) -> bool:
        """Whether it counts only the last of several."""
        return self.reading.endswith("last")


def candidates(sites: list[Site], base: Notes, others: list[Notes]) -> list[Loss]:
    """Return what may be the loss, the likeliest first.

    `others` are what was seen with a parameter a little different: only what differs
    then can be a loss.
    """
    found = []
    for (site, reading), value in base.losses.items():
        moved = any(n.losses.get((site, reading)) != value for n in others)
        if not moved or not np.isfinite(value):
            continue
        if (
            reading != base_reading(reading)
            and base.counts[site, base_reading(reading)] < 2
        ):
            continue
        form, rank = _kind(sites, site, reading, base, others)
        if form:
            found.append(Loss(site, reading, form, rank))
    return sorted(found, key=lambda one: -one.rank)


def base_reading(reading: str) -> str:
    """Return the reading without `first` or `last`."""
    return reading.removesuffix(" last").removesuffix(" first")


def _kind(
    sites: list[Site], site: int, reading: str, base: Notes, others: list[Notes]
) -> tuple[str, int]:
    place, plain = sites[site], base_reading(reading)
    whole = 1 if plain == reading else 0
    if plain in IMPLIED:
        if plain != "picked" and not _one_sided(site, plain, base, others):
            return "", 0
        form = IMPLIED[plain]
        return form, 10 + whole + {"squares": 6, "entropy": 4, "binary": 2}[form]
    if not place.lossy and place.kind != "return" and GATHERED.search(place.doc):
        return "said", 18 + whole
    if not place.lossy or not _sensible(place):
        return "", 0
    if site in base.plain and _one_sided(base.plain[site], "", base, others):
        return "", 0
    return "said", 20 + whole + 2 * (place.kind != "return")


def _one_sided(site: int, plain: str, base: Notes, others: list[Notes]) -> bool:
    """Say whether only one side of a difference depends on the parameters."""
    sides = base.sides[site]
    moves = [
        any(n.sides.get(site, sides)[side] != sides[side] for n in others)
        for side in (0, 1)
    ]
    if plain.endswith("left"):
        return moves == [True, False]
    if plain.endswith("right"):
        return moves == [False, True]
    return sum(moves) == 1


def _sensible(place: Site) -> bool:
    """Say whether a place with a loss's name can hold a loss, and not an error signal.

    Backpropagated errors are products: `l1_error = l2_delta.dot(syn1.T)`.
    """
    text = place.doc or place.name
    if re.match(r"^[\w.\[\]]*\bdot\(", text) and "**" not in text:
        return False
    if CURVED.search(text):
        return True
    tree = ast.parse(text, mode="eval").body
    return not (
        isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Mult | ast.MatMult)
    )
