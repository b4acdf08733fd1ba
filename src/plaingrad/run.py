"""The reference: runs the very text that is printed.

The text is registered with `linecache`, so tracebacks and debuggers show its lines.
"""

from __future__ import annotations

import copy
import itertools
import linecache
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from .ops.random import uniform
from .program import Procedure, Program
from .write.lines import function_lines, overflows
from .write.update import renewed, update_function

if TYPE_CHECKING:
    from .train.stretch import Stretch, Watch

Array = np.ndarray[Any, Any]

_count = itertools.count(1)


def compile_text(text: str, name: str) -> Callable[..., Any]:
    """Return the function `name` that a text defines."""
    filename = f"<plaingrad {name} {next(_count)}>"
    lines = text.splitlines(keepends=True)
    linecache.cache[filename] = (len(text), None, lines, filename)
    namespace: dict[str, Any] = {"np": np, "uniform": uniform}
    exec(compile(text, filename, "exec"), namespace)  # noqa: S102
    function: Callable[..., Any] = namespace[name]
    weakref.finalize(function, linecache.cache.pop, filename, None)
    return function


def compile_procedure(
    procedure: Procedure,
    dtype: str,
    name: str,
    arguments: Sequence[str],
    results: Sequence[str] | None = None,
) -> Callable[..., tuple[Any, ...]]:
    """Return a Python function that runs a procedure.

    Parameters
    ----------
    procedure
        What to run.
    dtype
        "float32" or "float64".
    name
        The name of the function, for tracebacks.
    arguments, results
        The names that it takes, by position, and those that it returns as a tuple; by
        default the results of the procedure.
    """
    names = procedure.results if results is None else results
    text = "\n".join(function_lines(procedure, dtype, name, arguments, names))
    run = quiet(compile_text(text + "\n", name), procedure)
    return run if len(names) > 1 else lambda *args: (run(*args),)


def quiet(function: Callable[..., Any], procedure: Procedure) -> Callable[..., Any]:
    """Return the function, silent about the overflows that its text may meet."""
    if not overflows(procedure):
        return function

    def run(*args: Any) -> Any:
        with np.errstate(over="ignore"):
            return function(*args)

    return run


class Reference:
    """Trains by running the printed text: the measure of every other engine.

    Attributes
    ----------
    parameters, states
        The present values by name; `update` renews them.
    """

    name = "reference"
    blocking = converged = False

    def __init__(
        self, program: Program, given: Mapping[str, Array], seed: int | None = None
    ) -> None:
        self.program = program
        self.given = dict(given)
        seed = program.loop.seed if seed is None else seed
        self.parameters, self.states = first_values(program, given, seed)
        self._data: dict[str, Array] = {}
        self._settings = {**program.settings, "seed": seed}
        self._arguments = list(program.update.inputs)
        self._renewed = renewed(program)
        self._update = quiet(
            compile_text(update_function(program, self._arguments), "update"),
            program.update,
        )
        self._names = list(program.evaluate.inputs)
        self._evaluate = compile_procedure(
            program.evaluate,
            program.dtype,
            "evaluate",
            self._names,
        )

    def bind(self, data: Mapping[str, Array]) -> None:
        """Take the arrays to train on, by name."""
        self._data = dict(data)

    def run(self, stretch: Stretch, watch: Watch) -> int:
        """Do the updates of a stretch and return how many were done.

        It ends after a loss that is not finite, and when the watch is told to stop.
        """
        whole = stretch.order is None and stretch.batch_size >= stretch.count
        for update in range(stretch.batches):
            epoch, rows = stretch.place(update)
            batch = self._data
            if not whole:
                batch = {name: values[rows] for name, values in batch.items()}
            clock = {"step": stretch.step + update + 1, "epoch": epoch}
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                loss = self.update({**batch, **clock, **stretch.fixed})
            if not watch.enter(loss):
                break
        return watch.done

    def update(self, values: Mapping[str, Any]) -> float:
        """Do one training step; `values` are the batch and the clock, by name."""
        pool = {
            **self._settings,
            **self.given,
            **self.parameters,
            **self.states,
            **values,
        }
        loss, *new = self._update(*[pool[name] for name in self._arguments])
        for name, value in zip(self._renewed, new, strict=True):
            holder = self.states if name in self.states else self.parameters
            holder[name] = value
        return float(loss)

    def evaluate(self, X: Array, y: Array) -> tuple[float, float]:
        """Return the loss and the score on data, without dropout."""
        pool = {**self._settings, **self.given, **self.parameters, "X": X, "y": y}
        loss, score = self._evaluate(*[pool[name] for name in self._names])
        return float(loss), float(score)

    def put(self, parameters: Mapping[str, Array], states: Mapping[str, Array]) -> None:
        """Take on copies of some values, by name."""
        self.parameters.update({n: value.copy() for n, value in parameters.items()})
        self.states.update({n: value.copy() for n, value in states.items()})

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return an engine with values of its own; programs never change."""
        made = copy.copy(self)
        made.parameters = copy.deepcopy(self.parameters, memo)
        made.states = copy.deepcopy(self.states, memo)
        return made


def first_values(
    program: Program, given: Mapping[str, Array], seed: int
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return the parameters as they begin, and the optimiser's memory: zeros."""
    starts = {p.name: p.start for p in program.parameters}
    parameters = draw(starts, seed, program.dtype, given)
    states = {
        name: np.zeros_like(parameters[owner]) for name, owner in program.states.items()
    }
    return parameters, states


def draw(
    starts: Mapping[str, str], seed: int, dtype: str, given: Mapping[str, Array]
) -> dict[str, Array]:
    """Return the first values of parameters, drawn by the printed lines.

    Parameters
    ----------
    starts
        The NumPy text of each parameter, by name, in order.
    seed
        Of the generator `rng`.
    dtype
        "float32" or "float64".
    given
        Arrays that the text may read as `data["name"]`.
    """
    lines = [
        "def start(seed, data):",
        "    rng = np.random.default_rng(seed)",
        *(f"    {name} = {text}" for name, text in starts.items()),
        f"    return [{', '.join(starts)}]",
    ]
    values = compile_text("\n".join(lines) + "\n", "start")(seed, given)
    return {
        name: np.array(value, dtype=dtype)
        for name, value in zip(starts, values, strict=True)
    }
