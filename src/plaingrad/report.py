"""The folder of a run: the model, its history, pictures, and the longhand script."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .errors import FileError, MissingExtraError
from .files import write_whole
from .network import Network
from .train.session import Session

Array = np.ndarray[Any, Any]


def write_run(
    folder: str | Path,
    network: Network,
    test: tuple[Array, Array],
    results: dict[str, Any],
) -> Iterator[tuple[Path, str]]:
    """Write the folder of a run and yield (file, what it is) for each file.

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
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"cannot make the folder {place}: {error.strerror}.") from None
    session = network.session
    yield network.save(place / "model.safetensors"), "weights and architecture"
    history = {**results, **session.history.as_dict()}
    text = json.dumps(history, indent=1)
    yield write_whole(place / "history.json", text), "losses and scores"
    yield from write_longhand(place, network, session)
    try:
        yield from _pictures(place, network, session, test)
    except MissingExtraError as error:
        yield place, f"has no pictures: {error}"


def write_longhand(
    folder: Path, network: Network, session: Session, lang: str = "en"
) -> Iterator[tuple[Path, str]]:
    """Write the script of the last training, and the data that it reads."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **session.prepared.arrays())
    yield write_whole(folder / "data.npz", buffer.getvalue()), "its training data"
    script = network.longhand(lang=lang)
    yield write_whole(folder / "longhand.py", script), "the same training in NumPy"


def _pictures(
    folder: Path, network: Network, session: Session, test: tuple[Array, Array]
) -> Iterator[tuple[Path, str]]:
    from . import draw

    yield _picture(folder / "costs.png", draw.cost_curves(session.history)), "costs"
    X, y = test
    if y.ndim == 1 and y.dtype.kind in "iu":
        labels = network.predict(X)
        axes = draw.confusion_matrix(y, labels)
        yield _picture(folder / "confusion.png", axes), "confusion on the test data"
        wrong = labels != y
        if wrong.any() and _is_image(X):
            axes = draw.misclassified(X, y, labels)
            yield _picture(folder / "mistakes.png", axes), "wrongly classified"
        if X.shape[1:] == (2,):
            axes = draw.decision_regions(network, X, y)
            yield _picture(folder / "regions.png", axes), "decision regions"


def _is_image(X: Array) -> bool:
    side = round(X.shape[1] ** 0.5)
    return X.ndim == 4 or (X.ndim == 2 and side > 4 and side**2 == X.shape[1])


def _picture(path: Path, axes: Any) -> Path:
    """Write a picture as PNG."""
    buffer = io.BytesIO()
    axes.figure.savefig(buffer, format="png", dpi=150, bbox_inches="tight")
    return write_whole(path, buffer.getvalue())
