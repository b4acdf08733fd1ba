"""What is seen while a script runs: its loops, its updates, its numbers.

A `Watch` is what the reports of an instrumented script are made to. It follows the
script to one pass of one loop, the step, may change a parameter as the step begins,
notes every number of the step, and ends the run when the step has ended.
"""

from __future__ import annotations

import copy
import re
import sys
import time
import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .instrument import Site
from .leaves import Leaf, Scope, is_number, owners, walk

PASSES = 300_000
"""Passes of loops that one run may make."""
SECONDS = 10.0
"""How long one run may compute."""
LARGE = 4_000_000
"""Arrays above this size are not looked through."""
LOOK = 0.3
"""How long a first look lasts at least, in seconds."""
ADDING = 1000
"""What loops that add to something weigh more than others, when they are ordered."""
RATE = re.compile(r"^(lr|alpha|eta|rate|learning_?rate|step_size)$", re.I)
"""What learning rates are called."""
COMPARED = re.compile(r"[=<>!]=|[<>]|equal")
"""What tells that an addition counts a row, right or wrong."""
SUMMED = re.compile(r"sum|mean|count")
"""What tells that it adds up many rows at once."""
FETCHED: dict[str, Any] = {}
"""What was loaded, by the place and arguments of the call."""


class Enough(BaseException):
    """Ends a run: `why` is step, passes or seconds."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Goal:
    """The pass of a loop that is examined, counted over the whole run from 1."""

    loop: int
    turn: int


@dataclass
class Notes:
    """What was seen.

    trace:  every number of the step with its place, in order.
    losses: sums that may be the loss, by (site, reading).
    before: the kept leaves as the step began, by path; after: as it ended.
    whole:  paths that held whole numbers as the step began.
    events: (site, path, length of the trace before) of each change of a leaf.
    rates:  the plain factors of each path's step, multiplied.
    sides:  the sums of squares of the two sides of each difference.
    plain:  places that hold a mere difference, with the place of that difference.
    loops:  how deep each loop stood that held a change, more by ADDING where something
            was added; turns: how often it passed.
    miscounted: (rows counted, divisor) by the line of the division.
    cut:    lines that put a fraction into an array of whole numbers.
    exhausted: iterators that were used up: their type and where they were made.
    """

    trace: list[tuple[int, float]] = field(default_factory=list)
    losses: dict[tuple[int, str], float] = field(default_factory=dict)
    counts: dict[tuple[int, str], int] = field(default_factory=dict)
    before: dict[str, np.ndarray] = field(default_factory=dict)
    after: dict[str, np.ndarray] = field(default_factory=dict)
    events: list[tuple[int, str, int]] = field(default_factory=list)
    rates: dict[str, float] = field(default_factory=dict)
    loops: dict[int, int] = field(default_factory=dict)
    turns: dict[int, int] = field(default_factory=dict)
    miscounted: dict[int, tuple[int, float]] = field(default_factory=dict)
    cut: set[int] = field(default_factory=set)
    exhausted: dict[int, tuple[str, int]] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    sides: dict[int, list[float]] = field(default_factory=dict)
    plain: dict[int, int] = field(default_factory=dict)
    reached: bool = False
    ended: bool = False


class _Keys:
    def __getitem__(self, key: Any) -> Any:
        return key


class Watch:
    """The ear of one run.

    Parameters
    ----------
    sites
        The places of the instrumented script.
    goal
        The step to follow, or None to look around.
    changes
        What is added to leaves as the step begins, by path.
    held
        Paths that stay as they are while the step runs.
    keep
        Paths whose values before and after the step are kept.
    brief
        Without a goal: whether to end when the outermost loop has passed three times.
    file
        The name under which the script was compiled.
    """

    key = _Keys()

    def __init__(
        self,
        sites: list[Site],
        goal: Goal | None = None,
        changes: dict[str, np.ndarray] | None = None,
        held: Iterable[str] = (),
        keep: Iterable[str] = (),
        brief: bool = True,
        file: str = "<script>",
    ) -> None:
        self.brief = brief
        self.sites, self.goal, self.file = sites, goal, file
        self.changes, self.held = changes or {}, frozenset(held)
        self._keep = frozenset(keep)
        self.notes = Notes()
        self._stack: list[int] = []
        self._ids: dict[Any, str] = {}
        self._leaves: dict[str, Leaf] = {}
        self._marks: dict[int, int] = {}
        self._fresh: dict[str, Any] = {}
        self._home: Any = None
        self._trouble: BaseException | None = None
        self._difference: tuple[Any, int] = (None, -1)
        self._made: dict[int, tuple[Any, int]] = {}
        self._seen_iterators: dict[int, Any] = {}
        self._passes = 0
        self._counts: dict[str, int] = {}
        self._last: Any = None
        self._began = time.process_time()

    # loops -------------------------------------------------------------------------

    def each(self, site: int, values: Any) -> Iterator[Any]:
        """Pass on what a loop runs over; note an iterator that is used up."""
        passed = iter(values)
        if passed is not values:
            yield from passed
            return
        again = id(values) in self._seen_iterators
        self._seen_iterators[id(values)] = values
        empty = True
        for value in values:
            empty = False
            yield value
        if again and empty and site not in self.notes.exhausted:
            line = self._made.get(id(values), (None, self.sites[site].line))[1]
            self.notes.exhausted[site] = (type(values).__name__, line)

    def fetch(self, site: int, function: Any, *given: Any, **named: Any) -> Any:
        """Load data once for all runs; each run has its own copy."""
        if getattr(function, "__module__", None) == "__main__":
            return function(*given, **named)
        key = f"{site} {given!r} {named!r}"
        if key not in FETCHED:
            FETCHED[key] = function(*given, **named)
        try:
            return copy.deepcopy(FETCHED[key])
        except TypeError:  # it holds an open file, as what np.load returns may
            return FETCHED.pop(key)

    def made(self, line: int, values: Any) -> Any:
        """Note where an iterator was made."""
        self._made[id(values)] = (values, line)
        return values

    def start(self, site: int, scope: Scope) -> None:
        """Note that a pass of a loop begins."""
        self._passes += 1
        if self._passes > PASSES:
            raise Enough("passes")
        if time.process_time() - self._began > SECONDS:
            raise Enough("seconds")
        self._stack.append(site)
        turn = self.notes.turns[site] = self.notes.turns.get(site, 0) + 1
        if self.goal == Goal(site, turn) and not self.notes.reached:
            self._begin(sys._getframe(1), scope)

    def end(self, site: int, scope: Scope) -> None:
        """Note that a pass of a loop ends, whatever ended it."""
        while self._stack and self._stack.pop() != site:
            pass
        goal = self.goal
        if goal is None:
            often = not self._stack and self.notes.turns[site] >= 3
            learning = self.notes.loops.get(site, 0) > ADDING
            if (
                self.brief
                and often
                and learning
                and time.process_time() > self._began + LOOK
            ):
                raise Enough("step")
            return
        if sys.exc_info()[1] is not self._trouble:
            return  # an error is on its way out
        reached = self.notes.reached and goal.loop == site
        if reached and not self.notes.ended and self.notes.turns[site] == goal.turn:
            self._finish(scope)
            raise Enough("step")

    def _scopes(self, frame: Any, scope: Scope) -> list[tuple[str, Scope]]:
        names: list[tuple[str, Scope]] = [("", scope)]
        seen = set(scope)
        outer = frame.f_back
        while outer is not None:
            if outer.f_code.co_filename == self.file and outer.f_code.co_name[0] != "<":
                held = {n: v for n, v in outer.f_locals.items() if n not in seen}
                names.append(("", held))
                seen |= set(held)
            outer = outer.f_back
        if scope is not frame.f_globals:
            names.append(("", frame.f_globals))
        return names

    def _begin(self, frame: Any, scope: Scope) -> None:
        """Take note of the leaves, and change those that are to be changed."""
        notes = self.notes
        notes.reached = True
        self._trouble = sys.exc_info()[1]
        self._home = frame.f_code
        for leaf in walk(self._scopes(frame, scope)):
            if leaf.path in self._leaves:
                continue
            self._leaves[leaf.path] = leaf
            for owner in owners(leaf):
                self._ids[owner] = leaf.path
            if leaf.holder is scope or leaf.holder is frame.f_globals:
                self._ids["name", leaf.path] = leaf.path
            if leaf.group:
                continue
            if leaf.path in self._keep:
                notes.before[leaf.path] = leaf.read()
            if np.asarray(leaf.value).dtype.kind in "iu":
                notes.whole.add(leaf.path)
        for path, added in self.changes.items():
            leaf = self._leaves[path]
            leaf.write(leaf.read() + added)
            local = leaf.holder is scope and scope is not frame.f_globals
            if local and not isinstance(leaf.value, list):
                self._fresh[path] = leaf.value
            for owner in owners(leaf):
                self._ids[owner] = path

    def _finish(self, scope: Scope) -> None:
        notes = self.notes
        notes.ended = True
        frame = sys._getframe(2)
        for leaf in walk(self._scopes(frame, scope)):
            if leaf.path not in notes.before or leaf.path in notes.after or leaf.group:
                continue
            notes.after[leaf.path] = leaf.read()
            if np.asarray(leaf.value).dtype.kind not in "iu":
                notes.whole.discard(leaf.path)

    def fresh(self, name: str) -> bool:
        """Say whether a local name is to take a changed value."""
        return name in self._fresh

    def take(self, name: str) -> Any:
        """Return the changed value of a local name."""
        return self._fresh.pop(name)

    # values ------------------------------------------------------------------------

    @property
    def _open(self) -> bool:
        return self.notes.reached and not self.notes.ended

    def mark(self, site: int) -> int:
        """Note that a statement begins, and return its place."""
        self._marks[site] = len(self.notes.trace)
        return site

    def saw(self, site: int, value: Any) -> Any:
        """Note a value that is assigned, printed or returned."""
        if self._open:
            self._note(site, value)
        elif self.goal is None:
            self._last = value
        return value

    def _note(self, site: int, value: Any) -> None:
        place = self.sites[site]
        if value is self._difference[0]:
            self.notes.plain[site] = self._difference[1]
        if is_number(value):
            number = -float(value) if place.minus else float(value)
            self.notes.trace.append((site, number))
            self._sum(site, "value", number)
            return
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiub":
            if not isinstance(value, list) or not value or not is_number(value[0]):
                return
            value = np.array(value, dtype=object)
            if not all(map(is_number, value)):
                return
            value = value.astype(np.float64)
        if value.size == 0 or value.size > LARGE:
            return
        with np.errstate(all="ignore"):
            flat = value.reshape(-1).astype(np.float64, copy=False)
            self.notes.trace.append((site, float(flat @ flat)))
            if value.size == 1 or place.lossy:
                self._sum(site, "value", float(flat.sum()))

    def _sum(self, site: int, reading: str, number: float) -> None:
        """Keep the first, the last and the sum of what a place reports."""
        losses, counts = self.notes.losses, self.notes.counts
        key = (site, reading)
        count = counts[key] = counts.get(key, 0) + 1
        losses[key] = losses.get(key, 0.0) + number
        losses[site, reading + " last"] = number
        if count == 1:
            losses[site, reading + " first"] = number

    def differ(self, site: int, left: Any, right: Any) -> Any:
        """Note the losses that a difference implies, and return it."""
        result = left - right
        if self._open and not isinstance(result, np.ndarray | float | np.number):
            return result
        if self._open and np.size(result) <= LARGE:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._imply(site, np.asarray(left), np.asarray(right))
            self._difference = (result, site)
        return result

    def _imply(self, site: int, left: np.ndarray, right: np.ndarray) -> None:
        if left.dtype.kind not in "fiub" or right.dtype.kind not in "fiub":
            return
        gap = np.subtract(left, right, dtype=np.float64).reshape(-1)
        half = 0.5 * float(gap @ gap)
        self.notes.trace.append((site, half))
        self._sum(site, "squares", half)
        sides = self.notes.sides.setdefault(site, [0.0, 0.0])
        sides[0] += float(np.sum(np.square(left, dtype=np.float64)))
        sides[1] += float(np.sum(np.square(right, dtype=np.float64)))
        if left.shape != right.shape:
            return
        for reading, target, guess in (("right", left, right), ("left", right, left)):
            if not (_within(guess) and _within(target)):
                continue
            entropy = -float(np.sum(target * np.log(guess)))
            other = -float(np.sum((1 - target) * np.log1p(-guess)))
            if guess.ndim and guess.shape[-1] > 1:
                self._sum(site, f"entropy {reading}", entropy)
            self._sum(site, f"binary {reading}", entropy + other)

    def go(self, site: int, scope: Scope, holder: Any, key: Any) -> bool:
        """Note that something is to change, and say whether it may."""
        place = self.sites[site]
        if self.goal is None:
            with suppress(TypeError, ValueError):  # what is no number is not counted
                self._count(place, holder, key)
            for depth, loop in enumerate(self._stack, start=1):
                weight = depth + ADDING * place.additive
                self.notes.loops[loop] = max(weight, self.notes.loops.get(loop, 0))
        if not self._open:
            return True
        if place.kind == "pick":
            self._pick(site, holder, key)
        path = self._path(place, scope, holder, key)
        if path is None:
            return True
        paths = [path]
        if self._leaves[path].group:
            paths = [
                one for one in self._leaves if one.startswith((path + "[", path + "."))
            ]
        for one in paths:
            self.notes.events.append((site, one, self._marks.get(site, 0)))
            if place.additive and one not in self.notes.rates:
                self.notes.rates[one] = self._rate(place, scope)
        return not self.held.intersection(paths)

    def _count(self, place: Site, holder: Any, key: Any) -> None:
        """Count rows, and see fractions that are cut off."""
        if holder is None:
            single = COMPARED.search(place.doc) and not SUMMED.search(place.doc)
            compared = place.inplace and single
            one = compared and is_number(self._last) and self._last in (0, 1)
            more = self._counts.get(key, 0) + 1 if one else -PASSES
            self._counts[key] = more if place.inplace else 0
        elif isinstance(holder, np.ndarray) and holder.dtype.kind in "iu":
            parts = np.mod(np.asarray(self._last, dtype=np.float64), 1)
            if place.additive and np.any(parts):
                self.notes.cut.add(place.line)

    def ratio(self, line: int, name: str, left: Any, right: Any) -> Any:
        """Note by what a count is divided, and return the quotient."""
        counted = self._counts.get(name, 0)
        if self.goal is None and counted > 0 and is_number(right):
            self.notes.miscounted[line] = (counted, float(right))
            if counted == right:  # what was said before was said on the way
                del self.notes.miscounted[line]
        return left / right

    def _pick(self, site: int, holder: Any, key: Any) -> None:
        """Note the loss that `probs[rows, labels] -= 1` implies."""
        if isinstance(holder, np.ndarray) and _within(holder):
            with np.errstate(all="ignore"):
                self._sum(site, "picked", -float(np.sum(np.log(holder[key]))))

    def _path(self, site: Site, scope: Scope, holder: Any, key: Any) -> str | None:
        """Return the path of the leaf that a statement changes, or None."""
        frame = sys._getframe(2)
        if holder is None:
            value = scope.get(key, frame.f_globals.get(key))
            if site.inplace and isinstance(value, np.ndarray | list):
                return self._ids.get(id(value))
            at_home = frame.f_code is self._home or key not in scope
            if at_home or scope is frame.f_globals:
                return self._ids.get(("name", key))
            return None
        while isinstance(holder, np.ndarray):
            if id(holder) in self._ids:
                return self._ids[id(holder)]
            holder = holder.base
        if isinstance(holder, list) and id(holder) in self._ids:
            return self._ids[id(holder)]
        table = (
            holder
            if isinstance(holder, dict | list)
            else getattr(holder, "__dict__", {})
        )
        try:
            if site.inplace and isinstance(table[key], np.ndarray):
                return self._ids.get(id(table[key]))
            return self._ids.get((id(table), key))
        except (KeyError, IndexError, TypeError):
            return None

    def _rate(self, place: Site, scope: Scope) -> float:
        """Return the product of the plain numbers in what is added.

        Where there is none, as in `W += velocity`, it is the only number with the name
        of a learning rate.
        """
        frame, rate, known = sys._getframe(2), 1.0, False
        for text in place.rate:
            try:
                value = eval(text, frame.f_globals, dict(scope))  # noqa: S307
            except Exception:  # noqa: S112
                continue
            if is_number(value) and value:
                rate, known = rate * abs(float(value)), True
        named = {
            abs(float(value))
            for name, value in {**frame.f_globals, **scope}.items()
            if RATE.search(name) and is_number(value) and value
        }
        return named.pop() if not known and len(named) == 1 else rate


def _within(values: np.ndarray) -> bool:
    return bool(np.all(values >= 0) and np.all(values <= 1))
