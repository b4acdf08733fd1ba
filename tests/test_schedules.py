"""Schedules: the rate of every update against torch.optim.lr_scheduler."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaingrad import ops
from plaingrad.errors import SettingError
from plaingrad.plan import Goal, plan
from plaingrad.program import Plateau, Role
from plaingrad.run import compile_procedure
from plaingrad.schedules import (
    Constant,
    Cosine,
    Exponential,
    OneCycle,
    ReduceOnPlateau,
    Schedule,
    Slower,
    StepDecay,
    Time,
    WarmUp,
)
from plaingrad.simplify import simplify
from plaingrad.write.lines import section_lines

torch = pytest.importorskip("torch")
lr_scheduler = torch.optim.lr_scheduler

EPOCHS, PER_EPOCH = 8, 5
STEPS = EPOCHS * PER_EPOCH


def planned(schedule):
    time = Time.leaves()
    parts = {**schedule.parts(time), "lr": schedule.rate(time)}
    _, became = simplify(list(parts.values()))
    goals = [Goal(became[node], "update") for node in parts.values()]
    roles = {became[node]: Role(name) for name, node in parts.items()}
    return plan(goals, roles, [became[parts["lr"]]])


def text(schedule):
    return section_lines(planned(schedule), ["update"], "float32")


def rates(schedule, steps=STEPS, epochs=EPOCHS):
    """The rate of each update, by running the printed text."""
    procedure = planned(schedule)
    names = list(procedure.inputs)
    function = compile_procedure(procedure, "float32", "f", names, procedure.results)
    found = []
    for step in range(1, steps + 1):
        epoch = (step - 1) * epochs // steps
        pool = {"step": step, "epoch": epoch, "steps": steps, "epochs": epochs}
        rate = function(*[pool[name] for name in names])[0]
        assert type(rate) in (float, int)
        found.append(rate)
    return found


def torch_rates(lr, make, after=1, steps=STEPS):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    scheduler = make(optimizer)
    found = []
    for step in range(1, steps + 1):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if step % after == 0 and step < steps:
            scheduler.step()
    return found


def warm(steps, inner):
    def make(optimizer):
        up = lr_scheduler.LinearLR(
            optimizer, start_factor=1 / steps, total_iters=steps - 1
        )
        return lr_scheduler.ChainedScheduler([up, *inner(optimizer)])

    return make


def cosine(optimizer):
    return [lr_scheduler.CosineAnnealingLR(optimizer, STEPS)]


ORACLES = [
    (Constant(0.3), 0.3, lambda o: lr_scheduler.ConstantLR(o, factor=1.0), 1),
    (
        StepDecay(0.3, every=3, factor=0.2),
        0.3,
        lambda o: lr_scheduler.StepLR(o, 3, gamma=0.2),
        PER_EPOCH,
    ),
    (
        Exponential(0.3, 0.8),
        0.3,
        lambda o: lr_scheduler.ExponentialLR(o, 0.8),
        PER_EPOCH,
    ),
    (Cosine(0.3), 0.3, lambda o: cosine(o)[0], 1),
    (
        Cosine(0.3, min_lr=0.02),
        0.3,
        lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS, eta_min=0.02),
        1,
    ),
    (OneCycle(0.3), 0.3, lambda o: lr_scheduler.OneCycleLR(o, 0.3, STEPS), 1),
    (
        OneCycle(0.3, rise=0.45, start=10, end=50),
        0.3,
        lambda o: lr_scheduler.OneCycleLR(
            o, 0.3, STEPS, pct_start=0.45, div_factor=10, final_div_factor=50
        ),
        1,
    ),
    (WarmUp(0.3, steps=7), 0.3, warm(7, lambda o: []), 1),
    (WarmUp(0.3, epochs=2), 0.3, warm(2 * PER_EPOCH, lambda o: []), 1),
    (WarmUp(Cosine(0.3), steps=6), 0.3, warm(6, cosine), 1),
]


@pytest.mark.parametrize(
    ("schedule", "lr", "make", "after"), ORACLES, ids=[repr(o[0]) for o in ORACLES]
)
def test_rates_as_torch(schedule, lr, make, after):
    mine, theirs = rates(schedule), torch_rates(lr, make, after)
    np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-15)


@settings(deadline=None, max_examples=25, derandomize=True)
@given(steps=st.integers(4, 60), rise=st.sampled_from([0.1, 0.3, 0.5, 0.8]))
def test_one_cycle_of_any_length(steps, rise):
    if rise * steps == 1:
        return
    theirs = torch_rates(
        1.0,
        lambda o: lr_scheduler.OneCycleLR(o, 1.0, steps, pct_start=rise),
        steps=steps,
    )
    mine = rates(OneCycle(1.0, rise), steps, epochs=1)
    np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-15)


def test_one_cycle_of_one_update_is_a_number():
    assert rates(OneCycle(1.0), steps=1, epochs=1) == pytest.approx([4e-6])


@pytest.mark.parametrize(
    ("schedule", "lines"),
    [
        (Constant(0.1), ["lr = 0.1"]),
        (StepDecay(0.1, 10, 0.5), ["lr = 0.1 * 0.5 ** (epoch // 10)"]),
        (Exponential(0.1, 0.9), ["lr = 0.1 * 0.9 ** epoch"]),
        (
            Cosine(0.1),
            [
                "cosine = float(np.cos(np.pi * (step - 1) / steps))",
                "lr = 0.05 * (1 + cosine)",
            ],
        ),
        (
            OneCycle(0.1),
            [
                "peak = 0.3 * steps",
                "rising = step < peak",
                "low = 0.004 if rising else 4e-07",
                "length = peak - 1 if rising else steps - peak",
                "cosine = float(np.cos(np.pi * (step - peak) / length))",
                "lr = low + (0.1 - low) * (1 + cosine) / 2",
            ],
        ),
        (WarmUp(0.1, steps=100), ["lr = 0.1 * min(1, step / 100)"]),
    ],
)
def test_schedules_print_as_people_write_them(schedule, lines):
    assert text(schedule) == lines


def test_schedules_print_as_written():
    for schedule, *_ in ORACLES:
        assert eval(repr(schedule)) == schedule


@settings(deadline=None, max_examples=25, derandomize=True)
@given(
    seed=st.integers(0, 10_000),
    patience=st.integers(0, 4),
    min_delta=st.sampled_from([0.0, 0.1]),
)
def test_plateaus_as_torch(seed, patience, min_delta):
    losses = np.random.default_rng(seed).random(60) + np.linspace(1, 0, 60)
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    theirs = lr_scheduler.ReduceLROnPlateau(
        optimizer,
        factor=0.5,
        patience=patience,
        threshold=min_delta,
        threshold_mode="abs",
        min_lr=0.01,
        eps=0,
    )
    record = Plateau(1.0, 0.5, patience, 0.01, min_delta)
    schedule = ReduceOnPlateau(1.0, 0.5, patience, min_lr=0.01, min_delta=min_delta)
    watches = [Slower(schedule), Slower(record)]
    for loss in losses.tolist():
        theirs.step(loss)
        for watch in watches:
            watch.look(loss)
            assert watch.lr == optimizer.param_groups[0]["lr"]
    assert watches[0].lr < 1


def test_a_plateau_starts_at_its_rate():
    schedule = ReduceOnPlateau(0.25)
    assert Slower(schedule).lr == 0.25
    assert schedule.rate(Time.leaves()) is ops.setting("lr", 0.25)
    assert schedule.parts(Time.leaves()) == {}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Constant(0), "lr must be a positive number"),
        (lambda: StepDecay(0.1, 0), "every must be a whole number of at least 1"),
        (lambda: StepDecay(0.1, 2, 1.0), r"factor must lie in \[0, 1\)"),
        (lambda: Exponential(0.1, 0), "factor must be a positive number"),
        (lambda: Cosine(-1), "lr must be a positive number"),
        (lambda: Cosine(0.1, 0.2), "min_lr must not be above lr=0.1, got 0.2"),
        (lambda: Cosine(0.1, -0.2), "min_lr must be a positive number"),
        (lambda: OneCycle(0), "max_lr must be a positive number"),
        (lambda: OneCycle(0.1, rise=1), "rise must lie in"),
        (lambda: OneCycle(0.1, start=0.5), "start divides the highest rate"),
        (lambda: OneCycle(0.1, end=0.5), "end divides the highest rate"),
        (lambda: WarmUp(0.1), "steps or epochs, one of the two"),
        (lambda: WarmUp(0.1, steps=1, epochs=1), "steps or epochs, one of the two"),
        (lambda: WarmUp(0.1, steps=0), "steps must be a whole number"),
        (lambda: WarmUp(0.1, epochs=1.5), "epochs must be a whole number"),
        (lambda: WarmUp(0, steps=3), "lr must be a positive number"),
        (lambda: WarmUp(ReduceOnPlateau(0.1), steps=3), "cannot be warmed up"),
        (lambda: ReduceOnPlateau(0), "lr must be a positive number"),
        (lambda: ReduceOnPlateau(0.1, factor=1), "factor must lie in"),
        (lambda: ReduceOnPlateau(0.1, patience=-1), "patience must be a whole number"),
        (lambda: ReduceOnPlateau(0.1, min_delta=-1), "min_delta must lie in"),
    ],
)
def test_bad_settings(make, message):
    with pytest.raises(SettingError, match=message):
        make()


def test_the_base_class_has_no_formula():
    with pytest.raises(NotImplementedError):
        Schedule().rate(Time.leaves())
