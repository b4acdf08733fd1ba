"""How sharply the loss bends, and which learning rates that allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import Any, cast

import numpy as np

from .compose import BATCH, Forward, compose, forward
from .derive import gradients
from .errors import positive, whole
from .inside import Calm
from .layers import Layer
from .ops import leaf
from .ops import sum as sum_
from .optimizers import SGD, Momentum, Optimizer
from .penalties import penalty
from .plan import Goal, plan
from .program import Procedure, Program, Role
from .schedules import Schedule
from .simplify import simplify
from .train.engines import start
from .train.free import Free
from .train.session import Prepared
from .train.settings import Machine
from .train.stretch import Stretch, Watch

Array = np.ndarray[Any, Any]
Product = Callable[[Array], Array]


@dataclass(frozen=True, eq=False)
class Curvature:
    """The sharpest bend of a loss, where the parameters are.

    Attributes
    ----------
    largest
        The largest eigenvalue of the Hessian, the matrix of second derivatives of the
        loss, penalties included.
    error
        How far an eigenvalue is from it at most: |H v - largest v| for the direction v.
    products
        How many products of the Hessian with a direction it took.
    direction
        The direction of the sharpest bend, of length 1, by parameter.
    optimizer
        Whose rate is judged.
    """

    largest: float
    error: float
    products: int
    direction: Mapping[str, Array]
    optimizer: Optimizer

    @property
    def bound(self) -> float:
        """2 / largest: gradient descent of all samples grows above this rate.

        Infinite where the loss bends nowhere upwards.
        """
        return 2 / self.largest if self.largest > 0 else np.inf

    @property
    def limit(self) -> float | None:
        """The rate that is too large for the optimiser, or None where no rule tells.

        Momentum widens the bound to 2 (1 + m) / largest, Nesterov's to
        (2 + 2 m) / ((1 + 2 m) largest).
        """
        if type(self.optimizer) is SGD:
            return self.bound
        if not isinstance(self.optimizer, Momentum):
            return None
        m = self.optimizer.momentum
        return self.bound * (1 + m) / (1 + 2 * m if self.optimizer.nesterov else 1)

    def __str__(self) -> str:
        """Say what it is, and what it says of the chosen rate."""
        found = f"largest curvature {self.largest:.4g} (to {self.error:.1g})"
        if not np.isfinite(self.bound):
            return f"{found}: the loss bends nowhere upwards here, so it bounds no rate"
        lines = [f"{found}, so gradient descent needs a rate below {self.bound:.4g}"]
        name, lr = type(self.optimizer).__name__, self.optimizer.lr
        if self.limit is None:
            lines.append(f"{name} scales its steps by itself: the bound is not for it")
        elif isinstance(lr, Schedule):
            lines.append(
                f"{name}: the rates of {lr!r} should stay below {self.limit:.4g}"
            )
        else:
            word = "below" if lr < self.limit else "above"
            told = "steps settle" if lr < self.limit else "steps grow, here"
            lines.append(
                f"{name}: lr={lr:g} is {word} its bound {self.limit:.4g}: {told}"
            )
        return "\n".join(lines)


def curvature(prepared: Prepared, tolerance: float, most: int) -> Curvature:
    """Return the sharpest bend of a training's loss; see `Network.curvature`."""
    positive("tolerance", tolerance)
    whole("products", most)
    hessian = Hessian(prepared)
    begin = np.random.default_rng(prepared.training.settings.seed)
    found = _Power(hessian.product, begin.normal(size=hessian.size), 0.0)
    settled, used = found.run(tolerance, most // 2 + 1), found.used
    if used < most and (found.value < 0 or not settled):
        # a bend downwards may be as large: lift all until none goes down
        start = begin.normal(size=hessian.size) if found.value < 0 else found.v
        found = _Power(hessian.product, start, found.size)
        found.run(tolerance, most - used)
        used += found.used
    direction, optimizer = hessian.by_name(found.v), prepared.training.recipe.optimizer
    return Curvature(found.value, found.error, used, direction, optimizer)


class _Power:
    """Power iteration on a symmetric matrix, lifted by a multiple of the unit matrix.

    Attributes
    ----------
    value, error, v
        The Rayleigh quotient, its distance from an eigenvalue at most, the direction.
    size
        How long the direction becomes: no eigenvalue known so far is larger in size.
    """

    def __init__(self, product: Product, v: Array, lift: float) -> None:
        self.product, self.lift = product, lift
        self.v = v / np.linalg.norm(v)
        self.value = self.error = self.size = 0.0
        self.used = 0

    def run(self, tolerance: float, most: int) -> bool:
        """Multiply until the error is a small share of the value; return whether."""
        while self.used < most:
            image = self.product(self.v)
            self.used += 1
            self.value = float(self.v @ image)
            self.error = float(np.linalg.norm(image - self.value * self.v))
            self.size = float(np.linalg.norm(image))
            image = image + self.lift * self.v
            size = float(np.linalg.norm(image))
            if self.error <= tolerance * abs(self.value + self.lift) or size == 0:
                return True
            self.v = image / size
        return False


class Hessian:
    """The second derivatives of a training's loss, as a product with directions.

    H v is the gradient of the slope along v, `sum(dW * v)`. One product is one call of
    machine code. Dropout is off.

    Parameters
    ----------
    prepared
        The training: its samples are taken all at once, at the weights it begins with.
    """

    def __init__(self, prepared: Prepared) -> None:
        training, network = prepared.training, prepared.network
        recipe = replace(training.recipe, optimizer=SGD())
        calm = Calm(cast(Layer, network))
        base = compose(calm, recipe)
        made = forward(calm, training.features, training=True)
        declared = made.trace.parameters.items()
        self._learnt = {n: d.leaf for n, d in declared if d.trainable}
        program = self._program(base, made, prepared)
        self._count = len(prepared.data["X"])
        machine = Machine()
        self._engine, _ = start(program, prepared.given, machine, self._count)
        self._engine.bind(prepared.data)
        masks = {n: prepared.given[f"free_{n}"] for n in training.masks}
        values = {n: self._engine.parameters[n] for n in self._learnt}
        self._free = Free.of(values, masks)
        self._zeros = {n: np.zeros_like(v) for n, v in values.items()}
        self.size = sum(len(places) for places in self._free.entries.values())

    def _program(self, base: Program, made: Forward, prepared: Prepared) -> Program:
        """Return a program whose update adds H v to a memory."""
        procedure = self._procedure(made, prepared)
        states = {f"{s}_{name}": name for name in self._learnt for s in ("v", "h")}
        return replace(base, update=procedure, states=states, data={})

    def _procedure(self, made: Forward, prepared: Prepared) -> Procedure:
        recipe, leaves = prepared.training.recipe, list(self._learnt.values())
        weight = leaf("w", (BATCH,)) if recipe.weighted else None
        loss = recipe.loss.total(made.output, recipe.target, weight)
        matrices = [p for p in leaves if p.ndim > 1]
        extra = penalty(matrices, recipe.l1, recipe.l2)
        loss = simplify([loss if extra is None else loss + extra])[0][0]
        slopes, _ = simplify(gradients(loss, leaves)[0])
        places = {n: p.shape for n, p in self._learnt.items()}
        v = [leaf(f"v_{n}", shape, "state") for n, shape in places.items()]
        h = [leaf(f"h_{n}", shape, "state") for n, shape in places.items()]
        along = reduce(add, [sum_(g * x) for g, x in zip(slopes, v, strict=True)])
        products, _ = gradients(along, leaves)
        renewed = [old + new for old, new in zip(h, products, strict=True)]
        simple, _ = simplify([loss, *renewed])
        pairs = zip(h, simple[1:], strict=True)
        goals = [Goal(simple[0], "loss")]
        goals += [Goal(new, "update", renews=old) for old, new in pairs]
        return plan(goals, {simple[0]: Role("loss")}, simple[:1], self._taken(made))

    def _taken(self, made: Forward) -> list[str]:
        return [f"{s}_{n}" for n in made.trace.parameters for s in ("v", "h")]

    def product(self, v: Array) -> Array:
        """Return H v for a direction of all free entries, (size,)."""
        moved = {n: zero.copy() for n, zero in self._zeros.items()}
        self._free.scatter(v, moved)
        known = {f"v_{n}": x for n, x in moved.items()}
        clear = {f"h_{n}": x for n, x in self._zeros.items()}
        states = {
            n: x for n, x in {**known, **clear}.items() if n in self._engine.states
        }
        self._engine.put({}, states)
        self._engine.run(Stretch.once(self._count, 0, 0, {}), Watch(np.empty(1)))
        return self._free.gathered(
            {n: self._engine.states[f"h_{n}"] for n in self._learnt}
        )

    def by_name(self, v: Array) -> dict[str, Array]:
        """Return a direction as arrays, by parameter."""
        made = {n: zero.copy() for n, zero in self._zeros.items()}
        self._free.scatter(v, made)
        return made
