"""Operations that choose, for numbers that are moved an infinitesimal way.

A number x + i h v stands for x, moved by h in the direction v, with h so small that it
never shows in x. What chooses by size (a maximum, a comparison, an absolute value)
chooses by x alone, and where two values tie, by the way in which they are moved: the
first that is ahead a moment later to the right (`side` 1), or a moment before to the
left (`side` -1). So slopes to both sides of a kink are exact, each by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Attrs = Mapping[str, Any]
Carried = tuple[Array, bool]
"""A value, and whether it was decided by the way in which numbers are moved."""
NEAR = 1e-12
"""Values that differ by less than this part of the largest are a tie: what rounding
leaves of equal numbers depends on the order of the operations before."""


def _tie(gap: Array, a: Array, b: Array, side: int) -> tuple[Array, Array]:
    """Return where a and b tie and are moved apart, and by how much a is ahead then."""
    ahead = side * (a.imag - b.imag)
    close = np.abs(gap) <= NEAR * max(_size(a.real), _size(b.real))
    apart = np.abs(ahead) > NEAR * max(_size(a.imag), _size(b.imag))
    return close & apart, ahead


def _size(x: Array) -> float:
    """Return the largest absolute value; padding may be infinite."""
    return float(np.abs(x).max(initial=0.0, where=np.isfinite(x)))


def _above(a: Array, b: Array, side: int) -> tuple[Array, bool]:
    """Return where a is above b."""
    gap = _less(a.real, b.real)
    tied, ahead = _tie(gap, a, b, side)
    return np.where(tied, ahead > 0, gap > 0), bool(tied.any())


def _less(a: Array, b: Array) -> Array:
    """Return a - b, and 0 for equal infinities."""
    with np.errstate(invalid="ignore"):
        return np.where(a == b, 0.0, a - b)


def _maximum(inputs: list[Array], attrs: Attrs, side: int) -> Carried:
    a, b = inputs
    above, tied = _above(a, b, side)
    return np.where(above, a, b), tied


def _minimum(inputs: list[Array], attrs: Attrs, side: int) -> Carried:
    a, b = inputs
    above, tied = _above(a, b, side)
    return np.where(above, b, a), tied


def _clip(inputs: list[Array], attrs: Attrs, side: int) -> Carried:
    x, low, high = inputs
    raised, one = _maximum([x, low], attrs, side)
    lowered, other = _minimum([raised, high], attrs, side)
    return lowered, one or other


def _abs(inputs: list[Array], attrs: Attrs, side: int) -> Carried:
    return _maximum([inputs[0], -inputs[0]], attrs, side)


def _sign(inputs: list[Array], attrs: Attrs, side: int) -> Carried:
    (x,) = inputs
    tied, ahead = _tie(x.real, x, np.zeros(()), side)
    return np.sign(np.where(tied, ahead, x.real)), bool(tied.any())


def _floor(inputs: list[Array], attrs: Attrs, side: int) -> Carried:
    (x,) = inputs
    whole = np.round(x.real)
    tied, ahead = _tie(x.real - whole, x, np.zeros(()), side)
    return np.where(tied, whole - (ahead < 0), np.floor(x.real)), bool(tied.any())


def _floordiv(inputs: list[Array], attrs: Attrs, side: int) -> Carried:
    a, b = inputs
    return _floor([a / b], attrs, side)


def _whole(inputs: list[Array], attrs: Attrs, side: int) -> Carried:
    size, tied = _floor([_abs(inputs, attrs, side)[0]], attrs, side)
    return (np.sign(inputs[0].real) * size).astype(int), tied


def _compared(holds: Callable[[Array], Array]) -> Callable[..., Carried]:
    """Return a comparison: `holds` says which signs of a - b it is true for."""

    def compare(inputs: list[Array], attrs: Attrs, side: int) -> Carried:
        a, b = inputs
        gap = _less(a.real, b.real)
        tied, ahead = _tie(gap, a, b, side)
        return holds(np.where(tied, ahead, gap)), bool(tied.any())

    return compare


def _leading(x: Array, axes: tuple[int, ...], side: int) -> tuple[Array, Array, bool]:
    """Return the largest along axes, which are kept, and who leads a moment later."""
    top = x.real.max(axis=axes, keepdims=True)
    with np.errstate(invalid="ignore"):
        near = np.where(x.real == top, True, top - x.real <= NEAR * _size(x.real))
    moved = side * x.imag
    first = np.where(near, moved, -np.inf).max(axis=axes, keepdims=True)
    last = np.where(near, moved, np.inf).min(axis=axes, keepdims=True)
    tied = bool((first - last > NEAR * _size(x.imag)).any())
    return top + 1j * side * first, near & (moved == first), tied


def _max(inputs: list[Array], attrs: Attrs, side: int) -> Carried:
    top, _, tied = _leading(inputs[0], attrs["axes"], side)
    return (top if attrs["keepdims"] else top.squeeze(attrs["axes"])), tied


def _argmax(inputs: list[Array], attrs: Attrs, side: int) -> Carried:
    _, leads, tied = _leading(inputs[0], (attrs["axis"],), side)
    return np.asarray(leads.argmax(axis=attrs["axis"])), tied


# Smooth functions whose NumPy text takes no complex numbers, or overflows with them.


def _softplus(inputs: list[Array], attrs: Attrs, side: int) -> Carried:
    (x,) = inputs
    positive = x.real > 0
    tail = np.log1p(np.exp(np.where(positive, -x, x)))
    return np.where(positive, x, 0) + tail, False


def _logaddexp(inputs: list[Array], attrs: Attrs, side: int) -> Carried:
    a, b = inputs
    return a + _softplus([b - a], attrs, side)[0], False


def _sigmoid(inputs: list[Array], attrs: Attrs, side: int) -> Carried:
    (x,) = inputs
    positive = x.real > 0
    small = np.exp(np.where(positive, -x, x))
    return np.where(positive, 1, small) / (1 + small), False


BRANCHES: dict[str, Callable[[list[Array], Attrs, int], Carried]] = {
    "maximum": _maximum,
    "minimum": _minimum,
    "clip": _clip,
    "abs": _abs,
    "sign": _sign,
    "floor": _floor,
    "floordiv": _floordiv,
    "whole": _whole,
    "gt": _compared(lambda gap: gap > 0),
    "ge": _compared(lambda gap: gap >= 0),
    "lt": _compared(lambda gap: gap < 0),
    "le": _compared(lambda gap: gap <= 0),
    "eq": _compared(lambda gap: gap == 0),
    "max": _max,
    "argmax": _argmax,
    "softplus": _softplus,
    "logaddexp": _logaddexp,
    "sigmoid": _sigmoid,
}
"""How each of them takes moved numbers: inputs, attributes and side, to a value."""
