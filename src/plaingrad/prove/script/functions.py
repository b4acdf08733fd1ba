"""A check of two functions in a file: a loss, and the gradients that go with it."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from ...errors import FileError, SettingError, unknown_name
from ..check import check
from ..verdict import CheckReport

USUAL = ("params", "parameters", "weights", "W", "w", "theta")
"""What parameters are called where nothing else is said."""


def check_functions(
    path: str | Path,
    loss: str,
    grads: str,
    params: str | None = None,
    lang: str = "en",
) -> CheckReport:
    """Check gradients that a file claims, by the names of its functions.

    The file is run as a module is imported, so that what stands under
    `if __name__ == "__main__":` is not.

    Parameters
    ----------
    path
        The file.
    loss, grads
        The names of functions in it, which take the parameters.
    params
        The name of the parameters; without it, the first of params, parameters,
        weights, W, w, theta that the file has.
    lang
        The language of the report, en or zh.

    Raises
    ------
    FileError
        When the file cannot be run.
    SettingError
        When it has no such name.
    """
    if not Path(path).is_file():
        raise FileError(f"there is no file {path}.")
    try:
        names = runpy.run_path(str(path), run_name="__checked__")
    except Exception as error:
        raise FileError(
            f"{path} stops with {type(error).__name__}: {error}. Let it run by itself "
            f"first."
        ) from error
    held = params or next((name for name in USUAL if name in names), None)
    if held is None:
        raise SettingError(
            f"{path} has no parameters under a usual name ({', '.join(USUAL)}). "
            f"Give their name: --params NAME."
        )
    found = [_named(names, name) for name in (loss, held, grads)]
    return check(*found, lang=lang)


def _named(names: dict[str, Any], name: str) -> Any:
    if name not in names:
        own = [known for known in names if not known.startswith("_")]
        raise unknown_name("name", name, own)
    return names[name]
