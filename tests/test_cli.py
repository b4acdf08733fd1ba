"""The command line, as a new user meets it."""

import json
import os
import runpy
import signal
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure

import plaingrad as pg
from plaingrad import cli
from plaingrad.commands import search, train
from plaingrad.commands.raw_run import is_folder, is_table
from plaingrad.commands.tasks import TASKS
from plaingrad.op import OPS
from plaingrad.train import loop as train_loop

COMMANDS = ("train", "longhand", "derivation", "prove", "summary", "engine", "predict")
COMMANDS += ("check", "lesson", "search", "worksheet")


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """The folder of `plaingrad train digits`, and what the command said."""
    place = tmp_path_factory.mktemp("work")
    command = [sys.executable, "-m", "plaingrad", "train", "digits"]
    found = subprocess.run(
        command, cwd=place, capture_output=True, text=True, check=True
    )
    return place / "runs" / "digits", found


@pytest.fixture
def run(tmp_path, monkeypatch, command_line):
    """Run a command in an empty folder; return its exit code, output and errors."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        if words and words[0] == "train":
            # drawing is tested elsewhere, and slow
            monkeypatch.setattr(
                Figure, "savefig", lambda _, file, **__: file.write(b"")
            )
        return command_line(*words)

    return run


# Training.


def test_the_main_job(digits):
    folder, found = digits
    lines = found.stdout.splitlines()
    assert lines[0] == (
        "digits: 1,078 samples to learn from, 360 to validate, 359 to test"
    )
    assert lines[1].startswith("Sequential(Conv2d(16, 3), ReLU()")
    assert "; the weights are those of epoch" in lines[2]
    assert lines[3].startswith("test loss ")
    accuracy = float(lines[3].rpartition(" ")[2])
    assert accuracy >= 0.97
    told = json.loads((folder / "history.json").read_text())
    assert told["test"]["accuracy"] == pytest.approx(accuracy, abs=5e-5)
    assert told["stopped"] == "patience"
    assert len(told["loss"]) == len(told["val_loss"]) < 60
    named = {line.split()[0] for line in lines if line.startswith("  ")}
    assert named == {path.name for path in folder.iterdir()}
    assert named == {
        "model.safetensors",
        "history.json",
        "data.npz",
        "longhand.py",
        "costs.png",
        "confusion.png",
        "mistakes.png",
    }
    for name in ("costs.png", "confusion.png", "mistakes.png"):
        content = (folder / name).read_bytes()
        assert content.startswith(b"\x89PNG")
        assert len(content) > 5000


def test_the_folder_holds_a_script_that_does_the_same(run, tmp_path, monkeypatch):
    options = ["--hidden", "12", "--epochs", "4", "--patience", "2", "--l2", "1e-4"]
    code, _, _ = run("train", "digits", "--quiet", *options)
    assert code == 0
    monkeypatch.chdir("runs/digits")
    values = runpy.run_path("longhand.py")
    values["data"].close()
    net = pg.load("model.safetensors")
    for name, value in net.params.items():
        np.testing.assert_allclose(values[name], value, rtol=1e-4, atol=1e-6)


def test_quiet_says_only_the_result(run):
    code, out, err = run("train", "moons", "--quiet", "--epochs", 3)
    assert (code, err) == (0, "")
    assert len(out.splitlines()) == 1
    assert out.startswith("test loss ")


@pytest.mark.parametrize("name", [n for n in TASKS if n not in ("mnist", "fashion")])
def test_every_task_trains(name, run, tmp_path):
    code, _, err = run("train", name, "--epochs", 2, "--out", "here")
    assert (code, err) == (0, "")
    assert (tmp_path / "here" / "model.safetensors").is_file()
    assert (tmp_path / "here" / "regions.png").is_file() == (
        name in ("spiral", "moons", "circles", "blobs")
    )


@pytest.mark.parametrize("name", ["mnist", "fashion"])
def test_the_sets_that_are_downloaded_are_parted_and_trained(name, run, monkeypatch):
    rng = np.random.default_rng(0)

    class Small:
        X_train, y_train = rng.random((60, 784)), np.arange(60) % 10
        X_test, y_test = rng.random((20, 784)), np.arange(20) % 10

    for function in ("mnist", "fashion_mnist"):
        monkeypatch.setattr(pg.data, function, lambda flat: Small)
    code, out, err = run("train", name, "--epochs", 1)
    assert (code, err) == (0, "")
    assert f"{name}: 50 samples to learn from, 10 to validate, 20 to test" in out


def test_what_is_asked_for_is_what_is_done(run, tmp_path):
    words = ["--hidden", "7,5", "--optimizer", "Momentum", "--lr", "0.05"]
    words += ["--batch-size", 20, "--l2", "0.001", "--seed", 3, "--dtype", "float64"]
    code, out, _ = run("train", "blobs", "--epochs", 2, "--out", "run", *words)
    assert code == 0
    assert (
        "Sequential(Flatten(), Linear(7), ReLU(), Linear(5), ReLU(), Linear(3))" in out
    )
    net = pg.load(tmp_path / "run" / "model.safetensors")
    loop, settings = net.program().loop, net.program().settings
    assert (loop.epochs, loop.batch_size, loop.seed) == (2, 20, 3)
    assert (settings["lr"], settings["momentum"], settings["l2"]) == (0.05, 0.9, 0.001)
    assert net.params["W1"].dtype == np.float64
    run("train", "spiral", "--epochs", 1, "--lr", "0.5", "--out", "run")
    net = pg.load(tmp_path / "run" / "model.safetensors")
    assert "SGD" not in net.program().settings
    assert net.program().settings["lr"] == 0.5
    assert net.program().states == {}


def test_the_engine_can_be_chosen_and_is_told(run, tmp_path):
    words = ["--epochs", 1, "--engine", "reference", "--threads", 2]
    code, out, _ = run("train", "moons", *words)
    assert code == 0
    assert " s by the reference engine\n" in out
    history = json.loads((tmp_path / "runs" / "moons" / "history.json").read_text())
    assert history["engine"] == "reference"
    assert history["compile_seconds"] > 0
    code, _, err = run("train", "moons", "--engine", "fast")
    assert code == 1
    assert "unknown engine 'fast'" in err
    told = train._how(pg.History(engine="native", compile_seconds=0.55, best_epoch=3))
    assert told == (
        " by the native engine, compiled in 0.6 s; the weights are those of epoch 3, "
        "the best"
    )


def test_a_second_run_leaves_no_picture_of_the_first(run, tmp_path):
    folder = tmp_path / "runs" / "moons"
    run("train", "moons", "--epochs", 1)
    (folder / "mistakes.png").write_bytes(b"old")
    (folder / "notes.txt").write_text("mine")
    run("train", "moons", "--epochs", 1)
    assert not (folder / "mistakes.png").exists()
    assert (folder / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["digitz"], "unknown task 'digitz'. Did you mean 'digits'?"),
        (
            ["moons", "--optimizer", "adm"],
            "unknown optimizer 'adm'. Did you",
        ),
        (["moons", "--lr", "0"], "lr must be a positive number, got 0.0"),
        (["moons", "--epochs", "0"], "epochs must be a whole number of at least 1"),
        (
            ["moons", "--hidden", "a,b"],
            "--hidden takes widths such as 64,32, got",
        ),
        (["moons", "--hidden", "0"], "units must be a whole number of at least 1"),
        (
            ["moons", "--seed", "-1"],
            "seed must be a whole number of at least 0",
        ),
        (["moons", "--dtype", "float"], "unknown dtype 'float'"),
        (["moons", "--patience", "0"], "patience must be a whole number of at least 1"),
        (["moons", "--out", "/dev/null/run"], "cannot make the folder /dev/null/run"),
    ],
)
def test_mistakes_of_train_are_said_before_any_work(words, message, run, monkeypatch):
    def never(*args, **kwargs):
        raise AssertionError("training has begun")

    monkeypatch.setattr("plaingrad.network.Session.run", never)
    code, _, err = run("train", *words)
    assert code == 1
    assert err.startswith(f"plaingrad: {message}")
    assert "Traceback" not in err


def test_a_divergence_is_said_in_a_sentence(run, tmp_path):
    code, out, err = run("train", "spiral", "--lr", "1e9")
    assert code == 0
    assert err.startswith("plaingrad: the loss became ")
    assert "try a tenth of it" in err
    assert "test loss" in out
    assert (tmp_path / "runs" / "spiral" / "costs.png").is_file()


def test_an_interrupted_training_is_written(run, tmp_path, monkeypatch):
    def shuffled(count, seed, epoch):
        if epoch == 3:
            signal.raise_signal(signal.SIGINT)
        return np.arange(count)

    monkeypatch.setattr("plaingrad.train.loop.shuffled", shuffled)
    code, out, err = run("train", "moons")
    assert code == 0
    assert err.startswith("plaingrad: interrupted in epoch 4; the network keeps what")
    assert "written to runs/moons" in out
    folder = tmp_path / "runs" / "moons"
    assert json.loads((folder / "history.json").read_text())["stopped"] == "interrupted"
    assert pg.load(folder / "model.safetensors").features == (2,)


def test_an_interrupted_training_goes_on(run, tmp_path, monkeypatch):
    run("train", "moons", "--epochs", 9, "--out", "whole")
    assert not (tmp_path / "whole" / "checkpoints").exists()

    def shuffled(count, seed, epoch):
        if epoch == 3:
            signal.raise_signal(signal.SIGINT)
        return real(count, seed, epoch)

    real = train_loop.shuffled
    words = ("train", "moons", "--epochs", 9, "--out", "run")
    with monkeypatch.context() as patch:
        patch.setattr(train_loop, "shuffled", shuffled)
        _, out, err = run(*words)
    assert "It is saved: go on with resume='run/checkpoints'." in err
    again = "plaingrad train moons --epochs 9 --out run --resume"
    assert out.endswith(f"to go on: {again}\n")
    code, _, err = run(*words)
    assert code == 1
    assert "run/checkpoints holds a training that was not finished. Go on" in err
    code, _, err = run(*words, "--seed", 1, "--resume")
    assert code == 1
    assert "was begun with another seed than 1" in err
    assert run(*words, "--resume")[0] == 0
    assert not (tmp_path / "run" / "checkpoints").exists()
    whole, gone_on = (
        pg.load(tmp_path / name / "model.safetensors").params
        for name in ("whole", "run")
    )
    for name, value in whole.items():
        np.testing.assert_array_equal(value, gone_on[name])
    code, _, err = run(*words, "--resume")
    assert code == 1
    assert "there is no folder run/checkpoints to go on from" in err
    code, _, err = run("train", "moons", "--checkpoint", 0)
    assert code == 1
    assert "seconds must be a positive number" in err


def test_an_interruption_before_training_is_said(run, monkeypatch):
    def interrupt(seed):
        raise KeyboardInterrupt

    monkeypatch.setitem(TASKS, "moons", TASKS["moons"].__class__("", interrupt, list))
    code, _, err = run("train", "moons")
    assert (code, err) == (130, "plaingrad: interrupted\n")


# Reading.


def test_reading_a_run(digits, run, tmp_path):
    folder, _ = digits
    net = pg.load(folder / "model.safetensors")
    for model in (folder, folder / "model.safetensors"):
        code, out, _ = run("longhand", model)
        assert (code, out) == (0, (folder / "longhand.py").read_text())
    assert run("longhand", folder, "--lang", "zh")[1] == net.longhand(lang="zh")
    assert run("summary", folder)[1] == f"{net.summary()}\n"
    code, out, _ = run("longhand", folder, "--out", "script.py")
    assert out == "wrote script.py\n"
    assert (tmp_path / "script.py").read_text() == net.longhand()


def test_a_diagram_is_drawn_beside_the_table(digits, run, tmp_path):
    for name, start in [
        ("net.png", b"\x89PNG"),
        ("net.svg", b"<?xml"),
        ("n.pdf", b"%PDF"),
    ]:
        code, out, _ = run("summary", digits[0], "--diagram", name)
        assert code == 0
        assert out.endswith(f"wrote {name}\n")
        assert (tmp_path / name).read_bytes().startswith(start)
    code, out, err = run("summary", digits[0], "--diagram", "net.doc")
    assert (code, out) == (1, "")
    assert "unknown kind of picture '.doc'" in err


def test_derivations_are_printed(digits, run, tmp_path):
    net = pg.load(digits[0] / "model.safetensors")
    assert run("derivation", digits[0])[1].strip() == net.derivation().strip()
    code, _, _ = run("derivation", digits[0], "--html", "--out", "page.html")
    assert code == 0
    assert "<math" in (tmp_path / "page.html").read_text()


@pytest.mark.parametrize(
    "command", ["longhand", "derivation", "summary", "engine", "predict"]
)
def test_models_that_are_not_there(command, run, tmp_path):
    more = ["samples.csv"] if command == "predict" else []
    code, out, err = run(command, "runs/none", *more)
    assert (code, out) == (1, "")
    assert err == "plaingrad: there is no model file runs/none.\n"
    code, _, err = run(command, tmp_path, *more)
    assert "holds no model.safetensors, so it is no run. Train one:" in err
    (tmp_path / "text.csv").write_text("1,2\n")
    code, _, err = run(command, "text.csv", *more)
    assert "text.csv is damaged or no safetensors file" in err


def test_a_language_that_is_not_there(digits, run):
    code, _, err = run("longhand", digits[0], "--lang", "fr")
    assert (code, err) == (1, "plaingrad: unknown language 'fr'. Known: en, zh.\n")


def test_a_reader_that_has_seen_enough(digits):
    command = f"{sys.executable} -m plaingrad longhand {digits[0]} | head -n 1"
    found = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert found.stdout.startswith('"""Sequential(')
    assert found.stderr == ""


# The engine.


@pytest.fixture
def moons(run, tmp_path, monkeypatch):
    """The folder of a short training, and no long measurements."""
    pytest.importorskip("llvmlite")
    monkeypatch.setattr("plaingrad.native.measure.ENOUGH", 0.001)
    run("train", "moons", "--epochs", 1, "--hidden", 8)
    return tmp_path / "runs" / "moons"


def test_the_engine_of_a_run_and_of_a_model(moons, run, tmp_path):
    code, out, err = run("engine", moons)
    assert (code, err) == (0, "")
    assert out.startswith("Sequential(Flatten(), Linear(8), ReLU(), Linear(2))\n")
    assert "an update: 32 of 240 samples, float32\n" in out
    code, alone, _ = run("engine", moons / "model.safetensors", "--out", "told.txt")
    assert (code, alone) == (0, "wrote told.txt\n")
    told = (tmp_path / "told.txt").read_text()
    assert told.splitlines()[:4] == out.splitlines()[:4]


def test_data_that_cannot_be_measured(moons, run):
    with np.load(moons / "data.npz") as found:
        arrays = dict(found)
    np.savez(moons / "data.npz", **{**arrays, "X": arrays["X"][:, :1]})
    code, out, err = run("engine", moons)
    assert (code, out) == (1, "")
    assert "trains on X of shape (240, 2), got (240, 1)" in err
    np.savez(moons / "data.npz", **{**arrays, "y": arrays["y"] + 1})
    assert "y must hold labels from 0 to 1" in run("engine", moons)[2]
    (moons / "data.npz").write_bytes(b"PK\x03\x04 and no more")
    code, _, err = run("engine", moons)
    assert code == 1
    assert "data.npz cannot be read: " in err


def test_an_engine_that_is_not_there(moons, run, monkeypatch):
    monkeypatch.setattr(cli, "available", lambda: False)
    code, _, err = run("engine", moons)
    assert code == 1
    assert err.startswith("plaingrad: the native engine needs llvmlite")


# Proving.


def test_a_run_is_proved_and_the_proof_kept(moons, run, tmp_path):
    code, out, err = run("prove", moons)
    assert (code, err) == (0, "")
    assert "Proved: every gradient" in out
    assert "Linear(8)" in out
    code, out, _ = run("prove", moons, "--keep", "--out", "proof.html", "--lang", "zh")
    model = moons / "model.safetensors"
    assert (code, out) == (0, f"wrote proof.html\nkept in {model}\n")
    assert "已证明" in (tmp_path / "proof.html").read_text(encoding="utf-8")
    code, out, err = run("prove", moons)
    assert code == 0
    assert err.startswith("The certificate holds: ")
    assert out.startswith("Certificate of ")
    net = pg.load(model)
    net.params["W1"][0, 0] += 1
    net.save(model, certificate=pg.load_certificate(model))
    code, _, err = run("prove", moons)
    assert code == 0
    assert "changed since it was made: the weights" in err


def test_data_to_prove_on(moons, run, tmp_path):
    model = moons / "model.safetensors"
    code, alone, _ = run("prove", model)
    assert code == 0
    assert "on 16 of 240 samples" in alone
    X, y = np.random.default_rng(0).normal(size=(30, 2)), np.arange(30) % 2
    np.savez(tmp_path / "other.npz", X=X, y=y)
    code, out, _ = run("prove", model, tmp_path / "other.npz", "--out", "proof.json")
    assert (code, out) == (0, "wrote proof.json\n")
    assert pg.load_certificate(tmp_path / "proof.json").given == 30
    np.savez(tmp_path / "half.npz", X=X)
    code, _, err = run("prove", model, "half.npz")
    assert (code, err) == (
        1,
        "plaingrad: half.npz holds no array y. Give a .npz file with the arrays X and "
        "y.\n",
    )
    (tmp_path / "no.npz").write_bytes(b"nothing")
    assert "no.npz cannot be read" in run("prove", model, "no.npz")[2]


def test_something_wrong_is_exit_code_1(moons, run, monkeypatch):
    rule = OPS["maximum"].grad
    wrong = lambda y, g: [2 * part for part in rule(y, g)]  # noqa: E731
    try:
        object.__setattr__(OPS["maximum"], "grad", wrong)
        code, out, err = run("prove", moons)
    finally:
        object.__setattr__(OPS["maximum"], "grad", rule)
    assert code == 1
    assert "W1 is wrong." in out
    assert err == "plaingrad: the certificate tells of something wrong.\n"


def test_without_an_engine_and_without_data_nothing_is_made_up(moons, run, monkeypatch):
    monkeypatch.setattr(cli, "available", lambda: False)
    code, _, err = run("prove", moons / "model.safetensors")
    assert code == 1
    assert "there are no data for" in err


# The worksheet.


def test_a_worksheet_is_printed_for_a_row(moons, run):
    code, out, _ = run("worksheet", moons, "--row", "2")
    assert code == 0
    with np.load(moons / "data.npz") as arrays:
        X, y = arrays["X"][2:3], arrays["y"][2:3]
    net = pg.load(moons / "model.safetensors")
    assert out == f"{pg.lessons.worksheet(net, X, y, class_weight=None)}\n"
    code, _, err = run("worksheet", moons, "--row", "-1")
    assert code == 1
    assert "--row must lie in 0 .. " in err


def test_a_worksheet_is_written(moons, run, tmp_path):
    np.savez(tmp_path / "data.npz", X=np.ones((1, 2)), y=np.array([1]))
    page = tmp_path / "sheet.html"
    code, out, _ = run(
        *("worksheet", moons / "model.safetensors", tmp_path / "data.npz"),
        *("--out", page, "--lang", "zh"),
    )
    assert (code, out) == (0, f"wrote {page}\n")
    assert "逐步演算" in page.read_text(encoding="utf-8")
    code, _, err = run("worksheet", moons, "--out", tmp_path / "sheet.pdf")
    assert code == 1
    assert "unknown kind of file '.pdf'" in err


# Predicting.


@pytest.fixture
def samples(digits, tmp_path):
    X, _ = pg.data.digits()
    net = pg.load(digits[0] / "model.safetensors")
    images = X[:5].reshape(-1, 8, 8, 1)
    return X[:5], net.predict(images), net.predict_proba(images)


def test_predicting_files_of_every_form(digits, samples, run, tmp_path):
    X, labels, _ = samples
    expected = "".join(f"{label}\n" for label in labels)
    names = ",".join(f"pixel {i}" for i in range(64))
    np.savetxt(tmp_path / "plain.csv", X, delimiter=",")
    np.savetxt(tmp_path / "named.csv", X, delimiter=",", header=names, comments="")
    np.savetxt(tmp_path / "marked.csv", X, delimiter=";", encoding="utf-8-sig")
    np.savetxt(tmp_path / "tabs.tsv", X, delimiter="\t")
    np.savetxt(tmp_path / "blanks.txt", X)
    np.save(tmp_path / "rows.npy", X)
    np.save(tmp_path / "images.npy", X.reshape(-1, 8, 8, 1))
    np.savez(tmp_path / "named.npz", X=X, y=labels)
    files = ["plain.csv", "named.csv", "marked.csv", "tabs.tsv", "blanks.txt"]
    for name in [*files, "rows.npy", "images.npy", "named.npz"]:
        assert run("predict", digits[0], name) == (0, expected, ""), name


def test_predicting_one_sample(digits, samples, run, tmp_path):
    X, labels, _ = samples
    np.savetxt(tmp_path / "one.csv", X[:1], delimiter=",")
    np.save(tmp_path / "row.npy", X[0])
    np.save(tmp_path / "image.npy", X[0].reshape(8, 8, 1))
    for name in ("one.csv", "row.npy", "image.npy"):
        assert run("predict", digits[0], name) == (0, f"{labels[0]}\n", "")


def test_predicting_probabilities(digits, samples, run, tmp_path):
    X, labels, shares = samples
    np.save(tmp_path / "X.npy", X)
    _, out, _ = run("predict", digits[0], "X.npy", "--proba")
    rows = np.array([line.split(",") for line in out.splitlines()], dtype="f")
    np.testing.assert_array_equal(rows, shares)
    _, out, _ = run("predict", digits[0], "X.npy", "--proba", "--out", "p.csv")
    assert out == "wrote p.csv\n"
    found = np.loadtxt(tmp_path / "p.csv", delimiter=",", dtype="f")
    np.testing.assert_array_equal(found, shares)
    run("predict", digits[0], "X.npy", "--out", "labels.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "labels.npy"), labels)


def test_predicting_numbers(run, tmp_path):
    X = np.linspace(-1, 1, 5)[:, None]
    net = pg.Sequential(pg.Linear(2))
    net.fit(X, np.hstack([X, 2 * X]), epochs=1, dtype="float64")
    net.save(tmp_path / "line.safetensors")
    (tmp_path / "X.csv").write_text(
        "x\n" + "".join(f"{x!r}\n" for x in X[:, 0].tolist())
    )
    _, out, _ = run("predict", "line.safetensors", "X.csv")
    rows = np.array([line.split(",") for line in out.splitlines()], dtype=float)
    np.testing.assert_array_equal(rows, net.predict(X))


def write_wrong_files(folder):
    (folder / "wide.csv").write_text("1,2,3\n4,5,6\n")
    np.savetxt(folder / "labelled.csv", np.zeros((3, 65)), delimiter=",")
    (folder / "text.csv").write_text("a,b\nc,d\n")
    (folder / "ragged.csv").write_text("1,2\n3\n")
    (folder / "empty.csv").write_text("\n\n")
    (folder / "names.csv").write_text("a,b\n")
    (folder / "latin.csv").write_bytes(b"\xff\xfe\xe9,\xe9\n1,2\n")
    (folder / "broken.npz").write_bytes(b"PK\x03\x04 and no more")
    (folder / "broken.npy").write_bytes(b"\x93NUMPY")
    (folder / "empty.npy").write_bytes(b"")
    np.savez(folder / "other.npz", images=np.zeros((3, 64)))
    np.save(folder / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    np.save(folder / "gaps.npy", np.full((2, 64), np.nan))
    np.save(folder / "cube.npy", np.zeros((2, 4, 4, 4)))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.csv", "there is no file none.csv"),
        (".", "there is no file ."),
        ("wide.csv", "wide.csv has 3 columns, and the network takes 64 numbers"),
        (
            "labelled.csv",
            "65 columns, and the network takes 64 numbers a sample. Is",
        ),
        ("text.csv", "text.csv cannot be read: could not convert string 'c'"),
        ("ragged.csv", "ragged.csv cannot be read: the number of columns changed"),
        ("empty.csv", "empty.csv cannot be read: it is empty"),
        ("names.csv", "it holds names, and no numbers below them"),
        ("latin.csv", "latin.csv cannot be read: 'utf-8' codec"),
        ("broken.npz", "broken.npz cannot be read: "),
        ("broken.npy", "broken.npy cannot be read: "),
        ("empty.npy", "empty.npy cannot be read: "),
        ("other.npz", "it holds images, and no X"),
        ("objects.npy", "objects.npy cannot be read: Object arrays cannot be loaded"),
        ("gaps.npy", "X has NaN in rows 0, 1"),
        ("cube.npy", "The entries are as many: pass X.reshape(-1, 8, 8, 1)"),
    ],
)
def test_files_that_cannot_be_predicted(name, message, digits, run, tmp_path):
    write_wrong_files(tmp_path)
    code, out, err = run("predict", digits[0], name)
    assert (code, out) == (1, "")
    assert err.startswith("plaingrad: ")
    assert message in err


def test_places_that_cannot_be_written(digits, samples, run, tmp_path):
    np.save(tmp_path / "X.npy", samples[0])
    for out in ("missing/labels.csv", "missing/labels.npy"):
        code, _, err = run("predict", digits[0], "X.npy", "--out", out)
        assert (code, err) == (
            1,
            f"plaingrad: cannot write {out}: there is no folder missing. "
            "Make it first.\n",
        )


# Help.


def test_without_arguments_it_shows_its_help(run):
    code, out, err = run()
    assert (code, err) == (0, "")
    assert out == run("--help")[1]
    for command in COMMANDS:
        assert f"\n    {command}" in out
    assert "plaingrad train digits" in out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command, run):
    code, out, _ = run(command, "--help")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 90
    if command == "train":
        assert all(f"\n  {name} " in out for name in TASKS)


def examples():
    texts = (
        cli.EXAMPLES,
        train.TRAINING,
        search.SEARCHING,
        cli.PREDICTING,
        cli.PROVING,
        cli.TEACHING,
    )
    lines = [line.strip() for text in texts for line in text.splitlines()]
    return [line.split("   ")[0] for line in lines if line.startswith("plaingrad ")]


@pytest.mark.parametrize("line", [e for e in examples() if "COMMAND" not in e])
def test_the_examples_of_the_help_are_right(line, monkeypatch):
    asked = []
    functions = {"summary": "summarise", "engine": "measure"}
    for name in (functions.get(command, command) for command in COMMANDS):
        monkeypatch.setattr(cli, name, asked.append)
    assert cli.main(line.split()[1:]) == 0
    assert len(asked) == 1
    if hasattr(asked[0], "task"):
        task = asked[0].task
        assert task in TASKS or is_table(task) or is_folder(task)


def test_the_version_is_told(run):
    assert run("--version") == (0, f"plaingrad {pg.__version__}\n", "")


def test_pictures_open_no_window(run, monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)
    run("summary", "nothing")
    assert os.environ["MPLBACKEND"] == "agg"
