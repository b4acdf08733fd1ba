import itertools

import numpy as np
import pytest
from matplotlib import colors

from plaingrad import draw, metrics
from plaingrad.draw import matrices
from plaingrad.errors import DataError, ShapeError

TRUE = np.array([0, 0, 0, 1, 1, 2])
PRED = np.array([0, 0, 1, 1, 0, 2])


def cells(ax, count):
    """Return the texts in the cells, as (count, count) numbers."""
    table = np.full((count, count), -1)
    for text in ax.texts:
        column, row = text.get_position()
        table[row, column] = int(text.get_text())
    return table


def names(labels):
    return [label.get_text() for label in labels]


@pytest.mark.parametrize("count", [1, 2, 10, 20])
def test_cells_hold_the_counts(count):
    rng = np.random.default_rng(count)
    true, pred = rng.integers(count, size=(2, 500))
    expected = metrics.confusion_matrix(true, pred)
    np.testing.assert_array_equal(
        cells(draw.confusion_matrix(true, pred), count), expected
    )


def test_colours_are_shares_of_the_true_class():
    ax = draw.confusion_matrix(TRUE, PRED, [0, 1, 2, 3])
    shares = [[2 / 3, 1 / 3, 0, 0], [1 / 2, 1 / 2, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
    np.testing.assert_allclose(ax.images[0].get_array(), shares)
    assert ax.images[0].get_clim() == (0, 1)
    assert ax.get_title() == "4 of 6 right (66.7%)"


def test_rows_and_columns_are_named():
    ax = draw.confusion_matrix(TRUE, PRED, ["cat", "dog", "tortoise-shell"])
    assert names(ax.get_xticklabels()) == ["cat", "dog", "tortoise-shell"]
    assert names(ax.get_yticklabels()) == ["cat", "dog", "tortoise-shell"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted", "true")


def test_classes_that_occur_name_themselves():
    ax = draw.confusion_matrix(["b", "a"], ["b", "c"])
    assert names(ax.get_xticklabels()) == ["a", "b", "c"]


def test_names_are_taken_as_they_are_in_one_line_of_some_length():
    classes = ["$\\foo$", "two\nlines", "x" * 200]
    ax = draw.confusion_matrix(TRUE, PRED, classes)
    ax.figure.canvas.draw()
    told = ["$\\foo$", "two lines", "x" * 21 + "..."]
    assert names(ax.get_xticklabels()) == names(ax.get_yticklabels()) == told


def contrast(text, background):
    def luminance(colour):
        rgb = np.array(colors.to_rgb(colour))
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    high, low = sorted([luminance(text), luminance(background)], reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_counts_can_be_read_on_every_colour():
    pred = np.concatenate([np.repeat([0, 1], [k, 40 - k]) for k in range(41)])
    true = np.repeat(np.arange(41), 40)
    ax = draw.confusion_matrix(true, pred)
    image = ax.images[0]
    for text in ax.texts:
        column, row = text.get_position()
        background = image.cmap(image.norm(image.get_array()[row, column]))
        assert contrast(text.get_color(), background) >= 4


@pytest.mark.parametrize("count", [2, 10, 20])
def test_counts_fit_their_cells(count):
    true = np.repeat(np.arange(count), 2000)
    ax = draw.confusion_matrix(true, true)
    ax.figure.canvas.draw()
    cell = ax.get_window_extent().width / count
    assert max(text.get_window_extent().width for text in ax.texts) < cell
    assert min(text.get_fontsize() for text in ax.texts) >= 8


@pytest.mark.parametrize("length", [1, 6, 16])
@pytest.mark.parametrize("letters", ["abcdefghij", "甲乙丙丁戊己庚辛壬癸"])
@pytest.mark.filterwarnings("ignore:Glyph")  # there may be no Chinese font
def test_class_names_do_not_overlap(length, letters):
    classes = [letters[i] * length for i in range(10)]
    ax = draw.confusion_matrix(np.arange(10), np.arange(10), classes)
    ax.figure.canvas.draw()
    labels = ax.get_xticklabels()
    slanted = labels[0].get_rotation() == 45
    assert slanted == (length > 1)
    if not slanted:
        boxes = [label.get_window_extent() for label in labels]
        assert all(a.x1 < b.x0 for a, b in itertools.pairwise(boxes))
    assert ax.figure.get_tightbbox().x0 > -0.02


def test_confusion_matrix_refuses_what_the_metric_refuses():
    with pytest.raises(ShapeError, match="got 2 and 1"):
        draw.confusion_matrix([0, 1], [0])


def test_weights_are_centred_on_zero():
    W = np.array([[0.5, -2.0, 0.0], [1.0, 0.25, 0.0]])
    ax = draw.weights(W)
    image = ax.images[0]
    np.testing.assert_array_equal(image.get_array(), W)
    assert image.get_clim() == (-2, 2)
    blue, white, red = (image.cmap(image.norm(w)) for w in (-2, 0, 2))
    assert blue[2] > blue[0]
    assert red[0] > red[2]
    assert min(white[:3]) > 0.95
    assert ax.get_title().startswith("2 × 3 weights")
    assert [child.get_ylabel() for child in ax.child_axes] == ["weight"]


def test_weights_all_zero_are_white():
    image = draw.weights(np.zeros((2, 2))).images[0]
    assert image.get_clim() == (-1, 1)


@pytest.mark.parametrize(
    ("shape", "aspect"), [((4, 4), 1.0), ((784, 10), "auto"), ((1, 30), "auto")]
)
def test_a_long_matrix_is_stretched_to_be_seen(shape, aspect):
    assert draw.weights(np.ones(shape)).get_aspect() == aspect


def test_ticks_are_whole_numbers():
    ax = draw.weights(np.ones((2, 3)))
    ax.figure.canvas.draw()
    shown = [t for t in ax.get_yticks() if -0.5 <= t <= 1.5]
    assert shown == [0, 1]


@pytest.mark.parametrize(
    ("W", "error", "says"),
    [
        (np.ones(3), ShapeError, r"b\[None, :\]"),
        (np.ones((3, 3, 1, 2)), ShapeError, "draw.kernels"),
        (np.ones((0, 2)), ShapeError, "got none"),
        ([[1.0, np.nan]], DataError, "1 of 2 are nan"),
    ],
)
def test_weights_that_cannot_be_drawn_are_refused(W, error, says):
    with pytest.raises(error, match=says):
        draw.weights(W)


@pytest.mark.parametrize(("count", "named"), [(8, 8), (9, 5), (100, 8)])
def test_many_classes_stay_a_picture_of_one_size(count, named, monkeypatch):
    monkeypatch.setattr(matrices, "MOST", 8)
    labels = np.arange(count)
    ax = draw.confusion_matrix(labels, labels[::-1])
    assert len(ax.texts) == (count**2 if count <= 8 else 0)
    told = [int(text.get_text()) for text in ax.get_yticklabels()]
    assert told == labels[:: -(-count // 8)].tolist()
    assert len(told) == len(ax.get_xticks()) == named
    assert max(ax.get_figure().get_size_inches()) < 7
