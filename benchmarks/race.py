"""The referee: lets contenders do one workload in turn, and checks that they agree."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .contender import Contender, Failed, Pace
from .data import Task
from .workloads import Workload

TOLERANCE = 1e-3
CHECKED = 10
"""At least how many updates the checked loss is away from the first weights."""
HOPELESS = 3
"""How many times slower than the best a variant may be before it is given up."""


@dataclass
class Entrant:
    """A contender that was tried.

    Attributes
    ----------
    seconds
        What an update took in the trial.
    result, difference
        What it gave in the check, and how far that is from plaingrad's.
    """

    contender: Contender
    seconds: float
    result: list[float]
    difference: float

    @property
    def valid(self) -> bool:
        """Whether it did the same work."""
        return self.difference <= TOLERANCE

    @property
    def rank(self) -> tuple[bool, float]:
        """What the best has least of."""
        return not self.valid, self.seconds

    def as_dict(self, trains: bool) -> dict[str, Any]:
        """Return what was measured."""
        contender = self.contender
        return {
            "variant": contender.variant,
            "seconds per update": contender.median,
            "repetitions": contender.times,
            "epochs per repetition": contender.epochs,
            "startup seconds": contender.startup,
            "imported bytes": contender.imported,
            "peak bytes": contender.memory,
            "loss": contender.result[0] if trains else None,
            "checked loss": self.result[0] if trains else None,
            "difference": self.difference,
            "valid": self.valid,
            "blas": contender.blas,
            "note": contender.note,
        }


def race(task: Task, names: Sequence[str], pace: Pace) -> dict[str, Any]:
    """Measure one workload by all contenders and return a row of results.

    The first contender is the one that all others must agree with. Each has a process
    of its own, which stays alive; they do one repetition in turn, again and again.
    """
    workload = task.workload
    skipped: dict[str, str] = {}
    racing: dict[str, Entrant] = {}
    with tempfile.TemporaryDirectory() as made:
        task.save(Path(made))
        for name in names:
            truth = next(iter(racing.values())).result if racing else None
            try:
                racing[name] = trial(name, Path(made), workload, pace, truth, skipped)
            except Failed as reason:
                skipped[name] = str(reason)
        for _ in range(pace.repetitions):
            for name, entrant in [*racing.items()]:
                try:
                    entrant.contender.repeat()
                except Failed as reason:
                    skipped[name] = str(reason)
                    racing.pop(name).contender.close()
        for entrant in racing.values():
            entrant.contender.close()
    return {
        "workload": workload.name,
        "title": workload.title,
        "task": workload.task,
        "samples per update": workload.size,
        "updates per epoch": workload.updates,
        "multiply-adds per update": workload.multiply_adds,
        "data bytes": task.X.nbytes + task.y.nbytes,
        "note": task.note,
        "floor": asdict(workload.floor) if workload.floor else None,
        "contenders": {n: e.as_dict(workload.trains) for n, e in racing.items()},
        "skipped": skipped,
    }


def trial(
    name: str,
    folder: Path,
    workload: Workload,
    pace: Pace,
    truth: list[float] | None,
    skipped: dict[str, str],
) -> Entrant:
    """Return the fastest variant of a peer that gives the true result.

    A wrong one is returned only where there is no other, to be shown as such.

    Parameters
    ----------
    name, folder, workload, pace
        Who does what, how.
    truth
        The result that it must give; None for the first contender.
    skipped
        Is told why variants do not count.
    """
    contender: Contender | None = Contender(name, folder, pace)
    found: list[Entrant] = []
    for variant in contender.ways:
        best = min(found, key=lambda entrant: entrant.rank, default=None)
        try:
            contender = contender or Contender(name, folder, pace)
            found.append(attempt(contender, variant, workload, truth, best))
        except Failed as reason:
            skipped[f"{name}, {variant}"] = str(reason)
            if contender is not None:
                contender.close()
        contender = None
    if not found:
        raise Failed("no variant of it works")
    found.sort(key=lambda entrant: entrant.rank)
    for other in found[1:]:
        label = f"{name}, {other.contender.variant}"
        skipped[label] = f"{other.seconds * 1e6:,.1f} us"
        if not other.valid:
            skipped[label] = f"gave another result, by {other.difference:.1e}"
        other.contender.close()
    return found[0]


def attempt(
    contender: Contender,
    variant: str,
    workload: Workload,
    truth: list[float] | None,
    best: Entrant | None,
) -> Entrant:
    """Open a variant, check its result, and find the length of a repetition."""
    seconds = contender.open(variant, workload.updates)
    if best is not None and seconds > HOPELESS * best.seconds:
        raise Failed(f"{seconds / best.seconds:.0f} times slower")
    epochs = -(-CHECKED // workload.updates) if workload.trains else 1
    result = contender.ask("check", epochs=epochs)["result"]
    seconds = contender.settle()
    away = difference(result, truth or result, workload)
    return Entrant(contender, seconds, result, away)


def difference(result: list[float], truth: list[float], workload: Workload) -> float:
    """Return the relative difference of losses, or the share of other classes."""
    mine, theirs = np.array(result), np.array(truth)
    if not workload.trains:
        return float(np.mean(mine != theirs))
    return float(np.max(np.abs(mine - theirs) / np.abs(theirs)))
