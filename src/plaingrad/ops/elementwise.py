"""Operations that work entry by entry, with NumPy's broadcasting."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from ..errors import PlaingradError
from ..graph import NUMPY, Node, apply, as_node, function, with_casts
from ..op import Attrs, Case, define
from ..shapes import Type, broadcast
from .rules import arithmetic, comparison, reals, unary

# Arithmetic. A rule gives adjoints of the broadcast shape; `derive` sums them.


def _quotient(rng: np.random.Generator) -> Case:
    (top, bottom), attrs = reals(2, 0.5, 2.0)(rng)
    signs = rng.choice([-1.0, 1.0], size=bottom.shape)
    return [top, np.asarray(bottom * signs)], attrs


def _is_number(node: Node, value: float) -> bool:
    return node.op.name == "constant" and node.attrs["value"] == value


def _counts(node: Node) -> bool:
    return not node.shape or node.op.name == "sum"


define(
    "add",
    rule=arithmetic,
    casts="mixed",
    text="{0} + {1}",
    maths="#0 + #1",
    grad=lambda y, g: (g, g),
    domain=reals(2),
    hint="added",
)
define(
    "sub",
    rule=arithmetic,
    casts="mixed",
    text="{0} - {1}",
    maths="#0 - #1",
    grad=lambda y, g: (g, -g),
    domain=reals(2),
    hint=lambda node: "shifted" if node.inputs[1].op.name == "max" else "diff",
)
define(
    "mul",
    rule=arithmetic,
    casts="mixed",
    keeps_truths=True,
    text="{0} * {1}",
    maths=lambda node: "#0 \\odot #1" if all(x.shape for x in node.inputs) else "#0 #1",
    grad=lambda y, g: (g * y.inputs[1], g * y.inputs[0]),
    domain=reals(2),
    hint=lambda node: "product" if all(x.shape for x in node.inputs) else "scaled",
)
define(
    "div",
    rule=arithmetic,
    casts="always",
    text="{0} / {1}",
    maths="\\frac{#0}{#1}",
    grad=lambda y, g: (g / y.inputs[1], -(g * y / y.inputs[1])),
    domain=_quotient,
    hint=lambda node: "share" if _counts(node.inputs[1]) else "ratio",
)
define(
    "neg",
    rule=unary,
    casts="always",
    text="-{0}",
    maths="-#0",
    grad=lambda y, g: (-g,),
    domain=reals(1),
    hint="minus",
)
define(
    "floordiv",
    rule=arithmetic,
    casts="mixed",
    text="{0} // {1}",
    maths="\\left\\lfloor \\frac{#0}{#1} \\right\\rfloor",
    grad=lambda y, g: (None, None),
    domain=_quotient,
    hint="whole",
    analytic=False,
)


def _pow_grad(y: Node, g: Node) -> tuple[Node | None, Node | None]:
    x, p = y.inputs
    if _is_number(p, 0):
        # 0 * x ** -1 would be nan at 0
        return None, None
    to_base = g * (p * x ** (p - 1))
    if p.kind == "number":
        return to_base, None
    # at 0 the logarithm would turn 0 * -inf into nan
    positive = x if x.kind == "number" else where(equal(x, 0), 1, x)
    return to_base, g * (y * log(positive))


def _pow_maths(node: Node) -> str:
    return "#0^{#1}" if node.inputs[1].kind == "number" else "#0^{\\circ #1}"


define(
    "pow",
    rule=arithmetic,
    casts="mixed",
    text="{0} ** {1}",
    maths=_pow_maths,
    grad=_pow_grad,
    domain=reals(2, 0.5, 2.0),
    hint=lambda node: "squares" if _is_number(node.inputs[1], 2) else "powers",
)

# Functions of one array.


def _unary(name: str, text: str, maths: str, grad: Any, **more: Any) -> None:
    more = {"domain": reals(1), "casts": "always"} | more
    define(name, rule=unary, text=text, maths=maths, grad=grad, **more)


_unary("exp", "np.exp({0})", "e^{#0}", lambda y, g: (g * y,), hint="exps")
_unary(
    "log",
    "np.log({0})",
    "\\ln(#0)",
    lambda y, g: (g / y.inputs[0],),
    domain=reals(1, 0.5, 2.0),
    hint="logs",
)
_unary(
    "log1p",
    "np.log1p({0})",
    "\\ln(1 + #0)",
    lambda y, g: (g / (1 + y.inputs[0]),),
    domain=reals(1, -0.5, 2.0),
    hint="logs",
)
_unary(
    "expm1",
    "np.expm1({0})",
    "e^{#0} - 1",
    lambda y, g: (g * (y + 1),),
    hint="exps",
)
_unary(
    "sqrt",
    "np.sqrt({0})",
    "\\sqrt{#0}",
    lambda y, g: (g / (2 * y),),
    domain=reals(1, 0.5, 2.0),
    number="{0} ** 0.5",
    hint="root",
)
_unary(
    "sin",
    "np.sin({0})",
    "\\sin(#0)",
    lambda y, g: (g * apply("cos", y.inputs[0]),),
    hint="sines",
)
_unary(
    "cos",
    "np.cos({0})",
    "\\cos(#0)",
    lambda y, g: (-(g * apply("sin", y.inputs[0])),),
    hint="cosines",
)
_unary(
    "tanh", "np.tanh({0})", "\\tanh(#0)", lambda y, g: (g * (1 - y**2),), hint="tanh"
)
_unary(
    "sigmoid",
    "1 / (1 + np.exp(-{0}))",
    "\\sigma(#0)",
    lambda y, g: (g * (y * (1 - y)),),
    hint="sigmoid",
)
_unary(
    "softplus",
    "np.logaddexp(0, {0})",
    "\\ln(1 + e^{#0})",
    lambda y, g: (g * apply("sigmoid", y.inputs[0]),),
    hint="softplus",
    analytic=False,
)
_unary(
    "abs",
    "np.abs({0})",
    "\\left| #0 \\right|",
    lambda y, g: (g * apply("sign", y.inputs[0]),),
    domain=reals(1, apart=0.1),
    hint="sizes",
    analytic=False,
)
_unary(
    "sign",
    "np.sign({0})",
    "\\operatorname{sign}(#0)",
    lambda y, g: (None,),
    domain=reals(1, apart=0.1),
    hint="signs",
    analytic=False,
)
_unary(
    "floor",
    "np.floor({0})",
    "\\left\\lfloor #0 \\right\\rfloor",
    lambda y, g: (None,),
    domain=reals(1, apart=0.1),
    hint="floors",
    analytic=False,
)


def _logaddexp_grad(y: Node, g: Node) -> tuple[Node, Node]:
    a, b = y.inputs
    return g * apply("sigmoid", a - b), g * apply("sigmoid", b - a)


define(
    "logaddexp",
    rule=arithmetic,
    casts="always",
    text="np.logaddexp({0}, {1})",
    maths="\\ln(e^{#0} + e^{#1})",
    grad=_logaddexp_grad,
    domain=reals(2),
    hint="logs",
    analytic=False,
)

# Choices.


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
    hint=lambda node: "relu" if _is_number(node.inputs[1], 0) else "larger",
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
    )

define(
    "cast",
    rule=lambda types, attrs: Type(types[0].shape, "float"),
    text="{0}.astype({float})",
    maths="#0",
    grad=lambda y, g: (None,),
    domain=lambda rng: ([rng.random((2, 3)) > 0.5], {}),
    hint="floats",
)


# The functions by which layers, losses and users build these nodes.


@function(np.exp)
def exp(x: Any) -> Node:
    """Return e to the power of x."""
    return apply("exp", x)


@function(np.log)
def log(x: Any) -> Node:
    """Return the natural logarithm."""
    return apply("log", x)


@function(np.log1p)
def log1p(x: Any) -> Node:
    """Return log(1 + x), exact for small x."""
    return apply("log1p", x)


@function(np.expm1)
def expm1(x: Any) -> Node:
    """Return exp(x) - 1, exact for small x."""
    return apply("expm1", x)


@function(np.sqrt)
def sqrt(x: Any) -> Node:
    """Return the square root."""
    return apply("sqrt", x)


@function(np.sin)
def sin(x: Any) -> Node:
    """Return the sine."""
    return apply("sin", x)


@function(np.cos)
def cos(x: Any) -> Node:
    """Return the cosine."""
    return apply("cos", x)


@function(np.tanh)
def tanh(x: Any) -> Node:
    """Return the hyperbolic tangent."""
    return apply("tanh", x)


@function()
def sigmoid(x: Any) -> Node:
    """Return the logistic function 1 / (1 + exp(-x))."""
    return apply("sigmoid", x)


@function()
def softplus(x: Any) -> Node:
    """Return log(1 + exp(x)), without overflow."""
    return apply("softplus", x)


@function(np.logaddexp)
def logaddexp(a: Any, b: Any) -> Node:
    """Return log(exp(a) + exp(b)), without overflow."""
    return apply("logaddexp", a, b)


@function(np.abs, np.absolute)
def absolute(x: Any) -> Node:
    """Return the absolute value."""
    return apply("abs", x)


@function(np.sign)
def sign(x: Any) -> Node:
    """Return -1, 0 or 1."""
    return apply("sign", x)


@function(np.floor)
def floor(x: Any) -> Node:
    """Return the largest whole number that is not above x."""
    return apply("floor", x)


@function(np.square)
def square(x: Any) -> Node:
    """Return x squared."""
    return apply("pow", x, 2)


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


@function(np.equal)
def equal(a: Any, b: Any) -> Node:
    """Return where a and b are equal (`==` asks whether two nodes are the same)."""
    return apply("eq", a, b)


for _ufunc, _op in [
    (np.add, "add"),
    (np.subtract, "sub"),
    (np.multiply, "mul"),
    (np.divide, "div"),
    (np.negative, "neg"),
    (np.power, "pow"),
    (np.matmul, "matmul"),
    (np.greater, "gt"),
    (np.greater_equal, "ge"),
    (np.less, "lt"),
    (np.less_equal, "le"),
    (np.floor_divide, "floordiv"),
]:
    NUMPY[_ufunc] = partial(apply, _op)
