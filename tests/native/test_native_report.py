"""The report of the engine, and kernels as text."""

import re

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import plaingrad as pg
import zoo
from plaingrad.errors import DataError
from plaingrad.native import measure as measuring
from plaingrad.native.design import Making
from plaingrad.native.measure import made_up, measure
from plaingrad.native.report import report
from plaingrad.native.show import loop_text
from plaingrad.native.target import named

CLASSES = pg.Sequential(pg.Linear(4), pg.ReLU(), pg.Linear(3))


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """Do not measure for long."""
    monkeypatch.setattr(measuring, "ENOUGH", 0.001)


def program(net=CLASSES, count=50, features=(5,), **settings):
    X = np.random.default_rng(0).random((count, *features))
    return net.program(X, np.arange(count) % 3, **{"batch_size": 20, **settings})


def loops(program, single=False, target="avx2"):
    """Return the text of each kernel by the first name that it writes."""
    made = Making(program.update, program.dtype, named(target), 20)
    return {k.writes[0].name: loop_text(k) for k in made.kernels(single)[0]}


# Kernels as text.


def test_kernels_read_like_the_lines_of_the_script():
    found = loops(program(optimizer=pg.SGD(lr=0.1)))
    assert found["a1"] == (
        "for s < n, i < 4:\n"
        "    a1[s, i] = np.maximum(sum(X[s, j] * W1[j, i] for j < 5) + b1[i], 0)"
    )
    assert found["dW1"] == (
        "for i < 5, j < 4:\n    dW1[i, j] = sum(X[s, i] * dz1[s, j] for s < n)"
    )
    assert found["W1"] == (
        "for i < 5, j < 4:\n    W1[i, j] = W1[i, j] - lr * dW1[i, j]"
    )
    assert "(y[s] == i)" in found["dscores"]
    assert re.fullmatch(r"loss = -sum\.\d+ / n", found["loss"])


def test_what_is_stored_is_read_from_there():
    found = loops(program(optimizer=pg.Momentum(lr=0.1)), single=True)
    assert found["vW1"] == (
        "for i < 5, j < 4:\n"
        "    vW1[i, j] = momentum * vW1[i, j] + sum(X[s, i] * dz1[s, j] for s < n)\n"
        "    W1[i, j] = W1[i, j] - lr * vW1[i, j]"
    )


def test_a_sum_that_is_read_twice_has_a_line():
    found = loops(program(optimizer=pg.Adam()), single=True)
    (text,) = [text for name, text in found.items() if name == "mb1"]
    assert text.splitlines()[1] == "    total = sum(dz1[s, i] for s < n)"
    assert text.count("total") == 3


def test_windows_random_numbers_and_parts_are_places():
    layers = [pg.Conv2d(2, 3, padding="same"), pg.Tanh(), pg.Dropout(0.5)]
    net = pg.Sequential(*layers, pg.Flatten(), pg.Linear(3))
    found = loops(program(net, features=(6, 6, 1)))
    text = "\n".join(found.values())
    assert "[s, i + 1, j + 1, k]" in text or "[s, i + 1, j + 1]" in text
    assert re.search(r"padded1\[s, i \+ \w, j \+ \w\] \* W1\[\w, \w, \w\]", text)
    assert re.search(r"mask1\[s, i, j, k\] = uniform\(seed, step, .*\) < 0\.5", text)


@pytest.mark.parametrize("name", zoo.NAMES)
def test_every_kernel_can_be_shown(name):
    animal = zoo.ZOO[zoo.NAMES.index(name)]
    made = animal.network().program(*animal.data(), **{**animal.settings, "epochs": 1})
    for single in (False, True):
        assert all(loops(made, single).values())


# Names.


@pytest.mark.parametrize("name", zoo.NAMES)
def test_no_two_values_of_a_kernel_share_a_name(name):
    animal = zoo.ZOO[zoo.NAMES.index(name)]
    made = animal.network().program(*animal.data(), **{**animal.settings, "epochs": 1})
    kernels, _ = Making(made.update, "float32", named("avx2"), 5).kernels(False)
    buffers = {b for k in kernels for b in [*k.writes, *(x.buffer for x in k.loads())]}
    assert len({buffer.name for buffer in buffers}) == len(buffers)


# The report.


def test_the_report_tells_all():
    made = program(optimizer=pg.SGD(lr=0.1))
    text = report(made, made_up(made, 50))
    lines = text.splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[0] == "Sequential(Linear(4), ReLU(), Linear(3))"
    assert lines[2] == "an update: 20 of 50 samples, float32"
    for start in (
        "target ",
        "layout ",
        "compiled ",
        "measured ",
        "layouts,",
        "memory ",
    ):
        assert any(line.startswith(start) for line in lines), start
    (chosen,) = [line for line in lines if line.startswith("  *  ")]
    expected = [
        float(line.split()[-1].replace(",", ""))
        for line in lines
        if " in lanes " in line and "samples a tile" in line
    ]
    assert expected == sorted(expected)
    assert float(chosen.split()[-1].replace(",", "")) == expected[0]
    for name in ("a1", "scores", "dz1", "W1", "b2"):
        assert any(re.match(rf" +\d+ +{name}\b", line) for line in lines), name
    shares = [float(x) for x in re.findall(r"([\d.]+)%", text)]
    assert sum(shares) == pytest.approx(100, abs=0.06 * len(shares))


def test_tiles_and_stages_are_told(monkeypatch):
    monkeypatch.setattr(measuring, "cores", lambda: 2)
    net = pg.Sequential(pg.Linear(256), pg.Tanh(), pg.Linear(3))
    made = program(net, 1500, (64,), batch_size=None, dtype="float64")
    text = report(made, made_up(made, 1500))
    assert re.search(r"vectors of \d+ float64, ", text)
    assert re.search(r"for each of \d+ tiles\n", text)
    assert "once, when the sums over samples are known\n" in text
    assert re.search(r"us on 2 threads, [\d.]+ times as fast", text)
    assert max(map(len, text.splitlines())) <= 100


def test_measuring_changes_nothing_and_ends():
    made = program()
    arrays = made_up(made, 50)
    before = {name: value.copy() for name, value in arrays.items()}
    found = measure(made, arrays)
    assert found.seconds > 0
    assert found.threads == 1
    assert len(found.shares) == len(found.design.kernels) + 1
    assert sum(found.shares) == pytest.approx(1)
    for name, value in before.items():
        np.testing.assert_array_equal(arrays[name], value)


def test_a_loss_that_becomes_infinite_is_no_obstacle():
    net = pg.Sequential(pg.Linear(4), pg.ReLU(), pg.Linear(1))
    X = np.random.default_rng(0).random((20, 5))
    made = net.program(X, X[:, 0], optimizer=pg.SGD(lr=1e12), loss=pg.MSE())
    assert measure(made, made_up(made, 20)).seconds > 0


@pytest.mark.parametrize("name", ["masked_adam", "weighted", "convolution", "pooling"])
def test_made_up_arrays_are_such_as_a_network_trains_on(name):
    animal = zoo.ZOO[zoo.NAMES.index(name)]
    net = animal.fit(epochs=1)
    made = net.program()
    arrays = {**net.params, **made_up(made, net.session.prepared.training.count)}
    for wanted, value in net.session.prepared.arrays().items():
        if wanted in made.update.inputs:
            assert arrays[wanted].shape == value.shape
    assert "kernels" in report(made, arrays)


def test_arrays_that_do_not_fit_are_refused():
    made = program()
    arrays = made_up(made, 50)
    for wrong, message in [
        ({"X": arrays["X"][:, :4]}, r"trains on X of shape \(50, 5\), got \(50, 4\)"),
        ({"y": arrays["y"][:30]}, r"trains on y of shape \(50,\), got \(30,\)"),
        ({"y": arrays["y"] + 3}, "labels from 0 to 2"),
    ]:
        with pytest.raises(DataError, match=message):
            measure(made, {**arrays, **wrong})
    with pytest.raises(DataError, match=r"trains on y of shape \(50,\), got nothing"):
        measure(made, {"X": arrays["X"]})
