"""The report on a search, and its pictures, as files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .. import draw
from ..draw.style import grid, rendered
from ..errors import MissingExtraError
from ..files import write_whole
from .record import OUTCOMES, Search

PAGE = "search.md"
PICTURES = {
    "history.png": "how good each trial was",
    "settings.png": "how good they were, by setting",
}
COLUMNS = 4


def write_search(
    folder: Path, found: Search, command: str
) -> Iterator[tuple[str, str]]:
    """Write what a search has found; yield (file name, what it is) for each file.

    Parameters
    ----------
    folder
        Where to; files of an earlier search are replaced.
    found
        What it has found.
    command
        The command line that trains the best network again.
    """
    write_whole(folder / "trials.csv", found.csv())
    yield "trials.csv", "what was tried, and what came of it"
    for name in PICTURES:
        (folder / name).unlink(missing_ok=True)
    drawn = []
    try:
        for name, content in _pictures(found):
            write_whole(folder / name, content)
            drawn.append(name)
            yield name, PICTURES[name]
    except MissingExtraError as error:
        yield "no pictures", str(error)
    write_whole(folder / PAGE, page(found, command, drawn))
    yield PAGE, "the best trials, what mattered, and how to train it again"


def page(found: Search, command: str, pictures: list[str]) -> str:
    """Return the report as Markdown."""
    best = found.best
    parts = [
        "# Search",
        f"The best of {len(found.trials)} trials is number {best.number}, with "
        f"{found.monitor} {best.value:.4g}. The validation data have chosen it, so it "
        f"looks better on them than it is; the test data played no part.",
        "This trains it again:",
        f"```bash\n{command}\n```",
        f"```python\n{found.python()}```",
        "## What was tried",
        "\n".join(f"- {name}: {given}" for name, given in found.space.items()),
        "\n".join(f"- *{name}*: {told}." for name, told in OUTCOMES.items()),
        f"```text\n{found}\n```",
        *(f"![{PICTURES[name]}]({name})" for name in pictures),
    ]
    return "\n\n".join(parts) + "\n"


def _pictures(found: Search) -> Iterator[tuple[str, bytes]]:
    yield "history.png", rendered(draw.search_history(found))
    names = found.searched()
    if not names:
        return
    places = grid(len(names), COLUMNS, (3.6, 3.0))
    for name, ax in zip(names, places, strict=True):
        draw.search_setting(found, name, ax)
        if places.index(ax) % COLUMNS:
            ax.set_ylabel("")
    yield "settings.png", rendered(places[0])
