"""Operations that work entry by entry, with NumPy's broadcasting."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..graph import NUMPY, Node, apply, function
from ..op import Case, define
from .rules import arithmetic, reals, unary

# Arithmetic. A rule gives adjoints of the broadcast shape; `derive` sums them.


def _quotient(rng: np.random.Generator) -> Case:
    (top, bottom), attrs = reals(2, 0.5, 2.0)(rng)
    signs = rng.choice([-1.0, 1.0], size=bottom.shape)
    return [top, np.asarray(bottom * signs)], attrs


def is_number(node: Node, value: float) -> bool:
    """Tell whether a node is this constant."""
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
    native="np.floor_divide({0}, {1})",
)


def _pow_grad(y: Node, g: Node) -> tuple[Node | None, Node | None]:
    x, p = y.inputs
    if is_number(p, 0):
        # 0 * x ** -1 would be nan at 0
        return None, None
    to_base = g * (p * x ** (p - 1))
    if p.kind == "number":
        return to_base, None
    # at 0 the logarithm would turn 0 * -inf into nan
    positive = x if x.kind == "number" else apply("where", apply("eq", x, 0), 1, x)
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
    hint=lambda node: "squares" if is_number(node.inputs[1], 2) else "powers",
    native="np.power({0}, {1})",
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
    native="np.sigmoid({0})",
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
