"""The table of a network."""

import pytest
from matplotlib import pyplot

import plaingrad as pg
import zoo


def test_the_table_of_a_dense_network():
    net = pg.Sequential(pg.Linear(20), pg.ReLU(), pg.Dropout(0.5), pg.Linear(10))
    assert str(net.summary((64,))).splitlines() == [
        "layer         output   parameters  multiply-adds",
        "------------------------------------------------",
        "input         (n, 64)",
        "Linear(20)    (n, 20)       1,300          1,280",
        "ReLU()        (n, 20)           0              0",
        "Dropout(0.5)  (n, 20)           0              0",
        "Linear(10)    (n, 10)         210            200",
        "------------------------------------------------",
        "1,510 parameters (6.04 kB)",
        "1,480 multiply-adds and 280 B of values a sample, in float32",
    ]
    assert repr(net.summary((64,))) == str(net.summary((64,)))


@pytest.mark.parametrize("name", zoo.NAMES)
def test_the_parameters_are_those_that_the_network_has(name):
    animal = zoo.ZOO[zoo.NAMES.index(name)]
    net, (X, _) = animal.network(), animal.data()
    summary = net.summary(X)
    sizes = [value.size for value in net.build(X).params.values()]
    assert summary.parameters == sum(sizes)
    assert sum(row.parameters for row in summary.rows) == sum(sizes)
    assert summary.rows[-1].output[1:] == net.outputs(X).shape[1:]


def test_multiply_adds_of_a_convolution():
    net = pg.Sequential(pg.Conv2d(16, 3), pg.ReLU(), pg.Flatten(), pg.Linear(10))
    first, _, _, last = net.summary((28, 28, 3)).rows
    assert first.multiply_adds == 26 * 26 * 16 * (3 * 3 * 3)
    assert first.parameters == 3 * 3 * 3 * 16 + 16
    assert last.multiply_adds == 26 * 26 * 16 * 10


def test_multiply_adds_of_a_convolution_in_groups():
    net = pg.Sequential(pg.Conv2d(8, 3, groups=4, bias=False))
    (row,) = net.summary((10, 10, 12)).rows
    assert row.parameters == 3 * 3 * 3 * 8
    assert row.multiply_adds == 8 * 8 * 8 * (3 * 3 * 3)


def test_a_shared_layer_counts_once_in_parameters_and_twice_in_work():
    summary = zoo.Shared().summary((4,))
    assert [row.parameters for row in summary.rows] == [20, 0, 15]
    assert [row.multiply_adds for row in summary.rows] == [16, 16, 12]
    assert summary.parameters == 35


def test_parameters_of_a_network_itself_have_a_row():
    X, _ = zoo.blobs()
    rows = zoo.Branch().summary(X).rows
    assert [(row.layer, row.parameters) for row in rows] == [
        ("Linear(5, name='left')", 25),
        ("Linear(5)", 25),
        ("Linear(3)", 18),
        ("Branch()", 5),
    ]


def test_frozen_parameters_are_told():
    net = pg.Sequential(pg.Linear(6, trainable=False), pg.Linear(3))
    summary = net.summary((4,))
    assert (summary.trainable, summary.frozen) == (21, 30)
    assert "51 parameters (204 B), 30 of them frozen" in str(summary)


def test_memory_is_counted_in_the_type_of_the_network():
    X, y = zoo.blobs()
    net = pg.Sequential(pg.Linear(6), pg.Linear(3))
    net.fit(X, y, epochs=1)
    assert net.summary().memory == (51 * 4, 9 * 4)
    net.fit(X, y, epochs=1, dtype="float64")
    assert net.summary().memory == (51 * 8, 9 * 8)
    assert "in float64" in str(net.summary())
    assert net.summary(X) == net.summary()


def test_a_network_whose_shapes_do_not_fit_is_shown_up_to_the_failing_layer():
    net = pg.Sequential(pg.Linear(6), pg.ReLU(), pg.Conv2d(3, 3), pg.Linear(2))
    summary = net.summary((4,))
    assert [row.layer for row in summary.rows] == ["Linear(6)", "ReLU()"]
    assert summary.parameters == 30
    lines = str(summary).splitlines()
    assert lines[-2].startswith("stopped: Conv2d(3, 3): expected images of shape")
    assert lines[-1].endswith("(n, 6) -> ReLU() -> (n, 6) -> Conv2d(3, 3)")
    assert pg.Sequential(pg.Conv2d(3, 3)).summary((4,)).rows == ()


@pytest.mark.parametrize(
    ("units", "text"),
    [(249, "996 B"), (250, "1 kB"), (250_000, "1 MB"), (3 * 10**9, "12 GB")],
)
def test_bytes_are_as_people_say_them(units, text):
    net = pg.Sequential(pg.Linear(units, bias=False))
    assert f"({text})" in str(net.summary((1,)))


def test_layers_are_as_a_diagram_takes_them():
    X, _ = zoo.images()
    net = pg.Sequential(pg.Conv2d(4, 3), pg.Flatten(), pg.Linear(2))
    assert net.summary(X).layers() == [
        ("input", (8, 8, 1), 0),
        ("Conv2d(4, 3)", (6, 6, 4), 40),
        ("Flatten()", (144,), 0),
        ("Linear(2)", (2,), 290),
    ]
    axes = pg.draw.network(net.summary(X).layers())
    assert axes.get_title() == "3 layers, 330 parameters"
    pyplot.close(axes.figure)
