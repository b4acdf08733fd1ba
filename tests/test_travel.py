"""Time travel: any step of a training again, and where two trainings part."""

import numpy as np
import pytest

import plaingrad as pg
import zoo
from plaingrad.checkpoints import folder
from plaingrad.errors import FileError, SettingError

ENGINES = ("reference", "native")


class Keeps(pg.Callback):
    """Keeps the weights after every update."""

    def __init__(self, net):
        self.net, self.kept = net, []

    def on_fit_begin(self, history):
        self.kept.append(self.copied())

    def copied(self):
        return {name: value.copy() for name, value in self.net.params.items()}

    def on_batch_end(self, history):
        self.kept.append(self.copied())


def network():
    return pg.Sequential(pg.Linear(6), pg.ReLU(), pg.Dropout(0.3), pg.Linear(3))


def saved(place, net=None, data=None, **settings):
    """Train, save it in a folder, and return the run and all its weights."""
    X, y = data or zoo.blobs(40)
    keeps = Keeps(net or network())
    usual = {
        "epochs": 6,
        "batch_size": 7,
        "early_stopping": 3,
        "checkpoint": pg.Checkpoint(place, every=10, keep=2),
        "callbacks": keeps,
    }
    keeps.net.fit(X, y, **{**usual, **settings})
    return pg.load_run(place), keeps.kept


def assert_params(net, wanted):
    assert net.params.keys() == wanted.keys()
    for name, value in wanted.items():
        np.testing.assert_array_equal(net.params[name], value)


# One training.


@pytest.mark.parametrize("engine", ENGINES)
def test_any_step_is_the_network_as_it_was(engine, tmp_path):
    optimizer = pg.Adam(lr=pg.ReduceOnPlateau(0.1, patience=0))
    run, kept = saved(tmp_path, engine=engine, optimizer=optimizer)
    assert run.last == len(kept) - 1
    assert len(run.steps) == 2
    for step in (1, 2, 9, run.steps[0], run.steps[0] + 1, run.last):
        assert_params(run.at(step), kept[step])
    first = network().build((4,), seed=0)
    assert_params(run.at(0), first.params)


def test_a_network_of_before_predicts_and_goes_on(tmp_path):
    X, y = zoo.blobs(40)
    run, kept = saved(tmp_path)
    net = run.at(5)
    assert net.predict(X).shape == (40,)
    assert net.evaluate(X, y)["loss"] > 0
    net.partial_fit(X, y)
    assert_params(run.at(5), kept[5])


def test_a_run_tells_what_it_is(tmp_path):
    run, _ = saved(tmp_path, seed=4)
    assert run.seed == run.history.seed == 4
    assert repr(run).startswith(
        f"<Run {str(tmp_path)!r}: {run.last} updates, <History:"
    )


def test_masks_and_frozen_layers_come_back(tmp_path):
    net = pg.Sequential(pg.Linear(4, trainable=False), pg.Tanh(), pg.Linear(3))
    net.build((4,)).freeze("W2", np.eye(4, 3, dtype=bool))
    run, kept = saved(tmp_path, net, data=zoo.blobs(), early_stopping=None)
    assert_params(run.at(7), kept[7])


def test_a_warm_start_needs_a_checkpoint_before(tmp_path):
    net = network().build((4,), seed=9)
    keep_all = pg.Checkpoint(tmp_path / "all", every=10, keep=None)
    run, kept = saved(tmp_path / "all", net, warm_start=True, checkpoint=keep_all)
    assert_params(run.at(3), kept[3])
    net = network().build((4,), seed=9)
    run, _ = saved(tmp_path / "few", net, warm_start=True)
    with pytest.raises(FileError, match=r"began from weights of before.*keep=None"):
        run.at(3)


def test_without_data_only_the_checkpoints_can_be_had(tmp_path):
    few = pg.Checkpoint(tmp_path, every=10, keep=None, data=False)
    run, kept = saved(tmp_path, checkpoint=few)
    assert_params(run.at(10), kept[10])
    with pytest.raises(FileError, match="only the steps of the checkpoints can be had"):
        run.at(11)


def test_damaged_data_and_checkpoints(tmp_path):
    run, kept = saved(tmp_path)
    folder.path_of(tmp_path, run.steps[0]).write_bytes(b"nothing")
    assert_params(run.at(run.last - 1), kept[run.last - 1])
    path = tmp_path / "data.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(FileError, match="is not what the training was begun with"):
        pg.load_run(tmp_path).at(1)
    path.write_bytes(b"nothing")
    with pytest.raises(FileError, match=r"data.safetensors is damaged"):
        pg.load_run(tmp_path).at(1)


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(FileError, match="there is no folder"):
        pg.load_run(tmp_path / "none")
    with pytest.raises(FileError, match="there is no checkpoint in"):
        pg.load_run(tmp_path)
    run, _ = saved(tmp_path)
    with pytest.raises(
        SettingError, match=rf"came to update {run.last}, and not to 99"
    ):
        run.at(99)
    with pytest.raises(SettingError, match="step must be a whole number"):
        run.at(-1)


def huge(pred, y):
    return ((pred - y) ** 2).mean() * 3


def test_functions_of_ones_own_are_given(tmp_path):
    X, y = zoo.line()
    pg.Sequential(pg.Linear(1)).fit(X, y, loss=huge, epochs=2, checkpoint=tmp_path)
    with pytest.raises(FileError, match=r"uses 'huge'.*pg.load_run\(folder, objects"):
        pg.load_run(tmp_path).at(1)
    net = pg.load_run(tmp_path, objects={"huge": huge}).at(1)
    assert net.params["W1"].shape == (1, 1)


@pytest.mark.parametrize("optimizer", [pg.LBFGS(), pg.LevenbergMarquardt()])
def test_full_batch_optimisers_are_travelled_and_compared(optimizer, tmp_path):
    X, y = zoo.line(30)

    def curved(name, target):
        net = pg.Sequential(pg.Linear(3), pg.Tanh(), pg.Linear(1))
        settings = {"optimizer": optimizer, "loss": pg.MSE(), "early_stopping": None}
        more = {"batch_size": None, "epochs": 20}
        return saved(tmp_path / name, net, data=(X, target), **settings, **more)

    run, kept = curved("one", y)
    for step in (3, 11, 17):
        assert_params(run.at(step), kept[step])
    changed = y.copy()
    changed[4] += 0.1
    other, _ = curved("other", changed)
    assert run.diff(run) is None
    found = run.diff(other)
    assert (found.step, found.name) == (1, "y")


def test_a_training_that_ends_earlier_here_is_said(tmp_path, monkeypatch):
    run, _ = saved(tmp_path)
    # as if this machine rounded so that the loss got no better any more
    monkeypatch.setattr("plaingrad.train.keeper.Keeper.look", lambda *_: True)
    with pytest.raises(FileError, match=r"does not come to update 9.*ends after 6"):
        run.at(9)


def test_ctrl_c_ends_a_journey(tmp_path, monkeypatch):
    run, _ = saved(tmp_path)

    def interrupted(*args):
        import signal

        signal.raise_signal(signal.SIGINT)
        return np.arange(args[0])

    monkeypatch.setattr("plaingrad.train.loop.shuffled", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run.at(1)


# Two trainings.


def test_the_same_training_twice_does_not_differ(tmp_path):
    one, _ = saved(tmp_path / "one", threads=1)
    other, _ = saved(tmp_path / "other", threads=2)
    assert one.diff(other) is None


@pytest.mark.parametrize(
    ("settings", "step", "name"),
    [
        ({"seed": 1, "early_stopping": None}, 0, "W1"),
        ({"batch_size": 8}, 1, "X"),
        ({"l2": 1e-3}, 1, "loss"),
        ({"optimizer": pg.Adam(lr=2e-3)}, 1, "rate"),
        # the rate is the same in the first two epochs, of five updates each
        ({"optimizer": pg.Adam(lr=pg.StepDecay(1e-3, every=2))}, 11, "rate"),
    ],
)
def test_the_first_difference_is_named(settings, step, name, tmp_path):
    usual = {"optimizer": pg.Adam(), "early_stopping": None, "validation": 0.2}
    one, _ = saved(tmp_path / "one", **usual)
    other, _ = saved(tmp_path / "other", **{**usual, **settings})
    found = one.diff(other)
    assert (found.step, found.name) == (step, name)
    assert not np.array_equal(found.mine, found.theirs)
    assert other.diff(one).step == step


def test_other_samples_are_seen_when_they_are_visited(tmp_path):
    X, y = zoo.blobs(40)
    changed = X.copy()
    changed[17, 2] *= -1
    usual = {"early_stopping": None, "shuffle": False}
    one, _ = saved(tmp_path / "one", **usual)
    other, _ = saved(tmp_path / "other", data=(changed, y), **usual)
    found = one.diff(other)
    assert (found.step, found.name) == (3, "X")
    assert str(found).startswith(
        "The runs first differ in update 3, in X: 1 of 28 entries, the first is "
    )


def test_engines_differ_by_rounding(tmp_path):
    one, _ = saved(tmp_path / "one", engine="native")
    other, _ = saved(tmp_path / "other", engine="reference")
    found = one.diff(other)
    assert found.step >= 1
    np.testing.assert_allclose(found.mine, found.theirs, rtol=1e-4, atol=1e-6)


def test_other_weights_at_the_start(tmp_path):
    nets = [network().build((4,), seed=seed) for seed in (1, 2)]
    runs = [
        saved(tmp_path / str(place), net, warm_start=True)[0]
        for place, net in enumerate(nets)
    ]
    with pytest.raises(FileError, match="began from weights of before"):
        runs[0].diff(runs[1])


def test_other_networks_cannot_be_compared(tmp_path):
    one, _ = saved(tmp_path / "one")
    other, _ = saved(tmp_path / "other", pg.Sequential(pg.Linear(3)))
    with pytest.raises(SettingError, match=r"parameters are W1 \(4, 6\), b1 \(6,\)"):
        one.diff(other)
