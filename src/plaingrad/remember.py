"""Objects that remember how they were written, so that they print and are saved so."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterable, Mapping
from typing import Any, Self

import numpy as np


class Remembered:
    """Keeps the arguments of its constructor, by name, as the user gave them.

    Two are equal when they are of one class and were given equal arguments.

    Attributes
    ----------
    arguments
        What was passed, in the order of the constructor's parameters; those left at
        their default are absent.
    """

    arguments: dict[str, Any]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Remember the arguments."""
        made = super().__new__(cls)
        signature = inspect.signature(cls.__init__)
        try:
            bound = signature.bind(made, *args, **kwargs)
        except TypeError as error:
            hint = _near(kwargs, signature)
            raise TypeError(f"{cls.__name__}: {error}.{hint}") from None
        made.arguments = dict(list(bound.arguments.items())[1:])
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        """Say how to copy and pickle: without the constructor and its arguments."""
        return object.__new__, (type(self),), self.__getstate__()

    def __init__(self) -> None:
        # without this, object.__init__ would take any argument and ignore it
        pass

    @classmethod
    def remade(cls, arguments: Mapping[str, Any]) -> Self:
        """Return an object of this class from remembered arguments.

        Raises
        ------
        TypeError
            When one has a name that the constructor does not know.
        """
        bound = inspect.signature(cls.__init__).bind_partial(None)
        odd = [name for name in arguments if name not in bound.signature.parameters]
        if odd:
            raise TypeError(f"{cls.__name__} has no argument {odd[0]!r}.")
        bound.arguments.update(arguments)
        return cls(*bound.args[1:], **bound.kwargs)

    def __repr__(self) -> str:
        """Show the object as the user wrote it."""
        parameters = inspect.signature(type(self).__init__).parameters
        words: list[str] = []
        for name, value in self.arguments.items():
            parameter = parameters[name]
            if parameter.kind is parameter.VAR_POSITIONAL:
                words += map(repr, value)
            elif parameter.kind is parameter.VAR_KEYWORD:
                words += (f"{key}={one!r}" for key, one in value.items())
            elif parameter.default is parameter.empty:
                words.append(repr(value))
            else:
                words.append(f"{name}={value!r}")
        return f"{type(self).__name__}({', '.join(words)})"

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other) or not isinstance(other, Remembered):
            return NotImplemented
        mine, theirs = self.arguments, other.arguments
        return mine.keys() == theirs.keys() and all(
            np.array_equal(mine[name], theirs[name]) for name in mine
        )

    def __hash__(self) -> int:
        return hash((type(self), *self.arguments))


def _near(names: Iterable[str], signature: inspect.Signature) -> str:
    """Return which argument was likely meant by a name that does not exist."""
    known = list(signature.parameters)[1:]
    for name in names:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        if name not in known and near:
            return f" Did you mean {near[0]!r}?"
    return ""
