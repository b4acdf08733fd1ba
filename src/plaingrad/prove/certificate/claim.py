"""The gradients that a training uses, as its own lines compute them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from ...compose import BATCH, Recipe, compose, forward
from ...derive import gradients
from ...graph import Node
from ...ops import leaf
from ...optimizers import Optimizer
from ...plan import Goal, plan
from ...program import Procedure, Program, part
from ...run import Reference, compile_procedure
from ...simplify import simplify
from ...trace import Traced

Array = np.ndarray[Any, Any]

# ruff: noqa: ARG002 - the methods of all optimisers have one signature


class Noting(Optimizer):
    """Notes the gradients that it is handed, beside a plain step."""

    slots = ("noted",)

    def __init__(self) -> None:
        super().__init__(1.0)

    def update(
        self, p: Node, dp: Node, lr: Node, step: Node, *slots: Node
    ) -> tuple[Node, ...]:
        """Return (p - lr dp, the gradients so far)."""
        return p - lr * dp, slots[0] + dp


class Claim:
    """What a training claims: its loss, and the gradients by all that it learns.

    They are what the optimiser is handed: the training is composed once more with an
    optimiser that notes it. Forward pass, loss and backward pass are the same lines.

    Parameters
    ----------
    network, recipe
        The training.

    Attributes
    ----------
    node, loss
        The loss, penalties included: its node, and what computes it.
    learnt, data
        The names of what is learnt, and of what has a row for each sample.
    fixed
        The numbers that it reads beside arrays, at the first update.
    """

    def __init__(self, network: Traced, recipe: Recipe) -> None:
        self.network, self.recipe = network, recipe
        loop = replace(recipe.loop, validated=False, stopping=None, plateau=None)
        self.program: Program = compose(
            network,
            replace(
                recipe,
                optimizer=Noting(),
                clip_value=None,
                clip_norm=None,
                masks=(),
                kept=(),
                loop=loop,
                dtype="float64",
            ),
        )
        update = self.program.update
        self.loss: Procedure = part(update, update.results)
        (name,) = update.results
        self.node = next(step.node for step in self.loss.steps if step.name == name)
        self.data = ("X", "y", "w") if recipe.weighted else ("X", "y")
        self.learnt = list(self.program.states.values())
        self._reference = Reference(self.program, {})
        self.fixed = {**self.program.settings, "seed": loop.seed, "step": 1}

    def gradients(self, values: Mapping[str, Any]) -> dict[str, Array]:
        """Return the gradients by what is learnt, from all values that are read."""
        run, states = self._reference, self.program.states
        zeros = {state: np.zeros_like(values[name]) for state, name in states.items()}
        names = [p.name for p in self.program.parameters]
        run.put({name: values[name] for name in names}, zeros)
        run.update({n: v for n, v in values.items() if n not in names})
        return {name: run.states[state] for state, name in states.items()}

    def everything(self, values: Mapping[str, Any]) -> dict[str, Array]:
        """Return the gradients by X and by what is learnt."""
        with np.errstate(all="ignore"):
            return {"X": self.by_input(values), **self.gradients(values)}

    def by_input(self, values: Mapping[str, Any]) -> Array:
        """Return the gradient by X, from all values that are read."""
        run, names = self._by_input
        return np.asarray(run(*[values[name] for name in names])[0])

    @cached_property
    def _by_input(self) -> tuple[Callable[..., tuple[Any, ...]], list[str]]:
        """The gradient by X, which is derived for this, as the others are."""
        recipe = self.recipe
        traced = forward(self.network, recipe.features, training=True)
        weight = leaf("w", (BATCH,)) if recipe.weighted else None
        total = recipe.loss.total(traced.output, recipe.target, weight)
        found, _ = gradients(simplify([total])[0][0], [traced.x])
        simple, _ = simplify(found)
        made = plan([Goal(simple[0], "backward")], {}, simple)
        names = list(made.inputs)
        return compile_procedure(made, "float64", "by_input", names), names
