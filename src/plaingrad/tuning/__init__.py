"""Settings that are found by trying: searches with Optuna."""

from .record import Search, Trial
from .search import search

__all__ = ["Search", "Trial", "search"]
