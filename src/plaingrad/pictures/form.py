"""How a picture of any size and kind becomes pixels of one size, in grey or in colour.

It is turned as its camera says (EXIF), laid on white where it is transparent, brought
to eight bits, and fitted into the size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..errors import unknown_name, whole
from ..extras import imported

if TYPE_CHECKING:
    from PIL.Image import Image

Array = np.ndarray[Any, Any]
Fit = Literal["crop", "pad", "stretch"]
Colour = Literal["grey", "rgb"]
FITS = ("crop", "pad", "stretch")
MODES = {"grey": "L", "rgb": "RGB"}
"""What Pillow calls the colours."""
ORIENTATION, TURNED = 0x0112, (5, 6, 7, 8)
"""The EXIF tag that says how to turn a picture; these swap its sides."""
DEEP = 65535
"""White in pictures of 16 bits."""


def library(module: str = "Image") -> Any:
    """Return a module of Pillow, importing it now.

    Raises
    ------
    MissingExtraError
        When it is not installed.
    """
    return imported(f"PIL.{module}", "Pillow", "images", "Reading a picture")


@dataclass(frozen=True, kw_only=True)
class Form:
    """The form that pictures are brought to.

    Attributes
    ----------
    size
        Height and width in pixels.
    fit
        How a picture of another shape is fitted: "crop" fills the size and cuts off
        what stands out on both sides, "pad" shows all of it between black bars,
        "stretch" distorts it.
    colour
        "grey" for one channel, "rgb" for three.

    Raises
    ------
    SettingError
        When the size is not two whole numbers, or a name is unknown.
    """

    size: tuple[int, int]
    fit: Fit = "crop"
    colour: Colour = "rgb"

    def __post_init__(self) -> None:
        height, width = (whole("a side of a picture", side) for side in self.size)
        object.__setattr__(self, "size", (height, width))
        if self.fit not in FITS:
            raise unknown_name("fit of pictures", self.fit, FITS)
        if self.colour not in MODES:
            raise unknown_name("colour of pictures", self.colour, MODES)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels."""
        return (*self.size, 1 if self.colour == "grey" else 3)

    def pixels(self, picture: Image) -> Array:
        """Return a picture of Pillow in this form, uint8 of `shape`.

        Pictures are made smaller by Pillow's bicubic filter, which looks at all pixels
        (antialiasing); one that has the size already keeps its pixels.
        """
        upright = library("ImageOps").exif_transpose(picture)
        made = _fitted(_plain(upright, MODES[self.colour]), self.size[::-1], self.fit)
        return np.asarray(made, dtype=np.uint8).reshape(self.shape)


def side_lengths(picture: Image) -> tuple[int, int]:
    """Return height and width of a picture that is turned as its camera says."""
    width, height = picture.size
    if picture.format == "TIFF":  # Pillow has swapped them
        return height, width
    # for a PNG that may have the tag at its end, all of it would be read
    at_hand = picture.format != "PNG" or "exif" in picture.info
    turned = at_hand and picture.getexif().get(ORIENTATION) in TURNED
    return (width, height) if turned else (height, width)


def _plain(picture: Image, mode: str) -> Image:
    """Return a picture without transparency, in eight bits, in a mode of Pillow."""
    image = library()
    if picture.mode.startswith(("I", "F")):
        deep, picture = picture, image.fromarray(_eight_bits(picture))
        if "transparency" in deep.info:
            seen = np.asarray(deep) != deep.info["transparency"]
            picture.putalpha(image.fromarray(np.uint8(255) * seen))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = image.new("RGBA", picture.size, "white")
        picture = image.alpha_composite(white, picture)
    return picture if picture.mode == mode else picture.convert(mode)


def _eight_bits(picture: Image) -> Array:
    """Return the pixels of a picture of 16 bits in eight."""
    deep = np.asarray(picture)
    if picture.mode == "F" or deep.min() < 0 or deep.max() > DEEP:
        raise ValueError(
            "its numbers of 32 bits do not say what is white; save it with 16 bits"
        )
    return ((deep.astype(np.int64) + 128) // 257).astype(np.uint8)


def _fitted(picture: Image, size: tuple[int, int], fit: Fit) -> Image:
    """Return a picture in a size, (width, height)."""
    method = library().Resampling.BICUBIC
    if fit == "stretch":
        return picture.resize(size, method)
    ops = library("ImageOps")
    made: Image = (ops.fit if fit == "crop" else ops.pad)(picture, size, method)
    return made
