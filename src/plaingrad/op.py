"""What an operation is: one record that every reading of a program draws from.

The table `OPS` is the whole alphabet. A record is added by `define` in one of the files
of `ops/`; its test, its printed text, its mathematics and its proof follow from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from .shapes import Type

if TYPE_CHECKING:
    from .graph import Node

Attrs = Mapping[str, Any]
Case = tuple[Sequence[np.ndarray[Any, Any]], dict[str, Any]]


@dataclass(frozen=True, eq=False, kw_only=True)
class Op:
    """One operation.

    Attributes
    ----------
    name
        The key in `OPS`.
    rule
        From the types of the inputs and the attributes to the type of the result;
        raises `ShapeError` when they do not fit.
    text
        The NumPy text: `{0}`, `{1}` stand for the inputs, `{float}` for the dtype.
        A template with `{out}` is a statement (perhaps several lines) and not an
        expression. May be a function of the node.
    grad
        From the node and the adjoint of its result (of the same shape) to one adjoint
        for each input, None where there is none. It may ignore broadcasting: `derive`
        sums. No rule means that nothing flows back.
    maths
        The LaTeX text: `#0`, `#1` stand for the inputs. May be a function of the node.
    domain
        A random test case: from a generator to input arrays and attributes.
    hint
        The name that a value of this operation gets when nothing names it better.
    number
        The text for plain Python numbers, where it differs.
    casts
        When whole numbers and truths among the inputs are cast to floats first, since
        NumPy would answer in float64: "always", "mixed" (when there are floats or
        Python numbers too), or "never".
    keeps_truths
        Whether truths that meet float arrays stay as they are all the same.
    analytic
        Whether NumPy's text takes complex numbers, so that the complex step proves it.
    view
        Whether the result is a view of the input that costs nothing to repeat.
    native
        The text that is compiled to machine code, entry by entry, where it differs from
        `text`.
    lower
        The same value from simpler operations, for the readers.
    """

    name: str
    rule: Callable[[Sequence[Type], Attrs], Type]
    text: str | Callable[[Node], str]
    maths: str | Callable[[Node], str]
    grad: Callable[[Node, Node], Sequence[Node | None]] | None = None
    domain: Callable[[np.random.Generator], Case] | None = None
    hint: str | Callable[[Node], str] = "t"
    number: str | None = None
    casts: Literal["always", "mixed", "never"] = "never"
    keeps_truths: bool = False
    analytic: bool = True
    view: bool = False
    native: str | None = None
    lower: Callable[[Node], Node] | None = None

    def template(self, node: Node) -> str:
        """Return the NumPy text for `node`, its inputs still to be filled in."""
        if self.number is not None and node.type.kind == "number":
            return self.number
        return self.text if isinstance(self.text, str) else self.text(node)

    def name_for(self, node: Node) -> str:
        """Return what `node` is called when nothing names it better."""
        return self.hint if isinstance(self.hint, str) else self.hint(node)

    def formula(self, node: Node) -> str:
        """Return the LaTeX text for `node`, its inputs still to be filled in."""
        return self.maths if isinstance(self.maths, str) else self.maths(node)


OPS: dict[str, Op] = {}


def define(name: str, /, **fields: Any) -> Op:
    """Enter a record into the table."""
    if name in OPS:
        raise ValueError(f"the operation {name!r} is defined twice")
    OPS[name] = Op(name=name, **fields)
    return OPS[name]
