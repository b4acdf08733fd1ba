"""Losses: what a network is to make small, written as array expressions."""

from .base import Loss
from .choose import choose
from .classification import BinaryCrossEntropy, CrossEntropy, Hinge
from .custom import Custom, as_loss
from .regression import MAE, MSE, Huber, Poisson
from .weights import class_weights

__all__ = [
    "MAE",
    "MSE",
    "BinaryCrossEntropy",
    "CrossEntropy",
    "Custom",
    "Hinge",
    "Huber",
    "Loss",
    "Poisson",
    "as_loss",
    "choose",
    "class_weights",
]
