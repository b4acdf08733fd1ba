"""The residuals of a loss that is a sum of squares, and their derivatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from ..compose import BATCH, forward
from ..derive import gradients
from ..errors import SettingError, VerifyError
from ..graph import Node
from ..losses import Loss
from ..native.flat import Views, flat
from ..ops import leaf
from ..ops import sum as sum_
from ..plan import Goal, plan
from ..program import Procedure, Role
from ..reading import Reading
from ..simplify import simplify
from ..trace import Traced
from .free import Free
from .training import Training

Array = np.ndarray[Any, Any]


def residual_of(network: Traced, training: Training) -> tuple[Node, dict[str, Node]]:
    """Return the node of the residuals (n, ...), and those of all parameters.

    Raises
    ------
    SettingError
        When the loss is no sum of squares.
    """
    made = forward(network, training.features, training=True)
    residual = training.loss.residuals(made.output, training.recipe.target)
    if residual is None:
        raise SettingError(
            f"LevenbergMarquardt needs a loss that is a sum of squares, which "
            f"{training.loss!r} is not. Use loss=pg.MSE(), or optimizer=pg.LBFGS()."
        )
    return residual, {name: d.leaf for name, d in made.trace.parameters.items()}


def _procedure(node: Node, name: str) -> Procedure:
    (simple,), _ = simplify([node])
    return plan([Goal(simple, "forward")], {simple: Role(name)}, [simple])


def _along(residual: Node, parameters: Mapping[str, Node]) -> Procedure:
    """Return what computes J v: how residuals change when parameters go along v.

    J^T u is a gradient, of sum(u r). It is linear in u, so the gradient of sum(v J^T u)
    by u is J v.
    """
    u = leaf("u", (BATCH, *residual.shape[1:]))
    found, _ = gradients(sum_(u * residual), list(parameters.values()))
    simple, _ = simplify(found)
    moved = [
        sum_(g * leaf(f"v_{name}", p.shape, "state"))
        for g, (name, p) in zip(simple, parameters.items(), strict=True)
    ]
    (change,), _ = gradients(reduce(add, moved), [u])
    made = _procedure(change, "change")
    if "u" in made.inputs:
        raise VerifyError("a gradient is not linear in what flows back")
    return made


class SumOfSquares:
    """A training's loss as a sum of squares; see `marquardt.Squares`.

    The residuals are scaled so that their squares add up to the loss, the penalty l2
    included. Each call of `residuals`, and each column of the Jacobian, is one call of
    machine code.

    Parameters
    ----------
    network, training
        What is trained, and how.
    parameters, free
        The present values, and which of their entries are free. The arrays stay where
        they are.
    data
        X, y and, when samples are weighted, w.
    native
        Whether machine code does it.
    threads
        How many it uses.
    """

    def __init__(
        self,
        network: Traced,
        training: Training,
        parameters: Mapping[str, Array],
        free: Free,
        data: Mapping[str, Array],
        native: bool,
        threads: int | None,
    ) -> None:
        residual, leaves = residual_of(network, training)
        self.free, self.data, self.parameters = free, data, parameters
        learnt = {name: leaves[name] for name in free.entries}
        self._moved = flat({n: np.zeros_like(parameters[n]) for n in learnt})
        directions = {f"v_{name}": v for name, v in self._moved.items()}
        values = Views({**parameters, **directions})
        rest = values, training.settings.dtype, native, threads
        self._residual = Reading(_procedure(residual, "residual"), *rest)
        self._change = Reading(_along(residual, learnt), *rest)
        self._scales = _scales(training.loss, data, residual.shape[1:])
        # the penalty leaves biases out
        decay = np.sqrt(training.settings.l2 / 2)
        kinds = {
            n: np.full_like(v, decay if v.ndim > 1 else 0, dtype=np.float64)
            for n, v in self._moved.items()
        }
        self._decay = free.gathered(kinds)
        # what it is for frozen entries does not change
        held = {n: kinds[n] * parameters[n] for n in learnt}
        free.scatter(np.zeros(len(self._decay)), held)
        self._held = np.sqrt(sum(float((v**2).sum()) for v in held.values()))

    def residuals(self, point: Array) -> Array:
        """Return the residuals at a point, (m,)."""
        self.free.scatter(point, self.parameters)
        return self._whole(self._residual, point, self._held)

    def jacobian(self, point: Array) -> Array:
        """Return their derivatives by each entry of the point, (m, entries)."""
        self.free.scatter(point, self.parameters)
        columns = []
        for one in np.eye(len(point)):
            self.free.scatter(one, self._moved)
            columns.append(self._whole(self._change, one, 0.0))
        return np.stack(columns, axis=1)

    def _whole(self, read: Reading, point: Array, held: float) -> Array:
        """Return what is read for the samples, scaled, and the penalty's part."""
        with np.errstate(all="ignore"):
            found = read(self.data["X"], self.data["y"])[0]
            rows = (self._scales * np.asarray(found, np.float64)).ravel()
        if not self._decay.any():
            return rows
        return np.concatenate([rows, self._decay * point, [held]])


def _scales(loss: Loss, data: Mapping[str, Array], inner: Sequence[Any]) -> Array:
    """Return what each residual is multiplied with, (n, 1, ...) or one number."""
    count, each = len(data["X"]), int(np.prod(inner))
    weights = data.get("w")
    if weights is None:
        scale = 1.0 if loss.reduction == "sum" else 1 / (count * each)
        return np.array(scale**0.5)
    w = weights.astype(np.float64).reshape(-1, *[1] * len(inner))
    scales: Array = np.sqrt(w if loss.reduction == "sum" else w / (w.sum() * each))
    return scales
