"""Which columns tell the target almost by themselves: it may have leaked into them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .kinds import Array
from .table import Column

ALMOST = 0.97
"""The share of what there is to tell, from which on a column is suspicious."""
ENOUGH = 40
"""So many rows are needed to judge by."""
ROWS = 2_000
"""So many are judged by, at most; they are taken evenly from the table."""


def telling(inputs: Iterable[Column], target: Column) -> tuple[str, ...]:
    """Return the names of the columns that tell the target almost by themselves."""
    rows = np.linspace(0, len(target.values) - 1, ROWS).astype(int)
    few = np.unique(rows)
    wanted = target.rows(few)
    used = [column for column in inputs if column.kind != "ignore"]
    return tuple(c.name for c in used if told(c.rows(few), wanted) >= ALMOST)


def told(column: Column, target: Column) -> float:
    """Return how much one column tells of the target, without a network.

    Each row is guessed from the others: from those with the same cell, or, where there
    are none, from the neighbours among numbers and dates. It is 1 when all guesses are
    right, and 0 when they are no better than the mean or the most frequent class.
    """
    known = ~column.missing
    if known.sum() < max(ENOUGH, len(known) / 2):
        return 0.0
    cells, y = column.values[known], _as_numbers(target)[known]
    sort = column.kind != "category"
    guess = _guessed(cells if sort else cells.astype(str), y, sort)
    if target.kind == "number":
        lost, whole = ((guess - y) ** 2).sum(), ((y - y.mean(axis=0)) ** 2).sum()
    else:
        lost = (guess.argmax(axis=1) != y.argmax(axis=1)).mean()
        whole = 1 - y.mean(axis=0).max()
    return float(1 - lost / whole) if whole > 0 else 0.0


def _as_numbers(target: Column) -> Array:
    """Return a quantity as a column, or classes as zeros and ones, (n, k)."""
    if target.kind == "number":
        return target.values[:, None]
    classes, places = np.unique(target.values.astype(str), return_inverse=True)
    return np.eye(len(classes))[places]


def _guessed(cells: Array, y: Array, sort: bool) -> Array:
    """Return y (n, k) as the other rows tell it."""
    places, counts = np.unique(cells, return_inverse=True, return_counts=True)[1:]
    sums = np.zeros((len(counts), y.shape[1]))
    np.add.at(sums, places, y)
    others = counts[places, None] - 1
    guess = np.where(others > 0, (sums[places] - y) / np.maximum(others, 1), y.mean(0))
    if sort:
        order = np.argsort(places, kind="stable")
        line = y[order]
        near = np.empty_like(y)
        near[order] = (np.roll(line, 1, axis=0) + np.roll(line, -1, axis=0)) / 2
        near[order[[0, -1]]] = line[[1, -2]]
        guess = np.where(others > 0, guess, near)
    return guess
