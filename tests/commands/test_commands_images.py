"""Images on the command line: trained, reported, and predicted from files."""

import csv
import json
import os
import runpy
import shutil
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

import plaingrad as pg
from pictures.folders import noise, save, shades
from plaingrad.commands.raw_run import is_folder


@pytest.fixture(scope="module")
def numbers(tmp_path_factory):
    """Return a folder of 1,797 real handwritten digits as PNG files."""
    root = tmp_path_factory.mktemp("data") / "numbers"
    X, y = pg.data.digits(images=True)
    for place, (ink, label) in enumerate(zip(X[..., 0], y, strict=True)):
        pixels = (255 * ink).round().astype(np.uint8)
        save(root / str(label) / f"{place:04}.png", pixels)
    return root


@pytest.fixture
def run(tmp_path, monkeypatch, command_line):
    """Run a command in a folder with pictures; return exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    shades(tmp_path / "photos", 15)
    # drawing is tested elsewhere, and slow
    monkeypatch.setattr(Figure, "savefig", lambda _, file, **__: file.write(b""))
    return command_line


def test_real_pictures_are_learnt(numbers, run, tmp_path):
    code, out, err = run("train", numbers)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == f"1,797 pictures of 10 classes in {numbers}"
    assert lines[12] == "All are 8 x 8 pixels, grey."
    assert "; the weights are those of epoch" in lines[14]
    told = json.loads((tmp_path / "runs/numbers/history.json").read_text())
    # scikit-learn's documentation has 0.969 for a support vector machine
    assert told["test"]["accuracy"] >= 0.97
    assert told["stopped"] == "patience"
    folder = tmp_path / "runs" / "numbers"
    named = {line.split()[0] for line in lines if line.startswith("  ")}
    pictures = {"costs.png", "confusion.png", "mistakes.png"}
    assert {path.name for path in folder.iterdir()} == named | pictures
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "<h1>Report on <code>numbers</code></h1>" in page

    code, out, _ = run("predict", folder, numbers / "7", "--out", "p.csv")
    assert (code, out) == (0, "wrote p.csv\n")
    head, *rows = csv.reader((tmp_path / "p.csv").read_text().splitlines())
    assert head == ["file", "class"]
    assert [row[0] for row in rows] == sorted(map(str, (numbers / "7").iterdir()))
    assert np.mean([row[1] == "7" for row in rows]) > 0.97


def test_the_folder_holds_what_python_makes(run, tmp_path, monkeypatch):
    options = ("--epochs", 3, "--seed", 3, "--quiet", "--lang", "zh")
    code, out, err = run("train", "photos", *options)
    assert (code, err) == (0, "")
    assert [line.split()[1] for line in out.splitlines()] == [
        *("accuracy", "balanced", "log_loss")
    ]
    model = pg.ImageModel.fit(pg.data.images("photos"), seed=3, epochs=3)
    again = pg.ImageModel.load("runs/photos/model.safetensors")
    assert again.preparation == model.preparation
    for name, value in again.network.params.items():
        np.testing.assert_array_equal(value, model.network.params[name])
    written = (tmp_path / "runs/photos/report.md").read_text(encoding="utf-8")
    assert written == model.report(lang="zh").markdown()
    assert written.startswith("# 关于 `photos` 的报告")
    monkeypatch.chdir("runs/photos")
    values = runpy.run_path("longhand.py")
    values["data"].close()
    for name, value in again.network.params.items():
        np.testing.assert_allclose(values[name], value, rtol=1e-4, atol=1e-5)


def test_settings_are_taken(run):
    code, _, _ = run(
        *("train", "photos/", "--size", "6x10", "--fit", "pad", "--colour", "rgb"),
        *("--hidden", "6,5", "--epochs", 2, "--lr", 0.1, "--out", "here", "--quiet"),
    )
    assert code == 0
    net = pg.load("here/model.safetensors")
    assert repr(net).startswith("Sequential(Flatten(), Linear(6), ReLU(), Linear(5)")
    assert repr(net.preparation.form) == "Form(size=(6, 10), fit='pad', colour='rgb')"
    run("train", "photos", "--size", "6", "--quiet", "--epochs", 1)
    assert pg.load("runs/photos/model.safetensors").features == (6, 6, 1)


def test_ready_parts_and_resume(run, tmp_path, monkeypatch):
    for part, count in (("train", 20), ("val", 5), ("test", 6)):
        shades(tmp_path / "parts" / part, count, seed=count)
    whole = ("train", "parts", "--epochs", 6, "--quiet", "--checkpoint", 0.001)
    assert run(*whole, "--out", "whole")[0] == 0
    told = json.loads((tmp_path / "whole/history.json").read_text())
    accuracy = told["test"]["accuracy"]
    assert accuracy == round(12 * accuracy) / 12, "of 12 pictures in test"

    class Ends(pg.Callback):
        def on_epoch_end(self, history):
            if history.epochs == 3:
                raise KeyboardInterrupt

    fit = pg.Network.fit

    def ended(net, *data, callbacks=(), **more):
        return fit(net, *data, callbacks=[*callbacks, Ends()], **more)

    with monkeypatch.context() as patch:
        patch.setattr(pg.Network, "fit", ended)
        assert run(*whole, "--out", "other")[0] == 0
    assert (tmp_path / "other" / "checkpoints").is_dir()
    assert "was not finished" in run(*whole, "--out", "other")[2]
    assert run(*whole, "--out", "other", "--resume")[0] == 0
    one, two = (pg.load(f"{name}/model.safetensors") for name in ("whole", "other"))
    for name, value in one.params.items():
        np.testing.assert_array_equal(value, two.params[name])


def test_pictures_are_predicted_with_their_files(run, tmp_path):
    run("train", "photos", "--epochs", 2, "--quiet")
    model = pg.ImageModel.load("runs/photos/model.safetensors")
    Image.fromarray(noise(40, 30)).save("new.jpg")
    code, out, err = run("predict", "runs/photos", "new.jpg")
    label = model.predict("new.jpg")[0]
    assert (code, out, err) == (0, f"file,class\nnew.jpg,{label}\n", "")
    head, *rows = csv.reader(
        run("predict", "runs/photos", "photos", "--proba")[1].split()
    )
    assert head == ["file", "dark", "light"]
    probs = np.array([row[1:] for row in rows], dtype=np.float32)
    np.testing.assert_array_equal(probs, model.predict_proba("photos"))
    run("predict", "runs/photos", "photos", "--out", "p.npy")
    np.testing.assert_array_equal(np.load("p.npy"), model.predict("photos"))

    (tmp_path / "photos" / "bad,name.png").write_bytes(b"bad")
    code, out, err = run("predict", "runs/photos", "photos")
    assert (code, out) == (1, "")
    assert "1 file cannot be read as pictures" in err
    code, out, err = run("predict", "runs/photos", "photos", "--skip-broken")
    assert code == 0
    assert len(out.splitlines()) == 31
    assert err == "plaingrad: broken files were left out: photos/bad,name.png.\n"
    code, _, err = run("train", "photos", "--epochs", 1)
    assert (code, "loose" in err) == (0, False), "it lies in no class"


def test_broken_pictures_end_a_training_or_are_left_out(run, tmp_path):
    (tmp_path / "photos" / "dark" / "dark03.png").write_bytes(b"bad")
    code, out, err = run("train", "photos", "--epochs", 1)
    assert (code, out) == (1, "")
    assert "dark/dark03.png: no picture" in err
    code, out, err = run("train", "photos", "--epochs", 1, "--skip-broken")
    assert (code, err) == (0, "")
    assert "Left out, for they cannot be read: dark/dark03.png." in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("gone/",), "there is no folder gone"),
        (("photos/dark",), "has no class with pictures"),
        (("photos", "--size", "6x"), "--size takes pixels such as 64"),
        (("photos", "--size", "big"), "--size takes pixels such as 64"),
        (("photos", "--fit", "cut"), "unknown fit of pictures"),
        (("photos", "--colour", "blue"), "unknown colour of pictures"),
        (("photos", "--lang", "fr"), "unknown language 'fr'"),
        (("photos", "--target", "rent"), "'photos' is a folder"),
        (("digits", "--size", "6"), "'digits' is a ready task"),
        (("moons", "--fit", "pad"), "'moons' is a ready task"),
        (("a.csv", "--target", "a", "--skip-broken"), "'a.csv' is a table"),
        (("photos", "--optimizer", "x"), "unknown optimizer"),
        (("photos.zip", "--size", "64"), "unknown kind of table '.zip'"),
    ],
)
def test_mistakes_are_said_before_any_work(words, message, run, tmp_path):
    code, out, err = run("train", *words)
    assert (code, out) == (1, "")
    assert err.startswith("plaingrad: ")
    assert message in " ".join(err.split())
    assert not (tmp_path / "runs").exists()


def test_other_models_have_no_broken_pictures(run, tmp_path):
    pg.Sequential(pg.Linear(2)).build((3,)).save("m.safetensors")
    code, out, err = run("predict", "m.safetensors", "a.csv", "--skip-broken")
    assert (code, out) == (1, "")
    assert "goes with a model of images" in err


def test_a_ready_task_goes_before_a_folder_of_its_name(run, tmp_path):
    shutil.move(tmp_path / "photos", tmp_path / "moons")
    assert not is_folder("moons")
    assert is_folder("moons/")
    assert is_folder("./moons")
    code, out, _ = run("train", "moons/", "--epochs", 1)
    assert code == 0
    assert out.startswith("30 pictures of 2 classes in moons")
    code, out, _ = run("train", "moons", "--epochs", 1, "--out", "task")
    assert "moons is a ready task; for the folder write moons/" in out


def test_settings_are_searched_and_seeds_compared(run, tmp_path):
    pytest.importorskip("optuna")
    words = ("search", "photos", "--size", 8, "--trials", 2, "--epochs", 3)
    code, out, err = run(*words, "--hidden", 4, "--optimizer", "adam", "--quiet")
    assert (code, err) == (0, "")
    again = out.splitlines()[0].split()[1:]
    assert again[:4] == ["train", "photos", "--size", "8"]
    assert run(*again[:-1], "again")[0] == 0
    one, two = (
        pg.load(tmp_path / name / "model.safetensors")
        for name in ("runs/photos-search/best", "again")
    )
    for name, value in one.params.items():
        np.testing.assert_array_equal(value, two.params[name])
    code, out, _ = run("train", "photos", "--seeds", 2, "--epochs", 2)
    assert code == 0
    assert "kept is seed " in out
    assert pg.ImageModel.load("runs/photos/model.safetensors").predict("photos").size


def test_training_changes_pictures_as_it_is_told(run):
    asked = "flip=vertical, shift=2,rotate=7.5,crop=6,noise=0.1"
    options = ("--epochs", 1, "--quiet", "--size", 8)
    code, _, err = run("train", "photos", "--augment", asked, *options)
    assert (code, err) == (0, "")
    network = pg.ImageModel.load("runs/photos/model.safetensors").network
    assert repr(network.layers[:5]) == repr(
        (
            pg.RandomFlip("vertical"),
            pg.RandomTranslation(2, fill="edge"),
            pg.RandomRotation(7.5, fill="edge"),
            pg.RandomCrop(6),
            pg.GaussianNoise(0.1),
        )
    )
    code, _, _ = run("train", "photos", "--augment", "none", *options[:3])
    network = pg.ImageModel.load("runs/photos/model.safetensors").network
    assert (code, isinstance(network.layers[0], pg.Conv2d)) == (0, True)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("flop", "'flop'"),
        ("shift", "--augment takes flip, shift=PIXELS"),
        ("flip,shift=2.5", "'shift=2.5'"),
        ("rotate=200", "degrees"),
        ("flip=sideways", "'sideways'"),
    ],
)
def test_augmentation_that_makes_no_sense_is_an_error(run, asked, told):
    # the pictures of a folder that is not there cannot be read before it is told
    code, _, err = run("train", "nowhere/", "--augment", asked)
    assert code != 0
    assert told in err


@pytest.mark.skipif(sys.platform != "linux", reason="names there are any bytes")
def test_names_that_are_no_utf8_can_be_written(run, tmp_path):
    # as an archive made in Chinese Windows is unpacked: a dog
    root = tmp_path / "photos"
    folder = (root / "dark").rename(root / os.fsdecode(b"\xb9\xb7"))
    for path in [*folder.iterdir()]:
        path.rename(folder / os.fsdecode(b"\xff" + os.fsencode(path.name)))
    (root / "light" / os.fsdecode(b"\xfe.png")).write_bytes(b"")
    code, _, err = run("train", "photos", "--epochs", "1")
    assert (code, r"  light/\xfe.png: no picture" in err) == (1, True)
    options = ["--epochs", "1", "--quiet", "--skip-broken"]
    code, _, err = run("train", "photos", *options)
    assert (code, err) == (0, "")
    page = (tmp_path / "runs" / "photos" / "report.md").read_text()
    assert r"`\xb9\xb7`" in page
    code, out, err = run("predict", "runs/photos", "photos", "--skip-broken")
    assert (code, r"photos/light/\xfe.png" in err) == (0, True)
    assert "photos/light/light00.png," in out
    assert r"photos/\xb9\xb7/\xffdark00.png," in out


def test_nothing_of_an_earlier_run_is_left(run, tmp_path):
    folder, few = tmp_path / "run", ("--out", "run", "--epochs", "1", "--quiet")
    earlier = {"regions.png", "mistakes.png", "residuals.png"}
    folder.mkdir()
    for name in earlier:
        (folder / name).write_bytes(b"of an earlier run")
    assert run("train", "photos", *few)[0] == 0
    page = (folder / "report.md").read_text()
    there = {path.name for path in folder.iterdir()}
    assert {name for name in earlier & there if f"]({name})" not in page} == set()
    assert run("train", "moons", *few)[0] == 0
    assert not [*folder.glob("report.*")]


@pytest.mark.parametrize("command", ["train", "search"])
@pytest.mark.parametrize(
    ("root", "folder"), [("photos", "photos"), (".", "runs/x"), ("../photos", "deep/r")]
)
def test_a_run_is_not_written_among_its_pictures(
    command, root, folder, run, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path / "photos" if root != "photos" else tmp_path)
    code, _, err = run(command, root, "--out", folder, "--epochs", "1")
    told = f"plaingrad: {folder} lies in the folder of pictures"
    assert (code, err.startswith(told)) == (1, True)
    assert {path.name for path in (tmp_path / "photos").iterdir()} == {"dark", "light"}
