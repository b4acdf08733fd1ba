"""Procedures: what `verify` refuses, and the part of one that some results need."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from plaingrad.errors import VerifyError
from plaingrad.graph import Node
from plaingrad.ops import exp, leaf, setting
from plaingrad.program import Procedure, Section, Step, part, verify
from zoo import NAMES, ZOO

X = leaf("X", (3,))
W = leaf("W", (3,), "parameter")
LR = setting("lr", 0.1)
H = X * W
LOSS = H.sum()

Line = tuple[str, Node, Section]
GOOD: list[Line] = [("h", H, "forward"), ("loss", LOSS, "loss")]
RENEWAL: Line = ("W", W - LR * H, "update")


def procedure(
    lines: Sequence[Line], results: Sequence[str] = ("loss",), leaves: str = "X W lr"
) -> Procedure:
    """Return the procedure of these lines, right or wrong."""
    known = {"X": X, "W": W, "lr": LR}
    inputs = {name: known[name] for name in leaves.split()}
    names = {node: name for name, node in inputs.items()}
    names |= {node: name for name, node, _ in lines}
    return Procedure(inputs, tuple(Step(*one) for one in lines), names, tuple(results))


def test_a_good_procedure_passes() -> None:
    verify(procedure([*GOOD, RENEWAL]))


@pytest.mark.parametrize("name", NAMES)
def test_the_programs_of_the_zoo_pass(name: str) -> None:
    animal = ZOO[NAMES.index(name)]
    program = animal.network().program(*animal.data(), **animal.settings)
    verify(program.update)
    verify(program.evaluate)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: procedure([*GOOD, ("late", exp(X), "forward")]),
            "late of forward stands too late",
        ),
        (
            lambda: procedure([("loss", LOSS, "loss"), ("h", H, "loss")]),
            "loss reads h, which is not there",
        ),
        (
            lambda: procedure([*GOOD, RENEWAL, ("late", exp(W), "update")]),
            "late reads W, which is not there",
        ),
        (
            lambda: procedure([GOOD[0], GOOD[0], GOOD[1]]),
            "h is assigned twice",
        ),
        (
            lambda: procedure([*GOOD, RENEWAL, ("W", W * 2, "update")]),
            "W is assigned twice",
        ),
        (
            lambda: procedure([("my h", H, "forward"), GOOD[1]]),
            "'my h' is no name for a value",
        ),
        (
            lambda: procedure([("lambda", H, "forward"), GOOD[1]]),
            "'lambda' is no name for a value",
        ),
        (
            lambda: procedure([("X", H, "forward"), GOOD[1]]),
            "X is given and may not be changed",
        ),
        (
            lambda: procedure([*GOOD, ("lr", LR * 2, "update")]),
            "lr is given and may not be changed",
        ),
        (
            lambda: procedure([*GOOD, ("W", W.sum(), "update")]),
            r"W of the type .*\(3,\).* becomes .*\(\)",
        ),
        (lambda: procedure(GOOD, ["dW"]), "the result dW is never computed"),
        (lambda: procedure(GOOD, leaves="W lr"), "X .* is read and has no name"),
    ],
)
def test_verify_refuses(make: Callable[[], Procedure], message: str) -> None:
    with pytest.raises(VerifyError, match=message):
        verify(make())


def test_a_renewed_value_may_be_read_as_it_is_now() -> None:
    new = RENEWAL[1]
    verify(procedure([*GOOD, RENEWAL, ("after", exp(new), "update")]))


def test_part_keeps_what_its_results_need_and_no_more() -> None:
    whole = procedure([*GOOD, ("score", X.sum(), "result"), RENEWAL])
    score = part(whole, ["score"])
    assert [step.name for step in score.steps] == ["score"]
    assert list(score.inputs) == ["X"]
    assert score.results == ("score",)
    loss = part(whole, ["loss"])
    assert [step.name for step in loss.steps] == ["h", "loss"]
    assert list(loss.inputs) == ["X", "W"]
    renewal = part(whole, ["W"])
    assert [step.name for step in renewal.steps] == ["h", "W"]
    for made in (score, loss, renewal):
        verify(made)
