"""What a search has found: its trials, the best of them, and how to repeat it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from types import FunctionType
from typing import Any

from ..errors import PlaingradError
from ..network import Network
from ..train.history import brief

CLASS = re.compile(r"\b([A-Z]\w+)\(")
"""A layer, a loss or an optimiser in code."""
MOST = 10
"""So many of the best trials are shown."""
OUTCOMES = {
    "done": "came to its end",
    "pruned": "ended early, for others were better by then",
    "diverged": "the loss became infinite or undefined",
    "error": "could not be trained",
}
"""What can become of a trial, and what that means."""


@dataclass(frozen=True)
class Trial:
    """One training of a search.

    Attributes
    ----------
    number
        From 1, in the order of their beginning.
    settings
        What was tried, by name.
    outcome
        "done", "pruned" (ended early, for others were better by then), "diverged" or
        "error".
    value
        The score or loss on the validation data: of the weights that were kept, or the
        last one before it was pruned. None where there is none.
    epochs, seconds
        How long it was.
    error
        The message, where an error ended it.
    """

    number: int
    settings: Mapping[str, Any]
    outcome: str
    value: float | None
    epochs: int
    seconds: float
    error: str = ""


@dataclass(frozen=True, eq=False)
class Search:
    """What a search has found.

    Attributes
    ----------
    trials
        All trials that ended, in the order of their beginning.
    monitor
        What is compared: "val_accuracy", "val_r2" or "val_loss".
    space
        What each setting could be, as text.
    by_factors
        The settings of which equal factors, and not differences, were equally likely.
    importance
        By setting, its share in how good a trial is (PED-ANOVA), the largest first;
        empty below ten trials that came to their end.
    settings
        Those of `fit` with which the best network is trained, validation included.
    network
        The best network, trained again; None when no trial came to its end.
    interrupted
        Whether Ctrl-C ended the search.
    """

    trials: tuple[Trial, ...]
    monitor: str
    space: Mapping[str, str]
    by_factors: tuple[str, ...] = ()
    importance: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    network: Network | None = None
    interrupted: bool = False

    @property
    def lowest(self) -> bool:
        """Whether the best value is the lowest one."""
        return self.monitor == "val_loss"

    @property
    def done(self) -> tuple[Trial, ...]:
        """The trials that came to their end, the best first."""
        ended = [trial for trial in self.trials if trial.outcome == "done"]
        return tuple(sorted(ended, key=self._rank))

    def _rank(self, trial: Trial) -> tuple[float, int]:
        value = float(trial.value or 0.0)
        return (value if self.lowest else -value), trial.number

    @property
    def best(self) -> Trial:
        """The best trial that came to its end; of equal ones the first.

        Raises
        ------
        PlaingradError
            When none came to its end.
        """
        if not self.done:
            told = [trial.error or OUTCOMES[trial.outcome] for trial in self.trials]
            why = f"The first: {told[0]}" if told else "There was no time for one."
            raise PlaingradError(f"no trial came to its end. {why}")
        return self.done[0]

    @property
    def names(self) -> list[str]:
        """The settings that were tried, in their order."""
        return list(dict.fromkeys(n for trial in self.trials for n in trial.settings))

    def searched(self) -> list[str]:
        """Return the settings that differ from trial to trial."""
        return [
            name
            for name in self.names
            if len({str(trial.settings.get(name)) for trial in self.trials}) > 1
        ]

    def csv(self) -> str:
        """Return a line for each trial, with names above."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        head = ("trial", "outcome", self.monitor, "epochs", "seconds")
        writer.writerow([*head, *self.names, "error"])
        for trial in self.trials:
            tried = [trial.settings.get(name) for name in self.names]
            told = (trial.number, trial.outcome, trial.value, trial.epochs)
            writer.writerow([*told, f"{trial.seconds:.3f}", *tried, trial.error])
        return out.getvalue()

    def best_network(self) -> Network:
        """Return the network of the best trial.

        Raises
        ------
        PlaingradError
            When no trial came to its end.
        """
        best = self.best
        if self.network is None:
            raise PlaingradError(f"the network of trial {best.number} was not made.")
        return self.network

    def python(self) -> str:
        """Return code that trains the best network again.

        Data are called X and y, and X_val and y_val where they are given for that;
        layers and functions of your own have their names.
        """
        words = [_written(name, value) for name, value in self.settings.items()]
        lines = [f"net = {self.best_network()!r}", "net.fit("]
        lines += [f"    {word}," for word in ("X", "y", *words)]
        text = "\n".join([*lines, ")"])
        public = import_module(__package__.partition(".")[0])
        used = sorted(n for n in set(CLASS.findall(text)) if hasattr(public, n))
        return f"from plaingrad import {', '.join(used)}\n\n{text}\n"

    @property
    def outcomes(self) -> dict[str, int]:
        """How many trials had which outcome, without those that none had."""
        found = [trial.outcome for trial in self.trials]
        return {name: found.count(name) for name in OUTCOMES if name in found}

    @property
    def mattered(self) -> list[str]:
        """Each setting with its share in how good a trial is, the largest first."""
        return [f"{name} {share:.0%}" for name, share in self.importance.items()]

    def __str__(self) -> str:
        """Return how many trials there were, the best of them, and what mattered."""
        told = ", ".join(f"{count} {name}" for name, count in self.outcomes.items())
        lines = [f"{len(self.trials)} trials: {told or 'none'}"]
        if self.done:
            lines += ["", self.table()]
        if self.mattered:
            lines += ["", f"what mattered: {', '.join(self.mattered)}"]
        return "\n".join(lines)

    __repr__ = __str__

    def table(self) -> str:
        """Return the best trials, a line each, with names above."""
        names = self.searched()
        rows = [["trial", self.monitor, "epochs", *names]]
        for trial in self.done[:MOST]:
            told = [str(trial.number), brief(float(trial.value or 0)), trial.epochs]
            rows.append([*map(str, told), *(_shown(trial, name) for name in names)])
        widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
        return "\n".join("  ".join(map(str.rjust, row, widths)) for row in rows)


def _written(name: str, value: Any) -> str:
    """Return a setting as Python; data by their name."""
    if name == "validation" and isinstance(value, (tuple, list)):
        return "validation=(X_val, y_val)"
    if isinstance(value, FunctionType):
        return f"{name}={value.__name__}"
    return f"{name}={name}" if name == "sample_weight" else f"{name}={value!r}"


def _shown(trial: Trial, name: str) -> str:
    value = trial.settings.get(name)
    return (
        "-"
        if value is None
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )
