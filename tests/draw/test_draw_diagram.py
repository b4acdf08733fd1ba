import pytest
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from plaingrad import draw
from plaingrad.errors import DataError

XOR = [
    ("input", (2,), 0),
    ("Linear 3", (3,), 9),
    ("Tanh", (3,), 0),
    ("Linear 1", (1,), 4),
]
WIDE = [
    ("input", (64,), 0),
    ("Linear 13", (13,), 845),
    ("ReLU", (13,), 0),
    ("Dropout 0.5", (13,), 0),
    ("Linear 12", (12,), 168),
]
CONVOLUTION = [
    ("input", (28, 28, 1), 0),
    ("Conv2d 8, 3 × 3", (26, 26, 8), 80),
    ("ReLU", (26, 26, 8), 0),
    ("MaxPool2d 2", (13, 13, 8), 0),
    ("Flatten", (1352,), 0),
    ("Linear 10", (10,), 13530),
]


def patches(ax, kind):
    return [patch for patch in ax.patches if type(patch) is kind]


def texts(ax):
    return [text.get_text() for text in ax.texts]


def circles(ax):
    """Return the number of circles in each column, from left to right."""
    count = {}
    for circle in patches(ax, Circle):
        if circle.radius > 0.1:
            count[circle.center[0]] = count.get(circle.center[0], 0) + 1
    return [count[x] for x in sorted(count)]


def test_a_small_dense_network_is_circles_and_all_edges_between_them():
    ax = draw.network(XOR)
    assert circles(ax) == [2, 3, 1]
    assert [len(edges.get_segments()) for edges in ax.collections] == [2 * 3, 3 * 1]
    centres = {tuple(circle.center) for circle in patches(ax, Circle)}
    ends = {
        tuple(end)
        for edges in ax.collections
        for segment in edges.get_segments()
        for end in segment.tolist()
    }
    assert ends == centres


def test_activations_stand_below_the_layer_they_follow():
    ax = draw.network(XOR)
    columns = {}
    for text in ax.texts:
        columns.setdefault(text.get_position()[0], []).append(text.get_text())
    assert [columns[x] for x in sorted(columns)] == [
        ["input", "2 units"],
        ["Linear 3", "Tanh", "3 units", "9 parameters"],
        ["Linear 1", "1 unit", "4 parameters"],
    ]
    assert ax.get_title() == "3 layers, 13 parameters"


def test_more_than_twelve_units_are_cut_short_by_an_ellipsis():
    ax = draw.network(WIDE)
    assert circles(ax) == [10, 10, 12]
    dots = [c for c in patches(ax, Circle) if c.radius < 0.1]
    assert len(dots) == 2 * 3
    assert "64 units" in texts(ax)


def test_units_do_not_touch():
    for layers in (XOR, WIDE):
        centres = [c.center for c in patches(draw.network(layers), Circle)]
        same = [
            abs(a[1] - b[1]) for a in centres for b in centres if a < b and a[0] == b[0]
        ]
        assert min(same) > 0.09


def test_other_networks_are_boxes_with_shapes_on_the_arrows():
    ax = draw.network(CONVOLUTION)
    assert len(patches(ax, FancyBboxPatch)) == len(CONVOLUTION)
    assert len(patches(ax, FancyArrowPatch)) == len(CONVOLUTION)
    assert not patches(ax, Circle)
    assert texts(ax) == [
        "input",
        "(28, 28, 1)",
        "Conv2d 8, 3 × 3",
        "(26, 26, 8)",
        "80 parameters",
        "ReLU",
        "(26, 26, 8)",
        "MaxPool2d 2",
        "(13, 13, 8)",
        "Flatten",
        "(1352,)",
        "Linear 10",
        "(10,)",
        "13,530 parameters",
    ]
    assert ax.get_title() == "5 layers, 13,610 parameters"


@pytest.mark.parametrize(
    "layers",
    [
        [("input", (4,), 0), ("BatchNorm", (4,), 8), ("Linear 2", (2,), 10)],
        [("input", (4,), 0), ("Embedding 3", (4, 3), 30), ("Flatten", (12,), 0)],
        [("input", (None, 4), 0), ("LSTM 5", (5,), 200), ("Linear 2", (2,), 12)],
        [("input", (6,), 0), *[("Linear 6", (6,), 42)] * 6],
    ],
    ids=["trained but not dense", "two axes", "a sequence", "too deep"],
)
def test_what_is_not_dense_or_too_deep_is_boxes(layers):
    ax = draw.network(layers)
    assert len(patches(ax, FancyBboxPatch)) == len(layers)


def test_an_open_length_is_a_question_mark():
    ax = draw.network([("input", (None, 4), 0), ("RNN 5", (5,), 50)])
    assert "(?, 4)" in texts(ax)


@pytest.mark.parametrize(
    "layers",
    [XOR, WIDE, CONVOLUTION, CONVOLUTION[:3], CONVOLUTION + CONVOLUTION[1:] * 2],
    ids=["xor", "wide", "convolution", "short", "long"],
)
def test_texts_overlap_neither_each_other_nor_the_title(layers):
    ax = draw.network(layers)
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in [*ax.texts, ax.title]]
    pairs = [(a, b) for i, a in enumerate(boxes) for b in boxes[:i]]
    assert not any(a.overlaps(b) for a, b in pairs)
    width, height = ax.figure.get_size_inches() * ax.figure.dpi
    assert all(b.x0 >= 0 and b.x1 <= width and b.y1 <= height for b in boxes)


def test_long_names_are_made_to_fit():
    name = "Linear 3 without a bias, of orthogonal weights"
    layers = [("input", (2,), 0), (name, (3,), 6), (name + "!", (3,), 9)]
    ax = draw.network(layers)
    ax.figure.canvas.draw()
    first, second = (t.get_window_extent() for t in ax.texts if name in t.get_text())
    assert first.x1 < second.x0


def test_no_layers_are_refused():
    with pytest.raises(DataError, match="layers is empty"):
        draw.network([])
