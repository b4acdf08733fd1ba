"""Gradients of plain functions of arrays, and their longhand."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .derive import gradients
from .errors import DataError, PlaingradError, SettingError
from .graph import Node
from .names import identifier
from .ops import leaf
from .ops.leaves import mark
from .plan import Goal, partners, plan
from .program import Role
from .run import compile_text, quiet
from .shapes import Kind
from .simplify import simplify
from .write.lines import function_lines

Array = np.ndarray[Any, Any]
Function = Callable[..., Any]

_TAKEN = ("np", "float", "max", "min", "range", "sum")
"""Names that the text of a function uses for itself."""


def grad(function: Function, argnums: int | Sequence[int] = 0) -> Function:
    """Return the gradient of a function that returns one number.

    The function is written in NumPy and operators; it is traced at each call and
    compiled when the trace is a new one. The gradient is a function of the same
    arguments, and can be differentiated again. It is float32 when the arrays are; plain
    Python numbers take over the type of the others.

    Parameters
    ----------
    function
        From arrays to one number.
    argnums
        Which argument to differentiate by; several give a tuple of gradients.

    Raises
    ------
    PlaingradError
        When the function is called and does not return one number that depends on its
        arguments, or uses what cannot be traced.

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
    """Return a function of arrays as the NumPy function that a person would write.

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
    return _traced(function, *_arrays(args))[1]


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
        if not self.argnums:
            raise SettingError(
                "argnums is empty: name at least one argument to differentiate by, as "
                "argnums=0 or argnums=(0, 1)."
            )

    def __call__(self, *args: Any) -> Any:
        """Return the gradient: numbers for numbers, nodes for nodes."""
        if not all(-len(args) <= place < len(args) for place in self.argnums):
            raise DataError(
                f"argnums {self.argnums} name no arguments of a call with {len(args)}."
            )
        if any(isinstance(arg, Node) for arg in args):
            return self._packed(self.nodes(args)[0])
        arrays, dtype = _arrays(args)
        found = _traced(self, arrays, dtype)[0](*arrays)
        return self._packed([_own(value) for value in found])

    def nodes(self, args: Sequence[Any]) -> tuple[list[Node], dict[Node, Node]]:
        """Return the gradients, after the value where that is asked for.

        And, to name them by, the value to which each gradient on the way belongs.
        """
        wanted = [args[place] for place in self.argnums]
        if not all(isinstance(node, Node) for node in wanted):
            raise PlaingradError(
                "a gradient is asked for by an argument that is fixed."
            )
        value = _simple(_one_node(self.function(*args)))
        found, adjoints = _gradients(value, tuple(wanted))
        belong = dict(zip(found, wanted, strict=True))
        for node, adjoint in adjoints.items():
            belong.setdefault(adjoint, node)
        return [value, *found] if self.with_value else list(found), belong

    def _packed(self, flat: Sequence[Any]) -> Any:
        """Return values as the caller expects them: alone, or in tuples."""
        found = tuple(flat[-len(self.argnums) :])
        result = found[0] if self.single else found
        return (flat[0], result) if self.with_value else result

    def result_names(self, arguments: Sequence[str]) -> list[str]:
        """Return what the results are called, for arguments of these names."""
        names = [f"d{arguments[place]}" for place in self.argnums]
        return ["value", *names] if self.with_value else names


@functools.lru_cache(maxsize=256)
def _simple(node: Node) -> Node:
    return simplify([node])[0][0]


@functools.lru_cache(maxsize=256)
def _gradients(
    value: Node, wanted: tuple[Node, ...]
) -> tuple[list[Node], dict[Node, Node]]:
    return gradients(value, wanted)


def _one_node(value: Any) -> Node:
    if not isinstance(value, Node):
        raise PlaingradError(
            f"the function returned {type(value).__name__}, which does not depend on "
            f"its arguments. Return an array expression of them."
        )
    return value


def _arrays(args: Sequence[Any]) -> tuple[list[Array], str]:
    """Return arguments as arrays, and the dtype of the floats among them.

    A plain Python number has no type of its own. Whole numbers that are no array are
    numbers to differentiate by, and not indices.
    """
    arrays = [np.asarray(arg) for arg in args]
    for array in arrays:
        if array.dtype.kind not in "fiub":
            raise DataError(f"expected arrays of numbers, got the type {array.dtype}.")
    typed = [
        array.dtype
        for arg, array in zip(args, arrays, strict=True)
        if array.dtype.kind == "f" and type(arg) is not float
    ]
    single = typed and all(dtype.itemsize <= 4 for dtype in typed)
    dtype = "float32" if single else "float64"
    for place, array in enumerate(arrays):
        if array.dtype.kind == "f" or (array.dtype.kind in "iu" and not array.ndim):
            arrays[place] = array.astype(dtype, copy=False)
    return arrays, dtype


def _own(value: Any) -> Any:
    """Return a result that is no view of an argument."""
    array = np.asarray(value)
    return value if array.flags.owndata and array is not value else array.copy()


def _names(function: Function, count: int) -> tuple[str, ...]:
    """Return what the arguments are called."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        parameters = []  # some functions of NumPy tell nothing
    named = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [
        f"{p.name}_" if p.name in _TAKEN else p.name
        for p in parameters
        if p.kind in named
    ]
    return tuple([*names, *(f"x{i}" for i in range(len(names) + 1, count + 1))][:count])


def _traced(
    function: Function, arrays: Sequence[Array], dtype: str
) -> tuple[Function, str]:
    """Return a function of arrays that gives the results flat, and its text."""
    kinds: dict[str, Kind] = {"f": "float", "b": "bool", "i": "int", "u": "int"}
    names = _names(function, len(arrays))
    leaves = [
        leaf(name, array.shape, "data", kinds[array.dtype.kind])
        for name, array in zip(names, arrays, strict=True)
    ]
    name, wanted, nodes, belong = _results(function, leaves, names)
    return _compiled(
        name, names, tuple(nodes), tuple(wanted), tuple(belong.items()), dtype
    )


@functools.lru_cache(maxsize=256)
def _compiled(
    name: str,
    names: tuple[str, ...],
    results: tuple[Node, ...],
    wanted: tuple[str, ...],
    belong: tuple[tuple[Node, Node], ...],
    dtype: str,
) -> tuple[Function, str]:
    """Return the function that computes the results, and its text."""
    nodes = [mark(node) for node in results]
    simple, became = simplify(nodes)
    roles = {became[node]: Role(word) for node, word in zip(nodes, wanted, strict=True)}
    values = [became[value] for _, value in belong if value in became]
    adjoints = partners(dict(belong), became, values)
    goals = [Goal(node, "forward") for node in simple]
    procedure = plan(goals, roles, simple, names, adjoints)
    text = "\n".join(function_lines(procedure, dtype, name, names)) + "\n"
    run = quiet(compile_text(text, name), procedure)
    return (run if len(nodes) > 1 else lambda *args: (run(*args),)), text


def _results(
    function: Function, leaves: Sequence[Node], names: Sequence[str]
) -> tuple[str, list[str], list[Node], dict[Node, Node]]:
    """Return the function's name, the names of its results, and what `nodes` gives."""
    if isinstance(function, _Gradient):
        return "gradient", function.result_names(names), *function.nodes(leaves)
    value = function(*leaves)
    results = list(value) if isinstance(value, (tuple, list)) else [value]
    nodes = [_one_node(node) for node in results]
    wanted = [f"value{i}" for i in range(1, len(nodes) + 1)]
    word = getattr(function, "__name__", "function")
    name = "function" if word == "<lambda>" else identifier(word)
    return name, wanted if len(wanted) > 1 else ["value"], nodes, {}
