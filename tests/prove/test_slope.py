"""Slopes by the complex step, against differences, PyTorch, and what is known."""

import numpy as np
import pytest
import torch

import plaingrad as pg
from oracles import by_torch
from plaingrad.graph import walk
from plaingrad.op import OPS
from plaingrad.ops import absolute, argmax, clip, floor, leaf, log_softmax, where
from plaingrad.plan import lower
from plaingrad.prove.certificate.branches import BRANCHES
from plaingrad.prove.certificate.claim import Claim
from plaingrad.prove.certificate.compare import Point
from plaingrad.prove.certificate.slope import Loss
from plaingrad.prove.differences import differentiate
from plaingrad.run import first_values
from plaingrad.train.session import prepare
from plaingrad.train.settings import Settings
from zoo import NAMES, ZOO

WITHOUT_GRADIENT = ("sign", "floor", "floordiv", "argmax", "gt", "ge", "lt", "le", "eq")


def point_of(animal):
    """Return the point at which a network of the zoo is proved, and its claim."""
    net, (X, y) = animal.network(), animal.data()
    settings = {**animal.settings, "dtype": "float64", "validation": None}
    named = Settings.named({**settings, "early_stopping": None})
    prepared = prepare(net, X, y, named, net._masks)
    claim = Claim(net, prepared.training.recipe)
    weights, _ = first_values(prepared.program, prepared.given, 0)
    return claim, Point(claim, {**weights, **prepared.data})


@pytest.mark.parametrize("name", NAMES)
def test_complex_step_differences_and_pytorch_agree(name):
    claim, point = point_of(ZOO[NAMES.index(name)])
    node = claim.node
    names = [x.attrs["name"] for x in walk([node]) if x.op.name == "leaf"]
    inputs = {name: torch.tensor(np.array(point.values[name])) for name in names}
    wanted = [p for p in [*claim.learnt, "X"] if p in inputs]
    for parameter in wanted:
        inputs[parameter].requires_grad_()
    (loss,) = by_torch([node], inputs, len(point.values["X"]))
    assert loss.item() == pytest.approx(point.loss.value, rel=1e-12)
    loss.backward()
    top = max(float(inputs[p].grad.abs().max()) for p in wanted)
    for parameter in wanted:
        value, grad = point.values[parameter], inputs[parameter].grad.numpy()
        places = np.random.default_rng(5).permutation(value.size)[:6]
        found = differentiate(
            lambda x, p=parameter: point.by_text({p: x}), value, places
        )
        for i, place in enumerate(places):
            way = np.zeros(value.shape)
            way.flat[place] = 1.0
            slope = point.loss.slope(parameter, way)
            assert not slope.kink
            assert abs(slope.value - grad.flat[place]) < 1e-13 * top
            if not found.kink[i]:
                off = abs(slope.value - found.value[i])
                assert off < 10 * found.error[i] + 1e-9 * top


@pytest.mark.parametrize("name", ["dropout", "convolution", "named"])
def test_what_dropout_drops_is_held_fixed(name):
    claim, point = point_of(ZOO[NAMES.index(name)])
    parameter = claim.learnt[0]
    value = point.values[parameter]
    found = differentiate(lambda x: point.by_text({parameter: x}), value, range(8))
    for place in range(8):
        way = np.zeros(value.shape)
        way.flat[place] = 1.0
        slope = point.loss.slope(parameter, way).value
        assert found.kink[place] or abs(slope - found.value[place]) < 1e-7


# Operation by operation.


def test_every_operation_takes_moved_numbers_somehow():
    texts = {name for name, op in OPS.items() if not op.analytic and op.lower is None}
    assert texts | {"sigmoid"} == set(BRANCHES)


def loss_of(function, *values):
    leaves = [leaf(f"x{i}", np.shape(v)) for i, v in enumerate(values)]
    node = function(*leaves)
    node = node if node.shape == () else node.sum()
    node = lower([node])[node]
    named = {f"x{i}": np.asarray(v, np.float64) for i, v in enumerate(values)}
    return Loss(node, named, 1)


@pytest.mark.parametrize("name", sorted(set(BRANCHES) - set(WITHOUT_GRADIENT)))
@pytest.mark.parametrize("seed", range(5))
def test_operations_have_the_slopes_that_differences_show(name, seed):
    rng = np.random.default_rng(seed)
    arrays, attrs = OPS[name].domain(rng)
    floats = [np.asarray(a) for a in arrays]
    shape = (
        OPS[name]
        .rule([leaf(f"x{i}", a.shape).type for i, a in enumerate(floats)], attrs)
        .shape
    )
    weights = rng.normal(size=shape)

    def function(*leaves):
        from plaingrad.graph import apply

        return (apply(name, *leaves[:-1], **attrs) * leaves[-1]).sum()

    values = [*floats, weights]
    loss = loss_of(function, *values)
    for i, x in enumerate(floats):
        way = rng.normal(size=x.shape)
        slope = loss.slope(f"x{i}", way)

        def along(step, i=i, x=x, way=way):
            moved = [*values]
            moved[i] = x + step[0] * way
            return loss_of(function, *moved).value

        found = differentiate(along, np.zeros(1))
        assert not slope.kink
        assert slope.value == pytest.approx(found.value[0], rel=1e-7, abs=1e-8)


KINKS = {
    "relu at 0": (lambda x: np.maximum(x, 0), [0.0, 1.0], [1.0, 0.0], True),
    "relu at 0, not moved": (lambda x: np.maximum(x, 0), [0.0, 1.0], [0.0, 1.0], False),
    "relu beside 0": (lambda x: np.maximum(x, 0), [1e-9, 1.0], [1.0, 0.0], False),
    "relu at rounding": (lambda x: np.maximum(x, 0), [1e-17, 1.0], [1.0, 0.0], True),
    "minimum": (lambda x: np.minimum(x, 2.0), [2.0], [1.0], True),
    "size": (absolute, [0.0, 3.0], [1.0, 0.0], True),
    "clip, low": (lambda x: clip(x, -1, 1), [-1.0], [1.0], True),
    "clip, high": (lambda x: clip(x, -1, 1), [1.0], [-1.0], True),
    "largest of two": (lambda x: x.max(), [2.0, 2.0, 1.0], [1.0, 0.0, 0.0], True),
    "largest, all moved alike": (
        lambda x: x.max(),
        [2.0, 2.0, 1.0],
        [1.0, 1.0, 0.0],
        False,
    ),
    "leaky": (lambda x: where(x > 0, x, 0.1 * x), [0.0], [1.0], True),
    "step": (lambda x: where(x > 0, 1.0, 0.0), [0.0], [1.0], True),
    "floor": (floor, [2.0], [1.0], True),
    "floor between": (floor, [2.5], [1.0], False),
    "first place": (lambda x: 1.0 * argmax(x), [2.0, 2.0], [0.0, 1.0], True),
    # what only looks like a kink
    "smooth absolute": (lambda x: absolute(x) * x, [0.0], [1.0], False),
    "both branches alike": (lambda x: where(x > 0, x, x), [0.0], [1.0], False),
    "softmax of equal scores": (
        lambda x: -log_softmax(x)[0, 0],
        [[1.0, 1.0, 0.5]],
        [[1.0, 0.0, 0.0]],
        False,
    ),
}


@pytest.mark.parametrize("case", KINKS)
def test_a_kink_is_where_the_slopes_to_both_sides_differ(case):
    function, x, way, kink = KINKS[case]
    assert loss_of(function, x).slope("x0", np.array(way)).kink is kink


def test_slopes_to_the_right_are_exact_at_a_kink():
    slope = loss_of(lambda x: np.maximum(x, 0), [0.0]).slope("x0", np.array([2.0]))
    assert (slope.value, slope.kink) == (2.0, True)


def test_elu_has_no_kink_at_zero():
    net = pg.Sequential(pg.Linear(2), pg.ELU(), pg.Linear(1))
    found = net.prove(np.zeros((3, 2)), np.ones(3), loss=pg.MSE())
    assert found.ok
    assert sum(row.kinks for row in found.rows) == 0


def test_padding_with_minus_infinity_is_no_tie():
    X = np.random.default_rng(0).random((4, 5, 5, 1))
    layers = (pg.MaxPool2d(3, stride=2, padding="same"), pg.Flatten(), pg.Linear(2))
    found = pg.Sequential(*layers).prove(X, np.arange(4) % 2, entries=200)
    assert found.ok
    assert sum(row.kinks for row in found.rows) == 0


def test_an_infinite_slope_is_no_evidence():
    slope = loss_of(lambda x: np.sqrt(x), [0.0]).slope("x0", np.array([1.0]))
    assert slope.kink or not np.isfinite(slope.value) or abs(slope.value) > 1e10
