"""Data to learn on: tables, images, toys, digits, MNIST; split, scaled, in batches."""

from .digits import digits
from .folders import Images, images
from .mnist import Dataset, fashion_mnist, mnist
from .parts import Parts
from .prepare import Standardiser, batches, one_hot, split
from .streams import stream
from .tables import table
from .toys import blobs, circles, moons, spiral, streetlights

__all__ = [
    "Dataset",
    "Images",
    "Parts",
    "Standardiser",
    "batches",
    "blobs",
    "circles",
    "digits",
    "fashion_mnist",
    "images",
    "mnist",
    "moons",
    "one_hot",
    "spiral",
    "split",
    "stream",
    "streetlights",
    "table",
]
