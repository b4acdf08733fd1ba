"""The benchmark's contenders do the same work."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import data, peers
from benchmarks.contender import Contender, Pace
from benchmarks.layers import Activation, Conv, Dense, Flatten, Pool
from benchmarks.workloads import Adam, Workload, mlp

MLP = Workload(
    "mlp",
    "two updates in another order",
    mlp(7, 3),
    (5,),
    samples=12,
    batch=6,
    shuffle=True,
)
CNN = replace(
    MLP,
    network=(
        Conv(2, 3, "same"),
        Activation("tanh"),
        Pool(),
        Conv(3, 3),
        Flatten(),
        Dense(2),
    ),
    features=(8, 8, 2),
    loss="mse",
    optimizer=Adam(0.01),
    shuffle=False,
)


@pytest.mark.parametrize("workload", [MLP, CNN], ids=["mlp", "cnn"])
@pytest.mark.parametrize("task", ["train", "predict"])
def test_plaingrad_and_numpy_agree_after_two_updates(workload, task):
    # a prediction takes all samples at once
    batch = workload.batch if task == "train" else None
    given = data.make(replace(workload, task=task, batch=batch))
    ours, theirs = (
        peers.load(name).setup(given, "plain") for name in ("plaingrad", "numpy")
    )
    expected = theirs.run(1)[0]
    assert ours.run(1)[0] == pytest.approx(expected, rel=1e-5)
    # each run begins with the same weights
    assert theirs.run(1)[0] == expected


@pytest.mark.parametrize("epoch", [0.001, 0.3, 0.7])
def test_a_trial_tells_how_long_an_update_takes(epoch):
    contender = Contender.__new__(Contender)
    contender.pace, contender.epochs, contender.updates = Pace(0.5, 1, 1), 1, 4
    contender.ask = lambda _, epochs: {"seconds": epoch * epochs}
    assert contender.settle() == pytest.approx(epoch / 4)
    assert contender.epochs == max(1, round(0.5 / epoch))
