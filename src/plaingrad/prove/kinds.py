"""What expressions and names are taken for: derivatives, masks, rates, penalties."""

from __future__ import annotations

import ast
import re

import numpy as np

from .places import Scope, is_array, variables

DERIVATIVE = re.compile(r"deriv|prime|grad|2d|_?back|^d_|_d$|^d[A-Z]")
SHIFT = re.compile(r"max|shift")
MASK = re.compile(r"mask|drop|keep(?!dims)", re.IGNORECASE)
KINDS = {
    "rate": r"lr|learning_?rate|alpha|eta|rate",
    "keep": r".*(keep(?!dims)|drop|mask).*|p|retain",
    "step": r"h|hh|dx|delta|epsilon|eps|step",
    "penalty": r"l1|l2|lam|lambd|lambda_|reg|weight_?decay|reg_?\w*",
    "batch": r"n|m|N|M|batch|batch_?size|num_\w+|n_samples|len.*",
}
"""What scalars are usually called, by what they are."""


def scalar_kind(name: str) -> str:
    """Return what a scalar seems to be, by its name; "factor" when it tells nothing."""
    last = name.rpartition(".")[2]
    for cause, pattern in KINDS.items():
        if re.fullmatch(pattern, last):
            return cause
    return "factor"


def text(node: ast.AST) -> str:
    """Return an expression as it is written."""
    return ast.unparse(node)


def is_derivative(node: ast.AST) -> bool:
    """Return whether an expression looks like the derivative of an activation."""
    if isinstance(node, ast.Compare):
        return True
    if isinstance(node, ast.Call) and not text(node.func).startswith("np."):
        return bool(DERIVATIVE.search(text(node.func)))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return any(text(a) == f"1 - {text(b)}" for a, b in both(node))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
        return text(node.left) in ("1", "1.0") and _is_square(node.right)
    return False


def _is_square(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return text(node.func) in ("np.power", "np.square")
    return isinstance(node, ast.BinOp) and (
        isinstance(node.op, ast.Pow) or text(node.left) == text(node.right)
    )


def both(node: ast.BinOp) -> tuple[tuple[ast.expr, ast.expr], ...]:
    """Return the two sides of an expression, in both orders."""
    return (node.left, node.right), (node.right, node.left)


def factor_cause(node: ast.expr, scope: Scope) -> str:
    """Return which mistake it is when a factor is missing or too much."""
    if isinstance(node, ast.Compare) and SHIFT.search(text(node)):
        return "shift"
    if is_derivative(node) or any(is_derivative(part) for part in ast.walk(node)):
        return "no_derivative"
    if is_masked(node, scope):
        return "keep"
    if isinstance(node, ast.Constant):
        return "twice" if node.value in (2, 0.5) else "factor"
    words = text(node)
    if re.search(r"\blen\(|\.shape\[0\]|\.size", words):
        return "batch"
    kinds = {scalar_kind(w) for w in re.findall(r"[A-Za-z_]\w*", words)} - {"factor"}
    value = variables(scope).get(words)
    if is_array(value):
        return "chain"
    return min(kinds) if kinds else "chain" if "(" in words else "factor"


def of_penalty(node: ast.AST) -> bool:
    """Return whether an expression names the strength of a penalty."""
    names = re.findall(r"[A-Za-z_]\w*", text(node))
    return any(scalar_kind(name) == "penalty" for name in names)


def is_masked(node: ast.expr, scope: Scope) -> bool:
    """Return whether a mask, an array of truth values, takes part in an expression."""
    used = [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
    kinds = [getattr(scope.get(name), "dtype", np.dtype(float)).kind for name in used]
    return "b" in kinds or bool(MASK.search(text(node)))
