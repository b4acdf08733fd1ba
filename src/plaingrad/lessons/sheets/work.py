"""From a network and a sample to a worksheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np

from ...errors import DataError, SettingError, whole
from ...graph import Node, walk
from ...network import Network
from ...program import Procedure, Step
from ...run import first_values
from ...train.checks import numbers
from ...train.session import Prepared
from ...train.settings import dtype_name
from ...write.lines import batch_line, step_text
from ...write.words import words
from .entries import Entries, applied, label, written
from .numbers import brief, rounded
from .sheet import Entry, Line, Worksheet

Array = np.ndarray[Any, Any]
SAMPLES = 4
"""The most samples of a worksheet."""
NUMBERS = 50_000
"""The most numbers that an update may compute, so that all are followed soon."""


def worksheet(
    net: Network,
    x: Any,
    y: Any,
    *,
    lang: str = "en",
    entries: int = 20,
    **settings: Any,
) -> Worksheet:
    """Write out one update of a small network: every product and sum, with numbers.

    The update is that of the script: forward, loss, backward, update, line by line. It
    begins with the present weights, or with fresh ones before the first `fit`, and with
    an optimiser that remembers nothing yet; the network stays as it is. What is printed
    is short, what is computed is float64.

    Parameters
    ----------
    net
        The network.
    x, y
        One sample and its target, or up to four of them, (n, ...), as `fit` takes them.
    lang
        The language: "en" or "zh".
    entries
        How many entries of an array are shown.
    **settings
        Those of `fit`, such as loss, optimizer and l2, where they differ from the last
        `fit`.

    Returns
    -------
    Worksheet
        As text, Markdown and HTML; `save` writes it to a file.

    Raises
    ------
    DataError, ShapeError, SettingError
        When the data do not fit, there are too many samples, or the network is too
        large to be written out.
    """
    words(lang)
    whole("entries", entries)
    X, target = _samples(net, x, y)
    prepared = net._prepared(X, target, **{**settings, "batch_size": None})
    prepared.program.check_whole()
    dtype = dtype_name(settings.get("dtype", net._dtype))
    return _sheet(prepared, dtype, entries, lang)


def _sheet(prepared: Prepared, dtype: str, entries: int, lang: str) -> Worksheet:
    """Return the worksheet of an update that is prepared."""
    work, training = _Work(prepared, dtype, entries), prepared.training
    lines = tuple(map(work.line, work.update.steps))
    given = work.given
    arrays = {name: value for name, value in given.items() if np.ndim(value)}
    memory = tuple(name for name in prepared.program.states if name in arrays)
    return Worksheet(
        network=repr(prepared.network),
        loss=repr(training.loss),
        optimizer=repr(training.settings.optimizer),
        samples=work.count,
        arrays={name: value for name, value in arrays.items() if name not in memory},
        numbers={name: value for name, value in given.items() if name not in arrays},
        memory=memory,
        lines=lines,
        most=entries,
        rounded=work.rounded,
        lang=lang,
    )


def _samples(net: Network, x: Any, y: Any) -> tuple[Array, Any]:
    """Return samples as an array of one row each, and their targets."""
    X = numbers("x", x)
    if X.ndim == 0:
        raise DataError(
            f"a sample is a row of numbers, got the single number {X}. For a network "
            f"with one input write: worksheet(net, [{X}], y)."
        )
    known = net._params is not None and X.shape == net._features
    if X.ndim == 1 or known:
        return X[None], np.asarray(y)[None]
    if len(X) > SAMPLES:
        raise DataError(
            f"a worksheet is written out for one sample or a few, at most {SAMPLES}, "
            f"got {len(X)}. Choose some: worksheet(net, X[:1], y[:1])."
        )
    return X, y


class _Work:
    """One update: the values of all its nodes, and how they are computed."""

    def __init__(self, prepared: Prepared, dtype: str, most: int) -> None:
        self.update: Procedure = prepared.program.update
        self.dtype, self.most = dtype, most
        self.count = len(prepared.data["X"])
        pool = _pool(prepared)
        data = [name for name in ("X", "y", "w") if name in self.update.inputs]
        names = dict.fromkeys([*data, *self.update.inputs])
        self.given = {name: pool[name] for name in names}
        self.values = self._values()
        self._check_size(prepared)
        self.entries = Entries(self.update.names, self.values, self.count)
        shown = [v for value in self.given.values() for v in np.ravel(value)[:most]]
        self.rounded = any(map(rounded, shown))
        if batch_line(self.update):
            self.given["n"] = self.count

    def _values(self) -> dict[Node, Any]:
        """Return the value of every node."""
        values: dict[Node, Any] = {}
        with np.errstate(all="ignore"):
            for node in walk([step.node for step in self.update.steps]):
                if node.op.name == "leaf":
                    values[node] = self.given[node.attrs["name"]]
                else:
                    inputs = [values[x] for x in node.inputs]
                    values[node] = applied(node, inputs, self.count, "float64")
        return values

    def _check_size(self, prepared: Prepared) -> None:
        size = sum(np.size(self.values[step.node]) for step in self.update.steps)
        if size > NUMBERS:
            raise SettingError(
                f"a worksheet is for small networks: an update of "
                f"{prepared.network!r} computes {size:,} numbers, and up to "
                f"{NUMBERS:,} can be written out. Take a smaller network of the same "
                f"kind; net.inside(name, X, y) gives the values of large ones."
            )

    def line(self, step: Step) -> Line:
        """Return a line, worked out."""
        value = np.asarray(self.values[step.node])
        shown = tuple(self._entries(step, value))
        return Line(
            section=step.section,
            code=step_text(step, self.update, self.dtype),
            shape=value.shape,
            note=step.note,
            entries=shown,
            left_out=value.size - len(shown),
        )

    def _entries(self, step: Step, value: Array) -> Iterator[Entry]:
        for index in islice(np.ndindex(value.shape), self.most):
            work = written(self.entries.formula(step.node, index))
            self.rounded |= rounded(value[index])
            yield Entry(label(step.name, index), work, brief(value[index]))


def _pool(prepared: Prepared) -> Mapping[str, Any]:
    """Return what an update may read, by name."""
    program, loop = prepared.program, prepared.program.loop
    parameters, states = first_values(program, prepared.given, loop.seed)
    rate = {} if loop.plateau is None else {"lr": loop.plateau.lr}
    # all samples at once: an epoch is one update, and this is the first
    clock = {"step": 1, "steps": loop.epochs, "epoch": 0, "epochs": loop.epochs}
    return {
        **program.settings,
        **rate,
        **clock,
        "seed": loop.seed,
        **prepared.given,
        **parameters,
        **states,
        **prepared.data,
    }
