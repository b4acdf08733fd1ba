"""The command: `python -m benchmarks.memory`.

Trains on a file four times as large as the memory that the process may have, under a
limit that the system enforces (RLIMIT_DATA), and measures how much it took. Beside it
the same training from arrays in memory, without a limit. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .machine import describe

RESULTS = Path(__file__).parent / "results" / "memory.md"
FEATURES, CLASSES = 256, 10
MB = 10**6
PART = 10_000
"""The rows that are made at a time."""


@dataclass(frozen=True)
class Way:
    """A way to train: what it is called, and what the child is told."""

    name: str
    kind: str
    limited: bool


WAYS = (
    Way("nothing: only the imports and a training on 1,000 rows", "start", True),
    Way("arrays in memory, no limit", "arrays", False),
    Way("arrays in memory", "arrays", True),
    Way("`fit(X, y)` on mapped arrays", "mapped", True),
    Way("`fit(stream)`", "stream", True),
    Way("`fit(stream)`, the file not in the system's cache", "cold", True),
)


def make(place: Path, rows: int) -> None:
    """Write X.npy and y.npy, a part at a time."""
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(FEATURES, CLASSES)).astype(np.float32)
    X = np.lib.format.open_memmap(
        place / "X.npy", "w+", dtype=np.float32, shape=(rows, FEATURES)
    )
    y = np.lib.format.open_memmap(place / "y.npy", "w+", dtype=np.int64, shape=(rows,))
    for first in range(0, rows, PART):
        count = min(PART, rows - first)
        X[first : first + count] = rng.standard_normal(
            (count, FEATURES), dtype=np.float32
        )
        y[first : first + count] = (X[first : first + count] @ weights).argmax(axis=1)
    X.flush()
    y.flush()


def forget(path: Path) -> None:
    """Ask the system to take a file out of its cache."""
    file = os.open(path, os.O_RDONLY)
    os.fsync(file)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(file)


def child(kind: str, place: Path, memory: int, epochs: int) -> dict[str, Any]:
    """Train in this process, and return what came of it."""
    import plaingrad as pg

    mapped = [np.load(place / f"{name}.npy", mmap_mode="r") for name in "Xy"]
    data: tuple[Any, ...] = tuple(mapped)
    if kind == "start":
        data = tuple(array[:1000] for array in mapped)
    elif kind == "arrays":
        data = tuple(np.load(place / f"{name}.npy") for name in "Xy")
    elif kind in ("stream", "cold"):
        data = (pg.data.stream(*mapped, memory=memory),)
    net = pg.Sequential(pg.Linear(100), pg.ReLU(), pg.Linear(CLASSES))
    history = net.fit(*data, epochs=epochs, batch_size=128, verbose=False)
    return {"seconds": history.seconds, "loss": history.loss[-1]}


def watched(command: list[str], limit: int | None) -> dict[str, Any]:
    """Run a child, and return what it tells and the most memory that it had."""

    def under_limit() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))

    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as wrong:
        process = subprocess.Popen(
            command, stdout=out, stderr=wrong, preexec_fn=under_limit
        )
        anonymous, whole = 0, 0
        while process.poll() is None:
            told = status(process.pid)
            anonymous = max(anonymous, told.get("RssAnon", 0))
            whole = max(whole, told.get("VmHWM", 0))
            time.sleep(0.005)
        out.seek(0)
        wrong.seek(0)
        lines = wrong.read().decode().strip().splitlines()
        found = json.loads(out.read() or b"{}")
    failed = lines[-1] if process.returncode and lines else ""
    return {"failed": failed, "anonymous": anonymous, "whole": whole, **found}


def status(pid: int) -> dict[str, int]:
    """Return the sizes that the system tells of a process, in bytes."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return {}
    rows = (line.split() for line in text.splitlines() if line.endswith(" kB"))
    return {row[0].rstrip(":"): int(row[1]) * 1024 for row in rows}


def page(
    found: Iterable[tuple[Way, dict[str, Any]]], allowed: int, memory: int, about: str
) -> str:
    """Return the results as Markdown."""
    machine, found = describe(), list(found)
    usual = next(told for way, told in found if not way.limited)
    lines = [
        "# Memory of a training on a file larger than memory",
        "",
        "Written by `python -m benchmarks.memory`. The process may have",
        f"{allowed / MB:.0f} MB of memory of its own (RLIMIT_DATA: what it allocates,",
        "the stacks of its threads and the pages of machine code among it); pages of",
        "mapped files are not under that limit, so that both peaks are shown: of its",
        "own memory (RssAnon), and of everything that is resident (VmHWM). The stream",
        f"was made with memory={memory / MB:.0f} MB.",
        "",
        about,
        "",
        f"{machine['cpu']}, {machine['date'][:10]}.",
        "",
        "| | limit | own memory, MB | resident, MB | seconds | time | last loss |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for way, told in found:
        limit = f"{allowed / MB:.0f} MB" if way.limited else "none"
        cells = [way.name, limit]
        cells += [f"{told[name] / MB:.0f}" for name in ("anonymous", "whole")]
        if told["failed"]:
            error = told["failed"].partition(":")[0]
            cells += ["no room" if "MemoryError" in error else error, "", ""]
        elif way.kind == "start":
            cells += ["", "", ""]
        else:
            cells += [f"{told['seconds']:.1f}"]
            cells += [f"{told['seconds'] / usual['seconds']:.2f}"]
            cells += [f"{told['loss']:.3f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.memory", description=__doc__
    )
    add = parser.add_argument
    add("--allowed", type=int, default=400, help="MB that the process may have")
    add("--memory", type=int, default=128, help="MB of the stream")
    add("--epochs", type=int, default=2)
    add("--out", type=Path, default=RESULTS)
    add("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    allowed, memory = options.allowed * MB, options.memory * MB
    if options.child:
        kind, place = options.child
        print(json.dumps(child(kind, Path(place), memory, options.epochs)))
        return
    rows = 4 * allowed // (4 * FEATURES + 8)
    with tempfile.TemporaryDirectory() as name:
        make(Path(name), rows)
        found = []
        for way in WAYS:
            if way.kind == "cold":
                forget(Path(name) / "X.npy")
            command = [sys.executable, "-m", "benchmarks.memory"]
            command += ["--child", way.kind, name, "--epochs", str(options.epochs)]
            command += ["--memory", str(options.memory)]
            told = watched(command, allowed if way.limited else None)
            found.append((way, told))
            print(way.name, told, flush=True)
    about = (
        f"{rows:,} samples of {FEATURES} numbers in float32, "
        f"{4 * allowed / 1e9:.1f} GB; a network of {FEATURES}-100-{CLASSES}, batches "
        f"of 128, Adam, {options.epochs} epochs."
    )
    text = page(found, allowed, memory, about)
    options.out.parent.mkdir(exist_ok=True)
    options.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
