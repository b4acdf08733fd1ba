"""`check`: gradients that the user's own code claims, against measured slopes."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import DataError, whole
from .calling import Calls, Function
from .diagnose import Finding, diagnose, text_remarks
from .differences import number
from .evidence import Behaviour, Evidence, Point, points
from .parameters import Array, Arrays, Parameters, claims, parameters
from .sources import Adapt, FunctionCode
from .verdict import CheckReport, known_language, report


def check(
    loss: Function,
    params: Any,
    grads: Any = None,
    *,
    entries: int = 40,
    lang: str = "en",
) -> CheckReport:
    """Compare gradients with the slopes of a loss, and say what is wrong with them.

    The code may be any Python: the loss is called with parameters that are changed a
    little, and what comes out is looked at. Nothing that belongs to the caller changes.

    Parameters
    ----------
    loss
        Returns one number. It is called as `loss(params)`, as `loss(*arrays)` or
        `loss(**arrays)` when it has as many arguments, and as `loss()` when it has none
        and uses the arrays of `params` as they are. It may return `(loss, grads)`.
    params
        Parameters: a dict, list, tuple, object, or one array. They must be floats. In
        an object, what has no gradient is taken for data.
    grads
        The claimed gradients, in the manner of `params` (a gradient of W1 may be called
        W1, dW1, grad_W1); or a function that returns them, called like the loss. With a
        function more is found: the line to change, and a change that was proved.
    entries
        How many entries of each array are looked at one by one; all entries of larger
        arrays are looked at together.
    lang
        The language of the report: "en" or "zh".

    Returns
    -------
    CheckReport
        Print it; `.ok` says whether all is right.

    Raises
    ------
    DataError
        When there is no float parameter, the loss is not one finite number, or it is
        another one each time.
    SettingError
        When `entries` or `lang` is not what it may be.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0, 2.0, 3.0])
    >>> check(lambda w: (w ** 2).sum(), x, lambda w: -2 * w).findings[0].cause
    'sign'
    """
    whole("entries", entries)
    known_language(lang)
    functions = [f for f in (loss, grads) if callable(f)]

    def make(adapt: Adapt) -> Made:
        return adapt(loss), adapt(grads) if callable(grads) else grads

    subject = Subject(functions, parameters(params, _first(loss)), make)
    return report(*examine(subject, entries), lang)


def _first(f: Function) -> str:
    """Return what a function calls its first argument."""
    try:
        return next(iter(inspect.signature(f).parameters), "x")
    except (ValueError, TypeError):
        return "x"


Made = tuple[Function, Any]
"""A loss, and gradients: a function, arrays, or None when the loss returns both."""


class Subject:
    """The user's code, as a behaviour: what its loss and its gradients are.

    Parameters
    ----------
    functions
        What belongs to the user: functions, methods, lambdas.
    params
        The parameters.
    make
        Makes loss and gradients, given a way to adapt what belongs to the user.
    """

    def __init__(
        self,
        functions: Sequence[Function],
        params: Parameters,
        make: Callable[[Adapt], Made],
    ) -> None:
        self.functions, self.params, self.make = functions, params, make
        loss, grads = make(_as_it_is)
        self.follows = callable(grads) or grads is None
        self.way = _way(loss, params)
        self.grads_way = _way(grads, params) if callable(grads) else self.way
        own = list(params.arrays.values())
        self.calls = Calls(functions, own)
        self.in_place = "none" in (self.way, self.grads_way)
        if self.in_place and not all(array.flags.writeable for array in own):
            raise DataError(
                "the loss has no arguments, so the parameters must be changed where "
                "they are (and put back), but one of them is a plain number or "
                "read-only. Hand over a loss that takes the parameters."
            )
        self.changed: list[str] = []
        self.unclaimed: list[str] = []

    def start(self) -> Arrays:
        """Return the given parameters; in float64, where they are handed over."""
        return {
            name: array.copy() if self.in_place else array.astype(np.float64)
            for name, array in self.params.arrays.items()
            if name not in self.unclaimed
        }

    def behaviour(self, adapt: Adapt | None = None) -> Behaviour:
        """Return what the code does, with some of it adapted."""
        change = adapt or _as_it_is
        loss, grads = self.make(change)

        def both(arrays: Mapping[str, Array]) -> Any:
            return self._call(loss, self.way, arrays, change)

        def value(arrays: Mapping[str, Array]) -> float:
            found = both(arrays)
            return number(found[0] if isinstance(found, tuple) and found else found)

        def gradients(arrays: Mapping[str, Array]) -> Mapping[str, Any]:
            if callable(grads):
                return self._claims(self._call(grads, self.grads_way, arrays, change))
            return self._claims(_second(both(arrays)) if grads is None else grads)

        return Behaviour(value, gradients)

    def leave_out(self, claimed: Mapping[str, Any]) -> None:
        """Leave out what may be no parameter: numbers of an object without a claim."""
        if self.params.loose:
            without = [name for name, claim in claimed.items() if claim is None]
            self.unclaimed = without if len(without) < len(claimed) else []

    def _claims(self, found: Any) -> dict[str, Any]:
        among = type(found) is type(self.params.structure)
        own = not among or isinstance(found, (Mapping, list, tuple, np.ndarray))
        return claims(found, self.params, own)

    def _call(
        self, f: Function, way: str, arrays: Mapping[str, Array], adapt: Adapt
    ) -> Any:
        """Call a function with copies of the parameters."""
        arrays = {**self.params.arrays, **arrays}
        copies = {name: array.copy() for name, array in arrays.items()}
        if way == "none":
            return self.calls(lambda: self._in_place(f, copies))
        if way == "whole":
            whole_ = adapt(self.params.rebuild(copies))
            found = self.calls(lambda: f(whole_))
        elif way == "names":
            found = self.calls(lambda: f(**copies))
        else:
            found = self.calls(lambda: f(*copies.values()))
        self._note(copies, arrays)
        return found

    def _in_place(self, f: Function, copies: Mapping[str, Array]) -> Any:
        before = {name: array.copy() for name, array in self.params.arrays.items()}
        try:
            for name, array in self.params.arrays.items():
                array[...] = copies[name]
            found = f()
            self._note(self.params.arrays, copies)
            return found
        finally:
            for name, array in self.params.arrays.items():
                array[...] = before[name]

    def _note(self, after: Mapping[str, Array], before: Mapping[str, Array]) -> None:
        for name in after:
            if name not in self.changed and not np.array_equal(
                after[name], before[name], equal_nan=True
            ):
                self.changed.append(name)


def _as_it_is(value: Any) -> Any:
    return value


def _second(found: Any) -> Any:
    """Return the gradients of what a loss returned beside them."""
    if not isinstance(found, tuple) or len(found) != 2:
        raise DataError(
            "no gradients to check: hand them over as check(loss, params, grads), or "
            "let the loss return (loss, grads)."
        )
    return found[1]


def _way(f: Function, params: Parameters) -> str:
    """Return how a function wants the parameters: whole, names, places or none."""
    try:
        arguments = inspect.signature(f).parameters.values()
    except (ValueError, TypeError):
        return "whole"
    starred = [p for p in arguments if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    needed = [p.name for p in arguments if p.default is p.empty and p not in starred]
    if not needed:
        return "whole" if starred else "none"
    if len(needed) == 1:
        return "whole"
    if set(needed) == set(params.arrays):
        return "names"
    if len(needed) == len(params.arrays):
        return "places"
    name, listed = getattr(f, "__name__", "f"), ", ".join(needed)
    raise DataError(
        f"the function {name} wants {len(needed)} arguments ({listed}). It is called "
        f"with the parameters only: hand over lambda params: {name}(params, X, y)."
    )


def examine(
    subject: Subject, entries: int, why: bool = True
) -> tuple[Evidence, list[Finding]]:
    """Return evidence about the user's code, and, if wanted, what explains it."""
    behaviour, start = subject.behaviour(), subject.start()
    subject.calls.steady(lambda: behaviour.loss(start), "the loss")
    claimed = subject.calls.steady(lambda: behaviour.gradients(start), "the gradient")
    subject.leave_out(claimed)
    start = subject.start()
    seen: list[Point] = []
    for point in points(behaviour, start, entries):
        seen.append(point)
        if not subject.follows:
            break
    evidence = Evidence(tuple(seen), *_facts(subject))
    changed = [*subject.changed, *subject.calls.changed]
    if not why:
        return evidence, []
    code = _code(subject)
    squared = code is None or bool(re.search(r"\*\* 2|square", ast.unparse(code.tree)))
    findings = diagnose(evidence, code, squared)
    if changed:
        findings.append(Finding("changes", holds=", ".join(changed)))
    return evidence, [*findings, *_remarks(subject, behaviour, evidence, code)]


def _facts(subject: Subject) -> tuple[dict[str, float], frozenset[int]]:
    """Return the numbers around the code, and how many samples there may be."""
    own = [id(array) for array in subject.params.arrays.values()]
    values = {**subject.calls.values}
    for value in subject.calls.values.values():
        values |= value if isinstance(value, dict) else {}
    scalars = {
        str(name): float(value)
        for name, value in values.items()
        if isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    }
    sizes = {
        len(value)
        for value in values.values()
        if isinstance(value, np.ndarray) and value.ndim and id(value) not in own
    }
    return scalars, frozenset(sizes)


def _code(subject: Subject) -> FunctionCode | None:
    """Return the text of the user's functions, if it can be read and run."""
    try:
        code = FunctionCode(subject.functions, subject.behaviour)
        start = subject.start()
        code.watch(lambda b: (b.loss(start), b.gradients(start)))
    except Exception:
        return None
    return code


def _remarks(
    subject: Subject,
    behaviour: Behaviour,
    evidence: Evidence,
    code: FunctionCode | None,
) -> Iterator[Finding]:
    if subject.unclaimed:
        yield Finding("unclaimed", holds=", ".join(subject.unclaimed))
    if subject.calls.random:
        yield Finding("random", holds="np.random.seed(0)")
    noise = max(m.slopes.noise for p in evidence.points for m in p.measured.values())
    claimed = [np.asarray(c).dtype for c in evidence.points[0].claimed.values()]
    size = abs(behaviour.loss(evidence.points[0].params)) + 1e-30
    if noise / size > 1e-9 or any(d.kind == "f" and d.itemsize < 8 for d in claimed):
        yield Finding("float32", holds=f"|f - f32| ~ {noise:.1e}")
    kinks = sum(
        int(m.slopes.kink.sum()) for p in evidence.points for m in p.measured.values()
    )
    if kinks:
        yield Finding("kink", holds=f"{kinks}")
    if code is not None:

        def nan() -> bool:
            large = {n: 1000 * a for n, a in subject.start().items()}
            return bool(np.isnan(behaviour.loss(large)))

        yield from text_remarks(code.tree, nan, bool(kinks))
