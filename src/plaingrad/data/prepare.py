"""Getting data ready: split, standardise, one-hot labels, mini-batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ..errors import DataError, SettingError, ShapeError, whole
from ..ops.random import shuffled

Array = NDArray[Any]


def split(
    X: ArrayLike,
    y: ArrayLike,
    sizes: Sequence[float] = (0.6, 0.2, 0.2),
    stratify: bool | None = None,
    seed: int = 0,
) -> tuple[tuple[Array, Array], ...]:
    """Part samples at random, for instance into training, validation and test data.

    Parameters
    ----------
    X
        Samples, of shape (n, ...).
    y
        Targets, of shape (n, ...).
    sizes
        Fraction of the samples for each part; together 1.
    stratify
        Whether each part gets its fraction of every class, to within one sample.
        None means: when y is integer labels of shape (n,).
    seed
        Seed of the shuffle.

    Returns
    -------
    parts
        One pair (X, y) per size, shuffled; every sample is in exactly one part.
        A class with very few samples can be missing from a small part.

    Raises
    ------
    SettingError
        For sizes that are not positive or do not sum to 1.
    DataError
        When X and y differ in length, when a part would be empty, or when y cannot be
        stratified.

    Examples
    --------
    >>> X, y = np.arange(10.0), np.arange(10) % 2
    >>> train, test = split(X, y, sizes=(0.8, 0.2))
    >>> train[0].shape, test[0].shape
    ((8,), (2,))
    """
    X, y = _pair(X, y)
    fractions = _check_sizes(sizes)
    if stratify is None:
        stratify = y.ndim == 1 and y.dtype.kind in "iu"
    order = random_state(seed).permutation(len(y))
    labels = y if stratify else np.zeros(len(y), dtype=np.int8)
    part = _deal(labels, order, fractions)
    chosen = [order[part[order] == k] for k in range(len(fractions))]
    return tuple((X[rows], y[rows]) for rows in chosen)


def _deal(
    labels: Array, order: NDArray[np.int64], fractions: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return the part of each sample, dealing out each class in the given order."""
    if labels.ndim != 1:
        raise DataError(
            f"stratify=True needs labels of shape (n,), got y of shape {labels.shape}. "
            "For one-hot rows split y.argmax(axis=1); for numbers use stratify=False."
        )
    _, classes, members = np.unique(labels, return_inverse=True, return_counts=True)
    counts = _share_out(members, fractions)
    empty = np.flatnonzero(counts.sum(axis=0) == 0)
    if empty.size:
        raise DataError(
            f"{len(labels)} samples are too few for sizes {fractions.tolist()}: part "
            f"{empty[0] + 1} would be empty. Give more samples, or make that part "
            "larger."
        )
    by_class = order[np.argsort(classes[order], kind="stable")]
    part = np.empty(len(labels), dtype=np.int64)
    part[by_class] = np.repeat(
        np.tile(np.arange(len(fractions)), len(counts)), counts.flat
    )
    return part


def _check_sizes(sizes: Sequence[float]) -> NDArray[np.float64]:
    fractions = np.asarray(sizes, dtype=np.float64)
    if fractions.ndim != 1 or len(fractions) < 2 or not (fractions > 0).all():
        raise SettingError(
            f"sizes must be two or more positive fractions, got {sizes!r}. "
            "For 80 % training and 20 % test data write sizes=(0.8, 0.2)."
        )
    total = float(fractions.sum())
    if abs(total - 1) > 1e-6:
        raise SettingError(
            f"sizes must sum to 1, got {sizes!r} with sum {total:g}. "
            "They are fractions, not numbers of samples."
        )
    return fractions / total


def _share_out(
    members: NDArray[np.int64], fractions: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return how many members of each class go to each part: (classes, parts).

    Each class gives every part the whole samples it has due; the left-over ones, fewer
    than there are parts, go to the parts that all classes together owe most. So every
    entry is within one of its exact share, and small classes do not all favour the
    same part.
    """
    exact = members[:, None] * fractions
    counts = np.floor(exact).astype(np.int64)
    owed = np.zeros(len(fractions))
    for row, share, size in zip(counts, exact, members, strict=True):
        owed += share - row
        most = np.argsort(-owed, kind="stable")[: size - row.sum()]
        row[most] += 1
        owed[most] -= 1
    return counts


@dataclass(frozen=True, eq=False)
class Standardiser:
    """Shifts and scales every column to mean 0 and standard deviation 1.

    Fit it on the training data and apply it to all data, so that nothing is learnt
    from the test data.

    Attributes
    ----------
    mean
        float64, the shape of one sample: the mean of each column.
    scale
        float64, the shape of one sample: the standard deviation of each column
        (dividing by n), or 1 where a column is constant.

    Examples
    --------
    >>> scaler = Standardiser.fit([[1.0, 5.0], [3.0, 5.0]])
    >>> scaler.apply([[1.0, 5.0], [3.0, 6.0]])
    array([[-1.,  0.],
           [ 1.,  1.]])
    """

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    @classmethod
    def fit(cls, X: ArrayLike) -> Standardiser:
        """Measure the columns of X, of shape (n, ...).

        Raises
        ------
        DataError
            When X has no samples, or holds values that are not finite numbers.
        """
        X = np.asarray(X)
        if X.ndim < 2 or not len(X):
            raise DataError(
                "X must be a table of samples, of shape (n, ...) with n at least 1, "
                f"got shape {X.shape}. For a single feature use X.reshape(-1, 1)."
            )
        _check_finite(X)
        deviation = X.std(axis=0, dtype=np.float64)
        # A constant column's deviation may come out as 1e-17 instead of 0.
        constant = (X.min(axis=0) == X.max(axis=0)) | (deviation == 0)
        return cls(X.mean(axis=0, dtype=np.float64), np.where(constant, 1, deviation))

    def apply(self, X: ArrayLike) -> NDArray[np.floating[Any]]:
        """Return `(X - mean) / scale`, in X's own float type (float32 for integers).

        Raises
        ------
        ShapeError
            When the samples of X have another shape than those of `fit`.
        """
        X = self._samples(X)
        return ((X - self.mean) / self.scale).astype(_float_type(X))

    def undo(self, Z: ArrayLike) -> NDArray[np.floating[Any]]:
        """Return `Z * scale + mean`: the values that `apply` made into Z.

        Raises
        ------
        ShapeError
            When the samples of Z have another shape than those of `fit`.
        """
        Z = self._samples(Z)
        return (Z * self.scale + self.mean).astype(_float_type(Z))

    def _samples(self, X: ArrayLike) -> Array:
        X = np.asarray(X)
        if X.shape[1:] != self.mean.shape:
            expected = ", ".join(["n", *map(str, self.mean.shape)])
            raise ShapeError(
                f"expected samples of shape ({expected}), as in fit, got {X.shape}. "
                "A single sample needs X[None]; other columns need their own fit."
            )
        return X


def one_hot(
    y: ArrayLike, classes: int | None = None, dtype: DTypeLike = np.float32
) -> Array:
    """Turn integer labels into rows with a single 1.

    Parameters
    ----------
    y
        Integer labels in 0..classes-1, of shape (n,).
    classes
        Number of classes. None means: the largest label plus one; the labels must
        then begin at 0.
    dtype
        Type of the result.

    Returns
    -------
    rows
        `dtype` of shape (n, classes).

    Raises
    ------
    DataError
        For labels that are not integers, negative, too large, or counted from 1.

    Examples
    --------
    >>> one_hot([0, 2], classes=3)
    array([[1., 0., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    y = np.asarray(y)
    if y.ndim != 1 or y.dtype.kind not in "iu":
        raise DataError(
            f"labels must be integers of shape (n,), got {y.dtype} of shape {y.shape}. "
            "Use y.ravel() for a single column, y.astype(int) for whole numbers kept "
            "as floats, and np.unique(y, return_inverse=True)[1] for names."
        )
    if y.size and y.min() < 0:
        row = int(y.argmin())
        raise DataError(
            f"labels must be at least 0, got {y[row]} in row {row}. If -1 and 1 stand "
            "for two classes, use (y > 0).astype(int)."
        )
    classes = _count_classes(y) if classes is None else whole("classes", classes)
    if y.size and y.max() >= classes:
        row = int(y.argmax())
        change = f"Use classes={y[row] + 1}, or correct the label."
        if y.min() == 1 and y.max() == classes:
            change = "They seem to be counted from 1: use y - 1."
        raise DataError(
            f"labels must lie in 0..{classes - 1} for {classes} classes, got {y[row]} "
            f"in row {row}. {change}"
        )
    rows = np.zeros((len(y), classes), dtype=dtype)
    rows[np.arange(len(y)), y] = 1
    return rows


def _count_classes(y: Array) -> int:
    if not y.size:
        raise DataError(
            "cannot tell the number of classes from no labels at all: give classes."
        )
    if y.min() > 0:
        raise DataError(
            f"labels must begin at 0, the smallest is {y.min()}. If they are counted "
            f"from 1, use y - 1; if class 0 is only absent here, give classes."
        )
    return int(y.max()) + 1


def batches(
    X: ArrayLike,
    y: ArrayLike,
    batch_size: int,
    seed: int = 0,
    epoch: int = 0,
    shuffle: bool = True,
) -> Iterator[tuple[Array, Array]]:
    """Return an iterator over mini-batches; together they hold every sample once.

    Parameters
    ----------
    X
        Samples, of shape (n, ...).
    y
        Targets, of shape (n, ...).
    batch_size
        Samples per batch; the last batch holds what is left.
    seed, epoch
        The order depends on these two alone, and is that of the same epoch of `fit`.
    shuffle
        Whether to shuffle; otherwise the samples come in their own order.

    Returns
    -------
    batches
        An iterator over pairs (X, y) of up to `batch_size` samples.

    Raises
    ------
    SettingError
        For a batch size below 1, or a seed or epoch out of range.
    DataError
        When X and y differ in length or are empty.
    """
    X, y = _pair(X, y)
    size = whole("batch_size", batch_size)
    order = np.arange(len(X))
    if shuffle:
        order = shuffled(len(X), _check_seed("seed", seed), _check_seed("epoch", epoch))
    rows = (order[start : start + size] for start in range(0, len(X), size))
    return ((X[r], y[r]) for r in rows)


def random_state(seed: int) -> np.random.RandomState:
    """Return NumPy's legacy generator, whose streams never change.

    Raises
    ------
    SettingError
        For a seed that is not a whole number in 0..2**32-1.
    """
    return np.random.RandomState(_check_seed("seed", seed))


def _check_seed(what: str, value: int) -> int:
    if whole(what, value, least=0) >= 2**32:
        raise SettingError(f"{what} must be below 2**32 = {2**32}, got {value!r}.")
    return int(value)


def _pair(X: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
    """Return X and y as arrays of equally many samples, at least one."""
    X, y = np.asarray(X), np.asarray(y)
    if X.ndim == 0 or y.ndim == 0 or len(X) != len(y) or not len(X):
        raise DataError(
            "X and y must hold equally many samples, at least one, got shapes "
            f"{X.shape} and {y.shape}. The first axis counts samples: is one of them "
            "transposed, or cut?"
        )
    return X, y


def _check_finite(X: Array) -> None:
    if X.dtype.kind not in "biuf":
        raise DataError(
            f"X must hold numbers, got {X.dtype}. Turn names into numbers first."
        )
    if not np.isfinite(X).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(X))[0])
        raise DataError(
            f"X must hold finite numbers, got {X[place]} at {place}. Drop such samples "
            "or fill the gaps, for instance with the column's mean."
        )


def _float_type(X: Array) -> np.dtype[Any]:
    return X.dtype if X.dtype.kind == "f" else np.dtype(np.float32)
