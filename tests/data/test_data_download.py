import hashlib
import io
import socket
import sys
from pathlib import Path

import pytest

from plaingrad.data.download import fetch
from plaingrad.errors import FileError
from plaingrad.files import cache_folder

CONTENT = bytes(range(256)) * 1000


def sha256(content):
    return hashlib.sha256(content).hexdigest()


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_fetch_writes_the_file_and_nothing_else(serve, tmp_path, capsys):
    site = serve({"/a.bin": CONTENT})
    path = tmp_path / "new" / "folder" / "a.bin"
    fetch(site.url + "a.bin", path, sha256(CONTENT))
    assert path.read_bytes() == CONTENT
    assert list(path.parent.iterdir()) == [path]
    assert capsys.readouterr() == ("", "")


def test_fetch_replaces_an_old_file_only_by_a_right_one(serve, tmp_path):
    site = serve({"/a.bin": CONTENT})
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with pytest.raises(FileError):
        fetch(site.url + "a.bin", path, sha256(b"other"))
    assert path.read_bytes() == b"old"
    fetch(site.url + "a.bin", path, sha256(CONTENT))
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("announce", [True, False])
def test_progress_is_shown_on_a_terminal(serve, tmp_path, monkeypatch, announce):
    monkeypatch.setattr(sys, "stderr", Terminal())
    site = serve({"/a.bin": CONTENT}, announce=announce)
    fetch(site.url + "a.bin", tmp_path / "a.bin", sha256(CONTENT))
    *_, last = sys.stderr.getvalue().split("\r")
    bar = f"[{'#' * 30}]  0.3 of 0.3 MB" if announce else "0.3 MB"
    assert last == f"a.bin  {bar}\n"


def test_wrong_checksum(serve, tmp_path):
    site = serve({"/a.bin": CONTENT})
    with pytest.raises(FileError, match="not the file it should be") as caught:
        fetch(site.url + "a.bin", tmp_path / "a.bin", sha256(b"x"), "Do this.")
    said = str(caught.value)
    assert sha256(b"x") in said
    assert sha256(CONTENT) in said
    assert said.endswith("Do this.")
    assert not list(tmp_path.iterdir())


def test_truncated_download(serve, tmp_path):
    site = serve({"/a.bin": CONTENT}, spare=5)
    with pytest.raises(FileError, match="expected 256005 bytes, got 256000"):
        fetch(site.url + "a.bin", tmp_path / "a.bin", sha256(CONTENT))
    assert not list(tmp_path.iterdir())


def test_page_that_is_not_there(serve, tmp_path):
    site = serve({})
    with pytest.raises(FileError, match=r"could not download .*404"):
        fetch(site.url + "a.bin", tmp_path / "a.bin", sha256(CONTENT))


def test_host_that_does_not_answer(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/a.bin"
        with pytest.raises(FileError, match=r"no network here.* Do this") as caught:
            fetch(url, tmp_path / "a.bin", sha256(CONTENT), "Do this.")
    assert url in str(caught.value)


def test_other_kinds_of_address_are_refused(tmp_path):
    source = tmp_path / "source"
    source.write_bytes(CONTENT)
    with pytest.raises(FileError, match="expected an http or https address"):
        fetch(source.as_uri(), tmp_path / "a.bin", sha256(CONTENT))


def test_cache_that_cannot_be_written(serve, tmp_path):
    site = serve({"/a.bin": CONTENT})
    in_the_way = tmp_path / "file"
    in_the_way.write_bytes(b"")
    with pytest.raises(FileError, match="Set the environment variable PLAINGRAD_CACHE"):
        fetch(site.url + "a.bin", in_the_way / "a.bin", sha256(CONTENT))


def test_failed_replace_leaves_everything_as_it_was(serve, tmp_path, monkeypatch):
    def refuse(self, target):
        assert self.read_bytes() == CONTENT
        raise PermissionError("in use")

    monkeypatch.setattr(Path, "replace", refuse)
    site = serve({"/a.bin": CONTENT})
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with pytest.raises(FileError, match=r"could not write .*in use"):
        fetch(site.url + "a.bin", path, sha256(CONTENT))
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {}, "home/.cache/plaingrad"),
        ("linux", {"XDG_CACHE_HOME": "xdg"}, "xdg/plaingrad"),
        ("darwin", {"XDG_CACHE_HOME": "xdg"}, "home/Library/Caches/plaingrad"),
        ("win32", {}, "home/AppData/Local/plaingrad"),
        ("win32", {"LOCALAPPDATA": "local"}, "local/plaingrad"),
        ("linux", {"PLAINGRAD_CACHE": "mine", "XDG_CACHE_HOME": "xdg"}, "mine"),
    ],
)
def test_cache_folder(platform, variables, expected, monkeypatch):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(Path, "home", lambda: Path("home"))
    for name in ("PLAINGRAD_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert cache_folder() == Path(expected)
