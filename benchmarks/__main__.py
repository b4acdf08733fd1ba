"""The command: `python -m benchmarks`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import data, sweep
from .chart import draw
from .contender import Pace
from .machine import describe
from .peers import MODULES
from .race import race
from .report import OURS, best_peer, markdown, number, ratio
from .workloads import WORKLOADS, Workload

PEERS = [name for name in MODULES if name != OURS]
HERE = Path(__file__).parent


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("--only", nargs="+", metavar="WORKLOAD", help="some workloads, such as P3 P5")
    add("--peers", nargs="*", choices=PEERS, help="some peers, or none; by default all")
    add("--threads", type=int, default=1, help="how many threads everyone may use")
    add("--quick", action="store_true", help="short repetitions, for a first look")
    add("--sweep", action="store_true", help="sizes outside the list of workloads")
    add("--out", type=Path, default=HERE / "results", help="the folder of the results")
    chosen = parser.parse_args(given)
    known = {
        work.name: work for work in (sweep.workloads() if chosen.sweep else WORKLOADS)
    }
    unknown = set(chosen.only or ()) - set(known)
    if unknown:
        parser.error(f"no workload {' '.join(unknown)}; there are {' '.join(known)}")
    if not 1 <= chosen.threads <= len(Pace(0, 0, 10**6).cores):
        parser.error(f"this machine has no {chosen.threads} cores")
    chosen.workloads = [known[name] for name in chosen.only or known]
    if chosen.peers is None:
        chosen.peers = ["torch", "jax"] if chosen.sweep else PEERS
    return chosen


def main() -> None:
    """Measure, and write results after each workload."""
    chosen = arguments()
    pace = (
        Pace(0.1, 3, chosen.threads) if chosen.quick else Pace(0.5, 7, chosen.threads)
    )
    names = [OURS, *(name for name in PEERS if name in chosen.peers)]
    results: dict[str, Any] = {
        "machine": describe(),
        "threads": pace.threads,
        "repetitions": pace.repetitions,
        "seconds": pace.seconds,
        "contenders": names,
        "peak multiply-adds per second": peak(pace),
        "rows": [],
    }
    chosen.out.mkdir(parents=True, exist_ok=True)
    kind = "sweep" if chosen.sweep else "workloads"
    stem = f"{kind}-{pace.threads}-thread{'s' if pace.threads > 1 else ''}"
    for workload in chosen.workloads:
        row = race(data.make(workload, pace.threads), names, pace)
        results["rows"].append(row)
        print(summary(row, workload), flush=True)
        write(results, chosen.out, stem)
    print(f"results in {chosen.out / stem}.md, .png and .json")


def peak(pace: Pace) -> float | None:
    """Return the multiply-adds per second of one core, where llvmlite can tell."""
    command = [sys.executable, "-m", "benchmarks.peak", str(pace.cores[0])]
    done = subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True)
    return float(done.stdout) if done.returncode == 0 else None


def summary(row: dict[str, Any], workload: Workload) -> str:
    """Return a row in one line."""
    ours, best = row["contenders"].get(OURS), best_peer(row)
    if ours is None:
        return f"{workload.name}: {row['skipped'].get(OURS)}"
    beside = f", {number(ratio(row, best))} times faster than {best}" if best else ""
    return f"{workload.name}: {1e6 * ours['seconds per update']:.4g} us{beside}"


def write(results: dict[str, Any], folder: Path, stem: str) -> None:
    """Write the results so far as JSON, Markdown and PNG."""
    path = folder / f"{stem}.json"
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(markdown(results), encoding="utf-8")
    draw(results, path.with_suffix(".png"))


if __name__ == "__main__":
    main()
