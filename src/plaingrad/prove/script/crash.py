"""What stops a script, and what would let it go on."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

from .edits import Text
from .instrument import ITERATORS
from .lint import Found
from .run import Ran


def explain(ran: Ran, source: str) -> Iterator[Found]:
    """Yield causes of an error, each with the text after a repair."""
    error, line = str(ran.error), ran.line or 0
    tree, text = ast.parse(source), Text(source)
    if re.search(
        r"'?(zip|map|filter|dict_keys|dict_values|dict_items)'? .*(len|subscr)", error
    ):
        yield from _listed(tree, text, line)
    if re.search(r"'range' object does not support|'range'.*assignment", error):
        yield from _listed(tree, text, line)
    if "'float' object cannot be interpreted as an integer" in error or (
        "slice indices must be integers" in error
    ):
        yield from _floored(tree, text, line)
    if "Cannot cast ufunc" in error:
        yield from as_float(tree, text, line)
    if "inhomogeneous" in error:
        yield Found("ragged", line)


def _statement(tree: ast.Module, line: int) -> ast.stmt | None:
    """Return the innermost statement on a line."""
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or 0)
    ]
    return max(found, key=lambda node: node.lineno, default=None)


def _used(tree: ast.Module, line: int) -> set[str]:
    statement = _statement(tree, line)
    return {n.id for n in ast.walk(statement or tree) if isinstance(n, ast.Name)}


def listed(tree: ast.Module, text: Text, line: int) -> str | None:
    """Return the text with a list made of the iterator that a line makes."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id in (*ITERATORS, "range") and node.lineno == line:
            return text.replaced(node, ast.Call(ast.Name("list"), [node], []))
    return None


def _listed(tree: ast.Module, text: Text, line: int) -> Iterator[Found]:
    used = _used(tree, line)
    for node in ast.walk(tree):
        own = node if isinstance(node, ast.Assign) else None
        targets = (
            {n.id for t in own.targets for n in ast.walk(t) if isinstance(n, ast.Name)}
            if own
            else set()
        )
        near = getattr(node, "lineno", 0) == line
        if own is not None and (targets & used or near):
            made = listed(tree, text, own.lineno)
            if made is not None:
                yield Found("unsized", own.lineno, made, True)
    for node in ast.walk(tree):  # a call that hands the iterator over
        if isinstance(node, ast.Call):
            for part in [*node.args, *(word.value for word in node.keywords)]:
                named = isinstance(part, ast.Call) and isinstance(part.func, ast.Name)
                if named and part.func.id in ITERATORS:  # type: ignore[attr-defined]
                    made = text.replaced(part, ast.Call(ast.Name("list"), [part], []))
                    yield Found("unsized", part.lineno, made, True)


def _floored(tree: ast.Module, text: Text, line: int) -> Iterator[Found]:
    used = _used(tree, line)
    for node in ast.walk(tree):
        if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Div):
            continue
        statement = _statement(tree, node.lineno)
        targets = [ast.unparse(t) for t in getattr(statement, "targets", [])]
        if node.lineno == line or any(target in used for target in targets):
            new = ast.BinOp(node.left, ast.FloorDiv(), node.right)
            yield Found("float_count", node.lineno, text.replaced(node, new), True)


def as_float(tree: ast.Module, text: Text, line: int) -> Iterator[Found]:
    """Yield the repair of an array of whole numbers that a line wants to change."""
    statement = _statement(tree, line)
    single = [getattr(statement, "target", None)]
    targets = [one for one in getattr(statement, "targets", single) if one is not None]
    used = {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
            continue
        call = node.value
        names = {
            n.id for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name)
        }
        if not names & used or not re.match(r"(np|numpy)\.", ast.unparse(call.func)):
            continue
        others = [word for word in call.keywords if word.arg != "dtype"]
        typed = ast.keyword("dtype", ast.Name("float", ast.Load()))
        new = ast.Call(call.func, call.args, [*others, typed])
        yield Found("whole", node.lineno, text.replaced(call, new), True)


def _length(value: Any) -> int | None:
    try:
        return len(value)
    except TypeError:
        return None


def recounted(
    source: str, line: int, counted: int, held: Mapping[str, Any]
) -> str | None:
    """Return the text with a count divided by the length of what was counted."""
    tree, text = ast.parse(source), Text(source)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    lengths = [call for call in calls if ast.unparse(call.func) == "len" and call.args]
    fitting = [
        call.args[0]
        for call in lengths
        if _length(held.get(ast.unparse(call.args[0]))) == counted
    ]
    for call in lengths:
        if call.lineno == line and fitting:
            new = ast.Call(call.func, [fitting[0]], [])
            return text.replaced(call, new)
    return None
