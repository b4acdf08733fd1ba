"""Small sets made by a formula: points in the plane, and a table of street lights.

NumPy's legacy `RandomState` draws the noise, since its streams are frozen: the same
seed gives the same points on every machine and with every release of NumPy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ..errors import DataError, SettingError, whole
from .prepare import random_state

Points = tuple[NDArray[np.floating[Any]], NDArray[np.int64]]


def spiral(
    points: int = 100,
    classes: int = 3,
    noise: float = 0.2,
    seed: int = 0,
    dtype: DTypeLike = np.float32,
) -> Points:
    """Return the spiral of Stanford's cs231n notes: arms that no line can part.

    Parameters
    ----------
    points
        Points per class.
    classes
        Number of arms; arm j turns from angle 4j to 4(j + 1).
    noise
        Standard deviation of the angles' noise, in radians.
    seed
        Seed of the noise; 0 gives the very points of the notes.
    dtype
        Type of X; the points are computed in float64 and rounded at the end.

    Returns
    -------
    X
        `dtype` of shape (points * classes, 2), one class after the other.
    y
        int64 of shape (points * classes,).

    Raises
    ------
    SettingError
        For a count below 1, negative noise or a seed out of range.

    Notes
    -----
    Source: A. Karpathy, "Putting it together: Minimal Neural Network Case Study",
    https://cs231n.github.io/neural-networks-case-study/
    """
    points, classes = whole("points", points), whole("classes", classes)
    _check_noise(noise)
    random = random_state(seed)
    arms = []
    for j in range(classes):
        r = np.linspace(0.0, 1, points)
        t = np.linspace(j * 4, (j + 1) * 4, points) + random.randn(points) * noise
        arms.append(np.c_[r * np.sin(t), r * np.cos(t)])
    return np.concatenate(arms).astype(dtype), _labels(classes, points)


def moons(
    points: int = 100,
    noise: float = 0.1,
    seed: int = 0,
    dtype: DTypeLike = np.float32,
) -> Points:
    """Return two half circles that reach into each other.

    Parameters
    ----------
    points
        Points per class.
    noise
        Standard deviation of the noise on both coordinates.
    seed
        Seed of the noise.
    dtype
        Type of X.

    Returns
    -------
    X
        `dtype` of shape (2 * points, 2): the upper moon, then the lower one.
    y
        int64 of shape (2 * points,).

    Raises
    ------
    SettingError
        For a count below 1, negative noise or a seed out of range.

    Notes
    -----
    Without noise these are the points of scikit-learn's `make_moons`.
    """
    t = np.linspace(0, np.pi, whole("points", points))
    upper = np.c_[np.cos(t), np.sin(t)]
    lower = np.c_[1 - np.cos(t), 0.5 - np.sin(t)]
    return _scatter([upper, lower], noise, seed, dtype)


def circles(
    points: int = 100,
    noise: float = 0.05,
    seed: int = 0,
    factor: float = 0.5,
    dtype: DTypeLike = np.float32,
) -> Points:
    """Return a circle of radius 1 around a smaller one.

    Parameters
    ----------
    points
        Points per class.
    noise
        Standard deviation of the noise on both coordinates.
    seed
        Seed of the noise.
    factor
        Radius of the inner circle, between 0 and 1.
    dtype
        Type of X.

    Returns
    -------
    X
        `dtype` of shape (2 * points, 2): the outer circle, then the inner one.
    y
        int64 of shape (2 * points,).

    Raises
    ------
    SettingError
        For a count below 1, negative noise, a factor or seed out of range.

    Notes
    -----
    Without noise these are the points of scikit-learn's `make_circles`.
    """
    if not 0 < factor < 1:
        raise SettingError(
            f"factor must lie between 0 and 1, got {factor!r}: it is the radius of "
            "the inner circle, the outer one has radius 1."
        )
    t = np.linspace(0, 2 * np.pi, whole("points", points), endpoint=False)
    outer = np.c_[np.cos(t), np.sin(t)]
    return _scatter([outer, factor * outer], noise, seed, dtype)


def blobs(
    points: int = 100,
    centers: int | ArrayLike = 3,
    noise: float = 0.2,
    seed: int = 0,
    dtype: DTypeLike = np.float32,
) -> Points:
    """Return round clouds of points, one for each class.

    Parameters
    ----------
    points
        Points per class.
    centers
        Either the number of classes, whose centers then stand evenly on the unit
        circle, or the centers themselves, of shape (classes, features).
    noise
        Standard deviation of each cloud.
    seed
        Seed of the noise.
    dtype
        Type of X.

    Returns
    -------
    X
        `dtype` of shape (points * classes, features), one class after the other.
    y
        int64 of shape (points * classes,).

    Raises
    ------
    SettingError
        For a count below 1, negative noise or a seed out of range.
    DataError
        For centers that are not a table of numbers.
    """
    places = np.asarray(centers)
    if places.ndim == 0:
        classes = whole("centers", places.item())
        t = 2 * np.pi * np.arange(classes) / classes
        places = np.c_[np.cos(t), np.sin(t)]
    elif places.ndim != 2 or not len(places) or places.dtype.kind not in "biuf":
        raise DataError(
            "centers must be a number of classes or a table of numbers of shape "
            f"(classes, features), got {places.dtype} of shape {places.shape}. "
            "For classes on a line, write one column: [[0], [1], [2]]."
        )
    points = whole("points", points)
    return _scatter(
        [np.tile(place, (points, 1)) for place in places], noise, seed, dtype
    )


def streetlights() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return six patterns of three street lights, and whether people walked or stopped.

    Returns
    -------
    X
        float32 of shape (6, 3): 1 where a light is on.
    y
        float32 of shape (6, 1): 1 for walk, 0 for stop. It follows the middle light.

    Notes
    -----
    Source: A. Trask, "Grokking Deep Learning" (Manning, 2019), chapter 6.
    """
    X = [[1, 0, 1], [0, 1, 1], [0, 0, 1], [1, 1, 1], [0, 1, 1], [1, 0, 1]]
    y = [[0], [1], [0], [1], [1], [0]]
    return np.array(X, dtype=np.float32), np.array(y, dtype=np.float32)


def _scatter(
    groups: list[NDArray[Any]], noise: float, seed: int, dtype: DTypeLike
) -> Points:
    """Add noise to groups of equally many points and label them by group."""
    _check_noise(noise)
    exact = np.concatenate(groups)
    X = exact + noise * random_state(seed).randn(*exact.shape)
    return X.astype(dtype), _labels(len(groups), len(groups[0]))


def _labels(classes: int, points: int) -> NDArray[np.int64]:
    return np.repeat(np.arange(classes, dtype=np.int64), points)


def _check_noise(noise: float) -> None:
    if not 0 <= noise < np.inf:
        raise SettingError(
            f"noise must be a finite number of at least 0, got {noise!r}. "
            "It is a standard deviation; 0 gives exact shapes."
        )
