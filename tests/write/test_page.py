"""The page of a derivation: whole, self-contained, and readable offline."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser

import pytest

from plaingrad.errors import MissingExtraError
from plaingrad.write.derivation import derivation
from plaingrad.write.page import page
from zoo import ZOO

VOID = {"meta", "mspace"}


class Tags(HTMLParser):
    """Checks that tags are closed in order, and counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def text_of(name: str, lang: str) -> str:
    animal = next(animal for animal in ZOO if animal.name == name)
    settings = {"epochs": 3, "batch_size": 5, **animal.settings}
    made = animal.network().program(*animal.data(), **settings)
    return derivation(made, lang)


def parsed(html: str) -> Tags:
    tags = Tags()
    tags.feed(html)
    assert tags.open == []
    return tags


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", ["line_1_3_1", "spiral", "huber", "pooling"])
def test_a_page_is_well_formed_and_needs_nothing_from_outside(
    name: str, lang: str
) -> None:
    text = text_of(name, lang)
    html = page(text, "A title", lang)
    tags = parsed(html)
    assert not re.search(r"https?:|url\(|@import|<script|<link|<img", html)
    assert not {"src", "href"} & {attribute for attribute, _ in tags.attributes}
    shown = re.sub(r"\$\$\n.*?\n\$\$", "$x$", text).count("$") // 2
    assert tags.seen.count("math") == shown
    assert "$" not in html
    assert "`" not in html
    assert tags.seen.count("h2") == text.count("\n## ")
    assert tags.seen.count("h3") == text.count("\n### ")
    assert tags.seen.count("tr") == text.count("\n| ")


def test_the_page_says_its_language_and_title() -> None:
    assert '<html lang="zh-CN">' in page("# 题目", "题目", "zh")
    html = page("text", "a < b & c", "en")
    assert '<html lang="en">' in html
    assert "<title>a &lt; b &amp; c</title>" in html


def test_blocks_of_markdown() -> None:
    html = page("# One `a<b`\n\n- x $y$\n- z\n\n| a | b |\n|---|---|\n| 1 | 2 |", "t")
    assert "<h1>One <code>a&lt;b</code></h1>" in html
    assert html.count("<li>") == 2
    assert "<tr><th>a</th><th>b</th></tr>\n<tr><td>1</td><td>2</td></tr>" in html
    assert '<math display="inline">' in html


def test_code_and_tables_without_a_head() -> None:
    html = page(
        "```python\nif a < b:\n    *c* = `d`\n```\n\n|  |  |\n|---|---|\n| 1 |  |", "t"
    )
    assert "<pre><code>if a &lt; b:\n    *c* = `d`</code></pre>" in html
    assert '<table class="bare">\n<tr><td>1</td></tr>\n</table>' in html


def test_formulas_become_mathml() -> None:
    html = page("$$\n\\frac{a}{b} = \\sum_{i=1}^{n} x^{\\top}\n$$", "t")
    for tag in ('<math display="block">', "<mfrac>", "<msup>", "<munderover>"):
        assert tag in html


def test_both_colour_schemes_are_served() -> None:
    html = page("text", "t")
    assert "color-scheme: light dark" in html
    assert "prefers-color-scheme: dark" in html


def test_without_the_library_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "latex2mathml.converter", None)
    with pytest.raises(MissingExtraError, match=r"plaingrad\[html\]"):
        page("$x$", "t")
