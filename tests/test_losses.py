"""Losses: values and gradients against PyTorch, printed text, and every complaint."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import r2_score
from sklearn.utils.class_weight import compute_sample_weight

from plaingrad import ops
from plaingrad.derive import gradients
from plaingrad.errors import DataError, PlaingradError, SettingError, ShapeError
from plaingrad.graph import verify
from plaingrad.losses import (
    MAE,
    MSE,
    BinaryCrossEntropy,
    CrossEntropy,
    Custom,
    Hinge,
    Huber,
    Loss,
    Poisson,
    as_loss,
    choose,
    class_weights,
)
from plaingrad.plan import Goal, plan
from plaingrad.program import Role
from plaingrad.run import compile_procedure
from plaingrad.shapes import Dim
from plaingrad.simplify import simplify
from plaingrad.write.lines import section_lines

torch = pytest.importorskip("torch")
functional = torch.nn.functional

N = Dim(("n",))
quick = settings(deadline=None, max_examples=25, derandomize=True)
seeds = st.integers(0, 10_000)
reductions = st.sampled_from(["mean", "sum"])


def scores(*sizes):
    return ops.leaf("scores", (N, *sizes))


def planned(loss, y, sizes, end=None, weighted=False):
    """The loss and its gradient by the scores, after `end`, as a procedure."""
    z, target = scores(*sizes), loss.leaf(y)
    weight = ops.leaf("w", (N,)) if weighted else None
    output = end(z) if end else z
    total = loss.total(output, target, weight)
    parts = loss.parts(output, target)
    (total, *named), _ = simplify([total, *parts.values()])
    (slope,), _ = gradients(total, [z])
    (slope,), became = simplify([slope])
    verify([total, slope])
    roles = {
        became.get(node, node): Role(name)
        for name, node in zip(parts, named, strict=True)
    }
    roles |= {total: Role("loss"), slope: Role("dscores")}
    return plan([Goal(total, "loss"), Goal(slope, "backward")], roles, [total, slope])


def evaluated(loss, z, y, weight=None, end=None, dtype="float64"):
    """The loss and its gradient, by running the printed text."""
    z = np.asarray(z, dtype)
    if y.dtype.kind == "f":
        y = y.astype(dtype)
    procedure = planned(loss, y, z.shape[1:], end, weight is not None)
    names = list(procedure.inputs)
    function = compile_procedure(procedure, dtype, "f", names, procedure.results)
    values = {"scores": z, "y": y}
    if weight is not None:
        values["w"] = np.asarray(weight, dtype)
    return function(*[values[name] for name in names])


def text(loss, y, sizes, end=None, weighted=False):
    procedure = planned(loss, y, sizes, end, weighted)
    return "\n".join(section_lines(procedure, ["loss", "backward"], "float32"))


def node_value(node, **values):
    """What one node is, by running its printed text."""
    node = simplify([node])[0][0]
    procedure = plan([Goal(node, "result")], {node: Role("value")}, [node])
    names = list(procedure.inputs)
    function = compile_procedure(procedure, "float64", "f", names, procedure.results)
    return function(*[values[name] for name in names])[0]


def oracle(each, z, weight, reduction):
    """Torch's loss and gradient from its unreduced loss `each`."""
    z = torch.tensor(z, requires_grad=True)
    losses = each(z)
    if weight is None:
        total = losses.mean() if reduction == "mean" else losses.sum()
    else:
        w = torch.tensor(weight)
        rows = losses.reshape(len(w), -1)
        if reduction == "mean":
            total = (w * rows.mean(dim=1)).sum() / w.sum()
        else:
            total = (w * rows.sum(dim=1)).sum()
    total.backward()
    return total.item(), z.grad.numpy()


def agree(loss, z, y, each, weight=None, end=None):
    value, slope = evaluated(loss, z, y, weight, end)
    wanted, wanted_slope = oracle(each, z, weight, loss.reduction)
    np.testing.assert_allclose(value, wanted, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(slope, wanted_slope, rtol=1e-10, atol=1e-12)
    assert slope.shape == z.shape


def drawn(seed, rows, columns, weighted):
    rng = np.random.default_rng(seed)
    weight = rng.uniform(0.1, 2, rows) if weighted else None
    return rng, rng.normal(0, 3, (rows, columns)), weight


some = {
    "seed": seeds,
    "rows": st.integers(1, 5),
    "columns": st.integers(1, 4),
    "weighted": st.booleans(),
    "reduction": reductions,
}
several = {**some, "columns": st.integers(2, 5)}


# Against PyTorch.

REGRESSIONS = [
    (MSE, {}, lambda z, y: functional.mse_loss(z, y, reduction="none")),
    (MAE, {}, lambda z, y: functional.l1_loss(z, y, reduction="none")),
    (Huber, {}, lambda z, y: functional.huber_loss(z, y, reduction="none")),
    (
        Huber,
        {"delta": 2.5},
        lambda z, y: functional.huber_loss(z, y, reduction="none", delta=2.5),
    ),
    (
        Poisson,
        {},
        lambda z, y: functional.poisson_nll_loss(
            z, y, log_input=True, reduction="none"
        ),
    ),
]


@pytest.mark.parametrize(("kind", "words", "each"), REGRESSIONS)
@quick
@given(**some)
def test_regression_losses(kind, words, each, seed, rows, columns, weighted, reduction):
    rng, z, weight = drawn(seed, rows, columns, weighted)
    counts = kind is Poisson
    y = rng.poisson(2.0, z.shape) * 1.0 if counts else rng.normal(0, 3, z.shape)
    loss = kind(**words, reduction=reduction)
    agree(loss, z, y, lambda x: each(x, torch.tensor(y)), weight)


@quick
@given(
    **several,
    smooth=st.sampled_from([0.0, 0.1, 0.7]),
    end=st.sampled_from([None, ops.softmax, ops.log_softmax]),
    soft=st.booleans(),
)
def test_cross_entropy(seed, rows, columns, weighted, reduction, smooth, end, soft):
    rng, z, weight = drawn(seed, rows, columns, weighted)
    y = (
        rng.dirichlet(np.ones(columns), rows)
        if soft
        else rng.integers(0, columns, rows)
    )
    loss = CrossEntropy(label_smoothing=smooth, reduction=reduction)

    def each(x):
        target = torch.tensor(y)
        return functional.cross_entropy(
            x, target, reduction="none", label_smoothing=smooth
        )

    agree(loss, z, y, each, weight, end)


def test_cross_entropy_of_sequences():
    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(4, 5, 3)), rng.integers(0, 3, (4, 5))
    weight = rng.uniform(0.1, 2, 4)

    def each(x):
        return functional.cross_entropy(
            x.transpose(1, 2), torch.tensor(y), reduction="none"
        )

    agree(CrossEntropy(), z, y, each)
    agree(CrossEntropy(), z, y, each, weight)


@quick
@given(**some, end=st.sampled_from([None, ops.sigmoid]), hard=st.booleans())
def test_binary_cross_entropy(seed, rows, columns, weighted, reduction, end, hard):
    rng, z, weight = drawn(seed, rows, columns, weighted)
    y = rng.random(z.shape)
    y = (y > 0.5) * 1.0 if hard else y

    def each(x):
        return functional.binary_cross_entropy_with_logits(
            x, torch.tensor(y), reduction="none"
        )

    agree(BinaryCrossEntropy(reduction), z, y, each, weight, end)


@quick
@given(**several, margin=st.sampled_from([1.0, 0.3]))
def test_hinge(seed, rows, columns, weighted, reduction, margin):
    rng, z, weight = drawn(seed, rows, columns, weighted)
    y = rng.integers(0, columns, rows)

    def each(x):
        return columns * functional.multi_margin_loss(
            x, torch.tensor(y), margin=margin, reduction="none"
        )

    agree(Hinge(margin, reduction), z, y, each, weight)


def test_outputs_of_one_axis():
    rng = np.random.default_rng(6)
    z, y, weight = rng.normal(size=5), rng.random(5), rng.random(5)
    for w in (None, weight):
        agree(MSE(), z, y, lambda x: (x - torch.tensor(y)) ** 2, w)

    word, value = scored(MSE(), z, y)
    assert (word, value) == ("r2", pytest.approx(r2_score(y, z)))


# Against numeric differentiation.


def focal(z, y):
    probs = ops.softmax(z)
    return -(ops.one_hot(y, 3) * (1 - probs) ** 2 * np.log(probs)).sum(axis=1)


@pytest.mark.parametrize(
    ("loss", "labelled"),
    [
        (Hinge(), True),
        (Hinge(0.5, reduction="sum"), True),
        (Custom(focal, classes=True), True),
        (Custom(lambda pred, y: np.abs(pred - y) ** 1.5), False),
        (Custom(lambda pred, y: np.sqrt(1 + (pred - y) ** 2).sum(axis=1)), False),
        (Custom(lambda pred, y: np.log1p(((pred - y) ** 2).mean())), False),
        (
            Custom(lambda p, y: np.where(p > y, p - y, 3 * (y - p)), reduction="sum"),
            False,
        ),
    ],
)
def test_gradients_are_differences(loss, labelled):
    rng = np.random.default_rng(1)
    z = rng.normal(size=(4, 3))
    y = rng.integers(0, 3, 4) if labelled else rng.normal(size=(4, 3))
    slope = evaluated(loss, z, y)[1]
    h = 1e-6
    for place in np.ndindex(z.shape):
        step = np.zeros_like(z)
        step[place] = h
        rise = evaluated(loss, z + step, y)[0] - evaluated(loss, z - step, y)[0]
        assert slope[place] == pytest.approx(rise / (2 * h), abs=1e-7)


def test_custom_is_the_loss_it_writes():
    rng = np.random.default_rng(2)
    z, y, w = rng.normal(size=(4, 3)), rng.normal(size=(4, 3)), rng.random(4)
    mine = Custom(lambda pred, y: (pred - y) ** 2)
    for weight in (None, w):
        for a, b in zip(
            evaluated(mine, z, y, weight), evaluated(MSE(), z, y, weight), strict=True
        ):
            np.testing.assert_array_equal(a, b)


# Stability and kinds.


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("end", [None, ops.softmax, ops.log_softmax])
def test_cross_entropy_of_huge_scores(dtype, end):
    z = [[1e3, -1e3, 0.0], [1e3, -1e3, 0.0]]
    loss, slope = evaluated(CrossEntropy(), z, np.array([0, 1]), end=end, dtype=dtype)
    assert loss == 1000
    np.testing.assert_array_equal(slope, [[0, 0, 0], [0.5, -0.5, 0]])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("end", [None, ops.sigmoid])
def test_binary_cross_entropy_of_huge_scores(dtype, end):
    z, y = [[1e3], [-1e3], [1e3], [-1e3]], np.array([[1.0], [0.0], [0.0], [1.0]])
    loss, slope = evaluated(BinaryCrossEntropy(), z, y, end=end, dtype=dtype)
    assert loss == 500
    np.testing.assert_array_equal(slope, [[0], [0], [0.25], [-0.25]])


LABELS = np.array([0, 2, 1])
FLOATS = np.array([[0.1, 0.2, 0.7], [1, 0, 0], [0.5, 0.5, 0]])
ALL = [
    (MSE(), FLOATS),
    (MAE(), FLOATS),
    (Huber(0.3), FLOATS),
    (Poisson(), FLOATS),
    (CrossEntropy(), LABELS),
    (CrossEntropy(label_smoothing=0.1), FLOATS),
    (BinaryCrossEntropy(), FLOATS),
    (Hinge(), LABELS),
    (Custom(focal, classes=True), LABELS),
]


@pytest.mark.parametrize(("loss", "y"), ALL)
@pytest.mark.parametrize("weighted", [False, True])
def test_float32_stays_float32(loss, y, weighted):
    z = np.random.default_rng(3).normal(size=(3, 3))
    weight = np.array([1, 2, 0.5]) if weighted else None
    values = evaluated(loss, z, y, weight, dtype="float32")
    assert [value.dtype for value in values] == [np.float32, np.float32]
    for low, high in zip(values, evaluated(loss, z, y, weight), strict=True):
        np.testing.assert_allclose(low, high, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("loss", "y"), ALL)
def test_losses_print_as_written(loss, y):
    again = eval(repr(loss), globals()) if "<" not in repr(loss) else loss
    assert again == loss
    assert again.reduction == loss.reduction


# What is printed.


def by_hand(z):
    exps = np.exp(z - z.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)


def rashly(z):
    return np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True)


@pytest.mark.parametrize("end", [ops.softmax, ops.log_softmax, by_hand, rashly])
def test_softmax_is_never_applied_twice(end):
    printed = text(CrossEntropy(), LABELS, (3,), end)
    assert printed == text(CrossEntropy(), LABELS, (3,))
    assert "loss = -(onehot * logprobs).sum() / n" in printed
    assert "dscores = (np.exp(logprobs) - onehot) / n" in printed


@pytest.mark.parametrize("end", [None, ops.sigmoid, lambda z: 1 / (1 + np.exp(-z))])
def test_sigmoid_is_never_applied_twice(end):
    y = np.zeros((3, 1))
    assert text(BinaryCrossEntropy(), y, (1,), end) == (
        "loss = (np.logaddexp(0, scores) - y * scores).mean()\n"
        "dscores = (1 / (1 + np.exp(-scores)) - y) / n  # (n, 1)"
    )


def test_mean_squared_error_of_a_softmax_is_what_it_says():
    assert "np.exp" in text(MSE(), FLOATS, (3,), ops.softmax)
    rng = np.random.default_rng(4)
    z = rng.normal(size=(3, 3))
    agree(
        MSE(),
        z,
        FLOATS,
        lambda x: (x.softmax(1) - torch.tensor(FLOATS)) ** 2,
        end=ops.softmax,
    )


def test_huber_and_hinge_print_short():
    assert text(Huber(), FLOATS, (3,)).splitlines()[-1] == (
        "dscores = np.where(near, diff, np.sign(diff)) / (n * 3)  # (n, 3)"
    )
    assert "loss = np.maximum(margins, 0).sum() / n" in text(Hinge(), LABELS, (3,))
    assert "margins > 0" in text(Hinge(), LABELS, (3,))


def test_weighted_means_print_short():
    printed = text(MSE(), FLOATS, (3,), weighted=True)
    assert "broadcast_to" not in printed
    assert "loss = (w[:, None] * diff ** 2).sum()" in printed
    assert "broadcast_to" not in text(Hinge(), LABELS, (3,), weighted=True)


# Predictions and scores.


@pytest.mark.parametrize("end", [None, ops.softmax, ops.log_softmax])
def test_predictions_of_classes(end):
    z = np.random.default_rng(5).normal(size=(6, 3))
    output = end(scores(3)) if end else scores(3)
    loss = CrossEntropy()
    labels = node_value(loss.labels(output), scores=z)
    np.testing.assert_array_equal(labels, z.argmax(axis=1))
    probs = node_value(loss.probabilities(output), scores=z)
    np.testing.assert_allclose(probs, torch.tensor(z).softmax(1).numpy(), rtol=1e-12)


@pytest.mark.parametrize("end", [None, ops.sigmoid])
def test_predictions_of_truths(end):
    z = np.array([[-2.0, 0.5], [3.0, -0.1]])
    output = end(scores(2)) if end else scores(2)
    loss = BinaryCrossEntropy()
    labels = node_value(loss.labels(output), scores=z)
    np.testing.assert_array_equal(labels, [[False, True], [True, False]])
    probs = node_value(loss.probabilities(output), scores=z)
    np.testing.assert_allclose(probs, 1 / (1 + np.exp(-z)), rtol=1e-12)


def test_predictions_of_numbers():
    z = np.array([[0.0], [2.0]])
    assert MSE().labels(scores(1)) is scores(1)
    assert MSE().probabilities(scores(1)) is None
    assert Hinge().probabilities(scores(3)) is None
    np.testing.assert_allclose(
        node_value(Poisson().labels(scores(1)), scores=z), np.exp(z)
    )


def scored(loss, z, y):
    word, node = loss.score(scores(*z.shape[1:]), loss.leaf(y))
    return word, node_value(node, scores=z, y=y)


def test_accuracy():
    z = np.array([[2.0, 1.0], [0.0, 1.0], [5.0, 1.0], [0.0, 0.1]])
    hard = np.array([0, 1, 1, 1])
    assert scored(CrossEntropy(), z, hard) == ("accuracy", 0.75)
    assert scored(Hinge(), z, hard) == ("accuracy", 0.75)
    assert scored(Custom(focal, classes=True), z, hard) == ("accuracy", 0.75)
    assert scored(CrossEntropy(), z, np.eye(2)[hard]) == ("accuracy", 0.75)
    truths = np.array([[0.9, 0.8], [0.1, 1], [0, 0.6], [0, 1]])
    assert scored(BinaryCrossEntropy(), z, truths) == ("accuracy", 7 / 8)


def test_accuracy_prints_as_people_write_it():
    node = CrossEntropy().score(scores(3), CrossEntropy().leaf(LABELS))[1]
    procedure = plan([Goal(node, "result")], {node: Role("accuracy")}, [node])
    assert section_lines(procedure, ["result"], "float32") == [
        "accuracy = (scores.argmax(axis=1) == y).mean()"
    ]


@quick
@given(seed=seeds, rows=st.integers(2, 6), columns=st.integers(1, 3))
def test_r2(seed, rows, columns):
    rng = np.random.default_rng(seed)
    z, y = rng.normal(size=(2, rows, columns))
    for loss in (MSE(), Custom(lambda pred, y: np.abs(pred - y))):
        word, value = scored(loss, z, y)
        assert word == "r2"
        assert value == pytest.approx(r2_score(y, z), rel=1e-9, abs=1e-9)
    counts = rng.gamma(2.0, size=z.shape)
    rates = r2_score(counts, np.exp(z))
    assert scored(Poisson(), z, counts)[1] == pytest.approx(rates, rel=1e-9)


def test_r2_of_equal_targets_is_a_number():
    y = np.array([[2.0], [2.0]])
    assert scored(MSE(), y, y) == ("r2", 1.0)
    assert scored(MSE(), y + 1, y) == ("r2", -1.0)


def test_a_custom_loss_of_other_targets_scores_by_itself():
    loss = Custom(lambda pred, y: (pred.sum(axis=1) - y) ** 2)
    z, y = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([2.0, 7.0])
    assert loss.parts(scores(2), loss.leaf(y)) == {}
    assert scored(loss, z, y) == ("score", -0.5)


# Targets.


@pytest.mark.parametrize("loss", [CrossEntropy(), Hinge(), Custom(focal, classes=True)])
@pytest.mark.parametrize("kind", [list, np.int8, np.uint8, np.int64])
def test_labels_become_int64(loss, kind):
    y = [0, 2, 1] if kind is list else np.array([0, 2, 1], kind)
    target = loss.target(y, (N, 3))
    assert target.dtype == np.int64
    np.testing.assert_array_equal(target, [0, 2, 1])
    assert loss.leaf(target).type == ((N,), "int")
    np.testing.assert_array_equal(loss.target([[0], [2], [1]], (N, 3)), [0, 2, 1])


def test_rows_of_shares_stay_floats():
    target = CrossEntropy().target(np.eye(3, dtype=int)[LABELS], (N, 3))
    assert target.dtype == np.float64
    assert CrossEntropy().leaf(target).type == ((N, 3), "float")
    low = CrossEntropy().target(FLOATS.astype(np.float32), (N, 3))
    assert low.dtype == np.float32


def test_truths_are_labels_of_two_classes():
    target = CrossEntropy().target(np.array([True, False]), (N, 2))
    np.testing.assert_array_equal(target, [1, 0])


@pytest.mark.parametrize(
    "y", [[0, 1, 1], [[0], [1], [1]], [False, True, True], [0.0, 1.0, 1.0]]
)
@pytest.mark.parametrize("loss", [BinaryCrossEntropy(), MSE(), MAE(), Poisson()])
def test_one_column_never_broadcasts(loss, y):
    target = loss.target(y, (N, 1))
    assert target.dtype == np.float64
    np.testing.assert_array_equal(target, [[0], [1], [1]])
    np.testing.assert_array_equal(loss.target(y, (N,)), [0, 1, 1])


def test_custom_targets():
    loss = Custom(lambda pred, y: (pred - y) ** 2)
    np.testing.assert_array_equal(loss.target([1, 2], (N, 1)), [[1.0], [2.0]])
    assert loss.target([1, 2], (N, 3)).shape == (2,)
    assert loss.target([1, 2], (N, 3)).dtype == np.float64


BAD_TARGETS = [
    (CrossEntropy(), [0, 3, 1, 7], (N, 3), DataError, "labels 3, 7 in rows 1, 3, but"),
    (CrossEntropy(), [0, 3, 1], (N, 3), DataError, "last layer 4 outputs"),
    (
        CrossEntropy(),
        [1, 3, 2],
        (N, 3),
        DataError,
        "1-based: subtract 1 and pass y - 1",
    ),
    (CrossEntropy(), [-1, 1, 1], (N, 2), DataError, "Number the classes from 0"),
    (CrossEntropy(), [9] * 8, (N, 2), DataError, "rows 0, 1, 2, 3, 4 and 3 more"),
    (CrossEntropy(), [0.0, 1.0], (N, 3), DataError, r"y\.astype\(int\)"),
    (CrossEntropy(), [0.5, 1.0], (N, 3), DataError, r"loss=MSE\(\)"),
    (CrossEntropy(), ["cat", "dog"], (N, 3), DataError, "text such as 'cat'"),
    (CrossEntropy(), [None, 1], (N, 3), DataError, "type object"),
    (CrossEntropy(), [[0], [1, 2]], (N, 3), DataError, "rows of different lengths"),
    (CrossEntropy(), [], (N, 3), DataError, "there is no target"),
    (CrossEntropy(), 1, (N, 3), DataError, "there is no target"),
    (CrossEntropy(), [0, 1], (N, 1), ShapeError, r"BinaryCrossEntropy\(\)"),
    (CrossEntropy(), [0, 1], (N,), ShapeError, "one output each"),
    (CrossEntropy(), np.eye(4), (N, 3), ShapeError, r"\(4, 4\).*\(n, 3\)"),
    (CrossEntropy(), [0, 1], (5, 3), ShapeError, r"\(2,\).*\(5, 3\)"),
    (CrossEntropy(), [[1, 1], [1, 0]], (N, 2), DataError, "do not in row 0"),
    (CrossEntropy(), [[2, -1], [1, 0]], (N, 2), DataError, "do not in row 0"),
    (Hinge(), [0, 3], (N, 3), DataError, "label 3 in row 1, but"),
    (Hinge(), np.eye(3), (N, 3), ShapeError, "one label"),
    (BinaryCrossEntropy(), [-1, 1], (N, 1), DataError, "Pass y > 0"),
    (BinaryCrossEntropy(), [1, 2], (N, 1), DataError, "1-based"),
    (
        BinaryCrossEntropy(),
        [0, 1, 2],
        (N, 1),
        DataError,
        "in row 2 of y: 2.*CrossEntropy",
    ),
    (
        BinaryCrossEntropy(),
        [0, 1],
        (N, 3),
        ShapeError,
        r"\(2,\).*\(n, 3\).*CrossEntropy",
    ),
    (BinaryCrossEntropy(), [0, np.nan], (N, 1), DataError, "finite number in row 1"),
    (MSE(), [1.0, np.nan, np.inf], (N, 1), DataError, "rows 1, 2.*isfinite"),
    (MSE(), [[1, 2], [3, 4]], (N, 1), ShapeError, r"\(2, 2\).*\(n, 1\).*columns: 2"),
    (MSE(), [1, 2], (3, 1), ShapeError, r"\(2,\).*\(3, 1\)"),
    (MSE(), [1 + 2j], (N, 1), DataError, "complex"),
    (MSE(), ["1.5"], (N, 1), DataError, "text such as '1.5'"),
    (Poisson(), [1, -2], (N, 1), DataError, "row 1.*both signs"),
    (Custom(focal, classes=True), [0, 3], (N, 3), DataError, "label 3 in row 1"),
]


@pytest.mark.parametrize(("loss", "y", "output", "kind", "message"), BAD_TARGETS)
def test_bad_targets(loss, y, output, kind, message):
    with pytest.raises(kind, match="(?s)" + message):
        loss.target(y, output)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MSE(reduction="average"), "unknown reduction 'average'"),
        (lambda: Huber(0), "delta must be a positive number"),
        (lambda: Hinge(-1), "margin must be a positive number"),
        (
            lambda: CrossEntropy(label_smoothing=1),
            r"label_smoothing must lie in \[0, 1\)",
        ),
        (lambda: Custom(3), r"takes a function of \(pred, y\), got 3"),
        (lambda: as_loss("mse"), "got 'mse'"),
        (lambda: as_loss(MSE), r"Add parentheses: MSE\(\)"),
    ],
)
def test_bad_settings(make, message):
    with pytest.raises(SettingError, match=message):
        make()


def test_functions_are_losses():
    def mine(pred, y):
        return (pred - y) ** 2

    assert as_loss(mine) == Custom(mine)
    loss = Huber()
    assert as_loss(loss) is loss


@pytest.mark.parametrize(
    ("loss", "output", "message"),
    [
        (CrossEntropy(), ops.sigmoid(scores(3)), "ends in a sigmoid"),
        (CrossEntropy(), ops.softmax(scores(4, 3), axis=1), "softmax over axis 1"),
        (BinaryCrossEntropy(), ops.softmax(scores(3)), "ends in a softmax"),
        (BinaryCrossEntropy(), by_hand(scores(3)), "ends in a softmax"),
    ],
)
def test_contradictions_with_the_network(loss, output, message):
    y = ops.leaf("y", (*output.shape[:-1], 3))
    with pytest.raises(SettingError, match=message):
        loss.total(output, y)


@pytest.mark.parametrize(
    ("function", "weighted", "message"),
    [
        (lambda pred, y: 0.5, False, "got float"),
        (lambda pred, y: pred > y, False, "got bool"),
        (lambda pred, y: (pred - y).sum(axis=0), False, r"shape \(3,\) for"),
        (lambda pred, y: (pred - y).mean(), True, "one per sample"),
    ],
)
def test_bad_functions(function, weighted, message):
    weight = ops.leaf("w", (N,)) if weighted else None
    with pytest.raises(PlaingradError, match=message):
        Custom(function).total(scores(3), ops.leaf("y", (N, 3)), weight)


def test_the_base_class_has_no_formula():
    with pytest.raises(NotImplementedError):
        Loss().each(scores(3), scores(3))
    with pytest.raises(NotImplementedError):
        Loss().target([1], (N, 1))


# The loss that fits.

FIVE = [0, 1, 2, 1, 0]
MANY = list(range(12))


@pytest.mark.parametrize(
    ("y", "output", "loss", "why"),
    [
        (FIVE, scores(3), CrossEntropy(), "one class label per sample"),
        ([[0], [1]], scores(3), CrossEntropy(), "one class label per sample"),
        ([0, 1], scores(2), CrossEntropy(), "each of 2 classes"),
        (FIVE, ops.softmax(scores(3)), CrossEntropy(), "one class label"),
        (np.zeros((2, 4), int), scores(4, 3), CrossEntropy(), "one class label"),
        (np.eye(3), scores(3), CrossEntropy(), "one-hot"),
        (FLOATS, ops.softmax(scores(3)), CrossEntropy(), "shares that sum to 1"),
        ([0, 1], scores(1), BinaryCrossEntropy(), "only 0 and 1"),
        ([[0.0], [1.0]], ops.sigmoid(scores(1)), BinaryCrossEntropy(), "only 0 and 1"),
        ([True, False], scores(1), BinaryCrossEntropy(), "only 0 and 1"),
        ([[0, 1, 1], [0, 0, 0]], scores(3), BinaryCrossEntropy(), "multi-label"),
        (np.eye(3), ops.sigmoid(scores(3)), BinaryCrossEntropy(), "multi-label"),
        ([0.5, 2.5], scores(1), MSE(), "y holds floats"),
        ([1.0, 2.0], scores(1), MSE(), "y holds floats"),
        ([0.5, 0.2], ops.sigmoid(scores(1)), MSE(), "a sigmoid, in 0 ... 1"),
        (MANY, scores(1), MSE(), "12 different whole numbers"),
        ([[0.5, 2.0], [1.0, 3.0]], scores(2), MSE(), "one number for each output"),
        ([[0.5, 0.2], [0.1, 0.3]], ops.sigmoid(scores(2)), MSE(), "a sigmoid"),
        (np.ones((2, 3, 3, 1)), scores(3, 3, 1), BinaryCrossEntropy(), "0 or 1"),
    ],
)
def test_the_loss_that_fits(y, output, loss, why):
    chosen, sentence = choose(y, output)
    assert chosen == loss
    assert why in sentence
    assert sentence.startswith(type(loss).__name__)
    assert loss.total(output, loss.leaf(loss.target(y, output.shape))).shape == ()


@pytest.mark.parametrize(
    ("y", "output", "kind", "message"),
    [
        (FIVE, scores(1), DataError, "the 3 whole numbers 0, 1, 2.*one output"),
        (FIVE, ops.softmax(scores(1)), ShapeError, "softmax of one output is always 1"),
        ([0.5, 1.5], scores(3), ShapeError, "has 3 outputs.*one output"),
        (np.ones((5, 2)), scores(3), ShapeError, r"\(5, 2\).*\(n, 3\)"),
        (np.ones((5, 2)), scores(1), ShapeError, r"\(5, 2\).*\(n, 1\)"),
        ([1.5, 0.2], ops.sigmoid(scores(1)), DataError, "0.2 to 1.5"),
        ([[1, 1], [0, 1]], ops.softmax(scores(2)), DataError, "rows sum to 1"),
    ],
)
def test_no_loss_fits(y, output, kind, message):
    with pytest.raises(kind, match=message):
        choose(y, output)


# Class weights.


@pytest.mark.parametrize(
    ("y", "weights"),
    [
        ([0, 0, 1, 2, 2, 2], "balanced"),
        (["a", "b", "a", "a"], "balanced"),
        ([0, 0, 1, 2], {0: 2.0, 2: 0.5}),
        (["a", "b", "a"], {"b": 3}),
    ],
)
def test_class_weights_as_scikit_learn(y, weights):
    np.testing.assert_allclose(
        class_weights(y, weights), compute_sample_weight(weights, y), rtol=1e-15
    )


def test_class_weights_in_order():
    np.testing.assert_array_equal(class_weights([0, 2, 1], [1, 2, 3]), [1, 3, 2])
    column = np.array([[0.0], [1.0]])
    np.testing.assert_array_equal(class_weights(column, [1, 4]), [1, 4])
    np.testing.assert_array_equal(class_weights(column, {1: 4}), [1, 4])


@pytest.mark.parametrize(
    ("y", "weights", "kind", "message"),
    [
        ([0, 1], "even", SettingError, "unknown class weights 'even'"),
        ([0, 1], {2: 1.0}, SettingError, r"given for \[2\].*\[0, 1\]"),
        ([0, 3], [1, 2], SettingError, r"labels 0 \.\.\. 1, and y holds \[0, 3\]"),
        (["a"], [1], SettingError, "Pass one weight for each label"),
        ([0, 1], [1, -2], SettingError, "at least 0"),
        ([0, 1], [0, 0], SettingError, "not all 0"),
        ([0, 1], {0: np.nan}, SettingError, "finite"),
        ([], "balanced", DataError, "empty"),
        (np.eye(3), "balanced", ShapeError, r"y\.argmax\(axis=1\)"),
    ],
)
def test_bad_class_weights(y, weights, kind, message):
    with pytest.raises(kind, match=message):
        class_weights(y, weights)
