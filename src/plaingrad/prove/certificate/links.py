"""The chain: from proved gradients to the script that is printed and machine code.

Each link trains for some updates from the same weights on the same data, and must end
with the weights of the link before.
"""

from __future__ import annotations

import io
import itertools
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ...compose import Recipe, compose
from ...graph import Node
from ...native.errors import Unsupported
from ...ops import leaf, where
from ...ops.random import shuffled
from ...penalties import clip_by_norm, clip_by_value
from ...plan import Goal, plan
from ...program import Program
from ...run import compile_procedure
from ...schedules import Time
from ...trace import Traced
from ...train.engines import available
from ...train.history import History
from ...train.loop import train
from ...write.script import script
from .claim import Claim
from .compare import largest, part
from .record import Link, Verdict

Array = np.ndarray[Any, Any]
Arrays = dict[str, Array]
TOLERANCE = 1e-8
"""The largest part of its way by which a weight may differ; rounding leaves 1e-12."""
CLOCK = ("step", "epoch", "steps", "epochs", "lr")
"""The numbers that change while training goes on."""
STILL = 1e-5
"""A way below this part of the weights themselves counts as so long: they are rounded,
too."""
FAINT = 1e-6
"""An array that moved less than this part of the farthest is compared with that:
optimisers such as Adam make much of gradients that are nothing but rounding."""
UPDATES = 3
"""How many updates each link does, at least."""


class Chain:
    """A short training from given weights, to be done in several ways.

    Parameters
    ----------
    network, recipe
        The training, in float64.
    claim
        What was proved of it.
    data, start
        Samples, and the weights and masks to start from, by name.
    batch
        The samples of an update.
    """

    def __init__(
        self,
        network: Traced,
        recipe: Recipe,
        claim: Claim,
        data: Mapping[str, Array],
        start: Mapping[str, Array],
        batch: int,
    ) -> None:
        whole = recipe.loop.batch_size is None
        count = min(len(data["X"]), batch if whole else UPDATES * batch)
        self.data = {name: values[:count] for name, values in data.items()}
        self.claim, self.start = claim, dict(start)
        per_epoch = -(-count // batch)
        whole = batch >= count
        plateau = recipe.loop.plateau
        self.lr = {} if plateau is None else {"lr": plateau.lr}
        loop = replace(
            recipe.loop,
            epochs=-(-UPDATES // per_epoch),
            batch_size=None if whole else batch,
            shuffle=recipe.loop.shuffle and not whole,
            validated=False,
            stopping=None,
            blocks=None,
            # the rate stays as it is for so long
            plateau=plateau and replace(plateau, patience=UPDATES),
        )
        kept = [p.name for p in claim.program.parameters]
        self.recipe = replace(recipe, loop=loop, kept=kept)
        self.program = compose(network, self.recipe)
        self.updates = loop.epochs * per_epoch

    def links(self) -> Iterator[Link]:
        """Yield the links."""
        with np.errstate(all="ignore"):
            proved, printed = self.by_gradients(), self.by_script()
        yield self._link("script", proved, printed)
        if not available():
            yield Link(name="native", verdict="left out", why="unavailable")
            return
        try:
            yield self._link("native", printed, self.by_machine())
        except Unsupported as error:
            yield Link(name="native", verdict="left out", why=str(error))

    def _link(self, name: str, before: Arrays, after: Arrays) -> Link:
        """Compare the weights of two ways to train."""
        if not all(np.isfinite(value).all() for value in before.values()):
            return Link(name=name, verdict="not shown", why="diverged")
        ways = {p: largest(before[p] - self.start[p]) for p in before}
        farthest = max(ways.values())
        errors: dict[str, float] = {}
        for p, way in ways.items():
            scale = way if way > FAINT * farthest else farthest
            scale = max(scale, STILL * largest(self.start[p]))
            off = float(np.abs(before[p] - after[p]).max(initial=0.0))
            errors[p] = part(off, scale)
        parameter = max(errors, key=errors.__getitem__)
        error = errors[parameter]
        verdict: Verdict = "proved" if error <= TOLERANCE else "wrong"
        return Link(name=name, error=error, parameter=parameter, verdict=verdict)

    # The ways to train.

    def by_gradients(self) -> Arrays:
        """Return the weights by the optimiser's rule, from the gradients proved."""
        step = _Step(self.recipe, self.claim.program)
        loop, count = self.recipe.loop, len(self.data["X"])
        weights = {p.name: self.start[p.name] for p in self.program.parameters}
        states: Arrays = {}
        numbers = itertools.count(1)
        for epoch in range(loop.epochs):
            order = np.arange(count)
            if loop.shuffle:
                order = shuffled(count, loop.seed, epoch)
            size = loop.batch_size or count
            for first in range(0, count, size):
                rows = order[first : first + size]
                batch = {name: values[rows] for name, values in self.data.items()}
                clock: dict[str, float] = {"step": next(numbers), "epoch": epoch}
                clock |= {"epochs": loop.epochs, "steps": self.updates, **self.lr}
                values = {**self.claim.fixed, **self.start, **weights, **batch, **clock}
                found = self.claim.gradients(values)
                new, states = step({**self.start, **weights, **clock}, found, states)
                weights |= new
        return weights

    def by_script(self) -> Arrays:
        """Return the weights at the end of the printed script, run as it stands."""
        arrays = {**self.data, **self.start}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "data.npz"
            np.savez(path, **arrays)  # type: ignore[arg-type]
            text = script(self.program, data=path.as_posix())
            space: dict[str, Any] = {"__name__": "__main__"}
            with redirect_stdout(io.StringIO()), np.errstate():
                exec(compile(text, "<printed script>", "exec"), space)  # noqa: S102
            loaded = space["data"]
            if hasattr(loaded, "close"):
                loaded.close()
        return {p.name: np.asarray(space[p.name]) for p in self.program.parameters}

    def by_machine(self) -> Arrays:
        """Return the weights by machine code."""
        from ...native.engine import Native

        engine = Native(self.program, self.start, len(self.data["X"]))
        history = History(self.program.evaluate.results[1])
        train(engine, self.program.loop, self.data, None, history)
        return {name: value.copy() for name, value in engine.parameters.items()}


class _Step:
    """The optimiser's rule, with clipping and masks, as a function of gradients."""

    def __init__(self, recipe: Recipe, program: Program) -> None:
        self.names = list(program.states.values())
        shapes = {p.name: p.shape for p in program.parameters}
        optimizer = recipe.optimizer
        self.slots = optimizer.slots
        rate = leaf("lr", (), "time", "number")
        if recipe.loop.plateau is None:
            rate = optimizer.rate(Time.leaves())
        step = leaf("step", (), "time", "number")
        grads = [leaf(f"g{i}", shapes[name]) for i, name in enumerate(self.names)]
        if recipe.clip_value is not None:
            grads = clip_by_value(grads, recipe.clip_value)
        if recipe.clip_norm is not None:
            grads = clip_by_norm(grads, recipe.clip_norm)
        results: list[Node] = []
        for i, name in enumerate(self.names):
            shape = shapes[name]
            p = leaf(f"p{i}", shape, "parameter")
            slots = [leaf(f"{slot}_{i}", shape, "state") for slot in self.slots]
            new, *memory = optimizer.update(p, grads[i], rate, step, *slots)
            if name in recipe.masks:
                new = where(leaf(f"free{i}", shape, "data", "bool"), new, p)
            results += [new, *memory]
        made = plan([Goal(node, "forward") for node in results], {}, results)
        self.inputs = made.inputs
        names = list(made.inputs)
        self._run = compile_procedure(made, "float64", "step", names)

    def __call__(
        self,
        values: Mapping[str, Any],
        grads: Mapping[str, Array],
        states: Mapping[str, Array],
    ) -> tuple[Arrays, Arrays]:
        """Return weights and memory after an update, from weights, masks and clock."""
        pool = {n: node.attrs["value"] for n, node in self.inputs.items()}
        pool |= {n: values[n] for n in CLOCK if n in values}
        for i, name in enumerate(self.names):
            zeros = np.zeros_like(values[name])
            pool |= {f"p{i}": values[name], f"g{i}": grads[name]}
            pool |= {f"free{i}": values.get(f"free_{name}")}
            for slot in self.slots:
                pool[f"{slot}_{i}"] = states.get(f"{slot}_{i}", zeros)
        found = iter(self._run(*[pool[name] for name in self.inputs]))
        weights: Arrays = {}
        memory: Arrays = {}
        for i, name in enumerate(self.names):
            weights[name] = next(found)
            memory |= {f"{slot}_{i}": next(found) for slot in self.slots}
        return weights, memory
