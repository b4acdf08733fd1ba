"""One random case of an operation, from its own domain."""

import numpy as np
import pytest
from hypothesis import strategies as st

from helpers import leaves
from plaingrad.derive import gradients
from plaingrad.graph import apply, verify
from plaingrad.op import OPS
from plaingrad.ops import leaf, sin
from plaingrad.simplify import simplify

seeds = st.integers(0, 2**32 - 1)
WITH_DOMAIN = [name for name, op in OPS.items() if op.domain]
STEPS = ("gt", "ge", "lt", "le", "eq", "cast", "whole", "one_hot", "floordiv")
SMOOTH = [name for name in WITH_DOMAIN if OPS[name].grad and name not in STEPS]
every_op = pytest.mark.parametrize("name", WITH_DOMAIN)
every_smooth_op = pytest.mark.parametrize("name", SMOOTH)


class Case:
    """One random case of an operation: a node, its inputs, and their values."""

    def __init__(self, name, seed):
        self.op = OPS[name]
        self.rng = np.random.default_rng(seed)
        arrays, self.attrs = self.op.domain(self.rng)
        self.arrays = [np.asarray(array) for array in arrays]
        self.leaves = leaves(self.arrays)
        self.node = apply(name, *self.leaves, **self.attrs)
        self.values = {f"x{i}": array for i, array in enumerate(self.arrays)}
        self.floats = [x for x in self.leaves if x.kind == "float"]

    def loss(self):
        """Return a number that depends on every entry of the result, bending."""
        weights = leaf("weights", self.node.shape)
        self.values["weights"] = self.rng.uniform(0.5, 1.5, self.node.shape)
        return (weights * sin(self.node)).sum()

    def gradients(self, loss):
        """Return the gradients as derived and as simplified."""
        derived, _ = gradients(loss, self.floats)
        verify(derived)
        simple, _ = simplify(derived)
        verify(simple)
        return [*derived, *simple]
