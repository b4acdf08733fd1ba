from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.preprocessing import StandardScaler

import plaingrad as pg
from plaingrad.data import Standardiser, batches, one_hot, split
from plaingrad.errors import DataError, SettingError, ShapeError

SIZES = st.lists(st.integers(1, 20), min_size=2, max_size=5).map(
    lambda weights: [Fraction(w, sum(weights)) for w in weights]
)
LABELS = st.lists(st.integers(0, 5), min_size=1, max_size=80)


def split_or_none(y, sizes, **settings):
    """Split sample numbers; None when plaingrad says that a part would be empty."""
    numbers = np.arange(len(y))
    try:
        return split(numbers, y, sizes=[float(s) for s in sizes], **settings)
    except DataError as error:
        if "are too few for sizes" not in str(error):
            raise
        return None


@given(LABELS, SIZES, st.integers(0, 2**32 - 1), st.booleans())
def test_every_sample_is_in_exactly_one_part(y, sizes, seed, stratify):
    y = np.array(y)
    parts = split_or_none(y, sizes, stratify=stratify, seed=seed)
    if parts is None:
        # With so many samples no part can be empty.
        assert len(y) * min(sizes) < len(sizes)
        return
    assert len(parts) == len(sizes)
    numbers = np.concatenate([X for X, _ in parts])
    np.testing.assert_array_equal(np.sort(numbers), np.arange(len(y)))
    for X, labels in parts:
        np.testing.assert_array_equal(labels, y[X])


@given(LABELS, SIZES, st.integers(0, 2**32 - 1))
def test_every_class_is_shared_out_to_within_one_sample(y, sizes, seed):
    parts = split_or_none(np.array(y), sizes, seed=seed)
    for label in set(y) if parts else ():
        for (_, labels), size in zip(parts, sizes, strict=True):
            assert abs((labels == label).sum() - y.count(label) * size) <= 1


@given(st.integers(1, 200), SIZES)
def test_without_classes_every_part_is_right_to_within_one_sample(n, sizes):
    parts = split_or_none(np.zeros(n), sizes)
    for (X, _), size in zip(parts or (), sizes, strict=bool(parts)):
        assert abs(len(X) - n * size) <= 1


def test_many_small_classes_do_not_all_favour_the_same_part():
    y = np.repeat(np.arange(50), 2)
    train, test = split(y, y, sizes=(0.8, 0.2))
    assert (len(train[0]), len(test[0])) == (80, 20)


def test_split_by_default_is_sixty_twenty_twenty_and_stratified():
    X, y = np.arange(500.0).reshape(100, 5), np.repeat([0, 1], [80, 20])
    parts = split(X, y)
    assert [len(y) for _, y in parts] == [60, 20, 20]
    assert [y.sum() for _, y in parts] == [12, 4, 4]


def test_split_shuffles_and_depends_on_the_seed_alone():
    y = np.repeat([0, 1], 50)
    first, again, other = (split(np.arange(100), y, seed=s)[0][0] for s in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert set(first) != set(other)
    assert not np.array_equal(first, np.sort(first))


def test_stratify_none_leaves_numbers_and_one_hot_rows_alone():
    for y in (np.arange(50) / 50, np.eye(50)):
        parts = split(np.arange(50), y)
        assert [len(X) for X, _ in parts] == [30, 10, 10]


def test_sizes_may_be_rounded():
    y = np.zeros(4_000_000, dtype=np.int8)
    parts = split(y, y, sizes=(0.50000025, 0.50000025))
    assert [len(X) for X, _ in parts] == [2_000_000, 2_000_000]


def test_stratify_accepts_names():
    y = np.array(["cat", "dog"] * 10)
    train, test = split(y, y, sizes=(0.5, 0.5), stratify=True)
    assert (train[1] == "cat").sum() == (test[1] == "cat").sum() == 5


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ((1.0,), "two or more positive fractions"),
        ((0.8, 0.2, 0.0), "two or more positive fractions"),
        ((1.2, -0.2), "two or more positive fractions"),
        ((0.5, float("nan")), "two or more positive fractions"),
        (0.5, "two or more positive fractions"),
        ((0.6, 0.2), "must sum to 1.*sum 0.8"),
        ((80, 20), "must sum to 1.*not numbers of samples"),
    ],
)
def test_wrong_sizes_are_named(sizes, said):
    with pytest.raises(SettingError, match=said):
        split(np.zeros(10), np.zeros(10), sizes=sizes)


@pytest.mark.parametrize(
    ("X", "y", "said"),
    [
        (np.zeros(2), np.zeros(2), "2 samples are too few .* part 3 would be empty"),
        (np.zeros((3, 9)), np.zeros(9), r"shapes \(3, 9\) and \(9,\)"),
        (np.zeros((0, 3)), np.zeros(0), "at least one"),
        (1.0, 2.0, r"shapes \(\) and \(\)"),
    ],
)
def test_samples_that_cannot_be_split_are_named(X, y, said):
    with pytest.raises(DataError, match=said):
        split(X, y)


def test_stratify_needs_labels():
    with pytest.raises(DataError, match=r"labels of shape \(n,\), got y of shape"):
        split(np.zeros(10), np.eye(10), stratify=True)


TABLES = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=8),
    elements=st.integers(-1000, 1000).map(lambda i: i / 8),
)


@given(TABLES)
def test_standardiser_agrees_with_scikit_learn(X):
    ours = Standardiser.fit(X)
    theirs = StandardScaler().fit(X)
    np.testing.assert_allclose(ours.mean, theirs.mean_, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(ours.scale, theirs.scale_, rtol=1e-9)
    np.testing.assert_allclose(ours.apply(X), theirs.transform(X), atol=1e-9)


@given(TABLES)
def test_undo_undoes_apply(X):
    scaler = Standardiser.fit(X)
    np.testing.assert_allclose(scaler.undo(scaler.apply(X)), X, atol=1e-10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_constant_columns_keep_scale_1(dtype):
    # 0.1 is no binary fraction: the mean of many is not exactly 0.1.
    X = np.full((1001, 2), 0.1, dtype=dtype)
    X[:, 1] = np.arange(1001)
    scaler = Standardiser.fit(X)
    assert scaler.scale[0] == 1
    assert scaler.scale[1] == pytest.approx(np.arange(1001).std())
    assert abs(scaler.apply(X)[:, 0]).max() < 1e-6


def test_deviations_too_small_for_float64_keep_scale_1():
    assert Standardiser.fit([[0.0], [1e-200]]).scale == 1


def test_standardiser_keeps_float_types_and_shapes():
    images = np.random.RandomState(0).randint(0, 256, (10, 4, 4, 1))
    scaler = Standardiser.fit(images)
    assert scaler.mean.shape == scaler.scale.shape == (4, 4, 1)
    assert scaler.apply(images).dtype == np.float32
    for dtype in (np.float32, np.float64):
        Z = scaler.apply(images.astype(dtype))
        assert Z.dtype == scaler.undo(Z).dtype == dtype
        np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-6)
        np.testing.assert_allclose(Z.std(axis=0), 1, rtol=1e-6)


@pytest.mark.parametrize(
    ("X", "said"),
    [
        (np.zeros(5), r"got shape \(5,\).*reshape"),
        (np.zeros((0, 2)), r"got shape \(0, 2\)"),
        ([[1.0, 2.0], [3.0, np.nan]], r"got nan at \(1, 1\)"),
        ([[np.inf]], r"got inf at \(0, 0\)"),
        ([["a"]], "must hold numbers"),
    ],
)
def test_standardiser_refuses_what_has_no_mean(X, said):
    with pytest.raises(DataError, match=said):
        Standardiser.fit(X)


@pytest.mark.parametrize("shape", [(2,), (3, 3), (3, 2, 1), (3, 1), ()])
def test_standardiser_refuses_samples_of_another_shape(shape):
    scaler = Standardiser.fit([[1.0, 2.0], [3.0, 4.0]])
    for method in (scaler.apply, scaler.undo):
        with pytest.raises(ShapeError, match=r"shape \(n, 2\), as in fit"):
            method(np.zeros(shape))


@given(st.lists(st.integers(0, 9), min_size=1), st.integers(10, 12))
def test_one_hot_rows_have_a_single_1_at_the_label(y, classes):
    rows = one_hot(y, classes)
    assert rows.shape == (len(y), classes)
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows.argmax(axis=1), y)
    np.testing.assert_array_equal(rows.sum(axis=1), 1)
    assert set(rows.flat) == {0, 1}


def test_one_hot_counts_the_classes_and_takes_a_type():
    rows = one_hot(np.array([2, 0], dtype=np.uint8), dtype=np.float64)
    assert rows.dtype == np.float64
    assert rows.tolist() == [[0, 0, 1], [1, 0, 0]]
    assert one_hot(np.zeros(0, dtype=int), 3).shape == (0, 3)


@pytest.mark.parametrize(
    ("y", "classes", "said"),
    [
        ([0.0, 1.0], None, "must be integers .* got float64"),
        (["a", "b"], None, "must be integers"),
        ([[0], [1]], None, r"got int64 of shape \(2, 1\).*ravel"),
        ([0, 1, -1], None, "at least 0, got -1 in row 2"),
        ([-1, -1], None, "at least 0, got -1 in row 0"),
        ([1, 2, 3], 3, "counted from 1: use y - 1"),
        ([1, 2, 3], None, "must begin at 0, the smallest is 1"),
        ([0, 1, 5], 3, r"0\.\.2 for 3 classes, got 5 in row 2. Use classes=6"),
        (np.zeros(0, dtype=int), None, "no labels at all"),
    ],
)
def test_labels_that_are_no_classes_are_named(y, classes, said):
    with pytest.raises(DataError, match=said):
        one_hot(np.asarray(y), classes)


def test_one_hot_needs_a_class():
    with pytest.raises(SettingError, match="classes must be a whole number"):
        one_hot([0], classes=0)


@given(st.integers(1, 50), st.integers(1, 60), st.booleans())
def test_batches_hold_every_sample_once(n, size, shuffle):
    X, y = np.arange(n), -np.arange(n)
    seen = list(batches(X, y, size, shuffle=shuffle))
    assert [len(X) for X, _ in seen[:-1]] == [size] * ((n - 1) // size)
    numbers = np.concatenate([X for X, _ in seen])
    np.testing.assert_array_equal(np.sort(numbers), X)
    np.testing.assert_array_equal(np.concatenate([y for _, y in seen]), -numbers)
    if not shuffle:
        np.testing.assert_array_equal(numbers, X)


def test_batches_depend_on_seed_and_epoch_alone():
    X = np.arange(100)

    def order(**settings):
        return [int(i) for X_, _ in batches(X, X, 7, **settings) for i in X_]

    assert order(seed=1, epoch=2) == order(seed=1, epoch=2)
    orders = [order(seed=s, epoch=e) for s in (0, 1) for e in (0, 1)]
    assert len({tuple(o) for o in [*orders, list(X)]}) == 5


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"batch_size": 0}, SettingError),
        ({"batch_size": 2.5}, SettingError),
        ({"batch_size": 2, "seed": -1}, SettingError),
        ({"batch_size": 2, "epoch": 2**32}, SettingError),
        ({"batch_size": 2, "y": np.zeros(9)}, DataError),
    ],
)
def test_wrong_batches_are_refused_at_once(settings, error):
    X = np.zeros((10, 2))
    with pytest.raises(error):
        batches(X, **{"y": np.zeros(10), **settings})


def test_batches_are_those_of_fit():
    X, y = np.arange(10.0)[:, None], np.arange(10.0)
    net = pg.Sequential(pg.Linear(1, init=pg.Constant(0.0)))
    net.fit(
        X, y, loss=pg.MSE(), optimizer=pg.SGD(lr=1e-3), epochs=2, batch_size=4, seed=3
    )
    W, b = np.zeros((1, 1), np.float32), np.zeros(1, np.float32)
    for epoch in range(2):
        for Xb, yb in batches(X, y, 4, seed=3, epoch=epoch):
            error = Xb @ W + b - yb[:, None]
            W = W - 1e-3 * 2 * Xb.T @ error / len(Xb)
            b = b - 1e-3 * 2 * error.mean(axis=0)
    np.testing.assert_allclose(net.params["W1"], W, rtol=1e-5)
