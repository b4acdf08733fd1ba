"""Any other loss, written as an expression."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import ArrayLike

from ..errors import PlaingradError, SettingError
from ..graph import Node
from ..ops import equal
from ..shapes import Shape, show
from .base import Loss, Reduction
from .classification import scores_of
from .targets import Array, class_labels, floats, numbers, values


class Custom(Loss):
    """A loss of your own: `Custom(lambda pred, y: np.abs(pred - y) ** 1.5)`.

    Parameters
    ----------
    function
        From the network's output (n, ...) and the targets to the loss of every entry
        or every sample, which are then reduced, or to one number for the batch. It is
        called once, with symbolic arrays; it may use operators, the NumPy functions
        that plaingrad traces, and the functions of `plaingrad.ops`.
    classes
        Whether y holds class labels 0 ... k - 1, (n,), for an output (n, k). Otherwise
        y is handed over as floats; in the output's shape when that has as many entries.
    reduction
        "mean" or "sum" of what the function returns.
    """

    def __init__(
        self,
        function: Callable[[Any, Any], Any],
        classes: bool = False,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__(reduction)
        if not callable(function):
            raise SettingError(
                f"Custom takes a function of (pred, y), got {function!r}. Write it: "
                f"Custom(lambda pred, y: (pred - y) ** 2)."
            )
        self.function = function
        self.classes = classes
        self.output = "scores" if classes else "pred"

    def each(self, output: Node, target: Node) -> Node:
        """Return what the function returns.

        Raises
        ------
        PlaingradError
            When that is no array of floats over the samples, nor one number.
        """
        each = self.function(output, target)
        if not isinstance(each, Node) or each.kind != "float":
            got = each.kind if isinstance(each, Node) else type(each).__name__
            raise PlaingradError(
                f"the function of a Custom loss must return an array of floats that "
                f"depends on the network's output, got {got}."
            )
        if each.shape and each.shape[0] != output.shape[0]:
            raise PlaingradError(
                f"the function of a Custom loss must return one number per sample or "
                f"one for the batch, got the shape {show(each.shape)} for an output of "
                f"shape {show(output.shape)}. Reduce it, for example .sum(axis=1)."
            )
        return each

    def total(self, output: Node, target: Node, weight: Node | None = None) -> Node:
        """Return the loss of a batch as one number.

        Raises
        ------
        PlaingradError
            When samples are weighted and the function returns but one number.
        """
        each = self.each(output, target)
        if not each.shape and weight is not None:
            raise PlaingradError(
                "samples are weighted, but the function of this Custom loss returns "
                "one number for the whole batch. Let it return one per sample."
            )
        return super().total(output, target, weight) if each.shape else each

    def target(self, y: ArrayLike, output: Shape) -> Array:
        """Return labels as int64, all else as floats.

        Raises
        ------
        DataError, ShapeError
            When y is empty or holds no finite numbers, or a label is no class.
        """
        if self.classes:
            return class_labels(y, output)
        array = numbers(y)
        entries = [size for size in output[1:] if size != 1]
        if entries == [size for size in array.shape[1:] if size != 1]:
            return values(array, output)
        return floats(array)

    def labels(self, output: Node) -> Node:
        """Return the class of the best score, or the output itself."""
        return scores_of(output).argmax(axis=-1) if self.classes else output

    def parts(self, output: Node, target: Node) -> dict[str, Node]:
        """Return what values inside the score are called."""
        if not self._is_regression(output, target):
            return {}
        return super().parts(output, target)

    def score(self, output: Node, target: Node) -> tuple[str, Node]:
        """Return the accuracy, r2, or minus the loss when y is of another shape."""
        if self.classes:
            return "accuracy", equal(self.labels(output), target).mean()
        if self._is_regression(output, target):
            return super().score(output, target)
        return "score", -self.total(output, target)

    def _is_regression(self, output: Node, target: Node) -> bool:
        return not self.classes and target.shape == output.shape


def as_loss(loss: Any) -> Loss:
    """Return a loss as it is, and a function of (pred, y) as a `Custom` loss.

    Raises
    ------
    SettingError
        When it is neither.
    """
    if isinstance(loss, Loss):
        return loss
    if not callable(loss) or isinstance(loss, type):
        is_class = isinstance(loss, type) and issubclass(loss, Loss)
        hint = f" Add parentheses: {loss.__name__}()." if is_class else ""
        raise SettingError(
            f"loss must be one such as pg.MSE() or pg.CrossEntropy(), or a function of "
            f"(pred, y), got {loss!r}.{hint}"
        )
    return Custom(loss)
