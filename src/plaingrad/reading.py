"""What is read off a network: by machine code, or by the text that is printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any, cast

import numpy as np

from .native.errors import Unsupported
from .native.flat import Views
from .program import Procedure
from .run import compile_procedure

Array = np.ndarray[Any, Any]
CHUNK = 4096
"""How many samples the text is run on at a time."""


def written(
    procedure: Procedure, params: Mapping[str, Array], dtype: str
) -> Callable[..., tuple[Any, ...]]:
    """Return a function of X (and y) that computes a procedure's results by its text.

    It reads the parameters when it is called.
    """
    names = list(procedure.inputs)
    # a clock is asked for by layers that are random even without training
    values = {n: leaf.attrs.get("value", 1) for n, leaf in procedure.inputs.items()}
    run = compile_procedure(procedure, dtype, "read", names)

    def call(X: Array, y: Array | None = None) -> tuple[Any, ...]:
        ones = np.ones(len(X), dtype=dtype)
        pool = {**values, **params, "X": X, "y": y, "w": ones}
        return run(*[pool[name] for name in names])

    return call


class Reading:
    """A function of X (and y) that computes values of a network.

    Parameters
    ----------
    procedure
        What it computes.
    params
        The parameters by name; their values are read when it is called.
    dtype
        "float32" or "float64".
    native
        Whether machine code may do it. Where that cannot, the text does.
    threads
        How many machine code uses; by default as many as the work is worth.

    Attributes
    ----------
    quick
        A function that returns the only result for X as it comes, or None when X needs
        to be checked or converted first.
    """

    def __init__(
        self,
        procedure: Procedure,
        params: dict[str, Array],
        dtype: str,
        native: bool,
        threads: int | None = None,
    ) -> None:
        self._procedure, self._params, self._dtype = procedure, params, dtype
        self._text: Callable[..., tuple[Any, ...]] | None = None
        self._reader: Callable[..., tuple[Any, ...]] | None = None
        self.quick: Callable[[Any], Array | None] = _nothing
        # machine code holds on to the arrays; others may be replaced
        if native and isinstance(params, Views) and find_spec("llvmlite"):
            from .native.inference import Reader

            reader = Reader(procedure, params, dtype, threads)
            self._reader, self.quick = reader, reader.quick

    def __call__(self, X: Array, y: Array | None = None) -> tuple[Any, ...]:
        """Return the results, for checked data."""
        found = self._by_machine(X, y)
        return self._by_text(X, y) if found is None else found

    def rows(self, X: Array) -> Array:
        """Return the only result, which has a row for each of X, for checked data."""
        found = self._by_machine(X, None)
        if found is not None:
            return cast(Array, found[0])
        chunks = (X[i : i + CHUNK] for i in range(0, len(X), CHUNK))
        return np.concatenate([self._by_text(chunk, None)[0] for chunk in chunks])

    def _by_machine(self, X: Array, y: Array | None) -> tuple[Any, ...] | None:
        if self._reader is not None:
            try:
                return self._reader(X, y)
            except Unsupported:
                self._reader, self.quick = None, _nothing
        return None

    def _by_text(self, X: Array, y: Array | None) -> tuple[Any, ...]:
        if self._text is None:
            self._text = written(self._procedure, self._params, self._dtype)
        return self._text(X, y)


def _nothing(X: Any) -> None:
    """Return None."""
