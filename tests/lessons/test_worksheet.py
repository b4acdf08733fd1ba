"""Worksheets: every printed number is evaluated again, and held against the run."""

from __future__ import annotations

import ast
import math
import re
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plaingrad as pg
from helpers import leaves
from plaingrad.errors import DataError, SettingError
from plaingrad.graph import apply, walk
from plaingrad.lessons import worksheet
from plaingrad.lessons.sheets.entries import Entries, applied, written
from plaingrad.lessons.sheets.numbers import brief
from plaingrad.op import OPS
from plaingrad.plan import Goal, plan
from plaingrad.program import part
from plaingrad.run import Reference, compile_procedure
from zoo import NAMES, ZOO

ANIMALS = {animal.name: animal for animal in ZOO}
CALLS = {
    name: getattr(np, name)
    for name in ("exp", "log", "log1p", "expm1", "sqrt", "sin", "cos", "tanh", "sign")
} | {"logaddexp": np.logaddexp, "floor": np.floor, "argmax": lambda *x: np.argmax(x)}
"""What printed arithmetic calls, beside Python's own max, min and abs."""


POWERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
SIGNS = {"\xa0": " ", "×": "*", "−": "-", "≥": ">=", "≤": "<="}


def unit(number: float) -> float:
    """Return how far a number may be from what is printed in five digits."""
    return 0.5 * 10.0 ** (math.floor(math.log10(abs(number))) - 4) if number else 0.0


class Inexact(ast.NodeTransformer):
    """Replaces printed numbers by those of a list, but for exponents and conditions."""

    def __init__(self) -> None:
        self.found: list[float] = []

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        self.found.append(float(node.value))
        return ast.parse(f"numbers[{len(self.found) - 1}]", mode="eval").body

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        if isinstance(node.op, ast.Pow):
            # an exponent is a setting, and is what it looks like
            return ast.BinOp(self.visit(node.left), node.op, node.right)
        return self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        return node


def evaluated(work: str) -> tuple[float, float]:
    """Return what printed arithmetic gives, and how far rounding may move that."""
    finder = Inexact()
    tree = ast.fix_missing_locations(finder.visit(ast.parse(work, mode="eval")))
    code = compile(tree, work, "eval")

    def at(numbers: list[float]) -> float:
        with np.errstate(all="ignore"):
            return float(eval(code, {**CALLS, "numbers": numbers}))

    exact, moved = at(finder.found), 0.0
    for place, number in enumerate(finder.found):
        steps = (-unit(number), unit(number))
        tried = [
            at([*finder.found[:place], number + s, *finder.found[place + 1 :]])
            for s in steps
        ]
        moved += max(abs(one - exact) for one in tried)
    return exact, moved


def printed(text: str) -> list[list[str]]:
    """Return the parts between the signs of equality of each printed line."""
    joined = re.sub(r"\n+ {3,}(?=\S)", " ", text)
    lines = [line[2:] for line in joined.split("\n") if re.match(r"  \w.* = ", line)]
    return [line.split(" = ") for line in lines]


def check(text: str) -> int:
    """Evaluate every printed line again and return how many there were."""
    known: dict[str, str] = {}
    count = 0
    for name, *work, value in printed(text):
        if value.startswith("["):
            array = np.array(ast.literal_eval(value)) if "..." not in value else None
            for index in () if array is None else np.ndindex(array.shape):
                known[f"{name}[{', '.join(map(str, index))}]"] = str(array[index])
            continue
        if work and work[0] in known:
            assert float(known[work[0]]) == float(value), name
        elif work and "more" not in work[0] and not re.match(r"\w+\[", work[0]):
            result, moved = evaluated(work[0])
            room = 1.5 * moved + 1.01 * unit(float(value)) + 1e-12
            assert abs(result - float(value)) <= room, (name, work, value, result)
        known[name] = value
        count += 1
    return count


@cache
def sheet_of(name: str) -> tuple[pg.Network, Any, dict[str, Any]]:
    """Return a network of the zoo, its worksheet, and what that was made with."""
    animal = ANIMALS[name]
    X, y = animal.data()
    given = {**animal.settings, "x": X[:2], "y": y[:2]}
    if "sample_weight" in given:
        given["sample_weight"] = given["sample_weight"][:2]
    net = animal.network()
    return net, worksheet(net, **given, entries=8), given


def run_again(net: pg.Network, x: Any, y: Any, **given: Any) -> dict[str, Any]:
    """Return the values of an update, by the text that the reference runs."""
    prepared = net._prepared(x, y, **{**given, "batch_size": None})
    program = prepared.program
    reference = Reference(program, prepared.given)
    epochs, plateau = program.loop.epochs, program.loop.plateau
    clock = {"step": 1, "epoch": 0, "epochs": epochs, "steps": epochs}
    clock |= {} if plateau is None else {"lr": plateau.lr}
    steps = [s.name for s in program.update.steps if s.section != "update"]
    before = part(program.update, steps)
    names = list(before.inputs)
    run = compile_procedure(before, "float64", "again", names, steps)
    pool = {**reference._settings, **reference.given, **reference.parameters}
    pool |= {**prepared.data, **clock}
    with np.errstate(all="ignore"):
        # the reference writes into its arrays, and some values are views of these
        own = [np.copy(v) if np.ndim(v) else v for v in map(pool.get, names)]
        values = run(*own)
        found = dict(zip(steps, values, strict=True))
        assert found["loss"] == reference.update({**prepared.data, **clock})
    return {**found, **reference.parameters, **reference.states}


@pytest.mark.parametrize("name", NAMES)
def test_every_number_is_right(name: str) -> None:
    net, sheet, given = sheet_of(name)
    assert check(sheet.text()) > len(sheet.lines)
    values = run_again(net, **given)
    for line in sheet.lines:
        value = values.get(line.entries[0].name.partition("[")[0])
        if value is None:
            # the optimiser's own numbers, such as a rate
            assert line.section == "update"
            continue
        array = np.ravel(value)[: len(line.entries)]
        assert [entry.value for entry in line.entries] == list(map(brief, array))
        assert line.shape == np.shape(value)
        assert len(line.entries) + line.left_out == np.size(value)


@pytest.mark.parametrize("name", NAMES)
def test_the_lines_are_those_of_the_script(name: str) -> None:
    net, sheet, _ = sheet_of(name)
    animal = ANIMALS[name]
    whole = {**animal.settings, "batch_size": None}
    script = net.longhand(*animal.data(), **whole)
    loop = [line.strip() for line in script.split("\n")]
    # a long update is a loop over the parameters there
    rolled = any(line.startswith("params = [") for line in loop)
    for line in sheet.lines:
        if not (rolled and line.section == "update"):
            first = line.code.split("\n")[0]
            assert any(one.startswith(first[:50]) for one in loop), first
    sections = [line.section for line in sheet.lines]
    assert list(dict.fromkeys(sections)) == ["forward", "loss", "backward", "update"]


@st.composite
def networks(draw: Any) -> tuple[pg.Network, Any, Any, dict[str, Any]]:
    """Return a random small network with data and settings."""
    acts = [pg.ReLU(), pg.Tanh(), pg.Sigmoid(), pg.LeakyReLU(), pg.Softplus()]
    middle: list[pg.Layer] = []
    for width in draw(st.lists(st.integers(1, 4), max_size=2)):
        middle += [
            pg.Linear(width, bias=draw(st.booleans())),
            draw(st.sampled_from(acts)),
        ]
    classes = draw(st.integers(1, 3))
    net = pg.Sequential(*middle, pg.Linear(classes))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    count = draw(st.integers(1, 3))
    X = rng.normal(size=(count, draw(st.integers(1, 4)))).round(2)
    labels = classes > 1 and draw(st.booleans())
    y = rng.integers(0, classes, count) if labels else rng.normal(size=(count, classes))
    optimizer = draw(st.sampled_from([pg.SGD(0.1), pg.Adam(0.01), pg.Momentum(0.1)]))
    loss = pg.CrossEntropy() if labels else draw(st.sampled_from([pg.MSE(), pg.MAE()]))
    penalties = {"l2": 0.01} if draw(st.booleans()) else {"l1": 0.01}
    return net, X, y, {"loss": loss, "optimizer": optimizer, **penalties}


@given(networks())
@settings(max_examples=25, deadline=None)
def test_random_networks(case: tuple[pg.Network, Any, Any, dict[str, Any]]) -> None:
    net, X, y, chosen = case
    assert check(worksheet(net, X, y, entries=100, **chosen).text()) > 3


@pytest.mark.parametrize("name", sorted(n for n, op in OPS.items() if op.domain))
def test_every_operation_is_written_out(name: str) -> None:
    for seed in range(3):
        assert OPS[name].domain is not None
        arrays, attrs = OPS[name].domain(np.random.default_rng(seed))
        inputs = leaves(arrays)
        node = apply(name, *inputs, **attrs)
        procedure = plan([Goal(node, "forward")], {}, [node])
        values = dict(zip(inputs, map(np.asarray, arrays), strict=True))
        for one in walk([step.node for step in procedure.steps]):
            if one not in values:
                values[one] = applied(
                    one, [values[x] for x in one.inputs], 1, "float64"
                )
        entries = Entries(procedure.names, values, 1)
        for step in procedure.steps:
            value = np.asarray(values[step.node])
            for index in np.ndindex(value.shape):
                work = written(entries.formula(step.node, index))
                moved = re.fullmatch(r"(x\d)(\[.*\])?", work)
                if moved:
                    source = dict(zip(("x0", "x1", "x2"), arrays, strict=False))
                    place = ast.literal_eval((moved[2] or "[]")[1:-1] or "()")
                    assert np.asarray(source[moved[1]])[place] == value[index]
                elif re.match(r"\w+\[", work):
                    assert len(procedure.steps) > 1
                elif work:
                    result, room = evaluated(work)
                    slack = 1.5 * room + 1e-12
                    assert abs(result - float(value[index])) <= slack, work


def one_weight() -> pg.Network:
    net = pg.Sequential(pg.Linear(1, bias=False)).build((1,))
    net.params["W1"][:] = 0.5
    return net


def test_one_weight_by_hand() -> None:
    sheet = worksheet(one_weight(), [2], 0.8, loss=pg.MSE(), optimizer=pg.SGD(lr=0.1))
    told = [[line.code, *(vars(line.entries[0]).values())] for line in sheet.lines]
    assert told == [
        ["pred = X @ W1", "pred[0, 0]", "2 * 0.5", "1"],
        ["diff = pred - y", "diff[0, 0]", "1 - 0.8", "0.2"],
        ["loss = (diff ** 2).mean()", "loss", "0.2 ** 2 / 1", "0.04"],
        ["dW1 = X.T @ (2 * diff / n)", "dW1[0, 0]", "2 * 2 * 0.2 / 1", "0.8"],
        ["W1 -= lr * dW1", "W1[0, 0]", "0.5 - 0.1 * 0.8", "0.42"],
    ]
    assert "rounded" not in str(sheet)
    assert "five digits" not in str(sheet)


def toes() -> pg.Network:
    """Return a network with the weights 0.1, 0.2, -0.1."""
    net = pg.Sequential(pg.Linear(3), pg.ReLU(), pg.Linear(1, bias=False)).build((3,))
    net.params["W1"][:] = np.array(
        [[0.1, 0.2, -0.1], [-0.1, 0.1, 0.9], [0.1, 0.4, 0.1]]
    ).T
    net.params["W2"][:] = [[0.3], [1.1], [-0.3]]
    return net


def test_negative_numbers_stand_in_brackets_where_two_signs_would_meet() -> None:
    text = str(worksheet(toes(), [8.5, 0.65, 1.2], 1.0, optimizer=pg.SGD(lr=0.01)))
    assert "z1[0, 0] = 8.5 * 0.1 + 0.65 * 0.2 + 1.2 * (-0.1) + 0 = 0.86\n" in text
    assert "a1[0, 0] = max(0.86, 0) = 0.86\n" in text
    assert not re.search(r"[-+*/<>=] -[\d.]", text.replace("= -", ""))


def test_the_network_stays_as_it_is() -> None:
    fresh = pg.Sequential(pg.Linear(3), pg.Dropout(0.5), pg.Linear(2))
    worksheet(fresh, [[1.0, 2.0]], [1])
    assert fresh.params == {}
    animal = ANIMALS["dropout"]
    net = animal.fit()
    X, y = animal.data()
    before = {name: value.copy() for name, value in net.params.items()}
    losses = list(net.history.batch_loss)
    sheet = worksheet(net, X[0], y[0])
    np.testing.assert_array_equal(sheet.arrays["W1"], before["W1"].astype("float64"))
    for name, value in before.items():
        np.testing.assert_array_equal(net.params[name], value)
    assert list(net.history.batch_loss) == losses
    assert sheet.loss == repr(net._reader().training.loss)


def test_one_sample_needs_no_row_of_its_own() -> None:
    rows = worksheet(toes(), [[8.5, 0.65, 1.2]], [1.0])
    assert str(worksheet(toes(), [8.5, 0.65, 1.2], 1.0)) == str(rows)
    image = pg.Sequential(pg.Conv2d(2, 2), pg.Flatten(), pg.Linear(2)).build((3, 3, 1))
    x = np.arange(9.0).reshape(3, 3, 1)
    text = str(worksheet(image, x, 1))
    assert text == str(worksheet(image, x[None], [1]))
    assert check(text) > 50


def test_windows_show_where_their_entries_come_from() -> None:
    net = pg.Sequential(pg.Conv2d(1, 2, bias=False), pg.Flatten(), pg.Linear(1))
    net.build((3, 3, 1))
    net.params["W1"][:] = np.array([1, 2, 3, 4]).reshape(net.params["W1"].shape)
    text = str(worksheet(net, np.arange(9.0).reshape(1, 3, 3, 1), [1.0]))
    assert re.search(r"= X\[0, 1, 2, 0\] = 5\n", text)
    assert "0 * 1 + 1 * 2 + 3 * 3 + 4 * 4 + 0 = 27\n" in text or (
        "0 * 1 + 1 * 2 + 3 * 3 + 4 * 4 = 27\n" in text
    )


def test_long_sums_and_long_arrays_are_cut() -> None:
    net = pg.Sequential(pg.Linear(3))
    sheet = worksheet(net, np.ones(30), 1, entries=2)
    assert " + … 22 more … + " in str(sheet).replace("\n        ", " ")
    assert "  … 1 more entry\n" in str(sheet)
    assert "  … 88 more entries\n" in str(sheet)
    assert "……另有 88 个元素" in sheet.text("zh")
    assert "…（另有 22 项）…" in sheet.text("zh").replace("\n        ", " ")
    assert all(len(line.entries) <= 2 for line in sheet.lines)
    assert all(len(line) <= 90 for line in str(sheet).splitlines())


def plain(cell: str) -> str:
    """Return typeset arithmetic as Python."""
    cell = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda m: f" ** {m[0].translate(POWERS)}", cell)
    for sign, python in SIGNS.items():
        cell = cell.replace(sign, python)
    return re.sub(r"√([\d.e-]+)", r"sqrt(\1)", cell).replace("√", "sqrt")


def shown(markdown: str) -> list[list[str]]:
    """Return the cells of all tables as Python."""
    rows = re.findall(r"^\| (`.*) \|$", markdown, re.MULTILINE)
    cells = [re.split(r" \| ", row) for row in rows]
    return [
        [plain(c.strip().removeprefix("= ").strip("`")) for c in row] for row in cells
    ]


@pytest.mark.parametrize("name", ["line_1_3_1", "softmax_layer", "dropout", "pooling"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_markdown_says_the_same_as_the_text(name: str, lang: str) -> None:
    _, sheet, _ = sheet_of(name)
    rows = shown(sheet.markdown(lang))
    told = [[e.name, e.work, e.value] for line in sheet.lines for e in line.entries]
    assert len(rows) == len(told) > 20
    for row, (label, work, value) in zip(rows, told, strict=True):
        assert [row[0], row[2]] == [label, value]
        if "sqrt" in row[1]:
            assert evaluated(row[1]) == pytest.approx(evaluated(work))
        elif "..." not in work:
            assert row[1].replace("^", " ** ") == work.replace(" == ", " = ")


def test_the_page_needs_nothing_from_outside(tmp_path: Any) -> None:
    sheet = worksheet(toes(), [8.5, 0.65, 1.2], 1.0, lang="zh")
    page = sheet.html()
    assert '<html lang="zh-CN">' in page
    assert "http" not in page
    assert "<script" not in page
    assert sheet._repr_html_() in page
    assert sheet._repr_markdown_() == sheet.markdown()
    assert page.count("<tr>") == sum(len(line.entries) for line in sheet.lines)
    assert "<th>" not in page
    for ending, content in {
        "md": sheet.markdown(),
        "html": page,
        "txt": str(sheet),
    }.items():
        path = sheet.save(tmp_path / f"sheet.{ending}")
        assert path.read_text(encoding="utf-8") == content
    with pytest.raises(
        SettingError, match=r"kind of file '.pdf'.*Known: .html, .md, .txt"
    ):
        sheet.save(tmp_path / "sheet.pdf")


def test_both_languages() -> None:
    sheet = worksheet(toes(), [8.5, 0.65, 1.2], 1.0, optimizer=pg.SGD(lr=0.01))
    english, chinese = sheet.text("en"), sheet.text("zh")
    assert "前向传播\n" in chinese
    assert printed(english) == printed(chinese)
    remembers = worksheet(toes(), [8.5, 0.65, 1.2], 1.0, optimizer=pg.Momentum(0.1))
    assert "vW1、vb1、vW2 的初值为零。" in remembers.text("zh")
    with pytest.raises(SettingError, match="unknown language 'fr'"):
        worksheet(toes(), [8.5, 0.65, 1.2], 1.0, lang="fr")


def test_what_cannot_be_written_out_is_refused() -> None:
    with pytest.raises(DataError, match=r"at most 4, got 5\. Choose some"):
        worksheet(toes(), np.ones((5, 3)), np.ones(5))
    large = pg.Sequential(pg.Linear(200), pg.ReLU(), pg.Linear(10))
    with pytest.raises(SettingError, match=r"computes 2\d\d,\d{3} numbers, and up to"):
        worksheet(large, np.ones(300), 3)
    with pytest.raises(DataError, match=r"the single number 0\.5.*\[0\.5\]"):
        worksheet(one_weight(), 0.5, 1.0)
    with pytest.raises(SettingError, match="unknown setting 'rate'"):
        worksheet(toes(), [8.5, 0.65, 1.2], 1.0, rate=1)
    with pytest.raises(SettingError, match="entries must be a whole number"):
        worksheet(toes(), [8.5, 0.65, 1.2], 1.0, entries=0)
