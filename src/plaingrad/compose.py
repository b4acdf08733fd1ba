"""Where the halves meet: network, loss, optimiser and settings become one program."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .derive import gradients
from .errors import DataError
from .full_batch import FullBatch
from .graph import Node, walk
from .initializers import Glorot, He, line
from .losses import Loss
from .ops import leaf, setting, where
from .ops.leaves import mark
from .optimizers import Optimizer
from .penalties import clip_by_norm, clip_by_value, norm_parts, penalty
from .plan import Goal, partners, plan
from .program import Loop, Parameter, Procedure, Program, Role
from .schedules import Schedule, Time
from .shapes import Dim, Shape
from .simplify import simplify
from .trace import Declared, Trace, Traced, tracing

BATCH = Dim(("n",))
LAST = ("l1", "l2", "clip_value", "clip_norm")
"""The settings that stand after those of the optimiser."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """All that a program needs beside the network: how it is trained, on what.

    Attributes
    ----------
    features
        The shape of one sample.
    target
        The leaf of the targets, (n, ...).
    masks
        The parameters of which only some entries are free, by name.
    kept
        The parameters that start from given values and not from a draw.
    """

    features: tuple[int, ...]
    target: Node
    loss: Loss
    optimizer: Optimizer
    loop: Loop
    dtype: str = "float32"
    l1: float = 0.0
    l2: float = 0.0
    clip_value: float | None = None
    clip_norm: float | None = None
    weighted: bool = False
    masks: Sequence[str] = ()
    kept: Sequence[str] = ()


@dataclass(frozen=True, eq=False)
class Forward:
    """A traced network: its input, its output, and what the trace gathered."""

    x: Node
    output: Node
    trace: Trace


def forward(
    network: Traced, features: Sequence[int], training: bool = False
) -> Forward:
    """Trace a network on a batch of samples of the given shape."""
    with tracing(training) as trace:
        x = leaf("X", (BATCH, *features))
        return Forward(x, trace.call(network, x), trace)


def compose(network: Traced, recipe: Recipe) -> Program:
    """Return the whole training program of a network."""
    made = forward(network, recipe.features, training=True)
    update = _Update(made, recipe)
    evaluate = _evaluate(forward(network, recipe.features), recipe)
    trainable = update.trainable
    declared = made.trace.parameters.values()
    return Program(
        title=f"{network!r}",
        dtype=recipe.dtype,
        parameters=tuple(
            _parameter(d, recipe, made.trace, trainable) for d in declared
        ),
        states=update.states,
        settings=_settings([update.procedure, evaluate], recipe.optimizer),
        update=update.procedure,
        evaluate=evaluate,
        loop=recipe.loop,
        data={f"free_{name}": trainable[name].shape for name in recipe.masks},
        searched=repr(recipe.optimizer)
        if isinstance(recipe.optimizer, FullBatch)
        else "",
    )


def start_line(declared: Declared, trace: Trace, dtype: str) -> tuple[str, str]:
    """Return the text that draws a parameter's first values, and its note."""
    name, shape = str(declared.leaf.attrs["name"]), _fixed(declared.leaf.shape)
    start = declared.start
    if start is None:
        start = He() if trace.rectified.get(name) else Glorot()
    return line(start, shape, dtype), start.note


def _parameter(
    declared: Declared, recipe: Recipe, trace: Trace, trainable: Mapping[str, Node]
) -> Parameter:
    name = str(declared.leaf.attrs["name"])
    start, note = start_line(declared, trace, recipe.dtype)
    if name in recipe.kept:
        start, note = f'data["{name}"]', ""
    return Parameter(
        name,
        _fixed(declared.leaf.shape),
        start,
        note,
        name in trainable,
        f"free_{name}" if name in recipe.masks else None,
    )


def _fixed(shape: Shape) -> tuple[int, ...]:
    return tuple(size for size in shape if isinstance(size, int))


def _settings(
    procedures: Sequence[Procedure], optimizer: Optimizer
) -> dict[str, float]:
    """Return the numbers that the procedures call by name, in a good order.

    Those of the optimiser come first, as its constructor has them, then others as they
    are used, then those that tame the training.
    """
    found = {
        name: node.attrs["value"]
        for procedure in procedures
        for name, node in procedure.inputs.items()
        if node.attrs["role"] == "setting" and name != "seed"
    }
    first = inspect.signature(type(optimizer).__init__).parameters
    order = [*first, *(name for name in found if name not in LAST), *LAST]
    return {name: found[name] for name in dict.fromkeys(order) if name in found}


class _Update:
    """One training step: forward, loss, backward, update."""

    def __init__(self, made: Forward, recipe: Recipe) -> None:
        self.recipe = recipe
        self.trainable = {
            name: d.leaf for name, d in made.trace.parameters.items() if d.trainable
        }
        if not self.trainable:
            raise DataError("the network has no parameter that training may change.")
        declared = made.trace.parameters
        self.parameters = set(declared)
        self.layers = {name: id(declared[name].layer) for name in self.trainable}
        self.states: dict[str, str] = {}
        self.roles = dict(made.trace.roles)
        self.roles[made.output] = Role(recipe.loss.output)
        self.adjoints: dict[Node, Node] = {}
        values, self.loss = self._forward(made)
        grads = self._gradients(values)
        renewed = self._renew(self._clipped(grads))
        self.procedure = self._plan(values, grads, renewed)

    def _forward(self, made: Forward) -> tuple[list[Node], Node]:
        """Return the named forward values and the loss, simplified."""
        recipe = self.recipe
        weight = leaf("w", (BATCH,)) if recipe.weighted else None
        loss = recipe.loss.total(made.output, recipe.target, weight)
        matrices = [p for p in self.trainable.values() if p.ndim > 1]
        self._name_parts(recipe.loss.parts(made.output, recipe.target))
        extra = penalty(matrices, recipe.l1, recipe.l2)
        if extra is not None:
            self.roles[loss] = Role("data_loss")
            loss = mark(loss) + extra
        self.roles[loss] = Role("loss")
        needed = set(walk([loss]))
        values = [node for node in self.roles if node in needed and node is not loss]
        simple, became = simplify([*values, loss])
        self._follow(became)
        self.inner = {became[node] for node in made.trace.roles if node in became}
        alive = set(walk([simple[-1]]))
        return [node for node in simple[:-1] if node in alive], simple[-1]

    def _name_parts(self, parts: Mapping[str, Node]) -> None:
        """Name values inside a loss, a schedule or an optimiser."""
        for name, node in parts.items():
            self.roles.setdefault(node, Role(name, soft=True))

    def _follow(self, became: Mapping[Node, Node]) -> None:
        """Carry the roles over to what the nodes became."""
        roles: dict[Node, Role] = {}
        for node, role in self.roles.items():
            roles.setdefault(became.get(node, node), role)
        self.roles = roles

    def _gradients(self, values: Sequence[Node]) -> dict[str, Node]:
        """Return the gradient of each trainable parameter, last layer first."""
        nodes = list(self.trainable.values())
        forward, _ = self._by_section(values)
        inner = [node for node in values if node in self.inner and node not in forward]
        # what people call by name, its gradient is called by name, too
        named = [*forward, *inner, *nodes]
        found, adjoints = gradients(self.loss, nodes, set(named))
        grads = {
            name: mark(g, name) for name, g in zip(self.trainable, found, strict=True)
        }
        self.adjoints = {grads[name]: p for name, p in self.trainable.items()}
        for node in [*named, *values, *reversed(walk([self.loss]))]:
            if node in adjoints:
                self.adjoints.setdefault(adjoints[node], node)
        return {name: grads[name] for name in self._backwards()}

    def _backwards(self) -> list[str]:
        """Return the trainable names by layer, last layer first."""
        layers: dict[int, list[str]] = {}
        for name, layer in self.layers.items():
            layers.setdefault(layer, []).append(name)
        return [name for names in reversed(layers.values()) for name in names]

    def _clipped(self, grads: dict[str, Node]) -> dict[str, Node]:
        values, recipe = [grads[name] for name in self.trainable], self.recipe
        if recipe.clip_value is None and recipe.clip_norm is None:
            return grads
        if recipe.clip_value is not None:
            values = clip_by_value(values, recipe.clip_value)
        if recipe.clip_norm is not None:
            self._name_parts(norm_parts(values, recipe.clip_norm))
            values = clip_by_norm(values, recipe.clip_norm)
        clipped = dict(zip(self.trainable, values, strict=True))
        self._name_parts({f"g{name}": g for name, g in clipped.items()})
        return clipped

    def _rate(self) -> Node:
        lr = self.recipe.optimizer.lr
        if self.recipe.loop.plateau is not None:
            return leaf("lr", (), "time", "number")
        if not isinstance(lr, Schedule):
            return setting("lr", lr)
        time = Time.leaves()
        rate = mark(lr.rate(time))
        self.roles[rate] = Role("lr")
        self._name_parts(lr.parts(time))
        return rate

    def _renew(self, grads: Mapping[str, Node]) -> list[tuple[Node, Node]]:
        """Return (leaf, new value) for every state and parameter, first layer first."""
        optimizer = self.recipe.optimizer
        step = leaf("step", (), "time", "number")
        rate = self._rate()
        self.rate = rate if rate in self.roles else None
        self._name_parts(optimizer.parts(rate, step))
        renewed: list[tuple[Node, Node]] = []
        for name, p in self.trainable.items():
            slots = [
                leaf(self._state(slot, name), p.shape, "state")
                for slot in optimizer.slots
            ]
            self.states.update({str(slot.attrs["name"]): name for slot in slots})
            new, *memory = optimizer.update(p, grads[name], rate, step, *slots)
            renewed += zip(slots, memory, strict=True)
            if new is p:
                continue
            if name in self.recipe.masks:
                self._name_parts({f"new_{name}": new})
                new = where(leaf(f"free_{name}", p.shape, "data", "bool"), new, p)
            renewed.append((p, new))
        return renewed

    def _state(self, slot: str, name: str) -> str:
        """Return the name of what the optimiser remembers for a parameter."""
        return (
            f"{slot}{name}"
            if f"{slot}{name}" not in self.parameters
            else f"{slot}_{name}"
        )

    def _plan(
        self,
        values: Sequence[Node],
        grads: Mapping[str, Node],
        renewed: Sequence[tuple[Node, Node]],
    ) -> Procedure:
        rates = [] if self.rate is None else [self.rate]
        final = [*rates, *(new for _, new in renewed)]
        old = [*values, self.loss, *grads.values(), *final]
        old += [node for node in self.roles if node not in old]
        simple, became = simplify(old)
        self._follow(became)
        new = dict(zip(old, simple, strict=True))
        forward, losses = self._by_section(values)
        goals = [Goal(new[node], "forward") for node in forward]
        goals += [Goal(new[node], "loss") for node in [*losses, self.loss]]
        goals += [Goal(new[grad], "backward") for grad in grads.values()]
        goals += [Goal(new[rate], "update") for rate in rates]
        goals += [Goal(new[value], "update", renews=old) for old, value in renewed]
        adjoints = partners(self.adjoints, became, walk([new[self.loss]]))
        taken = {*self.parameters, *self.states, *self.recipe.optimizer.slots}
        return plan(goals, self.roles, [new[self.loss]], taken, adjoints)

    def _by_section(self, values: Sequence[Node]) -> tuple[list[Node], list[Node]]:
        """Return the values that get lines, before the targets and with them."""
        targets = {
            x
            for x in walk(values)
            if x.op.name == "leaf" and x.attrs["name"] in ("y", "w")
        }
        told: set[Node] = set(targets)
        for x in walk(values):
            if any(source in told for source in x.inputs):
                told.add(x)
        lines = [node for node in values if not self.roles[node].soft]
        return [x for x in lines if x not in told], [x for x in lines if x in told]


def _evaluate(made: Forward, recipe: Recipe) -> Procedure:
    """Plan the loss and the score of the network on data."""
    y = recipe.target
    loss = recipe.loss.total(made.output, y)
    word, score = recipe.loss.score(made.output, y)
    parts = recipe.loss.parts(made.output, y)
    roles = {
        **made.trace.roles,
        made.output: Role(recipe.loss.output),
        loss: Role("loss"),
        score: Role(word),
    }
    for name, node in parts.items():
        roles.setdefault(node, Role(name, soft=True))
    old = [made.output, loss, score]
    simple, became = simplify([*old, *roles])
    output, loss_, score_ = simple[: len(old)]
    followed: dict[Node, Role] = {}
    for node, role in roles.items():
        followed.setdefault(became[node], role)
    shown = [node for node, role in followed.items() if role.note]
    alive = set(walk([output]))
    goals = [
        *(Goal(node, "forward") for node in shown if node in alive),
        Goal(output, "forward", soft=True),
        Goal(loss_, "loss"),
        Goal(score_, "result"),
    ]
    return plan(goals, followed, [loss_, score_])


def reading(
    made: Forward, wanted: Mapping[str, Node], every: bool = False
) -> Procedure:
    """Plan a forward pass that computes `wanted`, by name.

    With `every`, each value that a layer names is computed too.
    """
    values = [*made.trace.roles] if every else []
    roles = {**made.trace.roles, **{node: Role(name) for name, node in wanted.items()}}
    old = [*values, *wanted.values()]
    simple, became = simplify(old)
    followed: dict[Node, Role] = {}
    for node, role in roles.items():
        followed.setdefault(became.get(node, node), role)
    goals = [Goal(node, "forward") for node in simple]
    return plan(goals, followed, simple[len(values) :])
