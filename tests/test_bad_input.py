"""Bad input is a clear error before any work starts."""

import re

import numpy as np
import pytest

import plaingrad as pg
import zoo
from plaingrad.errors import DataError, SettingError, ShapeError

X, Y = zoo.blobs()
LINE = zoo.line()


def network(outputs=3):
    return pg.Sequential(pg.Linear(6), pg.ReLU(), pg.Linear(outputs))


def with_rows(value, *rows):
    made = X.copy()
    made[list(rows), 1] = value
    return made


def says(error, text):
    """Expect an error whose message holds these words."""
    return pytest.raises(error, match=re.escape(text))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (with_rows(np.nan, 3), "X has NaN in row 3, of 23 in all"),
        (with_rows(np.nan, 3, 7), "X has NaN in rows 3, 7, of 23 in all"),
        (with_rows(-np.inf, *range(9)), "infinity in rows 0, 1, 2, 3, 4 and 4 more"),
        (with_rows(1e300, 2), "numbers as large as 1e+300, too large for float32"),
        (np.zeros((0, 4)), "X is empty: its shape is (0, 4)"),
        (np.zeros((23, 0)), "X is empty: its shape is (23, 0)"),
        ([], "X must have one row for each sample, got shape (0,)"),
        (X[:, 0], "For one feature use X[:, None], for one sample X[None]"),
        (3.0, "one row for each sample, got shape ()"),
        ([[1, 2], [3]], "its rows have different lengths"),
        (np.array([["1", "a"]] * 23), "X must hold numbers, got the type <U1"),
        ([[1, "red"]] * 23, "with entries such as '1'"),
        ([[1, None]] * 23, "with entries such as None"),
        ([[1, {}]] * 23, "with entries such as {}"),
        (X * 1j, "got the type complex128"),
        (None, "X must hold numbers, got the type object with entries such as None"),
        (X.astype("datetime64[s]"), "X must hold numbers, got the type datetime64"),
        (X[:20], "X has 20 samples and y has 23 targets"),
    ],
)
def test_samples_that_cannot_be_learnt_from(bad, message):
    with says(DataError, message):
        network().fit(bad, Y)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (Y + 1, "The labels look 1-based: subtract 1 and pass y - 1"),
        (Y - 1, "Number the classes from 0 upwards"),
        (Y * 5, "Give the last layer 11 outputs, or correct the labels"),
        (Y.astype(float), "class labels are whole numbers"),
        (Y + 0.5, "For a regression give the last layer one output"),
        (Y[:-1], "X has 23 samples and y has 22 targets"),
        ([], "there is no target"),
        (
            ["red"] * 23,
            "Number the classes: names, y = np.unique(y, return_inverse=True)",
        ),
        ([[1], [1, 2]], "different lengths"),
        ([None] * 23, "values of type object"),
        (np.where(Y == 1, np.nan, 0.0), "is not a finite number in rows 1, 4, 7"),
        (np.zeros((23, 2)), "Give the last layer as many outputs as y has columns"),
    ],
)
def test_targets_that_cannot_be_classes(y, message):
    with says((DataError, ShapeError), message):
        network().fit(X, y)


@pytest.mark.parametrize(
    ("loss", "outputs", "y", "message"),
    [
        (pg.CrossEntropy(), 1, Y, "use BinaryCrossEntropy()"),
        (pg.MSE(), 3, Y, "does not fit the network's output of shape (n, 3)"),
        (pg.BinaryCrossEntropy(), 1, Y, "targets must lie in [0, 1]"),
        (pg.Poisson(), 1, -np.ones(23), "row"),
        (pg.Hinge(), 3, Y + 1, "subtract 1"),
        (None, 1, Y, "use one output for each"),
    ],
)
def test_targets_that_do_not_fit_the_loss(loss, outputs, y, message):
    with says((DataError, ShapeError), message):
        network(outputs).fit(X, y, loss=loss)


def test_large_targets_do_not_become_infinite():
    x, y = LINE
    with says(DataError, "y holds numbers as large as 1e+200, too large for float32"):
        network(1).fit(x, 1e200 + y)


def test_shapes_that_do_not_fit_show_the_chain():
    net = pg.Sequential(pg.Linear(6), pg.ReLU(), pg.Conv2d(3, 3), pg.Linear(2))
    message = (
        "The shapes so far: (n, 4) -> Linear(6) -> (n, 6) -> ReLU() -> (n, 6) "
        "-> Conv2d(3, 3)"
    )
    for use in (net.fit, net.longhand):
        with says(ShapeError, message):
            use(X, Y)
    with says(ShapeError, message):
        net.build(X)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, "epochs must be a whole number of at least 1, got 0"),
        ({"epochs": 2.5}, "epochs must be a whole number of at least 1, got 2.5"),
        ({"epochs": True}, "epochs must be a whole number"),
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1, got 0"),
        ({"batch_size": "all"}, "batch_size must be a whole number"),
        ({"seed": -1}, "seed must be a whole number of at least 0, got -1"),
        ({"seed": 2**32}, "seed must be below 2**32"),
        ({"shuffle": "no"}, "shuffle must be True or False, got 'no'"),
        ({"l2": -0.1}, "l2 must be a positive number, got -0.1"),
        ({"l1": float("nan")}, "l1 must be a positive number, got nan"),
        ({"l2": None}, "l2 must be a positive number, got None"),
        ({"clip_norm": 0}, "clip_norm must be a positive number, got 0"),
        ({"clip_value": -1}, "clip_value must be a positive number, got -1"),
        ({"validation": 1.0}, "validation must lie in [0, 1), got 1.0"),
        ({"validation": -0.1}, "validation must lie in [0, 1), got -0.1"),
        ({"validation": True}, "validation must lie in [0, 1), got True"),
        ({"validation": "some"}, "validation must lie in [0, 1), got 'some'"),
        ({"validation": (X,)}, "validation must be a pair (X, y), got 1 values"),
        ({"early_stopping": 0}, "patience must be a whole number of at least 1, got 0"),
        ({"early_stopping": "soon"}, "patience must be a whole number"),
        ({"early_stopping": 3, "validation": 0}, "validation=0 sets none aside"),
        ({"optimizer": "adam"}, "pg.SGD(lr=0.1) or pg.Adam(), got 'adam'"),
        ({"optimizer": pg.Adam}, "got Adam. Add parentheses"),
        ({"loss": "mse"}, "got 'mse'"),
        ({"loss": pg.MSE}, "Add parentheses: MSE()"),
        ({"dtype": "float16"}, "unknown dtype 'float16'"),
        ({"dtype": np.int32}, "unknown dtype 'int32'"),
        ({"dtype": None}, "unknown dtype None"),
        ({"class_weight": {7: 2.0}}, "y holds only the labels [0, 1, 2]"),
        ({"class_weight": "even"}, "unknown class weights 'even'"),
        ({"class_weight": [1, 2]}, "2 class weights belong to the labels 0 ... 1"),
    ],
)
def test_settings_out_of_range(settings, message):
    with says(SettingError, message):
        network().fit(X, Y, **settings)


@pytest.mark.parametrize("lr", [0, -0.1, float("inf"), float("nan"), "fast", None])
def test_learning_rates_that_are_not_positive(lr):
    for make in (pg.SGD, pg.Adam, lambda lr: pg.SGD(pg.Cosine(lr))):
        with says(SettingError, f"lr must be a positive number, got {lr!r}"):
            make(lr)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(5), "one number for each of the 23 samples, got shape (5,)"),
        (np.ones((23, 1)), "got shape (23, 1)"),
        (-np.ones(23), "must not be negative, and not all zero"),
        (np.zeros(23), "must not be negative, and not all zero"),
        (np.full(23, np.nan), "sample_weight has NaN in rows 0, 1, 2, 3, 4"),
        (["heavy"] * 23, "sample_weight must hold numbers"),
        (3.0, "got shape ()"),
    ],
)
def test_weights_that_are_none(weights, message):
    for fit in (network().fit, network().partial_fit):
        with says(DataError, message):
            fit(X, Y, sample_weight=weights)


@pytest.mark.parametrize(
    ("validation", "message"),
    [
        ((X[:, :2], Y), "X must have the shape (n, 4), got (23, 2)"),
        ((X, Y + 1), "subtract 1"),
        ((X[:5], Y[:4]), "X has 5 samples and y has 4 targets in the validation data"),
        ((with_rows(np.nan, 4), Y), "X has NaN in row 4"),
        (0.001, "23 samples are too few"),
    ],
)
def test_validation_data_are_checked_before_training(validation, message):
    class Never(pg.Callback):
        def on_fit_begin(self, history):
            raise AssertionError("training has begun")

    with says((DataError, ShapeError), message):
        network().fit(X, Y, validation=validation, callbacks=[Never()])


def uses(net):
    return [
        net.predict,
        net.predict_proba,
        net.outputs,
        lambda x: net.score(x, Y),
        lambda x: net.evaluate(x, Y),
        lambda x: net.inside("a1", x),
        lambda x: net.partial_fit(x, Y),
        lambda x: net.fit(x, Y, warm_start=True),
    ]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (X[:, :3], "X must have the shape (n, 4), got (23, 3)"),
        (X.reshape(-1, 2, 2), "The entries are as many: pass X.reshape(-1, 4)"),
        (X[0], "X is a single sample of shape (4,). Pass X[None]"),
        (X[0, :3], "For one sample pass X.reshape(1, 4)"),
        (with_rows(np.nan, 5), "X has NaN in row 5"),
        (X[:0], "X is empty"),
        ([["a"] * 4], "X must hold numbers"),
    ],
)
def test_a_trained_network_checks_what_it_is_given(bad, message):
    net = network()
    net.fit(X, Y, epochs=1)
    for use in uses(net):
        with says(DataError, message):
            use(bad)


def test_a_network_of_images_tells_the_way_back_from_flat_ones():
    images, y = zoo.images()
    net = pg.Sequential(pg.Flatten(), pg.Linear(2))
    net.fit(images, y, epochs=1)
    with says(DataError, "pass X.reshape(-1, 8, 8, 1)"):
        net.predict(images.reshape(11, 64))
    with says(DataError, "pass X.reshape(1, 8, 8, 1)"):
        net.predict(images[0].ravel())
    with says(DataError, "Pass X[None]"):
        net.predict(images[0])


def test_targets_of_later_calls_are_checked():
    net = network()
    net.fit(X, Y, epochs=1)
    for use in (net.score, net.evaluate, net.partial_fit):
        with says(DataError, "subtract 1"):
            use(X, Y + 1)
        with says(DataError, "X has 23 samples and y has 22 targets"):
            use(X, Y[:-1])


@pytest.mark.parametrize("shape", [(4.5,), (0,), (-1,), (True,)])
def test_a_network_is_built_for_a_shape_that_exists(shape):
    with says(SettingError, "a size of the input must be a whole number of at least 1"):
        network().build(shape)


def test_a_network_is_built_with_settings_that_exist():
    with says(SettingError, "seed must be a whole number"):
        network().build((4,), seed=-1)
    with says(SettingError, "unknown dtype 'float'"):
        network().build((4,), dtype="float")
    with says(ShapeError, "Give X two axes: X[:, None]"):
        network().build(())
    with says(DataError, "X has NaN in row 2"):
        network().build(with_rows(np.nan, 2))


def test_early_stopping_has_settings_that_exist():
    with says(SettingError, "unknown monitor 'val_los'. Did you mean 'val_loss'"):
        pg.EarlyStopping(monitor="val_los")
    for delta in (-1, float("nan"), float("inf")):
        with says(SettingError, "min_delta must be a positive number"):
            pg.EarlyStopping(min_delta=delta)
