"""Run graphs by the text that is printed for them; differentiate numerically."""

import numpy as np

from plaingrad.ops import leaf
from plaingrad.plan import Goal, plan
from plaingrad.run import compile_procedure

STEP = 1e-30
"""The complex step: nothing is subtracted, so nothing is lost however small it is."""

KINDS = {"f": "float", "i": "int", "b": "bool", "c": "float"}


def leaves(arrays):
    """Return an input for each array: x0, x1, ..."""
    return [
        leaf(f"x{i}", array.shape, kind=KINDS[array.dtype.kind])
        for i, array in enumerate(map(np.asarray, arrays))
    ]


def compiled(outputs, dtypes=("float64",)):
    """Return, for each dtype, a function from values by name to the outputs."""
    procedure = plan([Goal(node, "forward") for node in outputs], {}, outputs)
    functions = []
    for dtype in dtypes:
        function = compile_procedure(
            procedure, dtype, "run", list(procedure.inputs), procedure.results
        )
        functions.append(_by_name(function, list(procedure.inputs), dtype))
    return functions


def _by_name(function, names, dtype):
    def run(values):
        arguments = [values[name] for name in names]
        return function(*[as_dtype(value, dtype) for value in arguments])

    return run


def as_dtype(value, dtype):
    """Return arrays of floats in this dtype, and all else as it is."""
    floats = isinstance(value, np.ndarray) and value.dtype.kind in "fc"
    return value.astype(dtype) if floats else value


def by_name(arrays):
    return {f"x{i}": array for i, array in enumerate(arrays)}


def evaluate(outputs, arrays, dtype="float64"):
    """Return the values of nodes whose leaves are x0, x1, ..."""
    return compiled(outputs, (dtype,))[0](by_name(arrays))


def complex_gradient(run, values, name):
    """Differentiate the number that `run` returns by each entry of a value."""
    x = values[name]
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        moved = x.astype(complex)
        moved[place] += STEP * 1j
        gradient[place] = np.imag(run({**values, name: moved})[0]) / STEP
    return gradient


def central_gradient(run, values, name, h=1e-3):
    """Differentiate by central differences of sixth order (error about h**6)."""
    x = values[name]
    gradient = np.zeros(x.shape)
    weights = {1: 3 / 4, 2: -3 / 20, 3: 1 / 60}
    for place in np.ndindex(x.shape):
        for steps, weight in weights.items():
            for sign in (1, -1):
                moved = x.copy()
                moved[place] += sign * steps * h
                gradient[place] += sign * weight * run({**values, name: moved})[0] / h
    return gradient


def projected(node, rng):
    """Return a sum of a node's entries with random weights, as a number."""
    if node.shape == ():
        return node * float(rng.uniform(0.5, 1.5))
    weights = leaf("weights", node.shape)
    return (node * weights).sum()
