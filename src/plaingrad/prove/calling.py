"""Calls of the user's functions that leave no trace and always draw the same numbers.

What a function can reach (its globals, closure, object) is looked through for arrays
and for generators of random numbers. Before a call the generators are set to where they
were, and after it the arrays are.
"""

from __future__ import annotations

import functools
import io
import itertools
import random
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError
from .parameters import leaves, spelled

Array = np.ndarray[Any, Any]
Function = Callable[..., Any]
LIBRARIES = (
    *(str(Path(random.__file__).parent), str(Path(np.__file__).parents[1])),
    *(str(Path(__file__).parents[1]), "<__array_function__", "<frozen"),
)
"""Where functions come from that are not the user's."""
MOST = 100
"""Containers of more parts hold data sample by sample, and are not looked through."""


class Calls:
    """Calls functions, each time in the same state of what surrounds them.

    Parameters
    ----------
    functions
        What will be called; arrays and generators are looked for around them.
    own
        Arrays that the caller of this class looks after itself.

    Attributes
    ----------
    values
        What the functions can reach, by name.
    random
        Whether a function was seen to draw random numbers.
    changed
        The names of arrays that a function changed in place.
    """

    def __init__(self, functions: Sequence[Function], own: list[Array]) -> None:
        self.values = dict(pair for f in functions for pair in surroundings(f))
        self.arrays = {
            name: value
            for name, value in _arrays(self.values)
            if value.flags.writeable and not any(value is array for array in own)
        }
        self.saved = {name: array.copy() for name, array in self.arrays.items()}
        self.generators = [
            (value, _state(value))
            for value in self.values.values()
            if isinstance(value, (np.random.Generator, np.random.RandomState))
        ]
        self.random = self._drawn = False
        self.changed: list[str] = []

    def __call__(self, f: Callable[[], Any]) -> Any:
        """Return what a function returns, and put everything back."""
        try:
            with np.errstate(all="ignore"), redirect_stdout(io.StringIO()):
                return _apart(self._seeded(f) if self.random else f())
        finally:
            self._restore()

    def _seeded(self, f: Callable[[], Any]) -> Any:
        before = np.random.get_state(), random.getstate()  # noqa: NPY002
        np.random.seed(0)  # noqa: NPY002
        random.seed(0)
        for generator, state in self.generators:
            _set_state(generator, state)
        begun = self._states()
        try:
            return f()
        finally:
            self._drawn |= not same(begun, self._states())
            np.random.set_state(before[0])  # noqa: NPY002
            random.setstate(before[1])
            for generator, state in self.generators:
                _set_state(generator, state)

    def _states(self) -> list[Any]:
        own = [_state(generator) for generator, _ in self.generators]
        return [np.random.get_state(), random.getstate(), *own]  # noqa: NPY002

    def steady(self, f: Callable[[], Any], what: str) -> Any:
        """Return what `f`, which calls by this, returns; see whether it always does.

        Raises
        ------
        DataError
            When two calls in the same state give different results.
        """
        was, self.random, self._drawn = self.random, True, False
        first, second = f(), f()
        self.random = was or self._drawn
        if not same(first, second):
            raise DataError(
                f"{what} gives another result each time it is called with the same "
                f"parameters, also with NumPy's random numbers seeded and with the "
                f"generators that it can reach set back. Nothing can be measured so. "
                f"The usual cause is np.random.default_rng() without a seed inside "
                f"it: give it a seed, or make the generator outside."
            )
        return first

    def _restore(self) -> None:
        for name, array in self.arrays.items():
            if not same(array, self.saved[name]):
                if name not in self.changed:
                    self.changed.append(name)
                array[...] = self.saved[name]


def _arrays(values: Mapping[str, Any]) -> Iterator[tuple[str, Array]]:
    """Yield the arrays among values, and those in their dicts, lists and tuples."""
    for name, value in values.items():
        held = isinstance(value, (np.ndarray, Mapping, list, tuple))
        parts = list(itertools.islice(leaves(value), MOST + 1)) if held else []
        for path, part in parts if len(parts) <= MOST else []:
            if isinstance(part, np.ndarray):
                yield spelled((name, *path)), part


def _apart(found: Any) -> Any:
    """Return a result with arrays of its own: those around it are put back."""
    if isinstance(found, np.ndarray):
        return found.copy()
    if type(found) is dict:
        return {key: _apart(value) for key, value in found.items()}
    if type(found) in (list, tuple):
        return type(found)(map(_apart, found))
    return found


def _state(generator: np.random.Generator | np.random.RandomState) -> Any:
    if isinstance(generator, np.random.RandomState):
        return generator.get_state()
    return generator.bit_generator.state


def _set_state(
    generator: np.random.Generator | np.random.RandomState, state: Any
) -> None:
    if isinstance(generator, np.random.RandomState):
        generator.set_state(state)
    else:
        generator.bit_generator.state = state


def same(one: Any, other: Any) -> bool:
    """Return whether two results hold the same numbers."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    a, b = np.asarray(one), np.asarray(other)
    return np.array_equal(a, b, equal_nan=a.dtype.kind == b.dtype.kind == "f")


def user_functions(f: Function) -> list[types.FunctionType]:
    """Return a function and those of the user's that it reaches, f first."""
    found: list[types.FunctionType] = []

    def visit(value: Any) -> None:
        function = plain_function(value)
        if function is None or function in found:
            return
        if function.__code__.co_filename.startswith(LIBRARIES):
            return
        found.append(function)
        for _, other in _reached(function):
            visit(other)
        owner = getattr(value, "__self__", None)
        if owner is not None and not isinstance(owner, type):
            for name in _names(function.__code__):
                visit(getattr(type(owner), name, None))

    visit(f)
    return found


def plain_function(value: Any) -> types.FunctionType | None:
    """Return the Python function behind a method, partial or wrapper; None if none."""
    while isinstance(value, functools.partial):
        value = value.func
    value = getattr(value, "__func__", value)
    value = getattr(value, "__wrapped__", value)
    return value if isinstance(value, types.FunctionType) else None


def surroundings(f: Function) -> Iterator[tuple[str, Any]]:
    """Yield name and value of what a function can reach."""
    while isinstance(f, functools.partial):
        yield from ((name, value) for name, value in f.keywords.items())
        yield from ((f"argument {i}", value) for i, value in enumerate(f.args))
        f = f.func
    for function in user_functions(f):
        yield from _reached(function)
    owner = getattr(f, "__self__", None)
    for name, value in (getattr(owner, "__dict__", None) or {}).items():
        yield f"self.{name}", value


def _reached(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    for name, cell in cells:
        try:
            yield name, cell.cell_contents
        except ValueError:
            continue  # not filled yet
    for name in _names(function.__code__):
        if name in function.__globals__:
            yield name, function.__globals__[name]


def _names(code: types.CodeType) -> set[str]:
    inner = [const for const in code.co_consts if isinstance(const, types.CodeType)]
    return set(code.co_names).union(*(_names(const) for const in inner))
