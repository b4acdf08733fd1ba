"""Pictures to learn from, in a folder for each class: found, read, and kept."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cache import Cache, usual_folder
from ..errors import DataError, SettingError
from ..pictures.folder import PARTS, Found, find
from ..pictures.form import Array, Colour, Fit, Form, library
from ..pictures.preparation import scaled
from ..pictures.reading import (
    Broken,
    pixels_of,
    read_all,
    refuse,
    shape_of,
    stacked,
)
from ..write.plain import aligned
from .parts import Parts, parted_rows
from .prepare import split

LEAST = 10
"""So many pictures are needed, so that each of the three parts has some."""
MOST = 64
"""The longer side of what pictures are made when no size is given, at most."""
UNEVEN = 3
"""A class with so many times the pictures of another one is told of."""
SHOWN = 20
"""How many classes are shown."""
RARE = 5
"""Of so many pictures each part is sure to have some."""
FEW = 5
"""How many files, or classes, are named in a sentence."""
LIMIT = 2 << 30
"""The bytes that pictures in the cache may take; those not used for longest go."""
VERSION = 2
"""Of what is kept; another one when pictures are read otherwise than before."""


@dataclass(frozen=True, eq=False)
class Images:
    """Pictures with their classes, all of one size; `print` shows what there is.

    Attributes
    ----------
    pixels
        uint8, (n, height, width, channels).
    y
        int64, (n,): label i means `classes[i]`.
    classes
        The names of the classes.
    root, files
        The folder, and the path of each picture below it.
    form
        The size that they were brought to, how, and in which colour.
    shapes
        Height and width of each picture in its file, (n, 2).
    ready
        The part of each picture, where the folder has ready parts; else empty.
    notes
        What was chosen and left out, in a sentence each.
    """

    pixels: NDArray[np.uint8]
    y: NDArray[np.int64]
    classes: tuple[str, ...]
    root: Path
    files: tuple[str, ...]
    form: Form
    shapes: NDArray[np.int64]
    ready: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def X(self) -> NDArray[np.float32]:
        """The pixels divided by 255: float32 in 0..1, made anew each time."""
        return scaled(self.pixels)

    @property
    def outputs(self) -> int:
        """How many outputs a network for them needs: the classes."""
        return len(self.classes)

    @property
    def paths(self) -> list[Path]:
        """The file of each picture."""
        return [self.root / name for name in self.files]

    def rows(self, chosen: Array) -> Images:
        """Return some of the pictures, by number or by truth."""
        numbers = np.arange(len(self))[chosen].tolist()
        return replace(
            self,
            pixels=self.pixels[chosen],
            y=self.y[chosen],
            files=tuple(self.files[i] for i in numbers),
            shapes=self.shapes[chosen],
            ready=tuple(self.ready[i] for i in numbers) if self.ready else (),
        )

    def split(self, seed: int = 0) -> Parts[Images]:
        """Return pictures to learn from, to validate and to test.

        They are 60 %, 20 % and 20 % at random of each class, or the ready parts of the
        folder; a ready part that is missing becomes a fifth of those to learn from.

        Raises
        ------
        DataError
            When there are too few pictures.
        """
        if not self.ready:
            parts = parted_rows(self.y, seed)
            return Parts(*(self.rows(rows) for rows in vars(parts).values()))
        ready, numbers = np.array(self.ready), np.arange(len(self))
        found = {part: numbers[ready == part] for part in PARTS.values()}
        missing = [part for part, rows in found.items() if not len(rows)]
        if missing:
            rows, sizes = found["train"], [0.2] * len(missing)
            shares = (1 - sum(sizes), *sizes)
            kept = [one for one, _ in split(rows, self.y[rows], shares, seed=seed)]
            found |= zip(("train", *missing), kept, strict=True)
        return Parts(**{part: self.rows(rows) for part, rows in found.items()})

    def __len__(self) -> int:
        return len(self.y)

    def __str__(self) -> str:
        """Return classes, sizes and choices as text."""
        count = (
            f"{len(self):,} pictures of {len(self.classes):,} classes in {self.root}"
        )
        told = self._told() if len(self) else []
        return "\n".join([count, *aligned(self._counts()), *told])

    __repr__ = __str__

    def _counts(self) -> list[list[str]]:
        """Return a row for each class, with the pictures of each part."""
        parts = [part for part in dict.fromkeys(PARTS.values()) if part in self.ready]
        masks = [np.array(self.ready) == part for part in parts]
        masks = masks or [np.ones(len(self), bool)]
        table = [["class", *(parts or ["pictures"])]]
        for label, name in enumerate(self.classes[:SHOWN]):
            here = self.y == label
            table.append([name, *(f"{(here & mask).sum():,}" for mask in masks)])
        return table

    def _told(self) -> list[str]:
        """Return what is to be known about them, in a sentence each."""
        told = []
        counts = np.bincount(self.y, minlength=len(self.classes))
        few, many = int(counts.min()), int(counts.max())
        if len(self.classes) > SHOWN:
            told.append(
                f"... and {len(self.classes) - SHOWN:,} more classes; each has {few:,} "
                f"to {many:,} pictures."
            )
        rare = [self.classes[label] for label in np.flatnonzero(counts < RARE)]
        if rare and not self.ready:
            told.append(
                f"With fewer than {RARE} pictures a class may lack where it is learnt, "
                f"validated or tested: {_named(rare)}. Give more of them."
            )
        if many >= UNEVEN * few:
            names = [self.classes[counts.argmax()], self.classes[counts.argmin()]]
            told.append(
                f"The classes are uneven: {names[0]} has {many:,} pictures, {names[1]} "
                f"{few:,}. Look at the balanced accuracy; class_weight='balanced' "
                f"makes each class count alike."
            )
        return [*told, self._form(), *self.notes]

    def _form(self) -> str:
        """Return a sentence on the sizes."""
        low, high = self.shapes.min(axis=0), self.shapes.max(axis=0)
        middle = np.median(self.shapes, axis=0).astype(int)
        made = f"{_sides(self.form.size)} pixels, {self.form.colour}"
        if (low == high).all():
            if tuple(low) == self.form.size:
                return f"All are {made}."
            return f"All are {_sides(low)}, and made {made} ({self.form.fit})."
        return (
            f"They are {_sides(low)} to {_sides(high)}, {_sides(middle)} in the "
            f"middle, and made {made} ({self.form.fit})."
        )


def images(
    folder: str | Path,
    size: int | tuple[int, int] | None = None,
    fit: Fit = "crop",
    colour: Colour | None = None,
    *,
    skip_broken: bool = False,
) -> Images:
    """Return the pictures of a folder that has a sub-folder for each class.

    It may also have ready parts, each with such sub-folders: `train`, `validation` (or
    `val`, `valid`) and `test`.

    Parameters
    ----------
    folder
        Its sub-folders name the classes; pictures may lie deeper in them. Other and
        hidden files are left out.
    size
        Height and width in pixels that all pictures are brought to, or one number for
        both. By default the median of the files, made smaller where a side is longer
        than 64.
    fit
        How pictures of another shape are fitted: "crop" cuts off what stands out on
        both sides, "pad" shows everything between black bars, "stretch" distorts.
    colour
        "grey" or "rgb"; by default grey when no picture has any colour.
    skip_broken
        Leave out files that cannot be read, and say so.

    Returns
    -------
    Images
        `print` shows it. The pixels are kept in the cache folder, so that the next call
        for the same files reads none of them.

    Raises
    ------
    FileError, DataError, SettingError
        When there is no such folder, it has no two classes, a file cannot be read, a
        setting is wrong, or the pictures would not fit into the memory.
    MissingExtraError
        When Pillow is not installed: the extra "images".
    """
    wanted = _size(size)
    # the settings are looked at before any work
    Form(size=wanted or (1, 1), fit=fit, colour=colour or "rgb")
    found = find(folder)
    if len(found.files) < LEAST:
        raise DataError(
            f"{found.root} has {len(found.files)} pictures, and at least {LEAST} are "
            f"needed to learn, validate and test."
        )
    pixels, about = _kept(found, wanted, fit, colour)
    broken = [(name, why) for name, why in about["broken"]]
    if not skip_broken:
        refuse(broken)
    return _images(found, pixels, about, broken)


def _size(size: Any) -> tuple[int, int] | None:
    """Return height and width as they were asked for."""
    if size is None:
        return None
    sides = tuple(size) if isinstance(size, (tuple, list)) else (size, size)
    if len(sides) != 2:
        raise SettingError(f"size must be one number or (height, width), got {size!r}.")
    return sides


def _kept(
    found: Found, size: tuple[int, int] | None, fit: Fit, colour: Colour | None
) -> tuple[Array, dict[str, Any]]:
    """Return what `_read` does, from the cache where it is there."""
    cache = Cache(usual_folder("images"), ".pictures", LIMIT)
    key = _key(found, size, fit, colour)
    kept = cache.get(key)
    if kept is not None:
        return np.frombuffer(kept[0], np.uint8), kept[1]
    pixels, about = _read(found, size, fit, colour)
    cache.put(key, pixels.data, about)
    return pixels, about


def _key(found: Found, size: Any, fit: str, colour: str | None) -> str:
    """Return a digest of all that decides about the pixels, without reading a file."""
    told = [
        *(VERSION, library("features").version("pil"), size, fit, colour),
        str(found.root.resolve()),
        [(name, *_state(found.root / name)) for name in found.files],
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _state(path: Path) -> tuple[int, ...]:
    """Return size and time of a file; nothing of one that a link misses."""
    try:
        fact = path.stat()
    except OSError:
        return ()
    return fact.st_size, fact.st_mtime_ns


def _read(
    found: Found, size: tuple[int, int] | None, fit: Fit, colour: Colour | None
) -> tuple[Array, dict[str, Any]]:
    """Return the pixels of all files that can be read, and what is known of them."""
    paths = [found.root / name for name in found.files]
    shapes, _ = read_all(shape_of, paths, found.files, "measuring")
    known = [shape for shape in shapes if shape is not None]
    form = Form(size=size or _usual_size(known), fit=fit, colour=colour or "rgb")
    _refuse_large(form, len(paths))
    made, broken = read_all(
        lambda path: pixels_of(path, form), paths, found.files, "reading"
    )
    pixels = stacked(made, form)
    kept = [place for place, one in enumerate(made) if one is not None]
    del made
    if colour is None and _is_grey(pixels):
        form, pixels = replace(form, colour="grey"), pixels[..., :1].copy()
    about = {
        "form": asdict(form),
        "kept": kept,
        "shapes": [shapes[place] for place in kept],
        "broken": broken,
    }
    return pixels, about


def _is_grey(pixels: Array) -> bool:
    """Return whether pictures in RGB have no colour, which one pixel may spoil."""
    red, green, blue = np.moveaxis(pixels, -1, 0)
    return bool((red == green).all() and (red == blue).all())


def _refuse_large(form: Form, count: int) -> None:
    """Refuse a size in which so many pictures do not fit into the memory."""
    needed, there = 4 * count * math.prod(form.shape), _memory()
    if needed > there:
        raise DataError(
            f"{count:,} pictures of {_sides(form.size)} pixels take "
            f"{needed / 1e9:,.0f} GB as float32, and this computer has "
            f"{there / 1e9:,.0f} GB. Choose a smaller size."
        )


def _memory() -> float:
    """Return the bytes of memory that there are, as far as the system tells."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return math.inf


def _usual_size(shapes: list[tuple[int, int]]) -> tuple[int, int]:
    """Return the size for pictures of such heights and widths."""
    if not shapes:
        return 1, 1  # none can be read, which is said
    height, width = np.median(shapes, axis=0)
    scale = min(1.0, MOST / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def _images(
    found: Found, pixels: Array, about: dict[str, Any], broken: list[Broken]
) -> Images:
    """Return the pictures of a folder that could be read."""
    told = {**about["form"], "size": tuple(about["form"]["size"])}
    form, kept = Form(**told), about["kept"]
    parts = found.parts or ("train",) * len(found.files)
    left = {found.labels[place] for place in kept if parts[place] == "train"}
    if len(kept) < LEAST or left != {*found.classes}:
        refuse(broken, ": without them there is too little to learn from")
    number = {name: place for place, name in enumerate(found.classes)}
    files = tuple(found.files[place] for place in kept)
    labels = [found.labels[place] for place in kept]
    notes = list(found.notes)
    if broken:
        names = _named([name for name, _ in broken])
        notes.append(f"Left out, for they cannot be read: {names}.")
    pixels = pixels.reshape(-1, *form.shape)
    pixels.flags.writeable = False  # as those from the cache are
    notes += _doubled(pixels, files, labels)
    return Images(
        pixels=pixels,
        y=np.array([number[label] for label in labels], np.int64),
        classes=found.classes,
        root=found.root,
        files=files,
        form=form,
        shapes=np.array(about["shapes"], np.int64).reshape(-1, 2),
        ready=tuple(found.parts[place] for place in kept) if found.parts else (),
        notes=tuple(notes),
    )


def _doubled(
    pixels: Array, files: Sequence[str], labels: Sequence[str]
) -> Iterator[str]:
    """Yield which pictures are the same as an earlier one, in a sentence each."""
    first: dict[bytes, int] = {}
    twins = []
    for place, one in enumerate(pixels):
        earlier = first.setdefault(hashlib.sha256(one).digest(), place)
        if earlier != place:
            twins.append((earlier, place))
    other = [(a, b) for a, b in twins if labels[a] != labels[b]]
    for pairs, told in (
        (twins, "The same as another picture, so that the report may be too good"),
        (other, "The same as a picture of another class, so that one must be wrong"),
    ):
        if pairs:
            yield f"{told}: {_named([f'{files[b]} as {files[a]}' for a, b in pairs])}."


def _named(names: Sequence[str]) -> str:
    """Return the first of some names, and how many more there are."""
    more = f" and {len(names) - FEW:,} more" if len(names) > FEW else ""
    return ", ".join(names[:FEW]) + more


def _sides(size: Any) -> str:
    height, width = size
    return f"{height} x {width}"
