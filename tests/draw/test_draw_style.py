"""What all pictures share: the late import, whose Axes they use, their colours."""

import subprocess
import sys
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib import colors, pyplot

from plaingrad import draw
from plaingrad.draw import style
from plaingrad.errors import MissingExtraError
from plaingrad.rates import RateTest

X = np.array([[0.0, 0.0], [1.0, 1.0]])
HISTORY = SimpleNamespace(
    batch_loss=[1.0], loss=[1.0], val_loss=[], updates_per_epoch=1
)
RUNS = SimpleNamespace(runs=[SimpleNamespace(history=HISTORY, failure="")] * 2)
TRIED = SimpleNamespace(
    trials=[
        SimpleNamespace(number=k, settings={"lr": lr}, outcome=outcome, value=value)
        for k, lr, outcome, value in [
            (1, 0.1, "done", 0.5),
            (2, 0.2, "pruned", 0.1),
            (3, 9.0, "diverged", None),
            (4, 0.3, "done", 0.7),
        ]
    ],
    monitor="val_accuracy",
    lowest=False,
    by_factors=("lr",),
)
PICTURES = {
    "activation": lambda ax: draw.activation(np.tanh, ax=ax),
    "augmented": lambda ax: draw.augmented(
        np.ones((1, 2, 2)), np.ones((1, 1, 2, 2)), ax
    ),
    "confusion_matrix": lambda ax: draw.confusion_matrix([0, 1], [0, 1], ax=ax),
    "cost_curves": lambda ax: draw.cost_curves(HISTORY, ax),
    "decision_regions": lambda ax: draw.decision_regions(
        lambda Z: (Z[:, 0] > 0.5).astype(int), X, [0, 1], ax, resolution=4
    ),
    "features": lambda ax: draw.features(np.eye(4), (2, 2), ax),
    "kernels": lambda ax: draw.kernels(np.ones((2, 2, 1, 3)), ax),
    "misclassified": lambda ax: draw.misclassified(np.ones((1, 4)), [0], [1], ax),
    "network": lambda ax: draw.network([("input", (2,), 0)], ax),
    "rate_test": lambda ax: draw.rate_test(
        RateTest(*np.full((3, 9), 0.5), risen=True), ax
    ),
    "residuals": lambda ax: draw.residuals([1.0, 2.0], [1.5, 2.0], ax),
    "scatter": lambda ax: draw.scatter(X, [0, 1], ax),
    "search_history": lambda ax: draw.search_history(TRIED, ax),
    "search_setting": lambda ax: draw.search_setting(TRIED, "lr", ax),
    "seed_curves": lambda ax: draw.seed_curves(RUNS, ax),
    "weights": lambda ax: draw.weights(np.eye(2), ax),
}
every_picture = pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)


def test_every_picture_is_tried_here():
    assert sorted(PICTURES) == sorted(draw.__all__)


def test_importing_draw_does_not_import_matplotlib():
    code = "import sys, plaingrad.draw; print('matplotlib' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


@every_picture
def test_without_matplotlib_the_first_call_says_what_to_install(picture, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=r"plaingrad\[draw\]"):
        picture(None)


@every_picture
def test_a_picture_is_a_new_figure_with_a_title(picture):
    ax = picture(None)
    assert pyplot.get_fignums() == [ax.figure.number]
    assert ax.get_title()


@every_picture
def test_a_picture_is_drawn_on_the_given_axes(picture, small):
    others = [ax for ax in small.figure.axes if ax is not small]
    assert picture(small) is small
    assert len(pyplot.get_fignums()) == 1
    assert small.has_data() or small.patches
    assert not any(ax.has_data() or ax.patches for ax in others)


@every_picture
def test_nothing_leaves_the_figure(picture):
    figure = picture(None).figure
    figure.canvas.draw()
    box = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert box.x0 > -0.02
    assert box.y0 > -0.02
    assert box.x1 < width + 0.02
    assert box.y1 < height + 0.02


def test_text_shrinks_with_the_axes_and_never_grows(small):
    assert 0.1 < style.shrink(small, (8, 6)) < 0.6
    large = pyplot.figure(figsize=(20, 20)).subplots()
    assert style.shrink(large, (5, 5)) == 1
    assert style.shrink(style.new_axes(None, (5, 4)), (5, 4)) == 1


def test_seventy_classes_differ_in_colour_or_marker():
    pairs = {
        (style.COLOURS[i % len(style.COLOURS)], style.MARKERS[i % len(style.MARKERS)])
        for i in range(70)
    }
    assert len(pairs) == 70


def linear(colour):
    rgb = np.array(colors.to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    to_xyz = [
        [0.4124, 0.3576, 0.1805],
        [0.2126, 0.7152, 0.0722],
        [0.0193, 0.1192, 0.9505],
    ]
    x, y, z = np.cbrt(to_xyz @ rgb.clip(0, 1) / [0.9505, 1, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


# What a colour-blind eye sees of linear red, green and blue: Machado et al., 2009.
EYES = {
    "full vision": np.eye(3),
    "no red cones": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "no green cones": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "no blue cones": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


@pytest.mark.parametrize("eye", EYES.values(), ids=EYES)
def test_colours_stay_apart_for_every_eye(eye):
    seen = [lab(eye @ linear(colour)) for colour in style.COLOURS]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 15


def test_a_legend_above_a_narrow_axes_takes_more_rows():
    columns = []
    for width in (12, 3):
        ax = style.new_axes(None, (width, 3))
        for name in "abcd":
            ax.plot([0, 1], label=name)
        style.legend_above(ax, "title")
        columns.append(ax.get_legend()._ncols)
    assert columns == [4, 1]


def test_letters_that_the_usual_font_lacks_are_of_another(monkeypatch):
    monkeypatch.setattr(style, "CHINESE", ("No such font", "DejaVu Serif", "cmr10"))
    style._chinese.cache_clear()
    ax = draw.confusion_matrix([0, 1], [0, 1], ["贵", "便宜"])
    # where no font has them, there is no warning, which is an error in tests
    style.rendered(ax)
    fonts = [*pyplot.rcParams["font.family"], "DejaVu Serif"]
    for text in (ax.title, ax.xaxis.label, *ax.get_xticklabels()):
        assert text.get_fontfamily() == fonts
    style._chinese.cache_clear()
