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
SENTENCES = {
    "en": {
        "title": "Search",
        "best": "The best of {count} trials is number {number}, with {monitor} "
        "{value}. The validation data have chosen it, so it looks better on them than "
        "it is; the test data played no part.",
        "again": "This trains it again:",
        "tried": "What was tried",
        **{name: f": {told}." for name, told in OUTCOMES.items()},
        "mattered": "What mattered: ",
        **PICTURES,
    },
    "zh": {
        "title": "搜索结果",
        "best": "{count} 次尝试中，最好的是第 {number} 次，{monitor} 为 {value}。"
        "它是用验证数据选出来的，所以在这些数据上看起来比实际更好；测试数据没有参与。",
        "again": "这样可以重新训练它：",
        "tried": "试过什么",
        "done": "：训练到了最后。",
        "pruned": "：提前结束，因为别的尝试在同样轮数时更好。",
        "diverged": "：损失变成了无穷大或无定义。",
        "error": "：无法训练。",
        "mattered": "影响结果的设置：",
        "history.png": "每次尝试的好坏",
        "settings.png": "各个设置下的好坏",
    },
}


def write_search(
    folder: Path, found: Search, command: str, lang: str = "en"
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
    lang
        Of the report: "en" or "zh".
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
    write_whole(folder / PAGE, page(found, command, drawn, lang))
    yield PAGE, "the best trials, what mattered, and how to train it again"


def page(found: Search, command: str, pictures: list[str], lang: str) -> str:
    """Return the report as Markdown, in a language ("en" or "zh")."""
    said, best = SENTENCES[lang], found.best
    told = {"monitor": found.monitor, "value": f"{best.value:.4g}"}
    counts = {"count": len(found.trials), "number": best.number}
    outcomes = found.outcomes.items()
    parts = [
        f"# {said['title']}",
        said["best"].format(**told, **counts),
        said["again"],
        f"```bash\n{command}\n```",
        f"```python\n{found.python()}```",
        f"## {said['tried']}",
        "\n".join(f"- {name}: {given}" for name, given in found.space.items()),
        "\n".join(f"- {count} *{name}*{said[name]}" for name, count in outcomes),
        f"```text\n{found.table()}\n```",
        *([said["mattered"] + ", ".join(found.mattered)] if found.mattered else []),
        *(f"![{said[name]}]({name})" for name in pictures),
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
