"""Layers, losses and settings as plain JSON, and back: nothing is pickled."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from . import full_batch, initializers, layers, losses, optimizers, schedules
from .columns.inputs import CategoryInput, DateInput, NumberInput
from .columns.preparation import Preparation
from .columns.targets import ClassTarget, NumberTarget
from .errors import FileError, SettingError
from .layers import Layer
from .pictures.form import Form
from .pictures.preparation import PicturePreparation
from .program import Blocks
from .remember import Remembered
from .train.settings import EarlyStopping, Settings
from .train.training import Training

IMAGES = (Form, PicturePreparation)
TABLES = (CategoryInput, ClassTarget, DateInput, NumberInput, NumberTarget, Preparation)
RECORDS: dict[str, type[Any]] = {
    cls.__name__: cls
    for cls in (Blocks, EarlyStopping, Settings, Training, *IMAGES, *TABLES)
}
ABSTRACT = (
    *(initializers.Initializer, optimizers.Optimizer, schedules.Schedule),
    full_batch.FullBatch,
)
MOST_LAYERS = 10_000
"""How many layers a file may name, a layer that is used again counted each time."""


def known() -> dict[str, type[Any]]:
    """Return the classes of plaingrad that a file may name."""
    from . import network
    from .sklearn import heads

    modules = (
        *(heads, initializers, layers, losses, network),
        *(optimizers, full_batch, schedules),
    )
    return {
        called(value): value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Remembered)
        and value not in ABSTRACT
    }


def called(cls: type) -> str:
    """Return what a file calls a class: "layers.Linear", or "Mine" for the user's."""
    package, _, place = cls.__module__.partition(".")
    if package != __package__:
        return cls.__name__
    return f"{place.partition('.')[0]}.{cls.__name__}"


class Encoder:
    """Turns objects into JSON; a layer that is used twice is written once."""

    def __init__(self) -> None:
        self._layers: dict[int, int] = {}

    def __call__(self, value: Any) -> Any:
        """Return the JSON of a value.

        Raises
        ------
        SettingError
            When the value cannot be written down.
        """
        if isinstance(value, np.generic):
            value = value.item()
        if value is None or isinstance(value, (bool, int, str)):
            return value
        if isinstance(value, float) and math.isfinite(value):
            return value
        if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
            return {"array": value.tolist()}
        if isinstance(value, (list, tuple)):
            return {type(value).__name__: [self(one) for one in value]}
        if isinstance(value, dict):
            return {"dict": [[self(key), self(one)] for key, one in value.items()]}
        if isinstance(value, Remembered):
            return self._object(value)
        if type(value) in RECORDS.values():
            fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
            return {"record": type(value).__name__, "fields": self._named(fields)}
        if callable(value) and hasattr(value, "__name__"):
            return {"function": value.__name__}
        raise SettingError(
            f"{value!r} cannot be saved: a model file holds numbers, text, layers, and "
            f"the names of functions. The weights are in net.params."
        )

    def _object(self, value: Remembered) -> Any:
        if id(value) in self._layers:
            return {"again": self._layers[id(value)]}
        made: dict[str, Any] = {"class": called(type(value))}
        if isinstance(value, Layer):
            made["id"] = self._layers[id(value)] = len(self._layers)
            if not value.trainable and "trainable" not in value.arguments:
                made["frozen"] = True
        return {**made, "arguments": self._named(value.arguments)}

    def _named(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self(value) for name, value in values.items()}


class Decoder:
    """Turns JSON into objects; only known classes are made.

    `objects` gives classes and functions of the user's own by name.
    """

    def __init__(self, objects: Mapping[str, Any]) -> None:
        self._known = known()
        self._objects = objects
        self._layers: dict[int, tuple[Layer, int]] = {}
        self._count = 0

    def __call__(self, value: Any) -> Any:
        """Return the object of a JSON value.

        Raises
        ------
        FileError
            When the JSON names something unknown or makes no sense.
        """
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        match value:
            case {"array": rows}:
                return np.asarray(rows)
            case {"list": list(items)}:
                return [self(item) for item in items]
            case {"tuple": list(items)}:
                return tuple(self(item) for item in items)
            case {"dict": list(pairs)}:
                return {self(key): self(item) for key, item in pairs}
            case {"function": str(name)}:
                return self._own(name)
            case {"again": int(place)} if place in self._layers:
                layer, size = self._layers[place]
                self._counted(size)
                return layer
            case {"record": str(name), "fields": dict(fields)} if name in RECORDS:
                return RECORDS[name](**{key: self(one) for key, one in fields.items()})
            case {"class": str(name), "arguments": dict(arguments)}:
                return self._object(name, arguments, value)
        raise FileError(f"it holds {str(value)[:60]!r}, which means nothing.")

    def _own(self, name: str) -> Any:
        """Return what the user gave by this name."""
        if name in self._objects:
            return self._objects[name]
        told = "a function without a name" if name == "<lambda>" else repr(name)
        word = "function" if name == "<lambda>" else name
        raise FileError(
            f"it uses {told}, which is not part of plaingrad. Give it: "
            f"pg.load(path, objects={{{name!r}: {word}}})."
        )

    def _counted(self, more: int) -> None:
        # a few lines of JSON can name a layer of layers of layers 2**50 times over
        self._count += more
        if self._count > MOST_LAYERS:
            raise FileError(f"its network has more than {MOST_LAYERS:,} layers.")

    def _object(self, name: str, arguments: dict[str, Any], value: Any) -> Any:
        cls = self._known.get(name) or self._own(name)
        if not (isinstance(cls, type) and issubclass(cls, Remembered)):
            raise FileError(f"it takes {name!r} for a class, which it is not.")
        before = self._count
        self._counted(1)
        made = cls.remade({key: self(one) for key, one in arguments.items()})
        if isinstance(made, Layer):
            self._layers[value.get("id")] = made, self._count - before
            if value.get("frozen") is True:
                made.freeze()
        return made
