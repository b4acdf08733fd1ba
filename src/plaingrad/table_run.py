"""Training on a table and predicting its rows, for the command line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .columns.files import KINDS as FILES
from .columns.files import frame
from .columns.table import Table
from .data.tables import table
from .errors import SettingError, unknown_name
from .files import make_folder
from .model import Array
from .report import write_training
from .tabular import TableModel, TableReport


def is_table(name: str) -> bool:
    """Return whether what should be learnt is the file of a table."""
    return Path(name).suffix.lower() in FILES


def read_table(name: str, target: str | None, kinds: Sequence[str]) -> Table:
    """Return the table to learn from.

    Parameters
    ----------
    name
        The file.
    target
        The column to predict.
    kinds
        NAME=KIND for each column whose kind is given.

    Raises
    ------
    SettingError, FileError, DataError
        When the file is no table, no target is given, or as `table`.
    """
    kind = Path(name).suffix
    if kind and not is_table(name):
        raise unknown_name("kind of table", kind, FILES)
    if not kind:
        raise SettingError(
            f"--target and --kind go with a table ({', '.join(FILES)}), and {name!r} "
            f"is a ready task. Leave them out, or give the file of a table."
        )
    if target is None:
        known = ", ".join(frame(name).columns)
        raise SettingError(
            f"say which column of {name} to predict: --target NAME. It has {known}."
        )
    given: dict[str, Any] = {}
    for text in kinds:
        column, equals, kind = text.rpartition("=")
        if not equals:
            raise SettingError(
                f"--kind takes NAME=KIND such as zip=category, got {text}."
            )
        given[column] = kind
    return table(name, target, given)


def write_table_run(
    folder: Path, model: TableModel, report: TableReport, results: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Write the folder of a run and yield (file name, what it is) for each file."""
    place = make_folder(folder)
    yield from write_training(place, model.network, results)
    for name in ("report.html", "report.md"):
        report.save(place / name)
    yield "report.html", "how good it is, where it is wrong, and by which columns"
    yield "report.md", "the same, with its pictures beside it"


def predicted(model: TableModel, path: Path, proba: bool) -> tuple[list[str], Array]:
    """Return the names above the predictions for a file of rows, and the predictions.

    They are the target's name and (n,) values, or the classes and (n, classes)
    probabilities.
    """
    if proba:
        found = model.predict_proba(path)
        return [str(label) for label in model.classes], found
    return [model.preparation.target.name], model.predict(path)


def as_csv(head: Sequence[str], found: Array) -> str:
    """Return predictions as the text of a .csv file."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(found.reshape(len(found), -1).tolist())
    return out.getvalue()
