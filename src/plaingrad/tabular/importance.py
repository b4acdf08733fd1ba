"""How much predictions rest on a column: the score that is lost by shuffling it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..data.prepare import random_state

Array = np.ndarray[Any, Any]
REPEATS = 10


def permutation_importance(
    score: Callable[[Mapping[str, Array]], float], cells: Mapping[str, Array], seed: int
) -> dict[str, tuple[float, float]]:
    """Return how much the score drops when a column is shuffled: mean and deviation.

    Parameters
    ----------
    score
        From the cells by column to how good the predictions are; larger is better.
    cells
        Those of rows that were not trained on.
    seed
        Of the ten shuffles, which are the same for each column.

    Notes
    -----
    Columns that say nearly the same share their importance. Source: L. Breiman, "Random
    forests", Machine Learning 45 (2001).
    """
    whole = score(cells)
    found = {}
    for name, values in cells.items():
        random, order = random_state(seed), np.arange(len(values))
        drops, shuffled = [], values
        for _ in range(REPEATS):
            random.shuffle(order)
            shuffled = shuffled[order]
            drops.append(whole - score({**cells, name: shuffled}))
        found[name] = float(np.mean(drops)), float(np.std(drops))
    return found
