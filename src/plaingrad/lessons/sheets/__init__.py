"""One update of a small network, every product and sum written out with numbers."""

from .work import worksheet

__all__ = ["worksheet"]
