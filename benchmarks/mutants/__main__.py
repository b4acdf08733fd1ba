"""The command: `python -m benchmarks.mutants`.

Breaks correct networks in known ways, and measures how many mistakes `pg.check` sees,
how often it names the right cause first, and whether it finds fault with what is right.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .breaking import Mutant, mutants
from .rewriting import renamed, variants
from .subjects import subjects

RESULTS = Path(__file__).parents[1] / "results" / "mutants.md"


@dataclass(frozen=True)
class Outcome:
    """What the check said of one mutant."""

    mutant: Mutant
    detected: bool
    first: str
    line: bool
    seconds: float

    @property
    def right(self) -> bool:
        """Whether the right cause was named first."""
        return self.first in self.mutant.causes


def outcome(mutant: Mutant) -> Outcome:
    """Check a mutant."""
    begin = time.perf_counter()
    report = mutant.subject.report(mutant.apart)
    first = report.findings[0] if report.findings else None
    return Outcome(
        mutant,
        not report.ok or bool(first and first.cause == "convention"),
        first.cause if first else "",
        bool(first and first.after),
        time.perf_counter() - begin,
    )


def chosen(seeds: Iterable[int], each: int) -> list[Mutant]:
    """Return at most `each` mutants of one way, from as many networks as there are."""
    groups: dict[str, list[Mutant]] = defaultdict(list)
    for seed in seeds:
        for subject in subjects(seed):
            for mutant in mutants(subject):
                groups[mutant.operator].append(mutant)
    found: list[Mutant] = []
    for group in groups.values():
        places = np.linspace(0, len(group) - 1, min(each, len(group))).round()
        found += [group[int(place)] for place in places]
    return [_written_otherwise(mutant, i) for i, mutant in enumerate(found)]


def _written_otherwise(mutant: Mutant, number: int) -> Mutant:
    """Return every third mutant with other names."""
    if number % 3:
        return mutant
    other = renamed(mutant.subject)
    return Mutant(other, mutant.operator, mutant.causes, mutant.apart)


def false_alarms(seeds: Iterable[int]) -> tuple[int, list[str]]:
    """Return how many correct variants were checked, and which were found wrong."""
    count, wrong = 0, []
    for seed in seeds:
        for subject in subjects(seed):
            for name, variant in variants(subject):
                count += 1
                report = variant.report(apart=count % 2 == 0)
                if not report.ok:
                    wrong.append(f"{subject.name}, {name}, seed {seed}")
    return count, wrong


def page(found: Sequence[Outcome], correct: int, alarms: Sequence[str]) -> str:
    """Return the results as Markdown."""
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for one in found:
        groups[one.mutant.operator].append(one)
    seen = sum(one.detected for one in found)
    right = sum(one.right for one in found)
    times = [one.seconds for one in found]
    lines = [
        "# How well mistakes are found",
        "",
        "Written by `python -m benchmarks.mutants`: training steps that plaingrad",
        "printed, broken in known ways by patterns of text, given to `pg.check` as",
        "plain functions. A third has other names of variables than plaingrad prints.",
        "Where nothing usual is wrong, the right answer is that no usual mistake fits.",
        "",
        f"- mutants: {len(found)}",
        f"- seen: {seen} ({seen / len(found):.1%})",
        f"- the right cause named first: {right} ({right / len(found):.1%})",
        f"- with a change of one line that was proved: {sum(o.line for o in found)}",
        f"- correct variants: {correct}, of them found wrong: {len(alarms)}",
        f"- seconds for each: {sum(times) / len(times):.1f} on average, "
        f"{max(times):.0f} at most",
        "",
        "| broken | cause | mutants | seen | named first | instead |",
        "| --- | --- | ---: | ---: | ---: | --- |",
    ]
    for name, group in groups.items():
        others = sorted({one.first or "nothing" for one in group if not one.right})
        causes = ", ".join(sorted(group[0].mutant.causes))
        numbers = (
            len(group),
            sum(o.detected for o in group),
            sum(o.right for o in group),
        )
        cells = [name, causes, *map(str, numbers), ", ".join(others)]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", *(f"- found wrong: {alarm}" for alarm in alarms)]
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.mutants", description=__doc__
    )
    add = parser.add_argument
    add("--seeds", type=int, nargs="+", default=[11], help="seeds of the networks")
    add("--each", type=int, default=4, help="mutants of one kind")
    add(
        "--correct", type=int, nargs="*", default=[21, 22], help="seeds of correct ones"
    )
    add("--show", action="store_true", help="show each mutant that is named wrongly")
    add("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    found = []
    for mutant in chosen(options.seeds, options.each):
        found.append(outcome(mutant))
        one = found[-1]
        if options.show and not (one.right and one.detected):
            print(
                f"{mutant.subject.name}: {mutant.operator}: {one.first} "
                f"{one.detected} {one.seconds:.1f}",
                flush=True,
            )
    count, alarms = false_alarms(options.correct)
    text = page(found, count, alarms)
    options.out.parent.mkdir(exist_ok=True)
    options.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
