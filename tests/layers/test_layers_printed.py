"""The lines that layers print, and what dropout draws."""

import numpy as np
import pytest

from helpers_layers import compiled, printed, traced
from plaingrad.layers import (
    ELU,
    AvgPool2d,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    HardTanh,
    Layer,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
    Sequence,
    SiLU,
)

PATCHES = "[:, i:i+26, j:j+26] for i in range(3) for j in range(3)"


@pytest.mark.parametrize(
    ("layer", "sizes", "lines"),
    [
        (Conv2d(16, 3), (28, 28, 1), [PATCHES, "patches1.reshape(-1, 9) @ W1.resh"]),
        (Conv2d(8, 1), (5, 5, 3), ["X.reshape(-1, 3) @ W1.reshape(3, 8)"]),
        (Conv2d(8, (3, 1)), (9, 1, 2), ["X[:, i:i+7, :1] for i in range(3)"]),
        (Conv2d(4, 3, groups=2), (5, 5, 4), ["patches1.reshape(2, -1, 18)"]),
        (
            Conv2d(4, 3, padding="same"),
            (5, 5, 1),
            ["padded1 = np.pad(X, [(0, 0), (1, 1), (1, 1), (0, 0)])"],
        ),
        (
            MaxPool2d(),
            (8, 6, 3),
            ["= X.reshape(n, 4, 2, 3, 2, 3).max(axis=(2, 4))"],
        ),
        (
            AvgPool2d((2, 3)),
            (8, 6, 3),
            ["= X.reshape(n, 4, 2, 2, 3, 3).mean(axis=(2, 4))"],
        ),
        (
            MaxPool2d(3, stride=2, padding=1),
            (5, 5, 1),
            ["constant_values=-np.inf)", ".max(axis=3)"],
        ),
        (GlobalAvgPool2d(), (5, 5, 2), ["= X.mean(axis=(1, 2))"]),
        (Flatten(), (5, 5, 2), ["= X.reshape(n, 50)"]),
        (
            Sequence(Linear(3), LeakyReLU()),
            (2,),
            ["a1 = np.where(z1 > 0, z1, 0.01 * z1)"],
        ),
        (
            Sequence(Linear(3), HardTanh()),
            (2,),
            ["a1 = np.clip(X @ W1 + b1, -1, 1)"],
        ),
        (
            Sequence(Linear(3), ELU()),
            (2,),
            ["a1 = np.maximum(z1, 0) + np.expm1(np.minimum(0, z1))"],
        ),
        (Sequence(Linear(3), SiLU()), (2,), ["a1 = z1 * (1 / (1 + np.exp(-z1)))"]),
        (
            Sequence(Linear(10), ReLU(), Dropout(0.2)),
            (2,),
            ["mask1 = uniform(n * 10, seed, step, 1).reshape(n, 10) < 0.8"],
        ),
    ],
    ids=repr,
)
def test_a_layer_prints_as_a_person_would_write_it(
    layer: Layer, sizes: tuple[int, ...], lines: list[str]
) -> None:
    net = traced(layer, *sizes, training=True)
    wanted = [node for node, role in net.trace.roles.items() if role.name == "mask1"]
    text = printed([*wanted, net.out], net.trace)
    for line in lines:
        assert line in text


@pytest.mark.parametrize("tenths", range(1, 10))
def test_the_share_that_dropout_keeps_is_a_clean_number(tenths: int) -> None:
    net = traced(Dropout(tenths / 10), 4, training=True)
    text = printed([net.out], net.trace)
    assert text.count(f" 0.{10 - tenths}") == 2
    assert "0000" not in text
    assert "9999" not in text


def test_dropout_zeroes_the_asked_share_and_keeps_the_mean() -> None:
    net = traced(Dropout(0.3), 1000, training=True)
    (out,) = compiled([net.out])({"X": np.ones((50, 1000)), "seed": 1, "step": 2})
    assert set(np.unique(out)) == {0.0, 1 / 0.7}
    # 50000 draws: five standard deviations are 0.0103
    assert abs((out == 0).mean() - 0.3) < 0.0103
    assert abs(out.mean() - 1) < 0.0147


def test_dropout_draws_anew_at_each_place_and_step_and_repeats_itself() -> None:
    net = traced(Sequence(Dropout(0.5), Dropout(0.5)), 64, training=True)
    first, second = (row.output for row in net.trace.rows[:2])
    run = compiled([first, second])
    x = np.ones((4, 64))
    one, both = run({"X": x, "seed": 1, "step": 1})
    again, _ = run({"X": x, "seed": 1, "step": 1})
    later, _ = run({"X": x, "seed": 1, "step": 2})
    other, _ = run({"X": x, "seed": 2, "step": 1})
    np.testing.assert_array_equal(one, again)
    for different in (later, other):
        assert 0.3 < (different == one).mean() < 0.7
    # the second mask is independent of the first: a quarter passes both
    assert 0.1 < (both != 0).mean() < 0.4


def test_dropout_is_off_when_not_training() -> None:
    net = traced(Sequence(Linear(3), Dropout(0.5)), 2)
    assert net.out is net.trace.rows[0].output
