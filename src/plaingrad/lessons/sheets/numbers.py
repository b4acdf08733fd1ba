"""Numbers as they are printed: short, and arrays of them."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
DIGITS = 5
NOISE = 1e-6
"""What is lost in print up to this, as a part of a number, is no rounding to speak of:
a weight of 0.1 in float32 is 0.10000000149."""


def brief(value: Any) -> str:
    """Return a number in five digits: 0.86, -2.38, 1e-08; truths as 1 and 0."""
    number = float(value)
    if number.is_integer() and abs(number) < 10**DIGITS:
        return str(int(number))
    return f"{number:.{DIGITS}g}"


def rounded(value: Any) -> bool:
    """Tell whether a number loses digits when it is printed."""
    number = float(value)
    return bool(abs(float(brief(number)) - number) > NOISE * abs(number))


def nested(array: Array, most: int, indent: int = 0) -> str:
    """Return an array as nested lists, its middle left out beyond `most` entries.

    Its lines but the first begin with `indent` spaces.
    """
    text = np.array2string(
        array,
        separator=", ",
        threshold=most,
        max_line_width=88,
        formatter={"all": brief},
        prefix=" " * indent,
    )
    if array.ndim < 3:
        return text
    # a row of single numbers is no line of its own
    room = 88 - indent
    lines = textwrap.wrap(" ".join(text.split()), room, break_long_words=False)
    return f"\n{' ' * indent}".join(lines)


def matrix(array: Array) -> str:
    """Return an array of at most two axes as LaTeX."""
    rows = " \\\\ ".join(" & ".join(map(brief, row)) for row in np.atleast_2d(array))
    return f"\\begin{{pmatrix}} {rows} \\end{{pmatrix}}"
