"""Pictures in files and folders, and how they become numbers for a network."""

from .form import Form
from .preparation import PicturePreparation

__all__ = ["Form", "PicturePreparation"]
