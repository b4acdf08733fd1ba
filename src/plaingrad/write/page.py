"""Markdown as one HTML page that needs nothing else: no network and no script."""

from __future__ import annotations

import html
import re

from ..errors import missing_extra

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fff; --ink: #1d2025; --line: #d8dbe0; --soft: #f4f5f7; --pale: #5b6470;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #1b1d21; --ink: #e4e6ea; --line: #3b4048; --soft: #24272c;
    --pale: #a3acb8;
  }
}
body {
  max-width: 48rem; margin: 2rem auto; padding: 0 1.25rem 4rem;
  font: 1.0625rem/1.6 system-ui, -apple-system, "Segoe UI", "Noto Sans",
    "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif;
  background: var(--paper); color: var(--ink);
}
h1 { font-size: 1.6rem; line-height: 1.3; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin-top: 2.6rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.1rem; margin-top: 2.2rem; font-weight: 600; }
ul { padding-left: 1.2rem; color: var(--pale); font-size: 0.95rem; }
code { font-family: ui-monospace, Consolas, Menlo, monospace; font-size: 0.9em; }
h3 code, td code { color: var(--pale); }
h1 code { font-size: 0.85em; }
pre {
  margin: 1.8rem 0 0; padding: 0.45rem 0.7rem; overflow-x: auto; line-height: 1.45;
  background: var(--soft); border-left: 3px solid var(--line);
}
pre code { font-size: 0.8em; }
p { margin: 0.7rem 0; }
.formula { overflow-x: auto; overflow-y: hidden; margin: 0.9rem 0; }
.formula + p { margin-top: -0.2rem; }
math {
  font-family: "STIX Two Math", "Cambria Math", "Latin Modern Math", math, serif;
  font-size: 1.08em;
}
h3 math { math-style: normal; }
mtd { text-align: left; }
img { max-width: 100%; background: #fff; }
table { border-collapse: collapse; width: 100%; font-size: 0.95rem; }
.short { white-space: nowrap; }
th, td { text-align: left; padding: 0.35rem 0.5rem; border-top: 1px solid var(--line); }
th { border-top: 0; background: var(--soft); }
.bare { font-variant-numeric: tabular-nums; }
.bare tr:first-child td { border-top: 0; }
.bare td:first-child { min-width: 7rem; white-space: nowrap; width: 1%; }
.bare td:last-child { min-width: 7rem; white-space: nowrap; width: 1%; }
@media print {
  body { max-width: none; margin: 0; }
  h2, h3, pre { break-after: avoid; }
  tr { break-inside: avoid; }
}
"""

SHORT = 14
"""Up to how many characters a cell of a table is kept on one line."""
_FUNCTION = '<mo form="prefix" lspace="0.17em" rspace="0">'


def page(markdown: str, title: str, lang: str = "en") -> str:
    """Return Markdown as a page of HTML, its formulas as MathML.

    Parameters
    ----------
    markdown
        As derivations and certificates are written: headings, lists, tables, words in
        asterisks, code (blocks of it without blank lines), pictures that stand alone,
        and LaTeX between dollar signs.
    title
        The title of the page.
    lang
        The language of the text: "en" or "zh".

    Raises
    ------
    MissingExtraError
        When latex2mathml is not installed.
    """
    language = {"zh": "zh-CN"}.get(lang, lang)
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="{language}">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{html.escape(title)}</title>",
            f"<style>{STYLE}</style>",
            "</head>",
            "<body>",
            blocks(markdown),
            "</body>",
            "</html>\n",
        ]
    )


def blocks(markdown: str) -> str:
    """Return the paragraphs of Markdown as HTML, without a page around them."""
    return "\n".join(map(_block, markdown.strip().split("\n\n")))


def _block(text: str) -> str:
    """Return one block of Markdown as HTML."""
    if text.startswith("$$"):
        return f'<div class="formula">{formula(text.strip("$"), "block")}</div>'
    if heading := re.fullmatch(r"(#+) (.*)", text):
        level = len(heading[1])
        return f"<h{level}>{_inline(heading[2])}</h{level}>"
    if text.startswith("- "):
        points = re.split(r"^- ", text, flags=re.MULTILINE)[1:]
        items = "\n".join(f"<li>{_inline(point.strip())}</li>" for point in points)
        return f"<ul>\n{items}\n</ul>"
    if text.startswith("```"):
        code = "\n".join(text.split("\n")[1:-1])
        return f"<pre><code>{html.escape(code)}</code></pre>"
    if text.startswith("|"):
        return _table(text)
    if picture := re.fullmatch(r"!\[(.*)\]\((.*)\)", text):
        alt, source = (html.escape(part) for part in picture.groups())
        return f'<p><img alt="{alt}" src="{source}"></p>'
    return f"<p>{_inline(text)}</p>"


def _table(text: str) -> str:
    """Return a table as HTML; one with an empty head is bare."""
    head, _, *body = text.split("\n")
    rows = [_row(line, "td") for line in body]
    if head.strip("| "):
        return "\n".join(["<table>", _row(head, "th"), *rows, "</table>"])
    return "\n".join(['<table class="bare">', *rows, "</table>"])


def _row(line: str, tag: str) -> str:
    cells = []
    for text in line.strip("| ").split(" | "):
        # a number or a word does not break, and leaves sentences their room
        kind = ' class="short"' if tag == "td" and len(text) <= SHORT else ""
        cells.append(f"<{tag}{kind}>{_inline(text)}</{tag}>")
    return f"<tr>{''.join(cells)}</tr>"


def _inline(text: str) -> str:
    """Return a line of Markdown as HTML: code, formulas, stressed words, and text."""
    parts = []
    for part in re.split(r"(`[^`]*`|\$[^$]*\$|\*[^*]+\*)", text):
        if part.startswith("`"):
            parts.append(f"<code>{html.escape(part.strip('`'))}</code>")
        elif part.startswith("$"):
            parts.append(formula(part.strip("$"), "inline"))
        elif part.startswith("*"):
            parts.append(f"<em>{html.escape(part.strip('*'))}</em>")
        else:
            parts.append(html.escape(part))
    return "".join(parts)


def formula(latex: str, display: str) -> str:
    """Return LaTeX as MathML; `display` is "inline" or "block".

    Raises
    ------
    MissingExtraError
        When latex2mathml is not installed.
    """
    try:
        from latex2mathml.converter import convert
    except ImportError:
        raise missing_extra("latex2mathml", "html", "A page of formulas") from None
    mathml: str = convert(latex.strip(), display=display)
    # in HTML no namespace is needed
    mathml = mathml.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "")
    # names of functions stand close to their arguments
    return re.sub(r"<mo>(?=[A-Za-z]{2})", _FUNCTION, mathml)
