"""From results to a page of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

OURS, EAGER = "plaingrad", "torch"
Row = Mapping[str, Any]


def seconds(row: Row, name: str) -> float | None:
    """Return the time of an update by a contender that did the same work."""
    found = row["contenders"].get(name)
    return found["seconds per update"] if found and found["valid"] else None


def ratio(row: Row, name: str) -> float | None:
    """Return how many times longer a peer takes than plaingrad."""
    ours, theirs = seconds(row, OURS), seconds(row, name)
    return theirs / ours if ours and theirs else None


def best_peer(row: Row) -> str | None:
    """Return the name of the fastest peer."""
    peers = [n for n in row["contenders"] if n != OURS and seconds(row, n)]
    return min(peers, key=lambda name: seconds(row, name) or 0.0, default=None)


def share(row: Row, name: str, results: Mapping[str, Any]) -> float | None:
    """Return the share of the peak of all cores in use."""
    taken, peak = seconds(row, name), results["peak multiply-adds per second"]
    if taken is None or peak is None:
        return None
    return float(row["multiply-adds per update"] / taken / peak / results["threads"])


def markdown(results: Mapping[str, Any]) -> str:
    """Return the whole page."""
    rows, names = results["rows"], contenders(results)
    parts = [
        f"# plaingrad beside its peers, {_threads(results)}",
        _machine(results),
        "Microseconds per update, or per call of a prediction: the median of "
        f"{results['repetitions']} repetitions of about {results['seconds']} s, which "
        "all contenders do in turn. An x marks a contender whose loss was another.",
        _table(["", *names], [[r["workload"], *_times(r, names)] for r in rows]),
        "## Ratios",
        "How many times longer a peer takes, and the floor set for it. The last column "
        "is the share of the measured peak that the network's multiply-adds reach.",
        _table(
            ["", "PyTorch eager", "floor", "best peer", "", "floor", "met", "of peak"],
            [[r["title"], *_ratios(r, results)] for r in rows],
        ),
        "## Starting up, and memory",
        "Seconds that building, compiling and the first epoch take beyond the work, "
        "with empty caches.",
        _table(["", *names], [[r["workload"], *_startups(r, names)] for r in rows]),
        "The most memory in MB beyond what importing takes, with the data.",
        _table(
            ["", "data", *names],
            [
                ["importing", "", *_imports(rows, names)],
                *([r["workload"], *_memory(r, names)] for r in rows),
            ],
        ),
        "## Notes",
        "\n".join(_notes(rows)),
    ]
    return "\n\n".join(parts) + "\n"


def contenders(results: Mapping[str, Any]) -> list[str]:
    """Return the names of all contenders that did anything."""
    present = {name for row in results["rows"] for name in row["contenders"]}
    return [name for name in results["contenders"] if name in present]


def _threads(results: Mapping[str, Any]) -> str:
    count = results["threads"]
    return "one thread" if count == 1 else f"{count} threads"


def _machine(results: Mapping[str, Any]) -> str:
    machine, peak = results["machine"], results["peak multiply-adds per second"]
    versions = ", ".join(f"{n} {v}" for n, v in machine["versions"].items())
    measured = f"{2 * peak / 1e9:.0f} GFLOP/s" if peak else "not measured"
    return (
        f"{machine['cpu']}, {machine['cores']} cores ({', '.join(machine['vectors'])}),"
        f" {machine['memory']}, {machine['system']}. Peak of one core: {measured}. "
        f"{machine['date']}, load {machine['load'][0]:.1f} at the start.\n\n"
        f"Python {machine['python']}, {versions}."
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float | None) -> str:
    """Return a number in three digits, or nothing."""
    if value is None:
        return ""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _times(row: Row, names: Iterable[str]) -> list[str]:
    cells = []
    for name in names:
        found = row["contenders"].get(name)
        wrong = " x" if found and not found["valid"] else ""
        taken = 1e6 * found["seconds per update"] if found else None
        cells.append(f"{number(taken)}{wrong}")
    return cells


def _ratios(row: Row, results: Mapping[str, Any]) -> list[str]:
    floor, best = row["floor"] or {}, best_peer(row)
    eager, top = ratio(row, EAGER), ratio(row, best) if best else None
    part = share(row, OURS, results)
    return [
        number(eager),
        _floor(floor.get("eager")),
        number(top),
        best or "",
        _floor(floor.get("best")),
        {True: "yes", False: "no", None: ""}[met(row, results)],
        "" if part is None else f"{part:.0%}{_least(floor.get('peak'))}",
    ]


def _floor(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _least(value: float | None) -> str:
    return "" if value is None else f" (floor {value:.0%})"


def met(row: Row, results: Mapping[str, Any]) -> bool | None:
    """Return whether all floors that could be measured are met."""
    floor, best = row["floor"] or {}, best_peer(row)
    measured = {
        "eager": ratio(row, EAGER),
        "best": ratio(row, best) if best else None,
        "peak": share(row, OURS, results) if results["threads"] == 1 else None,
    }
    judged = [
        value >= floor[name]
        for name, value in measured.items()
        if value is not None and floor.get(name) is not None
    ]
    return all(judged) if judged else None


def _startups(row: Row, names: Iterable[str]) -> list[str]:
    found = (row["contenders"].get(name) for name in names)
    return [f"{one['startup seconds']:.2f}" if one else "" for one in found]


def _imports(rows: Sequence[Row], names: Iterable[str]) -> list[str]:
    """Return what importing took in each contender's first row."""
    rows = [row["contenders"] for row in rows]
    found = (next(row[name] for row in rows if name in row) for name in names)
    return [f"{one['imported bytes'] / 2**20:.0f}" for one in found]


def _memory(row: Row, names: Iterable[str]) -> list[str]:
    found = (row["contenders"].get(name) for name in names)
    sizes = [f"{one['peak bytes'] / 2**20:.0f}" if one else "" for one in found]
    return [f"{row['data bytes'] / 2**20:.1f}", *sizes]


def _notes(rows: Iterable[Row]) -> Iterable[str]:
    """Yield what counted, what did not, and why."""
    for row in rows:
        told = [row["note"]] if row["note"] else []
        for name, one in row["contenders"].items():
            if one["variant"] != "plain":
                told.append(f"{name}: {one['variant']} counts")
            if one["note"]:
                told.append(f"{name}: {one['note']}")
            if not one["valid"]:
                told.append(f"{name} gave another result, by {one['difference']:.1e}")
        told += [f"{name}: {why}" for name, why in row["skipped"].items()]
        yield f"- {row['workload']}: {'; '.join(told)}." if told else ""
