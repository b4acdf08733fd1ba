"""Where values come from: constants, sizes, and the named inputs of a program."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from ..errors import DataError
from ..graph import Node, apply, function
from ..op import define
from ..shapes import Dim, Kind, Shape, Size, Type
from .rules import sizes_maths

Role = Literal["data", "parameter", "state", "setting", "time"]
"""What a named input is to a program."""


def number_text(value: Any) -> str:
    """Return a number, or nested tuples of numbers, as NumPy text."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(number_text, value))}]"
    if value in (math.pi, 2 * math.pi):
        return "np.pi" if value == math.pi else "2 * np.pi"
    if math.isfinite(value):
        return repr(value)
    return "np.nan" if math.isnan(value) else "np.inf" if value > 0 else "-np.inf"


def _maths_number(node: Node) -> str:
    text = number_text(node.attrs["value"])
    if "np." in text or text in ("True", "False"):
        signs = {"np.inf": "\\infty", "np.nan": "\\text{nan}", "np.pi": "\\pi"}
        signs["2 * np.pi"] = "2 \\pi"
        return signs.get(text, text.replace("np.inf", "\\infty"))
    mantissa, _, exponent = text.partition("e")
    mantissa = mantissa.removesuffix(".0")
    if not exponent:
        return mantissa
    power = f"10^{{{int(exponent)}}}"
    return power if mantissa == "1" else f"{mantissa} \\cdot {power}"


define(
    "constant",
    rule=lambda types, attrs: Type((), "number"),
    text=lambda node: number_text(node.attrs["value"]),
    maths=_maths_number,
    view=True,
)
define(
    "size",
    rule=lambda types, attrs: Type((), "number"),
    text=lambda node: str(node.attrs["size"]),
    maths=lambda node: sizes_maths([node.attrs["size"]]),
    view=True,
)
define(
    "arange",
    rule=lambda types, attrs: Type(
        (attrs["count"], *[1] * attrs["behind"]), attrs["kind"]
    ),
    text=lambda node: _arange_text(node),
    maths=lambda node: _arange_maths(node.attrs["count"]),
    hint="places",
)
define(
    "leaf",
    rule=lambda types, attrs: Type(attrs["shape"], attrs["kind"]),
    text=lambda node: str(node.attrs["name"]),
    maths=lambda node: str(node.attrs["name"]),
    hint=lambda node: str(node.attrs["name"]),
    view=True,
)

define(
    "mark",
    rule=lambda types, attrs: types[0],
    text=lambda node: "{0}.copy()" if node.attrs.get("copy") else "{0}",
    maths="#0",
    grad=lambda y, g: (g,),
    view=True,
)


def _arange_text(node: Node) -> str:
    dtype = ", dtype={float}" if node.kind == "float" else ""
    axes = ", ".join([":", *["None"] * node.attrs["behind"]])
    return f"np.arange({node.attrs['count']}{dtype})" + (
        f"[{axes}]" if node.ndim > 1 else ""
    )


def _arange_maths(count: Size) -> str:
    last = f"{sizes_maths([count])} - 1" if isinstance(count, Dim) else count - 1
    return f"(0, \\ldots, {last})"


def _literal_text(node: Node) -> str:
    dtype = ", {float}" if node.kind == "float" else ""
    return f"np.array({number_text(node.attrs['value'])}{dtype})"


define(
    "literal",
    rule=lambda types, attrs: Type(attrs["shape"], attrs["kind"]),
    text=_literal_text,
    maths=lambda node: number_text(node.attrs["value"]).replace("np.", ""),
    hint="c",
)


def mark(x: Node, owner: str | None = None) -> Node:
    """Return `x` as a value that will get a name: algebra does not look inside it.

    With an `owner` it stays apart from an equal value that belongs to another.
    """
    if owner is not None:
        return apply("mark", x, owner=owner)
    return x if x.op.name in ("mark", "leaf") else apply("mark", x)


LARGEST_LITERAL = 64
"""The most entries that an array may have to be printed in the text."""


def leaf(
    name: str,
    shape: Shape,
    role: Role = "data",
    kind: Kind = "float",
    value: Any = None,
) -> Node:
    """Return a named input; a setting carries its value."""
    return apply("leaf", name=name, shape=shape, kind=kind, role=role, value=value)


def setting(name: str, value: float) -> Node:
    """Return a Python number that the program calls by name, such as `lr`."""
    return leaf(name, (), "setting", "number", value)


@function()
def size(value: Size) -> Node:
    """Return a size as a number of the program."""
    if isinstance(value, Dim):
        return apply("size", size=value)
    return apply("constant", value=int(value))


@function()
def arange(count: Size, behind: int = 0) -> Node:
    """Return the whole numbers from 0 to below a size, with axes of 1 behind them."""
    return apply("arange", count=count, behind=behind, kind="int")


@function()
def literal(values: Any) -> Node:
    """Return a small array of known numbers, written out in the text.

    Raises
    ------
    DataError
        When the array has more than 64 entries or holds no numbers.
    """
    array = np.asarray(values)
    if array.size > LARGEST_LITERAL or array.dtype.kind not in "fiub":
        raise DataError(
            f"an array of {array.size} entries of type {array.dtype} stands inside "
            f"the traced function; up to {LARGEST_LITERAL} numbers can be written "
            f"into a program. Pass the array as an argument of the function."
        )
    kinds: dict[str, Kind] = {"f": "float", "b": "bool"}
    kind = kinds.get(array.dtype.kind, "int")
    return apply("literal", value=_frozen(array.tolist()), shape=array.shape, kind=kind)


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
