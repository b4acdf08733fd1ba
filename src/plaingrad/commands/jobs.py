"""What the command line learns: a task, a table or pictures, in three parts."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, cast

from ..choices import outputs_of
from ..columns.files import KINDS as FILES
from ..errors import SettingError, unknown_name
from ..network import Network, Sequential
from ..raw import RawModel
from ..tabular import TableModel
from ..train.history import brief
from ..visual import ImageModel
from ..write.words import words
from .raw_run import (
    is_folder,
    is_table,
    read_images,
    read_table,
    write_raw_run,
)
from .run_folder import write_run
from .tasks import TASKS, Pair, find

SAME = ("seed", "dtype", "engine", "threads")
"""The options that `fit` takes as they are, whatever is learnt."""
DEFAULTS: dict[str, Any] = {
    "fit": "crop",
    "lang": "en",
    "seed": 0,
    "dtype": "float32",
    "engine": "auto",
}
SKIP = "leave out pictures that cannot be read"
SHARED = ("target", "size", "fit", "colour", "lang", "epochs", "patience", *SAME)
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

    def network(self) -> Network:
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
        folder = ""
        if Path(self.name).is_dir():
            folder = f"{self.name} is a ready task; for the folder write {self.name}/\n"
        return (
            f"{folder}{self.name}: {len(self.train[1]):,} samples to learn from, "
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


class RawJob:
    """A column of a table, or a folder of pictures."""

    def __init__(self, options: argparse.Namespace) -> None:
        words(options.lang)  # a language that is not there is said before any work
        self.kind, self.data, self.name = _read_raw(options)
        self.lang, self.source = options.lang, options.task
        ready = self.kind.ready(self.data, options.seed)
        self.parts, self.preparation, self._network, usual = ready
        self.usual: Mapping[str, Any] = usual
        self.train = self.preparation(self.parts.train)
        self.validation = self.preparation(self.parts.validation)
        self.outputs = self.data.outputs

    @cached_property
    def test(self) -> Pair:
        """Samples and targets that nobody has seen."""
        return cast(Pair, self.preparation(self.parts.test))

    def about(self) -> str:
        """Return what was found in the data."""
        return str(self.data)

    def network(self) -> Network:
        """Return the usual network for such data."""
        return self._network

    def judge(self, network: Network) -> tuple[list[str], dict[str, Any]]:
        """Return the measures of the report, with their intervals."""
        network.preparation = self.preparation
        self.model = self.kind(network, self.parts)
        self.report = self.model.report(lang=self.lang)
        lines = []
        for one in self.report.measures:
            low, high = map(brief, one.interval)
            told = f"test {one.name} {brief(one.value)}, 95 % within {low} .. {high}"
            lines.append(told)
        values = {one.name: one.value for one in self.report.measures}
        results = {"task": self.source, "target": self.report.target, "test": values}
        return lines, results

    def write(
        self,
        folder: Path,
        network: Network,  # noqa: ARG002
        results: Mapping[str, Any],
    ) -> Iterator[tuple[str, str]]:
        """Write model, history, script and report."""
        return write_raw_run(folder, self.model, self.report, results)


def _read_raw(options: argparse.Namespace) -> tuple[type[RawModel[Any]], Any, str]:
    """Return the kind of model, the table or the images, and what they are called."""
    if is_table(options.task):
        rows = read_table(options.task, options.target, options.kind)
        return TableModel, rows, Path(options.task).stem
    given = (options.size, options.fit, options.colour, options.skip_broken)
    shown = read_images(options.task, *given)
    return ImageModel, shown, shown.root.resolve().name


def _refuse_others(options: argparse.Namespace) -> None:
    """Refuse options that go with something else than what is to be learnt."""
    name, ending = options.task, Path(options.task).suffix
    if ending and not is_table(name) and not is_folder(name):
        raise unknown_name("kind of table", ending, FILES)
    kind = "a folder" if is_folder(name) else "a ready task"
    kind = "a table" if is_table(name) else kind
    table = options.target is not None or options.kind
    if table and kind != "a table":
        raise SettingError(
            f"--target and --kind go with a table ({', '.join(FILES)}), and {name!r} "
            f"is {kind}. Leave them out, or give the file of a table."
        )
    form = (options.size, options.colour) != (None, None) or options.fit != "crop"
    if (form or options.skip_broken) and kind != "a folder":
        raise SettingError(
            f"--size, --fit, --colour and --skip-broken go with a folder of pictures, "
            f"and {name!r} is {kind}. Leave them out, or give a folder: {name}/."
        )


def job_of(options: argparse.Namespace) -> Job:
    """Return what the options of a command say to learn.

    Raises
    ------
    SettingError, FileError, DataError
        When there is no such task, or the table cannot be learnt.
    """
    _refuse_others(options)
    if is_table(options.task) or is_folder(options.task):
        return RawJob(options)
    return TaskJob(options.task, options.seed)


def folder_for(job: Job, options: argparse.Namespace, ending: str = "") -> Path:
    """Return the folder for what comes of a job.

    Raises
    ------
    SettingError
        When it lies among the pictures that are learnt.
    """
    folder: Path = options.out or Path("runs") / f"{job.name}{ending}"
    place = folder.resolve()
    if is_folder(options.task) and Path(options.task).resolve() in (
        place,
        *place.parents,
    ):
        raise SettingError(
            f"{folder} lies in the folder of pictures, so that its own pictures would "
            f"be learnt next time. Give one elsewhere: --out DIR."
        )
    return folder


def listed() -> str:
    """Return the ready tasks, for a help text."""
    names = "\n".join(f"  {name:<14}{task.about}" for name, task in TASKS.items())
    return f"tasks:\n{names}"


def add_job_options(made: argparse.ArgumentParser, out: str) -> None:
    """Add to a command what says what is learnt, and on what it runs."""
    add = made.add_argument
    what = "what to learn: a task below, a table's file, or a folder of pictures"
    add("task", metavar="TASK", help=what)
    add("--out", type=Path, metavar="DIR", help=out)
    add("--target", metavar="NAME", help="the column of the table to predict")
    kind = "what a column is: number, category, date or ignore; may be repeated"
    add("--kind", metavar="NAME=KIND", action="append", default=[], help=kind)
    size = "of pictures in pixels, as 64 or HEIGHTxWIDTH (default: as they are, to 64)"
    add("--size", metavar="N", help=size)
    fit = "of pictures of another shape: crop (default), pad or stretch"
    add("--fit", metavar="NAME", default=DEFAULTS["fit"], help=fit)
    colour = "of pictures: grey or rgb (default: as they are)"
    add("--colour", metavar="NAME", help=colour)
    add("--skip-broken", action="store_true", help=SKIP)
    lang = "of the report on a table, on pictures or on a search: en (default) or zh"
    add("--lang", default=DEFAULTS["lang"], help=lang)
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
    words += ["--skip-broken"] * options.skip_broken
    for name in SHARED:
        value = getattr(options, name)
        if value is not None and value != DEFAULTS.get(name):
            words += [f"--{name}", str(value)]
    return words
