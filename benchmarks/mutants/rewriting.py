"""Other ways to write the same step, which a check must find right."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import numpy as np

from .subjects import Subject

PARTS = ("forward", "loss", "backward")
Rewriting = Callable[[Subject], Subject]


def everywhere(subject: Subject, pattern: str, new: str) -> Subject:
    """Return the subject with a pattern replaced in all of its parts."""
    return subject.swap(**{p: re.sub(pattern, new, getattr(subject, p)) for p in PARTS})


def dot(s: Subject) -> Subject:
    return everywhere(s, r"(\b\w+\.T) @ (\b\w+)\b(?![.\[(])", r"np.dot(\1, \2)")


def sums(s: Subject) -> Subject:
    return everywhere(s, r"(\b\w+)\.sum\(axis=0\)", r"np.sum(\1, axis=0)")


def squares(s: Subject) -> Subject:
    return everywhere(s, r"\b(a\d) \*\* 2", r"\1 * \1")


def masks(s: Subject) -> Subject:
    return everywhere(s, r"\* \((z\d) > 0\)", r"* np.where(\1 > 0, 1.0, 0.0)")


def shares(s: Subject) -> Subject:
    return everywhere(s, r"\) / n\b", ") * (1 / n)")


def renamed(s: Subject) -> Subject:
    s = everywhere(s, r"\bz(\d)\b", r"pre\1")
    s = everywhere(s, r"\ba(\d)\b", r"hidden\1")
    s = everywhere(s, r"\bmask(\d)\b", r"kept\1")
    s = everywhere(s, r"\bdz(\d)\b", r"delta\1")
    return everywhere(s, r"\bdscores\b", "delta_out")


def single(s: Subject) -> Subject:
    return s.swap(arrays={n: a.astype(np.float32) for n, a in s.arrays.items()})


def larger(s: Subject) -> Subject:
    return s.swap(arrays={n: 3 * a for n, a in s.arrays.items()})


def smaller(s: Subject) -> Subject:
    return s.swap(arrays={n: 0.01 * a for n, a in s.arrays.items()})


def dead(s: Subject) -> Subject:
    """With samples of zeros: with biases of zero, ReLU stands exactly at its kink."""
    X = s.data["X"].copy()
    X[:3] = 0
    return s.swap(data={**s.data, "X": X})


REWRITINGS: dict[str, Rewriting] = {
    f.__name__: f
    for f in (dot, sums, squares, masks, shares, renamed, single, larger, smaller, dead)
}


def variants(subject: Subject) -> Iterator[tuple[str, Subject]]:
    """Yield the subject as it is, in each other way, and in several at once."""
    yield "as printed", subject
    for name, rewrite in REWRITINGS.items():
        yield name, rewrite(subject)
    together = subject
    for rewrite in (dot, sums, squares, masks, shares, renamed):
        together = rewrite(together)
    yield "all of these", together
