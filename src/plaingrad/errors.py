"""Every error the user can meet, and the manner in which it is said.

A message says what was expected, what came, the likely cause and the change to make.
"""

from __future__ import annotations

import difflib
import math
import numbers
from collections.abc import Iterable


class PlaingradError(Exception):
    """Any error that plaingrad raises on purpose."""


class ShapeError(PlaingradError, ValueError):
    """Shapes that do not fit together."""


class DataError(PlaingradError, ValueError):
    """Data that cannot be trained on or predicted from."""


class SettingError(PlaingradError, ValueError):
    """A setting (a rate, a count, a name) outside what it may be."""


class FileError(PlaingradError, ValueError):
    """A file that is missing, damaged, or not what it should be."""


class MissingExtraError(PlaingradError, ImportError):
    """An optional library that is needed here and is not installed."""


class VerifyError(PlaingradError, AssertionError):
    """A graph or program that breaks the rules: a mistake in plaingrad itself."""


def unknown_name(what: str, name: object, known: Iterable[str]) -> SettingError:
    """Say that `name` is not a known `what`, with the nearest known name."""
    names = sorted(known)
    near = difflib.get_close_matches(str(name), names, n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return SettingError(f"unknown {what} {name!r}.{hint} Known: {', '.join(names)}.")


def no_slope(loss: float) -> PlaingradError:
    """Say that the gradient is of no use, though the loss is finite."""
    return PlaingradError(
        f"the loss is {loss:.4g}, but its gradient is not finite, or too large to be "
        f"squared, so no step can be chosen. The likely cause is a square root, power "
        f"or logarithm at the edge of where it has a slope, or numbers in X or y far "
        f"beyond -1 .. 1. Start elsewhere, or keep away from the edge: np.sqrt(x + "
        f"1e-12). The network stays where it was."
    )


def missing_extra(library: str, extra: str, purpose: str) -> MissingExtraError:
    """Say which extra to install for `purpose`."""
    return MissingExtraError(
        f"{purpose} needs {library}, which is not installed. "
        f'Install it with: pip install "plaingrad[{extra}]"'
    )


def positive(what: str, value: float) -> float:
    """Return `value` when it is a positive finite number; complain otherwise."""
    if not is_number(value) or not 0 < value < float("inf"):
        raise SettingError(
            f"{what} must be a positive number, got {value!r}. "
            f"A usual value lies between 0.001 and 1."
        )
    return value


def whole(what: str, value: int, least: int = 1) -> int:
    """Return `value` when it is a whole number of at least `least`."""
    if isinstance(value, bool) or not _is_whole(value) or value < least:
        raise SettingError(
            f"{what} must be a whole number of at least {least}, got {value!r}."
        )
    return int(value)


def fraction(what: str, value: float) -> float:
    """Return `value` when it lies in [0, 1)."""
    if not is_number(value) or not 0 <= value < 1:
        raise SettingError(f"{what} must lie in [0, 1), got {value!r}.")
    return value


def amount(what: str, value: float, most: float = math.inf) -> float:
    """Return `value` when it is a finite number from 0 to `most`."""
    if not is_number(value) or not 0 <= value <= most or value == math.inf:
        span = "not below 0" if most == math.inf else f"from 0 to {most}"
        raise SettingError(f"{what} must be a finite number {span}, got {value!r}.")
    return value


def is_number(value: object) -> bool:
    """Tell whether a value is a number, and no truth."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, numbers.Integral)
