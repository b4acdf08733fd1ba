"""What a training sees of its samples, and who else sees them as they are."""

import numpy as np
import pytest

import plaingrad as pg
from plaingrad.errors import DataError, SettingError

X = np.random.default_rng(0).random((30, 6, 5, 1)).astype(np.float32)
Y = np.arange(30) % 3
FRONT = [pg.RandomFlip, lambda: pg.RandomTranslation(2), lambda: pg.GaussianNoise(0.1)]


def network(*front):
    return pg.Sequential(
        *(front or [make() for make in FRONT]),
        *(pg.Conv2d(2, 3), pg.ReLU(), pg.Flatten(), pg.Linear(3)),
    )


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_it_is_what_each_update_is_trained_on(engine):
    settings = {"epochs": 3, "batch_size": None, "shuffle": False, "engine": engine}
    net = network()
    net.fit(X, Y, optimizer=pg.SGD(lr=0.1), seed=4, **settings)
    plain = pg.Sequential(*list(net)[len(FRONT) :])
    for step, seen in enumerate(net.augmented(X, draws=3, seed=4)):
        # one update of the network without augmentation, on what was seen
        if step == 0:
            plain.fit(
                seen, Y, optimizer=pg.SGD(lr=0.1), seed=4, **settings | {"epochs": 1}
            )
        else:
            plain.partial_fit(seen, Y)
        found = plain.history.batch_loss[-1]
        assert found == pytest.approx(net.history.batch_loss[step], rel=1e-5)


def test_it_needs_no_training_and_changes_nothing():
    net = network()
    before = net.augmented(X, draws=2)
    assert before.shape == (2, *X.shape)
    assert before.dtype == np.float32
    assert not net.params
    net.fit(X, Y, epochs=1)
    np.testing.assert_array_equal(net.augmented(X, draws=2), before)
    assert not np.array_equal(net.augmented(X, seed=1)[0], before[0])


def test_it_ends_where_the_network_begins_to_learn():
    net = pg.Sequential(
        *(pg.Reshape(6, 5, 1), pg.RandomCrop(4), pg.Tanh(), pg.Linear(2)),
        *(pg.RandomFlip(), pg.Flatten(), pg.Linear(3)),
    )
    assert net.augmented(X.reshape(30, 30), draws=3).shape == (3, 30, 4, 4, 1)


def test_without_augmentation_it_says_so():
    with pytest.raises(SettingError, match=r"augments nothing .*pg\.RandomFlip\(\)"):
        network(pg.Tanh()).augmented(X)
    with pytest.raises(SettingError, match="augments nothing"):
        pg.Sequential(pg.Linear(2), pg.GaussianNoise(1.0)).augmented(X)
    with pytest.raises(SettingError, match="draws must be a whole number"):
        network().augmented(X, draws=0)
    net = network()
    net.fit(X, Y, epochs=1)
    with pytest.raises(DataError, match="samples of shape"):
        net.augmented(X[:, :4])


def test_predictions_scores_and_validation_see_samples_as_they_are():
    net = network()
    net.fit(X, Y, epochs=2, validation=(X, Y))
    plain = pg.Sequential(*list(net)[len(FRONT) :])
    plain.build(X)
    for name, value in net.params.items():
        plain.params[name][...] = value
    np.testing.assert_array_equal(net.outputs(X), plain.outputs(X))
    assert net.score(X, Y) == np.mean(plain.outputs(X).argmax(axis=1) == Y)
    found = net.evaluate(X, Y)
    assert found["loss"] == pytest.approx(net.history.val_loss[-1], rel=1e-5)


def test_a_layer_of_ones_own_draws_like_the_others():
    class Brighter(pg.Augmentation):
        symbol = "lit"

        def drawn(self, x):
            return x + self.uniform(x.shape[:1])[:, None, None, None]

    net = network(Brighter())
    change = net.augmented(X, draws=2) - X
    np.testing.assert_allclose(np.ptp(change, axis=(2, 3, 4)), 0, atol=1e-6)
    assert len(np.unique(change[:, :, 0, 0, 0])) == 60
    assert "lit0 = X + uniform(n, seed, step, 1)[:, None, None, None]" in net.longhand(
        X, Y
    )
    for engine in ("reference", "native"):
        net.fit(X, Y, epochs=1, engine=engine)


def test_in_scikit_learn():
    pytest.importorskip("sklearn")
    from plaingrad.sklearn import Classifier

    front = pg.Reshape(6, 5, 1), pg.RandomTranslation(1), pg.Flatten()
    model = Classifier((*front, pg.Linear(4), pg.ReLU()), epochs=2, random_state=3)
    rows = X.reshape(30, 30)
    model.fit(rows, Y).partial_fit(rows, Y)
    again = Classifier((*front, pg.Linear(4), pg.ReLU()), epochs=2, random_state=3)
    again.fit(rows, Y).partial_fit(rows, Y)
    np.testing.assert_array_equal(
        model.predict_proba(rows), again.predict_proba(rows[::-1])[::-1]
    )


def test_full_batch_optimisers_refuse_it():
    with pytest.raises(SettingError, match="Leave dropout and augmentation out"):
        network().fit(X, Y, optimizer=pg.LBFGS(), batch_size=None)
