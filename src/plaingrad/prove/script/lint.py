"""Mistakes that the text alone shows, each with its repair.

A rule looks at a syntax tree and yields what it found: a cause (`words.py` has the
words), the place, and another text. `stops` says that Python 3 stops there.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from .edits import Text


@dataclass(frozen=True)
class Found:
    """One mistake: its cause, line, the text after its repair, words to tell it."""

    cause: str
    line: int
    text: str | None = None
    stops: bool = False
    words: dict[str, str] = field(default_factory=dict)


Rule = Callable[[ast.Module, Text], Iterator[Found]]
OLD_NAMES = {"xrange": "range", "raw_input": "input", "unicode": "str", "izip": "zip"}
OLD_METHODS = {"iteritems": "items", "itervalues": "values", "iterkeys": "keys"}
OLD_NUMPY = ("float", "int", "object")
OLD_MODULES = {
    "sklearn.cross_validation": "sklearn.model_selection",
    "sklearn.grid_search": "sklearn.model_selection",
    "cPickle": "pickle",
    "urllib2": "urllib.request",
    "Queue": "queue",
}
STEP = re.compile(r"^(h|eps|epsilon|delta|dx|d|step|perturbation)$")
COUNT = re.compile(r"correct|cnt|count|hits|right|error|loss|cost|acc", re.IGNORECASE)
RUNNING = re.compile(r"correct|hits|right|error|loss|cost|acc", re.IGNORECASE)
"""Sums that are meant for one epoch: a plain count may go on from epoch to epoch."""


def old_names(tree: ast.Module, text: Text) -> Iterator[Found]:
    """Names that only Python 2 knew."""
    stored = {
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and _stored(n)
    } | {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
    imported = {
        alias.asname or alias.name
        for n in ast.walk(tree)
        if isinstance(n, ast.Import | ast.ImportFrom)
        for alias in n.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in OLD_NAMES:
            if node.id not in stored | imported:
                newer = OLD_NAMES[node.id]
                better = ast.Name(newer, ast.Load())
                yield _found("python2", node, text, better, new=newer, old=node.id)
        elif isinstance(node, ast.Attribute) and node.attr in OLD_METHODS:
            newer = OLD_METHODS[node.attr]
            method = ast.Attribute(node.value, newer, ast.Load())
            yield _found("python2", node, text, method, old=node.attr, new=newer)
        elif isinstance(node, ast.Attribute) and ast.unparse(node) == "itertools.izip":
            new_name = ast.Name("zip", ast.Load())
            yield _found("python2", node, text, new_name, old="izip", new="zip")


def _stored(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def _found(
    cause: str, node: ast.expr, text: Text, better: ast.expr, **words: str
) -> Found:
    return Found(cause, node.lineno, text.replaced(node, better), True, words)


def old_imports(tree: ast.Module, text: Text) -> Iterator[Found]:
    """Modules that have moved."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        line = text.lines[node.lineno - 1]
        if ast.unparse(node) == "from itertools import izip":
            words = {"old": "itertools.izip", "new": "zip"}
            better = line.replace(ast.unparse(node), "izip = zip")
            yield Found("moved", node.lineno, _line(text, node, better), True, words)
        for old, new in OLD_MODULES.items():
            held = (
                node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
            )
            if held != old:
                continue
            plain = isinstance(node, ast.Import) and node.names[0].asname is None
            name = f"{new} as {old}" if plain and "." not in old else new
            made = line.replace(old, name, 1)
            words = {"old": old, "new": new}
            yield Found("moved", node.lineno, _line(text, node, made), True, words)


def _line(text: Text, node: ast.stmt, new: str) -> str:
    at = node.lineno - 1
    return "".join([*text.lines[:at], new, *text.lines[at + 1 :]])


def old_numpy(tree: ast.Module, text: Text) -> Iterator[Found]:
    """Names that NumPy no longer has."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or node.attr not in OLD_NUMPY:
            continue
        if ast.unparse(node.value) in ("np", "numpy"):
            better = ast.Name(node.attr, ast.Load())
            words = {"old": ast.unparse(node), "new": node.attr}
            yield _found("moved", node, text, better, **words)


def called_shape(tree: ast.Module, text: Text) -> Iterator[Found]:
    """`y.shape(0)`, which calls a tuple."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        numpy = ast.unparse(node.func.value) in ("np", "numpy")
        if node.func.attr == "shape" and len(node.args) == 1 and not numpy:
            better = ast.Subscript(node.func, node.args[0], ast.Load())
            yield _found("called_shape", node, text, better)


def divided_step(tree: ast.Module, text: Text) -> Iterator[Found]:
    """`(f(x + h) - f(x - h)) / 2 * h`, which multiplies by h."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mult):
            continue
        left, right = node.left, node.right
        if not isinstance(left, ast.BinOp) or not isinstance(left.op, ast.Div):
            continue
        name = ast.unparse(right).rpartition(".")[2]
        halved = ast.unparse(left.right) in ("2", "2.0")
        slope = isinstance(left.left, ast.BinOp) and isinstance(left.left.op, ast.Sub)
        if halved and slope and STEP.match(name):
            divisor = ast.BinOp(left.right, ast.Mult(), right)
            new = ast.BinOp(left.left, ast.Div(), divisor)
            yield Found("step", node.lineno, text.replaced(node, new))


def floored(tree: ast.Module, text: Text) -> Iterator[Found]:
    """`1 // n`, which is 0."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.FloorDiv):
            continue
        if isinstance(node.left, ast.Constant) and node.left.value == 1:
            new = ast.BinOp(node.left, ast.Div(), node.right)
            yield Found("floored", node.lineno, text.replaced(node, new))


def objects(tree: ast.Module, text: Text) -> Iterator[Found]:
    """Arrays of Python objects, where numbers may be meant."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        entries = [part for arg in node.args[:1] for part in getattr(arg, "elts", [])]
        if any(isinstance(part, ast.Name | ast.Call | ast.Lambda) for part in entries):
            continue  # such as layers
        for word in node.keywords:
            if word.arg == "dtype" and ast.unparse(word.value) in (
                "object",
                "'object'",
            ):
                new = text.replaced(word.value, ast.Name("float", ast.Load()))
                yield Found("objects", node.lineno, new)


def wide_slices(tree: ast.Module, text: Text) -> Iterator[Found]:
    """`labels[start + k : end + k + 1]` inside argmax: a slip without a consequence."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or "argmax" not in ast.unparse(node.func):
            continue
        if len(node.args) != 1 or node.keywords:
            continue
        inner = node.args[0]
        if isinstance(inner, ast.Subscript) and isinstance(inner.slice, ast.Slice):
            low, high = inner.slice.lower, inner.slice.upper
            if low is None or high is None or not isinstance(low, ast.BinOp):
                continue
            wide = ast.unparse(high) != f"{ast.unparse(low)} + 1"
            base = ast.unparse(low.left)
            if wide and "+" in ast.unparse(high) and base not in ast.unparse(high):
                one = ast.BinOp(low, ast.Add(), ast.Constant(1))
                yield Found("wide_slice", node.lineno, text.replaced(high, one))


def never_reset(tree: ast.Module, text: Text) -> Iterator[Found]:
    """Find counts and sums that are told every epoch and never begin anew."""
    for outer in _loops(tree):
        shown = {
            n.id
            for s in _own(outer)
            for call in ast.walk(s)
            if isinstance(call, ast.Call) and _told(call)
            for n in ast.walk(call)
            if isinstance(n, ast.Name)
        }
        assigned = {
            n.id
            for part in ast.walk(outer)
            if isinstance(part, ast.Assign)
            for target in part.targets
            for n in ast.walk(target)
            if isinstance(n, ast.Name)
        }
        for inner in _loops(outer):
            for node in ast.walk(inner):
                if inner is outer or not isinstance(node, ast.AugAssign):
                    continue
                name = ast.unparse(node.target)
                again = isinstance(node.op, ast.Add) and RUNNING.search(name)
                if again and name in shown - assigned and _outermost(tree, outer):
                    first = outer.body[0].lineno
                    made = text.inserted(first, f"{name} = 0")
                    yield Found("never_reset", node.lineno, made, words={"name": name})
                    return


def _told(call: ast.Call) -> bool:
    return ast.unparse(call.func) in ("print", "sys.stdout.write")


def _loops(tree: ast.AST) -> list[ast.For | ast.While]:
    return [n for n in ast.walk(tree) if isinstance(n, ast.For | ast.While)]


def _own(loop: ast.For | ast.While) -> list[ast.stmt]:
    """Return the statements of a loop that are in no loop inside it."""
    found: list[ast.stmt] = []
    waiting: list[ast.stmt] = list(loop.body)
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, ast.If):
            waiting += one.body + one.orelse
        elif not isinstance(one, ast.For | ast.While):
            found.append(one)
    return found


def _outermost(tree: ast.AST, loop: ast.AST) -> bool:
    return not any(
        other is not loop and any(part is loop for part in ast.walk(other))
        for other in _loops(tree)
    )


def stale_metric(tree: ast.Module, text: Text) -> Iterator[Found]:
    """Find counts over rows whose prediction is not computed for each row."""
    for loop in _loops(tree):
        if not isinstance(loop, ast.For) or any(loop is not n for n in _loops(loop)):
            continue
        known = {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
        for part in ast.walk(loop):
            if isinstance(part, ast.Assign):
                known |= {n.id for t in part.targets for n in _names(t)}
        for node in loop.body:
            if not isinstance(node, ast.AugAssign) or not COUNT.search(
                ast.unparse(node.target)
            ):
                continue
            for compare in ast.walk(node.value):
                if (
                    not isinstance(compare, ast.Compare)
                    or len(compare.comparators) != 1
                ):
                    continue
                sides = (compare.left, compare.comparators[0])
                fixed = [s for s in sides if not {n.id for n in _names(s)} & known]
                named = [s for s in fixed if "argmax" in ast.unparse(s)]
                if len(fixed) == 1 and named:
                    words = {"name": ast.unparse(named[0])}
                    yield Found("stale_metric", node.lineno, None, words=words)


def _names(node: ast.AST) -> list[ast.Name]:
    return [n for n in ast.walk(node) if isinstance(n, ast.Name)]


RULES: tuple[Rule, ...] = (
    *(old_imports, old_names, old_numpy, called_shape, divided_step, floored, objects),
    *(wide_slices, never_reset, stale_metric),
)


def lint(source: str) -> list[Found]:
    """Return the mistakes that a text shows, by line."""
    tree, text = ast.parse(source), Text(source)
    found = [one for rule in RULES for one in rule(tree, text)]
    return sorted(found, key=lambda one: one.line)
