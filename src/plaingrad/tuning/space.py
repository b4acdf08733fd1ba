"""Where settings are searched: what each may be, given in Python or as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ..choices import optimizer_kind
from ..errors import SettingError, whole
from ..layers import Dropout, Linear
from ..optimizers import SGD
from ..train.settings import Settings

USUAL: dict[str, Any] = {
    "layers": (1, 3),
    "width": [16, 32, 64, 128, 256],
    "dropout": (0.0, 0.5),
    "optimizer": ["adam", "momentum"],
    "lr": (1e-4, 1e-1),
    "l2": (1e-6, 1e-2),
    "batch_size": [16, 32, 64, 128],
}
"""What is searched when nothing else is said.

Widths and batch sizes are few, for each makes machine code of its own.
"""
WHOLE = ("layers", "width", "batch_size")
BY_FACTORS = ("width", "lr", "l2", "batch_size")
"""Settings of which a factor matters, and not a difference."""
REFUSES: dict[str, Callable[[Any], Any]] = {
    "layers": lambda count: whole("layers", count, least=0),
    "width": Linear,
    "dropout": Dropout,
    "lr": lambda rate: SGD(lr=rate),
    "l2": lambda share: Settings(l2=share),
    "batch_size": lambda size: Settings(batch_size=size),
}
"""What takes each setting, and says what it may be."""
DIGITS = 3
"""Numbers are tried, and told, in so many digits."""


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included.

    Attributes
    ----------
    by_factors
        Whether equal factors, and not equal differences, are equally likely.
    """

    low: float
    high: float
    by_factors: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise SettingError(
                f"a range needs a lower number first, got {self}. Turn it round, or "
                f"give one number to fix it."
            )
        if self.by_factors and self.low <= 0:
            raise SettingError(
                f"the range {self} is searched by factors, so it must begin above 0. "
                f"Give one number, such as 0, to fix it."
            )

    @property
    def whole(self) -> bool:
        """Whether these are whole numbers."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    def __str__(self) -> str:
        """Show it as the command line takes it."""
        return f"{self.low:g}..{self.high:g}"


@dataclass(frozen=True)
class Choices:
    """One of some values."""

    values: tuple[Any, ...]

    def __str__(self) -> str:
        """Show it as the command line takes it."""
        return ",".join(map(str, self.values))


Spec = Range | Choices | Any
"""What a setting may be: a range, choices, or the one value that it has."""


class Asked(Protocol):
    """What Optuna's trial answers."""

    def suggest_int(self, name: str, low: int, high: int, *, log: bool) -> int:
        """Return a whole number."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool) -> float:
        """Return a number."""

    def suggest_categorical(self, name: str, choices: list[Any]) -> Any:
        """Return one of the values."""


class Choose:
    """Chooses the settings of a trial, and remembers them.

    Parameters
    ----------
    trial
        Of Optuna.

    Attributes
    ----------
    chosen
        The settings by name.
    searched
        The names of those that are not fixed.
    """

    def __init__(self, trial: Asked) -> None:
        self._trial = trial
        self.chosen: dict[str, Any] = {}
        self.searched: list[str] = []

    def __call__(self, name: str, given: Any, by_factors: bool = False) -> Any:
        """Return a value of a setting: from (low, high), from a list, or the value.

        Parameters
        ----------
        name
            What it is called in tables and pictures.
        given
            What it may be.
        by_factors
            Whether equal factors of a range are equally likely.
        """
        asked = spec(given, by_factors)
        value = self._value(name, asked)
        self.chosen[name] = value
        if isinstance(asked, (Range, Choices)):
            self.searched.append(name)
        return value

    def _value(self, name: str, given: Spec) -> Any:
        if isinstance(given, Choices):
            return self._trial.suggest_categorical(name, list(given.values))
        if not isinstance(given, Range):
            return given
        log = given.by_factors
        if given.whole:
            low, high = int(given.low), int(given.high)
            return self._trial.suggest_int(name, low, high, log=log)
        value = self._trial.suggest_float(name, given.low, given.high, log=log)
        return min(max(float(f"{value:.{DIGITS}g}"), given.low), given.high)


def spec(given: Any, by_factors: bool = False) -> Spec:
    """Return what a setting may be, from (low, high), a list, or a single value."""
    given = _plain(given)
    if isinstance(given, tuple):
        if len(given) != 2 or not all(isinstance(x, (int, float)) for x in given):
            raise SettingError(
                f"a range must be two numbers (low, high), got {given!r}. Choices are "
                f"a list: {[*given]!r}."
            )
        return Range(*given, by_factors=by_factors)
    if isinstance(given, list):
        if not given:
            raise SettingError("a list of choices needs at least one value, got none.")
        odd = [one for one in given if not isinstance(one, (str, int, float))]
        if odd:
            raise SettingError(
                f"choices must be text, numbers or truths, so that they can be kept in "
                f"a file, got {odd[0]!r}. Give names, and make of them what you need."
            )
        return Choices(tuple(given)) if len(given) > 1 else given[0]
    return given


def _plain(given: Any) -> Any:
    """Return NumPy's numbers as Python's, also within a range or choices."""
    if isinstance(given, (tuple, list)):
        return type(given)(map(_plain, given))
    return given.item() if isinstance(given, np.generic) else given


def space(given: Mapping[str, Any]) -> dict[str, Spec]:
    """Return what each of the usual settings may be; those that are None as usual.

    Raises
    ------
    SettingError
        When a range or a choice makes no sense.
    """
    found = {}
    for name, usual in USUAL.items():
        asked = given.get(name)
        try:
            found[name] = spec(usual if asked is None else asked, name in BY_FACTORS)
            _check(name, found[name])
        except SettingError as error:
            told = str(error)
            named = told if told.startswith(name) else f"{name}: {told}"
            raise SettingError(named) from None
    return found


def _check(name: str, given: Spec) -> None:
    """Refuse what the setting can never be."""
    if name == "optimizer":
        for one in given.values if isinstance(given, Choices) else [given]:
            if not isinstance(one, str):
                raise SettingError(f'expected names such as "adam", got {one!r}.')
            optimizer_kind(one)
        return
    ends = (given.low, given.high) if isinstance(given, Range) else (given,)
    for value in given.values if isinstance(given, Choices) else ends:
        kinds = (int,) if name in WHOLE else (int, float)
        if name == "batch_size" and value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, kinds):
            raise SettingError(
                f"expected {'whole ' * (name in WHOLE)}numbers, got {value!r}."
            )
        REFUSES[name](value)


def from_text(name: str, text: str) -> Any:
    """Return what a setting may be, from text: 0.01, 1e-4..1e-1 or 32,64.

    Raises
    ------
    SettingError
        When it is none of these.
    """
    if name == "optimizer":
        return text.split(",") if "," in text else text
    try:
        if ".." in text:
            low, high = text.split("..")
            return _number(name, low), _number(name, high)
        if "," in text:
            return [_number(name, one) for one in text.split(",")]
        return _number(name, text)
    except ValueError:
        kind = "whole numbers" if name in WHOLE else "numbers"
        raise SettingError(
            f"{name}: expected {kind} as 32, a range as 16..128 or choices as 16,64, "
            f"got {text!r}."
        ) from None


def _number(name: str, text: str) -> int | float:
    return int(text) if name in WHOLE else float(text)
