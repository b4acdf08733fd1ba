"""The report on a script, as text in English or Chinese."""

from __future__ import annotations

from .outcome import Finding, Outcome
from .words import cause, said


def report(outcome: Outcome, file: str, lang: str = "en") -> str:
    """Return what was found in a script, in the words of a language."""
    words = said(lang)
    lines = [file]
    if outcome.runs:
        seconds = f"{outcome.seconds:.1f}"
        lines.append(words["ran"].format(file=file, runs=outcome.runs, seconds=seconds))
    if outcome.loop is not None:
        line, text = outcome.loop
        lines.append(
            words["loop" if line else "plain_loop"].format(line=line, text=text)
        )
    lines += _steps(outcome, words)
    lines += _findings(outcome, words, lang)
    lines += _ending(outcome, words)
    return "\n".join(lines) + "\n"


def _steps(outcome: Outcome, words: dict[str, str]) -> list[str]:
    """Return the lines on the loss and on each parameter."""
    if outcome.loss is None:
        return []
    lines = [words[outcome.loss["form"]].format(**outcome.loss), words["head"]]
    width = max(len(row.path) for row in outcome.rows)
    for row in outcome.rows:
        what = words[row.verdict].format(
            factor=f"{abs(row.factor):.4g}",
            decay=f"{row.decay:.3g}",
            cosine=f"{row.cosine:.3f}",
        )
        told = {"path": row.path, "line": row.line, "what": what, "width": width}
        lines.append(words["row"].format(**told))
    relative = [r.factor / r.rate for r in outcome.rows if r.verdict == "down"]
    if outcome.uneven:
        lines.append(words["uneven"])
    elif relative and abs(relative[0] - 1) > 0.01 and outcome.status == "right":
        lines.append(words["custom"])
    return lines


def _findings(outcome: Outcome, words: dict[str, str], lang: str) -> list[str]:
    lines: list[str] = []
    remarks = [one for one in outcome.findings if one.remark]
    for head, group in (("found", outcome.faults), ("remarks", remarks)):
        if group:
            lines += ["", words[head]]
            for one in group:
                lines += _told(one, words, lang)
    return lines


def _told(one: Finding, words: dict[str, str], lang: str) -> list[str]:
    """Return the lines of one finding."""
    number = 1 if lang == "zh" else 0
    known = cause(one.cause)
    title = _filled(known.title[number], one)
    lines = [words["at"].format(line=one.line, title=title)]
    lines.append("      " + _filled(known.why[number], one))
    if one.below:
        lines.append(words["was"].format(text=one.before))
        lines.append(words["moved"].format(line=one.below))
    elif one.before or one.after:
        for key, text in (("was", one.before), ("now", one.after)):
            first, *rest = text.split("\n")
            lines.append(words[key].format(text=first))
            lines += ["              " + line for line in rest]
    return lines


def _filled(text: str, one: Finding) -> str:
    return text.format(**one.words) if one.words else text


def _ending(outcome: Outcome, words: dict[str, str]) -> list[str]:
    lines = [""]
    if outcome.status == "refused":
        reason = words[outcome.reason].format(**outcome.words)
        lines.append(words["refused"].format(reason=reason))
    elif outcome.status == "right":
        lines.append(words["right"])
    elif outcome.status == "lint":
        lines.append(words["none"])
    elif outcome.mended:
        lines.append(words["proved"])
    elif outcome.loss is not None:
        lines.append(words["unproved"])
    if outcome.spent:
        lines.append(words["unsearched"])
    return lines
