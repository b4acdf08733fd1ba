"""Kernels as text that a person can read: their loops, and what these compute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..graph import Node, as_node, rebuild
from ..ops.leaves import leaf
from ..write.expression import expression
from .loops import (
    Call,
    Counter,
    Expr,
    Folded,
    Kernel,
    Load,
    N,
    Number,
    Place,
    Position,
    Store,
)

FOLD, TOTAL = "{fold}", "total"
"""Where the result of a fold stands, and what it is called when it is read twice."""


def loop_text(kernel: Kernel, dtype: str = "float32") -> str:
    """Return a kernel as the loop that it is, in a Python of the reader's mind.

    The samples are counted by s, everything else by i, j, k and so on.
    """
    return "\n".join(_Shown(kernel, f"np.{dtype}").lines())


class _Shown:
    """The text of one kernel."""

    def __init__(self, kernel: Kernel, dtype: str) -> None:
        self.kernel, self.dtype = kernel, dtype
        self.letters = _letters(kernel.counters)
        self.memo: dict[Expr, Node] = {}
        # what was stored is read from there in the lines below
        self.known: dict[Expr, str] = {}
        self.names: dict[Node, str] = {}

    def lines(self) -> Iterator[str]:
        kernel = self.kernel
        indent = ""
        if kernel.free:
            yield f"for {self.ranges(kernel.free)}:"
            indent = "    "
        stores = [self.store(store) for store in kernel.stores]
        if kernel.how != "map":
            how = "sum" if kernel.how == "product" else kernel.how
            each = " * ".join(self.factor(x) for x in kernel.operands)
            fold = f"{how}({each} for {self.ranges(kernel.folds)})"
            if sum(text.count(FOLD) for text in stores) > 1:
                yield f"{indent}{TOTAL} = {fold}"
                fold = TOTAL
            stores = [text.replace(FOLD, fold) for text in stores]
        for text in stores:
            yield indent + text

    def ranges(self, counters: Sequence[Counter]) -> str:
        return ", ".join(f"{self.letters[c]} < {c.size}" for c in counters)

    def store(self, store: Store) -> str:
        places = list(map(self.place, store.places))
        for axis, one in store.chosen:
            places[axis] = self.text(one)
        place = _entry(store.buffer.name, places)
        text = f"{place} {'+=' if store.add else '='} {self.text(store.value)}"
        self.memo.clear()
        self.known[store.value] = place
        return text

    def factor(self, x: Expr) -> str:
        """Return the text of an operand, in parentheses where a product needs them."""
        text = self.text(x)
        loose = len(self.kernel.operands) > 1 and isinstance(x, Call)
        return f"({text})" if loose else text

    def place(self, place: Place) -> str:
        terms = [
            self.letters[c] if factor == 1 else f"{factor}*{self.letters[c]}"
            for c, factor in place.terms
        ]
        if place.start or not terms:
            terms.append(str(place.start))
        return " + ".join(terms).replace("+ -", "- ")

    def text(self, x: Expr) -> str:
        node = self.node(x)
        return self.names.get(node) or expression(node, self.names, self.dtype)

    def node(self, x: Expr) -> Node:
        """Return an expression as a node of numbers, which NumPy's text is made of."""
        if x not in self.memo:
            self.memo[x] = self._node(x)
        return self.memo[x]

    def _node(self, x: Expr) -> Node:
        if x in self.known and not isinstance(x, Number):
            return self.named(self.known[x], x)
        if isinstance(x, Call):
            name = x.node.op.name
            if name == "one_hot":
                label, place = map(self.text, x.args)
                return self.named(f"({label} == {place})", x)
            if name == "uniform":
                return self.named(f"uniform({', '.join(map(self.text, x.args))})", x)
            return rebuild(x.node, [self.node(one) for one in x.args])
        if isinstance(x, Load):
            places = list(map(self.place, x.places))
            for axis, one in x.chosen:
                places[axis] = self.text(one)
            return self.named(_entry(x.buffer.name, places), x)
        if isinstance(x, Position):
            return self.named(self.place(x.place), x)
        if isinstance(x, Folded):
            return self.named(FOLD, x)
        return as_node(x.value)

    def named(self, text: str, x: Expr) -> Node:
        """Return a leaf that is written as it is said."""
        made = leaf(text, (), "data", x.kind)
        self.names[made] = text
        return made


def _entry(name: str, places: Iterator[str] | Sequence[str]) -> str:
    inner = ", ".join(places)
    return f"{name}[{inner}]" if inner else name


def _letters(counters: Sequence[Counter]) -> Mapping[Counter, str]:
    others = iter("ijklmpqruvwxyz")
    return {c: "s" if c.size == N else next(others) for c in counters}
