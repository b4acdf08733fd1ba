"""The reference: it runs the printed text, and shows it when something goes wrong."""

from __future__ import annotations

import gc
import linecache
import traceback

import numpy as np
import pytest

import plaingrad as pg
from plaingrad.ops import exp, leaf, sigmoid
from plaingrad.plan import Goal, plan
from plaingrad.run import Reference, compile_procedure, compile_text, draw
from plaingrad.shapes import Dim
from zoo import NAMES, ZOO, blobs, mlp

N = Dim(("n",))
X = leaf("X", (N, 2))


def reference(name: str = "deep") -> Reference:
    animal = ZOO[NAMES.index(name)]
    program = animal.network().program(*animal.data(), **animal.settings)
    return Reference(program, {})


def test_a_failing_line_is_shown_in_the_traceback() -> None:
    run = compile_text("def f(x):\n    y = x + 1\n    return y / 0\n", "f")
    with pytest.raises(ZeroDivisionError) as caught:
        run(1)
    text = "".join(traceback.format_exception(caught.value))
    assert "return y / 0" in text
    assert "<plaingrad f " in text


def test_a_wrong_batch_shows_the_line_of_the_update() -> None:
    engine = reference()
    with pytest.raises(ValueError, match="matmul") as caught:
        engine.update({"X": np.ones((3, 7), np.float32), "y": np.zeros(3, int)})
    text = "".join(traceback.format_exception(caught.value))
    assert "z1 = X @ W1 + b1" in text


def test_two_texts_of_one_name_are_told_apart() -> None:
    one, two = (compile_text(f"def f():\n    return {i}\n", "f") for i in (1, 2))
    assert one.__code__.co_filename != two.__code__.co_filename
    assert (one(), two()) == (1, 2)


def test_a_text_that_nothing_runs_any_more_is_forgotten() -> None:
    run = compile_text("def f():\n    return 1\n", "f")
    filename = run.__code__.co_filename
    assert filename in linecache.cache
    del run
    gc.collect()
    assert filename not in linecache.cache


def test_a_procedure_runs_with_its_arguments_in_the_order_asked_for() -> None:
    W = leaf("W", (2, 3), "parameter")
    product, exps = X @ W, exp(X)
    goals = [Goal(product, "forward"), Goal(exps, "forward")]
    procedure = plan(goals, {}, [product])
    x, w = np.ones((4, 2)), np.arange(6.0).reshape(2, 3)
    (found,) = compile_procedure(procedure, "float64", "f", ["W", "X"])(w, x)
    np.testing.assert_array_equal(found, x @ w)
    both = compile_procedure(procedure, "float64", "f", ["W", "X"], ["exps", "product"])
    np.testing.assert_array_equal(both(w, x)[0], np.exp(x))
    np.testing.assert_array_equal(both(w, x)[1], x @ w)


def test_an_overflow_that_does_no_harm_is_silent_and_others_are_not() -> None:
    huge = np.array([[-1e4, 1e4]])
    gate = plan([Goal(sigmoid(X), "forward")], {}, [sigmoid(X)])
    (found,) = compile_procedure(gate, "float64", "f", ["X"])(huge)
    np.testing.assert_array_equal(found, [[0, 1]])
    rise = plan([Goal(exp(X), "forward")], {}, [exp(X)])
    with np.errstate(over="warn"), pytest.warns(RuntimeWarning, match="overflow"):
        compile_procedure(rise, "float64", "f", ["X"])(huge)


@pytest.mark.parametrize("name", ["deep", "deep_adam"])
def test_an_update_renews_parameters_and_states_in_place(name: str) -> None:
    engine = reference(name)
    X, y = ZOO[NAMES.index(name)].data()
    batch = {"X": X.astype(np.float32), "y": y, "step": 1}
    views = {**engine.parameters, **engine.states}
    before = {key: value.copy() for key, value in engine.parameters.items()}
    first = engine.update(batch)
    second = engine.update({**batch, "step": 2})
    assert type(first) is float
    assert second < first
    for key, value in engine.parameters.items():
        assert not np.array_equal(value, before[key])
        assert value is views[key]


def test_evaluation_gives_python_numbers_and_changes_nothing() -> None:
    engine = reference()
    X, y = ZOO[NAMES.index("deep")].data()
    before = {key: value.copy() for key, value in engine.parameters.items()}
    loss, accuracy = engine.evaluate(X.astype(np.float32), y)
    assert (type(loss), type(accuracy)) == (float, float)
    assert 0 <= accuracy <= 1
    for key, value in engine.parameters.items():
        np.testing.assert_array_equal(value, before[key])


def test_a_seed_can_be_given_apart_from_the_program() -> None:
    program = mlp(pg.ReLU())().program(*blobs(), seed=3)
    same, other = Reference(program, {}, seed=3), Reference(program, {}, seed=4)
    first = Reference(program, {}).parameters["W1"]
    np.testing.assert_array_equal(same.parameters["W1"], first)
    assert not np.array_equal(other.parameters["W1"], first)


def test_parameters_are_drawn_one_after_the_other() -> None:
    starts = {
        "W1": "rng.normal(size=(2, 2))",
        "b1": 'data["b1"]',
        "W2": "rng.random(3)",
    }
    given = {"b1": np.arange(3)}
    found = draw(starts, 5, "float32", given)
    rng = np.random.default_rng(5)
    np.testing.assert_array_equal(found["W1"], rng.normal(size=(2, 2)).astype("f"))
    np.testing.assert_array_equal(found["W2"], rng.random(3).astype("f"))
    np.testing.assert_array_equal(found["b1"], [0, 1, 2])
    assert {value.dtype.name for value in found.values()} == {"float32"}
    found["b1"][0] = 9
    assert given["b1"][0] == 0
