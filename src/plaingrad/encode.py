"""Layers, losses and optimisers as plain JSON, and back: nothing is pickled."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from . import initializers, layers, losses, optimizers, schedules
from .errors import FileError, SettingError
from .layers import Layer
from .program import Loop, Plateau, Stopping
from .remember import Remembered

RECORDS = {cls.__name__: cls for cls in (Loop, Plateau, Stopping)}


def known() -> dict[str, type[Any]]:
    """Return the classes that a file may name."""
    from . import network

    modules = (initializers, layers, losses, network, optimizers, schedules)
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Remembered)
    }


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
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        if isinstance(value, (np.integer, np.floating)):
            return value.item()
        if isinstance(value, np.ndarray):
            return {"array": value.tolist()}
        if isinstance(value, (list, tuple)):
            return {type(value).__name__: [self(one) for one in value]}
        if isinstance(value, dict):
            return {"dict": [[self(key), self(one)] for key, one in value.items()]}
        if isinstance(value, Remembered):
            return self._object(value)
        if type(value).__name__ in RECORDS and dataclasses.is_dataclass(value):
            fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
            return {"record": type(value).__name__, "fields": self._named(fields)}
        if callable(value) and hasattr(value, "__name__"):
            return {"function": value.__name__}
        raise SettingError(
            f"{value!r} cannot be saved: a model file holds numbers, text, layers, and "
            f"the names of functions."
        )

    def _object(self, value: Remembered) -> Any:
        if id(value) in self._layers:
            return {"again": self._layers[id(value)]}
        made: dict[str, Any] = {"class": type(value).__name__}
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
        self._known = {**known(), **objects}
        self._layers: dict[int, Layer] = {}

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
                return self._find(name)
            case {"again": int(place)} if place in self._layers:
                return self._layers[place]
            case {"record": str(name), "fields": dict(fields)} if name in RECORDS:
                return RECORDS[name](**{key: self(one) for key, one in fields.items()})
            case {"class": str(name), "arguments": dict(arguments)}:
                return self._object(name, arguments, value)
        raise FileError(
            f"the model file holds {str(value)[:60]!r}, which means nothing."
        )

    def _find(self, name: str) -> Any:
        if name not in self._known:
            raise FileError(
                f"the model uses {name!r}, which is not part of plaingrad. Give it: "
                f"pg.load(path, objects={{{name!r}: {name}}})."
            )
        return self._known[name]

    def _object(self, name: str, arguments: dict[str, Any], value: Any) -> Any:
        cls = self._find(name)
        if not (isinstance(cls, type) and issubclass(cls, Remembered)):
            raise FileError(
                f"the model file takes {name!r} for a class, which it is not."
            )
        made = cls.remade({key: self(one) for key, one in arguments.items()})
        if isinstance(made, Layer):
            self._layers[value.get("id", -1)] = made
            if value.get("frozen") is True:
                made.freeze()
        return made
