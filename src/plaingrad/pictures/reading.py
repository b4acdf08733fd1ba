"""Many picture files read on several threads, and what is wrong with some of them."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ..errors import FileError
from .form import Array, Form, library, side_lengths

FORMATS = {
    ".avif": "AVIF",
    ".bmp": "BMP",
    ".gif": "GIF",
    ".jfif": "JPEG",
    ".jp2": "JPEG2000",
    ".jpeg": "JPEG",
    ".jpg": "JPEG",
    ".pbm": "PPM",
    ".pgm": "PPM",
    ".png": "PNG",
    ".ppm": "PPM",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
}
"""The endings of picture files, and what Pillow calls what is in them."""
ROOM = 2
"""A JPEG may be decoded in a smaller size that is still so many times as large."""
SHOWN = 10
"""How many broken files are named."""
SKIPPED = ", or leave them out by skip_broken=True (--skip-broken)"
"""What can be done else, in Python and on the command line."""
TOLD = 50
"""After so many pictures the display is written again."""

Broken = tuple[str, str]
"""The name of a file, and why it cannot be read."""
T = TypeVar("T")


def is_picture(path: Path) -> bool:
    """Return whether a file has the name of a picture."""
    return path.suffix.lower() in FORMATS


def written(name: str) -> str:
    r"""Return the name of a file as text can hold it: bytes of no UTF-8 as \xff."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def shape_of(path: Path) -> tuple[int, int]:
    """Return height and width of the picture of a file, from its beginning."""
    with _opened(path) as picture:
        return side_lengths(picture)


def pixels_of(path: Path, form: Form) -> Array:
    """Return the picture of a file in a form, uint8; of several the first."""
    with _opened(path) as picture:
        # this picks a scale at which a JPEG is decoded quickly; others it leaves alone
        picture.draft(None, (ROOM * max(form.size),) * 2)
        return form.pixels(picture)


def _opened(path: Path) -> Any:
    return library().open(path, formats=_formats())


@cache
def _formats() -> tuple[str, ...]:
    """Return what of it this Pillow can read."""
    image = library()
    image.init()
    return tuple(sorted({*FORMATS.values()} & {*image.OPEN}))


def read_all(
    read: Callable[[Path], T], paths: Sequence[Path], names: Sequence[str], doing: str
) -> tuple[list[T | None], list[Broken]]:
    """Return what is read of each file, None for broken ones, and the list of these.

    Progress is shown on standard error when that is a terminal.
    """

    def tried(path: Path) -> T | Exception:
        try:
            return read(path)
        except Exception as error:
            # a damaged file can make a decoder fail in any way
            return error

    found: list[T | None] = []
    broken = []
    with _bombs_refused(), ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, one in zip(names, pool.map(tried, paths), strict=True):
            if isinstance(one, Exception):
                broken.append((written(name), _reason(one)))
                found.append(None)
            else:
                found.append(one)
            _show(doing, len(found), len(paths))
    return found, broken


def stacked(pixels: Sequence[Array | None], form: Form) -> Array:
    """Return the pictures that are there as one array, (n, height, width, channels)."""
    there = [one for one in pixels if one is not None]
    return np.stack(there) if there else np.zeros((0, *form.shape), np.uint8)


def refuse(broken: Sequence[Broken], otherwise: str = SKIPPED) -> None:
    """Name files that cannot be read, and say what can be done, if there are any.

    Raises
    ------
    FileError
        When there are.
    """
    if not broken:
        return
    lines = [f"  {name}: {why}" for name, why in broken[:SHOWN]]
    if len(broken) > SHOWN:
        lines.append(f"  and {len(broken) - SHOWN:,} more")
    what = "1 file" if len(broken) == 1 else f"{len(broken):,} files"
    raise FileError(
        f"{what} cannot be read as pictures:\n"
        + "\n".join(lines)
        + f"\nReplace or remove them{otherwise}."
    )


@contextmanager
def _bombs_refused() -> Iterator[None]:
    """Make an error of Pillow's warning of pictures that would fill the memory."""
    # set for all threads at once, as the filters of warnings belong to all of them
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", library().DecompressionBombWarning)
        yield


def _reason(error: Exception) -> str:
    image = library()
    if isinstance(error, image.UnidentifiedImageError):
        return "no picture, or in a format that Pillow does not know"
    if isinstance(
        error, (image.DecompressionBombError, image.DecompressionBombWarning)
    ):
        most = f"{image.MAX_IMAGE_PIXELS / 1e6:.0f} million"
        return (
            f"more than {most} pixels, which may be meant to fill the memory; if it is "
            f"a real picture, make it smaller, or raise PIL.Image.MAX_IMAGE_PIXELS"
        )
    known = isinstance(error, OSError) and error.strerror
    text = str(known or error).strip()
    return text.splitlines()[0] if text else type(error).__name__


def _show(doing: str, done: int, count: int) -> None:
    """Show how far the reading is, where a person sees it."""
    if sys.stderr is None or not sys.stderr.isatty() or count < TOLD:
        return
    if done % TOLD == 0 or done == count:
        end = "\n" if done == count else ""
        sys.stderr.write(f"\r{doing} {done:,} of {count:,} pictures{end}")
        sys.stderr.flush()
