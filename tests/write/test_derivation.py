"""Derivations: of every network, in both languages, whole and consistent."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import numpy as np
import pytest
from latex2mathml.converter import convert

import plaingrad as pg
from plaingrad.errors import SettingError
from plaingrad.program import Program
from plaingrad.shapes import Dim
from plaingrad.write.chain import Chain
from plaingrad.write.derivation import derivation
from plaingrad.write.latex import latex, symbols_of
from plaingrad.write.words import DERIVATION
from zoo import ZOO

NAMES = [animal.name for animal in ZOO]
LANGUAGES = ["en", "zh"]
X, y = np.ones((6, 1)), np.ones((6, 1))


@cache
def program(name: str) -> Program:
    animal = next(animal for animal in ZOO if animal.name == name)
    settings = {"epochs": 3, "batch_size": 5, **animal.settings}
    return animal.network().program(*animal.data(), **settings)


@cache
def text_of(name: str, lang: str = "en") -> str:
    return derivation(program(name), lang)


@cache
def notes_network() -> str:
    """Return the derivation of the 1-3-1 regression of the notes."""
    net = pg.Sequential(pg.Linear(3), pg.Sigmoid(), pg.Linear(1))
    settings = {"loss": pg.MSE(reduction="sum"), "optimizer": pg.SGD(lr=0.1)}
    return derivation(net.program(X, y, batch_size=None, **settings))


def displays(text: str) -> list[str]:
    """Return the formulas that stand on lines of their own."""
    return re.findall(r"\$\$\n(.*?)\n\$\$", text)


def snippets(text: str) -> set[str]:
    """Return everything between dollar signs."""
    lines = re.sub(r"\$\$\n.*?\n\$\$", "", text)
    return {*displays(text), *re.findall(r"\$([^$]+)\$", lines)}


def symbols(made: Program) -> dict[str, str]:
    names, chain = made.update.names, Chain(made.update)
    by = {names[gradient]: names[x] for gradient, x in chain.adjoints.items()}
    return symbols_of(made, by)


@cache
def mathml(snippet: str) -> str:
    return convert(snippet)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_every_snippet_is_sound_latex(name: str, lang: str) -> None:
    text = text_of(name, lang)
    assert text.count("$") % 2 == 0
    for snippet in snippets(text):
        assert snippet.count("{") == snippet.count("}"), snippet
        sides = re.findall(r"\\(left|right)(?!arrow)", snippet)
        assert sides.count("left") == sides.count("right"), snippet
        assert "#" not in snippet
        assert mathml(snippet).startswith("<math")


@pytest.mark.parametrize("name", NAMES)
def test_every_step_is_told_once(name: str) -> None:
    made, shown = program(name), displays(text_of(name))
    names = symbols(made)
    adjoints = set(Chain(made.update).adjoints)
    nodes = {node: names[key] for node, key in made.update.names.items()}
    for step in made.update.steps:
        line = f"{names[step.name]} = {latex(step.node, nodes)}"
        if step.node in adjoints:
            assert text_of(name).count(f"· `{step.name}`") == 1
            assert any(one == line or one.startswith(f"{line} = ") for one in shown)
        elif step.section != "update":
            assert shown.count(line) == 1


@pytest.mark.parametrize("name", NAMES)
def test_every_update_is_told(name: str) -> None:
    made, shown = program(name), displays(text_of(name))
    names = symbols(made)
    nodes = {node: names[key] for node, key in made.update.names.items()}
    trained = [p.name for p in made.parameters if p.trainable]
    rolled = any(one.startswith("\\theta \\leftarrow") for one in shown)
    for step in made.update.steps:
        owned = any(step.name.endswith(parameter) for parameter in trained)
        if step.section == "update" and not (rolled and owned):
            sign = "\\leftarrow" if step.name in made.update.inputs else "="
            line = f"{names[step.name]} {sign} {latex(step.node, nodes)}"
            assert shown.count(line) == 1


@pytest.mark.parametrize("name", NAMES)
def test_names_and_symbols_are_one_to_one(name: str) -> None:
    made, text = program(name), text_of(name)
    names = symbols(made)
    assert len(set(names.values())) == len(names)
    for key, symbol in names.items():
        assert text.count(f"| ${symbol}$ | `{key}` |") == 1


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_tell_the_same(name: str) -> None:
    texts = DERIVATION["zh"]
    translated = text_of(name)
    for word in [word for word in texts if word.startswith("\\text")]:
        translated = translated.replace(word, texts[word])
    assert displays(translated) == displays(text_of(name, "zh"))


@pytest.mark.parametrize("name", NAMES)
def test_chinese_has_no_english_words(name: str) -> None:
    text = re.sub(r"\$[^$]*\$|`[^`]*`", "", text_of(name, "zh").replace("$$", "$"))
    notes = {step.note for step in program(name).update.steps}
    allowed = {"plaingrad", "NumPy", "softmax", *" ".join(notes).split()}
    assert {*re.findall("[A-Za-z]+", text)} <= allowed


def test_the_sentences_are_there_in_both_languages() -> None:
    english, chinese = DERIVATION["en"], DERIVATION["zh"]
    assert english.keys() <= chinese.keys()
    for key, sentence in english.items():
        fields = re.findall(r"\{[a-z]+\}", sentence)
        assert sorted(re.findall(r"\{[a-z]+\}", chinese[key])) == sorted(fields)


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(SettingError, match="language"):
        derivation(program("line"), "fr")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_same_network_gives_the_same_text(lang: str) -> None:
    animal = next(animal for animal in ZOO if animal.name == "pooling")
    made = animal.network().program(*animal.data(), epochs=3, batch_size=5)
    assert derivation(made, lang) == text_of("pooling", lang)


# Shapes.


class Shapes:
    """A reader of a line of shapes, which works it out by NumPy's rules."""

    def __init__(self, text: str) -> None:
        text = re.sub(r"\\sum_\{\\text\{axis \} ([^}]*)\}", r"sum\1", text)
        text = text.replace(", ", ",")
        text = text.replace("\\times", "x").replace("\\odot", "*").replace("\\to", "to")
        self.tokens = re.findall(r"sum\S+|to|\d+ n|\w+|\S", text)

    def side(self) -> tuple[str, ...]:
        value = self.product()
        while self.next() in ("+", "-"):
            self.tokens.pop(0)
            value = joined(value, self.product())
        return value

    def product(self) -> tuple[str, ...]:
        value = self.matrices()
        while self.next() in ("*", "/"):
            self.tokens.pop(0)
            value = joined(value, self.matrices())
        return value

    def matrices(self) -> tuple[str, ...]:
        if self.next().startswith("sum"):
            axes = {int(axis) for axis in re.findall(r"\d+", self.tokens.pop(0))}
            value = self.matrices()
            return tuple(size for axis, size in enumerate(value) if axis not in axes)
        value = self.one()
        while self.next() == "(":
            right = self.one()
            assert value[-1] == right[-2], (value, right)
            value = (*joined(value[:-2], right[:-2]), value[-2], right[-1])
        return value

    def one(self) -> tuple[str, ...]:
        if self.next() == "(":
            self.tokens.pop(0)
            value = self.side()
            assert self.tokens.pop(0) == ")"
            return value
        sizes = [self.tokens.pop(0)]
        while self.next() == "x":
            self.tokens.pop(0)
            sizes.append(self.tokens.pop(0))
        return tuple(sizes)

    def next(self) -> str:
        return self.tokens[0] if self.tokens else ""


def joined(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, ...]:
    """Broadcast."""
    longest = max(len(a), len(b))
    a, b = ("1",) * (longest - len(a)) + a, ("1",) * (longest - len(b)) + b
    assert all(s == t or "1" in (s, t) for s, t in zip(a, b, strict=True)), (a, b)
    return tuple(t if s == "1" else s for s, t in zip(a, b, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_the_lines_of_shapes_work_out(name: str) -> None:
    lines = re.findall(r"Shapes?: \$(.*?)\$", text_of(name))
    assert lines
    for line in lines:
        reader = Shapes(line)
        left = reader.side()
        if reader.tokens and reader.tokens[0] == "=":
            reader.tokens.pop(0)
            # sums that keep their axes leave a 1, which the line shows at its end
            right = reader.side()
            assert [s for s in left if s != "1"] == [s for s in right if s != "1"]
        elif reader.tokens:
            assert reader.tokens.pop(0) == "to"
            reader.side()
        assert not reader.tokens


@pytest.mark.parametrize("name", NAMES)
def test_the_table_gives_the_shape_of_every_value(name: str) -> None:
    made, text = program(name), text_of(name)
    for step in made.update.steps:
        sizes = " \\times ".join(map(_size, step.node.shape))
        shape = f"${sizes}$" if sizes else "number"
        assert f"`{step.name}` | {shape} |" in text


def _size(size: int | Dim) -> str:
    if isinstance(size, int):
        return str(size)
    return " ".join([str(size.factor)] * (size.factor != 1) + list(size.symbols))


# What a reader of the notes expects.

REGRESSION = [
    r"z_1 = X W_1 + b_1",
    r"(n \times 1)(1 \times 3) + 3 = n \times 3",
    r"a_1 = \sigma(z_1)",
    r"E = \sum \delta^{2}",
    r"\frac{\partial E}{\partial W_2} = "
    r"\frac{\partial \hat{y}}{\partial W_2} \, \frac{\partial E}{\partial \hat{y}}",
    r"since $\hat{y} = a_1 W_2 + b_2$.",
    r"= a_1^{\top} \cdot \frac{\partial E}{\partial \hat{y}}",
    r"Shapes: $(3 \times n)(n \times 1) = 3 \times 1$",
    r"\frac{\partial E}{\partial W_2} = a_1^{\top} \cdot 2 (\hat{y} - y)",
    r"\frac{\partial E}{\partial b_2} = "
    r"\sum_{i=1}^{n} \left(\frac{\partial E}{\partial \hat{y}}\right)_i",
    r"\frac{\partial E}{\partial a_1} = "
    r"\frac{\partial \hat{y}}{\partial a_1} \, \frac{\partial E}{\partial \hat{y}} = "
    r"\frac{\partial E}{\partial \hat{y}} \cdot W_2^{\top}",
    r"\frac{\partial E}{\partial z_1} = "
    r"\frac{\partial E}{\partial a_1} \odot (a_1 \odot (1 - a_1))",
    r"With $\eta = 0.1$.",
    r"\theta \leftarrow \theta - \eta \frac{\partial E}{\partial \theta}",
]


@pytest.mark.parametrize("formula", REGRESSION)
def test_the_regression_of_the_notes(formula: str) -> None:
    assert formula in notes_network()


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("deep", r"\frac{\partial E}{\partial \ell} = -\frac{Y}{n}"),
        ("deep", r"since $\ell = \ln \operatorname{softmax}(s)$."),
        (
            "deep",
            r"$\sum_{\text{axis } 1} \frac{\partial E}{\partial \ell} = -\frac{1}{n}$",
        ),
        (
            "deep",
            r"\frac{\partial E}{\partial s} = \frac{e^{\ell} - Y}{n} = \frac{p - Y}{n}",
        ),
        ("spiral", r"\left.\frac{\partial E}{\partial W_2}\right|_{s}"),
        ("spiral", r"$W_2$ is used in 2 places, and their contributions add up."),
        ("spiral", r"$\eta = 1$, $\lambda = 0.001$"),
        ("shared", r"### $\frac{\partial E}{\partial z_{1,2}}$"),
        ("hinge", r"The loss is computed from $\text{margins}$ itself: $E = "),
        ("hinge", r"g_{\theta} = \text{scale} \, \frac{\partial E}{\partial \theta}"),
        ("deep_adam", r"m_{\theta} \leftarrow \beta_1 m_{\theta} + (1 - \beta_1)"),
        ("masked", r"\text{if } \text{free}_{W_1}"),
        ("dropout", r"[\operatorname{uniform}(\text{seed}, t, 1) < 0.7]"),
        ("custom", r"\text{root} = \sqrt{\delta^{2} + 1}"),
        ("pooling", r"\operatorname{patches}_{3 \times 3,\,\text{stride } 2 \times 2}"),
        ("plateau", r"| $\eta$ | `lr` | number | learning rate |"),
    ],
)
def test_what_a_network_needs_is_said(name: str, formula: str) -> None:
    assert formula in text_of(name)


@pytest.mark.parametrize(
    "words",
    [
        "前向传播",
        "反向传播",
        "链式法则",
        "损失",
        "学习率",
        "按元素相乘",
        "形状",
        "因此",
    ],
)
def test_chinese_uses_the_words_of_the_field(words: str) -> None:
    assert words in text_of("spiral", "zh")


@pytest.mark.parametrize("name", ["line", "spiral", "pooling"])
def test_only_signs_that_occur_are_explained(name: str) -> None:
    text = text_of(name)
    for operation in ("onehot", "reshape", "patches", "pad", "broadcast"):
        told = text.count(f"- $\\operatorname{{{operation}}}")
        assert bool(told) == (text.count(f"{{{operation}}}") > told)


class Unused(pg.Network):
    """A parameter that nothing reads."""

    def __init__(self) -> None:
        self.last = pg.Linear(1)

    def forward(self, x: Any, /) -> Any:
        self.param("V", (3,), pg.Constant(1.0))
        return self.last(x)


def test_a_parameter_that_nothing_reads_is_said_to_have_no_effect() -> None:
    assert "$E$ does not depend on $V_1$." in derivation(Unused().program(X, y))
