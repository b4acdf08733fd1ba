"""What the site is made by: pages gathered, links changed and checked, formulas."""

import importlib
import sys
from pathlib import Path

import markdown
import pytest

import plaingrad as pg

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def site():
    """Return a module of docs/site by its name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "docs" / "site"))
        yield importlib.import_module
    for name in ("api", "check", "mathml", "settings", "stage"):
        sys.modules.pop(name, None)


@pytest.fixture
def page(site, tmp_path):
    """Make a page of the site, by default the README in English."""

    def made(text, file="README.md", place="index.md", lang="en"):
        stage = site("stage")
        return stage.Page(stage.sources(), file, place, lang, tmp_path).rewritten(text)

    return made


# Pages.


def test_links_lead_to_the_pages_of_the_site(page, tmp_path):
    assert page("[a](docs/engine.md#how) [b](https://x.org/a.md) [c](#d)") == (
        "[a](engine.md#how) [b](https://x.org/a.md) [c](#d)"
    )
    assert page("[a](../README.md)", "docs/prove.md", "prove.md") == "[a](index.md)"
    lesson = ("docs/lessons/01-prediction.zh.md", "lessons/01-prediction.md", "zh")
    assert page("[a](index.zh.md) [b](../prove.md)", *lesson) == (
        "[a](index.md) [b](../prove.md)"
    )


def test_links_to_the_other_language(page):
    place = "lessons/01-prediction.md"
    english, chinese = (f"docs/lessons/01-prediction{end}" for end in (".md", ".zh.md"))
    assert page("[中文](01-prediction.zh.md)", english, place) == (
        '<a href="../zh/lessons/01-prediction.html">中文</a>'
    )
    assert page("[English](01-prediction.md)", chinese, place, "zh") == (
        '<a href="../../lessons/01-prediction.html">English</a>'
    )
    assert page("[中文](README.zh.md)") == '<a href="zh/index.html">中文</a>'


def test_what_pages_show_comes_along(page, tmp_path):
    assert page('<img src="docs/pictures/spiral.png">') == (
        '<img src="pictures/spiral.png">'
    )
    picture = ROOT / "docs" / "pictures" / "spiral.png"
    copied = tmp_path / "pictures" / "spiral.png"
    assert copied.read_bytes() == picture.read_bytes()


def test_code_stays_as_it_is(page):
    text = "```python\nx = y[0](docs/engine.md)\n```"
    assert page(text) == text


def test_a_link_to_nothing(page):
    with pytest.raises(SystemExit, match=r"README.md links to docs/no.md"):
        page("[a](docs/no.md)")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_all_pages_are_gathered_and_listed(site, tmp_path, lang):
    site("stage").stage(lang, tmp_path)
    gathered = {
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.md")
    }
    assert set(site("stage").sources().values()) <= gathered
    listed = set()
    for section in site("settings").settings(lang, tmp_path)["nav"]:
        for pages in section.values():
            listed |= {pages} if isinstance(pages, str) else set(pages)
    assert listed == gathered
    home = (tmp_path / "index.md").read_text(encoding="utf-8")
    assert ("神经网络" in home) == (lang == "zh")


# The reference.


def test_all_public_names_are_in_the_reference(site):
    api = site("api")
    told = {name for group in api.GROUPS for name in api.names(group)}
    modules = {"callbacks", "data", "draw", "errors", "lessons", "metrics", "ops"}
    modules.add("sklearn")
    assert set(pg.__all__) - modules <= told
    for module in (pg.data, pg.draw, pg.lessons, pg.sklearn):
        assert set(module.__all__) <= told


def test_methods_are_told_of_once(site, tmp_path):
    site("api").write(tmp_path / "api", "en")
    page = (tmp_path / "api" / "02-layers.md").read_text(encoding="utf-8")
    base, linear = "plaingrad.layers.base.Layer", "plaingrad.layers.linear.Linear"
    assert page.startswith(f"# Layers\n\n::: {base}\n\n")
    assert f"::: {linear}\n    options:\n      members: false\n" in page
    index = (tmp_path / "api" / "index.md").read_text(encoding="utf-8")
    assert f"[`pg.Linear`](02-layers.md#{linear})" in index
    assert "[`pg.data.spiral`](10-data.md#plaingrad.data.toys.spiral)" in index


# Formulas.


def test_formulas(site):
    made = markdown.markdown(
        "The slope $x_1^2 * y * z$ and `$code$`.\n\n$$\\frac{a}{b}$$",
        extensions=[site("mathml").makeExtension()],
    )
    assert '<math display="inline">' in made
    assert '<math display="block"><mrow><mfrac>' in made
    assert "<code>$code$</code>" in made
    assert "<em>" not in made


# Links of what was built.


def write(folder, **pages):
    for name, text in pages.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")


def test_a_sound_site(site, tmp_path):
    write(
        tmp_path,
        a='<h1 id="top"></h1><a href="b.html#there">b</a><a href="#top">up</a>'
        '<a href="https://x.org">far</a><link rel="icon" href="b.html">',
        b='<a id="there" href="a.html">a</a><img src="data:image/png;base64,AA==">',
    )
    assert site("check").check(tmp_path) == "2 pages, 4 links, none broken"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('<a href="no.html">', "no.html is not there"),
        ('<a href="sub/">', "sub/ is not there"),
        ('<a href="#no">', "#no is no anchor there"),
        ('<a href="/a.html">', "/a.html is absolute"),
        ('<img src="https://x.org/a.png">', "https://x.org/a.png is fetched"),
        ('<script src="//x.org/a.js">', "//x.org/a.js is fetched"),
        ('<link rel="stylesheet" href="https://x.org/a.css">', "a.css is fetched"),
    ],
)
def test_a_faulty_site(site, tmp_path, text, told):
    write(tmp_path, a=text)
    (tmp_path / "sub").mkdir()
    with pytest.raises(SystemExit, match="the site is faulty") as error:
        site("check").check(tmp_path)
    assert told in str(error.value)


def test_an_empty_site(site, tmp_path):
    with pytest.raises(SystemExit, match="faulty"):
        site("check").check(tmp_path)
