"""The command: `python -m benchmarks.watching`.

Measures what it costs to save a training, to watch it by callbacks and to show its
progress, against the same epochs left alone.
"""

from __future__ import annotations

import argparse
import io
import operator
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import plaingrad as pg
from plaingrad.checkpoints.settings import USUAL
from plaingrad.train.progress import Progress

from . import data
from .machine import describe
from .peers.plaingrad_fit import Training
from .workloads import WORKLOADS

RESULTS = Path(__file__).parent / "results" / "watching.md"
GOAL = 0.02


class EachEpoch(pg.Callback):
    """Asks for a pause after every epoch, and does nothing."""

    def on_epoch_end(self, history: pg.History) -> None:
        """Do nothing."""


class EachBatch(pg.Callback):
    """Asks for a pause after every update, and does nothing."""

    def on_batch_end(self, history: pg.History) -> None:
        """Do nothing."""


class Meter(pg.Callback):
    """Notes the processor time at the start and at the end of a training."""

    began = ended = 0.0

    def on_fit_begin(self, history: pg.History) -> None:
        """Note the start."""
        self.began = time.process_time()

    def on_fit_end(self, history: pg.History) -> None:
        """Note the end."""
        self.ended = time.process_time()


class Terminal(io.StringIO):
    """A terminal that nobody looks at."""

    def isatty(self) -> bool:
        """Pretend."""
        return True


def ways(place: Path, epochs: int) -> dict[str, Callable[[], list[pg.Callback]]]:
    """Return the callbacks of each way to watch, made anew for every training."""
    made = iter(range(1_000_000))

    def folder() -> Path:
        return place / str(next(made))

    def each(make: Callable[[], pg.Callback]) -> Callable[[], list[pg.Callback]]:
        return lambda: [make()]

    logs = pg.callbacks
    return {
        "left alone": list,
        "left alone once more": list,
        "progress display": each(lambda: Progress(epochs, Terminal())),
        "StopAfter": each(lambda: logs.StopAfter(1e6)),
        "CSVLog": each(lambda: logs.CSVLog(folder())),
        "JSONLog": each(lambda: logs.JSONLog(folder())),
        "TensorBoard": each(lambda: logs.TensorBoard(folder())),
        "on_epoch_end, empty": each(EachEpoch),
        "on_batch_end, empty": each(EachBatch),
    }


def compared(training: Training, epochs: int, repetitions: int) -> dict[str, float]:
    """Return the share of processor time that each way adds.

    In each round every way has its turn, and is compared with the round's own epochs
    left alone; the median of all rounds counts.
    """
    taken: dict[str, list[float]] = {}
    usual = dict(training.settings)
    with tempfile.TemporaryDirectory() as name:
        kinds = ways(Path(name), epochs)
        for _ in range(repetitions):
            for way, make in kinds.items():
                first, last = Meter(), Meter()
                training.settings = {**usual, "callbacks": [first, *make(), last]}
                training.run(epochs)
                taken.setdefault(way, []).append(last.ended - first.began)
    training.settings = usual
    alone = taken["left alone"]
    return {
        way: statistics.median(map(operator.truediv, seconds, alone)) - 1
        for way, seconds in taken.items()
    }


def checkpoint(training: Training, repetitions: int) -> float:
    """Return the seconds that one checkpoint takes, from the loop's point of view."""
    usual, taken = dict(training.settings), []

    with tempfile.TemporaryDirectory() as name:
        for turn in range(repetitions):
            saved = pg.Checkpoint(Path(name) / str(turn), every=1, data=False)
            training.settings = {**usual, "checkpoint": saved}
            seconds, count = _saving(lambda: training.run(1))
            taken.append(seconds / count)
    training.settings = usual
    return statistics.median(taken)


def _saving(run: Callable[[], Any]) -> tuple[float, int]:
    """Return the seconds spent in saving, and how often that was done."""
    from plaingrad.checkpoints.folder import Shelf

    real, seconds = Shelf.save, []

    def timed(shelf: Shelf, moment: Any) -> None:
        began = time.perf_counter()
        real(shelf, moment)
        seconds.append(time.perf_counter() - began)

    Shelf.save = timed  # type: ignore[method-assign]
    try:
        run()
    finally:
        Shelf.save = real  # type: ignore[method-assign]
    return sum(seconds), len(seconds)


def page(found: Iterable[tuple[str, float, float, dict[str, float]]]) -> str:
    """Return the results as Markdown."""
    machine, found = describe(), list(found)
    lines = [
        "# What watching costs",
        "",
        "Written by `python -m benchmarks.watching`: how much longer the same epochs",
        "take when they are watched, in processor time on one thread; the median of",
        "some rounds in which every way has its turn. Noise is what the line says",
        "that leaves them alone once more. With `on_epoch_end` each epoch is a call of",
        "machine code of its own, with `on_batch_end` machine code calls back.",
        "TensorBoard's files are opened and closed once, which is most of what it",
        "takes in trainings as short as these. A checkpoint is measured by the clock,",
        f"for it waits for the disk. The goal is less than {GOAL:.0%}.",
        "",
        f"{machine['cpu']}, {machine['date'][:10]}.",
        "",
        f"| | {' | '.join(name for name, *_ in found)} |",
        f"| --- |{' ---: |' * len(found)}",
    ]
    rows = {
        "an epoch, ms": [f"{1e3 * epoch:.1f}" for _, epoch, *_ in found],
        "a checkpoint, ms": [f"{1e3 * saving:.1f}" for *_, saving, _ in found],
        f"checkpoints every {USUAL:.0f} s": [
            f"{saving / USUAL:+.2%}" for *_, saving, _ in found
        ],
    }
    for way in found[0][3]:
        if way != "left alone":
            rows[way] = [f"{shares[way]:+.2%}" for *_, shares in found]
    lines += [f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.watching", description=__doc__
    )
    add = parser.add_argument
    add("--only", nargs="+", default=["P3", "P5"], metavar="WORKLOAD")
    add("--epochs", type=int, default=5, help="of each training")
    add("--repetitions", type=int, default=25)
    add("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    known = {work.name: work for work in WORKLOADS if work.trains}
    found = []
    for name in options.only:
        training = Training(data.make(known[name], 1))
        shares = compared(training, options.epochs, options.repetitions)
        epoch = training.run(options.epochs)[1] / options.epochs
        saving = checkpoint(training, options.repetitions)
        found.append((name, epoch, saving, shares))
        print(name, {way: f"{share:+.2%}" for way, share in shares.items()}, flush=True)
    text = page(found)
    options.out.parent.mkdir(exist_ok=True)
    options.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
