"""The same training from several seeds."""

from .fit import fit_seeds
from .record import SeedRun, Seeds

__all__ = ["SeedRun", "Seeds", "fit_seeds"]
