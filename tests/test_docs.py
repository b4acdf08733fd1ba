"""The documentation is true: its code runs, its printed text is what is printed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import plaingrad as pg

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    *("README.md", "README.zh.md"),
    *("docs/adding.md", "docs/check.md", "docs/check-scripts.md", "docs/engine.md"),
    *("docs/how-it-works.md", "docs/prove.md", "docs/worksheet.md"),
]
ROUNDING = re.compile(
    r"\b\d(\.\d)?e-\d+ *|\b0\.\d{6}\b|\([0-9a-f]{12}\)|\b0 {10,}|-{9,}"
)
"""What differs from machine to machine in a certificate."""
BLOCK = re.compile(
    r"(<!-- (?P<mark>[\w ]+) -->\n)?```(?P<kind>\w+)\n(?P<code>.*?)```", re.S
)


def blocks(page: str, kind: str) -> list[tuple[str | None, str]]:
    """Return (mark, code) of each fenced block of a kind."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [(m["mark"], m["code"]) for m in BLOCK.finditer(text) if m["kind"] == kind]


@pytest.mark.parametrize("page", PAGES)
def test_code_runs(page: str, tmp_path: Path) -> None:
    code = "\n".join(code for mark, code in blocks(page, "python") if mark is None)
    if not code:
        pytest.skip("the page has no code")
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


@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
def test_commands_run(page: str, tmp_path: Path) -> None:
    commands = [
        line.split("#")[0].strip()
        for _, code in blocks(page, "bash")
        for line in code.splitlines()
        if line.startswith("plaingrad")
    ]
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


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("operations.md", "make.operations()"),
        ("engine.md", "make.printed((make.HERE / 'engine.md').read_text('utf-8'))"),
        ("check.md", "make.printed((make.HERE / 'check.md').read_text('utf-8'))"),
        ("prove.md", "make.printed((make.HERE / 'prove.md').read_text('utf-8'))"),
        (
            "check-scripts.md",
            "make.printed((make.HERE / 'check-scripts.md').read_text('utf-8'))",
        ),
        (
            "worksheet.md",
            "make.printed((make.HERE / 'worksheet.md').read_text('utf-8'))",
        ),
        *[
            (f"../{name}", f"make.speed((make.ROOT / '{name}').read_text('utf-8'))")
            for name in ("README.md", "README.zh.md")
        ],
    ],
)
def test_made_pages_are_up_to_date(name: str, made: str) -> None:
    code = f"import make, sys; sys.stdout.buffer.write({made}.encode())"
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, cwd=ROOT / "docs", capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    page = (ROOT / "docs" / name).read_text(encoding="utf-8")
    made = done.stdout.decode()
    if name == "prove.md":
        page, made = (ROUNDING.sub("*", text) for text in (page, made))
    assert made == page, "run: python docs/make.py text"


@pytest.mark.parametrize("page", PAGES)
def test_links_and_pictures_are_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#:]+)\)|src=\"([^\"]+)\"", text)
    for target in [a or b for a, b in links]:
        assert ((ROOT / page).parent / target).exists(), target
