"""A training is proved: its gradients array by array, then the chain behind them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from ...compose import forward
from ...errors import DataError, whole
from ...graph import walk
from ...run import first_values
from ...summary import summarise
from ...trace import Declared
from ...train.session import Prepared
from ...write.script import script
from .claim import Claim
from .compare import Measured, Point, judge, measure, second_opinions
from .links import Chain
from .record import Certificate, Row
from .sentences import sentences

Array = np.ndarray[Any, Any]
SAMPLES = (2, 16)
"""The fewest and the most samples that gradients are measured on."""
WORK = 20_000_000
"""How many multiplications a forward pass may take, so that hundreds are done soon."""
NUDGE = 1e-3
"""How far weights and samples are moved where all that is tried has a kink."""


def certify(prepared: Prepared, entries: int, lang: str) -> Certificate:
    """Return the certificate of a training, in float64, at the weights it starts from.

    See `Network.prove`.
    """
    from ... import __version__

    whole("entries", entries)
    sentences(lang)
    network, training, data = prepared.network, prepared.training, prepared.data
    recipe, count, seed = training.recipe, len(data["X"]), training.settings.seed
    start, _ = first_values(prepared.program, prepared.given, seed)
    samples = min(recipe.loop.batch_size or count, _affordable(prepared), count)
    rows = np.random.default_rng(seed).permutation(count)[:samples]
    batch = {name: values[np.sort(rows)] for name, values in data.items()}
    claim = Claim(network, recipe)
    point = Point(claim, {**start, **batch})
    masks = {n: mask for n, mask in prepared.given.items() if n not in start}
    # from weights that are nowhere zero or equal by chance
    begin = {**moved(start, claim.learnt, seed), **masks}
    chain = Chain(network, recipe, claim, data, begin, samples)
    declared = forward(network, training.features).trace.parameters
    settings = training.settings
    return Certificate(
        network=repr(network),
        loss=repr(training.loss),
        value=point.loss.value,
        l1=settings.l1,
        l2=settings.l2,
        random=any(x.op.name == "uniform" for x in walk([claim.node])),
        samples=samples,
        given=count,
        updates=chain.updates,
        rows=tuple(_rows(point, claim, declared, entries, seed)),
        links=tuple(chain.links()),
        entries=entries,
        seed=seed,
        marks={
            "program": _digest([script(chain.program).encode()]),
            "weights": digest(start),
            "data": digest(data),
        },
        lang=lang,
        version=__version__,
    )


def _affordable(prepared: Prepared) -> int:
    """Return on how many samples the gradients of a network can be measured soon."""
    features = prepared.training.features
    table = summarise(prepared.network, features, "float64")
    fewest, most = SAMPLES
    return min(max(WORK // max(table.multiply_adds, 1), fewest), most)


def _rows(
    point: Point,
    claim: Claim,
    declared: Mapping[str, Declared],
    entries: int,
    seed: int,
) -> Iterator[Row]:
    """Yield what was found of the input, and of each parameter in order."""
    found = _found(point, dict.fromkeys(point.claimed, entries), seed)
    lacking = {
        name: 0 if one.shown else entries
        for name, one in found.items()
        if point.loss.path(name) and not one.complete
    }
    # close by, the loss may not be finite
    with suppress(DataError):
        if lacking:
            nearby = Point(claim, moved(point.values, [*declared, "X"], seed))
            for name, more in _found(nearby, lacking, seed).items():
                found[name] = found[name].with_more(more)
    yield judge("", "X", found["X"])
    for name, one in declared.items():
        layer, shape = repr(one.layer), point.values[name].shape
        if name in found:
            yield judge(layer, name, found[name])
        else:
            yield Row(layer=layer, name=name, shape=shape, verdict="frozen")


def _found(point: Point, entries: Mapping[str, int], seed: int) -> dict[str, Measured]:
    """Return what was measured at a point, of so many entries of each array."""
    found = {name: measure(point, name, n, seed) for name, n in entries.items()}
    return second_opinions(point, found)


def moved(
    values: Mapping[str, Any], names: Collection[str], seed: int
) -> dict[str, Any]:
    """Return values, some of them moved a little at random."""
    rng = np.random.default_rng(seed)
    steps = {name: rng.normal(0, NUDGE, np.shape(values[name])) for name in names}
    return {**values, **{name: values[name] + steps[name] for name in names}}


def digest(arrays: Mapping[str, Array]) -> str:
    """Return the digest of arrays: their names, shapes and values."""
    parts: list[bytes] = []
    for name in sorted(arrays):
        value = np.ascontiguousarray(arrays[name])
        parts += [f"{name} {value.dtype} {value.shape}".encode(), value.tobytes()]
    return _digest(parts)


def _digest(parts: list[bytes]) -> str:
    made = hashlib.sha256()
    for part in parts:
        made.update(part)
    return made.hexdigest()
