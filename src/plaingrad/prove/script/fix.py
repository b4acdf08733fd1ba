"""A repaired copy of a script, beside the original."""

from __future__ import annotations

from pathlib import Path

from ...files import write_whole
from .child import checked
from .outcome import Outcome


def write_fixed(path: Path, outcome: Outcome, seconds: float) -> tuple[Path, Outcome]:
    """Write the repaired text beside a script, check it, and return both.

    The original stays as it is, and so does every earlier copy.
    """
    copy = next(one for one in _names(path) if not one.exists())
    write_whole(copy, outcome.text)
    return copy, checked(copy, outcome.text, seconds)


def _names(path: Path) -> list[Path]:
    numbers = ["", *(str(n) for n in range(2, 1000))]
    return [path.with_name(f"{path.stem}.fixed{n}{path.suffix}") for n in numbers]
