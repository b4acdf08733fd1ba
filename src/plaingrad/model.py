"""Model files: one safetensors file with the weights, and the architecture as JSON.

The JSON names classes of plaingrad and the arguments they were made with. A checksum of
everything tells a damaged file; a hostile one can at most describe another network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from .columns.preparation import Preparation
from .compose import BATCH, Forward, forward
from .encode import Decoder, Encoder
from .errors import FileError, PlaingradError, SettingError, whole
from .files import write_whole
from .layers import Layer
from .ops import leaf
from .pictures.preparation import PicturePreparation
from .shapes import show
from .train.settings import DTYPES
from .train.training import Training

Array = np.ndarray[Any, Any]
RawPreparation = Preparation | PicturePreparation
"""How raw data become samples: the rows of a table, or pictures."""
FORMAT = 1
KEY = "plaingrad"
MASK = "free_"


@dataclass(frozen=True, eq=False, kw_only=True)
class Model:
    """What a model file holds.

    Attributes
    ----------
    network, features, dtype
        The layers, the shape of one sample, and the type of the parameters.
    params, masks
        The parameters, and which of their entries are free, by name.
    training
        How the network was trained, when it was.
    certificate
        What was proved of it, as plain JSON, when that is kept.
    preparation
        How raw data become samples, when it was trained on some.
    """

    network: Any
    features: tuple[int, ...]
    dtype: str
    params: dict[str, Array]
    masks: dict[str, Array]
    training: Training | None = None
    certificate: Mapping[str, Any] | None = None
    preparation: RawPreparation | None = None


def save(path: str | Path, model: Model) -> Path:
    """Write a model file and return its path; see `Network.save`."""
    import json

    from safetensors.numpy import save as to_bytes

    described = describe(model)
    masks = {f"{MASK}{name}": mask for name, mask in model.masks.items()}
    arrays = {
        name: np.ascontiguousarray(value)
        for name, value in {**model.params, **masks}.items()
    }
    try:
        made = checksum(described, arrays)
    except ValueError as error:
        raise SettingError(f"the network cannot be saved: {error}.") from None
    whole = {"format": FORMAT, "checksum": made, "model": described}
    if model.certificate is not None:
        whole["certificate"] = dict(model.certificate)
    return write_whole(path, to_bytes(arrays, metadata={KEY: json.dumps(whole)}))


def describe(model: Model) -> dict[str, Any]:
    """Return all of a model but its arrays, as plain JSON."""
    parameters = forward(model.network, model.features).trace.parameters
    told = {
        "network": model.network,
        "features": model.features,
        "dtype": model.dtype,
        "frozen": [name for name, d in parameters.items() if not d.trainable],
        "training": model.training,
    }
    if model.preparation is not None:
        told["preparation"] = model.preparation
    encode = Encoder()
    return {name: encode(value) for name, value in told.items()}


def read(path: str | Path, objects: Mapping[str, Any]) -> Model:
    """Return what a model file holds.

    Raises
    ------
    FileError
        When the file is missing, damaged, no model of plaingrad, or does not fit its
        own architecture.
    """
    arrays, text = _open(Path(path))
    try:
        described = _described(arrays, text)
        return remade(arrays, described, Decoder(objects))
    except PlaingradError as error:
        raise FileError(f"{path} cannot be loaded: {error}") from error
    except Exception as error:
        # a description that makes no sense can make any constructor fail in any way
        raise FileError(
            f"{path} cannot be loaded: it makes no sense ({type(error).__name__}: "
            f"{error})."
        ) from error


def certificate_of(path: str | Path) -> Any:
    """Return the certificate that a model file keeps, as plain JSON, or None.

    Raises
    ------
    FileError
        When the file is missing or no model of plaingrad.
    """
    import json

    _, text = _open(Path(path))
    try:
        return json.loads(text).get("certificate")
    except (ValueError, AttributeError) as error:
        raise FileError(f"{path} cannot be read: {error}. Save it again.") from None


def _open(path: Path) -> tuple[dict[str, Array], str]:
    """Return the arrays of a safetensors file, and the text beside them."""
    from safetensors import SafetensorError, safe_open

    try:
        if not path.is_file():
            raise FileError(f"there is no model file {path}.")
        with safe_open(path, framework="numpy") as file:
            meta = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileError:
        raise
    except (SafetensorError, OSError, TypeError, ValueError, AttributeError) as error:
        raise FileError(
            f"{path} is damaged or no safetensors file: {error}. Save the model again."
        ) from None
    if KEY not in meta:
        raise FileError(f"{path} is a safetensors file, but no model of plaingrad.")
    return arrays, meta[KEY]


def checksum(described: Any, arrays: Mapping[str, Array]) -> str:
    """Return the SHA-256 of plain JSON and of arrays, their names, types and shapes."""
    import json
    from hashlib import sha256

    made = sha256(json.dumps(described, allow_nan=False).encode())
    for name in sorted(arrays):
        value = arrays[name]
        made.update(f"{name} {value.dtype} {value.shape}".encode())
        made.update(np.ascontiguousarray(value).reshape(-1).view(np.uint8).data)
    return made.hexdigest()


def _described(arrays: Mapping[str, Array], text: str) -> dict[str, Any]:
    """Return the description of a network, when it is whole."""
    import json

    told = json.loads(text)
    if not isinstance(told, dict) or not isinstance(told.get("model"), dict):
        raise FileError("it describes no network.")
    if told.get("format") != FORMAT:
        raise FileError(
            f"it has the format {told.get('format')!r}, and this plaingrad reads "
            f"{FORMAT}. Update plaingrad."
        )
    described: dict[str, Any] = told["model"]
    if told.get("checksum") != checksum(described, arrays):
        raise FileError(
            "its contents are not what was written: it is damaged, or another program "
            "has changed it. Save the model again."
        )
    return described


def remade(
    arrays: Mapping[str, Array], described: Mapping[str, Any], decode: Decoder
) -> Model:
    """Return the model of a description, when it fits the arrays.

    Those of masks have the names of their parameters with "free_" before them.
    """
    told = {name: decode(value) for name, value in described.items()}
    masks = {n.removeprefix(MASK): v for n, v in arrays.items() if n.startswith(MASK)}
    model = Model(
        network=told["network"],
        features=tuple(whole("a size", size) for size in told["features"]),
        dtype=told["dtype"],
        params={n: v for n, v in arrays.items() if not n.startswith(MASK)},
        masks=masks,
        training=told["training"],
        preparation=told.get("preparation"),
    )
    if not isinstance(model.network, Layer) or model.dtype not in DTYPES:
        raise FileError("it describes no network.")
    made = forward(model.network, model.features)
    _check_arrays(model, made)
    _check_preparation(model)
    ordered = {name: model.params[name] for name in made.trace.parameters}
    model = replace(model, params=ordered)
    if model.training is not None:
        _check_training(model, model.training, made, told["frozen"])
    for name in told["frozen"]:
        cast(Layer, made.trace.parameters[name].layer).freeze()
    return model


def _check_arrays(model: Model, made: Forward) -> None:
    """Compare the weights with the architecture."""
    wanted = {name: d.leaf.shape for name, d in made.trace.parameters.items()}
    if set(wanted) != set(model.params):
        raise FileError(
            f"its network has the parameters {', '.join(sorted(wanted))}, and it holds "
            f"{', '.join(sorted(model.params))}."
        )
    types = [(model.params, model.dtype), (model.masks, "bool")]
    for arrays, dtype in types:
        for name, value in arrays.items():
            if value.shape != wanted.get(name) or value.dtype != dtype:
                raise FileError(
                    f"{name} is {value.dtype} of shape {show(value.shape)}, and should "
                    f"be {dtype} of shape {show(wanted.get(name, ()))}."
                )


def _check_preparation(model: Model) -> None:
    """Compare how raw data become samples with the network."""
    made: Any = model.preparation
    if made is None:
        return
    if not isinstance(made, RawPreparation) or model.features != made.shape:
        raise FileError("its raw data make other samples than its network takes.")


def _check_training(
    model: Model, training: Training, made: Forward, frozen: Sequence[str]
) -> None:
    """Compare how the network was trained with the network."""
    if not isinstance(training, Training):
        raise FileError("it does not say how the network was trained.")
    same = training.features == model.features
    if not same or training.settings.dtype != model.dtype:
        raise FileError("it was trained on samples of another kind.")
    free = set(model.masks) - set(frozen)
    if not (set(training.masks) <= free and set(training.kept) <= set(model.params)):
        raise FileError("it was trained with parameters that it does not have.")
    y = leaf("y", (BATCH, *training.target), "data", training.kind)
    training.loss.total(made.output, y)
    training.loss.score(made.output, y)
