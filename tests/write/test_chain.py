"""The chain rule of a program: every claim about a gradient holds in numbers."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

import plaingrad as pg
from plaingrad.derive import gradients
from plaingrad.graph import Node, walk
from plaingrad.ops.random import uniform
from plaingrad.program import Program
from plaingrad.write.chain import Chain
from plaingrad.write.expression import expression
from zoo import ZOO

Array = np.ndarray[Any, Any]
SAMPLES = 7


@cache
def program(name: str) -> Program:
    animal = next(animal for animal in ZOO if animal.name == name)
    settings = {"epochs": 3, "batch_size": 5, **animal.settings}
    return animal.network().program(*animal.data(), **settings)


def evaluated(node: Node, values: dict[Node, Any]) -> Any:
    """Return the value of a node by the NumPy texts, and keep all on the way."""
    space = {"np": np, "uniform": uniform, "n": SAMPLES}
    for x in walk([node]):
        if x in values:
            continue
        if x.op.lower is not None:
            values[x] = evaluated(x.op.lower(x), values)
            continue
        names = {y: f"x{place}" for place, y in enumerate(x.inputs)}
        inputs = {names[y]: values[y] for y in x.inputs if y in values}
        scope = {**space, **inputs}
        code = expression(x, {**names, x: "out"}, "np.float64")
        if "{out}" in x.op.template(x):
            exec(code, scope)
            values[x] = scope["out"]
        else:
            values[x] = eval(code, scope)
    return values[node]


def values_of(made: Program) -> dict[Node, Any]:
    """Return a value for every input of an update."""
    rng = np.random.default_rng(5)
    found: dict[Node, Any] = {}
    for node in made.update.inputs.values():
        shape = [size if isinstance(size, int) else SAMPLES for size in node.shape]
        if node.attrs["role"] == "setting":
            found[node] = node.attrs["value"]
        elif node.kind == "number":
            found[node] = 3
        elif node.kind == "int":
            found[node] = np.arange(SAMPLES) % 2
        elif node.kind == "bool":
            found[node] = rng.random(shape) > 0.5
        else:
            found[node] = rng.uniform(0.1, 1.0, shape) * rng.choice([-1, 1], shape)
    return found


NAMES = [animal.name for animal in ZOO]


@pytest.mark.parametrize("name", NAMES)
def test_every_gradient_is_that_of_the_value_it_is_said_to_be(name: str) -> None:
    made = program(name)
    chain, known = Chain(made.update), values_of(made)
    assert chain.adjoints
    for gradient, x in chain.adjoints.items():
        (expected,), _ = gradients(chain.loss, [x])
        found, true = evaluated(gradient, known), evaluated(expected, known)
        np.testing.assert_allclose(found, true, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_every_trained_parameter_has_its_gradient(name: str) -> None:
    made = program(name)
    names = made.update.names
    by = {names[x] for x in Chain(made.update).adjoints.values()}
    assert by >= {p.name for p in made.parameters if p.trainable}


@pytest.mark.parametrize("name", NAMES)
def test_what_flows_back_is_the_gradient(name: str) -> None:
    made = program(name)
    chain, known = Chain(made.update), values_of(made)
    leaves: dict[Node, Any] = {}
    for x in [*made.update.inputs.values(), *chain.formulas]:
        if x.kind == "float":
            (true,), _ = gradients(chain.loss, [x])
            leaves[chain.gradient(x)] = evaluated(true, known)
        leaves[chain.value(x)] = evaluated(x, known)
    for x, readers in chain.readers.items():
        if readers:
            flow = evaluated(chain.flow(x), leaves)
            true = leaves[chain.gradient(x)]
            np.testing.assert_allclose(flow, true, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_formulas_written_whole_have_the_same_value(name: str) -> None:
    made = program(name)
    chain, known = Chain(made.update), values_of(made)
    for node, formula in chain.formulas.items():
        whole = evaluated(formula, known)
        np.testing.assert_allclose(whole, evaluated(node, known), rtol=1e-12)


def test_a_softmax_is_one_step() -> None:
    chain = Chain(program("spiral").update)
    formulas = [formula.op.name for formula in chain.formulas.values()]
    assert formulas.count("log_softmax") == 1


def test_values_between_come_last_first() -> None:
    made = program("residual").update
    chain = Chain(made)
    x = next(node for node, name in made.names.items() if name == "z1")
    assert [made.names[node] for node in chain.between(x)] == ["h2", "a1"]


class Siamese(pg.Network):
    """One layer looks at two halves of the input, and the difference is scored."""

    def __init__(self) -> None:
        self.eye = pg.Linear(3)
        self.last = pg.Linear(2)

    def forward(self, x: Any, /) -> Any:
        left, right = np.tanh(self.eye(x[:, :2])), np.tanh(self.eye(x[:, 2:]))
        return self.last(left - right)


class Unused(pg.Network):
    """A parameter that nothing reads."""

    def __init__(self) -> None:
        self.last = pg.Linear(2)

    def forward(self, x: Any, /) -> Any:
        self.param("V", (3,), pg.Constant(1.0))
        return self.last(x)


@pytest.mark.parametrize("network", [Siamese, Unused])
def test_gradients_of_one_name_are_told_apart(network: type[pg.Network]) -> None:
    X, y = np.ones((SAMPLES, 4)), np.arange(SAMPLES) % 2
    made = network().program(X, y)
    chain, known = Chain(made.update), values_of(made)
    assert len(chain.adjoints) == len(
        [s for s in made.update.steps if s.section == "backward" and s.name[0] == "d"]
    )
    for gradient, x in chain.adjoints.items():
        (true,), _ = gradients(chain.loss, [x])
        found = evaluated(gradient, known)
        np.testing.assert_allclose(found, evaluated(true, known), rtol=1e-9)
