"""The report on a network for a table: how good, where wrong, and by which columns."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .. import draw, metrics
from ..columns.preparation import Preparation
from ..columns.table import Column, Table
from ..columns.targets import ClassTarget
from ..data.prepare import random_state
from ..draw.style import rendered
from ..errors import MissingExtraError, PlaingradError
from ..files import write_whole
from ..network import Network
from ..write.document import Document
from ..write.page import blocks, page
from .importance import permutation_importance
from .intervals import Array
from .measures import Measure, of_classes, of_numbers
from .pages import ReportPages

MOST_ROWS, LEAST_ROWS, MOST_CELLS = 5_000, 200, 1e9
"""So many rows, at random, are shuffled for the importance: fewer of many columns."""


@dataclass(frozen=True, kw_only=True, repr=False)
class TableReport(Document):
    """What `TableModel.report` found.

    `text()`, `markdown()` and `html()` write it; `save(path)` writes a file: a page
    with its pictures in it, or Markdown with its pictures beside it.

    Attributes
    ----------
    target, classes
        The column that is predicted, and its classes; none for a quantity.
    network
        As it was written.
    judged, seen
        The rows that it is judged by, and the numbers of those to learn from and to
        validate; None when the rows come from elsewhere.
    measures
        How good the predictions are, with intervals.
    confusion
        How often each class (row) was predicted as each (column); empty for a quantity.
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
    pictures
        PNG files by name, as far as matplotlib is there.
    """

    target: str
    classes: tuple[str, ...]
    network: str
    judged: int
    seen: tuple[int, int] | None
    measures: tuple[Measure, ...]
    confusion: tuple[tuple[int, ...], ...]
    errors: tuple[float, ...]
    importance: Mapping[str, tuple[float, float]]
    shuffled: int
    telling: tuple[str, ...]
    columns: tuple[Column, ...]
    features: int
    lang: str = "en"
    pictures: Mapping[str, bytes] = field(default_factory=dict)

    def _pages(self, lang: str) -> ReportPages:
        return ReportPages(self, lang)

    def html(self, lang: str | None = None) -> str:
        """Return it as a web page that needs no network, its pictures in it."""
        title = self.title(lang).replace("`", "")
        return page(self._embedded(lang), title, lang or self.lang)

    def _repr_html_(self) -> str:
        """Return it for a notebook."""
        return blocks(self._embedded(None))

    def _embedded(self, lang: str | None) -> str:
        """Return Markdown that holds its pictures."""
        text = self.markdown(lang)
        for name, data in self.pictures.items():
            inside = base64.b64encode(data).decode()
            text = text.replace(f"]({name})", f"](data:image/png;base64,{inside})")
        return text

    def save(self, path: str | Path) -> Path:
        """Write it to a .html, .md or .txt file; see `Document.save`."""
        made = super().save(path)
        if made.suffix == ".md":
            for name, data in self.pictures.items():
                write_whole(made.parent / name, data)
        return made


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
    drawn: dict[str, Any] = {}
    if np.isfinite(_history(network)).any():
        drawn["costs.png"] = lambda: draw.cost_curves(network.history)
    if isinstance(target, ClassTarget):
        probs, classes = network.predict_proba(X), target.classes
        labels, count = probs.argmax(axis=1), len(classes)
        shares = np.bincount(y, minlength=count) / len(y)
        matrix = metrics.confusion_matrix(y, labels, np.arange(count))
        drawn["confusion.png"] = lambda: draw.confusion_matrix(y, labels, classes)
        return {
            "classes": classes,
            "measures": tuple(of_classes(y, probs, shares, seed)),
            "confusion": tuple(map(tuple, matrix.tolist())),
            "errors": (),
            "pictures": _pictures(drawn),
        }
    true, found = target.decode(y), target.decode(network.predict(X))
    drawn["residuals.png"] = lambda: draw.residuals(true, found)
    errors = np.percentile(true - found, (5, 25, 50, 75, 95))
    return {
        "classes": (),
        "measures": tuple(of_numbers(true, found, target.mean, seed)),
        "confusion": (),
        "errors": tuple(errors.tolist()),
        "pictures": _pictures(drawn),
    }


def _history(network: Network) -> list[float]:
    """Return the losses of the training, where they are known."""
    try:
        return network.history.batch_loss
    except PlaingradError:  # it was loaded from a file
        return []


def _pictures(drawn: Mapping[str, Any]) -> dict[str, bytes]:
    """Return pictures as PNG; none without matplotlib."""
    try:
        return {name: rendered(make()) for name, make in drawn.items()}
    except MissingExtraError:
        return {}
