"""Which engine trains: machine code where it can, else the reference."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from importlib.util import find_spec

from ..errors import MissingExtraError
from ..native.errors import Unsupported
from ..program import Program
from ..run import Reference
from .progress import told_when_long
from .settings import Machine
from .stretch import Array, Engine

MISSING = (
    "the native engine needs llvmlite, which is not installed. Install it with: "
    "pip install llvmlite"
)


class FallbackWarning(UserWarning):
    """A network has something without native form, so the reference trains it."""


def available() -> bool:
    """Tell whether the native engine can be had here."""
    return find_spec("llvmlite") is not None


def start(
    program: Program,
    given: Mapping[str, Array],
    machine: Machine,
    count: int,
    shown: bool = False,
) -> tuple[Engine, list[str]]:
    """Return an engine that is ready to train, and what was chosen in a sentence each.

    Parameters
    ----------
    program, given
        What to train, and the arrays that it reads beside the data.
    machine
        Which engine is wanted, and on how many threads.
    count
        How many samples there are.
    shown
        Whether to say that it compiles, when that takes long.

    Raises
    ------
    MissingExtraError, Unsupported
        When the native engine is asked for, and llvmlite is not installed, or the
        program has something without native form.

    Warns
    -----
    FallbackWarning
        When the reference trains because of such a thing.
    """
    if machine.engine == "reference":
        return Reference(program, given), []
    if not available():
        if machine.engine == "native":
            raise MissingExtraError(MISSING)
        return Reference(program, given), [f"engine reference: {MISSING}"]
    try:
        with told_when_long("compiling ...", shown):
            return _native(program, given, machine.threads, count), []
    except Unsupported as error:
        if machine.engine == "native":
            raise
        # to the caller of fit, through a session's start
        warnings.warn(
            f"{error} So that trains this network, which is slower. With "
            f"engine='reference' it does so without this warning.",
            FallbackWarning,
            stacklevel=4,
        )
        return Reference(program, given), [f"engine reference: {error}"]


def _native(
    program: Program, given: Mapping[str, Array], threads: int | None, count: int
) -> Engine:
    """Return the native engine; llvmlite is imported no sooner than this."""
    from ..native.engine import Native

    return Native(program, given, count, threads=threads)
