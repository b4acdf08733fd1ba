"""The numbers of the lesson on convolution."""

import numpy as np
import pytest

from lessons.reduced import REDUCED


@pytest.fixture(scope="module")
def names(ran):
    return ran("convolution", **REDUCED["convolution"]).names


@pytest.fixture(scope="module")
def full(ran):
    return ran("convolution").names


def test_windows_hold_the_pixels(names):
    image, windows = names["images"][0, :, :, 0], names["windows_by_slices"]
    found = windows(names["images"][:1])[0].reshape(26, 26, 3, 3)
    for row, column in [(0, 0), (8, 11), (25, 25)]:
        seen = image[row : row + 3, column : column + 3]
        np.testing.assert_array_equal(found[row, column], seen)


def test_the_feature_map_is_a_correlation(names):
    from scipy.signal import correlate2d

    expected = correlate2d(names["images"][0, :, :, 0], names["edge"], mode="valid")
    np.testing.assert_allclose(names["feature_map"], expected, rtol=1e-5, atol=1e-5)


def test_the_climb_is_as_printed(names):
    error, accuracy = names["book"][0]
    assert f"{accuracy:.4f}" == "0.0288"
    assert error > np.log(10)


def test_the_repaired_sign_goes_down(names):
    error, accuracy = names["repaired"][0]
    assert error < np.log(10)
    assert accuracy > 0.1


def test_the_sign_is_named_and_repaired(names):
    (found,) = [one for one in names["found"].findings if not one.remark]
    assert (found.cause, found.params, found.proved) == ("sign", ("kernels",), True)
    assert "-k_update" in found.after


def test_by_hand_and_by_plaingrad_are_the_same(names):
    assert names["difference"] < 1e-13


def test_the_smallest_climb_ends_well(names):
    assert names["k"] * names["w"] == pytest.approx(1, abs=0.005)
    assert abs(names["k"]) > abs(names["w"])


def test_the_counts_of_the_text(names):
    assert sum(array.size for array in names["net"].params.values()) == 108_304
    assert (26 * 26 * 16, 784 * 10_816, 9 * 16) == (10_816, 8_479_744, 144)


def test_times_are_measured(names):
    assert list(names["seconds"]) == ["slices", "view", "plaingrad"]
    assert all(one > 0 for one in names["seconds"].values())


@pytest.mark.full
def test_the_climb_in_full(full):
    assert [f"{accuracy:.4f}" for _, accuracy in full["book"]] == [
        "0.0288",
        "0.0273",
        "0.0280",
    ]
    assert [error for error, _ in full["book"]] == sorted(e for e, _ in full["book"])


@pytest.mark.full
def test_the_accuracy_in_full(full):
    climbing, down = full["courses"]
    assert down[-1][1] >= 0.87
    assert climbing[-1][1] > 0.86
    early = [accuracy for epoch, accuracy in climbing if epoch <= 80]
    assert max(np.diff(early)) > 0.1 > -0.1 > min(np.diff(early))
