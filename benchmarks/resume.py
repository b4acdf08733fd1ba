"""The command: `python -m benchmarks.resume`.

Kills trainings at random moments by SIGKILL, checkpoints being written among them, goes
on with each until it is done, and compares all weights and losses with a training that
was left alone.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

import plaingrad as pg

from .machine import describe

RESULTS = Path(__file__).parent / "results" / "resume.md"
ENGINES = ("native", "reference")
SEED = 7


@dataclass
class Tally:
    """What came of the trainings on one engine."""

    engine: str
    trainings: int = 0
    kills: int = 0
    writing: int = 0
    before: int = 0
    wrong: list[str] = field(default_factory=list)


class Tells(pg.Callback):
    """Tells the parent process that training begins."""

    def __init__(self, pipe: int) -> None:
        self.pipe = pipe

    def on_fit_begin(self, history: pg.History) -> None:
        """Tell it."""
        os.close(self.pipe)


def train(engine: str, threads: int, folder: Path | None, pipe: int) -> str:
    """Train, or go on, and return a digest of weights and losses."""
    rng = np.random.default_rng(SEED)
    X = rng.normal(size=(330, 20))
    y = (X @ rng.normal(size=(20, 5))).argmax(axis=1)
    net = pg.Sequential(pg.Linear(48), pg.ReLU(), pg.Dropout(0.2), pg.Linear(5))
    saved: dict[str, Any] = {}
    if folder is not None:
        saved["checkpoint"] = pg.Checkpoint(folder, every=3, keep=2, data=False)
        saved["resume"] = folder if folder.is_dir() else None
    history = net.fit(
        *(X, y),
        optimizer=pg.Adam(lr=pg.ReduceOnPlateau(0.02, patience=1)),
        early_stopping=pg.EarlyStopping(9, min_delta=1e-3),
        epochs=30,
        batch_size=16,
        engine=engine,
        threads=threads,
        callbacks=Tells(pipe),
        verbose=False,
        **saved,
    )
    made = sha256()
    for name, value in net.params.items():
        made.update(f"{name} {value.shape}".encode() + value.tobytes())
    told = (history.loss, history.batch_loss, history.val_loss, history.rate)
    made.update(repr((told, history.best_epoch, history.stopped)).encode())
    return made.hexdigest()


def apart(
    engine: str, threads: int, folder: Path | None, out: Path, begun: bool = True
) -> int:
    """Train in a process of its own, and return its id; `out` gets the digest.

    With `begun` it is returned as soon as training begins.
    """
    listen, tell = os.pipe()
    child = os.fork()
    if child:
        os.close(tell)
        if begun:
            # that ends when the other side is closed
            os.read(listen, 1)
        os.close(listen)
        return child
    code = 1
    try:
        # a process group of its own hears no Ctrl-C of ours
        os.setpgrp()
        os.close(listen)
        out.write_text(train(engine, threads, folder, tell))
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def ended(child: int, seconds: float) -> bool:
    """Kill a process after some seconds, and tell whether it had ended before."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            if status:
                raise RuntimeError(f"a training failed with status {status}")
            return True
        time.sleep(0.0005)
    os.kill(child, signal.SIGKILL)
    # it may have ended in this moment
    return os.waitpid(child, 0)[1] == 0


def one(
    tally: Tally, luck: random.Random, place: Path, wanted: str, most: float
) -> None:
    """Do one training, killed again and again, and note what came of it."""
    folder, out = place / "run", place / "digest"
    shutil.rmtree(folder, ignore_errors=True)
    out.unlink(missing_ok=True)
    tally.trainings += 1
    killed = 0
    while True:
        # the last of many attempts may take its time
        seconds = luck.uniform(0, most) if killed < 40 else 600
        # one in five is killed before it begins, perhaps
        begun, threads = luck.random() < 0.8, luck.choice((1, 2))
        if ended(apart(tally.engine, threads, folder, out, begun), seconds):
            break
        killed += 1
        tally.kills += 1
        tally.writing += any(folder.glob(".*.part"))
        tally.before += not any(folder.glob("step-*"))
    if out.read_text() != wanted:
        tally.wrong.append(f"training {tally.trainings}, killed {killed} times")


def killed(kills: int, engines: Iterable[str] = ENGINES, seed: int = 0) -> list[Tally]:
    """Return what came of trainings that were killed so often, on each engine."""
    luck, tallies = random.Random(seed), []
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        for engine in engines:
            tally, out = Tally(engine), place / "digest"
            if not ended(apart(engine, 1, None, out), 600):
                raise RuntimeError("a training of ten minutes was left alone no longer")
            wanted = out.read_text()
            child = apart(engine, 1, place / "alone", out)
            began = time.monotonic()
            ended(child, 600)
            most = (time.monotonic() - began) / 3
            if out.read_text() != wanted:
                tally.wrong.append("not killed at all, but saved")
            shutil.rmtree(place / "alone")
            while tally.kills < kills:
                one(tally, luck, place, wanted, most)
                print(tally, file=sys.stderr, flush=True)
            tallies.append(tally)
    return tallies


def page(tallies: Iterable[Tally]) -> str:
    """Return the results as Markdown."""
    machine = describe()
    lines = [
        "# Trainings that were killed",
        "",
        "Written by `python -m benchmarks.resume`: a classifier with dropout, Adam, a",
        "rate that falls on a plateau, and early stopping, saved every 3 updates. Its",
        "process is killed by SIGKILL after a random time and started again with",
        "`resume`, on one thread or two, until the training is done. Then every bit of",
        "its weights and losses must be that of a training that was left alone.",
        "",
        f"{machine['cpu']}, {machine['date'][:10]}.",
        "",
        "| engine | trainings | kills | while writing | before any | different |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    wrong: list[str] = []
    for one in tallies:
        numbers = (one.trainings, one.kills, one.writing, one.before, len(one.wrong))
        lines.append(f"| {one.engine} | {' | '.join(map(str, numbers))} |")
        wrong += [f"- {one.engine}: {text}" for text in one.wrong]
    return "\n".join([*lines, *(["", *wrong] if wrong else [])]) + "\n"


def main() -> None:
    """Kill, compare, and write the page."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.resume", description=__doc__
    )
    add = parser.add_argument
    add("--kills", type=int, default=500, help="how many, on each engine")
    add("--seed", type=int, default=0, help="of the moments")
    add("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    tallies = killed(options.kills, seed=options.seed)
    text = page(tallies)
    options.out.parent.mkdir(exist_ok=True)
    options.out.write_text(text, encoding="utf-8")
    print(text)
    if any(tally.wrong for tally in tallies):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
