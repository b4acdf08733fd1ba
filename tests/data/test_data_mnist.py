import dataclasses
import gzip
import hashlib
import socket
import struct
from pathlib import Path

import numpy as np
import pytest

from plaingrad.data import Dataset, fashion_mnist, mnist
from plaingrad.data.mnist import (
    FASHION_MNIST,
    FILES,
    KEYS,
    MNIST,
    load,
    read_idx,
    read_npz,
)
from plaingrad.errors import FileError

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def idx(array):
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return header + array.tobytes()


def small_set(seed=0, opening=()):
    """Twelve training and five test samples, in the order of FILES."""
    random = np.random.default_rng(seed)
    y_train = random.integers(0, 10, 12, dtype=np.uint8)
    y_train[: len(opening)] = opening
    return [
        random.integers(0, 256, (12, 28, 28), dtype=np.uint8),
        y_train,
        random.integers(0, 256, (5, 28, 28), dtype=np.uint8),
        random.integers(0, 10, 5, dtype=np.uint8),
    ]


def write_idx(folder, arrays, zipped=True):
    folder.mkdir(parents=True, exist_ok=True)
    for file, array in zip(FILES, arrays, strict=True):
        if zipped:
            (folder / f"{file}.gz").write_bytes(gzip.compress(idx(array)))
        else:
            (folder / file).write_bytes(idx(array))


def write_npz(path, arrays):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **dict(zip(KEYS, arrays, strict=True)))


def assert_holds(data, arrays):
    x_train, y_train, x_test, y_test = arrays
    np.testing.assert_array_equal(np.rint(data.X_train[..., 0] * 255), x_train)
    np.testing.assert_array_equal(data.y_train, y_train)
    np.testing.assert_array_equal(np.rint(data.X_test[..., 0] * 255), x_test)
    np.testing.assert_array_equal(data.y_test, y_test)


@pytest.fixture
def closed_url():
    """An address on this machine at which nobody listens."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{closed.getsockname()[1]}/"


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Return the folders of PLAINGRAD_DATA and of the cache, empty."""
    data, cache = tmp_path / "data", tmp_path / "cache"
    data.mkdir()
    monkeypatch.setenv("PLAINGRAD_DATA", str(data))
    monkeypatch.setenv("PLAINGRAD_CACHE", str(cache))
    monkeypatch.setenv("no_proxy", "*")
    return data, cache


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("sub", ["", "mnist"])
def test_idx_files_in_the_data_folder(places, zipped, sub):
    arrays = small_set()
    write_idx(places[0] / sub, arrays, zipped)
    assert_holds(mnist(), arrays)


@pytest.mark.parametrize("sub", ["", "mnist"])
def test_keras_archive_in_the_data_folder(places, sub):
    arrays = small_set()
    write_npz(places[0] / sub / "mnist.npz", arrays)
    assert_holds(mnist(), arrays)


def test_shapes_types_and_scale(places):
    write_idx(places[0], small_set())
    images, rows = mnist(), mnist(flat=True)
    assert isinstance(images, Dataset)
    assert images.X_train.shape == (12, 28, 28, 1)
    assert rows.X_train.shape == (12, 784)
    assert rows.X_test.shape == (5, 784)
    np.testing.assert_array_equal(images.X_test.reshape(5, -1), rows.X_test)
    for X in (images.X_train, images.X_test, rows.X_train, rows.X_test):
        assert X.dtype == np.float32
        assert X.min() == 0
        assert X.max() == 1
    assert images.y_train.dtype == images.y_test.dtype == np.int64
    expected = "Dataset(MNIST: X_train (12, 784), X_test (5, 784), 10 classes)"
    assert repr(rows) == expected
    with pytest.raises(dataclasses.FrozenInstanceError):
        rows.name = "other"


def test_order_of_search(places):
    data, cache = places
    in_cache, in_data, in_subfolder = (small_set(seed) for seed in range(3))
    write_idx(cache / "mnist", in_cache)
    assert_holds(mnist(), in_cache)
    write_idx(data, in_data)
    assert_holds(mnist(), in_data)
    write_idx(data / "mnist", in_subfolder)
    assert_holds(mnist(), in_subfolder)


def test_archive_in_the_cache_needs_no_network(places, closed_url):
    arrays = small_set()
    write_npz(places[1] / "mnist" / "mnist.npz", arrays)
    assert_holds(load(dataclasses.replace(MNIST, url=closed_url), flat=False), arrays)


def test_both_sets_side_by_side(places):
    digits, clothes = small_set(1), small_set(2)
    write_idx(places[0] / "mnist", digits)
    write_idx(places[0] / "fashion-mnist", clothes)
    assert_holds(mnist(), digits)
    assert_holds(fashion_mnist(), clothes)
    assert fashion_mnist().classes[9] == "ankle boot"
    assert mnist().classes[9] == "9"


@pytest.mark.parametrize(
    ("wanted", "there"), [(fashion_mnist, MNIST), (mnist, FASHION_MNIST)]
)
def test_one_set_is_not_taken_for_the_other(places, wanted, there):
    write_idx(places[0], small_set(opening=there.opening))
    with pytest.raises(FileError, match=f"holds {there.name}, not"):
        wanted()


def published(serve, arrays, collection=MNIST):
    """Serve `arrays` and return the collection that is found there."""
    pages = {
        f"/{file}.gz": gzip.compress(idx(array))
        for file, array in zip(FILES, arrays, strict=True)
    }
    checksums = tuple(hashlib.sha256(page).hexdigest() for page in pages.values())
    site = serve(pages)
    return site, dataclasses.replace(collection, url=site.url, checksums=checksums)


def test_download_once_then_from_the_cache(places, serve):
    arrays = small_set()
    site, collection = published(serve, arrays)
    assert_holds(load(collection, flat=False), arrays)
    assert_holds(load(collection, flat=False), arrays)
    assert sorted(site.asked) == sorted(f"/{file}.gz" for file in FILES)


def test_download_goes_on_where_it_stopped(places, serve):
    arrays = small_set()
    site, collection = published(serve, arrays)
    write_idx(places[1] / "mnist", arrays)
    (places[1] / "mnist" / f"{FILES[2]}.gz").unlink()
    assert_holds(load(collection, flat=False), arrays)
    assert site.asked == [f"/{FILES[2]}.gz"]


def test_a_changed_download_is_refused(places, serve):
    _, collection = published(serve, small_set())
    wrong = dataclasses.replace(collection, checksums=MNIST.checksums)
    with pytest.raises(FileError, match=r"SHA-256 440fcabf.*PLAINGRAD_DATA"):
        load(wrong, flat=False)
    assert not list((places[1]).rglob("*.gz"))


def test_no_network_says_how_to_do_without(places, closed_url):
    away = dataclasses.replace(FASHION_MNIST, url=closed_url)
    with pytest.raises(FileError) as caught:
        load(away, flat=False)
    said = str(caught.value)
    for words in (closed_url, "no network", "Fashion-MNIST", "PLAINGRAD_DATA"):
        assert words in said


def test_data_folder_that_is_none(places, monkeypatch, tmp_path):
    monkeypatch.setenv("PLAINGRAD_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(FileError, match="PLAINGRAD_DATA must name a folder"):
        mnist()


def test_half_a_set_is_refused(places):
    write_idx(places[0], small_set())
    (places[0] / f"{FILES[1]}.gz").unlink()
    with pytest.raises(FileError, match=f"all four files.*{FILES[1]}"):
        mnist()


@pytest.mark.parametrize(
    ("place", "array", "said"),
    [
        (1, np.zeros(11, np.uint8), r"training images.*\(12, 28, 28\) and \(11,\)"),
        (2, np.zeros((5, 28, 27), np.uint8), r"test images.*\(5, 28, 27\)"),
        (3, np.zeros((5, 1), np.uint8), r"test images.*\(5, 1\)"),
        (3, np.full(5, 10, np.uint8), r"labels in 0\.\.9, got 10"),
    ],
)
def test_files_that_do_not_belong_together(places, place, array, said):
    arrays = small_set()
    arrays[place] = array
    write_idx(places[0], arrays)
    with pytest.raises(FileError, match=said):
        mnist()


def test_empty_set_is_refused(places):
    write_idx(places[0], [array[:0] for array in small_set()])
    with pytest.raises(FileError, match="training images"):
        mnist()


LABELS = idx(np.arange(7, dtype=np.uint8))
ZIPPED = gzip.compress(LABELS, mtime=0)


@pytest.mark.parametrize("shape", [(7,), (3, 4), (2, 3, 4), (0, 28, 28)])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_idx_is_read_as_written(tmp_path, shape, pack):
    array = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    path = tmp_path / "any name"
    path.write_bytes(pack(idx(array)))
    read = read_idx(path)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, array)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "begins with 00 00 08, this one with nothing"),
        (b"\0\0\x08", "begins with 00 00 08"),
        (b"<html>", "this one with 3c 68 74"),
        (b"\0\0\x0d" + LABELS[3:], "this one with 00 00 0d"),
        (LABELS[:6], "ends inside its header"),
        (LABELS[:-1], r"its header says \(7,\), 7 bytes, but 6 follow"),
        (LABELS + b"\0", r"7 bytes, but 8 follow"),
        (ZIPPED[:-3], "gzip says"),
        (ZIPPED[:10] + b"\xff" * 20, "gzip says: .*block type"),
        (ZIPPED[:-8] + b"\0" * 8, "gzip says: CRC"),
    ],
)
def test_damaged_idx_is_named(tmp_path, content, said):
    path = tmp_path / "labels.gz"
    path.write_bytes(content)
    with pytest.raises(FileError, match=said) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)
    assert "get it again" in str(caught.value)


def test_archive_with_pickled_objects_is_refused(tmp_path):
    arrays = small_set()
    arrays[1] = np.array([None, 1], dtype=object)
    write_npz(tmp_path / "mnist.npz", arrays)
    with pytest.raises(FileError, match="Object arrays cannot be loaded"):
        read_npz(tmp_path / "mnist.npz")


def test_archive_of_another_type_is_refused(tmp_path):
    arrays = small_set()
    arrays[0] = arrays[0] / 255
    write_npz(tmp_path / "mnist.npz", arrays)
    with pytest.raises(FileError, match=r"x_train .* must be uint8 .* got float64"):
        read_npz(tmp_path / "mnist.npz")


def test_archive_without_an_array_is_refused(tmp_path):
    np.savez(tmp_path / "mnist.npz", x_train=small_set()[0])
    with pytest.raises(FileError, match=r"must hold the arrays .*'y_train"):
        read_npz(tmp_path / "mnist.npz")


@pytest.mark.parametrize("keep", [0, 10, -100])
def test_damaged_archive_is_named(tmp_path, keep):
    path = tmp_path / "mnist.npz"
    write_npz(path, small_set())
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(FileError, match="is damaged: NumPy says"):
        read_npz(path)


def test_archive_with_changed_bytes_is_named(tmp_path):
    path = tmp_path / "mnist.npz"
    write_npz(path, small_set())
    content = bytearray(path.read_bytes())
    content[500:520] = b"\xff" * 20
    path.write_bytes(content)
    with pytest.raises(FileError, match="is damaged: NumPy says"):
        read_npz(path)


@pytest.mark.skipif(
    not (SHARED / "mnist").is_dir(),
    reason="real MNIST is not in ../shared/data/mnist",
)
class TestRealMNIST:
    @pytest.fixture(autouse=True)
    def real(self, places, monkeypatch):
        monkeypatch.setenv("PLAINGRAD_DATA", str(SHARED))

    def test_it_is_the_known_set(self):
        data = mnist()
        assert data.X_train.shape == (60000, 28, 28, 1)
        assert data.X_test.shape == (10000, 28, 28, 1)
        assert tuple(data.y_train[:10]) == MNIST.opening
        counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
        assert np.bincount(data.y_train).tolist() == counts
        # The mean and deviation that everybody normalises MNIST with.
        assert data.X_train.mean(dtype=np.float64) == pytest.approx(0.1307, abs=1e-4)
        assert data.X_train.std(dtype=np.float64) == pytest.approx(0.3081, abs=1e-4)

    def test_it_is_not_taken_for_fashion_mnist(self, monkeypatch):
        monkeypatch.setenv("PLAINGRAD_DATA", str(SHARED / "mnist"))
        with pytest.raises(FileError, match="holds MNIST, not Fashion-MNIST"):
            fashion_mnist()
