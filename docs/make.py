"""Makes what the docs show: `operations.md`, what code prints, speed, pictures.

Run it as `python docs/make.py`; with the word `text` it leaves out the pictures, with
`lessons` it makes the lessons instead, or those whose names follow. The tests compare
the text.
"""

from __future__ import annotations

import io
import json
import linecache
import re
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

import plaingrad as pg
from plaingrad.graph import Node
from plaingrad.op import OPS, Op
from plaingrad.ops.leaves import leaf
from plaingrad.write.expression import expression
from plaingrad.write.words import sentences

HERE = Path(__file__).parent
ROOT = HERE.parent
HEAD = {
    "en": """\
# Operations

[中文](operations.zh.md)

Every operation that a program is made of, from the records in `src/plaingrad/ops/`
(written by `python docs/make.py`). NumPy text and mathematics are those of a small
example; the last column tells how the gradient is proved.

| operation | NumPy | mathematics | proof |
| --- | --- | --- | --- |
""",
    "zh": """\
# 运算表

[English](operations.md)

这里列出组成程序的全部运算，根据 `src/plaingrad/ops/` 中的记录，
由 `python docs/make.py` 写出。
NumPy 写法和数学式取自一个小例子；最后一栏说明怎样证明它的梯度：
用*复数步*（complex step），用*差分*（finite differences），或者它没有梯度。

| 运算 | NumPy 写法 | 数学式 | 证明方法 |
| --- | --- | --- | --- |
""",
}
PROOFS = {
    "complex step": "复数步",
    "finite differences": "差分",
    "no gradient": "没有梯度",
}
RESULTS = ROOT / "benchmarks" / "results" / "workloads-1-thread.json"
PEERS = {"numpy": "NumPy", "torch": "PyTorch", "jax": "JAX", "sklearn": "scikit-learn"}
PEERS["onnxruntime"] = "onnxruntime"
SPEED = re.compile(r"(<!-- speed -->).*(<!-- /speed -->)", re.DOTALL)
CODE = re.compile(
    r"```python\n(?P<code>.*?)```\n(\n```(?P<kind>text|llvm)\n(?P<out>.*?)```\n)?",
    re.DOTALL,
)
"""Code on a page, and the block after it that shows what it prints."""


def chinese(page: str) -> str:
    """Return the name of the Chinese page beside an English one."""
    return page.removesuffix(".md") + ".zh.md"


PRINTED = (
    *("docs/engine.md", "docs/worksheet.md", "docs/prove.md"),
    *("docs/check.md", "docs/check-scripts.md", "docs/practice.md"),
    *("docs/tables.md", "docs/images.md", "docs/streams.md", "docs/optimisers.md"),
    *("docs/sklearn.md", "docs/augmentation.md", "docs/search.md"),
)
"""English pages that show what their code prints."""
PAGES = (
    *("README.md", "CONTRIBUTING.md", "benchmarks/README.md", "docs/operations.md"),
    *("docs/how-it-works.md", "docs/adding.md", *PRINTED),
)
"""All English pages; a Chinese one stands beside each."""
MADE = [
    name
    for page in ("docs/operations.md", *PRINTED, "README.md")
    for name in (page, chinese(page))
]
"""The pages that show something made, in both languages, the English one first."""


def example(op: Op) -> Node | None:
    """Return the operation on a test case of its own domain."""
    if op.domain is None:
        return None
    arrays, attrs = op.domain(np.random.default_rng(3))
    kinds = {"f": "float", "b": "bool", "i": "int"}
    inputs = [
        leaf(name, np.shape(array), "data", kinds[np.asarray(array).dtype.kind])
        for name, array in zip("xyzuvw", arrays, strict=False)
    ]
    return Node(op, tuple(inputs), attrs)


def row(op: Op) -> str | None:
    """Return the table's line of one operation."""
    node = example(op)
    if node is None:
        return None
    names = {x: str(x.attrs["name"]) for x in node.inputs}
    written = node
    while written.op.lower is not None:
        written = written.op.lower(written)
    code = expression(written, {**names, written: "out"}, "np.float64")
    code = "<br>".join(f"`{line}`" for line in code.splitlines())
    formula = op.formula(node)
    for place, x in enumerate(node.inputs):
        formula = formula.replace(f"#{place}", names[x])
    formula = formula.replace("|", "\\vert ").replace("\n", " ")
    proof = "complex step" if op.analytic else "finite differences"
    if op.grad is None or all(part is None for part in op.grad(node, node)):
        proof = "no gradient"
    return f"| {op.name} | {code.replace('|', chr(92) + '|')} | ${formula}$ | {proof} |"


def operations(lang: str) -> str:
    """Return the page of all operations."""
    rows = [row(OPS[name]) for name in sorted(OPS)]
    table = "\n".join(line for line in rows if line) + "\n"
    if lang == "zh":
        for word, other in {**PROOFS, **sentences("zh")}.items():
            if word in PROOFS or word.startswith("\\text"):
                table = table.replace(word, other)
    return HEAD[lang] + table


def read(page: str) -> str:
    """Return the text of a page."""
    return (ROOT / page).read_text(encoding="utf-8")


def made(page: str) -> str:
    """Return a page of `MADE` as it should be."""
    if page.startswith("docs/operations."):
        return operations("zh" if page.endswith(".zh.md") else "en")
    if page.startswith("README."):
        return speed(read(page))
    if page in PRINTED:
        return printed(read(page))
    return translated(page, page.replace(".zh.md", ".md"))


def translated(page: str, english: str) -> str:
    """Return a Chinese page with what its code prints.

    Where all code is that of the English page, it shows what that one shows.
    """
    text = read(page)
    shown = {found["code"]: found[0] for found in CODE.finditer(read(english))}
    if all(found["code"] in shown for found in CODE.finditer(text)):
        return CODE.sub(lambda found: shown[found["code"]], text)
    return printed(text)


def printed(page: str) -> str:
    """Return a page with what its code prints, in the blocks after the code."""
    names: dict[str, Any] = {"__name__": "page"}

    def run(found: re.Match[str]) -> str:
        out, code, file = io.StringIO(), found["code"], f"<page {found.start()}>"
        linecache.cache[file] = (len(code), None, code.splitlines(True), file)
        with redirect_stdout(out):
            exec(compile(code, file, "exec"), names)  # noqa: S102
        if found["kind"] is None:
            return found[0]
        shown = f"```{found['kind']}\n{out.getvalue()}```"
        return f"```python\n{found['code']}```\n\n{shown}\n"

    return CODE.sub(run, page)


def brief(number: float) -> str:
    """Return a number in about three digits."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def speed(page: str) -> str:
    """Return a README with the table of speed, from the benchmark's own output."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    date = results["machine"]["date"][:10]
    told = f"{results['machine']['cpu']}, {date}, `benchmarks/results`"
    lines = [
        f"| {told} | plaingrad | {' | '.join(PEERS.values())} |",
        f"| --- | ---: |{' ---: |' * len(PEERS)}",
    ]
    for measured in results["rows"]:
        taken = {
            name: one["seconds per update"]
            for name, one in measured["contenders"].items()
            if one["valid"]
        }
        if "plaingrad" in taken:
            ours = taken["plaingrad"]
            times = [f"{brief(taken[n] / ours)}x" if n in taken else "" for n in PEERS]
            row = [measured["title"], f"{brief(ours * 1e6)} us", *times]
            lines.append(f"| {' | '.join(row)} |")
    table = "\n".join(lines)
    return SPEED.sub(lambda found: f"{found[1]}\n{table}\n{found[2]}", page)


def pictures() -> None:
    """Draw the pictures of the README."""
    X, y = pg.data.spiral(points=100, classes=3, seed=0)
    net = pg.Sequential(pg.Linear(100), pg.ReLU(), pg.Linear(3))
    settings = {"optimizer": pg.SGD(lr=1.0), "l2": 1e-3, "batch_size": None}
    net.fit(X, y, epochs=2000, **settings)
    save(pg.draw.decision_regions(net, X, y), "spiral.png")

    X, y = pg.data.digits(images=True)
    train, held, test = pg.data.split(X, y)
    net = pg.Sequential(
        pg.Conv2d(16, 3), pg.ReLU(), pg.MaxPool2d(2), pg.Flatten(), pg.Linear(10)
    )
    net.fit(*train, validation=held, epochs=60, early_stopping=5)
    save(pg.draw.cost_curves(net.history), "costs.png")
    save(pg.draw.confusion_matrix(test[1], net.predict(test[0])), "confusion.png")
    save(pg.draw.network(net.summary().layers()), "network.png")
    labels = net.predict(test[0])
    files = [f"{number:04}.png" for number in range(len(labels))]
    save(pg.draw.misclassified(*test, labels, files=files), "mistakes.png")

    net = pg.Sequential(pg.RandomTranslation(1), pg.RandomRotation(15), pg.Linear(10))
    save(pg.draw.augmented(X[:5], net.augmented(X[:5], draws=8)), "augmented.png")


def save(axes: object, name: str) -> None:
    """Write one picture."""
    (HERE / "pictures").mkdir(exist_ok=True)
    path = HERE / "pictures" / name
    axes.figure.savefig(path, dpi=110, bbox_inches="tight")  # type: ignore[attr-defined]


if __name__ == "__main__":
    if sys.argv[1:2] == ["lessons"]:
        import make_lessons

        make_lessons.make(sys.argv[2:])
        sys.exit()
    for name in MADE:
        (ROOT / name).write_text(made(name), encoding="utf-8")
    if sys.argv[1:] != ["text"]:
        pictures()
