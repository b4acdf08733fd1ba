"""Pictures of data, training, weights and networks, drawn with matplotlib.

Every function draws on the Axes it is given, or on a new figure, and returns the Axes;
none shows or saves it. matplotlib is an extra, "plaingrad[draw]", first needed when
something is drawn.
"""

from .curves import activation, cost_curves, rate_test
from .diagram import network
from .images import augmented, features, kernels, misclassified
from .matrices import confusion_matrix, weights
from .points import decision_regions, scatter
from .residuals import residuals
from .search import search_history, search_setting
from .seeds import seed_curves

__all__ = [
    "activation",
    "augmented",
    "confusion_matrix",
    "cost_curves",
    "decision_regions",
    "features",
    "kernels",
    "misclassified",
    "network",
    "rate_test",
    "residuals",
    "scatter",
    "search_history",
    "search_setting",
    "seed_curves",
    "weights",
]
