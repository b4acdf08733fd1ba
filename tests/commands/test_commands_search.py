"""`plaingrad search`: what it tries, writes, and goes on with."""

import csv
import json
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

import plaingrad as pg
from columns.tables import flats, write
from plaingrad.commands.tasks import find
from plaingrad.train import abreast as side
from plaingrad.train import loop as train_loop
from plaingrad.train.tally import Tally

pytest.importorskip("optuna")
ONE = ("--hidden", 6, "--optimizer", "sgd", "--batch-size", 16, "--dropout", 0)
"""One program for all trials, so that it is compiled once."""
MOONS = ("search", "moons", *ONE, "--epochs", 6, "--parallel", 1)


@pytest.fixture(autouse=True)
def _quick(monkeypatch, tmp_path):
    """Work in an empty folder, and write no pictures: drawing is slow, and tested."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Figure, "savefig", lambda _, file, **__: file.write(b""))


def rows(folder):
    """Return what was tried, without the time that it took."""
    lines = (folder / "trials.csv").read_text().splitlines()
    return [{**row, "seconds": ""} for row in csv.DictReader(lines)]


def params(folder):
    return pg.load(folder / "model.safetensors").params


def same(one, other):
    return all(np.array_equal(value, other[name]) for name, value in one.items())


def shown(out):
    """Return the words of the command that trains the best network again."""
    (line,) = [x for x in out.splitlines() if x.startswith("plaingrad train")]
    return shlex.split(line)[1:]


def test_a_task_is_searched_and_the_best_network_trained(command_line, tmp_path):
    words = ("search", "digits", "--trials", 5, "--epochs", 8, "--layers", "1..2")
    code, out, err = command_line(*words, "--width", 16, "--batch-size", 64)
    assert (code, err) == (0, "")
    folder = tmp_path / "runs" / "digits-search"
    names = {path.name for path in folder.iterdir()}
    assert names == {
        *("search.journal", "trials.csv", "history.png", "settings.png"),
        *("search.md", "best"),
    }
    assert "searched: layers 1..2; width 16; dropout 0..0.5; optimizer adam,mom" in out
    found = rows(folder)
    assert {row["width"] for row in found} == {"16"}
    best = max(float(row["val_accuracy"]) for row in found if row["outcome"] == "done")
    told = json.loads((folder / "best" / "history.json").read_text())
    kept = (told["best_epoch"] or len(told["val_score"])) - 1
    assert told["val_score"][kept] == best
    again = shown(out)
    assert again[:2] == ["train", "digits"]
    assert command_line(*again[:-1], "again")[0] == 0
    assert same(params(folder / "best"), params(tmp_path / "again"))
    page = (folder / "search.md").read_text()
    assert shlex.join(["plaingrad", *again]) in page
    assert "from plaingrad import " in page


def test_test_data_are_touched_once_and_last(command_line, monkeypatch):
    order = []
    real = pg.Network.evaluate
    begun = pg.tuning.trials.Session.run

    def evaluate(self, X, y):
        order.append("test")
        return real(self, X, y)

    def run(self, *args):
        order.append("train")
        return begun(self, *args)

    monkeypatch.setattr(pg.Network, "evaluate", evaluate)
    monkeypatch.setattr(pg.tuning.trials.Session, "run", run)
    assert command_line(*MOONS, "--trials", 3)[0] == 0
    assert order == ["train"] * 4 + ["test"]


def test_the_report_can_be_in_chinese(command_line, tmp_path):
    from plaingrad.tuning.pages import SENTENCES

    assert SENTENCES["zh"].keys() == SENTENCES["en"].keys()
    code, out, err = command_line(*MOONS, "--trials", 2, "--lang", "zh")
    assert (code, err) == (0, "")
    page = (tmp_path / "runs/moons-search/search.md").read_text(encoding="utf-8")
    assert page.startswith("# 搜索结果\n\n2 次尝试中，最好的是第 ")
    assert "- 2 *done*：训练到了最后。" in page
    assert shlex.join(["plaingrad", *shown(out)]) in page


def test_the_usual_network_of_a_task_can_be_kept(command_line, tmp_path):
    words = ("search", "blobs", "--hidden", "usual", "--epochs", 4, "--trials", 2)
    code, out, _ = command_line(*words, "--optimizer", "adam", "--batch-size", 32)
    assert code == 0
    assert "searched: optimizer adam; lr 0.0001..0.1; l2 1e-06..0.01; batch_" in out
    assert "--hidden" not in shown(out)
    net = pg.load(tmp_path / "runs/blobs-search/best/model.safetensors")
    assert repr(net) == repr(find("blobs").network(3))


def test_a_table_is_searched(command_line, tmp_path):
    write(tmp_path / "flats.csv", flats(150))
    words = ("search", "flats.csv", "--target", "rent", "--kind", "balcony=ignore")
    code, out, _ = command_line(*words, *ONE[:-2], "--trials", 3, "--epochs", 10)
    assert code == 0
    assert "val_r2" in out
    again = shown(out)
    assert again[:6] == [
        *("train", "flats.csv", "--kind", "balcony=ignore", "--target", "rent")
    ]
    folder = tmp_path / "runs/flats-search/best"
    assert (folder / "report.html").is_file()
    assert command_line(*again[:-1], "again")[0] == 0
    assert same(params(folder), params(tmp_path / "again"))


def test_quiet_says_only_the_command_and_the_result(command_line):
    code, out, err = command_line(*MOONS, "--trials", 2, "--quiet")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert [line.split()[0] for line in lines] == ["plaingrad", "test"]


def test_full_batches_are_searched(command_line, tmp_path):
    words = ("search", "moons", "--hidden", 4, "--epochs", 5, "--trials", 2)
    code, out, _ = command_line(*words, "--optimizer", "lbfgs")
    assert code == 0
    assert "--optimizer lbfgs --l2" in out
    assert same(
        params(tmp_path / "runs/moons-search/best"),
        pg.load("runs/moons-search/best/model.safetensors").params,
    )


def test_an_interrupted_search_goes_on(command_line, tmp_path, monkeypatch):
    assert command_line(*MOONS, "--trials", 14, "--out", "whole")[0] == 0

    def tell(self, running):
        if self.done >= 3:
            raise KeyboardInterrupt

    words = (*MOONS, "--trials", 14, "--out", "run")
    with monkeypatch.context() as patch:
        patch.setattr(Tally, "tick", tell)
        patch.setattr(side, "PAUSE", 0.001)
        code, out, _ = command_line(*words)
    assert code == 0
    assert out.endswith("--trials 14 --out run --resume\n")
    assert not (tmp_path / "run" / "best").exists()
    code, _, err = command_line(*words)
    assert code == 1
    assert "run holds a search. Go on with it by resume" in err
    assert command_line(*words, "--resume")[0] == 0
    assert rows(tmp_path / "run") == rows(tmp_path / "whole")
    whole = params(tmp_path / "whole" / "best")
    assert same(params(tmp_path / "run" / "best"), whole)


def test_the_last_training_goes_on_too(command_line, tmp_path, monkeypatch):
    assert command_line(*MOONS, "--trials", 1, "--out", "whole")[0] == 0

    def shuffled(count, seed, epoch):
        here = threading.current_thread() is threading.main_thread()
        if here and epoch == 3:
            signal.raise_signal(signal.SIGINT)
        return real(count, seed, epoch)

    real = train_loop.shuffled
    words = (*MOONS, "--trials", 1, "--out", "run")
    with monkeypatch.context() as patch:
        patch.setattr(train_loop, "shuffled", shuffled)
        code, out, _ = command_line(*words)
    assert code == 0
    assert out.endswith("--out run/best --resume\n")
    shutil.copytree(tmp_path / "run", tmp_path / "more")
    code, out, _ = command_line(*words, "--resume")
    assert code == 0
    assert "6 epochs in" in out
    whole = params(tmp_path / "whole" / "best")
    assert same(params(tmp_path / "run" / "best"), whole)
    # where more trials have found a better one, that is trained, and from its start
    first = shown(out)
    words = (*MOONS, "--trials", 12, "--out", "more", "--resume")
    code, out, err = command_line(*words)
    assert (code, err) == (0, "")
    assert shown(out)[:-1] != first[:-1]
    assert not (tmp_path / "more" / "best" / "checkpoints").exists()


@pytest.mark.parametrize("lines", [3, 40, 95])
def test_a_search_that_was_killed_goes_on(lines, command_line, tmp_path):
    words = [str(word) for word in (*MOONS, "--trials", 12, "--out", "run")]
    place = tmp_path / "run" / "search.journal"
    program = [sys.executable, "-m", "plaingrad", *words, "--quiet"]
    running = subprocess.Popen(program, cwd=tmp_path, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while running.poll() is None and time.monotonic() < deadline:
        if place.is_file() and place.read_bytes().count(b"\n") >= lines:
            break
        time.sleep(0.0005)
    running.kill()
    running.wait()
    assert not (tmp_path / "run" / "best").exists()
    assert command_line(*words, "--resume")[0] == 0
    assert command_line(*MOONS, "--trials", 12, "--out", "whole")[0] == 0
    assert rows(tmp_path / "run") == rows(tmp_path / "whole")
    whole = params(tmp_path / "whole" / "best")
    assert same(params(tmp_path / "run" / "best"), whole)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--lr", "fast"], "lr: expected numbers as 32, a range as 16..128"),
        (["--lang", "fr"], "unknown language 'fr'"),
        (["--dropout", "0..1"], "dropout: rate must lie in [0, 1), got 1.0"),
        (["--lr", "1..0.1"], "lr: a range needs a lower number first, got 1..0.1"),
        (["--optimizer", "adm"], "optimizer: unknown optimizer 'adm'. Did you mean"),
        (["--trials", "0"], "trials must be a whole number"),
        (["--monitor", "loss"], "unknown monitor 'loss'"),
        (["--hidden", "4", "--layers", "2"], "hidden says all of it: leave layers out"),
        (["--hidden", "a"], "--hidden takes widths such as 64,32"),
        (["--resume"], "there is no search in runs/moons-search to go on with"),
    ],
)
def test_mistakes_are_said_before_any_work(words, told, command_line, monkeypatch):
    def never(*args):
        raise AssertionError("training has begun")

    monkeypatch.setattr("plaingrad.tuning.trials.Session.run", never)
    code, _, err = command_line("search", "moons", *words)
    assert code == 1
    assert err.startswith("plaingrad: ")
    assert not Path("runs").exists()
    assert told in err
