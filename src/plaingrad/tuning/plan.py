"""What a trial is: from the settings that are tried to a network and its training."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..choices import dense, optimizer_kind, optimizer_of
from ..errors import SettingError, unknown_name
from ..full_batch import FullBatch
from ..layers import Flatten, Layer, Linear
from ..model import checksum
from ..network import Network, Sequential
from ..train.settings import MONITORS, Settings
from .space import Spec

Array = np.ndarray[Any, Any]
Chooser = Callable[..., Any]
"""From a name and what a setting may be, (low, high) or a list, to a value."""
PLACE = re.compile(r" at 0x[0-9a-fA-F]+")
"""Where a function lies in memory."""
DATA = ("validation", "sample_weight")
"""The settings that hold data."""


@dataclass(frozen=True, eq=False)
class Plan:
    """What all trials share.

    Attributes
    ----------
    network
        A network, or what makes one from choices; None for hidden layers as they are
        searched.
    hidden
        The widths of the hidden layers, where these are not searched.
    outputs
        How many outputs a network has.
    space
        What each setting may be.
    settings
        The settings of `fit` that are not searched, data included.
    monitor
        "val_accuracy", for the score, or "val_loss".
    """

    network: Network | Callable[[Chooser], Network] | None
    hidden: Sequence[int] | None
    outputs: int
    space: Mapping[str, Spec]
    settings: Mapping[str, Any]
    monitor: str

    def __post_init__(self) -> None:
        if self.monitor not in MONITORS:
            raise unknown_name("monitor", self.monitor, MONITORS)
        Settings.named(self.settings)  # what is wrong in each trial is said before any
        if not self.settings.get("validation"):
            raise SettingError(
                "a search compares trials by validation data. Pass validation=(X, y), "
                "or a share such as 0.2."
            )

    @property
    def lowest(self) -> bool:
        """Whether low values are good."""
        return self.monitor == "val_loss"

    @property
    def tried(self) -> dict[str, str]:
        """What each setting may be, as text, without those that the network says."""
        left_out = _of_layers(self.network is not None, self.hidden is not None)
        return {n: str(given) for n, given in self.space.items() if n not in left_out}

    @property
    def epochs(self) -> int:
        """The most epochs of a trial."""
        return Settings.named({"epochs": self.settings.get("epochs", 100)}).epochs

    def make(self, choose: Chooser, X: Array) -> tuple[Network, dict[str, Any]]:
        """Return a network and the settings of `fit`, as they are chosen."""
        kind = optimizer_kind(choose("optimizer", self.space["optimizer"]))
        full = issubclass(kind, FullBatch)
        network = self._network(choose, X, drops=not full)
        # a full-batch optimiser has neither a rate nor batches
        lr = None if full else choose("lr", self.space["lr"])
        size = None if full else choose("batch_size", self.space["batch_size"])
        chosen = {
            "optimizer": optimizer_of(kind, lr),
            "l2": choose("l2", self.space["l2"]),
            "batch_size": size,
        }
        return network, {**chosen, **self.settings}

    def _network(self, choose: Chooser, X: Array, drops: bool) -> Network:
        if isinstance(self.network, Network):
            return copy.deepcopy(self.network)
        if self.network is not None:
            return self.network(choose)
        units = self.hidden
        if units is None:
            count = choose("layers", self.space["layers"])
            units = [choose("width", self.space["width"])] * count
        # what is drawn anew in each step is no loss that can be searched along
        dropout = choose("dropout", self.space["dropout"]) if drops else 0.0
        first: list[Layer] = [Flatten()] if X.ndim > 2 else []
        return Sequential(*first, *dense(units, dropout), Linear(self.outputs))

    def about(self, X: Array, y: Array) -> dict[str, Any]:
        """Return what a search is about, by name, as plain values."""
        network = self.network
        told = "a function" if callable(network) else None
        if isinstance(network, Network):
            told = _lasting(network)
        plain = {n: _lasting(v) for n, v in self.settings.items() if n not in DATA}
        return {
            **{name: str(given) for name, given in self.space.items()},
            **plain,
            "hidden": None if self.hidden is None else [*self.hidden],
            "network": told,
            "monitor": self.monitor,
            "data": checksum({}, self._data(X, y)),
        }

    def _data(self, X: Array, y: Array) -> dict[str, Array]:
        held, weights = (self.settings.get(name) for name in DATA)
        found = {"X": X, "y": y}
        if isinstance(held, (tuple, list)):
            found |= {"X_val": np.asarray(held[0]), "y_val": np.asarray(held[1])}
        else:
            found["share"] = np.asarray(held)
        if weights is not None:
            found["weights"] = np.asarray(weights)
        return found


def _lasting(value: Any) -> str:
    """Return how a value shows itself, in whichever process."""
    return PLACE.sub("", repr(value))


def _of_layers(network: bool, hidden: bool) -> tuple[str, ...]:
    """Return the settings that are no use beside a network, or widths of its layers."""
    if network:
        return "layers", "width", "dropout"
    return ("layers", "width") if hidden else ()


def check_used(given: Mapping[str, Any], network: bool, hidden: bool) -> None:
    """Refuse settings that would be no use beside the others.

    Parameters
    ----------
    given
        What the settings may be, by name, as `space` takes them; None where nothing is
        said.
    network, hidden
        Whether there is a network, or widths of hidden layers.
    """
    if network and hidden:
        raise SettingError("a network has its layers: leave hidden out.")
    for name in _of_layers(network, hidden):
        if given.get(name) is not None:
            told = "the network has its layers" if network else "hidden says all of it"
            raise SettingError(f"{told}: leave {name} out.")
    asked = given.get("optimizer") or ()
    names = [asked] if isinstance(asked, str) else asked
    if not names or not all(issubclass(optimizer_kind(n), FullBatch) for n in names):
        return
    for name in ("lr", "batch_size", "dropout"):
        if given.get(name) is not None:
            raise SettingError(
                f"{' and '.join(names)}: takes all samples at once and finds the "
                f"length of each step itself, on a loss without dropout. Leave {name} "
                f"out."
            )
