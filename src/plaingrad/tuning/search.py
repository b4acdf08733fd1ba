"""Searching the settings with which a network does best."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..choices import outputs_of
from ..errors import SettingError
from ..network import Network
from ..train.progress import wanted
from ..train.settings import EarlyStopping, Machine
from .plan import Chooser, Plan, check_used
from .record import Search
from .space import USUAL, space
from .trials import Limits, searched

Given = float | tuple[float, float] | list[Any] | None
"""What a setting may be: one value, (low, high), choices, or None for the usual."""


def search(
    X: Any,
    y: Any,
    *,
    network: Network | Callable[[Chooser], Network] | None = None,
    hidden: Sequence[int] | None = None,
    layers: Given = None,
    width: Given = None,
    dropout: Given = None,
    optimizer: str | list[str] | None = None,
    lr: Given = None,
    l2: Given = None,
    batch_size: Given = None,
    trials: int = 50,
    timeout: float | None = None,
    monitor: str = "val_accuracy",
    validation: float | tuple[Any, Any] = 0.2,
    epochs: int = 100,
    early_stopping: int | EarlyStopping | None = 10,
    seed: int = 0,
    parallel: int | None = None,
    engine: str = "auto",
    threads: int | None = None,
    checkpoint: str | Path | None = None,
    resume: str | Path | None = None,
    verbose: bool | None = None,
    **settings: Any,
) -> Search:
    """Search the settings with which a network does best on the validation data.

    A setting is fixed by a value, searched in a range by (low, high), and among choices
    by a list; without any it is searched where it usually lies.

    Parameters
    ----------
    X, y
        Samples and targets, as for `Network.fit`. Keep test data away from here: what
        was chosen by data looks better on them than it is.
    network
        A network, of which only the training is searched; or a function that makes one:
        it is given `choose`, and calls `choose("kernels", (8, 64))` for what it wants
        to be searched. By default hidden layers of one width, with ReLU and dropout.
    hidden
        The widths of the hidden layers, when they are not to be searched.
    layers, width, dropout
        How many hidden layers, how wide, and what share of their values is dropped; by
        default 1 to 3, one of 16, 32, 64, 128, 256, and 0 to 0.5.
    optimizer
        Names, as on the command line: "adam", "lbfgs"; by default ["adam", "momentum"].
    lr, l2, batch_size
        As for `fit`; by default 1e-4 to 0.1, 1e-6 to 0.01, and one of 16, 32, 64, 128.
    trials
        How many trainings, with those of a search that goes on.
    timeout
        Seconds after which no trial begins any more.
    monitor
        What is compared: "val_accuracy", for the score whatever it is, or "val_loss".
    validation, epochs, early_stopping, seed
        As for `fit`, and the same for all trials. The seed also decides what is tried.
    parallel
        How many trials at once; by default as many as there are cores. With 1 the same
        search tries the same; with more, what is tried depends on which ends first.
    engine, threads
        As for `fit`; of several trials at once each has one thread.
    checkpoint
        A folder to keep the trials in, by Optuna's journal.
    resume
        The folder of a search that was ended: go on with it.
    verbose
        Whether to show progress; by default when standard error is a terminal.
    **settings
        Others of `fit`, for all trials.

    Returns
    -------
    Search
        The trials, the best of them, and its network, trained again. `print` shows it,
        `pg.draw.search_history` and `pg.draw.search_setting` draw it.

    Raises
    ------
    DataError, ShapeError, SettingError, FileError
        As `fit` does.
    PlaingradError
        When no trial came to its end.
    MissingExtraError
        When Optuna is not installed: the extra "search".

    Notes
    -----
    A trial whose loss becomes infinite, or that cannot be trained, is noted and no
    reason to stop. A trial ends early when its best value so far is worse than the
    median of what those that came to their end had after as many epochs. The same
    settings are not trained twice: what came of them is noted again. Ctrl-C ends the
    search, and what is done counts; a second one does not wait.
    """
    asked = (layers, width, dropout, optimizer, lr, l2, batch_size)
    given = dict(zip(USUAL, asked, strict=True))
    where = space(given)
    check_used(given, network is not None, hidden is not None)
    fixed = {"validation": validation, "epochs": epochs, "seed": seed}
    own = network.untrained() if isinstance(network, Network) else network
    plan = Plan(
        network=own,
        hidden=hidden,
        outputs=outputs_of(np.asarray(y), settings.get("loss")),
        space=where,
        settings={**fixed, "early_stopping": early_stopping, **settings},
        monitor=monitor,
    )
    limits = Limits(trials, timeout, parallel)
    machine = Machine(engine=engine, threads=threads)
    place, goes_on = _place(checkpoint, resume), resume is not None
    found = searched(plan, X, y, limits, machine, place, goes_on, wanted(verbose))
    if found.interrupted:
        hint = "" if place is None else f" Go on with resume={str(place)!r}."
        told = f"{len(found.trials)} of {trials} trials are done"
        warnings.warn(f"interrupted; {told}.{hint}", stacklevel=2)
    runs_on: dict[str, Any] = {"engine": engine, "threads": threads}
    found.best_network().fit(X, y, **found.settings, **runs_on, verbose=False)
    return found


def _place(checkpoint: Any, resume: Any) -> Path | None:
    """Return the folder of a search, if it has one."""
    for name, given in {"checkpoint": checkpoint, "resume": resume}.items():
        if given is not None and not isinstance(given, (str, Path)):
            raise SettingError(f"{name} takes the folder of a search, got {given!r}.")
    places = {Path(given) for given in (checkpoint, resume) if given is not None}
    if len(places) > 1:
        raise SettingError(
            f"a search goes on in the folder that it has, {resume}: leave checkpoint "
            f"out."
        )
    return places.pop() if places else None
