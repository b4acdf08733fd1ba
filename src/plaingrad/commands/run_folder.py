"""The folder of a run: the model, its history, pictures, and the longhand script."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np

from ..errors import MissingExtraError
from ..files import make_folder, write_whole
from ..network import Network
from ..seeds import Seeds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = np.ndarray[Any, Any]
PICTURES = {
    "costs.png": "the cost over the epochs",
    "confusion.png": "which class was taken for which, in the test data",
    "mistakes.png": "what was classified wrongly",
    "regions.png": "which class is predicted where",
}

REPORTS = ("report.html", "report.md", "residuals.png")
"""What the runs on tables and pictures write beside it."""


def write_run(
    folder: str | Path,
    network: Network,
    test: tuple[Array, Array],
    results: Mapping[str, Any],
) -> Iterator[tuple[str, str]]:
    """Write the folder of a run and yield (file name, what it is) for each file.

    Parameters
    ----------
    folder
        Made when it is not there; files of an earlier run are replaced.
    network
        A network that was just trained.
    test
        The test data, for the pictures.
    results
        What to say beside the history.

    Raises
    ------
    FileError
        When the folder cannot be written.
    """
    place = make_folder(folder)
    yield from write_training(place, network, results)
    try:
        for name, axes in _pictures(network, test):
            write_picture(place / name, axes)
            yield name, PICTURES[name]
    except MissingExtraError as error:
        yield "no pictures", str(error)


def write_training(
    place: Path, network: Network, results: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Write what every run has: the model, its history, its script and its data.

    Pictures and reports of an earlier run go.
    """
    network.save(place / "model.safetensors")
    yield "model.safetensors", "weights and architecture"
    told = {**results, **network.history.as_dict()}
    write_whole(place / "history.json", json.dumps(told, indent=1))
    yield "history.json", "losses and scores"
    for name in (*PICTURES, *REPORTS):
        (place / name).unlink(missing_ok=True)
    yield from write_longhand(place, network)


def write_seeds(folder: Path, seeds: Seeds | None) -> Iterator[tuple[str, str]]:
    """Write what came of each seed, and its curves; leave none of an earlier run."""
    for name in ("seeds.csv", "seeds.png"):
        (folder / name).unlink(missing_ok=True)
    if seeds is None:
        return
    write_whole(folder / "seeds.csv", seeds.csv())
    yield "seeds.csv", "loss and score from each seed"
    from .. import draw

    try:
        write_picture(folder / "seeds.png", draw.seed_curves(seeds))
    except MissingExtraError as error:
        yield "no picture", str(error)
    else:
        yield "seeds.png", "the cost over the epochs, from every seed"


def write_longhand(
    folder: Path, network: Network, lang: str = "en"
) -> Iterator[tuple[str, str]]:
    """Write the script of the last training, and the data that it reads."""
    write_whole(folder / "data.npz", _npz(network.session.prepared.arrays()))
    yield "data.npz", "the data that it was trained on"
    if network.program().searched:
        # a loop that searches for its steps has no printed form
        (folder / "longhand.py").unlink(missing_ok=True)
        return
    write_whole(folder / "longhand.py", network.longhand(lang=lang))
    yield "longhand.py", "the same training as a NumPy script; run it in this folder"


def _npz(arrays: Mapping[str, Array]) -> bytes:
    """Return a .npz file, as np.savez_compressed makes it.

    That one squeezes it hardest, which for pictures takes six times as long, and saves
    a tenth.
    """
    buffer, hardly = io.BytesIO(), 1
    with ZipFile(buffer, "w", ZIP_DEFLATED, compresslevel=hardly) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, array, allow_pickle=False)
    return buffer.getvalue()


def _pictures(
    network: Network, test: tuple[Array, Array]
) -> Iterator[tuple[str, Axes]]:
    """Yield the name of each picture that can be drawn, and the picture."""
    from .. import draw

    if np.isfinite(network.history.batch_loss).any():
        yield "costs.png", draw.cost_curves(network.history)
    X, y = test
    if y.ndim != 1 or y.dtype.kind not in "iu":
        return
    labels = network.predict(X)
    yield "confusion.png", draw.confusion_matrix(y, labels)
    if (labels != y).any() and _is_image(X):
        yield "mistakes.png", draw.misclassified(X, y, labels)
    if X.shape[1:] == (2,):
        yield "regions.png", draw.decision_regions(network, X, y)


def _is_image(X: Array) -> bool:
    side = round(X.shape[1] ** 0.5)
    return X.ndim == 4 or (X.ndim == 2 and side > 4 and side**2 == X.shape[1])


def write_picture(path: Path, axes: Axes) -> Path:
    """Write a picture, in the format that the name asks for, and close it."""
    from ..draw.style import rendered

    return write_whole(path, rendered(axes, path.suffix.removeprefix(".") or "png"))
