"""Lessons that ran, once for all tests that look at them."""

import pytest

from plaingrad import lessons


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
