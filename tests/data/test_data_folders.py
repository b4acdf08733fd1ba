"""Images from folders: what they are, how they are split, and that they are kept."""

import io
import os
import shutil
import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import plaingrad as pg
from pictures.folders import noise, save, shades
from plaingrad.cache import Cache
from plaingrad.data import folders
from plaingrad.errors import DataError, FileError, SettingError


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Keep the cache of pictures in a folder of the test."""
    monkeypatch.setenv("PLAINGRAD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "images"


@pytest.fixture
def root(tmp_path, cache):
    return shades(tmp_path / "photos", 10)


@pytest.fixture
def reads(monkeypatch):
    """Return the names of the files that are opened as pictures, as they are."""
    names = []
    whole = Image.open

    def opened(path, *args, **options):
        names.append(os.fspath(path))
        return whole(path, *args, **options)

    monkeypatch.setattr(Image, "open", opened)
    return names


def test_pixels_labels_and_names(root):
    found = pg.data.images(root)
    assert found.classes == ("dark", "light")
    assert found.X.shape == (20, 9, 7, 1)
    assert found.X.dtype == np.float32
    assert found.y.dtype == np.int64
    for pixels, X, label, name, path in zip(
        found.pixels, found.X, found.y, found.files, found.paths, strict=True
    ):
        assert name.startswith(found.classes[label] + "/")
        true = np.asarray(Image.open(path))
        np.testing.assert_array_equal(pixels[..., 0], true)
        np.testing.assert_array_equal(X[..., 0], true.astype(np.float32) / 255)


def test_it_tells_what_it_found(root):
    save(root / "dark" / "large.jpg", noise(90, 120, channels=1))
    (root / "dark" / "notes.txt").write_text("no picture")
    for name in sorted((root / "light").iterdir())[3:]:
        name.unlink()
    assert str(pg.data.images(root)).splitlines() == [
        f"14 pictures of 2 classes in {root}",
        "class  pictures",
        "dark   11",
        "light  3",
        "With fewer than 5 pictures a class may lack where it is learnt, validated or "
        "tested: light. Give more of them.",
        "The classes are uneven: dark has 11 pictures, light 3. Look at the balanced "
        "accuracy; class_weight='balanced' makes each class count alike.",
        "They are 9 x 7 to 90 x 120, 9 x 7 in the middle, and made 9 x 7 pixels, grey "
        "(crop).",
        "1 other file was left out: .txt 1.",
    ]


def test_some_of_the_pictures(root):
    found = pg.data.images(root)
    some = found.rows(found.y == 1)
    assert some.files == found.files[10:]
    assert some.classes == found.classes
    assert [str(path) for path in some.rows([2]).paths] == [f"{root}/light/light02.png"]
    assert str(some.rows([])).endswith("\nlight  0")


def test_parts_and_many_classes_are_told(tmp_path, cache):
    names = {f"class{number:02}": 9 * number for number in range(23)}
    shades(tmp_path / "p" / "train", 2, names=names)
    shades(tmp_path / "p" / "val", 1, names=names, seed=1)
    lines = str(pg.data.images(tmp_path / "p")).splitlines()
    assert lines[1:3] == ["class    train  validation", "class00  2      1"]
    assert len(lines) == 24
    assert lines[22] == "... and 3 more classes; each has 3 to 3 pictures."
    assert lines[23] == "All are 9 x 7 pixels, grey."


@pytest.mark.parametrize(
    ("shapes", "size"),
    [
        ([(9, 7)] * 10, (9, 7)),
        ([(64, 40)] * 10, (64, 40)),
        ([(300, 400)] * 10, (48, 64)),
        ([(400, 300)] * 6 + [(30, 20)] * 4, (64, 48)),
        ([(3, 1000)] * 10, (1, 64)),
    ],
)
def test_the_size_is_that_of_most_files_within_bounds(shapes, size, tmp_path, cache):
    for place, shape in enumerate(shapes):
        save(tmp_path / "p" / "ab"[place % 2] / f"{place}.png", noise(*shape))
    assert pg.data.images(tmp_path / "p").form.size == size


def test_size_fit_and_colour_can_be_chosen(root):
    assert pg.data.images(root, size=16).X.shape == (20, 16, 16, 1)
    found = pg.data.images(root, (4, 12), "pad", "rgb")
    assert found.X.shape == (20, 4, 12, 3)
    assert not found.pixels[:, :, 0].any()
    np.testing.assert_array_equal(found.pixels[..., 0], found.pixels[..., 1])


def test_one_picture_in_colour_makes_all_rgb(root):
    grey = np.repeat(noise(9, 7, channels=1)[..., None], 3, axis=2)
    save(root / "dark" / "grey.png", grey)
    assert pg.data.images(root).form.colour == "grey", "RGB without any colour"
    grey[0, 0, 0] ^= 1
    save(root / "dark" / "grey.png", grey)
    found = pg.data.images(root)
    assert found.form.colour == "rgb"
    np.testing.assert_array_equal(found.pixels[-11], grey)
    assert found.files[-11] == "dark/grey.png"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": "64"}, "a side of a picture must be a whole number"),
        ({"size": (1, 2, 3)}, r"one number or \(height, width\)"),
        ({"size": 0}, "a side of a picture must be"),
        ({"fit": "cut"}, "unknown fit of pictures"),
        ({"colour": "blue"}, "unknown colour of pictures"),
    ],
)
def test_settings_are_checked_before_any_file_is_read(arguments, message, root, reads):
    with pytest.raises(SettingError, match=message):
        pg.data.images(root, **arguments)
    assert not reads


def test_too_few_pictures_are_said(tmp_path, cache):
    with pytest.raises(DataError, match="has 8 pictures, and at least 10"):
        pg.data.images(shades(tmp_path / "p", 4))


# Broken files.


def test_broken_files_are_listed_or_left_out(root, monkeypatch):
    first, second, third, fourth, fifth = sorted((root / "dark").iterdir())[:5]
    first.write_bytes(b"")
    second.write_bytes(second.read_bytes()[:-30])
    third.write_text("this is no picture")
    Image.fromarray(np.zeros((3, 3), np.float32)).save(fourth.with_suffix(".tif"))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500)
    save(fifth, noise(25, 30))  # within twice the limit, where Pillow only warns
    save(root / "light" / "bomb.png", noise(60, 70))
    with pytest.raises(FileError) as caught:
        pg.data.images(root)
    lines = str(caught.value).splitlines()
    assert lines[0] == "6 files cannot be read as pictures:"
    reasons = dict(line.strip().split(": ", 1) for line in lines[1:-1])
    assert "no picture" in reasons["dark/dark00.png"]
    assert "truncated" in reasons["dark/dark01.png"]
    assert "no picture" in reasons["dark/dark02.png"]
    assert "white" in reasons["dark/dark03.tif"]
    for bomb in ("dark/dark04.png", "light/bomb.png"):
        assert "meant to fill the memory" in reasons[bomb]
        assert "raise PIL.Image.MAX_IMAGE_PIXELS" in reasons[bomb]
    assert lines[-1].endswith("leave them out by skip_broken=True (--skip-broken).")

    found = pg.data.images(root, skip_broken=True)
    whole = [name for name in found.files if name.startswith("dark")]
    assert whole == [f"dark/dark{place:02}.png" for place in (3, *range(5, 10))]
    told = "Left out, for they cannot be read: dark/dark00.png, dark/dark01.png, "
    assert found.notes[-1].startswith(told)
    assert found.notes[-1].endswith(", dark/dark04.png and 1 more.")
    again = pg.data.images(root, skip_broken=True)
    assert again.files == found.files
    np.testing.assert_array_equal(again.pixels, found.pixels)
    with pytest.raises(FileError, match="6 files cannot be read"):
        pg.data.images(root)


def test_many_broken_files_are_counted(root):
    for path in (root / "dark").iterdir():
        path.write_bytes(b"x")
    for path in sorted((root / "light").iterdir())[:4]:
        path.write_bytes(b"x")
    with pytest.raises(FileError, match="and 4 more\n"):
        pg.data.images(root)
    with pytest.raises(FileError, match=r"(?s)14 files .*remove them: without them"):
        pg.data.images(root, skip_broken=True)


def test_a_class_of_broken_files_only_is_said(root):
    for path in (root / "dark").iterdir():
        path.write_bytes(b"x")
    shades(root, 15, names={"light": 190, "lighter": 210})
    with pytest.raises(FileError, match="10 files cannot be read"):
        pg.data.images(root, skip_broken=True)


# The cache.


def test_the_second_time_no_file_is_read(root, reads, cache):
    first = pg.data.images(root)
    assert len(reads) == 40, "each once for its size and once for its pixels"
    reads.clear()
    second = pg.data.images(root)
    assert not reads
    assert str(second) == str(first)
    assert len(list(cache.iterdir())) == 1
    assert not first.pixels.flags.writeable
    assert not second.pixels.flags.writeable
    for name in ("pixels", "y", "shapes"):
        np.testing.assert_array_equal(getattr(second, name), getattr(first, name))
    assert (second.files, second.form) == (first.files, first.form)


@pytest.mark.parametrize("change", ["size", "fit", "colour", "more", "touched", "name"])
def test_what_is_not_the_same_is_read_anew(change, root, reads):
    pg.data.images(root, size=5)
    reads.clear()
    path, asked = sorted((root / "dark").iterdir())[0], {"size": 5}
    if change == "more":
        save(root / "dark" / "new.png", noise(9, 7))
    elif change == "touched":
        os.utime(path, ns=(10**18, 10**18))
    elif change == "name":
        path.rename(path.with_name("other.png"))
    else:
        asked |= {change: {"size": 6, "fit": "pad", "colour": "grey"}[change]}
    found = pg.data.images(root, **asked)
    assert len(reads) == 2 * len(found)


@pytest.mark.parametrize("damage", ["short", "changed", "empty", "folder"])
def test_a_damaged_cache_is_made_anew(damage, root, reads, cache):
    first = pg.data.images(root)
    reads.clear()
    (file,) = cache.iterdir()
    content = bytearray(file.read_bytes())
    content[-5] ^= 1
    if damage == "folder":
        file.unlink()
        file.mkdir()
    else:
        file.write_bytes(
            {"short": content[:99], "changed": content, "empty": b""}[damage]
        )
    second = pg.data.images(root)
    assert len(reads) == 40
    np.testing.assert_array_equal(second.pixels, first.pixels)


def test_without_a_cache_all_is_the_same(root, monkeypatch, cache):
    first = pg.data.images(root)
    shutil.rmtree(cache)
    monkeypatch.setenv("PLAINGRAD_CACHE", "off")
    second = pg.data.images(root)
    np.testing.assert_array_equal(second.pixels, first.pixels)
    assert not cache.exists()


def test_what_is_too_large_for_the_cache_is_not_kept(root, monkeypatch, cache):
    monkeypatch.setattr(folders, "LIMIT", 100)
    assert len(pg.data.images(root)) == 20
    assert not cache.exists()


def test_progress_is_told_where_a_person_sees_it(root, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    for number in range(60):
        save(root / "dark" / f"more{number}.png", noise(9, 7))
    monkeypatch.setattr(sys, "stderr", Terminal())
    pg.data.images(root)
    assert sys.stderr.getvalue().split("\r") == [
        *("", "measuring 50 of 80 pictures", "measuring 80 of 80 pictures\n"),
        *("reading 50 of 80 pictures", "reading 80 of 80 pictures\n"),
    ]
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    pg.data.images(root, size=4)
    assert sys.stderr.getvalue() == ""


# Parts.


@settings(max_examples=30)
@given(
    st.lists(st.integers(3, 40), min_size=2, max_size=5).filter(lambda n: sum(n) > 9),
    st.integers(0, 3),
)
def test_each_part_has_its_share_of_every_class(counts, seed):
    y = np.repeat(np.arange(len(counts)), counts)
    images = made(y)
    parts = images.split(seed)
    files = [name for part in vars(parts).values() for name in part.files]
    assert sorted(files) == sorted(images.files)
    for part, share in zip(vars(parts).values(), (0.6, 0.2, 0.2), strict=True):
        for label, count in enumerate(counts):
            assert abs((part.y == label).sum() - share * count) < 1
        np.testing.assert_array_equal(part.pixels[:, 0, 0, 0], numbers(part))
        np.testing.assert_array_equal(part.y, y[numbers(part)])
    again, other = images.split(seed), images.split(seed + 1)
    assert again.train.files == parts.train.files
    assert other.train.files != parts.train.files


def made(y, ready=()):
    """Return images that hold their own number."""
    count = len(y)
    return pg.data.Images(
        pixels=np.arange(count, dtype=np.uint8).reshape(-1, 1, 1, 1),
        y=y,
        classes=tuple(f"c{label}" for label in range(int(y.max()) + 1)),
        root="folder",
        files=tuple(f"{number}.png" for number in range(count)),
        form=None,
        shapes=np.ones((count, 2), int),
        ready=ready,
    )


def numbers(part):
    return np.array([int(name.partition(".")[0]) for name in part.files])


@pytest.mark.parametrize(
    ("there", "sizes"),
    [
        (("train",), (18, 6, 6)),
        (("train", "test"), (16, 4, 10)),
        (("train", "validation"), (16, 10, 4)),
        (("train", "validation", "test"), (20, 6, 4)),
    ],
)
def test_ready_parts_stay(there, sizes):
    y = np.tile([0, 1], 15)
    counts = {1: (30,), 2: (20, 10), 3: (20, 6, 4)}[len(there)]
    ready = [part for part, n in zip(there, counts, strict=True) for _ in range(n)]
    parts = vars(made(y, tuple(ready)).split(0))
    assert tuple(map(len, parts.values())) == sizes
    for name, part in parts.items():
        assert abs((part.y == 0).mean() - 0.5) < 0.1
        if name in there[1:]:
            assert set(part.ready) == {name}
        else:
            assert set(part.ready) == {"train"}
    files = [name for part in parts.values() for name in part.files]
    assert len(set(files)) == 30


def test_a_link_that_leads_nowhere_is_a_broken_file(root, tmp_path):
    link = root / "dark" / "gone.png"
    link.symlink_to(tmp_path / "elsewhere.png")
    with pytest.raises(FileError, match=r"dark/gone.png: No such file or directory\n"):
        pg.data.images(root)
    assert len(pg.data.images(root, skip_broken=True)) == 20
    save(tmp_path / "elsewhere.png", noise(9, 7, channels=1))
    assert len(pg.data.images(root)) == 21


def test_a_size_that_would_fill_the_memory_is_refused(root, reads):
    told = r"20 pictures of 4000000 x 3000000 pixels take 2,880,000 GB as float32"
    with pytest.raises(DataError, match=told):
        pg.data.images(root, size=(4_000_000, 3_000_000))
    assert len(reads) == 20, "they were measured, and none was read"


def test_the_memory_holds_few_copies_of_what_is_kept(tmp_path):
    content, cache = os.urandom(1 << 22), Cache(tmp_path, ".pictures", 1 << 30)
    for most, do in [
        (1.1, lambda: cache.put("ab", memoryview(content), {"n": 1})),
        (2.1, lambda: cache.get("ab")),
    ]:
        tracemalloc.start()
        found = do()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < most * len(content)
    assert found == (content, {"n": 1})


def test_pictures_that_are_there_twice_are_told(root):
    assert pg.data.images(root).notes == ()
    dark, light = root / "dark", root / "light"
    shutil.copy(dark / "dark03.png", dark / "more.png")
    for place in range(7):
        shutil.copy(dark / f"dark0{place}.png", light / f"{place}.png")
    same, wrong = pg.data.images(root).notes
    assert same == (
        "The same as another picture, so that the report may be too good: "
        "dark/more.png as dark/dark03.png, light/0.png as dark/dark00.png, "
        "light/1.png as dark/dark01.png, light/2.png as dark/dark02.png, "
        "light/3.png as dark/dark03.png and 3 more."
    )
    told = "The same as a picture of another class, so that one must be wrong: light/0"
    assert wrong.startswith(told)
    assert wrong.endswith(" and 2 more.")


def test_classes_that_may_lack_in_a_part_are_told(root):
    for path in sorted((root / "light").iterdir())[5:]:
        path.unlink()
    found = pg.data.images(root)
    assert "may lack" not in str(found)
    for seed in range(20):
        for part in vars(found.split(seed)).values():
            assert set(part.y) == {0, 1}
    (root / "light" / "light00.png").unlink()
    told = (
        "With fewer than 5 pictures a class may lack where it is learnt, validated or "
        "tested: light. Give more of them."
    )
    assert told in str(pg.data.images(root)).splitlines()
