"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _same_errors_for_all() -> Iterator[None]:
    """Undo the `np.seterr` of a printed script that a test runs in its own process."""
    with np.errstate():
        yield
