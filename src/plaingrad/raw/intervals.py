"""How sure a measure is: intervals that hold the true value 95 times in 100."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..data.prepare import random_state

Array = np.ndarray[Any, Any]
Interval = tuple[float, float]
NORMAL = 1.959963984540054
"""The normal distribution has 95 % of its mass within so many deviations."""
DRAWS = 1_000


def wilson(right: int, count: int) -> Interval:
    """Return the interval of a share: of `right` among `count`.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical
    inference", Journal of the American Statistical Association 22 (1927).
    """
    share, z = right / count, NORMAL**2 / count
    middle = (share + z / 2) / (1 + z)
    half = np.sqrt(z * (share * (1 - share) + z / 4)) / (1 + z)
    return float(max(0.0, middle - half)), float(min(1.0, middle + half))


def bootstrap(measure: Callable[[Array], float], count: int, seed: int) -> Interval:
    """Return the interval of a measure by drawing the rows again, with replacement.

    Parameters
    ----------
    measure
        From the numbers of the rows that were drawn, (count,), to the value.
    count
        The number of rows.
    seed
        Of the draws.

    Returns
    -------
    tuple of float
        The 2.5th and 97.5th percentile of the values of 1,000 draws.

    Notes
    -----
    Source: B. Efron, "Bootstrap methods: another look at the jackknife", The Annals of
    Statistics 7 (1979).
    """
    draw = random_state(seed).randint
    values = [measure(draw(count, size=count)) for _ in range(DRAWS)]
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)
