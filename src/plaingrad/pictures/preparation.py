"""From picture files to what a network takes: all of it, as the model file keeps it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..columns.targets import ClassTarget
from ..errors import DataError, FileError
from .folder import pictures_at
from .form import Array, Form, library
from .reading import pixels_of, read_all, refuse, stacked

if TYPE_CHECKING:
    from ..data.folders import Images

SKIPPED = (
    ", or leave them out by --skip-broken, in Python by model.preparation.read(..., "
    "skip_broken=True)"
)
"""What else can be done with broken files."""


@dataclass(frozen=True)
class Pictures:
    """Pictures that were brought to a form.

    Attributes
    ----------
    pixels
        uint8, (n, height, width, channels).
    names
        Where each comes from: the path of a file, or "" for a picture in memory.
    broken
        Files that could not be read and were left out, each with the reason.
    """

    pixels: Array
    names: list[str]
    broken: list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class PicturePreparation:
    """How pictures become samples and targets.

    Attributes
    ----------
    form
        Their size, how they are fitted into it, and their colour.
    target
        The classes.
    """

    form: Form
    target: ClassTarget

    def __post_init__(self) -> None:
        # a model file may hold anything
        if not isinstance(self.form, Form) or not isinstance(self.target, ClassTarget):
            raise FileError("it does not say how a picture becomes numbers.")

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one sample: height, width, channels."""
        return self.form.shape

    def samples(self, pictures: Pictures) -> Array:
        """Return X, (n, height, width, channels) in float32, pixels divided by 255."""
        return scaled(pictures.pixels)

    def __call__(self, images: Images) -> tuple[Array, Array]:
        """Return samples X and targets y (n,) of pictures with classes."""
        pixels = images.pixels
        if images.form != self.form:
            pixels = self.read(images.paths).pixels
        return scaled(pixels), self.target.encode(np.array(images.classes)[images.y])

    def read(self, source: Any, skip_broken: bool = False) -> Pictures:
        """Return pictures in the form of training.

        Parameters
        ----------
        source
            A picture file, a folder (all pictures in it and below, by name), a picture
            of Pillow, or a list of these.
        skip_broken
            Leave out files that cannot be read.

        Raises
        ------
        FileError, DataError
            When a file is missing or no picture, or the source is something else.
        MissingExtraError
            When Pillow is not installed.
        """
        names: list[str] = []
        made: list[Array | None] = []
        paths: list[Path] = []
        for one in _each(source):
            if isinstance(one, Path):
                paths.append(one)
                continue
            names.append("")
            made.append(self.form.pixels(one))
        if not paths and not made:
            raise DataError("there are no pictures in an empty list.")
        if paths and made:
            raise DataError("give either files or pictures of Pillow, not both.")
        if made:
            return Pictures(stacked(made, self.form), names, [])
        told = [str(path) for path in paths]
        found, broken = read_all(
            lambda path: pixels_of(path, self.form), paths, told, "reading"
        )
        if len(broken) == len(paths):
            refuse(broken, "")
        if not skip_broken:
            refuse(broken, SKIPPED)
        kept = [
            name for name, pixels in zip(told, found, strict=True) if pixels is not None
        ]
        return Pictures(stacked(found, self.form), kept, broken)


def scaled(pixels: Array) -> Array:
    """Return pixels of 0..255 as float32 in 0..1: each divided by 255."""
    made: Array = np.divide(pixels, 255, dtype=np.float32)
    return made


def _each(source: Any) -> Iterable[Any]:
    """Yield the files and the pictures of Pillow that a source names."""
    if isinstance(source, (str, Path)):
        yield from pictures_at(source)
    elif isinstance(source, library().Image):
        yield source
    elif isinstance(source, (list, tuple)):
        for one in source:
            yield from _each(one)
    else:
        raise DataError(
            f"pictures are a file, a folder, a picture of Pillow, or a list of these; "
            f"got {type(source).__name__}. For an array: PIL.Image.fromarray(array)."
        )
