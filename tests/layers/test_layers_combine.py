"""Layers made of layers, layers used twice, and frozen ones."""

import numpy as np
import pytest

from helpers_layers import compiled, traced
from plaingrad.errors import PlaingradError, SettingError, ShapeError
from plaingrad.graph import Node
from plaingrad.layers import Conv2d, Flatten, Layer, Linear, ReLU, Residual, Sequence

torch = pytest.importorskip("torch")
functional = torch.nn.functional


class Beside(Layer):
    """Two layers that see the same input."""

    def __init__(self, left: Layer, right: Layer) -> None:
        self.left, self.right = left, right

    def forward(self, x: Node, /) -> Node:
        return self.left(x) + self.right(x)


def names(layer: Layer, *sizes: int) -> list[str]:
    return list(traced(layer, *sizes).trace.parameters)


def free(layer: Layer, *sizes: int) -> list[str]:
    found = traced(layer, *sizes).trace.parameters
    return [name for name, declared in found.items() if declared.trainable]


def test_a_shared_layer_has_one_set_of_parameters_and_both_gradients() -> None:
    shared = Linear(3)
    net = traced(Sequence(shared, ReLU(), shared), 3)
    assert list(net.trace.parameters) == ["W1", "b1"]
    values = net.values(4, np.random.default_rng(0))
    X, W, b, R = (torch.tensor(values[n]) for n in ("X", "W1", "b1", "R"))
    for leaf in (X, W, b):
        leaf.requires_grad_()
    out = functional.relu(X @ W + b) @ W + b
    out.backward(R)
    ours = compiled([net.out, *net.gradients])(values)
    for got, expected in zip(ours, [out, X.grad, W.grad, b.grad], strict=True):
        np.testing.assert_allclose(got, expected.detach().numpy(), rtol=1e-12)


def test_the_gradient_of_a_shared_convolution_is_the_sum_over_its_uses() -> None:
    shared = Conv2d(2, 3, padding="same")
    net = traced(Beside(shared, Sequence(ReLU(), shared)), 3, 3, 2)
    first = traced(Sequence(shared), 3, 3, 2)
    second = traced(Sequence(ReLU(), shared), 3, 3, 2)
    values = net.values(2, np.random.default_rng(0))
    both, one, other = (compiled(x.gradients)(values) for x in (net, first, second))
    for total, a, b in zip(both, one, other, strict=True):
        np.testing.assert_allclose(total, a + b, rtol=1e-12, atol=1e-14)


def test_two_layers_alike_are_two_layers() -> None:
    assert Linear(3) != Linear(3)
    assert len({Linear(3), Linear(3)}) == 2
    assert names(Sequence(Linear(3), Linear(3)), 3) == ["W1", "b1", "W2", "b2"]


def test_names_given_by_the_user_are_used() -> None:
    net = Sequence(Linear(3, name="first layer"), Conv2d(1, 1, name="eye"))
    assert names(net[0], 2) == ["first_layer_W", "first_layer_b"]
    assert names(net[1], 2, 2, 1) == ["eye_W", "eye_b"]


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (Sequence(Linear(3, trainable=False), Linear(3)), ["W2", "b2"]),
        (Sequence(Linear(3).freeze(), Linear(3)), ["W2", "b2"]),
        (Sequence(Sequence(Linear(3), Linear(3)).freeze(), Linear(3)), ["W3", "b3"]),
        (Residual(Linear(3), Residual(Linear(3)).freeze()), ["W1", "b1"]),
        (Sequence(Linear(3), Linear(3)).freeze(), []),
        (Sequence(Linear(3), Linear(3)), ["W1", "b1", "W2", "b2"]),
    ],
    ids=repr,
)
def test_freezing_holds_for_all_parts_inside(layer: Layer, expected: list[str]) -> None:
    assert free(layer, 3) == expected


def test_a_shared_layer_is_frozen_when_one_of_its_holders_is() -> None:
    shared = Linear(3)
    assert free(Beside(shared, Sequence(shared).freeze()), 3) == []
    assert free(Beside(Sequence(shared).freeze(), shared), 3) == []
    assert free(Beside(shared, Sequence(shared)), 3) == ["W1", "b1"]


def test_freeze_returns_the_layer_and_leaves_its_parts_to_themselves() -> None:
    inner = Linear(3)
    outer = Sequence(inner)
    assert outer.freeze() is outer
    assert inner.trainable
    assert free(inner, 3) == ["W1", "b1"]


def test_a_frozen_layer_no_longer_says_that_it_is_trainable() -> None:
    assert repr(Linear(3, trainable=True).freeze()) == "Linear(3, trainable=False)"
    assert repr(Linear(3).freeze()) == "Linear(3)"


def test_a_residual_adds_its_input() -> None:
    net = traced(Residual(ReLU()), 3)
    x = np.array([[-1.0, 0.5, 2.0]])
    (out,) = compiled([net.out])({"X": x})
    np.testing.assert_array_equal(out, [[-1.0, 1.0, 4.0]])


def test_a_residual_of_two_shapes_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"turn \(n, 3\) into \(n, 4\)") as caught:
        traced(Residual(Linear(4)), 3)
    assert "Let the last layer have 3 outputs" in str(caught.value)


def test_a_sequence_is_walked_like_a_list() -> None:
    first, second = Linear(2), ReLU()
    net = Sequence(first, second)
    assert list(net) == [first, second]
    assert len(net) == 2
    assert net[1] is second


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (ReLU, r"got ReLU\. Add parentheses"),
        ([ReLU()], r"got \[ReLU\(\)\]\. Pass them one by one"),
        ("relu", "expected layers, got 'relu'"),
    ],
)
def test_what_is_no_layer_is_refused(given: object, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        Sequence(Linear(3), given)


def test_a_layer_needs_a_network_and_a_forward() -> None:
    with pytest.raises(PlaingradError, match="called outside a network"):
        ReLU()(traced(ReLU(), 2).x)
    with pytest.raises(PlaingradError, match="Layer has no forward method"):
        traced(Layer(), 2)


def test_a_layer_that_holds_itself_is_named() -> None:
    class Loop(Layer):
        def forward(self, x: Node, /) -> Node:
            return self(x)

    with pytest.raises(PlaingradError, match=r"Loop\(\) calls itself"):
        traced(Loop(), 2)


def test_errors_show_the_shapes_up_to_the_failing_layer() -> None:
    net = Sequence(Conv2d(4, 3), Residual(ReLU(), Conv2d(2, 5)), Flatten())
    with pytest.raises(ShapeError) as caught:
        traced(net, 6, 6, 1)
    chain = (
        "(n, 6, 6, 1) -> Conv2d(4, 3) -> (n, 4, 4, 4) -> ReLU() -> (n, 4, 4, 4) "
        "-> Conv2d(2, 5)"
    )
    message = str(caught.value)
    assert message.startswith("Conv2d(2, 5): a window that spans 5 does not fit")
    assert message.endswith(f"The shapes so far: {chain}")


def test_a_part_that_has_run_stands_for_its_own_parts() -> None:
    net = Sequence(Residual(Linear(3), ReLU()), Conv2d(2, 1))
    with pytest.raises(ShapeError) as caught:
        traced(net, 3)
    chain = "(n, 3) -> Residual(Linear(3), ReLU()) -> (n, 3) -> Conv2d(2, 1)"
    assert str(caught.value).endswith(f"The shapes so far: {chain}")
