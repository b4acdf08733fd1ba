"""The words of printed scripts and derivations, in English and Chinese."""

from __future__ import annotations

from ..errors import unknown_name

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "start": "parameters",
        "memory": "the optimiser's memory",
        "training": "training",
        "forward": "forward",
        "loss": "loss",
        "backward": "backward",
        "update": "update",
        "stopping": "early stopping",
        "plateau": "a smaller step when the loss stays",
        "evaluation": "evaluation",
        "uniform": "numbers in [0, 1), a pure function of the key",
        "title": "printed by plaingrad.",
    },
    "zh": {
        "start": "参数",
        "memory": "优化器的记忆",
        "training": "训练",
        "forward": "前向传播",
        "loss": "损失",
        "backward": "反向传播",
        "update": "更新参数",
        "stopping": "提前停止",
        "plateau": "损失停滞时减小步长",
        "evaluation": "评估",
        "uniform": "[0, 1) 内的数，只由 key 决定",
        "title": "由 plaingrad 打印。",
    },
}


def words(lang: str) -> dict[str, str]:
    """Return the words of a language ("en" or "zh")."""
    if lang not in WORDS:
        raise unknown_name("language", lang, WORDS)
    return WORDS[lang]
