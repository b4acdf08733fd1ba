"""From nodes, names and shapes to LaTeX, with just the parentheses a reader needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from ..graph import Node
from ..ops.rules import sizes_maths
from ..program import Program
from ..shapes import broadcast

# How tightly a text binds; a choice, `\begin{cases}`, is open to the right.
_LOOSE, _SUM, _BIG, _PRODUCT, _UNIT, _ATOM = range(6)
_TALL = re.compile(r"\\(frac|sum|begin|left|max_)")


class _Text(NamedTuple):
    """A text, how tightly it binds, and which product joins its arrays, if one does."""

    text: str
    binds: int
    joint: str = ""


# Formulas.


def latex(node: Node, symbols: Mapping[Node, str]) -> str:
    """Return the formula of `node`, its named inputs by their symbols."""
    if not node.inputs and node in symbols:
        return symbols[node]
    return _written(node, symbols).text


def alike(node: Node, symbols: Mapping[Node, str]) -> str:
    """Return a text that is the same for formulas that differ only in order."""
    if not node.inputs:
        return latex(node, symbols)
    parts = _operands(node, symbols)
    if node.op.name in ("add", "mul"):
        parts.sort()
    return f"{node.op.formula(node)}({', '.join(parts)})"


def _operands(node: Node, symbols: Mapping[Node, str]) -> list[str]:
    """Return what a formula joins; of a sum of sums all the terms."""
    found: list[str] = []
    for x in node.inputs:
        if x in symbols:
            found.append(symbols[x])
        elif x.op is node.op and node.op.name in ("add", "mul"):
            found += _operands(x, symbols)
        else:
            found.append(alike(x, symbols))
    return found


def _inner(node: Node, symbols: Mapping[Node, str]) -> _Text:
    """Return what stands for `node` inside the formula of another."""
    if node not in symbols:
        return _written(node, symbols)
    text = symbols[node]
    return _Text(text, _UNIT if re.search(r"\\frac|\^", text) else _ATOM)


def _written(node: Node, symbols: Mapping[Node, str]) -> _Text:
    template = node.op.formula(node)
    if template == "#0":
        return _inner(node.inputs[0], symbols)
    rows = _sum_of_rows(node, symbols)
    if rows is not None:
        return _Text(rows, _BIG)
    needs, binds = _demands(template)
    parts = [_inner(x, symbols) for x in node.inputs]
    if binds == _PRODUCT and len(parts) == 2:
        return _product(node, template, *parts)
    texts = []
    for place, part in enumerate(parts):
        need = needs.get(place, _LOOSE)
        loose = part.binds < need or (place and need and part.text.startswith("-"))
        texts.append(_bracketed(part.text) if loose else part.text)
    if node.op.name == "where":
        texts[0] = _condition(texts[0])
    return _Text(_filled(template, texts), binds)


def _product(node: Node, template: str, left: _Text, right: _Text) -> _Text:
    """Join two factors; a number joins with its neighbour before the arrays do."""
    joint = "\\odot" if "\\odot" in template else "@" * (node.op.name == "matmul")
    first, second = (not x.shape for x in node.inputs)
    mixed = left.joint and (first or (joint and left.joint != joint))
    if left.binds < _PRODUCT or mixed:
        left = _Text(_bracketed(left.text), _ATOM)
    if right.binds < _BIG or (right.joint and (joint or second)):
        right = _Text(_bracketed(right.text), _ATOM)
    text = left.text + _between(joint, left.text, right.text) + right.text
    joint = joint or left.joint or right.joint
    return _Text(text, min(right.binds, _PRODUCT), joint)


def _between(joint: str, left: str, right: str) -> str:
    """Return what stands between two factors, mostly nothing."""
    if joint == "\\odot":
        return " \\odot "
    if right[0].isdigit() or (joint and "\\frac" in left + right):
        return " \\cdot "
    return " \\, " if "\\text" in left + right else " "


def _bracketed(text: str) -> str:
    return f"\\left({text}\\right)" if _TALL.search(text) else f"({text})"


def _condition(text: str) -> str:
    """Return a comparison without the brackets that make it a number."""
    inside = re.fullmatch(r"(?:\\left)?\[(.*?)(?:\\right)?\]", text)
    return inside[1] if inside else text


def _filled(template: str, texts: list[str]) -> str:
    """Put texts into a template, whose brackets grow with them."""
    if any(map(_TALL.search, texts)):
        template = re.sub(r"(?<!\\left)([(\[])", r"\\left\1", template)
        template = re.sub(r"(?<!\\right)([)\]])", r"\\right\1", template)
    return re.sub(r"#(\d+)", lambda match: texts[int(match[1])], template)


def _sum_of_rows(node: Node, symbols: Mapping[Node, str]) -> str | None:
    """Return the sum of a named value over the samples, with an index for these."""
    if node.op.name != "sum" or node.attrs["axes"] != (0,) or node.attrs["keepdims"]:
        return None
    x = node.inputs[0]
    if x not in symbols or isinstance(x.shape[0], int):
        return None
    short = re.fullmatch(r"[A-Za-z]|\\[a-z]+", symbols[x])
    row = symbols[x] if short else _bracketed(symbols[x])
    return f"\\sum_{{i=1}}^{{{sizes_maths(x.shape[:1])}}} {row}_i"


@lru_cache(maxsize=4096)
def _demands(template: str) -> tuple[dict[int, int], int]:
    """Return how tightly each open input must bind, and how tightly the whole does.

    An input inside brackets or braces is not open and needs nothing.
    """
    frame = _frame(template)
    found = re.findall(r"([+-]?) ?#(\d)([\^(]?)", frame)
    steep = frame.startswith("\\sum")
    needs = {
        int(place): _ATOM if after else _BIG if sign == "-" or steep else _SUM
        for sign, place, after in found
    }
    if frame == "cases":
        return needs, _LOOSE
    if re.search("[+-]", frame):
        return needs, _SUM
    if steep:
        return needs, _BIG
    if len(found) == 2 or re.search(r"\\cdot|\d \w", frame):
        return needs, _PRODUCT
    return needs, _ATOM if re.fullmatch(r"[\w.]+|\\[a-z]+", frame) else _UNIT


def _frame(template: str) -> str:
    """Return a template without what its brackets and braces hold."""
    text = re.sub(r"\\begin\{cases\}.*\\end\{cases\}", "cases", template)
    text = re.sub(r"\\left(?:\\lfloor|\W)|\[", "(", text)
    text = re.sub(r"\\right(?:\\rfloor|\W)|\]", ")", text)
    while True:
        shorter = re.sub(r"\{[^{}]*\}", "", text)
        shorter = re.sub(r"\([^()]+\)", "()", shorter)
        if shorter == text:
            return text
        text = shorter


# Shapes.


def sizes(node: Node) -> str:
    """Return the shape of a value, its sizes with times signs; nothing for a number."""
    return sizes_maths(node.shape)


def shapes(node: Node, symbols: Mapping[Node, str]) -> str:
    """Return how the shapes of a formula meet, as (n x 2)(2 x 3) + 3 = n x 3.

    Nothing for numbers; the shape alone where all that meet are the same.
    """
    whole = sizes(node)
    if not whole:
        return ""
    inside = _meeting(node, symbols, top=True).text
    if inside != whole:
        return f"{inside} = {whole}"
    old = [x for x in node.inputs if x.shape]
    if len(node.inputs) == 1 and old and old[0].shape != node.shape:
        return f"{sizes(old[0])} \\to {whole}"
    return whole


_JOINTS = {
    "add": (" + ", _SUM),
    "sub": (" - ", _SUM),
    "mul": (" \\odot ", _PRODUCT),
    "div": (" / ", _PRODUCT),
}


def _meeting(node: Node, symbols: Mapping[Node, str], top: bool = False) -> _Text:
    """Return the shapes inside a formula, where they say more than the result's."""
    whole = _Text(sizes(node), _ATOM)
    if (node in symbols and not top) or not node.shape:
        return whole
    arrays = [x for x in node.inputs if x.shape]
    parts = [_meeting(x, symbols) for x in arrays]
    if node.op.name == "matmul":
        return _Text("".join(_boxed(part, _UNIT) for part in parts), _UNIT)
    if node.op.name == "sum":
        frame = node.op.formula(node).removesuffix("#0")
        inside = _Text(frame + _boxed(parts[0], _PRODUCT), _BIG)
        return inside if top else whole
    chosen = node.op.name in ("take", "put")
    if chosen or node.shape != broadcast(*(x.shape for x in arrays)):
        return whole
    if len(parts) == 1:
        return parts[0]
    if all(part == whole for part in parts) or node.op.name not in _JOINTS:
        return whole
    sign, level = _JOINTS[node.op.name]
    first, second = (_boxed(part, level) for part in parts)
    if parts[1].binds == level:
        second = f"({parts[1].text})"
    return _Text(first + sign + second, level)


def _boxed(part: _Text, level: int) -> str:
    """Return a shape in brackets, unless it is a single size or binds tightly."""
    plain = part.binds == _ATOM and "\\times" not in part.text and level < _UNIT
    return part.text if plain or level <= part.binds < _ATOM else f"({part.text})"


# Names.

_WORDS = {
    "loss": "E",
    "data_loss": "E_{\\text{data}}",
    "scores": "s",
    "pred": "\\hat{y}",
    "probs": "p",
    "onehot": "Y",
    "shifted": "\\tilde{s}",
    "logprobs": "\\ell",
    "diff": "\\delta",
    "t": "\\tau",
    "step": "t",
    "lr": "\\eta",
    "l1": "\\lambda_1",
    "l2": "\\lambda",
    "weight_decay": "\\lambda",
    "clip_norm": "c",
    "clip_value": "c",
    "momentum": "\\mu",
    "eps": "\\epsilon",
    **{word: f"\\{word}" for word in ("alpha", "beta", "gamma", "rho", "sigma", "pi")},
}
"""What the field writes for names of the script, with an index or without."""


def symbols_of(program: Program, adjoints: Mapping[str, str]) -> dict[str, str]:
    """Return the symbol of every name in a program's update, each symbol once.

    Parameters
    ----------
    program
        The program.
    adjoints
        The names of gradients, and the names of what they are the gradients by.
    """
    update = program.update
    belongs = owned(program)
    names = [*update.inputs, *(step.name for step in update.steps)]
    found: dict[str, str] = {}
    for name in dict.fromkeys(names):
        if name in adjoints:
            found[name] = partial(found[update.results[0]], found[adjoints[name]])
            continue
        text = symbol(name)
        if name in belongs:
            slot, owner = belongs[name]
            text = f"{symbol(slot)}_{{{symbol(owner)}}}"
        free = text not in (*found.values(), "n")
        found[name] = text if free else _word(name)
    return found


def partial(loss: str, by: str) -> str:
    """Return the derivative of one symbol by another."""
    return f"\\frac{{\\partial {loss}}}{{\\partial {by}}}"


def symbol(name: str) -> str:
    """Return what the field writes for a name: W1 with an index, eta for lr."""
    base, marks = _split(name)
    text = _WORDS.get(base, base if re.fullmatch("[A-Za-z]", base) else _word(base))
    if not marks:
        return text
    if "_{" in text or re.search(r"_\d", text):
        return _word(name)
    mark = ",".join(marks)
    return f"{text}_{mark}" if len(mark) == 1 else f"{text}_{{{mark}}}"


def _split(name: str) -> tuple[str, list[str]]:
    """Return a name's stem and its indices: `a1_2` is a with 1 and 2."""
    marks: list[str] = []
    if name in _WORDS:
        return name, marks
    if again := re.fullmatch(r"(.+?)_(\d+)", name):
        name, marks = again[1], [again[2]]
    if number := re.fullmatch(r"([^\W\d_]+)(\d+)", name):
        name, marks = number[1], [number[2], *marks]
    layer = re.fullmatch(r"(.+)_([^\W\d_]+)", name)
    if layer and name not in _WORDS:
        name, marks = layer[2], [_word(layer[1]), *marks]
    return name, marks


def _word(name: str) -> str:
    return f"\\text{{{name.replace('_', ' ')}}}"


def owned(program: Program) -> dict[str, tuple[str, str]]:
    """Return what belongs to a parameter by its name: `mW1` is the m of W1."""
    parameters = [p.name for p in program.parameters]
    names = [*program.states, *program.data]
    names += [step.name for step in program.update.steps if step.section == "update"]
    found: dict[str, tuple[str, str]] = {}
    for name in names:
        owners = [owner for owner in parameters if name.endswith(owner)]
        if owners and name not in parameters:
            owner = max(owners, key=len)
            found[name] = name.removesuffix(owner).rstrip("_"), owner
    return found
