"""Procedures as functions that can be called: compiled once, then found by content.

A key is made from what a procedure is, from the types and the processor, and from all
that makes code of them. Beside the code stand the facts that a caller needs, so that
nothing is lowered, or even imported for it, when the code is there.
"""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self
from weakref import WeakValueDictionary

from ..graph import walk
from ..program import Procedure
from .compile import Library, build, code_cache, fingerprint, load
from .facts import Facts, results_of
from .target import Target, host

Run = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
"""What native functions are: of a table, the number of a thread, and of how many."""
Read, ReadSoon = ctypes.CFUNCTYPE(ctypes.c_int64), ctypes.PYFUNCTYPE(ctypes.c_int64)
"""The same for one thread: of a reference to the table, which is passed as it is."""
SOON = 1_000_000
"""Up to how many multiplications and additions other threads of Python may wait."""


@dataclass(frozen=True, eq=False)
class Function:
    """Machine code, and what calling it takes.

    Attributes
    ----------
    facts, library
        What it takes, and where the code is.
    run, read
        The function, and the one that reads NumPy's arrays, if there is one.
    """

    facts: Facts
    library: Library
    run: Any
    read: Any

    @classmethod
    def linked(cls, code: bytes, facts: Facts) -> Self:
        """Return machine code as a function of this process."""
        library = load(code, ["run", "read"] if facts.direct else ["run"])
        run, read = Run(library.address("run")), None
        if facts.direct:
            soon = facts.capacity is not None and facts.work * facts.capacity < SOON
            read = (ReadSoon if soon else Read)(library.address("read"))
        return cls(facts, library, run, read)


_known: WeakValueDictionary[str, Function] = WeakValueDictionary()


def function(
    procedure: Procedure, dtype: str, capacity: int | None, loss: str | None = None
) -> Function:
    """Return a procedure as a native function, from the cache where it is there.

    Parameters
    ----------
    procedure
        What to compile.
    dtype
        "float32" or "float64".
    capacity
        The most samples of a batch, or None: any number.
    loss
        The name of the result that is the loss of an update, if it is an update.

    Raises
    ------
    Unsupported
        When something in it has no native form.
    """
    target = host()
    key = _key(procedure, target, dtype, capacity, loss)
    made = _known.get(key)
    if made is None:
        cache = code_cache()
        found = cache.get(key)
        if found is None:
            code, facts = _compiled(procedure, target, dtype, capacity, loss)
            cache.put(key, code, asdict(facts))
        else:
            code, facts = found[0], Facts(**found[1])
        made = _known[key] = Function.linked(code, facts)
    return made


def _compiled(
    procedure: Procedure,
    target: Target,
    dtype: str,
    capacity: int | None,
    loss: str | None,
) -> tuple[bytes, Facts]:
    """Return the machine code of a procedure, and the facts about it."""
    # what is found in the cache needs nothing of this
    from .assemble import Assembly
    from .design import design
    from .direct import write_direct

    results_of(procedure)  # what cannot be handed over need not be compiled
    made = Assembly(design(procedure, dtype, target, capacity=capacity, loss=loss))
    facts = Facts.of(made, procedure, dtype, write_direct(made, procedure))
    return build(made.text(), target), facts


def _key(procedure: Procedure, target: Target, *more: object) -> str:
    """Return a digest of everything that decides about the code of a procedure."""
    made = hashlib.sha256(fingerprint().encode())
    made.update(repr((asdict(target), more, _content(procedure))).encode())
    return made.hexdigest()


def _content(procedure: Procedure) -> list[Any]:
    """Return a procedure as plain data: the same in every process."""
    inputs = procedure.inputs
    nodes = walk([*inputs.values(), *(step.node for step in procedure.steps)])
    places = {node: place for place, node in enumerate(nodes)}
    return [
        [
            (
                node.op.name,
                node.op.native
                or (node.op.text if isinstance(node.op.text, str) else ""),
                [places[x] for x in node.inputs],
                _plain(node.op.name, node.attrs),
                str(node.kind),
                [str(size) for size in node.shape],
            )
            for node in nodes
        ],
        [(name, places[leaf]) for name, leaf in inputs.items()],
        [(step.name, places[step.node]) for step in procedure.steps],
        procedure.results,
    ]


def _plain(name: str, attrs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return attributes as text; the value of a setting is given with each call."""
    return [
        (key, repr(value))
        for key, value in sorted(attrs.items())
        if not (name == "leaf" and key == "value")
    ]
