"""Repairs of whole statements: moved, left out, added to instead of replaced."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .kinds import factor_cause, of_penalty
from .places import Scope


@dataclass(frozen=True)
class Change:
    """A change of a tree: how to make it, and how to take it back.

    `do` returns the statement that stands there then.
    """

    do: Callable[[], ast.stmt]
    undo: Callable[[], None]


Found = Iterator[tuple[str, Change]]
Shuffle = Callable[[ast.stmt, list[ast.stmt], Scope], Found]


def later(statement: ast.stmt, block: list[ast.stmt], scope: Scope) -> Found:
    """Renew an array after everything else was computed, if it was there before."""
    changes = isinstance(statement, ast.AugAssign) or _into(statement)
    if changes and not _made(statement, block):
        last = len(block) - isinstance(block[-1], ast.Return)
        order = [other for other in block if other is not statement]
        order.insert(last - 1, statement)
        yield "early", _reordering(block, order, statement)


def _made(statement: ast.stmt, block: list[ast.stmt]) -> bool:
    """Return whether the statements before make the array that one changes."""
    targets = getattr(statement, "targets", None) or [
        getattr(statement, "target", None)
    ]
    name = ast.unparse(targets[0]) if targets[0] is not None else ""
    return any(
        isinstance(other, ast.Assign) and name in map(ast.unparse, other.targets)
        for other in block[: block.index(statement)]
    )


def _into(statement: ast.stmt) -> bool:
    """Return whether an array is replaced by itself and something."""
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return False
    target = ast.unparse(statement.targets[0]).removesuffix("[...]").removesuffix("[:]")
    return f"{target} -" in ast.unparse(statement.value)


def without(statement: ast.stmt, block: list[ast.stmt], scope: Scope) -> Found:
    """Leave a statement out."""
    if isinstance(statement, (ast.AugAssign, ast.Assign)) and len(block) > 1:
        order = [other for other in block if other is not statement]
        yield _gone(statement, scope), _reordering(block, order, ast.Pass())


def _gone(statement: ast.Assign | ast.AugAssign, scope: Scope) -> str:
    """Return which mistake a statement is that should not be there."""
    if of_penalty(statement.value):
        return "penalty"
    scaled = isinstance(statement, ast.AugAssign) and isinstance(
        statement.op, (ast.Mult, ast.Div)
    )
    return factor_cause(statement.value, scope) if scaled else "overwritten"


def gathered(statement: ast.stmt, block: list[ast.stmt], scope: Scope) -> Found:
    """Add where was replaced, replace where was added, and turn the sign."""
    if isinstance(statement, ast.AugAssign) and isinstance(
        statement.op, (ast.Add, ast.Sub)
    ):
        other = ast.Sub() if isinstance(statement.op, ast.Add) else ast.Add()
        yield (
            "sign",
            _replacing(
                block,
                statement,
                ast.AugAssign(statement.target, other, statement.value),
            ),
        )
        replaced = ast.Assign([statement.target], statement.value)
        yield "overwritten", _replacing(block, statement, replaced)
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        if isinstance(target, (ast.Name, ast.Subscript, ast.Attribute)):
            added = ast.AugAssign(target, ast.Add(), statement.value)
            yield "overwritten", _replacing(block, statement, added)


def _replacing(block: list[ast.stmt], old: ast.stmt, new: ast.stmt) -> Change:
    order = [new if other is old else other for other in block]
    ast.fix_missing_locations(ast.copy_location(new, old))
    return _reordering(block, order, new)


def _reordering(
    block: list[ast.stmt], order: list[ast.stmt], shown: ast.stmt
) -> Change:
    kept = list(block)

    def do() -> ast.stmt:
        block[:] = order
        return shown

    def undo() -> None:
        block[:] = kept

    return Change(do, undo)


SHUFFLES: tuple[Shuffle, ...] = (later, gathered, without)
