"""Optimisers that look at all samples before each step, and run to convergence.

They have no rate: each step is chosen from losses and gradients of the whole training
set. The training program only computes these; `plaingrad.train.descent` does the rest.
"""

# ruff: noqa: ARG002 - the methods of all optimisers have one signature

from __future__ import annotations

from .errors import fraction, positive, whole
from .graph import Node
from .optimizers import Optimizer


class FullBatch(Optimizer):
    """Base of the optimisers that need all samples at once.

    In the program they only note the gradient, g += dW, from zero.
    """

    slots = ("g",)

    def __init__(self, tolerance: float) -> None:
        super().__init__(1.0)
        self.tolerance = float(fraction("tolerance", tolerance))

    def update(
        self, p: Node, dp: Node, lr: Node, step: Node, *slots: Node
    ) -> tuple[Node, ...]:
        """Return (p, g + dp): the parameter as it is, and what is noted."""
        return p, slots[0] + dp


class LBFGS(FullBatch):
    """Quasi-Newton steps: the curvature is learnt from the last changes of gradients.

    Each epoch is one step, along a line that is searched until the strong Wolfe
    conditions hold. Training ends by itself when it has converged.

    Parameters
    ----------
    memory
        How many changes are remembered.
    tolerance
        Training has converged when five steps in a row each lower the loss by less than
        this share of it, or than rounding; with 0 when no step lowers it any more.

    Notes
    -----
    Liu and Nocedal, On the limited memory BFGS method for large scale optimization,
    1989. Line search: Nocedal and Wright, Numerical Optimization, 2006, algorithms 3.5
    and 3.6; near the minimum, where losses only differ by rounding, it goes by slopes:
    Hager and Zhang, A new conjugate gradient method with guaranteed descent, 2005.
    """

    def __init__(self, memory: int = 10, tolerance: float = 1e-9) -> None:
        super().__init__(tolerance)
        self.memory = whole("memory", memory)


class LevenbergMarquardt(FullBatch):
    """Damped Gauss-Newton steps, for losses that are sums of squares.

    Each epoch is one step. It solves a linear least-squares problem in all parameters,
    so it is for networks of at most some hundreds of them. Training ends by itself when
    it has converged.

    Parameters
    ----------
    damping
        The first damping, as a share of the largest curvature; large values begin
        carefully.
    tolerance
        Training has converged when what the parameters could still take off is this
        small a share of the residuals, in the norm of both (the relative offset of
        Bates and Watts, 1981); with 0 when rounding lets it get no closer.

    Notes
    -----
    Levenberg, A method for the solution of certain non-linear problems in least
    squares, 1944; Marquardt, An algorithm for least-squares estimation of nonlinear
    parameters, 1963. The parameters are scaled as in Moré, The Levenberg-Marquardt
    algorithm: implementation and theory, 1978; the damping follows Nielsen, Damping
    parameter in Marquardt's method, 1999.
    """

    def __init__(self, damping: float = 1e-3, tolerance: float = 1e-8) -> None:
        super().__init__(tolerance)
        self.damping = float(positive("damping", damping))
