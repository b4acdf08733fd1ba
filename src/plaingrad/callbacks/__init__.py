"""Ready callbacks: what watches a training, writes it down, and ends it."""

from ..train.callbacks import Callback
from .best import SaveBest
from .limits import StopAfter, StopAt
from .live import LivePlot
from .logs import CSVLog, JSONLog
from .tensorboard import TensorBoard

__all__ = [
    "CSVLog",
    "Callback",
    "JSONLog",
    "LivePlot",
    "SaveBest",
    "StopAfter",
    "StopAt",
    "TensorBoard",
]
