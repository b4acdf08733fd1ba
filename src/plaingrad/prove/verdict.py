"""The report of a check, as text, Markdown and HTML, in English and Chinese."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import unknown_name
from ..write.plain import aligned
from .causes import CAUSES
from .diagnose import Finding
from .evidence import Evidence

LANGUAGES = ("en", "zh")
WORDS = {
    "right": (
        "All gradients agree with the measured slopes.",
        "所有梯度都与测得的斜率一致。",
    ),
    "wrong": (
        "{} of {} gradients disagree with the measured slopes.",
        "{1} 个梯度中有 {0} 个与测得的斜率不一致。",
    ),
    "nothing": ("Nothing could be compared.", "没有可以比较的内容。"),
    "remark": ("Remark", "说明"),
    "where": ("Line {}", "第 {} 行"),
    "instead": ("Write instead", "应改为"),
    "proved": (
        "With this change the measured slopes confirm {}; it was run.",
        "经实际运行：改后 {} 与测得的斜率一致。",
    ),
    "together": (
        "With this change and the next together the measured slopes confirm {}.",
        "经实际运行：与下一处改动一起，{} 与测得的斜率一致。",
    ),
    "guess": (
        "The numbers fit this; no line was changed and run.",
        "数值符合这一判断；没有修改并运行代码。",
    ),
    "move": (
        "Move this line to the end, after all gradients.",
        "把这一行移到最后，放在所有梯度之后。",
    ),
    "claimed": ("claimed", "声称值"),
    "measured": ("measured", "测得值"),
    "leave out": ("Leave this line out.", "去掉这一行。"),
}
HEAD = (
    ("parameter", "shape", "largest error", "checked", "kinks", "verdict"),
    ("参数", "形状", "最大误差", "检查数", "折点", "结论"),
)
VERDICTS = {
    "right": ("right", "正确"),
    "wrong": ("WRONG", "错误"),
    "missing": ("MISSING", "缺失"),
    "half": ("half", "一半"),
    "unseen": ("no evidence", "无证据"),
}


def known_language(lang: str) -> None:
    """Complain when a language is not known."""
    if lang not in LANGUAGES:
        raise unknown_name("language", lang, LANGUAGES)


@dataclass(frozen=True)
class Row:
    """What was found for one parameter.

    Attributes
    ----------
    name, shape
        The parameter.
    error
        The largest difference between claim and slope, as a part of the largest slope.
    checked
        How many entries were compared, at all points.
    kinks
        How many entries were left out, because there is no slope.
    verdict
        "right", "wrong", "missing", "half" or "unseen".
    """

    name: str
    shape: tuple[int, ...]
    error: float
    checked: int
    kinks: int
    verdict: str


@dataclass(frozen=True)
class CheckReport:
    """What a check found; print it to read it.

    Attributes
    ----------
    rows
        One for each parameter.
    findings
        The mistakes, the surest first, and the remarks after them.
    lang
        "en" or "zh".
    """

    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    lang: str = "en"

    @property
    def ok(self) -> bool:
        """Whether everything that could be compared agrees."""
        bad = {"wrong", "missing"}
        faults = any(not finding.remark for finding in self.findings)
        return not faults and not any(row.verdict in bad for row in self.rows)

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        table = aligned([self._head, *map(self._cells, self.rows)])
        parts = [self._summary(), *table]
        for finding in self.findings:
            title, *rest = self._told(finding)
            parts += ["", title[1], *(f"    {text}" for _, text in rest)]
        return "\n".join(parts)

    def markdown(self) -> str:
        """Return the report as Markdown."""
        rows = [self._head, ("---",) * 6, *map(self._cells, self.rows)]
        parts = [self._summary(), "", *(f"| {' | '.join(row)} |" for row in rows)]
        for finding in self.findings:
            title, *rest = self._told(finding)
            parts += ["", f"**{title[1]}**", ""]
            parts += [f"`{t}`  " if kind == "code" else f"{t}  " for kind, t in rest]
        return "\n".join(parts) + "\n"

    def _repr_html_(self) -> str:
        cells = [self._head, *map(self._cells, self.rows)]
        rows = "".join(
            f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>"
            for row in cells
        )
        parts = [f"<p>{html.escape(self._summary())}</p><table>{rows}</table>"]
        for finding in self.findings:
            title, *rest = self._told(finding)
            lines = [
                f"<code>{html.escape(t)}</code>" if kind == "code" else html.escape(t)
                for kind, t in rest
            ]
            parts.append(
                f"<p><b>{html.escape(title[1])}</b><br>{'<br>'.join(lines)}</p>"
            )
        return "".join(parts)

    @property
    def _language(self) -> int:
        return LANGUAGES.index(self.lang)

    @property
    def _head(self) -> tuple[str, ...]:
        return HEAD[self._language]

    def _word(self, key: str) -> str:
        return WORDS[key][self._language]

    def _summary(self) -> str:
        bad = sum(row.verdict in ("wrong", "missing") for row in self.rows)
        if bad:
            return self._word("wrong").format(bad, len(self.rows))
        unseen = all(row.verdict == "unseen" for row in self.rows)
        return self._word("nothing" if unseen else "right")

    def _cells(self, row: Row) -> tuple[str, ...]:
        size = f"{row.error:.1e}" if np.isfinite(row.error) else "-"
        size = size if row.error > 1e-8 else "< 1e-8"
        verdict = VERDICTS[row.verdict][self._language]
        return (
            row.name,
            str(row.shape),
            size,
            str(row.checked),
            str(row.kinks),
            verdict,
        )

    def _told(self, finding: Finding) -> Iterator[tuple[str, str]]:
        """Yield the title of a finding, then (kind, text) of its lines."""
        cause = CAUSES[finding.cause]
        comma, colon = (", ", ":") if self.lang == "en" else ("、", "：")
        names = comma.join(finding.params)
        start = self._word("remark") if finding.remark else names
        space = " " if self.lang == "en" else ""
        start = f"{start}{colon}{space}" if start else ""
        yield "title", f"{start}{cause.title[self._language]}"
        yield "text", cause.why[self._language]
        if finding.holds:
            yield "code", self._equation(finding.holds)
        if finding.line:
            yield "text", f"{self._word('where').format(finding.line)}{colon}"
            yield "code", finding.before
        if finding.after.startswith("# "):
            yield "text", self._word("leave out")
        elif finding.after and finding.after == finding.before:
            yield "text", self._word("move")
        elif finding.after:
            yield "text", f"{self._word('instead')}{colon}"
            yield "code", finding.after
        if finding.proved:
            word = "together" if finding.together else "proved"
            yield "text", self._word(word).format(names)
        elif not finding.remark and " = " in finding.holds:
            yield "text", self._word("guess")

    def _equation(self, holds: str) -> str:
        """Return what holds in the words of the language."""
        words = {word: self._word(word) for word in ("claimed", "measured")}
        return re.sub(r"\b(claimed|measured)\b", lambda m: words[m[0]], holds)


def report(
    evidence: Evidence, findings: Sequence[Finding], lang: str = "en"
) -> CheckReport:
    """Return the report of a check."""
    wrong = set(evidence.wrong())
    half = {n for f in findings if f.cause == "convention" for n in f.params}
    rows = tuple(_row(evidence, name, wrong, half) for name in evidence.names)
    return CheckReport(rows, tuple(findings), lang)


def _row(evidence: Evidence, name: str, wrong: set[str], half: set[str]) -> Row:
    seen = [point.measured[name].slopes.kink for point in evidence.points]
    shape = evidence.points[0].params[name].shape
    error = max(point.relative(name) for point in evidence.points)
    kinks = sum(int(kink.sum()) for kink in seen)
    verdict = "wrong" if name in wrong else "right"
    claim = evidence.points[0].claimed[name]
    if claim is None or np.asarray(claim).dtype.kind not in "fiub":
        verdict = "missing"
    elif name in half:
        verdict = "half"
    elif all(kink.all() for kink in seen):
        verdict = "unseen"
    return Row(name, shape, error, sum(map(len, seen)) - kinks, kinks, verdict)
