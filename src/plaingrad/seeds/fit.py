"""One training from several seeds, several at once."""

from __future__ import annotations

import copy
import threading
import warnings
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..checkpoints.folder import Shelf, opened
from ..checkpoints.settings import Checkpoint
from ..errors import FileError, PlaingradError, SettingError
from ..losses import Loss
from ..losses.classification import Classifier
from ..train.abreast import Watcher, abreast, workers
from ..train.checks import as_features
from ..train.ending import DivergedWarning
from ..train.engines import available
from ..train.history import History, brief
from ..train.moment import Moment
from ..train.session import Session, prepare
from ..train.settings import Machine, Settings
from ..train.tally import Tally
from .record import SeedRun, Seeds, numbered

if TYPE_CHECKING:
    from ..network import Network

Array = np.ndarray[Any, Any]
NAN = float("nan")
ALONE = {
    "seed": "say seeds=5, or which ones, seeds=range(10, 15).",
    "callbacks": "train by fit from each seed where something is to watch it.",
    "warm_start": "each seed has first weights of its own. Leave it out.",
}
"""What `fit` takes and several trainings cannot, and what to do."""


def trained(
    network: Network,
    X: Any,
    y: Any,
    seeds: int | Iterable[int],
    parallel: int | None,
    machine: Machine,
    places: Places,
    shown: bool,
    settings: dict[str, Any],
) -> Seeds:
    """Return the trainings of copies of a network; see `Network.fit_seeds`."""
    chosen, given = numbered(seeds), _named(settings)
    native = machine.engine != "reference" and available()
    count = workers(parallel, len(chosen), native)
    if count > 1:
        machine = replace(machine, threads=1)
    tally = Tally("seeds", len(chosen), shown=shown)
    work = _Work(network.untrained(), X, y, given, machine, places, chosen, tally)
    if work.machine.engine == "reference":
        # also where machine code was wanted and cannot be had
        count = workers(parallel, len(chosen), native=False)
    interrupted = abreast(work, count, tally.tick)
    tally.end()
    found = work.result()
    _warn(found, interrupted)
    return found


def _named(settings: dict[str, Any]) -> Settings:
    """Return the settings of all trainings, without those that only one can have."""
    for name, told in ALONE.items():
        if name in settings:
            raise SettingError(f"{name} belongs to one training: {told}")
    return Settings.named(settings)


@dataclass(frozen=True)
class Places:
    """The folder in which the folders of all seeds are, and that to go on from."""

    checkpoint: Checkpoint | str | Path | None
    resume: str | Path | None

    def __post_init__(self) -> None:
        if self.resume is not None and not Path(self.resume).is_dir():
            raise FileError(
                f"there is no folder {self.resume} to go on from. Leave resume out to "
                f"start there: checkpoint={str(self.resume)!r}."
            )

    def of(self, seed: int) -> tuple[Checkpoint | Path | None, Path | None]:
        """Return how to save the training from a seed, and where it goes on from."""
        saving, name, begun = self.checkpoint, f"seed-{seed}", None
        if self.resume is not None:
            begun = Path(self.resume) / name
            saving = self.resume if saving is None else saving
        if isinstance(saving, Checkpoint):
            saving = replace(saving, folder=saving.place / name)
        elif saving is not None:
            saving = Path(saving) / name
        # one that was not begun starts
        return saving, begun if begun is not None and begun.is_dir() else None


@dataclass(eq=False)
class _Begun:
    """A training that is ready."""

    network: Network
    session: Session
    shelf: Shelf | None
    moment: Moment | None
    folder: ExitStack
    """What keeps others away from its folder."""


class _Work:
    """The trainings that are to be done, and those that are."""

    def __init__(
        self,
        network: Network,
        X: Any,
        y: Any,
        settings: Settings,
        machine: Machine,
        places: Places,
        seeds: list[int],
        tally: Tally,
    ) -> None:
        # once, so that there are no copies of large data
        self.X, self.y = as_features(X, settings.dtype), y
        held = settings.validation
        if isinstance(held, tuple):
            once = as_features(held[0], settings.dtype), held[1]
            settings = replace(settings, validation=once)
        self.network, self.settings, self.machine = network, settings, machine
        self.places, self.seeds, self.waiting = places, seeds, list(seeds)
        self.lock, self.tally = threading.Lock(), tally
        self.done: dict[int, SeedRun] = {}
        # what is wrong, and what is to be warned of, is told here, and once
        first = self.begin(seeds[0])
        self.ready = {seeds[0]: first}
        session = first.session
        self.machine = replace(machine, engine=session.engine.name)
        validated = session.prepared.validation is not None
        self.score_name = "val_" * validated + session.history.score_name

    def begin(self, seed: int) -> _Begun:
        """Make the training from a seed ready."""
        network = copy.deepcopy(self.network)
        settings = replace(self.settings, seed=seed)
        prepared = prepare(network, self.X, self.y, settings, network._masks)
        with ExitStack() as folder:
            place = opened(*self.places.of(seed), prepared)
            shelf, moment = folder.enter_context(place)
            session = Session.start(prepared, self.machine)
            network._adopt(session)
            return _Begun(network, session, shelf, moment, folder.pop_all())

    def __call__(self, watcher: Watcher) -> bool:
        """Train from the next seed; return whether there was one."""
        with self.lock:
            if not self.waiting:
                return False
            seed = self.waiting.pop(0)
        run = self.train(seed, watcher)
        with self.lock:
            if run is not None:
                self.done[seed] = run
                self.tally.add(f"seed {seed}: {self.told(run)}")
        return True

    def train(self, seed: int, watcher: Watcher) -> SeedRun | None:
        """Return the training from a seed; None when it was interrupted."""
        try:
            begun = self.ready.pop(seed, None) or self.begin(seed)
            session = begun.session
            watcher.begin(session.prepared.training.settings.epochs)
            with begun.folder:
                history = session.run([watcher], begun.shelf, begun.moment)
        except PlaingradError as error:
            nothing = copy.deepcopy(self.network), History(self.score_name)
            return SeedRun(seed, *nothing, NAN, NAN, "error", str(error))
        if history.stopped == "callback":
            return None
        if history.stopped == "diverged":
            return SeedRun(seed, begun.network, history, NAN, NAN, "diverged")
        return judged(seed, begun.network, session)

    def told(self, run: SeedRun) -> str:
        """Return what came of a training, in a line."""
        if not run.counts:
            return run.error or run.failure
        score = f"{self.score_name} {brief(run.score)}"
        return f"{score}, {run.history.epochs} epochs in {run.history.seconds:.1f} s"

    def result(self) -> Seeds:
        """Return all that were done, and leave what was made ready."""
        for begun in self.ready.values():
            begun.folder.close()
        runs = tuple(self.done[seed] for seed in self.seeds if seed in self.done)
        return Seeds(runs, self.score_name, len(self.seeds))


def judged(seed: int, network: Network, session: Session) -> SeedRun:
    """Return a training that came to its end, with its loss and score."""
    prepared, history = session.prepared, session.history
    held = prepared.validation
    if held is None:
        y = prepared.data["y"]
        loss, score = session.engine.evaluate(prepared.data["X"], y)
    else:
        kept, y = (history.best_epoch or history.epochs) - 1, held[1]
        loss, score = history.val_loss[kept], history.val_score[kept]
    if not np.isfinite([loss, score]).all():
        # its last update went too far, and no other one came to notice
        return SeedRun(seed, network, history, NAN, NAN, "diverged")
    learnt = score > plain_score(prepared.training.loss, history.score_name, y)
    failure = "" if learnt else "not learnt"
    return SeedRun(seed, network, history, float(loss), float(score), failure)


def plain_score(loss: Loss, score_name: str, y: Array) -> float:
    """Return the score of the best answer that is the same for all samples."""
    if score_name == "r2":
        return 0.0
    if score_name != "accuracy":
        return -np.inf
    if y.dtype.kind in "iu" or isinstance(loss, Classifier):
        labels = y if y.dtype.kind in "iu" else y.argmax(axis=-1)
        return float(np.bincount(labels.ravel()).max() / labels.size)
    share = (y > 0.5).mean(axis=0)
    return float(np.maximum(share, 1 - share).mean())


def _warn(found: Seeds, interrupted: bool) -> None:
    """Warn the caller of `Network.fit_seeds` when trainings ended badly."""
    if interrupted:
        warnings.warn(
            f"interrupted; {len(found.runs)} of {found.wanted} trainings are done.",
            stacklevel=4,
        )
    diverged = [str(run.seed) for run in found.runs if run.failure == "diverged"]
    if diverged:
        warnings.warn(
            f"{len(diverged)} of {len(found.runs)} trainings diverged: from seed "
            f"{', '.join(diverged)}. The likely cause is too large a learning rate: "
            f"try a tenth of it, or clip_norm=1.",
            DivergedWarning,
            stacklevel=4,
        )
