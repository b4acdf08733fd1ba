"""Pages and notebooks hold what a lesson says, prints and draws."""

import ast
import json
import sys

import pytest

from plaingrad.errors import MissingExtraError, SettingError
from plaingrad.lessons import pages, run
from plaingrad.lessons.notebook import notebook
from plaingrad.lessons.source import parsed

SOURCE = """\
# %% [markdown] lang="en"
# # {title}
#
# About it.

# %% [markdown] lang="zh"
# # {title}（中文）
#
# 关于它。

# %%
print("one")
print("```")

# %%
import matplotlib.pyplot as plt

for title in ("first", "second"):
    plt.subplots()[1].set_title(title)
plt.gca().set_xlabel("x")

# %% [markdown] lang="en" tags=["question"]
# Why?
#
# ---
#
# Because.

# %% [markdown] lang="zh" tags=["question"]
# 为什么？
#
# ---
#
# 因为。
"""


@pytest.fixture
def three(monkeypatch):
    """Three lessons, which are all that there are."""
    made = tuple(
        parsed(f"{number:02}_{name}", SOURCE.format(title=name.title()))
        for number, name in enumerate(["red", "light_green", "blue"], 1)
    )
    monkeypatch.setattr(pages, "lessons", lambda: made)
    return made


def test_a_page(three):
    ran = run(three[1])
    assert (
        pages.page(ran)
        == f"""\
{pages.NOTE}

# Light_Green

[中文](02-light-green.zh.md) · [Notebook](notebooks/02-light-green.ipynb) · \
Run it: `plaingrad lesson light_green`

About it.

````python
print("one")
print("```")
````

````text
one
```
````

```python
import matplotlib.pyplot as plt

for title in ("first", "second"):
    plt.subplots()[1].set_title(title)
plt.gca().set_xlabel("x")
```

![first](pictures/02-light-green-1.png)

![second](pictures/02-light-green-2.png)

## To try

Why?

<details><summary>Answer</summary>

Because.

</details>

---

[Previous: Red](01-red.md) · [All lessons](index.md) · [Next: Blue](03-blue.md)
"""
    )
    files = pages.pictures(ran)
    assert list(files) == ["02-light-green-1.png", "02-light-green-2.png"]
    assert len(set(files.values())) == 2


def test_a_chinese_page(three):
    page = pages.page(run(three[0]), "zh")
    assert page.split("\n\n")[1:4] == [
        "# Red（中文）",
        "[English](01-red.md) · [笔记本](notebooks/01-red.zh.ipynb) · "
        "运行本课：`plaingrad lesson red --lang zh`",
        "关于它。",
    ]
    assert "About" not in page
    links = page.splitlines()[-1].split(" · ")
    assert links == [
        "[全部课程](index.zh.md)",
        "[下一课：Light_Green（中文）](02-light-green.zh.md)",
    ]


def test_the_list(three):
    page = pages.index("zh")
    assert "[English](index.md)" in page
    assert "\n2. [Light_Green（中文）](02-light-green.zh.md)：关于它。\n" in page


def test_a_notebook(three):
    book = json.loads(notebook(three[0], "zh"))
    assert [cell["cell_type"] for cell in book["cells"]] == [
        *("markdown", "code", "code", "markdown")
    ]
    assert "<details><summary>答案</summary>\n" in book["cells"][3]["source"]
    first, second = ("".join(cell["source"]) for cell in book["cells"][1:3])
    assert first == three[0].cells[2].text
    assert second == three[0].cells[3].text + ";", "no value is shown below the picture"
    assert ast.dump(ast.parse(second)) == ast.dump(ast.parse(three[0].cells[3].text))
    assert notebook(three[0], "zh") == notebook(three[0], "zh")


def test_without_nbformat(three, monkeypatch):
    monkeypatch.setitem(sys.modules, "nbformat", None)
    with pytest.raises(MissingExtraError, match=r"plaingrad\[docs\]"):
        notebook(three[0])


@pytest.mark.parametrize("write", [pages.index, lambda lang: notebook("", lang)])
def test_unknown_languages(write):
    with pytest.raises(SettingError, match="language 'fr'"):
        write("fr")
