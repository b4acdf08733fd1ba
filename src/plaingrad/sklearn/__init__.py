"""Networks as scikit-learn's estimators: in pipelines, searches and cross-validation.

scikit-learn is an extra, "plaingrad[sklearn]", first needed when a name is asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..errors import missing_extra

if TYPE_CHECKING:
    from .classifier import Classifier
    from .estimator import Estimator
    from .regressor import Regressor

__all__ = ["Classifier", "Estimator", "Regressor"]


def __getattr__(name: str) -> Any:
    """Import an estimator when it is first asked for, and scikit-learn with it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        import_module("sklearn")
    except ImportError:
        raise missing_extra("scikit-learn", "sklearn", f"pg.sklearn.{name}") from None
    return getattr(import_module(f"{__name__}.{name.lower()}"), name)
