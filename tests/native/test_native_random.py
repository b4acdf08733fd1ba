"""Random networks, trained in random ways and layouts, against the reference.

More of them: PLAINGRAD_EXAMPLES=1000 pytest tests/native/test_native_random.py
"""

import math
import os

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

pytest.importorskip("llvmlite")

import plaingrad as pg
from helpers_native import chosen
from plaingrad.native import table

MANY = os.environ.get("PLAINGRAD_EXAMPLES")
some = settings(
    max_examples=int(MANY or 25),
    derandomize=MANY is None,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
SIZES = st.sampled_from([1, 2, 3, 5, 8, 16, 17, 33])
NUDGE, SHAKEN = 1e-10, 1e-7
"""By how much inputs are moved, and how far weights may move with them.

Where nothing but rounding decides - at a kink, between two equal maxima, in the sign of
a gradient that should be zero - two right programs part. The reference itself tells:
moved by a hair, it must stay where it is.
"""

# Layers.

ACTIVATIONS = st.sampled_from(
    [
        *(pg.ReLU(), pg.Tanh(), pg.Sigmoid(), pg.LeakyReLU(0.1), pg.ELU(), pg.GELU()),
        *(pg.SiLU(), pg.Softplus(), pg.HardTanh(), pg.Softmax(), pg.LogSoftmax()),
    ]
)


@st.composite
def linear_layers(draw, features):
    """Return layers that take rows, and how many numbers a row has then."""
    kind = draw(st.sampled_from(["plain"] * 3 + ["residual", "twice", "rows", "none"]))
    bias = draw(st.booleans())
    if kind == "residual":
        inner = draw(SIZES)
        layers = [pg.Linear(inner, bias), draw(ACTIVATIONS), pg.Linear(features)]
        return [pg.Residual(*layers)], features
    if kind == "twice":
        one = pg.Linear(features, bias)
        return [one, draw(ACTIVATIONS), one], features
    if kind == "rows" and features % 2 == 0:
        units = draw(st.sampled_from([1, 3, 4]))
        layers = [pg.Reshape(2, features // 2), pg.Linear(units, bias), pg.Flatten()]
        return layers, 2 * units
    if kind == "none":
        return [], features
    units = draw(SIZES)
    return [pg.Linear(units, bias, trainable=draw(st.integers(0, 5)) > 0)], units


@st.composite
def windows(draw, shape):
    """Return the size of a window that fits into images, its stride and padding."""
    kernel = [draw(st.integers(1, min(4, size))) for size in shape[:2]]
    stride = [draw(st.integers(1, 3)) for _ in range(2)]
    kinds = ["valid", "same"] + [1] * (min(kernel) > 1)
    return tuple(kernel), tuple(stride), draw(st.sampled_from(kinds))


def grid(shape, kernel, stride, padding, dilation=1):
    """Return how many windows fit along both axes."""
    if padding == "same":
        return [-(-size // step) for size, step in zip(shape, stride, strict=False)]
    more = 0 if padding == "valid" else 2 * padding
    return [
        (size + more - (window - 1) * dilation - 1) // step + 1
        for size, window, step in zip(shape, kernel, stride, strict=False)
    ]


@st.composite
def image_layers(draw, shape):
    """Return layers that take images, and the shape of the images that they give."""
    kernel, stride, padding = draw(windows(shape))
    kind = draw(st.sampled_from(["convolution"] * 4 + ["max", "mean", "residual"]))
    channels = shape[2]
    if kind == "residual":
        inner = pg.Conv2d(channels, kernel, padding="same")
        return [pg.Residual(draw(ACTIVATIONS), inner)], shape
    if kind in ("max", "mean"):
        stride = draw(st.sampled_from([None, stride]))
        pool = pg.MaxPool2d if kind == "max" else pg.AvgPool2d
        size = grid(shape, kernel, stride or kernel, padding)
        return [pool(kernel, stride, padding)], (*size, channels)
    groups = draw(st.sampled_from([g for g in (1, 2, 3) if channels % g == 0]))
    filters = groups * draw(st.integers(1, 3))
    dilation = draw(st.integers(1, 2))
    size = grid(shape, kernel, stride, padding, dilation)
    if min(size) < 1:
        dilation, size = 1, grid(shape, kernel, stride, padding)
    bias = draw(st.booleans())
    layer = pg.Conv2d(filters, kernel, stride, padding, dilation, groups, bias)
    return [layer], (*size, filters)


@st.composite
def bodies(draw):
    """Return the shape of a sample, and all layers but the last."""
    pictures = draw(st.integers(0, 2)) == 0
    if pictures:
        shape = *(draw(st.integers(2, 8)) for _ in range(2)), draw(st.integers(1, 3))
    else:
        shape = (draw(SIZES),)
    layers, now = [], shape
    for _ in range(draw(st.integers(1, 2 if pictures else 3))):
        more, now = draw(image_layers(now) if pictures else linear_layers(now[0]))
        now = now if pictures else (now,)
        layers += [*more, *([draw(ACTIVATIONS)] if draw(st.booleans()) else [])]
        if draw(st.integers(0, 4)) == 0:
            layers.append(pg.Dropout(draw(st.sampled_from([0.25, 0.5]))))
    if pictures:
        layers.append(draw(st.sampled_from([pg.Flatten(), pg.GlobalAvgPool2d()])))
    return shape, layers


# Losses, and how they are made small.


def robust(pred, y):
    return np.sqrt((pred - y) ** 2 + 1) + np.where(pred > y, 0.1, 0.2) * pred**2


def by_row(pred, y):
    return np.log(1 + np.exp(np.abs(pred - y)).sum(axis=1)) + pred.mean(axis=1) ** 2


LOSSES = [
    lambda reduction: pg.MSE(reduction=reduction),
    lambda reduction: pg.MAE(reduction=reduction),
    lambda reduction: pg.Huber(0.5, reduction),
    lambda reduction: pg.Poisson(reduction=reduction),
    lambda reduction: pg.Custom(robust, reduction=reduction),
    lambda reduction: pg.Custom(by_row, reduction=reduction),
]


@st.composite
def ends(draw, rng, count):
    """Return the last layers, targets, and the loss."""
    reduction = draw(st.sampled_from(["mean", "mean", "sum"]))
    kind = draw(st.sampled_from(["labels", "soft", "hinge", "truths", "numbers"]))
    size = draw(st.sampled_from([1, 2, 3, 5, 17]))
    if kind in ("labels", "soft", "hinge"):
        size = max(size, 2)
        loss = pg.CrossEntropy(draw(st.sampled_from([0.0, 0.1])), reduction)
        end = draw(st.sampled_from([[], [pg.Softmax()], [pg.LogSoftmax()]]))
        y = rng.integers(0, size, count)
        if kind == "soft":
            y = rng.dirichlet(np.ones(size), count)
        if kind == "hinge":
            loss, end = pg.Hinge(reduction=reduction), []
        return [pg.Linear(size), *end], y, loss
    if kind == "truths":
        end = draw(st.sampled_from([[], [pg.Sigmoid()]]))
        y = rng.integers(0, 2, (count, size))
        return [pg.Linear(size), *end], y, pg.BinaryCrossEntropy(reduction=reduction)
    loss = draw(st.sampled_from(LOSSES))(reduction)
    y = rng.normal(size=(count, size))
    return [pg.Linear(size)], np.abs(y) if isinstance(loss, pg.Poisson) else y, loss


RATES = st.sampled_from(
    [
        *(0.05, pg.StepDecay(0.05, every=1, factor=0.5), pg.Exponential(0.05, 0.7)),
        *(pg.Cosine(0.05, 0.01), pg.OneCycle(0.05), pg.WarmUp(0.05, steps=3)),
        *(pg.WarmUp(pg.Cosine(0.05), epochs=1), pg.ReduceOnPlateau(0.05, 0.5, 0)),
    ]
)
OPTIMIZERS = st.sampled_from(
    [
        *(pg.SGD, pg.SGD, pg.Momentum, pg.Nesterov),
        *(pg.RMSprop, pg.Adagrad, pg.Adam, pg.AdamW),
    ]
)


@st.composite
def trainings(draw, rng, count, y):
    """Return settings for `fit`."""
    made = {
        "optimizer": draw(OPTIMIZERS)(draw(RATES)),
        "batch_size": draw(st.sampled_from([1, 2, 3, 7, 8, 16, None])),
        "epochs": 2,
        "shuffle": draw(st.booleans()),
        "seed": draw(st.integers(0, 3)),
        "dtype": "float64",
    }
    more = {"l1": 1e-3, "l2": 1e-2, "clip_value": 0.05, "clip_norm": 0.5}
    more["sample_weight"] = rng.random(count) + 0.1
    made |= {name: v for name, v in more.items() if draw(st.integers(0, 4)) == 0}
    labels = y.ndim == 1 and y.dtype.kind == "i"
    if labels and draw(st.integers(0, 3)) == 0:
        made["class_weight"] = {int(label): 0.5 + label for label in np.unique(y)}
    return made


@st.composite
def layouts(draw):
    """Return a design: most of them by chance, and sometimes the compiler's own."""
    if draw(st.integers(0, 4)) == 0:
        return {}
    lanes = draw(st.sampled_from(["features", "samples"]))
    tile = draw(st.sampled_from([4, 8, 12, 64] if lanes == "samples" else [1, 2, 3, 9]))
    made = {"lanes": lanes, "tile": tile, "shards": draw(st.integers(1, 3))}
    return made | ({"part": draw(st.integers(0, 2))} if lanes == "features" else {})


@st.composite
def cases(draw):
    """Return layers, samples, targets, settings, and a design."""
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    count = draw(st.sampled_from([1, 2, 3, 7, 8, 15, 16, 17, 33]))
    shape, layers = draw(bodies())
    end, y, loss = draw(ends(rng, count))
    X = rng.normal(size=(count, *shape))
    if draw(st.booleans()):
        X = X * (rng.random(X.shape) < 0.3)
    made = {"loss": loss, **draw(trainings(rng, count, y))}
    return [*layers, *end], X, y, made, draw(layouts())


# The test.


def trained(layers, X, y, **made):
    net = pg.Sequential(*layers)
    net.fit(X, y, **made)
    return net


def apart(net, plain):
    """Return how far apart the weights of two trainings are."""
    return max(
        np.abs(net.params[name] - value).max(initial=0)
        / max(np.abs(value).max(initial=0), 1e-2)
        for name, value in plain.params.items()
    )


def losses(net):
    return np.array(net.history.batch_loss[:4])


@some
@given(cases(), st.integers(1, 3))
def test_random_networks_learn_what_the_reference_learns(case, threads):
    layers, X, y, made, choice = case
    plain = trained(layers, X, y, **made, engine="reference")
    moved = X * (1 + NUDGE * np.random.default_rng(0).normal(size=X.shape))
    shaken = apart(trained(layers, moved, y, **made, engine="reference"), plain)
    if not math.isfinite(shaken) or shaken > SHAKEN:
        event("rounding decides")
        return
    with chosen(**choice), pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "cores", lambda: 3)
        net = trained(layers, X, y, **made, engine="native", threads=threads)
    np.testing.assert_allclose(losses(net), losses(plain), rtol=1e-11, atol=1e-300)
    assert len(net.history.batch_loss) == len(plain.history.batch_loss)
    assert apart(net, plain) <= 1e-9
