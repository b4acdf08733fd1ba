"""Lessons that ran, once for all tests that look at them."""

import os
import re
from pathlib import Path

import pytest

import plaingrad as pg
from lessons.reduced import REDUCED
from plaingrad import lessons
from plaingrad.errors import FileError

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def with_mnist():
    """Find MNIST, or skip what needs it."""
    if (SHARED / "mnist").is_dir():
        os.environ.setdefault("PLAINGRAD_DATA", str(SHARED))
    try:
        pg.data.mnist()
    except FileError as error:
        pytest.skip(f"the lesson needs MNIST: {error}")


@pytest.fixture(scope="session")
def ran():
    """Run a lesson with settings; the same ones run once in a session."""
    kept = {}

    def run(name, **settings):
        if "pg.data.mnist" in "".join(c.text for c in lessons.find(name).cells):
            with_mnist()
        key = (name, *sorted(settings.items()))
        if key not in kept:
            kept[key] = lessons.run(name, **settings)
        return kept[key]

    return run


@pytest.fixture(scope="session")
def answered(ran):
    """Run the code in the answers of a lesson after it; return the values by name."""

    def run(name):
        done = ran(name, **REDUCED.get(name, {}))
        asked = [cell for cell in done.lesson.cells if "question" in cell.tags]
        code = {
            lang: [
                block
                for cell in asked
                if cell.lang == lang
                for block in BLOCK.findall(cell.question[1])
            ]
            for lang in ("en", "zh")
        }
        assert code["en"] == code["zh"]
        assert code["en"]
        names = dict(done.names)
        for block in code["en"]:
            exec(block, names)
        return names

    return run
