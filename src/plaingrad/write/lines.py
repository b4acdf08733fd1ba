"""From a procedure to lines of NumPy, with the shape of each value beside it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from ..graph import walk
from ..program import SECTIONS, Procedure, Section, Step
from ..shapes import show
from .expression import expression
from .words import sentences

LIMIT = 88
"""The most columns of a printed line; a comment that would pass it is left out."""

_BRACKETS = {"(": ")", "[": "]", "{": "}"}


def step_text(step: Step, procedure: Procedure, dtype: str) -> str:
    """Return the code of one step, without its comment."""
    names = {**procedure.names, step.node: step.name}
    template = step.node.op.template(step.node)
    if "{out}" in template:
        return expression(step.node, names, f"np.{dtype}")
    short = _in_place(step, procedure, dtype)
    if short is not None:
        return short
    text = expression(step.node, names, f"np.{dtype}")
    if step.node.kind == "number" and re.search(r"np\.\w+\(", text):
        text = f"float({text})"
    return f"{step.name} = {text}"


def _in_place(step: Step, procedure: Procedure, dtype: str) -> str | None:
    """Return `W -= lr * dW` for `W = W - lr * dW`."""
    signs = {"sub": "-", "add": "+"}
    node = step.node
    if node.op.name not in signs or step.name not in procedure.inputs:
        return None
    first, second = node.inputs
    if first is not procedure.inputs[step.name] or second.shape != node.shape:
        return None
    text = expression(second, procedure.names, f"np.{dtype}")
    if second in procedure.names:
        text = procedure.names[second]
    return f"{step.name} {signs[node.op.name]}= {text}"


def section_lines(
    procedure: Procedure,
    sections: Sequence[Section],
    dtype: str,
    indent: int = 0,
    lang: str = "en",
) -> list[str]:
    """Return the lines of some sections, their comments in one column."""
    rows: list[tuple[str, str]] = []
    for step in procedure.steps:
        if step.section in sections:
            code = step_text(step, procedure, dtype).split("\n")
            rows += [(line, "") for line in code[:-1]]
            rows.append((code[-1], _beside(step, lang)))
    return aligned(rows, indent)


def _beside(step: Step, lang: str) -> str:
    """Return the comment beside a line: the shape of its value, and the note.

    An update keeps the shape, and a statement of several lines tells it itself.
    """
    if step.section == "update" or "{out}" in step.node.op.template(step.node):
        return ""
    shape = show(step.node.shape) if step.node.shape else ""
    note = sentences(lang).get(step.note, step.note)
    return "  ".join(part for part in (shape, note) if part)


def batch_line(procedure: Procedure) -> str:
    """Return `n = len(X)` when a line needs the length of the batch, else nothing."""
    text = "\n".join(step_text(step, procedure, "float32") for step in procedure.steps)
    if not re.search(r"\bn\b", text):
        return ""
    for name, leaf in procedure.inputs.items():
        if leaf.shape and str(leaf.shape[0]) == "n":
            return f"n = len({name})"
    return ""


def overflows(procedure: Procedure) -> bool:
    """Tell whether a text may overflow harmlessly: 1 / (1 + exp(800)) is 0."""
    nodes = walk([step.node for step in procedure.steps])
    return any(node.op.name == "sigmoid" for node in nodes)


def function_lines(
    procedure: Procedure,
    dtype: str,
    name: str,
    arguments: Sequence[str],
    results: Sequence[str] | None = None,
    lang: str = "en",
) -> list[str]:
    """Return a procedure as a function definition that returns (its) results."""
    first = batch_line(procedure)
    returned = procedure.results if results is None else results
    return [
        *broken(f"def {name}({', '.join(arguments)}):", LIMIT),
        *([f"    {first}"] if first else []),
        *section_lines(procedure, SECTIONS, dtype, 4, lang),
        f"    return {', '.join(returned)}",
    ]


def aligned(rows: Sequence[tuple[str, str]], indent: int = 0) -> list[str]:
    """Return code and comments as lines, the comments in one column."""
    space = " " * indent
    column = max(
        (len(code) for code, note in rows if note and len(code) < 46), default=0
    )
    lines = []
    for code, note in rows:
        *before, code = broken(code, LIMIT - indent)
        lines += [space + line for line in before]
        wide = 0 if before else column
        note = " ".join(note.splitlines())
        told = [f"{code:<{wide}}  # {text}" for text in (note, note.split("  ")[0])]
        fits = [line for line in told if note and len(line) <= LIMIT - indent]
        lines.append(space + [*fits, code][0])
    return lines


def broken(code: str, room: int) -> list[str]:
    """Return a line as several when it is too long, broken in its widest bracket."""
    if len(code) <= room:
        return [code]
    start, stop = max(_bracketed(code), key=lambda span: span[1] - span[0])
    space = " " * (len(code) - len(code.lstrip()) + 4)
    inner = textwrap.wrap(
        code[start:stop],
        room,
        initial_indent=space,
        subsequent_indent=space,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [code[:start], *inner, space[4:] + code[stop:]]


def _bracketed(code: str) -> Iterator[tuple[int, int]]:
    """Yield where the inside of each bracket begins and ends."""
    yield len(code), len(code)
    opened: list[int] = []
    for place, sign in enumerate(code):
        if sign in _BRACKETS:
            opened.append(place + 1)
        elif sign in _BRACKETS.values():
            yield opened.pop(), place
