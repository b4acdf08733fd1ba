"""The process of one contender: `python -m benchmarks.child NAME FOLDER CORES`.

It answers each line of JSON on its standard input with one on its standard output.
"""

from __future__ import annotations

import json
import os
import re
import resource
import sys
import time
import traceback
from pathlib import Path
from typing import Any

STATUS = Path("/proc/self/status")


def main(name: str, folder: str, cores: str) -> None:
    """Answer until the input ends."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, map(int, cores.split(",")))
    # what libraries print goes to standard error, and does not garble the answers
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    contender = Contender(name, Path(folder))
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(contender, request.pop("do"))(**request)
        except Exception as error:
            traceback.print_exc()
            lines = str(error).strip().splitlines() or [""]
            answer = {"error": f"{type(error).__name__}: {lines[0]}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


class Contender:
    """A peer with one network; its public methods are the requests."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder

    def load(self) -> dict[str, Any]:
        """Import the peer and read the task; say in which ways the peer can do it."""
        from .data import Task
        from .peers import Unsupported, load

        self.peer = load(self.name)
        self.before = peak_memory(afresh=True)
        self.task = Task.load(self.folder)
        try:
            ways = list(self.peer.variants(self.task.workload))
        except Unsupported as reason:
            return {"unsupported": str(reason)}
        return {"variants": ways, "imported": self.before, "blas": blas()}

    def open(self, variant: str) -> dict[str, Any]:
        """Build the network."""
        began = time.perf_counter()
        self.variant = variant
        self.runner = self.peer.setup(self.task, variant)
        return {"wall": time.perf_counter() - began}

    def run(self, epochs: int) -> dict[str, Any]:
        """Train or predict."""
        began = time.perf_counter()
        result, seconds = self.runner.run(epochs)
        return {
            "result": [float(value) for value in result],
            "seconds": seconds,
            "wall": time.perf_counter() - began,
            "memory": peak_memory() - self.before,
            "note": getattr(self.runner, "note", ""),
        }

    def check(self, epochs: int) -> dict[str, Any]:
        """Return the result without dropout, which all contenders must share."""
        kept = self.runner
        if self.task.workload.drops:
            self.runner = self.peer.setup(self.task.exact(), self.variant)
        answer = self.run(epochs)
        self.runner = kept
        return answer


def peak_memory(afresh: bool = False) -> int:
    """Return the largest memory that this process ever had, in bytes.

    With `afresh` that is counted from now on. On Linux `ru_maxrss` begins with the
    memory of the parent process, so the process' own mark is read.
    """
    if not STATUS.exists():
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    if afresh:
        Path("/proc/self/clear_refs").write_text("5")
    mark = re.search(r"VmHWM:\s*(\d+) kB", STATUS.read_text())
    return int(mark[1]) * 1024 if mark else 0


def blas() -> list[str]:
    """Return which BLAS libraries were loaded, and the processor they chose."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return []
    return [
        f"{pool['internal_api']} {pool.get('version')} {pool.get('architecture', '')}"
        for pool in threadpool_info()
        if pool["user_api"] == "blas"
    ]


if __name__ == "__main__":
    main(*sys.argv[1:])
