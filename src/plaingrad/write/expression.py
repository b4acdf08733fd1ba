"""From a node to NumPy text, with just the parentheses that Python needs."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import lru_cache

from ..graph import Node, walk

_BINARY: dict[type[ast.operator], float] = {
    ast.BitOr: 6,
    ast.BitXor: 7,
    ast.BitAnd: 8,
    ast.LShift: 9,
    ast.RShift: 9,
    ast.Add: 10,
    ast.Sub: 10,
    # Python binds @ as tightly as *; a reader is helped by parentheses between them
    ast.MatMult: 11,
    ast.Mult: 12,
    ast.Div: 12,
    ast.FloorDiv: 12,
    ast.Mod: 12,
    ast.Pow: 14,
}
_CHOICE, _COMPARISON, _UNARY, _ATOM = 1, 5, 13, 15


def expression(node: Node, names: Mapping[Node, str], dtype: str) -> str:
    """Return the text of `node`, its named inputs by name and the others inlined."""
    texts: dict[Node, tuple[str, float]] = {}
    for part in walk(node.inputs, names):
        if part in names:
            texts[part] = names[part], _ATOM
        else:
            texts[part] = _series(part, texts, names) or _text(part, texts, dtype)
    out = names.get(node, "out")
    return (_series(node, texts, names) or _text(node, texts, dtype, out))[0]


def _series(
    node: Node, texts: Mapping[Node, tuple[str, float]], names: Mapping[Node, str]
) -> tuple[str, float] | None:
    """Return a + b + c + d as sum(...) when the terms differ by one name only."""
    terms: list[Node] = []
    first = node
    while first.op.name == "add" and (first is node or first not in names):
        first, last = first.inputs
        terms.append(last)
    terms.append(first)
    if len(terms) < 4 or "sum" in names.values():
        return None
    told: list[str] = []
    kinds: set[str] = set()
    for term in reversed(terms):
        reads = [names[x] for x in walk([term], names) if x in names and x.shape]
        if term in names or len(reads) != 1:
            return None
        told += reads
        kinds.add(re.sub(rf"\b{reads[0]}\b", "{}", texts[term][0]))
    if len(kinds) > 1:
        return None
    each = "g" if all(name.startswith("d") for name in told) else "W"
    text = kinds.pop().replace("{}", each)
    return f"sum({text} for {each} in [{', '.join(told)}])", _ATOM


def _text(
    node: Node, inputs: Mapping[Node, tuple[str, float]], dtype: str, out: str = ""
) -> tuple[str, float]:
    """Return the text and how tightly it binds, given those of the inputs."""
    template = node.op.template(node)
    if template == "{0}" or (dtype == "np.float32" and _is_draw(node)):
        return inputs[node.inputs[0]]
    if not node.inputs:
        return template.replace("{float}", dtype), _tightness(template)
    needs, binds = _demands(template)
    if node.op.name == "neg" and _takes_sign(node.inputs[0], inputs):
        needs, binds = {}, _BINARY[ast.Mult]
    parts = []
    for place, x in enumerate(node.inputs):
        text, tight = inputs[x]
        loose = tight < needs.get(place, 0) and not _joins(node, x, inputs)
        parts.append(f"({text})" if loose else text)
    return template.format(*parts, out=out, float=dtype), binds


def _is_draw(node: Node) -> bool:
    """Tell whether a node makes wider floats of floats: of random numbers, float32."""
    return node.op.name == "cast" and node.inputs[0].kind == "float"


def _joins(node: Node, x: Node, texts: Mapping[Node, tuple[str, float]]) -> bool:
    """Tell whether a + (b + c) and a * (b * c) need no parentheses around x.

    They are then computed in another order, which costs no more when x is as large as
    the whole. A number in front of x stays with it.
    """
    if node.op.name not in ("add", "mul") or x.shape != node.shape:
        return False
    if x is not node.inputs[1]:
        return False
    if node.op.name == "add":
        return x.op.name == "add"
    first = _first_factor(x, texts)
    if first is x or first.op.name == "constant":
        return False
    # a number times truths would be an array of float64
    widened = {node.inputs[0].kind, first.kind} == {"bool", "number"}
    return not widened and texts[first][1] != _BINARY[ast.Mult]


def _takes_sign(x: Node, texts: Mapping[Node, tuple[str, float]]) -> bool:
    """Tell whether -x needs no parentheses, as -(a / b) and (-a) / b are equal."""
    if texts[x][1] != _BINARY[ast.Mult]:
        return False
    first = _first_factor(x, texts)
    inside = texts[first][1] == _BINARY[ast.Mult]
    return first.kind != "bool" and not (inside and first.op.name == "floordiv")


def _first_factor(x: Node, texts: Mapping[Node, tuple[str, float]]) -> Node:
    """Return what the text of a product or quotient begins with."""
    while texts[x][1] == _BINARY[ast.Mult] and x.op.name in ("mul", "div", "mark"):
        x = x.inputs[0]
    return x


def _tightness(text: str) -> float:
    return _UNARY if text.startswith("-") else _demands(text)[1]


@lru_cache(maxsize=4096)
def _demands(template: str) -> tuple[dict[int, float], float]:
    """Return how tightly each input must bind, and how tightly the whole does."""
    source = re.sub(r"\{(\w+)\}", r"_in_\1", template)
    tree = ast.parse(source)
    needs: dict[int, float] = {}
    for parent in ast.walk(tree):
        for field, child in _children(parent):
            if isinstance(child, ast.Name) and child.id.startswith("_in_"):
                place = child.id.removeprefix("_in_")
                if place.isdigit():
                    need = _needed(parent, field)
                    needs[int(place)] = max(need, needs.get(int(place), 0))
    first = tree.body[0]
    whole = first.value if isinstance(first, ast.Expr) else None
    return needs, _binding(whole)


def _children(parent: ast.AST) -> list[tuple[str, ast.AST]]:
    found: list[tuple[str, ast.AST]] = []
    for field, value in ast.iter_fields(parent):
        values = value if isinstance(value, list) else [value]
        found += [(field, child) for child in values if isinstance(child, ast.AST)]
    return found


def _binding(tree: ast.AST | None) -> float:
    match tree:
        case ast.BinOp(op=op):
            return _BINARY[type(op)]
        case ast.UnaryOp():
            return _UNARY
        case ast.Compare():
            return _COMPARISON
        case ast.IfExp():
            return _CHOICE
    return _ATOM


def _needed(parent: ast.AST, field: str) -> float:
    match parent:
        case ast.BinOp(op=ast.Pow()):
            return _ATOM if field == "left" else _UNARY
        case ast.BinOp(op=ast.MatMult()):
            return _BINARY[ast.Mult] + 0.5
        case ast.BinOp(op=op):
            return _BINARY[type(op)] + (0.5 if field == "right" else 0)
        case ast.UnaryOp():
            return _UNARY
        case ast.Compare():
            return _COMPARISON + 1
        case ast.IfExp():
            return _CHOICE + 1
        case ast.Attribute() | ast.Subscript() if field == "value":
            return _ATOM
    return 0
