"""The command that trains: on a task or a table, into the folder of a run."""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from ..checkpoints.settings import Checkpoint
from ..choices import (
    OPTIMIZERS,
    augmentation,
    dense_network,
    optimizer_kind,
    optimizer_of,
)
from ..errors import FileError, SettingError, whole
from ..files import make_folder
from ..full_batch import FullBatch
from ..network import Network
from ..optimizers import Adam
from ..seeds import Seeds
from ..train.history import History
from ..train.progress import wanted
from ..visual.usual import augmented
from .jobs import Job, add_job_options, folder_for, job_of, listed, shared_settings
from .run_folder import write_seeds

TRAINING = """\
examples:
  plaingrad train digits
  plaingrad train spiral --optimizer adam --lr 0.01 --epochs 300
  plaingrad train mnist --hidden 256,128 --patience 5 --out runs/wide
  plaingrad train mnist --hidden 256,128 --patience 5 --out runs/wide --resume
  plaingrad train mnist --seeds 5
  plaingrad train flats.csv --target rent --kind zip=category
  plaingrad train photos/ --size 64 --augment flip,shift=4,rotate=10

A table is a .csv, .parquet, .feather or .xlsx file with names in its first row. What
its columns are is found and shown; its folder holds a report on the predictions. A
folder of pictures has a sub-folder for each class, perhaps within train/, validation/
and test/; there is a report, too. What is not given is as usual for the task. Ctrl-C
ends the training early; what was learnt until then is written. After that, or after a
crash, the same command with --resume goes on as if training had never ended. The folder
holds the model, the history, pictures of the costs and the mistakes, and the training
as a NumPy script with its data."""


def add_options(made: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    made.epilog = f"{listed()}\n\n{TRAINING}"
    add_job_options(made, "the folder (default: runs/TASK)")
    add = made.add_argument
    hidden = "hidden layers: Linear and ReLU of these widths, and not the usual network"
    add("--hidden", metavar="64,32", help=hidden)
    dropout = "share of the values that each hidden layer of --hidden drops, as 0.2"
    add("--dropout", type=float, metavar="X", default=0.0, help=dropout)
    augment = (
        "changes to images in training, in place of the usual: "
        "flip,shift=2,rotate=15,crop=24,noise=0.1 or none"
    )
    add("--augment", metavar="WORDS", help=augment)
    add("--batch-size", type=int, metavar="N", help="samples per update")
    add("--optimizer", metavar="NAME", help=", ".join(OPTIMIZERS))
    add("--lr", type=float, metavar="X", help="learning rate, as 0.01")
    add("--l2", type=float, metavar="X", help="penalty on large weights, as 1e-4")
    seeds = "train from so many seeds, tell how far results lie apart, keep the best"
    add("--seeds", type=int, metavar="K", help=seeds)
    seconds = "save it so often, to go on after a crash (default: 30)"
    add("--checkpoint", type=float, metavar="S", help=seconds)


def train(options: argparse.Namespace) -> None:
    """Train on a task, a table or pictures and write the run's folder."""
    units = hidden_units(options.hidden)
    if units is None and options.dropout:
        raise SettingError("--dropout goes with --hidden, whose layers it follows.")
    changes = None if options.augment is None else augmentation(options.augment)
    job = job_of(options)
    settings = settings_of(job.usual, options)
    network = job.network()
    if units is not None:
        network = dense_network(units, job.outputs, options.dropout)
    if changes is not None:
        network = augmented(network, changes)
    folder = make_folder(folder_for(job, options))
    settings |= _saving(folder / "checkpoints", options)
    say = (lambda *_: None) if options.quiet else print
    say(job.about())
    say(repr(network))
    settings["verbose"] = not options.quiet and wanted(None)
    settings["validation"] = job.validation
    if options.seeds is None:
        with warnings_told():
            network.fit(*job.train, **settings)
        say(_took(network.history))
        _finish(job, network, folder, options, say)
    else:
        _train_seeds(job, network, folder, settings, options, say)


def _train_seeds(
    job: Job,
    network: Network,
    folder: Path,
    settings: dict[str, Any],
    options: argparse.Namespace,
    say: Any,
) -> None:
    """Train from several seeds, and write the folder of the best."""
    first = settings.pop("seed")
    seeds = range(first, first + whole("seeds", options.seeds))
    with warnings_told():
        found = network.fit_seeds(*job.train, seeds=seeds, **settings)
    say(str(found))
    if len(found.runs) < found.wanted:
        say_how_to_go_on(options, say)
        return
    if not found.ended:
        shutil.rmtree(folder / "checkpoints")
    best = found.best
    print(f"test {best.history.score_name} {found.score(*job.test)}")
    say(f"kept is seed {best.seed}, the best in validation")
    _finish(job, best.network, folder, options, say, found)


def _finish(
    job: Job,
    network: Network,
    folder: Path,
    options: argparse.Namespace,
    say: Any,
    seeds: Seeds | None = None,
) -> None:
    """Judge a network, write the run's folder, and clean up or say how to go on."""
    lines, results = job.judge(network)
    for line in lines:
        print(line)
    say(f"written to {folder}:")
    written = job.write(folder, network, results)
    for name, what in chain(written, write_seeds(folder, seeds)):
        say(f"  {name:<18} {what}")
    if network.history.stopped == "interrupted":
        say_how_to_go_on(options, say)
    else:
        shutil.rmtree(folder / "checkpoints")


def say_how_to_go_on(options: argparse.Namespace, say: Any) -> None:
    """Say the command that goes on with what was interrupted."""
    again = [word for word in options.words if word != "--resume"]
    say(f"to go on: {shlex.join(['plaingrad', *again, '--resume'])}")


def _saving(place: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings of fit that save a training and go on with it."""
    if not options.resume and any(place.rglob("step-*")):
        raise FileError(
            f"{place} holds a training that was not finished. Go on with it by "
            f"--resume, or delete that folder to start again."
        )
    others, told = ("step-*", "without") if options.seeds else ("seed-*", "with")
    if options.resume and any(place.glob(others)):
        raise FileError(
            f"{place} holds a training that was begun {told} --seeds. Go on with it "
            f"{told} --seeds, or delete that folder to start again."
        )
    checkpoint = Checkpoint(place, seconds=options.checkpoint, data=False)
    return {"checkpoint": checkpoint, "resume": place if options.resume else None}


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


def hidden_units(hidden: str | None) -> list[int] | None:
    """Return the widths of the hidden layers that were asked for, if any."""
    if hidden is None:
        return None
    try:
        return [int(width) for width in hidden.split(",") if width.strip()]
    except ValueError:
        raise SettingError(
            f"--hidden takes widths such as 64,32, got {hidden!r}."
        ) from None


def settings_of(
    usual: Mapping[str, Any], options: argparse.Namespace
) -> dict[str, Any]:
    """Return the settings of fit: the usual ones, with what was asked for instead."""
    settings = shared_settings(usual, options)
    if options.optimizer is not None or options.lr is not None:
        kind = type(settings.get("optimizer", Adam()))
        if options.optimizer is not None:
            kind = optimizer_kind(options.optimizer)
        settings["optimizer"] = optimizer_of(kind, options.lr)
        if issubclass(kind, FullBatch):
            # all samples at once, unless another size is asked for, which is refused
            settings.pop("batch_size", None)
    for name in ("batch_size", "l2"):
        if getattr(options, name) is not None:
            settings[name] = getattr(options, name)
    return settings
