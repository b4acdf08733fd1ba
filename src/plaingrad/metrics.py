"""How good a prediction is, by the measures scikit-learn has, in plain NumPy.

Class labels are whole numbers or text, one per row. `classes` are the labels in the
order of rows or columns; text given for whole numbers names 0, 1, 2, ... in turn.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import DataError, SettingError, ShapeError, whole

Labels = NDArray[Any]
Floats = NDArray[np.float64]
EMPTY = "{} is empty: there is nothing to measure. Pass at least one row."


def accuracy(
    y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
) -> float:
    """Return the share of labels predicted right.

    Parameters
    ----------
    y_true, y_pred : array of shape (n,)
        Class labels.
    sample_weight : array of shape (n,), optional
        How much each row counts; all the same by default.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ShapeError, DataError
        When the lengths differ, or there are no labels but probabilities, say.
    """
    true, pred = _label_pair(y_true, y_pred)
    return _mean(true == pred, sample_weight)


def top_k_accuracy(
    y_true: ArrayLike,
    scores: ArrayLike,
    k: int = 5,
    sample_weight: ArrayLike | None = None,
    classes: ArrayLike | None = None,
) -> float:
    """Return the share of rows whose true class is among the `k` best scores.

    Of equal scores the first wins, as in `np.argmax`; in scikit-learn the last does.

    Parameters
    ----------
    y_true : array of shape (n,)
        Class labels.
    scores : array of shape (n, c)
        Scores or probabilities, one column per class.
    k : int
        How many guesses are allowed, from 1 to c.
    sample_weight : array of shape (n,), optional
        How much each row counts; all the same by default.
    classes : array of shape (c,), optional
        The labels in the order of the columns; 0 ... c - 1 by default.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ShapeError, DataError, SettingError
        When `scores` is not one column of numbers per class, or `k` is out of range.
    """
    table = _floats("scores", scores, finite=False)
    columns = _columns(y_true, table, "scores", classes)
    if whole("k", k) > table.shape[1]:
        raise SettingError(
            f"k must be at most {table.shape[1]}, the number of classes, got {k}."
        )
    best = np.argsort(-table, axis=1, kind="stable")[:, :k]
    hit = (best == columns[:, None]).any(axis=1)
    return _mean(hit, sample_weight)


def log_loss(
    y_true: ArrayLike,
    probs: ArrayLike,
    sample_weight: ArrayLike | None = None,
    classes: ArrayLike | None = None,
) -> float:
    """Return the mean of -log(probability given to the true class): cross-entropy.

    Probabilities are kept one rounding step away from 0 and 1, so that a single
    confident mistake does not make the mean infinite.

    Parameters
    ----------
    y_true : array of shape (n,)
        Class labels.
    probs : array of shape (n, c), (n,) or (n, 1)
        Probabilities, one column per class; a single column is the probability of
        the second of two classes.
    sample_weight : array of shape (n,), optional
        How much each row counts; all the same by default.
    classes : array of shape (c,), optional
        The labels in the order of the columns; 0 ... c - 1 by default.

    Returns
    -------
    float
        In nats; 0 is best, log(c) is guessing.

    Raises
    ------
    ShapeError, DataError
        When `probs` is not one column per class, summing to 1 in each row.
    """
    table = _floats("probs", probs)
    if table.ndim == 1:
        table = table[:, None]
    if table.shape[1:] == (1,):
        table = np.hstack([1 - table, table])
    columns = _columns(y_true, table, "probs", classes)
    off = np.abs(table.sum(axis=1) - 1).max()
    if table.min() < 0 or table.max() > 1 or off > 1e-2:
        raise DataError(
            f"probs must lie in [0, 1] and sum to 1 in each row; they lie in "
            f"[{table.min():.4g}, {table.max():.4g}] and a row sum is off by "
            f"{off:.4g}. These may be scores: take their softmax first."
        )
    kind = np.asarray(probs).dtype
    eps = np.finfo(kind if kind.kind == "f" else np.float64).eps
    given = np.clip(table[np.arange(len(table)), columns], eps, 1 - eps)
    return _mean(-np.log(given), sample_weight)


def mse(
    y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
) -> float:
    """Return the mean squared error, over all rows and outputs.

    Parameters
    ----------
    y_true, y_pred : array of shape (n,) or (n, ...)
        Targets and predictions; (n, 1) counts as (n,).
    sample_weight : array of shape (n,), optional
        How much each row counts; all the same by default.

    Returns
    -------
    float
        In squared units of `y_true`; 0 is best.

    Raises
    ------
    ShapeError, DataError
        When the shapes differ, there are no rows, or a value is not finite.
    """
    true, pred = _float_pair(y_true, y_pred)
    return _mean(((true - pred) ** 2).mean(axis=1), sample_weight)


def mae(
    y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
) -> float:
    """Return the mean absolute error, over all rows and outputs.

    Parameters
    ----------
    y_true, y_pred : array of shape (n,) or (n, ...)
        Targets and predictions; (n, 1) counts as (n,).
    sample_weight : array of shape (n,), optional
        How much each row counts; all the same by default.

    Returns
    -------
    float
        In units of `y_true`; 0 is best.

    Raises
    ------
    ShapeError, DataError
        When the shapes differ, there are no rows, or a value is not finite.
    """
    true, pred = _float_pair(y_true, y_pred)
    return _mean(np.abs(true - pred).mean(axis=1), sample_weight)


def r2(
    y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
) -> float:
    """Return the coefficient of determination, averaged over the outputs.

    It is 1 - (squared error) / (squared error of always predicting the mean). An
    output whose targets are all equal scores 1 when predicted exactly, else 0.

    Parameters
    ----------
    y_true, y_pred : array of shape (n,) or (n, ...)
        Targets and predictions, n at least 2; (n, 1) counts as (n,).
    sample_weight : array of shape (n,), optional
        How much each row counts; all the same by default.

    Returns
    -------
    float
        1 is best, 0 is no better than the mean, below 0 is worse.

    Raises
    ------
    ShapeError, DataError
        When the shapes differ, there is but one row, or a value is not finite.
    """
    true, pred = _float_pair(y_true, y_pred)
    if len(true) < 2:
        raise DataError(
            "r2 needs at least 2 rows to compare with their spread, got 1. Use mse."
        )
    weights = _weights(sample_weight, len(true))
    residual = weights @ (true - pred) ** 2
    spread = weights @ (true - np.average(true, axis=0, weights=weights)) ** 2
    score = np.where(residual == 0, 1.0, 0.0)
    varied = (spread > 0) & (residual > 0)
    score[varied] = 1 - residual[varied] / spread[varied]
    return float(score.mean())


def confusion_matrix(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    classes: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> NDArray[Any]:
    """Count how often each class (row) was predicted as each class (column).

    Parameters
    ----------
    y_true, y_pred : array of shape (n,)
        Class labels.
    classes : array of shape (c,), optional
        The labels in the order of the rows; by default all that occur, sorted.
    sample_weight : array of shape (n,), optional
        How much each row counts; all the same by default.

    Returns
    -------
    array of shape (c, c)
        Whole numbers, or sums of weights when there are weights.

    Raises
    ------
    ShapeError, DataError, SettingError
        When the lengths differ, a label is not in `classes`, or is there twice.
    """
    true, pred = _label_pair(y_true, y_pred)
    known = np.union1d(true, pred) if classes is None else _labels("classes", classes)
    cells = _places("y_true", true, known), _places("y_pred", pred, known)
    counts = np.zeros((len(known), len(known)))
    np.add.at(counts, cells, _weights(sample_weight, len(true)))
    return counts if sample_weight is not None else counts.astype(np.int64)


def _labels(name: str, values: ArrayLike) -> Labels:
    labels = np.asarray(values)
    if labels.dtype.kind == "O":
        labels = np.array(labels.tolist())
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise ShapeError(
            f"{name} must hold one label per row, shape (n,), got {labels.shape}. "
            f"For one-hot rows, scores or probabilities pass {name}.argmax(axis=1)."
        )
    if not labels.size:
        raise DataError(EMPTY.format(name))
    if labels.dtype.kind not in "biufUS" or (
        labels.dtype.kind == "f" and (labels != np.floor(labels)).any()
    ):
        raise DataError(
            f"{name} must hold class labels, whole numbers or text, got values such as "
            f"{labels[:3].tolist()}. For probabilities of two classes pass "
            f"({name} > 0.5).astype(int); for regression use mse, mae or r2."
        )
    return labels


def _label_pair(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[Labels, Labels]:
    true, pred = _labels("y_true", y_true), _labels("y_pred", y_pred)
    _same_length("y_true", len(true), "y_pred", len(pred))
    if _is_text(true) != _is_text(pred):
        raise DataError(
            f"y_true and y_pred must hold labels of one kind, got {true[0]!r} and "
            f"{pred[0]!r}, which are never equal. Translate one into the other."
        )
    return true, pred


def _is_text(labels: Labels) -> bool:
    return labels.dtype.kind in "US"


def _places(name: str, labels: Labels, classes: Labels) -> NDArray[np.intp]:
    """Return the place of each label among `classes`, shape (n,)."""
    if _is_text(classes) and not _is_text(labels):
        classes = np.arange(len(classes))
    place = {label: i for i, label in enumerate(classes.tolist())}
    if len(place) < len(classes):
        raise SettingError(
            f"classes must all differ, got {classes.tolist()}. Drop the repeated ones."
        )
    try:
        return np.array([place[label] for label in labels.tolist()])
    except KeyError as error:
        raise DataError(
            f"{name} has the label {error}, which is not among the classes "
            f"{classes.tolist()}. Pass every label there is as `classes`, in order."
        ) from None


def _columns(
    y_true: ArrayLike, table: Floats, name: str, classes: ArrayLike | None
) -> NDArray[np.intp]:
    """Return the column of `table` that each label means, shape (n,)."""
    labels = _labels("y_true", y_true)
    if table.ndim != 2:
        raise ShapeError(
            f"{name} must have the shape (n, classes), got {table.shape}. "
            f"Pass what the last layer gives, not the predicted labels."
        )
    _same_length("y_true", len(labels), name, len(table))
    count = table.shape[1]
    known = np.arange(count) if classes is None else _labels("classes", classes)
    if len(known) != count:
        raise ShapeError(
            f"{name} has {count} columns for {len(known)} classes. Pass one per column."
        )
    return _places("y_true", labels, known)


def _floats(name: str, values: ArrayLike, finite: bool = True) -> Floats:
    numbers = np.asarray(values, dtype=np.float64)
    if not numbers.size:
        raise DataError(EMPTY.format(name))
    if numbers.ndim == 0:
        raise ShapeError(f"{name} must have one row per sample, got a single number.")
    wrong = ~np.isfinite(numbers) if finite else np.isnan(numbers)
    if wrong.any():
        raise DataError(
            f"{name} must hold finite numbers, got {numbers[wrong][0]} in "
            f"{wrong.sum()} of {numbers.size} places. If a network predicted them its "
            f"training has diverged: lower the learning rate."
        )
    return numbers


def _float_pair(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[Floats, Floats]:
    """Return both as (n, outputs)."""
    true, pred = _floats("y_true", y_true), _floats("y_pred", y_pred)
    true, pred = (a[:, 0] if a.shape[1:] == (1,) else a for a in (true, pred))
    if true.shape != pred.shape:
        raise ShapeError(
            f"y_true and y_pred must have the same shape, got {true.shape} and "
            f"{pred.shape}. Check that the last layer has one unit per target."
        )
    return true.reshape(len(true), -1), pred.reshape(len(pred), -1)


def _mean(values: NDArray[Any], sample_weight: ArrayLike | None) -> float:
    return float(np.average(values, weights=_weights(sample_weight, len(values))))


def _weights(sample_weight: ArrayLike | None, rows: int) -> Floats:
    if sample_weight is None:
        return np.ones(rows)
    weights = _floats("sample_weight", sample_weight)
    if weights.shape != (rows,):
        raise ShapeError(
            f"sample_weight must have the shape ({rows},), got {weights.shape}."
        )
    if weights.min() < 0 or weights.sum() == 0:
        raise DataError(
            f"sample_weight must not be negative nor all zero, got {weights}."
        )
    return weights


def _same_length(first: str, count: int, second: str, other: int) -> None:
    if count != other:
        raise ShapeError(
            f"{first} and {second} must have the same number of rows, got {count} and "
            f"{other}. Check that both come from the same data set and split."
        )
