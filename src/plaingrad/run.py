"""The reference: runs the very text that is printed.

The text is registered with `linecache`, so tracebacks and debuggers show its lines.
"""

from __future__ import annotations

import itertools
import linecache
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .graph import walk
from .ops.random import uniform
from .program import Procedure
from .write.lines import function_lines

_count = itertools.count(1)


def compile_text(text: str, name: str) -> Callable[..., Any]:
    """Return the function `name` that a text defines."""
    filename = f"<plaingrad {name} {next(_count)}>"
    lines = text.splitlines(keepends=True)
    linecache.cache[filename] = (len(text), None, lines, filename)
    namespace: dict[str, Any] = {"np": np, "uniform": uniform}
    exec(compile(text, filename, "exec"), namespace)  # noqa: S102
    return namespace[name]  # type: ignore[no-any-return]


def compile_procedure(
    procedure: Procedure,
    dtype: str,
    name: str,
    arguments: Sequence[str],
    results: Sequence[str],
) -> Callable[..., Any]:
    """Return a Python function that runs a procedure.

    Parameters
    ----------
    procedure
        What to run.
    dtype
        "float32" or "float64".
    name
        The name of the function, for tracebacks.
    arguments, results
        The names that it takes, by position, and those that it returns as a tuple.
    """
    text = "\n".join(function_lines(procedure, dtype, name, arguments, results))
    function = compile_text(text + "\n", name)
    if not overflows(procedure):
        return function

    def quiet(*args: Any) -> Any:
        with np.errstate(over="ignore"):
            return function(*args)

    return quiet


def overflows(procedure: Procedure) -> bool:
    """Tell whether a text may overflow harmlessly: 1 / (1 + exp(800)) is 0."""
    nodes = walk([step.node for step in procedure.steps])
    return any(node.op.name == "sigmoid" for node in nodes)
