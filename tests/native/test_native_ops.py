"""Every operation in machine code, against its NumPy text."""

from functools import cache

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import helpers
from cases import SMOOTH, Case, every_op
from helpers_native import evaluate
from plaingrad.derive import gradients
from plaingrad.graph import apply
from plaingrad.native.errors import Unsupported
from plaingrad.op import OPS
from plaingrad.ops import (
    arange,
    broadcast_to,
    concatenate,
    leaf,
    literal,
    one_hot,
    sin,
    whole,
)
from plaingrad.ops import softmax as softmax_of
from plaingrad.shapes import Dim
from plaingrad.simplify import simplify

N, COUNT, SEEDS = Dim(("n",)), 5, 2
LAYOUTS = {
    "chosen": ("float32", {}),
    "features": ("float64", {"lanes": "features", "tile": 2, "shards": 2}),
    "samples": ("float64", {"lanes": "samples", "tile": 4, "shards": 2}),
}
every_layout = pytest.mark.parametrize("layout", LAYOUTS)


def agree(outputs, values, layout, names=None, count=COUNT):
    """Compare native values of nodes with those of NumPy's text in double."""
    dtype, choice = LAYOUTS[layout]
    exact = helpers.compiled(outputs)[0](values)
    found = evaluate(outputs, values, dtype, count, **choice)
    for place, (mine, right) in enumerate(zip(found, exact, strict=True)):
        size = np.abs(right[np.isfinite(right)]).max(initial=1.0)
        rtol, atol = (1e-12, 1e-13) if dtype == "float64" else (2e-4, 2e-5 * size)
        name = names[place] if names else f"output {place}"
        np.testing.assert_allclose(mine, right, rtol=rtol, atol=atol, err_msg=name)


# Without samples: an operation on stored arrays, handed out by one.


@every_op
def test_operations_on_what_is_stored(name):
    outputs, values = [], {}
    for seed in range(SEEDS):
        case = Case(name, seed)
        inputs, arrays = renamed(case, seed)
        values |= arrays
        node = apply(name, *inputs, **case.attrs)
        one = leaf(f"one{seed}", (N, *[1] * node.ndim))
        shares = leaf(f"shares{seed}", node.shape)
        values[f"one{seed}"] = case.rng.normal(size=(COUNT, *[1] * node.ndim))
        values[f"shares{seed}"] = case.rng.normal(size=node.shape)
        outputs += [one * node, (shares * node).sum() + 0 * one.sum()]
    agree(outputs, values, "features")


def renamed(case, seed):
    """Return the inputs of a case with names of their own, and their values."""
    arrays = {f"x{i}s{seed}": array for i, array in enumerate(case.arrays)}
    kinds = [helpers.KINDS[array.dtype.kind] for array in case.arrays]
    inputs = [
        leaf(name, array.shape, kind=kind)
        for (name, array), kind in zip(arrays.items(), kinds, strict=True)
    ]
    return inputs, arrays


# With samples: an operation of each sample, and its gradients.


class Batched:
    """A case of an operation with an axis of samples in front of some inputs."""

    def __init__(self, name, seed):
        self.case, self.name, self.seed = Case(name, seed), name, seed
        self.rng = np.random.default_rng(seed)
        arrays, self.attrs = self.case.arrays, dict(self.case.attrs)
        self.sampled = self.which()
        rank = max(len(self.attrs.get("shape", ())), *(a.ndim for a in arrays))
        lifts = OPS[name].rule.__name__ in ("arithmetic", "comparison", "_where_rule")
        lifts |= name == "broadcast_to" or (name == "matmul" and all(self.sampled))
        if name not in ("patches", "fold"):
            self.shift_attrs()
        self.values = {}
        for i, array in enumerate(arrays):
            made = self.batch(array, rank if lifts else 0) if self.sampled[i] else array
            self.values[f"x{i}s{seed}"] = made
        self.inputs = [
            leaf(key, self.shape(i, v), kind=helpers.KINDS[v.dtype.kind])
            for i, (key, v) in enumerate(self.values.items())
        ]
        self.node = apply(name, *self.inputs, **self.attrs)

    def which(self):
        """Return which inputs have samples."""
        arrays, odd = self.case.arrays, self.seed % 2
        if self.name == "take":
            return [False, *[True] * (len(arrays) - 1)]
        if self.name == "matmul":
            both = min(a.ndim for a in arrays) > 1 and not odd
            return [True, both]
        if len(arrays) == 1 or self.name in ("put", "concatenate"):
            return [True] * len(arrays)
        return [i % 2 == odd for i in range(len(arrays))]

    def shift_attrs(self):
        """Count axes behind that of the samples."""
        attrs = self.attrs
        if "axes" in attrs:
            first = (0,) if self.name == "transpose" else ()
            attrs["axes"] = (*first, *(axis + 1 for axis in attrs["axes"]))
        if "axis" in attrs:
            attrs["axis"] += 1
        if "shape" in attrs and self.name != "put":
            attrs["shape"] = (N, *attrs["shape"])
        if "index" in attrs:
            attrs["index"] = (None, *attrs["index"])
        if "pads" in attrs:
            attrs["pads"] = ((0, 0), *attrs["pads"])

    def batch(self, array, rank):
        """Return an array for each sample: the entries of one, shuffled."""
        if self.name in ("patches", "fold"):
            if "shape" in self.attrs:
                self.attrs["shape"] = (N, *self.attrs["shape"][1:])
            return self.rng.normal(size=(COUNT, *array.shape[1:]))
        each = [self.rng.permutation(array.ravel()) for _ in range(COUNT)]
        return np.reshape(each, (COUNT, *[1] * (rank - array.ndim), *array.shape))

    def shape(self, i, value):
        return (N, *value.shape[1:]) if self.sampled[i] else value.shape

    def leaf(self, name, shape):
        """Return a new input of random numbers."""
        name = f"{name}s{self.seed}"
        sizes = [COUNT if size == N else size for size in shape]
        self.values[name] = self.rng.normal(size=sizes)
        return leaf(name, shape)

    def outputs(self):
        """Return the operation's result and its gradients, each sample by itself."""
        node, tie = self.node, self.leaf("tie", (N,)).sum() * 0
        total = (self.leaf("shares", node.shape) * sin(node)).sum()
        found = [node] if node.shape[:1] == (N,) else []
        found.append(total + tie)
        floats = [x for x in self.inputs if x.kind == "float"]
        if self.name in SMOOTH:
            slopes, _ = simplify(gradients(total, floats)[0])
            for x, slope in zip(floats, slopes, strict=True):
                shares = self.leaf(f"d{x.attrs['name']}", x.shape)
                found.append((slope * shares).sum() + tie)
                if slope.shape[:1] == (N,):
                    found.append(slope + 0 * shares)
        return found


@every_layout
@every_op
def test_operations_on_samples(name, layout):
    outputs, values = [], {}
    for seed in range(SEEDS):
        made = Batched(name, seed)
        outputs += made.outputs()
        values |= made.values
    agree(outputs, values, layout)


# Expressions in which operations meet.

ROWS = 11
SHAPES = {"X": (N, 4), "Y": (N,), "Z": (N, 1), "P": (N, 3, 2), "W": (4, 4), "V": (5, 2)}
SHAPES |= {"one": (1, 2), "u": (4,), "s": ()}
WHOLE = {"I": ((N,), 0, 4), "K": ((N, 3), -5, 5), "J": ((N, 3), -1, 1)}
WHOLE["L"] = ((N, 3), -(10**9), 10**9)
TRUTHS = {"B": (N, 4), "C": (N, 4), "D": (4,)}


@cache
def meeting():
    """Return expressions by name, and the values of what they are made of."""
    rng = np.random.default_rng(0)

    def sizes(shape):
        return [ROWS if size == N else size for size in shape]

    values = {name: rng.normal(size=sizes(shape)) for name, shape in SHAPES.items()}
    for name, (shape, low, high) in WHOLE.items():
        values[name] = rng.integers(low, high, size=sizes(shape))
    for name, shape in TRUTHS.items():
        values[name] = rng.normal(size=sizes(shape)) > 0
    made = {name: leaf(name, shape) for name, shape in SHAPES.items()}
    made |= {name: leaf(name, one[0], kind="int") for name, one in WHOLE.items()}
    made |= {name: leaf(name, shape, kind="bool") for name, shape in TRUTHS.items()}
    return expressions(**made), values


def put(x, *rows, shape):
    return apply("put", x, *rows, shape=shape)


def expressions(X, Y, Z, P, W, V, one, u, s, I, K, J, L, B, C, D):  # noqa: E741
    rows, turned = literal([0, 2, 0, -1]), np.tanh(P).transpose(0, 2, 1).reshape(N, 6)
    n = X.shape[0]
    each, rank, half = arange(n), arange(n, 1), whole(I / 2)
    four = arange(4)
    return {
        "rows of a view": W.T[I] * Z,
        "rows of a cut": W[1:, ::2][J] * Z[:, :, None],
        "rows of a reshaped array": W.reshape(8, 2)[I] * Z,
        "rows of a computed array": (2 * W)[I] * Z,
        "rows of a spread number": broadcast_to(s, (4, 2))[I] * Z,
        "the only row": one[J] * Z[:, :, None],
        "entries by number": u[I] * Y,
        "known entries": literal([1.0, 2.0, 5.0, 7.0])[I] * Y,
        "rows by known numbers": (W[rows] ** 2).sum(axis=0) * X,
        "rows by computed numbers": W[W[I].argmax(axis=1)] * X,
        "rows of samples side by side": X.T[literal([2, 0, -1])].T * Z,
        "added to rows": (put(P, K, shape=(5, 2)) * V).sum() + 0 * Y,
        "added to the only row": (put(P, J, shape=(1, 2)) * one).sum() * Y,
        "added to numbers": put(P[:, :, 0], K, shape=(5,)) @ V[:, 0] * Y,
        "added to one number": put(P[:, :, 0], J, shape=(1,)).sum() * Y,
        "added and taken": put(P, K, shape=(5, 2))[K],
        "added by known numbers": put(W[:, :3], rows, shape=(5, 3)).sum(axis=0)
        * X[:, :3],
        "added by computed numbers": put(P, P.argmax(axis=2), shape=(5, 2))[I],
        "added side by side": put(X.T, rows, shape=(3, N)).T * Z,
        "an entry of each sample": [
            X[each, I],
            P[each, half],
            P[each, I - half, half - half],
        ],
        "entries of each sample": [P[rank, J], P[rank, whole(K / 9), J]],
        "entries of a view": P.transpose(0, 2, 1)[rank, J],
        "rows of all samples": W[four, half[:, None]].sum(axis=1) * Y,
        "added to samples": [
            put(P, rank, J, shape=(N, 3, 2)),
            put(Y, each, I, shape=(N, 4)),
        ],
        "added to each": [
            put(X, each, shape=(N, 4)),
            put(P, rank, [1, 2, 0], shape=(N, 3, 2)),
        ],
        "the diagonal": [
            W[four, four] * X,
            put(u, four, four, shape=(4, 4)) @ X[:, :, None],
        ],
        "added in samples": put(P, rank, J, J, shape=(N, 2, 3, 2)),
        "added to all": put(P, rank, J, shape=(N, 1, 2)),
        "backwards": [
            X[:, ::-1],
            X[:, 2::-2] @ W[:2],
            P[:, ::-1, ::-1] * Z[:, :, None],
        ],
        "placed backwards": (X[:, ::-1] ** 2 @ W)[:, 3:0:-1],
        "whole parts": [
            whole(X * 3),
            whole(X * 3) + 0.5,
            W[whole(np.minimum(np.abs(Y), 3))],
        ],
        "numbers of places": [four * X, arange(3, 1) + P, each * Y],
        "truths": [B * C, B + C, np.maximum(B, C), np.minimum(B, D), np.where(B, C, B)],
        "truths compared": [B > C, B >= C, B < D, B <= C, np.equal(B, C)],
        "truths folded": [B.max(axis=1), B.sum(axis=1), B.mean(axis=1), B.mean() * Y],
        "the largest of truths": [Z * B.max(axis=1, keepdims=True), D.max() * Y],
        "a choice by the largest": np.where(B.max(axis=1), Y, 0),
        "large whole numbers": [L.max(axis=1), L.argmax(axis=1), L + K, L // 3],
        "whole numbers": [K / 2, K**2, np.maximum(K, 2), np.clip(K, 1, 2), K > 1.5],
        "whole numbers chosen": [np.where(K > 1, K, 0), np.where(X > 0, 1, 2)],
        "places through turned axes": [turned.argmax(axis=1), turned.max(axis=1)],
        "places through all axes": P.transpose(0, 2, 1).reshape(N, 6).argmax(axis=1),
        "one-hot": [one_hot(K, 5), one_hot(X.argmax(axis=1), 4) * X],
        "one-hot of known labels": one_hot(rows, 4) @ u * X,
        "the square of the count": [X * (n * n), X.sum() / (n * n * 3) + Y],
        "other digits": X.reshape(N, 2, 2).transpose(0, 2, 1).reshape(N, 4),
        "axes cut across": [np.tanh(P).reshape(N, 2, 3), P.reshape(N, 2, 3)[:, 1]],
        "samples last": X.T.reshape(2, 2, N).sum(axis=0).T,
        "more rows than samples": X.reshape(-1, 2).sum(axis=1).reshape(N, 2),
        "normalised": (X - X.mean(axis=0)) / np.sqrt((X**2).mean(axis=0) + 1e-5),
        "sums over samples used": [X @ (X.T @ X), (Y @ X) @ u * Y, X * X.sum(axis=0)],
        "joined": [concatenate([X, X * 2, Z], axis=1), np.stack([X, -X], axis=2)],
        "powers": [np.abs(X) ** 1.5, np.abs(X) ** s**2, 2.0**X, X**3, X**-2, X**0],
        "steps": [np.floor(X * 3), np.sign(X), np.clip(X, -0.5, u**2), X // 0.3],
        "waves": [np.sin(X * 50), np.cos(X * 50), np.expm1(X), np.logaddexp(X, u)],
        "numbers": [np.where(s > 1, X, 0), np.where(X.sum() > 0, X, -X), s * X * s],
        "matrices": [P @ W[:2, :2], P @ P.transpose(0, 2, 1), W[0] @ W * X, X @ u],
    }


@every_layout
def test_operations_that_meet(layout):
    made, values = meeting()
    flat = {
        f"{name} {i}": node
        for name, nodes in made.items()
        for i, node in enumerate(nodes if isinstance(nodes, list) else [nodes])
    }
    agree([*flat.values()], values, layout, [*flat], ROWS)


X, Y = leaf("X", (N, 4)), leaf("Y", (N,))


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (X.max(axis=0), "max over the samples"),
        (X.min(), "max over the samples"),
        (one_hot(X.argmax(axis=0), 9), "argmax over the samples"),
        (softmax_of(X, 0), "max over the samples"),
        ((X @ X.T).sum(axis=1), "pairs of samples"),
        (((X[:, None] - X[None]) ** 2).mean(), "pairs of samples"),
        (X[literal([0, 2])], "chosen among the samples"),
        (X.reshape(2, N * 2).sum(axis=1), "through the batch"),
    ],
)
def test_what_has_no_native_form_is_said(node, message):
    with pytest.raises(Unsupported, match=message):
        evaluate([node.sum() * Y], {}, count=ROWS)
