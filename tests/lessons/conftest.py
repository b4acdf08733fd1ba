"""Lessons that ran, once for all tests that look at them."""

import re

import pytest

from lessons.reduced import REDUCED
from plaingrad import lessons

BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="session")
def ran():
    """Run a lesson with settings; the same ones run once in a session."""
    kept = {}

    def run(name, **settings):
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
