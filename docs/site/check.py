"""Checks a built site: links lead somewhere, and nothing is fetched from a network."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ELSEWHERE = ("canonical", "alternate", "prev", "next")
"""Kinds of <link> that a browser does not fetch."""


class Page(HTMLParser):
    """What a page links to, what it needs to be shown, and its anchors."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.needs: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag refers to."""
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if "src" in given:
            self.needs.add(given["src"])
        if "href" in given:
            fetched = tag == "link" and given.get("rel") not in ELSEWHERE
            (self.needs if fetched else self.links).add(given["href"])


def check(site: Path) -> str:
    """Say how many links there are; end the program when some are faulty."""
    files = sorted(site.resolve().rglob("*.html"))
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in files}
    wrong = [f"{path}: {told}" for path in pages for told in faults(path, pages)]
    if wrong or not pages:
        raise SystemExit("\n".join(["the site is faulty:", *wrong]))
    links = sum(len(page.links) for page in pages.values())
    return f"{len(pages)} pages, {links} links, none broken"


def faults(path: Path, pages: dict[Path, Page]) -> Iterator[str]:
    """Yield what is wrong with the links of a page."""
    page = pages[path]
    for link in sorted(page.links | page.needs):
        parts = urlsplit(link)
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        anchor = unquote(parts.fragment)
        if parts.scheme or parts.netloc:
            if link in page.needs and parts.scheme != "data":
                yield f"{link} is fetched from a network"
        elif parts.path.startswith("/"):
            yield f"{link} is absolute"
        elif not target.is_file():
            yield f"{link} is not there"
        elif anchor and target in pages and anchor not in pages[target].anchors:
            yield f"{link} is no anchor there"
