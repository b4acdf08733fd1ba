"""On what machine, and with what versions, something was measured."""

from __future__ import annotations

import os
import platform
import re
from datetime import datetime
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = (
    "plaingrad",
    "llvmlite",
    "numpy",
    "torch",
    "jax",
    "jaxlib",
    "scikit-learn",
    "keras",
    "onnxruntime",
)
CPU = Path("/proc/cpuinfo")
MEMORY = Path("/proc/meminfo")


def describe() -> dict[str, Any]:
    """Return the machine, the date and the versions."""
    return {
        "date": datetime.now().astimezone().isoformat(timespec="minutes"),
        "cpu": model(),
        "cores": os.cpu_count(),
        "vectors": [name for name in ("avx2", "fma", "avx512f") if name in features()],
        "memory": _first(MEMORY, r"MemTotal:\s*(.+)"),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": versions(),
        "load": os.getloadavg(),
    }


def model() -> str:
    """Return the name of the processor."""
    return _first(CPU, r"model name\s*:\s*(.+)") or platform.processor()


@lru_cache
def features() -> frozenset[str]:
    """Return the features of the processor, where the system tells them."""
    return frozenset(_first(CPU, r"flags\s*:\s*(.+)").split())


def versions() -> dict[str, str]:
    """Return the versions of the packages that are here."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _first(path: Path, pattern: str) -> str:
    found = re.search(pattern, path.read_text()) if path.exists() else None
    return found[1] if found else ""
