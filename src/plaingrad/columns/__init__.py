"""Tables of raw columns, what is in each, and how they become numbers for a network."""

from .inputs import CategoryInput, DateInput, NumberInput
from .preparation import Preparation, RowsWarning
from .table import Column, Table
from .targets import ClassTarget, NumberTarget

__all__ = [
    "CategoryInput",
    "ClassTarget",
    "Column",
    "DateInput",
    "NumberInput",
    "NumberTarget",
    "Preparation",
    "RowsWarning",
    "Table",
]
