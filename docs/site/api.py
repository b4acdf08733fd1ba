"""The pages of the reference: what to take from the docstrings, and in which order."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import plaingrad as pg

GROUPS = {
    "network": ("Networks", "网络"),
    "layers": ("Layers", "层"),
    "losses": ("Losses", "损失"),
    "optimizers": ("Optimisers", "优化器"),
    "schedules": ("Learning rates", "学习率"),
    "initializers": ("Initial weights", "初始权重"),
    "train": ("Training", "训练"),
    "prove": ("Proof", "证明"),
    "functional": ("Functions", "函数"),
    "data": ("Data", "数据"),
    "tabular": ("Tables", "表格"),
    "columns": ("Columns of tables", "表格的列"),
    "visual": ("Images", "图片"),
    "draw": ("Pictures", "图"),
    "metrics": ("Metrics", "评价指标"),
    "lessons": ("Lessons", "课程"),
    "sklearn": ("scikit-learn", "scikit-learn"),
    "checkpoints": ("Checkpoints", "检查点"),
    "travel": ("Time travel", "时间旅行"),
    "callbacks": ("Callbacks", "回调"),
    "errors": ("Errors", "错误"),
    "curvature": ("Curvature", "曲率"),
    "rates": ("Trying rates", "试学习率"),
    "full_batch": ("Optimisers of all samples", "全批量优化器"),
    "seeds": ("Several seeds", "几个随机种子"),
    "tuning": ("Searches of settings", "超参数搜索"),
}
"""The modules in which public names are defined, with their titles."""
MODULES = ("callbacks", "data", "draw", "metrics", "lessons", "errors", "sklearn")
"""Modules whose names are asked for as pg.data.spiral."""
INHERITED = ("ImageModel", "TableModel")
"""Classes whose methods are those of a class that is not public."""


def write(folder: Path, lang: str) -> None:
    """Write a page for each group of names, and their list."""
    folder.mkdir()
    listed = []
    for place, (group, titles) in enumerate(GROUPS.items(), 1):
        title = titles[lang == "zh"]
        file = f"{place:02}-{group}.md"
        prefix = f"pg.{group}." if group in MODULES else "pg."
        found = names(group)
        parts = [f"# {title}", *(_asked(found, name) for name in found)]
        (folder / file).write_text("\n\n".join(parts) + "\n", encoding="utf-8")
        short = ", ".join(
            f"[`{prefix}{one}`]({file}#{_path(found[one])})" for one in found
        )
        listed.append(f"- [{title}]({file}): {short}")
    head = "# 参考\n\n说明文字是英文的。" if lang == "zh" else "# Reference"
    page = "\n".join([head, "", *listed]) + "\n"
    (folder / "index.md").write_text(page, encoding="utf-8")


def names(group: str) -> dict[str, Any]:
    """Return what is public of a group, by name; what others build on comes first."""
    if group in MODULES:
        module = getattr(pg, group)
        listed = getattr(module, "__all__", None) or vars(module)
        public = {name: getattr(module, name) for name in listed if name[0] != "_"}
    else:
        public = {name: getattr(pg, name) for name in pg.__all__}
    found = {
        name: value
        for name, value in public.items()
        if getattr(value, "__module__", "").split(".")[1:2] == [group]
    }
    return dict(sorted(found.items(), key=lambda one: (_built(found, *one), one[0])))


def _built(found: dict[str, Any], name: str, value: Any) -> bool:
    """Whether something is a class that builds on another one of its group."""
    above = [found[one] for one in found if one != name and inspect.isclass(found[one])]
    return inspect.isclass(value) and issubclass(value, tuple(above))


def _asked(found: dict[str, Any], name: str) -> str:
    """Return what asks mkdocstrings for a name; methods are told of once."""
    told = f"::: {_path(found[name])}"
    if name in INHERITED:
        told += "\n    options:\n      inherited_members: true"
    return told + "\n    options:\n      members: false" * _built(
        found, name, found[name]
    )


def _path(value: Any) -> str:
    """Return where something is defined."""
    return f"{value.__module__}.{value.__qualname__}"
