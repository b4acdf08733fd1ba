"""The words that all reports share, in English and Chinese.

Samples are `things` (rows, pictures), with their measure word in `counted`.
"""

from __future__ import annotations

from ..write.words import words

SENTENCES: dict[str, dict[str, str]] = {
    "en": {
        "title": "Report on {target}",
        "rows": "It learnt from {train} @counted, and {validation} @counted said when "
        "to stop. All numbers below are of {judged} other @counted, which it has never "
        "seen.",
        "elsewhere": "All numbers below are of {judged} @counted that were given for "
        "this report; they say how good it is only if it was not trained on them.",
        "good": "How good it is",
        "good_columns": "measure | value | 95 % interval | without the @inputs",
        "good_classes": "The *accuracy* is the share of @things predicted right. The "
        "*balanced accuracy* is its mean over the classes, however many @things each "
        "has. The *log loss* is the mean of -log(probability given to the true class): "
        "smaller is better. The interval says how much the value would differ with "
        "other @things: for the accuracy by Wilson's formula, for the others by "
        "drawing the @things again 1,000 times. The last column is what is reached by "
        "always saying the most frequent class, or the share of each class.",
        "accuracy": "accuracy",
        "balanced": "balanced accuracy",
        "log_loss": "log loss",
        "wrong": "Where it is wrong",
        "true": "true class",
        "confusion_note": "A row for each true class; the columns say how often it was "
        "predicted as which.",
        "mistake_columns": "true class | predicted as | @things",
        "confusion": "confusion matrix",
        "network": "The network",
        "costs": "the cost over the epochs",
    },
    "zh": {
        "title": "关于 {target} 的报告",
        "rows": "它从 {train} @counted中学习，另用 {validation} @counted决定何时停止。"
        "下面所有数字都取自它从未见过的另外 {judged} @counted。",
        "elsewhere": "下面所有数字都取自为这份报告给出的 {judged} @counted；"
        "只有它没有在这些@things上训练过，这些数字才说明它有多好。",
        "good": "它有多好",
        "good_columns": "指标 | 数值 | 95 % 置信区间 | 不看@inputs时",
        "good_classes": "*准确率*（accuracy）是预测正确的@things所占的比例。"
        "*平衡准确率*（balanced accuracy）是各类准确率的平均值，"
        "与每类有多少@counted无关。"
        "*对数损失*（log loss）是 -log(真实类别得到的概率) 的平均值，越小越好。"
        "*置信区间*（confidence interval）说明换一批@things时数值会相差多少："
        "准确率用 Wilson 公式，其余把各@things重新抽取 1,000 次求得。"
        "最后一列是总猜最常见的类别，或总按各类的比例猜时得到的数值。",
        "accuracy": "准确率",
        "balanced": "平衡准确率",
        "log_loss": "对数损失",
        "wrong": "错在哪里",
        "true": "真实类别",
        "confusion_note": "每个真实类别一行；各列是它被预测为各个类别的次数"
        "（混淆矩阵，confusion matrix）。",
        "mistake_columns": "真实类别 | 被预测为 | @things数",
        "confusion": "混淆矩阵",
        "network": "网络",
        "costs": "各轮的代价",
    },
}


def sentences(lang: str, own: dict[str, dict[str, str]]) -> dict[str, str]:
    """Return the sentences of a report in a language ("en" or "zh").

    `own` are those of its kind; among them what its @things, @counted and @inputs are.
    """
    words(lang)
    shared = SENTENCES[lang]
    for name in ("things", "counted", "inputs"):
        shared = {
            key: text.replace(f"@{name}", own[lang][name])
            for key, text in shared.items()
        }
    return {**shared, **own[lang]}
