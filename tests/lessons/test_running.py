"""Lessons are read, run and told as they are written."""

import io
import subprocess
import sys
import traceback

import numpy as np
import pytest

from plaingrad import cli
from plaingrad.errors import FileError, SettingError
from plaingrad.lessons import find, run
from plaingrad.lessons.running import Ran, running
from plaingrad.lessons.source import parsed
from plaingrad.write.plain import width

OPENING = '# %% [markdown] lang="en"\n# # Title\n#\n# About.\n\n'
OPENING += '# %% [markdown] lang="zh"\n# # 标题\n#\n# 关于\n# 什么。\n\n'


def lesson(*cells):
    return parsed("07_small", OPENING + "\n".join(cells))


# Sources.


def test_cells_and_their_lines():
    made = lesson(
        '# %% tags=["settings"]\nEPOCHS = 3\n',
        "# %%\n\nprint(EPOCHS)\n",
    )
    assert (made.number, made.name, made.slug) == (7, "small", "07-small")
    assert made.title("zh") == "标题"
    assert made.summary("zh") == "关于什么。", "no space where a Chinese line ends"
    assert [cell.lang for cell in made.cells] == ["en", "zh", None, None]
    assert made.cells[2].settings == {"EPOCHS": 3}
    for cell in made.cells:
        first = cell.text.splitlines()[0]
        assert first in made.source.splitlines()[cell.line - 1]


def test_lines_of_chinese_in_a_list():
    made = lesson(
        '# %% [markdown] lang="en"\n# - One\n#   item.\n',
        '# %% [markdown] lang="zh"\n# - 一项，\n#   两行。\n# - 又一项。\n',
    )
    assert [cell.text for cell in made.cells[2:]] == [
        "- One\n  item.",
        "- 一项，两行。\n- 又一项。",
    ]


def test_question_and_answer():
    head = '# %% [markdown] lang="{}" tags=["question"]\n# Why?\n#\n# ---\n#\n# So.\n'
    made = lesson(head.format("en"), head.format("zh"))
    assert made.cells[2].question == ("Why?", "So.")


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ('# %% [markdown] lang="en"\n# Alone.', "en alone"),
        ('# %% [markdown] lang="fr"\n# Seul.', "'fr'"),
        ("# %% [markdown]\n# No language.", "None"),
        ('# %% lang="en"\nx = 1', "'en'"),
        ('# %% tags=["setting"]\nX = 1', "the head"),
        ("# %% magic\nx = 1", "the head"),
        ('# %% [markdown] lang="en"\n# Text\ncode', "line 14, 'code'"),
        ('# %% tags=["settings"]\nx = 1', "no setting: x = 1"),
        ('# %% tags=["settings"]\nX = print()', "no setting"),
        (
            '# %% [markdown] lang="en" tags=["question"]\n# Why?',
            "a question without answer",
        ),
    ],
)
def test_malformed_sources(cell, said):
    with pytest.raises(FileError, match="07_small") as error:
        lesson(cell)
    assert said in str(error.value)


@pytest.mark.parametrize("source", ["", "x = 1\n" + OPENING, "# %%\nx = 1\n"])
def test_a_source_without_an_opening(source):
    with pytest.raises(FileError, match="line 1"):
        parsed("07_small", source)


def test_a_name_without_a_number():
    with pytest.raises(FileError, match="NN_name"):
        parsed("small", OPENING)


@pytest.mark.parametrize("name", [1, "1", "01", "prediction", "01-prediction"])
def test_find(name):
    assert find(name).name == "prediction"


def test_find_says_what_is_near():
    with pytest.raises(SettingError, match="mean 'prediction'"):
        find("predictions")


# Running.


def test_output_is_kept_and_told_at_once():
    made = lesson("# %%\nprint(1)\nprint(2)", "# %%\nx = 1")
    live, ran = io.StringIO(), Ran(made)
    with running(ran, live) as execute:
        assert execute(made.cells[2]).text == "1\n2\n"
        assert live.getvalue() == "1\n2\n"
        assert execute(made.cells[3]).text == ""
    assert ran.names["x"] == 1


def test_settings_replace_values():
    made = lesson('# %% tags=["settings"]\nA = 1\nB = 2', "# %%\nC = A + B")
    assert run(made).names["C"] == 3
    assert run(made, B=5).names["C"] == 6


def test_unknown_settings():
    made = lesson('# %% tags=["settings"]\nEPOCHS = 1')
    with pytest.raises(SettingError, match="mean 'EPOCHS'"):
        run(made, EPOCH=5)


def test_tracebacks_show_the_lines():
    made = lesson("# %%\nx = 0", "# %%\n\n1 / x  # here")
    with pytest.raises(ZeroDivisionError) as error:
        run(made)
    shown = "".join(traceback.format_exception(error.value))
    number = made.source.splitlines().index("1 / x  # here") + 1
    assert f'"<lesson small>", line {number}' in shown
    assert "1 / x  # here" in shown


def test_pictures_are_taken_and_closed():
    from matplotlib import pyplot

    mine = pyplot.figure()
    draw = "import matplotlib.pyplot as plt\n"
    draw += "for title in 'ab': plt.subplots()[1].set_title(title)\n"
    made = lesson(f"# %%\n{draw}", "# %%\nplt.figure().suptitle('c')")
    first, second = run(made).given.values()
    assert [one.title for one in first.pictures] == ["a", "b"]
    assert [one.title for one in second.pictures] == ["c"]
    assert first.pictures[0].png.startswith(b"\x89PNG")
    assert pyplot.get_fignums() == [mine.number]
    pyplot.close(mine)


def test_the_process_is_as_before():
    from matplotlib import pyplot

    backend, size = pyplot.get_backend(), pyplot.rcParams["font.size"]
    state = np.random.get_state()[1].copy()
    run(
        lesson(
            "# %%\nimport numpy as np\nimport matplotlib.pyplot as plt\n"
            "np.set_printoptions(precision=1)\nnp.seterr(all='ignore')\n"
            "plt.rcParams['font.size'] = 3\nnp.random.seed(1)"
        )
    )
    assert np.get_printoptions()["precision"] == 8
    assert np.geterr()["divide"] == "warn"
    assert (pyplot.get_backend(), pyplot.rcParams["font.size"]) == (backend, size)
    np.testing.assert_array_equal(np.random.get_state()[1], state)


def test_pictures_of_a_cell_that_fails_are_closed():
    from matplotlib import pyplot

    before = pyplot.get_fignums()
    draw = "import matplotlib.pyplot as plt\nplt.figure()\n1 / 0"
    with pytest.raises(ZeroDivisionError):
        run(lesson(f"# %%\n{draw}"))
    assert pyplot.get_fignums() == before


def test_pictures_cannot_be_shown_without_windows():
    with pytest.raises(SettingError, match="no windows to show pictures in"):
        run(lesson("# %%\nx = 1"), show=True)


def test_without_matplotlib(tmp_path):
    """Drawing cells are skipped, and that is said once."""
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from plaingrad.cli import main; sys.exit(main(['lesson', '1']))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONIOENCODING": "utf-8", "PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout.count("Drawing needs matplotlib") == 1
    assert "Answer:" in done.stdout
    assert not list(tmp_path.iterdir())


def test_other_missing_libraries_are_errors():
    with pytest.raises(ModuleNotFoundError, match="no_such"):
        run(lesson("# %%\nimport no_such"))


# The terminal.


def told(capsys, *words):
    assert cli.main(["lesson", *words]) == 0
    return capsys.readouterr().out


def test_the_list(capsys):
    heads = [line for line in told(capsys).splitlines() if line[:2].strip().isdecimal()]
    assert heads[0].split(maxsplit=2) == ["1", "prediction", find(1).title()]
    begins = {head.index(find(number).title()) for number, head in enumerate(heads, 1)}
    assert len(begins) == 1, "titles stand below each other"
    assert "从数到预测" in told(capsys, "--lang", "zh")


def test_the_list_in_a_narrow_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    lines = told(capsys).splitlines()
    assert all(len(line) <= 40 for line in lines if not line[:2].strip().isdecimal())


@pytest.mark.parametrize(
    "words", [["--notebook", "a.ipynb"], ["--out", "a"], ["--show"]]
)
def test_options_for_one_lesson_need_its_name(capsys, words):
    assert cli.main(["lesson", *words]) == 1
    assert "are for one lesson, and none was named" in capsys.readouterr().err


def test_an_output_that_has_no_chinese(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "plaingrad", "lesson", "1", "--lang", "zh"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONIOENCODING": "ascii", "PYTHONPATH": ":".join(sys.path)},
    )
    assert done.returncode == 1
    assert done.stderr.startswith("plaingrad: the encoding of this output, ascii,")
    assert "PYTHONUTF8=1" in done.stderr


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_lesson_in_the_terminal(capsys, tmp_path, lang):
    out = told(capsys, "1", "--lang", lang, "--out", str(tmp_path / "new"))
    lines = out.splitlines()
    assert lines[0] == find(1).title(lang)
    assert "│ import numpy as np" in lines
    assert "hidden:     [0.86  0.295 1.23 ]" in lines
    picture = tmp_path / "new" / "1.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert f"{picture} (The first game in two layers)" in out
    assert all(width(line) <= 90 for line in lines if str(picture) not in line)
    assert "**" not in out
    assert {"en": "Answer: Exactly", "zh": "答案：预测"}[lang] in out


@pytest.mark.parametrize(
    ("name", "value", "bold"),
    [("TERM", "xterm", True), ("TERM", "dumb", False), ("NO_COLOR", "1", False)],
)
def test_titles_are_bold_where_that_is_wanted(monkeypatch, name, value, bold):
    from plaingrad.lessons.terminal import tell

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", Terminal())
    tell(lesson())
    assert ("\033[" in sys.stdout.getvalue()) is bold


def test_a_folder_that_cannot_be_made_is_known_at_once(capsys, tmp_path):
    (tmp_path / "file").touch()
    assert cli.main(["lesson", "2", "--out", str(tmp_path / "file")]) == 1
    out, err = capsys.readouterr()
    assert not out
    assert "cannot make the folder" in err


def test_markdown_made_plain(capsys):
    from plaingrad.lessons.terminal import tell

    text = """\
    # ## Head
    #
    # Some **bold** and *stressed* `a * b * c`, a [link](x.md), [far](https://x.org/).
    #
    # - an item that goes on
    #   in a second line
    # - another
    #
    # 1. first
    #
    # | a | b |
    # | --- | ---: |
    # | `x` | 22 |
    #
    # ```python
    # x = 1
    #
    # y = 2
    # ```
    #
    # $$y = x^2$$""".replace("    #", "#")
    cells = [f'# %% [markdown] lang="{lang}"\n{text}\n' for lang in ("en", "zh")]
    tell(lesson(*cells))
    shown = capsys.readouterr().out.split("About.\n\n")[1]
    assert (
        shown
        == """\
Head
----

Some bold and stressed `a * b * c`, a link, far (https://x.org/).

- an item that goes on in a second line
- another

1. first

a    b
-------
`x`  22

│ x = 1
│
│ y = 2

y = x^2

"""
    )


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_notebook(capsys, tmp_path, lang):
    file = tmp_path / "prediction.ipynb"
    out = told(capsys, "1", "--lang", lang, "--notebook", str(file))
    assert out == f"wrote {file}\n"
    assert find(1).title(lang) in file.read_text(encoding="utf-8")
    assert list(tmp_path.iterdir()) == [file]


def test_unknown_languages(capsys):
    assert cli.main(["lesson", "1", "--lang", "fr"]) == 1
    assert "unknown language 'fr'" in capsys.readouterr().err
