"""`check_function` and `check_layer`: activations and layers that the user wrote."""

from __future__ import annotations

import copy
import functools
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ..errors import DataError, whole
from .calling import Calls, Function
from .check import Made, Subject, examine
from .diagnose import Finding
from .evidence import as_gradient
from .parameters import Array, Arrays, Path, claims, leaves, parameters
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
    SettingError
        When the language is not known.

    Examples
    --------
    >>> import numpy as np
    >>> check_function(np.tanh, lambda x: 1 - np.tanh(x) ** 2).ok
    True
    """
    known_language(lang)
    given = np.linspace(-3, 3, 40) if x is None else np.asarray(x)
    params = parameters(given)
    plain, other = (
        Subject(
            [f, df], params, functools.partial(_activation, f, df, given.shape, side)
        )
        for side in (False, True)
    )
    out = plain.calls.steady(lambda: plain.calls(lambda: f(given.copy())), "f")
    if np.shape(out) != given.shape:
        raise DataError(
            f"the function must return an array of the shape that it is given, "
            f"{given.shape}, got {np.shape(out)}."
        )
    if _agrees(other) and not _agrees(plain):
        evidence, findings = examine(other, given.size)
        remark = Finding("of_output", holds="df(f(x)) = measured")
        return report(evidence, [remark, *findings], lang)
    return report(*examine(other if _means_output(df) else plain, given.size), lang)


def _activation(
    f: Function, df: Function, shape: tuple[int, ...], of_output: bool, adapt: Adapt
) -> Made:
    """Return a weighted sum of an activation's output, and its claimed gradient."""
    own, derivative, weights = adapt(f), adapt(df), _weights(shape)

    def loss(array: Array) -> float:
        return float((own(array) * weights).sum())

    def grads(array: Array) -> Any:
        found = derivative(own(array) if of_output else array)
        if np.shape(found) == (*shape, *shape):
            return np.tensordot(weights, found, len(shape))
        entries = as_gradient(found, shape)
        return found if entries is None else entries * weights

    return loss, grads


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
        When the object has no such methods, or `x` holds no floats.
    SettingError
        When `entries` or `lang` is not what it may be.
    """
    whole("entries", entries)
    known_language(lang)
    for kind in FORMS:
        if all(hasattr(layer, name) for name in kind.needed):
            form = kind(layer, np.asarray(x), target)
            found = parameters({"x": form.x, **form.arrays})
            subject = Subject(form.functions, found, form.make)
            return report(*examine(subject, entries), lang)
    raise DataError(
        f"{type(layer).__name__} is no layer that can be checked: it needs the "
        f"methods forward and backward, or get_output and get_input_grad."
    )


class _ForwardBackward:
    """A layer with forward and backward.

    Attributes
    ----------
    functions
        Its methods.
    paths, arrays
        What the output depends on, by the names of attributes.
    weights
        The numbers that its output is weighted with.
    """

    needed: tuple[str, ...] = ("forward", "backward")
    optional: tuple[str, ...] = ()

    def __init__(self, layer: Any, x: Array, target: Any) -> None:
        self.layer, self.x, self.target = layer, x, target
        methods = (getattr(layer, n, None) for n in (*self.needed, *self.optional))
        self.functions = [method for method in methods if callable(method)]
        self._calls = Calls(self.functions, [])
        self._calls.random = True  # all probes draw the same
        base = self._probed(layer)
        self.weights = _weights(np.shape(base))
        self.paths: dict[str, Path] = {}
        self.arrays: Arrays = {}
        for path, array in _floats(layer):
            moved = copy.deepcopy(layer)
            _set(moved, path, array + 0.1 * (1 + np.abs(array)))
            if not np.array_equal(self._probed(moved), base):
                name = ".".join(map(str, path))
                self.paths[name], self.arrays[name] = path, array

    def _probed(self, layer: Any) -> Any:
        """Return what a layer makes of the input, which leaves no trace."""
        return self._calls(lambda: self.output(copy.deepcopy(layer), self.x.copy()))

    def targets(self) -> tuple[Any, ...]:
        """Return a copy of the target, if there is one."""
        return () if self.target is None else (copy.deepcopy(self.target),)

    def output(self, layer: Any, x: Array) -> Any:
        """Return what the layer makes of its input."""
        return layer.forward(x, *self.targets())

    def gradients(self, layer: Any, x: Array) -> dict[str, Any]:
        """Return what the layer claims, after a forward pass."""
        self.output(layer, x)
        if self.target is not None and not _wants(layer.backward):
            found = layer.backward()
        else:
            found = layer.backward(self.weights.copy() if self.weights.ndim else 1.0)
        if isinstance(found, tuple):
            return dict(zip(["x", *self.arrays], found, strict=False))
        held = getattr(layer, "grads", None)
        inside = held if isinstance(held, (Mapping, list, tuple)) else layer
        return {**self._own(inside), "x": found}

    def _own(self, inside: Any) -> dict[str, Any]:
        """Return the gradients of parameters among what a layer holds."""
        if isinstance(inside, (list, tuple)):
            return dict(zip(self.arrays, inside, strict=False))
        if not self.arrays:
            return {}
        held = parameters({str(p[-1]): self.arrays[n] for n, p in self.paths.items()})
        found = claims(inside, held, own=isinstance(inside, Mapping))
        return dict(zip(self.arrays, found.values(), strict=True))

    def make(self, adapt: Adapt) -> Made:
        """Return a loss, the weighted sum of the output, and the gradients."""
        own = adapt(self.layer)

        def filled(params: Mapping[str, Array]) -> tuple[Any, Array]:
            layer = copy.deepcopy(own)
            for name, path in self.paths.items():
                _set(layer, path, params[name])
            return layer, params["x"]

        def loss(params: Mapping[str, Array]) -> float:
            out = np.asarray(self.output(*filled(params)))
            return float((out * self.weights).sum())

        def grads(params: Mapping[str, Array]) -> dict[str, Any]:
            return self.gradients(*filled(params))

        return loss, grads


class _GetOutput(_ForwardBackward):
    """A layer with get_output, get_input_grad and get_params_grad."""

    needed = ("get_output", "get_input_grad")
    optional = ("get_params_grad", "get_cost")

    def output(self, layer: Any, x: Array) -> Any:
        """Return the output of the layer, or its cost beside a target."""
        out, targets = layer.get_output(x), self.targets()
        return layer.get_cost(out, *targets) if targets else out

    def gradients(self, layer: Any, x: Array) -> dict[str, Any]:
        """Return what the layer claims."""
        out = layer.get_output(x)
        (after,) = self.targets() or (self.weights.copy(),)
        claimed = {"x": layer.get_input_grad(out, after)}
        if self.arrays and hasattr(layer, "get_params_grad"):
            found = layer.get_params_grad(x, after)
            flat = np.concatenate([np.ravel(part) for part in found])
            ends = np.cumsum([array.size for array in self.arrays.values()])
            parts = np.split(flat, ends[:-1])
            for (name, array), part in zip(self.arrays.items(), parts, strict=True):
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


def _floats(layer: Any) -> Iterator[tuple[Path, Array]]:
    """Yield what may be parameters: arrays of floats that are no gradients."""
    for path, value in leaves(layer):
        if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size:
            if path[0] in ("grads", "grad") or str(path[-1]).startswith(("d", "grad")):
                continue
            if len(path) == 1 or path[0] == "params":
                yield path, value


def _set(layer: Any, path: Path, array: Array) -> None:
    """Put an array in place of another one inside a layer."""
    *above, last = path
    for part in above:
        held = isinstance(layer, (Mapping, list))
        layer = layer[part] if held else getattr(layer, part)
    if isinstance(layer, (Mapping, list)):
        layer[last] = array  # type: ignore[index]
    else:
        setattr(layer, last, array)
