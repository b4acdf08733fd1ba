"""A small run of `python -m benchmarks.mutants`: the whole is in benchmarks/results."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.mutants.__main__ import RESULTS, outcome, page  # noqa: E402
from benchmarks.mutants.breaking import BREAKINGS, mutants  # noqa: E402
from benchmarks.mutants.rewriting import variants  # noqa: E402
from benchmarks.mutants.subjects import subjects  # noqa: E402

NETWORKS = {subject.name: subject for subject in subjects(3)}
SOME = ["tanh classifier, l2", "dropout tanh"]


@pytest.mark.parametrize("name", SOME)
def test_mistakes_are_seen_and_named(name: str) -> None:
    first = {m.operator: m for m in mutants(NETWORKS[name])}
    usual = [m for m in first.values() if "nothing usual" not in m.operator]
    found = [outcome(mutant) for mutant in usual[::4]]
    assert all(one.detected for one in found)
    assert sum(one.right for one in found) >= 0.85 * len(found)
    assert f"- seen: {len(found)} (100.0%)" in page(found, 0, [])


@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_right_is_found_right(name: str) -> None:
    for number, (_, variant) in enumerate(list(variants(NETWORKS[name]))[::4]):
        report = variant.report(apart=number % 2 == 1)
        assert report.ok, str(report)


def test_the_results_that_are_kept_reach_the_goals() -> None:
    text = RESULTS.read_text(encoding="utf-8")
    seen, right = (float(x) for x in re.findall(r"\((\d+\.\d)%\)", text))
    count, correct, wrong = (
        int(re.search(pattern, text)[1])
        for pattern in (r"mutants: (\d+)", r"variants: (\d+)", r"found wrong: (\d+)")
    )
    assert count >= 100
    assert seen >= 99
    assert right >= 85
    assert correct >= 200
    assert wrong == 0
    assert all(name in text for name, _, _ in BREAKINGS)
