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
    AvgPool2d,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    HardTanh,
    Layer,
    LeakyReLU,
    Linear,
    LogSoftmax,
    MaxPool2d,
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
from .train.callbacks import Callback
from .train.ending import DivergedWarning
from .train.engines import FallbackWarning
from .train.history import History
from .train.settings import EarlyStopping
from .travel import Run, load_run

if TYPE_CHECKING:
    from . import callbacks, data, draw, lessons, metrics, sklearn
    from .tabular import TableModel

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
    "GlobalAvgPool2d",
    "Glorot",
    "HardTanh",
    "He",
    "Hinge",
    "History",
    "Huber",
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
    "RateTest",
    "ReLU",
    "ReduceOnPlateau",
    "Reshape",
    "Residual",
    "RowsWarning",
    "Run",
    "Schedule",
    "Sequence",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "StepDecay",
    "TableModel",
    "Tanh",
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
    "sklearn",
    "value_and_grad",
]


def __getattr__(name: str) -> Any:
    """Import what not everybody needs when it is first asked for."""
    if name in ("callbacks", "data", "draw", "lessons", "metrics", "sklearn"):
        return importlib.import_module(f"{__name__}.{name}")
    if name == "TableModel":
        return importlib.import_module(f"{__name__}.tabular").TableModel
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
