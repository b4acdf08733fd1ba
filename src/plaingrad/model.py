"""Model files: one safetensors file with the weights, and the architecture as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .compose import BATCH, Recipe, forward
from .encode import Decoder, Encoder
from .errors import FileError, PlaingradError
from .files import write_whole
from .ops import leaf
from .shapes import Dim, show

if TYPE_CHECKING:
    from .network import Network

Array = np.ndarray[Any, Any]
FORMAT = "1"
MASK = "free_"


def save(
    path: str | Path,
    network: Network,
    params: Mapping[str, Array],
    masks: Mapping[str, Array],
    description: Mapping[str, Any],
) -> Path:
    """Write a model file and return its path; see `Network.save`."""
    from safetensors.numpy import save as to_bytes

    encode = Encoder()
    told = {"network": encode(network)}
    told |= {name: encode(value) for name, value in description.items()}
    arrays = {**params, **{f"{MASK}{name}": mask for name, mask in masks.items()}}
    whole = {name: np.ascontiguousarray(value) for name, value in arrays.items()}
    meta = {"plaingrad": json.dumps(told), "format": FORMAT}
    return write_whole(path, to_bytes(whole, metadata=meta))


def read(path: str | Path, objects: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a model file holds: network, params, masks, and its description.

    Raises
    ------
    FileError
        When the file is missing, damaged, no model of plaingrad, or does not fit its
        own architecture.
    """
    arrays, told = _open(Path(path))
    try:
        decode = Decoder(objects)
        found = {name: decode(value) for name, value in told.items()}
    except (PlaingradError, TypeError, ValueError, RecursionError) as error:
        raise FileError(f"{path} cannot be loaded: {error}") from None
    found["masks"] = {
        name.removeprefix(MASK): arrays.pop(name)
        for name in [name for name in arrays if name.startswith(MASK)]
    }
    found["params"] = arrays
    _check(path, found)
    return found


def _open(path: Path) -> tuple[dict[str, Array], dict[str, Any]]:
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise FileError(f"there is no model file {path}.")
    try:
        with safe_open(path, framework="numpy") as file:
            meta = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, TypeError, ValueError) as error:
        raise FileError(
            f"{path} is damaged or no safetensors file: {error}. Save the model again."
        ) from None
    if "plaingrad" not in meta:
        raise FileError(f"{path} is a safetensors file, but no model of plaingrad.")
    if meta.get("format") != FORMAT:
        raise FileError(
            f"{path} has the format {meta.get('format')}; this plaingrad reads {FORMAT}. "
            f"Update plaingrad."
        )
    try:
        told = json.loads(meta["plaingrad"])
    except (ValueError, RecursionError) as error:
        raise FileError(
            f"{path} is damaged: its description is no JSON: {error}"
        ) from None
    if not isinstance(told, dict) or "network" not in told:
        raise FileError(f"{path} is damaged: it describes no network.")
    return arrays, told


def _check(path: str | Path, found: Mapping[str, Any]) -> None:
    """Compare the weights with the architecture."""
    from .layers import Layer

    if not isinstance(found["network"], Layer):
        raise FileError(f"{path} is damaged: it describes no network.")
    params, masks = found["params"], found["masks"]
    try:
        made = forward(found["network"], found["features"])
    except (PlaingradError, KeyError, TypeError) as error:
        raise FileError(f"{path} is damaged: {error}") from None
    wanted = {name: d.leaf.shape for name, d in made.trace.parameters.items()}
    if set(wanted) != set(params):
        raise FileError(
            f"{path} is damaged: its network has the parameters "
            f"{', '.join(wanted)}, and it holds {', '.join(sorted(params))}."
        )
    for name, value in [*params.items(), *masks.items()]:
        if value.shape != wanted.get(name):
            raise FileError(
                f"{path} is damaged: {name} has the shape {value.shape}, expected "
                f"{show(wanted.get(name, ()))}."
            )
        if value.dtype.kind not in "fb":
            raise FileError(f"{path} is damaged: {name} has the type {value.dtype}.")


def recipe_to_dict(recipe: Recipe) -> dict[str, Any]:
    """Return a recipe as values that can be written down."""
    fields = {f.name: getattr(recipe, f.name) for f in dataclasses.fields(recipe)}
    target = fields.pop("target")
    sizes = tuple(size for size in target.shape if not isinstance(size, Dim))
    return {**fields, "target_shape": sizes, "target_kind": target.kind}


def recipe_from_dict(fields: Mapping[str, Any]) -> Recipe:
    """Return the recipe of such values."""
    rest = dict(fields)
    shape, kind = rest.pop("target_shape"), rest.pop("target_kind")
    return Recipe(target=leaf("y", (BATCH, *shape), "data", kind), **rest)
