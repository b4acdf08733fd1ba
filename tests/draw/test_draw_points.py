import numpy as np
import pytest
from matplotlib import colors

from plaingrad import draw
from plaingrad.draw.style import COLOURS
from plaingrad.errors import DataError, SettingError, ShapeError

X = np.array([[0.0, 0.0], [1.0, 3.0], [4.0, 1.0], [2.0, 2.0]])
y = np.array(["b", "a", "b", "c"])


def side(Z):
    return np.where(Z[:, 0] > 2, 1, 0)


def offsets(ax):
    return [points.get_offsets().data.tolist() for points in ax.collections]


def test_scatter_draws_each_class_in_its_colour():
    ax = draw.scatter(X, y)
    assert offsets(ax) == [X[[1]].tolist(), X[[0, 2]].tolist(), X[[3]].tolist()]
    drawn = [colors.to_hex(points.get_facecolor()[0]) for points in ax.collections]
    assert drawn == list(COLOURS[:3])
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["a", "b", "c"]
    assert ax.get_title() == "4 points of 3 classes"


def test_scatter_takes_lists_a_column_of_labels_and_no_legend():
    ax = draw.scatter([[0, 1], [2, 3]], [[5], [6]], legend=False)
    assert offsets(ax) == [[[0, 1]], [[2, 3]]]
    assert ax.get_legend() is None


def colour_at(ax, x, y):
    """Return the colour of the region at a point."""
    image = ax.images[0]
    left, right, bottom, top = image.get_extent()
    rows, columns = image.get_array().shape[:2]
    column = int((x - left) / (right - left) * columns)
    row = int((y - bottom) / (top - bottom) * rows)
    assert image.origin == "lower"
    return image.get_array()[row, column].tolist()


@pytest.mark.parametrize("resolution", [2, 41, 300])
def test_regions_are_what_is_predicted_there(resolution):
    labels = side(X)
    ax = draw.decision_regions(side, X, labels, resolution=resolution)
    assert ax.images[0].get_array().shape == (resolution, resolution, 3)
    tints = {label: colour_at(ax, *X[labels == label][0]) for label in (0, 1)}
    assert tints[0] != tints[1]
    for point, label in zip(X[:3], labels[:3], strict=True):
        assert colour_at(ax, *point) == tints[label]


def test_regions_tell_top_from_bottom_and_cover_all_points():
    ax = draw.decision_regions(lambda Z: (Z[:, 1] > 2.5).astype(int), X, [0, 1, 0, 0])
    assert colour_at(ax, 0, 2.9) == colour_at(ax, 4, 2.9) != colour_at(ax, 0, 0)
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    assert ax.images[0].get_extent() == [left, right, bottom, top]
    assert left < 0 < 4 < right
    assert bottom < 0 < 3 < top
    assert offsets(ax) == [X[[0, 2, 3]].tolist(), X[[1]].tolist()]
    assert "100.0% of the points right" in ax.get_title()


def test_a_region_has_a_light_tint_of_its_class():
    ax = draw.decision_regions(side, X, side(X))
    tint = np.array(colour_at(ax, 0, 0))
    full = np.array(colors.to_rgb(COLOURS[0]))
    np.testing.assert_allclose(1 - tint, 0.35 * (1 - full))


def test_a_class_predicted_but_not_among_the_points_has_its_region():
    ax = draw.decision_regions(side, X, [1, 1, 1, 1])
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["0", "1"]
    assert "25.0%" in ax.get_title()


def test_an_object_with_predict_is_asked_in_the_type_of_the_points():
    asked = []

    class Model:
        def predict(self, Z):
            asked.append((Z.shape[1], Z.dtype))
            return side(Z)[:, None]

    draw.decision_regions(Model(), X.astype(np.float32), side(X), resolution=5)
    assert set(asked) == {(2, np.dtype(np.float32))}


def test_points_on_a_line_have_regions_too():
    ax = draw.decision_regions(side, [[1, 5], [3, 5]], [0, 1], resolution=20)
    assert colour_at(ax, 1, 5) != colour_at(ax, 3, 5)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: draw.scatter(np.ones((4, 3)), y), ShapeError, r"X\[:, :2\]"),
        (lambda: draw.scatter(X, [0, 1]), ShapeError, r"shape \(4,\)"),
        (lambda: draw.scatter(X, np.eye(4)), ShapeError, "argmax"),
        (lambda: draw.scatter(np.ones((0, 2)), []), DataError, "X is empty"),
        (lambda: draw.scatter([[np.nan, 1]], [0]), DataError, "finite"),
        (
            lambda: draw.scatter(np.ones((21, 2)), np.arange(21)),
            DataError,
            "at most 20",
        ),
        (
            lambda: draw.decision_regions(lambda Z: Z, X, side(X)),
            ShapeError,
            r"one label per point.*argmax",
        ),
        (
            lambda: draw.decision_regions(lambda Z: Z[:, 0] / 3, X, side(X)),
            DataError,
            "y_pred > 0.5",
        ),
        (lambda: draw.decision_regions(side, X, y), DataError, "labels of one kind"),
        (
            lambda: draw.decision_regions(side, X, side(X), resolution=1),
            SettingError,
            "resolution",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_reason(call, error, says):
    with pytest.raises(error, match=says):
        call()
