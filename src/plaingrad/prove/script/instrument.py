"""A script's syntax tree with calls that report what it does.

Loops report each pass, assignments what they hold and change, differences their two
sides, and numbers that are printed or kept are reported too. Nothing else changes; the
lines keep their numbers. float32 becomes float64, so that small changes show.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Any, Literal

HOOK = "__plaingrad__"
HELD = "__plaingrad_value"
LOSS = re.compile(
    r"(?i:err|loss|cost|mse|objective|energy|entropy)|损失|误差|代价|^[JLE]$"
)
ITERATORS = ("zip", "map", "filter", "enumerate", "reversed", "iter")
NARROW = {"float32": "float64", "float16": "float64", "single": "float64"}
COUNT = re.compile(r"correct|cnt|hits|right", re.IGNORECASE)
RATE = re.compile(r"^(lr|eta|alpha|a|epsilon|l_?rate|.*rate|.*step.*|learn.*)$", re.I)
FETCHING = re.compile(r"^(load|fetch|read_csv|loadtxt|genfromtxt|load_data|imread)")
SAYING = ("str", "repr", "round", "float", "format", "abs", "int")

Kind = Literal["assign", "add", "print", "return", "loop", "differ", "pick"]


@dataclass
class Site:
    """A place in the script that reports.

    `name` is the text of what is assigned, printed or looped over; `additive` says that
    the new value is the old one plus or minus something; `rate` are the texts of the
    plain factors of that something; `inplace` that it is written with an operator such
    as -=, and `minus` that this subtracts; `lossy` that its name tells of a loss; `doc`
    is the text of the value.
    """

    kind: Kind
    line: int
    name: str
    additive: bool = False
    rate: tuple[str, ...] = ()
    inplace: bool = False
    minus: bool = False
    lossy: bool = False
    doc: str = ""


def _load(target: ast.expr) -> ast.expr:
    """Return an expression that reads what a target writes."""
    return ast.parse(ast.unparse(target), mode="eval").body


def _call(method: str, *arguments: ast.expr) -> ast.Call:
    function = ast.Attribute(ast.Name(HOOK, ast.Load()), method, ast.Load())
    return ast.Call(function, list(arguments), [])


def _scope() -> ast.expr:
    return ast.Call(ast.Name("locals", ast.Load()), [], [])


def factors(value: ast.expr) -> list[ast.expr]:
    """Return the learning rates and numbers in a product."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult):
        return factors(value.left) + factors(value.right)
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Div):
        return factors(value.left)
    if isinstance(value, ast.UnaryOp):
        return factors(value.operand)
    named = isinstance(value, ast.Name | ast.Attribute) and RATE.search(_name(value))
    return [value] if named or isinstance(value, ast.Constant) else []


def change(target: ast.expr, value: ast.expr) -> ast.expr | None:
    """Return what is added to or taken from a target by `target = value`, or None."""
    if not isinstance(value, ast.BinOp) or not isinstance(value.op, ast.Add | ast.Sub):
        return None
    own = ast.unparse(target)
    if ast.unparse(value.left) == own:
        return value.right
    if isinstance(value.op, ast.Add) and ast.unparse(value.right) == own:
        return value.left
    inner = change(target, value.left)
    return None if inner is None else inner


class Instrument(ast.NodeTransformer):
    """Puts the reports in; `sites` are the places, in order.

    `told` are names that are printed as a loss: sums under them are losses.
    """

    def __init__(self, told: set[str]) -> None:
        self.told = told
        self.sites: list[Site] = []
        self._functions: list[str] = []
        self._targets: list[set[str]] = []
        self._in_class = False
        self._told = False  # whether the words before a printed number name a loss

    def _site(self, kind: Kind, node: Any, name: str, **more: Any) -> ast.Constant:
        site = Site(kind, node.lineno, name, lossy=bool(LOSS.search(name)), **more)
        self.sites.append(site)
        return ast.Constant(len(self.sites) - 1)

    # functions and classes ---------------------------------------------------------

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Enter a function, which knows the names that it assigns."""
        names = {
            found.id
            for found in ast.walk(node)
            if isinstance(found, ast.Name) and isinstance(found.ctx, ast.Store)
        }
        self._functions.append(node.name)
        self._targets.append(names)
        inside, self._in_class = self._in_class, False
        self.generic_visit(node)
        self._in_class = inside
        self._targets.pop()
        self._functions.pop()
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """Enter a class, whose own statements are left as they are."""
        inside, self._in_class = self._in_class, True
        self.generic_visit(node)
        self._in_class = inside
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        """Report what a function returns whose name tells of a loss."""
        self.generic_visit(node)
        name = self._functions[-1] if self._functions else ""
        if node.value is not None and LOSS.search(name):
            node.value = _call("saw", self._site("return", node, name), node.value)
        return node

    # loops -------------------------------------------------------------------------

    def visit_For(self, node: ast.For) -> ast.AST:
        """Report every pass of a loop."""
        name = f"for {ast.unparse(node.target)} in {ast.unparse(node.iter)}"
        site = self._site("loop", node, name)
        self.generic_visit(node)
        node.iter = _call("each", site, node.iter)
        node.body = _at(node, *self._passes(site, node.body))
        return node

    def visit_While(self, node: ast.While) -> ast.AST:
        """Report every pass of a loop."""
        site = self._site("loop", node, f"while {ast.unparse(node.test)}")
        self.generic_visit(node)
        node.body = _at(node, *self._passes(site, node.body))
        return node

    def _passes(self, site: ast.Constant, body: list[ast.stmt]) -> list[ast.stmt]:
        start: list[ast.stmt] = [ast.Expr(_call("start", site, _scope()))]
        for name in sorted(self._targets[-1]) if self._targets else []:
            text = ast.Constant(name)
            taken = ast.Assign([ast.Name(name, ast.Store())], _call("take", text))
            start.append(ast.If(_call("fresh", text), [taken], []))
        end = ast.Expr(_call("end", site, _scope()))
        return [*start, ast.Try(body, [], [], [end])]

    # assignments -------------------------------------------------------------------

    def visit_Assign(self, node: ast.Assign) -> Any:
        """Report what is assigned, and ask whether it may be."""
        given = node.value
        self.generic_visit(node)
        (target, *others) = node.targets
        if self._in_class or others:
            return node
        if isinstance(target, ast.Tuple) and not any(
            isinstance(part, ast.Starred | ast.Tuple) for part in target.elts
        ):
            return self._several(node, target.elts, given)
        if not isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
            return node
        site = self._assigned(node, target, given)
        made = self._seen(site, node.value)
        allowed = self._allowed(site, target, ast.Name(HELD, ast.Load()))
        return _at(node, made, allowed)

    def _seen(self, site: ast.Constant, value: ast.expr) -> ast.stmt:
        seen = _call("saw", _call("mark", site), value)
        return ast.Assign([ast.Name(HELD, ast.Store())], seen)

    def _several(
        self, node: ast.Assign, targets: list[ast.expr], given: ast.expr
    ) -> list[ast.stmt]:
        values: list[ast.expr | None] = [None] * len(targets)
        if isinstance(given, ast.Tuple) and len(given.elts) == len(targets):
            values = list(given.elts)
        names = [f"{HELD}{place}" for place in range(len(targets))]
        stored: list[ast.expr] = [ast.Name(name, ast.Store()) for name in names]
        begun: list[ast.stmt] = []
        taken: list[ast.stmt] = []
        for name, target, value in zip(names, targets, values, strict=True):
            site = self._assigned(node, target, value)
            begun.append(ast.Expr(_call("mark", site)))
            seen = _call("saw", site, ast.Name(name, ast.Load()))
            taken.append(self._allowed(site, target, seen))
        made = ast.Assign([ast.Tuple(stored, ast.Store())], node.value)
        return _at(node, *begun, made, *taken)

    def _assigned(
        self, node: ast.stmt, target: ast.expr, value: ast.expr | None
    ) -> ast.Constant:
        added = None if value is None else change(target, value)
        return self._site(
            "assign",
            node,
            ast.unparse(target),
            additive=added is not None,
            rate=() if added is None else tuple(map(ast.unparse, factors(added))),
            doc="" if value is None else ast.unparse(value),
        )

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        """Report what is added, and ask whether it may be."""
        rate = tuple(map(ast.unparse, factors(node.value)))
        name, doc = ast.unparse(node.target), ast.unparse(node.value)
        self.generic_visit(node)
        if self._in_class:
            return node
        plain = isinstance(node.op, ast.Add | ast.Sub)
        kind: Kind = "add" if isinstance(node.op, ast.Add) else "assign"
        if isinstance(node.op, ast.Sub) and doc == "1":
            kind = "pick"
        given = {"additive": plain, "rate": rate, "doc": doc, "inplace": True}
        given["minus"] = isinstance(node.op, ast.Sub)
        site = self._site(kind, node, name, **given)
        self.sites[-1].lossy |= name in self.told
        held = ast.Name(HELD, ast.Load())
        made = self._seen(site, node.value)
        grown = ast.AugAssign(node.target, node.op, held)
        asked = self._asked(site, node.target)
        return _at(node, made, ast.If(asked, [grown], []))

    def _allowed(
        self, site: ast.Constant, target: ast.expr, value: ast.expr
    ) -> ast.stmt:
        return ast.If(self._asked(site, target), [ast.Assign([target], value)], [])

    def _asked(self, site: ast.Constant, target: ast.expr) -> ast.expr:
        none: ast.expr = ast.Constant(None)
        holder, key = none, none
        if isinstance(target, ast.Name):
            key = ast.Constant(target.id)
        elif isinstance(target, ast.Attribute):
            holder, key = _load(target.value), ast.Constant(target.attr)
        elif isinstance(target, ast.Subscript):
            holder = _load(target.value)
            own = ast.Attribute(ast.Name(HOOK, ast.Load()), "key", ast.Load())
            key = ast.Subscript(own, _load_slice(target), ast.Load())
        return _call("go", site, _scope(), holder, key)

    # values ------------------------------------------------------------------------

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """Look at what is indexed, and not at the index."""
        node.value = self.visit(node.value)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Report the two sides of a difference."""
        sides = (node.left, node.right)
        counted = _counted(node.left)
        if isinstance(node.op, ast.Div) and counted:
            told = ast.Constant(counted)
            line = ast.Constant(node.lineno)
            self.generic_visit(node)
            return _call("ratio", line, told, node.left, node.right)
        constant = any(isinstance(side, ast.Constant) for side in sides)
        if not isinstance(node.op, ast.Sub) or constant:
            return self.generic_visit(node)
        text = ast.unparse(node)
        self.generic_visit(node)
        return _call("differ", self._site("differ", node, text), node.left, node.right)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Report iterators that are made, and numbers that are printed or kept."""
        function = node.func
        printed = isinstance(function, ast.Name) and function.id == "print"
        kept = isinstance(function, ast.Attribute) and function.attr == "append"
        starred = [isinstance(argument, ast.Starred) for argument in node.args]
        self._told = False
        self.generic_visit(node)
        if printed or kept:
            node.args = [
                argument if star else self._shown(argument, node)
                for star, argument in zip(starred, node.args, strict=True)
            ]
        elif FETCHING.search(_name(function)):
            line = ast.Constant(node.lineno)
            fetched = _call("fetch", line, function, *node.args)
            fetched.keywords = node.keywords
            return ast.copy_location(fetched, node)
        elif isinstance(function, ast.Name) and function.id in ITERATORS:
            line = ast.Constant(node.lineno)
            return ast.copy_location(_call("made", line, node), node)
        return node

    def _shown(self, value: ast.expr, node: ast.Call) -> ast.expr:
        """Return a printed expression whose numbers are reported."""
        if isinstance(value, ast.JoinedStr):
            for part in value.values:
                if isinstance(part, ast.FormattedValue):
                    part.value = self._shown(part.value, node)
                else:
                    self._shown(part, node)
        elif isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add | ast.Mod):
            value.left = self._shown(value.left, node)
            value.right = self._shown(value.right, node)
        elif isinstance(value, ast.Tuple):
            self._told = self._told and len(value.elts) == 1
            value.elts = [self._shown(part, node) for part in value.elts]
        elif isinstance(value, ast.Call) and _name(value.func) in SAYING:
            value.args = [self._shown(part, node) for part in value.args]
        elif isinstance(value, ast.Constant):
            self._told = bool(LOSS.search(str(value.value)))
        elif not isinstance(value, ast.Starred | ast.Compare):
            name = _plain_text(value)
            site = self._site("print", node, name)
            self.sites[-1].lossy |= self._told
            self._told = False
            return _call("saw", site, value)
        return value

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """Widen np.float32."""
        self.generic_visit(node)
        if node.attr in NARROW and _name(node.value) in ("np", "numpy"):
            node.attr = NARROW[node.attr]
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """Widen 'float32'."""
        if isinstance(node.value, str):
            return ast.copy_location(
                ast.Constant(NARROW.get(node.value, node.value)), node
            )
        return node


def _at(node: ast.stmt, *made: ast.stmt) -> list[ast.stmt]:
    """Give statements the line of the one that they are made of."""
    return [ast.copy_location(statement, node) for statement in made]


def _counted(node: ast.expr) -> str:
    """Return the name of a count, without float() and a factor such as 100."""
    if isinstance(node, ast.Call) and _name(node.func) in SAYING and node.args:
        return _counted(node.args[0])
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return _counted(node.left) or _counted(node.right)
    named = isinstance(node, ast.Name) and COUNT.search(node.id)
    return node.id if isinstance(node, ast.Name) and named else ""


def _load_slice(target: ast.Subscript) -> ast.expr:
    read = _load(target)
    assert isinstance(read, ast.Subscript)  # noqa: S101 - it was written from one
    return read.slice


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Name):
        return function.id
    return function.attr if isinstance(function, ast.Attribute) else ""


def _plain_text(value: ast.expr) -> str:
    """Return the text of an expression without the reports in it."""

    class Clean(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.AST:
            self.generic_visit(node)
            function = node.func
            if isinstance(function, ast.Attribute) and _name(function.value) == HOOK:
                if function.attr == "differ":
                    return ast.BinOp(node.args[1], ast.Sub(), node.args[2])
                return node.args[-1]
            return node

    copied = ast.parse(ast.unparse(value), mode="eval").body
    return ast.unparse(Clean().visit(copied))


def told(tree: ast.Module) -> set[str]:
    """Return the names in print statements whose words tell of a loss."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) == "print":
            parts = list(ast.walk(node))
            words = [p.value for p in parts if isinstance(p, ast.Constant)]
            if any(LOSS.search(str(word)) for word in words):
                names |= {p.id for p in parts if isinstance(p, ast.Name)}
    return names


def instrument(tree: ast.Module) -> tuple[ast.Module, list[Site]]:
    """Return a tree with reports, and their places."""
    made = Instrument(told(tree))
    return ast.fix_missing_locations(made.visit(tree)), made.sites
