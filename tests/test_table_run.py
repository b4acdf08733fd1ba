"""Tables on the command line: trained, reported, and predicted from raw rows."""

import csv
import json

import numpy as np
import pytest

import plaingrad as pg
from columns.tables import flats, write


@pytest.fixture
def run(tmp_path, monkeypatch, command_line):
    """Run a command in a folder with a table; return exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "flats.csv", flats(150))
    return command_line


def rows_of(text):
    return [*csv.reader(text.splitlines())]


def test_a_table_is_trained_and_its_folder_written(run, tmp_path):
    code, out, err = run("train", "flats.csv", "--target", "rent")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "150 rows, 7 columns to predict from"
    assert any(line.startswith("rent is a quantity (regression)") for line in lines)
    assert sum(line.startswith("test ") for line in lines) == 3
    folder = tmp_path / "runs" / "flats"
    named = {line.split()[0] for line in lines if line.startswith("  ")}
    pictures = {"costs.png", "residuals.png"}
    assert {path.name for path in folder.iterdir()} == named | pictures
    told = json.loads((folder / "history.json").read_text())
    assert told["target"] == "rent"
    assert set(told["test"]) == {"r2", "rmse", "mae"}
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "<h1>Report on <code>rent</code></h1>" in page
    for command in ("longhand", "summary", "derivation"):
        assert run(command, folder)[0] == 0


def test_the_folder_holds_what_python_makes(run, tmp_path):
    run("train", "flats.csv", "--target", "rent", "--quiet", "--seed", 3)
    model = pg.TableModel.fit(pg.data.table("flats.csv", "rent"), seed=3)
    again = pg.TableModel.load("runs/flats/model.safetensors")
    assert again.preparation == model.preparation
    np.testing.assert_array_equal(
        again.predict("flats.csv"), model.predict("flats.csv")
    )
    written = (tmp_path / "runs/flats/report.md").read_text(encoding="utf-8")
    assert written == model.report().markdown()


def test_settings_kinds_and_language_are_taken(run, tmp_path):
    code, _, _ = run(
        *("train", "flats.csv", "--target", "part", "--kind", "balcony=ignore"),
        *("--kind", "number=number", "--hidden", "6,5", "--epochs", 2, "--lr", 0.1),
        *("--lang", "zh", "--out", "here", "--quiet"),
    )
    assert code == 0
    net = pg.load("here/model.safetensors")
    assert repr(net).startswith("Sequential(Flatten(), Linear(6), ReLU(), Linear(5)")
    names = [one.name for one in net.preparation.inputs]
    assert names == ["number", "size", "let", "rent"]
    assert repr(net._training.settings.optimizer) == "Adam(lr=0.1)"
    text = (tmp_path / "here/report.md").read_text(encoding="utf-8")
    assert text.startswith("# 关于 `part` 的报告")


def test_raw_rows_are_predicted(run, tmp_path):
    run("train", "flats.csv", "--target", "rent", "--quiet")
    model = pg.TableModel.load("runs/flats/model.safetensors")
    new = flats(20, seed=4)
    del new["rent"]
    write(tmp_path / "new.csv", new)
    code, out, err = run("predict", "runs/flats", "new.csv", "--out", "p.csv")
    assert (code, out, err) == (0, "wrote p.csv\n", "")
    head, *rows = rows_of((tmp_path / "p.csv").read_text())
    assert head == ["rent"]
    assert [float(row[0]) for row in rows] == model.predict("new.csv").tolist()
    run("predict", "runs/flats", "new.csv", "--out", "p.npy")
    np.testing.assert_array_equal(np.load("p.npy"), model.predict("new.csv"))
    code, _, err = run("predict", "runs/flats", "new.csv", "--out", "p.xlsx")
    assert code == 1
    assert "unknown kind of file '.xlsx'" in err
    code, _, err = run("predict", "runs/flats", "new.csv", "--proba")
    assert code == 1
    assert "no probabilities" in err


def test_classes_are_predicted_by_name(run):
    run("train", "flats.csv", "--target", "part", "--quiet", "--epochs", 3)
    model = pg.TableModel.load("runs/flats/model.safetensors")
    head, *rows = rows_of(run("predict", "runs/flats", "flats.csv")[1])
    assert head == ["part"]
    assert [row[0] for row in rows] == model.predict("flats.csv").tolist()
    head, *rows = rows_of(run("predict", "runs/flats", "flats.csv", "--proba")[1])
    assert head == ["north", "old town", "south"]
    probs = np.array(rows, dtype=float)
    np.testing.assert_allclose(probs.sum(axis=1), 1, rtol=1e-6)


def test_rows_with_gaps_are_predicted_and_told(run, tmp_path):
    run("train", "flats.csv", "--target", "rent", "--quiet")
    new = flats(5) | {"part": ["moon", None, "north", "south", "moon"]}
    del new["size"], new["rent"]
    write(tmp_path / "new.csv", new)
    code, out, err = run("predict", "runs/flats", "new.csv")
    assert code == 0
    assert len(out.splitlines()) == 6
    assert "plaingrad: the rows have no column 'size'" in err
    assert "in 2 of 5 rows that were not there in training, such as 'moon'" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("flats.csv",), "--target NAME. It has number, part, size"),
        (("flats.csv", "--target", "prize"), "unknown column 'prize'"),
        (("none.csv", "--target", "rent"), "there is no file none.csv"),
        (("digits", "--target", "rent"), "'digits' is a ready task"),
        (("digits", "--kind", "a=number"), "'digits' is a ready task"),
        (("flats.json", "--target", "rent"), "unknown kind of table '.json'"),
        (("flats.xls",), "unknown kind of table '.xls'. Did you mean '.xlsx'?"),
        (("flats.csv", "--target", "rent", "--kind", "part"), "takes NAME=KIND"),
        (("flats.csv", "--target", "rent", "--lang", "fr"), "unknown language 'fr'"),
        (("flats.csv", "--target", "rent", "--optimizer", "x"), "unknown optimizer"),
    ],
)
def test_mistakes_are_said_before_any_work(words, message, run, tmp_path):
    code, out, err = run("train", *words)
    assert (code, out) == (1, "")
    assert err.startswith("plaingrad: ")
    assert message in " ".join(err.split())
    assert not (tmp_path / "runs").exists()


def test_rows_that_do_not_fit_are_an_error(run, tmp_path):
    run("train", "flats.csv", "--target", "rent", "--quiet", "--epochs", 1)
    write(tmp_path / "other.csv", {"a": [1.5], "b": ["x"]})
    code, out, err = run("predict", "runs/flats", "other.csv")
    assert (code, out) == (1, "")
    assert "none of the columns part, size, balcony, let" in err
