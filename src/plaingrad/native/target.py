"""The processors that code is made for, as data.

How wide a vector is, how many registers hold vectors and how large the nearest caches
are decides the shape of every kernel. Nothing else in the engine asks for a processor's
name.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import llvmlite.binding as llvm
import numpy as np

from ..errors import SettingError, unknown_name
from .errors import Unsupported

CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
USUAL_L1, USUAL_L2 = 32 << 10, 512 << 10
VARIABLE = "PLAINGRAD_TARGET"


@dataclass(frozen=True)
class Target:
    """A processor that code is made for.

    Parameters
    ----------
    name
        The kind of processor: "avx512", "avx2", "x86-64" or "aarch64".
    triple, cpu, features
        The machine, the processor and its abilities, as LLVM writes them.
    vector_bytes
        The size of a vector register.
    registers
        How many vector registers there are.
    fused
        Whether one instruction multiplies and adds.
    l1, l2
        The bytes that the first core's data caches of level 1 and 2 hold.
    near, far, stream
        The bytes in a cycle that come from the second cache, from behind it, and from
        behind it when one line is read after the other.
    reciprocal
        LLVM's name for the instruction that estimates 1 / x to 14 bits, in each lane of
        a vector of float32, where quotients take much longer than that; else "".
    """

    name: str
    triple: str
    cpu: str
    features: str
    vector_bytes: int
    registers: int
    fused: bool
    l1: int
    l2: int
    near: float
    far: float
    stream: float
    reciprocal: str

    def lanes(self, dtype: str) -> int:
        """Return how many numbers of a type fit into a vector register."""
        return self.vector_bytes // np.dtype(dtype).itemsize


@dataclass(frozen=True)
class _Kind:
    """What all processors of a kind have in common, and LLVM's name for the least."""

    architecture: str
    needs: tuple[str, ...]
    cpu: str
    features: str
    vector_bytes: int
    registers: int
    fused: bool
    near: float = 20.0
    far: float = 10.0
    stream: float = 16.0
    reciprocal: str = ""


# The best of each architecture comes first. LLVM prefers half vectors on some AVX-512
# processors, whose clock once sank with full ones; kernels here are made of full ones.
KINDS = {
    "avx512": _Kind(
        architecture="x86_64",
        needs=("avx512f", "avx512bw", "avx512dq", "avx512vl"),
        cpu="x86-64-v4",
        features="-prefer-256-bit",
        vector_bytes=64,
        registers=32,
        fused=True,
        near=24.0,
        far=5.0,
        stream=5.0,
        reciprocal="llvm.x86.avx512.rcp14.ps.512",
    ),
    "avx2": _Kind("x86_64", ("avx2", "fma"), "x86-64-v3", "", 32, 16, fused=True),
    "x86-64": _Kind("x86_64", (), "x86-64", "", 16, 16, fused=False),
    "aarch64": _Kind("aarch64", (), "generic", "", 16, 32, fused=True),
}


@cache
def host() -> Target:
    """Return the processor that this runs on.

    The environment variable `PLAINGRAD_TARGET`, read once, makes it pass for one of a
    lesser kind: "avx2" or "x86-64" on a processor with AVX-512.

    Raises
    ------
    Unsupported
        When no code can be made for processors like this one.
    SettingError
        When this processor is not of the kind that the variable names.
    """
    here = _kinds_here()
    if not here:
        raise Unsupported(f"on a processor of the kind {_processor().architecture}")
    wanted = os.environ.get(VARIABLE) or here[0]
    if wanted not in KINDS:
        raise unknown_name(VARIABLE, wanted, KINDS)
    if wanted not in here:
        raise SettingError(
            f"{VARIABLE} is {wanted!r}, but this processor ({_processor().cpu}) is not "
            f"of that kind. Unset it, or set it to one of: {', '.join(here)}."
        )
    return named(wanted)


def named(name: str) -> Target:
    """Return a target by the name of its kind, whatever this processor is.

    When this processor is of that kind, the target is this processor without what goes
    beyond the kind, and its code can run here. Otherwise it is the least processor of
    that kind, for which code can be made and looked at.
    """
    if name not in KINDS:
        raise unknown_name("target", name, KINDS)
    kind, processor = KINDS[name], _processor()
    if name in _kinds_here():
        cpu, features = _without_more(name, processor)
        l1, l2 = _data_caches(CACHES)
    else:
        cpu, features, l1, l2 = kind.cpu, "", USUAL_L1, USUAL_L2
    same = kind.architecture == processor.architecture
    return Target(
        name=name,
        triple=processor.triple if same else f"{kind.architecture}-unknown-linux-gnu",
        cpu=cpu,
        features=",".join(part for part in (features, kind.features) if part),
        vector_bytes=kind.vector_bytes,
        registers=kind.registers,
        fused=kind.fused,
        l1=l1,
        l2=l2,
        near=kind.near,
        far=kind.far,
        stream=kind.stream,
        reciprocal=kind.reciprocal,
    )


@dataclass(frozen=True)
class _Processor:
    """The processor that this runs on, as LLVM describes it."""

    triple: str
    cpu: str
    features: Mapping[str, bool]

    @property
    def architecture(self) -> str:
        """The family, by one name on all systems."""
        first = self.triple.partition("-")[0]
        return {"amd64": "x86_64", "arm64": "aarch64"}.get(first, first)


@cache
def _processor() -> _Processor:
    return _Processor(
        llvm.get_process_triple(),
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features(),
    )


def _kinds_here() -> list[str]:
    """Return the kinds that this processor is of, the best first."""
    processor = _processor()
    return [
        name
        for name, kind in KINDS.items()
        if kind.architecture == processor.architecture
        and all(processor.features.get(feature) for feature in kind.needs)
    ]


def _without_more(name: str, processor: _Processor) -> tuple[str, str]:
    """Return the processor and its features, less what goes beyond a kind."""
    if name == "x86-64":
        return KINDS[name].cpu, ""
    beyond = ("avx512", "avx10", "amx") if name == "avx2" else ()
    signs = (
        f"{'+' if has and not feature.startswith(beyond) else '-'}{feature}"
        for feature, has in sorted(processor.features.items())
    )
    return processor.cpu, ",".join(signs)


def _data_caches(folder: Path) -> tuple[int, int]:
    """Return the sizes of the data caches of level 1 and 2, or usual ones."""
    sizes = {"1": USUAL_L1, "2": USUAL_L2}
    for index in folder.glob("index*"):
        try:
            kind, level, size = (
                (index / name).read_text().strip() for name in ("type", "level", "size")
            )
            count = int(size[:-1]) << {"K": 10, "M": 20}[size[-1]]
        except (OSError, LookupError, ValueError):
            continue
        if kind != "Instruction" and count:
            sizes[level] = count
    return sizes["1"], sizes["2"]
