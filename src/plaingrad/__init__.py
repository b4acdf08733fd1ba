"""plaingrad: neural networks you can read.

A network is a program. Layers are traced into a small program of array operations,
backpropagation and the optimiser's update are derived as more of the same program, and
the whole is read: as a NumPy script, as mathematics, and by the reference that runs it.
"""

import importlib
from typing import TYPE_CHECKING, Any

from . import errors, ops
from .checkpoints.folder import DamagedWarning
from .checkpoints.settings import Checkpoint
from .columns.preparation import RowsWarning
from .curvature import Curvature
from .errors import PlaingradError
from .full_batch import LBFGS, LevenbergMarquardt
from .functional import grad, longhand, value_and_grad
from .initializers import (
    Constant,
    Glorot,
    He,
    Initializer,
    LeCun,
    Normal,
    Orthogonal,
    Uniform,
    Zeros,
)
from .layers import (
    ELU,
    GELU,
    Augmentation,
    AvgPool2d,
    Conv2d,
    Dropout,
    Flatten,
    GaussianNoise,
    GlobalAvgPool2d,
    HardTanh,
    Layer,
    LeakyReLU,
    Linear,
    LogSoftmax,
    MaxPool2d,
    RandomCrop,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    ReLU,
    Reshape,
    Residual,
    Sequence,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from .losses import (
    MAE,
    MSE,
    BinaryCrossEntropy,
    CrossEntropy,
    Custom,
    Hinge,
    Huber,
    Loss,
    Poisson,
)
from .network import Network, Sequential, load
from .optimizers import (
    SGD,
    Adagrad,
    Adam,
    AdamW,
    Momentum,
    Nesterov,
    Optimizer,
    RMSprop,
)
from .prove.certificate.record import Certificate
from .prove.certificate.verify import load_certificate
from .prove.check import check
from .prove.layers import check_function, check_layer
from .rates import RateTest
from .schedules import (
    Cosine,
    Exponential,
    OneCycle,
    ReduceOnPlateau,
    Schedule,
    StepDecay,
    WarmUp,
)
from .seeds import SeedRun, Seeds, Spread
from .train.callbacks import Callback
from .train.ending import DivergedWarning
from .train.engines import FallbackWarning
from .train.history import History
from .train.settings import EarlyStopping
from .travel import Run, load_run
from .tuning import Search, Trial, search

if TYPE_CHECKING:
    from . import callbacks, data, draw, lessons, metrics, sklearn
    from .tabular import TableModel
    from .visual import ImageModel

__version__ = "0.1.0"

__all__ = [
    "ELU",
    "GELU",
    "LBFGS",
    "MAE",
    "MSE",
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "Augmentation",
    "AvgPool2d",
    "BinaryCrossEntropy",
    "Callback",
    "Certificate",
    "Checkpoint",
    "Constant",
    "Conv2d",
    "Cosine",
    "CrossEntropy",
    "Curvature",
    "Custom",
    "DamagedWarning",
    "DivergedWarning",
    "Dropout",
    "EarlyStopping",
    "Exponential",
    "FallbackWarning",
    "Flatten",
    "GaussianNoise",
    "GlobalAvgPool2d",
    "Glorot",
    "HardTanh",
    "He",
    "Hinge",
    "History",
    "Huber",
    "ImageModel",
    "Initializer",
    "Layer",
    "LeCun",
    "LeakyReLU",
    "LevenbergMarquardt",
    "Linear",
    "LogSoftmax",
    "Loss",
    "MaxPool2d",
    "Momentum",
    "Nesterov",
    "Network",
    "Normal",
    "OneCycle",
    "Optimizer",
    "Orthogonal",
    "PlaingradError",
    "Poisson",
    "RMSprop",
    "RandomCrop",
    "RandomFlip",
    "RandomRotation",
    "RandomTranslation",
    "RateTest",
    "ReLU",
    "ReduceOnPlateau",
    "Reshape",
    "Residual",
    "RowsWarning",
    "Run",
    "Schedule",
    "Search",
    "SeedRun",
    "Seeds",
    "Sequence",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Spread",
    "StepDecay",
    "TableModel",
    "Tanh",
    "Trial",
    "Uniform",
    "WarmUp",
    "Zeros",
    "callbacks",
    "check",
    "check_function",
    "check_layer",
    "data",
    "draw",
    "errors",
    "grad",
    "lessons",
    "load",
    "load_certificate",
    "load_run",
    "longhand",
    "metrics",
    "ops",
    "search",
    "sklearn",
    "value_and_grad",
]

MODELS = {"ImageModel": "visual", "TableModel": "tabular"}
"""Where the models of raw data are, which not everybody needs."""


def __getattr__(name: str) -> Any:
    """Import what not everybody needs when it is first asked for."""
    if name in ("callbacks", "data", "draw", "lessons", "metrics", "sklearn"):
        return importlib.import_module(f"{__name__}.{name}")
    if name in MODELS:
        return getattr(importlib.import_module(f"{__name__}.{MODELS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
