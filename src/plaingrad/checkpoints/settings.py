"""How often a training is saved, and where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import SettingError, positive, whole

USUAL = 30.0
"""Seconds between two checkpoints when nothing is asked for."""


@dataclass(frozen=True)
class Checkpoint:
    """Save a training on the way, so that it can go on after a crash.

    Parameters
    ----------
    folder
        Where to; made when it is not there. It belongs to one training.
    every
        Save after so many updates.
    seconds
        Save when so many seconds have passed, after the update that is under way.
        Without `every` and `seconds` that is every 30 s, and less often where saving
        would take more than a fiftieth of the time.
    keep
        How many of the newest checkpoints stay; None for all.
    data
        Whether to keep the data, too, once: `load_run` needs them for the steps
        between two checkpoints.

    Raises
    ------
    SettingError
        When a value is outside its range.
    """

    folder: str | Path
    every: int | None = None
    seconds: float | None = None
    keep: int | None = 3
    data: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.folder, (str, Path)):
            raise SettingError(
                f"a checkpoint needs the name of a folder, got {self.folder!r}. Write "
                f'checkpoint="runs/one" or pg.Checkpoint("runs/one", every=100).'
            )
        for name in ("every", "keep"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, whole(name, value))
        if self.seconds is not None:
            positive("seconds", self.seconds)

    @property
    def place(self) -> Path:
        """The folder."""
        return Path(self.folder)
