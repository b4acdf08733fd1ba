"""Rows of arrays: read from files where they lie in one piece, sliced elsewhere."""

import copy
import gc
import pickle

import numpy as np
import pytest

import plaingrad as pg
from helpers_streams import assert_same, fit, in_memory, mapped, samples
from plaingrad.streams.arrays import FileRows, rows_of
from plaingrad.streams.stream import in_bytes, told_bytes

VIEWS = {
    "whole": (lambda A: A, True),
    "some rows": (lambda A: A[3:90], True),
    "every third row": (lambda A: A[2::3], True),
    "some columns": (lambda A: A[:, 2:5], True),
    "every other column": (lambda A: A[5:, ::2], True),
    "as a plain array": (lambda A: np.asarray(A)[7:], True),
    "one column": (lambda A: A[:, 3], True),
    "images": (lambda A: A.reshape(-1, 2, 3, 1), True),
    "last row first": (lambda A: A[::-1], False),
    "columns as rows": (lambda A: A.T, False),
    "columns from behind": (lambda A: A[:, ::-1], False),
}


@pytest.mark.parametrize("kind", ["f4", "u1", ">f8"])
@pytest.mark.parametrize("name", VIEWS)
def test_views_of_mapped_files_are_read(name, kind, tmp_path):
    view, from_file = VIEWS[name]
    whole = (np.random.default_rng(0).random((101, 6)) * 99).astype(kind)
    np.save(tmp_path / "X.npy", whole)
    array = view(np.load(tmp_path / "X.npy", mmap_mode="r"))
    rows, expected = rows_of(array), view(whole)
    assert isinstance(rows, FileRows) is from_file
    for start, stop in ((0, 1), (0, len(expected)), (2, 6), (len(expected) - 1,) * 2):
        stop = max(stop, start + 1)
        np.testing.assert_array_equal(rows(start, stop), expected[start:stop])
        assert rows(start, stop).dtype == expected.dtype


def test_systems_that_cannot_read_at_a_place_seek_it(tmp_path, monkeypatch):
    monkeypatch.delattr("os.preadv")
    whole = np.random.default_rng(0).random((101, 6))
    np.save(tmp_path / "X.npy", whole)
    rows = rows_of(np.load(tmp_path / "X.npy", mmap_mode="r"))
    assert isinstance(rows, FileRows)
    np.testing.assert_array_equal(rows(17, 93), whole[17:93])


@pytest.mark.parametrize("order", ["C", "F"])
def test_files_without_a_head_and_in_the_order_of_columns(order, tmp_path):
    whole = np.random.default_rng(0).random((50, 4))
    (tmp_path / "X.bin").write_bytes(b"head" * 5 + whole.tobytes(order))
    shape, path = whole.shape, tmp_path / "X.bin"
    array = np.memmap(path, "f8", "r", offset=20, shape=shape, order=order)
    rows = rows_of(array)
    assert isinstance(rows, FileRows) is (order == "C")
    np.testing.assert_array_equal(rows(7, 31), whole[7:31])


def test_what_was_changed_in_memory_only_is_not_read_from_the_file(tmp_path):
    np.save(tmp_path / "X.npy", np.zeros((20, 3)))
    array = np.load(tmp_path / "X.npy", mmap_mode="c")
    rows = rows_of(array)
    array[5:9] = 7
    np.testing.assert_array_equal(rows(0, 20), array)
    shared = np.load(tmp_path / "X.npy", mmap_mode="r+")
    rows = rows_of(shared)
    shared[5:9] = 8
    np.testing.assert_array_equal(rows(0, 20), shared)
    # another file by the same name is not the array that is mapped
    opened = np.load(tmp_path / "X.npy", mmap_mode="r")
    (tmp_path / "X.npy").unlink()
    np.save(tmp_path / "X.npy", np.full((20, 3), 5.0))
    np.testing.assert_array_equal(rows_of(opened)(0, 20), opened)


def test_a_copy_keeps_the_file_open_and_a_pickle_is_refused(tmp_path):
    X, y = samples(60)
    stream = pg.data.stream(*mapped(tmp_path, X=X, y=y), memory="12 KB")
    with pytest.raises(TypeError, match=r"X.npy cannot be pickled"):
        pickle.dumps(stream)
    copied = copy.deepcopy(stream)
    del stream
    gc.collect()
    assert_same(fit(copied), fit(pg.data.stream(X, y, memory="12 KB")))


class Sliced:
    """What h5py and zarr offer: a shape, a type, and slices."""

    def __init__(self, values):
        self._values, self.shape, self.dtype = values, values.shape, values.dtype
        self.most = 0

    def __getitem__(self, rows):
        self.most = max(self.most, rows.stop - rows.start)
        return self._values[rows]


def test_arrays_of_other_libraries_are_sliced():
    X, y = samples(150)
    sliced = Sliced(X), Sliced(y)
    net = fit(pg.data.stream(*sliced, memory="12 KB", block=6))
    assert_same(net, in_memory(net, X, y))
    assert max(one.most for one in sliced) < 20


def test_lists_and_arrays_in_memory():
    X, y = samples(60)
    net = fit(pg.data.stream(X.tolist(), y.tolist(), memory="12 KB"))
    assert_same(net, in_memory(net, X, y))


def test_arrays_whose_type_is_not_of_numpy_are_converted():
    X, y = samples(60)

    class Foreign:
        """What a tensor offers."""

        dtype = "foreign.float64"

        def __init__(self, values):
            self._values, self.shape = values, values.shape

        def __getitem__(self, rows):
            raise AssertionError

        def __array__(self, dtype=None, copy=None):
            return self._values

    class Labelled(Foreign):
        """What a column of pandas offers."""

        dtype, iloc = np.dtype("f8"), None

    expected = fit(pg.data.stream(X, y, memory="12 KB"))
    for kind in (Foreign, Labelled):
        assert_same(fit(pg.data.stream(kind(X), kind(y), memory="12 KB")), expected)


def test_a_stream_tells_how_much_it_is():
    stream = pg.data.stream(*samples(1234), memory="1.5 GB")
    assert repr(stream) == "<ArrayStream: 1,234 rows>"
    assert len(stream) == stream.rows == 1234
    assert stream.memory == 1_500_000_000
    assert stream.preparation is None


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("256 MB", 256_000_000),
        ("2 TB", 2 * 10**12),
        ("1KiB", 1024),
        ("2.5 kb", 2500),
        ("77", 77),
        (5, 5),
    ],
)
def test_bytes_are_read_and_told(text, count):
    assert in_bytes(text) == count
    assert count <= in_bytes(told_bytes(count)) <= 1.1 * count
