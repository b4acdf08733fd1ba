"""What a training leaves behind: its costs, epoch by epoch and update by update."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

if TYPE_CHECKING:
    from .stretch import Array


class Numbers:
    """A list of numbers, some of which are made when somebody looks at it.

    A Python number takes longer to make than an update of a small network. So what is
    added is a function that gives an array; see `History.add`.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        """Take the name of the attribute."""
        self._name = name

    @overload
    def __get__(self, owner: None, kind: type) -> tuple[float, ...]: ...

    @overload
    def __get__(self, owner: object, kind: type) -> list[float]: ...

    def __get__(self, owner: object | None, kind: type) -> Sequence[float]:
        """Return the list, with all that was added; nothing as the default."""
        if owner is None:
            return ()
        found: list[float] = vars(owner)[self._name]
        if more := vars(owner).get(waiting(self._name)):
            made: list[float] = []
            for make in more:
                made += make().tolist()
            # Ctrl-C comes in calls, so before both or after both
            found += made
            del more[:]
        return found

    def __set__(self, owner: object, values: Sequence[float]) -> None:
        """Have another list."""
        vars(owner).pop(waiting(self._name), None)
        vars(owner)[self._name] = list(values)


def waiting(name: str) -> str:
    """Return the attribute in which functions wait that add to a list."""
    return f"_{name}"


@dataclass
class History:
    """The course of a training.

    Attributes
    ----------
    score_name
        What the scores are: "accuracy" or "r2".
    loss
        The mean loss of each epoch's batches, dropout and penalties included.
    val_loss, val_score
        Loss and score on the validation data after each epoch; empty without any.
    batch_loss
        The loss of every update.
    rate
        The learning rate at the end of each epoch, where the loop sets it.
    updates_per_epoch
        How many updates an epoch has.
    best_epoch
        The epoch (from 1) whose weights were kept by early stopping, else None.
    seconds
        The time that training took.
    stopped
        Why training ended: "epochs", "converged", "patience", "callback",
        "interrupted", "diverged", or "error" when a callback raised one.
    chosen
        What `fit` chose by itself, in a sentence each.
    seed
        Fixes everything random: weights, shuffles and dropout.
    engine
        What did the work: "native" (machine code) or "reference" (NumPy).
    compile_seconds
        The time that making the engine ready took, not part of `seconds`.
    """

    score_name: str = "accuracy"
    loss: Numbers = Numbers()
    val_loss: list[float] = field(default_factory=list)
    val_score: list[float] = field(default_factory=list)
    batch_loss: Numbers = Numbers()
    rate: list[float] = field(default_factory=list)
    updates_per_epoch: int = 1
    best_epoch: int | None = None
    seconds: float = 0.0
    stopped: str = "epochs"
    chosen: list[str] = field(default_factory=list)
    seed: int = 0
    engine: str = "reference"
    compile_seconds: float = 0.0

    @property
    def epochs(self) -> int:
        """The number of epochs that were run."""
        return len(self.loss)

    def add(
        self, name: Literal["loss", "batch_loss"], make: Callable[[], Array]
    ) -> None:
        """Add to one of the lists what a function gives, which may be called later."""
        vars(self).setdefault(waiting(name), []).append(make)

    def array(self, name: Literal["loss", "batch_loss"]) -> Array:
        """Return one of the lists as an array, and make no numbers for it."""
        made, more = vars(self)[name], vars(self).get(waiting(name), ())
        parts = [np.asarray(made, np.float64), *(make() for make in more)]
        return np.concatenate(parts)

    def __getstate__(self) -> dict[str, Any]:
        """Return everything, all numbers made: functions cannot be stored."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    def as_dict(self) -> dict[str, Any]:
        """Return everything as lists and numbers, for JSON."""
        return asdict(self)

    def __repr__(self) -> str:
        """Show the last state in one line."""
        words = (
            [f"{self.epochs} epochs", f"loss {brief(self.loss[-1])}"]
            if self.loss
            else []
        )
        if self.val_loss:
            words.append(f"val_loss {brief(self.val_loss[-1])}")
            words.append(f"val_{self.score_name} {brief(self.val_score[-1])}")
        if self.best_epoch is not None:
            words.append(f"best epoch {self.best_epoch}")
        return f"<History: {', '.join(words) or 'nothing yet'}>"


def brief(value: float) -> str:
    """Return a loss or a score in four digits behind the point, or as 2.8e+30."""
    return f"{value:.4f}" if abs(value) < 1e5 else f"{value:.3g}"
