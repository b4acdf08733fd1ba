"""Prediction by machine code: a procedure as a function of arrays, quick to call."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..program import Procedure
from .cached import Function, function
from .direct import items, readable
from .table import Table

Array = np.ndarray[Any, Any]
ndarray, empty = np.ndarray, np.empty
ALONE = 20_000_000
"""Up to how many multiplications and additions no other thread is asked for help."""


class Reader:
    """A procedure that computes values of a network from X (and y).

    It may be called from several threads at once.

    Parameters
    ----------
    procedure
        What to compute.
    params
        The parameters, in arrays that stay where they are; what they hold when it is
        called is used.
    dtype
        "float32" or "float64".
    threads
        How many to use at most; by default as many as the work is worth.
    """

    def __init__(
        self,
        procedure: Procedure,
        params: Mapping[str, Array],
        dtype: str,
        threads: int | None = None,
    ) -> None:
        self._procedure, self._params, self._dtype = procedure, params, dtype
        self._threads = threads
        features = procedure.inputs["X"].shape[1:] if "X" in procedure.inputs else ()
        self._size = int(np.prod([size for size in features if isinstance(size, int)]))
        self._axes = 1 + len(features)
        self._single: _Form | None = None
        self._several: _Form | None = None

    def quick(self, X: Any) -> Array | None:
        """Return the only result, when X needs no conversion and no check in Python."""
        if type(X) is ndarray:
            if X.size == self._size:
                if self._single is not None:
                    return self._single.quick(X, 1)
            elif self._several is not None and X.ndim == self._axes:
                return self._several.quick(X, len(X))
        return None

    def __call__(self, X: Array, y: Array | None = None) -> tuple[Any, ...]:
        """Return the results for checked samples, and their targets.

        Raises
        ------
        Unsupported
            When something in the procedure has no native form.
        """
        if len(X) == 1:
            if self._single is None:
                self._single = self._form(1)
            return self._single.results({"X": X, "y": y}, 1, self._threads)
        if self._several is None:
            self._several = self._form(None)
        return self._several.results({"X": X, "y": y}, len(X), self._threads)

    def _form(self, capacity: int | None) -> _Form:
        """Return the procedure, compiled for one sample or for any number."""
        made = function(self._procedure, self._dtype, capacity)
        # a clock is asked for by layers that are random even without training
        leaves = self._procedure.inputs.items()
        numbers = {name: leaf.attrs.get("value", 1) for name, leaf in leaves}
        return _Form(made, self._params, numbers)


class _Form:
    """A procedure for one sample, or for any number, ready to be called."""

    def __init__(
        self, made: Function, params: Mapping[str, Array], numbers: Mapping[str, Any]
    ) -> None:
        facts = made.facts
        self._function, self._read = made, made.read
        self._stored = {**params, **facts.constants()}
        self._numbers = {n: float(numbers[n]) for n in facts.numbers if n in numbers}
        self._free: list[tuple[Table, list[Any]]] = []
        self._most = 0
        if made.read is not None and readable():
            few = ALONE // max(1, facts.work) if facts.shards > 1 else sys.maxsize
            self._most = max(1, few)
            _, kind, shape = facts.results[0]
            self._type = facts.type(kind)
            self._shape = tuple(shape or ())
            self._one = 1, *self._shape

    def quick(self, X: Array, rows: int) -> Array | None:
        """Return the only result, or None when it cannot be had in this way."""
        if not 0 < rows <= self._most:
            return None
        try:
            table, pair = call = self._free.pop()
        except IndexError:
            table, pair = call = self._call()
        if rows != table.rows:
            table.resize(rows)
        shape = self._one if rows == 1 else (rows, *self._shape)
        out: Array = empty(shape, self._type)
        pair[0] = X
        pair[1] = out
        done = self._read(table.reference)
        pair[0] = pair[1] = None
        self._free.append(call)
        return out if done else None

    def results(
        self, data: Mapping[str, Any], rows: int, threads: int | None
    ) -> tuple[Any, ...]:
        """Return the results for checked data."""
        try:
            table, _ = call = self._free.pop()
        except IndexError:
            table, _ = call = self._call()
        facts, found = self._function.facts, []
        table.bind(data)
        for name, kind, shape in facts.results:
            if shape is not None:
                found.append(np.empty((rows, *shape), facts.type(kind)))
                table.point(f"out {name}", found[-1])
        table.resize(rows)
        table.run(rows, threads)
        table.release()
        arrays, numbers = iter(found), table.numbers()
        self._free.append(call)
        return tuple(
            number if shape is None else next(arrays)
            for number, (_, _, shape) in zip(numbers, facts.results, strict=False)
        )

    def _call(self) -> tuple[Table, list[Any]]:
        """Return one more table, for one call at a time, and a place for arrays."""
        table, pair = Table(self._function, self._stored), [None, None]
        table.settle(self._numbers)
        if self._most:
            dtype = self._function.facts.type("float")
            table.enter(pair=items(pair), dtype=id(dtype))
        return table, pair
