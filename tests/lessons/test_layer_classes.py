"""The numbers of the lesson on layer classes."""

import copy

import numpy as np
import pytest

import plaingrad as pg


@pytest.fixture
def names(ran):
    return ran("layer_classes").names


def fitted(names, start, scale=1.0):
    """Return the lesson's network, trained from a start, and the history."""
    net = copy.deepcopy(names["net"])
    for values, ours in zip(net.params.values(), start, strict=True):
        values[:] = ours
    history = net.fit(
        names["X_train"] * scale,
        names["y_train"],
        optimizer=pg.SGD(lr=0.1),
        epochs=300,
        batch_size=25,
        shuffle=False,
        validation=(names["X_val"] * scale, names["y_val"]),
        early_stopping=10,
        warm_start=True,
        dtype="float64",
    )
    return net, history


def test_the_data(names):
    assert [len(names[f"X_{part}"]) for part in ("train", "val", "test")] == [
        *(1078, 360, 359)
    ]
    assert names["X"].max() == 16
    assert len(names["X_train"]) % 25 == 3


@pytest.mark.parametrize(
    "name", ["linear_report", "logistic_report", "softmax_report", "report"]
)
def test_the_classes_are_right(names, name):
    assert names[name].ok


def test_training_stops_early(names):
    assert (names["epoch"], names["best_epoch"]) == (129, 119)
    assert f"{names['val_costs'][118]:.3f}" == "0.156"
    assert len(names["batch_costs"]) == 44 * 129
    rises = np.diff(names["val_costs"]) > 0
    assert rises.tolist() == [False] * 118 + [True] * 10
    assert (np.diff(names["train_costs"]) < 0).all()


def test_the_test(names):
    assert f"{names['accuracy']:.3f}" == "0.964"
    counts = pg.metrics.confusion_matrix(names["y_test"], names["pred"])
    np.fill_diagonal(counts, 0)
    assert counts[8, 1] == counts.max() == 5
    assert (counts == 5).sum() == 1


def test_plaingrad_trains_the_same(names):
    history = names["history"]
    assert names["difference"] < 1e-13
    assert (history.epochs, history.best_epoch) == (129, 119)
    assert names["net_accuracy"] == names["accuracy"]


def test_other_random_weights(names):
    accuracies = []
    for seed in range(30):
        np.random.seed(seed)
        layers = [names["LinearLayer"](*s) for s in [(64, 20), (20, 20), (20, 10)]]
        start = [param for layer in layers for param in layer.get_params()]
        net, _ = fitted(names, start)
        accuracies.append(net.score(names["X_test"], names["y_test"]))
    assert f"{min(accuracies):.3f}" == "0.942"
    assert f"{max(accuracies):.3f}" == "0.978"


def test_an_exhausted_zip_trains_for_one_epoch(names):
    layers = copy.deepcopy(names["layers"])
    params = [param for layer in layers for param in layer.get_params()]
    for param, values in zip(params, names["start"], strict=True):
        param[:] = values
    parts = (np.array_split(names[key], 44) for key in ("X_train", "T_train"))
    batches = zip(*parts, strict=True)
    costs = []
    for _ in range(3):
        for X, T in batches:
            grads = names["backward"](names["forward"](X, layers), T, layers)
            for param, grad in zip(params, grads, strict=True):
                param -= 0.1 * grad
        activations = names["forward"](names["X_val"], layers)
        costs.append(layers[-1].get_cost(activations[-1], names["T_val"]))
    assert costs[0] == pytest.approx(names["val_costs"][0], rel=1e-2)
    assert costs[0] == costs[1] == costs[2]


def test_small_inputs_learn_slowly_and_well(names):
    net, history = fitted(names, names["start"], scale=1 / 16)
    slower, faster = history.val_loss, names["history"].val_loss
    assert history.stopped == "epochs"
    assert history.best_epoch == 300
    assert slower[50] > 2 * faster[50]
    score = net.score(names["X_test"] / 16, names["y_test"])
    assert score >= names["accuracy"]
    first = names["ink"] @ names["start"][0]
    units = 1 / (1 + np.exp(-first))
    assert 0.1 < units.min() < units.max() < 0.9
