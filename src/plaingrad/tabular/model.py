"""A network and how the rows of a table reach it: trained, used and saved together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, cast

import numpy as np

from ..columns.preparation import Preparation
from ..columns.table import Table
from ..columns.targets import ClassTarget
from ..data.prepare import split
from ..errors import FileError, PlaingradError
from ..model import Array
from ..network import Network, load
from ..train.callbacks import Callback
from ..train.history import History
from .report import TableReport, report
from .usual import usual_network, usual_settings

SIZES = (0.6, 0.2, 0.2)
"""The shares of the rows to learn from, to validate and to test."""


@dataclass(frozen=True, eq=False)
class TableParts:
    """The rows of a table in three parts: to learn from, to validate, and to test."""

    train: Table
    validation: Table
    test: Table


@dataclass(frozen=True, eq=False)
class TableModel:
    """A network that predicts a column of a table from raw rows.

    Attributes
    ----------
    network
        Its `preparation` makes samples of rows.
    parts
        The tables of its training; None when it was loaded.

    Examples
    --------
    >>> table = plaingrad.data.table("flats.csv", target="rent")  # doctest: +SKIP
    >>> model = TableModel.fit(table)  # doctest: +SKIP
    >>> model.predict("new.csv")  # doctest: +SKIP
    """

    network: Network
    parts: TableParts | None = None

    def __post_init__(self) -> None:
        if self.network.preparation is None:
            raise PlaingradError(
                "the network was not trained on a table, so it cannot read rows. Use "
                "TableModel.fit(table), or net.predict(X)."
            )

    @classmethod
    def fit(
        cls,
        table: Table,
        network: Network | None = None,
        *,
        seed: int = 0,
        **settings: Any,
    ) -> Self:
        """Train on 60 % of the rows, validate on 20 %, and keep 20 % for the report.

        Parameters
        ----------
        table
            From `pg.data.table`.
        network
            With `table.outputs` outputs; by default one hidden layer with dropout, or
            two where there are many rows.
        seed
            Of the parts, the weights, the shuffles and dropout.
        **settings
            Those of `Network.fit`, where they should differ from the usual ones: Adam,
            a small L2 penalty, early stopping.

        Raises
        ------
        DataError, ShapeError, SettingError
            As `Network.fit`, before any work starts.
        """
        parts = in_parts(table, seed)
        preparation = Preparation.fit(parts.train)
        rows = len(parts.train)
        if network is None:
            network = usual_network(table.outputs, rows)
        chosen = {"validation": preparation(parts.validation), **usual_settings(rows)}
        if settings.get("validation", 1) == 0:
            chosen["early_stopping"] = None
        chosen |= settings
        keep = _Keep(network, preparation)
        chosen["callbacks"] = [keep, *(chosen.get("callbacks") or ())]
        network.fit(*preparation(parts.train), seed=seed, **chosen)
        return cls(network, parts)

    @classmethod
    def load(cls, path: str | Path, objects: Mapping[str, Any] | None = None) -> Self:
        """Return the model of a file that `save` wrote; `objects` as in `pg.load`.

        Raises
        ------
        FileError
            When the file is missing, damaged, or holds no model for tables.
        """
        network = load(path, objects)
        if network.preparation is None:
            raise FileError(
                f"{path} holds a network that was not trained on a table. Read it with "
                f"pg.load({str(path)!r})."
            )
        return cls(network)

    def save(self, path: str | Path) -> Path:
        """Write network and preparation to one file, as `Network.save`."""
        return self.network.save(path)

    @property
    def preparation(self) -> Preparation:
        """How rows become samples."""
        return cast(Preparation, self.network.preparation)

    @property
    def classes(self) -> list[Any]:
        """The classes in the order of `predict_proba`; none for a quantity."""
        target = self.preparation.target
        if not isinstance(target, ClassTarget):
            return []
        return cast("list[Any]", target.decode(np.arange(target.outputs)).tolist())

    def predict(self, rows: Any) -> Array:
        """Return a class or a number for each row, (n,), as the target column has them.

        `rows` is what `pg.data.table` takes; the target may be missing.

        Raises
        ------
        FileError, DataError
            When the rows cannot be read, or do not fit the columns of training.

        Warns
        -----
        RowsWarning
            When a column is missing, or a category is new; see `Preparation.read`.
        """
        X = self.preparation.samples(self.preparation.read(rows))
        return self.preparation.target.decode(self.network.predict(X))

    def predict_proba(self, rows: Any) -> Array:
        """Return the probability of each class for each row, (n, classes)."""
        X = self.preparation.samples(self.preparation.read(rows))
        return self.network.predict_proba(X)

    def score(self, table: Table) -> float:
        """Return the accuracy, or R squared of a quantity, on a table with targets."""
        return self.network.score(*self.preparation(table))

    def report(
        self, table: Table | None = None, *, seed: int = 0, lang: str = "en"
    ) -> TableReport:
        """Return how good the predictions are, and what they rest on.

        Parameters
        ----------
        table
            Rows with targets that the network has not seen; by default the test part.
        seed
            Of the resampling for the intervals and of the shuffles for the importance.
        lang
            "en" or "zh".

        Raises
        ------
        PlaingradError
            When the model was loaded, and no table is given.
        """
        if table is None and self.parts is None:
            raise PlaingradError(
                "a loaded model holds no rows to judge it by. Pass a table: "
                "model.report(pg.data.table(FILE, TARGET))."
            )
        parts = cast(TableParts, self.parts)
        seen = (len(parts.train), len(parts.validation)) if table is None else None
        rows = parts.test if table is None else table
        return report(self.network, self.preparation, rows, seen, seed, lang)


class _Keep(Callback):
    """Gives a network its table before others, such as `SaveBest`, write it."""

    def __init__(self, network: Network, preparation: Preparation) -> None:
        self.network, self.preparation = network, preparation

    def on_fit_begin(self, history: History) -> None:  # noqa: ARG002
        self.network.preparation = self.preparation


def in_parts(table: Table, seed: int) -> TableParts:
    """Return the rows at random in three parts, each with its share of every class."""
    y = table.target.values
    if table.classes:
        y = np.unique(y.astype(str), return_inverse=True)[1]
    parts = split(np.arange(len(table)), y, SIZES, seed=seed)
    return TableParts(*(table.rows(rows) for rows, _ in parts))
