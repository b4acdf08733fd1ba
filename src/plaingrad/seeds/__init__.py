"""The same training from several seeds."""

from .record import SeedRun, Seeds
from .spread import Spread

__all__ = ["SeedRun", "Seeds", "Spread"]
