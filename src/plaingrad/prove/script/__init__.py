"""Checks of whole training scripts: what goes downhill, and what is wrong."""

from __future__ import annotations

from pathlib import Path

from ...errors import FileError
from .child import SEARCH, checked
from .fix import write_fixed
from .outcome import Finding, Outcome, Row
from .report import report
from .words import said

__all__ = ["Finding", "Outcome", "Row", "check_script", "report"]


def check_script(
    path: str | Path, *, lang: str = "en", fix: bool = False, seconds: float = SEARCH
) -> tuple[Outcome, str]:
    """Check a NumPy script that trains, and return what was found, with a report.

    The script is run, many times, by this Python in the current folder, as
    `python FILE` would run it; each run ends after the step that is examined, after
    10 s, or after 300,000 passes of loops.

    Parameters
    ----------
    path
        The script.
    lang
        The language of the report, en or zh.
    fix
        Whether to write a repaired copy beside it, FILE.fixed.py, and check that.
    seconds
        How long the search for the cause of a wrong step may last.

    Raises
    ------
    FileError
        When the file cannot be read.
    SettingError
        When the language is unknown.
    """
    words, file = said(lang), Path(path)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{file} cannot be read: {error}") from None
    outcome = checked(file, text, seconds)
    told = report(outcome, str(path), lang)
    if fix and outcome.text.strip() == text.strip():
        told += words["unmended"] + "\n"
    elif fix and outcome.text:
        copy, again = write_fixed(file, outcome, seconds)
        verdict = words["bad" if again.faults else "good"]
        if again.status == "refused":
            verdict = words[again.reason].format(**again.words)
        told += words["wrote"].format(path=copy, verdict=verdict) + "\n"
    return outcome, told
