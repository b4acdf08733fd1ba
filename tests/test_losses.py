"""Losses: values and gradients against PyTorch, printed text, and every complaint."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import r2_score
from sklearn.utils.class_weight import compute_sample_weight

from plaingrad import ops
from plaingrad.derive import gradients
from plaingrad.errors import DataError, PlaingradError, SettingError, ShapeError
from plaingrad.graph import verify
from plaingrad.losses import (
    MAE,
    MSE,
    BinaryCrossEntropy,
    CrossEntropy,
    Custom,
    Hinge,
    Huber,
    Loss,
    Poisson,
    as_loss,
    choose,
    class_weights,
)
from plaingrad.plan import Goal, plan
from plaingrad.program import Role
from plaingrad.run import compile_procedure
from plaingrad.shapes import Dim
from plaingrad.simplify import simplify
from plaingrad.write.lines import section_lines

N = Dim(("n",))
quick = settings(deadline=None, max_examples=25, derandomize=True)
seeds = st.integers(0, 10_000)
reductions = st.sampled_from(["mean", "sum"])


def scores(*sizes):
    return ops.leaf("scores", (N, *sizes))


def planned(loss, y, sizes, end=None, weighted=False):
    """The loss and its gradient by the scores, after `end`, as a procedure."""
    z, target = scores(*sizes), loss.leaf(y)
    weight = ops.leaf("w", (N,)) if weighted else None
    output = end(z) if end else z
    total = loss.total(output, target, weight)
    parts = loss.parts(output, target)
    (total, *named), _ = simplify([total, *parts.values()])
    (slope,), _ = gradients(total, [z])
    (slope,), became = simplify([slope])
    verify([total, slope])
    roles = {
        became.get(node, node): Role(name)
        for name, node in zip(parts, named, strict=True)
    }
    roles |= {total: Role("loss"), slope: Role("dscores")}
    return plan([Goal(total, "loss"), Goal(slope, "backward")], roles, [total, slope])


def evaluated(loss, z, y, weight=None, end=None, dtype="float64"):
    """The loss and its gradient, by running the printed text."""
    z = np.asarray(z, dtype)
    if y.dtype.kind == "f":
        y = y.astype(dtype)
    procedure = planned(loss, y, z.shape[1:], end, weight is not None)
    names = list(procedure.inputs)
    function = compile_procedure(procedure, dtype, "f", names, procedure.results)
    values = {"scores": z, "y": y}
    if weight is not None:
        values["w"] = np.asarray(weight, dtype)
    return function(*[values[name] for name in names])


def text(loss, y, sizes, end=None, weighted=False):
    procedure = planned(loss, y, sizes, end, weighted)
    return "\n".join(section_lines(procedure, ["loss", "backward"], "float32"))


def node_value(node, **values):
    """What one node is, by running its printed text."""
    node = simplify([node])[0][0]
    procedure = plan([Goal(node, "result")], {node: Role("value")}, [node])
    names = list(procedure.inputs)
    function = compile_procedure(procedure, "float64", "f", names, procedure.results)
    return function(*[values[name] for name in names])[0]


def oracle(each, z, weight, reduction):
    """Torch's loss and gradient from its unreduced loss `each`."""
    z = torch.tensor(z, requires_grad=True)
    losses = each(z)
    if weight is None:
        total = losses.mean() if reduction == "mean" else losses.sum()
    else:
        w = torch.tensor(weight)
        rows = losses.reshape(len(w), -1)
        if reduction == "mean":
            total = (w * rows.mean(dim=1)).sum() / w.sum()
        else:
            total = (w * rows.sum(dim=1)).sum()
    total.backward()
    return total.item(), z.grad.numpy()


def agree(loss, z, y, each, weight=None, end=None):
    value, slope = evaluated(loss, z, y, weight, end)
    wanted, wanted_slope = oracle(each, z, weight, loss.reduction)
    np.testing.assert_allclose(value, wanted, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(slope, wanted_slope, rtol=1e-10, atol=1e-12)
    assert slope.shape == z.shape


def drawn(seed, rows, columns, weighted):
    rng = np.random.default_rng(seed)
    weight = rng.uniform(0.1, 2, rows) if weighted else None
    return rng, rng.normal(0, 3, (rows, columns)), weight


some = {
    "seed": seeds,
    "rows": st.integers(1, 5),
    "columns": st.integers(1, 4),
    "weighted": st.booleans(),
    "reduction": reductions,
}
several = {**some, "columns": st.integers(2, 5)}


# Against PyTorch.

REGRESSIONS = [
    (MSE, {}, lambda z, y: F.mse_loss(z, y, reduction="none")),
    (MAE, {}, lambda z, y: F.l1_loss(z, y, reduction="none")),
    (Huber, {}, lambda z, y: F.huber_loss(z, y, reduction="none")),
    (
        Huber,
        {"delta": 2.5},
        lambda z, y: F.huber_loss(z, y, reduction="none", delta=2.5),
    ),
    (
        Poisson,
        {},
        lambda z, y: F.poisson_nll_loss(z, y, log_input=True, reduction="none"),
    ),
]


@pytest.mark.parametrize(("kind", "words", "each"), REGRESSIONS)
@quick
@given(**some)
def test_regression_losses(kind, words, each, seed, rows, columns, weighted, reduction):
    rng, z, weight = drawn(seed, rows, columns, weighted)
    counts = kind is Poisson
    y = rng.poisson(2.0, z.shape) * 1.0 if counts else rng.normal(0, 3, z.shape)
    loss = kind(**words, reduction=reduction)
    agree(loss, z, y, lambda x: each(x, torch.tensor(y)), weight)


@quick
@given(
    **several,
    smooth=st.sampled_from([0.0, 0.1, 0.7]),
    end=st.sampled_from([None, ops.softmax, ops.log_softmax]),
    soft=st.booleans(),
)
def test_cross_entropy(
    seed, rows, columns, weighted, reduction, smooth, end, soft
):
    rng, z, weight = drawn(seed, rows, columns, weighted)
    y = rng.dirichlet(np.ones(columns), rows) if soft else rng.integers(0, columns, rows)
    loss = CrossEntropy(label_smoothing=smooth, reduction=reduction)
    ends = {ops.softmax: lambda x: x.softmax(1), ops.log_softmax: lambda x: x}
    shown = ends.get(end, lambda x: x)

    def each(x):
        del shown
        return F.cross_entropy(
            x, torch.tensor(y), reduction="none", label_smoothing=smooth
        )

    agree(loss, z, y, each, weight, end)
