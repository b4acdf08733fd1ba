"""The command that trains: on a task or a table, into the folder of a run."""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .checkpoints.folder import steps
from .checkpoints.settings import USUAL, Checkpoint
from .errors import FileError, SettingError, unknown_name
from .files import make_folder
from .network import Sequential
from .optimizers import SGD, Adagrad, Adam, AdamW, Momentum, Nesterov, RMSprop
from .report import write_run
from .table_run import read_table, write_table_run
from .tabular import TableModel
from .tasks import TASKS, Parts, find
from .train.history import History, brief
from .train.progress import wanted
from .write.words import words

OPTIMIZERS = {
    cls.__name__.lower(): cls
    for cls in (SGD, Momentum, Nesterov, RMSprop, Adagrad, Adam, AdamW)
}
SAME = ("seed", "dtype", "engine", "threads")
"""The options that `fit` takes as they are, whatever the task."""
TRAINING = """\
examples:
  plaingrad train digits
  plaingrad train spiral --optimizer adam --lr 0.01 --epochs 300
  plaingrad train mnist --hidden 256,128 --patience 5 --out runs/wide
  plaingrad train mnist --hidden 256,128 --patience 5 --out runs/wide --resume
  plaingrad train flats.csv --target rent --kind zip=category

A table is a .csv, .parquet, .feather or .xlsx file with names in its first row. What
its columns are is found and shown; its folder holds a report on the predictions.
What is not given is as usual for the task. Ctrl-C ends the training early; what was
learnt until then is written. After that, or after a crash, the same command with
--resume goes on as if training had never ended. The folder holds the model, the
history, pictures of the costs and the mistakes, and the training as a NumPy script with
its data."""


def add_options(made: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    names = "\n".join(f"  {name:<14}{task.about}" for name, task in TASKS.items())
    made.epilog = f"tasks:\n{names}\n\n{TRAINING}"
    add = made.add_argument
    add("task", metavar="TASK", help="what to learn: a task below, or a table's file")
    add("--out", type=Path, metavar="DIR", help="the folder (default: runs/TASK)")
    add("--target", metavar="NAME", help="the column of the table to predict")
    kind = "what a column is: number, category, date or ignore; may be repeated"
    add("--kind", metavar="NAME=KIND", action="append", default=[], help=kind)
    add("--lang", default="en", help="of the report on a table: en (default) or zh")
    hidden = "hidden layers: Linear and ReLU of these widths, and not the usual network"
    add("--hidden", metavar="64,32", help=hidden)
    add("--epochs", type=int, metavar="N", help="how often to see all samples, at most")
    add("--batch-size", type=int, metavar="N", help="samples per update")
    add("--optimizer", metavar="NAME", help=", ".join(OPTIMIZERS))
    add("--lr", type=float, metavar="X", help="learning rate, as 0.01")
    add("--l2", type=float, metavar="X", help="penalty on large weights, as 1e-4")
    patience = "stop after so many epochs without a better validation loss"
    add("--patience", type=int, metavar="N", help=patience)
    seed = "of splits, weights, shuffles and dropout (default: 0)"
    add("--seed", type=int, metavar="N", default=0, help=seed)
    add("--dtype", default="float32", help="float32 (default) or float64")
    engine = "auto (default), native (machine code) or reference (NumPy)"
    add("--engine", metavar="NAME", default="auto", help=engine)
    threads = "of the native engine (default: as many as the work is worth)"
    add("--threads", type=int, metavar="N", help=threads)
    seconds = "save it so often, to go on after a crash (default: 30)"
    add("--checkpoint", type=float, metavar="S", default=USUAL, help=seconds)
    add("--resume", action="store_true", help="go on with a training that was ended")
    add("--quiet", action="store_true", help="say only the result")


def train(options: argparse.Namespace) -> None:
    """Train on a task and write the run's folder."""
    if options.target is not None or options.kind or Path(options.task).suffix:
        _train_table(options)
        return
    task = find(options.task)
    settings = _settings(task.settings, options)
    folder = make_folder(options.out or Path("runs") / options.task)
    settings |= _saving(folder / "checkpoints", options)
    parts = task.load(options.seed)
    y = parts.train[1]
    outputs = int(y.max()) + 1 if y.dtype.kind in "iu" else y[0].size
    network = _hidden(options.hidden, outputs) or task.network(outputs)
    say = (lambda *_: None) if options.quiet else print
    say(
        f"{options.task}: {len(y):,} samples to learn from, "
        f"{len(parts.validation[1]):,} to validate, {len(parts.test[1]):,} to test"
    )
    say(repr(network))
    with warnings_told():
        _fit(network, parts, settings, options.quiet)
    say(_took(network.history))
    found = network.evaluate(*parts.test)
    told = ", ".join(f"{name} {brief(value)}" for name, value in found.items())
    print(f"test {told}")
    say(f"written to {folder}:")
    results = {"task": options.task, "test": found}
    for name, what in write_run(folder, network, parts.test, results):
        say(f"  {name:<18} {what}")
    _finish(folder / "checkpoints", network.history, options, say)


def _finish(
    place: Path, history: History, options: argparse.Namespace, say: Any
) -> None:
    """Say how to go on with a training that was interrupted, or clean up behind it."""
    if history.stopped == "interrupted":
        again = [word for word in options.words if word != "--resume"]
        say(f"to go on: {shlex.join(['plaingrad', *again, '--resume'])}")
    else:
        shutil.rmtree(place)


def _saving(place: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings of fit that save a training and go on with it."""
    if not options.resume and place.is_dir() and steps(place):
        raise FileError(
            f"{place} holds a training that was not finished. Go on with it by "
            f"--resume, or delete that folder to start again."
        )
    checkpoint = Checkpoint(place, seconds=options.checkpoint, data=False)
    return {"checkpoint": checkpoint, "resume": place if options.resume else None}


def _train_table(options: argparse.Namespace) -> None:
    """Train on a table and write the run's folder."""
    words(options.lang)  # a language that is not there is said before any work
    rows = read_table(options.task, options.target, options.kind)
    settings = _settings({}, options)
    network = _hidden(options.hidden, rows.outputs)
    folder = make_folder(options.out or Path("runs") / Path(options.task).stem)
    settings |= _saving(folder / "checkpoints", options)
    say = (lambda *_: None) if options.quiet else print
    say(str(rows))
    with warnings_told():
        show = not options.quiet and wanted(None)
        model = TableModel.fit(rows, network, verbose=show, **settings)
    say(repr(model.network))
    say(_took(model.network.history))
    report = model.report(lang=options.lang)
    told = {one.name: one.value for one in report.measures}
    results = {"task": options.task, "target": options.target, "test": told}
    for measure in report.measures:
        low, high = map(brief, measure.interval)
        print(
            f"test {measure.name} {brief(measure.value)}, 95 % within {low} .. {high}"
        )
    say(f"written to {folder}:")
    for name, what in write_table_run(folder, model, report, results):
        say(f"  {name:<18} {what}")
    _finish(folder / "checkpoints", model.network.history, options, say)


def _fit(
    network: Sequential, parts: Parts, settings: dict[str, Any], quiet: bool
) -> None:
    X, y = parts.train
    show = not quiet and wanted(None)
    network.fit(X, y, validation=parts.validation, verbose=show, **settings)


def _took(history: History) -> str:
    """Return how long a training took, and how it was done."""
    return f"{history.epochs} epochs in {history.seconds:.1f} s{_how(history)}"


def _how(history: History) -> str:
    """Return what did the work, and what was kept of it."""
    compiled = f", compiled in {history.compile_seconds:.1f} s"
    native = history.engine == "native"
    best = history.best_epoch
    return f" by the {history.engine} engine{compiled if native else ''}" + (
        f"; the weights are those of epoch {best}, the best" if best else ""
    )


@contextmanager
def warnings_told() -> Iterator[None]:
    """Tell warnings as a sentence each, without a place in the code."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        print(f"plaingrad: {warning.message}", file=sys.stderr)


def _hidden(hidden: str | None, outputs: int) -> Sequential | None:
    """Return the network with the hidden layers that were asked for, if any."""
    if hidden is None:
        return None
    try:
        units = [int(width) for width in hidden.split(",") if width.strip()]
    except ValueError:
        raise SettingError(
            f"--hidden takes widths such as 64,32, got {hidden!r}."
        ) from None
    from .layers import Flatten, Linear, ReLU

    middle = [layer for width in units for layer in (Linear(width), ReLU())]
    return Sequential(Flatten(), *middle, Linear(outputs))


def _settings(usual: Mapping[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings of fit: the usual ones, with what was asked for instead."""
    settings = dict(usual)
    for name in ("epochs", "batch_size", "l2"):
        if getattr(options, name) is not None:
            settings[name] = getattr(options, name)
    if options.patience is not None:
        settings["early_stopping"] = options.patience
    if options.optimizer is not None or options.lr is not None:
        known = type(settings.get("optimizer", Adam())).__name__
        word = (options.optimizer or known).lower()
        if word not in OPTIMIZERS:
            raise unknown_name("optimizer", word, OPTIMIZERS)
        rate = {} if options.lr is None else {"lr": options.lr}
        settings["optimizer"] = OPTIMIZERS[word](**rate)
    same = {name: getattr(options, name) for name in SAME}
    return {**settings, **same}
