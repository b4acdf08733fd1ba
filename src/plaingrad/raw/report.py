"""What reports on networks for raw data share: measures, confusions, pictures."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .. import draw, metrics
from ..draw.style import rendered
from ..errors import MissingExtraError, PlaingradError
from ..files import write_whole
from ..model import Array
from ..network import Network
from ..write.document import Document
from ..write.page import blocks, page
from .measures import Measure, of_classes


@dataclass(frozen=True, kw_only=True, repr=False)
class Report(Document):
    """How good the predictions of a network are.

    `text()`, `markdown()` and `html()` write it; `save(path)` writes a file: a page
    with its pictures in it, or Markdown with its pictures beside it.

    Attributes
    ----------
    target, classes
        What is predicted, and its classes; none for a quantity.
    network
        As it was written.
    judged, seen
        The samples that it is judged by, and the numbers of those to learn from and to
        validate; None when the samples come from elsewhere.
    measures
        How good the predictions are, with intervals.
    confusion
        How often each class (row) was predicted as each (column); empty for a quantity.
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
    lang: str = "en"
    pictures: Mapping[str, bytes] = field(default_factory=dict)

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


Drawn = dict[str, Callable[[], Any]]
"""What draws each picture, by the name of its file."""


def judged_classes(
    y: Array, probs: Array, classes: tuple[str, ...], seed: int
) -> tuple[dict[str, Any], Drawn]:
    """Return what a report says of a classifier, and the picture of it.

    Parameters
    ----------
    y
        Classes 0, 1, ... of the samples, (n,).
    probs
        The probability of each class, (n, classes).
    classes
        Their names.
    seed
        Of the draws for the intervals.
    """
    labels, count = probs.argmax(axis=1), len(classes)
    shares = np.bincount(y, minlength=count) / len(y)
    matrix = metrics.confusion_matrix(y, labels, np.arange(count))
    told = {
        "classes": classes,
        "measures": tuple(of_classes(y, probs, shares, seed)),
        "confusion": tuple(map(tuple, matrix.tolist())),
    }
    return told, {"confusion.png": lambda: draw.confusion_matrix(y, labels, classes)}


def costs(network: Network) -> Drawn:
    """Return what draws the costs of the training, where they are known."""
    try:
        history = network.history
    except PlaingradError:  # it was loaded from a file
        return {}
    if not np.isfinite(history.batch_loss).any():
        return {}
    return {"costs.png": lambda: draw.cost_curves(history)}


def in_png(drawn: Drawn) -> dict[str, bytes]:
    """Return pictures as PNG; none without matplotlib."""
    try:
        return {name: rendered(make()) for name, make in drawn.items()}
    except MissingExtraError:
        return {}
