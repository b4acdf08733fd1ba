"""What layers say when a setting or a shape is wrong."""

from collections.abc import Callable

import pytest

from helpers_layers import traced
from plaingrad.errors import SettingError, ShapeError
from plaingrad.initializers import He
from plaingrad.layers import (
    ELU,
    AvgPool2d,
    Conv2d,
    Dropout,
    Flatten,
    GaussianNoise,
    GlobalAvgPool2d,
    Layer,
    LeakyReLU,
    Linear,
    MaxPool2d,
    RandomCrop,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    ReLU,
    Reshape,
    Sequence,
    Softmax,
)

SETTINGS = [
    (lambda: Linear(0), "units must be a whole number of at least 1, got 0"),
    (lambda: Linear(2.5), "units must be a whole number"),
    (lambda: Linear(3, "relu"), r"bias must be True or False, got 'relu'.*pg\.ReLU"),
    (lambda: Linear(3, init="he"), r"init must be an initialiser, got 'he'.*pg\.He"),
    (lambda: Linear(3, init=He), "init must be an initialiser, got He"),
    (lambda: Conv2d(0, 3), "filters must be a whole number"),
    (lambda: Conv2d(4, 0), "kernel_size must be a whole number of at least 1, got 0"),
    (lambda: Conv2d(4, (3, 3, 3)), r"kernel_size must be one whole number or a pair"),
    (lambda: Conv2d(4, 3, stride=0), "stride must be a whole number of at least 1"),
    (lambda: Conv2d(4, 3, padding="sam"), "unknown padding 'sam'.*mean 'same'"),
    (lambda: Conv2d(4, 3, padding=-1), "padding must be a whole number of at least 0"),
    (lambda: Conv2d(4, 3, dilation=0), "dilation must be a whole number"),
    (lambda: Conv2d(4, 3, groups=3), "got 4 filters in 3 groups"),
    (lambda: Conv2d(4, 3, groups=0), "groups must be a whole number"),
    (lambda: Conv2d(4, 3, bias=1), "bias must be True or False"),
    (lambda: MaxPool2d(0), "size must be a whole number"),
    (lambda: MaxPool2d(2, stride=0), "stride must be a whole number"),
    (lambda: MaxPool2d(2, padding=2), "padding must be smaller than the window"),
    (lambda: AvgPool2d((2, 3), padding=(0, 3)), "some windows would see no pixel"),
    (lambda: AvgPool2d(2, padding="full"), "unknown padding 'full'"),
    (lambda: Dropout(1), r"rate must lie in \[0, 1\), got 1"),
    (lambda: Dropout(-0.1), "rate must lie in"),
    (lambda: GaussianNoise(-1), "std must be a finite number not below 0, got -1"),
    (lambda: GaussianNoise(float("inf")), "std must be a finite number"),
    (lambda: GaussianNoise(True), "std must be a finite number"),
    (lambda: RandomFlip("horizontally"), "unknown mode.*Did you mean 'horizontal'"),
    (lambda: RandomTranslation(0.1), r"whole number of pixels, got 0\.1"),
    (lambda: RandomTranslation((0.1, 0.1)), r"whole number of pixels, got \(0\.1"),
    (lambda: RandomTranslation(-1), "shift must be a whole number of at least 0"),
    (lambda: RandomTranslation((1, 2, 3)), "shift must be one whole number or a pair"),
    (lambda: RandomTranslation(1, fill="wrap"), "finite number or 'edge', got 'wrap'"),
    (lambda: RandomCrop(0), "size must be a whole number of at least 1"),
    (lambda: RandomCrop(2, padding=-1), "padding must be a whole number of at least 0"),
    (lambda: RandomCrop(2, fill=float("nan")), "fill must be a finite number"),
    (lambda: RandomRotation(181), "degrees must be a finite number from 0 to 180"),
    (lambda: RandomRotation((-5, 5)), "degrees must be a finite number"),
    (lambda: LeakyReLU(1.5), "slope must lie in"),
    (lambda: ELU(0), "alpha must be a positive number"),
    (lambda: Softmax(0), "axis 0 is the batch"),
    (lambda: Softmax("last"), "axis must be a whole number"),
    (lambda: Reshape(), "Reshape needs the sizes"),
    (lambda: Reshape(-1, -1), "at most one of them -1"),
    (lambda: Reshape(0), "a size must be a whole number of at least 1"),
]


@pytest.mark.parametrize(("make", "message"), SETTINGS)
def test_settings_out_of_range_are_named(
    make: Callable[[], Layer], message: str
) -> None:
    with pytest.raises(SettingError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ReLU(3), "ReLU: too many positional arguments"),
        (lambda: Linear(), "Linear: missing a required argument: 'units'"),
        (lambda: Conv2d(4, 3, strides=2), "Conv2d: got an unexpected keyword argument"),
    ],
)
def test_arguments_that_do_not_exist_are_named(
    make: Callable[[], Layer], message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        make()


@pytest.mark.parametrize(
    ("layer", "sizes", "message"),
    [
        (Linear(3), (), "Give X two axes"),
        (Conv2d(4, 3), (28, 28), r"Grey images need a last axis: X\[\.\.\., None\]"),
        (Conv2d(4, 3), (784,), r"Give flat images their axes back: X\.reshape"),
        (Conv2d(4, 3), (2, 8, 8, 3), r"\(n, height, width, channels\), got"),
        (MaxPool2d(), (28, 28), "Grey images need a last axis"),
        (GlobalAvgPool2d(), (28, 28), "Grey images need a last axis"),
        (Conv2d(4, 5), (3, 3, 1), "spans 5 does not fit into an image of size 3"),
        (Conv2d(4, 3, dilation=2), (4, 4, 1), "spans 5 does not fit"),
        (MaxPool2d(3), (2, 4, 1), "spans 3 does not fit into an image of size 2"),
        (Conv2d(4, 3, groups=2), (4, 4, 3), "3 channels cannot be split into 2 groups"),
        (Reshape(2, 2), (5,), r"shape \(n, 5\) has n \* 5 entries"),
        (Reshape(-1, 2), (5,), "no multiple of"),
        (Softmax(axis=3), (5,), "axis 3 does not exist"),
    ],
    ids=repr,
)
def test_shapes_that_do_not_fit_are_named(
    layer: Layer, sizes: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ShapeError, match=message) as caught:
        traced(Sequence(ReLU(), layer), *sizes)
    said = str(caught.value)
    assert said.startswith(f"{layer!r}: ")
    assert said.endswith(f") -> {layer!r}")


def test_a_shared_layer_needs_inputs_of_one_size() -> None:
    shared = Linear(3)
    with pytest.raises(ShapeError, match="A layer that is used twice needs inputs of"):
        traced(Sequence(shared, Linear(2), shared), 3)


def test_layers_print_as_they_were_written() -> None:
    assert repr(Linear(3, init=He(uniform=True))) == "Linear(3, init=He(uniform=True))"
    assert repr(Conv2d(4, (3, 1), padding="same")) == (
        "Conv2d(4, (3, 1), padding='same')"
    )
    assert repr(Reshape(28, 28, 1)) == "Reshape(28, 28, 1)"
    assert repr(Sequence(MaxPool2d(2), Flatten())) == (
        "Sequence(MaxPool2d(size=2), Flatten())"
    )


def test_layers_of_the_user_are_remembered_whatever_they_take() -> None:
    class Block(Layer):
        def __init__(self, *parts: Layer, width: int = 3, **options: object) -> None:
            self.parts, self.width, self.options = parts, width, options

    block = Block(ReLU(), Flatten(), width=4, depth=2)
    assert repr(block) == "Block(ReLU(), Flatten(), width=4, depth=2)"
    again = Block.remade(block.arguments)
    assert (again.parts, again.width, again.options) == (block.parts, 4, {"depth": 2})
