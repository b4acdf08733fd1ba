"""Networks on images: trained on pictures, judged on others, kept in one file."""

from .model import ImageModel
from .report import ImageReport

__all__ = ["ImageModel", "ImageReport"]
