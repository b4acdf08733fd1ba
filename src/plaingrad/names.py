"""From roles to names: the same network gets the same names on every machine."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Container, Iterable, Mapping

from .graph import Node, walk
from .program import Role

_FUNCTIONS = "np uniform evaluate float len max min print range sum zip"
_DATA = "data X y w n X_train y_train w_train X_val y_val rng order start batch i j"
_SETTINGS = (
    "epochs batch_size seed epoch step steps momentum rho beta1 beta2 eps "
    "weight_decay l1 l2 clip_value clip_norm"
)
_LOOP = "params grads frees p dp g m v s free new best kept waited lowest bad"
_WATCHED = [
    f"{when}_{what}"
    for when in ("best", "train", "val")
    for what in ("loss", "accuracy", "r2", "score")
]
_WORDS = f"{_FUNCTIONS} {_DATA} {_SETTINGS} {_LOOP}"
RESERVED = frozenset([*_WORDS.split(), *_WATCHED])
"""Names that the printed script uses for itself."""


class Namer:
    """Hands out names: what is asked for while it is free, else with a number."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = {*RESERVED, *taken}
        self.counts: dict[str, int] = {}

    def __call__(self, wanted: str) -> str:
        """Return `wanted`, or `wanted_2`, `wanted_3` ... when it is taken."""
        name, count = wanted, self.counts.get(wanted, 1)
        while name in self.taken:
            count += 1
            name = f"{wanted}_{count}"
        self.taken.add(name)
        self.counts[wanted] = count
        return name


def name_all(
    nodes: Iterable[Node],
    roles: Mapping[Node, Role],
    adjoints: Mapping[Node, Node],
    leaves: Mapping[Node, str],
    numbered: Container[Node],
    taken: Iterable[str],
) -> dict[Node, str]:
    """Return a name for each node and each leaf.

    A value is called by its role; the gradient by a value dW1 after that value; any
    other value by what its operation makes, with the number of what it is made of.

    Parameters
    ----------
    nodes
        What needs a name, inputs before users.
    roles
        What people call some of them.
    adjoints
        From gradients to the values that they belong to.
    leaves
        The names that are given.
    numbered
        The nodes that take over the number of what they are made of.
    taken
        Names that must not be used.
    """
    name = Namer(taken)
    named = dict(leaves)
    waiting: list[Node] = []
    for node in nodes:
        if node in roles:
            named[node] = name(roles[node].name)
        else:
            waiting.append(node)
    late: list[Node] = []
    for node in waiting:
        if adjoints.get(node) in named:
            named[node] = name(f"d{named[adjoints[node]]}")
        else:
            late.append(node)
    for node in late:
        value = adjoints.get(node)
        if value in named:
            named[node] = name(f"d{named[value]}")
            continue
        number = _number(node, named) if node in numbered else ""
        if value is None:
            named[node] = name(node.op.name_for(node) + number)
        elif value in roles:
            named[node] = name(f"d{roles[value].name}")
        else:
            named[node] = name(f"d{value.op.name_for(value)}{number}")
    return named


def _number(node: Node, named: Mapping[Node, str]) -> str:
    """Return the number in the name of the first array that a line reads: z1 -> 1."""
    reads = (x for x in walk(node.inputs, named) if x in named and x.shape)
    first = next((named[x] for x in reads), "")
    found = re.search(r"[^\W\d_](\d+(_\d+)?)$", first)
    return found[1] if found else ""


def identifier(text: str) -> str:
    """Return a user's name as a Python identifier: "my layer" becomes my_layer."""
    # Python reads identifiers in this normal form
    normal = unicodedata.normalize("NFKC", text)
    fit = "".join(c if f"a{c}".isidentifier() else " " for c in normal)
    name = "_".join(fit.split()).strip("_") or "layer"
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"_{name}"
