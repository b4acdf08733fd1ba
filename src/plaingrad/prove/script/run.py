"""One run of a script under a watch, always with the same random numbers."""

from __future__ import annotations

import ast
import io
import itertools
import random
import sys
import time
import traceback
import types
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .instrument import HOOK, Site, instrument
from .watch import Enough, Notes, Watch

SEED = 20_17
CLOCKS = ("time", "perf_counter", "monotonic")
"""Clocks that tell the same in every run: they tick whenever they are asked."""
TICK = 1e-3
"""How far a clock goes on then, in seconds."""
RUNS: list[int] = []
"""One entry for each run in this process."""


def count() -> int:
    """Return how often scripts were run in this process."""
    return len(RUNS)


@dataclass
class Script:
    """A script that is ready to run: its text, its code with reports, the places.

    `single` is for a script without a loop that trains: the number of the statement
    from which on it is run as one pass of a loop.
    """

    path: Path
    text: str
    code: Any
    sites: list[Site]
    single: int | None = None


@dataclass
class Ran:
    """How a run went: what was seen, and why it ended before its own end.

    `why` is None, step, passes, seconds or error; then `error` is the exception and
    `line` the script's own line where it arose. `scopes` is what the names of each
    function held when it returned, and under "" those of the script.
    """

    notes: Notes
    why: str | None = None
    error: BaseException | None = None
    line: int | None = None
    scopes: dict[str, dict[str, Any]] = field(default_factory=dict)


def prepare(path: Path, text: str, single: int | None = None) -> Script:
    """Return a script that is ready to run."""
    tree = ast.parse(text)
    if single is not None:
        first = tree.body[single]
        once = ast.Tuple([ast.Constant(0)], ast.Load())
        loop = ast.For(ast.Name("_", ast.Store()), once, tree.body[single:], [])
        tree.body[single:] = [ast.copy_location(loop, first)]
        ast.fix_missing_locations(tree)
    tree, sites = instrument(tree)
    return Script(path, text, compile(tree, str(path), "exec"), sites, single)


def run(script: Script, scopes: bool = False, **settings: Any) -> Ran:
    """Run a script under a watch; the settings are those of `Watch`."""
    RUNS.append(1)
    watch = Watch(script.sites, file=str(script.path), **settings)
    names = {"__name__": "__main__", "__file__": str(script.path), HOOK: watch}
    ran = Ran(watch.notes)
    noting = _noting(script, ran.scopes) if scopes else nullcontext()
    with _quiet(), _same_chances(), noting:
        try:
            exec(script.code, names)  # noqa: S102 - the user's own script, as announced
        except Enough as enough:
            ran.why = enough.why
        except SystemExit:
            pass
        except Exception as error:
            ran.why, ran.error = "error", error
            ran.line = _line(error, script.path)
    ran.scopes[""] = names
    return ran


def _line(error: BaseException, path: Path) -> int | None:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame.lineno for frame in frames if frame.filename == str(path)]
    return own[-1] if own else None


@contextmanager
def _noting(script: Script, scopes: dict[str, dict[str, Any]]) -> Iterator[None]:
    """Note what the names of the script's functions hold when they return."""

    def note(frame: types.FrameType, event: str, _: Any) -> None:
        if event == "return" and frame.f_code.co_filename == str(script.path):
            scopes.setdefault(frame.f_code.co_name, {}).update(frame.f_locals)

    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(None)


class _Nowhere(io.TextIOBase):
    """Takes text and forgets it."""

    def write(self, text: str) -> int:
        """Forget a text."""
        return len(text)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what a script prints, warns and asks to itself."""
    given, sys.stdin = sys.stdin, io.StringIO()
    try:
        with (
            redirect_stdout(_Nowhere()),
            redirect_stderr(_Nowhere()),
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.stdin = given


@contextmanager
def _same_chances() -> Iterator[None]:
    """Begin every run with the same random numbers and the same time of day."""
    make, seeded = np.random.default_rng, np.random.seed
    clocks = {name: getattr(time, name) for name in CLOCKS}
    ticks = itertools.count(1)

    def generator(seed: Any = None) -> np.random.Generator:
        return make(SEED if seed is None else seed)

    def seed(seed: Any = None) -> None:
        seeded(SEED if seed is None else seed)

    random.seed(SEED)
    seeded(SEED)
    np.random.default_rng, np.random.seed = generator, seed
    for name in CLOCKS:
        setattr(time, name, lambda: TICK * next(ticks))
    try:
        yield
    finally:
        np.random.default_rng, np.random.seed = make, seeded
        for name, clock in clocks.items():
            setattr(time, name, clock)
