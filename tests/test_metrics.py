"""scikit-learn is the oracle; what plaingrad refuses or decides itself is below it."""

import warnings

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from sklearn import metrics as oracle

from plaingrad import metrics
from plaingrad.errors import DataError, SettingError, ShapeError

seeds = st.integers(0, 2**32 - 1).map(np.random.default_rng)
rows = st.integers(1, 40)
some_weights = st.booleans()
untimed = settings(deadline=None)


def weights(rng, n, wanted):
    return rng.uniform(0.1, 3, n) if wanted else None


def softmax(scores):
    powers = np.exp(scores)
    return powers / powers.sum(axis=1, keepdims=True)


@untimed
@given(seeds, rows, st.integers(1, 6), st.booleans(), some_weights)
def test_accuracy_agrees_with_scikit_learn(rng, n, c, text, weighted):
    names = np.array([f"c{i}" for i in range(c)]) if text else np.arange(c)
    true, pred = rng.choice(names, n), rng.choice(names, n)
    w = weights(rng, n, weighted)
    expected = oracle.accuracy_score(true, pred, sample_weight=w)
    assert metrics.accuracy(true, pred, w) == pytest.approx(expected)


@untimed
@given(seeds, rows, st.integers(3, 8), st.data(), some_weights)
def test_top_k_accuracy_agrees_with_scikit_learn(rng, n, c, data, weighted):
    k = data.draw(st.integers(1, c - 1))
    true, scores = rng.integers(c, size=n), rng.normal(size=(n, c))
    w = weights(rng, n, weighted)
    expected = oracle.top_k_accuracy_score(
        true, scores, k=k, labels=np.arange(c), sample_weight=w
    )
    assert metrics.top_k_accuracy(true, scores, k, w) == pytest.approx(expected)


@untimed
@given(seeds, rows, st.integers(2, 6), st.sampled_from(["f4", "f8"]), some_weights)
def test_log_loss_agrees_with_scikit_learn(rng, n, c, dtype, weighted):
    true = rng.integers(c, size=n)
    probs = softmax(rng.normal(size=(n, c)) * 10).astype(dtype)
    w = weights(rng, n, weighted)
    expected = oracle.log_loss(true, probs, labels=np.arange(c), sample_weight=w)
    assert metrics.log_loss(true, probs, w) == pytest.approx(expected, rel=1e-5)


@untimed
@given(seeds, rows, st.booleans())
def test_log_loss_of_one_column_agrees_with_scikit_learn(rng, n, column):
    true, second = rng.integers(2, size=n), rng.uniform(size=n)
    expected = oracle.log_loss(true, second, labels=[0, 1])
    given = second[:, None] if column else second
    assert metrics.log_loss(true, given) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (metrics.mse, oracle.mean_squared_error),
        (metrics.mae, oracle.mean_absolute_error),
        (metrics.r2, oracle.r2_score),
    ],
)
@untimed
@given(
    rng=seeds,
    shape=st.tuples(st.integers(2, 40)) | st.tuples(st.integers(2, 9), rows),
    flat=st.booleans(),
    weighted=some_weights,
)
def test_regression_agrees_with_scikit_learn(ours, theirs, rng, shape, flat, weighted):
    true, pred = rng.normal(size=shape), rng.normal(size=shape)
    if flat:
        true[..., :1] = 2.0
    w = weights(rng, shape[0], weighted)
    expected = theirs(true, pred, sample_weight=w)
    assert ours(true, pred, w) == pytest.approx(expected)


@untimed
@given(seeds, rows, st.integers(1, 6), st.booleans(), some_weights)
def test_confusion_matrix_agrees_with_scikit_learn(rng, n, c, shuffled, weighted):
    true, pred = rng.integers(c, size=n), rng.integers(c, size=n)
    w = weights(rng, n, weighted)
    classes = rng.permutation(c) if shuffled else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of a single label
        expected = oracle.confusion_matrix(true, pred, labels=classes, sample_weight=w)
    np.testing.assert_allclose(
        metrics.confusion_matrix(true, pred, classes, w), expected
    )


def test_confusion_matrix_has_the_true_class_in_the_row():
    counts = metrics.confusion_matrix(["a", "a", "b"], ["b", "b", "b"])
    assert counts.tolist() == [[0, 2], [0, 1]]
    assert counts.dtype == np.int64


def test_confusion_matrix_keeps_a_class_that_does_not_occur():
    counts = metrics.confusion_matrix([0, 2], [0, 2], classes=[0, 1, 2])
    assert counts.tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 1]]


def test_text_classes_name_whole_numbers_in_turn():
    assert metrics.confusion_matrix([1, 0, 1], [1, 1, 1], ["cat", "dog"]).tolist() == [
        [0, 1],
        [0, 2],
    ]


def test_classes_give_the_order_of_the_columns():
    probs = [[0.9, 0.1], [0.2, 0.8]]
    assert metrics.log_loss(["z", "a"], probs, classes=["z", "a"]) == pytest.approx(
        -(np.log(0.9) + np.log(0.8)) / 2
    )
    assert metrics.top_k_accuracy(["z", "a"], probs, k=1, classes=["a", "z"]) == 0


@untimed
@given(seeds, rows, st.integers(2, 5))
def test_top_1_is_the_accuracy_of_the_arg_max_also_in_ties(rng, n, c):
    true, scores = rng.integers(c, size=n), rng.integers(3, size=(n, c))
    assert metrics.top_k_accuracy(true, scores, k=1) == metrics.accuracy(
        true, scores.argmax(axis=1)
    )


def test_the_first_of_many_equal_scores_wins():
    assert metrics.top_k_accuracy([0, 1, 2], np.zeros((3, 200)), k=2) == 2 / 3


def test_top_k_takes_masked_scores():
    assert metrics.top_k_accuracy([0, 1], [[0.0, -np.inf], [-np.inf, 0.0]], k=1) == 1


def test_r2_of_constant_targets():
    assert metrics.r2([3.0, 3.0], [3.0, 3.0]) == 1
    assert metrics.r2([3.0, 3.0], [3.0, 4.0]) == 0


@pytest.mark.parametrize("measure", [metrics.mse, metrics.mae, metrics.r2])
def test_a_column_does_not_broadcast_against_a_row(measure):
    true, pred = np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, 3.0])
    assert measure(true, pred[:, None]) == measure(true, pred)
    assert measure(true[:, None], pred) == measure(true, pred)


def test_images_are_regression_targets_too():
    true, pred = np.zeros((2, 3, 4)), np.ones((2, 3, 4)) * 2
    assert metrics.mse(true, pred) == 4
    assert metrics.mae(true, pred) == 2


def test_labels_in_a_list_of_objects_or_a_column():
    labels = np.array(["a", "b"], dtype=object)
    assert metrics.accuracy(labels, ["a", "a"]) == 0.5
    assert metrics.accuracy([[1], [2]], [1, 2]) == 1


probs3 = [[0.5, 0.5], [0.2, 0.8], [1.0, 0.0]]


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: metrics.accuracy([1, 2], [1]), ShapeError, "got 2 and 1"),
        (lambda: metrics.accuracy([], []), DataError, "y_true is empty"),
        (lambda: metrics.accuracy([[1, 0]], [0]), ShapeError, "argmax"),
        (lambda: metrics.accuracy([1], [0.7]), DataError, "y_pred > 0.5"),
        (lambda: metrics.accuracy([1.0], [np.nan]), DataError, "whole numbers or text"),
        (lambda: metrics.accuracy([None], [None]), DataError, "whole numbers or text"),
        (lambda: metrics.accuracy([1], ["1"]), DataError, "labels of one kind"),
        (lambda: metrics.accuracy([1], [1], [1, 2]), ShapeError, r"the shape \(1,\)"),
        (lambda: metrics.accuracy([1], [1], [-1]), DataError, "not be negative"),
        (lambda: metrics.accuracy([1], [1], [0]), DataError, "nor all zero"),
        (lambda: metrics.top_k_accuracy([0], [[1, 2]], 3), SettingError, "at most"),
        (lambda: metrics.top_k_accuracy([0], [[1, 2]], 0), SettingError, "least 1"),
        (lambda: metrics.top_k_accuracy([0], [[np.nan, 2]]), DataError, "diverged"),
        (lambda: metrics.top_k_accuracy([0], [1]), ShapeError, r"\(n, classes\)"),
        (lambda: metrics.top_k_accuracy([2], [[1, 2]], 1), DataError, "label 2"),
        (lambda: metrics.log_loss([0, 1], probs3), ShapeError, "got 2 and 3"),
        (lambda: metrics.log_loss([0], [[3.0, -1.0]]), DataError, "softmax"),
        (lambda: metrics.log_loss([0], [[0.5, 0.4]]), DataError, "off by 0.1"),
        (
            lambda: metrics.log_loss([0], [[0.5, 0.5]], classes=[0, 1, 2]),
            ShapeError,
            "2 columns for 3 classes",
        ),
        (lambda: metrics.mse([1, 2], [[1, 2], [3, 4]]), ShapeError, "one unit per"),
        (lambda: metrics.mse([], []), DataError, "y_true is empty"),
        (lambda: metrics.mse([1.0], [np.inf]), DataError, "learning rate"),
        (lambda: metrics.mae(1, 2), ShapeError, "single number"),
        (lambda: metrics.r2([1], [1]), DataError, "at least 2 rows"),
        (
            lambda: metrics.confusion_matrix([0, 3], [0, 1], [0, 1]),
            DataError,
            "y_true has the label 3",
        ),
        (
            lambda: metrics.confusion_matrix(["a"], ["a"], [0, 1]),
            DataError,
            "y_true has the label 'a'",
        ),
        (
            lambda: metrics.confusion_matrix([0], [0], [0, 0]),
            SettingError,
            "all differ",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(call, error, says):
    with pytest.raises(error, match=says):
        call()
