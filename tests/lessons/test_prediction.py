"""The numbers of lesson 1."""

import numpy as np
import pytest


@pytest.fixture
def names(ran):
    return ran("prediction").names


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("one_to_one", 0.85),
        ("many_to_one", 0.98),
        ("one_to_many", [0.195, 0.13, 0.585]),
        ("many_to_many", [0.555, 0.98, 0.965]),
    ],
)
def test_predictions(names, name, expected):
    np.testing.assert_allclose(names[name], expected, rtol=1e-12)


def test_stacked_predictions(names):
    np.testing.assert_allclose(names["hidden"][0], [0.86, 0.295, 1.23], rtol=1e-12)
    np.testing.assert_allclose(names["stacked"][0], [0.2135, 0.145, 0.5065], rtol=1e-12)


def test_layers_predict_the_same(names):
    assert names["difference"] < 1e-12
    assert names["net"].outputs(names["X"]).shape == (4, 3)


def test_the_answer_is_right(names):
    one_layer = names["X"] @ (names["W1"] @ names["W2"])
    np.testing.assert_allclose(one_layer, names["stacked"], rtol=1e-12)
