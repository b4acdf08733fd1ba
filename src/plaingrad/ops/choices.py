"""Operations that compare, and choose between values entry by entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import PlaingradError
from ..graph import Node, apply, as_node, function, with_casts
from ..op import Attrs, Case, define
from ..shapes import Type, broadcast
from .elementwise import is_number
from .rules import arithmetic, comparison, reals

# The larger and the smaller. Where both are equal the gradient goes to the second.


def _maximum_grad(y: Node, g: Node) -> tuple[Node, Node]:
    a, b = y.inputs
    return g * (a > b), g * (b >= a)


def _minimum_grad(y: Node, g: Node) -> tuple[Node, Node]:
    a, b = y.inputs
    return g * (a < b), g * (b <= a)


define(
    "maximum",
    rule=arithmetic,
    casts="mixed",
    text="np.maximum({0}, {1})",
    maths="\\max(#0, #1)",
    grad=_maximum_grad,
    domain=reals(2, apart=0.2),
    number="max({0}, {1})",
    hint=lambda node: "relu" if is_number(node.inputs[1], 0) else "larger",
    analytic=False,
)
define(
    "minimum",
    rule=arithmetic,
    casts="mixed",
    text="np.minimum({0}, {1})",
    maths="\\min(#0, #1)",
    grad=_minimum_grad,
    domain=reals(2, apart=0.2),
    number="min({0}, {1})",
    hint="smaller",
    analytic=False,
)


def _clip_grad(y: Node, g: Node) -> tuple[Node, Node, Node]:
    x, low, high = y.inputs
    return g * (x > low) * (x < high), g * (x <= low), g * (x >= high)


def _between(rng: np.random.Generator) -> Case:
    (x, a, b), attrs = reals(3, apart=0.2)(rng)
    low, high = np.minimum(a, b), np.maximum(a, b)
    return [x, np.asarray(low), np.asarray(high)], attrs


define(
    "clip",
    rule=arithmetic,
    casts="mixed",
    text="np.clip({0}, {1}, {2})",
    maths="\\min(\\max(#0, #1), #2)",
    grad=_clip_grad,
    domain=_between,
    number="min(max({0}, {1}), {2})",
    hint="clipped",
    analytic=False,
)


def _where_rule(types: Sequence[Type], attrs: Attrs) -> Type:
    value = arithmetic(types[1:], attrs)
    shape = broadcast(types[0].shape, value.shape)
    # two Python numbers, chosen between entry by entry, make an array of floats
    spread = value.kind == "number" and types[0].kind != "number"
    return Type(shape, "float" if spread else value.kind)


def _where_text(node: Node) -> str:
    condition, *values = node.inputs
    text = "np.where({0}, {1}, {2})"
    if condition.kind != "number" and all(x.kind == "number" for x in values):
        return f"{text}.astype({{float}})"
    return text


def _where_grad(y: Node, g: Node) -> tuple[None, Node, Node]:
    return None, where(y.inputs[0], g, 0), where(y.inputs[0], 0, g)


def _choice(rng: np.random.Generator) -> Case:
    (a, b, c), attrs = reals(3)(rng)
    return [c > 0, a, b], attrs


define(
    "where",
    rule=_where_rule,
    text=_where_text,
    maths=(
        "\\begin{cases} #1 & \\text{if } #0 \\\\ #2 & \\text{otherwise} \\end{cases}"
    ),
    grad=_where_grad,
    domain=_choice,
    number="{1} if {0} else {2}",
    hint="chosen",
    native="np.where({0}, {1}, {2})",
)

for _name, _sign, _maths in [
    ("gt", ">", ">"),
    ("ge", ">=", "\\ge"),
    ("lt", "<", "<"),
    ("le", "<=", "\\le"),
    ("eq", "==", "="),
]:
    define(
        _name,
        rule=comparison,
        text=f"{{0}} {_sign} {{1}}",
        maths=f"[#0 {_maths} #1]",
        grad=lambda y, g: (None, None),
        domain=reals(2, apart=0.2),
        hint="mask",
        analytic=False,
        native="np.equal({0}, {1})" if _name == "eq" else None,
    )

define(
    "cast",
    rule=lambda types, attrs: Type(types[0].shape, "float"),
    text="{0}.astype({float})",
    maths="#0",
    grad=lambda y, g: (None,),
    domain=lambda rng: ([rng.random((2, 3)) > 0.5], {}),
    hint=lambda node: "u" if node.inputs[0].op.name == "uniform" else "floats",
    native="{0}",
)
define(
    "whole",
    rule=lambda types, attrs: Type(types[0].shape, "int"),
    text=lambda node: (
        "int({0})" if node.inputs[0].kind == "number" else "{0}.astype(int)"
    ),
    maths=lambda node: (
        "#0" if node.inputs[0].op.name == "floor" else "\\operatorname{int}(#0)"
    ),
    grad=lambda y, g: (None,),
    domain=reals(1, apart=0.1),
    hint="places",
    analytic=False,
    native="np.trunc({0})",
)


# The functions by which layers, losses and users build these nodes.


@function(np.maximum)
def maximum(a: Any, b: Any) -> Node:
    """Return the larger of two; where they are equal the gradient goes to b."""
    return apply("maximum", a, b)


@function(np.minimum)
def minimum(a: Any, b: Any) -> Node:
    """Return the smaller of two; where they are equal the gradient goes to b."""
    return apply("minimum", a, b)


@function(np.clip)
def clip(x: Any, a_min: Any = None, a_max: Any = None) -> Node:
    """Return x, held between two bounds, the first not above the second.

    None is no bound. Where x reaches a bound the gradient goes to the bound.
    """
    if a_min is None:
        return as_node(x) if a_max is None else minimum(x, a_max)
    return maximum(x, a_min) if a_max is None else apply("clip", x, a_min, a_max)


@function(np.where)
def where(condition: Any, a: Any, b: Any) -> Node:
    """Return a where the condition holds and b elsewhere."""
    if isinstance(condition, bool):
        raise PlaingradError(
            f"the condition of np.where is {condition} everywhere. `==` between traced "
            f"values asks whether they are the same one; write np.equal(a, b)."
        )
    return apply("where", condition, *with_casts([as_node(a), as_node(b)]))


@function()
def whole(x: Any) -> Node:
    """Return numbers cut to whole ones, which can be indices."""
    return apply("whole", x)


@function(np.equal)
def equal(a: Any, b: Any) -> Node:
    """Return where a and b are equal (`==` asks whether two nodes are the same)."""
    return apply("eq", a, b)
