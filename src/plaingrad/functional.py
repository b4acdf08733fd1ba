"""Gradients of plain functions of arrays, and their longhand."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .derive import gradients
from .errors import DataError, PlaingradError
from .graph import Node
from .names import identifier
from .ops import leaf
from .ops.leaves import mark
from .plan import Goal, plan
from .program import Role
from .run import compile_text, quiet
from .shapes import Kind
from .simplify import simplify
from .write.lines import function_lines

Array = np.ndarray[Any, Any]
Function = Callable[..., Any]
Signature = tuple[tuple[tuple[int, ...], str], ...]


def grad(function: Function, argnums: int | Sequence[int] = 0) -> Function:
    """Return the gradient of a function that returns one number.

    The function is written in NumPy and operators; it is traced once per shape. The
    gradient is a function of the same arguments, and can be differentiated again.

    Parameters
    ----------
    function
        From arrays to one number.
    argnums
        Which argument to differentiate by; several give a tuple of gradients.

    Examples
    --------
    >>> float(grad(lambda x: x**3)(2.0))
    12.0
    >>> float(grad(grad(lambda x: x**3))(2.0))
    12.0
    """
    return _Gradient(function, argnums, with_value=False)


def value_and_grad(function: Function, argnums: int | Sequence[int] = 0) -> Function:
    """Return a function that gives the value and the gradient together; see `grad`."""
    return _Gradient(function, argnums, with_value=True)


def longhand(function: Function, *args: Any) -> str:
    """Return a function of arrays as the NumPy function that a person could have written.

    Parameters
    ----------
    function
        A function of arrays, or what `grad` or `value_and_grad` made of one.
    *args
        Arguments to trace it with; only their shapes matter.

    Examples
    --------
    >>> print(longhand(grad(lambda x: (x**2).sum()), np.ones(3)), end="")
    def gradient(x):
        dx = 2 * x  # (3,)
        return dx
    """
    return _traced(function, _signature(args), _names(function, len(args)))[1]


class _Gradient:
    """A gradient that is still a function."""

    def __init__(
        self, function: Function, argnums: int | Sequence[int], with_value: bool
    ) -> None:
        functools.update_wrapper(self, function)
        # after update_wrapper, which copies these from a gradient of a gradient
        self.function = function
        self.single = isinstance(argnums, int)
        self.argnums = (argnums,) if isinstance(argnums, int) else tuple(argnums)
        self.with_value = with_value

    def __call__(self, *args: Any) -> Any:
        """Return the gradient: numbers for numbers, nodes for nodes."""
        if not all(-len(args) <= place < len(args) for place in self.argnums):
            raise DataError(
                f"argnums {self.argnums} name no arguments of a call with {len(args)}."
            )
        if any(isinstance(arg, Node) for arg in args):
            return self._packed(self.nodes(args))
        arrays = [_as_array(arg) for arg in args]
        run = _traced(self, _signature(arrays), _names(self, len(args)))[0]
        return self._packed(run(*arrays))

    def nodes(self, args: Sequence[Any]) -> list[Node]:
        """Return the value, where that is asked for, and the gradients."""
        wanted = [args[place] for place in self.argnums]
        if not all(isinstance(node, Node) for node in wanted):
            raise PlaingradError("a gradient is asked for by an argument that is fixed.")
        value = simplify([_one_node(self.function(*args))])[0][0]
        found, _ = gradients(value, wanted)
        return [value, *found] if self.with_value else found

    def _packed(self, flat: Sequence[Any]) -> Any:
        """Return values as the caller expects them: alone, or in tuples."""
        found = tuple(flat[-len(self.argnums) :])
        result = found[0] if self.single else found
        return (flat[0], result) if self.with_value else result

    def result_names(self, arguments: Sequence[str]) -> list[str]:
        """Return what the results are called, for arguments of these names."""
        names = [f"d{arguments[place]}" for place in self.argnums]
        return ["value", *names] if self.with_value else names


def _one_node(value: Any) -> Node:
    if not isinstance(value, Node):
        raise PlaingradError(
            f"the function returned {type(value).__name__}, which does not depend on "
            f"its arguments. Return an array expression of them."
        )
    return value


def _as_array(value: Any) -> Array:
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise DataError(f"expected arrays of numbers, got the type {array.dtype}.")
    # a plain 3 is a number to differentiate by, not an index
    return array if array.ndim or array.dtype.kind == "f" else array.astype(np.float64)


def _signature(arrays: Sequence[Any]) -> Signature:
    """Return shape and dtype of each argument."""
    return tuple((array.shape, array.dtype.name) for array in map(_as_array, arrays))


def _names(function: Function, count: int) -> tuple[str, ...]:
    """Return what the arguments are called."""
    parameters = inspect.signature(function).parameters.values()
    named = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [p.name for p in parameters if p.kind in named]
    return tuple([*names, *(f"x{i}" for i in range(len(names), count))][:count])


@functools.lru_cache(maxsize=256)
def _traced(
    function: Function, signature: Signature, names: tuple[str, ...]
) -> tuple[Function, str]:
    """Return a function of arrays that gives the results flat, and its text."""
    kinds: dict[str, Kind] = {"f": "float", "b": "bool", "i": "int", "u": "int"}
    leaves = [
        leaf(name, shape, "data", kinds[np.dtype(dtype).kind])
        for name, (shape, dtype) in zip(names, signature, strict=True)
    ]
    name, wanted, results = _results(function, leaves, names)
    nodes = [mark(_one_node(node)) for node in results]
    simple, became = simplify(nodes)
    roles = {
        became[node]: Role(word) for node, word in zip(nodes, wanted, strict=True)
    }
    procedure = plan([Goal(node, "forward") for node in simple], roles, simple, names)
    single = all(dtype != "float64" for _, dtype in signature)
    dtype = "float32" if single else "float64"
    text = "\n".join(function_lines(procedure, dtype, name, names)) + "\n"
    run = quiet(compile_text(text, name), procedure)
    return (run if len(nodes) > 1 else lambda *args: (run(*args),)), text


def _results(
    function: Function, leaves: Sequence[Node], names: Sequence[str]
) -> tuple[str, list[str], list[Any]]:
    """Return the function's name, and the names and nodes of its results."""
    if isinstance(function, _Gradient):
        return "gradient", function.result_names(names), function.nodes(leaves)
    value = function(*leaves)
    results = list(value) if isinstance(value, tuple) else [value]
    wanted = [f"value{i}" for i in range(1, len(results) + 1)]
    word = getattr(function, "__name__", "function")
    name = "function" if word == "<lambda>" else identifier(word)
    return name, wanted if len(wanted) > 1 else ["value"], results
