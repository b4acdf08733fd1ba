"""The words of what is in a column, in English and Chinese."""

from __future__ import annotations

from ..write.words import words

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "mean": "{low} .. {high}, mean {mean}",
        "nothing": "nothing",
        "empty": "empty",
        "other": "neither numbers nor text nor dates",
        "constant": "always {first}",
        "text": "text, {different} different in {rows} rows",
        "mixed": "numbers, but also {first}; correct it, or leave it empty",
        "counts": "counts the rows",
        "asked": "left out as asked",
    },
    "zh": {
        "mean": "{low} .. {high}，平均 {mean}",
        "nothing": "没有值",
        "empty": "空列",
        "other": "既不是数，也不是文字或日期",
        "constant": "总是 {first}",
        "text": "文字，{rows} 行中有 {different} 种",
        "mixed": "数，但也有 {first}；请更正或留空",
        "counts": "只是行的编号",
        "asked": "按要求不使用",
    },
}


def column_words(lang: str) -> dict[str, str]:
    """Return the words for columns in a language ("en" or "zh")."""
    words(lang)
    return WORDS[lang]
