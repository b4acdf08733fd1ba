"""The folder of a training: checkpoints in turn, and the data once."""

from __future__ import annotations

import contextlib
import re
import time
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..encode import Decoder
from ..errors import DataError, FileError, SettingError
from ..files import alone_in, make_folder, write_whole
from ..model import Model, checksum, describe
from ..train.moment import Moment
from ..train.session import Prepared
from .file import DamagedError, Record, read, write
from .settings import USUAL, Checkpoint

Array = np.ndarray[Any, Any]
NAME = re.compile(r"step-(\d{12})\.safetensors")
DATA = "data.safetensors"
NAMES = ("X", "y", "w", "X_val", "y_val")
SHARE = 50
"""The usual checkpoints take less than one in so many seconds."""


class DamagedWarning(UserWarning):
    """A checkpoint is damaged, and an older one is used."""


class Shelf:
    """Saves a training into its folder: what the loop knows as its saver."""

    def __init__(self, checkpoint: Checkpoint, record: Mapping[str, Any]) -> None:
        self.checkpoint, self.folder = checkpoint, checkpoint.place
        self._record = record
        self._step: int | None = None
        self._saved, self._cost = time.monotonic(), 0.0

    def go_on(self, moment: Moment) -> None:
        """Go on from a moment; what is newer in the folder was damaged."""
        for step, path in steps(self.folder).items():
            if step > moment.step:
                path.unlink(missing_ok=True)
            elif step == moment.step:
                self._step = step
        # elsewhere it is written at once: who cannot write had better know it
        self.save(moment)

    def ahead(self, step: int) -> int | None:
        """Return after how many updates it is time; None when that is not counted."""
        every = self.checkpoint.every
        return None if every is None else every - step % every

    def due(self, step: int) -> bool:
        """Tell whether it is time."""
        every, seconds = self.checkpoint.every, self.checkpoint.seconds
        if every is not None and step % every == 0:
            return True
        if every is None and seconds is None:
            seconds = max(USUAL, SHARE * self._cost)
        return seconds is not None and time.monotonic() - self._saved >= seconds

    def save(self, moment: Moment) -> None:
        """Write a checkpoint, then remove those that are too many.

        Raises
        ------
        FileError
            When it cannot be written; those from before stay as they were.
        """
        if moment.step == self._step:
            return
        began = time.monotonic()
        try:
            record = Record(moment=moment, **self._record)
            write(path_of(self.folder, moment.step), record)
        except FileError as error:
            raise FileError(self._lost(error, moment.step)) from None
        self._step = moment.step
        self._rotate()
        self._saved = time.monotonic()
        self._cost = self._saved - began

    def _lost(self, error: FileError, step: int) -> str:
        """Return what to say when a checkpoint cannot be written."""
        if self._step is None:
            return f"the training was not begun, for it cannot be saved: {error}"
        ended = (
            f"{error} So training was ended after update {step}; the network keeps "
            f"what it has learnt, "
        )
        if not path_of(self.folder, self._step).is_file():
            return f"{ended}but its checkpoints are gone. net.save(path) keeps that."
        return (
            f"{ended}and the checkpoint of update {self._step} is whole. Make room, "
            f"and go on with resume={str(self.folder)!r}."
        )

    def _rotate(self) -> None:
        keep = self.checkpoint.keep
        if keep is not None:
            for path in list(steps(self.folder).values())[:-keep]:
                # that too many are there hurts nobody
                with contextlib.suppress(OSError):
                    path.unlink()


def path_of(folder: Path, step: int) -> Path:
    """Return the file of a checkpoint."""
    return folder / f"step-{step:012}.safetensors"


def steps(folder: Path) -> dict[int, Path]:
    """Return the checkpoints of a folder by their steps, in order."""
    found = [(NAME.fullmatch(path.name), path) for path in folder.iterdir()]
    return dict(sorted((int(match[1]), path) for match, path in found if match))


@contextlib.contextmanager
def opened(
    checkpoint: Checkpoint | str | Path | None,
    resume: str | Path | None,
    prepared: Prepared,
) -> Iterator[tuple[Shelf | None, Moment | None]]:
    """Have what saves a training, and the moment from which it is to go on.

    In the block no other training writes to the folder.

    Parameters
    ----------
    checkpoint
        How to save it; by default as usual, in the folder that it goes on from.
    resume
        The folder of a training that was begun. When it holds no checkpoint yet,
        training starts from its beginning.
    prepared
        The training, which must be the one that was begun.

    Raises
    ------
    FileError
        When there is no such folder, it cannot be written to, all checkpoints are
        damaged, or the folder belongs to another training.
    SettingError, DataError
        When settings, network or data are others than those of the beginning.

    Warns
    -----
    DamagedWarning
        When the newest checkpoint is damaged and an older one is used.
    """
    if resume is not None and not isinstance(resume, (str, Path)):
        raise SettingError(
            f"resume takes the folder of a training, got {resume!r}. Give the one that "
            f'checkpoint had: resume="runs/one".'
        )
    if checkpoint is None and resume is None:
        yield None, None
        return
    if not isinstance(checkpoint, Checkpoint):
        checkpoint = Checkpoint(resume if checkpoint is None else checkpoint)  # type: ignore[arg-type]
    record = describe_training(prepared)
    begun = None if resume is None else newest(Path(resume), above=4)
    if begun is not None:
        check_same(begun, record, prepared, Path(str(resume)))
    folder, shelf = make_folder(checkpoint.place), Shelf(checkpoint, record)
    same = begun is not None and folder.samefile(str(resume))
    with alone_in(folder):
        _tidy(folder)
        if not same and steps(folder):
            raise FileError(
                f"the folder {folder} holds the checkpoints of a training. Go on with "
                f"it by resume={str(folder)!r}, or take another folder."
            )
        if checkpoint.data and not (same and (folder / DATA).exists()):
            write_data(folder, prepared)
        if begun is not None:
            shelf.go_on(begun.moment)
        yield shelf, None if begun is None else begun.moment


def _tidy(folder: Path) -> None:
    """Remove what writes have left that were killed."""
    for part in folder.glob(".*.part"):
        # that it is there hurts nobody
        with contextlib.suppress(OSError):
            part.unlink()


def newest(folder: Path, above: int) -> Record | None:
    """Return the newest checkpoint that is whole, or None when there is none yet.

    A warning is for who stands so many calls above this one.
    """
    if not folder.is_dir():
        raise FileError(
            f"there is no folder {folder} to go on from. Leave resume out to start "
            f"there: checkpoint={str(folder)!r}."
        )
    damage: list[str] = []
    for path in reversed(steps(folder).values()):
        try:
            found = read(path)
        except DamagedError as error:
            damage.append(str(error))
            continue
        if damage:
            warnings.warn(
                f"{' '.join(damage)} So {path.name} is used.",
                DamagedWarning,
                stacklevel=1 + above,
            )
        return found
    if damage:
        raise FileError(f"{' '.join(damage)} No checkpoint is left to go on from.")
    return None


def describe_training(prepared: Prepared) -> dict[str, Any]:
    """Return what stays the same all along: model, data and masks of a record."""
    training = prepared.training
    masks = {name: prepared.given[f"free_{name}"] for name in training.masks}
    model = Model(
        network=prepared.network,
        features=training.features,
        dtype=training.settings.dtype,
        params={},
        masks=masks,
        training=training.begun_anew(),
    )
    return {
        "model": describe(model),
        "data": checksum({}, data_of(prepared)),
        "masks": masks,
        "drawn": not training.kept,
    }


def data_of(prepared: Prepared) -> dict[str, Array]:
    """Return the arrays to train and to validate on, by name."""
    arrays = dict(prepared.data)
    if prepared.validation is not None:
        arrays["X_val"], arrays["y_val"] = prepared.validation
    return arrays


def read_data(folder: Path, digest: str) -> dict[str, Array]:
    """Return the data of a training.

    Raises
    ------
    FileError
        When they are not there, or not those that it was begun with.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    path = folder / DATA
    if not path.is_file():
        raise FileError(
            f"there is no {path}, so only the steps of the checkpoints can be had. "
            f"pg.Checkpoint(folder, data=True), the default, keeps the data."
        )
    try:
        arrays: dict[str, Array] = load_file(path)
    except (SafetensorError, OSError) as error:
        raise FileError(f"{path} is damaged: {error}.") from None
    if checksum({}, arrays) != digest:
        raise FileError(
            f"{path} is damaged: it is not what the training was begun with."
        )
    return {name: arrays[name] for name in NAMES if name in arrays}


def write_data(folder: Path, prepared: Prepared) -> None:
    """Write the data of a training, once."""
    from safetensors.numpy import save

    arrays = {n: np.ascontiguousarray(v) for n, v in data_of(prepared).items()}
    write_whole(folder / DATA, save(arrays))


def check_same(
    begun: Record, record: Mapping[str, Any], prepared: Prepared, folder: Path
) -> None:
    """Refuse to go on with another training than the one that was begun."""
    mine, theirs = record["model"], begun.model
    settings = prepared.training.settings
    old = theirs["training"]["fields"]["settings"]["fields"]
    new = mine["training"]["fields"]["settings"]["fields"]
    reads_end = {"steps", "epochs"} & set(prepared.program.update.inputs)
    for name, value in new.items():
        was = old.get(name)
        longer = name == "epochs" and value > was and not reads_end
        if value != was and not longer:
            plain = was is None or isinstance(was, (int, float, str))
            raise SettingError(
                f"the training in {folder} was begun with another {name} than "
                f"{getattr(settings, name)!r}{f' ({was!r})' if plain else ''}, which "
                f"cannot change on the way. Repeat the settings of its start, or start "
                f"again in another folder."
            )
    for name in ("network", "features", "frozen"):
        if mine[name] != theirs[name]:
            raise SettingError(
                f"the training in {folder} was begun with another network than "
                f"{prepared.network!r} (its {name} differ). Make the same network, or "
                f"start again in another folder."
            )
    if checksum({}, begun.masks) != checksum({}, record["masks"]):
        raise SettingError(
            f"the training in {folder} was begun with other frozen entries. Freeze the "
            f"same, or start again in another folder."
        )
    _check_same_blocks(theirs, prepared, folder)
    if record["data"] != begun.data:
        raise DataError(
            f"X, y, the weights of the samples or the validation data are not those "
            f"that the training in {folder} was begun with. Pass the same, in the same "
            f"order, or start again in another folder."
        )


def _check_same_blocks(
    begun: Mapping[str, Any], prepared: Prepared, folder: Path
) -> None:
    """Refuse to go on with a stream that is read in another order."""
    training = prepared.training
    told = begun["training"]["fields"].get("blocks")
    old = None if told is None else Decoder({})(told)
    new = training.blocks
    if new is None or old is None:
        if new is old:
            return
        raise DataError(
            f"the training in {folder} was begun on {'arrays' if new else 'a stream'}. "
            f"Pass the same data in the same way, or start again in another folder."
        )
    if new != old:
        raise SettingError(
            f"the training in {folder} mixed {old.mixed} of {old.count} blocks at a "
            f"time, and this one mixes {new.mixed} of {new.count}, which is another "
            f"order. Make the stream of the same samples with the same memory, block "
            f"and mixed, or start again in another folder."
        )
