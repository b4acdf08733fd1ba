"""The numbers of lesson 4."""

import numpy as np
import pytest

from plaingrad.prove.script import check_script

SCRIPT = """\
import numpy as np

x = np.array([8.5, 0.65, 1.2])
targets = np.array([0.1, 1.0, 0.1])
weights = np.array([[0.1, 0.1, -0.3], [0.1, 0.2, 0.0], [0.0, 1.3, 0.1]])
alpha = 0.01

for iteration in range(500):
    pred = weights @ x
    error = (pred - targets) ** 2
    delta = pred - targets
    weights -= alpha * np.outer(x, delta)
print(error)
"""


@pytest.fixture
def names(ran):
    return ran("several_weights").names


def printed(numbers, digits=5):
    return [f"{number:.{digits}g}" for number in numbers]


def test_several_inputs(names):
    assert printed(names["free_errors"][:2]) == ["0.0196", "0.0013135"]
    assert f"{names['free_errors'][2]:.6f}" == "0.000088"


def test_a_frozen_weight(names):
    assert printed(names["frozen_errors"]) == ["0.0196", "0.0038162", "0.00074301"]
    assert {path[0] for path in names["frozen_path"]} == {0.1}


def test_plaingrad_learns_the_same(names):
    assert max(names["differences"]) < 1e-15
    assert names["difference"] < 1e-14
    assert "dW1 = X.T @ (2 * diff)" in names["script"]


def test_several_outputs(names):
    np.testing.assert_allclose(
        names["several_outputs"][0], [0.009025, 0.7569, 0.235225]
    )
    np.testing.assert_allclose(names["shrinking"], (1 - 0.1 * 0.65**2) ** 2)


def test_as_printed_it_stalls(names):
    errors = names["as_printed"]
    stalled = ["0.01126", "0.00396", "0.61745"]
    assert [f"{error:.5f}" for error in errors[10]] == stalled
    assert [f"{error:.5f}" for error in errors[499]] == stalled
    assert errors[10][1] / errors[0][1] == pytest.approx(10, abs=0.2)


def test_it_stalls_where_delta_is_orthogonal_to_the_input(names):
    weights = names["rows"].copy()
    for _ in range(500):
        delta = weights @ names["x"] - names["targets"]
        weights -= 0.01 * np.outer(names["x"], delta)
    assert abs(delta @ names["x"]) < 1e-12
    assert np.abs(weights).max() > 30


def test_the_checker_names_it(names):
    [finding] = names["report"].findings
    assert finding.cause == "transposed"
    assert "np.outer(delta, x)" in str(names["report"])


def test_the_command_names_it(tmp_path):
    file = tmp_path / "train.py"
    file.write_text(SCRIPT)
    outcome, report = check_script(file)
    assert "a matrix is transposed" in report
    assert "np.outer(delta, x)" in outcome.text


def test_repaired_it_converges(names):
    assert len(names["repaired"]) == 500
    assert names["repaired"][-1].max() < 1e-32


def test_the_answers_are_right(answered):
    names = answered("several_weights")
    assert f"{names['weights'][0]:.4f}" == "0.1000"
    assert abs(names["delta"]) < 1e-12
    assert names["rows"][:2].shape == (2, 3)
