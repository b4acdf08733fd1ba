"""From a procedure to lines of NumPy, with the shape of each value beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..graph import Node, walk
from ..program import SECTIONS, Procedure, Section, Step
from ..shapes import show
from .expression import expression

LIMIT = 88
"""The most columns of a printed line; a comment that would pass it is left out."""


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
    if step.node.kind == "number" and "np." in text:
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


def comment(node: Node, note: str) -> str:
    """Return what stands beside a line: the shape and the note."""
    shape = show(node.shape) if node.shape else ""
    return "  ".join(part for part in (shape, note) if part)


def section_lines(
    procedure: Procedure, sections: Sequence[Section], dtype: str, indent: int = 0
) -> list[str]:
    """Return the lines of some sections, their comments in one column."""
    rows: list[tuple[str, str]] = []
    for step in procedure.steps:
        if step.section in sections:
            code = step_text(step, procedure, dtype).split("\n")
            rows += [(line, "") for line in code[:-1]]
            note = "" if step.section == "update" else comment(step.node, step.note)
            rows.append((code[-1], note))
    return aligned(rows, indent)


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
) -> list[str]:
    """Return a procedure as a function definition that returns (its) results."""
    first = batch_line(procedure)
    return [
        f"def {name}({', '.join(arguments)}):",
        *([f"    {first}"] if first else []),
        *section_lines(procedure, SECTIONS, dtype, indent=4),
        f"    return {', '.join(procedure.results if results is None else results)}",
    ]


def aligned(rows: Sequence[tuple[str, str]], indent: int = 0) -> list[str]:
    """Return code and comments as lines, the comments in one column."""
    space = " " * indent
    column = max(
        (len(code) for code, note in rows if note and len(code) < 46), default=0
    )
    lines = []
    for code, note in rows:
        line = f"{space}{code:<{column}}  # {note}" if note else space + code
        lines.append(line if len(line) <= LIMIT else space + code)
    return lines
