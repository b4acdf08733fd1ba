"""Algebra on graphs, to a fixed point: what a careful person would not write twice.

A rule looks at one node whose inputs are simple already and returns something equal,
or None. Rules that keep numbers finite come first (`log(softmax(x))` is
`log_softmax(x)`); the others remove what derivation leaves behind.
"""

from . import arrays, choices, factors, known, signs, stable
from .engine import adopt, simplify

__all__ = ["simplify"]

for _rules in (stable, known, signs, factors, choices, arrays):
    adopt(_rules.rule)
