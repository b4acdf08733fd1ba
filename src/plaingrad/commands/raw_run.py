"""Training on tables and folders of pictures, and predicting, for the command line."""

from __future__ import annotations

import csv
import io
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..columns.files import KINDS as FILES
from ..columns.files import frame
from ..columns.table import Table
from ..data.folders import Images, images
from ..data.tables import table
from ..errors import PlaingradError, SettingError
from ..files import make_folder
from ..model import Array
from ..network import Network
from ..pictures.reading import written
from ..raw import RawModel, Report
from ..tabular import TableModel
from ..visual import ImageModel
from .run_folder import write_training
from .tasks import TASKS

MODELS: tuple[type[RawModel[Any]], ...] = (ImageModel, TableModel)


def is_table(name: str) -> bool:
    """Return whether what should be learnt is the file of a table."""
    return Path(name).suffix.lower() in FILES


def is_folder(name: str) -> bool:
    """Return whether what should be learnt is a folder of pictures.

    A ready task goes before a folder of its name, unless that is written as `digits/`.
    """
    if is_table(name):
        return False
    path = any(mark in name for mark in ("/", os.sep))
    return path or (name not in TASKS and Path(name).is_dir())


def read_images(
    name: str, size: str | None, fit: str, colour: str | None, skip_broken: bool
) -> Images:
    """Return the pictures to learn from.

    Parameters
    ----------
    name
        The folder.
    size
        As 64, or 48x64: height and width.
    fit, colour, skip_broken
        Those of `pg.data.images`.

    Raises
    ------
    SettingError, FileError, DataError
        When the size is not written so, or as `images`.
    """
    sides: tuple[int, ...] | None = None
    if size is not None:
        try:
            sides = tuple(int(side) for side in size.lower().split("x"))
        except ValueError:
            sides = ()
        if len(sides) not in (1, 2):
            raise SettingError(
                f"--size takes pixels such as 64, or HEIGHTxWIDTH such as 48x64, got "
                f"{size}."
            )
        sides = (sides[0], sides[-1])
    chosen: Any = {"size": sides, "fit": fit, "colour": colour}
    return images(name, **chosen, skip_broken=skip_broken)


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
        When no target is given, a kind is not written so, or as `table`.
    """
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


def write_raw_run(
    folder: Path, model: RawModel[Any], report: Report, results: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Write the folder of a run and yield (file name, what it is) for each file."""
    place = make_folder(folder)
    yield from write_training(place, model.network, results)
    for name in ("report.html", "report.md"):
        report.save(place / name)
    yield "report.html", "how good it is, where it is wrong, and more"
    yield "report.md", "the same, with its pictures beside it"


def model_of(network: Network) -> RawModel[Any]:
    """Return the model of a network that was trained on raw data."""
    for kind in MODELS:
        if isinstance(network.preparation, kind.kind):
            return kind(network)
    raise PlaingradError("the network was not trained on raw data.")


def predicted(
    model: RawModel[Any], path: Path, proba: bool, skip_broken: bool
) -> tuple[list[str], list[str], Array]:
    """Return what to write above predictions, before each, and the predictions.

    These are the target's name and (n,) values, or the classes and (n, classes)
    probabilities; before each stands the file of a picture.
    """
    head: list[str] = []
    names: list[str] = []
    if isinstance(model, ImageModel):
        rows: Any = model.preparation.read(path, skip_broken)
        head, names = ["file"], list(map(written, rows.names))
        if rows.broken:
            left_out = ", ".join(name for name, _ in rows.broken)
            warnings.warn(f"broken files were left out: {left_out}.", stacklevel=1)
    else:
        rows = model.preparation.read(path)
    X = model.preparation.samples(rows)
    if proba:
        found = model.network.predict_proba(X)
        return [*head, *map(str, model.classes)], names, found
    target = model.preparation.target
    return [*head, target.name], names, target.decode(model.network.predict(X))


def as_csv(head: Sequence[str], names: Sequence[str], found: Array) -> str:
    """Return predictions as the text of a .csv file, each after its name, if any."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    rows = found.reshape(len(found), -1).tolist()
    if names:
        rows = [[name, *row] for name, row in zip(names, rows, strict=True)]
    writer.writerows(rows)
    return out.getvalue()
