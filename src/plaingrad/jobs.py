"""What the command line learns: the data of a task or a table, in three parts."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from .network import Network, Sequential
from .report import write_run
from .table_run import is_table, read_table, write_table_run
from .tabular import TableModel
from .tabular.model import prepared_parts
from .tabular.usual import usual_network, usual_settings
from .tasks import Pair, find
from .train.history import brief
from .write.words import words


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
        self.train, self.validation, self.test = (
            parts.train,
            parts.validation,
            parts.test,
        )
        y = self.train[1]
        self.outputs = int(y.max()) + 1 if y.dtype.kind in "iu" else y[0].size
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
        self.rows = read_table(options.task, options.target, options.kind)
        words(options.lang)  # a language that is not there is said before any work
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
    if options.target is not None or options.kind or is_table(options.task):
        return TableJob(options)
    return TaskJob(options.task, options.seed)
