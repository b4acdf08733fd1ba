"""Denormal numbers count as zero in native code, as in JAX's.

Between zero and the smallest normal number, 1.2e-38 in float32, processors keep numbers
with fewer and fewer digits. Arithmetic on them takes many of them a hundred cycles and
more: a network whose errors have become that small would train slower and slower.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .builder import I32, I64, Builder

X86, ARM = 0x8040, 1 << 24
"""The bits by which MXCSR and FPCR say that what is read and made counts as zero."""


@contextmanager
def flushed(b: Builder, triple: str) -> Iterator[None]:
    """Let denormal numbers count as zero in the block, in this thread.

    Parameters
    ----------
    b
        What the block is written with.
    triple
        The machine; on one of another kind than x86 and AArch64 nothing changes.
    """
    machine = triple.partition("-")[0]
    if machine in ("x86_64", "amd64"):
        place = b.room(I32, 2)
        b.call("llvm.x86.sse.stmxcsr", None, place)
        b.store(b.at(place, 1, "i32"), b.load(place, I32) | X86)
        b.call("llvm.x86.sse.ldmxcsr", None, b.at(place, 1, "i32"))
        yield
        b.call("llvm.x86.sse.ldmxcsr", None, place)
    elif machine in ("aarch64", "arm64"):
        before = b.call("llvm.aarch64.get.fpcr", I64)
        assert before is not None
        b.call("llvm.aarch64.set.fpcr", None, before | ARM)
        yield
        b.call("llvm.aarch64.set.fpcr", None, before)
    else:
        yield
