"""What is found in folders of pictures, and what is left out."""

import errno
import os
import re

import pytest

from pictures.folders import noise, save, shades
from plaingrad.errors import DataError, FileError
from plaingrad.pictures.folder import find, pictures_at


def touch(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def test_each_folder_is_a_class(tmp_path):
    touch(tmp_path, "b/2.png", "b/deep/er/1.JPG", "a/3.webp", "a/10.gif")
    found = find(tmp_path)
    assert found.classes == ("a", "b")
    assert found.files == ("a/10.gif", "a/3.webp", "b/2.png", "b/deep/er/1.JPG")
    assert found.labels == ("a", "a", "b", "b")
    assert found.parts == ()
    assert found.notes == ()


def test_numbers_are_in_their_order(tmp_path):
    touch(tmp_path, *(f"{number}/a.png" for number in (10, 9, 1, 100)))
    assert find(tmp_path).classes == ("1", "9", "10", "100")


def test_other_files_are_left_out_and_counted(tmp_path):
    touch(tmp_path, "a/1.png", "b/2.png", "a/notes.txt", "a/.DS_Store", "b/._2.png")
    touch(tmp_path, "b/live.heic", ".git/c/4.png", "a/.cache/5.png", "list.csv")
    touch(tmp_path, "loose.jpg", "empty/readme.txt")
    found = find(tmp_path)
    assert found.files == ("a/1.png", "b/2.png")
    assert found.classes == ("a", "b")
    other, loose, empty = found.notes
    counts = dict(one.rsplit(" ", 1) for one in other.partition(": ")[2].split(", "))
    assert counts == {".txt": "2", "hidden": "2", ".heic": "1", ".csv": "1."}
    assert other.startswith("6 other files were left out")
    assert loose == "Pictures in no folder of a class were left out: 1."
    assert empty == "No class, for want of pictures: empty."


@pytest.mark.parametrize("name", ["val", "valid", "validation", "Validation"])
def test_ready_parts_are_understood(name, tmp_path):
    touch(tmp_path, "train/a/1.png", "train/b/2.png", f"{name}/a/3.png", "test/b/4.png")
    found = find(tmp_path)
    assert found.classes == ("a", "b")
    of = dict(
        zip(found.files, zip(found.labels, found.parts, strict=True), strict=True)
    )
    assert of == {
        "train/a/1.png": ("a", "train"),
        "train/b/2.png": ("b", "train"),
        f"{name}/a/3.png": ("a", "validation"),
        "test/b/4.png": ("b", "test"),
    }


def test_a_folder_of_only_train_is_a_part(tmp_path):
    touch(tmp_path, "train/a/1.png", "train/b/2.png")
    assert find(tmp_path).parts == ("train", "train")


def test_a_part_without_classes_cannot_be_judged_by(tmp_path):
    touch(tmp_path, "train/a/1.png", "train/b/2.png", "test/3.png", "test/4.png")
    found = find(tmp_path)
    assert found.classes == ("a", "b")
    assert found.parts == ("train", "train")
    assert found.notes == ("Pictures in no folder of a class were left out: 2.",)


def test_parts_beside_what_is_none(tmp_path):
    touch(tmp_path, "train/a/1.png", "train/b/2.png", "test/a/3.png", "extra/c/4.png")
    found = find(tmp_path)
    assert found.parts == ("test", "train", "train")
    assert found.notes == ("Pictures in no folder of a class were left out: 1.",)


def test_a_class_may_be_called_train(tmp_path):
    touch(tmp_path, "bus/1.png", "train/steam/2.png", "train/3.png")
    found = find(tmp_path)
    assert found.classes == ("bus", "train")
    assert found.parts == ()
    touch(tmp_path, "val/4.png")  # no classes in it, so it is no part
    assert find(tmp_path).classes == ("bus", "train", "val")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "no class with pictures"),
        (("1.png", "2.png"), "Expected a folder for each class"),
        (("a/1.png",), "only the class a"),
        (("a/1.png", "b/2.txt"), "No class, for want of pictures: b"),
        (("train/a/1.png", "train/b/1.png", "test/c/1.png"), "the class 'c' has"),
        (("train/a/1.png", "val/b/1.png", "val/a/1.png"), "only the class a"),
        (
            ("train/a/1.png", "train/b/1.png", "val/a/1.png", "valid/a/1.png"),
            "several folders for the part validation: val, valid",
        ),
    ],
)
def test_what_cannot_be_learnt_is_said(names, message, tmp_path):
    touch(tmp_path, *names)
    with pytest.raises(DataError, match=message):
        find(tmp_path)


def test_no_folder_is_said(tmp_path):
    touch(tmp_path, "file.png")
    for name in ("gone", "file.png"):
        with pytest.raises(FileError, match="there is no folder"):
            find(tmp_path / name)


def test_pictures_are_found_for_predictions(tmp_path):
    shades(tmp_path, 2)
    save(tmp_path / "top.png", noise(3, 3))
    touch(tmp_path, ".hidden.png", "notes.txt")
    found = [path.relative_to(tmp_path).as_posix() for path in pictures_at(tmp_path)]
    names = ["dark/dark00.png", "dark/dark01.png", "light/light00.png"]
    assert found == ["top.png", *names, "light/light01.png"]
    # a file that is named is taken, whatever its name
    assert pictures_at(tmp_path / "notes.txt") == [tmp_path / "notes.txt"]
    with pytest.raises(FileError, match="there is no file or folder"):
        pictures_at(tmp_path / "gone.png")
    (tmp_path / "nothing").mkdir()
    with pytest.raises(FileError, match="holds no pictures"):
        pictures_at(tmp_path / "nothing")


@pytest.mark.parametrize("name", ["", "a", "a/deep"])
def test_a_folder_that_cannot_be_read_is_told(name, tmp_path, monkeypatch):
    touch(tmp_path, "a/1.png", "a/deep/2.png", "b/3.png")
    closed, scandir = str(tmp_path / name), os.scandir

    def scanned(place):
        if os.fspath(place) == closed:
            raise PermissionError(errno.EACCES, "Permission denied", closed)
        return scandir(place)

    monkeypatch.setattr(os, "scandir", scanned)
    with pytest.raises(FileError, match=f"{closed}: Permission denied"):
        find(tmp_path)


@pytest.mark.parametrize("name", ["", "Pets/", "a b/Pets/"])
def test_where_the_classes_seem_to_be(name, tmp_path):
    touch(tmp_path, f"{name}cat/1.png", f"{name}cat/deep/2.png", f"{name}dog/3.png")
    if not name:
        assert find(tmp_path).classes == ("cat", "dog")
        return
    place = tmp_path / name
    told = re.escape(f"If the folders in {place} are the classes, give that one.")
    with pytest.raises(DataError, match=told):
        find(tmp_path)
    assert find(place).classes == ("cat", "dog")
    with pytest.raises(DataError) as caught:
        find(place / "cat")
    assert "If the folders" not in str(caught.value)
