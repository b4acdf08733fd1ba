"""The command that searches settings: for a task or a table, into a folder."""

from __future__ import annotations

import argparse
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..network import Network
from ..train.progress import wanted
from ..train.settings import MONITORS, Machine
from ..tuning.pages import PAGE, write_search
from ..tuning.plan import Plan, check_used
from ..tuning.record import Search
from ..tuning.space import USUAL, from_text, space, spec
from ..tuning.trials import Limits, searched
from ..write.words import words
from .jobs import (
    add_job_options,
    folder_for,
    job_of,
    listed,
    shared_settings,
    shared_words,
)
from .train import add_options as add_training
from .train import hidden_units, say_how_to_go_on, train, warnings_told

OWN = "usual"
"""What --hidden takes for the usual network of a task."""
SEARCHING = """\
examples:
  plaingrad search digits --trials 30
  plaingrad search digits --trials 60 --resume
  plaingrad search digits --hidden usual --lr 1e-4..1e-2 --optimizer adam,rmsprop
  plaingrad search flats.csv --target rent --layers 1..2 --width 64 --timeout 600

A setting is fixed by a value, searched in a range LOW..HIGH, and among choices A,B,C;
without any of these it is searched where it usually lies. Trials are compared by the
validation data. The best one is trained again, by a command that is shown, and only
that network sees the test data. After Ctrl-C or a crash the same command with --resume
goes on. What diverges or cannot be trained is noted, and the search goes on."""
ABOUT = {
    "layers": "how many hidden layers",
    "width": "how wide they are",
    "dropout": "what share of their values is dropped",
    "optimizer": "by name, as in train",
    "lr": "learning rate",
    "l2": "penalty on large weights",
    "batch_size": "samples per update",
}


def add_options(made: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    made.epilog = f"{listed()}\n\n{SEARCHING}"
    add_job_options(made, "the folder (default: runs/TASK-search)")
    add = made.add_argument
    hidden = f"widths of the hidden layers, or {OWN} for the usual network of the task"
    add("--hidden", metavar="64,32", help=hidden)
    for name, about in ABOUT.items():
        usual = str(spec(USUAL[name])).replace("%", "%%")
        option = f"--{name.replace('_', '-')}"
        add(option, metavar="X", help=f"{about} (default: {usual})")
    trials = "how many trainings in all (default: 50)"
    add("--trials", type=int, metavar="N", default=50, help=trials)
    timeout = "begin no trial after so many seconds"
    add("--timeout", type=float, metavar="S", help=timeout)
    parallel = "trials at once (default: as many as cores); with 1 it can be repeated"
    add("--parallel", type=int, metavar="N", help=parallel)
    monitor = f"what is compared: {' (the score) or '.join(reversed(MONITORS))}"
    add("--monitor", metavar="NAME", default="val_accuracy", help=monitor)


def search(options: argparse.Namespace) -> None:
    """Search settings, train the best network again, and write both."""
    given = {name: getattr(options, name) for name in USUAL}
    asked = {n: from_text(n, text) for n, text in given.items() if text is not None}
    words(options.lang)  # a language that is not there is said before any work
    limits = Limits(options.trials, options.timeout, options.parallel)
    units = None if options.hidden == OWN else hidden_units(options.hidden)
    where = space(asked)
    check_used(asked, options.hidden == OWN, units is not None)
    job = job_of(options)
    settings = shared_settings(job.usual, options)
    machine = Machine(engine=settings.pop("engine"), threads=settings.pop("threads"))
    for name in ("optimizer", "l2", "batch_size"):
        settings.pop(name, None)
    network: Network | None = job.network() if options.hidden == OWN else None
    plan = Plan(
        network=network,
        hidden=units,
        outputs=job.outputs,
        space=where,
        settings={**settings, "validation": job.validation},
        monitor=options.monitor,
    )
    folder = folder_for(job, options, "-search")
    say = (lambda *_: None) if options.quiet else print
    say(job.about())
    say("searched: " + "; ".join(f"{n} {given}" for n, given in plan.tried.items()))
    show = not options.quiet and wanted(None)
    with warnings_told():
        found = searched(
            plan, *job.train, limits, machine, folder, options.resume, show
        )
    say(str(found))
    if found.interrupted:
        say_how_to_go_on(options, say)
        return
    _finish(found, units, folder, options, say)


def _chosen(settings: Mapping[str, Any], hidden: list[int] | None) -> list[str]:
    """Return the words of a command line that give the settings of a trial."""
    chosen = dict(settings)
    units = (
        [chosen.pop("width")] * chosen.pop("layers") if "layers" in chosen else hidden
    )
    words = [] if units is None else ["--hidden", ",".join(map(str, units))]
    for name, value in chosen.items():
        if value is not None:
            words += [f"--{name.replace('_', '-')}", str(value)]
    return words


def _finish(
    found: Search,
    units: list[int] | None,
    folder: Path,
    options: argparse.Namespace,
    say: Any,
) -> None:
    """Write what was found, and train the best network by a command that is shown."""
    again = ["train", *shared_words(options), *_chosen(found.best.settings, units)]
    again += ["--out", str(folder / "best")]
    command = shlex.join(["plaingrad", *again])
    begun = _begun(folder, command)
    say(f"written to {folder}:")
    for name, what in write_search(folder, found, command, options.lang):
        say(f"  {name:<18} {what}")
    say(f"the best is trial {found.best.number}; this trains it again:")
    print(command)
    parser = argparse.ArgumentParser()
    add_training(parser)
    more = ["--resume"] * begun + ["--quiet"] * options.quiet
    training = parser.parse_args([*again[1:], *more])
    training.words = again
    train(training)


def _begun(folder: Path, command: str) -> bool:
    """Return whether that training was begun before; remove what is left of another."""
    place, page = folder / "best" / "checkpoints", folder / PAGE
    same = page.is_file() and f"\n{command}\n" in page.read_text(encoding="utf-8")
    if place.is_dir() and not same:
        shutil.rmtree(place)
    return place.is_dir()
