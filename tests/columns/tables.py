"""A table for tests: numbers, categories, dates, gaps, and columns of no use."""

import numpy as np


def flats(rows=120, seed=0):
    """Return columns by name: what flats are like, and their rent."""
    draw = np.random.RandomState(seed)
    part = draw.choice(["north", "south", "old town"], rows)
    size = draw.uniform(20, 120, rows).round(1)
    let = np.datetime64("2020-01-01") + draw.randint(0, 1400, rows)
    rent = 300 + 9 * size + 200 * (part == "old town") + draw.normal(0, 30, rows)
    gone = draw.random_sample(rows) < 0.1
    return {
        "number": [*range(1, rows + 1)],
        "part": part.tolist(),
        "size": [None if g else s for g, s in zip(gone, size.tolist(), strict=True)],
        "balcony": draw.choice(["yes", "no", None], rows).tolist(),
        "let": let.tolist(),
        "note": [f"flat {row}" for row in range(rows)],
        "city": ["Here"] * rows,
        "rent": rent.round().astype(int).tolist(),
    }


def write(path, columns, between=",", comma=False):
    """Write columns as text."""

    def cell(value):
        text = "" if value is None else str(value)
        return text.replace(".", ",") if comma and isinstance(value, float) else text

    lines = [columns, *zip(*columns.values(), strict=True)]
    text = "".join(between.join(map(cell, line)) + "\n" for line in lines)
    path.write_text(text, encoding="utf-8")
    return path
