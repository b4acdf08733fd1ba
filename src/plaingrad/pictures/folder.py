"""What is in a folder of pictures: a sub-folder for each class, perhaps in ready parts.

The convention is that of torchvision's ImageFolder and Keras's
image_dataset_from_directory.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..columns.table import ordered
from ..errors import DataError, FileError
from .reading import FORMATS, is_picture, written

PARTS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
"""What folders of ready parts are called, and the parts."""
EXAMPLE = "photos/cat/1.jpg, photos/cat/2.jpg, photos/dog/3.jpg"


@dataclass(frozen=True)
class Found:
    """The picture files of a folder.

    Attributes
    ----------
    root
        The folder.
    classes
        The names of the classes: numbers by size, other names by letters.
    files
        The path of each picture below the folder, with "/" between its parts.
    labels
        The class of each picture, and its part where the folder has ready ones.
    parts
        "train", "validation" or "test" for each picture; empty without ready parts.
    notes
        What was left out, in a sentence each.
    """

    root: Path
    classes: tuple[str, ...]
    files: tuple[str, ...]
    labels: tuple[str, ...]
    parts: tuple[str, ...]
    notes: tuple[str, ...]


def find(folder: str | Path) -> Found:
    """Return the pictures of a folder.

    Raises
    ------
    FileError
        When there is no such folder.
    DataError
        When it has no two classes with pictures, or a part has a class that is not
        among those to learn from.
    """
    root = Path(folder)
    if not root.is_dir():
        raise FileError(f"there is no folder {root}.")
    ready = _ready_parts(root)
    places = ready or {root: ""}
    files, labels, parts, empty = [], [], [], []
    skipped: Counter[str] = Counter()
    used = set()
    for place, part in places.items():
        for name in _folders(place):
            inside, others = _pictures(place / name)
            skipped.update(others)
            used.add(place / name)
            if not inside:
                empty.append(written((place / name).relative_to(root).as_posix()))
            files += [path.relative_to(root).as_posix() for path in inside]
            labels += [written(name)] * len(inside)
            parts += [part] * len(inside) if ready else []
    beside = _loose(root, used)
    skipped.update(path.suffix.lower() for path in beside if not is_picture(path))
    loose = sum(map(is_picture, beside))
    notes = _notes(skipped, empty, loose)
    classes = _classes(root, labels, parts, [*notes, *_deeper(root, files)])
    return Found(root, classes, tuple(files), tuple(labels), tuple(parts), notes)


def pictures_at(place: str | Path) -> list[Path]:
    """Return the pictures of a folder and all below, in order; or the one of a file.

    Raises
    ------
    FileError
        When there is nothing, or no picture in the folder.
    """
    path = Path(place)
    if not path.is_dir():
        if not path.is_file():
            raise FileError(f"there is no file or folder {path}.")
        return [path]
    found, _ = _pictures(path)
    if not found:
        kinds = ", ".join(FORMATS)
        raise FileError(f"the folder {path} holds no pictures ({kinds}).")
    return found


def _ready_parts(root: Path) -> dict[Path, str]:
    """Return the folders of ready parts, and which part each is; or none.

    A part has classes in it. One such folder among others may be a class: of trains.
    """
    folders = _folders(root)
    named = [name for name in folders if name.lower() in PARTS]
    found = {
        root / name: PARTS[name.lower()] for name in named if _folders(root / name)
    }
    several = len(found) > 1 or named == folders
    if "train" not in found.values() or not several:
        return {}
    twice = [part for part, count in Counter(found.values()).items() if count > 1]
    if twice:
        names = [path.name for path, part in found.items() if part == twice[0]]
        raise DataError(
            f"{root} has several folders for the part {twice[0]}: {', '.join(names)}. "
            f"Put their pictures into one."
        )
    return found


def _classes(
    root: Path, labels: list[str], parts: list[str], notes: list[str]
) -> tuple[str, ...]:
    """Return the classes in order, when there is something to tell apart."""
    train = set(labels)
    if parts:
        train = {label for label, p in zip(labels, parts, strict=True) if p == "train"}
    if len(train) < 2:
        found = f"only the class {min(train)}" if train else "no class with pictures"
        told = "".join(f" {note}" for note in notes)
        raise DataError(
            f"{root} has {found}. Expected a folder for each class with its pictures "
            f"in it, such as {EXAMPLE}.{told}"
        )
    strange = set(labels) - train
    if strange:
        raise DataError(
            f"the class {min(strange)!r} has pictures to validate or test, and none in "
            f"train. Known there: {', '.join(ordered(train))}."
        )
    return tuple(ordered(train))


def _deeper(root: Path, files: list[str]) -> Iterator[str]:
    """Yield where classes seem to be when all pictures are in one folder's folders."""
    places = {str(Path(name).parent) for name in files}
    common = os.path.commonpath(places) if places else ""
    if common and common not in places:
        yield f"If the folders in {root / common} are the classes, give that one."


def _folders(place: Path) -> list[str]:
    """Return the names of the folders in a folder, but for hidden ones."""
    _, below, _ = next(os.walk(place, onerror=_unreadable))
    return sorted(name for name in below if not name.startswith("."))


def _pictures(place: Path) -> tuple[list[Path], Counter[str]]:
    """Return the pictures of a folder and all below, and the kinds of other files."""
    found: list[Path] = []
    others: Counter[str] = Counter()
    for path in _files(place):
        if path.name.startswith("."):
            others["hidden"] += 1
        elif is_picture(path):
            found.append(path)
        else:
            others[path.suffix.lower()] += 1
    return found, others


def _files(place: Path) -> Iterator[Path]:
    for folder, below, names in os.walk(place, onerror=_unreadable):
        below[:] = sorted(name for name in below if not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(names))


def _unreadable(error: OSError) -> None:
    """Refuse a folder that cannot be read, whose pictures would be lost silently."""
    raise FileError(f"cannot read the folder {error.filename}: {error.strerror}.")


def _loose(root: Path, used: set[Path]) -> list[Path]:
    """Return the files that lie in no folder of a class."""
    found = []
    for path in _files(root):
        inside = any(folder in used for folder in path.parents)
        if not inside and not path.name.startswith("."):
            found.append(path)
    return found


def _notes(skipped: Counter[str], empty: list[str], loose: int) -> tuple[str, ...]:
    """Return what was left out, in a sentence each."""
    notes = []
    if skipped:
        kinds = ", ".join(f"{kind or 'no ending'} {n:,}" for kind, n in skipped.items())
        were = "file was" if skipped.total() == 1 else "files were"
        notes.append(f"{skipped.total():,} other {were} left out: {kinds}.")
    if loose:
        notes.append(f"Pictures in no folder of a class were left out: {loose:,}.")
    if empty:
        names = ", ".join(empty[:5])
        notes.append(f"No class, for want of pictures: {names}.")
    return tuple(notes)
