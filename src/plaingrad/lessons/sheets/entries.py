"""How single entries are computed: the operations of a line, on its numbers.

An entry is a node whose leaves are numbers, so that it prints as every node does. No
operation is known by name: one that works entry by entry is applied to the entries, and
the text of any other is run on arrays whose entries are nodes, which NumPy multiplies,
adds and moves like numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np

from ...errors import ShapeError
from ...graph import Node, apply, rebuild, walk
from ...op import Op
from ...ops.leaves import leaf
from ...program import Procedure, Step
from ...run import compile_procedure
from ...shapes import Type
from ...write.expression import expression
from .numbers import brief

Array = np.ndarray[Any, Any]
Index = tuple[int, ...]
TERMS = 12
"""The most terms of a sum that are all written out; of more, the first and the last."""
FIRST = 8

CALL = Op(
    name="call",
    rule=lambda types, attrs: Type((), "number"),
    text=lambda node: (
        node.attrs["name"]
        + f"({', '.join(f'{{{i}}}' for i, _ in enumerate(node.inputs))})"
    ),
    maths="",
)
"""A function of many numbers, for what compares all that it gathers: max(1, 3, 2)."""


def applied(node: Node, values: Sequence[Any], count: int, dtype: str) -> Any:
    """Return what an operation makes of values, by its text, in a batch of `count`."""
    inputs = {f"x{place}": x for place, x in enumerate(node.inputs)}
    names = {x: name for name, x in inputs.items()}
    step = Step("out", node, "forward")
    procedure = Procedure(inputs, (step,), {**names, node: "out"}, ("out",))
    run = compile_procedure(procedure, dtype, "entry", ["n", *inputs])
    return run(count, *values)[0]


class Entries:
    """The entries of the values of a procedure.

    Parameters
    ----------
    names
        The names of the values that have a line or are given.
    values
        The value of every node.
    count
        The samples in the batch.
    """

    def __init__(
        self, names: Mapping[Node, str], values: Mapping[Node, Any], count: int
    ) -> None:
        self.names, self.values, self.count = names, values, count
        self._known: dict[Node, Array] = {}

    def formula(self, node: Node, index: Index) -> Node:
        """Return how an entry of `node` is computed from entries that have a name."""
        if not node.inputs:
            return _number(np.asarray(self.values[node])[index])
        if node.op.native == "{0}":
            return self._entry(node.inputs[0], index)
        if _entrywise(node):
            return apply(node.op.name, *(self._entry(x, index) for x in node.inputs))
        if node not in self._known:
            self._known[node] = self._computed(node)
        found: Node = self._known[node][index]
        return found

    def _entry(self, node: Node, index: Index) -> Node:
        """Return an entry inside a line, for the index of what is computed of it."""
        shape = np.shape(self.values[node])
        under = index[len(index) - len(shape) :]
        place = tuple(0 if n == 1 else i for i, n in zip(under, shape, strict=True))
        if node not in self.names:
            return self.formula(node, place)
        value = np.asarray(self.values[node])[place]
        return _number(value, label(self.names[node], place))

    def _computed(self, node: Node) -> Array:
        """Return all entries of an operation that arranges or gathers entries."""
        if not node.op.analytic:
            return self._gathered(node)
        if not _flows(node):
            return _objects(self.values[node])
        # indices stay as they are
        inputs = [
            np.asarray(self.values[x]) if x.kind == "int" else self._all(x)
            for x in node.inputs
        ]
        return _objects(applied(node, inputs, self.count, "object_"))

    def _all(self, node: Node) -> Array:
        made = np.empty(np.shape(self.values[node]), object)
        for index in np.ndindex(made.shape):
            made[index] = self._entry(node, index)
        return made

    def _gathered(self, node: Node) -> Array:
        """Return calls with all that each entry gathers along axes."""
        attrs, x = node.attrs, self._all(node.inputs[0])
        axes = attrs["axes"] if "axes" in attrs else (attrs["axis"],)
        kept = [axis for axis in range(x.ndim) if axis not in axes]
        rows = x.transpose(*kept, *axes)
        rows = rows.reshape(-1, np.prod([x.shape[axis] for axis in axes], dtype=int))
        made = np.empty(len(rows), object)
        # the largest of one number is that number, its place is not
        alone = rows.shape[1] == 1 and node.kind == node.inputs[0].kind
        for place, row in enumerate(rows):
            call = Node(CALL, tuple(row), {"name": node.op.name})
            made[place] = row[0] if alone else call
        return made.reshape(np.shape(self.values[node]))


def label(name: str, index: Index) -> str:
    """Return what an entry is called: W1[0, 2]."""
    return f"{name}[{', '.join(map(str, index))}]" if index else name


def written(entry: Node) -> str:
    """Return an entry as Python, its numbers short; "" for what is only a number."""
    short = _shortened(entry)
    if short.op.name == "leaf":
        return str(short.attrs["name"])
    names = {x: _figure(x) for x in walk([short]) if x.op.name == "leaf"}
    text = expression(short, names, "float").replace("np.", "")
    # a negative number needs no brackets where no other sign stands before it
    return re.sub(r"(^|\(|, )\((-[^()]+)\)(?! \*\*)", r"\1\2", text)


def _figure(number: Node) -> str:
    """Return a number as it stands among others."""
    value = number.attrs["value"]
    if number.attrs["name"] == "...":
        return f"...{value}..."
    text = brief(value)
    return f"({text})" if text.startswith("-") else text


def _number(value: Any, name: str = "") -> Node:
    return leaf(name, (), "data", "number", float(value))


def _entrywise(node: Node) -> bool:
    """Tell whether an operation works entry by entry: it takes single numbers, too."""
    if node.attrs or node.op.view:
        return False
    try:
        made = node.op.rule([Type((), x.kind) for x in node.inputs], {})
    except ShapeError:
        return False
    return made.shape == ()


def _flows(node: Node) -> bool:
    """Tell whether a gradient flows back; if none does, the value is all there is."""
    grad = node.op.grad
    return grad is not None and any(part is not None for part in grad(node, node))


def _objects(values: Any) -> Array:
    """Return values, nodes among them, as an array of nodes."""
    found = values
    if not isinstance(values, np.ndarray):
        found = np.empty((), object)
        found[()] = values
    made = np.empty(found.shape, object)
    for index in np.ndindex(found.shape):
        one = found[index]
        made[index] = one if isinstance(one, Node) else _number(one)
    return made


def _shortened(entry: Node) -> Node:
    """Return an entry without empty terms, and with the middle of long sums left out.

    NumPy adds to zeros when it puts entries together.
    """
    if not entry.inputs:
        return entry
    if entry.op is CALL:
        return Node(CALL, tuple(_elided(entry.inputs)), dict(entry.attrs))
    if entry.op.name != "add":
        return rebuild(entry, [_shortened(x) for x in entry.inputs])
    terms: list[Node] = []
    while entry.op.name == "add":
        entry, last = entry.inputs
        terms.append(last)
    terms = [x for x in [entry, *terms[::-1]] if x.op.name != "constant"]
    return reduce(lambda a, b: apply("add", a, b), map(_shortened, _elided(terms)))


def _elided(terms: Sequence[Node]) -> Sequence[Node]:
    if len(terms) <= TERMS:
        return terms
    hidden = leaf("...", (), "data", "number", len(terms) - FIRST - 1)
    return [*terms[:FIRST], hidden, terms[-1]]
