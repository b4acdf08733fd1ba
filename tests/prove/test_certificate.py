"""Certificates: what is right is proved, what is wrong is found, and kinks are counted.

`python tests/prove/test_certificate.py --write` renews the texts; read the difference.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plaingrad as pg
from plaingrad.errors import DataError, FileError, PlaingradError, SettingError
from plaingrad.graph import Node
from plaingrad.native.errors import Unsupported
from plaingrad.op import OPS
from plaingrad.prove.certificate import certify, compare, links
from plaingrad.prove.certificate.certify import digest
from plaingrad.prove.certificate.record import Certificate, Link, Row
from plaingrad.prove.certificate.sentences import SENTENCES
from plaingrad.train import engines
from zoo import NAMES, ZOO, blobs, images, line

TEXTS = Path(__file__).parent / "certificates"


@cache
def proved(name: str) -> Certificate:
    """Return the certificate of a network of the zoo, before its training."""
    animal = ZOO[NAMES.index(name)]
    return animal.network().prove(*animal.data(), **animal.settings)


def row(certificate: Certificate, name: str) -> Row:
    return next(one for one in certificate.rows if one.name == name)


def verdicts(certificate: Certificate) -> dict[str, str]:
    return {one.name: one.verdict for one in certificate.rows}


def chain(certificate: Certificate) -> dict[str, str]:
    return {one.name: one.verdict for one in certificate.links}


# What is right is proved.


@pytest.mark.parametrize("name", NAMES)
def test_the_whole_zoo_is_proved(name: str) -> None:
    found = proved(name)
    assert found.ok, str(found)
    animal = ZOO[NAMES.index(name)]
    names = list(animal.network().build(animal.data()[0]).params)
    assert [one.name for one in found.rows] == ["X", *names]
    for one in found.rows:
        if one.verdict == "frozen":
            continue
        assert one.method == "complex step"
        assert one.error is not None
        assert one.error < 1e-12
        assert one.kinks == 0
        assert one.second is None or one.second < 1e-7
        assert one.worst is None
        assert one.checked == min(np.prod(one.shape), 40)
        assert one.ways == (2 if np.prod(one.shape) > 40 else 1)
    assert list(chain(found)) == ["script", "native"]
    for link in found.links:
        assert link.verdict == "left out" or link.error < 1e-11


def test_most_arrays_are_measured_in_a_second_way() -> None:
    rows = [one for name in NAMES for one in proved(name).rows]
    measured = [one for one in rows if one.verdict == "proved"]
    second = [one for one in measured if one.second is not None]
    assert len(second) > 0.9 * len(measured)


@pytest.mark.parametrize("name", ["spiral", "dropout", "pooling", "weighted", "frozen"])
def test_present_weights_are_proved_after_training(name: str) -> None:
    net = ZOO[NAMES.index(name)].fit()
    before = {name: value.copy() for name, value in net.params.items()}
    session = net.session
    found = net.prove()
    assert found.ok, str(found)
    assert found.marks["weights"] != proved(name).marks["weights"]
    assert net.session is session
    for key, value in before.items():
        np.testing.assert_array_equal(net.params[key], value)
        assert net.params[key].dtype == value.dtype


def test_lenet_is_proved() -> None:
    X, y = images(40, 28)
    net = pg.Sequential(
        *(pg.Conv2d(6, 5, padding="same"), pg.ReLU(), pg.MaxPool2d(2)),
        *(pg.Conv2d(16, 5), pg.ReLU(), pg.MaxPool2d(2), pg.Flatten()),
        *(pg.Linear(120), pg.ReLU(), pg.Linear(84), pg.ReLU(), pg.Linear(10)),
    )
    net.fit(X, y, epochs=1, batch_size=8)
    found = net.prove(X, y)
    assert found.ok, str(found)
    assert len(found.rows) == 11
    assert max(one.error for one in found.rows) < 1e-12


def test_what_was_drawn_and_done_is_told() -> None:
    found = proved("deep")
    assert (found.samples, found.given, found.updates) == (16, 23, 3)
    assert row(found, "W2").shape == (64, 64)
    assert (row(found, "W2").checked, row(found, "W2").ways) == (40, 2)
    assert (row(found, "b3").checked, row(found, "b3").ways) == (3, 1)
    found = pg.Sequential(pg.Linear(20)).prove(*line(outputs=20), entries=100)
    assert (row(found, "X").checked, row(found, "b1").checked) == (10, 20)
    found = pg.Sequential(pg.Linear(20)).prove(*line(outputs=20), entries=7)
    assert (row(found, "X").checked, row(found, "b1").checked) == (7, 7)


def test_a_large_network_is_proved_on_fewer_samples() -> None:
    X, y = images(8, 24)
    net = pg.Sequential(pg.Conv2d(40, 9), pg.ReLU(), pg.Conv2d(20, 9), pg.Flatten())
    net = pg.Sequential(net, pg.Linear(2))
    work = net.summary(X).multiply_adds
    found = net.prove(X, y, entries=2)
    assert found.ok
    assert found.samples == max(certify.WORK // work, 2) < 8


def test_penalties_belong_to_the_loss() -> None:
    X, y = blobs()
    settings = {"l1": 0.01, "l2": 0.5}
    net = pg.Sequential(pg.Linear(3))
    plain, more = net.prove(X, y), net.prove(X, y, **settings)
    assert plain.ok
    assert more.ok
    assert (more.l1, more.l2) == (0.01, 0.5)
    W = net.build(X, dtype="float64").params["W1"]
    penalty = 0.25 * (W**2).sum() + 0.01 * np.abs(W).sum()
    assert more.value - plain.value == pytest.approx(penalty)


def test_a_partly_frozen_array_is_proved_whole() -> None:
    found = proved("masked")
    assert row(found, "W1").checked == 24
    assert chain(found)["script"] == "proved"


def test_a_frozen_array_has_no_gradient() -> None:
    found = proved("frozen")
    kept = row(found, "W1")
    assert (kept.verdict, kept.error, kept.checked) == ("frozen", None, 0)
    assert found.ok


def test_without_llvmlite_a_link_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "available", lambda: False)
    found = pg.Sequential(pg.Linear(3)).prove(*blobs())
    assert chain(found) == {"script": "proved", "native": "left out"}
    assert found.ok
    assert engines.MISSING in str(found).replace("\n", " ")


def test_what_has_no_native_form_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: links.Chain) -> None:
        raise Unsupported("a thing")

    monkeypatch.setattr(links.Chain, "by_machine", refuse)
    found = pg.Sequential(pg.Linear(3)).prove(*blobs())
    assert chain(found)["native"] == "left out"
    assert "cannot run a thing" in str(found).replace("\n", " ")


def test_an_operation_without_complex_form_is_measured_by_differences(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    X, y = blobs()
    net = pg.Sequential(pg.Linear(3), pg.Tanh(), pg.Linear(3))
    with changed("tanh", analytic=False):
        found = net.prove(X, y)
        with changed("tanh", grad=lambda y, g: (g * (1 - 1.001 * y**2),)):
            wrong = net.prove(X, y)
    methods = {one.name: one.method for one in found.rows}
    assert methods == {
        **dict.fromkeys(("X", "W1", "b1"), "differences"),
        **dict.fromkeys(("W2", "b2"), "complex step"),
    }
    assert found.ok
    assert "differences" in str(found)
    assert max(row(found, name).error for name in ("X", "W1", "b1")) < 1e-7
    assert [name for name, v in verdicts(wrong).items() if v == "wrong"] == [
        *("X", "W1", "b1")
    ]


# What is wrong is found.


@contextmanager
def changed(name: str, **fields: Any) -> Iterator[None]:
    """Change the record of an operation for a while."""
    op = OPS[name]
    before = {field: getattr(op, field) for field in fields}
    for field, value in fields.items():
        object.__setattr__(op, field, value)
    try:
        yield
    finally:
        for field, value in before.items():
            object.__setattr__(op, field, value)


def scaled(name: str, factor: float, place: int = 0) -> Any:
    """Return the rule of an operation, one of its adjoints times a factor."""
    rule: Any = OPS[name].grad

    def wrong(y: Node, g: Node) -> list[Node | None]:
        parts = list(rule(y, g))
        parts[place] = parts[place] * factor
        return parts

    return wrong


CNN = lambda: pg.Sequential(  # noqa: E731
    *(pg.Conv2d(3, 3), pg.Tanh(), pg.MaxPool2d(2), pg.Flatten(), pg.Linear(2))
)
MLP = lambda: pg.Sequential(pg.Linear(6), pg.Tanh(), pg.Linear(3))  # noqa: E731
FAULTS = {
    "sign": (*(MLP, blobs, "tanh", lambda: scaled("tanh", -1)), ["X", "W1", "b1"]),
    "seventh digit": (
        *(MLP, blobs, "tanh", lambda: scaled("tanh", 1 + 1e-7)),
        ["X", "W1", "b1"],
    ),
    "derivative": (
        *(MLP, blobs, "tanh", lambda: lambda y, g: (g * (1 - y),)),
        ["X", "W1", "b1"],
    ),
    "product, second": (
        *(MLP, blobs, "matmul", lambda: scaled("matmul", 2, 1)),
        ["W1", "W2"],
    ),
    "product, first": (
        *(MLP, blobs, "matmul", lambda: scaled("matmul", 2, 0)),
        ["X", "W1", "b1"],
    ),
    "pooling": (
        *(CNN, images, "max", lambda: scaled("max", 0.5)),
        ["X", "W1", "b1"],
    ),
    "softmax": (
        *(MLP, blobs, "log_softmax", lambda: lambda y, g: (g,)),
        ["X", "W1", "b1", "W2", "b2"],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_rule_is_found_and_located(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, data, name, rule, wrong = FAULTS[fault]
    # the chain behind the gradients is tested elsewhere, and compiles
    monkeypatch.setattr(links, "available", lambda: False)
    net, (X, y) = network(), data()
    with changed(name, grad=rule()):
        found = net.prove(X, y)
    assert found.verdict == "wrong"
    assert not found.ok
    assert [n for n, verdict in verdicts(found).items() if verdict == "wrong"] == wrong
    assert {v for n, v in verdicts(found).items() if n not in wrong} <= {"proved"}
    # the training uses what it uses: the rest of the chain holds
    assert chain(found)["script"] == "proved"
    truth = net.prove(X, y)
    assert truth.ok
    for name in wrong:
        place, claimed, measured = row(found, name).worst
        assert claimed != measured
        assert f"{name}[{', '.join(map(str, place))}]" in str(found).replace("\n", " ")
        assert f"{claimed:.9g}" in str(found)
        assert f"{measured:.9g}" in found.markdown("zh")
    last = [one.layer for one in found.rows if one.verdict == "wrong"][-1]
    assert f"{last} is the last" in str(found).replace("\n", " ")


def test_one_wrong_entry_of_many_shows_along_directions() -> None:
    X, y = blobs(40, 30)
    net = pg.Sequential(pg.Linear(50), pg.Tanh(), pg.Linear(3))
    given = certify.Claim.gradients

    def wrong(self: Any, values: Any) -> Any:
        found = given(self, values)
        W = found["W1"].copy()
        # an entry that the seed does not draw
        rng = np.random.default_rng(0)
        drawn = set(rng.choice(W.size, 40, replace=False).tolist())
        place = next(i for i in range(W.size) if i not in drawn)
        W.flat[place] += 1e-6 * np.abs(W).max()
        return {**found, "W1": W}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certify.Claim, "gradients", wrong)
        found = net.prove(X, y)
    assert verdicts(found)["W1"] == "wrong"
    assert row(found, "W1").worst is None
    assert [n for n, v in verdicts(found).items() if v == "wrong"] == ["W1"]
    assert "along a random direction" in str(found).replace("\n", " ")


def test_a_gradient_that_is_not_a_number_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(links, "available", lambda: False)
    nothing = lambda y, g: (g * float("nan"),)  # noqa: E731
    with changed("tanh", grad=nothing):
        found = MLP().prove(*blobs())
    assert [n for n, v in verdicts(found).items() if v == "wrong"] == [
        *("X", "W1", "b1")
    ]
    assert row(found, "W1").error == np.inf
    assert "the training uses nan" in str(found).replace("\n", " ")
    assert found.verdict == "wrong"


def test_weights_that_are_not_numbers_are_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = links.Chain.by_script

    def wrong(self: links.Chain) -> Any:
        return {**run(self), "b2": np.full(3, np.nan)}

    monkeypatch.setattr(links, "available", lambda: False)
    monkeypatch.setattr(links.Chain, "by_script", wrong)
    link = MLP().prove(*blobs()).links[0]
    assert (link.verdict, link.parameter, link.error) == ("wrong", "b2", np.inf)


def test_a_script_that_does_not_use_the_gradient_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    printed = links.script

    def wrong(*args: Any, **more: Any) -> str:
        text = printed(*args, **more)
        assert "b2 -= lr * db2" in text
        return text.replace("b2 -= lr * db2", "b2 -= 1.001 * lr * db2")

    monkeypatch.setattr(links, "script", wrong)
    found = MLP().prove(*blobs(), optimizer=pg.SGD(0.1))
    assert found.gradients == "proved"
    assert found.verdict == "wrong"
    link = found.links[0]
    assert (link.name, link.parameter, link.verdict) == ("script", "b2", "wrong")
    assert link.error == pytest.approx(1e-3, rel=0.5)
    assert "printed script: the largest difference is in b2" in str(found)


def test_machine_code_that_differs_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("llvmlite")
    run = links.Chain.by_machine

    def wrong(self: links.Chain) -> Any:
        found = run(self)
        return {**found, "W1": found["W1"] * (1 + 1e-6)}

    monkeypatch.setattr(links.Chain, "by_machine", wrong)
    found = MLP().prove(*blobs(), optimizer=pg.SGD(0.1))
    assert chain(found) == {"script": "proved", "native": "wrong"}


def test_an_update_that_takes_other_gradients_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The optimiser is handed W2's gradient for W1, but only in the real training."""
    from plaingrad import compose
    from plaingrad.prove.certificate.claim import Noting

    renew = compose._Update._renew

    def wrong(self: Any, grads: Any) -> Any:
        if not isinstance(self.recipe.optimizer, Noting):
            grads = {**grads, "W1": 2 * grads["W1"]}
        return renew(self, grads)

    monkeypatch.setattr(compose._Update, "_renew", wrong)
    found = MLP().prove(*blobs(), optimizer=pg.SGD(0.1))
    assert found.gradients == "proved"
    assert chain(found)["script"] == "wrong"
    assert found.links[0].parameter == "W1"


def test_two_ways_of_measuring_that_disagree_show_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A text that is wrong for complex numbers misleads the complex step alone."""
    odd = "np.tanh({0}) + (1j * np.imag({0}) if np.iscomplexobj({0}) else 0)"
    with changed("tanh", text=odd):
        found = MLP().prove(*blobs())
    for name in ("X", "W1", "b1"):
        assert (row(found, name).verdict, row(found, name).why) == (
            *("not shown", "disagree"),
        )
    assert found.verdict == "not shown"
    assert not found.ok
    assert "disagree" in str(found)


def test_a_training_that_diverges_is_not_shown() -> None:
    X, y = line()
    net = pg.Sequential(pg.Linear(4), pg.Linear(1))
    with np.errstate(all="ignore"):
        found = net.prove(X, y, optimizer=pg.SGD(1e200), batch_size=None)
    assert found.gradients == "proved"
    assert "not shown" in chain(found).values()
    assert found.verdict == "not shown"


# Kinks.


def test_relu_at_zero_is_skipped_and_counted() -> None:
    X, y = blobs(16)
    X[:5] = 0.0
    net = pg.Sequential(pg.Linear(5), pg.ReLU(), pg.Linear(3))
    found = net.prove(X, y, entries=64)
    assert found.ok
    # biases are 0, so all units of five samples stand at 0
    assert (row(found, "X").kinks, row(found, "X").checked) == (20, 44)
    assert (row(found, "b1").kinks, row(found, "b1").moved) == (5, True)
    assert row(found, "b1").checked == 5
    for name in ("W1", "W2", "b2"):
        assert (row(found, name).kinks, row(found, name).moved) == (0, False)
    assert "Moved" in str(found)


def test_ties_of_max_pooling_are_skipped_and_counted() -> None:
    X, y = images(6, 4)
    X[:, :2, :2] = 0.5
    X[:, 2:, 2:] = 0.0
    net = pg.Sequential(pg.MaxPool2d(2), pg.Flatten(), pg.Linear(2))
    found = net.prove(X, y, entries=96)
    assert found.ok
    assert (row(found, "X").kinks, row(found, "X").checked) == (48, 48)
    assert row(found, "W1").kinks == 0


def test_mae_at_zero_is_skipped_and_counted() -> None:
    X = np.arange(12.0).reshape(6, 2)
    net = pg.Sequential(pg.Linear(1, init=pg.Constant(1)))
    y = X.sum(axis=1)
    y[2:] += 1
    found = net.prove(X, y, loss=pg.MAE())
    assert found.ok
    assert (row(found, "X").kinks, row(found, "X").checked) == (4, 12)
    assert (row(found, "W1").kinks, row(found, "W1").moved) == (2, True)


def test_a_gradient_that_cancels_everywhere_is_not_shown() -> None:
    """As many samples are above the line as below, whatever the bias."""
    X = np.linspace(-1, 1, 6)[:, None]
    y = np.array([9.0, -9, 9, -9, 9, -9])
    found = pg.Sequential(pg.Linear(1)).prove(X, y, loss=pg.MAE())
    bias = row(found, "b1")
    assert bias.error is not None
    assert bias.error < compare.TOLERANCE
    assert bias.verdict in ("proved", "not shown")
    assert bias.why in ("", "lost")
    assert set(chain(found).values()) <= {"proved", "left out"}


def test_a_wrong_rule_is_found_where_there_are_only_kinks() -> None:
    X, y = blobs(16)
    X[:5] = 0.0
    net = pg.Sequential(pg.Linear(5), pg.ReLU(), pg.Linear(3))
    rule = OPS["maximum"].grad

    def wrong(y: Node, g: Node) -> list[Node]:
        return [2 * part for part in rule(y, g)]

    with changed("maximum", grad=wrong):
        found = net.prove(X, y)
    assert row(found, "b1").moved
    assert [n for n, v in verdicts(found).items() if v == "wrong"] == [
        *("X", "W1", "b1")
    ]


# Small gradients.


def test_gradients_that_vanish_are_proved_to_all_digits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first of ten sigmoids has a gradient a millionth of the last one's."""
    X, y = blobs(16)
    layers = [one for _ in range(10) for one in (pg.Linear(8), pg.Sigmoid())]
    net = pg.Sequential(*layers, pg.Linear(3))
    given = certify.Claim.gradients
    found = net.prove(X, y)
    assert found.ok
    assert max(one.error for one in found.rows) < 1e-13

    def wrong(self: Any, values: Any) -> Any:
        gradients = given(self, values)
        return {**gradients, "W1": gradients["W1"] * (1 + 1e-8)}

    monkeypatch.setattr(certify.Claim, "gradients", wrong)
    found = net.prove(X, y)
    assert [n for n, v in verdicts(found).items() if v == "wrong"] == ["W1"]


def test_at_the_bottom_of_a_valley_slopes_are_measured_close_by() -> None:
    X, y = line(12)
    net = pg.Sequential(pg.Linear(1)).build(X, dtype="float64")
    design = np.concatenate([X, np.ones((12, 1))], axis=1)
    best = np.linalg.lstsq(design, y, rcond=None)[0]
    net.params["W1"], net.params["b1"] = best[:1, None], best[1:]
    settings = {"loss": pg.MSE(), "batch_size": None}
    found = net.prove(X, y, **settings)
    assert found.ok
    assert {one.name: one.moved for one in found.rows} == {
        "X": False,
        "W1": True,
        "b1": True,
    }
    rule = OPS["mean"].grad
    twice = lambda y, g: [2 * part for part in rule(y, g)]  # noqa: E731
    with changed("mean", grad=twice), changed("sum", grad=scaled("sum", 2)):
        wrong = net.prove(X, y, **settings)
    assert set(verdicts(wrong).values()) == {"wrong"}


def test_a_perfect_fit_has_no_gradient_to_compare() -> None:
    X, _ = line(12)
    net = pg.Sequential(pg.Linear(1, init=pg.Constant(2)))
    found = net.prove(X, 2 * X, loss=pg.MSE())
    assert found.ok
    assert all(one.moved for one in found.rows)


def test_what_the_loss_does_not_read_has_the_gradient_zero() -> None:
    idle = row(proved("tied"), "idle1")
    assert (idle.error, idle.moved, idle.verdict) == (0.0, False, "proved")


@pytest.mark.parametrize(
    ("noise", "verdict"), [(0.0, "wrong"), (1e-15, "proved"), (1e-6, "not shown")]
)
def test_rounding_is_no_error_and_no_proof(noise: float, verdict: str) -> None:
    claimed = np.array([1e-6, 2e-6])
    found = compare.Measured(
        claimed=claimed,
        method="complex step",
        places=np.arange(2),
        slopes=claimed + 2e-14,
        kinks=np.zeros(2, bool),
        doubts=np.zeros(2),
        noise=noise,
    )
    assert compare.judge("", "W", found).verdict == verdict


# What cannot be proved is said.


def test_a_new_network_needs_data() -> None:
    with pytest.raises(PlaingradError, match="was not trained here"):
        pg.Sequential(pg.Linear(3)).prove()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lang": "fr"}, "language"),
        ({"entries": 0}, "entries"),
        ({"epoch": 3}, "Did you mean"),
        ({"l2": -1}, "l2"),
    ],
)
def test_settings_are_checked(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        pg.Sequential(pg.Linear(3)).prove(*blobs(), **settings)


def test_a_loss_that_is_infinite_has_no_slopes() -> None:
    net = pg.Sequential(pg.Linear(1, init=pg.Constant(1e200)))
    with pytest.raises(DataError, match="the loss is inf"):
        net.prove(*line(), loss=pg.MSE())


def test_a_long_proof_tells_that_it_works(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from plaingrad.train import progress

    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    pg.Sequential(pg.Linear(3)).prove(*blobs(), verbose=True)
    assert capsys.readouterr().err == "proving ...\n"


# Keeping and verifying.


@pytest.fixture(scope="module")
def kept() -> tuple[pg.Network, Any, Any, Certificate]:
    net = ZOO[NAMES.index("spiral")].fit()
    X, y = blobs(30, 2)
    return net, X, y, net.prove(X, y)


def test_a_certificate_comes_back_from_json(kept: Any, tmp_path: Path) -> None:
    *_, found = kept
    path = found.save(tmp_path / "proof.json")
    assert json.loads(path.read_text(encoding="utf-8"))["format"] == 1
    again = pg.load_certificate(path)
    assert again == found
    assert str(again) == str(found)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_ending_chooses_the_form(kept: Any, lang: str, tmp_path: Path) -> None:
    *_, found = kept
    found = replace(found, lang=lang)
    made = {".md": found.markdown(), ".html": found.html(), ".txt": str(found)}
    for ending, content in made.items():
        path = found.save(tmp_path / f"proof{ending}")
        assert path.read_text(encoding="utf-8") == content


def test_a_model_file_keeps_it(kept: Any, tmp_path: Path) -> None:
    net, X, y, found = kept
    path = net.save(tmp_path / "net.safetensors", certificate=found)
    again, network = pg.load_certificate(path), pg.load(path)
    assert again == found
    verified = again.verify(network, X, y)
    assert verified.ok, str(verified)
    assert "holds" in str(verified)
    bare = net.save(tmp_path / "bare.safetensors")
    with pytest.raises(FileError, match="keeps no certificate"):
        pg.load_certificate(bare)


def test_altered_weights_are_noticed(kept: Any) -> None:
    net, X, y, found = kept
    before = net.params["W1"].copy()
    try:
        net.params["W1"][0, 0] = np.nextafter(before[0, 0], np.float32(9))
        verified = found.verify(net, X, y)
    finally:
        net.params["W1"] = before
    assert verified.changed == ("weights",)
    assert not verified.ok
    assert verified.again.ok
    assert "the weights" in str(verified)
    assert found.verify(net, X, y).ok


def test_other_data_and_another_training_are_noticed(kept: Any) -> None:
    net, X, y, found = kept
    assert found.verify(net, X + 1e-6, y).changed == ("data",)
    assert found.verify(net, X, y, l2=0.1).changed == ("program",)


def test_a_gradient_that_has_become_wrong_is_noticed(kept: Any) -> None:
    net, X, y, found = kept
    with changed("maximum", grad=lambda y, g: (g, g)):
        verified = found.verify(net, X, y)
    assert "W1" in verified.differs
    assert not verified.ok
    assert verified.again.verdict == "wrong"
    assert verified.changed == ("program",)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 1}', '{"format": 9}', "nonsense", "3"]
)
def test_what_is_no_certificate_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "proof.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileError):
        pg.load_certificate(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no file"):
        pg.load_certificate(tmp_path / "proof.json")


def test_a_digest_tells_values_names_and_types_apart() -> None:
    a = np.arange(6.0)
    found = {
        digest({"a": a}),
        digest({"b": a}),
        digest({"a": a.reshape(2, 3)}),
        digest({"a": a.astype(np.float32)}),
        digest({"a": -a}),
    }
    assert len(found) == 5
    assert digest({"a": a, "b": a}) == digest({"b": a.copy(), "a": a})


# How it reads.


def made(lang: str) -> Certificate:
    """Return a certificate that has everything."""
    usual: dict[str, Any] = {
        "layer": "Linear(6)",
        "name": "W1",
        "shape": (4, 6),
        "method": "complex step",
        "error": 3.52e-16,
        "checked": 24,
        "ways": 1,
        "kinks": 0,
        "moved": False,
        "second": 1.71e-10,
        "verdict": "proved",
    }
    rows = [
        {"layer": "", "name": "X", "shape": (16, 8, 8, 1), "checked": 39, "ways": 2}
        | {"kinks": 1, "moved": True},
        {"layer": "Conv2d(4, 3)", "name": "kernel", "verdict": "frozen", "method": ""}
        | {"error": None, "second": None, "checked": 0, "ways": 0},
        {},
        {"name": "b1", "shape": (6,), "checked": 6, "error": 0.0, "second": None},
        {"layer": "Linear(1000)", "name": "W2", "shape": (6, 1000), "checked": 40}
        | {"ways": 2, "error": 0.213, "verdict": "wrong", "second": 0.2}
        | {"worst": ((2, 17), 0.25, 0.125)},
        {"layer": "Linear(1000)", "name": "b2", "shape": (1000,), "checked": 40}
        | {"ways": 2, "error": 1.5e-6, "verdict": "wrong", "worst": None},
        {"layer": "Mine()", "name": "scale", "shape": (), "checked": 1, "error": 4e-10}
        | {"method": "differences", "ways": 0, "second": None},
        {"layer": "Mine()", "name": "bend", "shape": (3,), "checked": 0, "ways": 0}
        | {"kinks": 3, "error": None, "second": None}
        | {"verdict": "not shown", "why": "kinks"},
        {"layer": "Mine()", "name": "odd", "shape": (3,), "checked": 3}
        | {"verdict": "not shown", "why": "disagree"},
    ]
    script = Link(name="script", error=0.0, parameter="W1", verdict="proved")
    missing = Link(
        name="native", error=None, parameter="", verdict="left out", why="no llvmlite."
    )
    return Certificate(
        network="Sequential(Conv2d(4, 3), Linear(6), Linear(1000), Mine())",
        loss="CrossEntropy()",
        value=2.302585,
        l1=0.0,
        l2=0.001,
        random=True,
        samples=16,
        given=60000,
        updates=3,
        rows=tuple(Row(**{**usual, **more}) for more in rows),
        links=(script, missing),
        entries=40,
        seed=0,
        marks={"program": "1" * 64, "weights": "2" * 64, "data": "3" * 64},
        lang=lang,
        version="0.1.0",
    )


def written() -> dict[str, str]:
    en, zh = made("en"), made("zh")
    return {
        "en.txt": str(en),
        "zh.txt": str(zh),
        "en.md": en.markdown(),
        "zh.md": zh.markdown(),
        "en.html": en.html(),
    }


@pytest.mark.parametrize("name", ["en.txt", "zh.txt", "en.md", "zh.md", "en.html"])
def test_the_text_is_the_one_that_was_reviewed(name: str) -> None:
    assert (TEXTS / name).read_text(encoding="utf-8") == written()[name]


def test_a_notebook_shows_the_page_without_its_frame() -> None:
    shown = made("en")._repr_html_()
    assert shown in made("en").html()
    assert "<html" not in shown
    assert shown.startswith("<h1>")


def test_both_languages_have_the_same_sentences() -> None:
    import string

    en, zh = SENTENCES["en"], SENTENCES["zh"]
    assert en.keys() == zh.keys()
    for key in en:
        fields = [
            {field for _, field, _, _ in string.Formatter().parse(told[key]) if field}
            for told in (en, zh)
        ]
        assert fields[0] == fields[1], key


def test_text_fits_its_width() -> None:
    for lang in ("en", "zh"):
        for line_ in str(made(lang)).splitlines():
            if not line_.startswith("-" * 9) and "  " not in line_.strip():
                assert len(line_) <= 88


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit(__doc__)
    for file, content in written().items():
        (TEXTS / file).write_text(content, encoding="utf-8", newline="\n")
