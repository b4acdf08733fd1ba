"""Optimisers, penalties and clipping: trajectories against PyTorch, printed text."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaingrad import ops
from plaingrad.derive import gradients
from plaingrad.errors import SettingError
from plaingrad.optimizers import (
    SGD,
    Adagrad,
    Adam,
    AdamW,
    Momentum,
    Nesterov,
    Optimizer,
    RMSprop,
)
from plaingrad.penalties import clip_by_norm, clip_by_value, norm_parts, penalty
from plaingrad.plan import Goal, plan
from plaingrad.program import Role
from plaingrad.run import compile_procedure
from plaingrad.schedules import Constant, Cosine, Exponential, StepDecay, Time
from plaingrad.shapes import Dim
from plaingrad.simplify import simplify
from plaingrad.write.lines import section_lines

torch = pytest.importorskip("torch")

N = Dim(("n",))
SHAPES = {"W1": (3, 4), "b1": (4,), "W2": (4, 1)}
STEPS, EPOCHS = 50, 10
PER_EPOCH = STEPS // EPOCHS


def network():
    """A small network's leaves and its squared error."""
    p = {name: ops.leaf(name, shape, "parameter") for name, shape in SHAPES.items()}
    x, y = ops.leaf("X", (N, 3)), ops.leaf("y", (N, 1))
    hidden = np.tanh(x @ p["W1"] + p["b1"])
    return p, ((hidden @ p["W2"] - y) ** 2).mean()


def planned(optimizer, leaves, grads, loss=None, named=None):
    """One update of all leaves as a procedure, and the names that it renews."""
    time = Time.leaves()
    rate = optimizer.rate(time)
    parts = {**(named or {}), **_rate_parts(optimizer, time, rate)}
    parts |= optimizer.parts(rate, time.step)
    renewed = []
    for (name, p), grad in zip(leaves.items(), grads, strict=True):
        slots = [ops.leaf(slot + name, p.shape, "state") for slot in optimizer.slots]
        new, *memory = optimizer.update(p, grad, rate, time.step, *slots)
        renewed += [*zip(slots, memory, strict=True), (p, new)]
    old = [*parts.values(), *(value for _, value in renewed)]
    _, became = simplify(old)
    goals = [Goal(became[node], "update") for node in parts.values()]
    goals += [Goal(became[value], "update", renews=leaf) for leaf, value in renewed]
    roles = {became[node]: Role(name) for name, node in parts.items()}
    return plan(goals, roles), [leaf.attrs["name"] for leaf, _ in renewed]


def _rate_parts(optimizer, time, rate):
    if not rate.inputs:
        return {}
    return {**optimizer.lr.parts(time), "lr": rate}


def text(optimizer, sizes=None, clip=None):
    sizes = sizes or {"W1": (3, 4)}
    leaves = {name: ops.leaf(name, shape, "parameter") for name, shape in sizes.items()}
    grads = [ops.leaf(f"d{name}", shape) for name, shape in sizes.items()]
    parts = {}
    if clip is not None:
        parts, grads = norm_parts(grads, clip), clip_by_norm(grads, clip)
    procedure, _ = planned(optimizer, leaves, grads, named=parts)
    return section_lines(procedure, ["update"], "float32")


def trajectory(optimizer, dtype="float64"):
    """The parameters after each of 50 updates, by running the printed text."""
    leaves, loss = network()
    grads, _ = gradients(loss, list(leaves.values()))
    procedure, renewed = planned(optimizer, leaves, grads)
    names = list(procedure.inputs)
    function = compile_procedure(procedure, dtype, "update", names, renewed)
    pool = {name: value.astype(dtype) for name, value in start().items()}
    pool |= {
        name: leaf.attrs["value"]
        for name, leaf in procedure.inputs.items()
        if leaf.attrs["role"] == "setting"
    }
    pool |= {n: np.zeros(SHAPES[n[1:]], dtype) for n in renewed if n not in SHAPES}
    course = []
    for step in range(1, STEPS + 1):
        pool |= {"step": step, "epoch": (step - 1) // PER_EPOCH}
        pool |= {"steps": STEPS, "epochs": EPOCHS}
        values = function(*[pool[name] for name in names])
        pool |= dict(zip(renewed, (np.array(value) for value in values), strict=True))
        course.append({name: pool[name].copy() for name in SHAPES})
    return course


def start():
    rng = np.random.default_rng(0)
    values = {name: rng.normal(size=shape) for name, shape in SHAPES.items()}
    return {**values, "X": rng.normal(size=(7, 3)), "y": rng.normal(size=(7, 1))}


def torch_trajectory(make, schedule=None, after=1):
    """The same by PyTorch; `schedule` steps after so many updates."""
    values = {name: torch.tensor(value) for name, value in start().items()}
    p = {name: values[name].requires_grad_() for name in SHAPES}
    optimizer = make(list(p.values()))
    scheduler = schedule(optimizer) if schedule else None
    course = []
    for step in range(1, STEPS + 1):
        optimizer.zero_grad()
        hidden = torch.tanh(values["X"] @ p["W1"] + p["b1"])
        ((hidden @ p["W2"] - values["y"]) ** 2).mean().backward()
        optimizer.step()
        if scheduler and step % after == 0:
            scheduler.step()
        course.append(
            {name: value.detach().numpy().copy() for name, value in p.items()}
        )
    return course


def same_course(mine, theirs):
    for here, there in zip(mine, theirs, strict=True):
        for name in SHAPES:
            np.testing.assert_allclose(here[name], there[name], rtol=0, atol=1e-10)


optim = torch.optim
PAIRS = [
    (SGD(0.1), lambda p: optim.SGD(p, lr=0.1)),
    (Momentum(0.05), lambda p: optim.SGD(p, lr=0.05, momentum=0.9)),
    (Momentum(0.05, 0.5), lambda p: optim.SGD(p, lr=0.05, momentum=0.5)),
    (
        Momentum(0.05, nesterov=True),
        lambda p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    ),
    (
        Nesterov(0.05, 0.8),
        lambda p: optim.SGD(p, lr=0.05, momentum=0.8, nesterov=True),
    ),
    (RMSprop(), optim.RMSprop),
    (
        RMSprop(0.02, rho=0.9, eps=1e-3),
        lambda p: optim.RMSprop(p, lr=0.02, alpha=0.9, eps=1e-3),
    ),
    (Adagrad(), optim.Adagrad),
    (Adagrad(0.1, eps=1e-3), lambda p: optim.Adagrad(p, lr=0.1, eps=1e-3)),
    (Adam(), optim.Adam),
    (
        Adam(0.05, beta1=0.8, beta2=0.9, eps=1e-3),
        lambda p: optim.Adam(p, lr=0.05, betas=(0.8, 0.9), eps=1e-3),
    ),
    (AdamW(), optim.AdamW),
    (
        AdamW(0.05, 0.8, 0.9, 1e-3, weight_decay=0.3),
        lambda p: optim.AdamW(p, lr=0.05, betas=(0.8, 0.9), eps=1e-3, weight_decay=0.3),
    ),
]
NAMES = [repr(mine) for mine, _ in PAIRS]


@pytest.mark.parametrize(("mine", "theirs"), PAIRS, ids=NAMES)
def test_trajectories(mine, theirs):
    course = trajectory(mine)
    same_course(course, torch_trajectory(theirs))
    moved = max(np.abs(course[-1][n] - start()[n]).max() for n in SHAPES)
    assert moved > 1e-2


SCHEDULED = [
    (
        SGD(StepDecay(0.2, every=3, factor=0.5)),
        lambda p: optim.SGD(p, lr=0.2),
        lambda o: optim.lr_scheduler.StepLR(o, 3, gamma=0.5),
        PER_EPOCH,
    ),
    (
        Momentum(Exponential(0.1, 0.7)),
        lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
        lambda o: optim.lr_scheduler.ExponentialLR(o, 0.7),
        PER_EPOCH,
    ),
    (
        AdamW(Cosine(0.1, min_lr=0.01), weight_decay=0.2),
        lambda p: optim.AdamW(p, lr=0.1, weight_decay=0.2),
        lambda o: optim.lr_scheduler.CosineAnnealingLR(o, STEPS, eta_min=0.01),
        1,
    ),
    (Adam(Constant(0.03)), lambda p: optim.Adam(p, lr=0.03), None, 1),
]


@pytest.mark.parametrize(("mine", "theirs", "schedule", "after"), SCHEDULED)
def test_trajectories_with_schedules(mine, theirs, schedule, after):
    same_course(trajectory(mine), torch_trajectory(theirs, schedule, after))


@pytest.mark.parametrize(
    "optimizer", [*(mine for mine, _ in PAIRS), AdamW(Cosine(0.1))], ids=repr
)
def test_float32_stays_float32(optimizer):
    low, high = trajectory(optimizer, "float32"), trajectory(optimizer)
    for name in SHAPES:
        assert low[-1][name].dtype == np.float32
        np.testing.assert_allclose(low[-1][name], high[-1][name], rtol=0, atol=1e-3)


def test_adam_prints_as_people_write_it():
    assert text(Adam(), {"W1": (3, 4), "b1": (4,)}) == [
        "rate = lr / (1 - beta1 ** step)",
        "correction = 1 - beta2 ** step",
        "mW1 = beta1 * mW1 + (1 - beta1) * dW1",
        "vW1 = beta2 * vW1 + (1 - beta2) * dW1 ** 2",
        "W1 -= rate * mW1 / (np.sqrt(vW1 / correction) + eps)",
        "mb1 = beta1 * mb1 + (1 - beta1) * db1",
        "vb1 = beta2 * vb1 + (1 - beta2) * db1 ** 2",
        "b1 -= rate * mb1 / (np.sqrt(vb1 / correction) + eps)",
    ]


@pytest.mark.parametrize(
    ("optimizer", "lines"),
    [
        (SGD(), ["W1 -= lr * dW1"]),
        (Momentum(), ["vW1 = momentum * vW1 + dW1", "W1 -= lr * vW1"]),
        (
            Nesterov(),
            ["vW1 = momentum * vW1 + dW1", "W1 -= lr * (dW1 + momentum * vW1)"],
        ),
        (
            RMSprop(),
            [
                "sW1 = rho * sW1 + (1 - rho) * dW1 ** 2",
                "W1 -= lr * dW1 / (np.sqrt(sW1) + eps)",
            ],
        ),
        (Adagrad(), ["sW1 += dW1 ** 2", "W1 -= lr * dW1 / (np.sqrt(sW1) + eps)"]),
        (
            SGD(StepDecay(0.1, 10, 0.5)),
            ["lr = 0.1 * 0.5 ** (epoch // 10)", "W1 -= lr * dW1"],
        ),
    ],
)
def test_updates_print_short(optimizer, lines):
    assert text(optimizer) == lines


def test_clipping_prints_its_norm_once():
    assert text(SGD(), {"W1": (3, 4), "b1": (4,)}, clip=1.0) == [
        "norm = np.sqrt((dW1 ** 2).sum() + (db1 ** 2).sum())",
        "scale = np.minimum(1, clip_norm / (norm + 1e-06))",
        "W1 -= lr * scale * dW1",
        "b1 -= lr * scale * db1",
    ]


def test_optimizers_print_as_written():
    for optimizer, _ in PAIRS:
        assert eval(repr(optimizer)) == optimizer
    assert repr(Adam(lr=Cosine(0.1))) == "Adam(lr=Cosine(0.1))"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD(0), "lr must be a positive number, got 0"),
        (lambda: Adam(-0.1), "lr must be a positive number, got -0.1"),
        (lambda: Adam(float("nan")), "lr must be a positive number"),
        (lambda: SGD("0.1"), "lr must be a positive number, got '0.1'"),
        (lambda: SGD(Cosine), "lr must be a positive number"),
        (lambda: Momentum(0.1, 1.0), r"momentum must lie in \[0, 1\), got 1.0"),
        (lambda: Nesterov(0.1, -0.1), "momentum must lie in"),
        (lambda: RMSprop(rho=1), "rho must lie in"),
        (lambda: RMSprop(eps=0), "eps must be a small positive number"),
        (lambda: Adagrad(eps=-1), "eps must lie in"),
        (lambda: Adam(beta1=1), "beta1 must lie in"),
        (lambda: Adam(beta2=-1), "beta2 must lie in"),
        (lambda: Adam(eps=0), "eps must be a small positive number"),
        (lambda: AdamW(weight_decay=2), "weight_decay must lie in"),
        (lambda: penalty([W], l1=-1), "l1 must be a positive number"),
        (lambda: penalty([W], l2=float("inf")), "l2 must be a positive number"),
        (lambda: clip_by_value([W], 0), "clip_value must be a positive number"),
        (lambda: clip_by_norm([W], -1), "clip_norm must be a positive number"),
    ],
)
def test_bad_settings(make, message):
    with pytest.raises(SettingError, match=message):
        make()


def test_the_base_class_has_no_formula():
    with pytest.raises(NotImplementedError):
        Optimizer(0.1).update(W, W, ops.setting("lr", 0.1), Time.leaves().step)


# Penalties and clipping.

W, V = ops.leaf("W", (2, 3)), ops.leaf("V", (3,))
quick = settings(deadline=None, max_examples=25, derandomize=True)


def values_of(nodes, dtype="float64", **given_values):
    """What nodes are, by running their printed text."""
    simple, _ = simplify(nodes)
    procedure = plan([Goal(node, "result") for node in simple], {}, simple)
    leaves = procedure.inputs
    pool = {n: x.attrs["value"] for n, x in leaves.items() if x.kind == "number"}
    pool |= {n: np.asarray(v, dtype) for n, v in given_values.items()}
    function = compile_procedure(procedure, dtype, "f", list(leaves), procedure.results)
    return function(*[pool[name] for name in leaves])


def pair(seed):
    rng = np.random.default_rng(seed)
    return {"W": rng.normal(size=(2, 3)), "V": rng.normal(size=3)}


@pytest.mark.parametrize(("l1", "l2"), [(0.3, 0.0), (0.0, 0.7), (0.3, 0.7)])
def test_penalties(l1, l2):
    given_values = pair(0)
    total = penalty([W, V], l1, l2)
    slopes, _ = gradients(total, [W, V])
    loss, *mine = values_of([total, *slopes], **given_values)
    p = [torch.tensor(value, requires_grad=True) for value in given_values.values()]
    wanted = sum(0.5 * l2 * (w**2).sum() + l1 * w.abs().sum() for w in p)
    wanted.backward()
    assert loss == pytest.approx(wanted.item(), rel=1e-12)
    for slope, w in zip(mine, p, strict=True):
        np.testing.assert_allclose(slope, w.grad.numpy(), rtol=1e-12)


def test_no_penalty():
    assert penalty([W, V]) is None
    assert penalty([], l1=1.0, l2=1.0) is None


def test_penalties_print_as_people_write_them():
    total = penalty([W], l1=0.1, l2=0.2)
    slope = gradients(total, [W])[0][0]
    (total, slope), _ = simplify([total, slope])
    roles = {total: Role("loss"), slope: Role("dW")}
    procedure = plan([Goal(total, "loss"), Goal(slope, "backward")], roles)
    assert section_lines(procedure, ["loss", "backward"], "float32") == [
        "loss = 0.5 * l2 * (W ** 2).sum() + l1 * np.abs(W).sum()",
        "dW = l2 * W + l1 * np.sign(W)  # (2, 3)",
    ]


@quick
@given(seed=st.integers(0, 10_000), limit=st.sampled_from([0.1, 1.0, 2.5, 100.0]))
def test_clipping_as_torch(seed, limit):
    given_values = pair(seed)
    for clip, theirs in [
        (clip_by_norm, torch.nn.utils.clip_grad_norm_),
        (clip_by_value, torch.nn.utils.clip_grad_value_),
    ]:
        p = [torch.zeros(g.shape, dtype=torch.float64) for g in given_values.values()]
        for w, g in zip(p, given_values.values(), strict=True):
            w.grad = torch.tensor(g)
        theirs(p, limit)
        mine = values_of(clip([W, V], limit), **given_values)
        for value, w in zip(mine, p, strict=True):
            np.testing.assert_allclose(value, w.grad.numpy(), rtol=1e-12)


def test_clipping_stays_float32():
    for clip in (clip_by_norm, clip_by_value):
        mine = values_of(clip([W, V], 0.1), "float32", **pair(0))
        assert [value.dtype for value in mine] == [np.float32, np.float32]


def test_clipping_of_zeros_is_zero():
    zeros = {"W": np.zeros((2, 3)), "V": np.zeros(3)}
    for value in values_of(clip_by_norm([W, V], 1.0), **zeros):
        assert not value.any()
