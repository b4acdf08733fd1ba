"""What `plaingrad train` offers beside the plain training: seeds and optimisers."""

import csv
import json
import shutil

import numpy as np
import pytest
from matplotlib.figure import Figure

import plaingrad as pg
from columns.tables import flats, write
from plaingrad.commands.tasks import find
from plaingrad.train import abreast as side
from plaingrad.train.tally import Tally

SMALL = ("train", "moons", "--hidden", "6", "--epochs", 12)


@pytest.fixture(autouse=True)
def _quick(monkeypatch, tmp_path):
    """Work in an empty folder, and write no pictures: drawing is slow, and tested."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Figure, "savefig", lambda _, file, **__: file.write(b""))


def params(folder):
    return pg.load(folder / "model.safetensors").params


def test_several_seeds_are_told_and_the_best_is_kept(command_line, tmp_path):
    code, out, err = command_line(*SMALL, "--seeds", 3, "--seed", 5)
    assert (code, err) == (0, "")
    folder = tmp_path / "runs" / "moons"
    rows = [*csv.DictReader((folder / "seeds.csv").read_text().splitlines())]
    assert [row["seed"] for row in rows] == ["5", "6", "7"]
    parts = find("moons").load(5)
    scores, found = [], {}
    for row in rows:
        net = pg.Sequential(pg.Flatten(), pg.Linear(6), pg.ReLU(), pg.Linear(2))
        history = net.fit(
            *parts.train, validation=parts.validation, seed=int(row["seed"]), epochs=12
        )
        assert float(row["val_accuracy"]) == history.val_score[-1]
        found[history.val_score[-1], -history.val_loss[-1]] = row["seed"], net
        scores.append(net.score(*parts.test))
    seed, best = found[max(found)]
    assert f"kept is seed {seed}, the best in validation" in out
    for name, value in params(folder).items():
        np.testing.assert_array_equal(value, best.params[name])
    assert f"test accuracy {np.mean(scores):.4f} ± {np.std(scores, ddof=1):.4f}" in out
    told = json.loads((folder / "history.json").read_text())
    assert told["test"]["accuracy"] == pytest.approx(best.score(*parts.test))
    assert (folder / "seeds.png").is_file()
    assert not (folder / "checkpoints").exists()
    assert command_line(*SMALL)[0] == 0
    assert not any((folder / name).exists() for name in ("seeds.csv", "seeds.png"))


def test_when_all_seeds_diverge_it_is_said(command_line, tmp_path):
    words = (*SMALL, "--seeds", 2, "--optimizer", "sgd", "--lr", "1e30")
    code, out, err = command_line(*words)
    assert code == 1
    assert "2 of 2 trainings failed" in out
    assert "no training came to an end. All diverged: try a tenth" in err
    assert not (tmp_path / "runs" / "moons" / "checkpoints").exists()


def test_seeds_on_a_table(command_line, tmp_path):
    write(tmp_path / "flats.csv", flats(150))
    words = ("train", "flats.csv", "--target", "rent", "--epochs", 20, "--hidden", 8)
    code, out, _ = command_line(*words, "--seeds", 2)
    assert code == 0
    assert "test r2 " in out
    model = pg.TableModel.load(tmp_path / "runs/flats/model.safetensors")
    assert len(model.predict("flats.csv")) == 150


def test_interrupted_seeds_go_on(command_line, tmp_path, monkeypatch):
    whole = command_line(*SMALL, "--seeds", 4, "--out", "whole")[1]

    def tell(self, running):
        if self.done >= 1:
            raise KeyboardInterrupt

    words = (*SMALL, "--seeds", 4, "--out", "run")
    with monkeypatch.context() as patch:
        patch.setattr(Tally, "tick", tell)
        patch.setattr(side, "PAUSE", 0.001)
        code, out, err = command_line(*words)
    assert code == 0
    assert " of 4 trainings are done" in err
    again = "plaingrad train moons --hidden 6 --epochs 12 --seeds 4 --out run --resume"
    assert out.endswith(f"to go on: {again}\n")
    assert not (tmp_path / "run" / "model.safetensors").exists()
    code, _, err = command_line(*words)
    assert code == 1
    assert "run/checkpoints holds a training that was not finished" in err
    code, out, _ = command_line(*words, "--resume")
    assert code == 0
    assert out.replace("written to run", "written to whole") == whole
    for name, value in params(tmp_path / "run").items():
        np.testing.assert_array_equal(value, params(tmp_path / "whole")[name])


def test_seeds_and_one_training_do_not_go_on_with_each_other(command_line, tmp_path):
    for left, words, told in [
        ("seed-0/step-000000000001.safetensors", (), "with --seeds"),
        ("step-000000000001.safetensors", ("--seeds", 2), "without --seeds"),
    ]:
        place = tmp_path / "run" / "checkpoints" / left
        place.parent.mkdir(parents=True)
        place.touch()
        code, _, err = command_line(*SMALL, *words, "--out", "run", "--resume")
        assert code == 1
        assert f"holds a training that was begun {told}. Go on with it {told}" in err
        assert place.exists()
        shutil.rmtree(tmp_path / "run")


def test_dropout_follows_the_hidden_layers(command_line, tmp_path):
    _, out, _ = command_line(*SMALL, "--dropout", 0.25)
    assert "Linear(6), ReLU(), Dropout(0.25), Linear(2))" in out
    code, _, err = command_line("train", "moons", "--dropout", 0.1)
    assert code == 1
    assert "--dropout goes with --hidden" in err


def test_training_to_convergence_by_full_batches(command_line, tmp_path):
    code, out, err = command_line(*SMALL, "--optimizer", "lbfgs", "--l2", "1e-3")
    assert (code, err) == (0, "")
    assert "longhand.py" not in out
    net = pg.load(tmp_path / "runs/moons/model.safetensors")
    parts = find("moons").load(0)
    other = pg.Sequential(pg.Flatten(), pg.Linear(6), pg.ReLU(), pg.Linear(2))
    settings = {"optimizer": pg.LBFGS(), "l2": 1e-3, "epochs": 12}
    other.fit(*parts.train, validation=parts.validation, **settings)
    for name, value in net.params.items():
        np.testing.assert_array_equal(value, other.params[name])
    # a task that has its own batches
    words = ("--hidden", 4, "--epochs", 3, "--optimizer", "LBFGS", "--out", "d")
    assert command_line("train", "streetlights", *words)[0] == 0


def test_least_squares_on_a_table(command_line, tmp_path):
    write(tmp_path / "flats.csv", flats(150))
    words = ("train", "flats.csv", "--target", "rent", "--hidden", 4)
    code, _, err = command_line(
        *words, "--optimizer", "levenberg-marquardt", "--epochs", 30
    )
    assert (code, err) == (0, "")
    net = pg.load(tmp_path / "runs/flats/model.safetensors")
    assert repr(net._training.settings.optimizer) == "LevenbergMarquardt()"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--optimizer", "lbfgs", "--lr", "0.1"], "LBFGS searches for the length of"),
        (["--optimizer", "lbfgs", "--batch-size", "8"], "LBFGS needs the loss of all"),
        (["--optimizer", "levenberg-marquardt"], "LevenbergMarquardt"),
        (["--seeds", "0"], "seeds must be a whole number of at least 1"),
    ],
)
def test_what_cannot_be_is_said(words, told, command_line):
    code, _, err = command_line(*SMALL, *words)
    assert code == 1
    assert told in err
