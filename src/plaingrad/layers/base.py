"""What a layer is: settings, and a `forward` that says what it computes."""

from __future__ import annotations

import inspect
from typing import Any

from ..errors import PlaingradError
from ..graph import Node
from ..shapes import Shape
from ..trace import Start, current


class Layer:
    """A part of a network; subclass it and write `forward`.

    The constructor's arguments are remembered, so that a network prints as it was
    written and can be saved without pickling. Input sizes are not among them:
    parameters are asked for in `forward`, where the sizes are known.

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
    arguments: dict[str, Any]

    def __new__(cls, *args: Any, **kwargs: Any) -> Layer:
        """Remember the arguments, by name."""
        layer = super().__new__(cls)
        try:
            bound = inspect.signature(cls.__init__).bind(layer, *args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{cls.__name__}: {error}") from None
        names = list(bound.arguments)[1:]
        layer.arguments = {name: bound.arguments[name] for name in names}
        return layer

    def forward(self, x: Node, /) -> Node:
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
        """Return `node`, called by `symbol` and the layer's number in the script."""
        trace = current()
        trace.name(node, trace.layer_name(symbol))
        return node

    def freeze(self) -> Layer:
        """Keep the parameters of this layer and its parts as they are; return it."""
        self.trainable = False
        return self

    def __repr__(self) -> str:
        """Show the layer as the user wrote it."""
        words = []
        required = _required(type(self))
        for name, value in self.arguments.items():
            if isinstance(value, tuple) and name == "layers":
                words += map(repr, value)
            else:
                words.append(repr(value) if name in required else f"{name}={value!r}")
        return f"{type(self).__name__}({', '.join(words)})"


def _required(cls: type[Layer]) -> set[str]:
    """Return the parameters of the constructor that have no default."""
    parameters = inspect.signature(cls.__init__).parameters.values()
    return {p.name for p in parameters if p.default is inspect.Parameter.empty}
