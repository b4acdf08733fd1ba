import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from plaingrad import draw
from plaingrad.draw.images import Grid
from plaingrad.errors import DataError, SettingError, ShapeError

rng = np.random.default_rng(0)


def ticks(labels):
    return [label.get_text() for label in labels]


def tile(ax, grid, number):
    row, column = divmod(number, grid.columns)
    top, left = grid.top(row), grid.left(column)
    return ax.images[0].get_array()[top : top + grid.height, left : left + grid.width]


@settings(deadline=None)
@given(
    st.integers(1, 30),
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(1, 7) | st.none(),
)
def test_a_grid_holds_every_tile_once_and_nothing_else(count, height, width, columns):
    grid = Grid(count, height, width, columns)
    tiles = np.arange(1.0, 1 + count * height * width).reshape(count, height, width)
    image = grid.tiled(tiles, fill=0)
    np.testing.assert_array_equal(np.sort(image[image > 0]), np.sort(tiles.ravel()))
    assert grid.rows * grid.columns >= count > (grid.rows - 1) * grid.columns


def test_kernels_of_one_input_follow_each_other():
    W = rng.normal(size=(3, 2, 1, 7))
    ax = draw.kernels(W)
    grid = Grid(7, 3, 2)
    for i in range(7):
        np.testing.assert_array_equal(tile(ax, grid, i), W[:, :, 0, i])
    assert ax.get_title() == "7 kernels of 3 × 2"
    assert ticks(ax.get_yticklabels())[:2] == ["0", str(grid.columns)]
    assert ticks(ax.get_xticklabels())[:2] == ["+0", "+1"]


def test_kernels_of_many_inputs_have_inputs_in_rows_and_outputs_in_columns():
    W = rng.normal(size=(3, 3, 2, 5))
    ax = draw.kernels(W)
    grid = Grid(10, 3, 3, columns=5)
    for source in range(2):
        for out in range(5):
            np.testing.assert_array_equal(
                tile(ax, grid, source * 5 + out), W[:, :, source, out]
            )
    assert ticks(ax.get_yticklabels()) == ["0", "1"]
    assert ticks(ax.get_xticklabels()) == ["0", "1", "2", "3", "4"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("output channel", "input channel")


def test_kernels_are_centred_on_zero_and_gaps_are_no_weight():
    ax = draw.kernels(np.full((2, 2, 1, 2), -3.0))
    shown = ax.images[0].get_array()
    assert ax.images[0].get_clim() == (-3, 3)
    assert shown.count() == 8
    assert shown.mask.any()


def test_many_kernels_are_numbered_sparsely():
    ax = draw.kernels(rng.normal(size=(3, 3, 32, 64)))
    assert len(ax.get_xticks()) <= 20
    assert len(ax.get_yticks()) <= 20


def test_features_are_columns_as_images():
    W = rng.normal(size=(6, 5))
    ax = draw.features(W, (2, 3))
    for i in range(5):
        np.testing.assert_array_equal(tile(ax, Grid(5, 2, 3), i), W[:, i].reshape(2, 3))
    same = draw.features(W, (2, 3, 1)).images[0].get_array()
    np.testing.assert_array_equal(same, ax.images[0].get_array())


def test_features_of_colour_images_are_grey_where_a_weight_is_zero():
    W = np.zeros((12, 2))
    W[0, 0], W[1, 0] = 4, -4
    ax = draw.features(W, (2, 2, 3))
    first = tile(ax, Grid(2, 2, 2), 0)
    assert first.shape == (2, 2, 3)
    np.testing.assert_array_equal(first[0, 0], [1, 0, 0.5])
    np.testing.assert_array_equal(first[1], 0.5)


IMAGES = rng.uniform(size=(6, 4, 4))
TRUE = np.array([0, 1, 2, 3, 4, 5])
PRED = np.array([0, 2, 2, 4, 5, 6])
WRONG = [1, 3, 4, 5]


def grid_of(count, height=4, width=4, lines=1):
    gaps = int(np.ceil(0.18 * height * lines)), int(np.ceil(0.12 * width))
    return Grid(count, height, width, min(5, max(3, count)), gaps)


@pytest.mark.parametrize(
    "images", [IMAGES, IMAGES[..., None], IMAGES.reshape(6, 16), IMAGES.tolist()]
)
def test_misclassified_shows_the_wrong_ones_with_their_labels(images):
    ax = draw.misclassified(images, TRUE, PRED)
    labels = [text.get_text() for text in ax.texts]
    assert labels == ["1 → 2", "3 → 4", "4 → 5", "5 → 6"]
    for place, i in enumerate(WRONG):
        np.testing.assert_allclose(tile(ax, grid_of(4), place), IMAGES[i])
    assert ax.get_title() == "4 of 6 wrong (66.7%)"


def test_a_label_stands_above_the_middle_of_its_image():
    ax = draw.misclassified(IMAGES, TRUE, PRED)
    ax.figure.canvas.draw()
    grid = grid_of(4)
    for i, text in enumerate(ax.texts):
        row, column = divmod(i, grid.columns)
        box = text.get_window_extent().transformed(ax.transData.inverted())
        middle = grid.left(column) + (grid.width - 1) / 2
        assert (box.x0 + box.x1) / 2 == pytest.approx(middle, abs=0.1)
        assert box.y0 < grid.top(row) - 0.5
        assert box.y1 > grid.top(row) - 0.5 - grid.gaps[0] - 0.1


def test_misclassified_shows_the_most_asked_for():
    ax = draw.misclassified(IMAGES, TRUE, PRED, most=2)
    assert [text.get_text() for text in ax.texts] == ["1 → 2", "3 → 4"]
    assert ax.get_title() == "4 of 6 wrong (66.7%)"


def test_misclassified_in_colour():
    images = rng.uniform(size=(6, 4, 4, 3))
    ax = draw.misclassified(images, TRUE, PRED)
    np.testing.assert_allclose(tile(ax, grid_of(4), 1), images[3])


def test_values_outside_zero_to_one_are_scaled():
    images = np.stack([np.full((2, 2), -1.0), np.full((2, 2), 3.0)])
    ax = draw.misclassified(images, [0, 0], [1, 1])
    assert tile(ax, grid_of(2, 2, 2), 0).tolist() == [[0, 0], [0, 0]]
    assert tile(ax, grid_of(2, 2, 2), 1).tolist() == [[1, 1], [1, 1]]
    bytes_ = np.full((1, 2, 2), 255, dtype=np.uint8)
    bytes_[0, 0, 0] = 51
    ax = draw.misclassified(bytes_, [0], [1])
    np.testing.assert_allclose(tile(ax, grid_of(1, 2, 2), 0), [[0.2, 1], [1, 1]])


def test_long_labels_take_two_lines():
    ax = draw.misclassified(IMAGES[:1], ["ankle boot"], ["sneaker"])
    assert ax.texts[0].get_text() == "ankle boot\n→ sneaker"


def test_files_are_named_without_folders_and_shortened():
    files = ["b/1.png", *["x"] * 2, "IMG_20230401_1234.jpg", "c$d$.png", "äöüßäöüß.jpg"]
    ax = draw.misclassified(IMAGES, TRUE, [2, 9, 2, 4, 5, 6], files=files)
    found = [text.get_text().split("\n") for text in ax.texts]
    expected = {"IMG_20…34.jpg", "c$d$.png", "äöü…jpg"}
    assert expected <= {lines[0] for lines in found}
    assert all(" → " in lines[1] for lines in found)
    ax.figure.canvas.draw()
    tops = [text.get_window_extent().y1 for text in ax.texts]
    assert max(tops) < ax.title.get_window_extent().y0 + 1


@pytest.mark.parametrize("shape", [(6, 4, 4), (6, 4, 4, 3), (6, 16)])
def test_nothing_misclassified_is_said(shape):
    ax = draw.misclassified(np.ones(shape), TRUE, TRUE)
    assert [text.get_text() for text in ax.texts] == ["every image is classified right"]
    assert ax.get_title() == "0 of 6 wrong (0.0%)"


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: draw.kernels(np.ones((3, 3))), ShapeError, "draw.weights"),
        (lambda: draw.kernels(np.full((2, 2, 1, 1), np.inf)), DataError, "diverged"),
        (lambda: draw.features(np.ones((5, 2)), (2, 2)), ShapeError, r"\(4, out\)"),
        (lambda: draw.features(np.ones((8, 2)), (2, 2, 2)), ShapeError, "shape must"),
        (lambda: draw.features(np.ones((4, 2)), (4,)), ShapeError, "shape must"),
        (
            lambda: draw.misclassified(np.ones((6, 15)), TRUE, PRED),
            ShapeError,
            r"\(n, h, w\)",
        ),
        (
            lambda: draw.misclassified(np.ones((6, 4, 4, 2)), TRUE, PRED),
            ShapeError,
            "flat squares",
        ),
        (
            lambda: draw.misclassified(IMAGES[:5], TRUE, PRED),
            ShapeError,
            "5 images and 6",
        ),
        (lambda: draw.misclassified(IMAGES, TRUE, PRED[:5]), ShapeError, "6 and 5"),
        (
            lambda: draw.misclassified(IMAGES, TRUE, PRED, most=0),
            SettingError,
            "most must",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_reason(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_augmented_images_stand_beside_their_originals():
    images = rng.random((3, 4, 5))
    seen = rng.random((2, 3, 4, 5))
    ax = draw.augmented(images[..., None], seen[..., None])
    grid = Grid(9, 4, 5, columns=3)
    for row in range(3):
        np.testing.assert_array_equal(tile(ax, grid, 3 * row), images[row])
        for i in range(2):
            np.testing.assert_array_equal(tile(ax, grid, 3 * row + 1 + i), seen[i, row])
    assert ax.get_title() == "images as they are, and as 2 updates see them"


def test_augmented_images_may_be_smaller_coloured_and_beyond_the_range():
    images, seen = rng.random((2, 6, 6, 3)), 2 * rng.random((4, 2, 4, 2, 3))
    seen[0, 0, 0, 0, 0] = 2
    ax = draw.augmented(images, seen)
    grid = Grid(10, 6, 6, columns=5)
    np.testing.assert_allclose(tile(ax, grid, 5), images[1] / 2)
    np.testing.assert_allclose(tile(ax, grid, 1)[1:5, 2:4], seen[0, 0] / 2)
    # around them is paper
    np.testing.assert_array_equal(tile(ax, grid, 1)[0], 1)


def test_augmented_images_of_another_shape_are_named(small):
    with pytest.raises(
        ShapeError, match=r"\(draws, 2, h, w, \.\.\.\), got \(2, 4, 4\)"
    ):
        draw.augmented(rng.random((2, 4, 4)), rng.random((2, 4, 4)), ax=small)
    with pytest.raises(ShapeError, match=r"Pass net\.augmented"):
        draw.augmented(rng.random((2, 4, 4)), rng.random((5, 3, 4, 4)))
