"""How the tests of layers trace, run and differentiate one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from plaingrad.derive import gradients
from plaingrad.graph import Node
from plaingrad.layers import Layer
from plaingrad.ops import leaf
from plaingrad.plan import Goal, plan
from plaingrad.program import Procedure
from plaingrad.run import compile_procedure
from plaingrad.shapes import Dim, Shape
from plaingrad.simplify import simplify
from plaingrad.trace import Trace, tracing
from plaingrad.write.lines import function_lines

N = Dim(("n",))
Values = Mapping[str, np.ndarray]


@dataclass
class Traced:
    """A layer that was traced, with a projection of its output on random numbers R."""

    trace: Trace
    x: Node
    out: Node

    @property
    def parameters(self) -> list[Node]:
        return [declared.leaf for declared in self.trace.parameters.values()]

    @property
    def wanted(self) -> list[Node]:
        return [self.x, *self.parameters]

    @property
    def projection(self) -> Node:
        return (self.out * leaf("R", self.out.shape)).sum()

    @property
    def gradients(self) -> list[Node]:
        return gradients(self.projection, self.wanted)[0]

    def values(self, batch: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Return values for every leaf: no two alike, none near a kink at 0."""
        leaves = [*self.wanted, leaf("R", self.out.shape)]
        values = {
            node.attrs["name"]: apart(sized(node.shape, batch), rng) for node in leaves
        }
        return {**values, "seed": 5, "step": 3}


def traced(layer: Layer, *sizes: int, training: bool = False) -> Traced:
    """Trace a layer on an input of shape (n, *sizes)."""
    with tracing(training) as trace:
        x = leaf("X", (N, *sizes))
        return Traced(trace, x, layer(x))


def procedure_of(nodes: Sequence[Node]) -> Procedure:
    simple, _ = simplify(nodes)
    return plan([Goal(node, "forward") for node in simple], {}, simple)


def compiled(
    nodes: Sequence[Node], dtype: str = "float64"
) -> Callable[[Values], list[np.ndarray]]:
    """Return the function from values by name to the values of the nodes."""
    procedure = procedure_of(nodes)
    names = list(procedure.inputs)
    function = compile_procedure(procedure, dtype, "step", names, procedure.results)
    return lambda values: list(function(*(values[name] for name in names)))


def printed(nodes: Sequence[Node], trace: Trace) -> str:
    """Return the text of nodes, with the names that the layers gave."""
    _, new = simplify([*nodes, *trace.roles])
    roles = {new[node]: role for node, role in trace.roles.items()}
    procedure = plan([Goal(new[node], "forward") for node in nodes], roles)
    return "\n".join(function_lines(procedure, "float32", "step", ["X"], ["X"]))


def sized(shape: Shape, batch: int) -> tuple[int, ...]:
    return tuple(batch if size == N else int(size) for size in shape)


def apart(shape: Sequence[int], rng: np.random.Generator) -> np.ndarray:
    """Return numbers in [-1.2, 1.2] that differ from each other and from 0 and 1."""
    count = int(np.prod(shape, dtype=int))
    places = (rng.permutation(count) + 0.5) / count
    values = 1.1 * (2 * places - 1) + 0.1 * rng.uniform(-1, 1) / count
    values[np.abs(values) < 0.02] += 0.05
    values[np.abs(np.abs(values) - 1) < 0.02] += 0.05
    return values.reshape(tuple(shape))


def complex_step(f: Callable[[Values], float], values: Values, name: str) -> np.ndarray:
    """Return the gradient of f by the complex step: exact to the last digits."""
    result = np.zeros(values[name].shape)
    for place in np.ndindex(result.shape):
        moved = values[name].astype(complex)
        moved[place] += 1e-20j
        result[place] = np.imag(f({**values, name: moved})) / 1e-20
    return result


def differences(f: Callable[[Values], float], values: Values, name: str) -> np.ndarray:
    """Return the gradient of f by central differences of the fourth order."""
    result = np.zeros(values[name].shape)
    for place in np.ndindex(result.shape):

        def at(distance: float, place: tuple[int, ...] = place) -> float:
            moved = values[name].copy()
            moved[place] += distance
            return f({**values, name: moved})

        h = 1e-3
        near, far = at(h) - at(-h), at(2 * h) - at(-2 * h)
        result[place] = (8 * near - far) / (12 * h)
    return result


def assert_close(got: np.ndarray, expected: np.ndarray, tolerance: float) -> None:
    """Compare as a whole: the error relative to the largest entry."""
    assert got.shape == expected.shape
    scale = max(np.abs(expected).max(initial=0), 1e-3)
    assert np.abs(got - expected).max(initial=0) <= tolerance * scale
