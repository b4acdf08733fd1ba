"""What a training sees of its samples: the front of a network, as it augments."""

from __future__ import annotations

from typing import Any

import numpy as np

from .compose import forward, reading
from .errors import SettingError
from .graph import Node, walk
from .layers import Layer
from .layers.augment import Augmentation
from .run import compile_procedure

Array = np.ndarray[Any, Any]


def augmented(network: Layer, X: Array, steps: int, seed: int) -> Array:
    """Return what the first updates of a training would see of samples.

    Parameters
    ----------
    network
        Its front is run: all up to the last augmentation that comes before parameters.
    X
        Samples (n, ...), taken as the batch of each update.
    steps
        How many updates.
    seed
        That of the training.

    Returns
    -------
    ndarray
        Of shape (steps, n, ...).

    Raises
    ------
    SettingError
        When no augmentation comes before the first parameters.
    """
    made = forward(network, X.shape[1:], training=True)
    fronts = [
        row.output
        for row in made.trace.rows
        if isinstance(row.layer, Augmentation) and not _learns(row.output)
    ]
    if not fronts:
        raise SettingError(
            f"{network!r} augments nothing before its first parameters. Put a layer "
            f"such as pg.RandomFlip() in front."
        )
    procedure = reading(made, {"augmented": fronts[-1]})
    names = list(procedure.inputs)
    run = compile_procedure(procedure, X.dtype.name, "augmented", names)
    known = {"X": X, "seed": seed}
    seen = []
    for step in range(1, steps + 1):
        values = {**known, "step": step}
        seen.append(run(*[values[name] for name in names])[0])
    return np.stack(seen)


def _learns(node: Node) -> bool:
    """Tell whether a value depends on parameters."""
    leaves = [x for x in walk([node]) if x.op.name == "leaf"]
    return any(x.attrs["role"] == "parameter" for x in leaves)
