"""What came of training from several seeds, and how much of it is chance."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import PlaingradError, SettingError, whole
from ..train.history import History, brief
from .spread import Spread

if TYPE_CHECKING:
    from ..network import Network

FAILURES = {
    "diverged": "the loss became infinite or undefined",
    "not learnt": "no better than one answer for all samples",
    "error": "it could not be trained",
}
"""What can become of a training, and what that means."""


@dataclass(frozen=True, eq=False)
class SeedRun:
    """The training from one seed.

    Attributes
    ----------
    seed
        The seed.
    network
        The trained network.
    history
        The course of its training.
    loss, score
        Of the weights that were kept, on the validation data, or on the training data
        where nothing was validated.
    failure
        Empty, or "diverged" (the loss became infinite or undefined), "not learnt" (the
        score is no better than that of the best answer that is the same for all
        samples: the most frequent class, or the mean), or "error".
    error
        The message, where an error ended the training.
    """

    seed: int
    network: Network
    history: History
    loss: float
    score: float
    failure: str = ""
    error: str = ""

    @property
    def counts(self) -> bool:
        """Whether it came to an end, so that loss and score mean something."""
        return self.failure in ("", "not learnt")

    def __repr__(self) -> str:
        """Show it in one line."""
        told = self.failure or f"score {brief(self.score)}"
        return f"<SeedRun: seed {self.seed}, {told}>"


@dataclass(frozen=True, eq=False)
class Seeds:
    """The trainings from several seeds, and how far their results lie apart.

    Attributes
    ----------
    runs
        Each training, in the order of the seeds.
    score_name
        What the scores are: "val_accuracy", or "accuracy" of the training data where
        nothing was validated; "r2" for a regression.
    wanted
        How many there should be; Ctrl-C leaves fewer.
    """

    runs: tuple[SeedRun, ...]
    score_name: str
    wanted: int

    @property
    def loss_name(self) -> str:
        """What the losses are: "val_loss", or "loss" of the training data."""
        return "val_loss" if self.score_name.startswith("val_") else "loss"

    @property
    def failures(self) -> tuple[SeedRun, ...]:
        """The trainings that failed; see `SeedRun.failure`."""
        return tuple(run for run in self.runs if run.failure)

    @property
    def ended(self) -> tuple[SeedRun, ...]:
        """The trainings that came to an end: all but those that diverged or failed."""
        return tuple(run for run in self.runs if run.counts)

    @property
    def scores(self) -> Spread:
        """The scores of all trainings that came to an end."""
        return Spread(tuple(run.score for run in self.ended))

    @property
    def losses(self) -> Spread:
        """The losses of all trainings that came to an end."""
        return Spread(tuple(run.loss for run in self.ended))

    @property
    def best(self) -> SeedRun:
        """The training with the best score; of equal ones, that of the lowest loss.

        Raises
        ------
        PlaingradError
            When none came to an end.
        """
        if not self.ended:
            told = next((run.error for run in self.runs if run.error), "")
            told = told or "All diverged: try a tenth of the learning rate."
            raise PlaingradError(f"no training came to an end. {told}")
        return max(self.ended, key=lambda run: (run.score, -run.loss))

    def score(self, X: Any, y: Any) -> Spread:
        """Return the scores of all networks that came to an end, on other data."""
        return Spread(tuple(run.network.score(X, y) for run in self.ended))

    def csv(self) -> str:
        """Return a line for each seed, with names above."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        names = ("seed", "epochs", "best_epoch", self.loss_name, self.score_name)
        writer.writerow([*names, "failure", "error"])
        for run in self.runs:
            epochs, best = run.history.epochs, run.history.best_epoch
            told = (run.seed, epochs, best, run.loss, run.score, run.failure, run.error)
            writer.writerow(told)
        return out.getvalue()

    def __str__(self) -> str:
        """Return a table, and what it says together."""
        head = ("seed", "epochs", self.loss_name, self.score_name)
        rows = [head, *(self._row(run) for run in self.runs)]
        widths = [max(len(row[place]) for row in rows) for place in range(4)]
        notes = ["", *(self._note(run) for run in self.runs)]
        lines = [
            "  ".join([*map(str.rjust, row, widths), note]).rstrip()
            for row, note in zip(rows, notes, strict=True)
        ]
        return "\n".join([*lines, "", *self._together()])

    __repr__ = __str__

    def _row(self, run: SeedRun) -> tuple[str, ...]:
        values = [brief(run.loss), brief(run.score)] if run.counts else ["-", "-"]
        return str(run.seed), str(run.history.epochs), *values

    def _note(self, run: SeedRun) -> str:
        if not run.failure:
            return "best" if run is self.best else ""
        return f"{run.failure}: {run.error or FAILURES[run.failure]}"

    def _together(self) -> list[str]:
        scores, failed, count = self.scores, len(self.failures), len(self.runs)
        trainings = f"{count} training{'s' * (count != 1)}"
        lines = [f"{self.score_name} {scores}"] if scores.values else []
        if scores.interval is not None:
            low, high = map(brief, scores.interval)
            lines.append(f"mean of all seeds, 95 % interval: {low} .. {high}")
        told = f"{failed} of {trainings} failed" if failed else ""
        if 0 < len(self.ended) < count:
            told += "; the mean is without those that have no score"
        lines.append(told or f"{trainings}, none failed")
        if count < self.wanted:
            lines.append(f"interrupted: {self.wanted} were wanted")
        return lines


def numbered(seeds: Any) -> list[int]:
    """Return the seeds: 0, 1, ... for a number of them, else those that are given.

    Raises
    ------
    SettingError
        When there are none, or one is there twice.
    """
    if not isinstance(seeds, Iterable):
        return list(range(whole("seeds", seeds)))
    given = [whole("a seed", seed, least=0) for seed in seeds]
    if not given or len(set(given)) < len(given):
        raise SettingError(
            f"seeds must be how many, such as 5, or seeds that all differ, got {given}."
        )
    return given
