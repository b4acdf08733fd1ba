"""Networks: predictions, values inside, freezing, copies, readings."""

import copy
import pickle

import numpy as np
import pytest
from sklearn.metrics import r2_score

import plaingrad as pg
import zoo
from plaingrad import metrics
from plaingrad.errors import PlaingradError, SettingError, ShapeError
from plaingrad.graph import walk
from plaingrad.shapes import Dim


def network(*middle, outputs=3):
    return pg.Sequential(pg.Linear(6), *(middle or [pg.ReLU()]), pg.Linear(outputs))


def classifier(**settings):
    X, y = zoo.blobs()
    net = network()
    net.fit(X, y, **{"epochs": 3, "batch_size": 5, **settings})
    return net, X, y


def same(first, second):
    return first.keys() == second.keys() and all(
        np.array_equal(first[name], second[name]) for name in first
    )


# Predictions.


def test_a_classifier_predicts_labels_and_probabilities():
    net, X, y = classifier()
    labels, shares, scores = net.predict(X), net.predict_proba(X), net.outputs(X)
    assert labels.shape == (23,)
    assert labels.dtype.kind == "i"
    assert shares.shape == scores.shape == (23, 3)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(labels, shares.argmax(axis=1))
    np.testing.assert_array_equal(labels, scores.argmax(axis=1))
    expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares, expected, rtol=1e-5)
    assert net.score(X, y) == pytest.approx(metrics.accuracy(y, labels))


@pytest.mark.parametrize("kind", [int, bool, float])
def test_a_classifier_with_one_output_has_two_classes(kind):
    X, y = zoo.truths()
    y = y.astype(kind)
    net = network(outputs=1)
    net.fit(X, y, epochs=20)
    labels, shares = net.predict(X), net.predict_proba(X)
    assert labels.shape == (17,)
    assert labels.dtype.kind == y.dtype.kind
    assert set(labels.tolist()) == {0, 1}
    assert shares.shape == (17, 2)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(labels, shares.argmax(axis=1))
    assert net.score(X, y) == np.mean(labels == y)


def test_targets_in_a_column_are_predicted_in_a_column():
    X, y = zoo.truths()
    net = network(outputs=1)
    net.fit(X, y[:, None], epochs=1)
    assert net.predict(X).shape == (17, 1)
    X, y = zoo.line()
    net.fit(X, y[:, None], epochs=1)
    assert net.predict(X).shape == (10, 1)
    net.fit(X, y, epochs=1)
    assert net.predict(X).shape == (10,)


def test_several_truths_have_a_probability_each():
    X, y = zoo.truths(outputs=2)
    net = network(outputs=2)
    net.fit(X, y, loss=pg.BinaryCrossEntropy(), epochs=1)
    shares = net.predict_proba(X)
    np.testing.assert_allclose(shares, 1 / (1 + np.exp(-net.outputs(X))), rtol=1e-5)
    np.testing.assert_array_equal(net.predict(X), shares > 0.5)


@pytest.mark.parametrize("outputs", [1, 2])
def test_a_regression_predicts_values_and_scores_r2(outputs):
    X, y = zoo.line(outputs=outputs)
    net = network(outputs=outputs)
    net.fit(X, y, epochs=30)
    pred = net.predict(X)
    assert pred.shape == y.shape
    assert net.score(X, y) == pytest.approx(r2_score(y, pred), rel=1e-4)
    evaluated = net.evaluate(X, y)
    assert list(evaluated) == ["loss", "r2"]
    assert evaluated["loss"] == pytest.approx(((pred - y) ** 2).mean(), rel=1e-5)
    with pytest.raises(PlaingradError, match=r"no probabilities. Use net\.predict"):
        net.predict_proba(X)


def test_many_samples_are_predicted_in_pieces():
    net, X, _ = classifier()
    many = np.tile(X, (400, 1))
    assert len(many) > 2 * pg.reading.CHUNK
    np.testing.assert_array_equal(net.predict(many), np.tile(net.predict(X), 400))
    np.testing.assert_allclose(
        net.outputs(many), np.tile(net.outputs(X), (400, 1)), rtol=1e-5, atol=1e-6
    )


def test_one_sample_is_a_batch_of_one():
    net, X, _ = classifier()
    assert net.predict(X[:1]).shape == (1,)
    np.testing.assert_allclose(
        net.outputs(X[:1])[0], net.outputs(X)[0], rtol=1e-5, atol=1e-6
    )
    with pytest.raises(
        PlaingradError, match=r"single sample of shape \(4,\).*X\[None\]"
    ):
        net.predict(X[0])


def test_dropout_is_off_when_the_network_is_used():
    X, y = zoo.blobs()
    net = network(pg.Dropout(0.5))
    net.fit(X, y, epochs=1)
    np.testing.assert_array_equal(net.outputs(X), net.outputs(X))
    hidden = X.astype("f") @ net.params["W1"] + net.params["b1"]
    expected = hidden @ net.params["W2"] + net.params["b2"]
    np.testing.assert_allclose(net.outputs(X), expected, rtol=1e-4, atol=1e-5)


def test_evaluate_is_the_loss_without_penalty():
    net, X, y = classifier(l2=0.5)
    found = net.evaluate(X, y)
    assert list(found) == ["loss", "accuracy"]
    probs = net.predict_proba(X)
    loss = -np.log(probs[np.arange(23), y]).mean()
    assert found["loss"] == pytest.approx(loss, rel=1e-5)
    penalty = 0.25 * sum((net.params[name] ** 2).sum() for name in ("W1", "W2"))
    assert net.inside("loss", X, y) == pytest.approx(loss + penalty, rel=1e-5)


# Values inside.


def is_random(program):
    steps = [step.node for step in program.update.steps]
    return any(node.op.name == "uniform" for node in walk(steps))


@pytest.mark.parametrize("name", zoo.NAMES)
def test_every_value_of_the_script_can_be_seen(name):
    animal = zoo.ZOO[zoo.NAMES.index(name)]
    net, (X, y) = animal.fit(epochs=1), animal.data()
    program = net.program()
    steps = [step for step in program.update.steps if step.section != "update"]
    if is_random(program):
        steps = [step for step in steps if step.section == "loss"]
    for step in steps:
        value = net.inside(step.name, X, y)
        assert value.shape == tuple(
            len(X) * size.factor if isinstance(size, Dim) else size
            for size in step.node.shape
        )
        assert np.isfinite(value).all()


def test_values_inside_are_those_of_the_forward_pass():
    net, X, _ = classifier()
    x, params = X.astype("f"), net.params
    z1 = x @ params["W1"] + params["b1"]
    np.testing.assert_array_equal(net.inside("X", X), x)
    np.testing.assert_array_equal(net.inside("W1", X), params["W1"])
    np.testing.assert_allclose(net.inside("z1", X), z1, rtol=1e-5, atol=1e-6)
    a1 = np.maximum(z1, 0)
    np.testing.assert_allclose(net.inside("a1", X), a1, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(net.inside("scores", X), net.outputs(X))
    np.testing.assert_allclose(net.inside("probs", X), net.predict_proba(X), rtol=1e-5)
    net.inside("W1", X)[...] = 7
    assert not (net.params["W1"] == 7).any()


@pytest.mark.parametrize(
    "settings", [{}, {"l2": 0.1}, {"sample_weight": np.linspace(1, 2, 23)}]
)
def test_gradients_inside_are_those_of_the_loss_inside(settings):
    X, y = zoo.blobs()
    net = network(pg.Tanh(), pg.Dropout(0.3))
    net.fit(X, y, epochs=3, dtype="float64", **settings)
    rng = np.random.default_rng(0)
    for name in ("W1", "b1", "W2", "b2"):
        value, step = net.params[name], 1e-5
        way = rng.normal(size=value.shape)
        start = value.copy()
        value[...] = start + step * way
        above = net.inside("loss", X, y)
        value[...] = start - step * way
        below = net.inside("loss", X, y)
        value[...] = start
        slope = (net.inside(f"d{name}", X, y) * way).sum()
        assert slope == pytest.approx((above - below) / (2 * step), rel=1e-6)


def test_images_show_their_patches():
    X, y = zoo.images()
    net = pg.Sequential(pg.Conv2d(3, 3), pg.ReLU(), pg.Flatten(), pg.Linear(2))
    net.fit(X, y, epochs=1)
    patches = net.inside("patches1", X)
    assert patches.shape == (11, 6, 6, 9, 1)
    np.testing.assert_array_equal(patches[:, 2, 3, 0, 0], X.astype("f")[:, 2, 3, 0])
    assert net.inside("z1", X).shape == (11, 6, 6, 3)


def test_an_unknown_value_is_answered_with_the_nearest():
    net, X, y = classifier()
    with pytest.raises(SettingError, match=r"'z3'\. Did you mean 'z1'"):
        net.inside("z3", X)
    with pytest.raises(SettingError, match=r"'dW3'\. Did you mean 'dW"):
        net.inside("dW3", X, y)
    with pytest.raises(SettingError, match=r"net\.inside\('dW1', X, y\)"):
        net.inside("dW1", X)


def test_a_network_without_training_shows_its_layers():
    X, _ = zoo.blobs()
    net = network().build(X)
    assert net.inside("a1", X).shape == (23, 6)
    np.testing.assert_array_equal(net.inside("output", X), net.outputs(X))
    with pytest.raises(SettingError, match="unknown value 'loss'"):
        net.inside("loss", X)


def test_a_frozen_parameter_has_no_gradient_to_show():
    X, y = zoo.blobs()
    net = pg.Sequential(pg.Linear(6, trainable=False), pg.ReLU(), pg.Linear(3))
    net.fit(X, y, epochs=1)
    assert net.inside("dW2", X, y).shape == (6, 3)
    with pytest.raises(SettingError, match="unknown value 'dW1'"):
        net.inside("dW1", X, y)
    net.freeze()
    assert net.inside("a1", X).shape == (23, 6)


# Freezing.


def test_a_frozen_parameter_stays_as_it_is():
    X, y = zoo.blobs()
    for dtype in ("float32", "float64"):
        start = network().build(X, dtype=dtype).params
        net = network().freeze("W1")
        net.fit(X, y, epochs=3, dtype=dtype)
        assert np.array_equal(net.params["W1"], start["W1"])
        changed = [name for name in start if (net.params[name] != start[name]).any()]
        assert changed == ["b1", "W2", "b2"]


def test_a_mask_freezes_single_entries():
    X, y = zoo.blobs()
    mask = np.eye(4, 6, dtype=bool)
    start = network().build(X).params["W1"]
    for given in (mask, mask.astype(int), mask.tolist()):
        net = network().freeze("W1", given)
        net.fit(X, y, epochs=3, batch_size=5)
        moved = net.params["W1"] != start
        assert not moved[mask].any()
        assert moved[~mask].mean() > 0.9


def test_what_is_frozen_can_be_set_free():
    X, y = zoo.blobs()
    net = network().freeze("W1").freeze("W1", False)
    net.fit(X, y, epochs=1)
    plain = network()
    plain.fit(X, y, epochs=1)
    assert same(net.params, plain.params)
    assert "free_W1" not in net.longhand()


def test_a_layer_is_frozen_whole():
    X, y = zoo.blobs()
    first = pg.Linear(6)
    net = pg.Sequential(first, pg.ReLU(), pg.Linear(3))
    net.fit(X, y, epochs=1)
    first.freeze()
    before = copy.deepcopy(net.params)
    net.fit(X, y, epochs=1, warm_start=True)
    changed = [name for name in before if (net.params[name] != before[name]).any()]
    assert changed == ["W2", "b2"]
    net.partial_fit(X, y)
    assert np.array_equal(net.params["W1"], before["W1"])


@pytest.mark.parametrize("built", [False, True])
def test_freezing_what_is_not_there_is_an_error(built):
    X, y = zoo.blobs()

    def freeze(*args):
        net = network()
        if built:
            net.build(X)
        return net.freeze(*args).fit(X, y)

    with pytest.raises(SettingError, match=r"parameter 'W3'\. Did you mean 'W"):
        freeze("W3")
    with pytest.raises(ShapeError, match=r"mask of W1 must have its shape \(4, 6\)"):
        freeze("W1", np.ones((6, 4), dtype=bool))
    with pytest.raises(SettingError, match="only True and False"):
        freeze("W1", np.full((4, 6), 0.5))
    with pytest.raises(SettingError, match="a mask belongs to one parameter"):
        freeze(None, np.ones(3))


def test_a_wrong_mask_leaves_the_network_as_it_was():
    X, y = zoo.blobs()
    net = network().build(X)
    with pytest.raises(SettingError):
        net.freeze("W3")
    net.fit(X, y, epochs=1)


def test_freezing_everything_is_an_error():
    X, y = zoo.blobs()
    with pytest.raises(SettingError, match="everything in the network is frozen"):
        network().freeze().fit(X, y)
    net = network()
    for name in ("W1", "b1", "W2", "b2"):
        net.freeze(name)
    with pytest.raises(SettingError, match="everything in the network is frozen"):
        net.fit(X, y)
    with pytest.raises(SettingError, match="no parameters, so there is nothing to"):
        pg.Sequential(pg.ReLU()).fit(X, y, loss=pg.CrossEntropy())


# Shared layers, networks in networks.


def test_a_shared_layer_learns_from_both_its_uses():
    X, y = zoo.blobs()
    net = zoo.Shared()
    net.fit(X, y, epochs=3, dtype="float64")
    assert list(net.params) == ["W1", "b1", "W2", "b2"]
    twice = net.inside("dW1", X, y)
    once = np.zeros_like(twice)
    for place in np.ndindex(once.shape):
        losses = []
        for step in (1e-5, -1e-5):
            net.params["W1"][place] += step
            losses.append(net.inside("loss", X, y))
            net.params["W1"][place] -= step
        once[place] = (losses[0] - losses[1]) / 2e-5
    np.testing.assert_allclose(twice, once, rtol=1e-5, atol=1e-9)


def test_a_network_can_be_a_layer_of_another():
    X, y = zoo.blobs()
    nested = pg.Sequential(pg.Sequential(pg.Linear(6), pg.ReLU()), pg.Linear(3))
    nested.fit(X, y, epochs=2)
    flat = network()
    flat.fit(X, y, epochs=2)
    assert same(nested.params, flat.params)
    assert nested.layers[0].params == {}


# Copies.


def test_a_copy_is_a_network_of_its_own():
    net, X, y = classifier()
    net.predict(X)
    twin = copy.deepcopy(net)
    before, labels = copy.deepcopy(net.params), net.predict(X)
    assert same(twin.params, net.params)
    twin.fit(X, y, epochs=20, seed=1)
    assert same(before, net.params)
    np.testing.assert_array_equal(net.predict(X), labels)
    assert not same(twin.params, net.params)
    assert net.history.epochs == 3


def test_a_copy_goes_on_training_as_the_original_would():
    net, X, y = classifier(optimizer=pg.Momentum(0.1))
    net.freeze("b1")
    twin = copy.deepcopy(net)
    for each in (net, twin):
        for _ in range(3):
            each.partial_fit(X, y)
    assert same(twin.params, net.params)
    assert twin.history == net.history or twin.history.loss == net.history.loss
    assert twin.history is not net.history


def test_a_network_can_be_pickled():
    net, X, y = classifier()
    net.predict(X)
    twin = pickle.loads(pickle.dumps(net))
    np.testing.assert_array_equal(twin.outputs(X), net.outputs(X))
    assert twin.evaluate(X, y) == net.evaluate(X, y)
    assert twin.longhand() == net.longhand()
    twin.partial_fit(X, y)
    twin.fit(X, y, epochs=1)


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_a_pickled_network_goes_on_as_if_nothing_had_happened(engine):
    X, y = zoo.blobs()
    rate = pg.Exponential(0.05, 0.9)
    net = pg.Sequential(pg.Linear(5), pg.ReLU(), pg.Dropout(0.3), pg.Linear(3))
    net.fit(X, y, optimizer=pg.Adam(rate), epochs=2, batch_size=7, engine=engine)
    net.partial_fit(X, y)
    twin = pickle.loads(pickle.dumps(net))
    # a second time, before anything else
    twin = pickle.loads(pickle.dumps(twin))
    assert twin.history.loss == net.history.loss
    with pytest.raises(SettingError, match="begun with l2"):
        twin.partial_fit(X, y, l2=0.5)
    for _ in range(2):
        for each in (net, twin):
            each.partial_fit(X, y)
    assert same(twin.params, net.params)
    assert twin.history.batch_loss == net.history.batch_loss
    # what is trained anew remembers nothing
    for each in (net, twin):
        each.fit(X, y, optimizer=pg.Adam(), epochs=1, engine=engine)
    assert same(twin.params, net.params)


# Before training, and readings.


def test_build_draws_the_weights_that_fit_would_start_from():
    X, y = zoo.blobs()
    net = network().build(X, seed=5)
    assert {name: value.shape for name, value in net.params.items()} == {
        "W1": (4, 6),
        "b1": (6,),
        "W2": (6, 3),
        "b2": (3,),
    }
    assert net.features == (4,)
    assert same(net.params, network().build((4,), seed=5).params)
    tiny = network()
    tiny.fit(X, y, epochs=1, optimizer=pg.SGD(1e-12), seed=5)
    for name, value in net.params.items():
        np.testing.assert_allclose(tiny.params[name], value, atol=1e-9)


def test_building_again_forgets_the_training():
    net, X, y = classifier()
    net.build(X)
    with pytest.raises(PlaingradError, match="not trained here"):
        _ = net.history
    with pytest.raises(PlaingradError, match="the network has no loss"):
        net.predict(X)
    fresh = copy.deepcopy(net.params)
    net.partial_fit(X, y, optimizer=pg.SGD(1e-12))
    for name, value in fresh.items():
        np.testing.assert_allclose(net.params[name], value, atol=1e-9)


def test_what_needs_training_says_so():
    X, _ = zoo.blobs()
    net = network()
    for use in (net.predict, net.outputs, net.predict_proba, net.summary):
        with pytest.raises(
            PlaingradError, match=r"Call net\.fit\(X, y\), or net\.build"
        ):
            use(*([X] if use != net.summary else []))
    with pytest.raises(PlaingradError, match="or pass X and y here"):
        net.longhand()
    with pytest.raises(PlaingradError, match=r"Call net\.fit\(X, y\) first"):
        _ = net.history
    assert net.params == {}


def test_a_script_can_be_read_before_training():
    X, y = zoo.blobs()
    net = network()
    text = net.longhand(X, y, optimizer=pg.SGD(0.1), epochs=7)
    net.fit(X, y, optimizer=pg.SGD(0.1), epochs=7)
    assert net.longhand() == text
    with pytest.raises(SettingError, match="settings belong to a training on data"):
        net.longhand(epochs=3)
    with pytest.raises(SettingError, match=r"setting 'epoch'\. Did you mean"):
        net.longhand(X, y, epoch=3)


def test_a_copy_that_is_untrained_begins_anew():
    X, y = zoo.blobs()
    net = pg.Sequential(pg.Linear(4), pg.Tanh(), pg.Linear(3)).freeze("b1")
    net.fit(X, y, epochs=2)
    made = net.untrained()
    assert (made.params, repr(made)) == ({}, repr(net))
    made.fit(X, y, epochs=2)
    for name, value in net.params.items():
        np.testing.assert_array_equal(made.params[name], value)
    assert made.history is not net.history
    assert not made.params["b1"].any()
