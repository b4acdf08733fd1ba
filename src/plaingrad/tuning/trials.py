"""The trials of a search: one after the other, or side by side."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError, FileError, PlaingradError, positive, whole
from ..files import alone_in, make_folder
from ..network import Network
from ..train.abreast import Watcher, abreast, workers
from ..train.checks import as_features
from ..train.engines import available
from ..train.history import History, brief
from ..train.session import Session, prepare
from ..train.settings import Machine, Settings
from ..train.tally import Tally
from .plan import Plan
from .record import Search
from .space import Choose
from .study import Prune, Study, check_folder

Array = np.ndarray[Any, Any]


class Limits:
    """How much is tried: trials, seconds, and trials at once."""

    def __init__(
        self, trials: int, timeout: float | None, parallel: int | None
    ) -> None:
        self.trials, self.parallel = whole("trials", trials), parallel
        self.timeout = None if timeout is None else positive("timeout", timeout)


def searched(
    plan: Plan,
    X: Any,
    y: Any,
    limits: Limits,
    machine: Machine,
    folder: Path | None,
    resume: bool,
    shown: bool,
) -> Search:
    """Return what a search has found; its best network is not trained yet.

    Parameters
    ----------
    plan
        What a trial is.
    X, y
        Samples and targets.
    limits
        How much is tried.
    machine
        What a trial runs on.
    folder
        Where the trials are kept.
    resume
        Whether to go on with those that are there.
    shown
        Whether to show progress.
    """
    dtype = Settings.named({"dtype": plan.settings.get("dtype", "float32")}).dtype
    X, y, seed = as_features(X, dtype), np.asarray(y), plan.settings["seed"]
    about, native = plan.about(X, y), machine.engine != "reference" and available()
    with _alone(folder, resume):
        study = Study(folder, about, plan.lowest, plan.epochs, seed)
        left = max(1, limits.trials - study.count())
        count = workers(limits.parallel, left, native)
        if count > 1:
            machine = replace(machine, threads=1)
        tally = Tally("trials", limits.trials, study.count(), shown)
        work = _Work(plan, X, y, study, limits, machine, tally)
        interrupted = abreast(work, count, tally.tick)
        tally.end()
    found = replace(work.result(), interrupted=interrupted)
    if not found.done:
        return found
    chosen = found.best.settings
    network, settings = plan.make(lambda name, *_, **__: chosen[name], X)
    if not plan.lowest:
        # also where all trials are from before
        program = prepare(network, X, y, Settings.named(settings)).program
        found = replace(found, monitor=f"val_{program.evaluate.results[1]}")
    return replace(found, network=network, settings=settings)


@contextmanager
def _alone(folder: Path | None, resume: bool) -> Iterator[None]:
    """Keep others away from the folder of a search, if it has one."""
    if folder is None:
        yield
        return
    check_folder(folder, resume)
    with alone_in(make_folder(folder)):
        try:
            yield
        except OSError as error:
            raise FileError(
                f"the search was ended, for {folder} cannot be written to: "
                f"{error.strerror}. The trials before are kept. Make room, and go on "
                f"with them by resume."
            ) from None


class _Work:
    """The trials: what is tried next, and what came of it."""

    def __init__(
        self,
        plan: Plan,
        X: Array,
        y: Array,
        study: Study,
        limits: Limits,
        machine: Machine,
        tally: Tally,
    ) -> None:
        self.plan, self.X, self.y, self.study = plan, X, y, study
        self.limits, self.machine, self.tally = limits, machine, tally
        self.lock, self.score_name = threading.Lock(), "accuracy"
        self.until = float("inf")
        if limits.timeout is not None:
            self.until = time.monotonic() + limits.timeout

    def __call__(self, watcher: Watcher) -> bool:
        """Do the next trial; return whether there was one."""
        with self.lock:
            over = time.monotonic() >= self.until
            if over or self.study.count() >= self.limits.trials:
                return False
            trial = self.study.ask()
            choose = Choose(trial)
            made, error = self._made(choose)
            outcome = self.study.known(choose.chosen)
        if made is None:
            outcome = nothing(error)
        elif outcome is None:
            prune = self.study.watch(trial, self.plan.lowest)
            outcome = self._trained(*made, watcher, prune)
        with self.lock:
            if outcome is None:
                self.study.drop(trial)
                return False
            outcome["settings"] = choose.chosen
            self.study.tell(trial, outcome)
            told = self._told(outcome, choose)
            self.tally.add(f"trial {self.study.number(trial)}: {told}")
        return True

    def _made(
        self, choose: Choose
    ) -> tuple[tuple[Network, dict[str, Any]] | None, str]:
        """Return network and settings of a trial, or why there are none."""
        try:
            return self.plan.make(choose, self.X), ""
        except PlaingradError as error:
            return None, str(error)

    def _trained(
        self,
        network: Network,
        settings: Mapping[str, Any],
        watcher: Watcher,
        prune: Prune,
    ) -> dict[str, Any] | None:
        """Return what came of a trial; None when it was interrupted."""
        watcher.begin(self.plan.epochs)
        try:
            named = Settings.named(settings)
            prepared = prepare(network, self.X, self.y, named, network._masks)
            session = Session.start(prepared, self.machine)
            history = session.run([watcher, prune])
        except DataError:
            # no settings mend the data
            raise
        except PlaingradError as error:
            return nothing(str(error))
        self.score_name = history.score_name
        if prune.pruned:
            return self._outcome("pruned", history, history.epochs)
        if history.stopped == "callback":
            return None
        kept = history.best_epoch or history.epochs
        bad = history.stopped == "diverged"
        return self._outcome("diverged" if bad else "done", history, kept)

    def _outcome(self, outcome: str, history: History, epoch: int) -> dict[str, Any]:
        """Return what to note of a trial, of which an epoch counts."""
        values = history.val_loss if self.plan.lowest else history.val_score
        value = None if outcome == "diverged" else float(values[epoch - 1])
        if value is not None and not np.isfinite(value):
            value, outcome = None, "diverged"
        return {
            "outcome": outcome,
            "value": value,
            "epochs": history.epochs,
            "seconds": history.seconds,
            "error": "",
        }

    @property
    def monitor(self) -> str:
        """What is compared, by its own name."""
        return "val_loss" if self.plan.lowest else f"val_{self.score_name}"

    def _told(self, found: Mapping[str, Any], choose: Choose) -> str:
        """Return what came of a trial, in a line."""
        told = found["error"] or found["outcome"]
        if found["value"] is not None:
            told = f"{self.monitor} {brief(found['value'])}"
            told += ", pruned" if found["outcome"] == "pruned" else ""
        tried = (f"{name} {choose.chosen[name]}" for name in choose.searched)
        return f"{told}  {', '.join(tried)}"

    def result(self) -> Search:
        """Return all trials."""
        return Search(
            trials=self.study.found(),
            monitor=self.monitor,
            space=self.plan.tried,
            by_factors=self.study.by_factors(),
            importance=self.study.importance(),
        )


def nothing(error: str) -> dict[str, Any]:
    """Return what to note of a trial that an error ended."""
    return {
        "outcome": "error",
        "value": None,
        "epochs": 0,
        "seconds": 0.0,
        "error": error,
    }
