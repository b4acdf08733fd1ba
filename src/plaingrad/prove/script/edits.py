"""Changes of a script's text that leave every other character as it is."""

from __future__ import annotations

import ast
import difflib


def lines_of(text: str) -> list[str]:
    """Return the lines of a text as Python counts them: a form feed ends none."""
    return text.removesuffix("\n").split("\n")


class Text:
    """A script's text, by the places that its syntax tree names."""

    def __init__(self, text: str) -> None:
        self.lines = [f"{line}\n" for line in lines_of(text)]

    def between(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """Return where a node begins and ends, in characters of the whole text."""
        return (
            self._offset(node.lineno, node.col_offset),
            self._offset(node.end_lineno or 0, node.end_col_offset or 0),
        )

    def _offset(self, line: int, column: int) -> int:
        before = sum(map(len, self.lines[: line - 1]))
        inside = self.lines[line - 1].encode()[:column].decode(errors="ignore")
        return before + len(inside)

    def replaced(self, node: ast.expr, new: ast.expr) -> str | None:
        """Return the text with another expression in place of one, or None.

        None is returned where the tree does not know the place of an expression.
        """
        whole, (begin, end) = "".join(self.lines), self.between(node)
        try:
            held = ast.unparse(ast.parse(f"({whole[begin:end]})", mode="eval").body)
        except SyntaxError:
            return None
        if held != ast.unparse(node):
            return None
        words = ast.unparse(new)
        if isinstance(new, ast.BinOp | ast.UnaryOp | ast.Compare | ast.Tuple):
            words = self._bracketed(whole, begin, end, words)
        return whole[:begin] + words + whole[end:]

    def _bracketed(self, whole: str, begin: int, end: int, words: str) -> str:
        """Return an expression's text, in brackets where it does not stand alone."""
        before, after = whole[:begin].rstrip(" "), whole[end:].lstrip(" ")
        alone = before.endswith(("=", "(", "[", ",", "return")) and not (
            before.endswith(("==", "<=", ">=", "!="))
        )
        closed = after.startswith((")", "]", ",", "\n", "#", ":")) or not after
        return words if alone and closed else f"({words})"

    def reordered(self, old: list[ast.stmt], new: list[ast.stmt]) -> str | None:
        """Return the text with the statements of a block in another order.

        Statements that were not there are written anew; those left out are gone.
        """
        if len({statement.lineno for statement in old}) < len(old):
            return None
        ends = [statement.end_lineno or 0 for statement in old]
        begins = [old[0].lineno, *(end + 1 for end in ends[:-1])]
        chunks = {
            id(one): self.lines[begin - 1 : end]
            for one, begin, end in zip(old, begins, ends, strict=True)
        }
        first = self.lines[old[0].lineno - 1]
        indent = first[: len(first) - len(first.lstrip())]
        made: list[str] = []
        for statement in new:
            fresh = [f"{indent}{line}\n" for line in ast.unparse(statement).split("\n")]
            made += chunks.get(id(statement), fresh)
        return "".join([*self.lines[: begins[0] - 1], *made, *self.lines[ends[-1] :]])

    def inserted(self, line: int, words: str) -> str:
        """Return the text with a line above another, as far to the right."""
        held = self.lines[line - 1]
        indent = held[: len(held) - len(held.lstrip())]
        return "".join(
            [*self.lines[: line - 1], f"{indent}{words}\n", *self.lines[line - 1 :]]
        )


def changed_lines(before: str, after: str) -> list[tuple[int, str, str]]:
    """Return (line, old, new) of the lines in which two texts differ."""
    old, new = lines_of(before), lines_of(after)
    found = []
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind != "equal":
            found.append((a + 1, "\n".join(old[a:b]), "\n".join(new[c:d])))
    return found
