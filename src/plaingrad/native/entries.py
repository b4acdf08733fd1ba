"""Entry-by-entry operations in machine code: the printed NumPy text, on registers.

The text of an operation, such as `np.maximum({0}, {1})`, is evaluated with values of
the builder in place of arrays, and with the functions of this file in place of NumPy's.
So what is printed is what runs, and a new operation that is written with known
functions needs nothing more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any

import numpy as np

from ..graph import Node
from . import maths
from .builder import Builder, Kind, Value
from .errors import Unsupported

FIRST_WORD = 0x9E3779B9


class Functions:
    """NumPy's functions of entries, writing to a builder."""

    pi = np.pi
    inf = np.inf
    nan = np.nan

    def __init__(self, builder: Builder, kind: Kind) -> None:
        self._b, self._kind = builder, kind

    def _value(self, x: Any) -> Value:
        return x if isinstance(x, Value) else self._b.constant(x, self._kind)

    def __getattr__(self, name: str) -> Callable[..., Value]:
        """Return one of the functions of `maths`."""
        function = getattr(maths, name, None)
        if function is None:
            raise Unsupported(f"the function np.{name}")
        return lambda *args: function(self._b, *map(self._value, args))

    def abs(self, x: Any) -> Value:
        """Return the absolute value."""
        return maths.absolute(self._b, self._value(x))

    def sqrt(self, x: Any) -> Value:
        """Return the square root."""
        return self._b.sqrt(self._value(x))

    def maximum(self, x: Any, y: Any) -> Value:
        """Return the larger of two; nan where one of them is nan."""
        return self._extreme(self._b.maximum, x, y)

    def minimum(self, x: Any, y: Any) -> Value:
        """Return the smaller of two; nan where one of them is nan."""
        return self._extreme(self._b.minimum, x, y)

    def _extreme(self, choose: Callable[[Any, Any], Value], x: Any, y: Any) -> Value:
        """Return one of two by a function that knows a nan only in its first."""
        if not isinstance(x, Value):
            x, y = y, x
        found = choose(self._value(x), y)
        if isinstance(y, Value) and y.kind.is_float:
            return self._b.select(y.equals(y), found, y)
        return found

    def trunc(self, x: Any) -> Value:
        """Return a number, cut to a whole one, as such."""
        return self._b.convert(self._value(x), "i32")

    def clip(self, x: Any, low: Any, high: Any) -> Value:
        """Return x between two bounds."""
        return self.minimum(self.maximum(x, low), high)

    def where(self, truth: Value, x: Any, y: Any) -> Value:
        """Return x where the truth holds, else y."""
        return self._b.select(truth, self._value(x), self._value(y))

    def equal(self, x: Any, y: Any) -> Value:
        """Return whether two are equal."""
        return self._value(x).equals(y)

    def power(self, x: Any, y: Any) -> Value:
        """Return a power; whole exponents by multiplication."""
        if isinstance(y, (int, float)) and float(y).is_integer() and abs(y) <= 16:
            return maths.power_whole(self._b, self._value(x), int(y))
        return maths.power(self._b, self._value(x), self._value(y))

    def floor_divide(self, x: Any, y: Any) -> Value:
        """Return the largest whole number that is not above a quotient."""
        return maths.floordiv(self._b, self._value(x), self._value(y))


@lru_cache(maxsize=512)
def _compiled(template: str) -> CodeType:
    source = re.sub(r"\{(\d+)\}", r"_\1", template).removesuffix(".astype({float})")
    return compile(source, "<native>", "eval")


def evaluate(b: Builder, node: Node, args: Sequence[Any], kind: Kind) -> Value:
    """Return what an entry-by-entry operation gives.

    Parameters
    ----------
    b
        Where the instructions go.
    node
        The operation.
    args
        Values of one type, truths, or Python numbers.
    kind
        The type of what is computed with.

    Raises
    ------
    Unsupported
        When the operation has no form that can be compiled.
    """
    text = node.op.native or node.op.text
    if not isinstance(text, str) or "{out}" in text:
        raise Unsupported(f"the operation {node.op.name}")
    names: dict[str, Any] = {f"_{i}": x for i, x in enumerate(args)}
    if args and not any(isinstance(x, Value) for x in args):
        names["_0"] = b.constant(args[0], kind)
    names["np"] = Functions(b, kind)
    made = eval(_compiled(text), {"__builtins__": {}}, names)  # noqa: S307
    if not isinstance(made, Value):
        return b.constant(made, kind)
    return made


def mixed(b: Builder, x: Value) -> Value:
    """Return the hash of `ops.random`."""
    x = (x ^ (x >> 16)) * b.constant(0x7FEB352D, x.kind)
    x = (x ^ (x >> 15)) * b.constant(0x846CA68B, x.kind)
    return x ^ (x >> 16)


def sequence(b: Builder, words: Sequence[Value]) -> tuple[Value, Value]:
    """Return the start and the distance of the sequence of a key."""
    start = b.constant(FIRST_WORD, Kind("i32"))
    for word in words:
        start = mixed(b, start ^ word)
    return start, mixed(b, start) | 1


def uniform(b: Builder, x: Value, element: str) -> Value:
    """Return random numbers in [0, 1), of entries of a sequence."""
    short = b.convert(mixed(b, x) >> 8, "float")
    return b.convert(short * 2.0**-24, element)
