"""What the settings of layers may be."""

from __future__ import annotations

import math
from typing import Literal

from ..errors import SettingError, is_number, unknown_name, whole
from ..initializers import Initializer

Pair = tuple[int, int]
Padding = str | int | Pair
Fill = float | Literal["edge"]


def pair(what: str, value: int | Pair, least: int = 1) -> Pair:
    """Return (height, width) from one whole number for both, or from the two."""
    if isinstance(value, (tuple, list)):
        if len(value) != 2:
            raise SettingError(
                f"{what} must be one whole number or a pair (height, width), got "
                f"{value!r}."
            )
        return whole(what, value[0], least), whole(what, value[1], least)
    return whole(what, value, least), whole(what, value, least)


def padding(value: Padding) -> Padding:
    """Return "valid", "same", or a pair of whole numbers."""
    if isinstance(value, str):
        if value not in ("valid", "same"):
            raise unknown_name("padding", value, ("valid", "same"))
        return value
    return pair("padding", value, least=0)


def fill(value: Fill) -> Fill:
    """Return what stands outside of an image: a finite number, or "edge"."""
    if value == "edge" or (is_number(value) and math.isfinite(value)):
        return value
    raise SettingError(f"fill must be a finite number or 'edge', got {value!r}.")


def bias(value: object) -> bool:
    """Return whether a bias is added."""
    if isinstance(value, bool):
        return value
    raise SettingError(
        f"bias must be True or False, got {value!r}. An activation is a layer of its "
        f"own: put pg.ReLU() after this one."
    )


def init(value: object) -> Initializer | None:
    """Return how the weights start: an initialiser, or None for the usual choice."""
    if value is None or isinstance(value, Initializer):
        return value
    shown = value.__name__ if isinstance(value, type) else repr(value)
    raise SettingError(
        f"init must be an initialiser, got {shown}. Write for example init=pg.He()."
    )
