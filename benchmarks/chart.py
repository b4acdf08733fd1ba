"""A bar for each peer and workload: how many times longer it takes than plaingrad."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt

from .report import EAGER, OURS, best_peer, contenders, ratio

INCHES = 0.13
"""The height of a bar."""


def draw(results: Mapping[str, Any], path: Path) -> None:
    """Write the chart as PNG."""
    rows = results["rows"]
    peers = [name for name in contenders(results) if name != OURS]
    if not peers:
        return
    height = len(rows) * (len(peers) + 1) * INCHES + 1.2
    figure, axes = plt.subplots(figsize=(9, height), layout="constrained")
    thick = 1 / (len(peers) + 1)
    for place, name in enumerate(peers):
        bars = [(y, ratio(row, name)) for y, row in enumerate(rows)]
        known = [(y + place * thick, value) for y, value in bars if value]
        places, values = zip(*known, strict=True) if known else ((), ())
        axes.barh(places, values, height=thick, label=name)
    for y, row in enumerate(rows):
        floor = row["floor"] or {}
        for kind, name in {"eager": EAGER, "best": best_peer(row)}.items():
            if floor and name in peers:
                middle = y + peers.index(name) * thick
                ends = [middle - thick / 2, middle + thick / 2]
                axes.plot([floor[kind]] * 2, ends, color="black", linewidth=1.5)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_yticks(
        [y + (len(peers) - 1) * thick / 2 for y in range(len(rows))],
        [row["title"] for row in rows],
    )
    axes.invert_yaxis()
    axes.set_xlabel("times longer than plaingrad (short black lines: floors)")
    axes.set_title(f"{results['machine']['cpu']}, threads: {results['threads']}")
    axes.legend(loc="best", fontsize="small")
    figure.savefig(path, dpi=150)
    plt.close(figure)
