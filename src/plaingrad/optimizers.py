"""Optimisers: how a gradient changes a parameter, written as array expressions.

In the formulas W is a parameter, dW its gradient and t the number of the update, 1 in
the first. All follow PyTorch's definitions, where these differ from the papers'.
"""

# ruff: noqa: ARG002 - the methods of all optimisers have one signature

from __future__ import annotations

from .errors import SettingError, fraction, positive
from .graph import Node
from .ops import setting, sqrt
from .remember import Remembered
from .schedules import Constant, Schedule, Time


class Optimizer(Remembered):
    """How parameters are updated; subclass it and write `update`.

    Parameters
    ----------
    lr
        The learning rate: a positive number or a schedule.

    Attributes
    ----------
    slots
        What it remembers for each parameter, by name: "m" prints as mW1. All are
        arrays of the parameter's shape and start at zero.
    """

    slots: tuple[str, ...] = ()

    def __init__(self, lr: float | Schedule) -> None:
        if isinstance(lr, Constant):
            lr = lr.lr
        self.lr = lr if isinstance(lr, Schedule) else float(positive("lr", lr))

    def rate(self, time: Time) -> Node:
        """Return the learning rate at a time: the number `lr` or an expression."""
        lr = self.lr
        return lr.rate(time) if isinstance(lr, Schedule) else setting("lr", lr)

    def parts(self, lr: Node, step: Node) -> dict[str, Node]:
        """Return what all updates of one step share, by name."""
        return {}

    def update(
        self, p: Node, dp: Node, lr: Node, step: Node, *slots: Node
    ) -> tuple[Node, ...]:
        """Return the parameter and the slots after one update.

        Parameters
        ----------
        p, dp
            The parameter and its gradient, of one shape.
        lr
            The learning rate, a number.
        step
            The number of this update, 1 in the first.
        slots
            What the last update left in `slots`, in that order.
        """
        raise NotImplementedError


class SGD(Optimizer):
    """Gradient descent: W -= lr dW.

    Parameters
    ----------
    lr
        The learning rate, or a schedule.

    Notes
    -----
    Robbins and Monro, A stochastic approximation method, 1951.
    """

    def __init__(self, lr: float | Schedule = 0.01) -> None:
        super().__init__(lr)

    def update(
        self, p: Node, dp: Node, lr: Node, step: Node, *slots: Node
    ) -> tuple[Node, ...]:
        """Return (p - lr dp,)."""
        return (p - lr * dp,)


class Momentum(Optimizer):
    """Gradients that gather speed: v = momentum v + dW, W -= lr v.

    Parameters
    ----------
    lr
        The learning rate, or a schedule.
    momentum
        How much of the speed is left after a step, in [0, 1).
    nesterov
        Whether to step by dW + momentum v, as `Nesterov` does.

    Notes
    -----
    Polyak, Some methods of speeding up the convergence of iteration methods, 1964. As
    in PyTorch the rate is outside of v, so that a schedule acts at once.
    """

    slots = ("v",)

    def __init__(
        self,
        lr: float | Schedule = 0.01,
        momentum: float = 0.9,
        nesterov: bool = False,
    ) -> None:
        super().__init__(lr)
        self.momentum = float(fraction("momentum", momentum))
        self.nesterov = nesterov

    def update(
        self, p: Node, dp: Node, lr: Node, step: Node, *slots: Node
    ) -> tuple[Node, ...]:
        """Return (p - lr v, v)."""
        momentum = setting("momentum", self.momentum)
        v = momentum * slots[0] + dp
        return p - lr * (dp + momentum * v if self.nesterov else v), v


class Nesterov(Momentum):
    """Momentum that looks ahead: v = momentum v + dW, W -= lr (dW + momentum v).

    Parameters
    ----------
    lr
        The learning rate, or a schedule.
    momentum
        How much of the speed is left after a step, in [0, 1).

    Notes
    -----
    Sutskever et al., On the importance of initialization and momentum in deep learning,
    2013, in the form of Bengio et al., Advances in optimizing recurrent networks, 2013.
    """

    def __init__(self, lr: float | Schedule = 0.01, momentum: float = 0.9) -> None:
        super().__init__(lr, momentum, nesterov=True)


class RMSprop(Optimizer):
    """Steps by dW over its recent size: s = rho s + (1 - rho) dW^2.

    W -= lr dW / (sqrt(s) + eps).

    Parameters
    ----------
    lr
        The learning rate, or a schedule.
    rho
        How slowly the mean square forgets, in [0, 1); PyTorch's alpha.
    eps
        A small number that keeps the quotient finite.

    Notes
    -----
    Tieleman and Hinton, Coursera: Neural networks for machine learning, lecture 6.5,
    2012.
    """

    slots = ("s",)

    def __init__(
        self, lr: float | Schedule = 0.01, rho: float = 0.99, eps: float = 1e-8
    ) -> None:
        super().__init__(lr)
        self.rho = float(fraction("rho", rho))
        self.eps = _small(eps)

    def update(
        self, p: Node, dp: Node, lr: Node, step: Node, *slots: Node
    ) -> tuple[Node, ...]:
        """Return (p - lr dp / (sqrt(s) + eps), s)."""
        rho, eps = setting("rho", self.rho), setting("eps", self.eps)
        s = rho * slots[0] + (1 - rho) * dp**2
        return p - lr * dp / (sqrt(s) + eps), s


class Adagrad(Optimizer):
    """Steps that shrink where gradients were large: s += dW^2.

    W -= lr dW / (sqrt(s) + eps).

    Parameters
    ----------
    lr
        The learning rate, or a schedule.
    eps
        A small number that keeps the quotient finite.

    Notes
    -----
    Duchi, Hazan and Singer, Adaptive subgradient methods for online learning and
    stochastic optimization, 2011.
    """

    slots = ("s",)

    def __init__(self, lr: float | Schedule = 0.01, eps: float = 1e-10) -> None:
        super().__init__(lr)
        self.eps = _small(eps)

    def update(
        self, p: Node, dp: Node, lr: Node, step: Node, *slots: Node
    ) -> tuple[Node, ...]:
        """Return (p - lr dp / (sqrt(s) + eps), s)."""
        s = slots[0] + dp**2
        return p - lr * dp / (sqrt(s) + setting("eps", self.eps)), s


class Adam(Optimizer):
    """Momentum over recent size, both without the bias of their start at zero.

    m = beta1 m + (1 - beta1) dW, v = beta2 v + (1 - beta2) dW^2,
    W -= lr m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps).

    Parameters
    ----------
    lr
        The learning rate, or a schedule.
    beta1, beta2
        How slowly the means of dW and of its square forget, in [0, 1).
    eps
        A small number that keeps the quotient finite.

    Notes
    -----
    Kingma and Ba, Adam: a method for stochastic optimization, 2015, algorithm 1.
    """

    slots = ("m", "v")

    def __init__(
        self,
        lr: float | Schedule = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
    ) -> None:
        super().__init__(lr)
        self.beta1 = float(fraction("beta1", beta1))
        self.beta2 = float(fraction("beta2", beta2))
        self.eps = _small(eps)

    def parts(self, lr: Node, step: Node) -> dict[str, Node]:
        """Name what takes the bias of m, and that of v, away."""
        return {
            "rate": lr / (1 - setting("beta1", self.beta1) ** step),
            "correction": 1 - setting("beta2", self.beta2) ** step,
        }

    def update(
        self, p: Node, dp: Node, lr: Node, step: Node, *slots: Node
    ) -> tuple[Node, ...]:
        """Return (p, m, v) after the update."""
        beta1, beta2 = setting("beta1", self.beta1), setting("beta2", self.beta2)
        parts = self.parts(lr, step)
        m = beta1 * slots[0] + (1 - beta1) * dp
        v = beta2 * slots[1] + (1 - beta2) * dp**2
        size = sqrt(v / parts["correction"]) + setting("eps", self.eps)
        return self._decayed(p, lr) - parts["rate"] * m / size, m, v

    def _decayed(self, p: Node, lr: Node) -> Node:
        return p


class AdamW(Adam):
    """Adam with weights that shrink beside the step: W *= 1 - lr weight_decay first.

    Parameters
    ----------
    lr
        The learning rate, or a schedule.
    beta1, beta2
        How slowly the means of dW and of its square forget, in [0, 1).
    eps
        A small number that keeps the quotient finite.
    weight_decay
        The share of each parameter, biases too, that is taken off per unit of rate.

    Notes
    -----
    Loshchilov and Hutter, Decoupled weight decay regularization, 2019, algorithm 2.
    """

    def __init__(
        self,
        lr: float | Schedule = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(lr, beta1, beta2, eps)
        self.weight_decay = float(fraction("weight_decay", weight_decay))

    def parts(self, lr: Node, step: Node) -> dict[str, Node]:
        """Name the share of the parameters that is kept, too."""
        return {"keep": self._kept(lr), **super().parts(lr, step)}

    def _kept(self, lr: Node) -> Node:
        return 1 - lr * setting("weight_decay", self.weight_decay)

    def _decayed(self, p: Node, lr: Node) -> Node:
        return self._kept(lr) * p


def _small(eps: float) -> float:
    """Return eps when it lies in (0, 1)."""
    if fraction("eps", eps) == 0:
        raise SettingError("eps must be a small positive number such as 1e-8, got 0.")
    return float(eps)
