"""MNIST and Fashion-MNIST: where to find them, how to read them."""

from __future__ import annotations

import gzip
import math
import os
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FileError
from ..files import cache_folder
from .download import fetch

FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
KEYS = ("x_train", "y_train", "x_test", "y_test")


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Training and test data, and where they come from.

    Attributes
    ----------
    X_train, X_test
        float32 in 0..1: images of shape (n, height, width, channels), or (n, pixels).
    y_train, y_test
        int64 labels of shape (n,); label i means `classes[i]`.
    classes
        The name of each class.
    name, description
        What the data are called, and what they show.
    source, licence
        Where they come from, and what one may do with them.
    """

    X_train: NDArray[np.float32]
    y_train: NDArray[np.int64]
    X_test: NDArray[np.float32]
    y_test: NDArray[np.int64]
    classes: tuple[str, ...]
    name: str
    description: str
    source: str
    licence: str

    def __repr__(self) -> str:
        return (
            f"Dataset({self.name}: X_train {self.X_train.shape}, "
            f"X_test {self.X_test.shape}, {len(self.classes)} classes)"
        )


@dataclass(frozen=True)
class Collection:
    """A published set in MNIST's four files.

    `checksums` are the SHA-256 of the gzipped FILES. `opening` is how the training
    labels begin: both sets use the same file names, and this tells them apart.
    """

    folder: str
    name: str
    description: str
    classes: tuple[str, ...]
    source: str
    licence: str
    url: str
    checksums: tuple[str, str, str, str]
    opening: tuple[int, ...]


MNIST = Collection(
    folder="mnist",
    name="MNIST",
    description="Digits by hand, 28 x 28 grey pixels: 60000 to train, 10000 to test",
    classes=tuple("0123456789"),
    source="Y. LeCun, C. Cortes, C. Burges; http://yann.lecun.com/exdb/mnist/",
    licence="CC BY-SA 3.0",
    url="https://ossci-datasets.s3.amazonaws.com/mnist/",
    checksums=(
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
    opening=(5, 0, 4, 1, 9, 2, 1, 3, 1, 4),
)
FASHION_MNIST = Collection(
    folder="fashion-mnist",
    name="Fashion-MNIST",
    description="Clothing, 28 x 28 grey pixels: 60000 to train, 10000 to test",
    classes=(
        "T-shirt/top",
        "trouser",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "ankle boot",
    ),
    source="Zalando Research; https://github.com/zalandoresearch/fashion-mnist",
    licence="MIT",
    url="http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    checksums=(
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
    opening=(9, 0, 0, 3, 0, 2, 7, 2, 5, 5),
)


def mnist(*, flat: bool = False) -> Dataset:
    """Return MNIST: 70000 handwritten digits of 28 x 28 pixels.

    Looked for in turn: the folder named by the environment variable `PLAINGRAD_DATA`
    (its subfolder `mnist`, then itself); the cache folder; the network, from where the
    four files (11 MB) are downloaded into the cache, once. A folder may hold the four
    IDX files, gzipped or not, or Keras' `mnist.npz`.

    Parameters
    ----------
    flat
        Return images as rows of 784 pixels, in place of (28, 28, 1).

    Returns
    -------
    data
        X_train of shape (60000, 28, 28, 1) or (60000, 784), float32 in 0..1, with
        y_train of shape (60000,), int64; X_test and y_test likewise with 10000.

    Raises
    ------
    FileError
        When a file is damaged, or is nowhere and cannot be downloaded.

    Notes
    -----
    Source: Y. LeCun, C. Cortes and C. Burges, "The MNIST database of handwritten
    digits", http://yann.lecun.com/exdb/mnist/. Licence: CC BY-SA 3.0.
    """
    return load(MNIST, flat)


def fashion_mnist(*, flat: bool = False) -> Dataset:
    """Return Fashion-MNIST: 70000 images of clothing, in the form of MNIST.

    Looked for like `mnist`, in the subfolder `fashion-mnist` (or the archive
    `fashion-mnist.npz` with Keras' keys); a download takes 31 MB.

    Parameters
    ----------
    flat
        Return images as rows of 784 pixels, in place of (28, 28, 1).

    Returns
    -------
    data
        X_train of shape (60000, 28, 28, 1) or (60000, 784), float32 in 0..1, with
        y_train of shape (60000,), int64; X_test and y_test likewise with 10000.

    Raises
    ------
    FileError
        When a file is damaged, or is nowhere and cannot be downloaded.

    Notes
    -----
    Source: H. Xiao, K. Rasul and R. Vollgraf, "Fashion-MNIST" (2017),
    https://github.com/zalandoresearch/fashion-mnist. Licence: MIT.
    """
    return load(FASHION_MNIST, flat)


def load(collection: Collection, flat: bool) -> Dataset:
    """Find `collection`, download it if need be, and return it scaled to 0..1.

    Raises
    ------
    FileError
        When a file is damaged, or is nowhere and cannot be downloaded.
    """
    x_train, y_train, x_test, y_test = _find(collection)
    shape = (-1, 28 * 28) if flat else (-1, 28, 28, 1)
    return Dataset(
        X_train=np.divide(x_train, 255, dtype=np.float32).reshape(shape),
        y_train=y_train.astype(np.int64),
        X_test=np.divide(x_test, 255, dtype=np.float32).reshape(shape),
        y_test=y_test.astype(np.int64),
        classes=collection.classes,
        name=collection.name,
        description=collection.description,
        source=collection.source,
        licence=collection.licence,
    )


def _find(collection: Collection) -> list[NDArray[np.uint8]]:
    """Return the arrays in the order of KEYS, from the first place that has them."""
    if local := os.environ.get("PLAINGRAD_DATA"):
        folder = Path(local).expanduser()
        if not folder.is_dir():
            raise FileError(
                f"PLAINGRAD_DATA must name a folder, got {local!r}, where there is "
                "none. Correct the variable, or unset it to use the cache."
            )
        for place in (folder / collection.folder, folder):
            if arrays := _read_folder(place, collection):
                return arrays
    cache = cache_folder() / collection.folder
    if not (cache / f"{collection.folder}.npz").is_file():
        _download_missing(cache, collection)
    return _read_folder(cache, collection)


def _download_missing(cache: Path, collection: Collection) -> None:
    otherwise = (
        f"Try again, or get the four files of {collection.name} ({FILES[0]}.gz and so "
        "on) elsewhere and set the environment variable PLAINGRAD_DATA to their folder."
    )
    for file, checksum in zip(FILES, collection.checksums, strict=True):
        if not _present(cache, file):
            url = f"{collection.url}{file}.gz"
            fetch(url, cache / f"{file}.gz", checksum, otherwise)


def _read_folder(folder: Path, collection: Collection) -> list[NDArray[np.uint8]]:
    """Return the arrays that `folder` holds in either form; none when it has none."""
    archive = folder / f"{collection.folder}.npz"
    if archive.is_file():
        arrays = read_npz(archive)
    else:
        found = {file: _present(folder, file) for file in FILES}
        missing = [file for file, path in found.items() if path is None]
        if missing == list(FILES):
            return []
        if missing:
            raise FileError(
                f"{folder} must hold all four files of {collection.name}, but "
                f"{' and '.join(missing)} (plain or .gz) is missing. Likely cause: "
                "another spelling of the name, or a copy that stopped early."
            )
        arrays = [read_idx(path) for path in found.values() if path]
    _check(arrays, folder, collection)
    return arrays


def _present(folder: Path, file: str) -> Path | None:
    candidates = (folder / file, folder / f"{file}.gz")
    return next((path for path in candidates if path.is_file()), None)


def _check(
    arrays: list[NDArray[np.uint8]], folder: Path, collection: Collection
) -> None:
    x_train, y_train, x_test, y_test = arrays
    pairs = (("training", x_train, y_train), ("test", x_test, y_test))
    for part, images, labels in pairs:
        n = len(labels)
        if images.shape != (n, 28, 28) or labels.shape != (n,) or not n:
            raise FileError(
                f"{folder} must hold {part} images of shape (n, 28, 28) and labels of "
                f"shape (n,), got {images.shape} and {labels.shape}. Likely cause: "
                f"files of different sets. Copy all of {collection.name} again."
            )
        if labels.max() >= len(collection.classes):
            raise FileError(
                f"{folder} must hold {part} labels in 0..9, got {labels.max()}. "
                f"Likely cause: another set. Copy all of {collection.name} again."
            )
    opening = tuple(int(label) for label in y_train[:10])
    for other in (MNIST, FASHION_MNIST):
        if other.folder != collection.folder and opening == other.opening:
            raise FileError(
                f"{folder} holds {other.name}, not {collection.name}: their files have "
                f"the same names. Put {collection.name} into a folder named "
                f"{collection.folder} inside the folder of PLAINGRAD_DATA."
            )


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes, gzipped or plain, into an array.

    Raises
    ------
    FileError
        When the file is not such a file, is cut off, or has bytes to spare.

    Notes
    -----
    The format: two zero bytes, the type (8 for unsigned bytes), the number of axes,
    then each axis' length as a big-endian 32-bit number, then the values.
    """
    content = path.read_bytes()
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise _damaged(path, f"gzip says: {error}") from error
    if content[:3] != b"\0\0\x08" or len(content) < 4:
        raise _damaged(
            path,
            "an IDX file of bytes begins with 00 00 08, this one with "
            f"{content[:3].hex(' ') or 'nothing'}",
        )
    start = 4 + 4 * content[3]
    if len(content) < start:
        raise _damaged(path, "it ends inside its header")
    shape = struct.unpack_from(f">{content[3]}I", content, 4)
    if len(content) - start != math.prod(shape):
        raise _damaged(
            path,
            f"its header says {shape}, {math.prod(shape)} bytes, but "
            f"{len(content) - start} follow",
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def read_npz(path: Path) -> list[NDArray[np.uint8]]:
    """Read the arrays of Keras' mnist.npz, in the order of KEYS; nothing is unpickled.

    Raises
    ------
    FileError
        When the archive is damaged, lacks an array, or holds other than bytes.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays: list[NDArray[Any]] = [archive[key] for key in KEYS]
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise _damaged(path, f"NumPy says: {error}") from error
    except KeyError as error:
        raise FileError(
            f"{path} must hold the arrays {', '.join(KEYS)}: {error}. Likely cause: "
            "another archive of the same name."
        ) from error
    for key, array in zip(KEYS, arrays, strict=True):
        if array.dtype != np.uint8:
            raise FileError(
                f"{key} in {path} must be uint8 as in Keras' archive, got "
                f"{array.dtype}. Likely cause: it was saved after scaling."
            )
    return arrays


def _damaged(path: Path, why: str) -> FileError:
    return FileError(
        f"{path} is damaged: {why}. Likely cause: a copy or download that stopped "
        "early, or another file of this name. Delete it and get it again."
    )
