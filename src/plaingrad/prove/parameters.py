"""Parameters and gradients in whatever the user keeps them: dict, list, object."""

from __future__ import annotations

import copy
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import DataError

Array = np.ndarray[Any, Any]
Arrays = dict[str, Array]
Path = tuple[Any, ...]


@dataclass(frozen=True)
class Parameters:
    """The arrays of a structure by name, and the way back into such a structure.

    `loose` says that an object is among it, which may hold other numbers, too.
    """

    structure: Any
    paths: dict[str, Path]
    arrays: Arrays
    loose: bool

    def rebuild(self, arrays: Mapping[str, Array]) -> Any:
        """Return a structure like the user's that holds other arrays."""
        inside = {path: arrays[name] for name, path in self.paths.items()}
        return _replaced(self.structure, (), inside)


def parameters(structure: Any, alone: str = "x") -> Parameters:
    """Read a dict, list, tuple, object or single array of parameters.

    A plain number becomes an array that is read-only: it cannot be changed where it is.
    `alone` is what a single array is called.

    Raises
    ------
    DataError
        When there is no array in it, or one that holds whole numbers.
    """
    loose = any(_is_object(value) for _, value in nodes(structure))
    paths: dict[str, Path] = {}
    arrays: Arrays = {}
    for path, value in leaves(structure):
        array = np.asarray(value)
        if array.dtype.kind == "f" and array.size:
            name = spelled(path) or alone
            paths[name], arrays[name] = path, array
            if not isinstance(value, np.ndarray):
                array.flags.writeable = False
        elif not loose and array.dtype.kind in "iu":
            raise DataError(
                f"the parameter {spelled(path) or alone} holds whole numbers "
                f"({array.dtype}): it cannot be changed a little, so it has no slope, "
                f"and an update of it in place would be cut to whole numbers. Convert "
                f"it with .astype(np.float64)."
            )
    if not arrays:
        raise DataError(
            f"there is no array of floats in the parameters, which are a "
            f"{type(structure).__name__}. Hand over a dict such as "
            f"{{'W1': W1, 'b1': b1}}, a list, an array, or an object that has them."
        )
    return Parameters(structure, paths, arrays, loose)


def claims(gradients: Any, params: Parameters, own: bool = True) -> dict[str, Any]:
    """Return what is claimed to be the gradient of each parameter; None if nothing.

    A gradient is found under the parameter's own name, or as dW1, grad_W1, W1_grad;
    in a list or tuple by its place. Where the parameters stand among the gradients,
    their own names tell nothing: then `own` is False. Arrays are copied, and lists of
    numbers become arrays.
    """
    names = list(params.paths)
    listed = isinstance(gradients, (list, tuple))
    if listed and isinstance(params.structure, np.ndarray):
        single = len(gradients) == 1 and isinstance(gradients[0], np.ndarray)
        return {names[0]: _array(gradients[0] if single else gradients)}
    alone = not listed and not isinstance(gradients, Mapping)
    if len(names) == 1 and alone and not _is_object(gradients):
        return {names[0]: _array(gradients)}
    if listed and len(gradients) == len(names):
        tops = {path[0] if path else None for path in params.paths.values()}
        if len(tops) == len(names):
            return dict(zip(names, map(_array, gradients), strict=True))
    found = {
        path: value
        for path, value in nodes(gradients)
        if not isinstance(value, Mapping) and not _is_object(value)
    }
    return {
        name: _array(_claim(path or (name,), found, own))
        for name, path in params.paths.items()
    }


def _array(claim: Any) -> Any:
    """Return a claim that nobody else changes, and a list of numbers as an array."""
    if not isinstance(claim, (np.ndarray, list, tuple)):
        return claim
    try:
        return np.array(claim)
    except ValueError:
        return None  # rows of different lengths


def nodes(structure: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield path and value of a structure and of everything in it, outer ones first."""
    yield path, structure
    inside: Iterable[tuple[Any, Any]] = ()
    if isinstance(structure, Mapping):
        inside = structure.items()
    elif isinstance(structure, (list, tuple)):
        inside = enumerate(structure)
    elif _is_object(structure) and len(path) < 3:
        inside = vars(structure).items()
    for key, value in inside:
        yield from nodes(value, (*path, key))


def leaves(structure: Any) -> Iterator[tuple[Path, Any]]:
    """Yield the path and value of everything in a structure that is no container."""
    for path, value in nodes(structure):
        holds = isinstance(value, (Mapping, list, tuple)) or _is_object(value)
        if not holds and not isinstance(value, (str, bool)) and not callable(value):
            yield path, value


def spelled(path: Path) -> str:
    """Return a path as a name: W1, layers[0].W; nothing for the whole."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else str(part)
    return text


def _claim(path: Path, found: Mapping[Path, Any], own: bool) -> Any:
    *above, last = path
    names = (last,) if own else ()
    for word in (*names, f"d{last}", f"d_{last}", f"grad_{last}", f"{last}_grad"):
        if (*above, word) in found:
            return found[(*above, word)]
    return found.get((*path, "grad"))


def _is_object(structure: Any) -> bool:
    plain = (np.ndarray, np.generic, np.random.Generator, type, types.FunctionType)
    return hasattr(structure, "__dict__") and not isinstance(structure, plain)


def _replaced(structure: Any, path: Path, inside: Mapping[Path, Array]) -> Any:
    """Return a copy of a structure with other arrays at some paths."""
    if path in inside:
        new = inside[path]
        return new if isinstance(structure, np.ndarray) else new[()]
    if not any(other[: len(path)] == path for other in inside):
        return structure
    if isinstance(structure, Mapping):
        made = copy.copy(structure)
        for key, value in structure.items():
            made[key] = _replaced(value, (*path, key), inside)  # type: ignore[index]
        return made
    if isinstance(structure, (list, tuple)):
        parts = [_replaced(x, (*path, i), inside) for i, x in enumerate(structure)]
        kind = type(structure)
        return kind(*parts) if hasattr(structure, "_fields") else kind(parts)
    made = copy.copy(structure)
    for key, value in vars(structure).items():
        setattr(made, key, _replaced(value, (*path, key), inside))
    return made
