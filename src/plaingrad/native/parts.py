"""Tiles in parts: wide layers take a whole tile at once, large images a few samples.

The values of an image are many, and stay in a cache only when few images are worked on
at a time; the weights of a wide layer are many, and are to be read for as many samples
as possible. Where a network has both, the kernels of its images run part by part, and
their values need room for a part only.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import groupby

from .layout import Layout
from .loops import Buffer, Kernel

HEAVY = 8.0
"""From how many bytes of weights in a cycle of work a product takes a whole tile."""


def cut(kernels: Sequence[Kernel], layout: Layout) -> bool:
    """Decide which kernels run part by part; tell whether there are both kinds.

    A product decides by the weights that it reads, or adds to, for each sample; what
    else there is goes with the product before or after it.
    """
    for level in {k.level for k in kernels if k.level % 2}:
        stage = [k for k in kernels if k.level == level]
        wishes = [_wish(k, layout) for k in stage]
        for place, kernel in enumerate(stage):
            before = [w for w in wishes[: place + 1] if w is not None]
            after = [w for w in wishes[place:] if w is not None]
            kernel.part = any([*before[-1:], *after[:1]])
    made = {k.part for k in kernels if k.level % 2}
    writers: dict[Buffer, set[int]] = {}
    for number, run in enumerate(runs(kernels)):
        for kernel in run:
            for buffer in kernel.writes:
                writers.setdefault(buffer, set()).add(number)
    return len(made) == 2 and all(len(w) == 1 for w in writers.values())


def runs(kernels: Sequence[Kernel]) -> list[list[Kernel]]:
    """Return the kernels in groups of neighbours that run in the same way."""
    return [list(group) for _, group in groupby(kernels, lambda k: (k.level, k.part))]


def local(kernels: Sequence[Kernel], fixed: Collection[Buffer]) -> set[Buffer]:
    """Return the buffers that only kernels of one run touch, part by part."""
    users: dict[Buffer, set[int]] = {}
    whole: set[Buffer] = set(fixed)
    for number, run in enumerate(runs(kernels)):
        for kernel in run:
            if not kernel.part:
                whole.update(kernel.touched())
            for buffer in kernel.touched():
                users.setdefault(buffer, set()).add(number)
    return {
        buffer
        for buffer, numbers in users.items()
        if buffer.space == "tile" and buffer not in whole and len(numbers) == 1
    }


def _wish(kernel: Kernel, layout: Layout) -> bool | None:
    """Return whether a product had better run part by part; None: it is all the same."""
    if kernel.how != "product":
        return None
    work = 1.0
    for counter in kernel.counters:
        work *= counter.size if isinstance(counter.size, int) else layout.part
    fixed = sum(
        layout.bytes(b) for b in kernel.touched() if b.space in ("stored", "step")
    )
    return fixed < HEAVY * work / (2 * layout.width)
