"""Folders of pictures for tests."""

import numpy as np
from PIL import Image

SHADES = {"dark": 60, "light": 190}


def noise(height, width, seed=0, channels=3):
    """Return random pixels, uint8."""
    shape = (height, width, channels) if channels > 1 else (height, width)
    return np.random.RandomState(seed).randint(0, 256, shape).astype(np.uint8)


def save(path, pixels, **options):
    """Write pixels to a file, whose folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)


def shades(root, count=20, size=(9, 7), seed=0, names=SHADES):
    """Write pictures of classes that differ in their grey; return the folder."""
    draw = np.random.RandomState(seed)
    for name, shade in names.items():
        for place in range(count):
            pixels = np.clip(draw.normal(shade, 30, size), 0, 255).astype(np.uint8)
            save(root / name / f"{name}{place:02}.png", pixels)
    return root
