"""From roles to names: the same network gets the same names on every machine."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping

from .graph import Node
from .program import Role

RESERVED = frozenset({"np", "uniform", "rng", "data", "order", "start", "batch"})
"""Names that the printed script uses for itself."""


class Namer:
    """Hands out names: what is asked for while it is free, else with a number."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = {*RESERVED, *taken}

    def __call__(self, wanted: str) -> str:
        """Return `wanted`, or `wanted_2`, `wanted_3` ... when it is taken."""
        name, count = wanted, 1
        while name in self.taken:
            count += 1
            name = f"{wanted}_{count}"
        self.taken.add(name)
        return name


def name_all(
    nodes: Iterable[Node], roles: Mapping[Node, Role], taken: Iterable[str]
) -> dict[Node, str]:
    """Return a name for each node: by its role, or by what its operation makes."""
    name = Namer(taken)
    named: dict[Node, str] = {}
    waiting: list[Node] = []
    for node in nodes:
        if node in roles:
            named[node] = name(roles[node].name)
        else:
            waiting.append(node)
    for node in waiting:
        named[node] = name(node.op.name_for(node))
    return named


def identifier(text: str) -> str:
    """Return a user's name as a Python identifier: "my layer" becomes my_layer."""
    name = re.sub(r"\W+", "_", text).strip("_") or "layer"
    return f"_{name}" if name[0].isdigit() or keyword.iskeyword(name) else name
