"""Printed scripts as they were reviewed; `python tests/test_golden.py --write` renews.

Read the difference: would a careful person have written this NumPy?
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from zoo import NAMES, ZOO

GOLDEN = Path(__file__).parent / "golden"
SHOWN = [
    *("spiral", "deep", "deep_adam", "dropout", "early", "line_1_3_1", "binary"),
    *("softmax_layer", "convolution", "pooling", "one_cycle", "hinge", "masked"),
    *("residual", "weighted", "multilabel", "branch", "plateau", "tied"),
    *("augmented", "augmented_within"),
]
FILES = {
    **{f"{name}.py": (name, "en") for name in SHOWN},
    "early_zh.py": ("early", "zh"),
}


def printed(file: str) -> str:
    name, lang = FILES[file]
    animal = ZOO[NAMES.index(name)]
    settings = {"epochs": 3, "batch_size": 5, **animal.settings}
    return animal.network().longhand(*animal.data(), lang=lang, **settings)


@pytest.mark.parametrize("file", FILES)
def test_the_script_is_the_one_that_was_reviewed(file: str) -> None:
    path = GOLDEN / file
    assert path.read_bytes().decode() == printed(file), f"see the head of {__file__}"


def test_every_golden_file_is_tested() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(FILES)


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit(__doc__)
    for one in FILES:
        (GOLDEN / one).write_text(printed(one), encoding="utf-8", newline="\n")
