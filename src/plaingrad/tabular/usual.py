"""The usual network for a table, and how it is trained."""

from __future__ import annotations

from typing import Any

from ..choices import dense
from ..layers import Linear
from ..network import Sequential
from ..optimizers import Adam

MANY_ROWS = 5_000
"""So many rows can teach a larger network, in larger batches."""


def usual_network(outputs: int, rows: int) -> Sequential:
    """Return a network for a table with so many rows to learn from."""
    widths, share = ((128, 64), 0.1) if rows >= MANY_ROWS else ((64,), 0.2)
    return Sequential(*dense(widths, share), Linear(outputs))


def usual_settings(rows: int) -> dict[str, Any]:
    """Return the settings of `fit` for a table with so many rows to learn from."""
    return {
        "optimizer": Adam(0.003),
        "epochs": 500,
        "batch_size": 128 if rows >= MANY_ROWS else 32,
        "l2": 1e-3,
        "early_stopping": 20,
    }
