"""The value of an epoch that a callback is told to look at."""

from __future__ import annotations

from ..errors import SettingError, unknown_name
from ..train.history import History

MONITORS = ("loss", "val_loss", "val_accuracy", "val_r2")


def monitor_name(name: str) -> str:
    """Return the name of a value that can be watched; complain otherwise."""
    if name not in MONITORS:
        raise unknown_name("monitor", name, MONITORS)
    return name


def values(history: History, name: str) -> list[float]:
    """Return a value of all epochs so far.

    Raises
    ------
    SettingError
        When the training has no such value.
    """
    score = f"val_{history.score_name}"
    found: list[float] = {
        "loss": history.loss,
        "val_loss": history.val_loss,
        score: history.val_score,
    }.get(name, [])
    if history.epochs and not found:
        known = f"loss, val_loss and {score}" if history.val_loss else "loss"
        hint = "" if history.val_loss else " Validation data give more: validation=0.1."
        raise SettingError(f"this training has no {name}; it has {known}.{hint}")
    return found


def better(name: str, value: float, other: float) -> bool:
    """Tell whether a value is better than another one."""
    return value < other if name.endswith("loss") else value > other
