"""Gathers the pages of the site from where they are in the repository."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath

import api

from plaingrad.lessons.source import joined

ROOT = Path(__file__).resolve().parents[2]
OUTSIDE = {
    "README.md": "index.md",
    "benchmarks/README.md": "benchmarks.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
}
"""Pages that lie outside docs/, and what they are on the site."""
FENCE = re.compile(r"^ *(`{3,})[^\n]*\n.*?^ *\1 *$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[(?P<name>[^]]*)\]\((?P<page>[^)#:\s]+\.md)\)")
TARGET = re.compile(r'(?<=\]\()[^)#:\s]+(?=[)#])|(?<=src=")[^":]+(?=")')


def sources() -> dict[str, str]:
    """Return the English pages of the repository, and what they are on the site."""
    own = [*(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "lessons").glob("*.md")]
    names = [path.relative_to(ROOT).as_posix() for path in sorted(own)]
    inside = {name: name.removeprefix("docs/") for name in names if ".zh." not in name}
    return {**OUTSIDE, **inside}


def stage(lang: str, folder: Path) -> None:
    """Write the pages of a language, with all that they link to, into a folder.

    Where a page has no translation it is the English one.
    """
    pages = sources()
    for source, place in pages.items():
        own = source.replace(".md", f".{lang}.md")
        file = own if (ROOT / own).exists() else source
        text = (ROOT / file).read_text(encoding="utf-8")
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        made = Page(pages, file, place, lang, folder).rewritten(joined(text))
        (folder / place).write_text(made, encoding="utf-8")
    api.write(folder / "api", lang)


@dataclass(frozen=True)
class Page:
    """A page whose links are to lead to the same things on the site.

    Parameters
    ----------
    pages
        The English pages, and what they are on the site.
    file
        The page's own file in the repository.
    place
        What it is on the site.
    lang
        The language of the site.
    folder
        Where the pages of the site are gathered.
    """

    pages: dict[str, str]
    file: str
    place: str
    lang: str
    folder: Path

    def rewritten(self, text: str) -> str:
        """Return the text of the page with its links changed, code as it is."""
        parts, end = [], 0
        for code in FENCE.finditer(text):
            parts += [self._changed(text[end : code.start()]), code[0]]
            end = code.end()
        return "".join([*parts, self._changed(text[end:])])

    def _changed(self, text: str) -> str:
        # Python-Markdown reads Markdown in HTML only where it is told to
        text = text.replace("<details>", '<details markdown="1">')
        text = LINK.sub(self._other_language, text)
        above = str(PurePosixPath(self.place).parent)
        return TARGET.sub(lambda found: relpath(self._goal(found[0]), above), text)

    def _other_language(self, found: re.Match[str]) -> str:
        """Return a link as it is, or as HTML when it is to this page's translation."""
        if self._goal(found["page"]) != self.place:
            return found[0]
        up = "../" * (self.place.count("/") + (self.lang != "en"))
        there = self.place.removesuffix(".md") + ".html"
        folder = "zh/" if self.lang == "en" else ""
        return f'<a href="{up}{folder}{there}">{found["name"]}</a>'

    def _goal(self, link: str) -> str:
        """Return what the target of a link is on the site; bring it there."""
        path = normpath(str(PurePosixPath(self.file).parent / link))
        english = re.sub(r"\.\w\w\.md$", ".md", path)
        if english in self.pages:
            return self.pages[english]
        if not (ROOT / path).is_file():
            raise SystemExit(f"{self.file} links to {link}, which is not there.")
        place = path.removeprefix("docs/")
        (self.folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, self.folder / place)
        return place
