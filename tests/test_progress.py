"""The live display: on a terminal, elsewhere, and not at all."""

import io

import pytest

import plaingrad as pg
import zoo
from plaingrad.train import progress
from plaingrad.train.progress import Progress, wanted


class Terminal(io.StringIO):
    def isatty(self):
        return True


def fit(stream, **settings):
    X, y = zoo.blobs(20)
    net = pg.Sequential(pg.Linear(3))
    # the reference tells of each update
    settings = {"epochs": 40, "batch_size": 5, "engine": "reference", **settings}
    net.fit(X, y, callbacks=[Progress(settings["epochs"], stream)], **settings)
    return stream.getvalue()


@pytest.fixture
def eager(monkeypatch):
    monkeypatch.setattr(progress, "REFRESH", -1)


def lines_on(text):
    """What a terminal of 80 columns would have shown, one after the other."""
    return text.removesuffix("\n").split("\r")[1:]


def test_a_terminal_shows_one_line_that_is_drawn_again(eager):
    text = fit(Terminal(), validation=0.25)
    start, last = text.split("\r")[0], text.split("\r")[-1]
    assert "chosen: loss CrossEntropy: y holds one class" in start
    shown = lines_on(text)
    assert len(shown) == 40 * 3 + 1
    assert {len(line) for line in shown} == {79}
    assert shown[0].startswith("epoch 1/40  [..............]  loss ")
    assert shown[60].startswith("epoch 21/40  [#######.......]  loss ")
    assert "val_accuracy" in shown[-1]
    assert shown[60].rstrip().endswith(" s left")
    assert last.endswith("\n")
    assert last.rstrip().endswith(" s in all")
    assert shown[-1].startswith("epoch 40/40  [##############]")


def test_a_narrow_terminal_loses_what_matters_least(eager, monkeypatch):
    monkeypatch.setattr(progress, "columns", lambda stream: 60)
    shown = lines_on(fit(Terminal(), validation=0.25))
    assert {len(line) for line in shown} == {59}
    assert "[" not in shown[-1]
    assert "val_loss" not in shown[-1]
    assert "val_accuracy" in shown[-1]
    monkeypatch.setattr(progress, "columns", lambda stream: 120)
    shown = lines_on(fit(Terminal(), validation=0.25))
    assert "val_loss" in shown[-1]
    assert "[" in shown[-1]


def test_drawing_takes_little_of_the_time(monkeypatch):
    monkeypatch.setattr(progress, "REFRESH", 1e9)
    assert len(lines_on(fit(Terminal()))) <= 2


def test_elsewhere_it_writes_about_ten_lines():
    lines = fit(io.StringIO(), optimizer=pg.SGD(0.1), loss=pg.CrossEntropy())
    found = lines.splitlines()
    assert "\r" not in lines
    assert [line.split("  ")[0] for line in found] == [
        f"epoch {epoch}/40" for epoch in (4, 8, 12, 16, 20, 24, 28, 32, 36, 40)
    ]
    assert found[-1].endswith(" s in all")
    assert len(fit(io.StringIO(), epochs=3, validation=0.2).splitlines()) == 3 + 2


def test_the_last_line_tells_where_training_stopped(eager):
    class Stops(pg.Callback):
        def on_epoch_end(self, history):
            return history.epochs == 7

    X, y = zoo.blobs(20)
    stream = Terminal()
    watchers = [Stops(), Progress(40, stream)]
    pg.Sequential(pg.Linear(3)).fit(X, y, epochs=40, callbacks=watchers)
    assert lines_on(stream.getvalue())[-1].startswith("epoch 7/40  [##")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "epoch 0/1  0.2 s in all"),
        (59.4, "epoch 0/1  59.4 s in all"),
        (59.6, "epoch 0/1  1:00 in all"),
        (200, "epoch 0/1  3:20 in all"),
        (3723, "epoch 0/1  1:02:03 in all"),
    ],
)
def test_durations_are_as_people_say_them(seconds, text):
    assert Progress(1, io.StringIO()).line(pg.History(), seconds, final=True) == text


def test_the_time_left_is_in_proportion():
    display = Progress(10, io.StringIO())
    history = pg.History(updates_per_epoch=2, batch_loss=[3.0] * 5, loss=[3.0, 2.0])
    assert display.line(history, 30.0) == "epoch 2/10  loss 2.0000  90 s left".replace(
        "90 s", "1:30"
    )


def test_it_is_shown_when_somebody_looks(monkeypatch, capsys):
    assert not wanted(None)
    assert wanted(True)
    assert not wanted(False)
    X, y = zoo.blobs(20)
    pg.Sequential(pg.Linear(3)).fit(X, y, epochs=3)
    assert capsys.readouterr() == ("", "")
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    pg.Sequential(pg.Linear(3)).fit(X, y, epochs=3)
    assert "epoch 3/3" in terminal.getvalue()
    assert capsys.readouterr().out == ""
    terminal.truncate(0)
    pg.Sequential(pg.Linear(3)).fit(X, y, epochs=3, verbose=False)
    assert "epoch" not in terminal.getvalue()
