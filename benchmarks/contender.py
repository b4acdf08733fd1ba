"""One contender as the referee sees it: a process that is asked over a pipe."""

from __future__ import annotations

import json
import os
import select
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .machine import features

PATIENCE = 300
"""Seconds after which a contender is given up."""


class Failed(Exception):  # noqa: N818
    """A contender cannot go on; the message says why."""


@dataclass(frozen=True)
class Pace:
    """How long a repetition lasts, how many there are, and on how many threads."""

    seconds: float
    repetitions: int
    threads: int

    @property
    def cores(self) -> list[int]:
        """The cores that every contender is held to, as many as it may use."""
        if not hasattr(os, "sched_getaffinity"):
            return [*range(self.threads)]
        return sorted(os.sched_getaffinity(0))[-self.threads :]

    def environment(self, cache: Path) -> dict[str, str]:
        """Return the environment of all contenders.

        Caches of compiled code are empty, so that compiling is measured. OpenBLAS is
        told what it runs on where it would choose less.
        """
        kept = {n: v for n, v in os.environ.items() if not n.startswith("OPENBLAS_")}
        pools = ("OMP", "MKL", "OPENBLAS", "NUMEXPR", "VECLIB_MAXIMUM")
        made = {
            **kept,
            **{f"{pool}_NUM_THREADS": str(self.threads) for pool in pools},
            "PLAINGRAD_CACHE": str(cache),
            "TORCHINDUCTOR_CACHE_DIR": str(cache),
            "JAX_PLATFORMS": "cpu",
            "TF_CPP_MIN_LOG_LEVEL": "2",
        }
        if self.threads == 1:
            made["XLA_FLAGS"] = (
                "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
            )
        if "avx512f" in features():
            made["OPENBLAS_CORETYPE"] = "SKYLAKEX"
        return made


class Contender:
    """The process of one peer, in one of its variants.

    Attributes
    ----------
    ways
        The variants that the peer has.
    times
        Seconds per update of each repetition.
    startup
        Seconds that building and the first use took, less the work itself.
    imported, memory
        The memory after importing, and the most that was taken beyond it, in bytes.
    """

    def __init__(self, name: str, folder: Path, pace: Pace) -> None:
        self.name, self.pace = name, pace
        self.times: list[float] = []
        self.startup = self.memory = 0.0
        self.epochs, self.variant, self.note = 1, "", ""
        self.result: list[float] = []
        self.log = (folder / f"{name}.log").open("ab")
        cache = folder / "cache" / f"{name}-{len(list(folder.glob('cache/*')))}"
        cache.mkdir(parents=True)
        cores = ",".join(map(str, pace.cores))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.child", name, str(folder), cores],
            cwd=Path(__file__).parent.parent,
            env=pace.environment(cache),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        try:
            answer = self.ask("load")
            if "unsupported" in answer:
                raise Failed(answer["unsupported"])
        except Failed:
            self.close()
            raise
        self.ways: list[str] = answer["variants"]
        self.imported: int = answer["imported"]
        self.blas: list[str] = answer["blas"]

    def ask(self, do: str, **what: Any) -> dict[str, Any]:
        """Send a request and wait for the answer."""
        pipe, answers = self.process.stdin, self.process.stdout
        assert pipe is not None
        assert answers is not None
        try:
            pipe.write(json.dumps({"do": do, **what}) + "\n")
            pipe.flush()
        except BrokenPipeError:
            raise Failed(self._end()) from None
        ready, _, _ = select.select([answers], [], [], PATIENCE)
        if not ready:
            raise Failed(f"given up after {PATIENCE} s")
        line = answers.readline()
        if not line:
            raise Failed(self._end())
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"])
        return answer

    def _end(self) -> str:
        return f"its process ended with {self.process.wait()}"

    def open(self, variant: str, updates: int) -> float:
        """Build the network and use it twice; return seconds per update."""
        self.variant, self.updates = variant, updates
        built = self.ask("open", variant=variant)["wall"]
        first = self.ask("run", epochs=1)
        second = self.ask("run", epochs=1)
        self.startup = max(0.0, built + first["wall"] - second["wall"])
        self.memory, self.note = second["memory"], second["note"]
        taken: float = second["seconds"]
        return taken / updates

    def settle(self) -> float:
        """Find how many epochs last as long as asked; return seconds per update."""
        wanted, seconds = self.pace.seconds, 0.0
        while True:
            seconds = float(self.ask("run", epochs=self.epochs)["seconds"])
            if seconds >= wanted / 2:
                break
            more = int(self.epochs * wanted / max(seconds, 1e-9)) + 1
            self.epochs = min(more, self.epochs * 20)
        taken = seconds / self.epochs / self.updates
        self.epochs = max(1, round(self.epochs * wanted / seconds))
        return taken

    def repeat(self) -> None:
        """Do one measured repetition."""
        answer = self.ask("run", epochs=self.epochs)
        self.result = answer["result"]
        self.times.append(answer["seconds"] / self.epochs / self.updates)

    @property
    def median(self) -> float:
        """The median time of an update, in seconds."""
        return statistics.median(self.times)

    def close(self) -> None:
        """End the process."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
