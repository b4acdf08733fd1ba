"""Networks on tables: trained on raw rows, judged on others, kept in one file."""

from .model import TableModel
from .report import TableReport

__all__ = ["TableModel", "TableReport"]
