"""PyTorch through `torch.compile`: network and loss in one graph, eager optimiser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from ..data import Task
from ..workloads import Workload
from . import Runner, Unsupported, torch_eager


def variants(workload: Workload) -> Sequence[str]:
    """Return both memory layouts where there are images.

    Raises
    ------
    Unsupported
        When `torch.compile` does not work on this machine.
    """
    try:
        torch.compile(lambda x: x.sin() + 1)(torch.ones(8))
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        raise Unsupported(f"torch.compile does not work here: {reason}") from None
    return torch_eager.variants(workload)


def setup(task: Task, variant: str) -> Runner:
    """Return a network that trains or predicts, compiled at its first use."""
    runner: Any = torch_eager.setup(task, variant)
    runner.forward = torch.compile(runner.forward, fullgraph=True, dynamic=False)
    return runner  # type: ignore[no-any-return]
