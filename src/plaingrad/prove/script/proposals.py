"""What could be changed in a script, by the kinds of mistakes that are known.

Most proposals come from the operators for functions (`prove/operators.py`,
`prove/shuffles.py`); here are those that only scripts need: lists and numbers in place
of arrays, and values kept from before dropout.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..kinds import DERIVATIVE, MASK, is_derivative
from ..operators import OPERATORS, Found, names_throughout
from ..places import Place, Rewrite, Scope, parsed, places, statements, variables
from ..shuffles import SHUFFLES
from .edits import Text
from .instrument import change

UNUSED = "__unused"
DIGITS = re.compile(r"\d+(_\d+)?")


@dataclass(frozen=True)
class Proposal:
    """A script's text after one change: what it would repair, and where."""

    cause: str
    rank: int
    size: int
    line: int
    text: str


def turned_arguments(place: Place) -> Found:
    """Exchange the two arguments of the script's own function."""
    node = place.node
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        own = place.scope.get(node.func.id)
        if len(node.args) == 2 and getattr(own, "__module__", "") == "__main__":
            cause = "transposed" if "outer" in node.func.id else "swapped_arguments"
            yield cause, ast.Call(node.func, node.args[::-1], node.keywords)


def turned_indices(place: Place) -> Found:
    """Exchange two indices that stand in another order than in what is changed."""
    node = place.node
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Subscript):
        target = ast.unparse(getattr(place.statement, "target", place.statement))
        order = f"[{ast.unparse(node.slice)}][{ast.unparse(node.value.slice)}]"
        if not target.split("=")[0].rstrip().endswith(order):
            return
        inner = ast.Subscript(node.value.value, node.slice, ast.Load())
        yield "transposed", ast.Subscript(inner, node.value.slice, ast.Load())


def other_layers(place: Place) -> Found:
    """Take the name of another layer: l1 for l2, dW2 for dW1."""
    node = place.node
    if not isinstance(node, ast.Name | ast.Attribute):
        return
    own, known = ast.unparse(node), variables(place.scope)
    stem = DIGITS.sub("", own)
    inside = any(map(_derives, place.above))
    for name in known:
        if name != own and DIGITS.sub("", name) == stem:
            yield "place" if inside else "layer", parsed(name)


def unused(place: Place) -> Found:
    """Multiply by what was computed and is used nowhere."""
    if not place.whole or place.shape is None:
        return
    for name, value in place.scope.get(UNUSED, {}).items():
        if isinstance(value, np.ndarray) and value.shape == place.shape:
            yield (
                "unused",
                ast.BinOp(place.node, ast.Mult(), ast.Name(name, ast.Load())),
            )


def idle(tree: ast.AST, scopes: Mapping[str, Scope]) -> dict[str, Scope]:
    """Return scopes that also tell, under UNUSED, what is computed for nothing."""
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    read = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    written = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    return {
        function: {**scope, UNUSED: {n: scope[n] for n in written - read if n in scope}}
        for function, scope in scopes.items()
    }


def _derives(node: ast.expr) -> bool:
    called = isinstance(node, ast.Call) and "deriv" in ast.unparse(node)
    return called or is_derivative(node)


def batch_softmax(place: Place) -> Found:
    """Let a sum, mean or maximum of exponentials run over each row alone."""
    node = place.node
    if not isinstance(node, ast.Call) or len(node.args) > 1 or node.keywords:
        return
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("sum", "max"):
        over = ast.unparse(place.statement)
        if "/" in over or "exp" in over:
            words = [
                ast.keyword("axis", ast.Constant(1)),
                ast.keyword("keepdims", ast.Constant(True)),
            ]
            yield "softmax_axis", ast.Call(node.func, node.args, words)


def exchanged_sides(place: Place) -> Found:
    """Exchange the sides of a difference."""
    node = place.node
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Sub):
        return
    if not isinstance(node.left, ast.Constant) and change_of(place) is None:
        yield "sign", ast.BinOp(node.right, ast.Sub(), node.left)


def change_of(place: Place) -> ast.expr | None:
    """Return what a statement adds to its own target, if it does."""
    statement = place.statement
    if isinstance(statement, ast.Assign):
        return change(statement.targets[0], statement.value)
    return None


def unsquared(place: Place) -> Found:
    """Write tanh's and sigmoid's derivative as they are: 1 - a ** 2, a * (1 - a)."""
    node = place.node
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Sub):
        return
    left, right = ast.unparse(node.left), node.right
    if left in ("1", "1.0") and isinstance(right, ast.Name | ast.Attribute):
        yield "formula", ast.BinOp(node.left, ast.Sub(), _squared(right))
        yield "formula", ast.BinOp(right, ast.Mult(), node)
    if left in (f"{ast.unparse(right)} * 1", f"{ast.unparse(right)} * 1.0"):
        inner = ast.BinOp(ast.Constant(1), ast.Sub(), right)
        yield "formula", ast.BinOp(right, ast.Mult(), inner)


def _squared(node: ast.expr) -> ast.expr:
    return ast.BinOp(node, ast.Pow(), ast.Constant(2))


def scaled_masks(place: Place) -> Found:
    """Multiply a dropout mask by what makes up for the dropped units."""
    node = place.node
    if isinstance(node, ast.Name) and MASK.search(node.id):
        yield "keep", ast.BinOp(node, ast.Mult(), ast.Constant(2))
        for name, value in variables(place.scope).items():
            if isinstance(value, float) and 0 < value < 1:
                yield "keep", ast.BinOp(node, ast.Div(), parsed(name))


def other_names(place: Place) -> Found:
    """Take another number or list of the same size, or another index."""
    node = place.node
    if not isinstance(node, ast.Name):
        return
    known = variables(place.scope)
    value = known.get(node.id)
    if not isinstance(value, int | float | list) or isinstance(value, bool):
        return
    for name, other in known.items():
        if (
            name != node.id
            and type(other) is type(value)
            and _size(other) == _size(value)
        ):
            inside = any(is_derivative(above) for above in place.above)
            yield "place" if inside else "variable", parsed(name)


def counters(place: Place) -> Found:
    """Take a counter for a fixed index: x[i] for x[0]."""
    node = place.node
    if not isinstance(place.parent, ast.Subscript) or place.field != "slice":
        return
    if isinstance(node, ast.Constant) and type(node.value) is int:
        for name, value in variables(place.scope).items():
            if type(value) is int and name.isidentifier():
                yield "variable", parsed(name)


def _size(value: Any) -> tuple[int, ...] | None:
    try:
        return tuple(np.shape(value))
    except ValueError:
        return None


def logistic_of(place: Place) -> Found:
    """Give a derivative the activation that it expects: f(z), not z."""
    node = place.node
    if isinstance(node, ast.Call) and len(node.args) == 1 and is_derivative(node):
        for name, value in place.scope.items():
            own = callable(value) and getattr(value, "__module__", "") == "__main__"
            if own and not isinstance(value, type) and not DERIVATIVE.search(name):
                inner = ast.Call(ast.Name(name, ast.Load()), node.args, [])
                yield "place", ast.Call(node.func, [inner], node.keywords)


def proposals(text: str, scopes: Mapping[str, Scope]) -> Iterator[Proposal]:
    """Yield changes, those of one kind together, the likelier kinds first."""
    tree, source = ast.parse(text), Text(text)
    scopes = idle(tree, scopes)
    spots = [place for place in places(tree, scopes) if not place.target]
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    moved = list(_moved(tree, source, scopes))
    yield from (one for one in moved if one.rank == 0)
    yield from _unmasked(tree, source, 1)
    for rank, operator in enumerate((*OWN, *OPERATORS, *LATE), start=2):
        for place in spots:
            for cause, node in _given(operator, place):
                if not _at_hand(node, place, functions):
                    continue
                new = source.replaced(place.node, node)
                if new is not None and new != text:
                    size = abs(len(ast.unparse(node)) - len(ast.unparse(place.node)))
                    line = place.node.lineno
                    yield Proposal(cause, rank, size, line, new)
    yield from (one for one in moved if one.rank)


def _at_hand(node: ast.expr, place: Place, functions: list[ast.FunctionDef]) -> bool:
    """Say whether a function that is given what it needs would use these names.

    A function with arguments does not reach for numbers from outside of it.
    """
    line = place.statement.lineno
    around = [f for f in functions if f.lineno <= line <= (f.end_lineno or 0)]
    if not around:
        return True
    known = {n.id for f in around for n in ast.walk(f) if isinstance(n, ast.Name)}
    known |= {arg.arg for f in around for arg in f.args.args}
    used = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return all(n in known or callable(place.scope.get(n)) or n == "np" for n in used)


def _given(operator: Rewrite, place: Place) -> list[tuple[str, ast.expr]]:
    """Return what an operator proposes; what it cannot read has no proposals."""
    try:
        return list(operator(place))
    except (SyntaxError, ValueError):
        return []


def _moved(
    tree: ast.Module, source: Text, scopes: Mapping[str, Scope]
) -> Iterator[Proposal]:
    for statement, block, scope in statements(tree, scopes):
        for shuffle in SHUFFLES:
            for cause, moved in shuffle(statement, block, scope):
                old = list(block)
                moved.do()
                new = list(block)
                moved.undo()
                text = source.reordered(old, new)
                if text is not None:
                    later = 0 if cause in ("sign", "early") else 99
                    yield Proposal(cause, later, 5, statement.lineno, text)


def turned_step(place: Place) -> Found:
    """Step the other way: `W = W - ...` for `W = W + ...`."""
    node, statement = place.node, place.statement
    if not place.whole or not isinstance(statement, ast.Assign):
        return
    if change(statement.targets[0], node) is None or not isinstance(node, ast.BinOp):
        return
    if isinstance(node.op, ast.Add | ast.Sub):
        other = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
        yield "sign", ast.BinOp(node.left, other, node.right)


def _unmasked(tree: ast.Module, source: Text, rank: int) -> Iterator[Proposal]:
    """Keep an activation from before dropout, for the derivative that needs it."""
    for statement, block, _ in statements(tree, {}):
        name = _scaled(statement)
        if name is None:
            continue
        after = block[block.index(statement) + 1 :]
        for used in (node for other in after for node in ast.walk(other)):
            if not isinstance(used, ast.expr) or not is_derivative(used):
                continue
            own = [
                n for n in ast.walk(used) if isinstance(n, ast.Name) and n.id == name
            ]
            if not own:
                continue
            kept = f"{name}_before"
            text = "".join(source.lines)
            for node in sorted(own, key=lambda n: (-n.lineno, -n.col_offset)):
                new = Text(text).replaced(node, ast.Name(kept, ast.Load()))
                text = new or text
            text = Text(text).inserted(statement.lineno, f"{kept} = {name} + 0")
            yield Proposal("place", rank, 9, used.lineno, text)


def _scaled(statement: ast.stmt) -> str | None:
    """Return the name that a statement multiplies by something, or None."""
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Mult):
        return statement.target.id if isinstance(statement.target, ast.Name) else None
    if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.BinOp):
        target, value = statement.targets[0], statement.value
        if isinstance(target, ast.Name) and isinstance(value.op, ast.Mult):
            sides = {ast.unparse(value.left), ast.unparse(value.right)}
            return target.id if target.id in sides else None
    return None


OWN: tuple[Rewrite, ...] = (
    *(turned_step, turned_indices, turned_arguments, exchanged_sides, other_layers),
    *(unused, batch_softmax, names_throughout, unsquared, scaled_masks),
)
LIKELY = 1 + len(OWN)
"""The last rank of the changes that are tried first."""
LATE = (other_names, counters, logistic_of)
