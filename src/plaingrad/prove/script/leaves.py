"""The numbers that a running script holds: arrays, lists and single values by path.

A leaf is one name for numbers, as the script writes it: `weights`, `params['W1']`,
`net.layers[0].W`. Paths are the same in every run of the script; objects are not.
"""

from __future__ import annotations

import numbers
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any

import numpy as np

DEPTH = 6
"""How deep numbers are looked for: `net.layers[0].params['W'][1]` is five deep."""
LONG = 4096
"""Lists of more parts than this hold data, and are not looked into."""

Scope = MutableMapping[str, Any]


@dataclass
class Leaf:
    """Numbers under one path.

    `holder` and `key` tell where they are held: a scope, an object's attributes, a
    dictionary or a list. A group is a list or dictionary that holds leaves.
    """

    path: str
    holder: Any
    key: Any
    group: bool = False

    @property
    def value(self) -> Any:
        """What is held now."""
        return self.holder[self.key]

    def read(self) -> np.ndarray:
        """Return a copy of the numbers as float64."""
        return np.array(self.value, dtype=np.float64)

    def write(self, numbers: np.ndarray) -> None:
        """Put other numbers in place of these, where possible in the same object."""
        value = self.value
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            value[...] = numbers
        elif isinstance(value, list):
            _fill(value, numbers)
        elif isinstance(value, np.ndarray):
            self.holder[self.key] = np.array(numbers)
        else:
            self.holder[self.key] = float(numbers)


def _fill(target: list[Any], numbers: np.ndarray) -> None:
    for place, part in enumerate(target):
        if isinstance(part, list):
            _fill(part, numbers[place])
        else:
            target[place] = float(numbers[place])


def is_number(value: object) -> bool:
    """Say whether a value is one real number."""
    return isinstance(value, numbers.Real | np.number) and not isinstance(value, bool)


def is_table(value: object) -> bool:
    """Say whether a value is a list of numbers, or of such lists of one length."""
    if not isinstance(value, list) or not 0 < len(value) <= LONG:
        return False
    if all(map(is_number, value)):
        return True
    if not isinstance(value[0], list) or not all(map(is_table, value)):
        return False
    return len({len(part) for part in value}) == 1


def walk(scopes: list[tuple[str, Scope]]) -> Iterator[Leaf]:
    """Yield the leaves of some scopes, each object once, the first scope first."""
    seen: set[int] = set()
    for prefix, scope in scopes:
        for name in list(scope):
            if not name.startswith("__"):
                yield from _below(prefix + name, scope, name, seen, DEPTH)


def _below(
    path: str, holder: Any, key: Any, seen: set[int], depth: int
) -> Iterator[Leaf]:
    value = holder[key]
    if is_number(value):
        yield Leaf(path, holder, key)
        return
    if depth == 0 or id(value) in seen or isinstance(value, str | bytes | type):
        return
    if isinstance(value, np.ndarray):
        seen.add(id(value))
        if value.dtype.kind in "fiu":
            yield Leaf(path, holder, key)
        elif value.dtype.kind == "O":
            yield from _parts(path, value.reshape(-1), seen, depth)
    elif is_table(value):
        seen.add(id(value))
        yield Leaf(path, holder, key)
    elif isinstance(value, dict):
        seen.add(id(value))
        yield Leaf(path, holder, key, group=True)
        for inner in list(value):
            yield from _below(f"{path}[{inner!r}]", value, inner, seen, depth - 1)
    elif isinstance(value, list | tuple):
        seen.add(id(value))
        yield Leaf(path, holder, key, group=True)
        yield from _parts(path, value, seen, depth)
    elif getattr(type(value), "__module__", "") == "__main__":
        seen.add(id(value))
        held = getattr(value, "__dict__", {})
        for inner in list(held):
            yield from _below(f"{path}.{inner}", held, inner, seen, depth - 1)


def _parts(path: str, values: Any, seen: set[int], depth: int) -> Iterator[Leaf]:
    for place in range(min(len(values), LONG)):
        yield from _below(f"{path}[{place}]", values, place, seen, depth - 1)


def owners(leaf: Leaf) -> Iterator[Any]:
    """Yield what tells that a leaf is changed: ids of its objects, holder and key."""
    value = leaf.value
    if isinstance(value, np.ndarray):
        yield id(value)
    if isinstance(value, list) and not leaf.group:
        yield from _lists(value)
    yield (id(leaf.holder), leaf.key)


def _lists(value: list[Any]) -> Iterator[int]:
    yield id(value)
    for part in value:
        if isinstance(part, list):
            yield from _lists(part)
