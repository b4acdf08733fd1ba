"""What a layer is: settings, and a `forward` that says what it computes."""

from __future__ import annotations

from typing import Self

from ..errors import PlaingradError
from ..graph import Node
from ..remember import Remembered
from ..shapes import Shape
from ..trace import Start, current


class Layer(Remembered):
    """A part of a network; subclass it and write `forward`.

    The constructor's arguments are remembered, so that a network prints as it was
    written and can be saved without pickling. Input sizes are not among them:
    parameters are asked for in `forward`, where the sizes are known. Two layers are
    never equal: each has parameters of its own, and one used twice shares them.

    Attributes
    ----------
    name
        The user's name for the layer; its parameters are then called `name_W`.
    trainable
        Whether training changes the parameters of this layer and its parts.
    symbol
        The letter of the output's name: "z" makes z1, z2, ...
    note
        A word beside the output in the printed script.
    rectifies
        Set by activations: True when they cut half of their input away, so that the
        weights before them start by He's rule, False when they start by Glorot's.
    """

    name: str | None = None
    trainable: bool = True
    symbol: str = "h"
    note: str = ""
    rectifies: bool | None = None

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def forward(self, x: Node, /) -> Node:  # noqa: ARG002
        """Return the output for a symbolic input of shape (n, ...)."""
        raise PlaingradError(
            f"{type(self).__name__} has no forward method. Write one: "
            f"def forward(self, x): return ..."
        )

    def __call__(self, x: Node) -> Node:
        """Run the layer inside the forward method of another."""
        return current().call(self, x)

    def param(self, letter: str, shape: Shape, start: Start | None = None) -> Node:
        """Return a parameter of this layer; call it in `forward`.

        Parameters
        ----------
        letter
            What it is called: "W" becomes W1 in the first layer with parameters.
        shape
            Its shape, of known sizes.
        start
            An initialiser; None chooses He or Glorot by the activation that follows.
        """
        return current().parameter(self, letter, shape, start)

    def named(self, node: Node, symbol: str) -> Node:
        """Return `node`, called by `symbol` and the layer's number in the script.

        A layer has its number once it has asked for a parameter; one without
        parameters takes the number of the layer before it.
        """
        trace = current()
        trace.name(node, trace.layer_name(symbol), soft=True)
        return node

    def freeze(self) -> Self:
        """Keep the parameters of this layer and its parts as they are; return it."""
        self.trainable = False
        if "trainable" in self.arguments:
            # what was written no longer holds, and a saved layer is made from it
            self.arguments["trainable"] = False
        return self
