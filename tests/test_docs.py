"""The documentation is true: its code runs, its printed text is what is printed."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import plaingrad as pg

ROOT = Path(__file__).resolve().parents[1]
MAKE = runpy.run_path(str(ROOT / "docs" / "make.py"))
BOTH = [(page, MAKE["chinese"](page)) for page in MAKE["PAGES"]]
"""All pages, each in English and Chinese."""
PAGES = [page for pair in BOTH for page in pair]
ROUNDING = re.compile(
    r"\b\d(\.\d)?e-\d+ *|\b0\.\d{6}\b|[(（][0-9a-f]{12}[)）]|\b0 {9,}|-{9,}"
)
"""What differs from machine to machine in a certificate."""
BLOCK = re.compile(
    r"(<!-- (?P<mark>[\w ]+) -->\n)?```(?P<kind>\w+)\n(?P<code>.*?)```", re.S
)
LINK = re.compile(r"\]\(([^)#:]+)\)|src=\"([^\"]+)\"")
MARK = re.compile(r"^(#+ |\||- |\d\. |    (?=\S))", re.M)
"""What begins a heading, a line of a table, an item of a list, an indented block."""
CODE = ("python", "bash")
TOLD = re.compile(r",?\s*(\blang=\"\w+\",?|--lang zh)|[ \t]+# .*")
"""What may differ between code in two languages: the language, and comments."""


def blocks(page: str, kind: str) -> list[tuple[str | None, str]]:
    """Return (mark, code) of each fenced block of a kind."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [(m["mark"], m["code"]) for m in BLOCK.finditer(text) if m["kind"] == kind]


def links(page: str) -> list[str]:
    """Return the files that a page links to or shows, from the root."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = [(Path(page).parent / (a or b)).as_posix() for a, b in LINK.findall(text)]
    return [os.path.normpath(target) for target in found]


def translation(file: str) -> str:
    """Return the Chinese page beside an English one, or what is the same for both."""
    other: str = MAKE["chinese"](file)
    return other if (ROOT / other).exists() else file


@pytest.mark.parametrize(
    "page", [page for page in MAKE["PAGES"] if blocks(page, "python")]
)
def test_code_runs(page: str, tmp_path: Path) -> None:
    code = "\n".join(code for mark, code in blocks(page, "python") if mark is None)
    script = tmp_path / "page.py"
    script.write_text(code, encoding="utf-8")
    command = [sys.executable, "-W", "error", script.name]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("page", "lang"), [("README.md", "en"), ("README.zh.md", "zh")]
)
def test_shown_longhand_is_printed(page: str, lang: str) -> None:
    (shown,) = [code for mark, code in blocks(page, "python") if mark == "longhand"]
    X, y = pg.data.spiral(points=100, classes=3, seed=0)
    net = pg.Sequential(pg.Linear(100), pg.ReLU(), pg.Linear(3))
    printed = net.longhand(
        X, y, lang=lang, optimizer=pg.SGD(lr=1.0), l2=1e-3, epochs=2000, batch_size=None
    )
    assert shown in printed


def test_commands_run(tmp_path: Path) -> None:
    commands = dict.fromkeys(
        line.split("#")[0].strip()
        for page in ("README.md", "README.zh.md")
        for _, code in blocks(page, "bash")
        for line in code.splitlines()
        if line.startswith("plaingrad")
    )
    assert len(commands) >= 5
    rows = "\n".join(",".join(["0.5"] * 64) for _ in range(3))
    (tmp_path / "new.csv").write_text(rows, encoding="utf-8")
    for command in ["plaingrad train digits --epochs 2", *commands]:
        words = command.split()[1:] + (["--epochs", "2"] if "spiral" in command else [])
        done = subprocess.run(
            [sys.executable, "-m", "plaingrad", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"


def test_both_readmes_show_the_same_commands() -> None:
    for mark in ("main command", "test command"):
        shown = [
            [code for found, code in blocks(page, "bash") if found == mark]
            for page in ("README.md", "README.zh.md")
        ]
        assert shown[0] == shown[1]
        assert len(shown[0]) == 1


@pytest.mark.parametrize("page", MAKE["MADE"])
def test_made_pages_are_up_to_date(page: str, tmp_path: Path) -> None:
    code = (
        "import runpy, sys; made = runpy.run_path(sys.argv[1])['made'];"
        "sys.stdout.buffer.write(made(sys.argv[2]).encode())"
    )
    make = str(ROOT / "docs" / "make.py")
    command = [sys.executable, "-W", "error", "-c", code, make, page]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    shown, made = (ROOT / page).read_text(encoding="utf-8"), done.stdout.decode()
    if page.startswith("docs/prove."):
        shown, made = (ROUNDING.sub("*", text) for text in (shown, made))
    assert made == shown, "run: python docs/make.py text"


@pytest.mark.parametrize("page", PAGES)
def test_links_and_pictures_are_there(page: str) -> None:
    for target in links(page):
        assert (ROOT / target).exists(), target


@pytest.mark.parametrize(("english", "chinese"), BOTH)
def test_languages_have_the_same_sections_and_code(english: str, chinese: str) -> None:
    texts = [(ROOT / page).read_text(encoding="utf-8") for page in (english, chinese)]
    outlines = [MARK.findall(BLOCK.sub("", text)) for text in texts]
    codes = [
        [
            (m["mark"], m["kind"], m["kind"] in CODE and TOLD.sub("", m["code"]))
            for m in BLOCK.finditer(text)
        ]
        for text in texts
    ]
    assert outlines[0] == outlines[1]
    assert codes[0] == codes[1]


@pytest.mark.parametrize(("english", "chinese"), BOTH)
def test_languages_link_to_the_same_and_each_other(english: str, chinese: str) -> None:
    ours, theirs = links(english), links(chinese)
    ours.remove(chinese)
    theirs.remove(english)
    assert sorted(map(translation, ours)) == sorted(theirs)
