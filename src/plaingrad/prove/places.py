"""The places of a program's text where something can be changed."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

import numpy as np

Array = np.ndarray[Any, Any]
Scope = Mapping[str, Any]
SAFE = (
    *(ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.Name, ast.Attribute),
    *(ast.Constant, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Subscript, ast.Slice),
    *(ast.Tuple, ast.List, ast.Call, ast.keyword, ast.Expression),
)
"""What an expression may be made of that is evaluated to learn its shape."""


@dataclass(frozen=True)
class Place:
    """An expression, and where it stands.

    Attributes
    ----------
    node, parent, field, index
        The expression, and how its parent holds it.
    statement
        The innermost statement around it.
    scope
        What the names of the function held when it returned.
    above
        The expressions around it, the nearest first.
    whole
        Whether it is all that a statement assigns or returns, or an entry of that.
    target
        Whether it is assigned to, such as d[rows, y] in d[rows, y] -= 1.
    known
        The variables of the scope: see `variables`.
    numbers
        The numbers with a point that stand anywhere in the code.
    """

    node: ast.expr
    parent: ast.AST
    field: str
    index: int | None
    statement: ast.stmt
    scope: Scope
    above: tuple[ast.expr, ...]
    whole: bool
    target: bool
    known: Mapping[str, Any]
    numbers: tuple[float, ...] = ()

    @functools.cached_property
    def text(self) -> str:
        """The expression as it is written."""
        return ast.unparse(self.node)

    def put(self, node: ast.expr) -> None:
        """Set another expression at this place."""
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node

    @functools.cached_property
    def value(self) -> Any:
        """What the expression is worth, or None when that is not clear."""
        return evaluate(self.node, self.scope)

    @functools.cached_property
    def shape(self) -> tuple[int, ...] | None:
        """The shape of the array that is here, or None."""
        if self.parent is self.statement and isinstance(self.parent, ast.Assign):
            known = evaluate(as_load(self.parent.targets[0]), self.scope)
        else:
            known = None
        known = known if isinstance(known, np.ndarray) else self.value
        return known.shape if isinstance(known, np.ndarray) else None


def as_load(node: ast.expr) -> ast.expr:
    """Return a target of an assignment as an expression that is read."""
    return parsed(ast.unparse(node))


def parsed(text: str) -> ast.expr:
    """Return the expression of a text."""
    return ast.parse(text, mode="eval").body


def places(tree: ast.Module, scopes: Mapping[str, Scope]) -> Iterator[Place]:
    """Yield every expression of a program, outer ones first."""
    constants = (n.value for n in ast.walk(tree) if isinstance(n, ast.Constant))
    numbers = tuple({x for x in constants if type(x) is float and x not in (0.0, 1.0)})
    for statement, _, scope in statements(tree, scopes):
        if isinstance(statement, (ast.While, ast.Import, ast.ImportFrom)):
            continue
        if _is_docstring(statement):
            continue
        for field, index, node in _expressions(statement):
            for place in _inside(node, statement, field, index, statement, scope, ()):
                yield replace(place, numbers=numbers)


def statements(
    tree: ast.Module, scopes: Mapping[str, Scope]
) -> Iterator[tuple[ast.stmt, list[ast.stmt], Scope]]:
    """Yield every statement, the list that it stands in, and its scope."""

    def visit(
        block: list[ast.stmt], scope: Scope
    ) -> Iterator[tuple[ast.stmt, list[ast.stmt], Scope]]:
        for statement in list(block):
            inner = scope
            if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
                inner = Names({**scope, **scopes.get(statement.name, {})})
            else:
                yield statement, block, scope
            for field in ("body", "orelse", "finalbody"):
                yield from visit(getattr(statement, field, []), inner)

    yield from visit(tree.body, Names(scopes.get("", {})))


def _expressions(node: ast.AST) -> Iterator[tuple[str, int | None, ast.expr]]:
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "decorator_list", "returns", "type_comment"):
            continue
        if isinstance(value, ast.expr):
            yield field, None, value
        elif isinstance(value, list):
            for index, part in enumerate(value):
                if isinstance(part, ast.expr):
                    yield field, index, part


def _inside(
    node: ast.expr,
    parent: ast.AST,
    field: str,
    index: int | None,
    statement: ast.stmt,
    scope: Scope,
    above: tuple[ast.expr, ...],
) -> Iterator[Place]:
    target = isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del))
    holders = (ast.Dict, ast.Tuple, ast.List)
    whole = parent is statement or (
        isinstance(parent, holders) and len(above) == 1 and field != "keys"
    )
    if not target or isinstance(node, ast.Subscript):
        known = variables(scope)
        where = (node, parent, field, index, statement, scope, above)
        yield Place(*where, whole and not target, target, known)
    for name, number, part in _expressions(node):
        yield from _inside(part, node, name, number, statement, scope, (node, *above))
    if isinstance(node, ast.Call):
        for keyword in node.keywords:
            yield from _inside(
                keyword.value, keyword, "value", None, statement, scope, (node, *above)
            )
    if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
        for loop in node.generators:
            yield from _inside(
                loop.iter, loop, "iter", None, statement, scope, (node, *above)
            )


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def evaluate(node: ast.expr, scope: Scope) -> Any:
    """Return the value of an expression that calls nothing but NumPy; else None."""
    for part in ast.walk(node):
        if not isinstance(part, SAFE):
            return None
        if isinstance(part, ast.Call) and not _numpy_call(part, scope):
            return None
    try:
        code = compile(
            ast.fix_missing_locations(ast.Expression(node)), "<value>", "eval"
        )
        with np.errstate(all="ignore"):
            return eval(code, dict(scope))  # noqa: S307 - the user's own expression
    except Exception:
        return None


HARMLESS = {"sum", "mean", "max", "min", "reshape", "ravel", "astype", "transpose"}
HARMLESS |= {"dot", "copy", "flatten"}


def _numpy_call(call: ast.Call, scope: Scope) -> bool:
    if isinstance(call.func, ast.Name):
        return call.func.id in ("len", "range", "float", "int", "abs")
    if not isinstance(call.func, ast.Attribute):
        return False
    base = call.func.value
    numpy = isinstance(base, ast.Name) and scope.get(base.id) is np
    return numpy or call.func.attr in HARMLESS


class Names(dict[str, Any]):
    """A scope that knows its variables."""

    @functools.cached_property
    def variables(self) -> dict[str, Any]:
        """What has a value, by the text that names it."""
        return _variables(self)


def variables(scope: Scope) -> Mapping[str, Any]:
    """Return what has a value in a scope, by the text that names it."""
    return scope.variables if isinstance(scope, Names) else _variables(scope)


def _variables(scope: Scope) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in scope.items():
        if name.startswith("_"):
            continue
        found[name] = value
        if isinstance(value, dict):
            inner = {
                f"{name}[{k!r}]": v for k, v in value.items() if isinstance(k, str)
            }
        elif isinstance(value, (list, tuple)) and len(value) < 20:
            inner = {f"{name}[{i}]": v for i, v in enumerate(value)}
        elif name == "self":
            inner = {f"self.{k}": v for k, v in vars(value).items()}
        else:
            inner = {}
        found |= {text: v for text, v in inner.items() if is_number(v) or is_array(v)}
    return found


def is_array(value: Any) -> TypeGuard[Array]:
    """Return whether a value is an array of numbers with an axis."""
    return (
        isinstance(value, np.ndarray) and value.ndim > 0 and value.dtype.kind in "fiub"
    )


def is_number(value: Any) -> bool:
    """Return whether a value is a number."""
    if isinstance(value, (bool, np.bool_)):
        return False
    return isinstance(value, (int, float, np.integer, np.floating))


Rewrite = Callable[[Place], Iterator[tuple[str, ast.expr]]]
"""From a place to causes, each with the expression that would be right instead."""
