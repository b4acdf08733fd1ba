"""Trainings looked at later: a network as it was, and where two trainings part."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np

from .checkpoints.file import Record, read
from .checkpoints.folder import newest, read_data, steps
from .encode import Decoder
from .errors import FileError, PlaingradError, SettingError, whole
from .model import MASK, Model, remade
from .native.flat import flat
from .network import Network, Sequential
from .run import compile_procedure
from .streams.feed import Feed
from .streams.stream import Stream
from .train.history import History
from .train.keeper import copies
from .train.loop import Stopped
from .train.moment import Moment
from .train.session import Prepared, Session
from .train.settings import Machine
from .train.streaming import feed_again
from .train.training import Training

Array = np.ndarray[Any, Any]


def load_run(
    folder: str | Path,
    objects: Mapping[str, Any] | None = None,
    data: Stream | None = None,
) -> Run:
    """Return a training that `fit` saved in a folder, to look at any of its steps.

    Parameters
    ----------
    folder
        What `checkpoint` was.
    objects
        Classes and functions of your own that the network uses, by name.
    data
        The stream that was trained on, when it was one: only steps of which there are
        checkpoints can be had without it.

    Raises
    ------
    FileError
        When there is no such folder, or no checkpoint in it that is whole. Nothing in
        it is ever executed.
    """
    return Run(Path(folder), objects or {}, data)


class Run:
    """A training that was saved.

    Attributes
    ----------
    folder
        Where it is.
    history
        Its course, up to the newest checkpoint.
    seed
        What fixed everything random in it.
    last
        The number of updates at the newest checkpoint.
    """

    def __init__(
        self, folder: Path, objects: Mapping[str, Any], stream: Stream | None = None
    ) -> None:
        found = newest(folder, above=3)
        if found is None:
            raise FileError(f"there is no checkpoint in {folder}.")
        if not isinstance(stream, Stream | None):
            raise SettingError(
                f"data must be the stream that was trained on, got "
                f"{type(stream).__name__}. Arrays are in the folder: leave data out."
            )
        self.folder, self._objects, self._newest = folder, objects, found
        self._stream = stream
        self.history: History = found.moment.history
        self.seed, self.last = self.history.seed, found.moment.step
        self._known: dict[int, Moment] = {}

    def __repr__(self) -> str:
        """Show where it is and how far it came."""
        return f"<Run {str(self.folder)!r}: {self.last} updates, {self.history!r}>"

    @property
    def steps(self) -> list[int]:
        """The steps of which there are checkpoints."""
        return list(steps(self.folder))

    def at(self, step: int) -> Network:
        """Return the network as it was after so many updates.

        From the nearest checkpoint before, or from the start, the training is done
        again up to there, by the same engine and with the same bits.

        Raises
        ------
        SettingError
            When the training did not come so far.
        FileError
            When the data are needed and not there, or the first weights are gone.
        """
        step = whole("step", step, least=0)
        if step > self.last:
            raise SettingError(
                f"the training in {self.folder} came to update {self.last}, and not to "
                f"{step}."
            )
        model = self._model()
        network = model.network
        if not isinstance(network, Network):
            network = Sequential(network)
        values = self.moment(step).parameters
        network._take(flat(values), model.features, model.dtype)
        network._masks, network._training = model.masks, model.training
        return cast(Network, network)

    def moment(self, step: int) -> Moment:
        """Return all that the training had after so many updates."""
        found = self._nearest(step)
        if found is not None and found.step == step:
            return found
        if found is None and not self._newest.drawn:
            raise FileError(
                f"the training in {self.folder} began from weights of before, and its "
                f"first checkpoint, of update {self.steps[0]}, comes after update "
                f"{step}. pg.Checkpoint(folder, keep=None) keeps all."
            )
        until = _Until(step)
        machine = Machine(engine=self.history.engine)
        session = Session.start(self.prepared, machine)
        history = session.run((), until, copy.deepcopy(found))
        if until.found is None:
            if history.stopped == "interrupted":
                raise KeyboardInterrupt
            raise FileError(
                f"the training in {self.folder} does not come to update {step} when it "
                f"is done again here: it ends after {len(history.batch_loss)} "
                f"({history.stopped}). Another processor, or release of NumPy or LLVM, "
                f"rounds otherwise. pg.Checkpoint(folder, keep=None) keeps all."
            )
        self._known[step] = until.found
        return until.found

    def _nearest(self, step: int) -> Moment | None:
        """Return the last moment at hand that is not after a step."""
        known = [self._newest.moment, *self._known.values()]
        before = [moment for moment in known if moment.step <= step]
        best = max(before, key=lambda moment: moment.step, default=None)
        for place, path in reversed(steps(self.folder).items()):
            if place <= step and (best is None or place > best.step):
                try:
                    return read(path).moment
                except FileError:
                    # an older one will do, too
                    continue
        return best

    def _model(self) -> Model:
        """Return the network anew, with the weights of the newest checkpoint."""
        record: Record = self._newest
        masks = {f"{MASK}{name}": mask for name, mask in record.masks.items()}
        arrays = {**record.moment.parameters, **masks}
        try:
            return remade(arrays, record.model, Decoder(self._objects))
        except PlaingradError as error:
            text = str(error).replace("pg.load(path", "pg.load_run(folder")
            raise FileError(f"{self.folder} cannot be loaded: {text}") from error
        except Exception as error:
            # a description that makes no sense can make any constructor fail in any way
            raise FileError(
                f"{self.folder} cannot be loaded: it makes no sense "
                f"({type(error).__name__}: {error})."
            ) from error

    @cached_property
    def prepared(self) -> Prepared:
        """The training with its data, as it was prepared for its start."""
        model = self._model()
        if model.training is None:
            raise FileError(f"{self.folder} does not tell how it was trained.")
        data = read_data(self.folder, self._newest.data)
        held = [data.pop(name) for name in ("X_val", "y_val") if name in data]
        validation = (held[0], held[1]) if held else None
        return Prepared(
            network=model.network,
            training=model.training,
            data=data,
            feed=self._feed(model.training, data),
            validation=validation,
            given={f"free_{name}": mask for name, mask in model.masks.items()},
            chosen=[],
            frozen=tuple(cast(Any, self._newest.model["frozen"]["list"])),
        )

    def _feed(self, training: Training, data: Mapping[str, Array]) -> Feed | None:
        """Return what reads the stream that was trained on, if it was one."""
        if training.blocks is None and self._stream is None:
            return None
        if training.blocks is None or self._stream is None:
            raise FileError(
                f"the training in {self.folder} was on arrays, which are there: leave "
                f"data out."
                if self._stream is not None
                else f"the training in {self.folder} was on a stream, so only the "
                f"steps of the checkpoints can be had. Pass the stream for the others: "
                f"pg.load_run({str(self.folder)!r}, data=stream)."
            )
        return feed_again(self._model().network, training, self._stream, data)

    def diff(self, other: Run) -> Difference | None:
        """Return where this training and another one first differ, to the bit.

        Parameters
        ----------
        other
            A training of a network with the same parameters: with another seed, other
            settings or data, on another engine or machine.

        Returns
        -------
        Difference or None
            None when they are the same as far as both came.

        Raises
        ------
        SettingError
            When the networks have other parameters.
        FileError
            As `at`.
        """
        _check_comparable(self, other)
        if (name := self._apart(other, 0)) is not None:
            return self._difference(other, 0, name)
        low, high = 0, min(self.last, other.last)
        losses = [run.history.array("batch_loss")[:high] for run in (self, other)]
        unlike = np.flatnonzero(~_same_entries(*losses))
        if len(unlike):
            high = int(unlike[0]) + 1
        elif self._apart(other, high) is None:
            return None
        # alike after `low` updates, and not alike in update `high` or before
        while high - low > 1:
            middle = (low + high) // 2
            if self._apart(other, middle) is None:
                low = middle
            else:
                high = middle
        return self._inside(other, high)

    def _apart(self, other: Run, step: int) -> str | None:
        """Return the first parameter or memory that differs after some updates."""
        mine, theirs = self.moment(step), other.moment(step)
        return _first_apart(
            {**mine.parameters, **mine.states}, {**theirs.parameters, **theirs.states}
        )

    def _difference(self, other: Run, step: int, name: str) -> Difference:
        mine, theirs = (
            {**moment.parameters, **moment.states}[name]
            for moment in (self.moment(step), other.moment(step))
        )
        return Difference(step, name, mine, theirs)

    def _inside(self, other: Run, step: int) -> Difference:
        """Return the first named value that differs in an update."""
        mine, theirs = self.values(step), other.values(step)
        name = _first_apart(mine, theirs)
        if name is not None:
            return Difference(step, name, mine[name], theirs[name])
        # the printed text does not differ, so the engines that ran it do
        name = self._apart(other, step)
        if name is not None:
            return self._difference(other, step, name)
        loss = [
            np.array(r.history.array("batch_loss")[step - 1]) for r in (self, other)
        ]
        return Difference(step, "loss", *loss)

    def values(self, step: int) -> dict[str, Array]:
        """Return the batch and every named value of an update (from 1), in order.

        They are computed by the printed text from the weights before the update.
        """
        step = whole("step", step)
        program, count = self.prepared.program, self.prepared.training.count
        loop, moment = program.loop, self.moment(step - 1)
        size = loop.batch_size or count
        epoch, batch = divmod(step - 1, math.ceil(count / size))
        taken = self._batch(epoch, batch, size)
        pool: dict[str, Any] = {
            **program.settings,
            **self.prepared.given,
            # the text renews them in place
            **copies(moment.parameters),
            **{
                state: np.zeros_like(moment.parameters[owner])
                for state, owner in program.states.items()
            },
            **copies(moment.states),
            **taken,
            "seed": loop.seed,
            "step": step,
            "epoch": epoch,
            "epochs": loop.epochs,
            "steps": loop.epochs * math.ceil(count / size),
        }
        if moment.slower is not None:
            pool["lr"] = moment.slower[0]
        arguments = list(program.update.inputs)
        names = [one.name for one in program.update.steps]
        run = compile_procedure(
            program.update, program.dtype, "update", arguments, names
        )
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            found = run(*[pool[name] for name in arguments])
        return taken | dict(zip(names, map(np.asarray, found), strict=True))

    def _batch(self, epoch: int, batch: int, size: int) -> dict[str, Array]:
        """Return the samples of a batch, by name."""
        feed, data = self.prepared.feed, self.prepared.data
        if feed is not None:
            return next(feed.windows(epoch, batch, feed.buffer)).start(size)
        order = self.prepared.program.loop.order(len(data["X"]), epoch)
        rows = order[batch * size : (batch + 1) * size]
        return {name: values[rows] for name, values in data.items()}


@dataclass(frozen=True, eq=False)
class Difference:
    """Where two trainings first differ.

    Attributes
    ----------
    step
        The number of the update, from 1; 0 when they begin with other weights.
    name
        What the printed script calls the value.
    mine, theirs
        The value in both trainings.
    """

    step: int
    name: str
    mine: Array = field(repr=False)
    theirs: Array = field(repr=False)

    def __str__(self) -> str:
        """Say it in a sentence."""
        place = f"in update {self.step}" if self.step else "before the first update"
        return f"The runs first differ {place}, in {self.name}{self._how()}."

    def _how(self) -> str:
        if self.mine.shape != self.theirs.shape:
            return f": shape {self.mine.shape} and {self.theirs.shape}"
        unlike = ~_same_entries(self.mine, self.theirs)
        count = f": {unlike.sum()} of {unlike.size} entries"
        first = tuple(int(place[0]) for place in np.nonzero(np.atleast_1d(unlike)))
        pair = [np.atleast_1d(value)[first] for value in (self.mine, self.theirs)]
        return f"{count}, the first is {pair[0]!s} and {pair[1]!s}"


class _Until:
    """A saver that wants one moment, and ends the training there."""

    def __init__(self, step: int) -> None:
        self.step = step
        self.found: Moment | None = None

    def ahead(self, step: int) -> int:
        """Return how far it is."""
        return self.step - step

    def due(self, step: int) -> bool:
        """Tell whether this is the moment."""
        return step == self.step

    def save(self, moment: Moment) -> None:
        """Copy the moment when it is the one, and end the training."""
        if moment.step == self.step and self.found is None:
            self.found = _kept(moment)
            raise Stopped("reached")


def _kept(moment: Moment) -> Moment:
    """Return a moment that does not change when training goes on."""
    return replace(
        moment,
        parameters=copies(moment.parameters),
        states=copies(moment.states),
        best=copy.deepcopy(moment.best),
        history=copy.deepcopy(moment.history),
    )


def _check_comparable(one: Run, other: Run) -> None:
    """Refuse to compare networks with other parameters."""
    mine, theirs = (
        {name: value.shape for name, value in run._newest.moment.parameters.items()}
        for run in (one, other)
    )
    if mine != theirs:
        raise SettingError(
            f"the networks of {one.folder} and {other.folder} differ: their parameters "
            f"are {_told(mine)} and {_told(theirs)}. Only trainings of networks with "
            f"the same parameters can be compared."
        )


def _told(shapes: Mapping[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{name} {shape}" for name, shape in shapes.items())


def _first_apart(mine: Mapping[str, Array], theirs: Mapping[str, Array]) -> str | None:
    """Return the first name whose values differ; of those that both have."""
    for name in _both(mine, theirs):
        one, other = mine[name], theirs[name]
        if one.shape != other.shape or not _same_entries(one, other).all():
            return name
    return None


def _both(mine: Mapping[str, Array], theirs: Mapping[str, Array]) -> Iterator[str]:
    return (name for name in mine if name in theirs)


def _same_entries(one: Array, other: Array) -> Array:
    """Tell entry by entry whether two arrays are the same; NaN is the same as NaN."""
    same: Array = np.asarray((one == other) | ((one != one) & (other != other)))
    return same
