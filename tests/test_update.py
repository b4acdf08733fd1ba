"""The update: as one loop where all parameters are alike, else line by line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import plaingrad as pg
from plaingrad.program import Program
from plaingrad.write import update
from plaingrad.write.update import listed, memory_rows, roll, update_lines
from zoo import NAMES, ZOO, blobs, deep, mlp


def program(
    network: Callable[[], pg.Network] = deep, freeze: Any = None, **settings: Any
) -> Program:
    X, y = blobs(23, 4)
    net = network()
    for name, mask in (freeze or {}).items():
        net.freeze(name, mask)
    given = {"optimizer": pg.Adam(lr=0.01), **settings}
    return net.program(X, y, **given)


def test_a_long_update_is_written_as_a_loop() -> None:
    made = program()
    assert update_lines(made, 4) == [
        "    grads = [dW1, db1, dW2, db2, dW3, db3]",
        "    rate = lr / (1 - beta1 ** step)",
        "    correction = 1 - beta2 ** step",
        "    for p, dp, m, v in zip(params, grads, ms, vs):",
        "        m[...] = beta1 * m + (1 - beta1) * dp",
        "        v[...] = beta2 * v + (1 - beta2) * dp ** 2",
        "        p -= rate * m / (np.sqrt(v / correction) + eps)",
    ]
    assert [line for line, _ in memory_rows(made)] == [
        "params = [W1, b1, W2, b2, W3, b3]",
        "ms = [np.zeros_like(p) for p in params]",
        "vs = [np.zeros_like(p) for p in params]",
    ]


def test_a_short_update_is_written_line_by_line() -> None:
    made = program(mlp(pg.ReLU()), optimizer=pg.Momentum(0.1))
    assert roll(made) is None
    assert update_lines(made, 0)[:2] == ["vW1 = momentum * vW1 + dW1", "W1 -= lr * vW1"]
    assert next(line for line, _ in memory_rows(made)) == "vW1 = np.zeros_like(W1)"


def test_clipping_reads_the_list_of_gradients() -> None:
    made = program(clip_norm=1.0)
    assert "norm = np.sqrt(sum((g ** 2).sum() for g in grads))" in update_lines(made, 0)
    assert "    g = scale * dp" in update_lines(made, 0)
    short = program(mlp(pg.ReLU()), clip_norm=1.0, optimizer=pg.SGD(0.1))
    norm = "norm = np.sqrt(sum((g ** 2).sum() for g in [dW1, db1, dW2, db2]))"
    assert update_lines(short, 0)[0] == norm


def masks(names: str) -> dict[str, Any]:
    shapes = {"W1": (4, 64), "b1": 64, "W2": (64, 64), "b2": 64, "W3": (64, 3), "b3": 3}
    return {
        name: np.arange(np.prod(shapes[name])).reshape(shapes[name]) % 2 == 0
        for name in names.split()
    }


def test_parameters_that_are_not_alike_are_written_one_by_one() -> None:
    assert roll(program()) is not None
    assert roll(program(freeze=masks("W1"))) is None


def test_masks_of_all_parameters_are_walked_over_too() -> None:
    rolled = roll(program(freeze=masks("W1 b1 W2 b2 W3 b3"), optimizer=pg.AdamW(0.1)))
    assert rolled is not None
    assert rolled.head == (
        "for p, dp, free, m, v in zip(params, grads, frees, ms, vs):"
    )
    assert rolled.body[-2:] == (
        "new = keep * p - rate * m / (np.sqrt(v / correction) + eps)",
        "p[...] = np.where(free, new, p)",
    )


class Awkward(pg.Network):
    """A parameter that is called as the gradient of another."""

    def forward(self, x: Any, /) -> Any:
        for letter in ("W", "dW", "V", "dV", "U", "dU"):
            x = x * self.param(letter, (4,), pg.Constant(1.0))
        return pg.Linear(3)(x)


def test_a_parameter_called_as_a_gradient_is_not_rolled() -> None:
    made = program(Awkward)
    assert {p.name for p in made.parameters} >= {"W1", "dW1"}
    assert roll(made) is None


@pytest.mark.parametrize("name", [n for n in NAMES if not n.startswith("masked")])
def test_a_loop_computes_the_bits_of_the_lines(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    animal = ZOO[NAMES.index(name)]
    monkeypatch.setattr(update, "LONGEST", 0)
    program = animal.network().program(*animal.data(), **animal.settings)
    assert roll(program) is not None
    rolled = animal.fit()
    monkeypatch.setattr(update, "LONGEST", 10**6)
    plain = animal.fit()
    for key, value in rolled.params.items():
        np.testing.assert_array_equal(value, plain.params[key])
    assert rolled.history.loss == plain.history.loss


def test_lists_are_broken_at_their_commas() -> None:
    assert listed("params", ["W1", "b1"]) == ["params = [W1, b1]"]
    names = [f"a_long_name_{i}" for i in range(8)]
    assert listed("params", names) == [
        "params = [",
        "    a_long_name_0, a_long_name_1, a_long_name_2, a_long_name_3,",
        "    a_long_name_4, a_long_name_5, a_long_name_6, a_long_name_7",
        "]",
    ]
