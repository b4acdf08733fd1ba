"""What is added to a loss, or taken off its gradients, to keep a network in bounds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add

from .errors import positive
from .graph import Node
from .ops import absolute, clip, minimum, setting, sqrt, sum  # noqa: A004


def penalty(weights: Sequence[Node], l1: float = 0.0, l2: float = 0.0) -> Node | None:
    """Return l2 / 2 * sum(W^2) + l1 * sum(|W|) over all weights, to be added to a loss.

    Parameters
    ----------
    weights
        The weight arrays. The caller leaves biases out: they do not make a network
        more complex.
    l1, l2
        The strengths, at least 0; as settings they print by these names.

    Returns
    -------
    Node or None
        One number; None when there is nothing to add.

    Raises
    ------
    SettingError
        When a strength is negative or no number.

    Notes
    -----
    With the half, the gradient of the second part is l2 W. Krogh and Hertz, A simple
    weight decay can improve generalization, 1992; Tibshirani, Regression shrinkage and
    selection via the lasso, 1996.
    """
    terms = []
    if l2 and weights:
        squares = reduce(add, [sum(w**2) for w in weights])
        terms.append(0.5 * setting("l2", float(positive("l2", l2))) * squares)
    if l1 and weights:
        sizes = reduce(add, [sum(absolute(w)) for w in weights])
        terms.append(setting("l1", float(positive("l1", l1))) * sizes)
    return reduce(add, terms) if terms else None


def clip_by_value(grads: Sequence[Node], limit: float) -> list[Node]:
    """Return gradients whose entries are held in [-limit, limit].

    Parameters
    ----------
    grads
        The gradients.
    limit
        A positive number; as a setting it prints as `clip_value`.

    Raises
    ------
    SettingError
        When the limit is not positive.
    """
    most = setting("clip_value", float(positive("clip_value", limit)))
    return [clip(g, -most, most) for g in grads]


def clip_by_norm(grads: Sequence[Node], limit: float) -> list[Node]:
    """Return gradients scaled together so that their common norm is at most `limit`.

    Parameters
    ----------
    grads
        All gradients of a step.
    limit
        A positive number; as a setting it prints as `clip_norm`.

    Raises
    ------
    SettingError
        When the limit is not positive.

    Notes
    -----
    As PyTorch's clip_grad_norm_, with the 1e-6 that it adds to the norm. Pascanu,
    Mikolov and Bengio, On the difficulty of training recurrent neural networks, 2013.
    """
    scale = norm_parts(grads, limit)["scale"]
    return [scale * g for g in grads]


def norm_parts(grads: Sequence[Node], limit: float) -> dict[str, Node]:
    """Return what values inside `clip_by_norm` are called, by name."""
    most = setting("clip_norm", float(positive("clip_norm", limit)))
    norm = sqrt(reduce(add, [sum(g**2) for g in grads]))
    return {"norm": norm, "scale": minimum(1, most / (norm + 1e-6))}
