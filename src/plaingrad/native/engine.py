"""The native engine: trains by machine code, many updates in one call."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ..program import Procedure, Program
from ..run import first_values
from .cached import Function, function
from .flat import in_one
from .table import Table
from .told import Telling

if TYPE_CHECKING:
    from ..train.stretch import Stretch, Watch

Array = np.ndarray[Any, Any]


class Native:
    """Trains a program by machine code.

    Parameters
    ----------
    program, given
        What to train, and the arrays that it reads beside the data.
    count
        How many samples there are to train on, as far as that is known: other numbers
        may cost another compilation.
    seed
        Of the first values; by default that of the program.
    threads
        How many to use at most; by default as many as the work is worth.

    Attributes
    ----------
    parameters, states
        The present values by name. They stay where they are; to set one is to copy.

    Raises
    ------
    Unsupported
        When the program has something without native form.
    """

    name = "native"
    blocking = True
    converged = False

    def __init__(
        self,
        program: Program,
        given: Mapping[str, Array],
        count: int = 1,
        seed: int | None = None,
        threads: int | None = None,
    ) -> None:
        self.program, self.threads = program, threads
        seed = program.loop.seed if seed is None else seed
        self._given = dict(given)
        self._settings = {**program.settings, "seed": seed}
        self._values(*first_values(program, given, seed))
        self._data: dict[str, Array] = {}
        self._update = self._ready(program.update, program.loop.batch_size or count)
        self._evaluation: Table | None = None
        if program.loop.validated or program.loop.plateau is not None:
            self._evaluation = self._ready(program.evaluate, None)

    def _values(
        self, parameters: Mapping[str, Array], states: Mapping[str, Array]
    ) -> None:
        """Take copies of values as those of this engine."""
        # first values are among what is given, too
        masks = {n: mask for n, mask in self._given.items() if n not in parameters}
        groups = in_one([parameters, states, masks])
        self.parameters: dict[str, Array] = groups[0]
        self.states: dict[str, Array] = groups[1]
        self._masks = groups[2]

    def _ready(self, procedure: Procedure, capacity: int | None) -> Table:
        """Return a procedure as a function that is ready to be run."""
        dtype = self.program.dtype
        loss = procedure.results[0] if procedure is self.program.update else None
        return self._table(function(procedure, dtype, capacity, loss))

    def _table(self, made: Function) -> Table:
        values = {**self.parameters, **self.states, **self._masks}
        return Table(made, {**values, **made.facts.constants()})

    def bind(self, data: Mapping[str, Array]) -> None:
        """Take the arrays to train on, by name."""
        self._data = dict(data)
        self._update.bind(data)

    def run(self, stretch: Stretch, watch: Watch) -> int:
        """Do the updates of a stretch and return how many were done.

        It ends after a loss that is not finite, and when the watch is told to stop.
        """
        batch = min(stretch.batch_size, stretch.count)
        self._have_capacity(batch)
        table = self._update
        table.settle({**self._settings, **stretch.fixed})
        table.point("order", stretch.order)
        table.point("losses", watch.losses)
        table.point("control", watch.control)
        with Telling(watch) as told:
            table.enter(
                count=stretch.count,
                batch=batch,
                first=stretch.first,
                updates=stretch.batches,
                step=stretch.step,
                epoch=stretch.epoch,
                told=told,
            )
            return table.run(batch, self.threads, here=bool(told))

    def _have_capacity(self, batch: int) -> None:
        """Compile again for larger batches, when there are such."""
        capacity = self._update.function.facts.capacity
        if capacity is not None and batch > capacity:
            # twice the old one at least, for they may grow from call to call
            self._update = self._ready(self.program.update, max(batch, 2 * capacity))
            self._update.bind(self._data)

    def evaluate(self, X: Array, y: Array) -> tuple[float, float]:
        """Return the loss and the score on data, without dropout."""
        if self._evaluation is None:
            self._evaluation = self._ready(self.program.evaluate, None)
        table = self._evaluation
        table.bind({"X": X, "y": y})
        table.settle(self._settings)
        table.resize(len(X))
        table.run(len(X), self.threads)
        loss, score, *_ = table.numbers()
        return loss, score

    def put(self, parameters: Mapping[str, Array], states: Mapping[str, Array]) -> None:
        """Take on copies of some values, by name."""
        self.parameters.update(parameters)
        self.states.update(states)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return an engine with values of its own; programs never change."""
        made = copy.copy(self)
        made._values(self.parameters, self.states)
        made._update = made._table(self._update.function)
        made._update.bind(self._data)
        if self._evaluation is not None:
            made._evaluation = made._table(self._evaluation.function)
        return made
