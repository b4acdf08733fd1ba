"""What augmentation draws, and that SciPy moves pixels to the same places."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage, stats

from helpers_layers import compiled, traced
from plaingrad.errors import ShapeError
from plaingrad.layers import (
    GaussianNoise,
    Layer,
    Linear,
    RandomCrop,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    Sequence,
)
from plaingrad.ops import uniform

LEAST = 1e-6
"""The least likelihood that is believed."""
random_sizes = settings(max_examples=25, deadline=None, derandomize=True)
sides, channels = st.integers(1, 6), st.integers(1, 3)
fills = st.sampled_from([0.0, -0.5, "edge"])
LAYERS: list[Callable[[], Layer]] = [
    RandomFlip,
    lambda: RandomTranslation(2),
    lambda: RandomTranslation((1, 0), fill="edge"),
    lambda: RandomCrop(3, padding=1),
    lambda: RandomRotation(30),
    lambda: RandomRotation(30, fill="edge"),
    lambda: GaussianNoise(0.5),
]
every_layer = pytest.mark.parametrize("make", LAYERS, ids=lambda make: repr(make()))


def batch(count: int, height: int, width: int, channels: int = 1) -> np.ndarray:
    """Return images no two of whose pixels are alike."""
    shape = (count, height, width, channels)
    return np.random.default_rng(0).permutation(np.prod(shape)).reshape(shape) + 1.0


def drawn(layer: Layer, x: np.ndarray, seed: int = 1, step: int = 1) -> np.ndarray:
    """Return what a training makes of images."""
    net = traced(layer, *x.shape[1:], training=True)
    return compiled([net.out])({"X": x, "seed": seed, "step": step})[0]


def outside(x: np.ndarray, pads: tuple[int, int], fill: float | str) -> np.ndarray:
    """Return images that go on for some pixels to all sides."""
    wide = [(0, 0), (pads[0],) * 2, (pads[1],) * 2, (0, 0)]
    if fill == "edge":
        return np.pad(x, wide, mode="edge")
    return np.pad(x, wide, constant_values=float(fill))


def windows(layer: Layer, x: np.ndarray, pads: tuple[int, int], fill: float | str):
    """Return at which place of the wider image each window was cut out."""
    found, wide = drawn(layer, x), outside(x, pads, fill)
    height, width = found.shape[1:3]
    places = []
    for mine, whole in zip(found, wide, strict=True):
        matches = [
            (top, left)
            for top in range(whole.shape[0] - height + 1)
            for left in range(whole.shape[1] - width + 1)
            if np.array_equal(whole[top : top + height, left : left + width], mine)
        ]
        places.append(matches)
    return places


# Windows: each is one that could be drawn, and all are as likely as each other.


@random_sizes
@given(sides, sides, channels, st.integers(0, 3), st.integers(0, 3), fills)
def test_a_translation_is_a_window_of_the_padded_image(
    height: int, width: int, channels: int, down: int, right: int, fill: float | str
) -> None:
    layer = RandomTranslation((down, right), fill)
    x = batch(4, height, width, channels)
    assert all(windows(layer, x, (down, right), fill))
    assert drawn(layer, x).shape == x.shape


@random_sizes
@given(sides, sides, st.data(), channels, st.integers(0, 2), fills)
def test_a_crop_is_a_window_of_the_padded_image(
    height: int,
    width: int,
    data: st.DataObject,
    channels: int,
    padding: int,
    fill: float | str,
) -> None:
    size = data.draw(st.integers(1, height)), data.draw(st.integers(1, width))
    layer, x = RandomCrop(size, padding, fill), batch(4, height, width, channels)
    assert all(windows(layer, x, (padding, padding), fill))
    assert drawn(layer, x).shape == (4, *size, channels)


@pytest.mark.parametrize(
    ("layer", "pads", "fill", "count"),
    [
        (RandomTranslation(2), (2, 2), 0.0, 25),
        (RandomTranslation((0, 3), "edge"), (0, 3), "edge", 7),
        (RandomCrop((6, 5)), (0, 0), 0.0, 8),
        (RandomCrop(7, padding=1, fill=-1), (1, 1), -1.0, 12),
    ],
    ids=repr,
)
def test_every_window_is_as_likely_as_every_other(
    layer: Layer, pads: tuple[int, int], fill: float | str, count: int
) -> None:
    places = windows(layer, batch(2000, 7, 8), pads, fill)
    assert all(len(found) == 1 for found in places)
    _, counts = np.unique([found[0] for found in places], axis=0, return_counts=True)
    assert len(counts) == count
    assert stats.chisquare(counts).pvalue > LEAST


@pytest.mark.parametrize("sizes", [(5, 8), (4, 4), (6, 3), (5, 7)])
def test_a_crop_is_from_the_middle_when_the_network_is_used(
    sizes: tuple[int, int],
) -> None:
    x = batch(2, 6, 8, 2)
    net = traced(RandomCrop(sizes, padding=3), *x.shape[1:])
    (found,) = compiled([net.out])({"X": x})
    top, left = (6 - sizes[0]) // 2, (8 - sizes[1]) // 2
    expected = x[:, top : top + sizes[0], left : left + sizes[1]]
    np.testing.assert_array_equal(found, expected)


def test_a_crop_that_does_not_fit_is_named() -> None:
    with pytest.raises(ShapeError, match=r"crop of 7 x 3 does not fit .*\(n, 6, 8, 2"):
        traced(RandomCrop((7, 3), padding=2), 6, 8, 2)


@pytest.mark.parametrize("make", LAYERS[:-1], ids=lambda make: repr(make()))
def test_only_images_can_be_moved(make: Callable[[], Layer]) -> None:
    for training in (False, True):
        with pytest.raises(ShapeError, match=r"expected images .*X\[\.\.\., None\]"):
            traced(make(), 28, 28, training=training)


# Mirror images.


@pytest.mark.parametrize(
    ("mode", "axes"),
    [
        ("horizontal", [(), (2,)]),
        ("vertical", [(), (1,)]),
        ("horizontal_and_vertical", [(), (1,), (2,), (1, 2)]),
    ],
)
def test_flips_are_those_of_numpy_and_equally_likely(
    mode: str, axes: list[tuple[int, ...]]
) -> None:
    x = batch(2000, 2, 3, 2)
    found = drawn(RandomFlip(mode), x)
    mirrored = [np.flip(x, axis) for axis in axes]
    same = np.array([(found == one).all(axis=(1, 2, 3)) for one in mirrored])
    np.testing.assert_array_equal(same.sum(axis=0), 1)
    assert stats.chisquare(same.sum(axis=1)).pvalue > LEAST


# Rotation.


@random_sizes
@given(sides, sides, channels, st.floats(0.1, 180), st.sampled_from([0.0, 0.4, "edge"]))
def test_a_rotation_is_that_of_scipy(
    height: int, width: int, channels: int, degrees: float, fill: float | str
) -> None:
    x = np.random.default_rng(1).normal(size=(5, height, width, channels))
    found = drawn(RandomRotation(degrees, fill), x, seed=3, step=7)
    angles = (2 * uniform(5, 3, 7, 1).astype(float) - 1) * degrees
    options = (
        {"mode": "nearest"}
        if fill == "edge"
        else {"mode": "grid-constant", "cval": fill}
    )
    for image, angle, mine in zip(x, angles, found, strict=True):
        expected = ndimage.rotate(image, angle, reshape=False, order=1, **options)
        np.testing.assert_allclose(mine, expected, atol=1e-10)


def test_a_positive_angle_turns_counter_clockwise() -> None:
    x = np.zeros((200, 5, 5, 1))
    x[:, 2, 4] = 1  # to the right of the middle
    found = drawn(RandomRotation(90), x)[..., 0]
    angles = 2 * uniform(200, 1, 1, 1) - 1
    up = found[:, :2].sum(axis=(1, 2)) - found[:, 3:].sum(axis=(1, 2))
    assert ((up > 0) == (angles > 0))[np.abs(angles) > 0.1].all()


# Noise.


def test_noise_is_normal_and_independent() -> None:
    x = np.full((300, 10, 10, 2), 3.0)
    noise = (drawn(GaussianNoise(0.5), x) - x) / 0.5
    flat = noise.ravel()
    assert stats.kstest(flat, "norm").pvalue > LEAST
    assert abs(flat.mean()) < 5 / flat.size**0.5
    for lag in (1, 2, 20, 200):
        correlation = np.corrcoef(flat[:-lag], flat[lag:])[0, 1]
        assert abs(correlation) < 5 / flat.size**0.5
    assert np.isfinite(noise).all()


# What all of them have in common.


@every_layer
def test_every_step_place_and_sample_draws_anew_and_can_be_repeated(
    make: Callable[[], Layer],
) -> None:
    # all images are the same one: what differs was drawn
    x = np.repeat(batch(1, 4, 5, 1), 40, axis=0)
    first = drawn(make(), x)
    np.testing.assert_array_equal(first, drawn(make(), x))
    np.testing.assert_array_equal(first[:7], drawn(make(), x[:7]))
    assert len(np.unique(first, axis=0)) > 1
    for other in ({"step": 2}, {"seed": 2}):
        assert not np.array_equal(first, drawn(make(), x, **other))
    net = traced(Sequence(Flipped(), make()), 4, 5, 1, training=True)
    (moved,) = compiled([net.out])({"X": x, "seed": 1, "step": 1})
    assert not np.array_equal(first, moved)


class Flipped(RandomFlip):
    """Draws like a flip, and changes nothing."""

    def drawn(self, x):
        return x + 0 * super().drawn(x)


@every_layer
def test_nothing_is_drawn_when_the_network_is_used(make: Callable[[], Layer]) -> None:
    net = traced(Sequence(make(), make()), 3, 3, 1)
    assert net.out is net.x


@pytest.mark.parametrize(
    "layer",
    [RandomTranslation(0), RandomCrop(3), RandomRotation(0), GaussianNoise(0)],
    ids=repr,
)
def test_what_cannot_change_anything_draws_nothing(layer: Layer) -> None:
    net = traced(layer, 3, 3, 1, training=True)
    assert net.out is net.x


def test_layers_that_learn_may_stand_before() -> None:
    net = traced(Sequence(Linear(2), RandomFlip()), 3, 4, 1, training=True)
    assert len(net.gradients) == 3
