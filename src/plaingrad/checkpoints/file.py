"""A moment of a training as one safetensors file with a checksum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..errors import FileError
from ..files import write_whole
from ..model import checksum
from ..train.history import History
from ..train.keeper import Best
from ..train.moment import Moment

Array = np.ndarray[Any, Any]
Arrays = dict[str, Array]
FORMAT = 1
KEY = "plaingrad checkpoint"
LATE: tuple[Literal["loss", "batch_loss"], ...] = ("loss", "batch_loss")
"""The lists of a history whose numbers are made when somebody looks at them."""
LISTS = (*LATE, "val_loss", "val_score", "rate")
"""What a history has in lists of numbers, which are kept to the last bit."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Record:
    """What a checkpoint holds.

    Attributes
    ----------
    model
        Network and training as plain JSON, as a model file has them.
    data
        A checksum of the data.
    masks
        Which entries of parameters are free, by parameter.
    drawn
        Whether all parameters began as the seed has it.
    moment
        Where the training stands.
    """

    model: Mapping[str, Any]
    data: str
    masks: Mapping[str, Array]
    drawn: bool
    moment: Moment


class DamagedError(FileError):
    """The bytes of a file are not those that were written."""


def write(path: Path, record: Record) -> Path:
    """Write a checkpoint, whole or not at all, and return its path.

    Raises
    ------
    FileError
        When it cannot be written.
    """
    import json

    from safetensors.numpy import save

    moment = record.moment
    arrays = _flat({"masks": record.masks, **_groups(moment)})
    told = {
        "model": record.model,
        "data": record.data,
        "drawn": record.drawn,
        # a safetensors file has an order of its own
        "arrays": list(arrays),
        "step": moment.step,
        "epoch": moment.epoch,
        "lap": dict(moment.lap),
        "fixed": dict(moment.fixed),
        "history": _told(moment.history),
    }
    whole = {"format": FORMAT, "checksum": checksum(told, arrays), "told": told}
    return write_whole(path, save(arrays, metadata={KEY: json.dumps(whole)}))


def _groups(moment: Moment) -> dict[str, Mapping[str, Array]]:
    """Return the arrays of a moment in groups by their meaning."""
    history = moment.history
    lists = {name: history.array(name) for name in LATE} | {
        name: np.array(getattr(history, name), np.float64)
        for name in LISTS
        if name not in LATE
    }
    groups: dict[str, Mapping[str, Array]] = {
        "parameters": moment.parameters,
        "states": moment.states,
        "history": lists,
    }
    if moment.lap["epochs"]:
        groups |= {"start": moment.start[0], "memory": moment.start[1]}
    if moment.slower is not None:
        groups["slower"] = {"numbers": np.array(moment.slower, np.float64)}
    if moment.best is not None:
        best = moment.best
        groups["best"] = best.weights
        groups["keeper"] = {"numbers": np.array([best.value, best.waited], np.float64)}
    return groups


def _flat(groups: Mapping[str, Mapping[str, Array]]) -> Arrays:
    """Return the arrays of all groups by "group.name"."""
    return {
        f"{group}.{name}": np.ascontiguousarray(value)
        for group, arrays in groups.items()
        for name, value in arrays.items()
    }


def _told(history: History) -> dict[str, Any]:
    """Return all of a history but its lists."""
    return {n: v for n, v in vars(history).items() if n.strip("_") not in LISTS}


def read(path: Path) -> Record:
    """Return what a checkpoint holds.

    Raises
    ------
    DamagedError
        When it is damaged, or no checkpoint. Nothing in it is executed.
    FileError
        When it cannot be read, or another release wrote it.
    """
    import json

    from safetensors import safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            text = (file.metadata() or {})[KEY]
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        whole = json.loads(text)
        if whole["format"] != FORMAT:
            raise FileError(
                f"{path} has the format {whole['format']!r}, and this plaingrad reads "
                f"{FORMAT}. Update plaingrad."
            )
        told = whole["told"]
        if whole["checksum"] != checksum(told, arrays):
            text = "its contents are not what was written"
            raise DamagedError(f"{path} is damaged: {text}.")
        return _record(told, {name: arrays[name] for name in told["arrays"]})
    except FileError:
        raise
    except (OSError, MemoryError) as error:
        raise FileError(
            f"cannot read {path} ({type(error).__name__}: {error})."
        ) from None
    except Exception as error:
        # bytes that make no sense can fail in any way
        raise DamagedError(
            f"{path} is damaged or no checkpoint ({type(error).__name__}: {error})."
        ) from None


def _record(told: Mapping[str, Any], arrays: Arrays) -> Record:
    """Return the record of a description and the arrays beside it."""

    def group(wanted: str) -> Arrays:
        parts = ((*name.partition("."), value) for name, value in arrays.items())
        return {name: value for start, _, name, value in parts if start == wanted}

    slower, keeper = group("slower"), group("keeper")
    parameters, states = group("parameters"), group("states")
    lap, start = told["lap"], (parameters, states)
    if lap["epochs"]:
        start = group("start"), group("memory")
    moment = Moment(
        step=told["step"],
        epoch=told["epoch"],
        parameters=parameters,
        states=states,
        lap=lap,
        fixed=told["fixed"],
        start=start,
        slower=_slower(slower["numbers"]) if slower else None,
        best=_best(keeper["numbers"], group("best")) if keeper else None,
        history=_history(told["history"], group("history")),
    )
    return Record(
        model=told["model"],
        data=told["data"],
        masks=group("masks"),
        drawn=told["drawn"],
        moment=moment,
    )


def _slower(numbers: Array) -> tuple[float, float, int]:
    rate, best, waited = numbers.tolist()
    return rate, best, int(waited)


def _best(numbers: Array, weights: Arrays) -> Best:
    value, waited = numbers.tolist()
    return Best(value, int(waited), weights)


def _history(told: Mapping[str, Any], lists: Arrays) -> History:
    """Return a history whose losses become numbers when somebody looks at them."""
    others = {n: v.tolist() for n, v in lists.items() if n not in LATE}
    history = History(**told, **others)
    history.add("loss", lambda: lists["loss"])
    history.add("batch_loss", lambda: lists["batch_loss"])
    return history
