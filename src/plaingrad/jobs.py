"""What the command line learns: the data of a task or a table, in three parts."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from .choices import outputs_of
from .network import Network, Sequential
from .report import write_run
from .table_run import read_table, write_table_run
from .tabular import TableModel
from .tabular.model import prepared_parts
from .tabular.usual import usual_network, usual_settings
from .tasks import TASKS, Pair, find
from .train.history import brief
from .write.words import words

SAME = ("seed", "dtype", "engine", "threads")
"""The options that `fit` takes as they are, whatever is learnt."""
DEFAULTS = {"lang": "en", "seed": 0, "dtype": "float32", "engine": "auto"}
SHARED = ("target", "lang", "epochs", "patience", *SAME)
"""The options of all commands that train which have a value, once."""


class Job(Protocol):
    """What is learnt.

    Attributes
    ----------
    name
        What its folder is called.
    train, validation
        Samples and targets, to learn from and to validate on.
    test
        Those that are looked at when all else is done.
    outputs
        How many outputs a network for it has.
    usual
        The settings of `fit` that are usual for it.
    """

    name: str
    train: Pair
    validation: Pair
    outputs: int
    usual: Mapping[str, Any]

    @property
    def test(self) -> Pair:
        """Samples and targets that nobody has seen."""

    def about(self) -> str:
        """Return what is known of the data before."""

    def network(self) -> Sequential:
        """Return the usual network."""

    def judge(self, network: Network) -> tuple[list[str], dict[str, Any]]:
        """Return how good a network is on the test data: to be said, and as values."""

    def write(
        self, folder: Path, network: Network, results: Mapping[str, Any]
    ) -> Iterator[tuple[str, str]]:
        """Write the folder of a run; yield (file name, what it is) for each file."""


class TaskJob:
    """A ready task."""

    def __init__(self, name: str, seed: int) -> None:
        self.task, self.name = find(name), name
        parts = self.task.load(seed)
        self.train, self.validation = parts.train, parts.validation
        self.test = parts.test
        self.outputs = outputs_of(self.train[1])
        self.usual: Mapping[str, Any] = self.task.settings

    def about(self) -> str:
        """Return how many samples there are."""
        return (
            f"{self.name}: {len(self.train[1]):,} samples to learn from, "
            f"{len(self.validation[1]):,} to validate, {len(self.test[1]):,} to test"
        )

    def network(self) -> Sequential:
        """Return the usual network of the task."""
        return self.task.network(self.outputs)

    def judge(self, network: Network) -> tuple[list[str], dict[str, Any]]:
        """Return loss and score on the test data."""
        found = network.evaluate(*self.test)
        told = ", ".join(f"{name} {brief(value)}" for name, value in found.items())
        return [f"test {told}"], {"task": self.name, "test": found}

    def write(
        self, folder: Path, network: Network, results: Mapping[str, Any]
    ) -> Iterator[tuple[str, str]]:
        """Write model, history, script and pictures."""
        return write_run(folder, network, self.test, results)


class TableJob:
    """A column of a table."""

    def __init__(self, options: argparse.Namespace) -> None:
        words(options.lang)  # a language that is not there is said before any work
        self.rows = read_table(options.task, options.target, options.kind)
        self.lang, self.file = options.lang, options.task
        self.name = Path(options.task).stem
        self.parts, self.preparation = prepared_parts(self.rows, options.seed)
        self.train = self.preparation(self.parts.train)
        self.validation = self.preparation(self.parts.validation)
        self.outputs = self.rows.outputs
        self.usual: Mapping[str, Any] = usual_settings(len(self.parts.train))

    @cached_property
    def test(self) -> Pair:
        """Samples and targets that nobody has seen."""
        return self.preparation(self.parts.test)

    def about(self) -> str:
        """Return what was found in the table."""
        return str(self.rows)

    def network(self) -> Sequential:
        """Return the usual network for so many rows."""
        return usual_network(self.outputs, len(self.parts.train))

    def judge(self, network: Network) -> tuple[list[str], dict[str, Any]]:
        """Return the measures of the report, with their intervals."""
        network.preparation = self.preparation
        self.report = TableModel(network, self.parts).report(lang=self.lang)
        lines = []
        for one in self.report.measures:
            low, high = map(brief, one.interval)
            told = f"test {one.name} {brief(one.value)}, 95 % within {low} .. {high}"
            lines.append(told)
        values = {one.name: one.value for one in self.report.measures}
        target = self.rows.target.name
        return lines, {"task": self.file, "target": target, "test": values}

    def write(
        self, folder: Path, network: Network, results: Mapping[str, Any]
    ) -> Iterator[tuple[str, str]]:
        """Write model, history, script and report."""
        model = TableModel(network, self.parts)
        return write_table_run(folder, model, self.report, results)


def job_of(options: argparse.Namespace) -> Job:
    """Return what the options of a command say to learn.

    Raises
    ------
    SettingError, FileError, DataError
        When there is no such task, or the table cannot be learnt.
    """
    if options.target is not None or options.kind or Path(options.task).suffix:
        return TableJob(options)
    return TaskJob(options.task, options.seed)


def listed() -> str:
    """Return the ready tasks, for a help text."""
    names = "\n".join(f"  {name:<14}{task.about}" for name, task in TASKS.items())
    return f"tasks:\n{names}"


def add_job_options(made: argparse.ArgumentParser, out: str) -> None:
    """Add to a command what says what is learnt, and on what it runs."""
    add = made.add_argument
    add("task", metavar="TASK", help="what to learn: a task below, or a table's file")
    add("--out", type=Path, metavar="DIR", help=out)
    add("--target", metavar="NAME", help="the column of the table to predict")
    kind = "what a column is: number, category, date or ignore; may be repeated"
    add("--kind", metavar="NAME=KIND", action="append", default=[], help=kind)
    add(
        "--lang",
        default=DEFAULTS["lang"],
        help="of the report on a table: en (default) or zh",
    )
    add("--epochs", type=int, metavar="N", help="how often to see all samples, at most")
    patience = "stop after so many epochs without a better validation loss"
    add("--patience", type=int, metavar="N", help=patience)
    seed = "of splits, weights, shuffles and dropout (default: 0)"
    add("--seed", type=int, metavar="N", default=DEFAULTS["seed"], help=seed)
    add("--dtype", default=DEFAULTS["dtype"], help="float32 (default) or float64")
    engine = "auto (default), native (machine code) or reference (NumPy)"
    add("--engine", metavar="NAME", default=DEFAULTS["engine"], help=engine)
    threads = "of the native engine (default: as many as the work is worth)"
    add("--threads", type=int, metavar="N", help=threads)
    add("--resume", action="store_true", help="go on with what was ended")
    add("--quiet", action="store_true", help="say only the result")


def shared_settings(
    usual: Mapping[str, Any], options: argparse.Namespace
) -> dict[str, Any]:
    """Return the usual settings of `fit`, with what `add_job_options` was given."""
    settings = dict(usual)
    if options.epochs is not None:
        settings["epochs"] = options.epochs
    if options.patience is not None:
        settings["early_stopping"] = options.patience
    return {**settings, **{name: getattr(options, name) for name in SAME}}


def shared_words(options: argparse.Namespace) -> list[str]:
    """Return the words of a command line that say what is learnt, and on what."""
    words = [options.task]
    for kind in options.kind:
        words += ["--kind", kind]
    for name in SHARED:
        value = getattr(options, name)
        if value is not None and value != DEFAULTS.get(name):
            words += [f"--{name}", str(value)]
    return words
