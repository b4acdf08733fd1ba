"""The report on a network for a table: how good, where wrong, and by which columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import draw, metrics
from ..columns.preparation import Preparation
from ..columns.table import Column, Table
from ..columns.targets import ClassTarget
from ..data.prepare import random_state
from ..model import Array
from ..network import Network
from ..raw.measures import of_numbers
from ..raw.report import Drawn, Report, costs, in_png, judged_classes
from .importance import permutation_importance
from .pages import TablePages

MOST_ROWS, LEAST_ROWS, MOST_CELLS = 5_000, 200, 1e9
"""So many rows, at random, are shuffled for the importance: fewer of many columns."""


@dataclass(frozen=True, kw_only=True, repr=False)
class TableReport(Report):
    """What `TableModel.report` found; see `Report` for the forms that it has.

    Attributes
    ----------
    errors
        The 5th, 25th, 50th, 75th and 95th percentile of true minus predicted, for a
        quantity; else empty.
    importance
        By column, how much accuracy (or R squared) is lost when it is shuffled: mean
        and deviation; the most important first.
    shuffled
        The rows among which it was shuffled.
    telling
        The columns that tell the target almost by themselves.
    columns
        The columns of the judged rows, the target last.
    features
        How many numbers a row becomes.
    """

    errors: tuple[float, ...]
    importance: Mapping[str, tuple[float, float]]
    shuffled: int
    telling: tuple[str, ...]
    columns: tuple[Column, ...]
    features: int

    def _pages(self, lang: str) -> TablePages:
        return TablePages(self, lang)


def report(
    network: Network,
    preparation: Preparation,
    table: Table,
    seen: tuple[int, int] | None,
    seed: int,
    lang: str,
) -> TableReport:
    """Return the report on a network by rows with targets; see `TableModel.report`."""
    X, y = preparation(table)
    few = random_state(seed).permutation(len(X))[: _enough(len(table.inputs), X)]
    dtype = next(iter(network.params.values())).dtype
    lost = permutation_importance(
        lambda shuffled: _score(y[few], network.predict(shuffled)),
        X[few].astype(dtype, copy=False),
        preparation.places,
        seed,
    )
    most = sorted(lost, key=lambda name: -lost[name][0])
    return TableReport(
        target=table.target.name,
        network=repr(network),
        judged=len(table),
        seen=seen,
        importance={name: lost[name] for name in most},
        shuffled=len(few),
        telling=table.telling,
        columns=(*table.inputs, table.target),
        features=len(preparation.features),
        lang=lang,
        **_judged(network, preparation, X, y, seed),
    )


def _score(y: Array, found: Array) -> float:
    """Return the accuracy of whole numbers, of others R squared, as `Network.score`.

    That looks at its graph anew each time, which takes longer than predicting.
    """
    whole = y.dtype.kind == "i"
    return float((y == found).mean()) if whole else metrics.r2(y, found)


def _enough(columns: int, X: Array) -> int:
    """Return how many rows to shuffle: each is predicted ten times for each column."""
    cells = max(1, columns * X.shape[1])
    return int(min(MOST_ROWS, max(LEAST_ROWS, MOST_CELLS / cells)))


def _judged(
    network: Network, preparation: Preparation, X: Array, y: Array, seed: int
) -> dict[str, Any]:
    """Return how good the predictions are, and pictures of it."""
    target = preparation.target
    if isinstance(target, ClassTarget):
        probs = network.predict_proba(X)
        told, drawn = judged_classes(y, probs, target.classes, seed)
        pictures = in_png(costs(network) | drawn)
        return {**told, "errors": (), "pictures": pictures}
    true, found = target.decode(y), target.decode(network.predict(X))
    residuals: Drawn = {"residuals.png": lambda: draw.residuals(true, found)}
    errors = np.percentile(true - found, (5, 25, 50, 75, 95))
    return {
        "classes": (),
        "measures": tuple(of_numbers(true, found, target.mean, seed)),
        "confusion": (),
        "errors": tuple(errors.tolist()),
        "pictures": in_png(costs(network) | residuals),
    }
