"""Libraries that only extras install, imported when they are needed."""

from __future__ import annotations

import importlib
from typing import Any

from .errors import missing_extra


def imported(module: str, library: str, extra: str, purpose: str) -> Any:
    """Return a module of a library that an extra installs, importing it now.

    Parameters
    ----------
    module, library
        The module, and the library as it is called.
    extra
        What installs it.
    purpose
        What it is needed for, as the message begins.

    Raises
    ------
    MissingExtraError
        When it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        raise missing_extra(library, extra, purpose) from None
