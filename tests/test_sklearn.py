"""Networks as scikit-learn's estimators, against scikit-learn's own."""

import copy
import io
import pickle
import sys

import joblib
import numpy as np
import pandas
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import (
    load_diabetes,
    load_digits,
    load_iris,
    make_multilabel_classification,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import compute_sample_weight

import plaingrad as pg
from plaingrad.errors import DataError, MissingExtraError, SettingError, ShapeError
from plaingrad.sklearn import Classifier, Regressor
from plaingrad.sklearn.heads import Heads

QUICK = {"epochs": 20, "optimizer": pg.Adam(0.01), "random_state": 0}
"""Enough to learn something."""


@pytest.fixture(scope="module")
def iris():
    X, y = load_iris(return_X_y=True)
    return StandardScaler().fit_transform(X), y


@pytest.fixture(scope="module")
def diabetes():
    X, y = load_diabetes(return_X_y=True)
    return StandardScaler().fit_transform(X), (y - y.mean()) / y.std()


@pytest.fixture(scope="module")
def labels():
    """Samples that have several labels, or none."""
    X, y = make_multilabel_classification(80, 5, n_classes=3, random_state=0)
    return StandardScaler().fit_transform(X), y


def names(y):
    return np.array(["setosa", "versicolor", "virginica"])[y]


# The same training as scikit-learn's own networks.


def train_both(theirs, ours, X, y):
    """Train both from the weights with which ours starts, and compare the last ones."""
    untrained = clone(ours).set_params(optimizer=pg.SGD(1e-30), epochs=1).fit(X, y)
    start = untrained.network_.params
    theirs.set_params(hidden_layer_sizes=(7,), shuffle=False, tol=0, batch_size=10)
    theirs.set_params(warm_start=True, max_iter=1).fit(X, y)
    theirs.coefs_ = [start["W1"].copy(), start["W2"].copy()]
    theirs.intercepts_ = [start["b1"].copy(), start["b2"].copy()]
    theirs.set_params(max_iter=ours.epochs).fit(X, y)
    found = ours.fit(X, y).network_.params
    for values, letter in [(theirs.coefs_, "W"), (theirs.intercepts_, "b")]:
        for layer, value in enumerate(values, 1):
            got = found[f"{letter}{layer}"]
            np.testing.assert_allclose(got, value, rtol=1e-6, atol=1e-8)


SAME = {"shuffle": False, "random_state": 3, "epochs": 5, "batch_size": 10}
SOLVERS = {
    "sgd": ({"solver": "sgd", "momentum": 0}, lambda lr: pg.SGD(lr)),
    "nesterov": ({"solver": "sgd", "momentum": 0.8}, lambda lr: pg.Nesterov(lr, 0.8)),
    # it adds eps in another place, which makes no difference where eps makes none
    "adam": ({"solver": "adam", "epsilon": 1e-20}, lambda lr: pg.Adam(lr, eps=1e-20)),
}
ENDS_EARLY = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")


@ENDS_EARLY
@pytest.mark.parametrize("engine", ["reference", "native"])
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("kind", ["two", "three", "labels"])
def test_as_mlp_classifier(iris, labels, kind, solver, engine):
    X, y = labels if kind == "labels" else iris
    X, y = (X[:100], y[:100]) if kind == "two" else (X[::-1], y[::-1])
    settings, optimizer = SOLVERS[solver]
    # its loss is the sum over the labels, not their mean
    times = 3 if kind == "labels" else 1
    # and it divides alpha by the size of the batch
    theirs = MLPClassifier(
        **settings, activation="tanh", learning_rate_init=0.01, alpha=0.1
    )
    ours = Classifier(
        (pg.Linear(7), pg.Tanh()),
        optimizer=optimizer(0.01 if solver == "adam" else 0.01 * times),
        l2=0.01 / times,
        engine=engine,
        **SAME,
    )
    train_both(theirs, ours, X, y)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    np.testing.assert_allclose(
        ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-5, atol=1e-9
    )
    assert ours.score(X, y) == theirs.score(X, y)


@ENDS_EARLY
def test_as_mlp_regressor(diabetes):
    X, y = diabetes[0][:440], diabetes[1][:440]
    theirs = MLPRegressor(**SOLVERS["sgd"][0], alpha=0, learning_rate_init=0.01)
    # its loss is half of the squared error
    ours = Regressor((pg.Linear(7), pg.ReLU()), optimizer=pg.SGD(0.005), **SAME)
    train_both(theirs, ours, X, y)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-6)
    assert ours.score(X, y) == pytest.approx(theirs.score(X, y))


# Without a hidden layer, the linear models.

DESCENT = {"epochs": 3000, "batch_size": None, "optimizer": pg.Nesterov(0.3)}


@pytest.mark.parametrize("weight", [None, "balanced", {0: 3.0, 1: 0.5}])
def test_linear_with_weights_as_logistic_regression(iris, weight):
    X, y = iris[0][20:], iris[1][20:]
    rng = np.random.default_rng(0)
    each = rng.integers(0, 4, len(y)).astype(float)
    theirs = LogisticRegression(class_weight=weight, C=0.5, tol=1e-10, max_iter=1000)
    theirs.fit(X, y, each)
    whole = each if weight is None else each * class_factors(weight, y, each)
    ours = Classifier((), class_weight=weight, l2=2 / whole.sum(), **DESCENT)
    ours.fit(X, y, each)
    np.testing.assert_allclose(
        ours.predict_proba(X), theirs.predict_proba(X), atol=1e-6
    )
    found, wanted = ours.decision_function(X), theirs.decision_function(X)
    free = [one - one.mean(axis=1, keepdims=True) for one in (found, wanted)]
    np.testing.assert_allclose(*free, atol=1e-5)


def class_factors(weight, y, each):
    """Return the weight of each sample's class; balanced ones count the weights."""
    if weight == "balanced":
        totals = np.bincount(y, weights=each)
        return (each.sum() / (len(totals) * totals))[y]
    return compute_sample_weight({2: 1.0, **weight}, y)


def test_linear_with_two_classes_as_logistic_regression(iris):
    X, y = iris[0][50:], names(iris[1][50:])
    theirs = LogisticRegression(tol=1e-10).fit(X, y)
    ours = Classifier((), l2=1 / len(X), **DESCENT).fit(X, y)
    np.testing.assert_array_equal(ours.classes_, theirs.classes_)
    wanted = theirs.decision_function(X)
    np.testing.assert_allclose(ours.decision_function(X), wanted, atol=1e-5)
    wanted = theirs.predict_log_proba(X)
    np.testing.assert_allclose(ours.predict_log_proba(X), wanted, atol=1e-5)


def test_linear_with_several_questions_as_several_logistic_regressions(iris):
    X, y = iris
    questions = np.stack([names(y), np.where(X[:, 0] > 0.3, "long", "short")], axis=1)
    ours = Classifier((), l2=0.5 / len(X), **DESCENT).fit(X, questions)
    found, scores = ours.predict_proba(X), ours.decision_function(X)
    for place, column in enumerate(questions.T):
        theirs = LogisticRegression(tol=1e-10, max_iter=1000)
        theirs.fit(X, column)
        np.testing.assert_array_equal(ours.classes_[place], theirs.classes_)
        wanted = theirs.predict_proba(X)
        if place == 0:
            np.testing.assert_allclose(found[place], wanted, atol=1e-5)
        assert found[place].shape == scores[place].shape == wanted.shape
        best = theirs.classes_[found[place].argmax(axis=1)]
        np.testing.assert_array_equal(ours.predict(X)[:, place], best)
    np.testing.assert_allclose(sum(found[1].T), 1)
    right = (ours.predict(X) == questions).all(axis=1)
    assert ours.score(X, questions) == right.mean() > 0.85
    assert ours.score(X, questions, y == 0) == right[:50].mean()


def test_linear_as_ridge(diabetes):
    X, y = diabetes
    both = np.stack([y, 100 * X[:, 2] + 30 * y + 500], axis=1)
    theirs = Ridge(alpha=5.0).fit(X, both)
    # the mean is over the outputs, too
    ours = Regressor((), l2=5.0 / len(X), **DESCENT).fit(X, both)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-5)
    assert ours.score(X, both) == pytest.approx(theirs.score(X, both))


# What scikit-learn's own networks do not have.


def test_any_layers():
    X, y = load_digits(return_X_y=True)
    layers = (
        *(pg.Reshape(8, 8, 1), pg.Conv2d(4, 3), pg.ReLU(), pg.MaxPool2d(2)),
        *(pg.Flatten(), pg.Dropout(0.2), 32, pg.Residual(pg.Linear(32), pg.Tanh())),
    )
    ours = Classifier(layers, **QUICK, dtype="float32").fit(X[:900] / 16, y[:900])
    assert ours.score(X[900:] / 16, y[900:]) > 0.85
    assert repr(ours.network_) == (
        "Sequential(Reshape(8, 8, 1), Conv2d(4, 3), ReLU(), MaxPool2d(size=2), "
        "Flatten(), Dropout(0.2), Linear(32), ReLU(), "
        "Residual(Linear(32), Tanh()), Linear(10))"
    )
    assert ours.predict_proba(X).dtype == np.float32


def asymmetric(pred, y):
    return np.maximum(3 * (y - pred), pred - y)


def test_any_loss(diabetes):
    X, y = diabetes
    slower = pg.Nesterov(pg.Cosine(0.3))
    ours = Regressor((), loss=asymmetric, **{**DESCENT, "optimizer": slower}).fit(X, y)
    # that of the quantile 3 / 4
    assert (y < ours.predict(X)).mean() == pytest.approx(0.75, abs=0.02)


@pytest.mark.parametrize(
    "loss",
    [pg.Hinge(), pg.MSE(), pg.BinaryCrossEntropy(), pg.CrossEntropy(0.1), asymmetric],
)
@pytest.mark.parametrize("first", [0, 50])
def test_any_loss_of_classes(iris, loss, first):
    X, y = iris[0][first:], names(iris[1][first:])
    ours = Classifier(loss=loss, **{**QUICK, "epochs": 100}).fit(X, y)
    assert ours.score(X, y) > 0.9
    found = ours.decision_function(X)
    best = (found > 0).astype(int) if first else found.argmax(axis=1)
    np.testing.assert_array_equal(ours.classes_[best], ours.predict(X))
    probable = isinstance(loss, (pg.CrossEntropy, pg.BinaryCrossEntropy))
    assert hasattr(ours, "predict_proba") == probable
    if probable:
        shares = ours.predict_proba(X)
        np.testing.assert_allclose(shares.sum(axis=1), 1)
        best = ours.classes_[shares.argmax(axis=1)]
        np.testing.assert_array_equal(best, ours.predict(X))


def test_losses_of_several_labels(labels):
    X, y = labels
    for loss in (None, pg.MSE(), pg.CrossEntropy(), pg.Hinge()):
        ours = Classifier(loss=loss, **{**QUICK, "epochs": 200}).fit(X, y)
        assert ours.score(X, y) > 0.8
        found = ours.decision_function(X) > 0
        np.testing.assert_array_equal(found, ours.predict(X))
        if hasattr(ours, "predict_proba"):
            np.testing.assert_array_equal(found, ours.predict_proba(X) > 0.5)


def test_two_scores_for_each_label_as_logistic_regression(labels):
    X, y = labels
    ours = Classifier((), loss=pg.CrossEntropy(), l2=2 / 3 / len(X), **DESCENT)
    found = ours.fit(X, y).predict_proba(X)
    for label in range(3):
        theirs = LogisticRegression(tol=1e-10).fit(X, y[:, label])
        wanted = theirs.predict_proba(X)[:, 1]
        np.testing.assert_allclose(found[:, label], wanted, atol=1e-5)


def test_two_classes_of_several_questions_need_not_be_zero_and_one(iris):
    X, y = iris
    zeros = np.stack([y > 0, y % 2], axis=1).astype(int)
    labels = Classifier(**QUICK).fit(X, zeros)
    questions = Classifier(**QUICK).fit(X, zeros + 1)
    assert labels.predict_proba(X).shape == (150, 2)
    assert [one.tolist() for one in questions.classes_] == [[1, 2], [1, 2]]
    assert set(np.unique(questions.predict(X))) <= {1, 2}
    with pytest.raises(DataError, match="must be told all classes"):
        Classifier(**QUICK).partial_fit(X, zeros + 1)


def test_class_weights_of_columns(iris):
    X, y = iris
    questions = np.stack([y, (X[:, 0] > 0.3).astype(int)], axis=1)
    for given, told in [("balanced", "balanced"), ([{0: 2.0}, {1: 3.0}],) * 2]:
        ours = Classifier(**QUICK, class_weight=given).fit(X, questions)
        if given != "balanced":
            told = [{0: 2.0, 1: 1.0, 2: 1.0}, {0: 1.0, 1: 3.0}]
        each = compute_sample_weight(told, questions)
        theirs = Classifier(**QUICK).fit(X, questions, each)
        np.testing.assert_allclose(
            *[one.network_.params["W1"] for one in (ours, theirs)], rtol=1e-9
        )


def test_unknown_class_weights(iris):
    with pytest.raises(ValueError, match=r"The classes, .*, are not in class_weight"):
        Classifier(class_weight={"setosa": 2.0}).fit(*iris)


def test_class_of_weight_zero_is_never_predicted(iris):
    X, y = iris
    ours = Classifier(**QUICK, class_weight={1: 0.0}, batch_size=10).fit(X, y)
    assert np.isfinite(ours.history_.loss).all()
    assert set(ours.predict(X)) == {0, 2}
    assert ours.classes_.tolist() == [0, 1, 2]


def test_own_validation_data(iris):
    X, y = iris
    train, held, y_train, y_held = train_test_split(X, names(y), random_state=0)
    ours = Classifier(**QUICK).fit(train, y_train, X_val=held, y_val=y_held)
    assert ours.history_.val_score[-1] == pytest.approx(ours.score(held, y_held))
    share = Classifier(**QUICK, validation=0.2).fit(X, y).history_
    assert len(share.val_loss) == 20
    reg = Regressor(**QUICK, scale_targets=True)
    reg.fit(train, 10 * train[:, 0], X_val=held, y_val=10 * held[:, 0])
    assert reg.history_.val_score[-1] == pytest.approx(reg.score(held, 10 * held[:, 0]))


def test_validation_data_go_through_a_pipeline(iris):
    X, y = iris
    with config_context(enable_metadata_routing=True):
        ours = Classifier(**QUICK).set_fit_request(X_val=True, y_val=True)
        steps = [("scale", StandardScaler()), ("net", ours)]
        line = Pipeline(steps, transform_input=["X_val"])
        line.fit(1000 * X[::2], y[::2], X_val=1000 * X[1::2], y_val=y[1::2])
    history = line["net"].history_
    assert history.val_score[-1] == pytest.approx(line.score(1000 * X[1::2], y[1::2]))


def test_early_stopping_and_callbacks(iris):
    X, y = iris

    class Third(pg.Callback):
        def on_epoch_end(self, history):
            return history.epochs == 3

    early = Classifier(optimizer=pg.Adam(0.1), early_stopping=3, random_state=0)
    early.fit(X, y)
    assert early.history_.stopped == "patience"
    assert early.n_iter_ == early.history_.epochs < 200
    assert Classifier(callbacks=[Third()]).fit(X, y).n_iter_ == 3


def test_schedules(iris):
    X, y = iris
    rate = pg.WarmUp(pg.Cosine(0.5), epochs=2)
    ours = Classifier(**{**QUICK, "optimizer": pg.SGD(rate)}).fit(X, y)
    assert ours.score(X, y) > 0.8
    with pytest.raises(SettingError, match="needs to know how long"):
        Classifier(optimizer=pg.SGD(rate)).partial_fit(X, y, [0, 1, 2])


def test_scaled_targets(diabetes):
    X, y = diabetes[0], 1000 + 50 * diabetes[1]
    both = np.stack([y, X[:, 0]], axis=1)
    for targets in (y, both):
        ours = Regressor(**QUICK, scale_targets=True).fit(X, targets)
        theirs = TransformedTargetRegressor(Regressor(**QUICK), transformer=scaler())
        wanted = theirs.fit(X, targets).predict(X)
        np.testing.assert_allclose(ours.predict(X), wanted, rtol=1e-9)
        assert ours.score(X, targets) > 0.4 > Regressor(**QUICK).fit(X, y).score(X, y)


def scaler():
    return StandardScaler()


def test_reading_the_network(iris):
    ours = Classifier((5,), **QUICK).fit(*iris)
    text = ours.network_.longhand()
    assert "scores = a1 @ W2 + b2" in text
    assert "n, 5" in text


# Going on.


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_partial_fit_is_fit_epoch_by_epoch(iris, engine):
    X, y = iris
    settings = {**QUICK, "batch_size": 20, "engine": engine, "l2": 0.01}
    whole = Classifier(**{**settings, "epochs": 4}).fit(X, names(y))
    parts = Classifier(**settings)
    for step in range(4):
        parts.partial_fit(X, names(y), np.unique(names(y)) if step == 0 else None)
        if step == 1:
            parts = copy.deepcopy(parts)
        if step == 2:
            parts = pickle.loads(pickle.dumps(parts))
    for name, value in whole.network_.params.items():
        np.testing.assert_array_equal(parts.network_.params[name], value)
    assert parts.n_iter_ == 4


def test_partial_fit_on_batches_that_lack_classes(iris):
    X, y = iris
    ours = Classifier(**QUICK, class_weight={0: 2.0})
    for _ in range(30):
        for label in (0, 1, 2):
            one = y == label
            ours.partial_fit(X[one], y[one], classes=[2, 1, 0])
    assert ours.classes_.tolist() == [0, 1, 2]
    assert ours.predict_proba(X).shape == (150, 3)
    with pytest.raises(DataError, match=r"one of the classes \[0, 1, 2\].*\[7\]"):
        ours.partial_fit(X, np.full(150, 7))
    for others in ([0, 1], [0, 1, 2, 3]):
        with pytest.raises(DataError, match=r"classes \[0 1 2\], which cannot become"):
            ours.partial_fit(X, y, classes=others)


def test_partial_fit_of_columns(iris, labels, diabetes):
    ours = Classifier(**QUICK).partial_fit(*labels)
    assert ours.partial_fit(*labels).n_iter_ == 2
    with pytest.raises(ShapeError, match="began with 3 columns"):
        ours.partial_fit(labels[0], labels[1][:, :2])
    X, y = iris
    ours = Classifier(**QUICK)
    questions = np.stack([y > 0, y % 2], axis=1).astype(int)
    ours.partial_fit(X, questions, classes=[[0, 1], [0, 1, 2]])
    assert [len(one) for one in ours.classes_] == [2, 3]
    ours.partial_fit(X, questions, classes=[[1, 0], [0, 1, 2]])
    with pytest.raises(DataError, match="which cannot become"):
        ours.partial_fit(X, questions, classes=[[0, 1], [0, 1]])
    X, y = diabetes
    ours = Regressor(**QUICK, scale_targets=True).partial_fit(X, y)
    assert ours.partial_fit(X[:9], y[:9], np.arange(9)).n_iter_ == 2
    with pytest.raises(ShapeError, match="began with targets of the shape"):
        ours.partial_fit(X, np.stack([y, y], axis=1))


def test_warm_start(iris):
    X, y = iris
    settings = {**QUICK, "batch_size": None, "optimizer": pg.SGD(0.1)}
    ours = Classifier(**settings, warm_start=True)
    ours.fit(X, y).fit(X, y)
    whole = Classifier(**{**settings, "epochs": 40}).fit(X, y)
    for name, value in whole.network_.params.items():
        np.testing.assert_array_equal(ours.network_.params[name], value)
    cold = Classifier(**settings).fit(X, y).fit(X, y)
    assert cold.history_.loss[0] > ours.history_.loss[0]
    ours.fit(X[:60], y[:60])
    assert ours.predict_proba(X).shape == (150, 3)


def test_settings_that_cannot_change_on_the_way(iris):
    X, y = iris
    ours = Classifier(**QUICK, warm_start=True).fit(X, y)
    with pytest.raises(SettingError, match="training began with loss=CrossEntropy"):
        ours.set_params(loss=pg.Hinge()).fit(X, y)
    ours.set_params(loss=None, layers=(pg.Linear(100), pg.ReLU())).fit(X, y)
    with pytest.raises(SettingError, match="whose layers cannot become"):
        ours.set_params(layers=(50,)).fit(X, y)
    with pytest.raises(SettingError, match="whose layers cannot become"):
        ours.partial_fit(X, y)
    ours.set_params(layers=(100,), l2=0.5)
    with pytest.raises(SettingError, match=r"begun with l2=0.0, which cannot"):
        ours.partial_fit(X, y)


# In scikit-learn's company.


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_pickle_and_joblib(iris, labels, engine):
    for X, y in (iris, labels, (iris[0], names(iris[1])), (iris[0], iris[0][:, 0])):
        kind = Regressor if y.dtype.kind == "f" else Classifier
        ours = kind((pg.Linear(5), pg.Tanh()), **QUICK, engine=engine).fit(X, y)
        file = io.BytesIO()
        joblib.dump(ours, file)
        file.seek(0)
        for again in (pickle.loads(pickle.dumps(ours)), joblib.load(file)):
            same = again.network_.outputs(X), ours.network_.outputs(X)
            np.testing.assert_allclose(*same, rtol=1e-12)
            assert (
                np.array_equal(again.predict(X), ours.predict(X)) or kind is Regressor
            )
            assert again.history_.loss == ours.history_.loss
            before = again.network_.params["W1"].copy()
            again.partial_fit(X, y)
            assert not np.array_equal(again.network_.params["W1"], before)


def test_clone_is_untrained_and_equal(iris):
    X, y = iris
    ours = Classifier((pg.Linear(5), pg.Tanh()), **QUICK).fit(X, y)
    other = clone(ours)
    assert not hasattr(other, "network_")
    assert repr(other) == repr(ours)
    np.testing.assert_array_equal(other.fit(X, y).predict_proba(X), probs(ours, X))


def probs(estimator, X):
    return estimator.predict_proba(X)


def test_search_in_parallel(iris):
    X, y = iris
    line = make_pipeline(StandardScaler(), Classifier(**QUICK, engine="reference"))
    grid = {
        "classifier__layers": [(), (8,), (pg.Linear(8), pg.Tanh(), pg.Dropout(0.2))],
        "classifier__optimizer": [pg.SGD(1e-6), pg.Adam(0.03)],
    }
    search = GridSearchCV(line, grid, cv=3, n_jobs=2).fit(X, names(y))
    alone = GridSearchCV(line, grid, cv=3).fit(X, names(y))
    scores = [one.cv_results_["mean_test_score"] for one in (search, alone)]
    np.testing.assert_array_equal(*scores)
    assert search.best_score_ > 0.9
    assert search.best_params_["classifier__optimizer"] == pg.Adam(0.03)


def machine(estimator):
    return estimator._machine()["threads"]


@pytest.mark.parametrize("backend", ["loky", "multiprocessing", "threading"])
def test_workers_have_one_thread(backend):
    jobs = [Classifier(), Classifier(threads=2)]
    assert list(map(machine, jobs)) == [None, 2]
    found = joblib.Parallel(2, backend=backend)(map(joblib.delayed(machine), jobs))
    assert found == [1, 2]


def test_cross_validation_and_calibration(iris):
    X, y = iris
    assert cross_val_score(Classifier(**QUICK), X, y).mean() > 0.85
    for loss in (None, pg.Hinge()):
        calibrated = CalibratedClassifierCV(Classifier(**QUICK, loss=loss))
        assert calibrated.fit(X, names(y)).score(X, names(y)) > 0.85
        np.testing.assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1)


def test_tables_keep_their_names(iris):
    X, y = load_iris(return_X_y=True, as_frame=True)
    text = y.map(dict(enumerate(names(np.arange(3)))))
    ours = Classifier(**QUICK).fit(X, text)
    assert ours.feature_names_in_.tolist() == X.columns.tolist()
    assert set(ours.predict(X)) <= set(text)
    with pytest.raises(ValueError, match="feature names should match"):
        ours.predict(X[X.columns[::-1]])
    frame = pandas.DataFrame({"long": X.iloc[:, 0], "wide": X.iloc[:, 1]})
    assert Regressor(**QUICK).fit(X, frame).predict(X).shape == (150, 2)


def test_random_states(iris):
    X, y = iris

    def weights(state):
        ours = Classifier(epochs=1, random_state=state).fit(X, y)
        return ours.network_.params["W1"]

    np.testing.assert_array_equal(weights(4), weights(4))
    generators = [np.random.RandomState(4) for _ in range(2)]
    np.testing.assert_array_equal(*map(weights, generators))
    assert not np.array_equal(*map(weights, [generators[0]] * 2))
    assert not np.array_equal(weights(None), weights(None))


def test_column_of_targets(iris):
    X, y = iris
    with pytest.warns(UserWarning, match="column-vector y was passed"):
        assert Classifier(**QUICK).fit(X, y[:, None]).predict(X).shape == (150,)
    assert Regressor(**QUICK).fit(X, X[:, :1]).predict(X).shape == (150, 1)


def test_types_of_numbers(iris):
    X, y = iris[0].astype(np.float32), iris[1]
    for kind, wanted in [(None, np.float32), ("float64", np.float64)]:
        ours = Classifier(**QUICK, dtype=kind).fit(X, y)
        assert ours.network_.params["W1"].dtype == wanted
    ours = Classifier(**QUICK).partial_fit(X, y, [0, 1, 2])
    ours.partial_fit(X.astype(np.float64), y)
    assert ours.network_.params["W1"].dtype == np.float32
    ours.fit(X.astype(np.float64), y)
    assert ours.network_.params["W1"].dtype == np.float64


# Mistakes.


@pytest.mark.parametrize(
    ("layers", "told"),
    [
        (pg.Linear, "got Linear. Add parentheses"),
        ((pg.ReLU,), "got ReLU. Add parentheses"),
        (pg.Sequential(pg.Linear(3)), r"list or tuple .* got Sequential\(Linear"),
        ((5, "relu"), "got 'relu'"),
        (100, "got 100"),
        ((True,), "got True"),
    ],
)
def test_layers_that_are_none(iris, layers, told):
    with pytest.raises(SettingError, match=told):
        Classifier(layers).fit(*iris)


def test_bad_targets_and_losses(iris):
    X, y = iris
    with pytest.raises(DataError, match="two classes, and y has one class"):
        Classifier().fit(X, y, sample_weight=y == 0)
    with pytest.raises(DataError, match="column 1 of y has one class"):
        Classifier().fit(X, np.stack([y, y * 0], axis=1))
    with pytest.raises(SettingError, match=r"must take labels, and MSE\(\) does not"):
        Classifier(loss=pg.MSE()).fit(X, np.stack([y, y], axis=1))
    for loss in (pg.Hinge(), pg.BinaryCrossEntropy(), pg.Custom(asymmetric, True)):
        with pytest.raises(SettingError, match="is the loss of a classifier"):
            Regressor(loss=loss).fit(X, y)
    with pytest.raises(SettingError, match="loss must be one such as"):
        Regressor(loss="mse").fit(X, y)
    with pytest.raises(DataError, match=r"must hold numbers, got 'setosa'"):
        Regressor().fit(X, names(y))


def test_bad_weights_and_validation(iris, labels):
    X, y = iris
    for given in ({0: 2.0}, [{0: 2.0}]):
        with pytest.raises(SettingError, match="or a list of 3 dicts, got"):
            Classifier(class_weight=given).fit(*labels)
    with pytest.raises(SettingError, match="'balanced' needs all samples"):
        Classifier(class_weight="balanced").partial_fit(X, y, [0, 1, 2])
    with pytest.raises(DataError, match="must be told all classes"):
        Classifier().partial_fit(X, y)
    with pytest.raises(DataError, match="must not be negative, and not all zero"):
        Classifier(class_weight={0: 0, 1: 0, 2: 0}).fit(X, y)
    with pytest.raises(SettingError, match="both X_val and y_val"):
        Classifier().fit(X, y, X_val=X)
    with pytest.raises(ValueError, match="is expecting 4 features"):
        Classifier().fit(X, y, X_val=X[:, :2], y_val=y)
    with pytest.raises(DataError, match="one of the classes"):
        Classifier().fit(X, y, X_val=X, y_val=y + 1)


def test_a_failure_leaves_the_network_as_it_was(iris):
    X, y = iris
    ours = Classifier(**QUICK).fit(X, y)
    found = ours.predict_proba(X)
    with pytest.raises(SettingError, match="l2"):
        ours.set_params(l2=-1).fit(X, y)
    np.testing.assert_array_equal(ours.predict_proba(X), found)


def test_a_network_of_several_questions_in_a_file(iris, tmp_path):
    X, y = iris
    questions = np.stack([y, (X[:, 0] > 0.3).astype(int)], axis=1)
    net = Classifier(**QUICK).fit(X, questions).network_
    again = pg.load(net.save(tmp_path / "questions.safetensors"))
    np.testing.assert_array_equal(again.predict(X), net.predict(X))
    assert "scores = " in net.longhand()
    assert "-10^{9}" in net.derivation() or "-1000000000.0" in net.derivation()
    assert net.prove().verdict == "proved"
    assert repr(again).endswith("Linear(6), Heads(3, 2))")
    with pytest.raises(SettingError, match="a number of classes"):
        Heads(1)


def test_without_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingExtraError, match=r"plaingrad\[sklearn\]"):
        _ = pg.sklearn.Classifier
    with pytest.raises(AttributeError, match="has no attribute 'Clasifier'"):
        _ = pg.sklearn.Clasifier
