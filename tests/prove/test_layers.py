"""Layers and activations as people write them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import plaingrad as pg

rng = np.random.default_rng(0)
x = rng.normal(size=(5, 4))


class Affine:
    def __init__(self):
        self.W, self.b = rng.normal(size=(4, 3)), np.zeros(3)
        self.x = self.dW = self.db = None

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class Returning(Affine):
    def backward(self, dout):
        return dout @ self.W.T, self.x.T @ dout, dout.sum(axis=0)


class Listing(Affine):
    def __init__(self):
        super().__init__()
        self.params, self.grads = [self.W, self.b], [None, None]

    def forward(self, x):
        W, b = self.params
        self.x = x
        return x @ W + b

    def backward(self, dout):
        W, _ = self.params
        self.grads[0] = self.x.T @ dout
        self.grads[1] = dout.sum(axis=0)
        return dout @ W.T


class Relu:
    def forward(self, x):
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dout[self.mask] = 0
        return dout


class SoftmaxWithLoss:
    def forward(self, x, t):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.t, self.y = t, e / e.sum(axis=1, keepdims=True)
        return -np.log(self.y[np.arange(len(t)), t]).mean()

    def backward(self, dout=1):
        dx = self.y.copy()
        dx[np.arange(len(self.t)), self.t] -= 1
        return dx * dout / len(self.t)


class LinearLayer:
    """As Peter Roelants has them: parameters one by one."""

    def __init__(self):
        self.W, self.b = rng.normal(size=(4, 3)), np.zeros(3)

    def get_params_iter(self):
        return itertools.chain(
            np.nditer(self.W, op_flags=["readwrite"]),
            np.nditer(self.b, op_flags=["readwrite"]),
        )

    def get_output(self, X):
        return X @ self.W + self.b

    def get_params_grad(self, X, output_grad):
        JW, Jb = X.T @ output_grad, output_grad.sum(axis=0)
        return list(itertools.chain(np.nditer(JW), np.nditer(Jb)))

    def get_input_grad(self, Y, output_grad):
        return output_grad @ self.W.T


class SoftmaxOutput:
    def get_output(self, X):
        e = np.exp(X - X.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def get_input_grad(self, Y, T):
        return (Y - T) / Y.shape[0]

    def get_cost(self, Y, T):
        return -np.multiply(T, np.log(Y)).sum() / Y.shape[0]


TARGETS = np.array([0, 1, 2, 3, 0])
LAYERS = {
    "attributes": (Affine, ()),
    "a tuple": (Returning, ()),
    "lists": (Listing, ()),
    "no parameters": (Relu, ()),
    "a loss": (SoftmaxWithLoss, (TARGETS,)),
    "get_output": (LinearLayer, ()),
    "get_cost": (SoftmaxOutput, (np.eye(4)[TARGETS],)),
}


@pytest.mark.parametrize("form", LAYERS)
def test_right_layers(form: str) -> None:
    kind, more = LAYERS[form]
    layer = kind()
    before = {
        k: np.copy(v) for k, v in vars(layer).items() if isinstance(v, np.ndarray)
    }
    report = pg.check_layer(layer, x, *more)
    assert report.ok, str(report)
    assert not report.findings
    has = 1 if form in ("no parameters", "a loss", "get_cost") else 3
    assert len(report.rows) == has
    for name, array in before.items():
        np.testing.assert_array_equal(getattr(layer, name), array)


def test_a_layer_that_was_used_before() -> None:
    layer = Affine()
    layer.backward(layer.forward(x))
    report = pg.check_layer(layer, x)
    assert report.ok
    assert [row.name for row in report.rows] == ["x", "W", "b"]


class Dropout:
    def __init__(self):
        self.keep, self.mask = 0.8, None

    def forward(self, x):
        self.mask = (np.random.rand(*x.shape) < self.keep) / self.keep
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask


def test_a_layer_that_draws_leaves_the_random_numbers_alone() -> None:
    layer = Dropout()
    layer.forward(x)
    before = np.random.get_state()[1:3]
    report = pg.check_layer(layer, x)
    assert report.ok
    assert [row.name for row in report.rows] == ["x"]
    for one, other in zip(np.random.get_state()[1:3], before, strict=True):
        np.testing.assert_array_equal(one, other)


class Keyed:
    def __init__(self):
        self.params, self.grads = {"fc1.W": rng.normal(size=(4, 3))}, {}

    def forward(self, x):
        self.x = x
        return x @ self.params["fc1.W"]

    def backward(self, dout):
        self.grads["fc1.W"] = self.x.T @ dout
        return dout @ self.params["fc1.W"].T


class ByArrays(LinearLayer):
    def get_params_grad(self, X, output_grad):
        return [X.T @ output_grad, output_grad.sum(axis=0)]


@pytest.mark.parametrize(("kind", "count"), [(Keyed, 2), (ByArrays, 3)])
def test_other_ways_to_keep_gradients(kind, count: int) -> None:
    report = pg.check_layer(kind(), x)
    assert report.ok
    assert len(report.rows) == count


def test_a_target_that_is_changed_in_place_is_the_layers_own_copy() -> None:
    class Rude(SoftmaxOutput):
        def get_cost(self, Y, T):
            T *= 0.5
            return super().get_cost(Y, 2 * T)

    target = np.eye(4)[TARGETS]
    assert pg.check_layer(Rude(), x, target).ok
    np.testing.assert_array_equal(target, np.eye(4)[TARGETS])


class WrongAxis(Affine):
    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=1)
        return dout @ self.W.T


class Unset(Affine):
    def backward(self, dout):
        self.dW = self.x.T @ dout
        return dout @ self.W.T


class Sum(SoftmaxWithLoss):
    def backward(self, dout=1):
        dx = self.y.copy()
        dx[np.arange(len(self.t)), self.t] -= 1
        return dx * dout


class Masked(SoftmaxOutput):
    def get_input_grad(self, Y, T):
        return (T - Y) / Y.shape[0]


@pytest.mark.parametrize(
    ("kind", "more", "param", "cause", "after"),
    [
        (WrongAxis, (), "b", "axis", "self.db = dout.sum(axis=0)"),
        (Unset, (), "b", "missing", ""),
        (Sum, (TARGETS,), "x", "batch", "return dx * dout / len(x)"),
        (Masked, (np.eye(4)[TARGETS],), "x", "sign", "return (Y - T) / Y.shape[0]"),
    ],
)
def test_wrong_layers(kind, more, param, cause, after) -> None:
    report = pg.check_layer(kind(), x, *more)
    finding = report.findings[0]
    assert not report.ok
    assert (finding.params, finding.cause) == ((param,), cause)
    assert finding.after == after


def tanh2deriv(output):
    return 1 - output**2


def relu(z):
    return (z > 0) * z


def relu2deriv(output):
    return output >= 0


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def sigmoid_deriv(z):
    return z * (1 - z)


def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()


def jacobian(z):
    s = softmax(z)
    return np.diag(s) - np.outer(s, s)


def numeric(z, h=1e-4):
    return (np.sin(z + h) - np.sin(z - h)) / 2 * h


def test_functions() -> None:
    assert pg.check_function(np.sin, np.cos).ok
    assert pg.check_function(relu, lambda z: z > 0, x).ok
    assert pg.check_function(softmax, jacobian, np.array([1.0, 2.0, -1.0])).ok
    report = pg.check_function(np.tanh, tanh2deriv)
    assert report.ok
    assert [f.cause for f in report.findings] == ["of_output"]
    assert [f.cause for f in pg.check_function(sigmoid, sigmoid_deriv).findings] == [
        "of_output"
    ]


@pytest.mark.parametrize(
    ("f", "df", "cause", "after"),
    [
        (relu, relu2deriv, "mask", "return output > 0"),
        (np.sin, numeric, "step", "return (np.sin(z + h) - np.sin(z - h)) / (2 * h)"),
        (np.cos, np.sin, "sign", ""),
        (np.sin, lambda z: 0 * z, "zeros", ""),
    ],
)
def test_wrong_functions(f, df, cause, after) -> None:
    report = pg.check_function(f, df)
    assert not report.ok
    assert (report.findings[0].cause, report.findings[0].after) == (cause, after)
