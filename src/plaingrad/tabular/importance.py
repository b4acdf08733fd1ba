"""How much predictions rest on a column: the score that is lost by shuffling it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..data.prepare import random_state

Array = np.ndarray[Any, Any]
REPEATS = 10


def permutation_importance(
    score: Callable[[Array], float], X: Array, places: Mapping[str, slice], seed: int
) -> dict[str, tuple[float, float]]:
    """Return how much the score drops when a column is shuffled: mean and deviation.

    Parameters
    ----------
    score
        From samples, (n, features), to how good the predictions are; larger is better.
    X
        Samples that were not trained on.
    places
        By column, which features it became; they are shuffled together.
    seed
        Of the ten shuffles, which are the same for each column.

    Notes
    -----
    Columns that say nearly the same share their importance. Source: L. Breiman, "Random
    forests", Machine Learning 45 (2001).
    """
    whole, shuffled = score(X), X.copy()
    found = {}
    for name, place in places.items():
        random, order = random_state(seed), np.arange(len(X))
        drops = []
        for _ in range(REPEATS):
            random.shuffle(order)
            shuffled[:, place] = shuffled[order, place]
            drops.append(whole - score(shuffled))
        shuffled[:, place] = X[:, place]
        found[name] = float(np.mean(drops)), float(np.std(drops))
    return found
