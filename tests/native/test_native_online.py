"""Learning sample by sample: lists of places that count, and products made ahead."""

import numpy as np
import pytest

import plaingrad as pg
from helpers_native import agree

pytest.importorskip("llvmlite")

from plaingrad.native.assemble import Assembly
from plaingrad.native.design import design
from plaingrad.native.target import host


def samples(share, features, count=11):
    """Return samples of which such a share of numbers is not zero, and labels."""
    rng = np.random.default_rng(features)
    X = rng.normal(size=(count, features))
    X[rng.random(X.shape) > share] = 0
    X[3] = 0
    return X, np.arange(count) % 3


def mlp(units):
    """Return a network whose first weights do not fit into the first cache."""
    return lambda: pg.Sequential(pg.Linear(units), pg.Tanh(), pg.Linear(3))


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("share", [1.0, 0.2, 0.5])
@pytest.mark.parametrize(("features", "units"), [(203, 41), (90, 111), (70, 8)])
def test_single_samples_teach_as_in_the_reference(features, units, share, shuffle):
    X, y = samples(share, features)
    agree(mlp(units), X, y, batch_size=1, optimizer=pg.SGD(0.02), shuffle=shuffle)


@pytest.mark.parametrize("share", [1.0, 0.2])
@pytest.mark.parametrize(("features", "units"), [(701, 20), (903, 10), (431, 12)])
def test_rows_that_are_whole_vectors_only_together(features, units, share):
    X, y = samples(share, features)
    agree(mlp(units), X, y, batch_size=1, optimizer=pg.SGD(0.02))


@pytest.mark.parametrize("optimizer", [pg.Momentum(0.01), pg.Adam(0.01)])
def test_other_optimizers_learn_from_single_samples(optimizer):
    agree(mlp(60), *samples(0.2, 150), batch_size=1, optimizer=optimizer)


def test_calls_of_any_length_leave_the_same():
    X, y = samples(1.0, 203)
    found = []

    class Batches(pg.Callback):
        """Asks for a call of the engine for each update."""

        def on_batch_end(self, history):
            """Do nothing."""

    for callbacks in ([], [Batches()]):
        net = mlp(41)()
        net.fit(X, y, epochs=3, batch_size=1, engine="native", callbacks=callbacks)
        found.append(net)
    one, other = found
    assert one.history.batch_loss == other.history.batch_loss
    for name, value in one.params.items():
        np.testing.assert_array_equal(value, other.params[name])


@pytest.mark.parametrize(("units", "expected"), [(41, True), (8, False)])
def test_only_what_is_large_is_made_ahead(units, expected):
    X, y = samples(1.0, 300)
    program = mlp(units)().program(X, y, batch_size=1, optimizer=pg.SGD(0.1))
    update = program.update
    loss = update.results[0]
    made = design(update, program.dtype, host(), capacity=1, loss=loss)
    assert (Assembly(made).places.ahead is not None) == expected


def test_a_divergence_forgets_what_was_made_ahead():
    X, y = samples(1.0, 203)
    net = mlp(41)()
    with pytest.warns(pg.DivergedWarning):
        net.fit(1e30 * X, y, epochs=2, batch_size=1, optimizer=pg.SGD(1e10))
    params = {name: value.copy() for name, value in net.params.items()}
    assert all(np.isfinite(value).all() for value in params.values())
