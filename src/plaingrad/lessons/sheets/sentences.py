"""The words of worksheets, in English and Chinese."""

from __future__ import annotations

from ...write.words import words

SENTENCES: dict[str, dict[str, str]] = {
    "en": {
        "title": "Worksheet of `{network}`",
        "intro": "One update on {samples}, every product and sum written out: the "
        "lines of the NumPy script, and below each the numbers of its entries. The "
        "loss is `{loss}`, the optimiser `{optimizer}`.",
        "one": "one sample",
        "several": "{count} samples",
        "rounded": "Numbers are printed with five digits and computed with all of "
        "theirs, so the last digit of a result may differ from what the printed "
        "numbers give.",
        "truths": "A comparison such as (2 > 0) counts as 1 where it holds and as 0 "
        "where it does not.",
        "drawn": "What `uniform` draws stands as it was drawn.",
        "given": "given",
        "more_terms": "… {count} more …",
        "more_entries": "… {count} more entries",
        "more_entry": "… 1 more entry",
    },
    "zh": {
        "title": "`{network}` 的逐步演算",
        "intro": "用{samples}更新一次参数，写出其中的每一次乘法和加法："
        "先是 NumPy 脚本中的一行，下面是这一行各个元素的数字。"
        "损失函数是 `{loss}`，优化器是 `{optimizer}`。",
        "one": "一个样本",
        "several": " {count} 个样本",
        "rounded": "数字只印出五位有效数字，计算时则保留全部位数，"
        "所以用印出的数字验算时，结果的末位可能略有出入。",
        "truths": "形如 (2 > 0) 的比较，成立时算作 1，不成立时算作 0。",
        "drawn": "`uniform` 抽取的随机数直接写出。",
        "given": "已知",
        "more_terms": "…（另有 {count} 项）…",
        "more_entries": "……另有 {count} 个元素",
        "more_entry": "……另有 1 个元素",
    },
}


def sentences(lang: str) -> dict[str, str]:
    """Return the words of worksheets in a language, and those of the script."""
    return {**words(lang), **SENTENCES[lang]}
