"""The trials of a search, kept by Optuna, so that it can go on."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FileError, SettingError
from ..extras import imported
from ..train.callbacks import Callback
from ..train.history import History
from .record import Trial

FILE = "search.journal"
NOTE = "plaingrad"
"""The attribute in which we note what came of a trial, and what a search is about."""
MARKS = 20
"""How often a trial is compared with others, at most."""
ENOUGH = 10
"""So many trials say what mattered."""


def library() -> Any:
    """Return optuna, importing it now.

    Raises
    ------
    MissingExtraError
        When it is not installed.
    """
    return imported("optuna", "optuna", "search", "A search")


class Study:
    """The trials so far, and which settings to try next.

    Parameters
    ----------
    folder
        Where they are kept; None for nowhere.
    about
        What the search is about: plain values by name, which must be the same.
    lowest
        Whether low values are good.
    epochs
        The most epochs of a trial.
    seed
        Of what is tried.

    Raises
    ------
    FileError
        When the file of the trials cannot be read or written.
    SettingError
        When the search was begun with something else.

    Notes
    -----
    Which settings a trial gets is a function of the seed and of the trials before: so a
    search that was ended goes on as if it had not been, where one trial follows the
    other. Optuna's tree-structured Parzen estimator chooses them: Bergstra et al.,
    Algorithms for hyper-parameter optimization, 2011.
    """

    def __init__(
        self,
        folder: Path | None,
        about: Mapping[str, Any],
        lowest: bool,
        epochs: int,
        seed: int,
    ) -> None:
        self._optuna, self._seed = library(), seed
        self._step = max(1, epochs // MARKS)
        storage = None if folder is None else self._storage(folder / FILE)
        pruner = self._optuna.pruners.MedianPruner(n_warmup_steps=2 * self._step)
        with self._quiet():
            self._study = self._optuna.create_study(
                storage=storage,
                pruner=pruner,
                study_name="search",
                direction="minimize" if lowest else "maximize",
                load_if_exists=True,
            )
        self._same(json.loads(json.dumps(about)), folder)
        self._drop_the_dead()

    def _storage(self, place: Path) -> Any:
        """Return the file of the trials."""
        if place.is_file():
            _cut_half_line(place)
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        # one process writes, in several threads, and no lock outlives it
        backend = JournalFileBackend(str(place), lock_obj=threading.Lock())
        try:
            return JournalStorage(backend)
        except (ValueError, KeyError) as error:
            raise FileError(f"{place} is damaged: {error}.") from None

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        """Keep Optuna from telling what we tell."""
        logging = self._optuna.logging
        before = logging.get_verbosity()
        logging.set_verbosity(logging.WARNING)
        try:
            yield
        finally:
            logging.set_verbosity(before)

    def _same(self, about: dict[str, Any], folder: Path | None) -> None:
        """Note what the search is about, or refuse to go on with another one."""
        begun = self._study.user_attrs.get(NOTE)
        if begun is None:
            self._study.set_user_attr(NOTE, about)
            return
        for name in {**begun, **about}:
            if begun.get(name) != about.get(name):
                raise SettingError(
                    f"the search in {folder} was begun with another {name}: "
                    f"{begun.get(name)}, and not {about.get(name)}. Repeat the "
                    f"settings of its start, or search in another folder."
                )

    def _drop_the_dead(self) -> None:
        """Leave out the trials that were under way when the search was ended."""
        state = self._optuna.trial.TrialState
        for trial in self._study.get_trials(deepcopy=False, states=[state.RUNNING]):
            self._study.tell(trial.number, state=state.FAIL)

    def count(self) -> int:
        """Return how many trials have ended or are under way."""
        return len(self._trials())

    def _trials(self) -> list[Any]:
        fail = self._optuna.trial.TrialState.FAIL
        return [t for t in self._study.get_trials(deepcopy=False) if t.state != fail]

    def ask(self) -> Any:
        """Return Optuna's trial that is to be done next."""
        own = np.random.SeedSequence([self._seed, self.count()]).generate_state(1)[0]
        self._study.sampler = self._optuna.samplers.TPESampler(seed=int(own))
        return self._study.ask()

    def number(self, trial: Any) -> int:
        """Return the number of a trial, in the order of their beginning."""
        return sum(one.number <= trial.number for one in self._trials())

    def known(self, settings: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return what came of the same settings before; None when they are new."""
        notes = [trial.user_attrs.get(NOTE, {}) for trial in self._trials()]
        for note in notes:
            if note.get("settings") == settings and note["outcome"] != "pruned":
                return {**note, "seconds": 0.0}
        return None

    def watch(self, trial: Any, lowest: bool) -> Prune:
        """Return what ends a trial when others were better by then."""
        return Prune(trial, self._step, lowest)

    def tell(self, trial: Any, found: Mapping[str, Any]) -> None:
        """Enter what came of a trial: the fields of a `Trial`, but its number."""
        state = self._optuna.trial.TrialState
        trial.set_user_attr(NOTE, dict(found))
        if found["outcome"] == "done":
            self._study.tell(trial, found["value"])
        else:
            # what diverged is among the worst, so that it is not tried again
            self._study.tell(trial, state=state.PRUNED)

    def drop(self, trial: Any) -> None:
        """Leave out a trial that was interrupted."""
        self._study.tell(trial, state=self._optuna.trial.TrialState.FAIL)

    def found(self) -> tuple[Trial, ...]:
        """Return all trials that ended."""
        ended = [t for t in self._trials() if t.state.is_finished()]
        return tuple(
            Trial(number=place, **trial.user_attrs[NOTE])
            for place, trial in enumerate(ended, 1)
        )

    def by_factors(self) -> tuple[str, ...]:
        """Return the settings that were searched by factors."""
        given = [one for trial in self._trials() for one in trial.distributions.items()]
        return tuple(dict.fromkeys(n for n, d in given if getattr(d, "log", False)))

    def importance(self) -> dict[str, float]:
        """Return by setting its share in how good trials are; empty for a few trials.

        By PED-ANOVA: Watanabe, Bansal and Hutter, PED-ANOVA: efficiently quantifying
        hyperparameter importance in arbitrary subspaces, 2023.
        """
        complete = self._optuna.trial.TrialState.COMPLETE
        trials = [t for t in self._trials() if t.state == complete]
        if len(trials) < ENOUGH or len({t.value for t in trials}) < 2:
            return {}
        found = self._optuna.importance.get_param_importances(self._study)
        return {name: float(share) for name, share in found.items()}


class Prune(Callback):
    """Ends a trial when others were better by then, and says so.

    Attributes
    ----------
    pruned
        Whether it did.
    """

    def __init__(self, trial: Any, step: int, lowest: bool) -> None:
        self._trial, self._step, self._lowest = trial, step, lowest
        self.pruned = False

    def on_epoch_end(self, history: History) -> bool:
        """Compare, now and then; return whether to end it."""
        epoch = history.epochs
        if epoch % self._step:
            return False
        value = (history.val_loss if self._lowest else history.val_score)[-1]
        if np.isfinite(value):
            self._trial.report(value, epoch)
            self.pruned = self._trial.should_prune()
        return self.pruned


def check_folder(folder: Path, resume: bool) -> None:
    """Refuse a folder that holds a search, or none to go on with.

    Raises
    ------
    FileError
        When that is so.
    """
    there = (folder / FILE).is_file()
    if resume and not there:
        raise FileError(f"there is no search in {folder} to go on with.")
    if there and not resume:
        raise FileError(
            f"{folder} holds a search. Go on with it by resume, or delete {FILE} there "
            f"to start again."
        )


def _cut_half_line(path: Path) -> None:
    """Take away a last line that was not written whole, as after a crash."""
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        with path.open("r+b") as stream:
            stream.truncate(whole)
