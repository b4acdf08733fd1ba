"""The words around a lesson, in its languages."""

from __future__ import annotations

from ..errors import unknown_name

WORDS = {
    "en": {
        "answer": "Answer",
        "colon": ": ",
        "question": "To try",
        "picture": "picture",
        "lessons": "Lessons",
        "about": (
            "Each lesson is code that runs: an idea by hand in NumPy, the same in "
            "plaingrad, proof that they agree, a picture, a question."
        ),
        "how": "`plaingrad lesson NAME` runs one in the terminal.",
        "run": "Run it: `plaingrad lesson {name}`",
        "notebook": "Notebook",
        "previous": "Previous",
        "next": "Next",
        "all": "All lessons",
    },
    "zh": {
        "answer": "答案",
        "colon": "：",
        "question": "试一试",
        "picture": "图",
        "lessons": "课程",
        "about": (
            "每一课都是能运行的代码：先用 NumPy 亲手写出一个想法，再用 plaingrad "
            "写一遍，证明两者一致，画一幅图，最后留一个问题。"
        ),
        "how": "`plaingrad lesson NAME --lang zh` 在终端里运行一课。",
        "run": "运行本课：`plaingrad lesson {name} --lang zh`",
        "notebook": "笔记本",
        "previous": "上一课",
        "next": "下一课",
        "all": "全部课程",
    },
}
LANGUAGES = {"en": "English", "zh": "中文"}


def words(lang: str) -> dict[str, str]:
    """Return the words of a language ("en" or "zh")."""
    if lang not in WORDS:
        raise unknown_name("language", lang, WORDS)
    return WORDS[lang]
