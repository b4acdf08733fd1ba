"""Layers: each only builds nodes, and knows nothing of training or printing."""

from .activation import (
    ELU,
    GELU,
    HardTanh,
    LeakyReLU,
    LogSoftmax,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from .augment import Augmentation, GaussianNoise, RandomFlip
from .base import Layer
from .combine import Residual, Sequence
from .convolution import Conv2d
from .dropout import Dropout
from .linear import Linear
from .pooling import AvgPool2d, GlobalAvgPool2d, MaxPool2d
from .resample import RandomCrop, RandomRotation, RandomTranslation
from .reshape import Flatten, Reshape

__all__ = [
    "ELU",
    "GELU",
    "Augmentation",
    "AvgPool2d",
    "Conv2d",
    "Dropout",
    "Flatten",
    "GaussianNoise",
    "GlobalAvgPool2d",
    "HardTanh",
    "Layer",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "MaxPool2d",
    "RandomCrop",
    "RandomFlip",
    "RandomRotation",
    "RandomTranslation",
    "ReLU",
    "Reshape",
    "Residual",
    "Sequence",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
]
