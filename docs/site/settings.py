"""The settings of Zensical, which makes the site."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stage import ROOT

from plaingrad.lessons.words import LANGUAGES

GUIDES = (
    *("how-it-works", "engine", "benchmarks", "worksheet", "prove", "check"),
    *("check-scripts", "practice", "search", "tables", "images", "augmentation"),
    *("streams", "optimisers", "sklearn"),
)
"""The order of the guides; others follow by name."""
PROJECT = ["changelog.md", "contributing.md"]
WORDS = {
    "en": {
        "about": "Neural networks you can read",
        "start": "Start",
        "lessons": "Lessons",
        "guides": "Guides",
        "api": "Reference",
        "project": "Project",
        "dark": "Dark colours",
        "light": "Light colours",
    },
    "zh": {
        "about": "读得懂的神经网络",
        "start": "开始",
        "lessons": "课程",
        "guides": "指南",
        "api": "参考",
        "project": "项目",
        "dark": "深色",
        "light": "浅色",
    },
}
FEATURES = (
    *("content.code.copy", "navigation.footer", "navigation.indexes"),
    *("navigation.sections", "navigation.top", "search.highlight"),
)
DOCSTRINGS = {
    "docstring_style": "numpy",
    "filters": ["!^_"],
    "heading_level": 2,
    "line_length": 76,
    "merge_init_into_class": True,
    "separate_signature": True,
    "show_bases": False,
    "show_root_full_path": False,
    "show_root_heading": True,
    "show_signature_annotations": True,
    "show_source": False,
}


def settings(lang: str, pages: Path) -> dict[str, Any]:
    """Return the settings for the site of a language, whose pages are in a folder."""
    say = WORDS[lang]
    handler = {"paths": [str(ROOT / "src")], "options": DOCSTRINGS}
    return {
        "site_name": "plaingrad",
        "site_description": say["about"],
        "docs_dir": pages.name,
        "nav": navigation(pages, say),
        "extra_css": ["assets/site.css"],
        "extra": {**other(lang), "polyfills": ["assets/iframe-worker.js"]},
        "theme": theme(lang, say),
        "validation": {"links": {"not_found": "warn", "anchors": "warn"}},
        "markdown_extensions": [
            *("attr_list", "md_in_html", "tables", "mathml", "pymdownx.superfences"),
            {"toc": {"permalink": True}},
            {"pymdownx.highlight": {"pygments_lang_class": True}},
        ],
        "plugins": [
            *("search", "offline"),
            {"mkdocstrings": {"handlers": {"python": handler}}},
        ],
    }


def theme(lang: str, say: dict[str, str]) -> dict[str, Any]:
    """Return how the site looks: by day and by night, in fonts of the computer."""
    palette = [
        {
            "media": f"(prefers-color-scheme: {wanted})",
            "scheme": scheme,
            "toggle": {"icon": f"lucide/{icon}", "name": say[change]},
        }
        for wanted, scheme, icon, change in [
            ("light", "default", "sun", "dark"),
            ("dark", "slate", "moon", "light"),
        ]
    ]
    return {
        "language": lang,
        "custom_dir": str(Path(__file__).resolve().parent / "theme"),
        "font": False,
        "features": list(FEATURES),
        "palette": palette,
    }


def other(lang: str) -> dict[str, Any]:
    """Return what the template needs for its link to the other language."""
    (code,) = (one for one in LANGUAGES if one != lang)
    folder = "zh/" if code == "zh" else ""
    return {
        "alternate": True,  # as a list it makes links to the other start page
        "root": "." if lang == "en" else "..",
        "other": {"name": LANGUAGES[code], "lang": code, "folder": folder},
    }


def navigation(pages: Path, say: dict[str, str]) -> list[dict[str, Any]]:
    """Return all pages in their order, by section."""
    names = sorted(path.relative_to(pages).as_posix() for path in pages.rglob("*.md"))
    top = [name for name in names if "/" not in name]
    guides = [name for name in top if name not in ("index.md", *PROJECT)]
    return [
        {say["start"]: "index.md"},
        {say["lessons"]: sorted(_within("lessons/", names), key=_index_first)},
        {say["guides"]: sorted(guides, key=_guides_first)},
        {say["api"]: sorted(_within("api/", names), key=_index_first)},
        {say["project"]: PROJECT},
    ]


def _within(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name.startswith(folder)]


def _index_first(name: str) -> tuple[bool, str]:
    return not name.endswith("/index.md"), name


def _guides_first(name: str) -> tuple[int, str]:
    stem = name.removesuffix(".md")
    return (GUIDES.index(stem) if stem in GUIDES else len(GUIDES)), name
