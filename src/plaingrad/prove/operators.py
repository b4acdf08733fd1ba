"""Repairs of one expression: for each kind of mistake, what would stand there instead.

An operator sees one place of the code and yields a cause and another expression. It may
guess freely: every guess is tried (`repair.py`), and counts only when all gradients
agree with the measured slopes after it. The table at the end is in the order in which
equally good repairs are preferred. A new one is a function and a line there.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

import numpy as np

from .kinds import (
    DERIVATIVE,
    MASK,
    SHIFT,
    both,
    factor_cause,
    is_derivative,
    is_masked,
    of_penalty,
    scalar_kind,
    text,
)
from .places import (
    Place,
    Rewrite,
    Scope,
    evaluate,
    is_array,
    is_number,
    parsed,
    variables,
)

Found = Iterator[tuple[str, ast.expr]]
DIGITS = re.compile(r"\d+")
LABELS = re.compile(r"\by\b|label|target")
FORMS = (
    *("({0} > 0)", "(1 - {0} ** 2)", "{0} * (1 - {0})", "(1 - np.tanh({0}) ** 2)"),
    "(np.exp(-{0}) / (1 + np.exp(-{0})) ** 2)",
)
"""The usual derivatives of activations."""


def binary(left: ast.expr, op: ast.operator, right: ast.expr) -> ast.BinOp:
    """Return two expressions joined by an operator."""
    return ast.BinOp(left, op, right)


# Signs


def signs(place: Place) -> Found:
    """Flip a sign, or exchange the sides of a difference."""
    node = place.node
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "sign", node.operand
    elif place.whole and place.shape is not None:
        yield "sign", ast.UnaryOp(ast.USub(), node)
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        other = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
        cause = "penalty" if of_penalty(node.right) else "sign"
        if is_derivative(node):
            cause = "formula"
        yield cause, binary(node.left, other, node.right)
        if isinstance(node.op, ast.Sub):
            yield cause, binary(node.right, ast.Sub(), node.left)


# Factors


def wrong_factors(place: Place) -> Found:
    """Leave out a factor, or divide where was multiplied."""
    node = place.node
    if not isinstance(node, ast.BinOp):
        return
    penalty = of_penalty(node) and "@" not in text(node)
    if isinstance(node.op, (ast.Mult, ast.Div)):
        cause = factor_cause(node.right, place.scope)
        if cause in ("factor", "twice") and is_masked(node.left, place.scope):
            cause = "keep"
        yield "penalty" if penalty else cause, node.left
        if is_number(_value(node.right, place.scope)):
            other = ast.Div() if isinstance(node.op, ast.Mult) else ast.Mult()
            yield cause, binary(node.left, other, node.right)
    if isinstance(node.op, ast.Mult):
        cause = factor_cause(node.left, place.scope)
        yield "penalty" if penalty else cause, node.right


def _value(node: ast.expr, scope: Scope) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    return variables(scope).get(text(node))


def scalars(scope: Scope) -> Iterator[tuple[str, str]]:
    """Yield causes, and the texts of numbers that may be a missing factor."""
    known = variables(scope)
    for name, value in known.items():
        if is_number(value) and np.isfinite(value) and value not in (0, 1, -1):
            yield scalar_kind(name), name
            if 0 < value < 1:
                yield scalar_kind(name), f"(1 - {name})"
    sizes: dict[int, str] = {}
    for name, value in known.items():
        if is_array(value) and len(value) > 1 and re.fullmatch(r"[A-Za-z_]\w*", name):
            sizes.setdefault(len(value), f"len({name})")
    yield from (("batch", word) for word in sizes.values())
    yield from (("twice", "2"),)


def missing_factors(place: Place) -> Found:
    """Multiply or divide what a line computes by a number that the code knows."""
    node = place.node
    if not place.whole or (place.shape is None and not is_number(place.value)):
        return
    masked = is_masked(node, place.scope)
    for cause, word in scalars(place.scope):
        if cause in ("factor", "twice") and masked:
            cause = "keep"
        for op in (ast.Mult(), ast.Div()):
            yield cause, binary(node, op, parsed(word))
    for number in place.numbers if masked else ():
        yield "keep", binary(node, ast.Div(), ast.Constant(number))


def means(place: Place) -> Found:
    """Take the sum for the mean, or the mean for the sum."""
    node = place.node
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return
    other = {"mean": "sum", "sum": "mean"}.get(node.func.attr)
    if other:
        func = ast.Attribute(node.func.value, other, ast.Load())
        yield "batch", ast.Call(func, node.args, node.keywords)


def parentheses(place: Place) -> Found:
    """Divide by a product where the text multiplies after dividing."""
    node = place.node
    if not isinstance(node, ast.BinOp):
        return
    left, right = node.left, node.right
    if isinstance(node.op, ast.Mult) and _is(left, ast.Div):
        cause = factor_cause(right, place.scope)
        cause = cause if cause in ("step", "batch", "keep") else "formula"
        yield cause, binary(left.left, ast.Div(), binary(left.right, ast.Mult(), right))
    if isinstance(node.op, (ast.Sub, ast.Add)) and _is(right, ast.Div):
        words = {scalar_kind(w) for w in re.findall(r"[A-Za-z_]\w*", text(right.right))}
        cause = "step" if "step" in words else "formula"
        yield cause, binary(binary(left, node.op, right.left), ast.Div(), right.right)


def _is(node: ast.AST, kind: type[ast.operator]) -> TypeGuard[ast.BinOp]:
    return isinstance(node, ast.BinOp) and isinstance(node.op, kind)


# Derivatives of activations, masks


def comparisons(place: Place) -> Found:
    """Compare otherwise."""
    node = place.node
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        cause = "shift" if SHIFT.search(place.text) else "mask"
        for other in (ast.Gt, ast.GtE, ast.Lt, ast.LtE):
            if not isinstance(node.ops[0], other):
                yield cause, ast.Compare(node.left, [other()], node.comparators)


def _alike(place: Place) -> Iterator[tuple[str, Any]]:
    """Yield the variables that have the shape of a place."""
    shape = place.shape
    for name, value in place.known.items():
        if shape and is_array(value) and value.shape == shape:
            yield name, value


def missing_derivatives(place: Place) -> Found:
    """Multiply by the derivative of an activation."""
    product = isinstance(place.parent, ast.BinOp) and isinstance(
        place.parent.op, ast.MatMult
    )
    dotted = isinstance(place.parent, ast.Call) and text(place.parent.func) == "np.dot"
    if not (place.whole or product or dotted) or isinstance(place.node, ast.Constant):
        return
    for name, value in _alike(place):
        if value.dtype.kind == "f":
            for form in FORMS:
                factor = parsed(form.format(name))
                yield "no_derivative", binary(place.node, ast.Mult(), factor)
            for other in _derivatives(place.scope):
                factor = parsed(f"{other}({name})")
                yield "no_derivative", binary(place.node, ast.Mult(), factor)


def _derivatives(scope: Scope) -> list[str]:
    return [n for n, v in scope.items() if callable(v) and DERIVATIVE.search(n)]


def other_places(place: Place) -> Found:
    """Take the same derivative of another variable."""
    yield from (found for found in _other_derivatives(place) if found[0] == "place")


def other_derivatives(place: Place) -> Found:
    """Take another derivative."""
    yield from (found for found in _other_derivatives(place) if found[0] != "place")


def _other_derivatives(place: Place) -> Found:
    if not is_derivative(place.node):
        return
    if isinstance(place.node, ast.Call) and len(place.node.args) == 1:
        own = text(place.node.func)
        argument = evaluate(place.node.args[0], place.scope)
        for name, value in place.known.items():
            if is_array(value) and value.shape == np.shape(argument):
                yield "place", parsed(f"{own}({name})")
    used = {text(part) for part in ast.walk(place.node) if isinstance(part, ast.expr)}
    old = re.sub(r"\W+", " ", place.text)
    for name, value in _alike(place):
        if value.dtype.kind != "f":
            continue
        forms = [*FORMS, *(f"{other}({{0}})" for other in _derivatives(place.scope))]
        for form in forms:
            new = parsed(form.format(name))
            alike = re.sub(r"\W+", " ", text(new).replace(name, "v"))
            before = [old.replace(word, "v") for word in used]
            same = name not in used and alike in before
            # 1 - tanh(v)**2 and 1 - v**2 are one derivative, of input and of output
            same = same or _uncalled(place.text) == _uncalled(text(new))
            yield "place" if same else "activation", new


def _uncalled(derivative: str) -> str:
    """Return the text of a derivative without the activation that is called in it."""
    return re.sub(r"[\w.]+\((\w[\w.\[\]'\"]*)\)", r"\1", derivative)


def missing_arrays(place: Place) -> Found:
    """Multiply or divide by an array of the same shape, or subtract it."""
    if not place.whole and not _is(place.parent, ast.Div):
        return
    for name, value in _alike(place):
        zeros_and_ones = np.isin(value, (0, 1)).all()
        masks = MASK.search(name) or value.dtype.kind == "b"
        if place.whole:
            cause = "keep" if masks else "chain"
            product = binary(place.node, ast.Mult(), parsed(name))
            yield cause, product
            for number in (*place.numbers, *_shares(place.known)) if masks else ():
                yield cause, binary(product, ast.Div(), parsed(str(number)))
        cause = "onehot" if zeros_and_ones else "formula"
        yield cause, binary(place.node, ast.Sub(), parsed(name))
    shape = place.shape
    if place.whole and shape:
        for name, value in place.known.items():
            if is_array(value) and value.shape != shape and _spreads(value, shape):
                yield "chain", binary(place.node, ast.Mult(), parsed(name))


def _shares(known: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of numbers between 0 and 1, and of what they leave."""
    for name, value in known.items():
        if is_number(value) and 0 < value < 1:
            yield from (name, f"(1 - {name})")


def _spreads(value: Any, shape: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(value.shape, shape) == shape
    except ValueError:
        return False


# Names


def names(place: Place) -> Found:
    """Take another variable of the same shape."""
    if not isinstance(place.node, (ast.Name, ast.Subscript, ast.Attribute)):
        return
    own, known = place.text, place.known
    value = known.get(own)
    inside = any(is_derivative(node) for node in place.above)
    if callable(value):
        for name, other in place.scope.items():
            same = callable(other) and type(other) is type(value) and name != own
            if same and not isinstance(other, type):
                cause = "activation" if DERIVATIVE.search(own) else "variable"
                yield cause, parsed(name)
        return
    if not is_array(value):
        return
    for name, other in known.items():
        if name == own or not is_array(other):
            continue
        twin = _which(own, name) == "layer"
        if twin or other.shape in (value.shape, value.shape[::-1]):
            yield "place" if inside else _which(own, name), parsed(name)


def _which(own: str, other: str) -> str:
    """Return the cause when one name stands for another."""
    return "layer" if DIGITS.sub("#", own) == DIGITS.sub("#", other) else "variable"


def names_throughout(place: Place) -> Found:
    """Take another variable wherever a line uses one more than once."""
    if not place.whole:
        return
    used = [n.id for n in ast.walk(place.node) if isinstance(n, ast.Name)]
    for own in sorted({name for name in used if used.count(name) > 1}):
        value = place.known.get(own)
        if not is_array(value):
            continue
        derives = re.search(rf"\b1(\.0)? - {own}\b|tanh", place.text)
        for name, other in place.known.items():
            same = is_array(other) and other.shape == value.shape
            if same and name.isidentifier() and name != own:
                new = re.sub(rf"\b{own}\b", name, place.text)
                yield "place" if derives else _which(own, name), parsed(new)


# Products


def turned(place: Place) -> Found:
    """Transpose, or exchange the sides of a product."""
    node = place.node
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield "transposed", node.value
    elif isinstance(
        node, (ast.Name, ast.Subscript, ast.Attribute, ast.BinOp, ast.Call)
    ):
        shape = place.shape
        if shape is not None and len(shape) == 2:
            yield "transposed", ast.Attribute(node, "T", ast.Load())
    if _is(node, ast.MatMult):
        left, right = node.left, node.right
        yield "transposed", binary(right, ast.MatMult(), left)
        yield "transposed", binary(_turn(right), ast.MatMult(), _turn(left))
        for a, b in ((_turn(left), right), (left, _turn(right))):
            yield "transposed", binary(a, ast.MatMult(), b)
            yield "transposed", binary(b, ast.MatMult(), a)
    products = ("np.dot", "np.matmul", "np.outer")
    if isinstance(node, ast.Call) and text(node.func) in products:
        yield "transposed", ast.Call(node.func, node.args[::-1], node.keywords)
    if isinstance(node, ast.Tuple) and _integers(node):
        for order in itertools.islice(itertools.permutations(node.elts), 1, 24):
            yield "transposed", ast.Tuple(list(order), ast.Load())


def _turn(node: ast.expr) -> ast.expr:
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return node.value
    return ast.Attribute(node, "T", ast.Load())


def _integers(node: ast.Tuple) -> bool:
    values = {part.value for part in node.elts if isinstance(part, ast.Constant)}
    return 2 <= len(node.elts) <= 4 and values == set(range(len(node.elts)))


# Axes


REDUCERS = ("sum", "mean", "max", "min", "amax", "argmax", "prod")


def axes(place: Place) -> Found:
    """Reduce along other axes."""
    node = place.node
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return
    if node.func.attr not in REDUCERS:
        return
    numpy = text(node.func.value) == "np"
    if len(node.args) > (2 if numpy else 1):
        return
    args = node.args[:1] if numpy else []
    cause = _axis_cause(place)
    ways: list[Any] = [None, 0, 1, -1, (0, 1), (0, 1, 2), (0, 2, 3), (1, 2)]
    for axis, keep in itertools.product(ways, (False, True)):
        words = [] if axis is None else [ast.keyword("axis", parsed(repr(axis)))]
        words += [ast.keyword("keepdims", ast.Constant(True))] if keep else []
        new = ast.Call(node.func, args, words)
        shapes = text(new) in place.text.replace(", keepdims=True", "")
        yield "shape" if shapes else cause, new


def _axis_cause(place: Place) -> str:
    if _is(place.parent, ast.Div) and place.field == "right":
        return "softmax_axis"
    statement = text(place.statement)
    held = " ".join(n for n, v in place.scope.items() if n in statement)
    if re.search(r"exp|soft|prob|shift|score", statement + held):
        return "softmax_axis"
    return "axis"


def unsummed(place: Place) -> Found:
    """Sum over the samples."""
    shape = place.shape if place.whole else None
    if shape is None or len(shape) < 2:
        return
    every = repr(tuple(range(len(shape) - 1)))
    for axis in dict.fromkeys(("0", every if len(shape) > 2 else "0")):
        func = ast.Attribute(place.node, "sum", ast.Load())
        yield "unsummed", ast.Call(func, [], [ast.keyword("axis", parsed(axis))])


# Terms


def wrong_terms(place: Place) -> Found:
    """Leave out a term of a sum."""
    node = place.node
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        around = [text(part) for part in place.above if isinstance(part, ast.Subscript)]
        cause = "window" if around else "formula"
        if LABELS.search(" ".join(around)):
            cause = "onehot"
        for kept, gone in both(node):
            yield "penalty" if of_penalty(gone) else cause, kept


def missing_penalties(place: Place) -> Found:
    """Add the penalty's share of the gradient, or the penalty itself."""
    known = place.known
    shape = place.shape
    if not place.whole:
        return
    strengths = [n for n, v in known.items() if is_number(v) and of_penalty(parsed(n))]
    for lam, (name, value) in itertools.product(strengths, known.items()):
        if not is_array(value) or value.dtype.kind != "f":
            continue
        if value.shape == shape:
            forms = ["{0} * {1}", "2 * {0} * {1}", "{0} * np.sign({1})"]
        elif not shape and value.ndim >= 2:
            alike = DIGITS.sub("#", name)
            group = [n for n in known if DIGITS.sub("#", n) == alike]
            name = " + ".join(f"({n} ** 2).sum()" for n in group)
            forms = ["0.5 * {0} * ({1})", "{0} * ({1})"]
        else:
            continue
        for form in forms:
            term = parsed(form.format(lam, name))
            yield "penalty", binary(place.node, ast.Add(), term)


def other_penalties(place: Place) -> Found:
    """Double or halve the penalty's term."""
    if _is(place.node, ast.Mult) and of_penalty(place.node) and "@" not in place.text:
        for number in (2, 0.5):
            yield "penalty", binary(ast.Constant(number), ast.Mult(), place.node)


# Indices


def rows(place: Place) -> Found:
    """Pick one entry in each row where whole columns were picked."""
    node = place.node
    if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Tuple):
        return
    first, *rest = node.slice.elts
    if any(isinstance(part, ast.Slice) for part in rest):
        return
    if isinstance(first, ast.Slice) and len(rest) == 1:
        chosen = parsed(f"np.arange(len({text(rest[0])}))")
        index = ast.Tuple([chosen, rest[0]], ast.Load())
        yield "onehot", ast.Subscript(node.value, index, node.ctx)
    if len(rest) == 1:
        index = ast.Tuple([rest[0], first], ast.Load())
        yield "onehot", ast.Subscript(node.value, index, node.ctx)


def flips(place: Place) -> Found:
    """Turn an array round, or leave it as it is."""
    node = place.node
    if isinstance(node, ast.Subscript) and "::-1" in text(node.slice):
        yield "flipped", node.value
        return
    if isinstance(node, ast.Call) and text(node.func) in ("np.flip", "np.rot90"):
        yield "flipped", node.args[0]
    shape = place.shape
    if shape is None or not 1 < len(shape) <= 4 or isinstance(node, ast.Constant):
        return
    if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) or place.whole:
        for index in ("::-1, ::-1", "::-1", ":, ::-1"):
            yield "flipped", parsed(f"({text(node)})[{index}]")
        if len(shape) == 4:
            yield "flipped", parsed(f"({text(node)})[:, :, ::-1, ::-1]")


def counts(place: Place) -> Found:
    """Count one more or less."""
    node = place.node
    if isinstance(node, ast.Constant) and type(node.value) is int:
        indexed = any(isinstance(a, (ast.Subscript, ast.Call)) for a in place.above)
        cause = "window" if indexed else "formula"
        words = " ".join(text(a) for a in place.above if isinstance(a, ast.Subscript))
        if LABELS.search(words):
            cause = "onehot"
        for step in (1, -1):
            yield cause, ast.Constant(node.value + step)
    indexed = isinstance(place.parent, (ast.Slice, ast.Subscript))
    called = isinstance(place.parent, ast.Call) and text(place.parent.func) == "range"
    computed = isinstance(node, (ast.BinOp, ast.Name)) and is_number(place.value)
    if computed and (indexed or called):
        for op in (ast.Add(), ast.Sub()):
            yield "window", binary(node, op, ast.Constant(1))


def numbers(place: Place) -> Found:
    """Change a number that is no whole number."""
    node = place.node
    if isinstance(node, ast.Constant) and type(node.value) is float and node.value:
        cause = "keep" if any(MASK.search(text(a)) for a in place.above) else "factor"
        if any(of_penalty(a) for a in place.above):
            cause = "penalty"
        for value in (1 - node.value, node.value * 2, node.value / 2, 1 / node.value):
            yield cause, ast.Constant(round(value, 12))


# Formulas


TWINS = (
    *(("sin", "cos"), ("sinh", "cosh"), ("maximum", "minimum")),
    *(("tanh", "arctan", "sin", "exp"), ("exp", "log", "tanh")),
    ("zeros_like", "ones_like"),
)


def formulas(place: Place) -> Found:
    """Take another function or power."""
    node = place.node
    if isinstance(node, ast.Attribute) and text(node.value) == "np":
        for group in TWINS:
            if node.attr in group:
                for name in group:
                    if name != node.attr:
                        yield "formula", parsed(f"np.{name}")
    if _is(node, ast.Pow):
        yield "formula", node.left
    summed = isinstance(place.parent, ast.BinOp)
    if summed and isinstance(node, (ast.Name, ast.Call)) and place.field == "right":
        yield "formula", binary(node, ast.Pow(), ast.Constant(2))
    if _is(node, ast.Mult) or _is(node, ast.Add):
        other = ast.Add() if _is(node, ast.Mult) else ast.Mult()
        yield "formula", binary(node.left, other, node.right)


def exchanged(place: Place) -> Found:
    """Exchange two entries of what is returned."""
    node = place.node
    if not place.whole or not isinstance(node, (ast.Dict, ast.Tuple, ast.List)):
        return
    entries = node.values if isinstance(node, ast.Dict) else node.elts
    for a, b in itertools.combinations(range(min(len(entries), 12)), 2):
        order = list(entries)
        order[a], order[b] = order[b], order[a]
        if isinstance(node, ast.Dict):
            yield "swapped", ast.Dict(node.keys, order)
        else:
            yield "swapped", type(node)(order, ast.Load())


TARGETS = (rows,)
"""What may change the target of an assignment."""
OPERATORS: tuple[Rewrite, ...] = (
    signs,
    parentheses,
    means,
    comparisons,
    axes,
    unsummed,
    turned,
    exchanged,
    other_places,
    other_derivatives,
    names,
    names_throughout,
    rows,
    other_penalties,
    missing_penalties,
    wrong_factors,
    wrong_terms,
    missing_factors,
    missing_derivatives,
    flips,
    counts,
    numbers,
    missing_arrays,
    formulas,
)
