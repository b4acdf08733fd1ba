import numpy as np
import pytest
from sklearn.datasets import make_circles, make_moons

from plaingrad.data import blobs, circles, moons, spiral, streetlights
from plaingrad.errors import DataError, PlaingradError, SettingError

ALL = [spiral, moons, circles, blobs]


def cs231n_spiral(N, K, random):
    """The notes' own loop, written as they write it."""
    X = np.zeros((N * K, 2))
    y = np.zeros(N * K, dtype="uint8")
    for j in range(K):
        ix = range(N * j, N * (j + 1))
        r = np.linspace(0.0, 1, N)
        t = np.linspace(j * 4, (j + 1) * 4, N) + random.randn(N) * 0.2
        X[ix] = np.c_[r * np.sin(t), r * np.cos(t)]
        y[ix] = j
    return X, y


def test_spiral_is_the_one_of_the_notes_to_the_last_bit():
    for seed, points, classes in [(0, 100, 3), (7, 20, 4)]:
        X, y = spiral(points, classes, seed=seed, dtype=np.float64)
        expected_X, expected_y = cs231n_spiral(
            points, classes, np.random.RandomState(seed)
        )
        np.testing.assert_array_equal(X, expected_X)
        np.testing.assert_array_equal(y, expected_y)


def test_linear_softmax_on_the_spiral_ends_where_the_notes_end():
    X, y = spiral(dtype=np.float64)
    n = len(X)
    W = 0.01 * np.random.RandomState(1).randn(2, 3)
    b = np.zeros(3)
    onehot = np.eye(3)[y]
    for _ in range(200):
        scores = X @ W + b
        exp = np.exp(scores - scores.max(axis=1, keepdims=True))
        probs = exp / exp.sum(axis=1, keepdims=True)
        loss = -np.log(probs[np.arange(n), y]).mean() + 0.5 * 1e-3 * (W**2).sum()
        dscores = (probs - onehot) / n
        W -= X.T @ dscores + 1e-3 * W
        b -= dscores.sum(axis=0)
    assert loss == pytest.approx(0.786, abs=1e-3)
    assert ((X @ W + b).argmax(axis=1) == y).mean() == pytest.approx(0.49, abs=0.005)


@pytest.mark.parametrize("make", ALL)
def test_types_shapes_and_seeds(make):
    X, y = make(points=30)
    classes = len(np.unique(y))
    assert X.dtype == np.float32
    assert y.dtype == np.int64
    assert X.shape == (30 * classes, 2)
    assert np.bincount(y).tolist() == [30] * classes
    np.testing.assert_array_equal(X, make(points=30, seed=0)[0])
    assert not np.array_equal(X, make(points=30, seed=1)[0])
    exact = make(points=30, dtype=np.float64)[0]
    assert exact.dtype == np.float64
    np.testing.assert_array_equal(exact.astype(np.float32), X)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (moons, make_moons(60, shuffle=False)),
        (circles, make_circles(60, shuffle=False, factor=0.5)),
    ],
)
def test_without_noise_they_are_scikit_learns(ours, theirs):
    X, y = ours(points=30, noise=0, dtype=np.float64)
    np.testing.assert_allclose(X, theirs[0], atol=1e-15)
    np.testing.assert_array_equal(y, theirs[1])


@pytest.mark.parametrize("make", [moons, circles, blobs])
def test_noise_is_the_standard_deviation_asked_for(make):
    exact = make(points=5000, noise=0, dtype=np.float64)[0]
    noisy = make(points=5000, noise=0.3, dtype=np.float64)[0]
    assert (noisy - exact).std() == pytest.approx(0.3, rel=0.03)


def test_blobs_stand_on_a_circle_or_where_told():
    X, _ = blobs(points=1, centers=4, noise=0)
    np.testing.assert_allclose(X, [[1, 0], [0, 1], [-1, 0], [0, -1]], atol=1e-7)
    X, y = blobs(points=2, centers=[[1, 2, 3], [4, 5, 6]], noise=0)
    assert X.tolist() == [[1, 2, 3], [1, 2, 3], [4, 5, 6], [4, 5, 6]]
    assert y.tolist() == [0, 0, 1, 1]


def test_streetlights_follow_the_middle_light():
    X, y = streetlights()
    assert X.dtype == y.dtype == np.float32
    assert X.tolist() == [
        [1, 0, 1],
        [0, 1, 1],
        [0, 0, 1],
        [1, 1, 1],
        [0, 1, 1],
        [1, 0, 1],
    ]
    assert y.shape == (6, 1)
    np.testing.assert_array_equal(y[:, 0], X[:, 1])


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"points": 0}, "points must be a whole number of at least 1, got 0"),
        ({"points": 2.5}, "points must be a whole number"),
        ({"noise": -1}, "noise must be a finite number of at least 0, got -1"),
        ({"noise": float("nan")}, "noise must be a finite number"),
        ({"seed": -1}, "seed must be a whole number of at least 0"),
        ({"seed": 2**32}, "seed must be below 2"),
    ],
)
def test_wrong_settings_are_named(make, setting, said):
    with pytest.raises(SettingError, match=said):
        make(**setting)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: spiral(classes=0), SettingError),
        (lambda: circles(factor=1.0), SettingError),
        (lambda: blobs(centers=0), SettingError),
        (lambda: blobs(centers=2.5), SettingError),
        (lambda: blobs(centers=[1.0, 2.0]), DataError),
        (lambda: blobs(centers=[["a", "b"]]), DataError),
    ],
)
def test_wrong_numbers_of_classes_and_places_are_refused(call, error):
    with pytest.raises(PlaingradError) as caught:
        call()
    assert type(caught.value) is error
