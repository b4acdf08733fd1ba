"""In which stage of an update each kernel runs.

Stages with even numbers run once in an update; those with odd numbers are loops over
tiles of samples. What is summed over samples is known only in the next even stage.
"""

from __future__ import annotations

from collections.abc import Sequence

from .loops import Buffer, Kernel


def assign(kernels: Sequence[Kernel]) -> int:
    """Set the `level` of each kernel, as late as possible; return the last stage."""
    before = _predecessors(kernels)
    for kernel in kernels:
        kernel.level = _earliest(kernel, before[kernel])
    last = max((k.level for k in kernels), default=0)
    last += last % 2
    after: dict[Kernel, list[Kernel]] = {k: [] for k in kernels}
    for kernel, earlier in before.items():
        for one in earlier:
            after[one].append(kernel)
    for kernel in reversed(kernels):
        kernel.level = _latest(kernel, after[kernel], last)
    return last


def _predecessors(kernels: Sequence[Kernel]) -> dict[Kernel, list[Kernel]]:
    """Return for each kernel the earlier ones whose results it needs."""
    writers: dict[Buffer, list[Kernel]] = {}
    found: dict[Kernel, list[Kernel]] = {}
    for kernel in kernels:
        reads = {load.buffer for load in kernel.loads()}
        added = {s.buffer for s in kernel.stores}
        found[kernel] = [k for b in reads | added for k in writers.get(b, [])]
        for store in kernel.stores:
            writers.setdefault(store.buffer, []).append(kernel)
    return found


def _earliest(kernel: Kernel, before: Sequence[Kernel]) -> int:
    """Return the first stage in which everything that a kernel reads is there."""
    level = 0 if kernel.samples is None else 1
    for one in before:
        ready = one.level + (1 if one.accumulates else 0)
        if kernel.samples is not None and ready % 2 == 0:
            ready += 1
        level = max(level, ready)
    return level


def _latest(kernel: Kernel, after: Sequence[Kernel], last: int) -> int:
    """Return the last stage that is early enough for all who read its results."""
    if kernel.samples is None:
        renews = any(buffer.space == "stored" for buffer in kernel.writes)
        return last if renews or not after else kernel.level
    level = last - 1
    for one in after:
        need = one.level - (1 if kernel.accumulates else 0)
        if kernel.accumulates and one.level % 2:
            need = one.level - 2
        if not kernel.accumulates and one.samples is None:
            raise AssertionError("a value of a sample is read outside of all loops")
        level = min(level, need)
    return level
