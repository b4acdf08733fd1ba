"""What goes on inside a network: every value of a training step, by name."""

from __future__ import annotations

from dataclasses import replace

from .compose import Forward, compose, reading
from .graph import Node
from .layers import Layer
from .program import Procedure
from .trace import current
from .train.training import Training


class Calm(Layer):
    """A network as it is when it is used, without dropout, though it is trained."""

    symbol = ""

    def __init__(self, network: Layer) -> None:
        self.network = network

    def forward(self, x: Node, /) -> Node:
        """Return what the network gives."""
        current().training = False
        return self.network(x)


def inner_values(
    network: Layer, made: Forward, training: Training | None
) -> dict[str, Procedure]:
    """Return the procedure that computes each value, by its printed name.

    Parameters
    ----------
    network, made
        The network, and a tracing of it.
    training
        How it was trained; without that only the layers have names.
    """
    wanted = {"output" if training is None else training.loss.output: made.output}
    if training is not None:
        probabilities = training.loss.probabilities(made.output)
        if probabilities is not None and probabilities is not made.output:
            wanted["probs"] = probabilities
    procedures = [reading(made, wanted, every=True)]
    declared = made.trace.parameters.values()
    if training is not None and any(one.trainable for one in declared):
        recipe = replace(training.recipe, masks=(), kept=())
        program = compose(Calm(network), recipe)
        procedures += [program.evaluate, program.update]
    return {
        step.name: procedure
        for procedure in procedures
        for step in procedure.steps
        if step.section != "update"
    }
