"""Networks on raw data, tables or pictures: trained, used, and judged in a report."""

from .model import RawModel
from .report import Report

__all__ = ["RawModel", "Report"]
