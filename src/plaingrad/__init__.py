"""plaingrad: neural networks you can read.

A network is a program. Layers are traced into a small program of array operations,
backpropagation and the optimiser's update are derived as more of the same program, and
the whole is read: as a NumPy script, as mathematics, and by the reference that runs it.
"""

from . import ops
from .errors import PlaingradError
from .initializers import (
    Constant,
    Glorot,
    He,
    LeCun,
    Normal,
    Orthogonal,
    Uniform,
    Zeros,
)
from .layers import *  # noqa: F403
from .losses import (
    MAE,
    MSE,
    BinaryCrossEntropy,
    CrossEntropy,
    Custom,
    Hinge,
    Huber,
    Poisson,
)
from .network import Network, Sequential, load
from .optimizers import SGD, Adagrad, Adam, AdamW, Momentum, Nesterov, RMSprop
from .schedules import *  # noqa: F403
from .train.callbacks import Callback
from .train.settings import EarlyStopping

__version__ = "0.1.0"
