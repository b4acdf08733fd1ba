"""Layers: each only builds nodes, and knows nothing of training or printing."""

from .activation import ReLU
from .base import Layer
from .combine import Sequence
from .linear import Linear

__all__ = ["Layer", "Linear", "ReLU", "Sequence"]
