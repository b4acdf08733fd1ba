"""Programs for other processors, of random networks, and with rows that are chosen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plaingrad as pg
from helpers_native import agree
from zoo import ZOO, blobs

pytest.importorskip("llvmlite")

from plaingrad.native import cached
from plaingrad.native.assemble import Assembly
from plaingrad.native.compile import assembly
from plaingrad.native.design import design
from plaingrad.native.target import named

ANIMALS = {animal.name: animal for animal in ZOO}
FEW = ("dropout", "pooling", "grouped", "weighted", "binary", "named")


@pytest.mark.parametrize("kind", ["avx512", "avx2", "x86-64", "aarch64"])
@pytest.mark.parametrize("name", FEW)
def test_every_processor_gets_code(name, kind):
    animal = ANIMALS[name]
    program = animal.network().program(*animal.data(), **animal.settings)
    update, target = program.update, named(kind)
    loss = update.results[0]
    made = design(update, program.dtype, target, capacity=16, loss=loss)
    text = assembly(Assembly(made).text(), target)
    assert "run" in text
    assert ("zmm" in text) == (kind == "avx512")


@pytest.mark.parametrize("name", FEW)
def test_code_without_modern_instructions_gives_the_same(name, monkeypatch):
    try:
        target = named("x86-64")
        assembly("define void @nothing() {\n ret void\n}\n", target)
    except RuntimeError:
        pytest.skip("this is no x86-64")
    if not cached.host().triple.startswith("x86_64"):
        pytest.skip("this is no x86-64")
    monkeypatch.setattr(cached, "host", lambda: target)
    animal = ANIMALS[name]
    agree(animal.network, *animal.data(), **{"batch_size": 5, **animal.settings})


class Chosen(pg.Network):
    """Each sample learns a row of its own, that of its largest number."""

    def __init__(self):
        self.last = pg.Linear(3)

    def forward(self, x, /):
        rows = self.param("E", (4, 5), pg.Normal(0.5))
        return self.last(np.tanh(rows[np.argmax(x, axis=1)]))


@pytest.mark.parametrize("batch_size", [1, 4, 7, None])
def test_rows_that_are_chosen_learn(batch_size):
    agree(Chosen, *blobs(), batch_size=batch_size, optimizer=pg.SGD(lr=0.1))


def test_layers_of_one_size_share_their_code():
    def functions(depth):
        hidden = [layer for _ in range(depth) for layer in (pg.Linear(8), pg.Tanh())]
        program = pg.Sequential(pg.Linear(8), *hidden, pg.Linear(3)).program(*blobs())
        update = program.update
        made = design(update, program.dtype, named("avx2"), capacity=8, loss="loss")
        found = Assembly(made).functions
        heads = [text.partition("(")[0] for text in found]
        return [sum(name in head for head in heads) for name in ("@k", "@work")]

    (few, works), (many, same) = functions(4), functions(12)
    assert many > 2 * few
    assert same == works > 0


widths = st.sampled_from([1, 2, 3, 5, 8, 16, 17, 33])
smooth = st.sampled_from([pg.Tanh, pg.Sigmoid, pg.SiLU, pg.Softplus, pg.GELU])
optimizers = st.sampled_from(
    [
        pg.SGD(lr=0.1),
        pg.Momentum(lr=0.05),
        pg.RMSprop(lr=0.01),
        pg.Adagrad(lr=0.05),
        pg.Adam(lr=pg.Cosine(0.01)),
        pg.AdamW(lr=0.01),
    ]
)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    layers=st.lists(st.tuples(widths, smooth), min_size=1, max_size=3),
    features=widths,
    count=st.integers(1, 40),
    batch_size=st.integers(1, 40),
    rate=st.sampled_from([0.0, 0.3]),
    optimizer=optimizers,
    classes=st.booleans(),
    l2=st.sampled_from([0.0, 0.01]),
)
def test_random_networks_agree(
    layers, features, count, batch_size, rate, optimizer, classes, l2
):
    rng = np.random.default_rng(count)
    X = rng.normal(size=(count, features))
    y = np.arange(count) % 3 if classes else rng.normal(size=(count, 3))

    def make():
        hidden = [part for n, f in layers for part in (pg.Linear(n), f())]
        return pg.Sequential(*hidden, pg.Dropout(rate), pg.Linear(3))

    loss = pg.CrossEntropy() if classes else pg.MSE()
    agree(make, X, y, loss=loss, batch_size=batch_size, optimizer=optimizer, l2=l2)
