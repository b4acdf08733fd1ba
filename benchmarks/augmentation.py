"""The command: `python -m benchmarks.augmentation`.

Measures what augmentation costs, in the time of an update, and whether it helps: how
many digits of MNIST's test data a small network reads right that learnt from few.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import plaingrad as pg

from .machine import describe

RESULTS = Path(__file__).parent / "results" / "augmentation.md"
BATCH = 64
FRONTS: dict[str, Callable[[], list[pg.Layer]]] = {
    "none": list,
    "RandomFlip()": lambda: [pg.RandomFlip()],
    "RandomTranslation(2)": lambda: [pg.RandomTranslation(2)],
    "RandomFlip(), RandomTranslation(2)": lambda: [
        pg.RandomFlip(),
        pg.RandomTranslation(2),
    ],
    "RandomCrop(28, padding=2)": lambda: [pg.RandomCrop(28, padding=2)],
    "RandomRotation(15)": lambda: [pg.RandomRotation(15)],
    "GaussianNoise(0.1)": lambda: [pg.GaussianNoise(0.1)],
    "RandomTranslation(2), RandomRotation(15)": lambda: [
        pg.RandomTranslation(2),
        pg.RandomRotation(15),
    ],
}
SHOWN = ("none", "RandomTranslation(2)", "RandomTranslation(2), RandomRotation(15)")
"""Those of which it is asked whether they help."""


def network(front: str) -> pg.Network:
    """Return a small convolutional network with augmentation in front."""
    return pg.Sequential(
        *FRONTS[front](),
        *(pg.Conv2d(8, 3), pg.ReLU(), pg.MaxPool2d(2)),
        *(pg.Conv2d(16, 3), pg.ReLU(), pg.MaxPool2d(2)),
        *(pg.Flatten(), pg.Linear(10)),
    )


def costs(channels: int, repetitions: int) -> dict[str, float]:
    """Return the seconds of an update, the least of some rounds, on one thread."""
    rng = np.random.default_rng(0)
    X = rng.random((20 * BATCH, 28, 28, channels), dtype=np.float32)
    y = np.arange(len(X)) % 10
    nets = {front: network(front) for front in FRONTS}
    least = dict.fromkeys(FRONTS, np.inf)
    for turn in range(repetitions + 1):
        for front, net in nets.items():
            began = time.perf_counter()
            net.fit(X, y, epochs=2, batch_size=BATCH, threads=1)
            seconds = (time.perf_counter() - began) / 40
            # in the first round the networks are compiled
            least[front] = min(least[front], seconds) if turn else np.inf
    return least


def scores(count: int, seeds: int, epochs: int) -> dict[str, list[float]]:
    """Return the accuracy on MNIST's test data after learning from `count` digits."""
    mnist = pg.data.mnist()
    found: dict[str, list[float]] = {front: [] for front in SHOWN}
    for seed in range(seeds):
        chosen = np.random.default_rng(seed).permutation(len(mnist.X_train))[:count]
        X, y = mnist.X_train[chosen], mnist.y_train[chosen]
        for front in SHOWN:
            net = network(front)
            net.fit(X, y, epochs=epochs, batch_size=32, seed=seed)
            found[front].append(net.score(mnist.X_test, mnist.y_test))
    return found


def page(
    taken: list[dict[str, float]], found: dict[str, list[float]], told: str
) -> str:
    """Return the results as Markdown."""
    machine = describe()
    lines = [
        "# Augmentation: what it costs, and whether it helps",
        "",
        "Written by `python -m benchmarks.augmentation`, for a network of two",
        "convolutions (8 and 16 kernels of 3 x 3) and one dense layer.",
        "",
        f"The time of an update of {BATCH} images, on one thread:",
        f"{machine['cpu']}, {machine['date'][:10]}.",
        "",
        "| in front | 28 x 28 x 1 | 28 x 28 x 3 |",
        "| --- | ---: | ---: |",
    ]
    for front in FRONTS:
        cells = [
            f"{one[front] * 1e6:,.0f} us"
            + (f" ({one[front] / one['none'] - 1:+.0%})" if front != "none" else "")
            for one in taken
        ]
        lines.append(f"| {front} | {' | '.join(cells)} |")
    lines += [
        "",
        told,
        "",
        "| in front | mean | of each seed |",
        "| --- | ---: | --- |",
    ]
    for front, each in found.items():
        shown = ", ".join(f"{score:.2%}" for score in each)
        lines.append(f"| {front} | {statistics.mean(each):.2%} | {shown} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.augmentation", description=__doc__
    )
    add = parser.add_argument
    add("--repetitions", type=int, default=5)
    add("--count", type=int, default=500, help="digits to learn from")
    add("--seeds", type=int, default=5)
    add("--epochs", type=int, default=40)
    add("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    taken = [costs(channels, options.repetitions) for channels in (1, 3)]
    found = scores(options.count, options.seeds, options.epochs)
    told = (
        f"Accuracy on MNIST's 10,000 test digits after {options.epochs} epochs on\n"
        f"{options.count} of its training digits, others for each seed:"
    )
    text = page(taken, found, told)
    options.out.parent.mkdir(exist_ok=True)
    options.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
