"""The contenders, one file each, all answering one small protocol.

A peer's module has

`variants(workload)`
    The ways in which it can do the work, by name; the fastest counts. Raises
    `Unsupported` with the reason where there is none.
`setup(task, variant)`
    Return a `Runner`, with data and first weights in place.

Whatever is imported or compiled is at most paid for in `setup` and the first `run`.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ..data import Task
    from ..workloads import Workload

MODULES = {
    "plaingrad": "plaingrad_fit",
    "numpy": "numpy_hand",
    "torch": "torch_eager",
    "torch-compile": "torch_compiled",
    "jax": "jax_jit",
    "sklearn": "sklearn_mlp",
    "keras": "keras_jax",
    "onnxruntime": "onnx_session",
}
"""The file of each contender; plaingrad is the first."""

PLAIN = ("plain",)
"""The variants of a peer that has only one way."""


class Unsupported(Exception):  # noqa: N818
    """This peer cannot do this work; the message says why."""


class Runner(Protocol):
    """A network that stands ready."""

    def run(self, epochs: int) -> tuple[Sequence[float], float]:
        """Train from the first weights, or predict as often as `epochs` says.

        Returns
        -------
        result
            Training: the mean loss of the last epoch's updates. Prediction: the class
            of each sample. All contenders must agree on it.
        seconds
            The time from the first update, with everything in place, to that loss.
        """


class Peer(Protocol):
    """What the module of a peer offers."""

    def variants(self, workload: Workload) -> Sequence[str]:
        """Return the names of its ways."""

    def setup(self, task: Task, variant: str) -> Runner:
        """Return a runner."""


def load(name: str) -> Peer:
    """Import a peer."""
    module: Peer = importlib.import_module(f"{__name__}.{MODULES[name]}")
    return module
