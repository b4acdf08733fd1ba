"""Data to learn on: tables, toy sets, digits, MNIST; splitting, scaling, batching."""

from .digits import digits
from .mnist import Dataset, fashion_mnist, mnist
from .prepare import Standardiser, batches, one_hot, split
from .streams import stream
from .tables import table
from .toys import blobs, circles, moons, spiral, streetlights

__all__ = [
    "Dataset",
    "Standardiser",
    "batches",
    "blobs",
    "circles",
    "digits",
    "fashion_mnist",
    "mnist",
    "moons",
    "one_hot",
    "spiral",
    "split",
    "stream",
    "streetlights",
    "table",
]
