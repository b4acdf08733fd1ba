"""Dropout."""

from __future__ import annotations

from ..errors import fraction
from ..graph import Node
from ..trace import current
from .base import Layer


class Dropout(Layer):
    """While training, set a random share of the entries to 0 (Srivastava et al., 2014).

    What is kept is scaled up, so that the expected value stays and nothing needs to
    change when the network is used. The mask is a pure function of (seed, step, place).

    Parameters
    ----------
    rate
        The share of entries that is set to 0, in [0, 1).

    Raises
    ------
    SettingError
        When the rate lies outside [0, 1).

    Notes
    -----
    Input and output of any one shape.
    """

    symbol = "d"
    note = "dropout"

    def __init__(self, rate: float) -> None:
        self.rate = fraction("rate", rate)

    def forward(self, x: Node, /) -> Node:
        """Return x * mask / keep, or x itself when not training."""
        trace = current()
        if not trace.training or self.rate == 0:
            return x
        # 1 - 0.7 is 0.30000000000000004; the script says 0.3
        keep = round(1 - self.rate, 12)
        mask = self.named(trace.noise(x.shape) < keep, "mask")
        return x * mask / keep
