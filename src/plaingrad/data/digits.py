"""The handwritten digits that ship with the package."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def digits(*, images: bool = False) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return 1797 handwritten digits of 8 x 8 pixels; no download needed.

    Parameters
    ----------
    images
        Return X as images with one channel, as convolutions take them, in place of
        rows of 64 pixels.

    Returns
    -------
    X
        float32 of shape (1797, 64), or (1797, 8, 8, 1) with `images`; ink in 0..1.
    y
        int64 of shape (1797,): the digit shown, 0..9.

    Notes
    -----
    Source: the test part of "Optical Recognition of Handwritten Digits", E. Alpaydin
    and C. Kaynak, UCI Machine Learning Repository (1998),
    https://doi.org/10.24432/C50P49. Licence: CC BY 4.0. The same samples in the same
    order as scikit-learn's `load_digits`, with X divided by 16.
    """
    path = Path(__file__).with_name("digits.npz")
    with np.load(path, allow_pickle=False) as arrays:
        ink, y = arrays["X"], arrays["y"].astype(np.int64)
    X = np.divide(ink, 16, dtype=np.float32)
    return (X.reshape(-1, 8, 8, 1) if images else X), y
