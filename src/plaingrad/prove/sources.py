"""The source text of the user's functions, and the functions that a changed text makes.

Changed functions live in namespaces of their own: what the user's modules hold is
copied by name, never replaced.
"""

from __future__ import annotations

import ast
import copy
import functools
import inspect
import sys
import textwrap
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from .calling import Function, plain_function, user_functions
from .evidence import Behaviour
from .places import Scope

FILE = "<checked by plaingrad>"
Adapt = Callable[[Any], Any]
"""From something of the user's to the same with changed functions."""


class Code(Protocol):
    """Text that can be changed and run: functions, or a script."""

    tree: ast.Module

    @property
    def scopes(self) -> Mapping[str, Scope]:
        """What names held, by the function they are in; "" outside of functions."""

    def build(self, tree: ast.Module, changed: int | None = None) -> Behaviour:
        """Return what the code does when its text is another.

        `changed` tells which statement of the tree is not what it was when the same
        tree was built before; None when that is not known.
        """


class FunctionCode:
    """The text of functions and of what they call in the same file.

    Parameters
    ----------
    functions
        Functions, methods, lambdas, partials, or objects with methods.
    remake
        Makes what is to be checked, given a way to adapt the user's things.

    Raises
    ------
    OSError
        When there is no source text, as in an interactive session.
    """

    def __init__(
        self, functions: Sequence[Function], remake: Callable[[Adapt], Behaviour]
    ) -> None:
        self.remake = remake
        found = [part for f in functions for part in user_functions(f)]
        self.all = list(dict.fromkeys(found))
        self.originals: list[types.FunctionType] = []
        body: list[ast.stmt] = []
        for function in self.all:
            definition = _definition(function)
            if definition is not None:
                self.originals.append(function)
                body.append(definition)
        if not body:
            raise OSError("no source text")
        self.tree = ast.Module(body, [])
        self.known, self.codes = self.tree, [_compiled(part) for part in body]

    def build(self, tree: ast.Module, changed: int | None = None) -> Behaviour:
        """Return what the code does when its text is another."""
        if changed is None or tree is not self.known:
            self.known, self.codes = tree, [_compiled(part) for part in tree.body]
        codes = list(self.codes)
        if changed is not None:
            codes[changed] = _compiled(tree.body[changed])
        return self.remake(_Namespaces(self.all, self.originals, codes).adapt)

    @functools.cached_property
    def scopes(self) -> Mapping[str, Scope]:
        """What names held, by the function they are in; see `watch`."""
        return {}

    def watch(self, run: Callable[[Behaviour], Any]) -> None:
        """Run the code once and note what the names hold when a function returns."""
        spaces = _Namespaces(self.all, self.originals, self.codes)
        seen: dict[str, dict[str, Any]] = {}

        def note(frame: types.FrameType, event: str, _: Any) -> None:
            if event == "return" and frame.f_code.co_filename == FILE:
                name = frame.f_code.co_name
                seen.setdefault(name, {**frame.f_globals}).update(frame.f_locals)

        behaviour = self.remake(spaces.adapt)
        before = sys.getprofile()
        sys.setprofile(note)
        try:
            run(behaviour)
        finally:
            sys.setprofile(before)
        self.scopes = seen


class _Namespaces:
    """The functions of a tree, in copies of the modules that they belong to."""

    def __init__(
        self,
        everything: Sequence[types.FunctionType],
        originals: Sequence[types.FunctionType],
        codes: Sequence[types.CodeType],
    ) -> None:
        self.everything = everything
        self.spaces: dict[int, dict[str, Any]] = {}
        self.made: dict[int, Any] = {}
        self.kept: list[Any] = []
        for function in everything:
            space = self._space(function)
            for name, cell in zip(
                function.__code__.co_freevars, function.__closure__ or (), strict=True
            ):
                space.setdefault(name, _content(cell))
        for function, code in zip(originals, codes, strict=True):
            self._define(function, code)
        for space in self.spaces.values():
            for name, value in list(space.items()):
                space[name] = self.adapt(value)

    def _space(self, function: types.FunctionType) -> dict[str, Any]:
        globals_ = function.__globals__
        return self.spaces.setdefault(id(globals_), dict(globals_))

    def _define(self, function: types.FunctionType, code: types.CodeType) -> None:
        held: dict[str, Any] = {}
        exec(code, self._space(function), held)  # noqa: S102
        (new,) = held.values()
        new.__defaults__ = function.__defaults__
        new.__kwdefaults__ = function.__kwdefaults__
        self.made[id(function)] = new

    def adapt(self, value: Any) -> Any:
        """Return something of the user's with the functions of the tree in it."""
        if id(value) in self.made:
            return self.made[id(value)]
        new = self._adapted(value)
        if new is not value:
            self.made[id(value)] = new
            self.kept.append(value)
        return new

    def _adapted(self, value: Any) -> Any:
        if isinstance(value, types.FunctionType):
            return self._moved(value) if value in self.everything else value
        if isinstance(value, types.MethodType):
            owner, function = self.adapt(value.__self__), self.adapt(value.__func__)
            return types.MethodType(function, owner)
        if isinstance(value, functools.partial):
            args = [self.adapt(part) for part in value.args]
            return functools.partial(self.adapt(value.func), *args, **value.keywords)
        if isinstance(value, type):
            new = {
                name: self.made[id(part)]
                for name, part in vars(value).items()
                if id(part) in self.made
            }
            return type(value.__name__, (value,), new) if new else value
        if hasattr(value, "__dict__") and not isinstance(value, types.ModuleType):
            kind = self.adapt(type(value))
            if kind is not type(value):
                made = copy.copy(value)
                made.__class__ = kind
                return made
        return value

    def _moved(self, function: types.FunctionType) -> types.FunctionType:
        cells = tuple(
            types.CellType(self.adapt(_content(cell)))
            for cell in function.__closure__ or ()
        )
        made = types.FunctionType(
            function.__code__,
            self._space(function),
            function.__name__,
            function.__defaults__,
            cells,
        )
        made.__kwdefaults__ = function.__kwdefaults__
        return made


def _compiled(definition: ast.stmt) -> types.CodeType:
    return compile(ast.Module([definition], []), FILE, "exec")


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None  # not filled yet


def _definition(function: types.FunctionType) -> ast.stmt | None:
    """Return the text of a function as a tree, with the line numbers of its file."""
    if plain_function(function) is not function or function.__name__ == "<lambda>":
        return None
    try:
        lines, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, SyntaxError, TypeError):
        return None
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef):
        return None
    definition.decorator_list = []
    ast.increment_lineno(tree, first - 1)
    return definition
