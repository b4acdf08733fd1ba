"""`check_function` and `check_layer`: activations and layers that the user wrote."""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ..errors import DataError
from .calling import Function
from .check import Made, Subject, examine
from .diagnose import Finding
from .evidence import as_gradient
from .parameters import Array, Arrays, claims, leaves, parameters
from .sources import Adapt
from .verdict import CheckReport, known_language, report


def check_function(
    f: Function, df: Function, x: Any = None, *, lang: str = "en"
) -> CheckReport:
    """Compare the derivative of an activation with the slopes of the activation.

    Parameters
    ----------
    f
        Takes an array and returns one of the same shape.
    df
        Its derivative: takes the same array and returns one number for each entry, or
        all derivatives of all entries (shape `(*x.shape, *x.shape)`). One that takes
        the output of `f` instead, as many notes have it, is found right with a remark;
        what is called `output` or `a` is given the output.
    x
        Where to look; by default from -3 to 3.
    lang
        The language of the report: "en" or "zh".

    Returns
    -------
    CheckReport
        Print it; `.ok` says whether all is right.

    Raises
    ------
    DataError
        When `f` does not return an array of the shape of `x`.

    Examples
    --------
    >>> import numpy as np
    >>> check_function(np.tanh, lambda x: 1 - np.tanh(x) ** 2).ok
    True
    """
    known_language(lang)
    given = np.linspace(-3, 3, 40) if x is None else np.asarray(x)
    params = parameters(given)
    weights = _weights(given.shape)
    if np.shape(f(given.copy())) != given.shape:
        raise DataError(
            f"the function must return an array of the shape that it is given, "
            f"{given.shape}, got {np.shape(f(given.copy()))}."
        )

    def made(adapt: Adapt, of_output: bool) -> Made:
        own, derivative = adapt(f), adapt(df)

        def loss(array: Array) -> float:
            return float((own(array) * weights).sum())

        def grads(array: Array) -> Any:
            found = derivative(own(array) if of_output else array)
            if np.shape(found) == (*given.shape, *given.shape):
                return np.tensordot(weights, found, given.ndim)
            entries = as_gradient(found, given.shape)
            return found if entries is None else entries * weights

        return loss, grads

    plain = Subject([f, df], params, lambda adapt: made(adapt, False))
    other = Subject([f, df], params, lambda adapt: made(adapt, True))
    if _agrees(other) and not _agrees(plain):
        evidence, findings = examine(other, given.size)
        remark = Finding("of_output", holds="df(f(x)) = measured")
        return report(evidence, [remark, *findings], lang)
    return report(*examine(other if _means_output(df) else plain, given.size), lang)


def _means_output(df: Function) -> bool:
    """Return whether the name of a derivative's argument tells of an output."""
    try:
        first, *_ = inspect.signature(df).parameters
    except (ValueError, TypeError):
        return False
    return re.fullmatch(r"out\w*|y|a|act\w*|h", first) is not None


def _agrees(subject: Subject) -> bool:
    """Return whether claims agree with the slopes, without asking why not."""
    try:
        evidence, _ = examine(subject, 40, why=False)
    except (DataError, ValueError, TypeError):
        return False
    return not evidence.wrong()


def check_layer(
    layer: Any, x: Any, target: Any = None, *, entries: int = 40, lang: str = "en"
) -> CheckReport:
    """Compare what a layer's backward pass gives with the slopes of its forward pass.

    Parameters
    ----------
    layer
        An object with `forward(x)` and `backward(dout)`, which returns the gradient of
        the input and leaves those of its parameters in attributes (dW, grads), or
        returns a tuple of them after it; or with `get_output(x)`,
        `get_input_grad(y, dout)` and `get_params_grad(x, dout)`. It is copied before
        each call.
    x
        An input of the layer, floats.
    target
        For a layer that is a loss: the targets, as in `forward(x, target)` and
        `backward()`, or `get_cost(y, target)` and `get_input_grad(y, target)`.
    entries
        How many entries of each array are looked at one by one.
    lang
        The language of the report: "en" or "zh".

    Returns
    -------
    CheckReport
        Print it; `.ok` says whether all is right.

    Raises
    ------
    DataError
        When the object has no such methods.
    """
    known_language(lang)
    kind = next((form for form in FORMS if hasattr(layer, form.forward)), None)
    if kind is None:
        raise DataError(
            f"{type(layer).__name__} is no layer that can be checked: it needs the "
            f"methods forward and backward, or get_output and get_input_grad."
        )
    array = np.asarray(x)
    form = kind(layer, array, target)
    found = parameters({"x": array, **form.parameters()})
    functions = [
        method
        for name in form.methods
        if callable(method := getattr(layer, name, None))
    ]
    subject = Subject(functions, found, form.make)
    return report(*examine(subject, entries), lang)


class _ForwardBackward:
    """A layer with forward and backward."""

    forward = "forward"
    methods: tuple[str, ...] = ("forward", "backward")

    def __init__(self, layer: Any, x: Array, target: Any) -> None:
        self.layer, self.x, self.target = layer, x, target
        out = self.output(copy.deepcopy(layer), x.copy())
        self.weights = _weights(np.shape(out))

    def output(self, layer: Any, x: Array) -> Any:
        """Return what the layer makes of its input."""
        return (
            layer.forward(x) if self.target is None else layer.forward(x, self.target)
        )

    def gradients(self, layer: Any, x: Array) -> dict[str, Any]:
        """Return what the layer claims, after a forward pass."""
        self.output(layer, x)
        if self.target is not None and not _wants(layer.backward):
            found = layer.backward()
        else:
            found = layer.backward(self.weights.copy() if self.weights.ndim else 1.0)
        if isinstance(found, tuple):
            names = list(self.parameters())
            return dict(zip(["x", *names], found, strict=False))
        held = getattr(layer, "grads", None)
        inside = held if isinstance(held, (Mapping, list, tuple)) else layer
        return {**_own(inside, self.parameters()), "x": found}

    def parameters(self) -> Arrays:
        """Return the arrays that the output depends on, by the names of attributes."""
        found = dict(_floats(self.layer))
        base = self.output(copy.deepcopy(self.layer), self.x.copy())
        return {name: array for name, array in found.items() if self._used(name, base)}

    def _used(self, name: str, base: Any) -> bool:
        layer = copy.deepcopy(self.layer)
        array = _get(layer, name)
        _set(layer, name, array + 0.1 * (1 + np.abs(array)))
        return not np.array_equal(self.output(layer, self.x.copy()), base)

    def make(self, adapt: Adapt) -> Made:
        """Return a loss, the weighted sum of the output, and the gradients."""
        own = adapt(self.layer)

        def filled(params: Mapping[str, Array]) -> tuple[Any, Array]:
            layer = copy.deepcopy(own)
            for name, array in params.items():
                if name != "x":
                    _set(layer, name, array)
            return layer, params["x"]

        def loss(params: Mapping[str, Array]) -> float:
            return float(
                (np.asarray(self.output(*filled(params))) * self.weights).sum()
            )

        def grads(params: Mapping[str, Array]) -> dict[str, Any]:
            return self.gradients(*filled(params))

        return loss, grads


class _GetOutput(_ForwardBackward):
    """A layer with get_output, get_input_grad and get_params_grad."""

    forward = "get_output"
    methods = ("get_output", "get_input_grad", "get_params_grad", "get_cost")

    def output(self, layer: Any, x: Array) -> Any:
        """Return the output of the layer, or its cost beside a target."""
        out = layer.get_output(x)
        return out if self.target is None else layer.get_cost(out, self.target)

    def gradients(self, layer: Any, x: Array) -> dict[str, Any]:
        """Return what the layer claims."""
        out = layer.get_output(x)
        after = self.weights if self.target is None else self.target
        claimed = {"x": layer.get_input_grad(out, after)}
        names = self.parameters()
        if names and hasattr(layer, "get_params_grad"):
            found = layer.get_params_grad(x, after)
            flat = np.concatenate([np.ravel(part) for part in found])
            ends = np.cumsum([array.size for array in names.values()])
            parts = np.split(flat, ends[:-1])
            for (name, array), part in zip(names.items(), parts, strict=True):
                fits = part.size == array.size
                claimed[name] = part.reshape(array.shape) if fits else part
        return claimed


FORMS = (_ForwardBackward, _GetOutput)


def _weights(shape: tuple[int, ...]) -> Array:
    """Return numbers for a weighted sum, which no entry can hide in; 1 for a number."""
    if shape == ():
        return np.ones(())
    return np.random.default_rng(0).uniform(0.5, 1.5, shape)


def _wants(method: Callable[..., Any]) -> bool:
    needed = inspect.signature(method).parameters.values()
    return any(p.default is p.empty for p in needed)


def _floats(layer: Any) -> Iterator[tuple[str, Array]]:
    for path, value in leaves(layer):
        if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size:
            if path[0] in ("grads", "grad") or str(path[-1]).startswith(("d", "grad")):
                continue
            if len(path) == 1 or path[0] == "params":
                yield ".".join(map(str, path)), value


def _get(layer: Any, name: str) -> Array:
    for part in name.split("."):
        layer = _inner(layer, part)
    return layer  # type: ignore[no-any-return]


def _inner(holder: Any, part: str) -> Any:
    if isinstance(holder, Mapping):
        return holder[part]
    return holder[int(part)] if isinstance(holder, list) else getattr(holder, part)


def _set(layer: Any, name: str, array: Array) -> None:
    *above, last = name.split(".")
    for part in above:
        layer = _inner(layer, part)
    if isinstance(layer, list):
        layer[int(last)] = array
    elif isinstance(layer, Mapping):
        layer[last] = array  # type: ignore[index]
    else:
        setattr(layer, last, array)


def _own(inside: Any, params: Arrays) -> dict[str, Any]:
    """Return the gradients of parameters among what a layer holds."""
    if not params:
        return {}
    if isinstance(inside, (list, tuple)):
        return dict(zip(params, inside, strict=False))
    held = parameters({name.rpartition(".")[2]: a for name, a in params.items()})
    found = claims(inside, held, own=isinstance(inside, Mapping))
    return dict(zip(params, found.values(), strict=True))
