"""A training on a stream is, to the bit, the training on the same arrays in memory."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plaingrad as pg
from helpers_streams import (
    ENGINES,
    assert_same,
    fit,
    in_memory,
    mapped,
    network,
    readers,
    samples,
)
from plaingrad.program import Blocks, Loop


@pytest.fixture(autouse=True)
def _no_reader_is_left():
    yield
    assert not readers()


@given(
    rows=st.integers(1, 200),
    block=st.integers(1, 60),
    mixed=st.integers(1, 9),
    batch=st.sampled_from([1, 7, 32]),
    seed=st.integers(0, 5),
    shuffle=st.booleans(),
    engine=st.sampled_from(ENGINES),
    little=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_all_bits_are_those_of_a_training_in_memory(
    rows, block, mixed, batch, seed, shuffle, engine, little
):
    X, y = samples(rows, seed=seed)
    much = {"memory": "8 KB"} if little else {"memory": "1 MB", "mixed": mixed}
    stream = pg.data.stream(X, y, block=block, **much)
    given = {"batch_size": batch, "seed": seed, "shuffle": shuffle, "engine": engine}
    net = fit(stream, **given)
    assert_same(net, in_memory(net, X, y, **given))


@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=12),
    mixed=st.integers(1, 14),
    epoch=st.integers(0, 3),
)
def test_an_epoch_visits_every_row_once_and_a_few_blocks_at_a_time(sizes, mixed, epoch):
    edges = (0, *np.cumsum(sizes).tolist())
    blocks = Blocks(edges[-1], None, mixed, edges[:-1])
    loop = Loop(5, 8, True, 3, blocks=blocks)
    order = loop.order(edges[-1], epoch)
    np.testing.assert_array_equal(np.sort(order), np.arange(edges[-1]))
    np.testing.assert_array_equal(order, loop.order(edges[-1], epoch))
    block_of = np.searchsorted(edges, order, side="right")
    start = 0
    while start < len(order):
        few = list(dict.fromkeys(block_of[start:].tolist()))[: len(sizes)]
        # the rows of a mix are those of at most `mixed` whole blocks
        whole = next(
            sum(sizes[b - 1] for b in few[:count])
            for count in range(1, mixed + 1)
            if set(block_of[start : start + sum(sizes[b - 1] for b in few[:count])])
            == set(few[:count])
        )
        start += whole


def test_other_epochs_and_seeds_have_other_orders():
    blocks = Blocks(100, 10, 3)
    orders = {
        tuple(Loop(9, 8, True, seed, blocks=blocks).order(100, epoch))
        for seed in range(3)
        for epoch in range(3)
    }
    assert len(orders) == 9


def test_blocks_are_mixed_evenly():
    """Each row comes first about equally often."""
    blocks = Blocks(6, 2, 2)
    firsts = [
        Loop(1, 2, True, 0, blocks=blocks).order(6, epoch)[0] for epoch in range(3000)
    ]
    counts = np.bincount(firsts, minlength=6)
    # chi squared with 5 degrees of freedom is below 20.5 in 999 of 1,000 cases
    assert ((counts - 500) ** 2 / 500).sum() < 20.5


@pytest.mark.parametrize("engine", ENGINES)
def test_any_number_of_threads_and_any_split_into_calls(engine, tmp_path):
    X, y = samples(500)
    arrays = mapped(tmp_path, X=X, y=y.astype(np.uint8))
    stream = pg.data.stream(*arrays, memory="14 KB", block=9)
    once = fit(stream, engine=engine, threads=1)

    class EachBatch(pg.Callback):
        def on_batch_end(self, history):
            pass

    assert once.session.prepared.feed.plan.capacity < 300
    assert_same(fit(stream, engine=engine, threads=2), once)
    assert_same(fit(stream, engine=engine, callbacks=[EachBatch()]), once)
    assert_same(fit(stream, engine=engine, epochs=3), once)
    assert_same(in_memory(once, X, y, engine=engine), once)


def test_weights_masks_penalties_and_validation():
    X, y = samples(150)
    w = np.random.default_rng(1).uniform(0.5, 2, 150)
    more = {
        "class_weight": {0: 2.0, 2: 0.5},
        "validation": (X[:30], y[:30]),
        "l2": 0.01,
        "clip_norm": 1.0,
        "early_stopping": 2,
        "optimizer": pg.Momentum(lr=pg.ReduceOnPlateau(0.5, patience=1)),
        "epochs": 8,
    }
    stream = pg.data.stream(X, y, sample_weight=w, memory="16 KB", block=7)

    def frozen():
        return network().build(X).freeze("W1", np.eye(4, 6, dtype=bool))

    net = fit(stream, net=frozen(), **more)
    same = in_memory(net, X, y, net=frozen(), sample_weight=w, **more)
    assert_same(net, same)
    assert net.history.rate == same.history.rate


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["f2", "f4", "f8", ">f8", "i1", "u1", "i8", "?"])
def test_numbers_of_any_type_are_converted_as_in_memory(kind, dtype, tmp_path):
    X, y = (np.abs(samples(60)[0]) * 20).astype(kind), samples(60)[1]
    arrays = mapped(tmp_path, X=X, y=y)
    net = fit(pg.data.stream(*arrays, memory="10 KB", block=8), dtype=dtype)
    assert_same(net, in_memory(net, X, y, dtype=dtype))


@pytest.mark.parametrize("targets", ["numbers", "columns", "truths", "shares"])
def test_targets_of_every_kind(targets):
    X, y = samples(80)
    made = {
        "numbers": (X[:, 0] * 3, 1),
        "columns": (X[:, :2], 2),
        "truths": (y > 0, 1),
        "shares": (np.eye(3)[y], 3),
    }
    target, outputs = made[targets]
    stream = pg.data.stream(X, target, memory="10 KB", block=7)
    net = fit(stream, outputs=outputs)
    same = in_memory(net, X, target, outputs=outputs)
    assert_same(net, same)
    np.testing.assert_array_equal(net.predict(stream), same.predict(X))
    expected = same.evaluate(X, target)
    assert net.evaluate(stream) == pytest.approx(expected, rel=1e-5)
    assert net.score(stream) == pytest.approx(net.score(X, target), abs=1e-6)


def test_r2_and_sums_are_those_of_all_samples():
    X, _ = samples(300)
    y = np.sort(X[:, 0]) * [1.0] + 1000
    stream = pg.data.stream(X, y, memory="8 KB", block=5)
    net = fit(stream, outputs=1, loss=pg.MSE("sum"), dtype="float64")
    found, expected = net.evaluate(stream), net.evaluate(X, y)
    assert found == pytest.approx(expected, rel=1e-9)
    custom = pg.Custom(lambda pred, y: ((pred - y) ** 2).mean())
    net = fit(stream, outputs=1, loss=custom)
    with pytest.raises(pg.errors.SettingError, match="one number for all samples"):
        net.evaluate(stream)


def test_images_and_their_probabilities():
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 255, (70, 6, 6, 1)).astype(np.uint8), np.arange(70) % 2

    def convolution():
        return pg.Sequential(pg.Conv2d(2, 3), pg.ReLU(), pg.Flatten(), pg.Linear(2))

    stream = pg.data.stream(X, y, memory="30 KB", block=5)
    net = fit(stream, net=convolution())
    assert_same(net, in_memory(net, X, y, net=convolution()))
    np.testing.assert_array_equal(net.predict_proba(stream), net.predict_proba(X))
    np.testing.assert_array_equal(net.outputs(stream), net.outputs(X))


def test_a_stream_smaller_than_a_batch():
    X, y = samples(9)
    net = fit(pg.data.stream(X, y), batch_size=50)
    assert_same(net, fit(X, y, batch_size=50))


def test_networks_after_it_are_as_any(tmp_path):
    X, y = samples(120)
    stream = pg.data.stream(X, y, memory="10 KB", block=7)
    net = fit(stream)
    other = copy.deepcopy(net)
    assert_same(other, net)
    again = net.fit(stream, epochs=1, warm_start=True, verbose=False)
    assert again.epochs == 1
    kept = pickle.loads(pickle.dumps(other))
    np.testing.assert_array_equal(kept.predict(X), other.predict(X))
    other.save(tmp_path / "net.safetensors")
    loaded = pg.load(tmp_path / "net.safetensors")
    assert loaded.longhand() == other.longhand()
    assert loaded.evaluate(stream) == pytest.approx(other.evaluate(stream))
    assert other.prove(entries=3, verbose=False).verdict == "proved"
    other.partial_fit(X, y)


def test_rates_curvature_and_programs_of_streams():
    X, y = samples(200)
    stream = pg.data.stream(X, y, memory="10 KB", block=7)
    net = pg.Sequential(pg.Linear(4), pg.Tanh(), pg.Linear(3))
    assert len(net.find_lr(stream, updates=20).losses) > 1
    sharpest = net.curvature(stream.sample.X, stream.sample.y).largest
    assert net.curvature(stream).largest == sharpest
    assert "np.load" in net.longhand(stream)
    assert net.prove(stream, entries=3, verbose=False).verdict == "proved"


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("more", [{}, {"shuffle": False}, {"validation": True}])
def test_the_script_trains_from_mapped_files(more, lang, tmp_path, monkeypatch):
    X, y = samples(103)
    arrays = mapped(tmp_path, X=X, y=y.astype(np.uint8))
    if "validation" in more:
        more = {"validation": (X[:20], y[:20]), "early_stopping": 2}
    stream = pg.data.stream(*arrays, memory="3 KB", block=7)
    net = fit(stream, engine="reference", **more)
    assert net.program().loop.blocks.count > 1 or not net.program().loop.shuffle
    others, load = {"data.npz": net.session.prepared.arrays()}, np.load
    monkeypatch.setattr(np, "load", lambda n, **more: others.get(n) or load(n, **more))
    monkeypatch.chdir(tmp_path)
    space = {"print": lambda *_: None}
    text = net.longhand(lang=lang)
    assert max(map(len, text.splitlines())) <= 88
    exec(compile(text, "script", "exec"), space)
    for name, value in net.params.items():
        np.testing.assert_array_equal(space[name], value)


def test_truths_are_labels_in_the_script(tmp_path, monkeypatch):
    X, y = samples(60)
    stream = pg.data.stream(*mapped(tmp_path, X=X, y=y > 0), memory="3 KB", block=7)
    net = fit(stream, outputs=2, engine="reference")
    monkeypatch.chdir(tmp_path)
    space = {"print": lambda *_: None}
    exec(compile(net.longhand(), "script", "exec"), space)
    for name, value in net.params.items():
        np.testing.assert_array_equal(space[name], value)


def test_iterables_are_visited_in_their_own_order(tmp_path):
    X, y = samples(103)
    w = np.linspace(0.5, 1.5, 103)
    batches = [(X[i : i + 11], y[i : i + 11], w[i : i + 11]) for i in range(0, 103, 11)]
    expected = fit(X, y, sample_weight=w, shuffle=False)
    calls = []

    def generator():
        calls.append(1)
        yield from batches

    for source in (batches, generator, tuple(batches)):
        net = fit(pg.data.stream(source, memory="20 KB"))
        assert_same(net, expected)
        assert "an iterable gives its samples in an order" in net.history.chosen[-1]
    # to be counted, and in each epoch
    assert len(calls) == 4
    counted = fit(pg.data.stream(generator, rows=103, memory="20 KB"))
    assert_same(counted, expected)
    assert len(calls) == 8
    alone = pg.data.stream(iter(batches), rows=103, memory="20 KB")
    once = fit(X, y, sample_weight=w, shuffle=False, epochs=1)
    assert_same(fit(alone, epochs=1), once)


def test_a_stream_to_validate_on():
    X, y = samples(120)
    stream = pg.data.stream(X, y, memory="10 KB", block=7)
    held = pg.data.stream(X[:30], y[:30])
    net = fit(stream, validation=held)
    assert_same(net, fit(stream, validation=(X[:30], y[:30])))
