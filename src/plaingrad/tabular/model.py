"""A network and how the rows of a table reach it: trained, used and saved together."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..columns.preparation import Preparation
from ..columns.table import Table
from ..data.parts import Parts, parted_rows
from ..network import Network
from ..raw.model import RawModel
from .report import TableReport, report
from .usual import usual_network, usual_settings


class TableModel(RawModel[Table]):
    """A network that predicts a column of a table from raw rows.

    `predict` and `predict_proba` take what `pg.data.table` takes; the column to predict
    may be missing. Columns that are missing and categories that are new are told by a
    `RowsWarning`; see `Preparation.read`.

    Attributes
    ----------
    network
        Its `preparation` makes samples of rows. Without one of yours it has one hidden
        layer with dropout, or two where there are many rows.
    parts
        The tables of its training; None when it was loaded.

    Examples
    --------
    >>> table = plaingrad.data.table("flats.csv", target="rent")  # doctest: +SKIP
    >>> model = TableModel.fit(table)  # doctest: +SKIP
    >>> model.predict("new.csv")  # doctest: +SKIP
    """

    kind = Preparation
    _source, _samples = "a table", "rows"
    _reading = "pg.data.table(FILE, TARGET)"

    @staticmethod
    def _parted(data: Table, seed: int) -> Parts[Table]:
        return in_parts(data, seed)

    @staticmethod
    def _prepared(train: Table) -> Preparation:
        return Preparation.fit(train)

    @staticmethod
    def _usual(train: Table) -> tuple[Network, dict[str, Any]]:
        rows = len(train)
        return usual_network(train.outputs, rows), usual_settings(rows)

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
        rows, seen = self._judged(table)
        return report(self.network, self.preparation, rows, seen, seed, lang)


def in_parts(table: Table, seed: int) -> Parts[Table]:
    """Return the rows at random in three parts, each with its share of every class."""
    y = table.target.values
    if table.classes:
        y = np.unique(y.astype(str), return_inverse=True)[1]
    rows = parted_rows(y, seed)
    return Parts(*map(table.rows, vars(rows).values()))
